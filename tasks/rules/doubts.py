"""What a person has to want before a store shows less, or sells what it sold, in sentences (STK-2, STK-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tasks.rules.stock_loss import Loss

_NAMED: Final = 5  # SKUs that are named in a sentence


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

    @property
    def sentences(self) -> Sequence[str]:
        """What would happen; empty where there is no doubt."""
        loss, said = self.loss, list[str]()
        if loss.uncounted:
            many = len(loss.uncounted)
            named = [f"{sku} (shows {_pieces(shows)})" for sku, shows in [*loss.uncounted.items()][:_NAMED]]
            more = f" and {many - _NAMED:,} more" if many > _NAMED else ""
            said.append(
                f"{self.store} would be told 0 of {many:,} SKU{'' if many == 1 else 's'} that nobody ever counted in"
                f" the hub: {', '.join(named)}{more}. Count them first."
            )
        if loss.is_half:
            said.append(f"{self.store} would show {loss.would_show:,} pieces over all, and shows {loss.shows:,} now.")
        if self.sells_again:
            said.append(
                f"A piece that the shop of {self.store} sells is put on sale there again, until it is packed or"
                " delivered in the hub: shops have sold 8 pieces of 5."
            )
        return said


def _pieces(shows: int | None) -> str:
    return "nobody knows what" if shows is None else f"{shows:,}"


def doubts_of(losses: Mapping[str, Mapping[str, Any]]) -> str:
    """The sentences of what some stores would lose, as a job found and kept it; empty where there is none."""
    said = [Doubt(store, Loss(**loss)).sentences for store, loss in losses.items()]
    return " ".join(sentence for sentences in said for sentence in sentences)
