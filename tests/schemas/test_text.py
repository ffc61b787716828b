"""What somebody else says is masked before anybody sees it (DOR-6)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest

from connectors.error_answers import ErrorAnswer, error_of
from connectors.shopify.client import words_of
from connectors.shopify.errors import read_errors
from schemas.actions import TellStock
from schemas.bigcommerce.stock import culprits
from schemas.text import masked

NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
SAYS: Final = (
    "no such buyer Ada <ada@example.test>, +44 20 7946 0958 or (030) 901820, key shpat_0123456789abcdef0123456789"
)
MASKED: Final = ("ada@example.test", "7946", "901820", "0123456789abcdef")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("order 450789469 of 2026-01-05 is gone", "order 450789469 of 2026-01-05 is gone"),
        ("SKU CHAIR-1 has 12 of 3000 pieces", "SKU CHAIR-1 has 12 of 3000 pieces"),
        ("call +49 30 901820 now", "call … now"),
        ("call 030 901820 now", "call … now"),
        ("<b>no</b> a@b", "no …"),
        ("x " * 200, f"{'x ' * 99}x…"),
    ],
)
def test_DOR_6_addresses_numbers_and_keys_are_cut_from_words(words: str, left: str) -> None:
    assert masked(words) == left


TELL: Final = TellStock("CHAIR-1", "product:1", "", 3)
WAYS: Final[dict[str, Callable[[], object]]] = {
    "a status": lambda: error_of(ErrorAnswer({}, json.dumps({"message": SAYS}).encode(), 400), "GET x", now=NOW),
    "Shopify's errors": lambda: read_errors([{"message": SAYS}]).words,
    "Shopify's user errors": lambda: words_of({"message": SAYS}),
    "BigCommerce's items": lambda: culprits({"title": f"CHAIR-1: {SAYS}", "errors": {"0": SAYS}}, [TELL]),
}


@pytest.mark.parametrize("way", WAYS)
def test_DOR_6_what_somebody_else_says_is_masked(way: str) -> None:
    told = repr(WAYS[way]())

    assert [mark for mark in MASKED if mark in told] == []
    assert "no such buyer" in str(WAYS[way]()) or way == "BigCommerce's items"
