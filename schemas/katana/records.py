"""Katana's places, tax rates, items, customers and its account, as its JSON has them and as records."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Flag, Id, Number, Part, Parts, Text, UtcTime, VendorSchema, Words, load
from schemas.orders import Kind


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """What holds for the whole account; `delivery_days` is None where it does not say it readably."""

    base_currency: str
    sales_location: str | None
    closed_until: date | None
    delivery_days: int | None


@dataclass(frozen=True, slots=True)
class Copied:
    """Something that is copied: what it is found by, and what else is known. `sku` and `email` are never empty."""

    id: str
    name: str
    created_at: datetime | None
    is_gone: bool
    sku: str | None = None
    email: str | None = None
    rate: Decimal | None = None  # of a tax rate, in per cent
    kind: Kind = Kind.PRODUCT  # of a variant
    batch_tracked: bool = False


class _Factory(VendorSchema):
    base_currency = Text(data_key="base_currency_code")
    sales_location = Id(data_key="default_sales_location_id", allow_none=True, load_default=None)
    closed_until = UtcTime(data_key="inventory_closing_date", allow_none=True, load_default=None)
    delivery_days = Words(data_key="default_so_delivery_time")


class _Thing(VendorSchema):
    id = Id(required=True)
    created_at = UtcTime(allow_none=True, load_default=None)
    deleted_at = UtcTime(allow_none=True, load_default=None)


class _Location(_Thing):
    name = Words()


class _TaxRate(_Thing):
    name = Words()
    rate = Number(required=True, minimum=Decimal(0))


class _Parent(VendorSchema):
    name = Words()
    batch_tracked = Flag()


class _Variant(_Thing):
    sku = Words()
    type = Words()
    product_id = Id(allow_none=True, load_default=None)
    material_id = Id(allow_none=True, load_default=None)
    product_or_material = Part(_Parent)


class _Item(_Thing):
    name = Words()
    batch_tracked = Flag()
    variants = Parts(_Variant)


class _Customer(_Thing):
    name = Words()
    email = Words()


_THING: Final = _Thing()
_FACTORY: Final = _Factory()
_LOCATION: Final = _Location()
_TAX_RATE: Final = _TaxRate()
_VARIANT: Final = _Variant()
_ITEM: Final = _Item()
_CUSTOMER: Final = _Customer()


def read_id(said: Any) -> str:
    """The id of something of which no more is asked. Raises Unreadable."""
    return str(load(_THING, said)["id"])


def read_account(said: Any) -> AccountRecord:
    """GET /factory. Raises Unreadable."""
    read = load(_FACTORY, said)
    days: str = read["delivery_days"]
    closed: datetime | None = read["closed_until"]
    return AccountRecord(
        read["base_currency"],
        read["sales_location"],
        None if closed is None else closed.date(),
        int(days) if days.isascii() and days.isdigit() and len(days) < 5 else None,
    )


def read_location(said: Any) -> list[Copied]:
    """One of GET /locations. Raises Unreadable."""
    read = load(_LOCATION, said)
    return [Copied(**_head(read), name=read["name"])]


def read_tax_rate(said: Any) -> list[Copied]:
    """One of GET /tax_rates, or what POST answers. Raises Unreadable."""
    read = load(_TAX_RATE, said)
    return [Copied(**_head(read), name=read["name"], rate=read["rate"])]


def read_variant(said: Any) -> list[Copied]:
    """One of GET /variants, with its parent; none for one that is read with its service. Raises Unreadable."""
    read = load(_VARIANT, said)
    if read["product_id"] is None and read["material_id"] is None:
        return []
    parent = read["product_or_material"]
    return [_variant(read, parent["name"], batch_tracked=bool(parent["batch_tracked"]))]


def read_product(said: Any) -> list[Copied]:
    """A product with its variants, as POST /products answers it. Raises Unreadable."""
    read = load(_ITEM, said)
    return [_variant(one, read["name"], batch_tracked=bool(read["batch_tracked"])) for one in read["variants"]]


def read_service(said: Any) -> list[Copied]:
    """The variants of one of GET /services, or of what POST answers. Raises Unreadable."""
    read = load(_ITEM, said)
    gone = read["deleted_at"] is not None
    return [_variant(one, read["name"], kind=Kind.SERVICE, is_gone=gone) for one in read["variants"]]


def read_customer(said: Any) -> list[Copied]:
    """One of GET /customers, or what POST answers. Raises Unreadable."""
    read = load(_CUSTOMER, said)
    return [Copied(**_head(read), name=read["name"], email=read["email"] or None)]


def _head(read: dict[str, Any]) -> dict[str, Any]:
    return {"id": read["id"], "created_at": read["created_at"], "is_gone": read["deleted_at"] is not None}


def _variant(
    read: dict[str, Any], name: str, *, kind: Kind = Kind.PRODUCT, batch_tracked: bool = False, is_gone: bool = False
) -> Copied:
    sku = read["sku"] or None
    head = _head(read)
    head["is_gone"] |= is_gone
    return Copied(**head, name=name, sku=sku, kind=kind, batch_tracked=batch_tracked)
