"""The pages in a browser: no violation of axe, nothing overflows, every control by keyboard, live without a reload.

Debian's chromium is looked with; where it is not there these skip, and fail where CI is set.
"""

import os
import re
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from connectors import platforms
from connectors.postgres import count_files, jobs, stores
from schemas.jobs import JobTrouble, Wish
from schemas.stores import StoreState
from schemas.users import Role
from tasks import jobs as job_tasks
from tasks.held import Process
from tasks.jobs import do_job
from tasks.rules.setting_changes import version_of
from tasks.stock.count import count_kept_file
from tasks.stock.push import push_stock
from tests.tasks.conftest import connect, import_all
from tests.tasks.orders.looking import Shop, rung, store_of
from tests.tasks.stock.stocking import add, let_stock_wait_pass
from tests.workers.cli.shops import place, place_raw
from tests.workers.cli.stocking import offer, shown
from tests.workers.web.console.browsing import PASSWORD, add_user
from workers.web.console.store_settings import STOCK

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]  # one for all

CHROMIUM: Final = Path("/usr/bin/chromium")
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
NARROW: Final[ViewportSize] = {"width": 360, "height": 740}


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
    orders += [f"/orders/acme/{good}/{what}" for what in ("deliver", "invoice", "mark", "delete")]
    lists = ["/orders", "/orders?store=acme&state=failed&reason=invalid_payload", "/orders?state=deleted"]
    others = ["/needs", "/needs/invalid_payload/retry", "/account/you", "/orders/acme/none", "/sign-in"]
    others += [
        "/stores",
        "/stores/acme",
        *(f"/stores/acme/{tab}" for tab in ("orders", "products", "inventory", "webhooks", "connection")),
        "/stores/acme/activity",
        "/stores/acme/disconnect",
        *_with_jobs(held, acme),
        "/activity",
        "/stores/connect",
        "/stores/connect?platform=shopify&url=https%3A%2F%2Fnorth.myshopify.com&name=east",
        *_setting_up(held),
        "/account/users",
        "/account/users/admin",
        "/account/users/admin/remove",
        "/account",
        "/account/locations",
        "/account/locations/remove?code=main",
        "/account/rates",
        "/account/alarms",
        "/system",
        "/stock",
        "/stock?q=hook&differs=1",
        "/stock/sku/HOOK-FRG",
        f"/stock/push?job={previewed(held, acme)}",
        *counted(held),
        "/stock/adjust?sku=HOOK-FRG",
        "/stock/add",
        "/stock/mos",
    ]
    return ["/", *lists, *orders, *others]


def _with_jobs(held: Process, store_id: int) -> list[str]:
    """Pages that say how far a worker is, and what other settings would bring."""
    row = store_of(held, store_id)
    given = {"stock.sync": True}
    version = version_of(row.settings, STOCK, platform=platforms.record(row.platform))
    loss = {"shows": 9, "would_show": 1, "uncounted": {"HOOK-FRG": 8}}
    coming = {"reasons": {}, "worth": {}, "stay": {}, "unread": 0, "is_all": True}
    with held.pool.connection() as connection:
        wish = Wish("foresee_settings", store_id, {"given": given, "version": version})
        foreseen = jobs.ask(connection, wish, locked=None, most=9)
        going = jobs.ask(connection, Wish("check", store_id), locked=None, most=9)
        assert foreseen
        jobs.finish(connection, foreseen, {"coming": coming, "loss": loss, "sells_again": True})
    return [f"/stores/acme/inventory?form=stock&job={foreseen}", f"/stores/acme/connection?job={going}"]


