"""schemas.settings: which platform has which setting, what each takes, and that a refusal names it (SPEC chapter 2)."""

from typing import Any

import pytest

from connectors import platforms
from schemas.errors import SettingRefused
from schemas.settings import STORE_SETTINGS, read_account_settings, read_store_settings, with_defaults

ALL = {name: platforms.record(name) for name in platforms.PLATFORMS}
SHOPIFY = ALL["shopify"]

# SPEC chapter 2, row by row: key, platforms, default.
SPEC: dict[str, tuple[set[str], Any]] = {
    "fetch.every": ({*ALL}, 60),
    "location": ({*ALL}, ""),
    "location_map": ({"shopify"}, {}),
    "orders.awaiting_payment": ({"bigcommerce"}, False),
    "orders.payment_pending": ({"shopify"}, False),
    "orders.custom_items": ({"bigcommerce"}, False),
    "orders.custom_item_kind": ({"shopify"}, "service"),
    "orders.shipping_fee_line": ({*ALL}, True),
    "orders.changes": ({"shopify", "bigcommerce"}, True),
    "orders.row_locations": ({"shopify"}, True),
    "orders.returns": ({"shopify"}, False),
    "fulfillment.sync": ({*ALL}, True),
    "stock.sync": ({*ALL}, False),
    "stock.quantity": ({*ALL}, "in_stock_minus_committed"),
    "stock.tell_uncounted": ({*ALL}, False),
    "stock.buffer": ({*ALL}, 0),
    "products.import_on_connect": ({*ALL}, False),
    "profile": ({"bigcommerce"}, "katana"),
    "stitch.push_order_info": ({"bigcommerce"}, False),
    "stitch.auto_close": ({"bigcommerce"}, False),
}


def test_every_platform_has_its_settings_and_no_others() -> None:
    found = {key: {name for name in ALL if one.has(ALL[name])} for key, one in STORE_SETTINGS.items()}

    assert {key: (found[key], one.default) for key, one in STORE_SETTINGS.items()} == SPEC
    for name, record in ALL.items():
        wanted = {key: default for key, (whose, default) in SPEC.items() if name in whose}
        assert with_defaults(record, {}) == wanted


@pytest.mark.parametrize("platform", sorted(ALL))
def test_a_setting_of_another_platform_is_refused_by_name(platform: str) -> None:
    foreign = [key for key, (whose, _) in SPEC.items() if platform not in whose]

    for key in foreign:
        with pytest.raises(SettingRefused) as refused:
            read_store_settings(ALL[platform], {"stock.buffer": "1", key: SPEC[key][1]})
        assert (refused.value.key, refused.value.problem) == (key, f"{platform} stores do not have this setting")


@pytest.mark.parametrize("platform", sorted(ALL))
def test_a_default_may_be_given_as_it_is_and_as_people_write_it(platform: str) -> None:
    for key, (whose, default) in SPEC.items():
        if platform in whose:
            assert read_store_settings(ALL[platform], {key: default}) == {key: default}
            assert read_store_settings(ALL[platform], {key: str(default)}) == {key: default}


WRONG: list[Any] = [None, [], {"a": 1}, 1.5, "", " ", "perhaps", "1e3", "\x00", "9" * 5000, -1, 10**30]


@pytest.mark.parametrize("key", [key for key, (_, default) in SPEC.items() if isinstance(default, bool)])
def test_a_switch_is_on_or_off_and_nothing_else(key: str) -> None:
    (platform, *_) = sorted(SPEC[key][0])

    assert [read_store_settings(ALL[platform], {key: word})[key] for word in ("ON", " yes ", "1", True)] == [True] * 4
    assert [read_store_settings(ALL[platform], {key: word})[key] for word in ("off", "No", 0, False)] == [False] * 4
    for value in WRONG:
        with pytest.raises(SettingRefused, match=key):
            read_store_settings(ALL[platform], {key: value})


@pytest.mark.parametrize("key", ["fetch.every", "stock.buffer", "stock.quantity", "orders.custom_item_kind", "profile"])
def test_a_value_of_the_wrong_type_is_refused_by_name(key: str) -> None:
    (platform, *_) = sorted(SPEC[key][0])

    for value in (*WRONG, True):
        with pytest.raises(SettingRefused, match=key):
            read_store_settings(ALL[platform], {key: value})


@pytest.mark.parametrize(
    ("text", "expected"), [("10", 10), ("1d", 86400), ("90s", 90), (" 5M ", 300), ("2h", 7200), (86400, 86400)]
)
def test_an_interval_is_ten_seconds_to_a_day(text: Any, expected: int) -> None:
    assert read_store_settings(SHOPIFY, {"fetch.every": text}) == {"fetch.every": expected}


@pytest.mark.parametrize("text", ["9", "9s", "86401", "25h", "2d", "0", "-60", "1w", "m", "1.5m"])
def test_an_interval_outside_is_refused(text: str) -> None:
    with pytest.raises(SettingRefused, match=r"fetch\.every"):
        read_store_settings(SHOPIFY, {"fetch.every": text})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", {}),
        ("{}", {}),
        ('{"7": "main"}', {"7": "main"}),
        ("7:main, 8:bonn", {"7": "main", "8": "bonn"}),
        ("gid://shopify/Location/7:main,8:bonn", {"7": "main", "8": "bonn"}),
        ({"gid://shopify/Location/7": "main"}, {"7": "main"}),
        ({"7": "main"}, {"7": "main"}),
    ],
)
def test_a_location_map_is_numbers_and_codes(given: Any, expected: dict[str, str]) -> None:
    assert read_store_settings(SHOPIFY, {"location_map": given}) == {"location_map": expected}


@pytest.mark.parametrize(
    "given",
    [
        *("main", "7:", ":main", {"7": 1}, {7: "main"}, ["7"], None, 7, True),
        *(
            "12 Main Street:main",
            "loc-1:main",
            "07:main",
            "0:main",
            "-7:main",
            "٧:main",
            "gid://shopify/Product/7:main",
        ),
        "7:main,gid://shopify/Location/7:bonn",
    ],
)
def test_what_is_no_location_map_is_refused(given: Any) -> None:
    with pytest.raises(SettingRefused, match="location_map"):
        read_store_settings(SHOPIFY, {"location_map": given})


def test_every_unknown_key_is_named_and_nothing_is_read() -> None:
    with pytest.raises(SettingRefused) as of_store:
        read_store_settings(SHOPIFY, {"a": 1, "stock.buffer": "1", "b": 2})
    with pytest.raises(SettingRefused) as of_account:
        read_account_settings({"c": 1})

    assert (of_store.value.key, of_store.value.problem) == ("a, b", "there are no such settings")
    assert (of_account.value.key, of_account.value.problem) == ("c", "there is no such account setting")
