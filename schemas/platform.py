"""What a platform is like, as data: rules read this record and never ask for a platform by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from schemas.privacy import Request
from schemas.reasons import Reason
from schemas.rights import Grants

if TYPE_CHECKING:
    from schemas.flags import Flags
    from schemas.stock_export import StockFile


@dataclass(frozen=True, slots=True)
class StatusFlags:
    """How a profile reads an order's flags off its store's statuses, and tells them by statuses (SPEC chapter 9).

    `said` is what a status says of every order, `said_first` what it says of one that is new to the hub only;
    `closed_first` maps statuses that close a new order to the setting that switches it on. `paid`, `packed`, `closed`
    and `voided` are the statuses that the hub's flags are told as, where the setting `told_with` is on. `ranks` is how
    far each status is: the store's order is only ever moved to a higher one, and not out of a status without a rank.
    """

    said: Mapping[str, Flags]
    said_first: Mapping[str, Flags]
    closed_first: Mapping[str, str]
    told_with: str
    paid: str
    packed: str
    closed: str
    voided: str
    ranks: Mapping[str, int]


class CustomItems(Enum):
    """What becomes of an order's lines that no item of the shop stands behind (MAP-3)."""

    AS_GOODS = auto()
    AS_WANTED = auto()  # goods, or left out: the setting orders.custom_items says it
    OF_A_KIND = auto()  # the shop says whether they are sent; what is not is what orders.custom_item_kind says


class Hears(Enum):
    """What a webhook of a topic is a hint at (DOR-1)."""

    NEWS = auto()  # something that the list of changed orders shows
    GONE = auto()  # an order that the list may not have any more
    GOODS = auto()  # something that the list of what changed of the catalogue shows
    FIGURE = auto()  # how many pieces of one item are there, which that list may not show


@dataclass(frozen=True, slots=True)
class Platform:
    """One vendor's facts.

    `credentials` are all it takes to connect, and `other_credentials` what does as well in their place.

    `imports` maps each status that may import to the setting that switches it on, None for always. `statuses` are all
    words the vendor documents: anything else is an unknown status. `reasons` are the statuses and deliveries whose skip
    has a reason of its own. `deliveries` are all words for how far an order is delivered, with whether something is
    left to deliver; empty where the status says it all. `backfill_days`: how far the first connection reaches back,
    None where orders import whatever their age. `completed_status` delivers an order as a whole; empty where no status
    does. `grants` is what the platform calls the rights that we need. `profiles` are other records of the same
    platform, by the value of the setting `profile`.
    """

    name: str
    imports: Mapping[str, str | None]
    statuses: frozenset[str]
    completed_status: str
    credentials: tuple[str, ...]
    other_credentials: tuple[str, ...] = ()
    grants: Grants = Grants()  # noqa: RUF009
    optional_credentials: tuple[str, ...] = ()
    discounts_inside_price: bool = False
    changes_travel: bool = True
    custom_items: CustomItems = CustomItems.AS_GOODS
    tells_returns: bool = False
    status_rule: str = "ORD-5"  # by which rule its statuses are read; `storesync explain` names it
    cancelled_statuses: frozenset[str] = frozenset()  # nothing of such an order is to be delivered any more (CHG-5)
    partial_fulfillment: bool = False
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    deliveries: Mapping[str, bool] = field(default_factory=dict)
    backfill_days: int | None = None
    fulfilled_statuses: frozenset[str] = frozenset()  # words of a fulfilment whose pieces are with the buyer (FUL-1)
    stock_batch: int = 100  # items of one stock call at most
    stock_side_by_side: bool = False  # whether it takes several stock calls of one shop at a time
    has_locations: bool = True  # False where a shop keeps its stock in one place without a name
    tells_locations_apart: bool = False  # each row, and each item's stock, is at one of several locations
    stock_file: StockFile | None = None  # what its own import of stock reads; None where it has none
    delivery_days: int | None = None  # of every order; None: the account's default
    items_have_delivery_days: bool = False  # where a product has a delivery time of its own, it counts
    hears: Mapping[str, Hears] = field(default_factory=dict)  # topics of webhooks that matter; all others do not
    asks: tuple[str, ...] = ()  # those that a shop is asked to tell by itself: enough to miss nothing (BEY-5)
    asks_of_goods: tuple[str, ...] = ()  # … and where it is told stock
    asks_for_buyers: Mapping[str, Request] = field(default_factory=dict)  # topics (DOR-6)
    signs_with: tuple[str, ...] = ()  # the credentials by any of which its messages are proved
    title: str = ""  # as people write it
    key_clicks: tuple[str, ...] = ()  # where a person gets the credentials, click by click, in the platform's own words
    own_secret: str | None = None  # the credential that we make ourselves, which the shop signs or sends webhooks with
    known_as: str = ""  # its name in the words of other systems, which import orders of it too; empty: the same
    status_flags: StatusFlags | None = None  # None where a status says nothing but what is above
    profiles: Mapping[str, Platform] = field(default_factory=dict)

    @property
    def switches(self) -> frozenset[str]:
        """The settings that this record names, and its profiles do: stores of others do not have them."""
        named = {switch for switch in self.imports.values() if switch}
        if self.status_flags:
            named |= {self.status_flags.told_with, *self.status_flags.closed_first.values()}
        return frozenset(named.union(*(profile.switches for profile in self.profiles.values())))

    @property
    def ways_to_connect(self) -> tuple[tuple[str, ...], ...]:
        """Sets of credentials, each of which is enough."""
        return (self.credentials, self.other_credentials) if self.other_credentials else (self.credentials,)
