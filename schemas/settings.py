"""Account and store settings: which there are, types, defaults, which platform has which (SPEC chapter 2)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import SettingRefused
from schemas.money import MINOR_UNITS

ALL: Final = frozenset({"bigcommerce", "shopify", "woocommerce"})

Value = bool | int | str | dict[str, str]
Parse = Callable[[Any], Value]

_ON: Final = frozenset({"on", "true", "yes", "1"})
_OFF: Final = frozenset({"off", "false", "no", "0"})
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LOCATION_GID: Final = "gid://shopify/Location/"
_NOT_IN_CODES: Final = frozenset(',:{}"')
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,19}")


def switch(value: Any) -> bool:
    """on/off, true/false, yes/no, 1/0, or a boolean."""
    word = str(value).strip().lower()
    if word in _ON | _OFF:
        return word in _ON
    raise ValueError("must be on or off")


def whole_number(low: int, high: int) -> Parse:
    """A whole number between two bounds, both included."""

    def parse(value: Any) -> int:
        try:
            number = int(str(value).strip())
        except ValueError:
            raise ValueError("must be a whole number") from None
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"must be between {low} and {high}")
        return number

    return parse


def seconds(low: int, high: int) -> Parse:
    """A duration in seconds; "90", "90s", "5m", "2h" and "1d" are understood."""
    number = whole_number(low, high)

    def parse(value: Any) -> int:
        text = str(value).strip().lower()
        unit = _UNITS.get(text[-1:])
        if unit and text[:-1].isdecimal():
            value = int(text[:-1]) * unit
        try:
            return int(str(number(value)))
        except ValueError:
            raise ValueError(f"must be between {low} and {high} seconds, like 60 or 5m") from None

    return parse


def one_of(*words: str) -> Parse:
    """One of the given words."""

    def parse(value: Any) -> str:
        word = str(value).strip()
        if word not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return word

    return parse


def code(value: Any) -> str:
    """A short name such as a location's code."""
    text = str(value).strip() if isinstance(value, str) else ""
    if not text or len(text) > 100 or not text.isprintable():
        raise ValueError("must be a name of at most 100 characters")
    return text


def location_code(value: Any) -> str:
    """A code for a new location: one that every setting can name."""
    text = code(value)
    if wrong := next((sign for sign in text if sign in _NOT_IN_CODES), None):
        raise ValueError(f"must not hold {wrong!r}, which location_map uses")
    return text


def code_or_nothing(value: Any) -> str:
    """A short name, or nothing at all: what holds for the whole account."""
    return "" if isinstance(value, str) and not value.strip() else code(value)


def currency(value: Any) -> str:
    """An ISO 4217 code."""
    text = str(value).strip().upper()
    if text not in MINOR_UNITS:
        raise ValueError("must be an ISO 4217 currency code, like EUR")
    return text


def location_pairs(value: Any) -> dict[str, str]:
    """Numbers of Shopify's locations and codes of the hub's, as a JSON object or as "7:main,8:berlin"; "{}" is empty.

    A whole id, gid://shopify/Location/7, is its number.
    """
    if isinstance(value, str):
        text = value.strip().removeprefix("{").removesuffix("}").replace('"', "")
        # An id holds colons too: the last one parts key and value.
        parts = [part.rpartition(":") for part in text.split(",") if part.strip()]
        value = {key.strip(): target.strip() for key, _, target in parts}
    if not isinstance(value, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) and k and v for k, v in value.items()
    ):
        raise ValueError('must map store locations to hub locations, like {"7": "main"}')
    mapped = {key.removeprefix(_LOCATION_GID): target for key, target in value.items()}
    if wrong := next((key for key in mapped if not _NUMBER.fullmatch(key)), None):
        raise ValueError(f"must name the shop's locations by their numbers, like 7:main, not by {wrong[:60]!r}")
    if len(mapped) < len(value):
        raise ValueError("names one of the shop's locations twice")
    return mapped


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch of a store: its default, how a value is read, and which platforms have it."""

    default: Value
    parse: Parse
    platforms: frozenset[str] = ALL


_SHOPIFY: Final = frozenset({"shopify"})
_BIGCOMMERCE: Final = frozenset({"bigcommerce"})

STORE_SETTINGS: Final[dict[str, Setting]] = {
    "fetch.every": Setting(60, seconds(10, 86400)),
    "location": Setting("", code_or_nothing),  # empty: the account's default location
    "location_map": Setting({}, location_pairs, _SHOPIFY),
    "orders.awaiting_payment": Setting(False, switch, _BIGCOMMERCE),
    "orders.payment_pending": Setting(False, switch, _SHOPIFY),
    "orders.custom_items": Setting(False, switch, _BIGCOMMERCE),
    "orders.custom_item_kind": Setting("service", one_of("service", "product"), _SHOPIFY),
    "orders.shipping_fee_line": Setting(True, switch),
    "orders.changes": Setting(True, switch, _SHOPIFY | _BIGCOMMERCE),
    "orders.row_locations": Setting(True, switch, _SHOPIFY),
    "orders.returns": Setting(False, switch, _SHOPIFY),
    "fulfillment.sync": Setting(True, switch),
    "stock.sync": Setting(False, switch),
    "stock.quantity": Setting(
        "in_stock_minus_committed", one_of("in_stock_minus_committed", "in_stock_minus_store_orders", "in_stock")
    ),
    "stock.tell_uncounted": Setting(False, switch),
    "stock.buffer": Setting(0, whole_number(0, 1_000_000)),
    "products.import_on_connect": Setting(False, switch),
    "profile": Setting("katana", one_of("katana", "stitch"), _BIGCOMMERCE),
    "stitch.push_order_info": Setting(False, switch, _BIGCOMMERCE),
    "stitch.auto_close": Setting(False, switch, _BIGCOMMERCE),
}

ACCOUNT_SETTINGS: Final[dict[str, Parse]] = {
    "hub": one_of("builtin"),
    "base_currency": currency,
    "multi_currency": switch,
    "default_delivery_days": whole_number(0, 3650),
    "default_location": code,
}


def read_store_settings(platform: str, given: Mapping[str, Any]) -> dict[str, Value]:
    """The given settings, checked and typed. Raises SettingRefused with the key; all or nothing."""
    _refuse_unknown(given, STORE_SETTINGS, "setting")
    values: dict[str, Value] = {}
    for key, value in given.items():
        setting = STORE_SETTINGS[key]
        if platform not in setting.platforms:
            raise SettingRefused(key, f"{platform} stores do not have this setting")
        values[key] = _read(key, value, setting.parse)
    return values


def read_account_settings(given: Mapping[str, Any]) -> dict[str, Value]:
    """The given account settings, checked and typed. Raises SettingRefused with the key; all or nothing."""
    _refuse_unknown(given, ACCOUNT_SETTINGS, "account setting")
    return {key: _read(key, value, ACCOUNT_SETTINGS[key]) for key, value in given.items()}


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, object], what: str) -> None:
    """Name every key that nobody knows: one typing error often comes with another."""
    unknown = [key for key in given if key not in known]
    if unknown:
        words = f"there is no such {what}" if len(unknown) == 1 else f"there are no such {what}s"
        raise SettingRefused(", ".join(unknown), words)


def with_defaults(platform: str, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """Every setting of a platform's store: what was chosen, else the default."""
    return {
        key: chosen.get(key, setting.default)
        for key, setting in STORE_SETTINGS.items()
        if platform in setting.platforms
    }


def _read(key: str, value: Any, parse: Parse) -> Value:
    try:
        return parse(value)
    except ValueError as error:
        raise SettingRefused(key, str(error)) from error
