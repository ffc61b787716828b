"""What a look at an order journals, remembers and marks, word by word, and which steps it has."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from schemas.actions import DeliverRows, LinkFulfillment, Skip
from schemas.bigcommerce.platform import SHIPPED
from schemas.flags import Flags
from schemas.groups import Answers, GroupAnswer, Made
from schemas.hub import Batch, ExchangeRate, HubFulfillment, HubOrder, Sending, Variant
from schemas.hub_news import DeletedOrder, HubNews
from schemas.hub_search import Links
from schemas.journal import Action, Line, Outcome
from schemas.orders import StoreFulfillment, StoreOrder, StoreReturn
from schemas.outcomes import OrderOutcome
from schemas.reasons import Reason
from schemas.stores import Remembered, Store
from tasks.rules.conclusion import Conclusion, conclude, skipped
from tasks.rules.look import DELIVERIES, FLAGS, ORDER, Gathered, Look, batches_wanted, decide_look
from tests.makers import CREATED_AT, account, matches
from tests.rules.changing import imported
from tests.rules.fulfilling import D, fulfillment
from tests.rules.looking import AT, FLAGGED, NOTHING_SAID, answered, came, kinds, look_at, order

SILENT: Final = replace(AT, settings={**AT.settings, "fulfillment.sync": False})
QUIET: Final = replace(FLAGGED, settings={**FLAGGED.settings, "fulfillment.sync": False})
RATE: Final = ExchangeRate(D("0.9"), CREATED_AT.date())
SENT: Final = StoreFulfillment("77", SHIPPED, (("1", D(1)),))


def names(look: Look) -> list[str]:
    return [step.group.name for step in look.steps]


def concluded(look: Look, **refused: str) -> Conclusion:
    return conclude(look, answered(look, **refused), NOTHING_SAID)


def shipped(hub_order: HubOrder, pieces: int) -> HubOrder:
    """The hub's order with pieces of its first row packed by a person."""
    return replace(hub_order, rows=(replace(hub_order.rows[0], packed_quantity=D(pieces)), *hub_order.rows[1:]))


# -- an order that is new ------------------------------------------------------------------------------------------


def test_MAP_7_everything_that_is_said_at_an_import_is_in_the_journal_and_no_reason_stands_beside_it() -> None:
    mapped = replace(AT, settings={**AT.settings, "location_map": {"1": "main"}})
    back = StoreReturn("9", (("1", D(1)), ("8", D(1))))
    given = order(2, ship_to_count=2, returns=(back,))
    look = look_at(replace(given, lines=(replace(given.lines[0], location="5"),)), at=mapped)
    assert look.creation is not None

    assert came(look) == OrderOutcome(
        "imported",
        hub_order_id="7",
        lines=(
            Line(Action.IMPORT, Outcome.IMPORTED),
            Line(Action.CHANGE, Outcome.CHANGED, None, {"rows": ["return 9: 1 SKU-1"]}),
            Line(Action.IMPORT, Outcome.NOTED, Reason.SEVERAL_SHIP_TO, {"addresses": 2}),
            Line(Action.IMPORT, Outcome.NOTED, Reason.LOCATION_NOT_MAPPED, {"locations": ["5"]}),
            Line(Action.IMPORT, Outcome.NOTED, Reason.LINE_NOT_MATCHED, {"returns": {"9": ["8"]}}),
        ),
        created=look.creation.order,
    )


def test_MAP_2_what_a_store_s_own_became_is_kept() -> None:
    look = look_at(order(2))
    (creation,) = look.groups[0].actions
    links = Links({"31": "v1"}, {"7": "c1"})

    answers = Answers({ORDER: GroupAnswer(((creation, Made("5", links)),))})

    assert conclude(look, answers, NOTHING_SAID).outcome.links == links


def test_MAP_2_what_a_store_s_own_became_by_a_change_is_kept_too() -> None:
    look = look_at(order(2, 1), imported(order(2), at=AT))
    added = look.groups[0].actions[0]
    links = Links({"31": "v1"})

    answers = Answers({ORDER: GroupAnswer(((added, Made("5", links)),))})

    assert conclude(look, answers, NOTHING_SAID).outcome.links == links


@pytest.mark.parametrize("given", [order(2), order(2, fulfillments=(fulfillment("77", line_1=1),))], ids=["", "sent"])
def test_MAP_8_an_order_that_is_new_is_created_and_delivered_by_no_step(given: StoreOrder) -> None:
    look = look_at(given)

    assert names(look) == [ORDER]
    assert concluded(look).shows_all is None
    assert concluded(look).news == HubNews("")


