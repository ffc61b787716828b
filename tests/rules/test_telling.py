"""The front door: whether a store is told anything, and by which rules (FUL-10…15, STI-1)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from schemas.actions import Note
from schemas.bigcommerce.platform import STITCH
from schemas.hub import HubOrder, Sending
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules.fulfillment_out import Sendings, decide_fulfillment
from tasks.rules.telling import Wait, decide_sending, decide_telling, said_unasked, shows_all, tells
from tests.makers import CREATED_AT, store
from tests.rules.fulfilling import PARTS, WHOLE, D, fulfillment, hub_order, row, shop_order


def at(**settings: Any) -> Store:
    return store(STITCH, {"stitch.push_order_info": False, **settings})


@pytest.mark.parametrize("is_on", [True, False])
def test_FUL_10_a_store_is_told_by_its_switch(is_on: bool) -> None:
    assert tells(replace(PARTS, settings={**PARTS.settings, "fulfillment.sync": is_on})) is is_on


@pytest.mark.parametrize("is_on", [True, False])
def test_STI_1_a_store_with_flags_is_told_by_the_switch_of_its_profile(is_on: bool) -> None:
    assert tells(at(**{"fulfillment.sync": not is_on, "stitch.push_order_info": is_on})) is is_on


@pytest.mark.parametrize("there", [PARTS, WHOLE], ids=["parts", "whole"])
def test_FUL_10_a_store_without_flags_is_told_by_the_rules_of_fulfilments(there: Store) -> None:
    delivered = hub_order(row("1", 2, delivered_quantity=D(2)))

    found = decide_telling(shop_order(2), delivered, store=there)

    assert found.actions
    assert found == decide_fulfillment(shop_order(2), delivered, store=there)


@pytest.mark.parametrize(
    ("order", "expected"),
    [(shop_order(2), False), (shop_order(2, fulfillments=(fulfillment("77", line_1=2),)), True)],
    ids=["sent nothing", "sent all of it"],
)
def test_FUL_13_nothing_is_to_tell_once_the_store_shows_it(order: StoreOrder, expected: bool) -> None:
    delivered = hub_order(row("1", 2, delivered_quantity=D(2)))

    assert shows_all(order, delivered, store=PARTS) is expected
    assert (decide_telling(order, delivered, store=PARTS) == Sendings()) is expected


@pytest.mark.parametrize(("delivered", "expected"), [(0, True), (2, False)])
def test_STI_1_of_a_store_with_flags_nothing_is_to_tell_once_there_is_nothing(delivered: int, expected: bool) -> None:
    telling = at(**{"stitch.push_order_info": True})
    order = shop_order(2, status="awaiting_fulfillment")

    assert shows_all(order, hub_order(row("1", 2, delivered_quantity=D(delivered))), store=telling) is expected


def test_FUL_14_what_a_store_without_flags_was_being_told_is_looked_for() -> None:
    delivered = hub_order(row("1", 2, delivered_quantity=D(2)))
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),))

    found = decide_telling(order, delivered, store=PARTS, sending=Sending((("1", D(2)),), CREATED_AT))

    assert found.heard == "77"


# -- before the store is asked ---------------------------------------------------------------------------------------

DELIVERED: Final = hub_order(row("1", 2, delivered_quantity=D(2)))
UNSENT: Final = shop_order(2)
SHOWN: Final = shop_order(2, fulfillments=(fulfillment("77", line_1=2),))
TOLD: Final = Sending((("1", D(2)),), CREATED_AT)
OFF: Final = replace(PARTS, settings={**PARTS.settings, "fulfillment.sync": False})


@pytest.mark.parametrize(
    ("known", "hub", "there", "sending", "expected"),
    [
        pytest.param(SHOWN, None, PARTS, None, (), id="not in the hub"),
        pytest.param(SHOWN, DELIVERED, PARTS, None, (), id="the store shows it"),
        pytest.param(SHOWN, DELIVERED, PARTS, TOLD, None, id="it was being told: who knows"),
        pytest.param(UNSENT, DELIVERED, PARTS, None, None, id="the store does not show it"),
        pytest.param(None, DELIVERED, PARTS, None, None, id="nobody knows what it shows"),
        pytest.param(UNSENT, DELIVERED, OFF, None, (Note(Reason.FULFILLMENT_SYNC_OFF),), id="it is told nothing"),
        pytest.param(None, DELIVERED, OFF, None, (), id="it is told nothing, and nobody knows what it shows"),
    ],
)
def test_FUL_13_a_store_is_asked_only_where_there_is_something_to_tell(
    known: StoreOrder | None, hub: HubOrder | None, there: Store, sending: Sending | None, expected: Any
) -> None:
    assert said_unasked(known, hub, store=there, sending=sending) == expected


@pytest.mark.parametrize(
    ("order", "sending", "seconds", "is_waiting"),
    [
        pytest.param(UNSENT, TOLD, 59, True, id="it may still arrive"),
        pytest.param(UNSENT, TOLD, 60, False, id="it never arrived"),
        pytest.param(UNSENT, None, 0, False, id="nothing is on its way"),
        pytest.param(UNSENT, replace(TOLD, asked_at=None), 0, False, id="the store said no"),
        pytest.param(SHOWN, TOLD, 0, False, id="it is there"),
    ],
)
def test_FUL_14_nothing_is_sent_while_an_earlier_call_may_still_arrive(
    order: StoreOrder, sending: Sending | None, seconds: int, is_waiting: bool
) -> None:
    now = CREATED_AT + timedelta(seconds=seconds)

    found = decide_sending(order, DELIVERED, store=PARTS, sending=sending, now=now)

    decided = decide_telling(order, DELIVERED, store=PARTS, sending=sending)
    assert found == (Wait(CREATED_AT + timedelta(minutes=1)) if is_waiting else decided)
