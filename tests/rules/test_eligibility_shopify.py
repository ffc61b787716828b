"""tasks.rules.eligibility where several facts decide: payment, delivery, holds and age (ORD-2, ORD-3)."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.actions import Skip
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.shopify.platform import PLATFORM
from schemas.stores import Remembered, Store
from tasks.rules.eligibility import decide_import, setting_that_lets_in
from tests import makers

ACTIVATED = makers.CREATED_AT - timedelta(days=1)


def order(**changes: Any) -> StoreOrder:
    """Open, paid, unfulfilled, younger than the activation."""
    return makers.store_order(**{"status": "paid", "delivery": "unfulfilled", **changes})


def store(**changes: Any) -> Store:
    return makers.store(PLATFORM, **{"imports_from": ACTIVATED, **changes})


def decide(one: StoreOrder, at: Store | None = None) -> Skip | None:
    return decide_import(one, store=at or store(), account=makers.account(), remembered=Remembered(), rate=None)


def reason(one: StoreOrder, at: Store | None = None) -> Reason | None:
    skip = decide(one, at)
    return skip.reason if skip else None


@pytest.mark.parametrize("delivery", ["unfulfilled", "partially_fulfilled", "in_progress", "scheduled"])
@pytest.mark.parametrize("status", ["paid", "partially_refunded"])
def test_ORD_2_an_open_paid_order_with_something_to_deliver_imports(status: str, delivery: str) -> None:
    assert decide(order(status=status, delivery=delivery)) is None


@pytest.mark.parametrize(("is_on", "expected"), [(True, None), (False, Reason.PAYMENT_PENDING)])
def test_ORD_2_payment_pending_imports_with_its_switch_only(is_on: bool, expected: Reason | None) -> None:
    at = store(settings={"orders.payment_pending": is_on})

    assert reason(order(status="pending"), at) is expected


@pytest.mark.parametrize("status", ["cancelled", "archived"])
def test_ORD_3_cancelled_and_archived_orders_are_not_open(status: str) -> None:
    assert decide(order(status=status)) == Skip(Reason.NOT_OPEN, {"status": status})


@pytest.mark.parametrize("status", ["refunded", "voided", "authorized", "partially_paid", "expired"])
def test_ORD_3_other_payment_states_do_not_import(status: str) -> None:
    assert decide(order(status=status)) == Skip(Reason.STATUS_NOT_IMPORTED, {"status": status})


@pytest.mark.parametrize("delivery", ["fulfilled", "restocked"])
def test_ORD_3_fulfilled_orders_do_not_import(delivery: str) -> None:
    assert decide(order(delivery=delivery)) == Skip(Reason.ALREADY_FULFILLED, {"status": delivery})


def test_ORD_3_an_order_that_needs_no_delivery_has_nothing_to_deliver() -> None:
    decided = decide(order(delivery="fulfillment_not_required"))

    assert decided == Skip(Reason.NOTHING_TO_DELIVER, {"status": "fulfillment_not_required"})


def test_ORD_3_an_order_with_a_hold_waits_until_it_is_released() -> None:
    held = order(is_on_hold=True, delivery="partially_fulfilled")

    assert decide(held) == Skip(Reason.ON_HOLD)


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"status": "bartered"}, "bartered"), ({"status": ""}, ""), ({"delivery": "beamed"}, "beamed")],
)
def test_an_unknown_word_is_skipped_with_it(changes: dict[str, str], word: str) -> None:
    """SPEC chapter 11."""
    assert decide(order(**changes)) == Skip(Reason.UNKNOWN_STATUS, {"status": word})


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, None), (1, None), (-1, Reason.CREATED_BEFORE_ACTIVATION)],
    ids=["on", "after", "before"],
)
def test_ORD_2_only_orders_created_on_or_after_the_activation_import(seconds: int, expected: Reason | None) -> None:
    assert reason(order(created_at=ACTIVATED + timedelta(seconds=seconds))) is expected


def test_ORD_2_an_order_from_before_says_since_when_orders_import() -> None:
    old = order(created_at=ACTIVATED - timedelta(seconds=1))

    skip = decide(old)

    assert skip is not None
    assert skip.detail == {"created_at": old.created_at.isoformat(), "from": ACTIVATED.isoformat()}


def test_BEY_6_CHG_5_an_order_that_was_in_the_hub_comes_back_at_any_age() -> None:
    old = order(created_at=ACTIVATED - timedelta(days=1))
    remembered = Remembered(was_imported=True)

    assert decide_import(old, store=store(), account=makers.account(), remembered=remembered, rate=None) is None


def test_a_platform_without_a_window_imports_orders_of_any_age() -> None:
    """ORD_4: whatever its age."""
    old = makers.store_order(created_at=makers.CREATED_AT - timedelta(days=4000))

    assert decide(old, makers.store()) is None


def test_age_is_told_before_what_may_still_change() -> None:
    assert reason(order(status="pending", created_at=ACTIVATED - timedelta(1))) is Reason.CREATED_BEFORE_ACTIVATION


@pytest.mark.parametrize(
    ("reason", "status", "setting"),
    [
        (Reason.PAYMENT_PENDING, "pending", "orders.payment_pending"),
        (Reason.FOREIGN_CURRENCY, None, "multi_currency"),
        (Reason.NOT_OPEN, "cancelled", None),
        (Reason.ON_HOLD, None, None),
        (None, None, None),
    ],
)
def test_ORD_2_the_setting_that_would_let_an_order_in_is_known(
    reason: Reason | None, status: str | None, setting: str | None
) -> None:
    assert setting_that_lets_in(reason, {"status": status}, PLATFORM) == setting
