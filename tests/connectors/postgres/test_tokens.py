"""connectors.postgres.tokens: one token for all workers, renewed by one of them (DOR-3)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from connectors import postgres
from connectors.errors import CredentialsRefused, Unavailable
from connectors.postgres import tokens
from connectors.postgres.tokens import StoreTokens
from connectors.secrets import Secrets
from connectors.tokens import Grant, Token
from tests.connectors.postgres.makers import add_store
from tests.waiting import wait_until

DAY = timedelta(days=1)
SECRETS = Secrets(["correct horse battery"])


class Vendor:
    """Gives tokens, or raises what it is told to; counts."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.given: list[str] = []
        self.life = DAY
        self.before: Callable[[], Any] = lambda: None

    def ask(self) -> Token:
        self.before()
        key = f"token {next(self.numbers)}"
        self.given.append(key)
        return Token(key, self.life)

    def grant(self, credentials: str = "app") -> Grant:
        return Grant(credentials, self.ask)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def all_tokens(fresh_database_url: str) -> Iterator[StoreTokens]:
    """What the processes of an installation share for one store."""
    with postgres.open_pool(fresh_database_url, size=12) as pool:
        with pool.connection() as connection:
            store_id = add_store(connection, "acme")
        yield StoreTokens(pool, SECRETS, store_id)


def fail(error: Exception) -> Callable[[], None]:
    def raising() -> None:
        raise error

    return raising


def shift(kept: StoreTokens, *, given: str = "0s", ends: str = "0s") -> None:
    """Time passes: for a token's age, or its end."""
    with kept.pool.connection() as connection:
        change = "UPDATE store_tokens SET given_at = given_at - %s::interval, ends_at = ends_at - %s::interval"
        connection.execute(change, (given, ends))


WAITING = """SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"""


def waiting(kept: StoreTokens) -> int:
    """How many wait for who renews the token."""
    with kept.pool.connection() as connection:
        return len(connection.execute(WAITING).fetchall())


def rows(kept: StoreTokens) -> list[dict[str, Any]]:
    with kept.pool.connection() as connection:
        return connection.execute("SELECT * FROM store_tokens").fetchall()


def test_DOR_3_ten_who_ask_at_once_get_one_token(all_tokens: StoreTokens, vendor: Vendor) -> None:
    start = threading.Barrier(10)
    vendor.before = lambda: threading.Event().wait(0.2)  # a vendor takes its time

    def ask(_: int) -> str:
        start.wait(60)
        return all_tokens.get(vendor.grant()).key

    with ThreadPoolExecutor(10) as workers:
        keys = set(workers.map(ask, range(10)))

    assert keys == {"token 1"}
    assert vendor.given == ["token 1"]


def test_DOR_3_all_whose_token_was_refused_take_the_one_new_one(all_tokens: StoreTokens, vendor: Vendor) -> None:
    old = all_tokens.get(vendor.grant()).key
    shift(all_tokens, given="1h")
    vendor.before = lambda: threading.Event().wait(0.1)

    with ThreadPoolExecutor(10) as workers:
        keys = set(workers.map(lambda _: all_tokens.get(vendor.grant(), refused=old).key, range(10)))

    assert keys == {"token 2"}
    assert len(vendor.given) == 2


def test_DOR_3_nobody_waits_for_a_renewal_while_the_old_token_lives(all_tokens: StoreTokens, vendor: Vendor) -> None:
    all_tokens.get(vendor.grant())
    shift(all_tokens, given="23h 55m", ends="23h 55m")
    is_asking, may_answer = threading.Event(), threading.Event()

    def answer_late() -> None:
        is_asking.set()
        assert may_answer.wait(60)

    vendor.before = answer_late
    with ThreadPoolExecutor(1) as worker:
        renewing = worker.submit(all_tokens.get, vendor.grant())
        assert is_asking.wait(60)
        meanwhile = all_tokens.get(vendor.grant()).key
        may_answer.set()

    assert meanwhile == "token 1"
    assert renewing.result().key == "token 2"


