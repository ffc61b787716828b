"""A look for a hub's own link to a shop, before its orders come by our way too (ORD-6)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connectors import hubs
from connectors.addresses import shop_key
from connectors.postgres import Connection, hub_account, stores
from schemas.errors import SettingRefused
from schemas.stores import StoreState
from tasks.held import Process
from tasks.rules.linking import decide_link

Shop = tuple[str, str]  # its platform, and what it calls itself

_ON: Final = "Nothing was done: --yes goes on."
_NO_ORDERS: Final = frozenset({StoreState.INACTIVE, StoreState.DISCONNECTED})


def refuse_other_link(held: Process, shop: Shop) -> None:
    """Raise SettingRefused where the account's hub has another link to a shop that is to be connected.

    Raises a ConnectorError where the hub cannot be asked.
    """
    with held.pool.connection() as connection:
        account, kept = stores.account(connection), hub_account.hub_account(connection)
    credentials = held.secrets.unlock(kept.credentials)
    _refuse(held, [shop], hub=(account.hub, credentials, kept.settings), key="url")


def refuse_other_links(
    held: Process, name: str, credentials: Mapping[str, str], settings: Mapping[str, object]
) -> None:
    """The same of all stores whose orders come in, before a hub is chosen."""
    with held.pool.connection() as connection:
        shops = list(_shops(connection))
    _refuse(held, shops, hub=(name, credentials, settings), key="hub")


def _shops(connection: Connection) -> Iterable[Shop]:
    for row in stores.stores(connection):
        if row.state not in _NO_ORDERS:
            yield row.platform, row.shop or shop_key(row.url)


def _refuse(held: Process, shops: Iterable[Shop], *, hub: tuple[str, Any, Any], key: str) -> None:
    for platform, shop in shops:
        with held.pool.connection() as connection:
            link = hubs.other_link(*hub, connection, platform=platform, shop=shop)
        if words := decide_link(link, shop=shop, hub=hub[0], now=held.now()):
            raise SettingRefused(key, f"{words}. {_ON}")
