"""tasks.rules.together: which looks at new orders are carried out as one, so that each ends as alone (SPD-1)."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.actions import Skip
from schemas.hub import Customer, HubMatches
from schemas.orders import Buyer, Kind, StoreOrder
from schemas.reasons import Reason
from tasks.rules.look import Gathered, Look, decide_look
from tasks.rules.together import as_one
from tests.makers import CREATED_AT, account, plain_line, store, store_charge
from tests.rules.changing import imported
from tests.rules.fulfilling import fulfillment
from tests.rules.looking import AT, FLAGGED, order

EVE = Buyer("Eve Doe", "eve@example.test", "7")


def look(given: StoreOrder, matches: HubMatches | None = None, at: Any = AT) -> Look | Skip:
    return decide_look(Gathered(given, at, account(), None, matches=matches or HubMatches()))


def bought(sku: str | None, *, by: Buyer = EVE, name: str = "Oil", **changes: Any) -> StoreOrder:
    """One line, of what the hub does not have."""
    line = plain_line("1", 1, 10, sku=sku, name=name, **changes)
    return replace(order(1), lines=(line,), buyer=by)


def test_SPD_1_orders_of_other_people_and_things_are_carried_out_as_one() -> None:
    looks = [look(bought(f"S-{n}", by=Buyer(f"Buyer {n}", f"{n}@example.test", str(n)))) for n in range(3)]

    assert as_one(looks) == [0, 1, 2]


def test_SPD_1_what_is_the_same_for_both_is_made_once_by_the_hub() -> None:
    assert as_one([look(bought("S-1")), look(bought("S-1")), look(bought(None)), look(bought(None))]) == [0, 1, 2, 3]


def test_SPD_1_what_is_skipped_makes_nothing() -> None:
    assert as_one([Skip(Reason.ON_HOLD), look(bought("S-1")), Skip(Reason.NO_ITEMS)]) == [0, 1, 2]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(Buyer("Eve Doe", "other@example.test", "7"), id="the same customer of the store, another e-mail"),
        pytest.param(Buyer("Eva", "EVE@example.test ", "8"), id="the same e-mail, another name"),
        pytest.param(Buyer("eve  doe", "", None), id="no e-mail, and the name"),
    ],
)
def test_MAP_2_who_would_be_found_by_what_an_earlier_order_makes_waits(later: Buyer) -> None:
    looks = [
        look(bought("S-1")),
        look(bought("S-2", by=later)),
        look(bought("S-3", by=Buyer("Al", "al@example.test", "9"))),
    ]

    assert as_one(looks) == [0, 2]


def test_MAP_2_a_customer_whose_link_an_earlier_order_makes_waits_where_the_hub_has_another() -> None:
    known = HubMatches(email_customer=Customer("5", "Eve", "eve@example.test"))
    other = HubMatches(email_customer=Customer("6", "Eve", "eve2@example.test"))

    assert as_one([look(bought("S-1"), known), look(bought("S-2"), known)]) == [0, 1]
    assert as_one([look(bought("S-1"), known), look(bought("S-2"), other)]) == [0]


def test_MAP_2_guests_without_any_name_are_one() -> None:
    nobody = Buyer("", "", None)

    assert as_one([look(bought("S-1", by=nobody)), look(bought("S-2", by=nobody))]) == [0, 1]


def test_MAP_1_a_new_SKU_that_is_a_product_here_and_a_service_there_waits() -> None:
    first, second = look(bought("S-1")), look(bought("S-1"))
    assert isinstance(second, Look) and second.only_creation is not None
    row = second.only_creation.order.rows[0]
    item = replace(row.item, kind=Kind.SERVICE)  # type: ignore[type-var]
    draft = replace(second.only_creation.order, rows=(replace(row, item=item),))
    creation = replace(second.only_creation, order=draft)
    step = replace(second.steps[0], group=replace(second.steps[0].group, actions=(creation,)))

    assert as_one([first, replace(second, steps=(step,))]) == [0]
    assert as_one([replace(second, steps=(step,)), first]) == [0]


def test_MAP_9_services_of_one_name_are_one() -> None:
    fee = replace(bought("S-1"), charges=(store_charge(kind=Kind.SERVICE, name="Gift wrap"),))

    assert as_one([look(fee), look(replace(fee, charges=(replace(fee.charges[0], name="gift WRAP"),)))]) == [0, 1]


def test_FUL_5_an_order_with_more_than_itself_is_looked_at_alone() -> None:
    sent = replace(bought("S-1"), fulfillments=(fulfillment("77", line_1=1),))

    assert as_one([look(sent), look(bought("S-2"))]) == [1]


def test_STI_1_flags_and_deliveries_are_carried_out_alone_and_orders_without_them_are_not() -> None:
    quiet = replace(bought("S-1"), status="awaiting_fulfillment", created_at=CREATED_AT)
    flagged = replace(quiet, status="awaiting_shipment")

    assert as_one([look(flagged, at=FLAGGED)]) == []
    assert as_one([look(quiet, at=FLAGGED)]) == [0]


def test_SPD_1_an_order_that_stands_in_the_hub_is_changed_alone() -> None:
    known = decide_look(Gathered(order(2), store(), account(), imported(order(2), at=AT), matches=HubMatches()))

    assert as_one([known]) == []
