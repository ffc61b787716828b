"""Asking a person before a push or a switch takes from what a shop shows (STK-2, STK-10): a y/N prompt, or --yes."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from tasks.rules.stock_loss import Loss
from workers.cli.output import Failed, harmless, say, wants_json

_FEW: Final = 5  # SKUs that are named in a sentence


@dataclass(frozen=True, slots=True)
class Doubt:
    """What would happen to one store; it `sells_again` what it sold where it is to show all that is in stock."""

    store: str
    loss: Loss = field(default_factory=Loss)
    sells_again: bool = False

    @property
    def is_to_be_asked(self) -> bool:
        """Whether a person is asked."""
        return self.sells_again or self.loss.is_to_be_asked


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
        cures.append("Count them first: storesync hub stock import FILE.csv, or storesync store import NAME stock.")
    if any(doubt.sells_again for doubt in doubts):
        cures.append("stock.quantity=in_stock_minus_committed takes off what is sold.")
    return " ".join([*(sentence for doubt in doubts for sentence in _sentences(doubt)), *cures])


def _sentences(doubt: Doubt) -> list[str]:
    loss, said = doubt.loss, []
    if loss.uncounted:
        named = [f"{sku} (shows {_pieces(shows)})" for sku, shows in list(loss.uncounted.items())[:_FEW]]
        more = f" and {len(loss.uncounted) - _FEW} more" if len(loss.uncounted) > _FEW else ""
        said.append(
            f"{doubt.store} would be told 0 of {len(loss.uncounted)} SKU(s) that nobody ever counted in the hub:"
            f" {', '.join(named)}{more}."
        )
    if loss.is_half:
        said.append(f"{doubt.store} would show {loss.would_show} pieces over all, and shows {loss.shows} now.")
    if doubt.sells_again:
        said.append(
            f"With stock.quantity=in_stock a sale in the shop of {doubt.store} is put on sale there again, until it is"
            " packed or delivered in the hub."
        )
    return said


def _pieces(shows: int | None) -> str:
    return "nobody knows what" if shows is None else str(shows)


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
