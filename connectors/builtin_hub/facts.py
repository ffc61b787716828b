"""What the built-in hub can: read by who asks it nothing."""

from typing import Final

from schemas.hub_facts import HubFacts

FACTS: Final = HubFacts(
    "builtin",
    shares_transaction=True,
    marks_what_moves=True,
    has_flags=True,
    packs_rows=True,
    has_batches=True,
    counts_direct=True,
    changes_locations=True,
    names_deleters=True,
    takes_customers=True,
    creates_many=True,
    most_groups=1000,
)
