"""Commands that count many items of the hub at once: from a file, listed, taken back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from connectors.builtin_hub import counts
from connectors.postgres import stores
from schemas.count_file import decode
from schemas.counts import Count, CountLine, LeftOut, Wrong
from schemas.money import plain
from schemas.reasons import Reason, describe
from schemas.text import clean
from tasks.held import process
from tasks.locations import refuse_unknown_locations
from tasks.stock import count as counting
from workers.cli.agree import agree, doubt_words
from workers.cli.hub.words import TEXT, hub_database, limit_option
from workers.cli.output import Failed, done, example, json_option, say, table, utc, yes_option
from workers.cli.start import database
from workers.cli.store.agree import loss_by_count

_FEW: Final = 10  # lines or SKUs that a message names


@click.command(
    "import",
    epilog=example(
        "storesync hub stock import counted.csv --dry-run", "storesync hub stock import counted.csv --location berlin"
    ),
)
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option("--location", type=TEXT, help="Of lines without one; the account's default if left out.")
@click.option("--again", is_flag=True, help="Also what was counted before.")
@click.option("--dry-run", is_flag=True, help="Only show what would be counted; nothing is written.")
@yes_option
@json_option
def import_stock(path: Path, location: str | None, again: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Count what a file says lies on the shelves: all of it, or nothing.

    Its first line names the columns: SKU and quantity, and if need be location and batch. Quantities are what is there,
    promised pieces included. What was counted before stays as it is.
    """
    content = _content(path)
    with database() as connection:
        if location is not None:
            refuse_unknown_locations(connection, {"location": location})
        place = location or stores.account(connection).default_location
        try:
            file = counting.CountFile(clean(path.name)[:100], decode(content), place)
            _, trial = counting.count_from_file(connection, file, is_again=again, is_trial=True)
            doubts = [] if yes else loss_by_count(process(), trial.lines)
            if not dry_run:
                agree(doubts, yes=yes)
            count_id, count = counting.count_from_file(connection, file, is_again=again, is_trial=dry_run)
        except ValueError as error:
            raise Failed(f"{path.name} was not counted: {error}") from error
    if count.wrong:
        raise Failed(f"{path.name} was not counted, no line of it: {_wrong_words(count.wrong)}")
    document = {"count": count_id, "dry_run": dry_run, **count_document(count)}
    say(document, as_json, lambda: _tell(count, count_id, is_trial=dry_run))
    asked = [doubt for doubt in doubts if doubt.is_to_be_asked]
    if dry_run and asked and not as_json:
        click.echo(f"It would stop and ask first: {doubt_words(asked)}")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {path}: {error.strerror}") from error


def _wrong_words(wrong: Sequence[Wrong]) -> str:
    words = "; ".join(f"line {one.number}: {one.words}" for one in wrong[:_FEW])
    return words + (f"; and {len(wrong) - _FEW} more" if len(wrong) > _FEW else "")


def count_document(count: Count) -> dict[str, Any]:
    """A count for programs."""
    return {"counted": [_line(line) for line in count.lines], "left_out": [_left_out(one) for one in count.left_out]}


def _line(line: CountLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "location": line.location,
        "batch": line.batch,
        "quantity": plain(line.quantity),
        "delta": plain(line.delta),
    }


def _left_out(one: LeftOut) -> dict[str, Any]:
    return {"sku": one.sku, "location": one.location, "reason": one.reason, "detail": one.words}


def _tell(count: Count, count_id: str | None, *, is_trial: bool) -> None:
    if is_trial:
        rows = [[line.sku, line.location, line.batch, plain(line.quantity), plain(line.delta)] for line in count.lines]
        table(["sku", "location", "batch", "would be", "change"], rows)
    for words in left_out_words(count.left_out):
        click.echo(words)
    if is_trial:
        click.echo(f"Would count {len(count.lines)} figure(s). Nothing was written.")
    elif count_id is None:
        click.echo("Nothing was counted.")
    else:
        click.echo(
            f"Counted {len(count.lines)} figure(s) as count {count_id}. Back: storesync hub stock undo {count_id}"
        )


def left_out_words(left_out: Sequence[LeftOut]) -> list[str]:
    """A line for each reason for which SKUs are not counted, naming some of them."""
    by_reason = defaultdict[Reason, dict[str, None]](dict)
    for one in left_out:
        by_reason[one.reason][one.sku + (f" ({one.words})" if one.words else "")] = None
    return [left_out_line(reason, list(skus), len(skus)) for reason, skus in by_reason.items()]


def left_out_line(reason: str, skus: Sequence[str], number: int) -> str:
    """Why so many SKUs are not counted, naming some of them."""
    sentence, cure = describe(reason)
    names = ", ".join(skus[:_FEW]) + (" and more" if number > _FEW else "")
    return f"{number} SKU(s) not counted ({reason}): {names}. {sentence} {cure}"


@click.command("counts", epilog=example("storesync hub stock counts"))
@limit_option
@json_option
def list_counts(limit: int, as_json: bool) -> None:
    """List what was counted from files and stores, newest first."""
    with hub_database() as connection:
        document = [_count(row) for row in counts.counts(connection, limit=limit)]
    columns = ["id", "counted_at", "source", "items", "added", "taken_back_at"]
    say(document, as_json, lambda: table(columns, [[row[column] for column in columns] for row in document]))


def _count(count: counts.PastCount) -> dict[str, Any]:
    moments = {"counted_at": utc(count.counted_at), "taken_back_at": utc(count.taken_back_at)}
    return asdict(count) | moments | {"added": plain(count.added)}


@click.command("undo", epilog=example("storesync hub stock undo 3"))
@click.argument("count", type=click.IntRange(1, 2**63 - 1))
def take_back(count: int) -> None:
    """Take a count back as a whole; what nobody else counted was never counted then."""
    with database() as connection:
        counting.take_back(connection, str(count))
    done(f"Count {count} is taken back.", count=str(count))
