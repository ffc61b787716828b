"""Returns of a store in the built-in hub: one each, with its rows, and the sales order as it was (CHG-9)."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas.actions import DeleteReturn, KeepReturn
from schemas.hub import HubOrder, HubReturn
from schemas.orders import StoreReturn
from tasks.rules.returns import decide_returns
from tests.connectors.builtin_hub.makers import chair, create, deliver, draft, level, product, read, run, stock_up
from tests.makers import store_order

D = Decimal


@pytest.fixture
def order(hub: BuiltinHub) -> HubOrder:
    """Two chairs and three lamps, the chairs delivered."""
    stock_up(hub)
    made = create(hub, draft(chair(), product("LAMP", 3)))
    deliver(hub, made, 2)
    return read(hub, made.id)


def keep(hub: BuiltinHub, order: HubOrder, lines: dict[str, int], *, external_id: str = "9") -> str:
    """Keep a return of pieces by the rows' external ids; its id."""
    pieces = tuple((line, D(quantity)) for line, quantity in lines.items())
    return hub.carry_out([KeepReturn(order.id, external_id, pieces)])[0]


def test_CHG_9_a_return_is_linked_to_its_order_with_rows_and_quantities(hub: BuiltinHub, order: HubOrder) -> None:
    chair, lamp = order.rows

    keep(hub, order, {"11": 1, "line-LAMP": 2})

    assert read(hub, order.id).returns == (
        HubReturn("9", (("11", D(1)), ("line-LAMP", D(2))), ((chair.id, D(1)), (lamp.id, D(2)))),
    )


def test_CHG_9_the_same_return_again_is_the_same_return(hub: BuiltinHub, order: HubOrder) -> None:
    first, again = keep(hub, order, {"11": 1}), keep(hub, order, {"11": 1})

    assert first == again
    assert len(read(hub, order.id).returns) == 1


def test_CHG_9_a_return_holds_exactly_what_it_was_last_given(hub: BuiltinHub, order: HubOrder) -> None:
    keep(hub, order, {"11": 2})

    keep(hub, order, {"line-LAMP": 1})

    assert read(hub, order.id).returns == (HubReturn("9", (("line-LAMP", D(1)),), ((order.rows[1].id, D(1)),)),)


def test_CHG_9_a_return_changes_neither_rows_nor_stock(hub: BuiltinHub, order: HubOrder) -> None:
    before = level(hub)

    keep(hub, order, {"11": 2})

    assert read(hub, order.id).rows == order.rows
    assert level(hub) == before


def test_CHG_9_a_return_that_was_called_off_goes_alone(hub: BuiltinHub, order: HubOrder) -> None:
    keep(hub, order, {"11": 1})
    keep(hub, order, {"11": 1}, external_id="10")

    hub.carry_out([DeleteReturn(order.id, "9")])

    assert [one.external_id for one in read(hub, order.id).returns] == ["10"]
    assert read(hub, order.id).rows == order.rows


def test_a_return_that_a_person_made_is_no_store_s(hub: BuiltinHub, connection: Connection, order: HubOrder) -> None:
    run(connection, "INSERT INTO hub.returns (sales_order_id) VALUES (%s)", order.id)

    assert read(hub, order.id).returns == (HubReturn(None, ()),)
    assert decide_returns(store_order(returns=()), read(hub, order.id)).actions == ()


def test_a_return_of_what_is_not_there_is_refused_whole(hub: BuiltinHub, order: HubOrder) -> None:
    with pytest.raises(HubRefused, match="no row of the line 99"):
        keep(hub, order, {"11": 1, "99": 1})
    with pytest.raises(HubRefused, match="has no return 7"):
        hub.carry_out([DeleteReturn(order.id, "7")])

    assert read(hub, order.id).returns == ()


# -- whatever a store does ---------------------------------------------------------------------------------------

_PIECES: Final = st.dictionaries(st.sampled_from(["11", "line-LAMP"]), st.integers(1, 3).map(Decimal), min_size=1)
_RETURNS: Final = st.dictionaries(st.sampled_from(["7", "8", "9"]), _PIECES)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks=st.lists(_RETURNS, min_size=1, max_size=5))
def test_CHG_9_the_hub_ends_with_the_returns_of_the_last_look(
    connection: Connection, hub: BuiltinHub, order: HubOrder, looks: list[dict[str, dict[str, Decimal]]]
) -> None:
    with connection.transaction(force_rollback=True):
        for returns in looks:
            told = tuple(StoreReturn(name, tuple(pieces.items())) for name, pieces in returns.items())
            hub.carry_out(decide_returns(store_order(returns=told), read(hub, order.id)).actions)
        stands = read(hub, order.id)

    assert {one.external_id: dict(one.lines) for one in stands.returns} == looks[-1]
    assert stands.rows == order.rows
