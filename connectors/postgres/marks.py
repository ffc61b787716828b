"""Marks of what moved in a hub. What is news for whom is defined once, in the database's `mark_…` functions.

The built-in hub's triggers call them, for plain SQL writers too; of another hub whoever hears its news calls them here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.postgres import Connection, queries
from schemas.hub_news import DeletedOrder, HubCopy, HubNews, MovedSku

_SQL: Final = queries("marks")


def keep_news(connection: Connection, news: HubNews) -> None:
    """Mark all that moved, or nothing of it. The same news again makes due what is due already, and no more."""
    with connection.transaction():
        keep_copies(connection, news.copies)
        _mark_deleted(connection, news.deleted)
        if news.shipped:
            store_ids, external_ids = zip(*news.shipped, strict=True)
            values = {"store_ids": list(store_ids), "external_ids": list(external_ids)}
            connection.execute(_SQL["mark_orders"], values)
        if news.has_new_location:
            connection.execute(_SQL["mark_location_known"])
        _mark_skus(connection, news.skus)


def keep_copies(connection: Connection, copies: Sequence[HubCopy]) -> None:
    """Keep how far orders in the hub are, and what lists show of them."""
    if copies:
        values = {
            "store_ids": [one.store_id for one in copies],
            "external_ids": [one.external_id for one in copies],
            "statuses": [one.status for one in copies],
            "customers": [one.customer for one in copies],
            "emails": [one.email for one in copies],
            "totals": [one.total_with_tax for one in copies],
            "currencies": [one.currency for one in copies],
        }
        connection.execute(_SQL["keep_hub_copies"], values)


def _mark_skus(connection: Connection, skus: Sequence[MovedSku]) -> None:
    if skus:
        values: dict[str, Any] = {"skus": [one.sku for one in skus]}
        for what in ("on_shelf", "on_rows", "of_stores", "only_told"):
            values[what] = [getattr(one, what) for one in skus]
        connection.execute(_SQL["mark_skus"], values)


def _mark_deleted(connection: Connection, deleted: Sequence[DeletedOrder]) -> None:
    for (by, because), orders in _by_cause(deleted).items():
        values = {
            "store_ids": [one.store_id for one in orders],
            "external_ids": [one.external_id for one in orders],
            "order_nos": [one.order_no for one in orders],
            "by": by,
            "because": because,
        }
        connection.execute(_SQL["mark_deleted_orders"], values)


def _by_cause(deleted: Sequence[DeletedOrder]) -> Mapping[tuple[str, str | None], list[DeletedOrder]]:
    found = defaultdict[tuple[str, str | None], list[DeletedOrder]](list)
    for one in deleted:
        found[one.by, one.because].append(one)
    return found
