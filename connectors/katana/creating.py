"""A new sales order in Katana, with all it needs, once and whole (KAT-1). It does not decide whether."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.errors import FieldsRejected, HubBusy, HubRefused, Rejected, Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, Copies
from connectors.katana.goods import Goods
from connectors.katana.intents import Creation, MadeOnce, forget, make_once
from connectors.katana.kept import keep_order, keep_row, kept_row, mark_gone
from connectors.katana.rows import RowMaker
from connectors.postgres import Connection, queries
from schemas.actions import Note
from schemas.errors import Unreadable
from schemas.groups import Made
from schemas.hub import DraftOrder, NewItem
from schemas.hub_search import Links
from schemas.katana.order_json import (
    AnsweredOrder,
    AnsweredRow,
    Origin,
    SentRow,
    amends,
    differing,
    is_alike,
    match_rows,
    order_body,
    read_answered,
    rests,
    undelivered,
)
from schemas.orders import ZERO
from schemas.reasons import Reason

ORDER: Final = "sales order"  # the kind of an intent; its key is that of the order's origin

_SQL: Final = queries("orders", __package__)
_NOW: Final = Priority.ORDERS


@dataclass(slots=True)
class _Making:
    """An order on its way: what is sent by the places of its rows, how it stands there, and which rows are which.

    `differs` is what of it is not as it was sent.
    """

    draft: DraftOrder
    origin: Origin
    customer: str
    sent: dict[int, SentRow]
    gone: set[str]  # orders that it was before
    stands: AnsweredOrder | None = None
    is_found: bool = True  # what stands was found, and not answered to our own POST
    ids: dict[int, str] = field(default_factory=dict)
    differs: list[str] = field(default_factory=list)


class Creator:
    """Makes sales orders. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies
        self._goods = Goods(connection, client, copies)
        self._rows = RowMaker(connection, client, self._goods)

    def create(self, draft: DraftOrder, origin: Origin) -> Made:
        """A store's order, made or found, once all of its rows are there and known by their lines.

        Raises HubRefused for what Katana cannot hold, before anything is made, and for what was deleted there.
        """
        values = {"store_id": draft.store_id, "external_id": draft.external_id}
        known = self._connection.execute(_SQL["order_of"], values).fetchone()
        if known:
            return Made(str(known["id"]), self._links(draft))
        self.refuse(draft)
        gone = {row["id"] for row in self._connection.execute(_SQL["gone_orders"], values)}
        customer, rows = self._goods.customer(draft), enumerate(rests(draft))
        sent = {place: self._rows.sent(row, draft.currency, draft.store_id) for place, row in rows if row}
        making = _Making(draft, origin, customer, sent, gone)
        try:
            made = self._once(making)
        except FieldsRejected as error:
            self._goods.refuse_gone(making.customer, [row.variant_id for row in sent.values()], error)
            raise
        self._settle_rows(made, making, self._standing(made, making))
        self._keep(made.id, making)
        return Made(made.id, self._links(draft), _notes(making))

    def refuse(self, draft: DraftOrder) -> None:
        """Raise HubRefused for an order that Katana cannot hold, or would hold otherwise than it is."""
        if draft.store_id is None or draft.external_id is None:
            raise HubRefused("an order of no store is made in Katana itself")
        rows = undelivered(draft)
        if not rows:
            words = "is left to be delivered, and Katana has no order without rows"
            raise HubRefused(f"nothing of order {draft.order_no} {words}")
        if any(row.price_per_unit < ZERO or row.total < ZERO for row in rows):
            raise HubRefused(f"order {draft.order_no} has a row below zero, which Katana has not")
        refuse_places(self._copies, draft.location, *(row.location for row in rows))

    def find(self, origin: Origin, *, but: frozenset[str] | set[str] = frozenset()) -> AnsweredOrder | None:
        """The order of a shop's order: a live one before a deleted one, then the oldest; those of `but` are none."""
        found = self._client.matching("sales_orders", origin.filters, priority=_NOW, others={"include_deleted": "true"})
        orders = [order for order in map(_read, found) if order.id not in but]
        oldest = sorted(orders, key=lambda order: (order.is_gone, len(order.id), order.id))
        return oldest[0] if oldest else None

    def _links(self, draft: DraftOrder) -> Links:
        """What a store's customer, and its products without SKU, are there (MAP-1, MAP-2)."""
        items = {
            row.item.key: self._goods.item(row, draft.store_id)
            for row in draft.rows
            if isinstance(row.item, NewItem) and row.item.key and not (row.item.sku or "").strip()
        }
        customers = {draft.customer_key: self._goods.customer(draft)} if draft.customer_key else {}
        return Links(items, customers)

    def _once(self, making: _Making) -> MadeOnce:
        body = order_body(
            making.draft,
            making.origin,
            making.sent.values(),
            customer=making.customer,
            location=making.draft.location,
        )
        creation = Creation(ORDER, making.origin.key, body, lambda: self._look(making), lambda b: self._send(making, b))
        made = make_once(self._connection, creation)
        if made.id in making.gone:  # deleted since, and wanted again
            forget(self._connection, ORDER, making.origin.key)
            made = make_once(self._connection, creation)
        return made

    def _look(self, making: _Making) -> str | None:
        making.stands, making.is_found = self.find(making.origin, but=making.gone), True
        return making.stands.id if making.stands else None

    def _send(self, making: _Making, body: Mapping[str, Any]) -> str:
        with self._goods.doubting():
            order = _read(self._client.post("sales_orders", body, priority=_NOW))
        making.stands, making.is_found = order, False
        return order.id

    def _standing(self, made: MadeOnce, making: _Making) -> AnsweredOrder:
        """How the order stands. Raises HubRefused where it was deleted there meanwhile."""
        if making.stands is None:
            self._look(making)
        if making.stands is None or making.stands.id != made.id:
            raise HubBusy(f"sales order {made.id} is made, and is not to be seen in Katana yet")
        if making.stands.is_gone:
            with self._connection.transaction():
                keep_order(self._connection, made.id, making.draft)
                mark_gone(self._connection, made.id)
            raise HubRefused(
                f"order {making.draft.order_no} was in Katana, and was deleted there; trying again makes it anew"
            )
        return making.stands

    def _settle_rows(self, made: MadeOnce, making: _Making, stands: AnsweredOrder) -> None:
        """Know each row, make what is not there, mend what is otherwise: what was found need not be whole."""
        places, sent = list(making.sent), list(making.sent.values())
        matched = match_rows(sent, stands.rows, loosely=True)
        making.ids = {places[at]: id_ for at, id_ in matched.ids.items()}
        there = {row.id: row for row in stands.rows}
        for place, id_ in making.ids.items():
            self._mend(making, place, there[id_])
        for place in (places[at] for at in matched.missing):
            making.ids[place] = self._rows.make(
                made.id,
                making.draft.rows[place].external_id or f"#{place}",
                making.sent[place],
                but=[*making.ids.values(), *matched.strange],
                maybe_sent=made.sent_at if making.is_found else None,
            )
        if making.is_found:
            making.differs += differing(making.draft, making.customer, stands)
            making.differs += ["rows that the store has not"] if matched.strange else []

    def _mend(self, making: _Making, place: int, there: AnsweredRow) -> None:
        """What Katana would not take, or a person changed, is said."""
        sent = making.sent[place]
        if not is_alike(sent, there):
            making.differs.append(f"row {sent.draft.label}")
        elif wanted := amends(sent, there):
            try:
                self._client.patch(f"sales_order_rows/{there.id}", wanted, priority=_NOW)
            except Rejected:
                making.differs.append(f"row {sent.draft.label}")

    def _keep(self, order_id: str, making: _Making) -> None:
        draft = making.draft
        with self._connection.transaction():
            keep_order(self._connection, order_id, draft)
            for place, rest in enumerate(rests(draft)):
                row = draft.rows[place]
                kept = kept_row(row, rest, variant_id=row.item if isinstance(row.item, str) else None)
                id_ = making.ids.get(place, f"gone-{order_id}-{place}")
                keep_row(self._connection, order_id, id_, external_id=row.external_id, kept=kept)


def refuse_places(copies: Copies, *codes: str) -> None:
    """Raise HubRefused where one of these is no location."""
    copies.refresh(LOCATIONS)
    known = {one.id for one in copies.all(LOCATIONS)}
    if missing := sorted(set(codes) - known):
        raise HubRefused(f"Katana has no location {missing[0]}")


def _notes(making: _Making) -> tuple[Note, ...]:
    if not making.differs:
        return ()
    return (Note(Reason.FOUND_OTHERWISE, {"order_no": making.draft.order_no, "what": making.differs}),)


def _read(said: Any) -> AnsweredOrder:
    try:
        return read_answered(said)
    except Unreadable as error:
        raise Unavailable(f"the sales order cannot be read: {error}") from error
