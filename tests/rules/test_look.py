"""One look decides all that it has to say on one reading of both sides, whether the order is new or not."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.actions import (
    AddRow,
    ChangeRow,
    CreateOrder,
    DeleteOrder,
    DeliverRows,
    KeepReturn,
    LinkFulfillment,
    PackRows,
    SetFlags,
    SetTotals,
    Skip,
)
from schemas.bigcommerce.platform import SHIPPED, STITCH
from schemas.flags import Flags
from schemas.hub import Customer, HubOrder, OrderHead, Variant
from schemas.orders import Address, StoreFulfillment, StoreOrder, StoreReturn
from schemas.outcomes import OrderOutcome
from schemas.reasons import Reason
from schemas.stores import Remembered, Store
from tasks.rules.conclusion import conclude, skipped
from tasks.rules.look import (
    DELIVERIES,
    FLAGS,
    ORDER,
    WITHOUT_FLAGS,
    Gathered,
    Look,
    batches_wanted,
    decide_look,
    follows,
)
from tasks.rules.news import Memory
from tests.makers import CREATED_AT, PERCENT, account, matches, store
from tests.rules.changing import imported
from tests.rules.fulfilling import D, fulfillment
from tests.rules.looking import AT, FLAGGED, NOTHING_SAID, answered, came, kinds, lines, look_at, order

# -- an order that is new ------------------------------------------------------------------------------------------


def test_ORD_1_a_plain_order_is_one_group_that_creates_it() -> None:
    look = look_at(order(2))

    assert kinds(look) == {ORDER: [CreateOrder]}
    assert came(look).hub_order_id == "7"
    assert lines(came(look)) == [("import", "imported", None)]
    assert conclude(look, answered(look), NOTHING_SAID).word == "imported"


def test_ORD_5_an_order_that_does_not_import_is_a_skip_and_is_journaled_once() -> None:
    skip = decide_look(Gathered(order(2, status="completed"), AT, account(), matches=matches()))

    assert isinstance(skip, Skip)
    assert lines(skipped(skip, Remembered())) == [("import", "skipped", "status_not_imported")]
    assert skipped(skip, Remembered(state="skipped", reason="status_not_imported")).lines == ()


def test_ORD_7_what_a_person_deleted_stays_deleted() -> None:
    gone = Remembered(is_tombstoned=True, state="deleted", reason="deleted_in_hub")
    skip = decide_look(Gathered(order(2), AT, account(), matches=matches(), remembered=gone))

    assert isinstance(skip, Skip)
    assert skipped(skip, gone) == OrderOutcome("deleted", "deleted_in_hub")


def test_MAP_8_what_was_sent_and_came_back_before_the_import_is_named_by_what_it_is_in_the_store() -> None:
    came_back = (StoreReturn("9", (("1", D(1)),)),)

    (group,) = look_at(order(2, fulfillments=(fulfillment("77", line_1=1),), returns=came_back)).groups

    _, link, kept = group.actions
    assert link == LinkFulfillment("order:1:5001", "77", rows=(("line:1", D(1)),), source="store")
    assert kept == KeepReturn("order:1:5001", "9", (("1", D(1)),))


def test_STI_1_a_new_order_is_flagged_packed_and_delivered_in_the_same_look() -> None:
    sent = StoreFulfillment("77", SHIPPED, (("1", D(1)),))
    look = look_at(order(2, status="awaiting_shipment", fulfillments=(sent,)), at=FLAGGED)

    assert kinds(look)[FLAGS] == [PackRows, SetFlags]
    assert kinds(look)[DELIVERIES] == [DeliverRows]
    delivered = look.done(answered(look))[-1].leaves
    assert [(row.packed_quantity, row.delivered_quantity) for row in delivered.rows] == [(1, 1)]
    assert lines(came(look)) == [("import", "imported", None), ("deliver", "delivered", None)]


# -- an order that is in the hub -----------------------------------------------------------------------------------


def test_CHG_2_a_line_that_is_added_and_sent_at_once_is_delivered_by_its_name() -> None:
    before = imported(order(2), at=AT)
    look = look_at(order(2, 1, fulfillments=(fulfillment("77", line_2=1),)), before)

    assert kinds(look) == {ORDER: [AddRow, SetTotals], DELIVERIES: [DeliverRows]}
    (delivery,) = look.groups[1].actions
    assert isinstance(delivery, DeliverRows)
    assert delivery.rows == (("line:2", D(1)),)
    assert lines(came(look)) == [("change", "changed", None), ("deliver", "delivered", None)]
    assert conclude(look, answered(look), NOTHING_SAID).word == "delivered"


def test_CHG_8_a_look_with_nothing_to_do_tells_the_hub_nothing() -> None:
    look = look_at(order(2), imported(order(2), at=AT))

    assert look.groups == ()
    assert came(look) == OrderOutcome("imported")
    assert conclude(look, answered(look), NOTHING_SAID).word == "imported"


def test_CHG_5_an_order_that_is_taken_back_goes_and_that_is_all() -> None:
    sent_back = order(2, status="cancelled", returns=(StoreReturn("9", (("1", D(1)),)),))
    look = look_at(sent_back, imported(order(2), at=AT))
    conclusion = conclude(look, answered(look), NOTHING_SAID)

    assert (kinds(look), len(look.steps)) == ({ORDER: [DeleteOrder]}, 1)
    assert conclusion.outcome == OrderOutcome("deleted", "cancelled_in_store")
    (gone,) = conclusion.news.deleted
    assert (gone.external_id, gone.by, gone.because) == ("5001", "store", "cancelled_in_store")


def test_CHG_1_what_the_hub_has_of_it_afterwards_is_news_for_our_copies() -> None:
    someone = OrderHead(Customer("c1", "Ada"), CREATED_AT, CREATED_AT.date(), CREATED_AT.date(), Address(), Address())
    look = look_at(order(3), replace(imported(order(2), at=AT), head=someone))

    assert kinds(look) == {ORDER: [ChangeRow, SetTotals]}
    (copy,) = conclude(look, answered(look), NOTHING_SAID).news.copies
    assert (copy.external_id, copy.customer, copy.total_with_tax) == ("5001", "Ada", 30)


# -- what the hub refuses ------------------------------------------------------------------------------------------


def flagged_and_sent() -> Look:
    before = imported(order(2, status="awaiting_fulfillment"), at=FLAGGED)
    sent = StoreFulfillment("77", SHIPPED, (("1", D(1)),))
    return look_at(order(2, status="awaiting_shipment", fulfillments=(sent,)), before, at=FLAGGED)


def test_STI_1_what_is_decided_on_flags_goes_with_them_and_another_group_stands_in() -> None:
    look = flagged_and_sent()
    wanted = {group.name: (group.given, group.unless, group.may_be_refused) for group in look.groups}

    assert wanted == {
        FLAGS: (None, None, True),
        DELIVERIES: (FLAGS, None, True),
        WITHOUT_FLAGS: (None, FLAGS, True),
    }


@pytest.mark.parametrize(
    ("refused", "done", "packed"),
    [({}, [ORDER, FLAGS, DELIVERIES], 1), ({"flags": "no"}, [ORDER, WITHOUT_FLAGS], 0)],
    ids=["taken", "refused"],
)
def test_STI_1_fulfilments_are_delivered_on_what_the_hub_made_of_the_flags(
    refused: dict[str, str], done: list[str], packed: int
) -> None:
    look = flagged_and_sent()
    steps = look.done(answered(look, **refused))

    assert [step.group.name for step in steps] == done
    assert [(row.packed_quantity, row.delivered_quantity) for row in steps[-1].leaves.rows] == [(packed, 1)]


def test_BEY_7_flags_that_the_hub_refuses_are_noted_and_the_rest_is_kept() -> None:
    outcome = came(flagged_and_sent(), flags="inventory is locked")

    assert lines(outcome) == [("deliver", "delivered", None), ("change", "noted", "refused_by_hub")]
    assert (outcome.reason, outcome.detail) == ("refused_by_hub", {"problem": "inventory is locked"})
    assert outcome.is_failing


def test_BEY_7_fulfilments_that_the_hub_refuses_are_noted_and_the_changes_kept() -> None:
    look = look_at(order(3, fulfillments=(fulfillment("77", line_1=1),)), imported(order(2), at=AT))
    conclusion = conclude(look, answered(look, deliveries="no"), NOTHING_SAID)

    assert lines(conclusion.outcome) == [("change", "changed", None), ("deliver", "noted", "refused_by_hub")]
    assert conclusion.word == "changed"
    assert conclusion.shows_all is None  # nobody said so: what is to be told stays due
    assert not conclusion.was_heard


def test_CHG_4_the_same_refusal_again_is_no_news() -> None:
    look = look_at(order(2, fulfillments=(fulfillment("77", line_1=1),)), imported(order(2), at=AT))
    first = came(look, deliveries="no")
    again = came(look, Memory(first.reason, first.detail), deliveries="no")

    assert (lines(first), lines(again)) == ([("deliver", "noted", "refused_by_hub")], [])
    assert again.reason == "refused_by_hub" and again.is_failing


# -- what the store shows ------------------------------------------------------------------------------------------


def test_FUL_13_what_the_store_said_itself_needs_not_be_told_to_it() -> None:
    look = look_at(order(2, fulfillments=(fulfillment("77", line_1=2),)), imported(order(2), at=AT))

    assert conclude(look, answered(look), NOTHING_SAID).shows_all is True


def test_FUL_13_what_a_person_shipped_besides_is_still_to_be_told() -> None:
    before = imported(order(2, 1), at=AT)
    packed = replace(before, rows=(before.rows[0], replace(before.rows[1], packed_quantity=D(1))))
    look = look_at(order(2, 1, fulfillments=(fulfillment("77", line_1=2),)), packed)

    assert conclude(look, answered(look), NOTHING_SAID).shows_all is False


def test_STI_1_what_the_store_shows_is_judged_by_the_order_as_the_look_leaves_it() -> None:
    telling = replace(FLAGGED, settings={**FLAGGED.settings, "stitch.push_order_info": True})
    before = imported(order(2, status="awaiting_payment"), at=telling)
    packed = replace(before, flags=Flags(billed=True, packed=True))  # by a person: told once it is paid
    look = look_at(order(2, status="awaiting_fulfillment"), packed, at=telling)

    assert conclude(look, answered(look), NOTHING_SAID).shows_all is False


def test_FUL_13_a_store_that_says_nothing_of_fulfilments_is_not_asked_what_it_shows() -> None:
    silent = replace(AT, settings={**AT.settings, "fulfillment.sync": False})
    look = look_at(order(3), imported(order(2), at=AT), at=silent)

    assert conclude(look, answered(look), NOTHING_SAID).shows_all is None


@pytest.mark.parametrize(
    ("platform", "settings", "expected"),
    [
        (PERCENT, {}, True),
        (PERCENT, {"orders.changes": False}, True),
        (PERCENT, {"orders.changes": False, "fulfillment.sync": False}, False),
        (PERCENT, {"orders.changes": False, "fulfillment.sync": False, "orders.returns": True}, True),
        (STITCH, {"fulfillment.sync": False}, True),
    ],
    ids=["all", "fulfilments", "nothing", "returns", "flags"],
)
def test_CHG_whether_anything_a_store_says_comes_to_the_hub(platform: Any, settings: Any, expected: bool) -> None:
    assert follows(store(platform, {"fulfillment.sync": True, **settings})) is expected


# -- batches -------------------------------------------------------------------------------------------------------


def tracked(hub_order: HubOrder) -> HubOrder:
    rows = (replace(row, variant_id=f"v{row.external_id}", batch_tracked=True) for row in hub_order.rows)
    return replace(hub_order, rows=tuple(rows))


def wanted(order: StoreOrder, hub_order: HubOrder | None, *, at: Store = AT, **known: Any) -> dict[str, list[str]]:
    return batches_wanted(Gathered(order, at, account(), hub_order, matches=matches(**known)))


def test_FUL_4_batches_are_looked_at_where_something_new_was_sent() -> None:
    before, sent = tracked(imported(order(2), at=AT)), order(2, fulfillments=(fulfillment("77", line_1=1),))

    assert wanted(sent, before) == {"main": ["v1"]}
    assert wanted(order(2), before) == {}
    assert wanted(sent, imported(order(2), at=AT)) == {}  # no item of it is kept in batches


def test_FUL_4_at_the_places_of_the_rows_and_of_the_order() -> None:
    before, sent = tracked(imported(order(2), at=AT)), order(2, fulfillments=(fulfillment("77", line_1=1),))
    moved = replace(before, rows=(replace(before.rows[0], location="annex"),))

    assert wanted(sent, moved) == {"annex": ["v1"], "main": ["v1"]}


def test_FUL_4_also_of_items_that_a_change_brings_and_where_it_moves_them() -> None:
    mapped = replace(AT, settings={**AT.settings, "location_map": {"101": "annex"}})
    given = order(2, 1, fulfillments=(fulfillment("77", line_2=1),))
    moved = replace(given, lines=(given.lines[0], replace(given.lines[1], location="101")))
    item = Variant("v2", "SKU-2", "Item", batch_tracked=True)

    found = wanted(moved, imported(order(2), at=AT), at=mapped, by_sku={"SKU-2": (item,)})

    assert found == {"annex": ["v2"], "main": ["v2"]}


def test_FUL_5_of_what_is_delivered_no_batch_is_looked_at() -> None:
    whole = order(2, fulfillments=(fulfillment("77", line_1=2),))
    delivered = look_at(whole, tracked(imported(order(2), at=AT)))

    assert wanted(whole, delivered.done(answered(delivered))[-1].leaves) == {}


def test_CHG_2_a_row_that_is_added_is_taken_from_batches_where_its_item_has_them() -> None:
    item = Variant("v2", "SKU-2", "Item", batch_tracked=True)
    found = decide_look(
        Gathered(order(2, 1), AT, account(), imported(order(2), at=AT), matches=matches(by_sku={"SKU-2": (item,)}))
    )
    assert isinstance(found, Look)
    assert [row.batch_tracked for row in found.steps[-1].leaves.rows] == [False, True]


def test_CHG_5_an_order_with_nothing_left_on_it_goes_too() -> None:
    look = look_at(order(0), imported(order(2), at=AT))

    assert look.deletes is Reason.NOTHING_TO_DELIVER
