"""Old moves of the ledger become sums: levels stay, and counts can be taken back (SPD-2)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.builtin_hub import ledger
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import AddProduct, AdjustStock, CountStock, TakeBackCount
from schemas.counts import CountLine
from schemas.pruning import Portion
from tests.connectors.builtin_hub.makers import create, deliver, draft, level, one, run, stock_up

BEFORE: Final = datetime.now(UTC) - timedelta(days=800)


def age(connection: Connection, days: int = 900) -> None:
    """All moves were made so long ago."""
    run(connection, "SELECT set_config('storesync.prunes', 'on', true)")
    run(connection, "UPDATE hub.stock_moves SET moved_at = moved_at - %s * interval '1 day'", days)
    run(connection, "SELECT set_config('storesync.prunes', '', true)")


def adjust(hub: BuiltinHub, delta: int, sku: str = "CHAIR", batch: str | None = None) -> None:
    hub.carry_out([AdjustStock(sku, Decimal(delta), batch=batch)])


def count(hub: BuiltinHub) -> str:
    """Five pieces more than there are are counted; the count's id."""
    item = hub.shelves(["CHAIR"])["CHAIR"]
    line = CountLine("CHAIR", item.variant_id, "main", item.shelves["main"].in_stock + 5, Decimal(5))
    (count_id,) = hub.carry_out([CountStock("acme", (line,))])
    return count_id


def moves(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT kind, delta::int AS delta, is_carried FROM hub.stock_moves ORDER BY kind, id")
    return [tuple(row.values()) for row in found]


def test_SPD_2_old_moves_become_one_of_each_kind_with_their_sum(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, quantity=10)
    adjust(hub, -3)
    deliver(hub, create(hub, draft()), 1)
    deliver(hub, create(hub, draft()), 2)
    before = level(hub)
    age(connection)

    assert hub.cut_moves(BEFORE, 0) == Portion(4, None)
    assert moves(connection) == [("adjustment", 7, True), ("sale", -3, True)]
    assert level(hub) == before


def test_SPD_2_what_is_cut_later_comes_to_the_same_sum(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, quantity=10)
    age(connection)
    hub.cut_moves(BEFORE, 0)
    adjust(hub, -10)
    age(connection)

    assert hub.cut_moves(BEFORE, 0).cut == 1
    assert moves(connection) == [("adjustment", 0, True)]
    assert one(connection, "SELECT in_stock FROM hub.stock")["in_stock"] == 0


def test_SPD_2_young_moves_stay(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, quantity=10)
    age(connection, days=700)

    assert hub.cut_moves(BEFORE, 0) == Portion(0, None)
    assert moves(connection) == [("adjustment", 10, False)]


def test_SPD_2_batches_keep_what_is_theirs(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddProduct("OIL", "Oil", batch_tracked=True)])
    for batch, pieces in (("A", 4), ("B", 5), ("A", 1)):
        adjust(hub, pieces, "OIL", batch)
    age(connection)

    assert hub.cut_moves(BEFORE, 0).cut == 3
    assert sorted(delta for _, delta, _ in moves(connection)) == [5, 5]
    assert level(hub, "OIL").in_stock == 10


def test_SPD_2_a_count_can_be_taken_back_whenever(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair")])
    count_id = count(hub)
    age(connection)

    assert hub.cut_moves(BEFORE, 0).cut == 0

    hub.carry_out([TakeBackCount(count_id)])

    assert level(hub).in_stock == 0


def test_SPD_2_what_was_counted_otherwise_too_stays_counted(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, quantity=10)
    count_id = count(hub)
    age(connection)

    hub.cut_moves(BEFORE, 0)
    hub.carry_out([TakeBackCount(count_id)])

    assert (level(hub).is_counted, level(hub).in_stock) == (True, 10)


def test_SPD_2_a_long_ledger_is_cut_in_portions(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    run(
        connection,
        """INSERT INTO hub.stock_moves (variant_id, location_id, delta, kind)
        SELECT variant_id, location_id, -1, 'sale' FROM hub.stock, generate_series(1, %s)""",
        ledger.MOVES,
    )
    age(connection)

    first = hub.cut_moves(BEFORE, 0)
    assert first.cut == ledger.MOVES
    assert first.beyond is not None
    assert hub.cut_moves(BEFORE, first.beyond) == Portion(1, None)
    assert moves(connection) == [("adjustment", 10, True), ("sale", -ledger.MOVES, True)]
