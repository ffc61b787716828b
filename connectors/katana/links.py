"""Katana's own link to a shop beside ours, known by the orders that it brought: nothing else tells of it."""

from collections.abc import Collection
from contextlib import suppress
from typing import Final

from connectors.addresses import shop_key
from connectors.errors import NoAddress
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.origins import store_word
from connectors.katana.reading import readable, those_readable
from connectors.postgres import Connection, queries
from schemas.hub_links import OtherLink
from schemas.katana.order import OrderRecord, read_order
from schemas.katana.pages import LARGEST, entries

_SQL: Final = queries("account", __package__)


def find_link(connection: Connection, client: KatanaClient, platform: str, shop: str) -> OtherLink | None:
    """What Katana has of a shop that is not of our making; None for nothing. One request. Raises a ConnectorError."""
    word = store_word(platform)
    asked: dict[str, str | int] = {"ecommerce_order_type": word, "limit": LARGEST}
    said = readable(entries, client.get("sales_orders", asked, priority=Priority.CHANGES))
    found = those_readable(read_order, said, "sales order")
    known = {row["id"] for row in connection.execute(_SQL["ours_of"], {"ids": [one.id for one in found]})}
    others = _of_shop(found, word, shop, known)
    if not others:
        return None
    newest = max(others, key=lambda one: one.created_at)
    name = newest.origin.store_name if newest.origin else ""
    return OtherLink(len(others), newest.created_at, name, is_our_name=name == shop)


def _of_shop(found: Collection[OrderRecord], word: str, shop: str, known: Collection[str]) -> list[OrderRecord]:
    return [
        one
        for one in found
        if one.id not in known and one.origin and one.origin.type == word and is_same_shop(one.origin.store_name, shop)
    ]


def is_same_shop(name: str, shop: str) -> bool:
    """Whether two names are of one shop: as addresses, or one of them as the first word of the other."""
    one, other = _plain(name), _plain(shop)
    if one == other:
        return True
    return ("." in one) != ("." in other) and one.partition(".")[0] == other.partition(".")[0]


def _plain(name: str) -> str:
    with suppress(NoAddress):
        return shop_key(name).lower()
    return name.strip().lower()
