"""Asking a person before a push or a switch takes from what a shop shows (STK-2, STK-10): a y/N prompt, or --yes."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from tasks.rules.doubts import Doubt
from workers.cli.output import Failed, harmless, say, wants_json


def agree(doubts: Sequence[Doubt], *, yes: bool) -> bool:
    """Whether a person said yes to what is in doubt; False where nothing is. Raises Failed where nobody did."""
    doubts = [doubt for doubt in doubts if doubt.is_to_be_asked]
    if yes or not doubts:
        return yes
    text = doubt_words(doubts)
    if wants_json():
        say({"needs_yes": True, "stores": [_document(doubt) for doubt in doubts], "message": text}, True, lambda: None)
    elif sys.stdin.isatty():
        click.echo(harmless(text), err=True)
        if click.confirm("Go on?", default=False, err=True):
            return True
        raise Failed("nothing was done")
    raise Failed(f"{text} Nothing was done: --yes goes on.")


def doubt_words(doubts: Sequence[Doubt]) -> str:
    """What would happen, in sentences, and what to do instead."""
    cures = []
    if any(doubt.loss.uncounted for doubt in doubts):
        cures.append("storesync hub stock import FILE.csv counts them, or storesync store import NAME stock.")
    if any(doubt.sells_again for doubt in doubts):
        cures.append("stock.quantity=in_stock_minus_committed takes off what is sold.")
    return " ".join([*(sentence for doubt in doubts for sentence in doubt.sentences), *cures])


def _document(doubt: Doubt) -> dict[str, Any]:
    loss = doubt.loss
    uncounted = [
        {"sku": sku, "shows": None if shows is None else str(shows)} for sku, shows in sorted(loss.uncounted.items())
    ]
    return {
        "store": doubt.store,
        "never_counted": uncounted,
        "shows": str(loss.shows),
        "would_show": str(loss.would_show),
        "less_than_half": loss.is_half,
        "sells_again": doubt.sells_again,
    }
