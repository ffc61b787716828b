"""Whether a store still answers and takes our credentials, and what goes on once it does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connectors import platforms
from connectors.config import ConfigError
from connectors.errors import ConnectorError, CredentialsRefused
from connectors.postgres import Connection, catalogue, journal, stock, stores
from connectors.postgres.rows import StoreRow
from connectors.store import StoreFacts
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.rights import Need, Right
from schemas.settings import Value, profile_of, with_defaults
from schemas.stores import StoreState
from tasks.held import Process
from tasks.rules.rights import decide_needs, is_stopped_by, missing_words, withheld_words
from tasks.trouble import problem_of, stop_store, write_again


def needs_of(platform: str, settings: Mapping[str, Value]) -> tuple[Need, ...]:
    """The rights that a store needs with the settings that were chosen for it."""
    profile = profile_of(platforms.record(platform), settings)
    return decide_needs(profile, with_defaults(platforms.record(platform), settings))


@dataclass(frozen=True, slots=True)
class ShopAnswer:
    """What a shop said when it was asked whether all is well with it, in words; `shop` is what it calls itself."""

    is_ok: bool
    words: str
    shop: str = ""


def ask_shop(held: Process, row: StoreRow) -> ShopAnswer:
    """Ask whether address, credentials and rights of a store are well; nothing is changed by the answer."""
    try:
        needs = needs_of(row.platform, row.settings)
        connector = held.connector(row)
        facts = connector.check([need.right for need in needs])
    except (ConnectorError, ConfigError) as error:
        return ShopAnswer(False, str(error))
    words = missing_words(facts.lacks, needs, connector.platform) if facts.lacks else ""
    note = f". {withheld_words(facts.withheld, connector.platform)}" if facts.withheld else ""
    return ShopAnswer(not words, words or f"answers and takes our credentials{note}", facts.shop)


def check_store(held: Process, row: StoreRow) -> StoreFacts:
    """Ask the store whether address and credentials still work; a store that needed attention goes on if they do.

    What it says of rights that are missing is for people to read: what needs none of them goes on without. Nothing does
    without those that every store needs.
    """
    needs = needs_of(row.platform, row.settings)
    connector = held.connector(row)
    try:
        facts = connector.check([need.right for need in needs])
    except CredentialsRefused as error:
        detail = {"problem": problem_of(error).words}
        with held.pool.connection() as connection:
            stop_store(connection, row.id, reason=Reason.CREDENTIALS_REFUSED, detail=detail)
        raise
    if is_stopped_by(facts.lacks, needs):
        detail = {"problem": missing_words(facts.lacks, needs, connector.platform)}
        with held.pool.connection() as connection:
            stop_store(connection, row.id, reason=Reason.CREDENTIALS_REFUSED, detail=detail)
        return facts
    with held.pool.connection() as connection, connection.transaction():
        if row.state == StoreState.NEEDS_ATTENTION:
            stores.set_state(connection, row.id, StoreState.ACTIVE)
            stock.try_again(connection, row.id)
            journal.add(connection, Line(Action.CHECK, Outcome.ACTIVE), store_id=row.id)
        go_on(connection, row, {lack.right for lack in facts.lacks})
        stores.name_shop(connection, row.id, facts.shop)
    return facts


def checked(row: StoreRow, facts: StoreFacts) -> dict[str, Any]:
    """What the shop said, right by right: whether it is there (null: nothing can be asked), what for, and the cure."""
    needs = needs_of(row.platform, row.settings)
    grants = platforms.record(row.platform).grants
    lacks = {lack.right: lack.names for lack in facts.lacks}
    found = [
        {
            "right": need.right,
            "names": list(lacks.get(need.right, grants.names[need.right])),
            "needed_by": list(need.settings),
            "granted": None if need.right in facts.unproved else need.right not in lacks,
            "cure": grants.where if need.right in lacks else None,
        }
        for need in needs
    ]
    return {
        "name": row.name,
        "ok": not lacks,
        "currency": facts.currency,
        "version": facts.version,
        "rights": found,
        "withheld": list(facts.withheld),
        "note": withheld_words(facts.withheld, platforms.record(row.platform)) if facts.withheld else None,
    }


def go_on(connection: Connection, row: StoreRow, lacks: Collection[Right] = ()) -> None:
    """What was stopped for want of a right is tried again, unless the right is known to be missing still."""
    if Right.WRITE_ORDERS not in lacks:
        write_again(connection, row.id)
    if row.stock_reason == Reason.WRITE_REFUSED and not {Right.READ_PRODUCTS, Right.WRITE_STOCK} & set(lacks):
        stock.try_again(connection, row.id)
        journal.add(connection, Line(Action.GO_ON, Outcome.STOCK), store_id=row.id)
    if Right.READ_PRODUCTS not in lacks:
        catalogue.read_again(connection, row.id, reason=Reason.WRITE_REFUSED)
