"""What an activation of a store would bring, in sentences: the command's dry run as a page says it (STG-3)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.reasons import describe
from workers.web.console.words import plural

_NAMED: Final = 20  # SKUs that are named
_WORDS: Final = {"create": "would come in", "skip": "would stay out", "fail": "would fail"}
_SKUS: Final = {"new": "new to the hub", "doubled": "at several items of the shop", "missing": "in the hub only"}
_STOCK: Final = {"tell": "would be told", "ask": "never counted", "same": "shown already", "skip": "not told"}


def foretold_words(result: Mapping[str, Any]) -> list[str]:
    """Of what the job `foretell` found, which is what `tasks/activation.py` has."""
    return [*_of_orders(result["orders"]), *_of_skus(result["skus"]), _of_stock(result["stock"])] if result else []


def _of_orders(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        yield "It has no order that is open."
    for outcome, number in Counter(one["outcome"] for one in found).items():
        yield f"{plural(number, 'order')} {_WORDS.get(outcome, outcome)}."
    for reason, number in Counter(one["reason"] for one in found if one["reason"]).most_common():
        yield f"{number:,}: {describe(reason)[0]}"


def _of_skus(skus: Mapping[str, Any]) -> Iterator[str]:
    yield f"{plural(len(skus['both']), 'SKU of the shop is', 'SKUs of the shop are')} in the hub."
    for key, words in _SKUS.items():
        if skus[key]:
            yield f"{len(skus[key]):,} {words}: {_few(skus[key])}."
    if skus["without_sku"]:
        yield f"{plural(skus['without_sku'], 'item')} of the shop without SKU."


def _of_stock(stock: Sequence[Mapping[str, Any]] | None) -> str:
    if stock is None:
        return "It is told no stock: that is off."
    would = Counter(_STOCK.get(one["outcome"], one["outcome"]) for one in stock)
    return f"Stock: {', '.join(f'{number:,} {words}' for words, number in would.items()) or 'nothing'}."


def _few(skus: Sequence[str]) -> str:
    return ", ".join([*skus[:_NAMED], *(["…"] if len(skus) > _NAMED else [])])
