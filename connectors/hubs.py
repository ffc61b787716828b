"""Which hub an account works with. The only place that wires one: everybody else is handed a `Hub`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors import hub_means
from connectors.builtin_hub.facts import FACTS
from connectors.config import ConfigError
from connectors.errors import HubBusy
from connectors.later import Later
from connectors.postgres import Connection, hub_account, stores
from schemas.account import Account
from schemas.hub_facts import HubFacts
from schemas.hub_links import OtherLink

if TYPE_CHECKING:
    from redis import Redis

    from connectors.builtin_hub import hub as builtin
    from connectors.hub import Hub
    from connectors.katana import opening
    from connectors.postgres.hub_account import DueAtHub
else:
    builtin = Later("connectors.builtin_hub.hub")
    opening = Later("connectors.katana.opening")


@dataclass(frozen=True, slots=True)
class HubProof:
    """What an account of a hub is like that can be worked with: its currency, where it sells, its locations."""

    currency: str
    location: str | None
    locations: frozenset[str]


@dataclass(frozen=True, slots=True)
class HubLimit:
    """How far a hub's limit of requests is used up, and how long what waits for it takes (KAT-2)."""

    asked: int  # of the last minute
    most: int
    closed_seconds: float  # nobody may ask it before
    left: timedelta


def open_hub(account: Account, connection: Connection) -> Hub:
    """The account's hub. The connection is to our own database, where the built-in hub lives too.

    Raises HubBusy where the account has no key for it.
    """
    return HUBS[account.hub](connection)


def our_hub(connection: Connection) -> Hub:
    """The same, where the account is not at hand: it is read."""
    return open_hub(stores.account(connection), connection)


# -- hubs that are asked over the network ------------------------------------------------------------------------------


def _builtin(connection: Connection) -> Hub:
    return builtin.BuiltinHub(connection)


def _katana(connection: Connection) -> Hub:
    means, kept = hub_means.means(), hub_account.hub_account(connection)
    try:
        credentials = means.secrets.unlock(kept.credentials)
    except ConfigError as error:
        raise HubBusy(f"the key for Katana cannot be read: {error}") from error
    if not credentials.get("api_key"):
        raise HubBusy("there is no key for Katana: storesync account set katana.api_key=KEY")
    return opening.open_hub(connection, _access(credentials, kept.settings), means.redis)


def _access(credentials: Mapping[str, str], settings: Mapping[str, object]) -> opening.KatanaAccess:
    url, is_insecure = settings.get("katana.url"), settings.get("katana.allow_insecure", False)
    has_fees = settings.get("katana.shipping_fee") == "fee"
    return opening.KatanaAccess(credentials, str(url) if url else opening.URL, bool(is_insecure), has_fees)


HUBS: Final[Mapping[str, Callable[[Connection], Hub]]] = {"builtin": _builtin, "katana": _katana}


def facts_of(name: str) -> HubFacts:
    """What a hub can; nothing of it is asked."""
    return opening.FACTS if name == "katana" else FACTS


def prove(name: str, credentials: Mapping[str, str], settings: Mapping[str, object]) -> HubProof | None:
    """Ask a hub whether it can be worked with before it is chosen; None for one that lives with us (KAT-3).

    Raises a ConnectorError with what is wrong.
    """
    if name != "katana":
        return None
    account, places = opening.prove_account(_access(credentials, settings), hub_means.means().redis)
    return HubProof(account.base_currency, account.sales_location, frozenset(places))


def knows_our_orders(
    name: str, connection: Connection, credentials: Mapping[str, str], settings: Mapping[str, object]
) -> bool:
    """Whether a hub that is opened otherwise than until now is still the one that our orders are in.

    Raises a ConnectorError.
    """
    if name != "katana":
        return True
    return opening.knows_our_orders(connection, _access(credentials, settings), hub_means.means().redis)


def other_link(
    name: str,
    credentials: Mapping[str, str],
    settings: Mapping[str, object],
    connection: Connection,
    *,
    platform: str,
    shop: str,
) -> OtherLink | None:
    """What a hub's own link to a shop brought, beside ours; None for a hub that has none. Raises a ConnectorError."""
    if name != "katana":
        return None
    access = _access(credentials, settings)
    return opening.other_link(connection, access, hub_means.means().redis, platform=platform, shop=shop)


def knock_no_more(name: str, credentials: Mapping[str, str], settings: Mapping[str, object], token: str) -> None:
    """Have a hub send us no messages any more, to whichever address with that end. Raises a ConnectorError."""
    if name == "katana":
        opening.knock_no_more(_access(credentials, settings), hub_means.means().redis, token)


def begin_anew(name: str, connection: Connection) -> None:
    """What is remembered of a hub is of another account of it: forget it."""
    if name == "katana":
        opening.begin_anew(connection)


def limit_of(facts: HubFacts, due: DueAtHub, redis: Redis) -> HubLimit | None:
    """How far a hub's limit is used up, and how long what is due takes; None where there is none. Raises RedisAway."""
    if not facts.calls_a_minute:
        return None
    asked, closed_seconds, left = opening.limit_now(redis, due)
    return HubLimit(asked, facts.calls_a_minute, closed_seconds, left)
