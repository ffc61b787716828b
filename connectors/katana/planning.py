"""A sales order as it was last sent to Katana, kept until it is known there: a store may change it meanwhile (KAT-1).

Without it an order that was made, and not answered for, would be nobody's once its store takes it back. It names no
buyer. It asks Katana nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.katana.kept import KeptRow, kept_fee, kept_row, money_of, read_kept
from connectors.postgres import Connection, queries
from schemas.flags import Flags
from schemas.hub import DraftOrder, DraftRow
from schemas.katana.order_json import Origin, SentFee, SentRow, borne_of, rests

_SQL: Final = queries("planning", __package__)


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row: which line it stands for, what we keep of it, and how it is sent; None where all of it had left before.

    A `fee` is sent by itself once the order is there.
    """

    external_id: str | None
    kept: KeptRow
    sent: SentRow | None
    fee: SentFee | None = None

    @property
    def json(self) -> dict[str, Any]:
        """As it is written down."""
        sent = self.sent and {
            "variant_id": self.sent.variant_id,
            "tax_rate_id": self.sent.tax_rate_id,
            "location_id": self.sent.location_id,
            "discount": str(self.sent.discount),
        }
        fee = self.fee and {**asdict(self.fee), "amount": str(self.fee.amount)}
        return {"external_id": self.external_id, "kept": self.kept.json, "sent": sent, "fee": fee}


@dataclass(frozen=True, slots=True)
class Plan:
    """An order as it is to be there, as far as Katana does not keep it."""

    store_id: int
    external_id: str
    order_no: str
    money: Mapping[str, Any]
    flags: Mapping[str, bool]
    rows: tuple[PlannedRow, ...]


def plan_of(draft: DraftOrder, sent: Mapping[int, SentRow], fees: Mapping[int, SentFee]) -> Plan:
    """What is planned of an order of a store; `sent` are its rows by their places, `fees` those that are none."""
    rows = (
        PlannedRow(
            row.external_id,
            kept_fee(row, borne=borne, fee_id="")
            if place in fees
            else kept_row(row, rest, variant_id=row.item if isinstance(row.item, str) else None, borne=borne),
            sent.get(place),
            fees.get(place),
        )
        for place, (row, rest, borne) in enumerate(zip(draft.rows, rests(draft), borne_of(draft).amounts, strict=True))
    )
    flags = asdict(Flags(billed=draft.is_paid, paid=draft.is_paid))
    store_id, external_id = draft.store_id or 0, draft.external_id or ""
    return Plan(store_id, external_id, draft.order_no, money_of(draft), flags, tuple(rows))


def keep_plan(connection: Connection, origin: Origin, plan: Plan) -> None:
    """It is about to be sent."""
    values = {
        "key": origin.key,
        "store_id": plan.store_id,
        "external_id": plan.external_id,
        "order_no": plan.order_no,
        "money": Jsonb(plan.money),
        "flags": Jsonb(plan.flags),
        "rows": Jsonb([row.json for row in plan.rows]),
    }
    connection.execute(_SQL["keep_plan"], values)


def kept_plan(connection: Connection, store_id: int, external_id: str) -> Plan | None:
    """What was sent of an order that is not known to be there; None where nothing is open."""
    values = {"store_id": store_id, "external_id": external_id}
    found = connection.execute(_SQL["kept_plan"], values).fetchone()
    if found is None:
        return None
    return Plan(**{**found, "rows": tuple(map(_row, found["rows"]))})


def drop_plan(connection: Connection, store_id: int, external_id: str) -> None:
    """It is there, or is not to be any more."""
    connection.execute(_SQL["drop_plan"], {"store_id": store_id, "external_id": external_id})


def _row(json: Mapping[str, Any]) -> PlannedRow:
    kept, sent, fee = read_kept(json["kept"]), json["sent"], json.get("fee")
    if fee is not None:
        return PlannedRow(json["external_id"], kept, None, SentFee(**{**fee, "amount": Decimal(fee["amount"])}))
    if sent is None:
        return PlannedRow(json["external_id"], kept, None)
    row = SentRow(**{**sent, "draft": _sent(kept), "discount": Decimal(sent["discount"])})
    return PlannedRow(json["external_id"], kept, row)


def _sent(kept: KeptRow) -> DraftRow:
    """What of a row Katana got."""
    return DraftRow(
        external_id=None,
        item=None,
        kind=kept.kind,
        sku=kept.sku,
        name=kept.name,
        quantity=kept.sent_quantity,
        price_per_unit=kept.price_per_unit,
        tax_rate=kept.tax_rate,
        total=kept.sent_total,
        tax=kept.tax,
        location=kept.location,
    )
