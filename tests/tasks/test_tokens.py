"""A store whose tokens end: how it is connected, goes on, and stops (DOR-3)."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.errors import CredentialsRefused, Revoked
from sandbox import open_sandbox
from sandbox.shopify.tokens import GRANT, App
from schemas.errors import SettingRefused
from schemas.stores import StoreState
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store, read_credentials, set_state
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, all_orders, do, journal_of, let_waits_pass, store_of

ROOT: Final = Path(__file__).parents[2]
APP = {"client_id": "an id", "client_secret": "a secret"}


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop whose tokens live for an hour."""
    with open_sandbox("shopify", orders=0, token_life=3600) as sandbox:
        yield sandbox


@pytest.fixture
def app(shop: Shop) -> App:
    """The app, as its merchant has it."""
    app: App = shop.shop.app
    return app


@pytest.fixture
def acme(held: Process, shop: Shop) -> int:
    """The shop, connected as `acme` by its app."""
    connect_store(held, NewStore("shopify", "acme", shop.url, shop.credentials, {}, allow_insecure=True))
    return int(store_of(held, 1).id)


def place(shop: Shop) -> str:
    line = {"name": "Hook", "sku": "HOOK", "price": "30.00", "quantity": 1}
    return str(shop.shop.place_order({"lines": [line], "email": "bo@example.com"}).id)


def kept_token(held: Process) -> dict[str, Any]:
    with held.pool.connection() as connection:
        (row,) = connection.execute("SELECT * FROM store_tokens").fetchall()
    return {**held.secrets.unlock(row["token"]), **row}


def age(held: Process, ago: str) -> None:
    do(held, "UPDATE store_tokens SET given_at = given_at - %s::interval, ends_at = ends_at - %s::interval", ago, ago)


# -- credentials -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept", "expected"),
    [
        (APP, {}, APP),
        ({"access_token": "t"}, {}, {"access_token": "t"}),
        ({**APP, "access_token": "t"}, {}, APP),
        ({**APP, "api_secret": "s"}, {}, {**APP, "api_secret": "s"}),
        (APP, {"access_token": "t", "api_secret": "s"}, {**APP, "api_secret": "s"}),
        ({"client_secret": "new"}, APP, {**APP, "client_secret": "new"}),
        ({"access_token": "t"}, APP, {"access_token": "t"}),
        ({"api_secret": "s"}, APP, {**APP, "api_secret": "s"}),
        ({"access_token": " t ", "client_id": ""}, {}, {"access_token": "t"}),
    ],
)
def test_DOR_3_either_way_to_connect_is_enough_and_the_one_given_last_counts(
    given: dict[str, str], kept: dict[str, str], expected: dict[str, str]
) -> None:
    assert read_credentials("shopify", given, kept) == expected


@pytest.mark.parametrize(
    ("given", "kept", "key"),
    [
        ({}, {}, "client_id"),
        ({"client_id": "a"}, {}, "client_secret"),
        ({"client_secret": "a"}, {}, "client_id"),
        ({"client_id": "a"}, {"access_token": "t"}, "client_secret"),
        ({"access_token": " "}, {}, "access_token"),
        ({"api_secret": "s"}, {}, "client_id"),
    ],
)
def test_DOR_3_what_is_no_way_to_connect_is_told_with_both(
    given: dict[str, str], kept: dict[str, str], key: str
) -> None:
    with pytest.raises(SettingRefused, match="client_id and client_secret, or access_token") as refused:
        read_credentials("shopify", given, kept)

    assert refused.value.key == key


def test_DOR_3_a_secret_that_is_wrong_connects_nothing(held: Process, shop: Shop) -> None:
    wrong = {**shop.credentials, "client_secret": "shpss_wrong"}

    with pytest.raises(CredentialsRefused, match="invalid_client"):
        connect_store(held, NewStore("shopify", "acme", shop.url, wrong, {}, allow_insecure=True))

    assert do(held, "SELECT FROM stores") == 0


