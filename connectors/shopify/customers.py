"""Shopify's customers, over GraphQL. They are protected data: an app without access to it is refused."""

from collections.abc import Iterator
from typing import Any, Final

from connectors.shopify.client import GraphQL
from connectors.shopify.documents import CUSTOMERS_PAGE
from connectors.shopify.pages import Pages
from schemas.customers import StoreCustomer, customer_of, part_of

PER_PAGE: Final = 100


def customers(graphql: GraphQL) -> Iterator[tuple[StoreCustomer, ...]]:
    """Pages of them, by id; one that nothing names is left out."""
    pages = Pages(graphql, CUSTOMERS_PAGE, "customers", size=PER_PAGE)
    for told in pages.walk({}):
        missing = pages.missing(told)
        nodes = told.data["customers"]["nodes"]
        yield tuple(one for place, node in enumerate(nodes) if place not in missing and (one := _read(node)))


def _read(node: Any) -> StoreCustomer | None:
    if not isinstance(node, dict):
        return None
    number = str(node.get("id", "")).rpartition("/")[2]
    email = part_of(node, "defaultEmailAddress").get("emailAddress")
    return customer_of(number, (node.get("displayName"),), None, email)
