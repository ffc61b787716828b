"""A new sales order in Katana, with all it needs, once and whole (KAT-1). It does not decide whether."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.errors import ConnectorError, FieldsRejected, HubBusy, HubRefused, Rejected, Unavailable
from connectors.katana.bearing import not_borne
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, Copies
from connectors.katana.fees import Fees, fee_row
from connectors.katana.goods import Goods
from connectors.katana.intents import Creation, MadeOnce, forget, make_once
from connectors.katana.kept import KeptRow, as_fee, as_whole, keep_order, keep_row, mark_gone
from connectors.katana.mirror import OrderMirror
from connectors.katana.planning import Plan, drop_plan, keep_plan, kept_plan, plan_of
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
    Matched,
    Origin,
    SentRow,
    amends,
    borne_of,
    differing,
    is_alike,
    match_rows,
    order_body,
    read_answered,
    rests,
    undelivered,
)
from schemas.orders import ZERO, Kind
from schemas.reasons import Reason

ORDER: Final = "sales order"  # the kind of an intent; its key is that of the order's origin

_SQL: Final = queries("orders", __package__)
_NOW: Final = Priority.ORDERS


@dataclass(slots=True)
class _Making:
    """An order on its way: as it is planned, how it stands there, and which rows are which, by their places.

    `differs` is what of it is not as it was sent.
    """

    plan: Plan
    origin: Origin
    gone: set[str]  # orders that it was before
    stands: AnsweredOrder | None = None
    is_found: bool = True  # what stands was found, and not answered to our own POST
    ids: dict[int, str] = field(default_factory=dict)
    differs: list[str] = field(default_factory=list)
    fees: dict[int, str] = field(default_factory=dict)  # ids of what is a fee and no row, by their places

    @property
    def sent(self) -> dict[int, SentRow]:
        return {place: row.sent for place, row in enumerate(self.plan.rows) if row.sent}

    def is_as_sent(self, place: int) -> bool:
        """Whether no more of a row is there than was sent."""
        row = self.plan.rows[place]
        return row.sent is not None and row.sent.draft.quantity == row.kept.sent_quantity

    def line(self, place: int) -> str:
        return self.plan.rows[place].external_id or f"#{place}"


class _NotWanted(ConnectorError):
    """What was sent is looked for, and not sent again."""


class Creator:
    """Makes sales orders. Every method may raise a ConnectorError."""

    def __init__(
        self, connection: Connection, client: KatanaClient, copies: Copies, *, fees_apart: bool = False
    ) -> None:
        self._connection, self._client, self._copies = connection, client, copies
        self._goods = Goods(connection, client, copies)
        self._mirror = OrderMirror(connection, client)
        self._rows = RowMaker(connection, client, self._goods)
        self._fees = Fees(connection, client, self._goods, are_apart=fees_apart)

    def create(self, draft: DraftOrder, origin: Origin) -> Made:
        """A store's order, made or found, once all of its rows are there and known by their lines.

        Raises HubRefused for what Katana cannot hold, before anything is made, and for what was deleted there.
        """
        whose = draft.store_id or 0, draft.external_id or ""
        if known := self.find_order(*whose, origin):
            return Made(known, self._links(draft))
        self.refuse(draft)
        customer, rows = self._goods.customer(draft), [*enumerate(rests(draft))]
        fees = {place: self._fees.sent(row) for place, row in rows if row and self._fees.is_fee(row)}
        rows = [(place, row) for place, row in rows if place not in fees]
        sent = {place: self._rows.sent(row, draft.currency, draft.store_id) for place, row in rows if row}
        making = _Making(plan_of(draft, sent, fees), origin, self._gone(*whose))
        keep_plan(self._connection, origin, making.plan)
        body = order_body(draft, origin, sent.values(), customer=customer, location=draft.location)
        try:
            made = self._once(making, body, send=lambda sent: self._send(making, sent))
        except FieldsRejected as error:
            self._goods.refuse_gone(customer, [row.variant_id for row in sent.values()], error)
            raise
        self._settle(made, making)
        if making.is_found and making.stands:
            making.differs += differing(draft, customer, making.stands)
        return Made(made.id, self._links(draft), _notes(making))

    def find_order(self, store_id: int, external_id: str, origin: Origin) -> str | None:
        """What a store's order is there, as far as it is known, or was sent and not answered for: that is looked for.

        Raises HubBusy and MadeOrNot as long as nobody knows: until then it is not another one, nor none.
        """
        values = {"store_id": store_id, "external_id": external_id}
        known = self._connection.execute(_SQL["order_of"], values).fetchone()
        if known:
            return str(known["id"])
        plan = kept_plan(self._connection, store_id, external_id)
        if plan is None:
            return None
        making = _Making(plan, origin, self._gone(store_id, external_id))
        try:
            made = self._once(making, {}, send=_send_nothing)
        except _NotWanted:
            forget(self._connection, ORDER, origin.key)
            drop_plan(self._connection, store_id, external_id)
            return None
        self._settle(made, making)
        return made.id

    def refuse(self, draft: DraftOrder) -> None:
        """Raise HubRefused for an order that Katana cannot hold, or would hold otherwise than it is."""
        if draft.store_id is None or draft.external_id is None:
            raise HubRefused("an order of no store is made in Katana itself")
        rows = [row for row in undelivered(draft) if not self._fees.is_fee(row)]
        if not rows:
            words = "is left to be delivered, and Katana has no order without rows"
            raise HubRefused(f"nothing of order {draft.order_no} {words}")
        if line := next((row for row in rows if row.price_per_unit < ZERO or row.total < ZERO), None):
            words = "is a line below zero, which Katana has not, and a piece of it would leave the shelf"
            raise HubRefused(f"{line.label} of order {draft.order_no} {words}")
        if short := borne_of(draft).short:
            raise HubRefused(f"order {draft.order_no}: {not_borne(draft.rows, short, draft.currency)}")
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

    def _once(self, making: _Making, body: Mapping[str, Any], *, send: Callable[[Mapping[str, Any]], str]) -> MadeOnce:
        creation = Creation(
            ORDER,
            making.origin.key,
            body,
            look=lambda: self._look(making),
            send=send,
            is_absent=lambda: self._mirror.lacks(making.origin),
        )
        made = make_once(self._connection, creation)
        if made.id in making.gone:  # deleted since, and wanted again
            forget(self._connection, ORDER, making.origin.key)
            made = make_once(self._connection, creation)
        return made

    def _gone(self, store_id: int, external_id: str) -> set[str]:
        values = {"store_id": store_id, "external_id": external_id}
        return {row["id"] for row in self._connection.execute(_SQL["gone_orders"], values)}

    def _look(self, making: _Making) -> str | None:
        making.stands, making.is_found = self.find(making.origin, but=making.gone), True
        return making.stands.id if making.stands else None

    def _send(self, making: _Making, body: Mapping[str, Any]) -> str:
        with self._goods.doubting():
            order = _read(self._client.post("sales_orders", body, priority=_NOW))
        making.stands, making.is_found = order, False
        return order.id

    def _settle(self, made: MadeOnce, making: _Making) -> None:
        """Know the order and its rows. Raises HubRefused where it was deleted there meanwhile."""
        if making.stands is None:
            self._look(making)
        if making.stands is None or making.stands.id != made.id:
            raise HubBusy(f"sales order {made.id} is made, and is not to be seen in Katana yet")
        if making.stands.is_gone:
            self._keep(made.id, making, is_gone=True)
            words = "was in Katana, and was deleted there; trying again makes it anew"
            raise HubRefused(f"order {making.plan.order_no} {words}")
        self._settle_rows(made, making, making.stands)
        self._settle_fees(made, making)
        self._keep(made.id, making)

    def _settle_rows(self, made: MadeOnce, making: _Making, stands: AnsweredOrder) -> None:
        """Know each row, make what is not there, mend what is otherwise: what was found need not be whole."""
        places, sent = list(making.sent), list(making.sent.values())
        matched = match_rows(sent, stands.rows, loosely=True)
        making.ids = {places[at]: id_ for at, id_ in matched.ids.items()}
        there = {row.id: row for row in stands.rows}
        if making.is_found:
            matched = _with_fee_taken(making, self._take_whole_lines(making, matched, there), stands, places)
        for place, id_ in making.ids.items():
            if making.is_as_sent(place):
                self._mend(making, place, there[id_])
        for place in (places[at] for at in matched.missing):
            try:
                making.ids[place] = self._rows.make(
                    made.id,
                    making.line(place),
                    making.sent[place],
                    but=[*making.ids.values(), *matched.strange],
                    maybe_sent=made.sent_at if making.is_found else None,
                )
            except Rejected:
                if not making.is_found:
                    raise
                making.differs.append(f"row {making.sent[place].draft.label}")  # something of it is shipped there
        if making.is_found and matched.strange:
            making.differs.append("rows that the store has not")

    def _take_whole_lines(self, making: _Making, matched: Matched, there: Mapping[str, AnsweredRow]) -> Matched:
        """Lines that another link brought before anything of them was sent are there whole, and kept so (MAP-8)."""
        strange, whole = list(matched.strange), list(making.plan.rows)
        for place, row in enumerate(whole):
            found = making.ids.get(place) or next((one for one in strange if _is_whole(row.kept, there[one])), None)
            if found and row.kept.gone and there[found].quantity == row.kept.quantity:
                making.ids[place], whole[place] = found, replace(row, kept=as_whole(row.kept))
                strange = [one for one in strange if one != found]
        making.plan = replace(making.plan, rows=tuple(whole))
        return replace(matched, strange=tuple(strange))

    def _settle_fees(self, made: MadeOnce, making: _Making) -> None:
        """Shipping that is no row is a second request, made once as well."""
        for place, row in enumerate(making.plan.rows):
            if row.fee is not None:
                making.fees[place] = self._fees.make(made.id, making.line(place), row.fee, is_found=making.is_found)

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

    def _keep(self, order_id: str, making: _Making, *, is_gone: bool = False) -> None:
        plan = making.plan
        with self._connection.transaction():
            whose = plan.store_id, plan.external_id
            keep_order(self._connection, order_id, whose, money=plan.money, flags=plan.flags)
            for place, row in () if is_gone else enumerate(plan.rows):
                id_, kept = making.ids.get(place, f"gone-{order_id}-{place}"), row.kept
                if fee := making.fees.get(place):
                    id_, kept = fee_row(fee), replace(kept, fee_id=fee)
                keep_row(self._connection, order_id, id_, external_id=row.external_id, kept=kept)
            if is_gone:
                mark_gone(self._connection, order_id)
            drop_plan(self._connection, *whose)


def _with_fee_taken(making: _Making, matched: Matched, stands: AnsweredOrder, places: Sequence[int]) -> Matched:
    """Shipping that another link brought as a fee is not made a row beside it."""
    fee, rows = stands.fee, list(making.plan.rows)
    at = next((at for at in matched.missing if rows[places[at]].kept.kind is Kind.SHIPPING), None)
    if fee is None or at is None:
        return matched
    making.fees[places[at]] = fee.id
    rows[places[at]] = replace(rows[places[at]], kept=as_fee(rows[places[at]].kept))
    making.plan = replace(making.plan, rows=tuple(rows))
    return replace(matched, missing=tuple(one for one in matched.missing if one != at))


def _is_whole(kept: KeptRow, there: AnsweredRow) -> bool:
    """Whether a row that nobody sent is a line of which all had left when its order came."""
    return not kept.sent_quantity and (there.variant_id, there.quantity) == (kept.variant_id, kept.quantity)


def _send_nothing(_: Mapping[str, Any]) -> str:
    raise _NotWanted("it is not sent again")


def refuse_places(copies: Copies, *codes: str) -> None:
    """Raise HubRefused where one of these is no location."""
    copies.refresh(LOCATIONS)
    known = {one.id for one in copies.all(LOCATIONS)}
    if missing := sorted(set(codes) - known):
        raise HubRefused(f"Katana has no location {missing[0]}")


def _notes(making: _Making) -> tuple[Note, ...]:
    if not making.differs:
        return ()
    return (Note(Reason.FOUND_OTHERWISE, {"order_no": making.plan.order_no, "what": making.differs}),)


def _read(said: Any) -> AnsweredOrder:
    try:
        return read_answered(said)
    except Unreadable as error:
        raise Unavailable(f"the sales order cannot be read: {error}") from error
