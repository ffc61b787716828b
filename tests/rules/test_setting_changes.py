"""A change of settings before it is saved: what differs, and who has to be asked first (STG-4)."""

from typing import Any

import pytest

from schemas.rights import Need, Right
from schemas.shopify.platform import PLATFORM
from tasks.rules.setting_changes import SettingChange, changed_since, decide_changes, must_ask_shop, version_of


def test_STG_4_only_what_differs_is_a_change_defaults_filled_in() -> None:
    given: dict[str, Any] = {"orders.changes": True, "orders.returns": True, "stock.buffer": 2}

    assert decide_changes({"stock.buffer": 2}, given, platform=PLATFORM) == [
        SettingChange("orders.returns", was=False, now=True)
    ]


def test_STG_4_a_form_knows_when_a_value_that_it_showed_is_another() -> None:
    def version(settings: dict[str, Any]) -> str:
        return version_of(settings, ["orders.changes", "location_map"], platform=PLATFORM)

    assert version({}) == version({"orders.changes": True, "stock.buffer": 3})
    assert len({version({}), version({"orders.changes": False}), version({"location_map": {"1": "main"}})}) == 3


def test_STG_4_a_form_knows_which_of_its_values_somebody_else_saved() -> None:
    keys = ["orders.changes", "orders.returns", "stock.buffer"]
    shown = version_of({}, keys, platform=PLATFORM)

    assert changed_since(shown, {}, keys, platform=PLATFORM) == []
    assert changed_since(shown, {"orders.returns": True}, keys, platform=PLATFORM) == ["orders.returns"]
    assert changed_since("x", {"orders.returns": True}, keys, platform=PLATFORM) == []


@pytest.mark.parametrize(
    ("key", "more", "tells_stock", "moves_stock", "expected"),
    [
        pytest.param("orders.changes", (), True, False, False, id="nothing of the shop's"),
        pytest.param("stock.sync", (Need(Right.WRITE_STOCK),), False, False, True, id="a right"),
        pytest.param("location_map", (), False, True, True, id="its locations"),
        pytest.param("stock.buffer", (), True, True, True, id="what it shows"),
        pytest.param("stock.buffer", (), False, True, False, id="stock that it is not told"),
    ],
)
def test_STG_4_the_shop_is_asked_for_what_it_alone_knows(
    key: str, more: tuple[Need, ...], tells_stock: bool, moves_stock: bool, expected: bool
) -> None:
    changed = [SettingChange(key, was=False, now=True)]

    assert must_ask_shop(changed, more, tells_stock=tells_stock, moves_stock=moves_stock) is expected
