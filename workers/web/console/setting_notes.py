"""What stands above a form of settings before it is saved: what was switched, and what comes of it (STG-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connectors.postgres.rows import StoreRow
from schemas.reasons import describe
from schemas.setting_words import WORDS, value_words
from schemas.stores import StoreState
from tasks.foresight import ComingOrders, due_of
from tasks.rules.doubts import Doubt
from tasks.rules.setting_changes import SettingChange
from tasks.rules.stock_loss import Loss
from workers.web.console.words import money, plural


@dataclass(frozen=True, slots=True)
class SettingNote:
    """Before it is saved: what was changed, what comes of it, and the words of the button.

    What the coming orders come to is their `worth`. What is in `doubts` has to be ticked.
    """

    changes: Sequence[str]
    coming: ComingOrders
    worth: str
    consequences: Sequence[str]
    back: Sequence[str]
    button: str
    doubts: Sequence[str] = ()


def note_of(row: StoreRow, changes: Sequence[SettingChange], found: Mapping[str, Any]) -> SettingNote:
    """The note of some changes, by what was found: `coming` orders, the `loss` of what the shop shows."""
    coming = _coming(found.get("coming"))
    loss = Loss(**found["loss"]) if found.get("loss") else Loss()
    after = {**row.settings, **{change.key: change.now for change in changes}}
    due = due_of(row, after)
    said = [*_of_orders(coming, row)]
    if due.fulfillments:
        said.append(
            "Orders in the hub are looked at from both sides: what either side shipped meanwhile is brought and told."
        )
    if due.stock:
        said += _of_stock(row, after, loss)
    if not said and not coming.orders:
        said.append("Nothing that is there is looked at again: it holds from now on.")
    return SettingNote(
        [_changed(change) for change in changes],
        coming,
        ", ".join(money(amount, currency) for currency, amount in sorted(coming.worth.items())),
        said,
        list(dict.fromkeys(WORDS[change.key].back for change in changes)),
        f"Save, and let {plural(coming.orders, 'order')} in" if coming.orders else _button(after, is_told=due.stock),
        Doubt(row.name, loss, sells_again=bool(found.get("sells_again"))).sentences,
    )


def _coming(found: Any) -> ComingOrders:
    if not isinstance(found, dict):
        return found or ComingOrders()
    worth = {currency: Decimal(amount) for currency, amount in found["worth"].items()}
    return ComingOrders(**{**found, "worth": worth})


def _changed(change: SettingChange) -> str:
    title = WORDS[change.key].title
    if isinstance(change.now, bool):
        return f"You switched {title} {'on' if change.now else 'off'}."
    return f"You changed {title} from {value_words(change.key, change.was)} to {value_words(change.key, change.now)}."


def _button(after: Mapping[str, Any], *, is_told: bool) -> str:
    return "Save, and let the shop be told" if is_told and after.get("stock.sync") else "Save"


_WHEN: Final = {
    StoreState.INACTIVE: "They come once the store is activated.",
    StoreState.PAUSED: "They come once the store is resumed.",
}


def _of_orders(coming: ComingOrders, row: StoreRow) -> list[str]:
    said = []
    if coming.orders:
        said.append(_WHEN.get(row.state, "They come within seconds."))
    if coming.stay:
        why = "; ".join(f"{number}: {describe(reason)[0]}" for reason, number in coming.stay.items())
        said.append(f"{plural(sum(coming.stay.values()), 'other stays', 'others stay')} out all the same. {why}")
    if coming.unread:
        said.append(f"{plural(coming.unread, 'other is', 'others are')} asked of the shop, and may come in.")
    if not coming.is_all:
        said.append("There are more of them, which were not looked through.")
    return said


def _of_stock(row: StoreRow, after: Mapping[str, Any], loss: Loss) -> list[str]:
    if not after.get("stock.sync"):
        is_news = bool(row.settings.get("stock.sync"))
        return ["The shop is told nothing more, and goes on showing what it shows."] if is_news else []
    said = [f"It shows {loss.shows:,} pieces over all now, and would show {loss.would_show:,}."]
    if not row.settings.get("stock.sync"):
        said.append("Nothing is told by the switch itself: what moves from now on is told, and a push tells the rest.")
    else:
        said.append("All that it was told is told anew, within a minute.")
    return said
