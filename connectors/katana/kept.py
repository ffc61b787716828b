"""What Katana does not keep of our orders, written down by us. It asks Katana nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, queries
from schemas.flags import Flags
from schemas.hub import DraftOrder, DraftRow, HubRow, Totals
from schemas.katana.bearing import takes_off
from schemas.katana.order_json import rest_of
from schemas.orders import ZERO, Kind

_SQL: Final = queries("orders", __package__)
_MONEY: Final = (
    *("exchange_rate", "exchange_rate_date", "base_currency", "total", "total_with_tax", "total_base"),
    *("store_total", "store_total_with_tax", "total_mismatch"),
)
_SHARED: Final = (
    *("kind", "name", "sku", "ships", "quantity", "price_per_unit", "tax_rate", "discount_percent", "total", "tax"),
    "location",
)
_TEXTS: Final = frozenset({"kind", "name", "sku", "location", "variant_id", "fee_id"})


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as its store has it: quantity and money of the whole line.

    `gone` pieces had left before it came (MAP-8). The rest is what Katana was sent: `sent_total` for `sent_quantity`,
    as long as nobody changes it there; it is less what the line has `borne` of charges below zero, of which Katana has
    none. `variant_id` stands for itself only where nothing was sent at all. What is Katana's own shipping fee, and no
    row, has its `fee_id`.
    """

    kind: Kind
    name: str
    sku: str | None
    ships: bool
    quantity: Decimal
    price_per_unit: Decimal
    tax_rate: Decimal
    discount_percent: Decimal
    total: Decimal
    tax: Decimal
    location: str
    gone: Decimal = ZERO
    packed: Decimal = ZERO  # of these, packed and not delivered
    sent_quantity: Decimal = ZERO
    sent_total: Decimal = ZERO
    variant_id: str | None = None
    borne: Decimal = ZERO
    fee_id: str | None = None

    @property
    def is_apart(self) -> bool:
        """Whether it is none of Katana's rows, and did not leave before: nothing of it is packed or delivered."""
        return self.fee_id is not None or takes_off(self)

    @property
    def json(self) -> dict[str, Any]:
        """As it is written down; numbers are texts, so that none becomes a float."""
        return {name: _text(value) for name, value in asdict(self).items()}


def kept_row(row: DraftRow, rest: DraftRow | None, *, variant_id: str | None = None, borne: Decimal = ZERO) -> KeptRow:
    """What is to be known of a row that is made; `rest` is what of it Katana gets, None for nothing."""
    return KeptRow(
        **{name: getattr(row, name) for name in _SHARED},
        gone=ZERO if takes_off(row) else row.quantity - (rest.quantity if rest else ZERO),
        packed=row.packed_quantity,
        sent_quantity=rest.quantity if rest else ZERO,
        sent_total=rest.total if rest else ZERO,
        variant_id=variant_id,
        borne=borne,
    )


def as_whole(kept: KeptRow) -> KeptRow:
    """A line all of which Katana has, whatever left before its order came to us."""
    return replace(kept, gone=ZERO, packed=ZERO, sent_quantity=kept.quantity, sent_total=kept.total - kept.borne)


def kept_fee(row: DraftRow, *, borne: Decimal, fee_id: str) -> KeptRow:
    """What is to be known of a row that is a shipping fee in Katana."""
    return replace(as_fee(kept_row(row, None, borne=borne)), fee_id=fee_id)


def as_fee(kept: KeptRow) -> KeptRow:
    """Shipping that Katana has as a fee and not as a row."""
    return replace(kept, gone=ZERO, sent_quantity=ZERO, sent_total=kept.total - kept.borne)


def read_kept(json: Mapping[str, Any]) -> KeptRow:
    """What was written down of a row."""
    values = {field.name: json[field.name] for field in fields(KeptRow) if field.name in json}
    numbers = {name: Decimal(value) for name, value in values.items() if name not in _TEXTS | {"ships"}}
    return KeptRow(**{**values, **numbers, "kind": Kind(values["kind"])})


