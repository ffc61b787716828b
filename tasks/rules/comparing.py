"""What a store shows beside what it should show, all of it, once a day: who is told again, and who is not (STK-13)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from schemas.stock import StoreItem
from tasks.rules.stock import Push
from tasks.rules.stock_loss import is_half_lost

Agreed = Collection[tuple[str, str]]  # item and place that store and hub ever said the same of


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing some SKUs; two of them add up.

    `strayed` showed the hub's figure once and do not any more, `strange` never did. `unknown` did, and nobody knows
    what they show now; `unseen` never did, and the next walk tells what they show. `equal` are items and places that
    show it. `shown` and `wanted` are the pieces of those that never agreed before.
    """

    skus: int = 0
    strayed: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    shown: int = 0
    wanted: int = 0

    def __add__(self, other: "Compared") -> "Compared":
        """Both together."""
        return Compared(
            self.skus + other.skus,
            self.strayed + other.strayed,
            self.strange + other.strange,
            self.unknown + other.unknown,
            self.unseen + other.unseen,
            self.equal + other.equal,
            self.shown + other.shown,
            self.wanted + other.wanted,
        )

    @property
    def would_empty(self) -> bool:
        """Whether too little would be left of what the store shows and never agreed on: it is not told (STK-10)."""
        return is_half_lost(self.shown, self.wanted)

    @property
    def to_tell(self) -> tuple[str, ...]:
        """The SKUs that the store is told again."""
        return self.strayed if self.would_empty else (*self.strayed, *self.strange)


def compare(
    pushes: Sequence[Push], items: Sequence[StoreItem], *, places: Mapping[str, str], agreed: Agreed
) -> Compared:
    """Compare what items show with what a push of their SKUs would tell."""
    told = {(tell.external_id, tell.place): tell for push in pushes for tell in push.tells}
    noted = {push.sku for push in pushes if push.note}  # of places that nothing can be said of, too
    kinds: dict[tuple[bool, bool], dict[str, None]] = {key: {} for key in product((True, False), (True, False))}
    equal = list[tuple[str, str]]()
    shown = wanted = 0
    for item in (one for one in items if one.is_tracked):
        for place in places:
            key, pieces = (item.external_id, place), item.shown.get(place)
            tell = told.get(key)
            if tell is not None:
                kinds[pieces is not None, key in agreed][item.sku] = None
            elif pieces is not None and item.sku not in noted:
                equal.append(key)
            else:
                continue
            if key not in agreed and pieces is not None:
                shown += max(pieces, 0)
                wanted += max(pieces, 0) if tell is None else tell.quantity
    return Compared(
        len({one.sku for one in items}),
        strayed=tuple(kinds[True, True]),
        strange=tuple(kinds[True, False]),
        unknown=tuple(kinds[False, True]),
        unseen=tuple(kinds[False, False]),
        equal=tuple(equal),
        shown=shown,
        wanted=wanted,
    )
