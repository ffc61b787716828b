"""Statuses as flags and flags as statuses: both tables of the profile stitch, row by row (STI-1)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from schemas.actions import DeleteMo, LinkFulfillment, Note, PackRows, SendFulfillment, SetFlags, SetStoreStatus
from schemas.bigcommerce.platform import PLATFORM, SHIPPED, STITCH
from schemas.flags import Flags
from schemas.hub import HubFulfillment, HubMo, HubOrder, MoStatus, Sending
from schemas.orders import StoreFulfillment, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules import stitch, telling
from tasks.rules.fulfillment import sent_pieces
from tasks.rules.fulfillment_out import Sendings
from tasks.rules.mapping import build_order
from tests.makers import CREATED_AT, account, matches, store, store_charge
from tests.rules.fulfilling import hub_order, row, shop_order, waiting

D = Decimal
AT: Final = store(STITCH, connected_at=CREATED_AT)
TELLING: Final = replace(AT, settings={**AT.settings, "stitch.push_order_info": True})
CLOSING: Final = replace(AT, settings={**AT.settings, "stitch.auto_close": True})
BILLED: Final = Flags(billed=True)
PAID: Final = Flags(billed=True, paid=True)
READY: Final = Flags(billed=True, paid=True, packed=True)
CLOSED: Final = replace(READY, closed=True)
VOIDED: Final = replace(PAID, voided=True)
NOTHING: Final = Flags()
ALL: Final = sorted(STITCH.statuses)
TAKEN_BACK: Final = ("cancelled", "declined", "deleted", "refunded")


def order(status: str, *lines: int, **changes: Any) -> StoreOrder:
    """The shop's order of two pieces, or of these; what its fulfilments hold is off what it waits to send."""
    given = shop_order(*(lines or (2,)), status=status, **changes)
    sent = sent_pieces(given.fulfillments)
    made = tuple(replace(line, delivered_quantity=sent.get(line.external_id, D(0))) for line in given.lines)
    left = {line.external_id: int(line.quantity - line.delivered_quantity) for line in made}
    return replace(given, lines=made, to_send=changes.get("to_send", (waiting(of=left),)))


def in_hub(flags: Flags = NOTHING, packed: int = 0, delivered: int = 0, **changes: Any) -> HubOrder:
    """The hub's order of two pieces, so many of them packed and delivered, and a fee."""
    two = row("1", 2, packed_quantity=D(packed), delivered_quantity=D(delivered))
    return hub_order(two, row("fee", 1, ships=False), flags=flags, **changes)


def fulfillment(external_id: str, pieces: int) -> StoreFulfillment:
    return StoreFulfillment(external_id, SHIPPED, (("1", D(pieces)),))


def after(status: str, before: HubOrder, *, is_new: bool = False, at: Any = AT) -> tuple[Flags, Decimal]:
    """The flags after a look, and the pieces that it packs."""
    found = stitch.decide_flags(order(status), before, store=at, is_new=is_new)
    flags, packed = before.flags, D(0)
    for action in found.actions:
        if isinstance(action, SetFlags):
            flags = action.flags
        if isinstance(action, PackRows):
            packed = sum((quantity for _, quantity in action.rows), D(0))
    return flags, packed


# -- store to hub --------------------------------------------------------------------------------------------------

NEW: Final = {
    "awaiting_payment": (BILLED, 0),
    "awaiting_fulfillment": (PAID, 0),
    "awaiting_shipment": (READY, 2),
    "completed": (READY, 2),
}


@pytest.mark.parametrize("status", ALL)
def test_STI_1_only_four_statuses_import_and_say_how_far_a_new_order_is(status: str) -> None:
    assert (status in STITCH.imports) == (status in NEW)
    if status in NEW:
        assert after(status, in_hub(), is_new=True) == NEW[status]


