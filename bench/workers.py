"""Orders per second with more worker processes.

python -m bench.workers [--orders 10000]
"""

import argparse
import os
import time
from typing import Final

from bench.order_house import imported, open_bench
from bench.servers import wait_until
from bench.tables import publish
from tasks import bells

PROCESSES: Final = (1, 2, 4)


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=10000)
    count = arguments.parse_args().orders
    rates = {processes: _rate(processes, count) for processes in PROCESSES}
    rows = [(str(processes), f"{rate:.0f}", f"{rate / rates[1]:.2f}") for processes, rate in rates.items()]
    publish("workers", rows, head=("worker processes of two slots", "orders/s", "against one"))
    print(f"\nThe machine has {os.cpu_count()} processors, which the shop, PostgreSQL and Redis use too.")


def _rate(processes: int, count: int) -> float:
    with open_bench(count) as bench:
        store_id = bench.connect()
        bench.start_workers(processes=processes)
        bench.start_beat()
        began = time.monotonic()
        bells.ring_fetch(store_id)
        wait_until(lambda: imported(store_id) == count, "all orders", seconds=600, every=0.25)
        rate = count / (time.monotonic() - began)
        bench.stop_programs()
        return rate


if __name__ == "__main__":
    main()