def test_STI_1_a_new_order_that_nothing_was_sent_of_is_not_delivered() -> None:
    assert names(look_at(order(2, status="awaiting_shipment"), at=FLAGGED)) == [ORDER, FLAGS]


def test_STI_1_what_a_status_says_of_new_orders_only_is_said_of_it() -> None:
    look = look_at(order(2, status="completed"), at=FLAGGED)

    assert [action.flags for action in look.steps[1].group.actions if hasattr(action, "flags")] == [
        Flags(billed=True, paid=True, packed=True)
    ]


def test_FUL_2_what_of_a_new_order_s_fulfilments_is_not_delivered_is_said_at_its_import() -> None:
    sent = StoreFulfillment("77", SHIPPED, (("8", D(1)),))

    outcome = came(look_at(order(2, status="awaiting_shipment", fulfillments=(sent,)), at=FLAGGED))

    assert outcome.lines[-1] == Line(
        Action.IMPORT, Outcome.NOTED, Reason.LINE_NOT_MATCHED, {"fulfillment": "77", "line": "8"}
    )


@pytest.mark.parametrize(("is_tombstoned", "state"), [(True, "deleted"), (False, "skipped")])
def test_ORD_5_an_order_that_does_not_come_is_remembered_with_why(is_tombstoned: bool, state: str) -> None:
    remembered = Remembered(is_tombstoned=is_tombstoned)
    skip = decide_look(Gathered(order(2, status="odd"), AT, account(), remembered=remembered, matches=matches()))
    assert not isinstance(skip, Look)

    line = Line(Action.IMPORT, Outcome.SKIPPED, skip.reason, skip.detail)
    assert skipped(skip, remembered) == OrderOutcome(state, skip.reason, skip.detail, lines=(line,))
    assert skip.detail == ({} if is_tombstoned else {"status": "odd"})


@pytest.mark.parametrize(
    ("gathered", "reason"),
    [
        ({"account": account(multi_currency=False)}, Reason.FOREIGN_CURRENCY),
        ({"matches": matches(rate=None)}, Reason.NO_EXCHANGE_RATE),
        ({"store": replace(AT, imports_from=CREATED_AT + timedelta(days=1))}, Reason.CREATED_BEFORE_ACTIVATION),
        ({"remembered": Remembered(is_tombstoned=True)}, Reason.DELETED_IN_HUB),
        ({}, None),
    ],
    ids=["currency", "rate", "activation", "tombstone", "none"],
)
def test_ORD_5_why_an_order_does_not_come_is_decided_on_all_that_was_gathered(
    gathered: dict[str, Any], reason: Reason | None
) -> None:
    comes = Gathered(order(2, currency="USD"), AT, account(multi_currency=True), matches=matches(rate=RATE))

    found = decide_look(replace(comes, **gathered))

    assert (found.reason if isinstance(found, Skip) else None) == reason


@pytest.mark.parametrize(("own", "expected"), [("", "attic"), ("berlin", "berlin")])
def test_ORD_1_an_order_goes_to_the_account_s_location_where_its_store_has_none(own: str, expected: str) -> None:
    at = replace(FLAGGED, settings={**FLAGGED.settings, "location": own})
    given = order(2, status="awaiting_shipment", fulfillments=(SENT,))
    known = matches(by_sku={"SKU-1": (item("SKU-1"),)})

    gathered = Gathered(given, at, account(default_location="attic"), matches=known)
    found = decide_look(gathered)

    assert isinstance(found, Look)
    assert found.creation is not None
    assert (found.creation.order.location, found.steps[-1].leaves.rows[0].location) == (expected, expected)
    assert batches_wanted(gathered) == {expected: ["v-SKU-1"]}


# -- an order that is in the hub -----------------------------------------------------------------------------------


def test_CHG_1_what_was_done_to_an_order_is_journaled_and_what_is_held_back_noted() -> None:
    look = look_at(order(1, 3), shipped(imported(order(2, 1), at=AT), 2))
    held, mismatch = look.steps[0].notes

    outcome = came(look)

    done = ["SKU-2: quantity 3, was 1", "SKU-2: total 30, was 10", "order: total with tax 50.00, in the store 40.00"]
    assert outcome.lines == (
        Line(Action.CHANGE, Outcome.CHANGED, None, {"rows": done}),
        Line(Action.CHANGE, Outcome.NOTED, Reason.HELD_BACK, held.detail),
        Line(Action.CHANGE, Outcome.NOTED, Reason.TOTAL_MISMATCH, mismatch.detail),
    )
    assert (outcome.state, outcome.reason, outcome.is_failing) == ("imported", Reason.HELD_BACK, False)


