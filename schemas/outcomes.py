"""What came of a look at an order, on its store's side and on the hub's: what is remembered and what journaled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.hub_search import Links
from schemas.journal import Line

if TYPE_CHECKING:
    from schemas.hub import DraftOrder


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What came of looking at an order: its new state, why, and what to write down.

    `is_failing` is an order in the hub that does not have what its store sent. `created` is what was made there just
    now, as `hub_order_id`: lists show some of it. `links` are what the store's own became by it.
    """

    state: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    hub_order_id: str | None = None
    lines: tuple[Line, ...] = ()
    is_failing: bool = False
    created: DraftOrder | None = None
    links: Links = Links()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling a store of an order: why it does not show what the hub shipped, and what to write down.

    `is_failing` where a person has to do something for it.
    """

    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    is_failing: bool = False
