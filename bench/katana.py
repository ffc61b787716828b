"""How many requests Katana is asked, the one thing that is scarce there: sixty a minute for the whole account (KAT-2).

python -m bench.katana [--orders 1000]
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Final

from bench.replay import SEEDS
from bench.servers import own_servers
from bench.tables import publish
from connectors.postgres import order_view, stores
from sandbox import KatanaAccount, Oddities, open_sandbox, run_katana
from schemas.settings import read_account_settings
from tasks.account import reconfigure_account
from tasks.fetch import fetch_orders
from tasks.held import Process, process
from tasks.hub_choice import prove_choice
from tasks.hub_news import fetch_hub
from tasks.orders.import_order import change_order, import_order
from tasks.stores import NewStore, connect_store
from workers.cli.start import upgrade

DELIVERED: Final = 20  # orders of a shop that it sends
IDLE: Final = 10  # minutes in which nothing moves
A_MINUTE: Final = 55  # requests


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=1000)
    count = arguments.parse_args().orders
    with own_servers() as _, run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=10**9))) as katana:
        held = process()
        with held.pool.connection() as connection:
            upgrade(connection)
        for number in range(1, 101):
            katana.shop.add_product(f"PLAIN-{number:03}", stock=100_000)
        given = {"hub": "katana", "katana.url": katana.url, "katana.allow_insecure": "on"}
        values = read_account_settings(given | {"katana.api_key": katana.credentials["api_key"]})
        values |= prove_choice(held, values)
        with held.pool.connection() as connection:
            reconfigure_account(held, connection, values)
        publish("katana", list(_measure(held, katana.shop, count)))


def _measure(held: Process, katana: KatanaAccount, count: int) -> Iterator[tuple[str, str]]:
    idle = _during(held, katana, [fetch_hub] * IDLE)
    _minute(held)
    begun = _asked(katana)
    delivered = 0
    for place, platform in enumerate(SEEDS):
        delivered += _import(held, katana, platform, count // 3 + (place < count % 3), first_buyer=place * count)
        print(f"orders of {platform} are in Katana", file=sys.stderr, flush=True)
    asked = _asked(katana) - begun - delivered
    customers = len(list(katana.customers.table.view()))
    yield "orders of three shops, three lines and a fee each", str(count)
    yield "customers made for them, and items that were there", f"{customers}, 100"
    yield "requests for each order, its fee a row of the same (goal: 1.6)", f"{asked / count:.2f}"
    yield f"… minutes for all, at {A_MINUTE} a minute", f"{asked / A_MINUTE:.0f}"
    yield "requests for each order that a shop delivers (goal: 3)", f"{delivered / DELIVERED:.2f}"
    yield "requests in a minute in which nothing moves (goal: 4)", f"{idle / IDLE:.1f}"
    busy = _during(held, katana, [fetch_hub] * IDLE)
    yield f"… where {count} orders came in the last twenty, which are read again", f"{busy / IDLE:.1f}"


def _import(held: Process, katana: KatanaAccount, platform: str, count: int, *, first_buyer: int) -> int:
    """Bring a shop's orders in; how many requests those took that WooCommerce delivers afterwards."""
    with open_sandbox(platform, orders=0) as shop:
        SEEDS[platform](shop.shop, orders=count, first_buyer=first_buyer)
        connect_store(held, NewStore(platform, platform, shop.url, shop.credentials, allow_insecure=True))
        with held.pool.connection() as connection:
            row = stores.find_store(connection, platform)
        assert row is not None
        ids = _due(held, row.id, count)
        for external_id in ids:
            _minute(held)
            assert import_order(row.id, external_id) == "imported", external_id
        if platform != "woocommerce":
            return 0
        fetch_hub()
        before = _asked(katana)
        for external_id in ids[:DELIVERED]:
            shop.shop.complete_order(int(external_id))
        sent = set(_due(held, row.id, count)) & set(ids[:DELIVERED])
        for external_id in sent:
            _minute(held)
            change_order(row.id, external_id)
        return _asked(katana) - before


def _due(held: Process, store_id: int, count: int) -> list[str]:
    while fetch_orders(store_id) != "fetched":
        continue
    with held.pool.connection() as connection:
        found = order_view.orders(connection, order_view.OrderFilter(store_id), limit=2 * count)
    return [order.external_id for order in found if order.is_due]


def _during(held: Process, katana: KatanaAccount, work: list[Callable[[], object]]) -> int:
    before = _asked(katana)
    for one in work:
        _minute(held)
        one()
    return _asked(katana) - before


def _minute(held: Process) -> None:
    """A minute goes by: the limit is given anew."""
    held.redis.delete("storesync:katana:asked")


def _asked(katana: KatanaAccount) -> int:
    return sum(katana.calls.values())


if __name__ == "__main__":
    main()