def test_BEY_7_what_is_said_beside_what_the_hub_refused_is_kept() -> None:
    sent = (fulfillment("77", line_1=1), fulfillment("78", line_8=1))
    look = look_at(order(2, fulfillments=sent), imported(order(2), at=AT))

    assert came(look, deliveries="no").lines == (
        Line(Action.DELIVER, Outcome.NOTED, Reason.LINE_NOT_MATCHED, {"fulfillment": "78", "line": "8"}),
        Line(Action.DELIVER, Outcome.NOTED, Reason.REFUSED_BY_HUB, {"problem": "no"}),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(order(2, is_paid=False), True, id="the store said that it is paid no more"),
        pytest.param(order(3, is_paid=False), True, id="… and changed a line"),
        pytest.param(order(3), None, id="it changed a line"),
    ],
)
def test_FUL_13_what_the_store_shows_is_looked_at_where_it_said_how_far_the_order_is(
    given: StoreOrder, expected: bool | None
) -> None:
    assert concluded(look_at(given, imported(order(2), at=AT), at=SILENT)).shows_all is expected


def test_CHG_5_an_order_that_goes_is_named_for_whoever_heard_nothing_of_it() -> None:
    gathered = Gathered(order(2, status="cancelled"), AT, account(), imported(order(2), at=AT), matches=matches())
    look = decide_look(gathered)
    assert isinstance(look, Look)

    gone = DeletedOrder("5001", 1, "5001", "store", Reason.CANCELLED_IN_STORE)
    outcome = OrderOutcome("deleted", Reason.CANCELLED_IN_STORE)
    assert look.gathered == gathered
    assert concluded(look) == Conclusion(outcome, "deleted", HubNews("", deleted=(gone,)))


def test_CHG_1_an_order_that_nobody_knows_the_customer_of_is_no_news_for_our_copies() -> None:
    assert concluded(look_at(order(3), imported(order(2), at=AT))).news == HubNews("")


# -- flags ---------------------------------------------------------------------------------------------------------


def test_STI_1_flags_that_are_new_are_journaled_with_what_was_packed() -> None:
    before = replace(imported(order(2), at=FLAGGED), flags=Flags(paid=True))
    look = look_at(order(2, status="awaiting_shipment"), before, at=FLAGGED)

    assert came(look).lines == (
        Line(
            Action.CHANGE,
            Outcome.CHANGED,
            None,
            {
                "status": "awaiting_shipment",
                "flags": ["billed", "packed"],
                "packed": [{"sku": "SKU-1", "quantity": "2"}],
            },
        ),
    )
    assert concluded(look).word == "changed"


def test_STI_1_a_status_that_raises_no_flag_is_no_line_and_its_step_is_there() -> None:
    before = replace(imported(order(2), at=FLAGGED), flags=Flags(billed=True, paid=True))
    look = look_at(order(2, status="awaiting_fulfillment", fulfillments=(SENT,)), before, at=FLAGGED)

    assert names(look) == [ORDER, FLAGS, DELIVERIES]
    assert [(group.name, group.given, group.unless) for group in look.groups] == [(DELIVERIES, None, None)]
    assert [line.action for line in came(look).lines] == ["deliver"]


def test_STI_1_flags_where_fulfilments_are_not_followed_are_a_step_of_their_own() -> None:
    before = replace(imported(order(2), at=QUIET), flags=Flags())
    look = look_at(order(2, status="awaiting_fulfillment", fulfillments=(SENT,)), before, at=QUIET)

    assert names(look) == [ORDER, FLAGS]
    assert concluded(look).shows_all is True
    assert concluded(look_at(order(2, status="shipped"), before, at=QUIET)).shows_all is None


def test_STI_1_what_a_status_cannot_do_is_noted_as_a_change() -> None:
    before = replace(imported(order(2), at=FLAGGED), flags=Flags(voided=True))

    outcome = came(look_at(order(2, status="awaiting_shipment"), before, at=FLAGGED))

    assert outcome.lines == (Line(Action.CHANGE, Outcome.NOTED, Reason.VOIDED_IN_HUB, {"status": "awaiting_shipment"}),)


# -- fulfilments ---------------------------------------------------------------------------------------------------


def test_FUL_1_what_was_delivered_is_journaled_by_row_and_what_was_not_noted() -> None:
    sent = (fulfillment("77", line_1=1), fulfillment("78", line_8=1))
    outcome = came(look_at(order(2, fulfillments=sent), imported(order(2), at=AT)))

    assert outcome.lines == (
        Line(
            Action.DELIVER, Outcome.DELIVERED, None, {"fulfillment": "77", "rows": [{"sku": "SKU-1", "quantity": "1"}]}
        ),
        Line(Action.DELIVER, Outcome.NOTED, Reason.LINE_NOT_MATCHED, {"fulfillment": "78", "line": "8"}),
    )
    assert outcome.is_failing


