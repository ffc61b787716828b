"""Changing what holds for all stores: whatever of theirs it kept out, or told them, is looked at again."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256

from connectors.postgres import Connection, journal, orders, rates, stock, stores
from schemas.account import Account, settings_of
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.settings import ALERTS_TO, SECRETS, Value
from schemas.stores import Skipped
from tasks import foresight, hub_choice, people
from tasks.held import Process
from tasks.locations import refuse_unknown_locations
from tasks.rules.eligibility import MONEY_SKIPS
from tasks.rules.stock_loss import Loss


def change_account(connection: Connection, values: dict[str, Value]) -> None:
    """Change some of the account's settings, which are checked already."""
    with connection.transaction():
        stores.change_account(connection, values)
        if "default_location" in values:  # whose stock the stores without a location of their own show
            for store in stores.stores(connection):
                stock.due_again(connection, store.id)
        if "multi_currency" in values or "base_currency" in values:
            orders.skipped_again(connection, None, MONEY_SKIPS)


def reconfigure_account(held: Process, connection: Connection, values: dict[str, Value]) -> None:
    """The same by a person's wish, which is journaled: by what held an order was imported is asked later (BEY-3).

    Where alarms go and the hub's key are secrets: they are locked. Raises SettingRefused.
    """
    open_values = {key: value for key, value in values.items() if key not in SECRETS}
    left = hub_choice.what_is_left(held, connection, values) if hub_choice.is_about_hub(values) else None
    with connection.transaction():
        if hub_choice.is_about_hub(values):
            hub_choice.keep_choice(held, connection, values)
        if ALERTS_TO in values:
            people.set_addresses(held, connection, str(values[ALERTS_TO]))
        if open_values:
            change_account(connection, open_values)
            journal.add(connection, Line(Action.RECONFIGURE, Outcome.SAVED, detail={"settings": open_values}))
    if left:
        hub_choice.take_leave(held, connection, left)


def save_account(held: Process, values: dict[str, Value]) -> None:
    """Save settings of the account that are checked and proved; all or none. Raises SettingRefused."""
    named = {} if "hub" in values else values  # another hub was asked already which locations it has
    with held.pool.connection() as connection:
        refuse_unknown_locations(connection, named)
        with connection.transaction():
            refuse_unknown_locations(connection, named)  # again: one may have gone meanwhile
            reconfigure_account(held, connection, values)


def version_of(account: Account) -> str:
    """What a form remembers of the settings that it showed."""
    return sha256(json.dumps(settings_of(account), sort_keys=True).encode()).hexdigest()[:16]


def losses_at(held: Process, location: str, *, on_page: Callable[[int], None]) -> dict[str, Loss]:
    """What each store without a location of its own would show less, were another one the default. Asks the shops.

    Raises a ConnectorError.
    """

    with held.pool.connection() as connection:
        rows = stores.stores(connection) if stores.account(connection).default_location != location else []
    return {row.name: foresight.loss_with(held, row, row.settings, on_page=on_page, location=location) for row in rows}


def set_rate(connection: Connection, currency: str, worth: Decimal, *, on: date) -> str:
    """Keep by hand what one unit of a currency is worth in the base currency, from a day on; the base currency."""
    base = stores.account(connection).base_currency
    with connection.transaction():
        rates.keep(connection, {(currency, on): worth}, base=base, source="hand")
        orders.skipped_again(connection, None, Skipped(reasons=(Reason.NO_EXCHANGE_RATE,), currency=currency))
    return base
