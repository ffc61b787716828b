"""Who may what, held in the server whatever a page shows (CON-2), and what every answer carries."""

from collections.abc import Iterator
from typing import Final

import pytest
from werkzeug.routing import Rule

from connectors.config import Config
from connectors.postgres import journal
from schemas.users import Role
from tasks.held import Process
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop
from tests.workers.cli.shops import place_raw
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People
from workers.web import create_app
from workers.web.console import frame

OPEN: Final = {"/sign-in", "/first"}
# What there was before, and files.
NO_PAGES: Final = {"/webhooks/<platform>/<token>", "/healthz", "/health", "/readyz", "/metrics"}
FILES: Final = {"/console/<path:filename>", "/bootstrap/static/<path:filename>"}


def rules(config: Config) -> Iterator[tuple[Rule, Role | None]]:
    """Every page, and who may have it."""
    web = create_app(config)
    for rule in web.url_map.iter_rules():
        if rule.rule not in NO_PAGES | FILES:
            yield rule, frame.roles[web.view_functions[rule.endpoint]]


def path_of(rule: Rule) -> str:
    """An address of a page."""
    filled = (
        rule.rule.replace("<store>", "acme")
        .replace("<path:external_id>", "1")
        .replace("<path:sku>", "A-1")
        .replace("<mo>", "1")
        .replace("<reason>", "on_hold")
        .replace("<name>", "viewer")
        .replace("<number>", "1")
    )
    assert "<" not in filled
    return filled


def test_CON_2_no_page_without_a_session(config: Config, stranger: Person) -> None:
    for rule, role in rules(config):
        for method in rule.methods & {"GET", "POST"}:  # type: ignore[operator]
            answer = stranger.browser.request(method, stranger.base + path_of(rule), allow_redirects=False, timeout=30)
            is_kept_out = answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in")
            assert is_kept_out is (rule.rule not in OPEN), (method, rule.rule, answer.status_code)
            assert (role is None) is (rule.rule in OPEN)


def test_CON_2_a_viewer_who_posts_is_refused(config: Config, viewer: Person) -> None:
    token = viewer.token("/orders")
    refused = {
        path_of(rule): viewer.post(path_of(rule), csrf_token=token).status_code
        for rule, role in rules(config)
        if "POST" in (rule.methods or ()) and role not in {None, Role.VIEWER}
    }

    assert refused
    assert set(refused.values()) == {403}
    assert viewer.get("/needs/invalid_payload/retry").status_code == 403


def test_CON_2_every_form_asks_for_its_token(config: Config, admin: Person) -> None:
    for rule, _ in rules(config):
        if "POST" in (rule.methods or ()):
            assert admin.post(path_of(rule), csrf_token="x").status_code in {400, 404}, rule.rule
    assert admin.get("/").status_code == 200


def test_CON_2_buttons_are_for_who_may_press_them(
    held: Process, shop: Shop, acme: int, viewer: Person, people: People
) -> None:
    order = place_raw(shop, total="n/a")
    import_all(held, acme)
    operator = people(Role.OPERATOR)

    for path in (f"/orders/acme/{order}", "/needs"):
        assert "/retry" in operator.get(path).text
        assert "/retry" not in viewer.get(path).text
        assert "Operators can retry" in viewer.text(path)


def test_CON_1_a_retry_is_the_command_s_and_journaled_with_who_pressed_it(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    orders = [place_raw(shop, total="n/a") for _ in range(2)]
    import_all(held, acme)

    one = operator.post(f"/orders/acme/{orders[0]}/retry", page="/needs")
    twice = operator.post(f"/orders/acme/{orders[0]}/retry", page="/needs")
    assert (one.status_code, twice.status_code) == (303, 303)
    assert one.headers["Location"] == f"/orders/acme/{orders[0]}#said"
    assert "looked at again" in operator.text(f"/orders/acme/{orders[0]}")
    assert "Retry both" in operator.text("/needs/invalid_payload/retry?store=acme")
    both = operator.post("/needs/invalid_payload/retry?store=acme", page="/needs")

    assert both.headers["Location"] == "/needs#said"
    assert "2 orders will be looked at again" in operator.text("/needs")
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(acme))
    retried = sorted((line.external_id, line.who) for line in lines if line.action == "retry")
    assert retried == sorted((order, "operator") for order in (orders[0], orders[0], *orders))
    assert "operator" in operator.text(f"/orders/acme/{orders[1]}").partition("How it came to be")[2]


def test_BEY_6_what_was_deleted_in_the_hub_comes_back_by_a_button(
    held: Process, acme: int, shop: Shop, operator: Person
) -> None:
    order = place_raw(shop, total="n/a")
    import_all(held, acme)
    path = f"/orders/acme/{order}"

    operator.post(f"{path}/reimport", page="/needs")
    assert "nothing to bring back" in operator.text(path)
    with held.pool.connection() as connection:
        connection.execute(
            "UPDATE store_orders SET state = 'deleted', reason = 'deleted_in_hub', tombstoned_at = now()"
        )
    operator.post(f"{path}/retry", page="/needs")
    assert "only importing it again" in operator.text(path)
    assert "Import again" in operator.text(path)
    operator.post(f"{path}/reimport", page="/needs")

    assert "It comes in again" in operator.text(path)


def test_CON_2_pages_tell_browsers_to_run_and_keep_nothing(viewer: Person) -> None:
    for path in ("/", "/orders", "/nothing", "/sign-in", "/orders/acme/1"):
        headers = viewer.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert all(word in policy for word in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"))
        assert "unsafe" not in policy
        page = viewer.get(path).text
        assert " style=" not in page
        assert "http://" not in page
        assert "https://" not in page.replace("https://shop.example.com", "")


def test_CON_2_files_are_kept_by_their_hash(stranger: Person) -> None:
    page = stranger.get("/sign-in").text
    files = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/")]

    assert len(files) == 3
    for file in files:
        answer = stranger.get(file)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    assert "immutable" not in stranger.get("/console/console.css").headers["Cache-Control"]


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_CON_2_a_form_that_is_too_large_is_refused(viewer: Person, size: int) -> None:
    assert viewer.post("/orders", q="x" * size).status_code == 413
