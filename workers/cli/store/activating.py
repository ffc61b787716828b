"""What `storesync store activate --dry-run` shows: what would come in, how SKUs meet, what the shop would be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from connectors.postgres.rows import StoreRow
from schemas.reasons import describe
from tasks.activation import foretell
from tasks.held import Process
from workers.cli.output import cell, say, wants_json
from workers.cli.stock.watch import counting

_FEW: Final = 20  # SKUs that people are shown
_WORDS: Final = {"create": "come in", "skip": "stay out", "fail": "fail"}


def show_foretold(held: Process, row: StoreRow) -> None:
    """Ask the shop and show it; nothing is written."""
    with counting(f"{row.name}: catalogue") as count:
        found = foretell(held, row, on_page=count)
    document: dict[str, Any] = {"store": row.name, "dry_run": True, **asdict(found)}
    say(document, wants_json(), lambda: _tell(document))


def _tell(document: dict[str, Any]) -> None:
    orders, skus, stock = document["orders"], document["skus"], document["stock"]
    click.echo(f"If {document['store']} were activated now:\n")
    outcomes = Counter(one["outcome"] for one in orders)
    words = [f"{number} would {_WORDS.get(outcome, outcome)}" for outcome, number in outcomes.items()]
    click.echo(f"orders: {', '.join(words) or 'none is there'}")
    for reason, number in Counter(one["reason"] for one in orders if one["reason"]).most_common():
        click.echo(f"  {number} {reason}: {' '.join(describe(reason))}")
    click.echo(f"SKUs: {len(skus['both'])} matched{_named('new to the hub', skus['new'])}{_beside(skus)}")
    if stock is None:
        click.echo("stock: stock.sync is off: the shop is told nothing")
    else:
        would = Counter(one["outcome"] for one in stock)
        said = ", ".join(f"{number} {outcome}" for outcome, number in would.items())
        click.echo(f"stock: {said or 'nothing'}. See storesync stock push --store {document['store']} --all --dry-run")
    click.echo("\nNothing was written or sent.")


def _beside(skus: dict[str, Any]) -> str:
    doubled = _named("at several items of the shop", skus["doubled"])
    missing = _named("in the hub only", skus["missing"])
    without = f"; {skus['without_sku']} item(s) without SKU" if skus["without_sku"] else ""
    return doubled + missing + without


def _named(what: str, skus: Sequence[str]) -> str:
    return f"; {len(skus)} {what} ({', '.join(_few(skus))})" if skus else ""


def _few(skus: Sequence[str]) -> Iterable[str]:
    yield from (cell(sku) for sku in skus[:_FEW])
    if len(skus) > _FEW:
        yield "…"
