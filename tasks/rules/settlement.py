"""What a store's answers to a batch of stock leave behind: marks, items, lines of the journal (STK-3, STK-6, STK-8).

It waits for nothing: until when what failed is put off is for `tasks.rules.failures`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.actions import TellStock
from schemas.journal import Outcome
from schemas.reasons import Reason
from schemas.stock import DueSku, NotTold, SettledSku, StockLine
from tasks.rules.stock import Push


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What a store said to a batch: what it `refused`, and what is `untold` because no call brought it to an end.

    `refused_skus` are those it refused when it was only asked for them, with its words.
    """

    refused: Sequence[NotTold] = ()
    untold: Collection[TellStock] = ()
    refused_skus: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettledBatch:
    """What is to be written down.

    `look_for` are SKUs that are on other items than we know. `settled` are those whose mark is set, `accepted` what the
    store took, `dropped` the items that are gone or carry another SKU now. `away` are SKUs that it did not take now.
    """

    look_for: frozenset[str]
    settled: tuple[SettledSku, ...]
    accepted: tuple[TellStock, ...]
    dropped: tuple[str, ...]
    away: frozenset[str]


def settle(due: Sequence[DueSku], pushes: Sequence[Push], answer: BatchAnswer) -> SettledBatch:
    """What becomes of every SKU of a batch; what is in no push and was not refused stays due as it is."""
    seen = {one.sku: one for one in due}
    refused = {_key(one): one for one in answer.refused}
    said = {push.sku: [refused[_key(tell)] for tell in push.tells if _key(tell) in refused] for push in pushes}
    settled = [
        _settled(seen[push.sku], push, said[push.sku])
        for push in pushes
        if not _stays_due(push, said[push.sku], answer.untold)
    ]
    settled += [
        SettledSku(sku, seen[sku].changed, Reason.REFUSED_BY_STORE, {"problem": words})
        for sku, words in answer.refused_skus.items()
    ]
    gone = [one.external_id for one in answer.refused if one.reason is Reason.STORE_ITEM_GONE]
    renamed = [one for one in answer.refused if one.reason is Reason.SKU_MOVED]
    return SettledBatch(
        look_for=_look_for(renamed, pushes, seen),
        settled=tuple(settled),
        accepted=_accepted(pushes, answer, {one.external_id for one in renamed}),
        dropped=tuple(dict.fromkeys([*gone, *(one.external_id for one in renamed)])),
        away=frozenset(sku for sku, words in said.items() if _has(words, Reason.STORE_UNAVAILABLE)),
    )


def _key(one: TellStock | NotTold) -> tuple[str, str]:
    return one.external_id, one.place


def _has(said: Sequence[NotTold], *reasons: Reason) -> bool:
    return any(one.reason in reasons for one in said)


def _stays_due(push: Push, said: Sequence[NotTold], untold: Collection[TellStock]) -> bool:
    """Whether it is told again: no call brought it to an end, or the store did not take it as things are now."""
    is_open = any(tell in untold for tell in push.tells)
    return is_open or _has(said, Reason.MOVED_IN_STORE, Reason.STORE_UNAVAILABLE)


def _settled(seen: DueSku, push: Push, said: Sequence[NotTold]) -> SettledSku:
    """The SKU with why the store does not show the hub's value, if it does not: its own word, or what we know of it."""
    if said:
        words: dict[str, object] = {"items": {one.external_id: one.words for one in said}}
        return SettledSku(seen.sku, seen.changed, said[0].reason, words)
    if push.note:
        return SettledSku(seen.sku, seen.changed, push.note.reason, push.note.detail)
    return SettledSku(seen.sku, seen.changed)


def _accepted(pushes: Sequence[Push], answer: BatchAnswer, renamed: Collection[str]) -> tuple[TellStock, ...]:
    """What the store took and shows now; of an item with another SKU nothing counts, at whatever place it was told."""
    refused = {_key(one) for one in answer.refused}
    tells = (tell for push in pushes for tell in push.tells if tell not in answer.untold)
    return tuple(tell for tell in tells if tell.external_id not in renamed and _key(tell) not in refused)


def _look_for(renamed: Sequence[NotTold], pushes: Sequence[Push], seen: Mapping[str, DueSku]) -> frozenset[str]:
    """The SKUs that were meant and those that their items have now (STK-3); once, where a store contradicts itself."""
    meant = {tell.external_id: tell.sku for push in pushes for tell in push.tells}
    found = set[str]()
    for one in renamed:
        known = seen[meant[one.external_id]]
        said_before = known.detail.get("items", {}) if known.reason == Reason.SKU_MOVED else {}
        if said_before.get(one.external_id) != one.words:
            found.add(known.sku)
            if one.sku:
                found.add(one.sku)
    return frozenset(found)


# -- the journal -------------------------------------------------------------------------------------------------------


def lines_of(settlement: SettledBatch, due: Sequence[DueSku], *, marked: Collection[str]) -> list[StockLine]:
    """What is journaled of a batch; `marked` are the SKUs whose mark was set, whatever moved meanwhile."""
    seen = {one.sku: one for one in due}
    noted = [one for one in settlement.settled if one.sku in marked and _is_news(one, seen[one.sku])]
    return [
        *_told_lines(settlement.accepted),
        *(StockLine(one.sku, Outcome.NOTED, one.reason, one.detail) for one in noted),
    ]


def _told_lines(accepted: Sequence[TellStock]) -> list[StockLine]:
    items: dict[str, dict[str, int]] = {}
    for one in accepted:
        where = f"{one.external_id} at {one.place}" if one.place else one.external_id
        items.setdefault(one.sku, {})[where] = one.quantity
    return [StockLine(sku, Outcome.TOLD, None, {"items": quantities}) for sku, quantities in items.items()]


def _is_news(now: SettledSku, before: DueSku) -> bool:
    """What a store does not show is journaled once, until the reason is another one (STK-3, STK-6)."""
    return now.reason is not None and (now.reason, now.detail) != (before.reason, before.detail)
