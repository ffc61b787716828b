"""Stores by hand: connected once they are proved, changed as a whole or not at all, their credentials kept secret."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import postgres
from connectors.webhooks import Message
from sandbox.woocommerce.state import KEY
from tasks import webhooks
from tasks.held import process
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import Shop, connect, document, place, states, take_in

INSECURE = "--allow-insecure"


def refused(result: Result, code: int = 2) -> str:
    """The one line that says why."""
    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1), result
    return result.err


def settings(cli: Cli) -> dict[str, Any]:
    found: dict[str, Any] = document(cli("store", "show", "acme", "--json"))["settings"]
    return found


# -- connect -----------------------------------------------------------------------------------------------------------


def test_connected_store_is_listed_and_shown(cli: Cli, shop: Shop) -> None:
    result = connect(cli, shop, INSECURE, "--set", "fetch.every=30s", "--set", "stock.buffer=2")

    assert result.code == 0
    assert "storesync sync acme --wait" in result.out
    (listed,) = document(cli("store", "list", "--json"))
    shown = document(cli("store", "show", "acme", "--json"))
    assert listed == {key: shown[key] for key in ("name", "platform", "url", "state", "reason", "fetched_at")}
    assert (listed["name"], listed["platform"], listed["url"]) == ("acme", "woocommerce", shop.url)
    assert (listed["state"], listed["reason"], listed["fetched_at"]) == ("active", None, None)
    assert (shown["settings"]["fetch.every"], shown["settings"]["stock.buffer"]) == (30, 2)
    assert shown["allow_insecure"] is True


def test_STG_1_a_store_is_set_up_and_then_activated(cli: Cli, shop: Shop) -> None:
    connected = document(connect(cli, shop, INSECURE, "--inactive", "--json"))
    refusal = cli("sync", "acme")
    foretold = cli("sync", "acme", "--dry-run", "--json")
    counted = cli("store", "import", "acme", "stock")
    resumed = cli("store", "resume", "acme", "--yes")

    assert connected["state"] == "inactive"
    assert "storesync store activate acme" in refused(refusal, 1)
    assert document(foretold) == []
    assert "once it is activated" in counted.out
    assert "storesync store activate acme" in refused(resumed)
    assert document(cli("store", "list", "--json"))[0]["state"] == "inactive"

    told = cli("store", "activate", "acme", "--dry-run")
    assert (told.code, told.out.splitlines()[0]) == (0, "If acme were activated now:")
    assert "SKUs: 0 matched" in told.out
    assert document(cli("store", "activate", "acme", "--dry-run", "--json"))["skus"]["both"] == []
    assert document(cli("store", "list", "--json"))[0]["state"] == "inactive"

    assert document(cli("store", "activate", "acme", "--json"))["state"] == "active"
    assert document(cli("store", "list", "--json"))[0]["state"] == "active"
    assert "is active, not inactive" in refused(cli("store", "activate", "acme", "--yes"))


def test_connect_answers_json(cli: Cli, shop: Shop) -> None:
    found = document(connect(cli, shop, INSECURE, "--json"))

    assert (found["name"], found["platform"], found["currency"]) == ("acme", "woocommerce", "EUR")


def test_http_is_refused_without_allow_insecure(refusing_cli: Cli, shop: Shop) -> None:
    assert "must start with https:// (--allow-insecure is for sandboxes)" in refused(connect(refusing_cli, shop), 2)
    assert document(refusing_cli("store", "list", "--json")) == []


def test_private_address_is_refused_without_allow_insecure(refusing_cli: Cli) -> None:
    pairs = ("--credential", "consumer_key=ck_1", "--credential", "consumer_secret=cs_1")

    result = refusing_cli("store", "connect", "woocommerce", "acme", "--url", "https://127.0.0.1:1", *pairs)

    assert "127.0.0.1" in refused(result, 1)
    assert "--allow-insecure" in result.err


def test_wrong_credentials_are_refused_and_nothing_is_kept(refusing_cli: Cli, shop: Shop) -> None:
    problem = refused(connect(refusing_cli, shop, INSECURE, consumer_secret="cs_wrong"), 1)

    assert "answered 401" in problem
    assert "--credential KEY=VALUE" in problem
    assert "cs_wrong" not in problem
    assert document(refusing_cli("store", "list", "--json")) == []


def test_shop_that_does_not_answer_is_refused(refusing_cli: Cli, shop: Shop) -> None:
    shop.stop()

    assert "look whether the shop is up" in refused(connect(refusing_cli, shop, INSECURE), 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "nonsense=1"), "nonsense: there is no such setting"),
        (("--set", "fetch.every=1s"), "fetch.every: must be between 10 and 86400 seconds"),
        (("--set", "stock.sync=maybe"), "stock.sync: must be on or off"),
        (("--set", "orders.custom_items=on"), "orders.custom_items: woocommerce stores do not have this setting"),
        (("--set", "location=mars"), "location: there is no location 'mars'; there are main"),
        (("--set", "location"), "'location' must be KEY=VALUE"),
        (("--set", "=1"), "'=1' must be KEY=VALUE"),
        (("--set", "stock.buffer=1", "--set", " stock.buffer=2"), "stock.buffer is given twice"),
        (("--credential", "api_key=1"), "api_key: woocommerce has no such credential; it wants consumer_key"),
        (("--credential", "webhook_secret=@/no/such/file"), "cannot read /no/such/file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_setting_or_credential_that_cannot_be_is_named(
    refusing_cli: Cli, shop: Shop, arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(connect(refusing_cli, shop, INSECURE, *arguments))
    assert document(refusing_cli("store", "list", "--json")) == []


def test_missing_credential_is_named(refusing_cli: Cli, shop: Shop) -> None:
    problem = refused(connect(refusing_cli, shop, INSECURE, consumer_secret=" "))

    assert problem == "storesync: consumer_secret: is missing: add --credential consumer_secret=VALUE\n"


@pytest.mark.parametrize("name", ["A", "a b", "7", "-a", "a" * 64, "", "a\x1b", "hub", "connect"])
def test_name_that_cannot_be_typed_well_is_refused(refusing_cli: Cli, shop: Shop, name: str) -> None:
    refused(refusing_cli("store", "connect", "woocommerce", "--url", shop.url, "--", name))


def test_unknown_platform_is_refused_with_those_there_are(refusing_cli: Cli, shop: Shop) -> None:
    assert "must be one of" in refused(refusing_cli("store", "connect", "magento", "acme", "--url", shop.url))


def test_name_and_shop_are_taken_once(cli: Cli, acme: Shop) -> None:
    assert "there is a store 'acme' already" in refused(connect(cli, acme, INSECURE))
    assert "connected already, as 'acme'" in refused(connect(cli, acme, INSECURE, name="other"))


def test_first_store_gives_the_account_its_currency(cli: Cli, acme: Shop) -> None:
    assert document(cli("account", "show", "--json"))["base_currency"] == "EUR"


# -- credentials -------------------------------------------------------------------------------------------------------


def test_value_may_stand_in_a_file(cli: Cli, shop: Shop, tmp_path: Path) -> None:
    for key, value in shop.credentials.items():
        (tmp_path / key).write_text(f"{value}\n")

    files = {key: f"@{tmp_path / key}" for key in shop.credentials}

    assert connect(cli, shop, INSECURE, **files).code == 0


def test_BEY_9_credentials_are_never_printed_and_are_stored_encrypted(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    ways = (("list",), ("show", "acme"), ("check", "acme"))

    printed = [str(cli("store", *way, *more)) for way in ways for more in ((), ("--json",))]
    (row,) = fresh_connection.execute("SELECT * FROM stores").fetchall()

    for secret in (KEY.consumer_key, KEY.consumer_secret):
        assert not [text for text in [*printed, str(row)] if secret in text]


# -- set ---------------------------------------------------------------------------------------------------------------


def test_settings_are_changed_and_the_others_stay(cli: Cli, acme: Shop) -> None:
    before = settings(cli)

    assert cli("store", "set", "acme", "fetch.every=5m", "stock.quantity=in_stock_minus_committed").code == 0

    assert settings(cli) == before | {"fetch.every": 300, "stock.quantity": "in_stock_minus_committed"}


def test_location_is_emptied_again_and_so_the_accounts(cli: Cli, acme: Shop) -> None:
    cli("store", "set", "acme", "location=main")
    named = settings(cli)["location"]

    assert cli("store", "set", "acme", "location= ").code == 0

    assert (named, settings(cli)["location"]) == ("main", "")


def test_every_unknown_setting_is_named(cli: Cli, acme: Shop) -> None:
    problem = refused(cli("store", "set", "acme", "nonsense=1", "stock.buffer=3", "stok.sync=on"))

    assert "nonsense, stok.sync: there are no such settings" in problem
    assert settings(cli)["stock.buffer"] == 0


NEVER = ("nonsense=1", "stock.sync=perhaps", "location=mars", "location_map={}", "stock.buffer=1")
NO_CREDENTIALS = ("api_key=1", "consumer_key=")


def test_settings_are_saved_as_a_whole_or_not_at_all(cli: Cli, acme: Shop) -> None:
    before = settings(cli)

    for pair in NEVER:
        problem = refused(cli("store", "set", "acme", "stock.buffer=3", pair))
        assert pair.partition("=")[0] in problem
    for pair in NO_CREDENTIALS:
        problem = refused(cli("store", "set", "acme", "stock.buffer=3", "--credential", pair))
        assert pair.partition("=")[0] in problem

    assert settings(cli) == before


def test_credentials_that_the_shop_does_not_take_are_not_kept(cli: Cli, acme: Shop) -> None:
    problem = refused(cli("store", "set", "acme", "stock.buffer=3", "--credential", "consumer_secret=cs_new"), 1)

    assert "answered 401" in problem
    assert settings(cli)["stock.buffer"] == 0
    assert cli("store", "check", "acme").code == 0


def test_set_without_anything_to_set_is_refused(cli: Cli, acme: Shop) -> None:
    assert "nothing to set" in refused(cli("store", "set", "acme"))


# -- state -------------------------------------------------------------------------------------------------------------


def state(cli: Cli) -> tuple[str, str | None]:
    shown = document(cli("store", "show", "acme", "--json"))
    return shown["state"], shown["reason"]


def test_paused_store_rests_until_it_is_resumed(cli: Cli, acme: Shop) -> None:
    assert "storesync store resume acme" in cli("store", "pause", "acme").out
    assert state(cli) == ("paused", None)

    assert cli("store", "resume", "acme").out == "acme is active.\n"
    assert state(cli) == ("active", None)


def test_store_that_refuses_us_needs_attention_until_it_is_checked_again(cli: Cli, acme: Shop) -> None:
    acme.faults.fail_next(1, "unauthorized")

    problem = refused(cli("store", "check", "acme"), 1)
    stopped = state(cli)
    text = cli("store", "show", "acme").out
    again = document(cli("store", "check", "acme", "--json"))

    assert "answered 401" in problem
    assert stopped == ("needs_attention", "credentials_refused")
    assert "storesync store set NAME --credential KEY=VALUE" in text
    assert (again["name"], again["ok"], again["currency"]) == ("acme", True, "EUR")
    assert state(cli) == ("active", None)


def test_disconnected_store_forgets_its_credentials_and_keeps_its_orders(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    external_id = place(acme)
    take_in()

    assert cli("store", "disconnect", "acme").code == 0

    assert fresh_connection.execute("SELECT state, credentials FROM stores").fetchall() == [
        {"state": "disconnected", "credentials": ""}
    ]
    assert document(cli("store", "list", "--json")) == []
    assert states() == {external_id: "imported"}


def test_ORD_6_store_that_is_connected_again_knows_its_orders(cli: Cli, acme: Shop) -> None:
    external_id = place(acme)
    take_in()
    cli("store", "disconnect", "acme")

    assert connect(cli, acme, INSECURE, name="again").code == 0

    assert take_in("again") == []
    assert states("again") == {external_id: "imported"}


def test_DOR_4_a_check_says_right_by_right_what_is_missing_and_where_to_give_it(
    cli: Cli, acme: Shop, shop: Shop
) -> None:
    whole = document(cli("store", "check", "acme", "--json"))
    shop.shop.set_permissions("read")

    said, result = cli("store", "check", "acme"), cli("store", "check", "acme", "--json")

    assert whole["ok"] is True
    assert [(one["right"], one["granted"]) for one in whole["rights"]] == [
        ("read_orders", True),
        ("write_orders", True),
    ]
    assert (said.code, result.code) == (1, 1)
    found = json.loads(result.out)
    (missing,) = (one for one in found["rights"] if not one["granted"])
    assert (missing["names"], missing["needed_by"]) == (["Read/Write"], ["fulfillment.sync"])
    assert found["ok"] is False
    assert "REST API" in missing["cure"]
    assert "REST API" in said.out
    assert "MISSING" in said.out


def test_DOR_4_connecting_with_too_few_rights_says_in_one_line_what_to_do(cli: Cli, shop: Shop) -> None:
    shop.shop.set_permissions("read")

    problem = refused(connect(cli, shop, INSECURE), 1)

    assert "Read/Write (for fulfillment.sync)" in problem
    assert "fulfillment.sync=off" in problem
    assert document(cli("store", "list", "--json")) == []


@pytest.mark.parametrize("command", ["show", "check", "pause", "resume", "disconnect", "set"])
def test_unknown_store_is_refused(refusing_cli: Cli, command: str) -> None:
    more = ("stock.buffer=1",) if command == "set" else ()

    problem = refused(refusing_cli("store", command, "nope", *more), 1)

    assert problem == "storesync: there is no store 'nope': see storesync store list\n"


# -- webhooks ----------------------------------------------------------------------------------------------------------


def test_BEY_5_what_a_shop_tells_is_shown_and_mended(cli: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(cli, shop, INSECURE)
    without = cli("store", "webhooks", "acme", "--repair", "--json")
    assert (without.code, json.loads(without.out)["reason"]) == (1, "webhooks_refused")
    assert "PUBLIC_URL" in json.loads(without.out)["detail"]
    assert "PUBLIC_URL" in document(cli("store", "show", "acme", "--json"))["webhooks_told"]

    monkeypatch.setenv("PUBLIC_URL", "http://hub.example/")
    found = document(cli("store", "webhooks", "acme", "--json"))
    assert (found["ok"], {one["told"] for one in found["topics"]}) == (False, {False})
    assert "NO" in cli("store", "webhooks", "acme").out

    mended = cli("store", "webhooks", "acme", "--repair", "--json")
    assert (mended.code, document(mended)["ok"], len(document(mended)["changed"])) == (0, True, len(found["topics"]))
    assert len(shop.shop.webhooks.hooks) == len(found["topics"])
    assert "all 4 topics" in document(cli("store", "show", "acme", "--json"))["webhooks_told"]


def test_BEY_5_a_shop_that_refuses_to_tell_is_shown_with_its_words_and_the_cure(
    cli: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(cli, shop, INSECURE)
    monkeypatch.setenv("PUBLIC_URL", "http://hub.example/")
    shop.faults.fail_next(9, "write_refused", only="POST /wp-json/wc/v3/webhooks")

    asked = cli("store", "webhooks", "acme", "--repair")
    found = document(cli("store", "webhooks", "acme", "--json"))

    assert asked.code == 1
    assert asked.out.count("NO") == len(found["topics"])
    assert "storesync store webhooks acme --repair" in asked.out
    assert "webhooks_refused" in document(cli("store", "show", "acme", "--json"))["webhooks_told"]
    place(shop)
    assert take_in() == ["imported"]


def test_BEY_5_an_address_that_nobody_outside_reaches_is_seen_and_orders_come_all_the_same(
    cli: Cli, shop: Shop, fresh_connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(cli, shop, INSECURE)
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:1")
    assert cli("store", "webhooks", "acme", "--repair").code == 0
    place(shop)
    shop.shop.webhooks.wait_idle()

    assert take_in() == ["imported"]
    before = document(cli("store", "webhooks", "acme", "--json"))
    fresh_connection.execute('UPDATE stores SET webhooks = webhooks || \'{"since": "2026-01-01T00:00:00+00:00"}\'')
    fresh_connection.execute("UPDATE store_orders SET first_seen_at = now() - interval '20 minutes'")
    after = document(cli("store", "webhooks", "acme", "--json"))

    assert (before["heard_at"], before["silent"], after["silent"]) == (None, False, True)
    assert "try PUBLIC_URL from outside" in cli("store", "webhooks", "acme").out
    assert "nothing heard yet" in document(cli("store", "show", "acme", "--json"))["webhooks_told"]
    (doctor,) = [one for one in json.loads(cli("doctor", "--json").out)["checks"] if one["name"] == "webhooks of acme"]
    assert (doctor["ok"], "does PUBLIC_URL reach" in doctor["detail"]) == (False, True)


def test_DOR_1_messages_that_were_refused_are_shown_with_the_cure(cli: Cli, shop: Shop) -> None:
    connect(cli, shop, INSECURE)
    row = document(cli("store", "show", "acme", "--json"))
    token = row["webhooks"].rpartition("/")[2]
    for _ in range(3):
        webhooks.hear(process(), "woocommerce", token, Message({"x-wc-webhook-signature": "x"}, b"{}"))

    (refused_ones,) = document(cli("store", "webhooks", "acme", "--json"))["refused"]
    said = cli("store", "webhooks", "acme").out

    assert (refused_ones["reason"], refused_ones["times"]) == ("webhook_unproved", 3)
    assert refused_ones["last_at"] in said
    assert "storesync store set acme --credential" in said


@pytest.mark.parametrize(
    "url", ["hub.example", "ftp://hub.example", "https://", "https://a b", "https://u:p@hub.example"]
)
def test_BEY_5_a_public_url_that_is_none_is_refused_by_name(
    refusing_cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", url)

    assert "PUBLIC_URL" in refused(refusing_cli("store", "list"), 1)


@pytest.mark.parametrize("words", [("connect", "woocommerce", "acme", "--url", "https://x.example"), ("set", "acme")])
def test_BEY_9_a_credential_without_its_key_is_not_repeated(refusing_cli: Cli, words: tuple[str, ...]) -> None:
    result = refusing_cli("store", *words, "--credential", "cs_0123456789")

    assert (result.code, "KEY=VALUE" in result.err) == (2, True)
    assert "cs_0123456789" not in result.out + result.err
