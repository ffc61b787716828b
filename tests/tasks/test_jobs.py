"""What a page of the console wants of a shop is asked by a worker, once, and kept for the page (STG-3)."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.postgres import jobs as kept
from connectors.postgres import journal
from schemas.errors import SettingRefused
from schemas.jobs import Job, Wish
from schemas.stores import StoreState
from tasks import jobs
from tasks.bells import ring_due_jobs
from tasks.errands import Errand
from tasks.held import Process
from tasks.job_kinds import KINDS
from tasks.prune import prune
from tasks.stores import set_state
from tests.tasks.orders.looking import Shop, rung, store_of
from tests.workers.cli.shops import place


def ask(held: Process, kind: str, store_id: int | None = None, **more: Any) -> int:
    """As a page does."""
    with held.pool.connection() as connection:
        return jobs.ask(held, connection, Wish(kind, store_id, **more))


def seen(held: Process, id_: int) -> Job:
    """How it stands."""
    with held.pool.connection() as connection:
        found = kept.job(connection, id_)
    assert found is not None
    return found


@pytest.fixture
def kind() -> Iterator[dict[str, Any]]:
    """A kind of job that does what a test says."""
    does: dict[str, Any] = {}

    def work(errand: Errand) -> dict[str, Any]:
        done: dict[str, Any] = does["work"](errand)
        return done

    KINDS["toy"] = work
    yield does
    del KINDS["toy"]


def test_STG_3_what_an_activation_would_bring_is_asked_by_a_worker(held: Process, shop: Shop, acme: int) -> None:
    place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    rung(held.redis, "fetch")

    id_ = ask(held, "foretell", acme)
    assert rung(held.redis, "fetch") == [[id_]]
    assert (seen(held, id_).is_over, jobs.do_job(id_)) == (False, "done")

    found = seen(held, id_)
    assert found.result is not None
    assert found.result["orders"] == {"outcomes": {"create": 1}, "reasons": {}}
    assert found.result["skus"]["new"]["number"] >= len(found.result["skus"]["new"]["few"]) > 0
    assert found.result["stock"] is None
    assert (found.trouble, found.seen > 0, jobs.do_job(id_)) == (None, True, "nothing_due")


def test_STG_3_the_same_is_asked_once_and_no_more_than_a_few_things(held: Process, acme: int) -> None:
    first = ask(held, "foretell", acme)
    others = {ask(held, "foretell", acme, arguments={"n": n}) for n in range(jobs.MOST_OPEN - 1)}

    assert ask(held, "foretell", acme) == first
    with pytest.raises(SettingRefused, match="other things are asked"):
        ask(held, "foretell", acme, arguments={"n": "one too many"})
    with held.pool.connection() as connection:
        kept.stop(connection, first)
    assert ask(held, "foretell", acme) not in {first, *others}


def test_STG_3_a_shop_that_is_away_is_said_in_words(held: Process, shop: Shop, acme: int) -> None:
    shop.server.stop()

    id_ = ask(held, "foretell", acme)
    assert jobs.do_job(id_) == "failed"

    trouble = seen(held, id_).trouble
    assert trouble is not None
    assert trouble.reason == "store_unavailable"


def test_STG_3_a_store_that_was_disconnected_meanwhile_is_asked_nothing(held: Process, acme: int) -> None:
    id_ = ask(held, "foretell", acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert jobs.do_job(id_) == "failed"
    trouble = seen(held, id_).trouble
    assert trouble is not None
    assert trouble.words == "the store is disconnected"


def test_STG_3_a_person_stops_a_job_that_goes_on(held: Process, kind: dict[str, Any]) -> None:
    def work(errand: Errand) -> dict[str, Any]:
        more = errand.counting()
        more(3)
        assert seen(held, id_).seen == 3
        with held.pool.connection() as connection:
            kept.stop(connection, id_)
        more(4)
        raise AssertionError("it went on")

    kind["work"] = work
    id_ = ask(held, "toy")
    jobs.do_job(id_)

    assert seen(held, id_).was_stopped
    assert seen(held, id_).seen == 3


def test_CON_1_what_a_job_does_is_journaled_with_who_asked_and_its_secret_is_gone(
    held: Process, kind: dict[str, Any]
) -> None:
    def work(errand: Errand) -> dict[str, Any]:
        assert errand.secret == {"key": "shh"}
        with errand.held.pool.connection() as connection:
            assert journal._WHO.get() == "ada"
            assert connection.execute("SELECT strpos(j::text, 'shh') AS at FROM jobs j").fetchone() == {"at": 0}
        return {"amount": "1.50", "words": "a\x00b"}

    kind["work"] = work
    id_ = ask(held, "toy", secret={"key": "shh"}, who="ada")
    assert jobs.do_job(id_) == "done"

    assert (seen(held, id_).locked, seen(held, id_).result) == (None, {"amount": "1.50", "words": "ab"})


def test_STG_3_a_fault_of_ours_fails_the_task_and_a_job_that_ends_its_worker_is_given_up(
    held: Process, kind: dict[str, Any]
) -> None:
    kind["work"] = lambda errand: 1 // 0
    id_ = ask(held, "toy")
    with pytest.raises(ZeroDivisionError):
        jobs.do_job(id_)
    trouble = seen(held, id_).trouble
    assert trouble is not None
    assert trouble.reason == "unexpected_error"

    id_ = ask(held, "toy")
    with held.pool.connection() as connection:
        connection.execute("UPDATE jobs SET begins = 3 WHERE ended_at IS NULL")
    assert jobs.do_job(id_) == "failed"


def test_STG_3_a_lost_bell_is_rung_again_and_old_jobs_are_cut(held: Process, acme: int) -> None:
    id_ = ask(held, "foretell", acme)
    with held.pool.connection() as connection:
        assert ring_due_jobs(connection) == 0
        connection.execute("UPDATE jobs SET asked_at = now() - interval '1 minute'")
        rung(held.redis, "fetch")
        assert ring_due_jobs(connection) == 1
        assert rung(held.redis, "fetch") == [[id_]]
        connection.execute("UPDATE jobs SET asked_at = now() - interval '8 days'")
        prune()
        assert kept.job(connection, id_) is None