def changed(
    row: HubRow, kept: KeptRow | None, changes: Mapping[str, Decimal], currency: str, *, borne: Decimal
) -> KeptRow:
    """What is to be known of a row that gets another quantity or other money, with what Katana gets of it."""
    after = replace(kept or _unkept(row), borne=borne, **changes)  # type: ignore[arg-type]
    if takes_off(after):
        return after
    if after.fee_id is not None:
        return replace(after, sent_total=after.total - borne)
    rest = rest_of(_draft(after, total=after.total - borne), currency)
    return replace(after, sent_quantity=rest.quantity, sent_total=rest.total)


def _unkept(row: HubRow) -> KeptRow:
    """Of a row that a person made in Katana nothing is written down."""
    return KeptRow(**{name: getattr(row, name) for name in _SHARED})


def _draft(kept: KeptRow, *, total: Decimal) -> DraftRow:
    shared = {name: getattr(kept, name) for name in _SHARED} | {"total": total}
    return DraftRow(external_id=None, item=None, delivered_quantity=kept.gone, **shared)


# -- written -------------------------------------------------------------------------------------------------------


def money_of(draft: DraftOrder) -> dict[str, Any]:
    """An order's money with its proof, as texts."""
    return {name: _text(getattr(draft, name)) for name in _MONEY}


def keep_order(connection: Connection, order_id: str, whose: tuple[int, str], **kept: Mapping[str, Any]) -> None:
    """A store's order is in Katana: with its `money` and its `flags`."""
    values = {"id": order_id, "store_id": whose[0], "external_id": whose[1]}
    connection.execute(_SQL["keep_order"], {**values, **{name: Jsonb(value) for name, value in kept.items()}})


def keep_row(connection: Connection, order_id: str, row_id: str, *, external_id: str | None, kept: KeptRow) -> None:
    """Which line a row stands for; a new one comes after the others."""
    values = {"id": row_id, "order_id": order_id, "external_id": external_id, "kept": Jsonb(kept.json)}
    connection.execute(_SQL["keep_row"], values)


def row_written(connection: Connection, row_id: str, json: Mapping[str, Any]) -> None:
    """We changed a row, a moment ago: reads may be older."""
    connection.execute(_SQL["row_written"], {"id": row_id, "written": Jsonb(json)})


def deliver_packed(connection: Connection, row_id: str, pieces: Decimal) -> None:
    """Pieces that were packed before their order came are delivered: Katana never had them."""
    connection.execute(_SQL["deliver_packed"], {"id": row_id, "pieces": pieces})


def drop_row(connection: Connection, row_id: str) -> None:
    """A row is gone."""
    connection.execute(_SQL["drop_row"], {"id": row_id})


def set_totals(connection: Connection, order_id: str, totals: Totals) -> None:
    """An order's money anew (MAP-6). Raises HubRefused where no store has it."""
    money = Jsonb({name: _text(value) for name, value in asdict(totals).items()})
    _one(connection, "set_order_totals", {"id": order_id, "money": money})


def set_flags(connection: Connection, order_id: str, flags: Flags) -> None:
    """All flags of an order anew (FUL-6). Raises HubRefused where no store has it."""
    is_over = flags.closed or flags.voided
    _one(connection, "set_order_flags", {"id": order_id, "flags": Jsonb(asdict(flags)), "is_over": is_over})


def mark_gone(connection: Connection, order_id: str) -> Row | None:
    """An order is deleted in Katana; whose it was."""
    return connection.execute(_SQL["mark_gone"], {"id": order_id}).fetchone()


def mark_there(connection: Connection, order_id: str) -> None:
    """An order is in Katana after all."""
    connection.execute(_SQL["mark_there"], {"id": order_id})


def _one(connection: Connection, statement: str, values: dict[str, Any]) -> None:
    if connection.execute(_SQL[statement], values).fetchone() is None:
        raise HubRefused(f"sales order {values['id']} is gone, or of no store")


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)
