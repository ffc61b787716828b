"""What every page of the console takes at the server, beside a thousand orders and beside a million (CON-3).

python -m bench.console [--sizes 1000,1000000] [--rounds 60]

Pages are found in the map of addresses, so that a new one is measured too: what stands in an address for a store, an
order or an item is the busy shop's, else whatever the pages before link to. A page that is not reached is named.
"""

import argparse
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from html import unescape
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, Rule

from bench.scale import BASE, House, age, fill, open_house
from bench.servers import own_servers, percentile
from bench.tables import publish
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import users
from sandbox import open_sandbox
from schemas.users import Role
from tasks import users as user_tasks
from tasks.held import process
from tasks.stores import NewStore, connect_store
from workers.cli.hub.create import WantedOrder, draft_order
from workers.cli.hub.words import PricedRow
from workers.web import create_app
from workers.web.console.frame import roles

GOAL_MS: Final = 100
USER: Final = "bench"
NEW: Final = "new"  # a store that is being set up
KNOWS_NOTHING: Final = "/sign-in"  # asks for no order: what it takes more later, the machine takes

# Lists as people narrow them down: for a reason at its worst, every tenth order has it and none of the newest.
NARROWED: Final = (
    "/orders?state=skipped",
    "/orders?reason=status_not_imported",
    "/orders?store=quiet",
    "/orders?q=nobody",
    "/orders?q=PLAIN-001",
    "/activity?store=quiet",
    "/stock?differs=1",
)


def main() -> None:
    """Fill, look at every page, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="1000,1000000")
    arguments.add_argument("--rounds", type=int, default=60)
    given = arguments.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    taken: dict[str, list[list[float]]] = {}
    with own_servers() as (config, leaving):
        house = open_house(config, leaving)
        web, filled = create_app(config), 1
        client = _signed_in(web)
        shop = leaving.enter_context(open_sandbox("woocommerce", orders=0))
        connect_store(
            process(), NewStore("woocommerce", NEW, shop.url, dict(shop.credentials), {}, True, inactive=True)
        )
        for size in sizes:
            age(house)
            filled = fill(house, filled, size // BASE)
            tour = Tour(web, client, house)
            tour.go()
            for name, times in _look(client, tour.found, given.rounds).items():
                taken.setdefault(name, []).append(times)
            print(*(f"not reached: {rule}, {why}" for rule, why in tour.missed.items()), sep="\n", flush=True)
    rows = [(name, *_cells(times, taken[KNOWS_NOTHING])) for name, times in taken.items() if len(times) == len(sizes)]
    head = ["page, ms", *(f"{size:,}: least / p50 / p99" for size in sizes), "last ÷ first"]
    worst = max(percentile(times[-1], 0.99) for times in taken.values())
    rows.append((f"**the slowest p99 (goal: {GOAL_MS})**", *("" for _ in sizes[1:]), f"**{worst:.0f}**", ""))
    publish("console", rows, head=head)


def _cells(times: Sequence[list[float]], yardstick: Sequence[list[float]]) -> Iterator[str]:
    for one in times:
        yield f"{min(one):.1f} / {percentile(one, 0.5):.1f} / {percentile(one, 0.99):.1f}"
    busier = min(yardstick[-1]) / min(yardstick[0])  # the machine now, against then
    yield f"{min(times[-1]) / min(times[0]) / busier:.2f}"


def _signed_in(web: Flask) -> FlaskClient:
    client = web.test_client()
    with process().pool.connection() as connection:
        if users.named(connection, USER) is None:
            user_tasks.add_user(connection, USER, Role.ADMIN, "a horse and a battery")
        token = user_tasks.begin(connection, USER, now=process().now())
    with client.session_transaction() as cookie:
        cookie["token"] = token
    return client


def _own_order() -> str:
    """An order that no store knows: its number."""
    row = PricedRow("PLAIN-001", Decimal(1), Decimal(5))
    with process().pool.connection() as connection, connection.transaction():
        wanted = WantedOrder("Ada", (row,), tax=Decimal(19))
        (order_id,) = BuiltinHub(connection).carry_out([draft_order(connection, wanted)])
    return str(order_id)


def _look(client: FlaskClient, pages: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each, again and again in turn, so that a slow moment meets all."""
    taken: dict[str, list[float]] = {name: [] for name in pages}
    names = list(pages)
    for _ in range(rounds):
        random.shuffle(names)
        for name in names:
            taken[name].append(1000 * _seconds(client, pages[name]))
    return taken


def _seconds(client: FlaskClient, address: str) -> float:
    """To the last byte of a page; to the first lines of a file, which is as long as what is stored."""
    began = time.perf_counter()
    with client.get(address) as answer:
        assert answer.status_code == 200, (address, answer.status_code)
        if answer.is_streamed:
            next(answer.iter_encoded())
        else:
            assert answer.data
        return time.perf_counter() - began


# -- which pages there are ---------------------------------------------------------------------------------------------


class Tour:
    """Goes through the map of addresses: an address that answers for each page."""

    def __init__(self, web: Flask, client: FlaskClient, house: House) -> None:
        self._client, self._map = client, web.url_map.bind("localhost")
        pages = [rule for rule in web.url_map.iter_rules() if web.view_functions[rule.endpoint] in roles]
        self._left = {rule.rule: rule for rule in pages if "GET" in (rule.methods or ())}
        self._known = {
            "store": "big",
            "external_id": house.external_id,
            "reason": "status_not_imported",
            "number": _own_order(),
        }
        self._tried: dict[str, set[str]] = {rule: set(self._built(one)) for rule, one in self._left.items()}
        self.found: dict[str, str] = {}
        self.missed: dict[str, str] = {}

    def go(self) -> None:
        """Ask for all of them, and for what they link to, until no more is found."""
        before = -1
        while before != len(self.found):
            before = len(self.found)
            for rule in list(self._left):
                self._reach(rule)
        self.missed |= {rule: "nothing leads there" for rule in self._left if rule not in self.missed}
        self.found |= {address: address for address in NARROWED}

    def _reach(self, rule: str) -> None:
        for address in sorted(self._tried[rule]):
            answer = self._client.get(address)
            if answer.status_code == 200:
                self.found[rule] = address
                self.missed.pop(rule, None)
                del self._left[rule]
                if answer.mimetype == "text/html":
                    self._follow(answer.text)
                answer.close()
                return
            self.missed[rule] = f"{address} answers {answer.status_code}"

    def _built(self, rule: Rule) -> Iterator[str]:
        for name in ("big", NEW, USER):  # a store's, or a person's
            with suppress(BuildError):
                yield self._map.build(rule.endpoint, {**self._known, "name": name}, append_unknown=False)

    def _follow(self, page: str) -> None:
        for link in re.findall(r'href="(/[^"#]*)', page):
            path, _, query = unescape(link).partition("?")
            with suppress(HTTPException):
                rule, _ = self._map.match(path, query_args=query, return_rule=True)
                self._tried.setdefault(rule.rule, set()).add(unescape(link))


if __name__ == "__main__":
    main()
