"""What a Shopify app may do, by the scopes that the shop has granted it: nothing is tried (DOR-4, DOR-5)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from connectors.addresses import shop_key
from connectors.errors import CredentialsRefused
from connectors.shopify.client import GraphQL
from connectors.shopify.documents import API_VERSION, CHECK, NEWEST_ORDER
from connectors.shopify.errors import GraphQLError, is_closed
from connectors.store import StoreFacts
from schemas.money import is_currency
from schemas.rights import Lack, Right
from schemas.shopify.platform import PLATFORM

_NODES: Final = ("orders", "nodes")
_BUYERS: Final = "read_customers"


def check(graphql: GraphQL, url: str, needs: Collection[Right]) -> StoreFacts:
    """Which of these rights are there, and what the shop sells in.

    Raises CredentialsRefused where orders may not be read.
    """
    asked = {Right.READ_ORDERS, *needs}
    if needs:  # the token of now proves no secret that was changed since, and may have the scopes that the app had then
        graphql.http.renew()
    told = graphql.ask(CHECK).data
    lacks = tuple(_lacks(told, asked))
    unread = [name for lack in lacks if lack.right is Right.READ_ORDERS for name in lack.names]
    if unread and Right.READ_ORDERS not in needs:  # nobody asked for names: it is whether orders may be read
        raise CredentialsRefused(f"the app lacks scopes to read orders: {', '.join(unread)}", request=graphql.request)
    granted = _granted(told)
    return StoreFacts(
        currency=_currency(told),
        shop=_domain(told) or shop_key(url),
        version=API_VERSION,
        lacks=lacks,
        unproved=tuple(right for right in needs if right is not Right.READ_ORDERS) if granted is None else (),
        withheld=_withheld(graphql, granted) if not unread else (),
    )


def _withheld(graphql: GraphQL, granted: frozenset[str] | None) -> tuple[str, ...]:
    """What of a buyer may not be read, seen at the newest order. Raises CredentialsRefused for all orders."""
    told = graphql.ask(NEWEST_ORDER, in_part=True)
    found = {"customer"} if granted is not None and _BUYERS not in granted else set()
    for one in told.troubles:
        if one.path[:2] != _NODES or is_closed(GraphQLError(one.code, one.path[3:])):
            told.fail()
        if one.is_denied:
            found.add(str(one.path[3]))
    return tuple(sorted(found))


def shop_of(graphql: GraphQL, url: str) -> str:
    """The shop's lasting domain, whichever of its domains we ask."""
    return _domain(graphql.ask(CHECK).data) or shop_key(url)


def _lacks(told: Mapping[str, Any], asked: Collection[Right]) -> Iterator[Lack]:
    granted = _granted(told)
    if granted is None:
        return
    for right, names in PLATFORM.grants.names.items():
        missing = tuple(name for name in names if name not in granted)
        if right in asked and missing:
            yield Lack(right, missing)


def _granted(told: Mapping[str, Any]) -> frozenset[str] | None:
    """The scopes of the app; who may write may read as well. None where the shop does not say."""
    installed = told.get("currentAppInstallation")
    scopes = installed.get("accessScopes") if isinstance(installed, dict) else None
    if not isinstance(scopes, list):
        return None
    names = [str(one.get("handle")) for one in scopes if isinstance(one, dict)]
    return frozenset(names) | {f"read_{name.removeprefix('write_')}" for name in names if name.startswith("write_")}


def _currency(told: Mapping[str, Any]) -> str | None:
    shop = told.get("shop")
    code = shop.get("currencyCode") if isinstance(shop, dict) else None
    return code if isinstance(code, str) and is_currency(code) else None


def _domain(told: Mapping[str, Any]) -> str:
    shop = told.get("shop")
    domain = shop.get("myshopifyDomain") if isinstance(shop, dict) else None
    return domain.strip().lower() if isinstance(domain, str) else ""
