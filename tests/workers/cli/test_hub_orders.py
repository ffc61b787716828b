"""Sales orders by hand: packed, delivered, invoiced, deleted, and the one that is meant."""

import json
from decimal import Decimal

import pytest

from connectors import postgres
from schemas.hub import DeliveryStatus, HubOrder, HubRow
from schemas.orders import ZERO, Kind
from tests import makers
from tests.workers.cli.command import Cli
from tests.workers.cli.hub_orders import bring_in, in_stock, quantities, show
from workers.cli.hub.orders import choose
from workers.cli.output import Failed


def hub_row(id: str, quantity: int, sku: str | None = "A-1") -> HubRow:
    return HubRow(
        id=id,
        external_id=id,
        variant_id="1" if sku else None,
        kind=Kind.PRODUCT if sku else Kind.SHIPPING,
        sku=sku,
        name="Parcel",
        quantity=Decimal(quantity),
        packed_quantity=ZERO,
        delivered_quantity=ZERO,
        invoiced_quantity=ZERO,
        price_per_unit=Decimal(10),
        tax_rate=ZERO,
        discount_percent=ZERO,
        location="main",
        status=DeliveryStatus.NOT_SHIPPED,
    )


# Two rows of one SKU, and a parcel.
SPLIT = HubOrder(
    id="1",
    order_no="5002",
    store_id=1,
    external_id="5002",
    status=DeliveryStatus.NOT_SHIPPED,
    currency="EUR",
    location="main",
    rows=(hub_row("1", 2), hub_row("2", 3), hub_row("3", 1, None)),
)


# -- choosing ------------------------------------------------------------------------------------------------------


def left(row: HubRow) -> Decimal:
    return row.quantity


@pytest.mark.parametrize(
    ("portions", "chosen"),
    [
        ({}, {"1": "2", "2": "3", "3": "1"}),
        ({"A-1": "1"}, {"1": "1"}),
        ({"A-1": "4"}, {"1": "2", "2": "2"}),
        ({"A-1": "5", "Parcel": "1"}, {"1": "2", "2": "3", "3": "1"}),
        ({"A-1": "2.1"}, {"1": "2", "2": "0.1"}),
    ],
)
def test_pieces_of_a_sku_are_taken_over_its_rows_in_order(portions: dict[str, str], chosen: dict[str, str]) -> None:
    asked = [(sku, Decimal(quantity)) for sku, quantity in portions.items()]

    found = choose(SPLIT, asked, left, done="packed")

    assert dict(found) == {row_id: Decimal(quantity) for row_id, quantity in chosen.items()}


def test_sku_named_twice_is_added_up() -> None:
    asked = [("A-1", Decimal("0.1")), ("A-1", Decimal("0.2"))]

    assert choose(SPLIT, asked, left, done="packed") == (("1", Decimal("0.3")),)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ([("A-1", Decimal(6))], "A-1: 6 cannot be packed, 5 are left"),
        ([("A-1", Decimal(5)), ("A-1", Decimal("0.5"))], "A-1: 0.5 cannot be packed, 0 are left"),
        ([("A-1", Decimal(1)), ("B-1", Decimal(1))], "order 5002 has no B-1: its rows are A-1, Parcel"),
    ],
)
def test_more_than_is_left_is_refused(asked: list[tuple[str, Decimal]], problem: str) -> None:
    with pytest.raises(Failed, match=problem):
        choose(SPLIT, asked, left, done="packed")


# -- pack and deliver --------------------------------------------------------------------------------------------------


def test_pack_takes_everything_that_ships(cli: Cli, imported: None) -> None:
    result = cli("hub", "order", "pack", "acme/5001")

    assert result.out == (
        "Packed 1 × TBL-120, 2 × OIL-1 of order 5001, which is PACKED now."
        " Next: storesync hub order deliver acme/5001\n"
    )
    assert quantities(cli, "acme/5001", "packed_quantity") == ["1", "2", "0"]
    assert in_stock(cli, "OIL-1") == {"main": "-2"}