# -- going on --------------------------------------------------------------------------------------------------------


def test_DOR_3_a_token_serves_every_process_and_is_kept_encrypted(
    held: Process, shop: Shop, app: App, acme: int
) -> None:
    before = app.given
    fetch_orders(acme)
    for _ in range(2):
        held._connectors.clear()  # another process of the same installation
        place(shop)
        fetch_orders(acme)

    token = kept_token(held)
    assert app.given == before + 1
    assert token["key"] not in token["token"]


@pytest.mark.parametrize("passed", ["54m 10s", "2h"], ids=["it ends soon", "it has ended"])
def test_DOR_3_an_ended_token_stops_nothing(held: Process, shop: Shop, app: App, acme: int, passed: str) -> None:
    fetch_orders(acme)
    before, old = app.given, kept_token(held)["key"]
    placed = place(shop)

    age(held, passed)
    held._connectors.clear()
    import_all(held, acme)

    assert all_orders(held, acme) == {placed: "imported"}
    assert app.given == before + 1
    assert kept_token(held)["key"] != old
    assert store_of(held, acme).state == "active"


def test_DOR_3_a_token_that_shopify_ended_is_renewed_without_a_word(
    held: Process, shop: Shop, app: App, acme: int
) -> None:
    fetch_orders(acme)
    age(held, "5m")
    before = app.given
    app.end_tokens()
    placed = place(shop)

    import_all(held, acme)

    assert all_orders(held, acme) == {placed: "imported"}
    assert app.given == before + 1
    assert journal_of(held, acme)[:1] != [("stop", "needs_attention", "credentials_refused")]
    assert store_of(held, acme).fetch_attempts == 0


def test_DOR_3_losing_redis_loses_no_token(held: Process, app: App, acme: int) -> None:
    fetch_orders(acme)
    before = app.given

    held.redis.flushdb()
    held._connectors.clear()
    fetch_orders(acme)

    assert app.given == before


# Another process of ours on a machine whose clock is wrong.
OFF = """
import datetime, sys, time

real, Real, apart = time.time, datetime.datetime, float(sys.argv[1])


class Wrong(Real):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(real() + apart, tz)


time.time, datetime.datetime = lambda: real() + apart, Wrong

from connectors.postgres import stores
from tasks.held import close_process, process

with process().pool.connection() as connection:
    row = stores.find_store(connection, "acme")
print(process().connector(row).check().currency, round(time.time() - real()))
close_process()
"""


