"""Choosing the account's hub: nothing is kept that was not proved, no order is left behind in another one (KAT-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors import hubs, locks
from connectors.errors import ConnectorError, CredentialsRefused, Unavailable
from connectors.postgres import Connection, hub_account, journal, stores
from schemas.errors import SettingRefused
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.settings import Value
from tasks.held import Process
from tasks.hub_news import WEBHOOK_ASKED
from tasks.other_links import refuse_other_links
from tasks.trouble import problem_of

_OF_HUBS = ("hub", *(f"{name}." for name in hubs.HUBS))


def is_about_hub(values: Mapping[str, Value]) -> bool:
    """Whether settings say something of the account's hub."""
    return any(key.startswith(_OF_HUBS) for key in values)


def prove_choice(held: Process, values: Mapping[str, Value], *, beside_another: bool = False) -> dict[str, Value]:
    """What else follows of settings about the hub, once the hub was asked: its currency, where it sells from.

    `beside_another`: somebody wants it though its own links to shops may be on. Raises SettingRefused for what cannot
    be, and a ConnectorError where the hub does not answer. Nothing is saved.
    """
    if not is_about_hub(values):
        return {}
    with held.pool.connection() as connection:
        kept, account = hub_account.hub_account(connection), stores.account(connection)
        has_currency = stores.account_has(connection, "base_currency")
        order, named = hub_account.order_in_hub(connection), _locations_named(connection)
    name = str(values.get("hub", account.hub))
    if name != account.hub and order:
        raise _would_be_left(account.hub, order)
    credentials, settings = with_key(held.secrets.unlock(kept.credentials), values), {**kept.settings, **values}
    proof = _prove(name, credentials, settings)
    if order:
        _refuse_another_account(held, name, credentials, settings, order)
    if proof is None or name == account.hub:
        return {}
    if not beside_another:
        refuse_other_links(held, name, credentials, settings)
    follows = {**_follows(proof, has_currency=has_currency), **values}
    _refuse_unknown({**named, "default_location": follows.get("default_location")}, name, proof)
    return {key: value for key, value in follows.items() if key not in values}


def _follows(proof: hubs.HubProof, *, has_currency: bool) -> dict[str, Value]:
    follows: dict[str, Value] = {} if has_currency else {"base_currency": proof.currency}
    return follows | ({"default_location": proof.location} if proof.location else {})


def _would_be_left(hub: str, order: str) -> SettingRefused:
    words = (
        f"order {order}, and maybe others, stand in the hub of today, {hub}: no orders are moved from one to another"
    )
    return SettingRefused("hub", f"{words}. Begin anew with another database")


def _refuse_another_account(
    held: Process, name: str, credentials: Mapping[str, str], settings: Mapping[str, object], order: str
) -> None:
    with held.pool.connection() as connection:
        is_ours = hubs.knows_our_orders(name, connection, credentials, settings)
    if not is_ours:
        words = f"it is the key of another account: order {order}, and maybe others, are in the one of today"
        raise SettingRefused(hubs.facts_of(name).key_setting, words)


def _locations_named(connection: Connection) -> dict[str, Any]:
    """Which locations of the hub the stores name, by what names them."""
    named: dict[str, Any] = {}
    for store in stores.stores(connection):
        places = store.settings.get("location_map")
        codes = places.values() if isinstance(places, dict) else ()
        named |= {f"location_map of the store {store.name} ({code})": code for code in codes}
        named |= {f"location of the store {store.name}": store.settings.get("location")}
    return named


def _refuse_unknown(named: Mapping[str, Any], name: str, proof: hubs.HubProof) -> None:
    for what, code in named.items():
        if code and code not in proof.locations:
            there = ", ".join(sorted(proof.locations))
            raise SettingRefused("hub", f"{what} is {code!r}, and {name} has no such location; there are {there}")


def keep_choice(held: Process, connection: Connection, values: Mapping[str, Value]) -> None:
    """Keep the hub's key, locked; the news of another hub, or of another account of it, begin now."""
    kept, account = hub_account.hub_account(connection), stores.account(connection)
    before = held.secrets.unlock(kept.credentials)
    after = with_key(before, values)
    if after != before:
        hub_account.set_credentials(connection, held.secrets.lock(after))
    name = str(values.get("hub", account.hub))
    is_elsewhere = after != before or f"{name}.url" in values
    if name != account.hub or (is_elsewhere and not hub_account.order_in_hub(connection)):
        hub_account.forget_cursor(connection)
        hubs.begin_anew(name, connection)


@dataclass(frozen=True, slots=True)
class LeftHub:
    """A hub as it was opened until now: its name, key and settings, and the end of our door's address."""

    name: str
    credentials: Mapping[str, str]
    settings: Mapping[str, object]
    token: str


def what_is_left(held: Process, connection: Connection, values: Mapping[str, Value]) -> LeftHub | None:
    """The hub that settings leave, or open by another key; None where it stays as it is. It is asked before they are
    kept, and told once they are.
    """
    kept = hub_account.hub_account(connection)
    credentials = held.secrets.unlock(kept.credentials)
    name = stores.account(connection).hub
    stays = str(values.get("hub", name)) == name and with_key(credentials, values) == credentials
    if stays or not hubs.facts_of(name).sends_webhooks or not credentials.get("webhook_token"):
        return None
    return LeftHub(name, credentials, kept.settings, kept.token)


def take_leave(held: Process, connection: Connection, left: LeftHub) -> None:
    """Have a hub that is left knock at our door no more; where it is opened by another key it is asked to anew."""
    try:
        locks.unsay(held.redis, WEBHOOK_ASKED)
        hubs.knock_no_more(left.name, left.credentials, left.settings, left.token)
    except CredentialsRefused:
        return  # the key of before opens nothing any more
    except ConnectorError as error:
        words = problem_of(error).words
        journal.add(connection, Line(Action.SUBSCRIBE, Outcome.FAILED, Reason.WEBHOOKS_REFUSED, {"problem": words}))


def rotate_key(held: Process, connection: Connection) -> bool:
    """Lock the hub's key anew under the first key; whether there is one. Raises ConfigError where none opens it."""
    locked = hub_account.hub_account(connection).credentials
    if locked:
        hub_account.set_credentials(connection, held.secrets.rotate(locked))
    return bool(locked)


def with_key(credentials: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The hub's credentials with the key that is given."""
    given = [values[key] for key in map(_key_of, hubs.HUBS) if key in values]
    return {**credentials, **({"api_key": str(given[0])} if given else {})}


def _key_of(hub: str) -> str:
    return hubs.facts_of(hub).key_setting


def _prove(name: str, credentials: Mapping[str, str], settings: Mapping[str, object]) -> hubs.HubProof | None:
    try:
        return hubs.prove(name, credentials, settings)
    except CredentialsRefused as error:
        raise SettingRefused(hubs.facts_of(name).key_setting, f"{name} does not take it: {error.problem}") from error
    except Unavailable:
        raise
    except ConnectorError as error:
        raise SettingRefused("hub", f"{name} cannot be worked with: {error}") from error
