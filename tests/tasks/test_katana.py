"""Tasks with Katana as the account's hub, over real HTTP: chosen, asked, heard (KAT-2, KAT-3, KAT-4)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from psycopg.types.json import Jsonb

from connectors import hubs, locks
from connectors.errors import HubBusy, Unavailable
from connectors.hubs import our_hub
from connectors.katana import budget
from connectors.postgres import hub_account, stores
from connectors.webhooks import Message
from sandbox import KatanaAccount, Oddities, RunningSandbox, run_katana
from sandbox.katana.deliveries import signature
from sandbox.woocommerce.generator import random_order
from schemas.alarms import Alarm, AlarmKind
from schemas.errors import SettingRefused
from schemas.settings import Value
from tasks import alarms, hub_choice, hub_news
from tasks.account import reconfigure_account
from tasks.catalogue import fetch_catalogue
from tasks.held import Process, configure, process
from tasks.hub_news import fetch_hub
from tasks.orders.fulfill import fulfill_order
from tasks.stock.push import push_stock
from tasks.webhooks import Taken, hear
from tests.tasks.conftest import connect, import_all, show

Shop = RunningSandbox[Any]
Katana = RunningSandbox[KatanaAccount]


@pytest.fixture
def katana() -> Iterator[Katana]:
    """An account that answers as often as it is asked."""
    with run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000))) as running:
        yield running


def values_for(katana: Katana, **more: Value) -> dict[str, Value]:
    chosen: dict[str, Value] = {"hub": "katana", "katana.url": katana.url, "katana.allow_insecure": True}
    return chosen | {"katana.api_key": katana.credentials["api_key"]} | more


def choose(held: Process, values: dict[str, Value]) -> None:
    """As `storesync account set` does it."""
    values = values | hub_choice.prove_choice(held, values)
    with held.pool.connection() as connection:
        reconfigure_account(held, connection, values)


@pytest.fixture
def chosen(held: Process, katana: Katana) -> KatanaAccount:
    """The account, which is the hub."""
    choose(held, values_for(katana))
    return katana.shop


def another_minute(held: Process) -> None:
    """Nobody has asked Katana for a while, as far as our limit knows."""
    held.redis.delete(budget._ASKED)


def place(shop: Shop, **fields: Any) -> str:
    return str(random_order(shop.shop, {"status": "processing", **fields}).id)


def rows_of(held: Process, statement: str) -> list[dict[str, Any]]:
    with held.pool.connection() as connection:
        return connection.execute(statement).fetchall()


def the_order(account: KatanaAccount) -> dict[str, Any]:
    (order,) = account.orders.table.view()
    return order


# -- choosing it


def test_KAT_3_katana_is_chosen_once_it_was_proved(held: Process, katana: Katana, chosen: KatanaAccount) -> None:
    with held.pool.connection() as connection:
        account, kept = stores.account(connection), hub_account.hub_account(connection)
        assert our_hub(connection).facts.name == "katana"

    assert (account.hub, account.base_currency) == ("katana", "EUR")
    assert account.default_location == str(chosen.locations.default()["id"])
    assert katana.credentials["api_key"] not in kept.credentials
    assert held.secrets.unlock(kept.credentials) == {"api_key": katana.credentials["api_key"]}
    assert "api_key" not in json.dumps(kept.settings)
    (line,) = rows_of(held, "SELECT action, detail FROM journal")
    assert katana.credentials["api_key"] not in json.dumps(line["detail"])


def test_KAT_3_case_8_an_account_that_ignores_a_filter_is_refused_and_nothing_is_kept(
    held: Process, katana: Katana, shop: Shop
) -> None:
    account = katana.shop
    variant = account.add_product("CHAIR")
    customer = account.customers.create({"name": "Grace"})
    row = {"variant_id": variant["id"], "quantity": 1}
    account.orders.create({"customer_id": customer["id"], "sales_order_rows": [row], "ecommerce_order_id": "1"})
    account.oddities.ignored_filters = ("sales_orders.ecommerce_order_id",)

    with pytest.raises(SettingRefused, match="ignores the filter ecommerce_order_id"):
        choose(held, values_for(katana))

    (kept,) = rows_of(held, "SELECT settings, hub_credentials FROM account")
    assert kept == {"settings": {}, "hub_credentials": ""}
    assert not [one for one in account.asked_for() if one.method != "GET"]


def test_KAT_3_a_key_that_katana_does_not_take_is_refused(held: Process, katana: Katana) -> None:
    katana.shop.keys = {"another"}

    with pytest.raises(SettingRefused) as refused:
        choose(held, values_for(katana))

    assert refused.value.key == "katana.api_key"


def test_KAT_3_without_a_key_it_is_not_chosen(held: Process, katana: Katana) -> None:
    values = {key: value for key, value in values_for(katana).items() if key != "katana.api_key"}

    with pytest.raises(SettingRefused) as refused:
        choose(held, values)

    assert refused.value.key == "katana.api_key"


def test_KAT_3_a_katana_that_is_away_leaves_everything_as_it_was(held: Process, katana: Katana) -> None:
    away = values_for(katana) | {"katana.url": "http://127.0.0.1:1/v1"}

    with pytest.raises(Unavailable):
        choose(held, away)

    assert rows_of(held, "SELECT settings FROM account") == [{"settings": {}}]


def test_KAT_3_a_hub_with_orders_of_stores_is_not_left(held: Process, katana: Katana, shop: Shop, acme: int) -> None:
    key = place(shop)
    import_all(held, acme)

    with pytest.raises(SettingRefused, match=f"order acme/{key}") as refused:
        choose(held, values_for(katana))

    assert refused.value.key == "hub"
    assert katana.shop.asked_for() == []


def test_KAT_3_a_new_key_is_tried_before_it_is_kept(held: Process, katana: Katana, chosen: KatanaAccount) -> None:
    chosen.keys = {"new"}
    with pytest.raises(SettingRefused):
        choose(held, {"katana.api_key": "wrong"})

    choose(held, {"katana.api_key": "new"})

    with held.pool.connection() as connection:
        assert held.secrets.unlock(hub_account.hub_account(connection).credentials) == {"api_key": "new"}
        assert our_hub(connection).closed_until() is None


def test_KAT_3_the_key_of_another_account_is_refused_once_orders_are_in_the_first(
    held: Process, shop: Shop, chosen: KatanaAccount, acme: int
) -> None:
    place(shop)
    import_all(held, acme)

    with (
        run_katana(KatanaAccount(Oddities(limit=100_000))) as other,
        pytest.raises(SettingRefused, match="another account") as refused,
    ):
        choose(held, {"katana.url": other.url, "katana.api_key": other.credentials["api_key"]})

    assert refused.value.key == "katana.api_key"


def test_KAT_3_of_another_account_nothing_is_taken_for_known(
    held: Process, katana: Katana, chosen: KatanaAccount
) -> None:
    chosen.add_product("CHAIR")
    with held.pool.connection() as connection:
        assert list(our_hub(connection).stocked(after="", limit=9)) == ["CHAIR"]

    with run_katana(KatanaAccount(Oddities(limit=100_000))) as other:
        other.shop.keys = {"another"}
        other.shop.add_product("TABLE")
        choose(held, {"katana.url": other.url, "katana.api_key": "another"})
        with held.pool.connection() as connection:
            assert list(our_hub(connection).stocked(after="", limit=9)) == ["TABLE"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"location": "berlin"}, "location of the store acme is 'berlin', and katana has no such location"),
        ({"location_map": {"7": "berlin"}}, r"location_map of the store acme \(berlin\) is 'berlin'"),
    ],
)
def test_KAT_3_stores_that_name_a_location_of_the_old_hub_are_named(
    held: Process, katana: Katana, acme: int, settings: dict[str, Any], words: str
) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE stores SET settings = settings || %s", (Jsonb(settings),))

    with pytest.raises(SettingRefused, match=words):
        choose(held, values_for(katana))


def test_KAT_3_a_default_location_that_it_has_not_is_refused(held: Process, katana: Katana) -> None:
    with pytest.raises(SettingRefused, match="default_location is 'mars'"):
        choose(held, values_for(katana, default_location="mars"))


def test_KAT_3_an_account_without_a_key_says_what_to_do(held: Process) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"hub": "katana"})
        with pytest.raises(HubBusy, match=r"storesync account set katana\.api_key"):
            our_hub(connection)


# -- an order there and back


def test_KAT_4_an_order_goes_to_katana_and_what_a_person_delivers_comes_back(
    held: Process, shop: Shop, chosen: KatanaAccount
) -> None:
    acme = connect(held, shop, "acme", **{"fulfillment.sync": True})
    fetch_hub()
    key = place(shop)

    assert import_all(held, acme) == ["imported"]
    order = the_order(chosen)
    assert (order["ecommerce_order_type"], order["ecommerce_order_id"]) == ("wooCommerce", key)
    assert fetch_hub() == "heard"
    another_minute(held)
    chosen.fulfillments.take_rest(order["id"], "DELIVERED")

    assert fetch_hub() == "heard"
    assert fulfill_order(acme, key) == "sent"
    assert shop.shop.status_of(key) == "completed"
    assert show(held, key)["order"]["status"] == "DELIVERED"


def test_KAT_4_case_7_what_a_person_deletes_there_does_not_come_again(
    held: Process, shop: Shop, chosen: KatanaAccount, acme: int
) -> None:
    fetch_hub()
    key = place(shop)
    import_all(held, acme)
    chosen.orders.delete(chosen.orders.table.find(the_order(chosen)["id"]))

    assert fetch_hub() == "heard"
    gone = show(held, key)
    assert (gone["state"], gone["reason"]) == ("deleted", "deleted_in_hub")

    another_minute(held)
    before = len(chosen.asked_for())
    shop.shop.edit_order(int(key), {"customer_note": "Ring twice"})
    import_all(held, acme)

    assert show(held, key)["state"] == "deleted"
    assert {one.method for one in chosen.asked_for()[before:]} <= {"GET"}


def test_STK_1_stock_that_moves_in_katana_is_told(held: Process, shop: Shop, chosen: KatanaAccount) -> None:
    acme = connect(held, shop, "acme", **{"stock.sync": True})
    item = shop.shop.add_product({"name": "Chair", "sku": "CHAIR", "manage_stock": True, "stock_quantity": 1})
    fetch_catalogue(acme)
    variant = chosen.add_product("CHAIR")
    fetch_hub()

    chosen.count(variant["id"], Decimal(7))
    fetch_hub()
    push_stock(acme)

    assert shop.shop.product(item.id).stock_quantity == 7


def test_KAT_4_news_are_kept_with_the_cursor_and_come_once(
    held: Process, shop: Shop, chosen: KatanaAccount, acme: int
) -> None:
    fetch_hub()
    key = place(shop)
    import_all(held, acme)
    fetch_hub()
    chosen.fulfillments.take_rest(the_order(chosen)["id"], "DELIVERED")

    fetch_hub()
    another_minute(held)
    fetch_hub()

    (row,) = rows_of(held, "SELECT hub_changed, hub_status FROM store_orders")
    assert row == {"hub_changed": 1, "hub_status": "DELIVERED"}
    assert key


@pytest.mark.long
def test_KAT_2_what_each_thing_costs(held: Process, shop: Shop, chosen: KatanaAccount) -> None:
    acme = connect(held, shop, "acme", **{"fulfillment.sync": True})
    fetch_hub()
    item = shop.shop.add_product({"name": "Chair", "sku": "CHAIR", "regular_price": "30.00"})
    ada = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}

    def placed() -> str:
        return place(shop, line_items=[{"product_id": item.id, "quantity": 2}], billing=ada, customer_id=0)

    def cost(work: Callable[[], object]) -> int:
        another_minute(held)
        before = len(chosen.requests)
        work()
        return len(chosen.requests) - before

    first = placed()
    cost(lambda: import_all(held, acme))
    for _ in range(4):
        placed()

    assert cost(lambda: import_all(held, acme)) <= 4 * 2 + 2  # a tax rate may be new
    assert cost(fetch_hub) == cost(fetch_hub) == 3
    shop.shop.complete_order(int(first))
    assert cost(lambda: import_all(held, acme)) <= 4  # once an hour what holds for the account is among it
    assert cost(fetch_hub) == 3


def test_ORD_6_a_second_order_there_is_journaled_at_the_store_s_order_and_stays(
    held: Process, shop: Shop, chosen: KatanaAccount, acme: int
) -> None:
    fetch_hub()
    key = place(shop)
    import_all(held, acme)
    fetch_hub()
    first = the_order(chosen)
    copied = ("customer_id", "ecommerce_order_type", "ecommerce_store_name", "ecommerce_order_id")
    rows = [{"variant_id": chosen.rows.table.of(first["id"])[0]["variant_id"], "quantity": 1}]
    chosen.orders.create({**{name: first[name] for name in copied}, "sales_order_rows": rows, "order_no": "SO-7"})

    fetch_hub()

    (line,) = [one for one in show(held, key)["journal"] if one["reason"] == "twice_in_hub"]
    assert (line["outcome"], line["detail"]["order_no"]) == ("noted", "SO-7")
    assert len(list(chosen.orders.table.view())) == 2


# -- when it cannot be asked


def test_KAT_4_why_katana_could_not_be_asked_is_journaled_once_and_that_it_answers_again(
    held: Process, chosen: KatanaAccount
) -> None:
    keys = chosen.keys
    chosen.keys = set()
    assert [fetch_hub(), fetch_hub()] == ["hub_busy", "hub_busy"]
    (kept,) = rows_of(held, "SELECT hub_reason, hub_detail FROM account")
    assert kept["hub_reason"] == "hub_busy"
    assert "does not accept our key" in kept["hub_detail"]
    assert Alarm(AlarmKind.HUB_AWAY, "katana", "hub_busy") in alarms.gather(held).alarms

    chosen.keys = keys
    assert fetch_hub() == "heard"
    assert AlarmKind.HUB_AWAY not in {one.kind for one in alarms.gather(held).alarms}

    lines = rows_of(held, "SELECT outcome, reason FROM journal WHERE action = 'fetch_hub' ORDER BY id")
    assert [(line["outcome"], line["reason"]) for line in lines] == [("failed", "hub_busy"), ("heard", None)]
    assert rows_of(held, "SELECT hub_reason FROM account") == [{"hub_reason": None}]


def test_KAT_4_a_key_that_cannot_be_opened_lets_everything_wait(held: Process, chosen: KatanaAccount) -> None:
    with held.pool.connection() as connection:
        hub_account.set_credentials(connection, "what nobody can open")

    assert fetch_hub() == "hub_busy"


def test_KAT_2_case_9_after_a_429_nobody_asks_before_the_time(held: Process, chosen: KatanaAccount) -> None:
    fetch_hub()
    chosen.oddities.limit = 0
    assert fetch_hub() == "put_off"
    asked = len(chosen.asked_for())

    chosen.oddities.limit = 100_000
    assert fetch_hub() == "put_off"

    assert len(chosen.asked_for()) == asked
    assert rows_of(held, "SELECT FROM journal WHERE action = 'fetch_hub'") == []


def test_KAT_2_the_limit_and_the_time_to_finish_are_told(
    held: Process, shop: Shop, chosen: KatanaAccount, acme: int
) -> None:
    with held.pool.connection() as connection:
        for number in range(110):
            connection.execute("INSERT INTO store_orders (store_id, external_id) VALUES (%s, %s)", (acme, str(number)))
        facts, due = our_hub(connection).facts, hub_account.due(connection)

    limit = hubs.limit_of(facts, due, held.redis)

    assert limit is not None
    assert (due.new_orders, limit.most, limit.closed_seconds) == (110, 55, 0)
    assert limit.left.total_seconds() == pytest.approx(240)
    assert hubs.limit_of(hubs.facts_of("builtin"), due, held.redis) is None


def test_the_built_in_hub_is_not_asked_for_news(held: Process) -> None:
    assert fetch_hub() == "marks_by_itself"


# -- its door


TOKEN: Final = "0123456789abcdef"
BODY: Final = json.dumps(
    {"resource_type": "sales_order", "action": "sales_order.updated", "object": {"id": 1}}
).encode()


def end_of_door(held: Process) -> str:
    with held.pool.connection() as connection:
        return hub_account.hub_account(connection).token


def knows_token(held: Process) -> None:
    with held.pool.connection() as connection:
        known = held.secrets.unlock(hub_account.hub_account(connection).credentials)
        hub_account.set_credentials(connection, held.secrets.lock(known | {"webhook_token": TOKEN}))


def bells(held: Process) -> int:
    """How many bells of the hub wait."""
    return sum(b"fetch_hub" in one for one in held.redis.lrange("storesync:fetch", 0, -1))


def test_KAT_4_case_18_a_true_message_rings_once_and_asks_nothing(held: Process, chosen: KatanaAccount) -> None:
    knows_token(held)
    asked = len(chosen.asked_for())
    message = Message({"x-sha2-signature": signature(TOKEN, BODY)}, BODY)

    outcomes = [hear(held, "katana", end_of_door(held), message) for _ in range(3)]

    assert outcomes == [Taken.NOTED] * 3
    assert bells(held) == 1
    assert len(chosen.asked_for()) == asked


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BODY),
        ({"x-sha2-signature": signature(TOKEN, BODY)}, BODY + b" "),
        ({"x-sha2-signature": signature("another token", BODY)}, BODY),
        ({"x-sha2-signature": ""}, BODY),
    ],
)
def test_KAT_4_case_18_what_katana_did_not_sign_is_refused(
    held: Process, chosen: KatanaAccount, headers: dict[str, str], body: bytes
) -> None:
    knows_token(held)
    asked = len(chosen.asked_for())

    assert hear(held, "katana", end_of_door(held), Message(headers, body)) is Taken.REFUSED
    assert (bells(held), len(chosen.asked_for())) == (0, asked)


def test_KAT_4_without_a_token_of_ours_no_message_is_true(held: Process, chosen: KatanaAccount) -> None:
    message = Message({"x-sha2-signature": signature("", BODY)}, BODY)

    assert hear(held, "katana", end_of_door(held), message) is Taken.REFUSED


@pytest.mark.parametrize(("name", "token"), [("katana", "0" * 32), ("builtin", None), ("katana", "ü")])
def test_KAT_4_another_door_is_nobody_s(held: Process, chosen: KatanaAccount, name: str, token: str | None) -> None:
    knows_token(held)
    message = Message({"x-sha2-signature": signature(TOKEN, BODY)}, BODY)

    assert hear(held, name, end_of_door(held) if token is None else token, message) is Taken.REFUSED


# -- being knocked at


@pytest.fixture
def reached(held: Process, chosen: KatanaAccount) -> Process:
    """A process that others reach. Plain http is taken by this account."""
    chosen.oddities.webhooks_need_https = False
    configure(replace(held.config, public_url="http://hub.example"))
    return process()


def a_day_later(held: Process) -> None:
    locks.unsay(held.redis, hub_news.WEBHOOK_ASKED)
    another_minute(held)


def test_BEY_5_katana_knocks_at_our_door_and_signs_with_what_we_know(reached: Process, chosen: KatanaAccount) -> None:
    fetch_hub()
    fetch_hub()

    (hook,) = chosen.webhooks.table.view()
    assert hook["url"] == f"http://hub.example/webhooks/katana/{end_of_door(reached)}"
    assert {"sales_order.updated", "sales_order.deleted"} <= set(hook["subscribed_events"])
    message = Message({"x-sha2-signature": signature(hook["token"], BODY)}, BODY)
    assert hear(reached, "katana", end_of_door(reached), message) is Taken.NOTED
    assert len(chosen.asked_for("POST /webhooks")) == 1
    assert hook["token"] not in str(rows_of(reached, "SELECT * FROM account"))


@pytest.mark.parametrize("harm", ["switched off", "fewer events", "moved", "taken away", "doubled"])
def test_BEY_5_a_webhook_that_is_not_as_it_should_be_is_mended(
    reached: Process, chosen: KatanaAccount, harm: str
) -> None:
    fetch_hub()
    (hook,) = chosen.webhooks.table.view()
    match harm:
        case "switched off":
            chosen.webhooks.change(hook, {"enabled": False})
        case "fewer events":
            chosen.webhooks.change(hook, {"subscribed_events": ["sales_order.created"]})
        case "moved":
            chosen.webhooks.change(hook, {"url": f"http://old.example/webhooks/katana/{end_of_door(reached)}"})
        case "taken away":
            chosen.webhooks.delete(hook)
        case "doubled":
            chosen.webhooks.create({"url": hook["url"], "subscribed_events": ["sales_order.created"]})
    chosen.webhooks.create({"url": "http://somebody.else/hook", "subscribed_events": ["sales_order.created"]})

    a_day_later(reached)
    fetch_hub()

    other, ours = sorted(chosen.webhooks.table.view(), key=lambda one: "hub.example" in one["url"])
    assert other["url"] == "http://somebody.else/hook"
    assert (ours["enabled"], ours["url"]) == (True, f"http://hub.example/webhooks/katana/{end_of_door(reached)}")
    message = Message({"x-sha2-signature": signature(ours["token"], BODY)}, BODY)
    assert hear(reached, "katana", end_of_door(reached), message) is Taken.NOTED


def test_BEY_5_a_katana_that_makes_no_webhook_is_polled_all_the_same(reached: Process, chosen: KatanaAccount) -> None:
    chosen.oddities.webhooks_need_https = True

    assert fetch_hub() == "heard"

    (line,) = rows_of(reached, "SELECT outcome, reason FROM journal WHERE action = 'subscribe'")
    assert line == {"outcome": "failed", "reason": "webhooks_refused"}
    assert list(chosen.webhooks.table.view()) == []


def test_BEY_5_a_hub_that_is_left_knocks_no_more(reached: Process, chosen: KatanaAccount) -> None:
    assert fetch_hub() == "heard"
    chosen.webhooks.create({"url": "http://somebody.else/hook", "subscribed_events": ["sales_order.created"]})
    another_minute(reached)

    choose(reached, {"hub": "builtin"})

    assert [one["url"] for one in chosen.webhooks.table.view()] == ["http://somebody.else/hook"]


def test_BEY_5_another_key_of_the_same_account_asks_anew(reached: Process, chosen: KatanaAccount) -> None:
    assert fetch_hub() == "heard"
    (before,) = chosen.webhooks.table.view()
    chosen.keys = {*chosen.keys, "another"}
    another_minute(reached)

    choose(reached, {"katana.api_key": "another"})
    fetch_hub()

    (after,) = chosen.webhooks.table.view()
    assert after["url"] == before["url"]


def test_BEY_5_without_a_public_url_no_webhook_is_made(held: Process, chosen: KatanaAccount) -> None:
    fetch_hub()

    assert chosen.asked_for("GET /webhooks", "POST /webhooks") == []
