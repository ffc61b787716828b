"""A new sales order in Katana, with all it needs, once and whole (KAT-1). It does not decide whether."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import HubRefused, Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, Copies
from connectors.katana.goods import Goods
from connectors.katana.intents import Creation, make_once
from connectors.postgres import Connection, queries
from schemas.errors import Unreadable
from schemas.hub import DraftOrder, DraftRow, NewItem
from schemas.hub_search import Links
from schemas.katana.order_json import (
    AnsweredOrder,
    Matched,
    Origin,
    SentRow,
    discount_of,
    match_rows,
    order_body,
    read_answered,
    undelivered,
)
from schemas.orders import ZERO

_SQL: Final = queries("orders", __package__)
_NOW: Final = Priority.ORDERS
_KIND: Final = "sales order"


class Creator:
    """Makes sales orders. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies
        self._goods = Goods(connection, client, copies)

    def create(self, draft: DraftOrder, origin: Origin) -> str:
        """The id of a store's order, made or found, once all of its rows are there and known by their lines.

        Raises HubRefused for what Katana cannot hold, before anything is made.
        """
        store_id, external_id = _whose(draft)
        values = {"store_id": store_id, "external_id": external_id}
        known = self._connection.execute(_SQL["order_of"], values).fetchone()
        if known:
            return str(known["id"])
        rows = self.refuse(draft)
        customer = self._goods.customer(draft)
        sent = [self._sent(row, draft) for row in rows]
        gone = {row["id"] for row in self._connection.execute(_SQL["gone_orders"], values)}
        answered: list[AnsweredOrder] = []
        creation = Creation(
            _KIND,
            origin.key,
            order_body(draft, origin, sent, customer=customer, location=draft.location),
            look=lambda: self.find(origin, but=gone),
            send=lambda body: self._send(body, answered),
        )
        made = make_once(self._connection, creation)
        self._keep(made.id, draft, sent, self._matched(made.id, sent, answered))
        return made.id

    def refuse(self, draft: DraftOrder) -> tuple[DraftRow, ...]:
        """The rows that Katana would have. Raises HubRefused for an order that it cannot hold."""
        rows = undelivered(draft)
        _refuse(rows, draft)
        self._copies.refresh(LOCATIONS)
        known = {one.id for one in self._copies.all(LOCATIONS)}
        if missing := sorted({draft.location, *(row.location for row in rows)} - known):
            raise HubRefused(f"Katana has no location {missing[0]}")
        return rows

    def links(self, draft: DraftOrder) -> Links:
        """What a store's customer, and its products without SKU, are there, once the order is made (MAP-1, MAP-2)."""
        items = {
            row.item.key: self._goods.item(row, draft.store_id)
            for row in undelivered(draft)
            if isinstance(row.item, NewItem) and row.item.key and not (row.item.sku or "").strip()
        }
        customers = {draft.customer_key: self._goods.customer(draft)} if draft.customer_key else {}
        return Links(items, customers)

    def find(self, origin: Origin, *, but: frozenset[str] | set[str] = frozenset()) -> str | None:
        """The order of a shop's order: a live one before a deleted one, then the oldest; those of `but` are none."""
        found = self._client.matching("sales_orders", origin.filters, priority=_NOW, others={"include_deleted": "true"})
        orders = [order for order in map(_read, found) if order.id not in but]
        oldest = sorted(orders, key=lambda order: (order.is_gone, len(order.id), order.id))
        return oldest[0].id if oldest else None

    def _sent(self, row: DraftRow, draft: DraftOrder) -> SentRow:
        return SentRow(
            row,
            self._goods.item(row, draft.store_id),
            self._goods.tax_rate(row.tax_rate),
            row.location,
            discount_of(row, draft.currency),
        )

    def _send(self, body: Mapping[str, Any], answered: list[AnsweredOrder]) -> str:
        order = _read(self._client.post("sales_orders", body, priority=_NOW))
        answered.append(order)
        return order.id

    def _matched(self, order_id: str, sent: Sequence[SentRow], answered: list[AnsweredOrder]) -> Matched:
        """Which row each sent one is; one that is not there is made: an order that was found need not be whole."""
        matched = match_rows(sent, (answered[0] if answered else self._order(order_id)).rows)
        for place in matched.missing:
            matched.ids[place] = self._complete(order_id, sent, place)
        return matched

    def _complete(self, order_id: str, sent: Sequence[SentRow], place: int) -> str:
        def look() -> str | None:
            return match_rows(sent, self._order(order_id).rows).ids.get(place)

        def send(body: Mapping[str, Any]) -> str:
            return str(self._client.post("sales_order_rows", body, priority=_NOW)["id"])

        body = {"sales_order_id": int(order_id), **sent[place].body}
        return make_once(self._connection, Creation("order row", f"{order_id}:{place}", body, look, send)).id

    def _order(self, order_id: str) -> AnsweredOrder:
        return _read(self._client.get(f"sales_orders/{order_id}", priority=_NOW))

    def _keep(self, order_id: str, draft: DraftOrder, sent: Sequence[SentRow], matched: Matched) -> None:
        store_id, external_id = _whose(draft)
        with self._connection.transaction():
            values = {"id": order_id, "store_id": store_id, "external_id": external_id, "money": Jsonb(_money(draft))}
            self._connection.execute(_SQL["keep_order"], values)
            for place, row in enumerate(sent):
                kept = {
                    "id": matched.ids[place],
                    "order_id": order_id,
                    "external_id": row.draft.external_id,
                    "place": place,
                    "kept": Jsonb(_kept(row)),
                }
                self._connection.execute(_SQL["keep_row"], kept)


def _whose(draft: DraftOrder) -> tuple[int, str]:
    if draft.store_id is None or draft.external_id is None:
        raise HubRefused("an order of no store is made in Katana itself")
    return draft.store_id, draft.external_id


def _refuse(rows: Sequence[DraftRow], draft: DraftOrder) -> None:
    """What Katana would refuse, or hold otherwise than it is, is not sent."""
    if not rows:
        raise HubRefused(
            f"nothing of order {draft.order_no} is left to be delivered, and Katana has no order without rows"
        )
    if any(row.price_per_unit < ZERO or row.total < ZERO for row in rows):
        raise HubRefused(f"order {draft.order_no} has a row below zero, which Katana has not")


def _read(said: Any) -> AnsweredOrder:
    try:
        return read_answered(said)
    except Unreadable as error:
        raise Unavailable(f"the sales order cannot be read: {error}") from error


def _money(draft: DraftOrder) -> dict[str, Any]:
    names = (
        "exchange_rate exchange_rate_date base_currency total total_with_tax total_base store_total"
        " store_total_with_tax total_mismatch"
    )
    return {name: _text(getattr(draft, name)) for name in names.split()}


def _kept(row: SentRow) -> dict[str, Any]:
    names = "kind name sku ships total tax tax_rate discount_percent"
    return {name: _text(getattr(row.draft, name)) for name in names.split()}


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)
