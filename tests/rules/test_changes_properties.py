"""Whatever a store does to an order and however its news comes, the hub ends where the store is (CHG-1…8)."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.hub import HubOrder, HubRow
from schemas.orders import ZERO, Kind, StoreCharge, StoreLine, StoreOrder
from tests.examples import examples
from tests.makers import plain_line, store_charge, store_order
from tests.rules.changing import apply, change, imported
from tests.rules.test_penny_proof import adds_up_at_the_end

EXAMPLES = examples(60)


@st.composite
def states(draw: st.DrawFn) -> StoreOrder:
    """One state of the order: lines 1 to 5 in any quantity, or gone; charges; a discount; in the end cancelled."""
    lines = [draw(_line(str(place))) for place in draw(st.sets(st.integers(1, 5), max_size=5))]
    charges = [draw(_charge(f"c{place}")) for place in draw(st.sets(st.integers(1, 3)))]
    worth = sum((line.amount - line.discount for line in lines), ZERO)
    order = store_order(
        lines=tuple(lines),
        charges=tuple(charges),
        order_discount=min(worth, Decimal(draw(st.integers(0, 500))) / 100),
        prices_include_tax=draw(st.booleans()),
        status=draw(st.sampled_from(["processing", "processing", "processing", "cancelled"])),
    )
    return adds_up_at_the_end(order)


@st.composite
def _line(draw: st.DrawFn, external_id: str) -> StoreLine:
    quantity = draw(st.integers(0, 4))
    amount = Decimal(draw(st.integers(0, 10_000))) / 100 if quantity else ZERO
    return plain_line(
        external_id,
        quantity,
        amount,
        sku=draw(st.sampled_from([f"SKU-{external_id}", f"SKU-{external_id}", "OTHER"])),
        discount=draw(st.sampled_from([ZERO, ZERO, amount])),
        tax_rate=Decimal(draw(st.sampled_from([0, 7, 19]))),
    )


@st.composite
def _charge(draw: st.DrawFn, external_id: str) -> StoreCharge:
    kind = draw(st.sampled_from([Kind.SERVICE, Kind.SHIPPING]))
    amount = Decimal(draw(st.integers(0, 900))) / 100
    return store_charge(external_id, name=external_id, kind=kind, amount=amount, tax=None)


def is_open(order: StoreOrder) -> bool:
    return order.status == "processing" and any(line.quantity for line in order.lines)


def look(hub_order: HubOrder | None, order: StoreOrder) -> HubOrder | None:
    """What a task does with an order that is due: import it, or bring its changes."""
    if hub_order is None:
        return imported(order) if is_open(order) else None
    return apply(hub_order, change(order, hub_order))


def shape(hub_order: HubOrder | None) -> object:
    """The order without what only says how it came: ids and the order of rows."""
    if hub_order is None:
        return None
    rows = [replace(row, id="", variant_id="", delivered_quantity=ZERO) for row in hub_order.rows]
    return sorted(rows, key=lambda row: row.external_id or ""), hub_order.totals


@EXAMPLES
@given(first=states(), deliveries=st.lists(states(), max_size=6), last=states(), repeats=st.integers(1, 3))
def test_CHG_8_the_hub_ends_where_one_look_at_the_last_state_would_have_ended(
    first: StoreOrder, deliveries: list[StoreOrder], last: StoreOrder, repeats: int
) -> None:
    walked = look(None, first)
    for order in [*deliveries, *[last] * repeats]:
        walked = look(walked, order)

    assert shape(walked) == shape(look(None, last))


@EXAMPLES
@given(first=states(), last=states())
def test_CHG_8_the_same_news_again_changes_nothing(first: StoreOrder, last: StoreOrder) -> None:
    once = look(look(None, first), last)

    if once is not None:
        assert change(last, once).actions == ()


@st.composite
def shipped(draw: st.DrawFn, row: HubRow) -> HubRow:
    """The row with some of its pieces packed, delivered or invoiced."""
    packed = draw(st.integers(0, int(row.quantity)))
    delivered = draw(st.integers(0, int(row.quantity) - packed))
    invoiced = draw(st.sampled_from([0, 0, int(row.quantity)]))
    return replace(
        row,
        packed_quantity=Decimal(packed),
        delivered_quantity=Decimal(delivered),
        invoiced_quantity=Decimal(invoiced),
    )


@EXAMPLES
@given(first=states().filter(is_open), later=st.lists(states(), min_size=1, max_size=4), data=st.data())
def test_CHG_4_protected_pieces_stay_and_protected_rows_never_move(
    first: StoreOrder, later: list[StoreOrder], data: st.DataObject
) -> None:
    before = imported(first)
    before = replace(before, rows=tuple(data.draw(shipped(row)) for row in before.rows))
    before = replace(before, has_invoice=any(row.invoiced_quantity for row in before.rows))
    protected = [row for row in before.rows if row.protected_quantity]

    now: HubOrder | None = before
    for order in later:
        now = look(now, order)

    assert now is not None or not protected
    rows = {row.id: row for row in now.rows} if now else {}
    for row in protected:
        stands = rows[row.id]
        assert stands.quantity >= row.protected_quantity
        assert (stands.price_per_unit, stands.discount_percent, stands.location) == (
            row.price_per_unit,
            row.discount_percent,
            row.location,
        )
        if row.protected_quantity == row.quantity and row.ships:  # a fee goes with the last row that ships
            assert replace(stands, status=row.status) == row


@EXAMPLES
@given(first=states().filter(is_open), last=states())
def test_MAP_6_a_changed_order_adds_up_to_its_rows(first: StoreOrder, last: StoreOrder) -> None:
    now = look(imported(first), last)

    if now is not None:
        assert now.totals is not None
        assert now.totals.total == sum(row.total for row in now.rows)
        assert now.totals.total_with_tax == sum(row.total + row.tax for row in now.rows)
        assert now.totals.total_base == now.totals.total
        assert not now.totals.total_mismatch
