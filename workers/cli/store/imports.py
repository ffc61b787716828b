"""The command that brings what a store has into the hub by hand: its products, or a first count of its stock."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from connectors.later import Later
from connectors.postgres import order_view, stock_imports, stores
from connectors.postgres.journal import Which
from connectors.postgres.journal import lines as journal_lines
from connectors.postgres.rows import StoreRow
from schemas.jobs import Wish
from schemas.journal import Action
from schemas.reasons import describe
from tasks.held import Process
from workers.cli.hub.counts import left_out_line
from workers.cli.output import Failed, done, example, json_option, say, table, utc
from workers.cli.queue import active_store
from workers.cli.start import open_desk

if TYPE_CHECKING:
    from tasks import bells, jobs
    from tasks.stock import importing
    from workers.cli import progress
else:
    bells, jobs = Later("tasks.bells", after="workers.app"), Later("tasks.jobs", after="workers.app")
    importing = Later("tasks.stock.importing", after="workers.app")
    progress = Later("workers.cli.progress")

PATIENCE_SECONDS: Final = 60  # so long without any movement: nobody is working
_FEW: Final = 20  # rows that people are shown

State = tuple[Any, ...]  # of a job that is watched: when nothing of it moves, nobody works on it


@click.command(
    "import",
    epilog=example(
        "storesync store import acme products --wait",
        "storesync store import acme customers --wait",
        "storesync store import acme stock --wait",
    ),
)
@click.argument("name")
@click.argument("what", type=click.Choice(["products", "customers", "stock"]))
@click.option("--again", is_flag=True, help="Of stock: also what was counted before.")
@click.option("--dry-run", is_flag=True, help="Of stock: only say what would be counted.")
@click.option("--wait", is_flag=True, help="Show progress until it is done.")
@json_option
def import_into_hub(name: str, what: str, again: bool, dry_run: bool, wait: bool, as_json: bool) -> None:
    """Bring a store's products or customers into the hub, or count its stock from what the store shows.

    Customers are those whom the shop has registered: by e-mail, each is one customer of the hub, whose orders find it.
    Again does no harm.

    A count takes the pieces there and those on the store's open orders, at each location, as one adjustment. What was
    counted before stays as it is. Of several stores that sell from one location the one that is named counts: their
    figures are shown side by side and never added up. A store that is not active yet is counted once it is.
    """
    held = open_desk()
    row = active_store(held, name, or_inactive=what != "stock" or not (wait or dry_run))
    if what == "products":
        _products(held, row, wait=wait)
    elif what == "customers":
        _customers(held, row, wait=wait)
    else:
        sharing = importing.want_stock(held, row, is_again=again, is_trial=dry_run)
        _stock(held, row, sharing, wait=wait, as_json=as_json)


# -- products --------------------------------------------------------------------------------------------------------


def _products(held: Process, row: StoreRow, *, wait: bool) -> None:
    name = row.name
    with held.pool.connection() as connection:
        since = stores.database_time(connection)
        stores.want_products(connection, row.id, wanted=True)
    bells.ring_catalogue(row.id)
    if not wait:
        done(f"The products of {name} come in now. See storesync store show {name}", store=name, what="products")
        return
    _watch(f"products of {name}", lambda: _look_at_products(held, row.id))
    with held.pool.connection() as connection:
        lines = journal_lines(connection, Which(store_id=row.id, since=since))
    came = next(line.detail for line in reversed(lines) if line.action == Action.IMPORT_PRODUCTS)
    text = f"{name}: {came['made']} product(s) made, {came['known']} were there. {came['without_sku']} have no SKU."
    done(text, store=name, what="products", **came)


def _look_at_products(held: Process, store_id: int) -> tuple[bool, State]:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    if row is None or row.state not in ("active", "inactive"):
        raise Failed(f"the store is not active ({(row and row.reason) or (row and row.state)})")
    if row.catalogue_reason and row.catalogue_due_at:
        sentence, _ = describe(row.catalogue_reason)
        raise Failed(f"the catalogue cannot be read ({row.catalogue_reason}). {sentence} It goes on by itself.")
    return not row.wants_products, (row.catalogue_walk, row.catalogue_whole_at, row.catalogue_due_at)


# -- customers -------------------------------------------------------------------------------------------------------


def _customers(held: Process, row: StoreRow, *, wait: bool) -> None:
    with held.pool.connection() as connection:
        number = jobs.ask(held, connection, Wish("import_customers", row.id))
    if not wait:
        text = f"The customers of {row.name} come in now. See storesync journal --store {row.name}"
        done(text, store=row.name, what="customers")
        return
    _watch(f"customers of {row.name}", lambda: _look_at_customers(held, row.id, number))
    with held.pool.connection() as connection:
        job = jobs.look(connection, number, "import_customers", store_id=row.id)
    assert job is not None
    if job.result is None:
        raise Failed(f"not all customers of {row.name} came: {job.trouble.words if job.trouble else 'it was stopped'}")
    text = f"{row.name}: {job.result['made']} customer(s) made, {job.result['known']} were there."
    done(text, store=row.name, what="customers", **job.result)


def _look_at_customers(held: Process, store_id: int, number: int) -> tuple[bool, State]:
    with held.pool.connection() as connection:
        job = jobs.look(connection, number, "import_customers", store_id=store_id)
    return job is None or job.is_over, (job and (job.begins, job.seen),)


# -- stock -----------------------------------------------------------------------------------------------------------


def _stock(held: Process, row: StoreRow, sharing: list[str], *, wait: bool, as_json: bool) -> None:
    name = row.name
    if not wait:
        beside = f" {', '.join(sharing)} sell(s) from the same location: they are shown beside, and not added."
        when = "once it is activated, with its open orders" if row.state == "inactive" else "now"
        text = f"The stock of {name} is counted {when}. See storesync store show {name}"
        done(text + (beside if sharing else ""), store=name, what="stock", shares_with=sharing)
        return
    _watch(f"stock of {name}", lambda: _look_at_stock(held, row.id))
    with held.pool.connection() as connection:
        job = stock_imports.look(connection, row.id)
    assert job is not None
    if job.report is None:
        sentence, _ = describe(job.reason)
        raise Failed(f"nothing of {name} was counted ({job.reason}: {job.detail}). {sentence}")
    document = {"store": name, "what": "stock", "dry_run": job.is_trial, "shares_with": sharing, **job.report}
    say(document, as_json, lambda: _tell(name, document))


def _look_at_stock(held: Process, store_id: int) -> tuple[bool, State]:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
        job = stock_imports.look(connection, store_id)
        counts = order_view.counts(connection, store_id)
    if row is None or row.state != "active":
        raise Failed(f"the store is not active ({(row and row.reason) or (row and row.state)})")
    if job is None:
        return True, ()
    if job.reason and job.due_at and not job.is_over:
        sentence, _ = describe(job.reason)
        words = f"{job.reason}: {job.detail}). {sentence} It goes on by itself at {utc(job.due_at)}."
        if job.attempts > 1:
            raise Failed(f"the store cannot be read now ({words}")
    return job.is_over, (job.step, job.step_at, job.seen, job.due_at, row.cursor, counts)


def _tell(name: str, document: dict[str, Any]) -> None:
    if document["side_by_side"]:
        _tell_beside(document)
    for reason, number in document["reasons"].items():
        skus = [one["sku"] for one in document["left_out"] if one["reason"] == reason]
        click.echo(left_out_line(reason, skus, number))
    if document["orders_set_aside"]:
        click.echo(
            f"{document['orders_set_aside']} order(s) are set aside, their pieces are not in it:"
            " storesync order list --state failed"
        )
    if document["dry_run"]:
        click.echo(f"Would count {document['figures']} figure(s), {document['pieces']} pieces. Nothing was written.")
    elif document["count"] is None:
        click.echo(f"Nothing of {name} was counted.")
    else:
        back = f"Back: storesync hub stock undo {document['count']}"
        click.echo(f"Counted {document['figures']} figure(s) of {name}, {document['pieces']} pieces. {back}")


def _tell_beside(document: dict[str, Any]) -> None:
    rows = document["side_by_side"][:_FEW]
    names = list(dict.fromkeys(name for one in rows for name in one["figures"]))
    table(["sku", "location", *names], [[one["sku"], one["location"], *map(one["figures"].get, names)] for one in rows])
    click.echo(
        f"{document['differing']} SKU(s) show other figures in other stores that sell from the location. Those of"
        f" {document['store']} count; to take another store's, or a file's, take this count back first.\n"
    )


# -- progress --------------------------------------------------------------------------------------------------------


def _watch(title: str, look: Callable[[], tuple[bool, State]]) -> None:
    """Show that a job goes on until it is over. Raises Failed where nobody works on it."""
    with progress.progress_bars() as bars:
        bars.add_task(title, total=None)
        moved_at, last = time.monotonic(), None
        while True:
            is_over, state = look()
            if is_over:
                return
            if state != last:
                moved_at, last = time.monotonic(), state
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise Failed("nobody works on it: start a worker with storesync up, or see storesync doctor")
            time.sleep(progress.LOOK_SECONDS)
