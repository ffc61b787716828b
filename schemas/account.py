"""The account: what holds for all stores. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """What holds for all stores (SPEC chapter 2, account-wide)."""

    base_currency: str = "EUR"
    multi_currency: bool = True
    default_delivery_days: int = 14
    default_location: str = "main"
    hub: str = "builtin"
    katana_url: str = field(default="https://api.katanamrp.com/v1", metadata={"key": "katana.url"})
    katana_allow_insecure: bool = field(default=False, metadata={"key": "katana.allow_insecure"})
    katana_shipping_fee: str = field(default="row", metadata={"key": "katana.shipping_fee"})
    keep_journal_days: int = 400  # 0: for ever
    keep_stock_moves_days: int = 800
    privacy_keep_days: int = field(default=90, metadata={"key": "privacy.keep_days"})  # of snapshots


_KEYS = {one.name: one.metadata.get("key", one.name) for one in fields(Account)}


def read_account(settings: Mapping[str, Any]) -> Account:
    """The account's settings by their keys, with their defaults; what a newer version has more is left out."""
    return Account(**{name: settings[key] for name, key in _KEYS.items() if key in settings})


def settings_of(account: Account) -> dict[str, Any]:
    """Every setting by its key."""
    return {key: getattr(account, name) for name, key in _KEYS.items()}
