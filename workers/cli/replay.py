"""The command that runs what is stored through today's rules, and says what would come out differently."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from connectors.later import Later
from connectors.postgres import Connection
from schemas.replay import NotCompared
from workers.cli.output import example, json_option, say, table
from workers.cli.start import PAST, database, known_store_row

if TYPE_CHECKING:
    from connectors.postgres import replay_view
    from tasks.orders import replay as tasks
    from workers.cli import progress
else:
    replay_view, tasks, progress = (
        Later("connectors.postgres.replay_view"),
        Later("tasks.orders.replay"),
        Later("workers.cli.progress"),
    )

SHOWN: Final = 200  # differences that are listed for people
_WORDS: Final = {
    NotCompared.WAITING: "wait to be looked at",
    NotCompared.NO_SNAPSHOT: "have no snapshot",
    NotCompared.FAILED_ELSEWHERE: "failed at what no rule decides",
    NotCompared.ASKS_THE_SHOP: "would be asked of the shop",
}


@dataclass(slots=True)
class _Result:
    """What a replay has found so far."""

    compared: int = 0
    left_out: Counter[NotCompared] = field(default_factory=Counter)
    differing: list[tasks.Replayed] = field(default_factory=list)

    def add(self, one: tasks.Replayed) -> None:
        """Count an order."""
        if one.left_out is not None:
            self.left_out[one.left_out] += 1
            return
        self.compared += 1
        if one.differences:
            self.differing.append(one)


@click.command(epilog=example("storesync replay", "storesync replay --store acme --since 30d --json"))
@click.option("--store", "store_name", help="Only this store's orders.")
@click.option(
    "--since", type=PAST, metavar="TIME", help="Only orders that came or changed since: ISO 8601, or 30d ago."
)
@json_option
def replay(store_name: str | None, since: datetime | None, as_json: bool) -> None:
    """Run stored orders through today's rules and show what would come out differently. Nothing is written."""
    with database() as connection, replay_view.looking(connection):
        store_id = known_store_row(connection, store_name).id if store_name else None
        result = _replay(connection, store_id, since)
    say(_document(result), as_json, lambda: _tell(result))


def _replay(connection: Connection, store_id: int | None, since: datetime | None) -> _Result:
    result = _Result()
    with progress.progress_bars() as bars:
        watched = bars.add_task("orders", total=replay_view.count(connection, store_id, since))
        for one in tasks.replay_orders(connection, store_id, since):
            result.add(one)
            bars.advance(watched)
    return result


def _document(result: _Result) -> dict[str, Any]:
    return {
        "orders": result.compared + result.left_out.total(),
        "compared": result.compared,
        "different": len(result.differing),
        "left_out": {str(why): result.left_out[why] for why in NotCompared},
        "differences": [
            {
                "store": one.store,
                "platform": one.platform,
                "external_id": one.kept.external_id,
                "number": one.kept.number,
                "state": one.kept.state,
                "reason": one.kept.reason,
                "fields": [asdict(difference) for difference in one.differences],
            }
            for one in result.differing
        ],
    }


def _tell(result: _Result) -> None:
    rows = [
        (one.store, one.kept.number or one.kept.external_id, difference.field, difference.was, difference.would_be)
        for one in result.differing
        for difference in one.differences
    ]
    if rows:
        table(["store", "order", "field", "was", "would be"], rows[:SHOWN])
    if len(rows) > SHOWN:
        click.echo(f"… and {len(rows) - SHOWN} more: --json has them all.")
    click.echo(_summary(result))


def _summary(result: _Result) -> str:
    different = len(result.differing)
    said = f"{different} of {result.compared} orders would" if different else f"None of {result.compared} orders would"
    left = "; ".join(f"{result.left_out[why]} {words}" for why, words in _WORDS.items() if result.left_out[why])
    return f"{said} come out differently. {f'Left out: {left}. ' if left else ''}Nothing was written."
