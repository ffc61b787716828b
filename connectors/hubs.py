"""Which hub an account works with. The only place that wires one: everybody else is handed a `Hub`."""

from collections.abc import Callable, Mapping
from typing import Final

from connectors.builtin_hub.hub import BuiltinHub
from connectors.hub import Hub
from connectors.postgres import Connection, stores
from schemas.account import Account

HUBS: Final[Mapping[str, Callable[[Connection], Hub]]] = {"builtin": BuiltinHub}


def open_hub(account: Account, connection: Connection) -> Hub:
    """The account's hub. The connection is to our own database, where the built-in hub lives too."""
    return HUBS[account.hub](connection)


def our_hub(connection: Connection) -> Hub:
    """The same, where the account is not at hand: it is read."""
    return open_hub(stores.account(connection), connection)
