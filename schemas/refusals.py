"""What each vendor's own refusal of credentials looks like: whoever else says 401 or 403 only stands before it."""

import re
from collections.abc import Callable
from typing import Any

IsOwn = Callable[[int, Any, str], bool]  # of a status, the answer's JSON (None where it is none), and its text

_WORDPRESS_CODE = re.compile(r"[a-z][a-z0-9_-]{0,99}")
_BIGCOMMERCE_WORDS = re.compile(r"unauthorized|x-auth-token", re.IGNORECASE)


def anybody(_status: int, _said: Any, _text: str) -> bool:
    """Where nobody is known to stand before the other side, a refusal is its own."""
    return True


def of_wordpress(status: int, said: Any, _text: str) -> bool:
    """WordPress's REST error: a code as its code is written, and the status once more, if anything beside them."""
    if not isinstance(said, dict) or not isinstance(said.get("code"), str):
        return False
    return bool(_WORDPRESS_CODE.fullmatch(said["code"])) and ("data" not in said or _repeats(status, said["data"]))


def of_bigcommerce(status: int, said: Any, text: str) -> bool:
    """A list of v2 or an object of v3 that repeats the status with a sentence; of the catalogue, bare words."""
    if said is None:
        return "<" not in text and bool(_BIGCOMMERCE_WORDS.search(text))
    error = said[0] if isinstance(said, list) and said else said
    return _repeats(status, error) and (_has_words(error, "title") or _has_words(error, "message"))


def of_shopify(_status: int, said: Any, _text: str) -> bool:
    """An object that holds `errors` and nothing of another kind: a sentence, or GraphQL's list of them."""
    errors = said.get("errors") if isinstance(said, dict) and said.keys() <= {"errors", "data", "extensions"} else None
    if isinstance(errors, list):
        return bool(errors) and all(isinstance(one, str) or _has_words(one, "message") for one in errors)
    return isinstance(errors, str) and bool(errors.strip())


def _has_words(said: Any, *names: str) -> bool:
    return isinstance(said, dict) and all(isinstance(said.get(name), str) and said[name].strip() for name in names)


def _repeats(status: int, said: Any) -> bool:
    return isinstance(said, dict) and said.get("status") == status
