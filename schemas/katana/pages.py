"""Katana's lists: their entries, and whether a page is the last one."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from schemas.errors import Unreadable

LARGEST: Final = 250  # entries of a page; what is asked for beyond is cut without a word


def entries(said: Any) -> list[dict[str, Any]]:
    """The entries of a list, wrapped in `data` or bare. Raises Unreadable."""
    listed = said.get("data") if isinstance(said, dict) else said
    if not isinstance(listed, list):
        raise Unreadable("data", "must be a list")
    for place, entry in enumerate(listed):
        if not isinstance(entry, dict):
            raise Unreadable(f"data.{place}", "must be an object")
    return listed


def is_last(headers: Mapping[str, str], count: int, limit: int) -> bool:
    """Whether nothing comes behind a page with so many entries, as far as the answer itself says it."""
    said = _paging(headers).get("last_page")
    if isinstance(said, bool | str) and str(said).lower() in ("true", "false"):
        return str(said).lower() == "true"
    return count < limit


def _paging(headers: Mapping[str, str]) -> dict[str, Any]:
    """The header is JSON in a text, and its values are texts again."""
    with suppress(ValueError, RecursionError):
        paging = json.loads(headers.get("X-Pagination", ""))
        return paging if isinstance(paging, dict) else {}
    return {}
