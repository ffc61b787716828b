"""What a change of a store's settings makes due: its stock, its orders, what was skipped (SPEC chapter 2).

Settings are those that somebody chose, as they are kept: without defaults. Those that are new hold the others too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.platform import Platform
from schemas.settings import FULFILLMENT_SYNC, Value, profile_of, with_defaults
from schemas.stores import Skipped
from tasks.rules.eligibility import skips_ended_by

Settings = Mapping[str, Value]

_OF_STOCK: Final = frozenset(
    {"stock.sync", "stock.quantity", "stock.tell_uncounted", "stock.buffer", "location", "location_map"}
)
_NEW_SIGHT: Final = frozenset({"stock.sync", "location_map"})  # what it shows was not followed, or at other places


@dataclass(frozen=True, slots=True)
class MadeDue:
    """What is to be looked at again.

    With `stock` all that the store shows is told anew, and `is_shown_known` says whether what it shows was followed
    until now. `statuses` are those of which skipped orders may import by another profile, None where it is the same.
    With `fulfillments` both sides of every order are looked at, of delivered ones too where `also_delivered`. `skipped`
    is what may import now.
    """

    stock: bool = False
    is_shown_known: bool = True
    statuses: tuple[str, ...] | None = None
    fulfillments: bool = False
    also_delivered: bool = False
    skipped: Skipped = field(default_factory=Skipped)


def decide_due(before: Settings, after: Settings, *, platform: Platform) -> MadeDue:
    """What these settings make due in place of those before."""
    changed = {key for key, value in after.items() if value != before.get(key)}
    profile = profile_of(platform, after)
    turned_on = _turned_on(before, after, platform)
    tells_flags = profile.status_flags is not None and profile.status_flags.told_with in turned_on
    return MadeDue(
        stock=not changed.isdisjoint(_OF_STOCK),
        is_shown_known=changed.isdisjoint(_NEW_SIGHT),
        statuses=None if profile is profile_of(platform, before) else _seen_otherwise(profile),
        # What happened while a store's side or the hub's was not followed is brought and told once it is.
        fulfillments=FULFILLMENT_SYNC in turned_on or tells_flags,
        also_delivered=tells_flags,
        skipped=skips_ended_by(changed, profile),
    )


def _seen_otherwise(profile: Platform) -> tuple[str, ...]:
    """The statuses whose orders this profile may see otherwise; the first connection has read the open ones of all.

    What was over before the change stays as it was: orders whose status is one that imports new orders only.
    """
    over = profile.status_flags.said_first if profile.status_flags else {}
    return tuple(status for status in profile.imports if status not in over)


def _turned_on(before: Settings, after: Settings, platform: Platform) -> set[str]:
    was, now = with_defaults(platform, before), with_defaults(platform, after)
    return {key for key, value in now.items() if value is True and was[key] is not True}