def test_pack_and_deliver_take_what_is_left(cli: Cli, imported: None) -> None:
    cli("hub", "order", "pack", "acme/5001", "TBL-120=1", "OIL-1=1")
    cli("hub", "order", "deliver", "acme/5001", "OIL-1=1")

    packed = cli("hub", "order", "pack", "acme/5001")
    delivered = cli("hub", "order", "deliver", "acme/5001")

    assert "Packed 1 × OIL-1 of order 5001, which is PARTIALLY_DELIVERED now." in packed.out
    assert "Delivered 1 × TBL-120, 1 × OIL-1, 1 × DHL Paket of order 5001, which is DELIVERED now" in delivered.out
    assert in_stock(cli, "OIL-1") == {"main": "-2"}


def test_deliver_keeps_the_tracking_as_one_fulfilment(cli: Cli, imported: None) -> None:
    tracking = ("--tracking-number", "0034", "--carrier", "DHL", "--tracking-url", "https://dhl.example/0034")

    cli("hub", "order", "deliver", "5001", "OIL-1=2", *tracking)

    order = show(cli, "acme/5001")
    assert order["status"] == "PARTIALLY_DELIVERED"
    assert order["fulfillments"] == [
        {
            "external_id": None,
            "source": "hub",
            "tracking_number": "0034",
            "carrier": "DHL",
            "tracking_url": "https://dhl.example/0034",
            "rows": [{"sku": "OIL-1", "quantity": "2"}],
        }
    ]


@pytest.mark.parametrize("command", ["pack", "deliver"])
def test_what_cannot_be_taken_as_a_whole_moves_nothing(cli: Cli, imported: None, command: str) -> None:
    result = cli("hub", "order", command, "acme/5001", "OIL-1=1", "TBL-120=2")

    assert (result.code, result.out) == (1, "")
    assert show(cli, "acme/5001")["status"] == "NOT_SHIPPED"


@pytest.mark.parametrize(("command", "done"), [("pack", "packed"), ("deliver", "delivered")])
def test_FUL_5_a_delivered_order_has_nothing_left(cli: Cli, imported: None, command: str, done: str) -> None:
    cli("hub", "order", "deliver", "acme/5001")

    result = cli("hub", "order", command, "acme/5001")

    assert (result.code, result.err) == (1, f"storesync: order 5001: everything is {done} already\n")
    assert in_stock(cli, "OIL-1") == {"main": "-2"}


def test_FUL_4_delivering_takes_the_first_batch_first(cli: Cli, imported: None) -> None:
    cli("hub", "product", "add", "SOAP", "--batch-tracked")
    cli("hub", "po", "receive", "SOAP", "1", "--batch", "B-1")
    cli("hub", "po", "receive", "SOAP", "5", "--batch", "B-2")
    cli("hub", "order", "create", "--customer", "Ada", "--row", "SOAP=3@1", "--number", "S-1")

    cli("hub", "order", "deliver", "S-1")

    (row,) = show(cli, "S-1")["rows"]
    assert row["batches"] == [{"batch": "B-1", "quantity": "1"}, {"batch": "B-2", "quantity": "2"}]


# -- invoice and delete ------------------------------------------------------------------------------------------------


def test_invoice_takes_the_rows_that_are_named(cli: Cli, imported: None) -> None:
    result = cli("hub", "order", "invoice", "acme/5001", "OIL-1")

    assert result.out == "Invoice 1 for order 5001: OIL-1.\n"
    assert quantities(cli, "acme/5001", "invoiced") == [False, True, False]


def test_invoice_takes_all_that_is_left(cli: Cli, imported: None) -> None:
    cli("hub", "order", "invoice", "acme/5001", "OIL-1")

    result = cli("hub", "order", "invoice", "acme/5001")
    again = cli("hub", "order", "invoice", "acme/5001")

    assert result.out == "Invoice 2 for order 5001: TBL-120, DHL Paket.\n"
    assert (again.code, again.err) == (1, "storesync: there is nothing left to invoice on these rows\n")


