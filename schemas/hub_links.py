"""What a hub's own link to a shop, beside ours, brought. Data only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OtherLink:
    """How many of a shop's newest orders another link brought, and when the newest was placed.

    It `calls_it` by a name; where that is not the one that we have for the shop, we do not know its orders again.
    """

    orders: int
    newest: datetime
    calls_it: str
    is_our_name: bool
