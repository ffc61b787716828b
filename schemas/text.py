"""Text that may be kept: without signs that a database or a terminal cannot take, and without what names people."""

import re
from typing import Final

_UNSTORABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
)  # NUL and lone surrogates break PostgreSQL


def clean(text: str) -> str:
    """The text without control signs and half characters, trimmed."""
    return _UNSTORABLE.sub("", text).strip()


WORDS_LIMIT: Final = 200

_TAG: Final = re.compile(r"<[^<>]*>")
_PRIVATE: Final = re.compile(
    r"[^\s@]+@[^\s@]+"  # an e-mail address
    r"|[A-Za-z0-9]{24,}"  # a key or token
    r"|\+[0-9][0-9 ()/.-]{5,}[0-9]|\(?\b0?[0-9]{2,5}\)?[ /][0-9]{3,}(?:[ /-][0-9]{2,})*\b"  # a phone number
)


def masked(words: str) -> str:
    """What somebody else says, short, on one line and without tags, addresses, phone numbers or keys (DOR-6).

    Whatever a vendor says passes here before it is logged, journaled or shown: it may repeat what a buyer typed.
    """
    words = _PRIVATE.sub("…", " ".join(_TAG.sub(" ", words).split()))
    return words if len(words) <= WORDS_LIMIT else f"{words[: WORDS_LIMIT - 1]}…"
