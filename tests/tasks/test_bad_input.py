"""What bad input gets on every platform (SPEC chapter 11): nothing lost, nothing half-applied, others go on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from sandbox import open_sandbox
from sandbox.faults import Said
from schemas.reasons import describe
from tasks.held import Process
from tasks.orders.preview import preview_orders
from tests.connectors.store_contract_case import following
from tests.tasks.bad_input import MISSING, PLATFORMS, Bench, Changes, Verbatim, open_bench, retry
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import all_orders, do, journal_of, order_of, store_of


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform."""
    return str(request.param)


@pytest.fixture
def bench(held: Process, platform: str) -> Iterator[Bench]:
    """A shop of the platform, connected as `acme`."""
    with open_sandbox(platform, orders=0) as shop:
        yield open_bench(held, shop, platform, name="acme")


# -- one order -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong, as each platform would say it, and what comes of it: a state, and a reason if there is one.

    Without changes there is no such case on a platform.
    """

    state: str
    reason: str | None
    woocommerce: Changes
    bigcommerce: Changes
    shopify: Changes

    def on(self, platform: str) -> Changes:
        """What is changed in a platform's JSON."""
        found: Changes = getattr(self, platform)
        return found


_NO_CASE: Final[Changes] = {}  # BigCommerce's lines are not in the order itself, WooCommerce gives no exchange rate


def failed(woocommerce: Changes, bigcommerce: Changes, shopify: Changes) -> Bad:
    """The payload breaks the schema."""
    return Bad("failed", "invalid_payload", woocommerce, bigcommerce, shopify)


def imported(woocommerce: Changes, bigcommerce: Changes, shopify: Changes) -> Bad:
    """Odd, and nothing is wrong with it."""
    return Bad("imported", None, woocommerce, bigcommerce, shopify)


def unknown(woocommerce: Changes, bigcommerce: Changes, shopify: Changes) -> Bad:
    """A status that nobody knows."""
    return Bad("skipped", "unknown_status", woocommerce, bigcommerce, shopify)


_PRICE: Final = "lineItems.0.originalUnitPriceSet.presentmentMoney.amount"
_TOTAL: Final = "currentTotalPriceSet.presentmentMoney.amount"
_HALF: Final = "Ber\ud83dlin"
_LARGE: Final = 2**63 + 1

