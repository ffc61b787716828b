"""CPU of commands as people type them: user and system, of the process and whatever it waited for.

python -m bench.startup --times 9
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import click

from connectors.config import Config
from sandbox import open_sandbox
from tasks.fetch import fetch_orders
from tasks.held import close_process, configure
from tasks.orders.import_order import import_order
from workers.embedded import stop_servers
from workers.servers import find_servers

STORESYNC = Path(sys.executable).with_name("storesync")
HELP = 0.25  # s, the goal for the list of commands
OTHERS = 0.45  # s, the goal for everything else

COMMANDS = (
    "--help",
    "store list",
    "store show acme",
    "store set acme stock.buffer=0",
    "store check acme",
    "order list",
    "order show acme {order}",
    "explain acme {order}",
    "journal",
    "hub order list",
    "hub product list",
    "hub stock adjust {sku} 1",
    "stock show {sku}",
    "location list",
    "account show",
    "rates list",
    "db status",
    "retry acme {order}",
    "sync acme",
    "enqueue ring_due",
    "doctor",
)


@click.command()
@click.option(
    "--times", default=9, show_default=True, type=click.IntRange(1), help="Runs of each; the median is shown."
)
def main(times: int) -> None:
    """Print the table."""
    with _home() as known:
        print("| command | CPU s, median | least |\n| --- | --- | --- |")
        for command in COMMANDS:
            runs = [_cpu(command.format(**known).split()) for _ in range(times)]
            print(f"| `{command.format(**known)}` | {median(runs):.2f} | {min(runs):.2f} |", flush=True)


@contextmanager
def _home() -> Iterator[dict[str, str]]:
    """A home with a connected shop whose orders came in: an order and a SKU of it."""
    home = Path(tempfile.mkdtemp(prefix="storesync-bench-"))
    home.chmod(0o711)  # PostgreSQL does not run as root, and must get in
    os.environ["STORESYNC_HOME"] = str(home)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        leaving.callback(stop_servers, Config("", "", home, "", "text"))
        shop = leaving.enter_context(open_sandbox("woocommerce", orders=40))
        given = [f"--credential={key}={value}" for key, value in shop.credentials.items()]
        _asked("store", "connect", "woocommerce", "acme", "--url", shop.url, *given, "--allow-insecure")
        configure(find_servers())
        leaving.callback(close_process)
        order, sku = _import()
        yield {"order": order, "sku": sku}


def _import() -> tuple[str, str]:
    """The shop's orders into the hub, as workers would bring them: the id of one, and a SKU."""
    store = _asked("store", "show", "acme")["id"]
    fetch_orders(store)
    due = [order["external_id"] for order in _asked("order", "list") if order["is_due"]]
    imported = [order for order in due if import_order(store, order) == "imported"]
    return imported[0], next(item["sku"] for item in _asked("hub", "product", "list") if item["sku"])


def _asked(*arguments: str) -> Any:
    """The document of a command."""
    said = subprocess.run([STORESYNC, *arguments, "--json"], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def _cpu(arguments: list[str]) -> float:
    """CPU seconds of one command; its exit code says nothing here, `doctor` finds no workers."""
    command = subprocess.Popen([STORESYNC, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode == 0 or arguments == ["doctor"], arguments
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