@pytest.mark.parametrize("status", [status for status in ALL if status not in TAKEN_BACK])
def test_STI_1_status_raises_the_flags_of_an_order_that_is_in_the_hub(status: str) -> None:
    said = {**NEW, "completed": (NOTHING, 0)}.get(status, (NOTHING, 0))

    assert after(status, in_hub()) == said


@pytest.mark.parametrize("status", [status for status in ALL if status not in TAKEN_BACK])
def test_STI_1_no_status_lowers_a_flag_or_unpacks(status: str) -> None:
    assert after(status, in_hub(CLOSED, packed=2)) == (CLOSED, 0)


@pytest.mark.parametrize("status", ["awaiting_payment", "awaiting_fulfillment", "awaiting_shipment", "completed"])
def test_STI_1_only_a_new_completed_order_is_closed_and_only_with_its_switch(status: str) -> None:
    new = {at.is_on("stitch.auto_close"): after(status, in_hub(), is_new=True, at=at)[0].closed for at in (AT, CLOSING)}

    assert new == {False: False, True: status == "completed"}
    assert not after(status, in_hub(), at=CLOSING)[0].closed


@pytest.mark.parametrize("status", TAKEN_BACK)
@pytest.mark.parametrize("packed", [0, 1, 2])
def test_STI_1_order_that_the_shop_takes_back_is_voided_and_stays(status: str, packed: int) -> None:
    found = stitch.decide_flags(order(status), in_hub(PAID, packed=packed), store=AT)

    assert found.actions == (SetFlags("h1", VOIDED),)
    assert [note.reason for note in found.notes] == [Reason.HELD_BACK] * bool(packed)


@pytest.mark.parametrize("flags", [PAID, VOIDED])
def test_CHG_4_what_was_packed_of_an_order_that_is_voided_is_named_until_it_is_unpacked(flags: Flags) -> None:
    found = stitch.decide_flags(order("cancelled"), in_hub(flags, packed=1), store=AT)

    held = [{"row": "SKU-1", "what": "quantity", "store": "0", "hub": "1"}]
    assert found.notes == (Note(Reason.HELD_BACK, {"rows": held}),)


def test_STI_1_voiding_calls_off_what_nobody_has_begun_to_make() -> None:
    before = replace(in_hub(PAID), rows=(row("1", 2, mo=HubMo("m1", MoStatus.NOT_STARTED)),))

    assert stitch.decide_flags(order("cancelled"), before, store=AT).actions[0] == DeleteMo("m1")


@pytest.mark.parametrize("status", TAKEN_BACK)
def test_FUL_5_delivered_order_is_not_voided(status: str) -> None:
    assert stitch.decide_flags(order(status), in_hub(PAID, delivered=2), store=AT) == stitch.Flagging()


@pytest.mark.parametrize("status", ALL)
def test_STI_1_voided_order_stays_voided_and_a_shop_that_goes_on_is_named(status: str) -> None:
    found = stitch.decide_flags(order(status), in_hub(VOIDED), store=AT)

    assert found.actions == ()
    is_open = STITCH.status_flags is not None and status in STITCH.status_flags.ranks
    assert found.notes == ((Note(Reason.VOIDED_IN_HUB, {"status": status}),) if is_open else ())


def test_STI_1_packing_leaves_what_is_delivered_or_packed_and_fees() -> None:
    found = stitch.decide_flags(order("awaiting_shipment"), in_hub(PAID, delivered=1), store=AT)

    assert found.actions[0] == PackRows("h1", (("r1", D(1)),))


def test_STI_1_packing_takes_each_row_s_rest_and_no_row_that_is_gone() -> None:
    rows = (row("1", 4, packed_quantity=D(1), delivered_quantity=D(1)), row("2", 1, packed_quantity=D(1)))

    found = stitch.decide_flags(order("awaiting_shipment"), hub_order(*rows, flags=PAID), store=AT)

    assert found.actions == (PackRows("h1", (("r1", D(2)),)), SetFlags("h1", READY))


