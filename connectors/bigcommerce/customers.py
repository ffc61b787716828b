"""BigCommerce's registered customers, over its API v3."""

from collections.abc import Iterator
from typing import Any, Final

from connectors.bigcommerce.client import ShopClient
from connectors.errors import Unavailable
from connectors.http import Params
from schemas.bigcommerce.catalogue import read_list
from schemas.customers import StoreCustomer, customer_of
from schemas.errors import Unreadable

PER_PAGE: Final = 250  # the most that BigCommerce gives
MOST_PAGES: Final = 40_000  # a shop that repeats a page would never come to an end


def customers(http: ShopClient) -> Iterator[tuple[StoreCustomer, ...]]:
    """Pages of them, the oldest first; one that nothing names is left out."""
    for page in range(1, MOST_PAGES):
        asked: Params = {"limit": PER_PAGE, "page": page, "sort": "date_created:asc"}
        answer = http.get("v3/customers", asked)
        try:
            listed = read_list(answer.json())
        except Unreadable as error:
            raise Unavailable(f"the answer is no list of customers: {error}", request=answer.request) from error
        yield tuple(one for entry in listed.entries if (one := _read(entry)))
        if not listed.entries or page * PER_PAGE >= (listed.total or 0):
            return


def _read(entry: Any) -> StoreCustomer | None:
    if not isinstance(entry, dict):
        return None
    names = (entry.get("first_name"), entry.get("last_name"))
    return customer_of(entry.get("id"), names, entry.get("company"), entry.get("email"))
