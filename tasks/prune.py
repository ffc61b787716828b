"""What is long over is cut from the tables that grow, and what shops sent of orders ages out (SPD-2, DOR-6).

Nightly, by age, a portion at a time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from celery import shared_task

from connectors import hubs
from connectors.postgres import Connection, count_files, earlier_secrets, jobs, journal, pruning, sent_forms, stores
from schemas.journal import Action, Line, Outcome
from schemas.pruning import Portion
from tasks import users as user_tasks
from tasks.held import process

BUDGET_SECONDS: Final = 20  # of one table and one night: the next one goes on
SKIPPED_KEPT: Final = timedelta(days=14)  # what shops sent of orders that do not come to the hub (DOR-6)

Cut = Callable[[datetime, int], Portion]


@shared_task(name="prune")
def prune() -> str:
    """Cut what is older than the account says, and journal how much that was; what is kept for 0 days is kept for ever.

    Each portion is a transaction of its own, so that nobody waits for it, and may be cut by two at once.
    """
    held = process()
    with held.pool.connection() as connection:
        cut, goes_on = {}, False
        for name, days, portion in _tables(connection):
            if days:
                cut[name], is_through = _cut(portion, held.now() - timedelta(days=days))
                goes_on = goes_on or not is_through
        earlier_secrets.cut(connection)
        jobs.cut(connection)
        count_files.cut(connection)
        sent_forms.cut(connection)
        user_tasks.drop_old_sessions(connection, now=held.now())
        if any(cut.values()):
            journal.add(connection, Line(Action.PRUNE, Outcome.CUT, detail={**cut, "goes_on": goes_on}))
    return ", ".join(f"{number} {name}" for name, number in cut.items()) or "kept"


def _tables(connection: Connection) -> list[tuple[str, int, Cut]]:
    """What is cut: its name, for how many days it is kept, and how a portion of it is cut. Lines go after snapshots."""
    account = stores.account(connection)
    keep_days = account.privacy_keep_days
    tables: list[tuple[str, int, Cut]] = [
        ("snapshots", keep_days, lambda before, _: pruning.cut_snapshots(connection, before)),
        ("skipped", min(keep_days, SKIPPED_KEPT.days), lambda before, _: pruning.cut_skipped(connection, before)),
        ("journal", account.keep_journal_days, lambda before, beyond: pruning.cut_journal(connection, before, beyond)),
    ]
    if hubs.facts_of(account.hub).shares_transaction:  # another one keeps its own house, and need not be opened
        tables.append(("stock_moves", account.keep_stock_moves_days, hubs.open_hub(account, connection).cut_moves))
    return tables


def _cut(portion: Cut, before: datetime) -> tuple[int, bool]:
    """How much was cut until nothing old was left, or time was up."""
    stop_at = monotonic() + BUDGET_SECONDS
    cut, beyond = 0, 0
    while monotonic() < stop_at:
        done = portion(before, beyond)
        cut += done.cut
        if done.beyond is None:
            return cut, True
        beyond = done.beyond
    return cut, False
