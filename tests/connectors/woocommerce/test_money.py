"""What WooCommerce is asked for so that an order's money comes out right: decimals, the shop's own, named payments."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, Response, request

from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, ShopSettings, WooCommerceShop, run_woocommerce
from sandbox.server import serve
from sandbox.woocommerce.model import TaxRate
from schemas.hub import DraftOrder
from schemas.orders import Snapshot
from schemas.woocommerce.platform import PLATFORM
from tests import makers, recorded
from tests.connectors.store_contract import snapshots_of
from tests.connectors.woocommerce.shop import connect
from tests.makers import money
from tests.rules.building import draft

MOMS = TaxRate(1, "DK", "", Decimal(25), "Moms")
VAT = TaxRate(1, "DE", "", Decimal(19), "MwSt")
Shop = RunningSandbox[WooCommerceShop]


@pytest.fixture
def settings() -> ShopSettings:
    return ShopSettings(currency="DKK", decimals=0, country="DK", tax_rates=(MOMS,))


@pytest.fixture
def sandbox(settings: ShopSettings) -> Iterator[Shop]:
    with run_woocommerce(WooCommerceShop(settings)) as sandbox:
        yield sandbox


def place(sandbox: Shop, *prices: str, country: str = "DK", **changes: Any) -> str:
    """An order of a product at each price, with tax where the shop's prices include it."""
    lines = []
    for price in prices:
        sku = f"AT-{price}"
        if not sandbox.shop.catalogue.by_sku(sku):
            sandbox.shop.add_product({"name": sku, "sku": sku, "regular_price": price})
        lines.append({"sku": sku, "quantity": 1})
    address = {"billing": {"country": country}, "shipping": {"country": country}}
    return str(sandbox.shop.place_order({"status": "processing", "line_items": lines, **address, **changes}).id)


def mapped(store: WooCommerce, payload: str | None) -> DraftOrder:
    order = store.read(payload or "")
    return draft(order, at=makers.store(PLATFORM), account=makers.account(base_currency=order.currency))


def listed(store: WooCommerce) -> list[Snapshot]:
    return snapshots_of(store.changed_orders(None))


# -- decimals ----------------------------------------------------------------------------------------------------


def test_MAP_5_a_shop_without_decimals_is_asked_once_how_many_it_has(sandbox: Shop) -> None:
    for _ in range(5):
        place(sandbox, "99", "149", shipping_lines=[{"method_id": "flat_rate", "total": "31"}])
    store = connect(sandbox.url, sandbox.credentials)

    found = listed(store)

    for one in found:
        made = mapped(store, one.payload)
        assert [row.tax_rate for row in made.rows] == [25, 25, 25]
        assert (made.total_with_tax, made.store_total_with_tax, made.total_mismatch) == (287, 287, False)
    assert len(found) == 5
    assert sum(count for route, count in sandbox.shop.calls.items() if "settings" in route) == 1


def test_MAP_5_one_order_is_as_right_as_in_a_list(sandbox: Shop) -> None:
    order = place(sandbox, "99", "149")
    store = connect(sandbox.url, sandbox.credentials)

    (found,), alone = listed(store), store.snapshot(order)

    assert (alone.payload, alone.digest) == (found.payload, found.digest)
    assert mapped(store, alone.payload).total_with_tax == 248


def test_MAP_8_a_refund_in_a_shop_without_decimals_leaves_no_mismatch(sandbox: Shop) -> None:
    order = place(sandbox, "99", "149")
    line = sandbox.shop.order(int(order)).lines[0]
    sandbox.shop.refund_order(int(order), {"pieces": {line.id: 1}})
    store = connect(sandbox.url, sandbox.credentials)

    made = mapped(store, store.snapshot(order).payload)

    assert [(row.tax_rate, row.total + row.tax) for row in made.rows] == [(25, 149)]
    assert not made.total_mismatch


def test_MAP_5_a_key_that_may_not_see_settings_reads_the_unit_off_the_order() -> None:
    order = recorded.woocommerce("01_incl_tax_plain") | {"currency": "DKK", "total": "248.000000", "total_tax": "50"}
    lines = order["line_items"][:2]
    for line, net, tax in zip(lines, ("79.200000", "119.200000"), ("20.000000", "30.000000"), strict=True):
        line |= {"subtotal": net, "total": net, "subtotal_tax": tax, "total_tax": tax}
    order |= {"line_items": lines, "shipping_lines": [], "tax_lines": [order["tax_lines"][0] | {"rate_percent": 25}]}
    with shop_of(order, settings=403) as server:
        store = connect(server.url)

        (found,) = listed(store)

    made = mapped(store, found.payload)
    assert ([row.tax_rate for row in made.rows], made.total_mismatch) == ([25, 25], False)


