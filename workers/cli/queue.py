"""Commands that put work in the queue: sync a store, or any task by its name."""

import inspect
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from celery.events.receiver import EventReceiver
from kombu import Connection

from connectors.postgres import Row, stores
from tasks import bells
from tasks.process import Process
from workers.app import app
from workers.cli.desk import MOMENT, open_desk, store_row
from workers.cli.output import Failed, example
from workers.cli.progress import watch_store

# Workers send a heartbeat every two seconds: so long a silence means that there is none.
SILENCE_SECONDS = 15


@click.command(epilog=example("storesync sync acme --wait", "storesync sync acme --since 2d"))
@click.argument("name")
@click.option("--since", type=MOMENT, metavar="TIME", help="Read again everything changed since: ISO 8601, or 2d ago.")
@click.option("--wait", is_flag=True, help="Show progress until every order of it is done.")
def sync(name: str, since: datetime | None, wait: bool) -> None:
    """Fetch a store's changed orders now."""
    held = open_desk()
    row = _active_store(held, name)
    with held.pool.connection() as connection:
        started = stores.database_time(connection)
        if since is not None:
            stores.keep_cursor(connection, row["id"], held.connector(row).cursor_since(since))
        stores.fetch_now(connection, row["id"])
    bells.ring_fetch(row["id"])
    if not wait:
        click.echo(f"{name} is fetched now. See storesync order list --store {name}")
        return
    if not watch_store(held, row["id"], name, since=started):
        raise Failed(f"not everything of {name} came in: see storesync store show {name}")


def _active_store(held: Process, name: str) -> Row:
    with held.pool.connection() as connection:
        row = store_row(connection, name)
    if row["state"] == "paused":
        raise Failed(f"{name} is paused: storesync store resume {name}")
    if row["state"] == "needs_attention":
        raise Failed(f"{name} needs attention ({row['reason']}): storesync store check {name}")
    return row


@click.command(epilog=example("storesync enqueue import_order acme 5001", "storesync enqueue ring_due"))
@click.argument("task")
@click.argument("arguments", nargs=-1, metavar="[ARG…]")
@click.option("--wait", is_flag=True, help="Wait until a worker has done it.")
def enqueue(task: str, arguments: tuple[str, ...], wait: bool) -> None:
    """Put any task in the queue by its name; a store may be given by name."""
    held = open_desk()
    names = sorted(name for name in app.tasks if not name.startswith("celery."))
    if task not in names:
        raise click.UsageError(f"there is no task {task!r}; there are {', '.join(names)}")
    _check_arguments(task, arguments)
    values = _by_id(held, arguments)
    if not wait:
        click.echo(f"Enqueued {task} as {app.tasks[task].apply_async(values).id}.")
        return
    click.echo(json.dumps(_run_and_wait(task, values)))


def _check_arguments(task: str, arguments: tuple[str, ...]) -> None:
    try:
        inspect.signature(app.tasks[task].run).bind(*arguments)
    except TypeError as error:
        raise click.UsageError(f"{task}: {error}") from error


def _by_id(held: Process, arguments: tuple[str, ...]) -> tuple[Any, ...]:
    """Store names become ids: the first argument of every task on a store."""
    if not arguments:
        return ()
    with held.pool.connection() as connection:
        row = stores.find_store(connection, arguments[0])
    if row is None:
        raise Failed(f"there is no store {arguments[0]!r}: see storesync store list")
    return (row["id"], *arguments[1:])


def _run_and_wait(task: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """Send the task and follow the workers' events until it is done: there is no result backend to ask."""
    told: dict[str, Any] = {}

    def send() -> None:
        told["id"] = app.tasks[task].apply_async(values).id

    def keep(event: dict[str, Any]) -> None:
        if event["uuid"] == told["id"]:
            told.update(event)

    with app.connection_for_read() as broker:
        following = _Following(broker, {"task-succeeded": keep, "task-failed": keep}, send)
        try:
            next(_ for _ in following.itercapture(timeout=SILENCE_SECONDS) if "type" in told)
        except TimeoutError:
            raise Failed(f"no worker answers: start one with storesync up ({task} stays enqueued)") from None
    if told["type"] == "task-failed":
        raise Failed(f"{task} failed: {told['exception']}")
    return {"task": task, "id": told["id"], "result": told["result"]}


class _Following(EventReceiver):
    """Sends once it listens, so that no event is missed."""

    def __init__(
        self, broker: Connection, handlers: dict[str, Callable[[dict[str, Any]], None]], send: Callable[[], None]
    ) -> None:
        super().__init__(broker, handlers, app=app)
        self._send = send

    def on_consume_ready(self, *args: Any, **kwargs: Any) -> None:
        super().on_consume_ready(*args, **kwargs)
        self._send()


COMMANDS = (sync, enqueue)
