"""The command that tells stores the hub's stock now: some SKUs or all, on trial, or followed to the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from connectors.errors import ConnectorError
from connectors.later import Later
from connectors.postgres import stock_view
from connectors.postgres.rows import StoreRow
from schemas.reasons import describe
from tasks.held import Process
from tasks.rules.doubts import Doubt
from tasks.rules.stock_loss import Loss
from workers.cli.agree import agree, doubt_words
from workers.cli.output import Failed, done, example, harmless, json_option, say, table, wants_json, yes_option
from workers.cli.start import open_desk, store_row
from workers.cli.store.agree import read_catalogue

if TYPE_CHECKING:
    from tasks import bells
    from tasks.stock import asking
    from tasks.stock import loss as losses
    from tasks.stock import preview as previews
    from tasks.stock.asking import AskedPush
    from workers.cli.stock import watch
else:
    bells = Later("tasks.bells", after="workers.app")
    asking, losses, previews = Later("tasks.stock.asking"), Later("tasks.stock.loss"), Later("tasks.stock.preview")
    watch = Later("workers.cli.stock.watch")

T = TypeVar("T")
_MORE: Final = "storesync.skus"


def _keep_more(context: click.Context, _: click.Parameter, skus: tuple[str, ...]) -> None:
    context.meta[_MORE] = skus


@click.command(
    "push",
    epilog=example(
        "storesync stock push --sku CHAIR-1 TABLE-1 --wait",
        "storesync stock push --store acme --all --wait",
        "storesync stock push --store acme --all --dry-run",
    ),
)
@click.option("--store", "store_name", help="Only this store; every active store with stock.sync on if left out.")
@click.option("--sku", "skus", multiple=True, metavar="SKU…", help="These SKUs; the store is asked first.")
@click.argument("more", nargs=-1, metavar="", expose_value=False, callback=_keep_more)
@click.option("--all", "everything", is_flag=True, help="Every SKU that hub and store share.")
@click.option("--wait", is_flag=True, help="Show progress until the stores were told.")
@click.option("--dry-run", is_flag=True, help="Only show what a store would be told; nothing is written or sent.")
@yes_option
@json_option
def push_stock(store_name: str | None, skus: tuple[str, ...], everything: bool, wait: bool, **how: bool) -> None:
    """Tell stores the hub's stock now; only what differs is sent.

    With --all the store's catalogue is read first, and SKUs that it does not have are counted; nothing is created.
    Before a shop is told 0 of what was never counted, or less than half of what it shows, a person is asked.
    """
    dry_run, yes = how["dry_run"], how["yes"]
    if wait and dry_run:
        raise click.UsageError("--dry-run tells nothing: there is nothing to --wait for")
    wanted = _wanted(skus, is_all=everything)
    held = open_desk()
    rows = _stores(held, store_name, is_trial=dry_run)
    _refuse_unknown(held, wanted)
    if dry_run:
        _show_preview(_try_out(held, rows, wanted, yes=yes), yes=yes)
        return
    ready, failed = _each(rows, lambda row: (row, _look(held, row, wanted, yes=yes)))
    is_agreed = agree([doubt for _, doubt in ready], yes=yes)
    asked, also_failed = _each(
        [row for row, _ in ready], lambda row: asking.ask_to_tell(held, row, wanted, is_agreed=is_agreed)
    )
    failed += also_failed
    bells.ring_stock([one.store_id for one in asked])
    if wait:
        failed += watch.watch_push(held, asked)
    _refuse(failed)
    if wait:
        _tell_outcome(held, asked)
    else:
        text = " ".join(_words(one) for one in asked)
        done(f"{text} See storesync journal --follow", stores=[_document(one) for one in asked])


def _each(rows: Sequence[StoreRow], work: Callable[[StoreRow], T]) -> tuple[list[T], list[str]]:
    """Do something with every store, and say of which it failed and why: one that is away holds up no other (MUL-1)."""
    results, failed = [], []
    for row in rows:
        try:
            results.append(work(row))
        except (ConnectorError, Failed) as error:
            if len(rows) == 1:
                raise
            failed.append(f"{row.name}: {error}")
    return results, failed


def _refuse(failed: Sequence[str]) -> None:
    if failed:
        raise Failed("; ".join(failed))


# -- whom and what ---------------------------------------------------------------------------------------------------


def _wanted(skus: Sequence[str], *, is_all: bool) -> list[str]:
    """The SKUs that were named, each once; none where all are meant."""
    more: tuple[str, ...] = click.get_current_context().meta[_MORE]
    wanted = list(dict.fromkeys([*skus, *more]))
    if is_all == bool(wanted) or (more and not skus):
        raise click.UsageError("give --sku SKU…, or --all")
    return wanted


def _stores(held: Process, name: str | None, *, is_trial: bool) -> list[StoreRow]:
    """The store that was named, or all that may be told. Raises Failed; a trial may come before stock sync is on."""
    with held.pool.connection() as connection:
        if name is None:
            rows = stock_view.pushing_stores(connection)
            if not rows:
                raise Failed("no active store has stock sync on: storesync store set NAME stock.sync=on")
            return rows
        row = store_row(connection, name)
    if why := asking.why_not_told(row, is_trial=is_trial):
        raise Failed(why)
    return [row]


def _refuse_unknown(held: Process, skus: Sequence[str]) -> None:
    with held.pool.connection() as connection:
        if why := asking.why_unknown(connection, skus):
            raise Failed(why)


def _look(held: Process, row: StoreRow, skus: Sequence[str], *, yes: bool) -> Doubt:
    """What a push would take from a store; its catalogue is read for a push of everything, whatever was agreed."""
    if not skus:
        read_catalogue(held, row)
    if yes:
        return Doubt(row.name)
    return Doubt(row.name, asking.loss_of(held, row, skus, read=lambda one: read_catalogue(held, one)))


def _words(asked: AskedPush) -> str:
    missing = f" {asked.missing} of the hub's SKUs are not in the store." if asked.missing else ""
    return f"{asked.name}: {len(asked.skus)} SKU(s) are looked at now.{missing}"


def _document(asked: AskedPush) -> dict[str, Any]:
    return {"store": asked.name, "skus": len(asked.skus), "not_in_store": asked.missing}


# -- on trial --------------------------------------------------------------------------------------------------------


_Trial = tuple[list[dict[str, Any]], Doubt]


def _try_out(held: Process, rows: Sequence[StoreRow], skus: Sequence[str], *, yes: bool) -> list[_Trial]:
    trials, failed = _each(rows, lambda row: _try_one(held, row, skus, yes=yes))
    _refuse(failed)
    return trials


def _try_one(held: Process, row: StoreRow, skus: Sequence[str], *, yes: bool) -> _Trial:
    loss, lines = Loss(), []
    found = previews.preview_skus(held, row.id, skus, loss) if skus else previews.preview_all(held, row.id, loss)
    with watch.counting(f"{row.name}: items") as count:
        for preview in found:
            count(1)
            lines.append(_line(row, preview, yes=yes))
    if skus and loss.is_half:
        losses.add_others(held, row, loss, skus)
    return lines, Doubt(row.name, loss)


def _line(row: StoreRow, preview: previews.StockPreview, *, yes: bool) -> dict[str, Any]:
    line = {"store": row.name, **asdict(preview)}
    numbers = {key: None if number is None else str(number) for key, number in _numbers(line)}
    is_told = yes and preview.outcome == "ask"
    return {**line, **numbers, "outcome": "tell" if is_told else preview.outcome}


def _show_preview(trials: Sequence[_Trial], *, yes: bool) -> None:
    """The lines; what a push without --yes would stop for is said behind them, and by `needs_yes` in each."""
    lines = [{**line, "needs_yes": doubt.is_to_be_asked and not yes} for lines, doubt in trials for line in lines]
    say(lines, wants_json(), lambda: _tell_preview(lines))
    doubts = [doubt for _, doubt in trials if doubt.is_to_be_asked]
    if doubts and not yes and not wants_json():
        click.echo(harmless(f"It would stop and ask first: {doubt_words(doubts)} --yes goes on."))


def _numbers(preview: dict[str, Any]) -> Iterator[tuple[str, int | None]]:
    return ((key, preview[key]) for key in ("shows", "quantity"))


def _tell_preview(found: list[dict[str, Any]]) -> None:
    columns = ["sku", "store", "external_id", "place", "shows", "quantity", "outcome", "reason"]
    table([*columns[:-2], "would", "reason"], [[line[column] or None for column in columns] for line in found])
    for reason in dict.fromkeys(line["reason"] for line in found if line["reason"]):
        click.echo(f"{reason}: {' '.join(describe(reason))}")
    counted = Counter(line["outcome"] for line in found)
    words = ", ".join(f"{outcome} {number}" for outcome, number in counted.items()) or "do nothing"
    click.echo(f"Would {words}. Nothing was written or sent.")


# -- followed to the end ---------------------------------------------------------------------------------------------


def _tell_outcome(held: Process, asked: Sequence[AskedPush]) -> None:
    with held.pool.connection() as connection:
        outcomes = [stock_view.push_outcome(connection, one.store_id, one.skus, asked_at=one.since) for one in asked]
    lines = [
        f"{one.name}: {_outcome_words(outcome)}." + (f" {one.missing} not in the store." if one.missing else "")
        for one, outcome in zip(asked, outcomes, strict=True)
    ]
    documents = [_document(one) | asdict(outcome) for one, outcome in zip(asked, outcomes, strict=True)]
    done(" ".join(lines), stores=documents)


def _outcome_words(outcome: stock_view.PushOutcome) -> str:
    not_shown = [f"{skus} not ({reason})" for reason, skus in outcome.not_shown.items()]
    return ", ".join([f"{outcome.told} told", f"{outcome.same} shown already", *not_shown])
