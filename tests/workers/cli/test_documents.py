"""The documents people and scripts read: `order show --json` and `stock show --json` (INTERFACE)."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import AddProduct, AdjustStock, CreateMo, DeliverRows, InvoiceRows
from schemas.orders import Address, Kind
from tests.connectors.builtin_hub.makers import chair, create, draft, imported, read, run, shipping, stock_up
from tests.connectors.postgres.makers import add_store
from workers.cli.documents import order_document, stock_document


@pytest.fixture
def hub(connection: Connection) -> BuiltinHub:
    """The built-in hub on the test's own transaction."""
    return BuiltinHub(connection)


@pytest.fixture
def acme(connection: Connection) -> int:
    """A store: its id."""
    return add_store(connection, "acme")


NOBODY = {
    "first_name": "",
    "last_name": "",
    "company": "",
    "line_1": "",
    "line_2": "",
    "city": "",
    "state": "",
    "zip": "",
    "country": "",
    "phone": "",
}


def test_an_order_shows_everything_interface_promises(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair", batch_tracked=True), AdjustStock("CHAIR", Decimal(5), batch="B-7")])
    order = create(
        hub,
        imported(
            acme,
            chair(item=hub.products()[0].id, discount_percent=Decimal(10), quantity=Decimal(3)),
            shipping(price_per_unit=Decimal("4.90"), tax_rate=Decimal("19.0")),
            bill_to=Address(country="GB"),
            order_no="#1001",
            currency="USD",
            exchange_rate=Decimal("1.0800"),
            total=Decimal(90),
            total_with_tax=Decimal("108.0"),
            total_base=Decimal("97.2"),
            store_total=Decimal(90),
            store_total_with_tax=Decimal(108),
            is_paid=True,
        ),
    )
    (mo_id, _, _) = hub.carry_out(
        [
            CreateMo(order.id, order.rows[0].id),
            InvoiceRows(order.id, (order.rows[0].id,)),
            DeliverRows(
                order.id,
                ((order.rows[0].id, Decimal(2)),),
                "store",
                external_id="77",
                tracking_number="1Z",
                carrier="UPS",
                tracking_url="https://ups.example/1Z",
            ),
        ]
    )
    run(
        connection,
        """WITH back AS (INSERT INTO hub.returns (sales_order_id, external_id) VALUES (%s, '9') RETURNING id)
           INSERT INTO hub.return_rows SELECT id, %s, 1 FROM back""",
        int(order.id),
        int(order.rows[0].id),
    )

    assert order_document(read(hub, order.id)) == {
        "order_no": "#1001",
        "status": "PARTIALLY_DELIVERED",
        "closed": False,
        "created_at": "2026-01-05T10:00:00Z",
        "delivery_date": "2026-01-19",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "bill_to": NOBODY | {"country": "GB"},
        "ship_to": NOBODY | {"first_name": "Ada", "city": "London", "country": "GB"},
        "currency": "USD",
        "exchange_rate": "1.08",
        "total": "90.00",
        "total_with_tax": "108.00",
        "total_base": "97.20",
        "store_total_with_tax": "108.00",
        "total_mismatch": False,
        "location": "main",
        "customer_reference": None,
        "notes": None,
        "flags": {
            "billed": True,
            "paid": True,
            "packed": False,
            "shipped": False,
            "closed": False,
            "voided": False,
        },
        "rows": [
            {
                "sku": "CHAIR",
                "name": "Chair",
                "kind": "product",
                "quantity": "3",
                "price_per_unit": "30",
                "tax_rate": "20",
                "discount_percent": "10",
                "location": "main",
                "status": "PARTIALLY_DELIVERED",
                "packed_quantity": "0",
                "delivered_quantity": "2",
                "invoiced": True,
                "mo": {"id": mo_id, "status": "NOT_STARTED", "quantity": "3"},
                "batches": [{"batch": "B-7", "quantity": "2"}],
            },
            {
                "sku": None,
                "name": "DHL",
                "kind": "shipping",
                "quantity": "1",
                "price_per_unit": "4.9",
                "tax_rate": "19",
                "discount_percent": "0",
                "location": "main",
                "status": "NOT_SHIPPED",
                "packed_quantity": "0",
                "delivered_quantity": "0",
                "invoiced": False,
                "mo": None,
                "batches": [],
            },
        ],
        "fulfillments": [
            {
                "external_id": "77",
                "source": "store",
                "tracking_number": "1Z",
                "carrier": "UPS",
                "tracking_url": "https://ups.example/1Z",
                "rows": [{"sku": "CHAIR", "quantity": "2"}],
            }
        ],
        "returns": [{"external_id": "9", "rows": [{"sku": "CHAIR", "quantity": "1"}]}],
    }


def test_an_address_shows_its_keys_in_the_order_people_read_them(hub: BuiltinHub, connection: Connection) -> None:
    document = order_document(create(hub, draft()))

    assert list(document["bill_to"]) == list(NOBODY)


def test_MAP_5_amounts_have_the_decimals_of_their_currency(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(currency="JPY", base_currency="KWD", total=Decimal("66.0"), total_base=Decimal("0.1384")))

    document = order_document(read(hub, order.id))

    assert (document["total"], document["total_base"], document["store_total_with_tax"]) == ("66", "0.138", None)


def test_times_are_utc_whatever_zone_they_came_in(hub: BuiltinHub, connection: Connection) -> None:
    tokyo = datetime(2026, 1, 5, 8, tzinfo=timezone(timedelta(hours=9)))
    order = create(hub, draft(created_at=tokyo, delivery_date=date(2026, 1, 19)))

    document = order_document(read(hub, order.id))

    assert document["created_at"] == "2026-01-04T23:00:00Z"
    assert tokyo.astimezone(UTC).date() < tokyo.date()


def test_stock_shows_every_location_without_trailing_zeros(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, quantity="10.50")
    create(hub, draft())

    assert stock_document(hub.levels(["CHAIR"])) == [
        {"location": "main", "in_stock": "10.5", "committed": "2", "committed_direct": "2", "expected": "0"}
    ]


def test_there_is_no_stock_of_what_the_hub_does_not_stock(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddProduct("WRAP", "Gift wrap", Kind.SERVICE)])

    assert stock_document(hub.levels(["WRAP"])) == []
    assert stock_document(hub.levels(["UNKNOWN"])) == []
