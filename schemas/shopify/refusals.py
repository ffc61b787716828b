"""Shopify's own refusal of credentials: whoever else says 401 or 403 only stands before it."""

from typing import Any

from schemas.refusals import has_words


def is_own_refusal(_status: int, said: Any, _text: str) -> bool:
    """An object that holds `errors` and nothing of another kind: a sentence, or GraphQL's list of them."""
    errors = said.get("errors") if isinstance(said, dict) and said.keys() <= {"errors", "data", "extensions"} else None
    if isinstance(errors, list):
        return bool(errors) and all(isinstance(one, str) or has_words(one, "message") for one in errors)
    return isinstance(errors, str) and bool(errors.strip())
