"""Signing in and out, and the first admin's link, over HTTP (CON-2)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.config import Config
from connectors.keys import first_key
from connectors.postgres import users
from schemas.users import Role
from tasks import users as user_tasks
from tasks.held import Process
from tests.workers.web.console.browsing import PASSWORD, Person, add_user, words


def test_CON_2_the_right_password_lets_in_and_back_to_the_page_one_wanted(held: Process, stranger: Person) -> None:
    add_user(held, Role.VIEWER)
    sent_away = stranger.get("/orders?state=failed")

    answer = stranger.sign_in("viewer", next="/orders?state=failed")

    assert (sent_away.status_code, sent_away.headers["Location"]) == (303, "/sign-in?next=/orders?state%3Dfailed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/orders?state=failed")
    assert stranger.get("/orders?state=failed").status_code == 200


@pytest.mark.parametrize("name", ["viewer", "nobody", "", "<script>", "x" * 3000, "a\x00b"])
def test_CON_2_the_wrong_password_and_the_wrong_name_are_answered_alike(
    held: Process, stranger: Person, name: str
) -> None:
    add_user(held, Role.VIEWER)

    answer = stranger.sign_in(name, "wrong password")

    assert (answer.status_code, "<script>" in answer.text.partition("</head>")[2]) == (422, False)
    assert "not right" in words(answer.text) or "Not saved." in words(answer.text)
    assert stranger.get("/").status_code == 303


def test_CON_2_after_five_failures_one_waits(held: Process, stranger: Person) -> None:
    add_user(held, Role.VIEWER)

    answers = [words(stranger.sign_in("viewer", "wrong").text) for _ in range(5)]

    assert ["Wait" in answer for answer in answers] == [False] * 4 + [True]
    assert stranger.sign_in("viewer").status_code == 422


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:x", "/\t/e"],
)
def test_CON_2_nobody_is_sent_to_another_host(held: Process, stranger: Person, address: str) -> None:
    add_user(held, Role.VIEWER)

    assert stranger.sign_in("viewer", next=address).headers["Location"] == "/"


def test_CON_2_a_form_without_its_token_or_with_another_s_is_refused(
    held: Process, stranger: Person, viewer: Person
) -> None:
    without = stranger.post("/sign-in", name="viewer", password=PASSWORD, csrf_token="")
    another = stranger.post("/sign-in", name="viewer", password=PASSWORD, csrf_token=viewer.token("/"))

    assert (without.status_code, another.status_code) == (400, 400)
    assert "cannot be taken" in without.text
    assert stranger.get("/").status_code == 303


def test_CON_2_cookies_are_for_this_site_alone(held: Process, stranger: Person) -> None:
    add_user(held, Role.VIEWER)
    plain = stranger.sign_in("viewer").headers["Set-Cookie"]
    behind = stranger.get("/sign-in", headers={"X-Forwarded-Proto": "https"})

    assert [word in plain for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Secure")] == [True, True, True, False]
    stranger.browser.cookies.clear()
    behind = stranger.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in behind.headers["Set-Cookie"]


def test_CON_2_the_cookie_of_before_signing_in_is_no_session(held: Process, stranger: Person) -> None:
    add_user(held, Role.VIEWER)
    stranger.get("/sign-in")
    before = dict(stranger.browser.cookies)

    stranger.sign_in("viewer")
    after = dict(stranger.browser.cookies)

    stranger.browser.cookies.clear()
    stranger.browser.cookies.update(before)
    assert stranger.get("/").status_code == 303
    stranger.browser.cookies.clear()
    # Not the last sign: some of its bits count for nothing.
    forged = {name: f"{value[:-2]}{'B' if value[-2] == 'A' else 'A'}{value[-1]}" for name, value in after.items()}
    stranger.browser.cookies.update(forged)
    assert stranger.get("/").status_code == 303


def test_CON_2_who_signs_out_is_out_also_with_the_cookie_of_before(viewer: Person) -> None:
    kept = dict(viewer.browser.cookies)

    assert viewer.post("/sign-out", page="/").status_code == 303
    viewer.browser.cookies.update(kept)

    assert viewer.get("/").status_code == 303


def test_CON_2_a_session_that_is_over_is_no_session(held: Process, viewer: Person) -> None:
    with held.pool.connection() as connection:
        connection.execute("UPDATE user_sessions SET seen_at = seen_at - interval '12 hours'")

    assert viewer.get("/").headers["Location"] == "/sign-in"
    assert viewer.get("/live").status_code == 401


def test_CON_2_a_form_that_is_sent_after_the_session_did_nothing_and_says_so(held: Process, viewer: Person) -> None:
    token = viewer.token("/account/you")
    with held.pool.connection() as connection:
        connection.execute("DELETE FROM user_sessions")

    answer = viewer.post("/account/you/theme", csrf_token=token, theme="dark")

    assert "nothing of the form was done" in answer.text
    with held.pool.connection() as connection:
        assert connection.execute("SELECT theme FROM users").fetchone() == {"theme": "device"}


def test_CON_2_an_open_page_alone_keeps_nobody_signed_in(held: Process, viewer: Person) -> None:
    def seen() -> datetime:
        with held.pool.connection() as connection:
            row: Any = connection.execute("SELECT seen_at FROM user_sessions").fetchone()
        found: datetime = row["seen_at"]
        return found

    with held.pool.connection() as connection:
        connection.execute("UPDATE user_sessions SET seen_at = seen_at - interval '1 hour'")
    before = seen()

    viewer.get("/live")
    viewer.get("/?part=all")
    assert seen() == before
    viewer.get("/")
    assert seen() > before + timedelta(minutes=59)


# -- one's own ---------------------------------------------------------------------------------------------------------


def test_CON_2_a_new_password_ends_every_other_session(held: Process, web: str, viewer: Person) -> None:
    elsewhere = Person(web)
    elsewhere.sign_in("viewer")
    fields = {"old": PASSWORD, "password": "another good horse", "again": "another good horse"}

    answer = viewer.post("/account/you/password", **fields)

    assert answer.headers["Location"] == "/account/you#said"
    assert "Your new password holds" in viewer.text("/account/you")
    assert elsewhere.get("/").status_code == 303
    assert (elsewhere.sign_in("viewer").status_code, elsewhere.sign_in("viewer", "another good horse").status_code) == (
        422,
        303,
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Give the password until now."),
        ({"old": "wrong", "password": "another good horse", "again": "another good horse"}, "not your password"),
        ({"old": PASSWORD, "password": "short", "again": "short"}, "10 signs or more"),
        ({"old": PASSWORD, "password": "another good horse", "again": "another"}, "not the same"),
        ({"old": PASSWORD, "password": "x" * 5000, "again": "x" * 5000}, "longer than"),
    ],
)
def test_CON_2_a_password_that_cannot_be_is_said_at_its_field(
    viewer: Person, fields: dict[str, str], said: str
) -> None:
    answer = viewer.post("/account/you/password", **fields)

    assert (answer.status_code, said in words(answer.text)) == (422, True)
    assert PASSWORD not in answer.text


def test_CON_2_guessing_the_old_password_is_slow_too(viewer: Person) -> None:
    fields = {"old": "wrong", "password": "another good horse", "again": "another good horse"}

    answers = [words(viewer.post("/account/you/password", **fields).text) for _ in range(5)]

    assert "Wait 30 seconds" in answers[-1]


def test_CON_2_other_sessions_are_shown_and_ended(held: Process, web: str, viewer: Person) -> None:
    elsewhere = Person(web)
    elsewhere.sign_in("viewer")
    assert "Elsewhere since" in viewer.text("/account/you")

    viewer.post("/account/you/end-others")

    assert "Nowhere else" in viewer.text("/account/you")
    assert elsewhere.get("/").status_code == 303


def test_CON_4_who_chooses_dark_has_it(viewer: Person) -> None:
    assert "data-bs-theme" not in viewer.get("/").text

    viewer.post("/account/you/theme", theme="dark")
    viewer.post("/account/you/theme", theme="pink")

    assert 'data-bs-theme="dark"' in viewer.get("/").text


# -- the first admin ---------------------------------------------------------------------------------------------------


def first(config: Config) -> str:
    return f"/first?key={first_key(config)}"


def test_CON_2_the_link_makes_the_first_admin_once(held: Process, stranger: Person) -> None:
    key = first_key(held.config)
    with held.pool.connection() as connection:
        link = user_tasks.first_link(connection, held.config, stranger.base)
    assert link == stranger.base + first(held.config)
    assert "Nobody has an account yet" in stranger.text("/sign-in")
    page = first(held.config)
    fields = {"name": "Ada", "password": PASSWORD, "again": PASSWORD, "csrf_token": stranger.token(page)}

    wrong = stranger.post("/first", **{**fields, "key": key[:-1] + "x"})
    short = stranger.post("/first", **{**fields, "key": key, "password": "short", "again": "short"})
    made = stranger.post("/first", **{**fields, "key": key})
    again = stranger.post("/first", page="/", **{**fields, "key": key, "name": "ben", "csrf_token": ""})

    assert [one.status_code for one in (wrong, short, made, again)] == [404, 422, 303, 400]
    assert "ada · admin" in stranger.text("/")
    assert stranger.get(page).status_code == 404
    with held.pool.connection() as connection:
        assert [(one.name, one.role) for one in users.users(connection)] == [("ada", Role.ADMIN)]
        assert user_tasks.first_link(connection, held.config, "") == ""


@pytest.mark.parametrize("query", ["", "?key=", "?key=x", "?key=%C3%A9", "?key=a&key=b"])
def test_CON_2_without_the_key_there_is_no_link(stranger: Person, query: str) -> None:
    assert stranger.get(f"/first{query}").status_code == 404


def test_CON_2_no_link_says_the_key_of_credentials(held: Process) -> None:
    assert held.config.secret_key not in first(held.config)
    assert re.fullmatch("[0-9a-f]{64}", first_key(held.config))


def end_sessions(held: Process) -> None:
    with held.pool.connection() as connection:
        connection.execute("DELETE FROM user_sessions")


def kept_form(page: str) -> str:
    found = re.search(r'name="kept"[^>]* value="([^"]*)"', page)
    assert found
    return found[1]


def test_CON_2_a_form_that_was_sent_after_the_session_ended_is_shown_again(held: Process, admin: Person) -> None:
    token = admin.token("/account/rates")
    end_sessions(held)

    answer = admin.post("/account/rates", csrf_token=token, currency="USD", rate="0.9<b>")
    assert (answer.status_code, "signed out meanwhile" in answer.text) == (200, True)
    shown = admin.sign_in("admin", kept=kept_form(answer.text))
    assert (shown.status_code, "0.9&lt;b&gt;" in shown.text, "Send it now" in shown.text) == (200, True, True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
    assert found
    sent = admin.post("/account/rates", csrf_token=found[1], currency="USD", rate="0.9")
    assert sent.status_code == 303


def test_CON_2_of_a_form_that_is_kept_no_secret_is(held: Process, admin: Person) -> None:
    token = admin.token("/stores/connect")
    end_sessions(held)
    given = {"platform": "woocommerce", "name": "north", "key:consumer_secret": "cs_s3cret"}

    answer = admin.post("/stores/connect/keys", csrf_token=token, **given)
    shown = admin.sign_in("admin", kept=kept_form(answer.text))

    assert "cs_s3cret" not in answer.text + shown.text
    assert ("north" in shown.text, "type it again" in shown.text, "Send it now" in shown.text) == (True, True, False)


@pytest.mark.parametrize("kept", ["x", "x" * 30_000, "WyIvIiwgW10sIGZhbHNlXQ.aa.bb"])
def test_CON_2_a_kept_form_that_is_not_ours_is_none(held: Process, stranger: Person, kept: str) -> None:
    add_user(held, Role.VIEWER)

    answer = stranger.sign_in("viewer", kept=kept)

    assert answer.status_code in {303, 422}
    assert "Send it now" not in answer.text


def test_CON_2_a_form_with_another_s_token_is_not_kept(held: Process, stranger: Person, viewer: Person) -> None:
    answer = stranger.post("/account/rates", csrf_token=viewer.token("/orders"), currency="USD", rate="1")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?ended=1")
