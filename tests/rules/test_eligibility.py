"""Which orders import, why others do not, and which reasons are news."""

from decimal import Decimal

import pytest

from schemas.account import Account
from schemas.actions import Skip
from schemas.hub import ExchangeRate
from schemas.orders import StoreOrder
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.stores import Remembered, Store
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE
from tasks.rules.eligibility import MONEY_SKIPS, decide_import
from tests import makers

RATE = ExchangeRate(Decimal("0.9"), makers.CREATED_AT.date())


def decide(
    order: StoreOrder,
    *,
    store: Store | None = None,
    account: Account | None = None,
    remembered: Remembered | None = None,
    rate: ExchangeRate | None = None,
) -> Skip | None:
    return decide_import(
        order,
        store=store or makers.store(),
        account=account or makers.account(),
        remembered=remembered or Remembered(),
        rate=rate,
    )


def test_ORD_4_woocommerce_imports_processing_whatever_its_age() -> None:
    old = makers.store_order(status="processing", created_at=makers.CREATED_AT.replace(year=2019))

    assert decide(old, store=makers.store(WOOCOMMERCE)) is None


@pytest.mark.parametrize("status", sorted(WOOCOMMERCE.statuses - {"processing"}))
def test_ORD_4_woocommerce_imports_no_other_status(status: str) -> None:
    skip = decide(makers.store_order(status=status), store=makers.store(WOOCOMMERCE))

    assert skip == Skip(Reason.STATUS_NOT_IMPORTED, {"status": status})


@pytest.mark.parametrize("status", ["wc-awaiting-pickup", "", "Processing"])
def test_an_unknown_status_is_skipped_with_its_word(status: str) -> None:
    skip = decide(makers.store_order(status=status))

    assert skip == Skip(Reason.UNKNOWN_STATUS, {"status": status})


@pytest.mark.parametrize(("is_on", "reason"), [(True, None), (False, Reason.STATUS_NOT_IMPORTED)])
def test_ORD_1_a_status_with_a_switch_imports_while_it_is_on(is_on: bool, reason: Reason | None) -> None:
    store = makers.store(settings={"orders.awaiting_payment": is_on})

    skip = decide(makers.store_order(status="unpaid"), store=store)

    assert (skip and skip.reason) == reason


def test_ORD_1_a_switch_that_the_platform_does_not_have_is_off() -> None:
    store = makers.store()
    del store.settings["orders.awaiting_payment"]

    skip = decide(makers.store_order(status="unpaid"), store=store)

    assert skip == Skip(Reason.STATUS_NOT_IMPORTED, {"status": "unpaid"})


@pytest.mark.parametrize("status", ["processing", "completed", "never heard of"])
def test_ORD_7_a_deleted_order_stays_away_whatever_happens_in_the_store(status: str) -> None:
    skip = decide(makers.store_order(status=status), remembered=Remembered(is_tombstoned=True, state="deleted"))

    assert skip == Skip(Reason.DELETED_IN_HUB)


def test_ORD_8_a_foreign_currency_is_skipped_with_multi_currency_off() -> None:
    order = makers.store_order(currency="USD")

    skip = decide(order, account=makers.account(multi_currency=False), rate=RATE)

    assert skip == Skip(Reason.FOREIGN_CURRENCY, {"currency": "USD", "base": "EUR"})


def test_ORD_8_a_foreign_currency_without_any_rate_is_skipped() -> None:
    skip = decide(makers.store_order(currency="USD"))

    assert skip == Skip(Reason.NO_EXCHANGE_RATE, {"currency": "USD", "base": "EUR"})


@pytest.mark.parametrize(
    ("order", "rate"),
    [
        pytest.param(makers.store_order(currency="USD"), RATE, id="a rate in the table"),
        pytest.param(
            makers.store_order(currency="USD", exchange_rate=Decimal("0.9"), exchange_base="EUR"),
            None,
            id="the store's",
        ),
        pytest.param(makers.store_order(currency="EUR"), None, id="at home"),
    ],
)
def test_ORD_8_a_currency_with_a_rate_imports(order: StoreOrder, rate: ExchangeRate | None) -> None:
    assert decide(order, rate=rate) is None


def test_ORD_8_the_base_currency_imports_with_multi_currency_off() -> None:
    assert decide(makers.store_order(currency="EUR"), account=makers.account(multi_currency=False)) is None


def test_ORD_8_a_rate_to_another_currency_is_no_rate() -> None:
    order = makers.store_order(currency="USD", exchange_rate=Decimal("150"), exchange_base="JPY")

    skip = decide(order)

    assert skip and skip.reason is Reason.NO_EXCHANGE_RATE


@pytest.mark.parametrize("lines", [(), (makers.plain_line("1", 0, 0),)], ids=["no line", "only refunded pieces"])
def test_MAP_8_an_order_with_nothing_left_is_skipped(lines: tuple[object, ...]) -> None:
    assert decide(makers.store_order(lines=lines)) == Skip(Reason.NOTHING_TO_DELIVER)


def test_MAP_8_an_order_of_fees_alone_says_so_and_not_that_it_was_refunded() -> None:
    assert decide(makers.store_order(lines=(), has_items=False)) == Skip(Reason.NO_ITEMS)


WRONG = makers.store_order(status="cancelled", currency="USD", lines=())


@pytest.mark.parametrize(
    ("order", "is_tombstoned", "reason"),
    [
        (WRONG, True, Reason.DELETED_IN_HUB),
        (WRONG, False, Reason.STATUS_NOT_IMPORTED),
        (makers.store_order(currency="USD", lines=()), False, Reason.NOTHING_TO_DELIVER),
        (makers.store_order(currency="USD"), False, Reason.FOREIGN_CURRENCY),
    ],
)
def test_of_several_reasons_the_most_lasting_is_told(order: StoreOrder, is_tombstoned: bool, reason: Reason) -> None:
    skip = decide(
        order, account=makers.account(multi_currency=False), remembered=Remembered(is_tombstoned=is_tombstoned)
    )

    assert skip and skip.reason is reason


def test_ORD_8_what_the_account_s_currencies_kept_out_is_named_for_when_they_change() -> None:
    assert set(MONEY_SKIPS.reasons) == {Reason.FOREIGN_CURRENCY, Reason.NO_EXCHANGE_RATE}


@pytest.mark.parametrize("platform", [makers.INSIDE, makers.PERCENT, WOOCOMMERCE], ids=lambda p: p.name)
def test_every_status_that_may_import_is_a_known_one(platform: Platform) -> None:
    assert set(platform.imports) <= platform.statuses