def test_CHG_5_invoiced_order_is_not_deleted(cli: Cli, imported: None) -> None:
    cli("hub", "order", "invoice", "acme/5001")

    result = cli("hub", "order", "delete", "acme/5001")

    assert (result.code, result.err) == (1, "storesync: the order has an invoice\n")
    assert show(cli, "acme/5001")["order_no"] == "5001"


def test_ORD_7_deleting_leaves_a_tombstone_that_says_who(
    cli: Cli, imported: None, fresh_connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")

    result = cli("hub", "order", "delete", "5001")

    assert result.out == (
        "Deleted order 5001. It never imports again; the one way back: storesync order reimport acme 5001\n"
    )
    order = json.loads(cli("order", "show", "acme", "5001", "--json").out)
    assert (order["state"], order["reason"], order["order"]) == ("deleted", "deleted_in_hub", None)
    row = fresh_connection.execute("SELECT tombstoned_by FROM store_orders").fetchone()
    assert row == {"tombstoned_by": "ada (hub command)"}


def test_deleting_an_order_made_here_leaves_nothing(cli: Cli, fresh_connection: postgres.Connection) -> None:
    cli("hub", "product", "add", "A-1")
    cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@1", "--number", "S-1")

    result = cli("hub", "order", "delete", "S-1")

    assert result.out == "Deleted order S-1.\n"
    assert fresh_connection.execute("SELECT FROM store_orders").fetchall() == []


# -- which order is meant ----------------------------------------------------------------------------------------------


def test_MUL_3_number_of_two_stores_is_refused_with_both_names(
    cli: Cli, imported: None, fresh_connection: postgres.Connection
) -> None:
    bring_in(fresh_connection, makers.store_order(), name="beta")

    result = cli("hub", "order", "pack", "5001")

    assert result.code == 1
    assert "acme/5001, beta/5001" in result.err
    assert cli("hub", "order", "pack", "beta/5001").code == 0
    assert show(cli, "acme/5001")["status"] == "NOT_SHIPPED"


def test_order_made_here_is_found_beside_a_stores_with_its_number(
    cli: Cli, fresh_connection: postgres.Connection
) -> None:
    cli("hub", "product", "add", "A-1")
    made = json.loads(
        cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=1@1", "--number", "5001", "--json").out
    )
    bring_in(fresh_connection, makers.store_order())

    result = cli("hub", "order", "pack", f"hub/{made['id']}")

    assert result.code == 0
    assert (show(cli, f"hub/{made['id']}")["status"], show(cli, "acme/5001")["status"]) == ("PACKED", "NOT_SHIPPED")


def test_hub_id_of_a_stores_order_is_no_way_to_name_it(cli: Cli, imported: None) -> None:
    order_id = show(cli, "acme/5001")["id"]

    result = cli("hub", "order", "show", f"hub/{order_id}")

    assert (result.code, result.err) == (1, f"storesync: there is no order hub/{order_id}\n")


def test_order_is_shown_and_listed_for_people(cli: Cli, imported: None) -> None:
    cli("hub", "mo", "create", "acme/5001", "OIL-1")

    shown, listed = cli("hub", "order", "show", "acme/5001").out, cli("hub", "order", "list").out

    assert "NOT_SHIPPED · Ada Lovelace <ada@example.com>" in shown
    assert "1 NOT_STARTED" in shown
    assert "total 146.90 EUR, with tax 174.81" in shown
    assert "174.81" in listed and "Ada Lovelace" in listed


def test_unknown_order_is_said_so(cli: Cli) -> None:
    result = cli("hub", "order", "pack", "acme/404")

    assert (result.code, result.err) == (1, "storesync: there is no order acme/404\n")
