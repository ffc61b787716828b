"""A first look at an order is answered by what polling showed, and only where that is right (KAT-1, KAT-2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import FieldsRejected, HubRefused, MadeOrNot, RateLimited
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.creating import Creator
from connectors.katana.hub import KatanaHub
from connectors.katana.mirror import OrderMirror
from connectors.postgres import Connection
from sandbox import Faults, KatanaAccount, RunningSandbox
from schemas.katana.limits import Quota
from schemas.katana.order_json import Origin
from tests.connectors.katana.makers import ORIGIN, order
from tests.connectors.katana.mortal import Died, MortalClient


@pytest.fixture
def heard(hub: KatanaHub) -> KatanaHub:
    """Katana was asked what moved, and all its orders are known."""
    hub.changes_since(None)
    return hub


def looks(account: KatanaAccount) -> int:
    """How often orders were looked for by whose they are."""
    return sum("ecommerce_order_id" in one.query for one in account.asked_for() if one.path == "/sales_orders")


def refreshed(account: KatanaAccount) -> int:
    """How often it was asked which orders changed."""
    return sum("updated_at_min" in one.query for one in account.asked_for() if one.path == "/sales_orders")


def by_another(account: KatanaAccount, origin: Origin = ORIGIN) -> int:
    """The order, made by somebody else."""
    customer = next((row["id"] for row in account.customers.table.view()), None)
    variant = next((row["id"] for row in account.variants.table.view()), None)
    body = {"customer_id": customer or account.customers.create({"name": "Somebody"})["id"], **origin.filters}
    row = {"variant_id": variant or account.add_product("CHAIR")["id"], "quantity": 1}
    return int(account.orders.create(body | {"sales_order_rows": [row]})["id"])


def older(database: Connection, **by: float) -> None:
    database.execute("UPDATE katana_mirror SET read_until = read_until - %s, refreshed_at = NULL", (timedelta(**by),))


@pytest.mark.usefixtures("heard")
def test_KAT_2_an_order_that_polling_would_have_shown_is_not_asked_for(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    for number in ("5001", "5002"):
        creator.create(order(account, store, external_id=number), replace(ORIGIN, order_id=number))

    assert (looks(account), refreshed(account)) == (0, 0)
    assert len(list(account.orders.table.view())) == 2


@pytest.mark.usefixtures("heard")
def test_KAT_2_where_the_last_poll_is_old_one_request_shows_what_changed_for_all(
    creator: Creator, account: KatanaAccount, store: int, database: Connection
) -> None:
    older(database, minutes=3)

    for number in ("5001", "5002"):
        creator.create(order(account, store, external_id=number), replace(ORIGIN, order_id=number))

    assert (looks(account), refreshed(account)) == (0, 1)


def is_polled(hub: KatanaHub, _: Connection) -> None:
    hub.changes_since(None)


def is_refreshed(_: KatanaHub, database: Connection) -> None:
    older(database, minutes=3)


def is_long_ago(_: KatanaHub, database: Connection) -> None:
    older(database, hours=2)


def somebody_reads(_: KatanaHub, database: Connection) -> None:
    older(database, minutes=3)
    database.execute("UPDATE katana_mirror SET refreshed_at = clock_timestamp()")


def not_all_is_read(_: KatanaHub, database: Connection) -> None:
    database.execute("DELETE FROM katana_origins")
    database.execute("UPDATE katana_mirror SET next_page = 1")


def something_between_is_not_known(hub: KatanaHub, database: Connection) -> None:
    database.execute("DELETE FROM katana_origins")
    older(database, hours=2)
    hub.changes_since(None)


def is_unknown(_: KatanaHub, database: Connection) -> None:
    database.execute("DELETE FROM katana_mirror")


@pytest.mark.parametrize("is_gone", [False, True])
@pytest.mark.parametrize(
    "then",
    [is_polled, is_refreshed, is_long_ago, somebody_reads, not_all_is_read, something_between_is_not_known, is_unknown],
)
def test_KAT_1_an_order_of_another_s_making_is_found_however_old_the_mirror_is(
    heard: KatanaHub,
    creator: Creator,
    account: KatanaAccount,
    store: int,
    database: Connection,
    *,
    then: Callable[[KatanaHub, Connection], None],
    is_gone: bool,
) -> None:
    draft = order(account, store)
    theirs = by_another(account)
    if is_gone:
        account.orders.delete(account.orders.table.find(theirs))
    then(heard, database)

    if is_gone:
        with pytest.raises(HubRefused, match="deleted"):
            creator.create(draft, ORIGIN)
    else:
        assert creator.create(draft, ORIGIN).id == str(theirs)

    assert not [one for one in account.asked_for() if (one.method, one.path) == ("POST", "/sales_orders")]


@pytest.mark.usefixtures("heard")
def test_KAT_1_what_was_sent_once_is_looked_for_in_katana_itself(
    creator: Creator, account: KatanaAccount, store: int, client: MortalClient
) -> None:
    client.dies_after("sales_orders")
    with pytest.raises(Died):
        creator.create(order(account, store), ORIGIN)

    assert creator.create(order(account, store), ORIGIN).id == str(next(iter(account.orders.table.view()))["id"])

    assert looks(account) == 1


@pytest.mark.usefixtures("heard")
def test_KAT_1_an_unclear_answer_is_looked_for_in_katana_itself(
    creator: Creator, account: KatanaAccount, store: int, faults: Faults
) -> None:
    faults.fail_next(1, "timeout", only="POST /v1/sales_orders")

    with pytest.raises(MadeOrNot):
        creator.create(order(account, store), ORIGIN)

    assert looks(account) == 1


@pytest.mark.usefixtures("heard")
def test_KAT_1_what_was_refused_is_looked_for_when_it_is_tried_again(
    creator: Creator, account: KatanaAccount, store: int
) -> None:
    draft = order(account, store)
    with pytest.raises(FieldsRejected):
        creator.create(replace(draft, order_no=""), ORIGIN)
    before = looks(account)

    creator.create(draft, ORIGIN)

    assert (before, looks(account)) == (1, 2)


@dataclass
class Few:
    """A limit that leaves so many requests."""

    left: int

    def take(self, _: Priority) -> None:
        if not self.left:
            raise RateLimited("no more", until=datetime.now(UTC))
        self.left -= 1

    def close(self, until: datetime) -> None:
        raise AssertionError(until)

    def lower(self, quota: Quota) -> None:
        pass


def test_KAT_1_nothing_is_known_before_all_orders_were_read_and_pages_that_were_are_not_read_again(
    account: KatanaAccount, database: Connection, katana: RunningSandbox[KatanaAccount], client: KatanaClient
) -> None:
    for number in range(251):
        by_another(account, replace(ORIGIN, order_id=str(number)))
    poor = KatanaClient(katana.credentials, budget=Few(1), url=katana.url, allow_insecure=True)
    mirror = OrderMirror(database, client)
    mirror.begin()

    OrderMirror(database, poor).read_on()
    with pytest.raises(RateLimited):
        OrderMirror(database, poor).lacks(replace(ORIGIN, order_id="nobody's"))
    known = [mirror.lacks(replace(ORIGIN, order_id=one)) for one in ("nobody's", "0", "250")]

    assert known == [True, False, False]
    assert [one.query["page"] for one in account.asked_for()] == [["1"], ["2"]]