def test_STI_1_order_that_a_person_closed_is_packed_no_more() -> None:
    assert after("awaiting_shipment", in_hub(replace(PAID, closed=True)))[1] == 0


def test_profile_katana_knows_no_flags() -> None:
    assert stitch.decide_flags(order("awaiting_shipment"), in_hub(), store=store(PLATFORM)) == stitch.Flagging()


# -- what comes with the import ------------------------------------------------------------------------------------


def imported(given: StoreOrder, at: Any = AT) -> list[tuple[int, int]]:
    """Pieces packed and delivered of each row that comes."""
    creation, _ = build_order(given, store=at, account=account(), matches=matches(), location="main")
    rows = stitch.as_imported(creation, given, at).order.rows
    return [(int(each.packed_quantity), int(each.delivered_quantity)) for each in rows]


BEFORE: Final = CREATED_AT - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "created_at", "rows"),
    [
        pytest.param("completed", BEFORE, [(1, 1), (0, 0)], id="left before the connection"),
        pytest.param("awaiting_shipment", BEFORE, [(0, 1), (0, 0)], id="left before the connection in part"),
        pytest.param("completed", CREATED_AT, [(0, 0), (0, 0)], id="leaves here"),
        pytest.param("awaiting_shipment", CREATED_AT, [(0, 0), (0, 0)], id="leaves here in part"),
    ],
)
def test_MAP_8_what_left_before_the_connection_comes_gone(
    status: str, created_at: Any, rows: list[tuple[int, int]]
) -> None:
    given = order(status, created_at=created_at, fulfillments=(fulfillment("7", 1),), charges=(store_charge(),))

    assert imported(given) == rows
    assert imported(given, at=store(PLATFORM)) == [(0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(AT, True, id="what was sold since"),
        pytest.param(replace(AT, connected_at=None), True, id="a store that was always there"),
        pytest.param(replace(AT, connected_at=CREATED_AT + timedelta(milliseconds=999)), True, id="in the same second"),
        pytest.param(replace(AT, connected_at=CREATED_AT + timedelta(seconds=1)), False, id="sold before"),
        pytest.param(replace(AT, settings={**AT.settings, "fulfillment.sync": False}), False, id="not followed"),
        pytest.param(store(PLATFORM, connected_at=CREATED_AT), False, id="a profile without flags"),
    ],
)
def test_STI_1_fulfilments_that_a_new_order_comes_with_are_delivered_here(at: Store, expected: bool) -> None:
    assert stitch.delivers_fulfillments(order("awaiting_shipment"), at) is expected


@pytest.mark.parametrize("status", sorted(NEW))
@pytest.mark.parametrize("is_paid", [True, False])
def test_STI_1_status_says_whether_a_new_order_is_paid(status: str, is_paid: bool) -> None:
    given = order(status, is_paid=is_paid)
    creation, _ = build_order(given, store=AT, account=account(), matches=matches(), location="main")

    assert stitch.as_imported(creation, given, AT).order.is_paid == (status != "awaiting_payment")


@pytest.mark.parametrize(
    ("changes", "is_in_hub", "expected"),
    [
        ({}, False, True),
        ({}, True, True),
        ({"fulfillments": (fulfillment("7", 2),)}, True, False),
        ({"created_at": BEFORE}, False, False),
        ({"created_at": BEFORE}, True, True),
        ({"status": "shipped"}, False, False),
    ],
)
def test_STI_1_order_is_asked_for_where_no_fulfilment_tells_of_what_is_shipped(
    changes: dict[str, Any], is_in_hub: bool, expected: bool
) -> None:
    two = shop_order(2, fulfillments=(fulfillment("7", 2),)).lines
    shipped = [replace(line, delivered_quantity=D(2)) for line in two]
    given = order(**{"status": "completed", "fulfillments": (), **changes})

    assert stitch.lacks_fulfillments(replace(given, lines=tuple(shipped)), AT, is_in_hub=is_in_hub) == expected


