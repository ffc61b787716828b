"""Which batches a quantity is of: as a body says it, and as an answer shows it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sandbox.katana.errors import Detail, Json, invalid
from sandbox.katana.numbers import ZERO, decimal
from sandbox.katana.schema import MOST_ID, Place, body, number, or_null, quantity
from sandbox.katana.stock import Shares
from sandbox.katana.table import Row

if TYPE_CHECKING:
    from sandbox.katana.state import KatanaAccount

_ID: Final = or_null(number(0, MOST_ID))
FIELDS: Final = {"batch_id": _ID, "serial_number_id": _ID, "bin_location_id": _ID, "quantity": quantity()}
TRACEABILITY: Final = body(**FIELDS)


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity of a body: of what, where, and where in the body; `spoken_for` is None where pieces come in."""

    variant: Row
    location: int
    given: Json
    place: Place
    spoken_for: Shares | None = None


def shares_of(account: "KatanaAccount", line: Line) -> Shares:
    """How a line's quantity is split; what was not said is of no batch. Raises KatanaRefusal.

    `traceability` beats `batch_transactions`; an empty list says "no batch", and none at all says nothing: what goes
    out is then given out by Katana, the oldest batch first.
    """
    given, pieces = line.given, decimal(line.given["quantity"])
    name = next((one for one in ("traceability", "batch_transactions") if given.get(one) is not None), None)
    if name is None:
        is_tracked = line.variant["type"] != "service" and account.variants.item(line.variant)["batch_tracked"]
        if line.spoken_for is not None and is_tracked and account.oddities.gives_out_batches:
            shares: Shares = account.batches.oldest_first(line.variant["id"], line.location, pieces, line.spoken_for)
            return shares
        return [(None, pieces)]
    split: Shares = []
    for position, one in enumerate(given[name]):
        batch, part = one.get("batch_id"), decimal(one.get("quantity"))
        if batch is not None:
            _check_batch(account, line, (name, position, "batch_id"), int(batch), part)
        split.append((None if batch is None else int(batch), part))
    left = pieces - sum((part for _, part in split), ZERO)
    if left * pieces < 0:
        raise invalid(Detail((*line.place, name), "quantity", "quantities are more than the row's"))
    return split + ([(None, left)] if left else [])


def _check_batch(account: "KatanaAccount", line: Line, place: Place, batch: int, part: Decimal) -> None:
    """What goes out must be of a batch at the location; what comes in may begin one there."""
    row = account.batches.table.get(batch)
    if row is None or row["variant_id"] != line.variant["id"]:
        raise invalid(Detail((*line.place, *place), "notFound", "incorrect batch id"))
    if line.spoken_for is None:
        return
    there = account.movements.by_batch(line.variant["id"], line.location).get(batch)
    if there is None or (part > there and not account.oddities.batches_go_negative):
        raise invalid(Detail((*line.place, *place), "notInStock", "the batch is not in stock at the location"))


def cut(shares: Shares, low: Decimal, high: Decimal) -> Shares:
    """Of shares in their order the pieces from one number to another."""
    found: Shares = []
    start = ZERO
    for batch, part in shares:
        inside = min(start + part, high) - max(start, low)
        if inside > 0:
            found.append((batch, inside))
        start += part
    return found


def shown_shares(shares: Shares) -> Json:
    """The two spellings of an answer."""
    named = [(batch, part) for batch, part in shares if batch is not None or len(shares) > 1]
    return {
        "batch_transactions": [{"batch_id": batch, "quantity": part} for batch, part in named],
        "traceability": [
            {"batch_id": batch, "quantity": f"{part.normalize():f}", "serial_number_id": None, "bin_location_id": None}
            for batch, part in named
        ],
    }
