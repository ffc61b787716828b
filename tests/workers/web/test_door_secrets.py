"""What proves a message when a secret was replaced, or its store was left (DOR-1, DOR-6): at the door, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from connectors import counters
from connectors.postgres import earlier_secrets, journal
from connectors.postgres.rows import StoreRow
from sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.held import Process
from tasks.privacy import erase_buyers
from tasks.prune import prune
from tasks.stores import NewStore, change_store, connect_store, set_state
from tests.connectors import signing
from tests.connectors.signing import Sent
from tests.tasks.conftest import acme, held, import_all, shop
from tests.tasks.orders.looking import Shop, do, rung, store_of
from tests.tasks.test_privacy import EMAIL, connect, named, place
from tests.workers.web.doors import Door, connected, door, hinted, news

__all__ = ["acme", "door", "held", "shop"]

REDACT: Final = b'{"shop_id": 1, "shop_domain": "acme.myshopify.com"}'


def from_shopify(row: StoreRow, topic: str, body: bytes = REDACT, *, secret: str = "hush", delivery: str = "d") -> Sent:
    """A message of a Shopify shop."""
    return signing.shopify(secret, topic, body, shop=row.shop or "", delivery=f"{delivery}{topic}")


def earlier(held: Process) -> int:
    """How many secrets of before are kept."""
    return do(held, "SELECT FROM earlier_secrets")


def refused(held: Process, store_id: int) -> dict[str, int]:
    """What people see of messages that were refused."""
    return {one.reason: one.times for one in counters.refused(held.redis, store_id)}


@pytest.fixture
def shopify() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def left(held: Process, shopify: Shop) -> int:
    """A Shopify store with two orders in the hub, which was disconnected: its id."""
    store_id = connect(held, shopify, "left")
    place(shopify)
    place(shopify)
    assert import_all(held, store_id) == ["imported"] * 2
    set_state(held, store_of(held, store_id), StoreState.DISCONNECTED)
    return store_id


# -- a store that was left ---------------------------------------------------------------------------------------------


def test_DOR_6_a_shop_that_was_left_has_its_buyers_erased_two_days_later(held: Process, door: Door, left: int) -> None:
    row, url = store_of(held, left), door.url(held, left)
    do(held, "UPDATE earlier_secrets SET ends_at = ends_at - interval '48 hours'")
    assert EMAIL.lower() in str(buyers(held)).lower()

    assert door.post(url, from_shopify(row, "shop/redact")) == (200, b"")
    assert [] in rung(held.redis, "fetch")
    assert erase_buyers() == "2 orders erased"

    assert (named(held), row.credentials) == ([], "")
    assert [name for name, _ in buyers(held) if not name.startswith("Erased buyer")] == []
    with held.pool.connection() as connection:
        lines = [line for line in journal.lines(connection, journal.Which(left)) if line.action == "privacy"]
    assert [line.outcome for line in lines] == ["asked", "erased"]


def buyers(held: Process) -> list[tuple[str, str]]:
    """Name and address of every customer of the hub."""
    with held.pool.connection() as connection:
        found = connection.execute("SELECT name, coalesce(email, '') AS email FROM hub.customers").fetchall()
    return [(row["name"], row["email"]) for row in found]


def test_DOR_6_what_proves_a_shop_that_was_left_is_locked_and_goes_once_it_is_erased(
    held: Process, door: Door, left: int
) -> None:
    row, url = store_of(held, left), door.url(held, left)
    with held.pool.connection() as connection:
        (kept,) = connection.execute("SELECT locked, ends_at - now() AS lives FROM earlier_secrets")
    assert ("hush" not in kept["locked"], kept["lives"].days) == (True, 89)
    assert held.secrets.unlock(kept["locked"]) == {"api_secret": "hush"}  # and not the token

    door.post(url, from_shopify(row, "shop/redact"))
    erase_buyers()

    assert earlier(held) == 0
    assert door.post(url, from_shopify(row, "shop/redact", delivery="again")) == (401, b"")


def test_DOR_6_one_buyer_of_a_shop_that_was_left_is_erased_too(held: Process, door: Door, left: int) -> None:
    row, url = store_of(held, left), door.url(held, left)
    said = json.dumps({"customer": {"id": 77}}).encode()

    assert door.post(url, from_shopify(row, "customers/redact", said)) == (200, b"")
    assert door.post(url, from_shopify(row, "customers/data_request", said)) == (200, b"")
    erase_buyers()

    assert (named(held), earlier(held)) == ([], 1)


def test_DOR_6_a_shop_that_was_left_says_nothing_else_and_nobody_else_speaks_for_it(
    held: Process, door: Door, left: int
) -> None:
    row, url = store_of(held, left), door.url(held, left)
    sents = [
        from_shopify(row, "orders/updated", b'{"id": 7}'),
        from_shopify(row, "app/uninstalled"),
        from_shopify(row, ""),
        from_shopify(row, "shop/redact", secret="guess"),
        signing.shopify("hush", "shop/redact", REDACT, shop="other.myshopify.com"),
        ({}, REDACT),
    ]

    assert {door.post(url, sent) for sent in sents} == {(401, b"")}
    assert (erase_buyers(), hinted(held, left), refused(held, left)) == ("0 orders erased", False, {})
    assert do(held, "SELECT FROM privacy_requests") == 0


def test_DOR_6_after_90_days_nothing_proves_a_shop_that_was_left(held: Process, door: Door, left: int) -> None:
    row, url = store_of(held, left), door.url(held, left)
    do(held, "UPDATE earlier_secrets SET ends_at = ends_at - interval '90 days'")

    assert door.post(url, from_shopify(row, "shop/redact")) == (401, b"")
    prune()
    assert earlier(held) == 0


def test_DOR_6_a_shop_that_came_back_is_not_erased_by_the_app_of_before(
    held: Process, shopify: Shop, door: Door, left: int
) -> None:
    row = store_of(held, left)
    credentials = {**shopify.credentials, "api_secret": "new"}
    connect_store(held, NewStore("shopify", "left", shopify.url, credentials, allow_insecure=True))

    assert door.post(door.url(held, left), from_shopify(row, "shop/redact")) == (401, b"")
    assert (earlier(held), erase_buyers()) == (0, "0 orders erased")
    assert refused(held, left) == {"webhook_unproved": 1}


def test_DOR_6_nothing_is_kept_of_a_shop_that_asks_for_no_buyers(held: Process, acme: int) -> None:
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert earlier(held) == 0


# -- a secret that was replaced ----------------------------------------------------------------------------------------


@pytest.fixture
def rotated(held: Process) -> Iterator[StoreRow]:
    """A Shopify store whose secret was `hush` and is `new`."""
    with connected(held, "shopify", api_secret="hush") as row:
        change_store(held, row, {}, {"api_secret": "new", "access_token": secret(held, row)})
        held.redis.flushdb()
        yield store_of(held, row.id)


def secret(held: Process, row: StoreRow) -> str:
    """A store's access token."""
    return str(held.secrets.unlock(row.credentials)["access_token"])