BAD: Final[dict[str, Bad]] = {
    "text for a quantity": failed(
        {"line_items.0.quantity": "many"}, {"products.0.quantity": "many"}, {"lineItems.0.quantity": "many"}
    ),
    "text for money": failed({"total": "a lot"}, {"total_inc_tax": "a lot"}, {_TOTAL: "a lot"}),
    "a list for money": failed({"total": [1]}, {"total_inc_tax": [1]}, {_TOTAL: [1]}),
    "true for money": failed({"total": True}, {"total_inc_tax": True}, {_TOTAL: True}),
    "a negative quantity": failed(
        {"line_items.0.quantity": -1}, {"products.0.quantity": -1}, {"lineItems.0.currentQuantity": -1}
    ),
    "an unknown currency": failed(
        {"currency": "EURO"},
        {"default_currency_code": "EURO"},
        {
            "presentmentCurrencyCode": "EURO",
            "currencyCode": "EURO",
            "totalPriceSet.presentmentMoney.currencyCode": "EURO",
            "totalPriceSet.shopMoney.currencyCode": "EURO",
        },
    ),
    "no currency": failed(
        {"currency": MISSING},
        {"default_currency_code": None, "currency_code": None},
        {"presentmentCurrencyCode": None},
    ),
    "a line without id": failed({"line_items.0.id": MISSING}, {"products.0.id": MISSING}, {"lineItems.0.id": None}),
    "an id that is a path": failed(
        {"line_items.0.id": "../1"}, {"products.0.id": "../1"}, {"lineItems.0.id": "gid://shopify/LineItem/../1"}
    ),
    "a total of 1e400": failed(
        {"total": Verbatim("1e400")}, {"total_inc_tax": Verbatim("1e400")}, {_TOTAL: Verbatim("1e400")}
    ),
    "a total beyond all exponents": failed(
        {"total": Verbatim("1e99999999999999999999")},
        {"total_inc_tax": Verbatim("1e99999999999999999999")},
        {_TOTAL: Verbatim("1e99999999999999999999")},
    ),
    "a total of 40 digits": failed({"total": "9" * 40}, {"total_inc_tax": "9" * 40}, {_TOTAL: "9" * 40}),
    "a quantity of 5000 digits": failed(
        {"line_items.0.quantity": Verbatim("9" * 5000)},
        {"products.0.quantity": Verbatim("9" * 5000)},
        {"lineItems.0.quantity": Verbatim("9" * 5000)},
    ),
    "no number": failed({"total": "NaN"}, {"total_inc_tax": "NaN"}, {_TOTAL: "NaN"}),
    "infinity": failed({"total": "-Infinity"}, {"total_inc_tax": "-Infinity"}, {_TOTAL: "-Infinity"}),
    "an exchange rate of next to nothing": failed(
        _NO_CASE,
        {"store_default_currency_code": "XPF", "store_default_to_transactional_exchange_rate": "1e-20"},
        {
            "currencyCode": "XPF",
            "totalPriceSet.shopMoney": {"amount": "100000000000000", "currencyCode": "XPF"},
            "totalPriceSet.presentmentMoney.amount": "0.00001",
        },
    ),
    "a date that never was": failed(
        {"date_created_gmt": "2026-02-30T00:00:00"},
        {"date_created": "Mon, 30 Feb 2026 10:00:00 +0000"},
        {"createdAt": "2026-02-30T00:00:00Z"},
    ),
    "no date": failed({"date_created_gmt": None, "date_modified_gmt": None}, {"date_created": ""}, {"createdAt": None}),
    "text for an address": failed({"billing": "Berlin"}, {"billing_address": "Berlin"}, {"billingAddress": "Berlin"}),
    "no list of lines": failed({"line_items": None}, _NO_CASE, {"lineItems": None}),
    "a line that is text": failed({"line_items.0": "chair"}, _NO_CASE, {"lineItems.0": "chair"}),
    "an unknown status": unknown({"status": "teleported"}, {"status_id": 99}, {"displayFinancialStatus": "BARTERED"}),
    "an odd status": unknown({"status": "wc-sent"}, {"status_id": 4096}, {"displayFulfillmentStatus": "TELEPORTED"}),
    "no pieces": Bad(
        "skipped",
        "no_items",
        {"line_items": []},
        {"products": []},
        {"lineItems": []},
    ),
    "unknown extra fields": imported(
        {"surprise": {"deep": [1] * 1000}, "line_items.0.extra": None},
        {"surprise": {"deep": [1] * 1000}, "products.0.extra": None},
        {"surprise": {"deep": [1] * 1000}},
    ),
    "an unknown word that is not needed": imported(
        {"payment_method": "barter", "line_items.0.tax_class": "moon"},
        {"order_source": "moon", "products.0.fulfillment_source": "moon"},
        {"fulfillmentOrders.0.status": "LIMBO"},
    ),
    "half a character": imported(
        {"billing.city": _HALF, "line_items.0.name": _HALF},
        {"billing_address.city": _HALF, "products.0.name": _HALF},
        {"billingAddress.city": _HALF, "lineItems.0.name": _HALF},
    ),
    "a NUL": imported(
        {"billing.first_name": "A\x00da", "customer_note": "\x00"},
        {"billing_address.first_name": "A\x00da", "staff_notes": "\x00"},
        {"billingAddress.firstName": "A\x00da", "note": "\x00"},
    ),
    "a very long text": imported(
        {"customer_note": "x" * 20_000, "line_items.0.name": "y" * 20_000},
        {"staff_notes": "x" * 20_000, "products.0.name": "y" * 20_000},
        {"note": "x" * 20_000, "lineItems.0.name": "y" * 20_000},
    ),
    "numbers for text": imported(
        {"number": 7, "billing.zip": 10115, "line_items.0.sku": 4711},
        {"billing_address.zip": 10115, "products.0.sku": 4711},
        {"billingAddress.zip": 10115, "lineItems.0.sku": 4711},
    ),
    "text for numbers": imported(
        {"line_items.0.quantity": "1", "customer_id": "12"},
        {"products.0.quantity": "1", "status_id": "11", "customer_id": "12"},
        {"lineItems.0.quantity": "1", "lineItems.0.currentQuantity": "1", "lineItems.0.unfulfilledQuantity": "1"},
    ),
    "an id beyond 2^53": imported(
        {"line_items.0.id": _LARGE, "line_items.0.product_id": _LARGE},
        {"products.0.id": _LARGE, "products.0.product_id": _LARGE},
        {"lineItems.0.id": f"gid://shopify/LineItem/{_LARGE}"},
    ),
}


