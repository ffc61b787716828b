"""Account and store settings: which there are, types, defaults, what of a platform each needs (SPEC chapter 2)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import SettingRefused
from schemas.money import is_currency
from schemas.platform import CustomItems, Platform

Value = bool | int | str | dict[str, str]
Parse = Callable[[Any], Value]

FULFILLMENT_SYNC: Final = "fulfillment.sync"
ALERTS_TO: Final = "alerts.to"
KATANA_KEY: Final = "katana.api_key"
SECRETS: Final = frozenset({ALERTS_TO, KATANA_KEY})  # locked like credentials, and never shown as they are

_ON: Final = frozenset({"on", "true", "yes", "1"})
_OFF: Final = frozenset({"off", "false", "no", "0"})
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NOT_IN_CODES: Final = frozenset(',:{}"')
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,19}")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[\x21-\x7e]{1,2000}")
_WHOLE_ID: Final = re.compile(r"gid://[a-z]+/Location/")


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


def days_kept(value: Any) -> int:
    """For how many days something is kept, a month or more; 0 is for ever."""
    days = whole_number(0, 36500)(value)
    if not isinstance(days, int) or 0 < days < 30:
        raise ValueError("must be at least 30, or 0 for ever")
    return days


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
    if not is_currency(text):
        raise ValueError("must be an ISO 4217 currency code, like EUR")
    return text


def location_pairs(value: Any) -> dict[str, str]:
    """Numbers of the shop's locations and codes of the hub's, as a JSON object or as "7:main,8:berlin"; "{}" is empty.

    A whole id, gid://APP/Location/7, is its number.
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
    mapped = {_WHOLE_ID.sub("", key): target for key, target in value.items()}
    if wrong := next((key for key in mapped if not _NUMBER.fullmatch(key)), None):
        raise ValueError(f"must name the shop's locations by their numbers, like 7:main, not by {wrong[:60]!r}")
    if len(mapped) < len(value):
        raise ValueError("names one of the shop's locations twice")
    return mapped


def addresses(value: Any) -> str:
    """Addresses of notification services, each on a line; spaces, commas or lines part them. Nothing: no address."""
    if not isinstance(value, str):
        raise ValueError("must be addresses like ntfy://TOPIC")
    found = [address for address in re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", value.strip()) if address]
    # No part of a wrong one is repeated: it may be a secret.
    if wrong := next((number for number, one in enumerate(found, start=1) if not _ADDRESS.fullmatch(one)), None):
        raise ValueError(f"must be addresses like ntfy://TOPIC, which number {wrong} is not")
    if len(found) > 20:
        raise ValueError("must be 20 addresses at most")
    return "\n".join(dict.fromkeys(found))


def key(value: Any) -> str:
    """A key as a vendor gives it; no part of a wrong one is repeated."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 500 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be the key as the vendor shows it")
    return text


def address(value: Any) -> str:
    """The address of a web service."""
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    if not re.fullmatch(r"https?://[\x21-\x7e]{1,500}", text) or "@" in text:
        raise ValueError("must be an address like https://api.example.com/v1")
    return text


Has = Callable[[Platform], bool]


def every(_: Platform) -> bool:
    """Whatever a store is, it has the setting."""
    return True


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch of a store: its default, how a value is read, and what a platform is like whose stores have it."""

    default: Value
    parse: Parse
    has: Has = every


STORE_SETTINGS: Final[dict[str, Setting]] = {
    "fetch.every": Setting(60, seconds(10, 86400)),
    "location": Setting("", code_or_nothing),  # empty: the account's default location
    "location_map": Setting({}, location_pairs, lambda its: its.tells_locations_apart),
    "orders.awaiting_payment": Setting(False, switch, lambda its: "orders.awaiting_payment" in its.switches),
    "orders.payment_pending": Setting(False, switch, lambda its: "orders.payment_pending" in its.switches),
    "orders.custom_items": Setting(False, switch, lambda its: its.custom_items is CustomItems.AS_WANTED),
    "orders.custom_item_kind": Setting(
        "service", one_of("service", "product"), lambda its: its.custom_items is CustomItems.OF_A_KIND
    ),
    "orders.shipping_fee_line": Setting(True, switch),
    "orders.changes": Setting(True, switch, lambda its: its.changes_travel),
    "orders.row_locations": Setting(True, switch, lambda its: its.tells_locations_apart),
    "orders.returns": Setting(False, switch, lambda its: its.tells_returns),
    FULFILLMENT_SYNC: Setting(True, switch),
    "stock.sync": Setting(False, switch),
    "stock.quantity": Setting(
        "in_stock_minus_committed", one_of("in_stock_minus_committed", "in_stock_minus_store_orders", "in_stock")
    ),
    "stock.tell_uncounted": Setting(False, switch),
    "stock.buffer": Setting(0, whole_number(0, 1_000_000)),
    "products.import_on_connect": Setting(False, switch),
    "profile": Setting("katana", one_of("katana", "stitch"), lambda its: bool(its.profiles)),
    "stitch.push_order_info": Setting(False, switch, lambda its: "stitch.push_order_info" in its.switches),
    "stitch.auto_close": Setting(False, switch, lambda its: "stitch.auto_close" in its.switches),
}

ACCOUNT_SETTINGS: Final[dict[str, Parse]] = {
    "hub": one_of("builtin", "katana"),
    KATANA_KEY: key,
    "katana.url": address,
    "katana.allow_insecure": switch,
    "katana.shipping_fee": one_of("row", "fee"),
    "base_currency": currency,
    "multi_currency": switch,
    "default_delivery_days": whole_number(0, 3650),
    "default_location": code,
    ALERTS_TO: addresses,
    "keep_journal_days": days_kept,
    "keep_stock_moves_days": days_kept,
    "privacy.keep_days": whole_number(0, 36500),
}


def read_store_settings(platform: Platform, given: Mapping[str, Any]) -> dict[str, Value]:
    """The given settings, checked and typed. Raises SettingRefused with the key; all or nothing."""
    _refuse_unknown(given, STORE_SETTINGS, "setting")
    values: dict[str, Value] = {}
    for key, value in given.items():
        setting = STORE_SETTINGS[key]
        if not setting.has(platform):
            raise SettingRefused(key, f"{platform.name} stores do not have this setting")
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


def with_defaults(platform: Platform, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """Every setting of a platform's store: what was chosen, else the default."""
    return {key: chosen.get(key, setting.default) for key, setting in STORE_SETTINGS.items() if setting.has(platform)}


def fetch_every(chosen: Mapping[str, Value]) -> int:
    """Seconds between two fetches of a store with these settings."""
    return int(str(chosen.get("fetch.every", STORE_SETTINGS["fetch.every"].default)))


def profile_of(platform: Platform, chosen: Mapping[str, Value]) -> Platform:
    """The record that a store's settings choose among those of its platform."""
    return platform.profiles.get(str(chosen.get("profile")), platform)


def _read(key: str, value: Any, parse: Parse) -> Value:
    try:
        return parse(value)
    except ValueError as error:
        raise SettingRefused(key, str(error)) from error
