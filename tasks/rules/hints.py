"""What a shop's word that something moved makes us look at. It is a hint: what is true is asked of the shop (DOR-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.platform import Hears
from schemas.privacy import Request

if TYPE_CHECKING:
    from schemas.platform import Platform


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for what changed."""


@dataclass(frozen=True, slots=True)
class LookAt:
    """Ask for one order, where it is known; else for what changed."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Follow:
    """Ask what changed of what is sold; `by_name`: the list of that may not show it, so the item is asked for too."""

    by_name: bool = False


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """Note what the shop asks for on behalf of its buyers (DOR-6)."""

    request: Request


def may_say_by_earlier(platform: Platform, topic: str, *, is_connected: bool) -> bool:
    """Whether a shop may say what it proved with a secret that its store had before.

    Of a shop that was left only what it asks for its buyers is heard. A secret that somebody has replaced may be known
    to others: whoever has it may make us look, and never erase.
    """
    asked = platform.asks_for_buyers.get(topic)
    return asked in (None, Request.TELL) if is_connected else asked is not None


def decide_bell(
    platform: Platform, topic: str, external_id: str | None
) -> Fetch | LookAt | Follow | NoteRequest | None:
    """What is asked of the shop, or done for its buyers; None for a topic that nothing depends on."""
    match platform.hears.get(topic):
        case None:
            return NoteRequest(platform.asks_for_buyers[topic]) if topic in platform.asks_for_buyers else None
        case Hears.GONE if external_id is not None:
            return LookAt(external_id)
        case Hears.GOODS:
            return Follow()
        case Hears.FIGURE:
            return Follow(by_name=True)
        case _:  # many at once cost a page, and not a call each
            return Fetch()
