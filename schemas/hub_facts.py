"""What one kind of hub can do, as data: tasks read this record and never ask for a hub by name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFacts:
    """One hub's facts. Those of a hub over HTTP stand where a field says nothing else.

    `shares_transaction`: what is gathered and applied inside `unit()` is one transaction with our own writes, and an
    order that was read there is held still; else each group stands as soon as it is answered. `marks_what_moves`: what
    moved in it is marked in our tables by the hub itself; else `changes_since` is asked for it. `names_deleters`: it
    says who deleted an order (ORD-7). `most_groups` are taken by one `apply`.
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
    creates_many: bool = False  # many plain orders are created as one (SPD-1)
    most_groups: int = 1
