"""BigCommerce's own refusal of credentials: whoever else says 401 or 403 only stands before it."""

import re
from typing import Any, Final

from schemas.refusals import has_words, repeats

_WORDS: Final = re.compile(r"unauthorized|x-auth-token", re.IGNORECASE)


def is_own_refusal(status: int, said: Any, text: str) -> bool:
    """A list of v2 or an object of v3 that repeats the status with a sentence; of the catalogue, bare words."""
    if said is None:
        return "<" not in text and bool(_WORDS.search(text))
    error = said[0] if isinstance(said, list) and said else said
    return repeats(status, error) and (has_words(error, "title") or has_words(error, "message"))
