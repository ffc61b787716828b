"""schemas.fields: numbers from hostile JSON."""

from decimal import Decimal
from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.fields import Number
from schemas.orders import Address


@pytest.mark.parametrize(("value", "number"), [("9.00", "9.00"), (7, "7"), (Decimal("7.25"), "7.25"), (" 1 ", "1")])
def test_MAP_5_a_number_is_exact(value: Any, number: str) -> None:
    assert str(Number().deserialize(value)) == number


@pytest.mark.parametrize(
    "value",
    ["", "x", "1_000", "NaN", "Infinity", "1e9999999", Decimal("1e9999999"), "1e-30", 10**40, 0.1, True, None, [], {}],
    ids=repr,
)
def test_MAP_5_what_no_shop_writes_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Number().deserialize(value)


def test_MAP_2_a_persons_name_is_never_too_long_to_be_looked_up() -> None:
    assert len(Address(first_name="木" * 500, last_name="木" * 500).person) == 500
    assert Address(last_name="Lovelace").person == "Lovelace"
