"""schemas.bigcommerce.order and bigcommerce_shipment: what went out, is left to send, and is to be told."""

from decimal import Decimal
from typing import Any, Final

import pytest

from schemas.actions import SendFulfillment
from schemas.bigcommerce.order import has_shipments, needs_shipments, read_order
from schemas.bigcommerce.platform import PLATFORM
from schemas.bigcommerce.shipment import read_made, shipment
from schemas.errors import Unreadable
from tests import recorded
from tests.schemas.bigcommerce.orders import example, line

STITCH = (
    "awaiting_payment",
    "awaiting_fulfillment",
    "awaiting_shipment",
    "shipped",
    "partially_shipped",
    "cancelled",
    "completed",
    "awaiting_pickup",
    "verification_required",
)


def sending(*lines: tuple[str, str], **tracking: Any) -> SendFulfillment:
    pieces = tuple((line, Decimal(count)) for line, count in lines)
    return SendFulfillment("100", (("20", pieces),), pieces, **tracking)


def test_every_status_of_the_stitch_tables_is_known() -> None:
    assert set(STITCH) <= PLATFORM.statuses


# -- what went out -----------------------------------------------------------------------------------------------


def test_the_vendor_s_example_shipment_is_read() -> None:
    (sent,) = read_order(example() | {"shipments": [recorded.bigcommerce("shipment_created")]}).fulfillments

    assert (sent.external_id, sent.status, sent.tracking_number) == ("11", "shipped", "EJ958083578US")
    assert sent.lines == (("194", Decimal(1)), ("195", Decimal(1)))
    assert sent.carrier == "usps"
    assert sent.tracking_url == (
        "http://trkcnfrm1.smi.usps.com/PTSInternetWeb/InterLabelInquiry.do?strOrigTrackNum=EJ958083578US"
    )


def test_a_shipment_without_tracking_has_none() -> None:
    bare = {"id": 11, "items": [{"order_product_id": 194, "quantity": 1}]}

    (sent,) = read_order(example() | {"shipments": [bare]}).fulfillments

    assert (sent.tracking_number, sent.carrier, sent.tracking_url) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"id": None}, "id"), ({"items": None}, "items"), ({"items": [{"quantity": 1}]}, "items.0.order_product_id")],
)
def test_a_shipment_that_breaks_the_schema_is_named(changes: dict[str, Any], path: str) -> None:
    broken = recorded.bigcommerce("shipment_created") | changes

    with pytest.raises(Unreadable) as caught:
        read_order(example() | {"shipments": [broken]})

    assert caught.value.path == f"shipments.0.{path}"


@pytest.mark.parametrize("link", [{"url": "https://…", "resource": "/orders/100/shipments"}, [], None, 5])
def test_what_an_order_says_itself_of_shipments_is_not_read(link: Any) -> None:
    assert read_order(example(shipments=link)).fulfillments == ()


@pytest.mark.parametrize(
    ("order", "has_some"),
    [
        ({"items_shipped": 1}, True),
        ({"consignments": {"shipping": [{"line_items": [{"quantity_shipped": 1}]}]}}, True),
        ({"items_shipped": 0, "consignments": {"shipping": [{"line_items": [{"quantity_shipped": 0}]}]}}, False),
        ({"items_shipped": "many", "consignments": [1], "status_id": []}, False),
        ({}, False),
        (None, False),
        ([], False),
    ],
)
def test_an_order_has_shipments_where_pieces_are_counted_as_shipped(order: Any, has_some: bool) -> None:
    assert has_shipments(order) == needs_shipments(order) == has_some


@pytest.mark.parametrize(("status", "is_needed"), [(2, True), (3, True), (11, True), (5, True), (10, False)])
def test_the_shipments_of_a_completed_order_are_not_needed(status: int, is_needed: bool) -> None:
    assert needs_shipments({"items_shipped": 1, "status_id": status}) == is_needed


# -- what is left ------------------------------------------------------------------------------------------------


def test_what_is_left_is_by_address_and_physical() -> None:
    lines = [
        line(1, quantity=3, quantity_shipped=1, order_address_id=20),
        line(2, quantity=2, quantity_refunded=1, order_address_id=21),
        line(3, quantity=1, order_address_id=20),
        line(4, quantity=1, quantity_shipped=1, order_address_id=20),
        line(5, quantity=1, type="digital", order_address_id=20),
        line(6, quantity=1, order_address_id=0),  # the buyer fetches it
        line(7, quantity=2, quantity_shipped=2, quantity_refunded=1, order_address_id=21),
    ]

    to_send = read_order(example() | {"products": lines}).to_send

    assert len({one.place for one in to_send}) == 2  # never told in one call
    assert {one.external_id: one.lines for one in to_send} == {
        "20": (("1", "1", Decimal(2)), ("3", "3", Decimal(1))),
        "21": (("2", "2", Decimal(1)),),
    }


# -- what is told ------------------------------------------------------------------------------------------------


def test_a_shipment_names_address_and_pieces() -> None:
    assert shipment(sending(("5", "2"), ("6", "1"))).fields == {
        "order_address_id": 20,
        "items": [{"order_product_id": 5, "quantity": 2}, {"order_product_id": 6, "quantity": 1}],
    }


@pytest.mark.parametrize(
    ("carrier", "told"),
    [("DHL", "dhl"), ("Royal Mail", "royal-mail"), (" UPS. ", "ups"), ("顺丰", None), ("", None), (None, None)],
)
def test_a_carrier_is_told_by_the_name_that_trackers_use(carrier: str | None, told: str | None) -> None:
    made = shipment(sending(("5", "1"), carrier=carrier))

    assert made.fields.get("tracking_carrier") == told
    assert "tracking_carrier" not in made.without_carrier()


def test_a_carrier_that_has_no_such_name_is_told_as_a_comment() -> None:
    assert shipment(sending(("5", "1"), carrier="顺丰")).fields["comments"] == "顺丰"
    assert "comments" not in shipment(sending(("5", "1"), carrier="DHL")).fields


def test_tracking_is_no_longer_than_the_shop_takes_it() -> None:
    made = shipment(sending(("5", "1"), tracking_number="1" * 60, tracking_url="https://" + "x" * 500)).fields

    assert (made["tracking_number"], "tracking_link" in made) == ("1" * 50, False)


MADE: Final = recorded.bigcommerce("shipment_created")
SENT: Final = SendFulfillment("228", (("131", (("194", Decimal(1)), ("195", Decimal(1)))),), ())


def test_the_id_of_a_made_shipment_is_read() -> None:
    assert read_made(MADE, SENT) == "11"


@pytest.mark.parametrize("answer", [None, [], {}, {"id": 11}, MADE | {"id": 0}, MADE | {"id": "x"}])
def test_an_answer_that_names_no_shipment_is_unreadable(answer: Any) -> None:
    with pytest.raises(Unreadable):
        read_made(answer, SENT)


@pytest.mark.parametrize(
    "other",
    [
        {"order_id": 229},
        {"items": MADE["items"][:1]},
        {"items": [{**one, "quantity": 2} for one in MADE["items"]]},
        {"items": []},
        {"items": None},
    ],
)
def test_FUL_14_an_answer_about_another_shipment_is_not_of_this_one(other: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_made(MADE | other, SENT)
