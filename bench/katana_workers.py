"""What orders cost at Katana's real limit, brought in by workers, while beat has it asked what moved.

python -m bench.katana_workers [--orders 150]
"""

import argparse
import time
from collections import Counter
from contextlib import ExitStack
from typing import Final

from bench.katana import choose
from bench.order_house import Bench, connect, imported
from bench.servers import own_servers, wait_until
from bench.tables import publish
from sandbox import KatanaAccount, Oddities, open_sandbox, run_katana, seed_plain
from tasks import bells

TAKES_SECONDS: Final = 0.3  # of each request to Katana


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=150)
    count = arguments.parse_args().orders
    account = KatanaAccount(Oddities(webhooks_by_hand=True))
    with (
        own_servers() as (config, leaving),
        run_katana(account) as katana,
        open_sandbox("woocommerce", orders=0) as shop,
    ):
        choose(katana)
        seed_plain(shop.shop, orders=count)
        katana.faults.set_pace(slow_seconds=TAKES_SECONDS)
        katana.faults.set_rates({"slow": 1.0})
        bench = Bench(config, {"url": shop.url}, leaving.enter_context(ExitStack()))
        bench.start_workers()
        bench.start_beat()
        before, began = account.calls.copy(), time.monotonic()
        store_id = connect("acme", shop.url, dict(shop.credentials))
        bells.ring_fetch(store_id)
        wait_until(lambda: imported(store_id) == count, "all orders", seconds=20 * count, every=1)
        minutes, calls = (time.monotonic() - began) / 60, account.calls - before
        bench.stop_programs()
    publish("katana_workers", _rows(count, minutes, calls))


def _rows(count: int, minutes: float, calls: Counter[str]) -> list[tuple[str, str]]:
    return [
        ("orders of a shop, every second one of a new customer", str(count)),
        ("minutes for all", f"{minutes:.1f}"),
        ("requests for each order, all polls included", f"{calls.total() / count:.2f}"),
        *((f"… {route}", str(requests)) for route, requests in calls.most_common()),
    ]


if __name__ == "__main__":
    main()
