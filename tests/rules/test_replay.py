"""An order read again: what today's rules would make otherwise, and what is no matter of rules (BEY-3)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import Note
from schemas.bigcommerce.platform import SHIPPED
from schemas.errors import Unreadable
from schemas.flags import Flags
from schemas.hub import Customer, ExchangeRate, HubFulfillment, HubMatches, HubMo, HubReturn, MoStatus
from schemas.orders import Buyer, StoreFulfillment, StoreReturn
from schemas.reasons import Reason
from schemas.replay import HeldSettings, NotCompared
from tasks.rules.replay import asks_the_shop, compare_broken, compare_unreadable, why_left_out
from tests import makers
from tests.makers import CREATED_AT, INSIDE, PERCENT, store, store_charge, store_line, store_order
from tests.rules.changing import FOLLOWING, ONE_TABLE, RETURNING, chairs, delivered, fulfillment, order, with_row
from tests.rules.looking import FLAGGED
from tests.rules.replaying import ADA, found, in_words, kept, replayed, stands

D = Decimal
HIDDEN = ("not shown", "differs")


# -- in the hub, as it was imported --------------------------------------------------------------------------------

PLAIN = store_order()
ODD = {
    "plain": PLAIN,
    "nameless": store_order(lines=(store_line(sku=None),)),
    "partly delivered": store_order(lines=(store_line(delivered_quantity=D(1)),)),
    "guest": store_order(buyer=Buyer("", None, None)),
    "fees": store_order(charges=(store_charge(), store_charge("22", name="Wrapping", kind="service"))),
    "two parcels": store_order(charges=(store_charge(), store_charge("22", name="Express"))),
    "foreign": store_order(currency="USD", exchange_rate=D("0.9"), exchange_base="EUR"),
    "unpaid": store_order(is_paid=False),
    "of several addresses": store_order(ship_to_count=2),
}


@pytest.mark.parametrize("name", ODD)
def test_BEY_3_where_no_rule_has_changed_nothing_differs(name: str) -> None:
    assert found(replayed(ODD[name])) == {}


HEAD = [
    ("order_no", {"order_no": "1"}, ("1", "5001")),
    ("currency", {"currency": "USD", "base_currency": "USD"}, ("USD", "EUR")),
    ("exchange_rate", {"exchange_rate": D(2)}, ("2", "1")),
    ("location", {"location": "berlin"}, ("berlin", "main")),
]


@pytest.mark.parametrize(("field", "was", "shown"), HEAD, ids=[case[0] for case in HEAD])
def test_BEY_3_a_field_that_would_be_another_is_shown(field: str, was: dict[str, Any], shown: tuple[str, str]) -> None:
    assert found(replayed(PLAIN, hub_order=replace(stands(PLAIN), **was)))[field] == shown


def test_BEY_3_dates_and_money_that_would_be_others_are_shown() -> None:
    before = stands(PLAIN)
    assert before.head is not None
    assert before.totals is not None
    head = replace(before.head, created_at=CREATED_AT + timedelta(hours=1), delivery_date=date(2026, 1, 6))
    totals = replace(before.totals, total=D("146.91"), total_mismatch=True)

    assert found(replayed(PLAIN, hub_order=replace(before, head=head, totals=totals))) == {
        "created_at": ("2026-01-05T11:00:00Z", "2026-01-05T10:00:00Z"),
        "delivery_date": ("2026-01-06", "2026-01-19"),
        "total": ("146.91", "146.9"),
        "total_mismatch": ("true", "false"),
    }


def test_BEY_9_who_ordered_is_not_shown_only_that_it_differs() -> None:
    before = stands(PLAIN)
    assert before.head is not None
    ship_to = replace(before.head.ship_to, first_name="Grace", city="Arlington")
    head = replace(before.head, ship_to=ship_to, notes="for Grace", customer_reference="Grace's")
    was = with_row(replace(before, head=head), "OIL-1", name="Oil for Grace")

    differing = found(replayed(PLAIN, hub_order=was))

    assert set(differing.values()) == {HIDDEN}
    assert [*differing] == ["ship_to.first_name", "ship_to.city", "customer_reference", "notes", "rows.11.name"]


ROW = [
    ("sku", "OIL", ("OIL", "OIL-1")),
    ("quantity", D(3), ("3", "2")),
    ("price_per_unit", D("20.5"), ("20.5", "21")),
    ("discount_percent", D(10), ("10", "0")),
    ("tax_rate", D(7), ("7", "19")),
    ("total", D(41), ("41", "42")),
    ("tax", D(1), ("1", "7.98")),
    ("ships", False, ("false", "true")),
    ("location", "berlin", ("berlin", "main")),
    ("gone_before", D(1), ("1", "0")),
]


@pytest.mark.parametrize(("name", "was", "shown"), ROW, ids=[case[0] for case in ROW])
def test_BEY_3_a_row_that_would_be_another_is_shown(name: str, was: Any, shown: tuple[str, str]) -> None:
    before = stands(PLAIN)
    rows = tuple(replace(row, **{name: was}) if row.sku == "OIL-1" else row for row in before.rows)

    assert found(replayed(PLAIN, hub_order=replace(before, rows=rows))) == {f"rows.11.{name}": shown}


def test_BEY_3_rows_that_would_be_there_or_not_or_in_another_order_are_shown() -> None:
    before = stands(PLAIN)
    table, oil, parcel = before.rows

    def differing(*rows: Any) -> dict[str, Any]:
        return found(replayed(PLAIN, hub_order=replace(before, rows=rows)))

    assert differing(table, oil) == {"rows.21": (None, "there")}
    assert differing(*before.rows, replace(parcel, external_id="99")) == {"rows.99": ("there", None)}
    assert differing(oil, table, parcel) == {"rows": ("11, 12, 21", "12, 11, 21")}


def test_BEY_3_an_order_that_would_not_import_any_more_is_shown() -> None:
    assert found(replayed(replace(PLAIN, status="unpaid"))) == {
        "state": ("imported", "skipped"),
        "reason": (None, "status_not_imported"),
    }


def test_BEY_3_notes_of_the_import_are_compared_by_their_reasons_and_details() -> None:
    nameless = ODD["nameless"]

    def differing(*notes: Note) -> dict[str, Any]:
        return found(replayed(nameless, notes=notes))

    said = Note(Reason.LINE_WITHOUT_SKU, {"names": ["Hard-wax oil 1 l"]})
    of_the_hub = Note(Reason.HELD_BACK, {"rows": []})
    assert differing(said, of_the_hub) == {}
    assert differing() == {"noted.line_without_sku": (None, "noted")}
    assert differing(replace(said, detail={"names": ["Oil"]})) == {"noted.line_without_sku": ("noted", "differs")}
    assert differing(said, Note(Reason.SEVERAL_SHIP_TO, {"addresses": 2})) == {"noted.several_ship_to": ("noted", None)}


# -- what is no matter of rules ------------------------------------------------------------------------------------


def test_BEY_3_what_people_do_with_an_order_is_no_difference() -> None:
    before = stands(PLAIN)
    made = replace(before.rows[0], mo=HubMo("m1", MoStatus.DONE, D(1)), packed_quantity=D(1))
    sent = replace(before.rows[1], delivered_quantity=D(2), invoiced_quantity=D(2), batches=(("b1", D(2)),))
    own = replace(before.rows[2], id="r99", external_id=None, name="Thank-you card")
    flags = Flags(billed=True, paid=False, packed=True, shipped=True, closed=True)
    hub_order = replace(before, rows=(made, sent, before.rows[2], own), flags=flags, has_invoice=True)

    assert found(replayed(PLAIN, hub_order=hub_order, kept=kept(is_untouched=False))) == {}


def test_BEY_3_items_and_rates_that_came_since_are_no_difference() -> None:
    order = replace(ODD["foreign"], exchange_rate=None, exchange_base=None)
    rate = ExchangeRate(D("0.9"), date(2026, 1, 2))
    before = stands(ODD["foreign"])
    assert before.head is not None
    before = replace(before, head=replace(before.head, exchange_rate_date=rate.on))
    since = makers.matches(makers.variant("v9"), linked_customer=ADA, rate=ExchangeRate(D(2), CREATED_AT.date()))

    assert found(replayed(order, hub_order=before, matches=since)) == {}


@pytest.mark.parametrize(
    ("now", "buyer", "shown"),
    [
        pytest.param({"linked_customer": Customer("c2", "Ada")}, {}, {}, id="a link that leads elsewhere by now"),
        pytest.param({"email_customer": ADA}, {}, {}, id="the e-mail"),
        pytest.param({"name_customer": ADA}, {"email": None}, {}, id="the name"),
        pytest.param({"name_customer": ADA}, {}, {"customer": HIDDEN}, id="the name of one with another e-mail"),
        pytest.param({"email_customer": Customer("c2", "Ada")}, {}, {"customer": HIDDEN}, id="another one"),
        pytest.param({}, {}, {"customer": HIDDEN}, id="nobody"),
    ],
)
def test_MAP_2_the_customer_is_the_one_that_a_way_still_leads_to(
    now: dict[str, Any], buyer: dict[str, Any], shown: dict[str, Any]
) -> None:
    order = replace(PLAIN, buyer=replace(PLAIN.buyer, **buyer))

    assert found(replayed(order, matches=HubMatches(**now))) == shown


def test_MAP_2_a_guest_without_a_name_stays_the_guest() -> None:
    guest, before = ODD["guest"], stands(ODD["guest"])
    assert before.head is not None
    hub_order = replace(before, head=replace(before.head, customer=Customer("c7", "Guest")))

    assert found(replayed(guest, hub_order=hub_order, matches=HubMatches())) == {}


@pytest.mark.parametrize(
    ("buyer", "customer", "shown"),
    [
        pytest.param({"email": None}, {"email": None}, {}, id="known by the name alone"),
        pytest.param({"email": None}, {"email": None, "name": "Grace"}, {"customer": HIDDEN}, id="another name"),
        pytest.param({"email": None}, {}, {"customer": HIDDEN}, id="the hub's has an e-mail"),
        pytest.param({}, {"email": None}, {"customer": HIDDEN}, id="the buyer has an e-mail"),
    ],
)
def test_MAP_2_a_customer_that_no_way_leads_to_any_more_is_the_same_by_name_where_there_is_no_e_mail(
    buyer: dict[str, Any], customer: dict[str, Any], shown: dict[str, Any]
) -> None:
    order, before = replace(PLAIN, buyer=replace(PLAIN.buyer, **buyer)), stands(PLAIN)
    assert before.head is not None
    hub_order = replace(before, head=replace(before.head, customer=replace(ADA, **customer)))

    assert found(replayed(order, hub_order=hub_order, matches=HubMatches())) == shown


def test_BEY_3_a_location_that_was_renamed_since_is_not_compared() -> None:
    hub_order = replace(stands(PLAIN), location="south")

    assert found(replayed(PLAIN, hub_order=hub_order, locations=frozenset({"south"}))) == {}


def test_BEY_3_an_item_may_have_got_a_delivery_time_of_its_own_since() -> None:
    before = stands(PLAIN)
    assert before.head is not None
    head = replace(before.head, delivery_date=date(2026, 1, 8))

    fixed = {"delivery_date": ("2026-01-08", "2026-01-19")}
    assert found(replayed(PLAIN, hub_order=replace(before, head=head))) == fixed
    assert found(replayed(PLAIN, hub_order=replace(before, head=replace(head, has_delivery_days=True)))) == {}
    at = store(INSIDE)  # where an item's own time does not count
    assert found(replayed(PLAIN, at=at, hub_order=replace(before, head=replace(head, has_delivery_days=True)))) == fixed


def test_BEY_3_what_any_of_the_settings_explains_that_may_have_held_is_no_difference() -> None:
    then, now = store(PERCENT, {"orders.shipping_fee_line": False}), FOLLOWING
    hub_order = stands(PLAIN, at=then)
    five_days = replace(makers.account(), default_delivery_days=5)

    def differing(*held: HeldSettings) -> list[str]:
        return [*found(replayed(PLAIN, hub_order=hub_order, settings=held))]

    assert "rows.21" in differing(HeldSettings(now, makers.account()))
    assert differing(HeldSettings(then, makers.account()), HeldSettings(now, makers.account())) == []
    # Each field by the settings that it may be of.
    assert differing(HeldSettings(then, five_days), HeldSettings(now, makers.account())) == []
    assert differing(HeldSettings(then, five_days)) == ["delivery_date"]


# -- flags, returns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "is_untouched", "shown"),
    [
        (Flags(billed=True, paid=True), True, {}),
        (Flags(), True, {"flags.billed": ("false", "true"), "flags.paid": ("false", "true")}),
        (Flags(), False, {"flags.billed": ("false", "true")}),  # nobody takes that back
        (Flags(billed=True), True, {"flags.paid": ("false", "true")}),
        (Flags(billed=True), False, {}),  # a person says that it is not paid
        (Flags(billed=True, paid=True, closed=True), True, {"flags.closed": ("true", "false")}),
        (Flags(billed=True, paid=True, packed=True), True, {"flags.packed": ("true", "false")}),
        (Flags(billed=True, paid=True, packed=True), False, {}),
    ],
)
def test_BEY_3_flags_are_compared_where_nobody_marked_the_order_since(
    flags: Flags, is_untouched: bool, shown: dict[str, Any]
) -> None:
    hub_order = replace(stands(PLAIN), flags=flags)

    assert found(replayed(PLAIN, hub_order=hub_order, kept=kept(is_untouched=is_untouched))) == shown


@pytest.mark.parametrize("is_as_imported", [True, False])
def test_CHG_9_a_return_that_would_be_another_is_shown(is_as_imported: bool) -> None:
    back = order(returns=(StoreReturn("9", (("1", D(1)),)),))
    known = kept(is_as_imported=is_as_imported)

    def differing(*returns: HubReturn) -> dict[str, Any]:
        hub_order = replace(stands(back, at=RETURNING), returns=returns)
        return found(replayed(back, at=RETURNING, kept=known, hub_order=hub_order))

    assert differing() == {"returns.9": (None, "1 of 1")}
    assert differing(HubReturn("9", (("1", D(2)),))) == {"returns.9": ("2 of 1", "1 of 1")}
    assert differing(HubReturn("9", (("1", D(1)),))) == {}
    assert differing(HubReturn("9", (("1", D(1)),)), HubReturn("8", (("1", D(1)),))) == {"returns.8": ("1 of 1", None)}


# -- in the hub, and changed by its store since --------------------------------------------------------------------


def looked_at(now: Any, **changes: Any) -> dict[str, tuple[str | None, str | None]]:
    """Two chairs and a table were imported; the store has changed them since."""
    known = kept(is_as_imported=False, **changes.pop("known", {}))
    return found(replayed(now, kept=known, **{"hub_order": stands(order()), **changes}))


def test_BEY_3_a_change_that_would_still_come_is_shown() -> None:
    assert looked_at(order(chairs(3))) == {
        "rows.1.quantity": ("2", "3"),
        "rows.1.total": ("60", "90"),
        "rows.2": ("there", None),
        "total": ("100", "90"),
        "total_with_tax": ("100", "90"),
        "total_base": ("100", "90"),
        "store_total": ("100", "90"),
        "store_total_with_tax": ("100", "90"),
    }


def test_BEY_3_what_never_follows_a_store_is_no_difference_once_it_has_changed_something() -> None:
    later = order(note="later", buyer=Buyer("Grace", "grace@example.com"), number="later")

    assert looked_at(later, matches=HubMatches()) == {}


def test_BEY_3_an_order_that_would_be_taken_back_now_is_shown() -> None:
    cancelled = order(status="cancelled")

    assert looked_at(cancelled) == {"state": ("imported", "deleted"), "reason": (None, "cancelled_in_store")}
    # It was kept, and what kept it is gone by now: that was a person.
    assert looked_at(cancelled, known={"reason": "kept_locked"}) == {}
    also = {"also": [{"reason": "kept_invoiced", "detail": {}}]}
    assert looked_at(cancelled, known={"reason": "held_back", "detail": also}) == {}


def test_BEY_3_totals_are_not_compared_where_a_person_added_a_row() -> None:
    before = stands(order())
    own = replace(before.rows[0], id="r99", external_id=None, total=D(5))

    assert looked_at(order(), hub_order=replace(before, rows=(*before.rows, own))) == {}


@pytest.mark.parametrize(("is_untouched", "shown"), [(True, {"flags.paid": ("true", "false")}), (False, {})])
def test_BEY_3_a_mark_that_a_person_may_have_made_is_no_difference(is_untouched: bool, shown: dict[str, Any]) -> None:
    assert looked_at(order(is_paid=False), known={"is_untouched": is_untouched}) == shown


def test_FUL_1_a_fulfilment_that_would_come_now_is_shown() -> None:
    sent = order(chairs(2, delivered_quantity=D(1)), ONE_TABLE, fulfillments=(fulfillment(chairs=1),))
    at = store(replace(FOLLOWING.platform, partial_fulfillment=True))

    assert looked_at(sent, at=at) == {
        "rows.1.delivered_quantity": ("0", "1"),
        "fulfillments.77": (None, "there"),
    }
    assert looked_at(sent, at=at, hub_order=delivered(stands(order()), CHAIR=1)) == {"fulfillments.77": (None, "there")}
    # The store may be saying what we are telling it this moment.
    assert looked_at(sent, at=at, known={"is_told": True}) == {}


def test_FUL_3_what_would_be_delivered_without_a_fulfilment_s_id_is_shown_by_its_rows() -> None:
    done = order(delivery="completed")
    at = store(replace(FOLLOWING.platform, completed_status="completed"))

    assert looked_at(done, at=at) == {
        "flags.packed": ("false", "true"),
        "flags.shipped": ("false", "true"),
        "rows.1.delivered_quantity": ("0", "2"),
        "rows.2.delivered_quantity": ("0", "1"),
    }


def test_BEY_3_what_a_person_sent_or_took_back_is_no_difference() -> None:
    own = HubFulfillment("p1", None, "hub", (("line:1", D(1)),))
    hub_order = replace(stands(order()), fulfillments=(own,), returns=(HubReturn(None, (("1", D(1)),)),))

    assert looked_at(order(), at=RETURNING, hub_order=hub_order) == {}


def test_BEY_3_a_store_that_changes_nothing_here_is_not_compared_line_by_line() -> None:
    at = store(INSIDE)

    assert looked_at(order(chairs(7)), at=at, hub_order=stands(order(), at=at)) == {}


# -- not in the hub ------------------------------------------------------------------------------------------------

WAITS = store_order(status="unpaid")


@pytest.mark.parametrize(
    ("state", "reason", "shown"),
    [
        ("skipped", "status_not_imported", {}),
        ("skipped", "on_hold", {"reason": ("on_hold", "status_not_imported")}),
        (
            "failed",
            "invalid_payload",
            {"state": ("failed", "skipped"), "reason": ("invalid_payload", "status_not_imported")},
        ),
        ("deleted", "cancelled_in_store", {}),
    ],
)
def test_BEY_3_why_an_order_would_not_import_is_compared(state: str, reason: str, shown: dict[str, Any]) -> None:
    assert found(replayed(WAITS, kept=kept(state, reason))) == shown


def test_BEY_3_an_order_that_would_import_now_is_shown() -> None:
    assert found(replayed(PLAIN, kept=kept("failed", "invalid_payload"))) == {
        "state": ("failed", "imported"),
        "reason": ("invalid_payload", None),
    }


def test_ORD_7_what_was_deleted_in_the_hub_stays_away_by_every_rule() -> None:
    assert found(replayed(PLAIN, kept=kept("deleted", "deleted_in_hub", is_tombstoned=True))) == {}


def test_BEY_3_that_a_store_was_resumed_since_is_no_difference() -> None:
    resumed = replace(FOLLOWING, imports_from=CREATED_AT + timedelta(days=9))

    assert found(replayed(WAITS, at=resumed, kept=kept("skipped", "status_not_imported"))) == {}
    # It was too old then, and is not by the reach of a new connection.
    before = {"from": (CREATED_AT + timedelta(days=1)).isoformat()}
    anew = replace(FOLLOWING, imports_from=CREATED_AT - timedelta(days=14))
    assert found(replayed(PLAIN, at=anew, kept=kept("skipped", "created_before_activation", detail=before))) == {}


def test_BEY_3_a_rate_that_came_since_is_no_difference() -> None:
    foreign = store_order(currency="USD")
    there = HubMatches(rate=ExchangeRate(D("0.9"), CREATED_AT.date()))

    assert found(replayed(foreign, kept=kept("skipped", "no_exchange_rate"), matches=there)) == {}
    assert found(replayed(foreign, kept=kept("skipped", "on_hold"), matches=there)) != {}


# -- what cannot be read, or compared ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (kept("failed", "invalid_payload"), {}),
        (kept("deleted", "deleted_in_hub", is_tombstoned=True), {}),
        (
            kept("skipped", "on_hold"),
            {"state": ("skipped", "failed"), "reason": ("on_hold", "invalid_payload"), "path": (None, "lines.0")},
        ),
        (kept(), {"state": ("imported", "failed"), "reason": (None, "invalid_payload"), "path": (None, "lines.0")}),
        (kept(is_as_imported=False), {"reason": (None, "invalid_payload"), "path": (None, "lines.0")}),
        (kept(reason="invalid_payload", is_as_imported=False, is_failing=True), {}),
    ],
)
def test_BEY_3_a_snapshot_that_cannot_be_read_any_more_is_shown(known: Any, shown: dict[str, Any]) -> None:
    assert in_words(compare_unreadable(known, Unreadable("lines.0", "is missing"))) == shown


def test_BEY_3_an_order_that_a_rule_would_break_on_is_shown_with_the_place() -> None:
    shown = in_words(compare_broken(kept("skipped", "on_hold"), "KeyError at tasks/rules/money.py:7"))

    assert shown == {
        "state": ("skipped", "failed"),
        "reason": ("on_hold", "unexpected_error"),
        "problem": (None, "KeyError at tasks/rules/money.py:7"),
    }


def test_BEY_3_what_stands_in_the_hub_and_could_not_be_read_then_has_nothing_to_say_now() -> None:
    known = {"reason": "invalid_payload", "is_failing": True}

    assert looked_at(order(), known=known) == {"reason": ("invalid_payload", None)}


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (kept(), None),
        (kept(is_due=True), None),  # asked for again, as it is
        (kept(payload=None), NotCompared.NO_SNAPSHOT),
        (kept("pending", is_due=True), NotCompared.WAITING),
        (kept(is_due=True, is_as_imported=False), NotCompared.WAITING),
        (kept("failed", "invalid_payload"), None),
        (kept("failed", "refused_by_hub"), NotCompared.FAILED_ELSEWHERE),
        (kept("failed", "not_found_in_store"), NotCompared.FAILED_ELSEWHERE),
        (kept("failed", "unexpected_error", detail={"problem": "KeyError at tasks/rules/money.py:7"}), None),
        (
            kept("failed", "unexpected_error", detail={"problem": "KeyError at tasks/work.py:7"}),
            NotCompared.FAILED_ELSEWHERE,
        ),
        (kept(reason="held_back"), None),
        (kept(reason="line_not_matched", is_failing=True), None),
        (kept(reason="refused_by_hub", is_failing=True), NotCompared.FAILED_ELSEWHERE),
        (kept(reason="held_back", detail={"also": [{"reason": "refused_by_hub"}]}), NotCompared.FAILED_ELSEWHERE),
        (kept(reason="not_found_in_store", is_failing=True), NotCompared.FAILED_ELSEWHERE),
        (kept("skipped", "on_hold"), None),
    ],
)
def test_BEY_3_what_no_rule_made_so_is_left_out_and_counted(known: Any, why: NotCompared | None) -> None:
    assert why_left_out(known) == why


@pytest.mark.parametrize("is_in_hub", [True, False])
@pytest.mark.parametrize(
    ("fulfillments", "sent", "asks"),
    [
        pytest.param((), 1, True, id="pieces that no fulfilment tells of"),
        pytest.param((StoreFulfillment("77", SHIPPED, (("1", D(1)),)),), 1, False, id="told of"),
        pytest.param((StoreFulfillment("77", SHIPPED, (("1", D(1)),)),), 2, True, id="one of two"),
        pytest.param((), 0, False, id="nothing sent"),
    ],
)
def test_BEY_3_what_a_snapshot_does_not_tell_of_what_was_sent_is_asked_of_the_shop(
    fulfillments: tuple[StoreFulfillment, ...], sent: int, asks: bool, is_in_hub: bool
) -> None:
    now = order(chairs(2, delivered_quantity=D(sent)), status="awaiting_shipment", fulfillments=fulfillments)
    known = kept() if is_in_hub else kept("skipped", "on_hold")

    assert asks_the_shop(replayed(now, at=FLAGGED, kept=known)) is asks
    # Only where the status says how far an order is does a look need it.
    assert not asks_the_shop(replayed(now, kept=known))


def test_BEY_3_one_of_the_settings_that_may_have_held_is_enough_to_ask_the_shop() -> None:
    now = order(chairs(2, delivered_quantity=D(1)), status="awaiting_shipment")
    held = [HeldSettings(at, makers.account()) for at in (FOLLOWING, FLAGGED)]

    assert asks_the_shop(replayed(now, at=FLAGGED, settings=held))
    assert not asks_the_shop(replayed(now, at=FLAGGED, settings=held[:1]))


def test_BEY_3_an_order_that_is_not_in_the_hub_and_would_not_come_asks_nothing_of_the_shop() -> None:
    sent = order(chairs(2, delivered_quantity=D(1)), status="shipped")

    assert asks_the_shop(replayed(sent, at=FLAGGED))
    assert not asks_the_shop(replayed(sent, at=FLAGGED, kept=kept("skipped", "status_not_imported")))
