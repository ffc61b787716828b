"""What moves in Katana by a person's hand is heard, once (KAT-4), and what we did ourselves is no echo (FUL-13)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from connectors.errors import HubBusy, RateLimited
from connectors.katana.budget import Priority, Unshared
from connectors.katana.client import KatanaClient
from connectors.katana.creating import Creator
from connectors.katana.hub import KatanaHub
from connectors.katana.orders import FULFILLMENT
from connectors.katana.origins import origin_in
from connectors.postgres import Connection
from sandbox import KatanaAccount, RunningSandbox
from schemas.hub_news import CopyStatus, DeletedOrder, HubNews, MovedSku, TwinOrder
from schemas.katana.limits import Quota
from tests.connectors.builtin_hub.makers import chair, product, shipping
from tests.connectors.katana.makers import ORIGIN, order

D = Decimal
KEY = "5001"


@dataclass
class Listening:
    """Whoever asks for news, and what came last."""

    hub: KatanaHub
    cursor: str

    def hear(self) -> HubNews:
        news = self.hub.changes_since(self.cursor)
        self.cursor = news.cursor
        return news


@pytest.fixture
def listening(hub: KatanaHub) -> Listening:
    return Listening(hub, hub.changes_since(None).cursor)


@pytest.fixture
def made(creator: Creator, account: KatanaAccount, store: int) -> int:
    """Order 5001 of the store: three chairs and a fee; its id in Katana."""
    account.add_product("CHAIR", stock=10)
    return int(creator.create(order(account, store, chair(quantity=D(3)), shipping()), ORIGIN).id)


@pytest.fixture
def known(listening: Listening, made: int) -> int:
    """The same, heard of already."""
    listening.hear()
    return made


def row_of(account: KatanaAccount, number: int) -> int:
    return int(account.rows.table.of(number)[0]["id"])


def ship(account: KatanaAccount, number: int, pieces: int, status: str = "DELIVERED") -> dict[str, Any]:
    row = account.fulfillments.take_rest(number, status, {row_of(account, number): pieces})
    assert row is not None
    return row


def we_made(database: Connection, number: int, parcel: int | None, key: str = "77") -> None:
    """A fulfilment is ours; None: it was sent, and nobody knows of it yet."""
    database.execute(
        "INSERT INTO katana_intents (kind, key, digest, sent_at, found_id) VALUES (%s, %s, 'x', now(), %s)",
        (FULFILLMENT, f"{number}:{key}", None if parcel is None else str(parcel)),
    )


@contextmanager
def lag(account: KatanaAccount, seconds: float) -> Iterator[None]:
    account.oddities.lag_seconds = seconds
    yield
    account.oddities.lag_seconds = 0


def older(database: Connection, **by: float) -> None:
    database.execute(
        "UPDATE katana_polls SET read_at = read_at - %(by)s, read_until = read_until - %(by)s WHERE what = 'news'",
        {"by": timedelta(**by)},
    )


# -- orders


def test_KAT_4_without_a_cursor_nothing_is_news(hub: KatanaHub, account: KatanaAccount, made: int) -> None:
    ship(account, made, 1)

    news = hub.changes_since(None)

    assert (news.skus, news.shipped, news.copies, news.deleted) == ((), (), (), ())
    assert hub.changes_since(news.cursor).shipped == ()


def test_KAT_4_what_moved_before_anybody_passed_news_on_is_kept_for_the_first_who_does(
    hub: KatanaHub, account: KatanaAccount, database: Connection
) -> None:
    variant = account.add_product("LAMP")["id"]
    hub.levels(["LAMP"])  # whoever asks for stock hears what there is
    account.count(variant, D(17))
    older(database, minutes=2)
    hub.levels(["LAMP"])

    news = hub.changes_since(None)

    assert [one.sku for one in news.skus] == ["LAMP"]
    assert hub.changes_since(news.cursor).skus == ()


def test_FUL_10_what_a_person_delivers_is_heard_once(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    ship(account, known, 1)

    news = listening.hear()

    assert news.shipped == ((store, KEY),)
    (copy,) = news.copies
    assert (copy.store_id, copy.external_id, copy.status) == (store, KEY, CopyStatus.PARTIALLY_DELIVERED)
    assert (copy.customer, copy.email, copy.total_with_tax, copy.currency) == (
        "Ada Lovelace",
        "ada@example.com",
        72,
        "EUR",
    )
    again = listening.hear()
    assert (again.shipped, again.copies, again.skus) == ((), (), ())


def test_KAT_4_case_17_a_parcel_that_is_packed_and_then_delivered_is_news_twice_and_moves_stock_once(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    parcel = ship(account, known, 3, "PACKED")
    packed = listening.hear()
    account.fulfillments.change(account.fulfillments.table.find(parcel["id"]), {"status": "DELIVERED"})
    delivered = listening.hear()

    assert (packed.shipped, delivered.shipped) == (((store, KEY),), ((store, KEY),))
    assert [one.status for news in (packed, delivered) for one in news.copies] == ["PACKED", "DELIVERED"]
    assert [one.on_shelf for one in packed.skus] == [True]
    assert delivered.skus == ()


def test_FUL_12_the_fee_is_not_waited_for(listening: Listening, account: KatanaAccount, known: int) -> None:
    ship(account, known, 3)

    (copy,) = listening.hear().copies

    assert copy.status is CopyStatus.DELIVERED


def test_FUL_13_what_we_delivered_ourselves_is_no_echo(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    we_made(database, known, ship(account, known, 1)["id"])

    news = listening.hear()

    assert news.shipped == ()
    assert [one.status for one in news.copies] == ["PARTIALLY_DELIVERED"]


def test_FUL_13_of_what_we_may_have_delivered_nothing_is_passed_on_before_it_is_known(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    we_made(database, known, None)
    parcel = ship(account, known, 1)["id"]

    assert listening.hear().shipped == ()
    database.execute("UPDATE katana_intents SET found_id = %s WHERE kind = %s", (str(parcel), FULFILLMENT))
    settled = listening.hear()

    assert settled.shipped == ()
    assert [one.status for one in settled.copies] == ["PARTIALLY_DELIVERED"]


def test_FUL_13_what_a_person_delivered_beside_it_is_passed_on_then(
    listening: Listening, account: KatanaAccount, database: Connection, store: int, known: int
) -> None:
    we_made(database, known, None)
    ours, _ = (ship(account, known, 1)["id"] for _ in range(2))
    assert listening.hear().shipped == ()

    database.execute("UPDATE katana_intents SET found_id = %s WHERE kind = %s", (str(ours), FULFILLMENT))

    assert listening.hear().shipped == ((store, KEY),)


def test_FUL_15_an_order_that_was_made_in_katana_is_no_store_s(listening: Listening, account: KatanaAccount) -> None:
    variant = account.add_product("TABLE", stock=5)
    customer = account.customers.create({"name": "Grace"})
    row = {"variant_id": variant["id"], "quantity": 2}
    number = account.orders.create({"customer_id": customer["id"], "sales_order_rows": [row]})["id"]
    ship(account, number, 1)

    news = listening.hear()

    assert (news.shipped, news.copies) == ((), ())
    assert news.skus == (MovedSku("TABLE", on_shelf=True, on_rows=True),)
    account.orders.delete(account.orders.table.find(number))
    assert listening.hear().deleted == ()


def test_FUL_5_a_parcel_that_a_person_takes_back_is_news(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    first, _ = (ship(account, known, 1) for _ in range(2))
    assert listening.hear().copies[0].status is CopyStatus.PARTIALLY_DELIVERED

    account.fulfillments.delete(account.fulfillments.table.find(first["id"]))
    news = listening.hear()

    assert news.shipped == ((store, KEY),)
    assert [one.on_shelf for one in news.skus] == [True]
    assert listening.hear().shipped == ()


def test_FUL_12_an_order_that_a_person_cuts_to_what_is_delivered_is_further(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    for row in account.rows.table.of(known)[1:]:  # the fee
        account.rows.delete(row)
    listening.hear()
    ship(account, known, 1)
    listening.hear()

    account.rows.table.change(row_of(account, known), quantity=D(1))
    account.orders.recount(known)
    news = listening.hear()

    assert news.shipped == ((store, KEY),)
    assert [one.status for one in news.copies] == ["DELIVERED"]


def test_ORD_7_what_a_person_deletes_is_heard_once(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    account.orders.delete(account.orders.table.find(known))

    news = listening.hear()

    assert news.deleted == (DeletedOrder("5001", store, KEY),)
    assert [(one.sku, one.on_rows, one.of_stores) for one in news.skus] == [("CHAIR", True, True)]
    assert listening.hear().deleted == ()
    assert listening.hub.find_order(store, KEY) is None


def test_CHG_5_what_we_deleted_ourselves_is_no_news(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    database.execute("UPDATE katana_orders SET is_gone = true")
    account.orders.delete(account.orders.table.find(known))

    assert listening.hear().deleted == ()


@pytest.mark.parametrize(("gone", "status"), [(1, "PARTIALLY_DELIVERED"), (3, "DELIVERED")])
def test_MAP_8_what_left_before_the_order_came_counts(
    listening: Listening, creator: Creator, account: KatanaAccount, store: int, gone: int, status: str
) -> None:
    account.add_product("CHAIR", stock=10)
    rows = chair(quantity=D(3), delivered_quantity=D(gone)), shipping()
    creator.create(order(account, store, *rows), ORIGIN)

    assert [one.status for one in listening.hear().copies] == [status]


def test_FUL_6_an_order_that_is_closed_is_over(listening: Listening, database: Connection, made: int) -> None:
    database.execute("UPDATE katana_orders SET flags = %s", (Jsonb({"closed": True}),))

    assert [one.status for one in listening.hear().copies] == ["CLOSED"]


def copied_there(account: KatanaAccount, store: int, database: Connection, **changes: str) -> int:
    """An order that Katana's own link to the shop makes of the same one; its id."""
    origin = origin_in(database, store, KEY)
    (customer, *_) = account.customers.table.view()
    row = {"variant_id": account.variant_of("CHAIR")["id"], "quantity": 3}
    body = {"customer_id": customer["id"], "sales_order_rows": [row], "order_no": "SO-7", **origin.filters, **changes}
    return int(account.orders.create(body)["id"])