@dataclass(slots=True)
class Placed:
    """Every bad order of the table in one shop, and good ones between them: their ids by what is wrong."""

    bad: dict[str, str] = field(default_factory=dict)
    good: list[str] = field(default_factory=list)


def place_all(bench: Bench, platform: str) -> Placed:
    """Spoil orders of the usual kind."""
    placed = Placed()
    for name, bad in BAD.items():
        if not bad.on(platform):
            continue
        placed.good.append(bench.place())
        placed.bad[name] = bench.place()
        bench.spoil(placed.bad[name], bad.on(platform))
    return placed


@pytest.mark.long
def test_ch_11_what_is_bad_is_set_aside_with_its_path_and_the_others_go_on(
    held: Process, bench: Bench, platform: str
) -> None:
    placed = place_all(bench, platform)

    import_all(held, bench.store_id)

    states = all_orders(held, bench.store_id)
    assert {states[key] for key in placed.good} == {"imported"}
    rows = {name: order_of(held, bench.store_id, key) for name, key in placed.bad.items()}
    assert {name: (row.state, row.reason) for name, row in rows.items()} == {
        name: (BAD[name].state, BAD[name].reason) for name in placed.bad
    }
    wrong = {name: row.detail for name, row in rows.items() if row.state == "failed"}
    assert {name: detail for name, detail in wrong.items() if not _names(detail["path"], BAD[name].on(platform))} == {}


def _names(path: str, changes: Changes) -> bool:
    """Whether a path leads to what was changed; BigCommerce's lines are in its consignments, or beside the order."""
    inside = path.replace("consignments.shipping.0.line_items", "products")
    return bool(path) and any(changed == inside or changed.startswith(f"{inside}.") for changed in changes)


@pytest.mark.long
def test_ch_11_what_was_set_aside_is_journaled_once_and_imports_when_it_is_mended_and_retried(
    held: Process, bench: Bench, platform: str
) -> None:
    placed = place_all(bench, platform)
    import_all(held, bench.store_id)
    import_all(held, bench.store_id)
    spoiled = {name: key for name, key in placed.bad.items() if BAD[name].state == "failed"}
    written = {name: journal_of(held, bench.store_id, key) for name, key in spoiled.items()}

    again = {name: retry(held, bench.store_id, key) for name, key in spoiled.items()}
    for key in spoiled.values():
        bench.mend(key)
    mended = {name: retry(held, bench.store_id, key) for name, key in spoiled.items()}

    assert [[line[1:] for line in lines] for lines in written.values()] == [[("failed", "invalid_payload")]] * len(
        spoiled
    )
    assert all(describe("invalid_payload"))
    assert again == dict.fromkeys(spoiled, "failed")
    assert mended == dict.fromkeys(spoiled, "imported")
    assert [len(journal_of(held, bench.store_id, key)) for key in spoiled.values()] == [2] * len(spoiled)


