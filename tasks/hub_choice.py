"""Choosing the account's hub: nothing is kept that was not proved, no order is left behind in another one (KAT-3)."""

from collections.abc import Mapping
from typing import Any

from connectors import hubs
from connectors.errors import ConnectorError, CredentialsRefused, Unavailable
from connectors.postgres import Connection, hub_account, stores
from schemas.errors import SettingRefused
from schemas.settings import KATANA_KEY, Value
from tasks.held import Process

_OF_HUBS = ("hub", "katana.")


def is_about_hub(values: Mapping[str, Value]) -> bool:
    """Whether settings say something of the account's hub."""
    return any(key.startswith(_OF_HUBS) for key in values)


def prove_choice(held: Process, values: Mapping[str, Value]) -> dict[str, Value]:
    """What else follows of settings about the hub, once the hub was asked: its currency, where it sells from.

    Raises SettingRefused for what cannot be, and a ConnectorError where the hub does not answer. Nothing is saved.
    """
    if not is_about_hub(values):
        return {}
    with held.pool.connection() as connection:
        kept, account = hub_account.hub_account(connection), stores.account(connection)
        name = str(values.get("hub", account.hub))
        if name != account.hub and (order := hub_account.order_in_hub(connection)):
            raise SettingRefused(
                "hub",
                f"order {order}, and maybe others, stand in the hub of today, {account.hub}: no orders are moved from"
                " one hub to another. Begin anew with another database",
            )
        chosen = {key for key in ("base_currency", "default_location") if stores.account_has(connection, key)}
    credentials = with_key(held.secrets.unlock(kept.credentials), values)
    proof = _prove(name, credentials, {**kept.settings, **values})
    if proof is None or name == account.hub:
        return {}
    follows: dict[str, Value] = {"default_location": proof.location} if proof.location else {}
    if "base_currency" not in chosen:
        follows["base_currency"] = proof.currency
    return {key: value for key, value in follows.items() if key not in values}


def keep_choice(held: Process, connection: Connection, values: Mapping[str, Value]) -> None:
    """Keep the hub's key, locked; the news of another hub begin now."""
    kept, account = hub_account.hub_account(connection), stores.account(connection)
    before = held.secrets.unlock(kept.credentials)
    after = with_key(before, values)
    if after != before:
        hub_account.set_credentials(connection, held.secrets.lock(after))
    if values.get("hub", account.hub) != account.hub:
        hub_account.forget_cursor(connection)


def rotate_key(held: Process, connection: Connection) -> bool:
    """Lock the hub's key anew under the first key; whether there is one. Raises ConfigError where none opens it."""
    locked = hub_account.hub_account(connection).credentials
    if locked:
        hub_account.set_credentials(connection, held.secrets.rotate(locked))
    return bool(locked)


def with_key(credentials: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The hub's credentials with the key that is given."""
    return {**credentials, **({"api_key": str(values[KATANA_KEY])} if KATANA_KEY in values else {})}


def _prove(name: str, credentials: Mapping[str, str], settings: Mapping[str, object]) -> hubs.HubProof | None:
    try:
        return hubs.prove(name, credentials, settings)
    except CredentialsRefused as error:
        raise SettingRefused(KATANA_KEY, f"{name} does not take it: {error.problem}") from error
    except Unavailable:
        raise
    except ConnectorError as error:
        raise SettingRefused("hub", f"{name} cannot be worked with: {error}") from error