def test_ORD_6_a_second_order_that_says_it_is_the_same_is_told_once(
    listening: Listening, creator: Creator, account: KatanaAccount, database: Connection, store: int
) -> None:
    account.add_product("CHAIR", stock=10)
    creator.create(order(account, store, chair(quantity=D(3))), origin_in(database, store, KEY))
    assert listening.hear().twins == ()

    twin = copied_there(account, store, database)

    assert listening.hear().twins == (TwinOrder(store, KEY, str(twin), "SO-7"),)
    account.orders.change(account.orders.table.find(twin), {"additional_info": "x"})
    assert listening.hear().twins == ()


@pytest.mark.parametrize("name", ["ecommerce_order_type", "ecommerce_store_name", "ecommerce_order_id"])
def test_ORD_6_an_order_of_another_shop_is_no_second_one(
    listening: Listening, account: KatanaAccount, database: Connection, store: int, known: int, name: str
) -> None:
    copied_there(account, store, database, **{name: "another"})

    assert listening.hear().twins == ()


# -- stock


def test_STK_1_what_moves_on_the_shelf_is_heard_once(listening: Listening, account: KatanaAccount) -> None:
    variant, _ = account.add_product("CHAIR"), account.add_product("TABLE")

    account.count(variant["id"], D(5))

    assert listening.hear().skus == (MovedSku("CHAIR", on_shelf=True),)
    assert listening.hear().skus == ()


