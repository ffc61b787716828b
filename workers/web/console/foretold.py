"""What an activation of a store would bring, in sentences: the command's dry run as a page says it (STG-3)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.reasons import describe
from workers.web.console.words import plural

_WORDS: Final = {"create": "would come in", "skip": "would stay out", "fail": "would fail"}
_SKUS: Final = {"new": "new to the hub", "doubled": "at several items of the shop", "missing": "in the hub only"}
_STOCK: Final = {"tell": "would be told", "ask": "never counted", "same": "shown already", "skip": "not told"}


def foretold_words(result: Mapping[str, Any]) -> list[str]:
    """Of what the job `foretell` found (`tasks/store_errands.py`); nothing of nothing."""
    if not result:
        return []
    skus = _of_skus(result["skus"], result["without_sku"])
    return [*_of_orders(result["orders"]), *skus, *_of_stock(result["stock"])]


def _of_orders(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["outcomes"]:
        yield "It has no order that is open."
    for outcome, number in found["outcomes"].items():
        yield f"{plural(number, 'order')} {_WORDS.get(outcome, outcome)}."
    for reason, number in sorted(found["reasons"].items(), key=lambda one: -one[1]):
        yield f"{number:,}: {describe(reason)[0]}"


def _of_skus(skus: Mapping[str, Any], without_sku: int) -> Iterator[str]:
    yield f"{plural(skus['both']['number'], 'SKU of the shop is', 'SKUs of the shop are')} in the hub."
    for key, words in _SKUS.items():
        if number := skus[key]["number"]:
            few = skus[key]["few"]
            yield f"{number:,} {words}: {', '.join([*few, *(['…'] if number > len(few) else [])])}."
    if without_sku:
        yield f"{plural(without_sku, 'item')} of the shop without SKU."


def _of_stock(stock: Mapping[str, Any] | None) -> Iterator[str]:
    if stock is None:
        yield "It is told no stock: that is off."
        return
    would = ", ".join(f"{number:,} {_STOCK.get(outcome, outcome)}" for outcome, number in stock["outcomes"].items())
    yield f"Stock: {would or 'nothing'}."
    shown = [f"{one['sku']} shows {_pieces(one['shows'])} and would show {one['quantity']}" for one in stock["few"]]
    if shown:
        yield f"{'; '.join(shown)}."


def _pieces(shows: int | None) -> str:
    return "nobody knows what" if shows is None else f"{shows:,}"
