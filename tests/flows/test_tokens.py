"""Tokens that end in the middle of an import: nobody notices, and each is renewed once (DOR-3). Real processes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from connectors import postgres
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from connectors.tokens import LEAST
from sandbox import RunningSandbox, ShopifyShop, run_shopify
from sandbox.shopify.state import Bucket
from sandbox.shopify.tokens import App
from tests.flows.house import House
from tests.waiting import wait_until

ORDERS = 80
LONG = 13  # lines: more than a page holds, so that each order is asked for by itself

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("patient flows")]


@pytest.fixture
def shop() -> Iterator[RunningSandbox[ShopifyShop]]:
    """A shop with 80 long orders, whose merchant made an app for us."""
    shop = ShopifyShop()
    shop.bucket = Bucket.of("enterprise")
    for number in range(ORDERS):
        lines = [{"name": f"Thing {line}", "sku": f"T-{line}", "price": "2.00"} for line in range(LONG)]
        shop.place_order({"lines": lines, "email": f"buyer{number}@example.com"})
    with run_shopify(shop, with_app=True) as sandbox:
        yield sandbox


def store_row(house: House, store_id: int) -> StoreRow:
    with postgres.connect(house.config.database_url) as connection:
        row = stores.find_store(connection, str(store_id))
    assert row is not None
    return row


def begin(house: House, shop: RunningSandbox[ShopifyShop], *, answers_after: float) -> int:
    """Two workers and beat, at work on the shop; four slots ask for each order by itself, 20 answers each at least."""
    shop.faults.set_pace(slow_seconds=answers_after)
    shop.faults.set_rates({"slow": 1.0})
    house.start_worker("worker1")
    house.start_worker("worker2")
    store_id = house.connect(shop, "acme", "shopify", **{"fetch.every": 10})
    house.start_beat()
    return store_id


def bring_in(house: House, store_id: int) -> None:
    wait_until(lambda: house.imported(store_id) == ORDERS, seconds=200, what=f"all orders\n{house.logs()}")
    assert house.states(store_id) == {"imported": ORDERS}
    row = store_row(house, store_id)
    assert (row.state, row.fetch_attempts) == ("active", 0)
    with postgres.connect(house.config.database_url) as connection:
        stopped = connection.execute("SELECT FROM journal WHERE action = 'stop' OR outcome = 'failed'").fetchall()
    assert stopped == []


def test_DOR_3_tokens_that_end_in_an_import_are_renewed_before_by_one_for_all(
    house: House, shop: RunningSandbox[ShopifyShop]
) -> None:
    app = shop.shop.app
    app.token_life = 4
    store_id = begin(house, shop, answers_after=0.5)

    bring_in(house, store_id)

    _, *renewed = app.given_at  # the first was for connecting
    assert len(renewed) > 3
    # 3 s are said of each, and a tenth of that is left when it is renewed.
    assert min(after - before for before, after in pairwise(renewed)) > timedelta(seconds=2)


def test_DOR_3_three_tokens_taken_away_in_an_import_are_noticed_by_nobody_and_a_secret_is(
    house: House, shop: RunningSandbox[ShopifyShop]
) -> None:
    app = shop.shop.app
    store_id = begin(house, shop, answers_after=1.0)

    for least in (10, 20, 30):
        take_away(house, store_id, app, least)
    assert house.imported(store_id) < ORDERS, "the import was over before the last token was taken away"
    shop.faults.set_rates({})

    bring_in(house, store_id)
    assert app.given == 2 + 3  # for connecting, for the workers, and one for each that was taken away

    app.client_secret = "shpss_another"
    app.end_tokens()
    wait_until(lambda: store_row(house, store_id).state != "active", seconds=60, what="the store to stop")
    row = store_row(house, store_id)
    assert (row.state, row.reason) == ("needs_attention", "credentials_refused")
    assert "Oauth error invalid_client: The client_secret is not the app's" in (row.reason_detail or "")


def take_away(house: House, store_id: int, app: App, least: int) -> None:
    """End the token once so many orders are in, and see another one be fetched."""
    wait_until(
        lambda: house.imported(store_id) > least and is_old(app), seconds=100, what=f"more orders\n{house.logs()}"
    )
    given = app.given
    app.end_tokens()
    wait_until(lambda: app.given > given, seconds=30, what=f"another token\n{house.logs()}")


def is_old(app: App) -> bool:
    """Whether the last token was not given a moment ago: then a refusal would be an outage."""
    return datetime.now(UTC) - app.given_at[-1] > LEAST
