"""What Katana keeps of a buyer is found and erased, as far as it lets us (DOR-6)."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.katana.creating import Creator
from connectors.katana.hub import KatanaHub
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.katana.order_json import Origin
from schemas.orders import Address
from tests.connectors.builtin_hub.makers import chair
from tests.connectors.katana.makers import ORIGIN, order

ADA = Address(first_name="Ada", last_name="Lovelace", line_1="St James's Square 12", phone="+44 1", country="GB")
Make = Callable[[str], int]


@pytest.fixture
def make(creator: Creator, account: KatanaAccount, store: int) -> Make:
    """Make an order of Ada's by its external id; its id in Katana."""

    def made(external_id: str) -> int:
        draft = order(
            account,
            store,
            chair(),
            external_id=external_id,
            order_no=external_id,
            bill_to=ADA,
            ship_to=ADA,
            notes="Ada is at home after six",
            customer_reference="PO of Ada",
        )
        return int(creator.create(draft, Origin(ORIGIN.type, ORIGIN.store_name, external_id)).id)

    return made


def all_said(account: KatanaAccount) -> str:
    """Everything that Katana shows of customers and orders to whoever asks."""
    rooms = (account.customers, account.customer_addresses, account.orders, account.addresses)
    return str([row for room in rooms for row in room.table.view()])


def all_kept(database: Connection) -> str:
    """Everything that we keep of Katana."""
    tables = ("katana_copies", "katana_intents", "katana_orders", "katana_rows", "katana_heard", "katana_news")
    rows = [row for table in tables for row in database.execute(f"SELECT * FROM {table}")]
    return str(rows)


def erase(hub: KatanaHub, email: str = "ada@example.com") -> list[str]:
    found = hub.find_buyer(email)
    return hub.erase_buyer(
        customer_ids=[id_ for id_, *_ in found.customers], order_ids=[one.id for one in found.orders]
    )


def test_DOR_6_a_buyer_is_found_with_all_that_names_them(hub: KatanaHub, make: Make, store: int) -> None:
    number = make("5001")

    found = hub.find_buyer("ADA@example.com")

    ((_, name, email),) = found.customers
    (one,) = found.orders
    assert (name, email) == ("Ada Lovelace", "ada@example.com")
    assert (one.id, one.key, one.order_no) == (str(number), (store, "5001"), "5001")
    assert (one.customer, one.email, one.notes) == ("Ada Lovelace", "ada@example.com", "Ada is at home after six")
    assert {"Ada Lovelace", "St James's Square 12", "+44 1", "PO of Ada"} <= one.words


def test_DOR_6_an_order_is_found_by_its_store_too(hub: KatanaHub, make: Make, store: int) -> None:
    make("5001")
    second = make("5002")

    found = hub.find_buyer(None, orders=[(store, "5002"), (store, "unknown")])

    assert ([one.id for one in found.orders], found.customers) == ([str(second)], ())


@pytest.mark.parametrize("ship", [None, "PACKED", "DELIVERED"])
def test_DOR_6_nothing_names_a_buyer_who_was_erased(
    hub: KatanaHub, account: KatanaAccount, database: Connection, make: Make, ship: str | None
) -> None:
    number = make("5001")
    hub.changes_since(None)
    if ship:
        account.fulfillments.take_rest(number, ship)

    assert len(erase(hub)) == 1

    for said in (all_said(account), all_kept(database)):
        assert not [word for word in ("Ada", "ada@", "Lovelace", "St James", "+44 1") if word in said]
    order = hub.order(str(number))
    assert order is not None and order.head is not None and order.totals is not None
    assert (order.head.bill_to.country, order.totals.total_with_tax) == ("GB", 72)
    assert hub.find_buyer("ada@example.com").orders == ()


def test_DOR_6_the_same_again_does_no_harm(hub: KatanaHub, account: KatanaAccount, make: Make) -> None:
    number = make("5001")
    (customer,) = erase(hub)

    hub.erase_buyer(customer_ids=[customer], order_ids=[str(number), "987654321"])

    assert "Ada" not in all_said(account)
    assert len(list(account.customers.table.view())) == 2  # hers, and the one of all erased orders


def test_DOR_6_a_customer_with_another_order_stays_theirs(hub: KatanaHub, account: KatanaAccount, make: Make) -> None:
    first, second = make("5001"), make("5002")
    account.fulfillments.take_rest(first, "DELIVERED")

    assert hub.erase_buyer(customer_ids=[], order_ids=[str(first)]) == []
    assert [one.id for one in hub.find_buyer("ada@example.com").orders] == [str(first), str(second)]

    (gone,) = hub.erase_buyer(customer_ids=[], order_ids=[str(second)])  # the first one keeps nobody any more

    assert "Ada" not in all_said(account)
    assert gone


def test_DOR_6_orders_of_erased_buyers_share_one_customer(hub: KatanaHub, account: KatanaAccount, make: Make) -> None:
    numbers = [make("5001"), make("5002")]
    for number in numbers:
        hub.erase_buyer(customer_ids=[], order_ids=[str(number)])

    whose: set[Any] = {account.orders.table.find(number)["customer_id"] for number in numbers}
    assert len(whose) == 1


def test_DOR_6_of_a_customer_who_was_deleted_there_nothing_is_kept(
    hub: KatanaHub, account: KatanaAccount, database: Connection, make: Make
) -> None:
    account.orders.delete(account.orders.table.find(make("5001")))
    (ada,) = account.customers.table.view()
    account.customers.delete(ada)
    assert "ada" in all_kept(database).lower()
    database.execute("UPDATE katana_polls SET read_at = NULL")

    assert hub.find_buyer("ada@example.com").customers == ()
    assert "ada" not in all_kept(database).lower()
