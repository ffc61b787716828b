"""The pages in a browser: no violation of axe, nothing overflows, every control by keyboard, live without a reload.

Debian's chromium is looked with; where it is not there these skip, and fail where CI is set.
"""

import os
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from schemas.users import Role
from tasks.held import Process
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop
from tests.workers.cli.shops import place, place_raw
from tests.workers.web.console.browsing import PASSWORD, add_user

CHROMIUM: Final = Path("/usr/bin/chromium")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all pages."""
    if not CHROMIUM.exists():
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"{CHROMIUM} is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        with playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags) as browser:
            yield browser


@pytest.fixture
def addresses(held: Process, shop: Shop, acme: int) -> list[str]:
    """The pages, of a store with orders in every state."""
    good = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    bad = [place_raw(shop, total="n/a"), place_raw(shop, total="none")]
    place(shop, status="pending")
    import_all(held, acme)
    orders = [f"/orders/acme/{good}", f"/orders/acme/{bad[0]}"]
    lists = ["/orders", "/orders?store=acme&state=failed&reason=invalid_payload", "/orders?state=deleted"]
    return ["/", *lists, *orders, "/needs", "/needs/invalid_payload/retry", "/account/you", "/orders/acme/none"]


@pytest.fixture
def sit_down(held: Process, web: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A page of somebody who is signed in."""
    contexts: list[Any] = []
    name = add_user(held, Role.OPERATOR)

    def open_page(**how: Any) -> Page:
        contexts.append(browser.new_context(base_url=web, **how))
        page: Page = contexts[-1].new_page()
        page.goto("/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("button")
        page.wait_for_url("**/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def axe() -> str:
    """The script of axe-core."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()


def troubles(page: Page) -> list[str]:
    """What axe finds, and whether anything is wider than the screen."""
    found = page.evaluate("axe.run(document)")["violations"]
    said = [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        said.append("wider than the screen")
    return said


def look(page: Page, address: str) -> list[str]:
    """One page, closed and with all its details open."""
    page.goto(address)
    page.evaluate(SOURCE)
    if folder := os.environ.get("CONSOLE_PICTURES"):
        name = f"{address.strip('/').replace('/', '-').replace('?', '-') or 'home'}-{page.viewport_size['width']}"  # type: ignore[index]
        scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
        page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)
    return [f"{address}: {said}" for said in troubles(page)]


SOURCE: Final = axe()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_CON_4_no_violation_and_nothing_overflows(
    addresses: list[str], sit_down: Callable[..., Page], size: dict[str, int], scheme: str
) -> None:
    page = sit_down(viewport=size, color_scheme=scheme, bypass_csp=True)

    assert [said for address in addresses for said in look(page, address)] == []
