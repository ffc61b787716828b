"""The built-in hub in PostgreSQL: stock, sales orders, and all that an import is decided on. It decides nothing.

The numbers are kept by the database, for plain SQL writers too. Its triggers called `mark_…` mark for storesync what
moved: docs/decisions/0005-built-in-hub.md lists them.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, hub_apply, queries
from connectors.postgres.hub_guards import hub_guards
from schemas.actions import HubAction
from schemas.hub import (
    Batch,
    Customer,
    DeliveryStatus,
    ExchangeRate,
    Flags,
    HubFulfillment,
    HubMatches,
    HubOrder,
    HubReturn,
    HubRow,
    MoStatus,
    StockLevel,
    Totals,
    Variant,
)
from schemas.orders import Kind, StoreOrder

_SQL: Final = queries("hub")
_TOTALS: Final = tuple(field.name for field in fields(Totals))


class PostgresHub:
    """The hub on one connection; whoever opened the connection owns its transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def matches(self, store_id: int, order: StoreOrder, *, base_currency: str) -> HubMatches:
        """Everything an import of this order is decided on: one round trip, two in a foreign currency (ORD-8)."""
        asked = {
            "store_id": store_id,
            "skus": [line.sku.strip() for line in order.lines if line.sku],
            "keys": [line.item_key for line in order.lines],
            "names": [*(charge.name for charge in order.charges), *(line.name for line in order.lines)],
            "buyer": order.buyer.external_id,
            "email": order.buyer.email,
            "name": order.buyer.name,
        }
        (found,) = self._rows("matches", asked)
        return _matches(found, self._rate(order, base_currency))

    def _rate(self, order: StoreOrder, base_currency: str) -> ExchangeRate | None:
        if order.currency == base_currency:
            return None
        created_on = order.created_at.astimezone(UTC).date()
        found = self._rows("rate", {"currency": order.currency, "base": base_currency, "created_on": created_on})
        return ExchangeRate(**found[0]) if found else None

    def order(self, hub_order_id: str) -> HubOrder | None:
        """A sales order as it stands; None when it is gone."""
        found = self._rows("order", {"id": hub_order_id})
        if not found:
            return None
        rows = tuple(_row(row) for row in self._rows("order_rows", {"id": hub_order_id}))
        return _order(found[0], rows)

    def order_to_change(self, hub_order_id: str) -> HubOrder | None:
        """The same, and nobody else changes it before the caller's transaction ends."""
        self._rows("hold_order", {"id": hub_order_id})
        return self.order(hub_order_id)

    def batches(self, variant_ids: Sequence[str], location: str) -> tuple[Batch, ...]:
        """Batches with stock at a location, first received first (FUL-4)."""
        asked = {"variant_ids": list(variant_ids), "location": location}
        return tuple(Batch(**row) for row in self._rows("batches", asked))

    def levels(self, skus: Sequence[str]) -> tuple[StockLevel, ...]:
        """Stock of the newest variant of each SKU at every location (STK-3); of a bundle, what its components make."""
        return tuple(StockLevel(**row) for row in self._rows("levels", {"skus": list(skus)}))

    def apply(self, actions: Sequence[HubAction]) -> tuple[str, ...]:
        """Carry the actions out in order, inside the caller's transaction; ids of what each made or touched."""
        with hub_guards():
            return tuple(hub_apply.carry_out(self._connection, action) for action in actions)

    def find_order(self, reference: str) -> str:
        """The id of the order a person means by STORE/EXTERNAL_ID or by a unique order number. Raises HubRefused."""
        found = self._rows("find_orders", {"reference": reference})
        meant = [row for row in found if row["is_exact"]] or found
        if not meant:
            raise HubRefused(f"there is no order {reference}")
        if len(meant) > 1:
            names = ", ".join(row["name"] or f"hub order {row['id']}" for row in meant)
            raise HubRefused(f"several orders have the number {reference}: name one as STORE/EXTERNAL_ID ({names})")
        return str(meant[0]["id"])

    def products(self) -> tuple[Variant, ...]:
        """Every item, by SKU."""
        return tuple(_variant(row) for row in self._rows("products", {}))

    def locations(self) -> list[Row]:
        """`code` and `name` of every place that holds stock."""
        return self._rows("locations", {})

    def _rows(self, name: str, values: dict[str, Any]) -> list[Row]:
        with hub_guards():
            return self._connection.execute(_SQL[name], values).fetchall()


def _matches(found: Row, rate: ExchangeRate | None) -> HubMatches:
    by_sku: dict[str, tuple[Variant, ...]] = {}
    for item in found["by_sku"] or ():
        by_sku[item["sku"]] = (*by_sku.get(item["sku"], ()), _variant(item))
    return HubMatches(
        by_sku=by_sku,
        by_key={key: _variant(item) for key, item in (found["by_key"] or {}).items()},
        by_name={item["name"].lower(): _variant(item) for item in found["by_name"] or ()},
        linked_customer=_customer(found["linked_customer"]),
        email_customer=_customer(found["email_customer"]),
        name_customer=_customer(found["name_customer"]),
        rate=rate,
    )


def _variant(item: Row) -> Variant:
    made = item["created_at"]
    return Variant(
        id=str(item["id"]),
        sku=item["sku"],
        name=item["name"],
        kind=Kind(item["kind"]),
        created_at=datetime.fromisoformat(made) if isinstance(made, str) else made,
        batch_tracked=item["batch_tracked"],
        delivery_days=item["delivery_days"],
    )


def _customer(found: list[Any] | None) -> Customer | None:
    return Customer(str(found[0]), found[1], found[2]) if found else None


def _order(head: Row, rows: tuple[HubRow, ...]) -> HubOrder:
    totals = Totals(**{name: head.pop(name) for name in _TOTALS})
    head |= {"status": DeliveryStatus(head["status"]), "flags": Flags(**head["flags"])}
    head["fulfillments"] = tuple(_fulfillment(one) for one in head["fulfillments"] or ())
    head["returns"] = tuple(_return(*one) for one in head["returns"] or ())
    return HubOrder(**head, rows=rows, totals=totals)


def _return(external_id: str, lines: list[list[str]]) -> HubReturn:
    return HubReturn(external_id, tuple((line, Decimal(quantity)) for line, quantity in lines))


def _fulfillment(one: dict[str, Any]) -> HubFulfillment:
    return HubFulfillment(**one | {"rows": tuple((row_id, Decimal(quantity)) for row_id, quantity in one["rows"])})


def _row(row: Row) -> HubRow:
    mo_id, mo_status, batches = row.pop("mo_id"), row.pop("mo_status"), row.pop("batches")
    return HubRow(
        **row
        | {
            "kind": Kind(row["kind"]),
            "status": DeliveryStatus(row["status"]),
            "mo": (mo_id, MoStatus(mo_status)) if mo_id else None,
            "batches": tuple((batch, Decimal(quantity)) for batch, quantity in batches or ()),
        }
    )
