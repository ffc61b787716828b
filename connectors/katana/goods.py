"""What a new order needs in Katana before it can be made: its customer, items and tax rates, each made once (KAT-1)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connectors.errors import HubBusy, Rejected, Unavailable
from connectors.katana.absent import PRODUCT, email_key, name_key, sku_key
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import (
    CUSTOMERS,
    LOCATIONS,
    SERVICES,
    TAX_RATES,
    VARIANTS,
    Copies,
    CopyList,
    Reader,
    read_entries,
)
from connectors.katana.intents import Creation, forget, is_open, make_once, not_taken
from connectors.postgres import Connection
from schemas.hub import Customer, DraftOrder, DraftRow, NewCustomer, NewItem
from schemas.katana.numbers import three_decimals, written_number
from schemas.katana.order_json import addresses_body
from schemas.katana.records import Copied, read_customer, read_product, read_service, read_tax_rate, read_variant
from schemas.money import plain
from schemas.orders import Kind

SHIPPING: Final = NewItem("Shipping", Kind.SERVICE)  # every store's fee is a row of this one service

_ALL: Final = {"include_deleted": "true"}


class Goods:
    """Ids of what is there, and of what is made where it is not. Every method may raise a ConnectorError."""

    def __init__(
        self, connection: Connection, client: KatanaClient, copies: Copies, *, priority: Priority = Priority.ORDERS
    ) -> None:
        self._connection, self._client, self._copies, self._priority = connection, client, copies, priority

    def customer(self, draft: DraftOrder) -> str:
        """The buyer (MAP-2)."""
        match draft.customer:
            case Customer(id=id):
                return id
            case NewCustomer() as new:
                return self._new_customer(new, draft)

    def item(self, row: DraftRow, store_id: int | None) -> str:
        """The variant that a row is of (MAP-1, MAP-9)."""
        match row.item:
            case str():
                return row.item
            case None:
                return self._service(SHIPPING)
            case NewItem(kind=Kind.SERVICE) as new:
                return self._service(new)
            case NewItem() as new:
                return self._product(new, store_id)

    def tax_rate(self, rate: Decimal) -> str:
        """The tax rate of so many per cent; finer ones are rounded to three decimals (MAP-10)."""
        rate = three_decimals(rate)
        self._copies.refresh(TAX_RATES)
        known = (one for one in self._copies.all(TAX_RATES) if one.rate == rate)
        if found := next(known, None):
            return found.id
        body = {"rate": written_number(rate), "name": f"{plain(rate)} %"}
        way = _Way(TAX_RATES, asked={}, wanted={"rate": rate}, read=read_tax_rate)
        return self._once("tax rate", plain(rate), body, way)

    def _new_customer(self, new: NewCustomer, draft: DraftOrder) -> str:
        email = (new.email or "").strip()
        body: dict[str, Any] = {"name": new.name or email or "Unknown", **({"email": email} if email else {})}
        names = {"first_name": draft.bill_to.first_name.strip(), "last_name": draft.bill_to.last_name.strip()}
        body |= {name: text for name, text in names.items() if text}
        if addresses := [{**one, "default": True} for one in addresses_body(draft)]:
            body["addresses"] = addresses
        wanted = {"email": email} if email else {"name": body["name"]}
        kind, key = email_key(email) if email else name_key(body["name"])
        way = _Way(CUSTOMERS, asked={**wanted, **_ALL}, wanted=wanted, read=read_customer)
        return self._once(kind, key, body, way)

    def _service(self, new: NewItem) -> str:
        self._copies.refresh(SERVICES)
        known = (one for one in self._copies.by(SERVICES, names=[new.name]) if one.kind is Kind.SERVICE)
        if found := next(known, None):
            return found.id
        body = {"name": new.name, "variants": [{"sku": new.sku} if new.sku else {}]}
        way = _Way(SERVICES, asked={"name": new.name, **_ALL}, wanted={"name": new.name}, read=read_service)
        return self._once("service", new.name.lower(), body, way)

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Around what uses ids: where Katana says no, one may be gone, and all are read again when they are needed."""
        try:
            yield
        except Rejected:
            for one in (CUSTOMERS, VARIANTS, SERVICES, TAX_RATES, LOCATIONS):
                self._copies.outdate(one)
            raise

    def refuse_gone(self, customer: str, variants: Collection[str], error: Rejected) -> None:
        """Raise HubBusy where what was refused names something that is gone since it was found: find it anew."""
        self._copies.refresh(CUSTOMERS, VARIANTS, SERVICES)
        known = {one.id for one in self._copies.by(VARIANTS, ids=variants)}
        if not known.issuperset(variants) or self._copies.is_gone(CUSTOMERS, customer):
            raise HubBusy("an item or customer is gone from Katana meanwhile") from error

    def make(self, new: NewItem, *, batch_tracked: bool = False) -> str:
        """The variant of an item that is wanted by itself."""
        if new.kind is Kind.SERVICE:
            return self._service(new)
        return self._product(new, None, batch_tracked=batch_tracked)

    def is_under_way(self, new: NewItem) -> bool:
        """Whether we have begun to make it, and nobody has heard the end of it."""
        kind, key = ("service", new.name.lower()) if new.kind is Kind.SERVICE else sku_key(new.sku or "")
        return is_open(self._connection, kind, key)

    def _product(self, new: NewItem, store_id: int | None, *, batch_tracked: bool = False) -> str:
        sku = (new.sku or "").strip()
        name = new.name or sku
        body: dict[str, Any] = {"name": name, "uom": "pcs", "variants": [{"sku": sku} if sku else {}]}
        body |= {"batch_tracked": True} if batch_tracked else {}
        if sku:
            asked = {**VARIANTS.asked, "sku": sku}
            way = _Way(
                VARIANTS, asked=asked, wanted={"sku": sku}, read=read_variant, made_at="products", is_newest=True
            )
            return self._once(*sku_key(sku), body, way)
        wanted = {"name": name, "sku": None}
        way = _Way(
            VARIANTS,
            asked={"name": name},
            wanted=wanted,
            read=read_product,
            listed_at="products",
            made_at="products",
            is_one_of_many=True,
        )
        return self._once(PRODUCT, f"{store_id}:{new.key or new.name}", body, way)

    def _once(self, kind: str, key: str, body: Mapping[str, Any], way: "_Way") -> str:
        creation = Creation(
            kind,
            key,
            body,
            look=lambda: self._look(kind, key, way),
            send=lambda sent: self._send(way, sent),
            is_absent=lambda: self._copies.absent.has((kind, key)),
        )
        made = make_once(self._connection, creation)
        if self._copies.is_gone(way.copies, made.id):  # a person deleted what we made, or adopted, earlier
            forget(self._connection, kind, key)
            made = make_once(self._connection, creation)
        return made.id

    def _look(self, kind: str, key: str, way: "_Way") -> str | None:
        path = way.listed_at or way.copies.path
        pages = self._client.pages(path, way.asked, priority=self._priority)
        found = way.fitting(one for page in pages for one in read_entries(path, way.read, page))
        self._copies.keep(way.copies, found)
        ids = [one.id for one in found]
        if way.is_one_of_many:  # those that others of that name became are not it
            ids = not_taken(self._connection, kind, key, ids)
        return ids[-1 if way.is_newest else 0] if ids else None

    def _send(self, way: "_Way", sent: Mapping[str, Any]) -> str:
        path = way.made_at or way.copies.path
        read = read_product if path == "products" else way.read
        made = read(self._client.post(path, sent, priority=self._priority))
        if not made:
            raise Unavailable("the answer names nothing that was made", request=f"POST {path}")
        self._copies.keep(way.copies, made)
        return made[0].id


@dataclass(frozen=True, slots=True)
class _Way:
    """How one kind of thing is looked for and made. What a filter gave is compared with what is `wanted`.

    `listed_at` and `made_at` are where they are, unless that is where its copies are from.
    """

    copies: CopyList
    asked: Mapping[str, str]
    wanted: Mapping[str, Any]
    read: Reader
    listed_at: str = ""
    made_at: str = ""
    is_newest: bool = False  # of several the one made last is meant, else the oldest
    is_one_of_many: bool = False  # what is wanted does not say which of several it is

    def fitting(self, found: Iterable[Copied]) -> list[Copied]:
        """What is truly what was asked for, the oldest first."""
        fits = [one for one in found if not one.is_gone and self._fits(one)]
        return sorted(fits, key=lambda one: (one.created_at is not None, one.created_at, len(one.id), one.id))

    def _fits(self, one: Copied) -> bool:
        return all(_plain(name, getattr(one, name)) == _plain(name, value) for name, value in self.wanted.items())


def _plain(name: str, value: Any) -> Any:
    """Names and e-mails are the same in any case; SKUs are not (MAP-1, MAP-2)."""
    return value.lower() if name != "sku" and isinstance(value, str) else value
