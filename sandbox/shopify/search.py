"""How the Shopify stand-in searches: dates are compared, SKUs are found by their words. Other terms are ignored."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

_TIME: Final = re.compile(r"(created_at|updated_at):(>=|<=|>|<)'?([0-9TZ:.+-]+)'?")
_SKU: Final = re.compile(r'sku:(?:"((?:\\.|[^"\\])*)"|(\S+))')
_WORD: Final = re.compile(r"\w+")

_COMPARE: Final[dict[str, Callable[[str, str], bool]]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


def has_times(query: str, times: Mapping[str, str]) -> bool:
    """Whether something with these times is found."""
    return all(_COMPARE[sign](times[term], moment) for term, sign, moment in _TIME.findall(query))


def has_sku(query: str, sku: str | None) -> bool:
    """Whether one of the SKUs that are looked for is in this one, word by word and whatever its case."""
    wanted = [re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in _SKU.findall(query)]
    return not wanted or any(_contains(_words(sku or ""), _words(one)) for one in wanted)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _contains(words: list[str], part: Iterable[str]) -> bool:
    part = list(part)
    return bool(part) and any(words[at : at + len(part)] == part for at in range(len(words)))
