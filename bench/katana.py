"""How many requests Katana is asked, the one thing that is scarce there: sixty a minute for the whole account (KAT-2).

python -m bench.katana [--orders 1000]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

from bench.replay import SEEDS
from bench.servers import own_servers
from bench.tables import publish
from connectors.postgres import order_view, stores
from sandbox import KatanaAccount, Oddities, RunningSandbox, open_sandbox, run_katana
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
TOGETHER: Final = 12  # orders of a message: as many as a worker brings to a Katana that takes its time in eight seconds
_LATER: Final = (
    "UPDATE katana_polls SET read_until = read_until - %(by)s, read_at = read_at - %(by)s",
    "UPDATE katana_mirror SET read_until = read_until - %(by)s, refreshed_at = NULL",
)


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=1000)
    count = arguments.parse_args().orders
    with own_servers() as _, run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=10**9))) as katana:
        held = choose(katana)
        publish("katana", list(_measure(held, katana.shop, count)))


def choose(katana: RunningSandbox[KatanaAccount]) -> Process:
    """The account becomes the hub, with all items of the shops."""
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
    return held


def _measure(held: Process, katana: KatanaAccount, count: int) -> Iterator[tuple[str, str]]:
    idle = _during(held, katana, [fetch_hub] * IDLE).total()
    imports, delivered = Counter[str](), 0
    for place, platform in enumerate(SEEDS):
        with open_sandbox(platform, orders=0) as shop:
            some = count // 3 + (place < count % 3)
            ids = _place(held, shop, platform, some, first_buyer=place * count)
            imports += _during(held, katana, _imports(held, platform, ids), is_at_limit=True)
            if platform == "woocommerce":
                delivered = _deliver(held, katana, shop, ids[:DELIVERED])
        print(f"orders of {platform} are in Katana", file=sys.stderr, flush=True)
    asked = imports.total()
    customers = len(list(katana.customers.table.view()))
    yield "orders of three shops, three lines and a fee each", str(count)
    yield "customers made for them, and items that were there", f"{customers}, 100"
    yield "requests for each order, its fee a row of the same (goal: 1.6)", f"{asked / count:.2f}"
    for route, requests in imports.most_common():
        yield f"… of them {route}", f"{requests / count:.3f}"
    yield f"… minutes for all, at {A_MINUTE} a minute", f"{asked / A_MINUTE:.0f}"
    yield "requests for each order that a shop delivers (goal: 3)", f"{delivered / DELIVERED:.2f}"
    yield "requests in a minute in which nothing moves (goal: 4)", f"{idle / IDLE:.1f}"
    busy = _during(held, katana, [fetch_hub] * IDLE).total()
    yield f"… where {count} orders came in the last twenty, which are read again", f"{busy / IDLE:.1f}"


def _place(held: Process, shop: RunningSandbox[Any], platform: str, count: int, *, first_buyer: int) -> list[str]:
    """A shop is connected, and its orders are known."""
    SEEDS[platform](shop.shop, orders=count, first_buyer=first_buyer)
    connect_store(held, NewStore(platform, platform, shop.url, shop.credentials, allow_insecure=True))
    return _due(held, platform, count)


def _imports(held: Process, platform: str, ids: list[str]) -> Iterator[Callable[[], object]]:
    """Orders come to Katana, some in a message."""
    store = _store(held, platform)

    def bring(some: list[str]) -> None:
        said = import_order(store, *some)
        assert said in (f"{len(some)} imported", "imported"), said

    return (partial(bring, ids[start : start + TOGETHER]) for start in range(0, len(ids), TOGETHER))


def _deliver(held: Process, katana: KatanaAccount, shop: RunningSandbox[Any], ids: list[str]) -> int:
    """How many requests orders take that their shop delivers."""
    fetch_hub()
    for external_id in ids:
        shop.shop.complete_order(int(external_id))
    sent = set(_due(held, "woocommerce", len(ids))) & set(ids)
    looks = [partial(change_order, _store(held, "woocommerce"), external_id) for external_id in sent]
    return _during(held, katana, looks, is_at_limit=True).total()


def _store(held: Process, name: str) -> int:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return row.id


def _due(held: Process, name: str, count: int) -> list[str]:
    store_id = _store(held, name)
    while fetch_orders(store_id) != "fetched":
        continue
    with held.pool.connection() as connection:
        found = order_view.orders(connection, order_view.OrderFilter(store_id), limit=2 * count)
    return [order.external_id for order in found if order.is_due]


def _during(
    held: Process, katana: KatanaAccount, work: Iterable[Callable[[], object]], *, is_at_limit: bool = False
) -> Counter[str]:
    """What was asked, by end points: each piece of work in a minute of its own, or as long as its requests take."""
    before = katana.calls.copy()
    for one in work:
        begun = _asked(katana)
        one()
        _let_pass(held, timedelta(minutes=(_asked(katana) - begun) / A_MINUTE if is_at_limit else 1))
    return katana.calls - before


def _let_pass(held: Process, time: timedelta) -> None:
    """Time goes by: the limit is given anew, and what was read of Katana is older."""
    held.redis.delete("storesync:katana:asked")
    with held.pool.connection() as connection:
        for statement in _LATER:
            connection.execute(statement, {"by": time})


def _asked(katana: KatanaAccount) -> int:
    return sum(katana.calls.values())


if __name__ == "__main__":
    main()
