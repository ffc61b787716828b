"""What a shop tells by itself, a subscription for each topic, and what is done about those (BEY-5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Webhook:
    """One that a shop has, of ours or of somebody else's.

    `is_well`: the shop sends what it is about, and proves it as we expect it today.
    """

    id: str
    topic: str
    address: str
    is_well: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """What a message says of an item: how our catalogue calls it, and how many pieces it shows, where it says so.

    It only tells whether that is news: what a shop shows is asked of the shop. `sku` is None where it does not say it.
    """

    item: str
    pieces: int | None = None
    place: str = ""
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Mend:
    """Switch one on again, and give it what its messages are proved by."""

    id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Take one away."""

    id: str
    topic: str


Step = Subscribe | Mend | Unsubscribe
