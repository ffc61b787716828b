"""A walk through a catalogue that a store interrupts goes on later, where it stood, and holds up no worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from connectors.postgres import catalogue, stores
from sandbox import RunningSandbox, open_sandbox
from tasks.catalogue import STALE, fetch_catalogue
from tasks.held import Process
from tasks.rules.failures import STORE_TRIES, SWEEP
from tasks.stores import NewStore, change_store, connect_store
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.tasks.orders.looking import ahead, do, journal_of, let_waits_pass, rung, store_of

SKUS: Final = [f"S-{number:03}" for number in range(620)]


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
    return int(row.id)


def items(held: Process) -> int:
    with held.pool.connection() as connection:
        row = connection.execute("SELECT count(*) AS items FROM store_items").fetchone()
    assert row is not None
    return int(row["items"])


def position_of(held: Process, store_id: int) -> object:
    """Where the walk through a store's catalogue goes on."""
    walk = store_of(held, store_id).catalogue_walk
    assert walk is not None
    return walk["position"]


def test_STK_3_walk_that_uses_up_a_shops_points_goes_on_later(
    held: Process, shop: RunningSandbox[Any], acme: int
) -> None:
    bucket = shop.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 200, 200, 2000
    words = [fetch_catalogue(acme)]
    assert 0 < items(held) < 500
    assert store_of(held, acme).catalogue_due_at is not None
    pages = shop.shop.asked["productVariants"]

    while words[-1] == "put_off" and len(words) < 10:
        bucket.available = 200
        words.append(fetch_later(held, acme))

    assert words[-1] == "walked"
    assert items(held) == 500 + len(
        [one for one in shop.shop.stock.variants.values() if one.sku and not one.sku.startswith("S-")]
    )
    assert pages < shop.shop.asked["productVariants"] <= 5  # no page was asked for twice
    assert store_of(held, acme).catalogue_walk is None


def test_STK_3_walk_that_was_interrupted_long_ago_begins_anew(
    held: Process, shop: RunningSandbox[Any], acme: int
) -> None:
    bucket = shop.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 200, 200, 2000
    fetch_catalogue(acme)
    first = position_of(held, acme)
    make_walk_old(held, acme, "moved_at")
    bucket.available = 200

    fetch_catalogue(acme)

    assert position_of(held, acme) == first


# -- on every platform -------------------------------------------------------------------------------------------------


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A shop of each platform in turn, with more items than fit on three pages."""
    with open_sandbox(request.param, orders=0) as sandbox:
        shelf = Shelf(request.param, sandbox)
        for sku in SKUS:
            shelf.offer(sku, 3)
        yield shelf


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected with stock sync on: its id."""
    return connect_shelf(held, shelf, {"stock.sync": "on"})


def known(held: Process) -> set[str]:
    """Every SKU that the store is known to have."""
    with held.pool.connection() as connection:
        return {row["sku"] for row in connection.execute("SELECT sku FROM store_items")}


def make_walk_old(held: Process, store: int, what: str) -> None:
    """A moment of the walk that is under way lies longer back than a walk may rest."""
    long_ago = (store_of(held, store).connected_at - STALE - timedelta(minutes=1)).isoformat()
    do(
        held,
        "UPDATE stores SET catalogue_walk = catalogue_walk || jsonb_build_object(%s::text, %s::text)",
        what,
        long_ago,
    )


def fail_next(shelf: Shelf, times: int, fault: str = "http_500") -> None:
    """The next calls that read the catalogue fail."""
    shelf.sandbox.faults.fail_next(times, fault, only={"shopify": "graphql"}.get(shelf.platform, "/products"))


def fetch_later(held: Process, store: int) -> str:
    """What came of a task once nothing waits any more."""
    let_waits_pass(held, store)
    return fetch_catalogue(store)


