"""A shop's registered customers into the hub, by a person's wish (STG-2). It makes customers only, and tells nobody."""

from collections.abc import Callable, Sequence

from connectors.hubs import facts_of, our_hub
from connectors.postgres import Connection, journal, links, stores
from connectors.postgres.rows import StoreRow
from schemas.actions import AddCustomers
from schemas.customers import StoreCustomer
from schemas.errors import SettingRefused
from schemas.groups import Group
from schemas.journal import Action, Line, Outcome
from tasks.held import Process


def bring_customers(held: Process, row: StoreRow, *, on_page: Callable[[int], None]) -> dict[str, int]:
    """Page by page, each kept as it comes: how many were made and known. `on_page` hears how many a page had.

    Whom the store's orders brought already stays who they are (MAP-2), so that the same again does no harm. Raises
    SettingRefused for a hub that takes none, and a ConnectorError.
    """
    with held.pool.connection() as connection:
        facts = facts_of(stores.account(connection).hub)
    if not facts.takes_customers:
        raise SettingRefused("hub", f"customers come to {facts.name} with their orders, and not by themselves")
    seen = made = 0
    for page in held.connector(row).customers():
        with held.pool.connection() as connection:
            made += _keep(connection, row.id, page)
        seen += len(page)
        on_page(len(page))
    counts = {"made": made, "known": seen - made}
    with held.pool.connection() as connection:
        journal.add(connection, Line(Action.IMPORT_CUSTOMERS, Outcome.IMPORTED, None, counts), store_id=row.id)
    return counts


def _keep(connection: Connection, store_id: int, page: Sequence[StoreCustomer]) -> int:
    """How many of them are new to the hub."""
    hub = our_hub(connection)
    with hub.unit():
        known = links.links(connection, store_id, items=(), customers=[one.id for one in page]).customers
        new = {one.id: (one.id, one.name, one.email) for one in page if one.id not in known}
        if not new:
            return 0
        action = AddCustomers(tuple(new.values()))
        answers = hub.apply([Group("customers", (action,))])
        (done,) = [made for _, made in answers.by_name["customers"].made]
        links.keep_links(connection, store_id, done.links)
        return int(done.id)