def test_DOR_1_a_secret_that_was_replaced_proves_for_a_week_beside_the_new_one(
    held: Process, door: Door, rotated: StoreRow
) -> None:
    url = door.url(held, rotated.id)

    def say(by: str, delivery: str) -> int:
        return door.post(url, from_shopify(rotated, "orders/updated", b"{}", secret=by, delivery=delivery))[0]

    assert (say("new", "1"), say("hush", "2"), say("guess", "3")) == (200, 200, 401)
    with held.pool.connection() as connection:
        (kept,) = connection.execute("SELECT ends_at - now() AS lives FROM earlier_secrets")
    assert kept["lives"].days == 6

    do(held, "UPDATE earlier_secrets SET ends_at = ends_at - interval '7 days'")

    assert (say("new", "4"), say("hush", "5")) == (200, 401)
    assert refused(held, rotated.id) == {"webhook_unproved": 2}


def test_DOR_6_a_secret_that_was_replaced_erases_nobody(held: Process, door: Door, rotated: StoreRow) -> None:
    url, said = door.url(held, rotated.id), json.dumps({"customer": {"id": 77}}).encode()

    def ask(topic: str, by: str) -> int:
        return door.post(url, from_shopify(rotated, topic, said, secret=by, delivery=by))[0]

    assert [ask(topic, "hush") for topic in ("shop/redact", "customers/redact")] == [401, 401]
    assert refused(held, rotated.id) == {"webhook_earlier_secret": 2}
    assert [ask("customers/data_request", "hush"), ask("customers/redact", "new")] == [200, 200]


def test_DOR_1_a_woocommerce_secret_is_replaced_without_a_gap(held: Process, acme: int, door: Door) -> None:
    before = news(held, acme)

    change_store(held, store_of(held, acme), {}, {"webhook_secret": "another one"})

    assert (door.post(door.url(held, acme), before)[0], door.post(door.url(held, acme), news(held, acme))[0]) == (
        200,
        200,
    )


def test_BEY_9_what_proved_before_goes_under_the_newest_key_and_unreadable_is_nothing(
    held: Process, door: Door, rotated: StoreRow
) -> None:
    do(held, "INSERT INTO earlier_secrets (store_id, locked, ends_at) VALUES (%s, 'x', now())", rotated.id)
    set_state(held, rotated, StoreState.PAUSED)

    with held.pool.connection() as connection:
        earlier_secrets.rotate(connection, held.secrets)
        kept: list[Any] = earlier_secrets.kept(connection, held.secrets, rotated.id)

    assert (kept, earlier(held)) == ([{"api_secret": "hush"}], 1)