@pytest.mark.long
@pytest.mark.parametrize("apart", [600, -600], ids=["ten minutes ahead", "ten minutes behind"])
@pytest.mark.parametrize(("passed", "renewed"), [("50m", 0), ("54m 10s", 1)], ids=["it lives on", "it ends soon"])
def test_DOR_3_a_machine_whose_clock_is_off_uses_and_renews_the_token_like_all(
    held: Process, app: App, acme: int, apart: int, passed: str, renewed: int
) -> None:
    fetch_orders(acme)
    age(held, passed)
    before = app.given

    command = [sys.executable, "-W", "ignore", "-c", OFF, str(apart)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert (done.stdout, done.stderr) == (f"EUR {apart}\n", "")
    assert app.given == before + renewed
    assert app.refused == 0


# -- stopping --------------------------------------------------------------------------------------------------------


def test_DOR_3_a_revoked_secret_stops_the_store_with_shopify_s_words(
    held: Process, shop: Shop, app: App, acme: int
) -> None:
    fetch_orders(acme)
    app.client_secret = "shpss_another"
    age(held, "2h")
    held._connectors.clear()

    assert fetch_orders(acme) == "store_needs_attention"

    row = store_of(held, acme)
    assert (row.state, row.reason) == ("needs_attention", "credentials_refused")
    assert "invalid_client: The client_secret is not the app's" in (row.reason_detail or "")
    assert shop.credentials["client_secret"] not in (row.reason_detail or "")


def test_DOR_3_a_store_goes_on_with_its_new_secret(held: Process, shop: Shop, app: App, acme: int) -> None:
    fetch_orders(acme)
    old = kept_token(held)["key"]
    app.client_secret = "shpss_another"
    placed = place(shop)

    change_store(held, store_of(held, acme), {}, {"client_secret": "shpss_another"})
    import_all(held, acme)

    assert all_orders(held, acme) == {placed: "imported"}
    assert kept_token(held)["key"] != old


def test_DOR_3_a_new_secret_is_proved_though_the_old_token_lives(held: Process, app: App, acme: int) -> None:
    fetch_orders(acme)
    before = store_of(held, acme)

    with pytest.raises(CredentialsRefused, match="invalid_client"):
        change_store(held, before, {}, {"client_secret": "shpss_wrong"})

    assert store_of(held, acme) == before
    assert fetch_orders(acme) == "fetched"


@pytest.mark.parametrize("fault", ["http_503", "html", "reset", "timeout", "rate_limit"])
def test_DOR_3_an_end_point_that_is_down_is_an_outage(
    held: Process, shop: Shop, app: App, acme: int, fault: str
) -> None:
    fetch_orders(acme)
    age(held, "2h")
    held._connectors.clear()
    shop.faults.set_pace(timeout_seconds=0.1)
    shop.faults.fail_next(1, fault, only=GRANT)

    assert fetch_orders(acme) == "put_off"
    assert store_of(held, acme).state == "active"
    assert store_of(held, acme).reason in {"store_unavailable", "rate_limited"}
    let_waits_pass(held, acme)
    assert fetch_orders(acme) == "fetched"


def test_DOR_3_an_end_point_that_is_down_before_the_end_is_no_outage(
    held: Process, shop: Shop, app: App, acme: int
) -> None:
    fetch_orders(acme)
    age(held, "54m 10s")
    held._connectors.clear()
    shop.faults.fail_next(9, "http_503", only=GRANT)

    assert fetch_orders(acme) == "fetched"


def test_BEY_9_disconnecting_forgets_the_token(held: Process, acme: int) -> None:
    fetch_orders(acme)

    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert do(held, "SELECT FROM store_tokens") == 0


def test_BEY_9_no_token_is_in_a_log_or_a_row_that_people_see(
    held: Process, shop: Shop, app: App, acme: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fetch_orders(acme)
    token = kept_token(held)["key"]
    shop.faults.fail_next(3, "unauthorized", only="graphql")
    fetch_orders(acme)

    told = caplog.text + repr(store_of(held, acme)) + repr(journal_of(held, acme))
    assert token not in told
    assert shop.credentials["client_secret"] not in told


def test_DOR_4_a_check_proves_the_secret_though_the_token_lives(held: Process, app: App, acme: int) -> None:
    fetch_orders(acme)
    age(held, "1m")
    app.client_secret = "shpss_another"

    with pytest.raises(Revoked, match="invalid_client"):
        check_store(held, store_of(held, acme))

    assert store_of(held, acme).state == "needs_attention"


def test_DOR_4_a_check_gets_one_more_token_and_all_use_it(held: Process, app: App, acme: int) -> None:
    fetch_orders(acme)
    age(held, "1m")
    before = app.given

    assert check_store(held, store_of(held, acme)).currency == "EUR"
    held._connectors.clear()
    fetch_orders(acme)

    assert app.given == before + 1


def test_DOR_3_a_check_goes_on_with_the_token_where_there_is_no_other_now(
    held: Process, shop: Shop, app: App, acme: int
) -> None:
    fetch_orders(acme)
    age(held, "1m")
    shop.faults.fail_next(9, "http_503", only=GRANT)

    assert check_store(held, store_of(held, acme)).currency == "EUR"
    assert store_of(held, acme).state == "active"
