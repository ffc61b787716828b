"""What one kind of hub can do, as data: tasks read this record and never ask for a hub by name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFacts:
    """One hub's facts. Those of a hub over HTTP stand where a field says nothing else.

    `shares_transaction`: what is gathered and applied inside `unit()` is one transaction with our own writes, and an
    order that was read there is held still; else each group stands as soon as it is answered. `marks_what_moves`: what
    moved in it is marked in our tables by the hub itself; else `changes_since` is asked for it. `names_deleters`: it
    says who deleted an order (ORD-7). `most_groups` are taken by one `apply`. `calls_a_minute` are all that it may be
    asked, by whom ever of ours; 0: as often as one likes (KAT-2). `order_page` is where people see an order in a hub
    that has pages of its own, with {} for its id. `key_setting` is the account's setting that holds the key of a hub
    that wants one.
    """

    name: str
    shares_transaction: bool = False
    marks_what_moves: bool = False
    sends_webhooks: bool = False
    has_flags: bool = False  # it keeps how far an order is beside its rows: closed, voided, paid (SPEC chapter 9)
    packs_rows: bool = False  # packed is a state of its own between open and delivered (STK-2)
    has_batches: bool = False  # items may be kept in batches (FUL-4)
    counts_direct: bool = False  # levels tell what rows themselves commit, and of which orders (STK-2)
    changes_locations: bool = False  # places are made, renamed and removed by an action
    names_deleters: bool = False
    takes_customers: bool = False  # customers come by themselves too, and not with their orders alone (STG-2)
    creates_many: bool = False  # many plain orders are created as one (SPD-1)
    most_groups: int = 1
    calls_a_minute: int = 0
    order_page: str = ""
    key_setting: str = ""


def words_of(facts: HubFacts) -> tuple[list[str], list[str]]:
    """What a hub can and what it cannot, in words for people."""
    every = (
        (facts.marks_what_moves, "tell by itself what moves"),
        (facts.sends_webhooks, "knock at our door when something moves"),
        (facts.names_deleters, "say who deleted an order"),
        (facts.packs_rows, "tell packed from delivered"),
        (facts.has_batches, "keep items in batches"),
        (facts.counts_direct, "tell what orders promise from what manufacturing does"),
        (facts.has_flags, "keep whether an order is paid, closed or voided"),
        (facts.changes_locations, "have locations made and renamed from here"),
        (facts.takes_customers, "take customers without their orders"),
        (facts.creates_many, "take many orders at once"),
        (not facts.calls_a_minute, "be asked as often as one likes"),
    )
    return [word for can, word in every if can], [word for can, word in every if not can]
