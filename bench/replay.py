"""How long `storesync replay` takes over many orders of three shops that no rule would bring otherwise.

python -m bench.replay [--orders 10000]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.servers import own_servers
from connectors.postgres import order_view, stores
from sandbox import open_sandbox, seed_plain, seed_plain_bigcommerce, seed_shopify_plain
from tasks.fetch import fetch_orders
from tasks.held import Process, process
from tasks.orders.import_order import import_order
from tasks.stores import NewStore, connect_store
from workers.cli.start import upgrade

ROOT: Final = Path(__file__).parent.parent
SEEDS: Final[dict[str, Callable[..., None]]] = {
    "bigcommerce": seed_plain_bigcommerce,
    "shopify": seed_shopify_plain,
    "woocommerce": seed_plain,
}


def main() -> None:
    """Import, replay in a process of its own, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=10_000)
    count = arguments.parse_args().orders
    with own_servers() as _:
        held = process()
        with held.pool.connection() as connection:
            upgrade(connection)
        for place, platform in enumerate(SEEDS):
            _import(held, platform, count // 3 + (place < count % 3))
        started, before = time.monotonic(), os.times()
        done = subprocess.run(
            [str(Path(sys.executable).with_name("storesync")), "replay", "--json"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        took, after = time.monotonic() - started, os.times()
        said: dict[str, Any] = json.loads(done.stdout)
    assert (said["compared"], said["different"]) == (count, 0), {**said, "differences": said["differences"][:3]}
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    print("\n| figure | measured |\n| --- | --- |")
    print(f"| orders of three shops, three lines each, compared | {said['compared']} |")
    print(f"| **seconds until the command ends (goal: under 60)** | **{took:.1f}** |")
    print(f"| orders/s | {count / took:.0f} |")
    print(f"| CPU ms per order: the command, its start included | {1000 * cpu / count:.2f} |")


def _import(held: Process, platform: str, count: int) -> None:
    with open_sandbox(platform, orders=0) as shop:
        SEEDS[platform](shop.shop, orders=count)
        connect_store(held, NewStore(platform, platform, shop.url, shop.credentials, allow_insecure=True))
        with held.pool.connection() as connection:
            row = stores.find_store(connection, platform)
        assert row is not None
        while fetch_orders(row.id) != "fetched":
            continue
        with held.pool.connection() as connection:
            found = order_view.orders(connection, order_view.OrderFilter(row.id), limit=count)
        for order in found:
            import_order(row.id, order.external_id)
    print(f"{count} orders of {platform} are in the hub", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
