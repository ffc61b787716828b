"""What several orders need is looked for once for all of them (KAT-2), and one order still looks for itself (MAP-2)."""

from dataclasses import replace

import pytest

from connectors.katana.absent import Absent
from connectors.katana.ahead import look_ahead
from connectors.katana.copies import Copies
from connectors.katana.creating import Creator
from connectors.postgres import Connection
from sandbox import KatanaAccount
from schemas.hub import NewCustomer
from schemas.hub_search import Wanted
from tests.connectors.builtin_hub.makers import chair
from tests.connectors.katana.makers import ORIGIN, order

BUYERS = ("Ada", "Bob", "Eve")
WANTED = Wanted(
    skus=frozenset({"CHAIR"}), emails=frozenset({"Ada@example.com", "bob@example.com"}), names=frozenset({"Eve", " "})
)


def gets(account: KatanaAccount, path: str, since: int) -> int:
    return sum((one.method, one.path) == ("GET", path) for one in account.asked_for()[since:])


def create(creator: Creator, account: KatanaAccount, store: int) -> None:
    """An order of each buyer, all of one new item."""
    for number, name in enumerate(BUYERS):
        email = None if name == "Eve" else f"{name.lower()}@example.com"
        draft = order(account, store, chair(), customer=NewCustomer(name, email), external_id=f"{number}")
        creator.create(draft, replace(ORIGIN, order_id=f"{number}"))


def test_KAT_2_customers_and_items_of_several_orders_are_one_request_each(
    creator: Creator, account: KatanaAccount, store: int, copies: Copies
) -> None:
    look_ahead(copies, WANTED)
    before = len(account.asked_for())

    create(creator, account, store)

    assert (gets(account, "/customers", before), gets(account, "/variants", before)) == (0, 0)
    assert sorted(row["name"] for row in account.customers.table.view()) == sorted(BUYERS)
    assert len(list(account.products.table.view())) == 1


def test_MAP_1_MAP_2_what_a_person_made_before_is_found_by_the_one_look(
    creator: Creator, account: KatanaAccount, store: int, copies: Copies, database: Connection
) -> None:
    look_ahead(copies, WANTED)
    for name in BUYERS:
        account.customers.create({"name": name, **({"email": f"{name.lower()}@example.com"} if name != "Eve" else {})})
    account.add_product("CHAIR")
    database.execute("UPDATE katana_polls SET read_until = read_until - interval '11 seconds'")
    copies.absent._until.clear()

    look_ahead(copies, WANTED)

    assert not copies.absent.has(("customer", "email:ada@example.com"))
    create(creator, account, store)
    assert len(list(account.customers.table.view())) == 3
    assert len(list(account.products.table.view())) == 1


def test_KAT_2_two_who_look_at_once_are_one_request(copies: Copies, account: KatanaAccount) -> None:
    look_ahead(copies, WANTED)
    before = len(account.asked_for())

    look_ahead(copies, WANTED)

    assert account.asked_for()[before:] == []


@pytest.mark.parametrize(("seconds", "is_known"), [(10, True), (-1, False)])
def test_KAT_2_what_was_not_there_counts_for_moments(seconds: float, *, is_known: bool) -> None:
    absent = Absent()

    absent.note([("customer", "email:ada@example.com")], seconds=seconds)

    assert absent.has(("customer", "email:ada@example.com")) is is_known
    assert not absent.has(("customer", "email:bob@example.com"))
