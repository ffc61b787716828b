"""How values stand on a page."""

from decimal import Decimal

import pytest

from workers.web.console.words import price


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("4.9", "EUR", "4.90"),
        ("1234.5", "EUR", "1,234.50"),
        ("41.1764706667", "EUR", "41.1765…"),
        ("41.1765", "EUR", "41.1765"),
        ("0.00001", "EUR", "0.00001"),
        ("12.34567", "KWD", "12.3457…"),
        ("1234.5", "JPY", "1234.5"),
    ],
)
def test_CON_1_a_price_has_four_decimals_at_most(amount: str, currency: str, said: str) -> None:
    assert price(Decimal(amount), currency) == said
