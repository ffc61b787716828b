"""What today's rules would make of an order's snapshot, against what became of it (BEY-3). It changes nothing.

What people and the shop have done since is no difference: an order is decided with the settings that held when it was
looked at, and with the items, the customer and the exchange rate that it has in the hub. Compared is what nobody but a
rule can have made, so that nothing is found where no rule has changed.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from schemas.errors import Unreadable
from schemas.hub import HubMatches
from schemas.reasons import Reason
from schemas.replay import Difference, HeldSettings, KeptOrder, NotCompared, Replay
from schemas.stores import Remembered, Store
from tasks.rules.eligibility import decide_import
from tasks.rules.fulfillment_in import NOT_BROUGHT
from tasks.rules.mapping import build_order
from tasks.rules.places import location_of
from tasks.rules.replay_fields import differing
from tasks.rules.replay_hub import compare_as_followed, compare_as_imported, remembered_reasons
from tasks.rules.stitch import lacks_fulfillments

_DELETED: Final = "deleted"
_OUR_CODE: Final = (" at schemas/", " at tasks/rules/")  # where an error arose that another version may not make


# -- what can be compared at all -----------------------------------------------------------------------------------


def why_left_out(kept: KeptOrder) -> NotCompared | None:
    """Why nothing can be said of an order, whatever its snapshot holds."""
    if kept.payload is None:
        return NotCompared.NO_SNAPSHOT
    if kept.is_due and not kept.is_as_imported:
        return NotCompared.WAITING  # whatever differs is news
    if kept.state == "failed" and not _failed_by_rules(kept):
        return NotCompared.FAILED_ELSEWHERE
    if kept.hub_order_id is not None and not _was_brought(kept):
        return NotCompared.FAILED_ELSEWHERE
    return None


def _failed_by_rules(kept: KeptOrder) -> bool:
    """Whether the order failed at what a reader or a rule decides: the shop's and the hub's no are not theirs."""
    if kept.reason == Reason.UNEXPECTED_ERROR:
        return any(place in str(kept.detail.get("problem", "")) for place in _OUR_CODE)
    return kept.reason == Reason.INVALID_PAYLOAD


def _was_brought(kept: KeptOrder) -> bool:
    """Whether the last look at an order in the hub came to its end, or failed at what a rule decides."""
    reasons = remembered_reasons(kept)
    if Reason.REFUSED_BY_HUB in reasons:
        return False
    return not kept.is_failing or _failed_by_rules(kept) or not reasons.isdisjoint(NOT_BROUGHT)


def asks_the_shop(replay: Replay) -> bool:
    """Whether a look would ask the shop for more than the snapshot has."""
    is_in_hub = replay.hub_order is not None
    return any(lacks_fulfillments(replay.order, held.store, is_in_hub=is_in_hub) for held in replay.settings)


# -- in what it would come out differently -------------------------------------------------------------------------


def compare(replay: Replay) -> tuple[Difference, ...]:
    """What would come out differently, whichever of the settings held that may have held then."""
    found: dict[str, Difference] | None = None
    for held in replay.settings:
        now = {one.field: one for one in _compare(replay, held)}
        found = now if found is None else {field: one for field, one in found.items() if field in now}
        if not found:
            return ()
    return tuple((found or {}).values())


def _compare(replay: Replay, held: HeldSettings) -> list[Difference]:
    if replay.hub_order is None:
        return _compare_state(replay, held)
    mended = differing("reason", replay.kept.reason, None) if _failed_by_rules(replay.kept) else []
    if replay.kept.is_as_imported:
        return mended + compare_as_imported(replay, replay.hub_order, held)
    return mended + compare_as_followed(replay, replay.hub_order, held)


def _compare_state(replay: Replay, held: HeldSettings) -> list[Difference]:
    """An order that is not in the hub: whether it would import, and if not why."""
    kept, order = replay.kept, replay.order
    remembered = Remembered(is_tombstoned=kept.is_tombstoned, was_imported=kept.was_imported)
    store = _as_old_as_then(kept, held.store)
    # A rate that came since is no rule.
    rate = None if kept.reason == Reason.NO_EXCHANGE_RATE else replay.matches.rate
    skip = decide_import(order, store=store, account=held.account, remembered=remembered, rate=rate)
    if skip is not None:
        if kept.state == _DELETED and not kept.is_tombstoned:
            return []  # its store took it back, and nothing of it is to come
        return _state(kept, _DELETED if kept.is_tombstoned else "skipped", skip.reason)
    location = location_of(store, held.account)
    build_order(order, store=store, account=held.account, matches=HubMatches(rate=rate), location=location)
    return _state(kept, "imported", None)


def _as_old_as_then(kept: KeptOrder, store: Store) -> Store:
    """The store as it was activated when the order was looked at: it may have been paused and resumed since (ORD-2)."""
    if kept.reason != Reason.CREATED_BEFORE_ACTIVATION:
        return replace(store, imports_from=None)
    said = kept.detail.get("from")
    return replace(store, imports_from=datetime.fromisoformat(said)) if isinstance(said, str) else store


def _state(kept: KeptOrder, state: str, reason: str | None) -> list[Difference]:
    return differing("state", kept.state, state) + differing("reason", kept.reason, reason)


# -- what cannot even be read ----------------------------------------------------------------------------------------


def compare_unreadable(kept: KeptOrder, error: Unreadable) -> tuple[Difference, ...]:
    """What differs where the snapshot breaks the schema today."""
    return _compare_failed(kept, Reason.INVALID_PAYLOAD, "path", error.path)


def compare_broken(kept: KeptOrder, problem: str) -> tuple[Difference, ...]:
    """What differs where a rule cannot go on with the order today: most likely a bug."""
    return _compare_failed(kept, Reason.UNEXPECTED_ERROR, "problem", problem)


def _compare_failed(kept: KeptOrder, reason: Reason, name: str, value: str) -> tuple[Difference, ...]:
    if kept.state == _DELETED or kept.reason == reason:
        return ()
    state = differing("state", kept.state, "failed") if kept.hub_order_id is None or kept.is_as_imported else []
    return (*state, *differing("reason", kept.reason, reason), *differing(name, None, value or None))