def test_STK_1_an_item_that_is_new_is_known_by_its_sku(listening: Listening, account: KatanaAccount) -> None:
    listening.hear()
    account.add_product("STOOL", stock=5)

    assert listening.hear().skus == (MovedSku("STOOL", on_shelf=True),)


def test_STK_1_an_order_of_a_store_moves_what_is_promised(listening: Listening, made: int) -> None:
    (moved,) = listening.hear().skus

    assert (moved.sku, moved.on_rows, moved.of_stores) == ("CHAIR", True, True)


def test_STK_1_a_row_that_a_person_changes_moves_what_is_promised(
    listening: Listening, account: KatanaAccount, known: int
) -> None:
    account.rows.change(account.rows.table.find(row_of(account, known)), {"quantity": D(2)})

    (moved,) = listening.hear().skus

    assert (moved.sku, moved.on_shelf, moved.on_rows) == ("CHAIR", False, True)


def test_KAT_4_a_place_that_is_new_is_heard_within_the_hour(
    listening: Listening, account: KatanaAccount, database: Connection
) -> None:
    account.locations.create({"name": "Attic"})
    assert not listening.hear().has_new_location
    database.execute("UPDATE katana_polls SET read_at = read_at - interval '1 hour' WHERE what = 'locations'")

    assert listening.hear().has_new_location
    assert not listening.hear().has_new_location


