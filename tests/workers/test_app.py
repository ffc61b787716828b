"""The Celery app's settings, as far as losing, doubling or blocking depends on them."""

import pytest
from celery.exceptions import QueueNotFound

from connectors import locks
from connectors.postgres.orders import BELL_SECONDS
from tests.broker import use_broker
from workers.app import QUEUES, VISIBILITY_SECONDS, app

# What holds an order's lock may run shorter than what asks a store for its changes, a walk through a catalogue longer.
LOCKS = {
    "import_order": locks.ORDER_LOCK_SECONDS,
    "change_order": locks.ORDER_LOCK_SECONDS,
    "fulfill_order": locks.ORDER_LOCK_SECONDS,
    "push_stock": locks.STOCK_LOCK_SECONDS,
    "push_latest": locks.STOCK_LOCK_SECONDS,
    "fetch_catalogue": locks.CATALOGUE_LOCK_SECONDS,
    "import_stock": locks.CATALOGUE_LOCK_SECONDS,
    "compare_stock": locks.CATALOGUE_LOCK_SECONDS,
    "do_job": locks.CATALOGUE_LOCK_SECONDS,
}


@pytest.fixture(autouse=True)
def broker(redis_url: str) -> None:
    """The app is set up for the tests' Redis."""
    use_broker(redis_url)
    app.loader.import_default_modules()


def our_tasks() -> list[str]:
    """The names of all tasks that are ours."""
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if not name.startswith("celery."))


def limits(name: str) -> tuple[int, int]:
    """A task's soft and hard limit, its own or the app's."""
    task = app.tasks[name]
    return task.soft_time_limit or app.conf.task_soft_time_limit, task.time_limit or app.conf.task_time_limit


def test_ORD_6_no_task_outlives_its_lock() -> None:
    for name in our_tasks():
        soft, hard = limits(name)
        assert 0 < soft < hard < LOCKS.get(name, locks.LOCK_SECONDS), name


def test_ORD_6_no_message_is_given_to_a_second_worker_while_its_task_may_run() -> None:
    assert max(limits(name)[1] for name in our_tasks()) < VISIBILITY_SECONDS
    assert app.conf.broker_transport_options["visibility_timeout"] == VISIBILITY_SECONDS
    assert BELL_SECONDS < VISIBILITY_SECONDS


def test_a_message_is_acknowledged_only_when_its_work_is_done() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


def test_a_task_that_kills_its_process_runs_three_times_and_few_such_wait_in_memory() -> None:
    assert app.conf.task_retry_on_worker_lost
    assert {app.tasks[name].max_retries for name in our_tasks()} == {2}
    assert app.conf.worker_eta_task_limit == 500


def test_only_JSON_is_sent_and_taken() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


def test_a_misspelt_queue_is_told_and_not_made() -> None:
    with pytest.raises(QueueNotFound, match="ordres"):
        app.send_task("import_order", (1, "5001"), queue="ordres")

    assert set(app.amqp.queues) == set(QUEUES)


def test_no_result_is_kept() -> None:
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None
