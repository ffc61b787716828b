"""Lines of the journal: what was done or not done, and why; and every word that stands in them.

The words are part of the public interface. The one list of them; the tables of docs/journal.md are held to it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar


class _Word(StrEnum):
    """A word of the journal, with its sentence for people."""

    sentence: str

    def __new__(cls, word: str, sentence: str = "") -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        member.sentence = sentence
        return member


class Action(_Word):
    """What was tried, or done by a person."""

    # with an order
    IMPORT = "import", "An order of a shop comes to the hub."
    CHANGE = "change", "What the shop changed on an imported order comes to the hub."
    DELIVER = "deliver", "What the shop shipped of an order is delivered in the hub."
    FULFILL = "fulfill", "The shop is told what the hub shipped of an order."
    DELETE = "delete", "An order is deleted in the hub, by its shop or by a person."
    REIMPORT = "reimport", "A person wants an order back that was deleted in the hub."
    RETRY = "retry", "A person wants an order looked at again."
    HIDE = "hide", "A person has seen to what was noted of orders."
    HANDLE = "handle", "A person packs, delivers, invoices or marks an order in the hub."

    # with stock
    PUSH = "push", "The shop is told the hub's stock of a SKU."
    COMPARE = "compare", "What a shop shows is compared with the hub's stock, once a day."
    COUNT = "count", "Stock is counted into the hub, from a file or from what a shop shows."

    SUPPLY = "supply", "A person adjusts stock, takes a purchase in, has something made or adds an item in the hub."

    # with what a shop has
    FETCH = "fetch", "A shop is asked which orders changed."
    FETCH_HUB = "fetch_hub", "A hub that marks nothing by itself is asked what moved there."
    AUDIT = "audit", "A shop's list of orders is compared with ours: every night, and when a person wants it."
    FETCH_CATALOGUE = "fetch_catalogue", "A shop is asked what it sells."
    IMPORT_PRODUCTS = "import_products", "What a shop sells comes to the hub, once."

    IMPORT_CUSTOMERS = "import_customers", "A shop's registered customers come to the hub."

    SUBSCRIBE = "subscribe", "A shop is asked to tell by itself what moves."

    # with what is kept
    PRUNE = "prune", "What is long over is cut, once a night."
    PRIVACY = "privacy", "It is about personal data of a shop's buyers."

    # with people
    ALERT = "alert", "People are told of alarms, or it was changed where they are told."

    # with a store as a whole
    CONNECT = "connect", "A person connected a shop."
    USER = "user", "Who may use the console was changed."
    RECONFIGURE = "reconfigure", "A person changed settings of a store; without a store, of the account."
    SET_STATE = "set_state", "A person activated, paused, resumed or disconnected a store."
    CHECK = "check", "A person asked whether a store works that was stopped."
    STOP = "stop", "A store was stopped, or a part of its work, until a person acts."
    GO_ON = "go_on", "A part of a store's work that was stopped is tried again, or works again."


class Outcome(_Word):
    """What came of it."""

    # done
    IMPORTED = "imported", "It came to the hub."
    CHANGED = "changed", "The hub has it as the shop has it."
    DELIVERED = "delivered", "It is delivered in the hub."
    SENT = "sent", "The shop was told of the fulfilment or status."
    FOUND = "found", "The shop had it already."
    TOLD = "told", "The shop shows it."
    DELETED = "deleted", "It is gone from the hub."
    PACKED = "packed", "It is packed, and off the shelf."
    INVOICED = "invoiced", "It has an invoice: no store changes it any more."
    MARKED = "marked", "It has the mark, or has it no more."
    PENDING = "pending", "It is looked at again."
    COMPARED = "compared", "What differed is told again."
    COUNTED = "counted", "It is in the hub's stock."
    TAKEN_BACK = "taken_back", "A count is out of the hub's stock again."
    TRIED = "tried", "It was only tried: nothing was counted."
    SAVED = "saved", "It holds from now on."
    ASKED = "asked", "The shop asks for it on behalf of a buyer: `storesync privacy list`."
    ERASED = "erased", "Nothing says any more who bought; money and quantities stay."
    HIDDEN = "hidden", "It is not shown again until more orders come to it."
    SHOWN = "shown", "It is shown again."
    SAID = "said", "Every notification service took the message."
    HEARD = "heard", "The hub answers again."
    CUT = "cut", "It is no longer kept; nothing in the hub or a shop changed by it."

    # not done
    SKIPPED = "skipped", "The order does not come to the hub now, by a rule."
    NOTED = "noted", "Something stays as it is and deserves a look."
    FAILED = "failed", "It could not be done."
    STOPPED = "stopped", "Too much differs: nothing is told again."

    # what a store is from then on, and what was stopped of it or goes on
    ACTIVE = "active", "The store is worked on."
    INACTIVE = "inactive", "The store is being set up: nothing of it travels by itself until a person activates it."
    PAUSED = "paused", "The store is left alone until a person resumes it."
    NEEDS_ATTENTION = "needs_attention", "The store is left alone until a person mends it."
    DISCONNECTED = "disconnected", "The store is left alone for good."
    FULFILLMENT = "fulfillment", "It is about telling the shop of fulfilments."
    STOCK = "stock", "It is about telling the shop stock."


W = TypeVar("W", bound=_Word)


@dataclass(frozen=True, slots=True)
class Line:
    """What was done or not done, and why."""

    action: Action
    outcome: Outcome
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it stands in the journal: `store` is the name of the store it is about, if it is about one.

    `who` is the user of the console who did it, if one of them did.

    Nothing is ever taken out of the journal: a word that only another version knows stays the text that it is.
    """

    id: int
    at: datetime
    store: str | None
    external_id: str | None
    sku: str | None
    action: Action | str
    outcome: Outcome | str
    reason: str | None
    detail: dict[str, Any]
    who: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "action", _known(Action, self.action))
        object.__setattr__(self, "outcome", _known(Outcome, self.outcome))


def _known(words: type[W], text: str) -> W | str:
    try:
        return words(text)
    except ValueError:
        return text
