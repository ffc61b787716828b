"""Commands that put work in the queue: sync a store, or any task by its name."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from connectors.cursor import back_to
from connectors.later import Later
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from tasks.held import Process
from workers.cli.output import Failed, done, example, json_option, say, table, utc
from workers.cli.start import PAST, open_desk, store_row

if TYPE_CHECKING:
    from tasks import bells, lanes
    from tasks.orders import preview
    from workers import app as program
    from workers.cli import enqueued, progress
else:
    bells, lanes = Later("tasks.bells", after="workers.app"), Later("tasks.lanes", after="workers.app")
    preview = Later("tasks.orders.preview")
    program = Later("workers.app")
    enqueued, progress = Later("workers.cli.enqueued"), Later("workers.cli.progress")


@click.command(epilog=example("storesync sync acme --wait", "storesync sync acme --since 2d --dry-run"))
@click.argument("name")
@click.option("--since", type=PAST, metavar="TIME", help="Also read again all that changed since: ISO 8601, or 2d ago.")
@click.option("--wait", is_flag=True, help="Show progress until every order of it is done.")
@click.option("--dry-run", is_flag=True, help="Only show what would come in; nothing is written.")
@json_option
def sync(name: str, since: datetime | None, wait: bool, dry_run: bool, as_json: bool) -> None:
    """Fetch a store's changed orders now."""
    held = open_desk()
    row = active_store(held, name, or_inactive=dry_run)
    if dry_run:
        cursor = back_to(row.cursor, since) if since else row.cursor
        found = [asdict(preview) for preview in preview.preview_orders(held, row, cursor)]
        say(found, as_json, lambda: _tell_preview(found))
        return
    with held.pool.connection() as connection:
        started = stores.database_time(connection)
        if since is not None:
            stores.read_again(connection, row.id, since)
        stores.fetch_now(connection, row.id)
    bells.ring_fetch(row.id)
    if wait:
        _wait(held, row, started)
    else:
        done(f"{name} is fetched now. See storesync order list --store {name}", store=name)


def _wait(held: Process, row: StoreRow, started: datetime) -> None:
    name = row.name
    seen = progress.watch_store(held, row.id, name, since=started)
    if not seen.is_done:
        words = "; ".join([str(seen.count), _why(seen)] if seen.count.total else [_why(seen)])
        raise Failed(f"not everything of {name} came in: {words}. See storesync store show {name}, or storesync doctor")
    done(f"{name} is up to date: {seen.count}.", store=name, orders=seen.count.states)


def _why(seen: progress.Seen) -> str:
    """What keeps the rest from coming in."""
    row, at = seen.row, seen.count
    if row is None or row.state != "active":
        return f"the store is not active ({row.reason or row.state})" if row else "the store is gone"
    if not seen.is_fetched and row.fetch_due_at:
        return f"the shop is asked again at {utc(row.fetch_due_at)} ({row.reason})"
    if at.put_off:
        reasons = f" ({', '.join(sorted(at.reasons))})" if at.reasons else ""
        return f"{at.put_off} put off{reasons}, tried again from {utc(at.again_at)} on"
    return "nobody works on it"


def _tell_preview(found: list[dict[str, Any]]) -> None:
    table(["order", "would", "reason", "detail"], [tuple(preview.values()) for preview in found])
    counted = Counter(preview["outcome"] for preview in found)
    words = ", ".join(f"{outcome} {number}" for outcome, number in counted.items()) or "do nothing"
    click.echo(f"Would {words}. Nothing was written.")


def active_store(held: Process, name: str, *, or_inactive: bool = False) -> StoreRow:
    """A store that is worked on, or that is being set up where that is enough (STG-1). Raises Failed."""
    with held.pool.connection() as connection:
        row = store_row(connection, name)
    if row.state == "inactive" and not or_inactive:
        raise Failed(f"{name} is not active yet: storesync store activate {name}")
    if row.state == "paused":
        raise Failed(f"{name} is paused: storesync store resume {name}")
    if row.state == "needs_attention":
        raise Failed(f"{name} needs attention ({row.reason}): storesync store check {name}")
    return row


@click.command(epilog=example("storesync enqueue import_order acme 5001", "storesync enqueue ring_due"))
@click.argument("task")
@click.argument("arguments", nargs=-1, metavar="[ARG…]")
@click.option("--wait", is_flag=True, help="Wait until a worker has done it.")
def enqueue(task: str, arguments: tuple[str, ...], wait: bool) -> None:
    """Put any task in the queue by its name; a store may be given by name."""
    held = open_desk()
    if task not in program.TASKS:
        raise click.UsageError(f"there is no task {task!r}; there are {', '.join(sorted(program.TASKS))}")
    _check_arguments(task, arguments)
    values = _by_id(held, arguments)
    if lane := lanes.LANES.get(task):
        with held.pool.connection() as connection:
            lane.lift(connection, values[0])
    if not wait:
        sent = program.app.send_task(task, values)
        done(f"Enqueued {task} as {sent.id}.", task=task, id=sent.id)
        return
    told = enqueued.run_and_wait(held.redis, task, values)
    done(f"{task}: {told['result']}", **told)


def _check_arguments(task: str, arguments: tuple[str, ...]) -> None:
    import_module(program.TASKS[task].module)
    try:
        inspect.signature(program.app.tasks[task].run).bind(*arguments)
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
    return (row.id, *arguments[1:])