def walked_by_pages(held: Process, store: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The answers of tasks that have time for one page each, the last one's too."""
    monkeypatch.setattr("tasks.catalogue.BUDGET_SECONDS", 0)
    while (word := fetch_later(held, store)) == "goes_on":
        yield word
    yield word


@pytest.mark.long
def test_STK_3_walk_that_is_cut_behind_every_page_misses_and_drops_nothing_that_is_there(
    held: Process, shelf: Shelf, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_catalogue(store)
    shelf.delete(SKUS[-1])
    do(held, "UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")
    words = []

    for number, word in enumerate(walked_by_pages(held, store, monkeypatch)):
        words.append(word)
        if number < 2:
            shelf.delete(SKUS[number])  # of what was read: all others move up
            shelf.count(SKUS[number + 10], 9)
            shelf.offer(f"NEW-{number}", 4)

    assert words == ["goes_on"] * (len(words) - 1) + ["walked"]
    assert len(words) > 2
    assert known(held) >= {*SKUS[2:-1], "NEW-0", "NEW-1"}
    assert SKUS[-1] not in known(held)
    assert rung(held.redis, "fetch") == [[store]] * (len(words) - 1)


@pytest.mark.long
def test_STK_3_walk_that_fails_goes_on_behind_its_last_page(
    held: Process, shelf: Shelf, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = walked_by_pages(held, store, monkeypatch)
    next(pages)
    read = known(held)
    fail_next(shelf, 1)
    assert next(pages) == "put_off"
    do(held, "DELETE FROM store_items")  # what is read again comes again

    assert list(walked_by_pages(held, store, monkeypatch))[-1] == "walked"

    assert known(held) & {*SKUS} == {*SKUS} - read


def test_STK_3_walk_that_takes_long_goes_on_as_long_as_it_moves(
    held: Process, shelf: Shelf, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(walked_by_pages(held, store, monkeypatch))
    first = position_of(held, store)
    make_walk_old(held, store, "asked_at")

    next(walked_by_pages(held, store, monkeypatch))

    assert position_of(held, store) != first


@pytest.mark.long
def test_STK_5_figure_that_was_told_between_two_stretches_of_a_walk_is_older_news_than_the_second(
    held: Process, shelf: Shelf, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_catalogue(store)
    do(held, "UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")
    next(walked_by_pages(held, store, monkeypatch))
    make_walk_old(held, store, "asked_at")
    do(held, "UPDATE store_levels SET shown = 5, moved_at = now() - interval '5 minutes'")  # the shop's are 3

    assert list(walked_by_pages(held, store, monkeypatch))[-1] == "walked"

    with held.pool.connection() as connection:
        (item,) = catalogue.items(connection, store, [SKUS[-1]])
    assert 3 in item.shown.values()


# -- a catalogue that cannot be read -----------------------------------------------------------------------------------


def unread(held: Process, store: int) -> tuple[str | None, list[tuple[str, str, str | None]]]:
    """Why the catalogue cannot be read, and what the journal says of it."""
    return store_of(held, store).catalogue_reason, journal_of(held, store)


def test_catalogue_that_stays_away_is_told_once_and_asked_every_hour(held: Process, shelf: Shelf, store: int) -> None:
    fail_next(shelf, STORE_TRIES + 1)

    for _ in range(STORE_TRIES - 1):
        assert fetch_later(held, store) == "put_off"
    before = unread(held, store)
    for _ in range(2):
        assert fetch_later(held, store) == "put_off"

    assert before == (None, [])
    assert unread(held, store) == ("store_unavailable", [("fetch_catalogue", "failed", "store_unavailable")])
    assert "500" in (store_of(held, store).catalogue_detail or "")
    assert timedelta(minutes=55) < ahead(store_of(held, store).catalogue_due_at) <= SWEEP


@pytest.mark.long
def test_catalogue_that_is_read_again_is_blamed_no_more(held: Process, shelf: Shelf, store: int) -> None:
    fail_next(shelf, STORE_TRIES)
    for _ in range(STORE_TRIES):
        fetch_later(held, store)

    assert fetch_later(held, store) == "walked"

    row = store_of(held, store)
    assert (row.catalogue_reason, row.catalogue_detail, row.catalogue_due_at) == (None, None, None)


def test_catalogue_that_comes_page_by_page_is_not_away(
    held: Process, shelf: Shelf, store: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = walked_by_pages(held, store, monkeypatch)
    for _ in range(3):
        fail_next(shelf, STORE_TRIES - 1)
        for _ in range(STORE_TRIES - 1):
            assert fetch_later(held, store) == "put_off"
        next(pages)

    assert unread(held, store) == (None, [])


def test_catalogue_is_asked_for_at_once_when_its_store_is_changed(held: Process, shelf: Shelf, store: int) -> None:
    fail_next(shelf, 1)
    fetch_catalogue(store)

    change_store(held, store_of(held, store), {"stock.buffer": 1}, {})

    assert (store_of(held, store).catalogue_due_at, store_of(held, store).catalogue_attempts) == (None, 0)