def test_DOR_3_a_token_that_cannot_be_renewed_before_its_end_serves_to_its_end(
    all_tokens: StoreTokens, vendor: Vendor
) -> None:
    all_tokens.get(vendor.grant())
    shift(all_tokens, given="23h 55m", ends="23h 55m")
    vendor.before = fail(Unavailable("down"))

    kept = all_tokens.get(vendor.grant())
    shift(all_tokens, given="5m", ends="5m")

    assert kept.key == "token 1"
    assert timedelta(0) < kept.use_for <= timedelta(seconds=30)
    with pytest.raises(Unavailable, match="down"):
        all_tokens.get(vendor.grant())


def test_DOR_3_who_waited_in_vain_does_not_ask_as_well(all_tokens: StoreTokens, vendor: Vendor) -> None:
    is_asking, may_answer, asked = threading.Event(), threading.Event(), []

    def fail_late() -> None:
        asked.append(1)
        is_asking.set()
        assert may_answer.wait(60)
        raise Unavailable("down")

    vendor.before = fail_late
    with ThreadPoolExecutor(4) as workers:
        first = workers.submit(all_tokens.get, vendor.grant())
        assert is_asking.wait(60)
        others = [workers.submit(all_tokens.get, vendor.grant()) for _ in range(3)]
        wait_until(lambda: waiting(all_tokens) == 3, what="the others to wait")
        may_answer.set()

    assert all(isinstance(one.exception(), Unavailable) for one in (first, *others))
    assert len(asked) == 1


def test_DOR_3_a_refusal_of_the_credentials_is_a_refusal_though_the_token_lives(
    all_tokens: StoreTokens, vendor: Vendor
) -> None:
    all_tokens.get(vendor.grant())
    shift(all_tokens, given="23h 55m", ends="23h 55m")
    vendor.before = fail(CredentialsRefused("invalid_client"))

    with pytest.raises(CredentialsRefused, match="invalid_client"):
        all_tokens.get(vendor.grant())


def test_DOR_3_a_token_of_other_credentials_is_not_used(all_tokens: StoreTokens, vendor: Vendor) -> None:
    all_tokens.get(vendor.grant("old secret"))

    assert all_tokens.get(vendor.grant("new secret")).key == "token 2"
    assert all_tokens.get(vendor.grant("new secret")).key == "token 2"


def test_DOR_3_an_owner_that_dies_leaves_the_renewal_to_others(
    all_tokens: StoreTokens, vendor: Vendor, fresh_database_url: str
) -> None:
    dead = postgres.connect(fresh_database_url)
    dead.execute("SELECT pg_advisory_lock(7203, %s)", (all_tokens.store_id,))

    with ThreadPoolExecutor(1) as worker:
        asking = worker.submit(all_tokens.get, vendor.grant())
        wait_until(lambda: waiting(all_tokens) == 1, what="another one to wait")
        dead.close()  # as the kernel does for a process that was killed
        with pytest.raises(Unavailable):
            asking.result(timeout=60)

    assert all_tokens.get(vendor.grant()).key == "token 1"


@pytest.mark.parametrize("step", ["10m", "-10m"], ids=["ten minutes on", "ten minutes back"])
def test_DOR_3_a_database_clock_that_is_set_costs_a_token_at_most(
    all_tokens: StoreTokens, vendor: Vendor, step: str
) -> None:
    vendor.life = timedelta(minutes=15)
    all_tokens.get(vendor.grant())

    shift(all_tokens, given=step, ends=step)
    keys = [all_tokens.get(vendor.grant()).key for _ in range(3)]

    assert len(set(keys)) == 1
    assert len(vendor.given) <= 2


@pytest.mark.long
def test_BEY_9_a_token_lies_encrypted_and_what_no_key_opens_is_fetched_anew(
    all_tokens: StoreTokens, vendor: Vendor
) -> None:
    all_tokens.get(vendor.grant())

    assert "token 1" not in str(rows(all_tokens))
    other = StoreTokens(all_tokens.pool, Secrets(["staple correct horse"]), all_tokens.store_id)
    assert other.get(vendor.grant()).key == "token 2"


def test_BEY_9_a_disconnected_store_keeps_no_token(all_tokens: StoreTokens, vendor: Vendor) -> None:
    all_tokens.get(vendor.grant())
    with all_tokens.pool.connection() as connection:
        tokens.forget(connection, all_tokens.store_id)
        connection.execute("UPDATE stores SET state = 'disconnected'")

    all_tokens.get(vendor.grant())  # of a task that had begun before

    assert rows(all_tokens) == []