def test_STI_1_order_is_asked_for_where_one_of_its_lines_has_no_fulfilment() -> None:
    given = shop_order(1, 1, status="shipped", fulfillments=(fulfillment("7", 1),))
    lines = tuple(replace(line, delivered_quantity=D(1)) for line in given.lines)

    assert stitch.lacks_fulfillments(replace(given, lines=lines), AT, is_in_hub=True)
    assert not stitch.lacks_fulfillments(replace(given, lines=lines), store(PLATFORM), is_in_hub=True)


# -- hub to store --------------------------------------------------------------------------------------------------


def told(status: str, before: HubOrder, *, at: Any = TELLING, **changes: Any) -> list[Any]:
    """The statuses and fulfilments that the shop is told."""
    found = telling.decide_telling(order(status, **changes), before, store=at)
    return [
        action.status if isinstance(action, SetStoreStatus) else int(action.lines[0][1])
        for action in found.actions
        if isinstance(action, SetStoreStatus | SendFulfillment)
    ]


STEPS: Final = (
    "awaiting_payment",
    "awaiting_fulfillment",
    "awaiting_shipment",
    "partially_shipped",
    "shipped",
    "completed",
)
OUT: Final = {
    "nothing": (in_hub(BILLED), None),
    "paid": (in_hub(PAID), "awaiting_fulfillment"),
    "packed": (in_hub(READY, packed=2), "awaiting_shipment"),
    "closed": (in_hub(CLOSED, packed=2), "completed"),
    "closed unpacked": (in_hub(replace(PAID, closed=True)), "completed"),
    "packed unpaid": (in_hub(Flags(packed=True), packed=2), None),
}


@pytest.mark.parametrize("status", STEPS)
@pytest.mark.parametrize("case", OUT)
def test_STI_1_flag_moves_the_shop_s_order_on_and_never_back(status: str, case: str) -> None:
    before, asked = OUT[case]
    is_further = asked is not None and STEPS.index(asked) > STEPS.index(status)

    assert told(status, before) == ([asked] if is_further else [])


@pytest.mark.parametrize("status", [status for status in ALL if status not in (*STEPS, "awaiting_pickup")])
@pytest.mark.parametrize("flags", [PAID, READY, CLOSED])
def test_STI_1_status_that_is_no_step_is_left_to_the_shop(status: str, flags: Flags) -> None:
    assert told(status, in_hub(flags)) == []


def test_STI_1_order_that_waits_to_be_fetched_is_only_completed() -> None:
    assert [told("awaiting_pickup", in_hub(flags)) for flags in (PAID, READY, CLOSED)] == [[], [], ["completed"]]


@pytest.mark.parametrize("status", ALL)
def test_STI_1_voided_cancels_what_is_neither_taken_back_nor_completed(status: str) -> None:
    is_over = status in (*TAKEN_BACK, "completed")

    assert told(status, in_hub(VOIDED)) == ([] if is_over else ["cancelled"])


def test_STI_1_what_the_shop_made_of_a_voided_order_is_known_again_and_the_order_cancelled() -> None:
    own = HubFulfillment("p1", None, "hub", (("r1", D(2)),))
    shown = order("shipped", fulfillments=(fulfillment("7", 2),))
    being_told = Sending((("1", D(2)),), CREATED_AT)

    found = telling.decide_telling(
        shown, in_hub(VOIDED, delivered=2, fulfillments=(own,)), store=TELLING, sending=being_told
    )

    assert found == Sendings((LinkFulfillment("h1", "7", "p1"), SetStoreStatus("5001", "cancelled")), heard="7")


@pytest.mark.parametrize("status", ["completed", *TAKEN_BACK])
def test_STI_1_of_a_voided_order_no_fulfilment_is_missed(status: str) -> None:
    assert telling.decide_telling(order(status), in_hub(VOIDED, delivered=2), store=TELLING) == Sendings()


