"""WooCommerce's registered customers, over its REST API v3."""

from collections.abc import Iterator
from typing import Any, Final

from connectors.errors import NotFound
from connectors.http import Answer, HttpClient, Params
from connectors.woocommerce.pages import PageSize, no_api, walk
from schemas.customers import StoreCustomer, customer_of, part_of

_FIELDS: Final = ("id", "email", "first_name", "last_name", "billing")


def customers(http: HttpClient) -> Iterator[tuple[StoreCustomer, ...]]:
    """Pages of them, by id; one that nothing names is left out."""
    size = PageSize()
    fixed: Params = {"orderby": "id", "order": "asc", "_fields": ",".join(_FIELDS)}

    def ask(offset: int) -> Answer:
        return size.ask(lambda count: http.get("customers", {**fixed, "per_page": count, "offset": offset}))

    try:
        for _, _, entries in walk(ask, size):
            yield tuple(one for value, _ in entries if (one := _read(value)))
    except NotFound as error:
        raise no_api(error) from error


def _read(value: Any) -> StoreCustomer | None:
    if not isinstance(value, dict):
        return None
    company = part_of(value, "billing").get("company")
    return customer_of(value.get("id"), (value.get("first_name"), value.get("last_name")), company, value.get("email"))
