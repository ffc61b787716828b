"""What orders that come in together need and Katana has not, looked for once for all of them (KAT-2).

Whoever enters such a customer or item there by hand in the moments until their order is made finds two of them.
"""

from datetime import timedelta
from typing import Final

from connectors.katana.absent import CUSTOMER, PRODUCT, Key, email_key, name_key, sku_key
from connectors.katana.copies import CUSTOMERS, VARIANTS, Copies, CopyList
from connectors.katana.finding import find
from schemas.hub_search import Found, Wanted

SECONDS: Final = 10  # about as long as one message of orders is worked on
_JUST_NOW: Final = timedelta(seconds=10)  # another worker may have looked for its own
_LISTS: Final[dict[str, CopyList]] = {CUSTOMER: CUSTOMERS, PRODUCT: VARIANTS}


def look_ahead(copies: Copies, wanted: Wanted) -> None:
    """Look for all that is wanted and not known: one request for customers, one for items. Raises a ConnectorError."""
    missing = _missing(wanted, find(copies, wanted))
    unknown = {kind for kind, key in missing if not copies.absent.has((kind, key))}
    for kind in sorted(unknown):
        copies.read_now(_LISTS[kind], unless_within=_JUST_NOW)
    if unknown:
        copies.absent.note(_missing(wanted, find(copies, wanted)), seconds=SECONDS)


def _missing(wanted: Wanted, found: Found) -> set[Key]:
    emails = (email_key(one) for one in wanted.emails - found.by_email.keys() if one.strip())
    names = (name_key(one) for one in wanted.names - found.by_name.keys() if one.strip())
    return {*emails, *names, *(sku_key(one) for one in wanted.skus - found.by_sku.keys())}