def test_FUL_7_a_fulfilment_that_is_only_known_again_is_no_line() -> None:
    own = HubFulfillment("p1", None, "hub", ((imported(order(2), at=AT).rows[0].id, D(2)),))
    before = imported(order(2), at=AT)
    before = replace(before, rows=(replace(before.rows[0], delivered_quantity=D(2)),))
    before = replace(before, fulfillments=(replace(own, rows=((before.rows[0].id, D(2)),)),))
    look = look_at(order(2, fulfillments=(fulfillment("77", line_1=2),)), before)

    assert kinds(look) == {DELIVERIES: [LinkFulfillment]}
    assert came(look).lines == ()


@pytest.mark.parametrize("is_refused", [False, True])
def test_FUL_14_what_the_store_was_being_told_is_found(is_refused: bool) -> None:
    before = shipped(imported(order(2), at=AT), 2)
    given = order(2, fulfillments=(fulfillment("77", line_1=2),))
    look = look_at(given, before, sending=Sending((("1", D(2)),), CREATED_AT))

    refused = {"deliveries": "no"} if is_refused else {}
    assert concluded(look, **refused).was_heard is not is_refused


def test_FUL_4_the_batches_that_were_gathered_are_taken() -> None:
    before = imported(order(2), at=AT)
    tracked = replace(before, rows=(replace(before.rows[0], variant_id="v1", batch_tracked=True),))
    batch = Batch("b1", "B-1", "v1", "main", D(9), CREATED_AT - timedelta(days=1))

    look = look_at(order(2, fulfillments=(fulfillment("77", line_1=1),)), tracked, batches=(batch,))

    (delivery,) = look.groups[0].actions
    assert isinstance(delivery, DeliverRows)
    assert delivery.batches == ((tracked.rows[0].id, "b1", D(1)),)


def test_FUL_13_what_the_store_shows_is_judged_by_the_last_step() -> None:
    """Packed by its status and sent in part: what is left of it the store is to be told once it is sent."""
    telling = replace(FLAGGED, settings={**FLAGGED.settings, "stitch.push_order_info": True})
    before = replace(imported(order(2), at=telling), flags=Flags(billed=True, paid=True))
    look = look_at(order(2, status="awaiting_shipment", fulfillments=(SENT,)), before, at=telling)

    assert names(look)[-2:] == [DELIVERIES, "deliveries without flags"]
    assert concluded(look).shows_all is True
    assert concluded(look, flags="no").shows_all is True


# -- batches that are looked at --------------------------------------------------------------------------------------


def wanted(given: StoreOrder, hub_order: HubOrder | None = None, *, at: Store = AT, **known: Any) -> Any:
    return batches_wanted(Gathered(given, at, account(), hub_order, matches=matches(**known)))


def item(sku: str | None, *, batch_tracked: bool = True) -> Variant:
    return Variant(f"v-{sku}", sku, "Item", batch_tracked=batch_tracked)


def test_FUL_4_of_a_new_order_batches_are_looked_at_where_its_profile_delivers_it() -> None:
    given = order(2, status="awaiting_shipment", fulfillments=(SENT,))
    berlin = replace(FLAGGED, settings={**FLAGGED.settings, "location": "berlin"})
    known = {"SKU-1": (item("SKU-1"), item("other")), "SKU-2": (item("SKU-2", batch_tracked=False),)}

    assert wanted(given, at=berlin, by_sku=known) == {"berlin": ["v-SKU-1", "v-other"]}
    assert wanted(replace(given, fulfillments=()), at=berlin, by_sku=known) == {}
    assert wanted(replace(given, status="processing"), at=AT, by_sku=known) == {}


def test_FUL_4_items_that_are_known_by_their_product_are_looked_at_too() -> None:
    given = order(2, fulfillments=(fulfillment("77", line_1=1),))

    assert wanted(given, imported(order(2), at=AT), by_key={"31": item(None)}) == {"main": ["v-None"]}


def test_FUL_4_a_row_of_no_item_has_no_batches() -> None:
    before = imported(order(2), at=AT)
    nothing = replace(before, rows=(replace(before.rows[0], variant_id=None, batch_tracked=True),))

    assert wanted(order(2, fulfillments=(fulfillment("77", line_1=1),)), nothing) == {}


def test_FUL_4_batches_are_looked_at_where_the_hub_s_order_is() -> None:
    before = replace(imported(order(2), at=AT), location="attic")
    tracked = replace(before, rows=(replace(before.rows[0], variant_id="v1", batch_tracked=True),))

    found = wanted(order(2, fulfillments=(fulfillment("77", line_1=1),)), tracked)

    assert found == {"attic": ["v1"], "main": ["v1"]}