def test_STI_1_the_order_that_is_moved_on_is_the_shop_s() -> None:
    found = telling.decide_telling(order("awaiting_payment"), in_hub(PAID), store=TELLING)

    assert found.actions == (SetStoreStatus("5001", "awaiting_fulfillment"),)


@pytest.mark.parametrize("status", ALL)
@pytest.mark.parametrize("flags", [PAID, READY, CLOSED, VOIDED])
def test_STI_1_nothing_is_told_with_order_info_off(status: str, flags: Flags) -> None:
    assert told(status, in_hub(flags, delivered=2), at=AT) == []
    assert telling.shows_all(order(status), in_hub(flags, delivered=2), store=AT)


@pytest.mark.parametrize("status", ["awaiting_payment", "awaiting_fulfillment", "awaiting_shipment", "disputed"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_STI_1_delivered_in_part_or_whole_is_a_fulfilment_and_no_status(status: str, pieces: int) -> None:
    assert told(status, in_hub(READY, packed=2 - pieces, delivered=pieces)) == [pieces]


def test_STI_1_delivered_and_closed_is_a_fulfilment_and_then_completed() -> None:
    assert told("awaiting_shipment", in_hub(CLOSED, delivered=2)) == [2, "completed"]


def test_STI_1_bare_shipped_status_still_gets_its_fulfilment() -> None:
    assert told("shipped", in_hub(READY, delivered=2)) == [2]


def test_FUL_13_fulfilment_that_the_shop_has_is_not_sent() -> None:
    assert told("shipped", in_hub(READY, delivered=2), fulfillments=(fulfillment("7", 2),)) == []
    assert told("partially_shipped", in_hub(READY, delivered=2), fulfillments=(fulfillment("7", 1),)) == [1]


@pytest.mark.parametrize("status", ["completed", *TAKEN_BACK])
def test_STI_1_fulfilment_never_takes_the_shop_s_order_back(status: str) -> None:
    found = telling.decide_telling(order(status), in_hub(READY, delivered=2), store=TELLING)

    assert found.actions == ()
    reason = Reason.COMPLETED_IN_STORE if status == "completed" else Reason.NOT_FULFILLABLE
    assert found.notes == (Note(reason, {"status": status}),)


def test_STI_1_each_address_gets_a_fulfilment_of_its_own() -> None:
    both = hub_order(row("1", 1, delivered_quantity=D(1)), row("2", 1, delivered_quantity=D(1)), flags=READY)
    fulfillments = (waiting("a", "a", of={"1": 1}), waiting("b", "b", of={"2": 1}))

    found = telling.decide_telling(order("awaiting_shipment", 1, 1, to_send=fulfillments), both, store=TELLING)

    assert [action.taken[0][0] for action in found.actions if isinstance(action, SendFulfillment)] == ["a", "b"]


@pytest.mark.parametrize("status", ["shipped", "completed", "cancelled"])
def test_FUL_14_fulfilment_that_the_shop_made_when_the_worker_died_is_known_again(status: str) -> None:
    own = HubFulfillment("p1", None, "hub", (("r1", D(2)),))
    before = in_hub(READY, delivered=2, fulfillments=(own,))
    shown = order(status, fulfillments=(fulfillment("7", 2),))

    found = telling.decide_telling(shown, before, store=TELLING, sending=Sending((("1", D(2)),), CREATED_AT))

    assert found == Sendings((LinkFulfillment("h1", "7", "p1"),), heard="7")


def test_fulfilment_sync_that_is_off_leaves_flags_and_no_fulfilments() -> None:
    at = replace(TELLING, settings={**TELLING.settings, "fulfillment.sync": False})

    assert told("awaiting_payment", in_hub(READY, delivered=2), at=at) == ["awaiting_shipment"]


def test_profile_katana_is_told_by_its_own_rules() -> None:
    found = telling.decide_telling(order("awaiting_fulfillment"), in_hub(READY, delivered=2), store=store(PLATFORM))

    assert found.actions == (SetStoreStatus("5001", "completed"),)
