"""A walk through a catalogue that a store interrupts goes on later, where it stood, and holds up no worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.postgres import stores
from connectors.sandbox import RunningSandbox, open_sandbox
from tasks.catalogue import STALE, fetch_catalogue
from tasks.process import Process
from tasks.stores import NewStore, connect_store
from tests.tasks.looking import do, store_of


@pytest.fixture
def shop() -> Iterator[RunningSandbox[Any]]:
    """A Shopify shop with more variants than its points allow to be asked for at once."""
    with open_sandbox("shopify", orders=0) as sandbox:
        for number in range(500):
            sandbox.shop.stock.add(f"S-{number}")
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: RunningSandbox[Any]) -> int:
    """The shop, connected with stock sync on: its id."""
    new = NewStore("shopify", "acme", shop.url, shop.credentials, {"stock.sync": "on"}, allow_insecure=True)
    connect_store(held, new)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return int(row["id"])


def items(held: Process) -> int:
    with held.pool.connection() as connection:
        row = connection.execute("SELECT count(*) AS items FROM store_items").fetchone()
    assert row is not None
    return int(row["items"])


def test_STK_3_walk_that_uses_up_a_shops_points_goes_on_later(
    held: Process, shop: RunningSandbox[Any], acme: int
) -> None:
    bucket = shop.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 1000, 1000, 2000
    words = [fetch_catalogue(acme)]
    assert 0 < items(held) < 500
    assert store_of(held, acme)["catalogue_due_at"] is not None
    pages = shop.shop.asked["productVariants"]

    while words[-1] == "put_off" and len(words) < 10:
        bucket.available = 1000
        held.redis.delete(f"storesync:wait:{acme}")
        words.append(fetch_catalogue(acme))

    assert words[-1] == "walked"
    assert items(held) == 500 + len(
        [one for one in shop.shop.stock.variants.values() if one.sku and not one.sku.startswith("S-")]
    )
    assert pages < shop.shop.asked["productVariants"] <= 5  # no page was asked for twice
    assert store_of(held, acme)["catalogue_walk"] is None


def test_STK_3_walk_that_was_interrupted_long_ago_begins_anew(
    held: Process, shop: RunningSandbox[Any], acme: int
) -> None:
    bucket = shop.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 1000, 1000, 2000
    fetch_catalogue(acme)
    first = store_of(held, acme)["catalogue_walk"]["position"]
    long_ago = (store_of(held, acme)["connected_at"] - STALE - timedelta(minutes=1)).isoformat()
    do(held, "UPDATE stores SET catalogue_walk = catalogue_walk || jsonb_build_object('asked_at', %s::text)", long_ago)
    bucket.available = 1000

    fetch_catalogue(acme)

    assert store_of(held, acme)["catalogue_walk"]["position"] == first
