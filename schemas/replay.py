"""An order that is kept, what stands of it, and in what it would come out differently today (BEY-3). Data only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from schemas.account import Account
from schemas.actions import Note
from schemas.hub import HubMatches, HubOrder
from schemas.orders import StoreOrder
from schemas.stores import Store


class NotCompared(StrEnum):
    """Why an order cannot be compared with what became of it."""

    WAITING = "waiting"  # nobody has looked at its last news yet
    NO_SNAPSHOT = "no_snapshot"  # nothing is kept of what its store said
    FAILED_ELSEWHERE = "failed_elsewhere"  # what it failed at lies outside of all rules
    ASKS_THE_SHOP = "asks_the_shop"  # its fulfilments are to be asked for, and no shop is


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """An order as it is remembered, with the snapshot that is kept of it.

    `is_as_imported` where that is still the one that it was imported from; `is_untouched` where nobody has packed,
    delivered or marked it in the hub since; `is_told` while its store is being told of a fulfilment.
    """

    store_id: int
    external_id: str
    number: str | None
    payload: str | None
    state: str
    reason: str | None
    detail: dict[str, Any]
    hub_order_id: str | None
    was_imported: bool = False
    is_tombstoned: bool = False
    is_failing: bool = False
    is_due: bool = False
    is_told: bool = False
    is_as_imported: bool = False
    is_untouched: bool = False


@dataclass(frozen=True, slots=True)
class HeldSettings:
    """The settings that held for a store during a time."""

    store: Store
    account: Account


@dataclass(frozen=True, slots=True)
class Replay:
    """An order that is read again, with everything that it was decided on then.

    `settings` may have held when it was looked at, the oldest first; `hub_order` is what stands of it, and `notes` are
    those of its import, None where the journal has nothing of it. `locations` are the codes of the hub's.
    """

    kept: KeptOrder
    order: StoreOrder
    settings: Sequence[HeldSettings]
    hub_order: HubOrder | None = None
    matches: HubMatches = field(default_factory=HubMatches)
    notes: tuple[Note, ...] | None = None
    locations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that would come out differently, by its path; None where there is nothing.

    What may name a person is not shown, only that it differs.
    """

    field: str
    was: str | None
    would_be: str | None


HIDDEN = "not shown"
DIFFERS = "differs"
