"""Thirty tabs of the console are open, and a shop's message is answered as if none was: none holds a thread (CON-4)."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from threading import Event
from time import monotonic, sleep
from typing import Any, Final

import pytest
import requests

from connectors.postgres import journal, stores
from sandbox import RunningSandbox
from schemas.journal import Action, Line, Outcome
from schemas.users import Role
from tasks.held import process
from tests.connectors import signing
from tests.flows.house import House
from tests.flows.test_door import health, shop
from tests.ports import free_ports
from tests.waiting import wait_until
from tests.workers.web.console.browsing import Person, add_user

__all__ = ["shop"]

TABS: Final = 30
MESSAGES: Final = 20
EVERY: Final = 0.06  # seconds between two messages, each beside news for all tabs
HURRY: Final = 0.15  # of the pause that a browser makes: more than six times the questions that thirty tabs have
PAGES: Final = ("/", "/orders", "/needs", "/activity", "/stores", "/stores/acme")

pytestmark = [pytest.mark.flow, pytest.mark.timeout(120)]


class Tab:
    """What console.js does: it asks what moved, and for the regions of its page when something did."""

    def __init__(self, base: str, page: str, cookies: requests.cookies.RequestsCookieJar) -> None:
        self.address, self.live = base + page, f"{base}/live?topics=news"
        self.browser = requests.Session()
        self.browser.cookies = cookies
        self.last, self.renewed = "", 0

    def look(self, is_over: Event) -> int:
        """Until the end; how often a region was renewed."""
        while not (page := self.ask(self.address)) and not is_over.wait(HURRY):
            pass  # too many at once: a page that says so loads itself again
        regions = re.findall(r'id="(\w+)"[^>]* data-live="news"', page)
        assert regions, self.address
        pause = 0.0
        while not is_over.wait(pause):
            said = self.ask(self.live, {"Last-Event-ID": self.last} if self.last else {})
            pause = HURRY * float(re.findall(r"^retry: (\d+)$", said, re.MULTILINE)[0]) / 1000
            self.last = next(iter(re.findall(r"^id: (\d+)$", said, re.MULTILINE)), self.last)
            for region in regions * ("event: moved" in said):
                self.renewed += f'id="{region}"' in self.ask(f"{self.address}?part={region}")
        return self.renewed

    def ask(self, address: str, headers: dict[str, str] | None = None) -> str:
        """What is there; nothing where too many pages are being made, which no stream says."""
        answer = self.browser.get(address, headers=headers, timeout=30)
        assert answer.status_code == 200 or (answer.status_code == 503 and address != self.live), answer.status_code
        return answer.text if answer.ok else ""


@contextmanager
def tabs(base: str) -> Iterator[list[int]]:
    """So many tabs of one person; at the end how often each renewed a region."""
    person, is_over = Person(base), Event()
    assert person.sign_in(add_user(process(), Role.VIEWER)).status_code == 303
    renewed: list[int] = []
    with ThreadPoolExecutor(TABS) as people:
        opened = [Tab(base, PAGES[number % len(PAGES)], person.browser.cookies) for number in range(TABS)]
        looking = [people.submit(tab.look, is_over) for tab in opened]
        try:
            wait_until(
                lambda: all(tab.last or one.done() for tab, one in zip(opened, looking, strict=True)), what="all tabs"
            )
            yield renewed
        finally:
            is_over.set()
        renewed += [one.result() for one in looking]


def test_CON_4_a_shop_is_answered_at_once_while_thirty_tabs_are_open(house: House, shop: RunningSandbox[Any]) -> None:
    (port,) = free_ports(1)
    house.start("web", sys.executable, "-m", "workers.web", "--port", str(port))
    acme = house.connect(shop, "acme")
    with process().pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    secret = process().secrets.unlock(row.credentials)["webhook_secret"]
    headers, body = signing.woocommerce(secret, "order.updated", b'{"id": 7}')
    door = f"http://127.0.0.1:{port}/webhooks/woocommerce/{row.webhook_token}"
    wait_until(lambda: health(port), seconds=30, what=f"the web process\n{house.logs()}")

    took = []
    with tabs(f"http://127.0.0.1:{port}") as renewed, requests.Session() as caller:
        for _ in range(MESSAGES):
            with process().pool.connection() as connection:
                journal.add(connection, Line(Action.RECONFIGURE, Outcome.SAVED), store_id=acme)
            began = monotonic()
            assert caller.post(door, body, headers=headers, timeout=30).status_code == 200
            took.append(monotonic() - began)
            sleep(EVERY)

    assert median(took) < 0.1, took
    assert sum(renewed) > TABS, renewed  # and they saw what is new meanwhile