_FORETOLD: Final = {"create": "imported", "skip": "skipped", "fail": "failed"}


@pytest.mark.long
def test_BEY_1_a_dry_run_foretells_what_becomes_of_every_bad_order_and_writes_nothing(
    held: Process, bench: Bench, platform: str
) -> None:
    placed = place_all(bench, platform)

    foretold = {one.external_id: one for one in preview_orders(held, store_of(held, bench.store_id), None)}
    before = all_orders(held, bench.store_id)
    import_all(held, bench.store_id)

    assert before == {}
    rows = {key: order_of(held, bench.store_id, key) for key in (*placed.good, *placed.bad.values())}
    assert {key: (_FORETOLD[one.outcome], one.reason) for key, one in foretold.items()} == {
        key: (row.state, row.reason) for key, row in rows.items()
    }


# -- orders without an id, and what is no order --------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, "", 0, True, {}, "gid://shopify/Order/0"], ids=repr)
def test_ch_11_an_order_without_a_usable_id_is_set_aside_and_comes_in_by_itself_once_it_has_one(
    held: Process, bench: Bench, given: Any
) -> None:
    order, good = bench.place(), bench.place()
    bench.spoil(order, {"id": given})

    import_all(held, bench.store_id)
    (nameless,) = all_orders(held, bench.store_id).keys() - {good}
    again = retry(held, bench.store_id, nameless)
    bench.mend(order)
    bench.touch(order)

    assert nameless.startswith("unreadable:")
    assert (again, order_of(held, bench.store_id, nameless).detail["path"]) == ("failed", "id")
    assert journal_of(held, bench.store_id, nameless) == [("fetch", "failed", "invalid_payload")]
    assert import_all(held, bench.store_id) == ["imported"]
    assert all_orders(held, bench.store_id)[order] == "imported"


_NO_ORDERS: Final = '7, null, "text", [], {}, {"id": null}, {"id": -5}, {"id": {}}, [[[]]]'
_PAGES: Final = {
    "bigcommerce": f"[{_NO_ORDERS}]",
    "shopify": f'{{"data": {{"orders": {{"nodes": [{_NO_ORDERS}], "pageInfo": {{"hasNextPage": false}}}}}}}}',
    "woocommerce": f"[{_NO_ORDERS}]",
}


def test_ch_11_entries_that_are_no_orders_do_not_hold_up_their_shop(held: Process, bench: Bench, platform: str) -> None:
    good = bench.place()
    do(held, "UPDATE stores SET cursor = %s", following(datetime.now(UTC) - timedelta(days=1)))
    bench.shop.faults.answer_next(1, Said(200, _PAGES[platform]))

    import_all(held, bench.store_id)
    import_all(held, bench.store_id)

    states = all_orders(held, bench.store_id)
    assert states.pop(good) == "imported"
    assert set(states.values()) == {"failed"}
    assert len(states) >= 8
    assert [journal_of(held, bench.store_id, key) for key in states] == [
        [("fetch", "failed", "invalid_payload")]
    ] * len(states)


def test_ch_11_an_imported_order_that_becomes_unreadable_stays_and_follows_again_once_it_is_mended(
    held: Process, bench: Bench, platform: str
) -> None:
    order = bench.place()
    import_all(held, bench.store_id)
    whole = show(held, order)["order"]
    bench.touch(order)
    bench.spoil(order, {**BAD["text for a quantity"].on(platform), **BAD["text for money"].on(platform)})

    import_all(held, bench.store_id)
    spoiled = show(held, order)
    bench.mend(order)
    bench.touch(order)
    import_all(held, bench.store_id)

    assert (spoiled["state"], spoiled["order"]) == ("imported", whole)
    assert journal_of(held, bench.store_id, order) == [
        ("import", "imported", None),
        ("fetch", "failed", "invalid_payload"),
    ]
    mended = show(held, order)
    assert (mended["state"], mended["reason"], mended["order"]) == ("imported", None, whole)
