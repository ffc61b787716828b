"""Shops are asked to tell by themselves what moves, and go on doing so (BEY-5), over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from connectors.platforms import PLATFORMS, record
from connectors.postgres import stores
from connectors.woocommerce.connector import WooCommerce
from sandbox import RunningSandbox, open_sandbox
from schemas.stores import StoreState
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process, configure, process
from tasks.stores import NewStore, change_store, connect_store, set_state
from tasks.subscriptions import ask_for_webhooks, check_webhooks, look
from tasks.upkeep import ring_due
from tests.tasks.orders.looking import Shop, do, journal_of, messages, rung, store_of
from workers.cli.store.words import webhooks_words

URL: Final = "http://hub.example"
Seen = set[tuple[str, str, bool]]


ONE: Final = pytest.mark.parametrize("shop", ["woocommerce"], indirect=True)  # what no platform does otherwise


@pytest.fixture(params=sorted(PLATFORMS))
def shop(request: pytest.FixtureRequest) -> Iterator[RunningSandbox[Any]]:
    """A shop of each platform."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def reached(held: Process) -> Process:
    """A process that shops can reach."""
    return reached_at(held, URL)


def reached_at(held: Process, url: str) -> Process:
    configure(replace(held.config, public_url=url))
    return process()


def connected(held: Process, shop: Shop, **settings: str) -> int:
    platform = next(name for name in PLATFORMS if name in type(shop.shop).__name__.lower())
    connect_store(held, NewStore(platform, "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return row.id


def bells(held: Process) -> list[int]:
    """The stores that a worker is asked to look at for this; the queue is empty afterwards."""
    found = [one["body"][0][0] for one in messages(held.redis, "fetch") if one["headers"]["task"] == "ask_for_webhooks"]
    rung(held.redis, "fetch")
    return found


def hooks_of(shop: Shop) -> dict[Any, Any]:
    hooks = shop.shop.hooks if hasattr(shop.shop, "hooks") else shop.shop.webhooks
    return dict(hooks.hooks)


def seen(shop: Shop) -> Seen:
    """What a shop was asked for: topic, address, whether it is told."""
    return {
        (
            getattr(one, "scope", None) or one.topic,
            next(getattr(one, name) for name in ("delivery_url", "destination", "uri") if hasattr(one, name)),
            getattr(one, "is_active", getattr(one, "status", "active") == "active"),
        )
        for one in hooks_of(shop).values()
    }


def wanted(held: Process, store_id: int, url: str = URL, *, goods: bool = False) -> Seen:
    """What it should be asked for."""
    row = store_of(held, store_id)
    platform = record(row.platform)
    topics = (*platform.asks, *(platform.asks_of_goods if goods else ()))
    return {(topic, f"{url}/webhooks/{row.platform}/{row.webhook_token}", True) for topic in topics}


def drop(shop: Shop, number: int = 0) -> None:
    """The platform gave one up: removed, or switched off."""
    key, one = list(hooks_of(shop).items())[number]
    if hasattr(one, "is_active"):
        one.is_active = False
    elif hasattr(one, "status"):
        one.status = "disabled"
    else:
        del shop.shop.hooks.hooks[key]


def foreign(shop: Shop) -> None:
    """Somebody else's subscription in the same shop."""
    elsewhere = "https://else.example/webhooks/of/others"
    if hasattr(shop.shop, "webhooks"):
        shop.shop.webhooks.subscribe({"topic": "order.created", "delivery_url": elsewhere})
    elif hasattr(shop.shop.hooks, "make"):
        shop.shop.hooks.make({"scope": "store/order/*", "destination": elsewhere})
    else:
        shop.shop.hooks.subscribe("ORDERS_CREATE", {"uri": elsewhere})


# -- asked for ---------------------------------------------------------------------------------------------------------


def test_BEY_5_a_connected_shop_is_asked_and_a_healthy_one_left_alone(reached: Process, shop: Shop) -> None:
    foreign(shop)
    others = seen(shop)
    acme = connected(reached, shop)
    bells(reached)

    ring_due()
    assert acme in bells(reached)
    assert ask_for_webhooks(acme) == "changed"
    assert seen(shop) == wanted(reached, acme) | others

    ids = set(hooks_of(shop))
    ring_due()
    assert acme not in bells(reached)
    assert (ask_for_webhooks(acme), set(hooks_of(shop))) == ("well", ids)
    assert "all" in webhooks_words(store_of(reached, acme))
    assert journal_of(reached, acme) == [("subscribe", "saved", None)]


@ONE
def test_BEY_5_goods_are_asked_for_once_stock_is_told(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    ask_for_webhooks(acme)

    change_store(reached, store_of(reached, acme), {"stock.sync": "on"}, {})
    bells(reached)
    ring_due()
    assert acme in bells(reached)
    ask_for_webhooks(acme)
    assert seen(shop) == wanted(reached, acme, goods=True)

    change_store(reached, store_of(reached, acme), {"stock.sync": "off"}, {})
    ask_for_webhooks(acme)
    assert seen(shop) == wanted(reached, acme)


@ONE
def test_BEY_5_nobody_is_asked_without_an_address(held: Process, shop: Shop) -> None:
    acme = connected(held, shop)

    ring_due()

    assert (ask_for_webhooks(acme), seen(shop)) == ("no_public_url", set())
    assert check_webhooks() == 0
    assert "PUBLIC_URL" in webhooks_words(store_of(held, acme))


def test_BEY_5_an_address_that_came_later_or_changed_takes_the_old_one_s_place(held: Process, shop: Shop) -> None:
    acme = connected(held, shop)
    for url in (URL, "http://other.example/below"):
        held = reached_at(held, url)
        bells(held)
        ring_due()
        assert acme in bells(held)
        ask_for_webhooks(acme)
        assert seen(shop) == wanted(held, acme, url)


def test_BEY_5_a_store_of_before_gets_a_secret_of_its_own(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    row = store_of(reached, acme)
    old = {key: value for key, value in reached.secrets.unlock(row.credentials).items() if key != "webhook_secret"}
    do(reached, "UPDATE stores SET credentials = %s WHERE id = %s", reached.secrets.lock(old), acme)

    ask_for_webhooks(acme)

    own = record(row.platform).own_secret
    assert own is None or reached.secrets.unlock(store_of(reached, acme).credentials)[own]
    assert seen(shop) == wanted(reached, acme)


# -- mended ------------------------------------------------------------------------------------------------------------


def test_BEY_5_what_the_platform_gave_up_is_mended_by_the_daily_check(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    ask_for_webhooks(acme)
    drop(shop, 0)
    drop(shop, 1)
    assert seen(shop) != wanted(reached, acme)
    bells(reached)

    assert len(look(reached, store_of(reached, acme)).not_told) == 2
    assert check_webhooks() == 1
    assert bells(reached) == [acme]
    ask_for_webhooks(acme)

    assert seen(shop) == wanted(reached, acme)
    assert look(reached, store_of(reached, acme)).not_told == {}


@ONE
def test_BEY_5_a_check_that_is_a_day_old_is_due_by_itself(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    ask_for_webhooks(acme)
    do(reached, "UPDATE stores SET webhooks_at = now() - interval '25 hours' WHERE id = %s", acme)
    bells(reached)

    ring_due()

    assert acme in bells(reached)


def test_BEY_5_other_credentials_prove_what_comes_from_then_on(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    if record(store_of(reached, acme).platform).own_secret is None:
        pytest.skip("the shop signs with its app's secret")
    ask_for_webhooks(acme)

    change_store(reached, store_of(reached, acme), {}, {"webhook_secret": "another one"})

    assert ask_for_webhooks(acme) == "changed"
    assert {getattr(one, "secret", None) or one.headers["x-storesync-secret"] for one in hooks_of(shop).values()} == {
        "another one"
    }


# -- refused -----------------------------------------------------------------------------------------------------------

CALL: Final = {"shopify": "graphql.json", "woocommerce": "POST /wp-json/wc/v3/webhooks", "bigcommerce": "/v3/hooks"}


def test_BEY_5_a_shop_that_refuses_says_why_and_is_polled_on(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    platform = store_of(reached, acme).platform
    shop.faults.fail_next(1, "unauthorized" if platform == "bigcommerce" else "write_refused", only=CALL[platform])
    if platform == "shopify":
        shop.faults.fail_next(1, "write_refused", only=CALL[platform])  # the list is no mutation

    assert ask_for_webhooks(acme) == "refused"

    row = store_of(reached, acme)
    assert (row.state, row.webhooks and row.webhooks["told"]) == ("active", [])
    assert "webhooks_refused" in webhooks_words(row)
    assert journal_of(reached, acme) == [("subscribe", "failed", "webhooks_refused")]
    assert fetch_orders(acme) == "fetched"
    check_store(reached, row)

    check_webhooks()
    assert (ask_for_webhooks(acme), seen(shop)) == ("changed", wanted(reached, acme))


def test_BEY_5_a_topic_without_its_scope_is_named_and_the_others_come(reached: Process) -> None:
    with open_sandbox("shopify", orders=0, token_life=3600) as shop:
        acme = connected(reached, shop)
        shop.shop.app.scopes -= {"write_products", "read_products"}
        shop.shop.app.end_tokens()
        do(reached, "UPDATE stores SET stock_news = 'shelf' WHERE id = %s", acme)

        assert ask_for_webhooks(acme) == "refused"

        told = look(reached, store_of(reached, acme))
        assert {topic.partition("/")[0] for topic in told.not_told} == {"products"}
        assert seen(shop) < wanted(reached, acme, goods=True)


@ONE
def test_BEY_5_a_shop_that_is_away_is_asked_again_soon(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    shop.faults.set_rates({"http_500": 1})

    assert ask_for_webhooks(acme) == "put_off"
    assert store_of(reached, acme).webhooks is None
    bells(reached)
    ring_due()
    assert acme not in bells(reached)


@ONE
def test_BEY_5_a_real_shop_is_asked_for_no_plain_http(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)

    told = look(reached, replace(store_of(reached, acme), allow_insecure=False))

    assert "https" in told.not_told["*"]


# -- left --------------------------------------------------------------------------------------------------------------


def test_BEY_5_a_shop_that_is_left_is_asked_nothing_more(reached: Process, shop: Shop) -> None:
    foreign(shop)
    others = seen(shop)
    acme = connected(reached, shop)
    ask_for_webhooks(acme)

    set_state(reached, store_of(reached, acme), StoreState.DISCONNECTED)

    assert seen(shop) == others
    assert connected(reached, shop) == acme
    ask_for_webhooks(acme)
    assert seen(shop) == wanted(reached, acme) | others


@ONE
@pytest.mark.parametrize("fault", ["http_500", "unauthorized", "reset"])
def test_BEY_5_a_shop_that_does_not_answer_is_left_all_the_same(reached: Process, shop: Shop, fault: str) -> None:
    acme = connected(reached, shop)
    ask_for_webhooks(acme)
    shop.faults.set_rates({fault: 1})

    set_state(reached, store_of(reached, acme), StoreState.DISCONNECTED)

    assert store_of(reached, acme).state == "disconnected"


@ONE
def test_BEY_5_a_store_whose_key_is_lost_is_left_all_the_same(reached: Process, shop: Shop) -> None:
    acme = connected(reached, shop)
    ask_for_webhooks(acme)
    do(reached, "UPDATE stores SET credentials = 'of another key' WHERE id = %s", acme)

    set_state(reached, store_of(reached, acme), StoreState.DISCONNECTED)

    assert store_of(reached, acme).state == "disconnected"


def test_BEY_5_a_platform_that_cannot_be_asked_is_well(held: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WooCommerce, "subscriptions", lambda _: None)
    with open_sandbox("woocommerce", orders=0) as shop:
        held = reached_at(held, URL)
        acme = connected(held, shop)

        assert (ask_for_webhooks(acme), seen(shop)) == ("well", set())