def _setting_up(held: Process) -> list[str]:
    """A store that is set up, with all that its shop said; and one that could not be connected."""
    values = stores.StoreValues("north", "shopify", "https://north.myshopify.com", "", {}, state=StoreState.INACTIVE)
    place = {"id": "7", "name": "Berlin", "is_active": True, "is_default": True}
    right = {"right": "write_stock", "names": ["write_inventory"], "needed_by": ["stock.sync"]}
    orders = {"outcomes": {"create": 12, "skip": 3}, "reasons": {"on_hold": 3}}
    skus = {key: {"number": 1, "few": ["A-1"]} for key in ("both", "new", "doubled", "missing")}
    said: dict[str, dict[str, Any]] = {
        "check": {"rights": [right | {"granted": False, "cure": "Dev Dashboard"}], "ok": False},
        "locations": {"places": [{"id": "7", "at_store": place, "code": None}]},
        "foretell": {"orders": orders, "skus": skus, "without_sku": 2, "stock": None},
    }
    with held.pool.connection() as connection:
        store_id = stores.connect_store(connection, values)
        for kind, result in said.items():
            job = jobs.ask(connection, Wish(kind, store_id), locked=None, most=9)
            assert job
            jobs.finish(connection, job, result)
        away = jobs.ask(connection, Wish("connect_store"), locked=None, most=9)
        assert away
        jobs.fail(connection, away, JobTrouble("the shop did not answer within 30 s", "store_unavailable"))
    given = "platform=woocommerce&url=https%3A%2F%2Fshop.example&name=south"
    return ["/stores/north/setup", f"/stores/connect?{given}&job={away}"]


def counted(held: Process) -> list[str]:
    """Pages of a file that would be counted, of one that is wrong, and of a count that is to be taken back."""
    files = {"good.csv": "sku,qty\nHOOK-FRG,9000\n", "wrong.csv": "sku,qty\nNONE,1\n"}
    pages = ["/stock/count/undo?count=1"]
    with held.pool.connection() as connection:
        for name, text in files.items():
            id_ = count_files.keep(connection, name=name, content=text, location="main", who="admin")
            number = job_tasks.ask(held, connection, Wish("try_count", arguments={"file": id_, "again": True}))
            assert job_tasks.do_job(number) == "done"
            pages.append(f"/stock/count?job={number}")
    assert count_kept_file(held, 1, is_again=True).count_id == "1"
    return pages


def previewed(held: Process, store_id: int) -> int:
    """The number of a job that previewed a push of everything to a store."""
    with held.pool.connection() as connection:
        number = job_tasks.ask(held, connection, Wish("try_push", arguments={"stores": [store_id], "skus": []}))
    assert job_tasks.do_job(number) == "done"
    return number


@pytest.fixture
def sit_down(held: Process, web: str, browser: Browser) -> Iterator[Callable[[], Page]]:
    """A page of somebody who is signed in."""
    contexts: list[Any] = []
    name = add_user(held, Role.ADMIN)

    def open_page() -> Page:
        contexts.append(browser.new_context(base_url=web, viewport=WIDE))
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


SOURCE: Final = axe()
FULL: Final = "axe.run(document)"
COLOURS: Final = "axe.run(document, {runOnly: ['color-contrast', 'link-in-text-block']})"  # a scheme changes no more


