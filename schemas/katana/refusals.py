"""Katana's words where it says no: its error, wrapped or flat, and what of a body it calls wrong."""

from dataclasses import dataclass
from typing import Any, Final

from schemas.text import clean

_MOST_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """Katana's sentence, and the paths of the fields that it names with what is wrong of each; none are named often."""

    words: str
    fields: tuple[str, ...] = ()


def read_refusal(said: Any) -> Refusal:
    """What an answer of no success says, whatever it looks like."""
    error = _error(said)
    details = error.get("details")
    named = (
        [_named(one) for one in details[:_MOST_FIELDS] if isinstance(one, dict)] if isinstance(details, list) else []
    )
    words = (error.get(name) for name in ("message", "name", "code"))
    return Refusal(
        next((word for word in words if isinstance(word, str) and word.strip()), ""), tuple(filter(None, named))
    )


def is_own_refusal(status: int, said: Any, _text: str) -> bool:
    """Whether Katana itself refuses the key: an error that repeats the answer's status."""
    return _error(said).get("statusCode") == status


def _error(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        return {}
    wrapped = said.get("error")
    return wrapped if isinstance(wrapped, dict) else said


def _named(detail: dict[str, Any]) -> str:
    """A path with what is wrong there; a field that is missing or too much is named by itself."""
    info = detail.get("info")
    known = info if isinstance(info, dict) else {}
    parts = [detail.get("path"), known.get("missingProperty") or known.get("additionalProperty")]
    where = "/".join(clean(str(part)).strip("/.") for part in parts if part)
    what = detail.get("message") or detail.get("code") or ""
    return f"{where}: {clean(str(what))}".strip(": ")
