"""connectors.bigcommerce.connector: catalogues and stock calls that are answered with something else."""

import json
from typing import Any

import pytest
from flask import Flask, Response, request

from connectors.bigcommerce.connector import BigCommerce
from connectors.errors import CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from sandbox import BigCommerceShop, Fault, RunningSandbox
from sandbox.server import RunningServer, serve
from schemas.actions import SendFulfillment, TellStock
from schemas.reasons import Reason

PLACES = {"data": [{"id": 1}], "meta": {}}
NONE: dict[str, Any] = {"data": [], "meta": {}}
TELL = TellStock("A", "variant/77", "", 5)


def product(number: int) -> dict[str, Any]:
    base = {"id": number * 10, "sku": f"S-{number}"}
    return {"id": number, "name": "x", "sku": f"S-{number}", "inventory_tracking": "product", "variants": [base]}


def shop_that_answers(listed: Any, *, told: Any = None, status: int = 200, places: Any = PLACES) -> RunningServer:
    """A shop with these answers to every list, and to every call that changes something."""
    app = Flask(__name__)

    @app.route("/<path:path>", methods=["GET", "PUT", "POST"])
    def anything(path: str) -> Response:
        if request.method != "GET":
            return Response(told if isinstance(told, str) else json.dumps(told), status)
        return Response(json.dumps(places if path.endswith("locations") else listed))

    return serve(app)


def at(server: RunningServer) -> BigCommerce:
    return BigCommerce(server.url, {"access_token": "token"}, allow_insecure=True)


# -- lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [None, [], {}, {"data": None}, {"data": {"id": 1}}, "x"])
def test_a_list_that_is_no_list_is_no_empty_catalogue(listed: Any) -> None:
    with shop_that_answers(listed) as server, pytest.raises(Unavailable, match="no list"):
        list(at(server).catalogue())


def test_a_shop_that_repeats_one_page_is_not_asked_for_ever() -> None:
    page = {"data": [product(1), product(2)], "meta": {"pagination": {"total": 9}}}

    with shop_that_answers(page) as server, pytest.raises(Unavailable, match="repeats"):
        list(at(server).catalogue())


def test_a_shop_that_does_not_count_is_asked_until_nothing_comes() -> None:
    with shop_that_answers({"data": []}) as server:
        store = at(server)
        assert [page.items for page in store.catalogue()] == [()]

    assert store.http.calls == 1


def test_STK_6_what_the_inventory_does_not_say_is_not_known() -> None:
    with shop_that_answers({"data": [product(1)]}) as server:
        store = at(server)
        found = store.find_items(["S-1"]).items

    assert [item.shown for item in found] == [{"": None}]
    assert store.http.calls <= 6  # it repeats itself, and is not asked for ever


def test_STK_6_a_shop_without_a_default_location_is_read_all_the_same() -> None:
    listed = {"data": [product(1)], "meta": {"pagination": {"total": 1}}}

    with shop_that_answers(listed, places={"data": []}) as server:
        (page,) = at(server).catalogue()

    assert [item.shown for item in page.items] == [{"": None}]


def test_a_product_that_cannot_be_read_does_not_hide_the_others() -> None:
    broken = [None, {"id": 2}, product(3) | {"variants": "none"}, product(4)]

    with shop_that_answers({"data": broken, "meta": {"pagination": {"total": 4}}}) as server:
        (page,) = at(server).catalogue()

    assert [item.sku for item in page.items] == ["S-4"]


def test_a_list_that_ignores_the_filter_finds_nothing_else() -> None:
    everything = {"data": [product(1), product(2)], "meta": {"pagination": {"total": 2}}}

    with shop_that_answers(everything) as server:
        found = at(server).find_items(["S-2", "S-2,5", "s-1"]).items

    assert [item.external_id for item in found] == ["product/2"]


# -- telling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told", ["", "<html>", "[]", '{"title":5}', '{"errors":{"a":[{}]}}', '{"title":"variant_id 7"}']
)
def test_STK_8_a_refusal_without_a_name_is_a_rejected_batch(told: str) -> None:
    with shop_that_answers(NONE, told=told, status=422) as server, pytest.raises(Rejected) as caught:
        at(server).tell_stock([TELL])

    assert (caught.value.status, "PUT" in caught.value.request) == (422, True)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Rejected), (403, CredentialsRefused), (404, NotFound), (500, Unavailable)]
)
def test_another_status_is_told_as_what_it_is(status: int, kind: type[Exception]) -> None:
    told = {"title": "variant_id 77", "status": status}
    with shop_that_answers(NONE, told=told, status=status) as server, pytest.raises(kind):
        at(server).tell_stock([TELL])


def test_STK_8_the_vendor_s_own_example_names_the_item() -> None:
    title = "[Item with variant_id 77 is tracked by product, please update stock by product id]"

    with shop_that_answers(NONE, told={"status": 422, "title": title, "errors": {}}, status=422) as server:
        (refused,) = at(server).tell_stock([TELL])

    assert (refused.external_id, refused.reason, refused.words) == ("variant/77", Reason.REFUSED_BY_STORE, title)


def test_long_words_of_a_refusal_are_cut() -> None:
    told = {"title": "variant_id 77 " + "very " * 1000}

    with shop_that_answers(NONE, told=told, status=422) as server:
        (refused,) = at(server).tell_stock([TELL])

    assert len(refused.words) == 200


@pytest.mark.parametrize("told", [{"transaction_id": ""}, {"transaction_id": None}, {"data": {"transaction_id": "1"}}])
def test_STK_5_an_adjustment_without_a_name_was_not_taken(told: Any) -> None:
    with shop_that_answers(NONE, told=told) as server, pytest.raises(Unavailable, match="transaction_id"):
        at(server).tell_stock([TELL])


@pytest.mark.parametrize("places", [{"data": []}, {"data": [None, {"id": "x"}]}, {"data": [{"id": 1}, {"id": 2}]}])
def test_stock_is_not_told_at_a_guessed_location(places: Any) -> None:
    with shop_that_answers(NONE, places=places) as server, pytest.raises(Rejected, match="default locations"):
        at(server).tell_stock([TELL])


# -- shipments and limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["", "[]", "{}", '{"id":0}'])
def test_a_made_shipment_without_an_id_is_looked_at_again(told: str) -> None:
    sending = SendFulfillment("5", (("1", ()),), ())

    with shop_that_answers(NONE, told=told, status=201) as server, pytest.raises(Unavailable):
        at(server).send_fulfillment(sending)


def test_a_429_in_the_middle_of_telling_is_waited_out(sandbox: RunningSandbox[BigCommerceShop]) -> None:
    store = BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)
    sandbox.faults.fail_next(1, Fault.RATE_LIMIT, only="PUT")

    with pytest.raises(RateLimited):
        store.tell_stock([TELL])


def test_an_adjustment_whose_answer_was_lost_may_be_made_again(sandbox: RunningSandbox[BigCommerceShop]) -> None:
    number = sandbox.shop.add_product({"sku": "A", "stock": 1}).id
    store = BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)
    told = [TellStock("A", f"product/{number}", "", 5)]
    store.find_items(["A"])
    sandbox.faults.fail_next(1, Fault.LOST, only="adjustments")

    with pytest.raises(Unavailable):
        store.tell_stock(told)
    assert store.tell_stock(told) == ()

    assert sandbox.shop.stock_of("A") == {f"product/{number}": 5}