def troubles(page: Page, run: str) -> list[str]:
    """What axe finds, and whether anything is wider than the screen."""
    found = page.evaluate(run)["violations"]
    said = [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        said.append("wider than the screen")
    return said


def look(page: Page, address: str) -> list[str]:
    """One page, wide and narrow, light and dark; CONSOLE_PICTURES names a folder for pictures of it."""
    page.emulate_media(color_scheme="light")
    answer = page.goto(address)
    page.evaluate(SOURCE)
    found = [] if answer and answer.status < 500 else [f"{address} is not made"]
    for scheme, run in (("light", FULL), ("dark", COLOURS)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            found += [f"{address} {scheme} {size['width']}: {said}" for said in troubles(page, run)]
            if folder := os.environ.get("CONSOLE_PICTURES"):
                name = re.sub(r"\W+", "-", address).strip("-") or "home"
                page.screenshot(path=f"{folder}/{name}-{size['width']}-{scheme}.png", full_page=True)
    return found


def test_CON_4_no_violation_of_axe_and_nothing_overflows(addresses: list[str], sit_down: Callable[[], Page]) -> None:
    page = sit_down()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Security Policy" in said.text else None)
    page.on("pageerror", lambda error: refused.append(str(error)))

    assert [said for address in addresses for said in look(page, address)] == []
    assert refused == []


FOCUSABLE: Final = """[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter((one) => one.tabIndex >= 0 && one.checkVisibility() && (one.type !== 'radio' || one.checked)).length"""
FOCUSED: Final = """(() => { const one = document.activeElement, how = getComputedStyle(one);
    return [one.outerHTML.slice(0, 120), how.outlineStyle, how.outlineWidth]; })()"""


@pytest.mark.parametrize(
    "address", ["/", "/orders?state=failed", "/needs", "/stores/acme/inventory", "/stores/north/setup"]
)
def test_CON_4_every_control_is_reached_by_keyboard_and_shows_it(
    addresses: list[str], sit_down: Callable[[], Page], address: str
) -> None:
    page = sit_down()
    page.goto(address)

    many = page.evaluate(FOCUSABLE)
    reached = []
    for _ in range(many):
        page.keyboard.press("Tab")
        reached.append(tuple(page.evaluate(FOCUSED)))

    assert many > 10
    assert {(style, width) for _, style, width in reached} == {("solid", "2px")}
    assert [html for html, *_ in reached if html.startswith("<body")] == []


def test_CON_3_what_moved_comes_without_a_reload(
    held: Process, shop: Shop, acme: int, sit_down: Callable[[], Page]
) -> None:
    page = sit_down()
    page.goto("/orders")
    page.get_by_text("Live", exact=True).wait_for(timeout=60_000)
    order = place(shop, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    import_all(held, acme)

    page.get_by_role("link", name=order, exact=True).wait_for(timeout=60_000)

    assert page.get_by_text("No store has shown an order yet").count() == 0


def test_STG_3_what_a_worker_found_comes_to_the_page_without_a_reload(
    held: Process, acme: int, sit_down: Callable[[], Page]
) -> None:
    page = sit_down()
    page.goto("/stores/acme/inventory")
    page.check("#stock-sync")
    page.get_by_role("button", name="Preview the change").first.click()
    page.get_by_text("The preview: asked of the shop").wait_for(timeout=60_000)
    assert page.evaluate("document.activeElement.id") == "said"
    with held.pool.connection() as connection:
        job = jobs.latest(connection, "foresee_settings", acme)
    assert job is not None

    assert do_job(job.id) == "done"

    page.get_by_text("Before this is saved").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="Stop asking").count() == 0


def test_STG_3_where_somebody_waited_for_a_worker_stands_what_came_of_it(
    held: Process, acme: int, sit_down: Callable[[], Page]
) -> None:
    page = sit_down()
    page.goto("/stores/acme/setup")
    page.locator("#preview").get_by_role("button", name="Ask the shop").click()
    page.get_by_text("What an activation would bring: asked of the shop").wait_for(timeout=60_000)
    with held.pool.connection() as connection:
        job = jobs.latest(connection, "foretell", acme)
    assert job is not None

    assert do_job(job.id) == "done"

    page.get_by_text("This is what activating would bring").wait_for(timeout=60_000)
    assert page.get_by_text("What an activation would bring: asked").count() == 0


def test_STK_10_a_push_is_previewed_held_agreed_to_and_told(
    held: Process, shop: Shop, sit_down: Callable[[], Page]
) -> None:
    add(held, "NEVER")
    store = connect(held, shop, "acme", **{"stock.sync": True})
    offer(shop, "NEVER", 7)
    page = sit_down()
    page.goto("/stock")
    page.get_by_role("link", name="Preview a push").click()
    page.get_by_label("These, one a line").check()
    page.get_by_label("SKUs, one a line", exact=True).fill("NEVER")
    page.get_by_role("button", name="Preview what they would be told").click()
    page.get_by_text("asked of the shop").wait_for()
    (job,) = (arguments for arguments in rung(held.redis, "fetch") if len(arguments) == 1)
    job_tasks.do_job(job[0])

    page.get_by_text("Held: acme would go from").wait_for(timeout=60_000)  # by itself, without a reload
    page.get_by_label("These figures are right").check()
    page.get_by_label("Type the store's name").fill("acme")
    page.get_by_role("button", name="Tell acme all 1").click()
    job_tasks.do_job(rung(held.redis, "fetch")[-1][0])
    page.get_by_text("acme is told: 1 SKU is looked at.").wait_for(timeout=60_000)
    let_stock_wait_pass(held, store)
    push_stock(store)

    page.get_by_text("1 told, 0 shown already").wait_for(timeout=60_000)
    assert shown(shop, "NEVER") == [0]
