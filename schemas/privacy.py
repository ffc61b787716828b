"""What is kept of a buyer, and what shops ask for on their behalf. Data only (DOR-6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

OrderKey = tuple[int, str]  # the store's id and the order's in it


class Request(StrEnum):
    """What a shop asks for."""

    TELL = "tell"  # what is kept of a buyer; a person answers
    ERASE = "erase"  # a buyer
    ERASE_ALL = "erase_all"  # every buyer of the shop


@dataclass(frozen=True, slots=True)
class AboutBuyer:
    """Whom a request is about, by the shop's ids."""

    customer_id: str | None = None
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuyersOrder:
    """A sales order of the hub with what is kept of its buyer; `key` where it came from a store."""

    id: str
    key: OrderKey | None
    order_no: str
    created_at: datetime
    customer_id: str
    customer: str
    email: str | None
    bill_to: Mapping[str, str]
    ship_to: Mapping[str, str]
    notes: str | None
    customer_reference: str | None

    @property
    def words(self) -> set[str]:
        """What would name the buyer wherever it stands; a country names nobody."""
        told = {self.customer, self.email, self.notes, self.customer_reference}
        for address in (self.bill_to, self.ship_to):
            name = f"{address.get('first_name', '')} {address.get('last_name', '')}".strip()
            told |= {name, *(address.get(part) for part in ("company", "line_1", "line_2", "phone"))}
        return {word for word in told if word}


@dataclass(frozen=True, slots=True)
class HubBuyer:
    """What the hub keeps of a buyer: the customers that it is, and its orders."""

    customers: tuple[tuple[str, str, str | None], ...] = ()  # id, name, e-mail
    orders: tuple[BuyersOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderBeside:
    """What we keep of an order beside the hub; `snapshot` is what its shop sent, None where nothing is kept."""

    store_id: int
    store: str
    platform: str
    external_id: str
    order_no: str | None
    state: str
    snapshot: str | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a shop asked for; `done_at` is None while it is open."""

    id: int
    store_id: int
    store: str
    kind: Request
    customer_id: str | None
    order_ids: tuple[str, ...]
    asked_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class NamingLine:
    """A line of the journal, with its words."""

    id: int
    store: str | None
    external_id: str | None
    detail: dict[str, Any] = field(default_factory=dict)