def test_ch_11_an_order_that_cannot_be_read_holds_up_no_other(
    listening: Listening, account: KatanaAccount, store: int, known: int, caplog: pytest.LogCaptureFixture
) -> None:
    customer = account.customers.create({"name": "Grace Hopper"})
    row = {"variant_id": account.variant_of("CHAIR")["id"], "quantity": 1}
    odd = account.orders.create({"customer_id": customer["id"], "sales_order_rows": [row]})["id"]
    account.orders.table.change(odd, currency="no currency")
    ship(account, known, 1)

    assert listening.hear().shipped == ((store, KEY),)
    assert f"sales order {odd} in Katana is left out" in caplog.text
    assert "Grace" not in caplog.text


def test_STK_3_another_item_behind_a_sku_is_news_for_those_who_were_told_of_it(
    listening: Listening, account: KatanaAccount, database: Connection
) -> None:
    account.add_product("CHAIR", stock=10)
    listening.hear()
    account.add_product("CHAIR")
    account.add_product("TABLE")
    database.execute("UPDATE katana_polls SET read_at = read_at - interval '10 minutes' WHERE what = 'variants'")

    assert listening.hear().skus == (MovedSku("CHAIR", only_told=True),)
    assert listening.hear().skus == ()


# -- lags, limits, crashes