class TestRoundingAtTheSubtotal:
    """Prices with tax, rounded in the order's total alone."""

    @pytest.fixture
    def settings(self) -> ShopSettings:
        return ShopSettings(round_at_subtotal=True, tax_rates=(VAT,))

    def test_MAP_6_the_order_is_what_the_buyer_paid_to_the_cent(self, sandbox: Shop) -> None:
        for euros in range(1, 40):
            shipping = [{"method_id": "flat_rate", "total": f"{euros}.13"}]
            prices = [f"{euros}.{cents:02}" for cents in (1, 37, 49, 95)]
            place(sandbox, *prices, country="DE", shipping_lines=shipping)
        store = connect(sandbox.url, sandbox.credentials)

        for one in listed(store):
            made, order = mapped(store, one.payload), sandbox.shop.order(int(one.external_id))
            assert made.total_with_tax == made.store_total_with_tax == order.totals.total
            assert made.total == made.store_total
            assert {row.tax_rate for row in made.rows} == {19}
            assert not made.total_mismatch


def test_MAP_6_the_shop_is_asked_for_all_the_decimals_that_it_keeps() -> None:
    asked: list[str | None] = []
    order = recorded.woocommerce("01_incl_tax_plain")
    with shop_of(order | {"refunds": [{"id": 1, "total": "-1.00"}]}, asked=asked) as server:
        store = connect(server.url)
        listed(store)
        store.snapshot(str(order["id"]))

    assert set(asked) == {"6"}
    assert len(asked) > 2


# -- payments ----------------------------------------------------------------------------------------------------

SECRET = {"id": 1, "key": "_card_token", "value": "tok_1"}
CARD = {"id": 2, "key": "_ywgc_applied_gift_cards_totals", "value": "50"}


def test_MAP_11_an_order_that_is_less_than_what_is_on_it_is_asked_for_its_payments() -> None:
    """Meta data is not asked for otherwise, and only what names a payment is kept."""
    order = recorded.woocommerce("01_incl_tax_plain") | {"total": "124.81", "meta_data": [SECRET, CARD]}
    with shop_of(order) as server:
        store = connect(server.url)
        (found,) = listed(store)
        alone = store.snapshot(found.external_id)

    made = mapped(store, alone.payload)
    assert found.payload is None
    assert (made.store_total_with_tax, made.total_mismatch) == (money("174.81"), False)
    assert "tok_1" not in (alone.payload or "")


def test_MAP_6_a_difference_that_no_payment_explains_stays_a_mismatch() -> None:
    order = recorded.woocommerce("01_incl_tax_plain") | {"total": "124.81", "meta_data": [SECRET]}
    with shop_of(order) as server:
        store = connect(server.url)

        made = mapped(store, store.snapshot(str(order["id"])).payload)

    assert made.total_mismatch


def shop_of(order: dict[str, Any], *, settings: int = 200, asked: list[str | None] | None = None) -> Any:
    """A shop with one order, which gives the fields that it is asked for."""
    app = Flask(__name__)

    def shown() -> dict[str, Any]:
        if asked is not None and "dates_are_gmt" in request.args:
            asked.append(request.args.get("dp"))
        fields = request.args["_fields"].split(",")
        return {name: order[name] for name in fields if name in order}

    @app.get("/wp-json/wc/v3/orders")
    def orders() -> Response:
        return _json([shown()])

    @app.get("/wp-json/wc/v3/orders/<number>")
    def one(number: str) -> Response:
        if asked is not None:
            asked.append(request.args.get("dp"))
        return _json(shown())

    @app.get("/wp-json/wc/v3/orders/<number>/refunds")
    def refunds(number: str) -> Response:
        if asked is not None:
            asked.append(request.args.get("dp"))
        return _json([])

    @app.get("/wp-json/wc/v3/settings/general/<name>")
    def setting(name: str) -> Response:
        return Response(json.dumps({"code": "woocommerce_rest_cannot_view"}), settings, mimetype="application/json")

    return serve(app)


def _json(value: Any) -> Response:
    return Response(json.dumps(value, default=str), mimetype="application/json")