def test_KAT_1_reads_that_lag_are_caught_up_with(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    with lag(account, 600):
        ship(account, known, 1)
        assert listening.hear().shipped == ()

    assert listening.hear().shipped == ((store, KEY),)


def test_KAT_1_a_read_that_shows_what_stood_before_takes_nothing_back(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    account.ahead += timedelta(minutes=5)
    ship(account, known, 1)
    assert listening.hear().shipped == ((store, KEY),)

    with lag(account, 60):
        old = listening.hear()

    assert (old.shipped, old.copies, old.deleted) == ((), (), ())
    assert listening.hub.levels(["CHAIR"])[0].committed_direct == 2


def test_KAT_1_an_order_whose_parcels_do_not_show_yet_is_read_again(
    listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    parcel = ship(account, known, 1)
    account.fulfillments.table._rows[parcel["id"]]["sales_order_id"] = 999_999  # the list does not show it yet
    account.fulfillments.table._children[known].remove(parcel["id"])
    assert listening.hear().shipped == ()

    account.fulfillments.table._rows[parcel["id"]]["sales_order_id"] = known
    account.fulfillments.table._children[known].append(parcel["id"])

    assert listening.hear().shipped == ((store, KEY),)


def test_KAT_4_what_was_heard_is_told_until_the_next_cursor_says_that_it_was_kept(
    hub: KatanaHub, listening: Listening, account: KatanaAccount, store: int, known: int
) -> None:
    ship(account, known, 1)

    first, second = (hub.changes_since(listening.cursor) for _ in range(2))

    assert first.shipped == second.shipped == ((store, KEY),)
    assert hub.changes_since(second.cursor).shipped == ()


def test_KAT_2_an_idle_minute_costs_three_requests(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    ship(account, known, 1)
    listening.hear()
    before = len(account.asked_for())

    for _ in range(3):
        older(database, minutes=1)
        listening.hear()

    asked = [one.path for one in account.asked_for()[before:]]
    assert asked == ["/sales_orders", "/sales_order_fulfillments", "/inventory_movements"] * 3
    assert all("updated_at_min" in one.query for one in account.asked_for()[before:])


def test_KAT_2_many_orders_that_moved_cost_no_more_requests(
    listening: Listening, creator: Creator, account: KatanaAccount, store: int
) -> None:
    numbers = []
    for name in map(str, range(6001, 6031)):
        draft = order(account, store, product("CHAIR", 2), external_id=name, order_no=name)
        numbers.append(int(creator.create(draft, type(ORIGIN)(ORIGIN.type, ORIGIN.store_name, name)).id))
    listening.hear()
    for number in numbers:
        ship(account, number, 1)
    before = len(account.asked_for())

    assert len(listening.hear().shipped) == 30
    assert len(account.asked_for()) - before == 3


def sold_there(account: KatanaAccount, variant: int) -> int:
    """An order of two pieces that a person makes in Katana, of which one is delivered; its id."""
    customer = account.customers.create({"name": "Grace"})
    row = {"variant_id": variant, "quantity": 2}
    number = int(account.orders.create({"customer_id": customer["id"], "sales_order_rows": [row]})["id"])
    ship(account, number, 1)
    return number


def test_KAT_2_what_is_on_its_way_at_the_beginning_is_asked_for_a_few_at_a_time(
    hub: KatanaHub, account: KatanaAccount, database: Connection
) -> None:
    variant = account.add_product("CHAIR", stock=50)
    for _ in range(12):
        sold_there(account, variant["id"])
    for room in (account.orders, account.fulfillments):
        for row in list(room.table.view()):
            room.table._rows[row["id"]] = row | {"updated_at": row["updated_at"] - timedelta(hours=3)}

    promised = []
    for _ in range(3):
        older(database, minutes=1)
        promised.append(hub.levels(["CHAIR"])[0].committed_direct)

    assert promised == [14, 12, 12]  # never less than it is
    assert len(account.asked_for("GET /sales_order_fulfillments")) == 12 + 2


def test_KAT_4_where_katana_waits_for_no_service_nothing_is_asked_again(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    ship(account, known, 3)  # not the fee
    account.orders.table.change(known, status="DELIVERED")
    assert [one.status for one in listening.hear().copies] == ["DELIVERED"]
    before = len(account.asked_for())

    listening.hear()

    assert len(account.asked_for()) - before == 3


def test_KAT_4_what_never_agrees_is_asked_for_a_few_times_and_then_believed(
    listening: Listening, account: KatanaAccount, database: Connection, known: int
) -> None:
    ship(account, known, 1)
    account.orders.table.change(known, status="DELIVERED")  # whatever that may mean
    asked = []
    for minutes in (0, 5, 6, 5, 10, 10):
        database.execute("UPDATE katana_heard SET moved_at = moved_at - %(by)s", {"by": timedelta(minutes=minutes)})
        row = account.orders.table._rows[known]
        account.orders.table._rows[known] = row | {"updated_at": row["updated_at"] - timedelta(minutes=minutes)}
        before = len(account.asked_for("GET /sales_order_fulfillments"))
        listening.hear()
        asked.append(len(account.asked_for("GET /sales_order_fulfillments")) - before - 1)

    assert asked == [1, 0, 1, 0, 1, 0]


@dataclass
class Noting:
    """A limit that is never used up, and what was asked by which priority."""

    taken: list[Priority] = field(default_factory=list)

    def take(self, priority: Priority) -> None:
        self.taken.append(priority)

    def close(self, until: datetime) -> None:
        del until

    def lower(self, quota: Quota) -> None:
        del quota


@pytest.mark.parametrize(
    ("minutes", "is_old", "priority"),
    [(0, False, Priority.POLL), (2, True, Priority.POLL), (5, True, Priority.POLL), (7, True, Priority.OVERDUE)],
)
def test_KAT_2_a_poll_goes_first_once_it_is_overdue_and_at_the_beginning(
    katana: RunningSandbox[KatanaAccount], database: Connection, minutes: int, is_old: bool, priority: Priority
) -> None:
    noting = Noting()
    client = KatanaClient(katana.credentials, budget=noting, url=katana.url, allow_insecure=True)
    hub = KatanaHub(database, client)
    cursor = hub.changes_since(None).cursor
    assert set(noting.taken[:4]) == {Priority.OVERDUE}
    if is_old:
        older(database, minutes=minutes)
        hub._news.outdate()  # orders come in all the time
    noting.taken.clear()

    hub.changes_since(cursor)

    assert noting.taken[:3] == [priority] * 3


class Empty(Unshared):
    """A limit that is used up."""

    def take(self, priority: object) -> None:
        raise RateLimited("used up", until=datetime(2100, 1, 1, tzinfo=UTC))


def test_KAT_2_where_the_limit_is_used_up_what_is_known_is_told(
    listening: Listening,
    account: KatanaAccount,
    katana: RunningSandbox[KatanaAccount],
    database: Connection,
    store: int,
    known: int,
) -> None:
    ship(account, known, 1)
    listening.hub._news.listen(within=timedelta(0))  # heard on the way to something else
    poor = KatanaHub(database, KatanaClient(katana.credentials, budget=Empty(), url=katana.url, allow_insecure=True))

    news = poor.changes_since(listening.cursor)

    assert news.shipped == ((store, KEY),)
    with pytest.raises(HubBusy, match="used up"):
        poor.changes_since(news.cursor)


def test_KAT_4_after_a_long_night_everything_is_heard(
    listening: Listening, account: KatanaAccount, database: Connection, store: int, known: int
) -> None:
    ship(account, known, 1)
    older(database, hours=20)

    assert listening.hear().shipped == ((store, KEY),)


def test_KAT_4_an_order_that_was_forgotten_and_moves_is_heard(
    listening: Listening, account: KatanaAccount, database: Connection, store: int, known: int
) -> None:
    database.execute("DELETE FROM katana_heard")
    account.ahead += timedelta(minutes=30)
    account.fulfillments.table.add(
        **{name: None for name in ("picked_date", "packer_id", "tracking_number")},
        sales_order_id=known,
        status="DELIVERED",
        conversion_rate=None,
        conversion_date=None,
        invoice_status="NOT_INVOICED",
        tracking_url=None,
        tracking_carrier=None,
        tracking_method=None,
        sales_order_fulfillment_rows=[],
    )

    assert (store, KEY) in listening.hear().shipped


@pytest.mark.parametrize("dated", [False, True])
def test_KAT_4_with_either_form_of_fulfilments(
    listening: Listening, account: KatanaAccount, store: int, known: int, dated: bool
) -> None:
    account.oddities.fulfillments_have_dates = dated
    parcel = ship(account, known, 1)
    assert listening.hear().shipped == ((store, KEY),)
    account.fulfillments.delete(account.fulfillments.table.find(parcel["id"]))
    news = listening.hear()

    assert [one.status for one in news.copies] == ["NOT_SHIPPED"]
    assert listening.hear().copies == ()


def test_KAT_4_an_order_that_does_not_move_with_its_rows_is_heard_by_what_is_read(
    listening: Listening, account: KatanaAccount, known: int
) -> None:
    account.oddities.rows_move_their_order = False
    account.rows.change(account.rows.table.find(row_of(account, known)), {"quantity": D(2)})

    (moved,) = listening.hear().skus  # within the overlap

    assert (moved.sku, moved.on_rows) == ("CHAIR", True)
