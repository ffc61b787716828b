"""The account's pages: the same as `account`, `location`, `rates` and `alert`, previewed, for admins (CON-1, STG-4)."""

import re
from typing import Any

import pytest

from connectors.postgres import journal, rates, stores
from schemas.users import Role
from tasks import people as told
from tasks.held import Process
from tasks.jobs import do_job
from tests.receiver import listening
from tests.tasks.orders.looking import Shop, rung
from tests.workers.web.console.browsing import Person
from tests.workers.web.console.conftest import People


def version(person: Person) -> str:
    found = re.search(r'name="version" value="([^"]+)"', person.get("/account").text)
    assert found
    return found[1]


def change(person: Person, **given: str) -> Any:
    return person.post("/account", page="/account", **({"version": version(person)} | given))


def settings(held: Process) -> dict[str, Any]:
    with held.pool.connection() as connection:
        account = stores.account(connection)
    return {"days": account.default_delivery_days, "multi": account.multi_currency, "place": account.default_location}


def test_STG_4_a_change_of_the_account_is_said_before_it_is_saved(held: Process, admin: Person) -> None:
    given = {"default_delivery_days": "7", "multi_currency": "off"}

    preview = change(admin, **given)
    assert (preview.status_code, "Days until delivery: from 14 to 7." in preview.text) == (200, True)
    assert "0 orders kept out for the currency until now" in preview.text
    assert settings(held)["days"] == 14

    saved = change(admin, act="save", **given)
    again = change(admin, act="save", **given)
    assert (saved.status_code, again.status_code) == (303, 303)
    assert settings(held) == {"days": 7, "multi": False, "place": "main"}
    assert "Nothing is changed" in admin.text("/account")
    with held.pool.connection() as connection:
        lines = [line for line in journal.lines(connection, journal.Which()) if line.action == "reconfigure"]
    assert [(line.who, line.detail) for line in lines] == [
        ("admin", {"settings": {"default_delivery_days": 7, "multi_currency": False}})
    ]


def test_STG_4_who_saved_meanwhile_is_not_overwritten(held: Process, admin: Person) -> None:
    old = version(admin)
    assert change(admin, act="save", default_delivery_days="7").status_code == 303

    late = admin.post("/account", page="/account", version=old, act="save", default_delivery_days="9")

    assert (late.status_code, "theirs is 7, yours 9" in late.text) == (422, True)
    assert settings(held)["days"] == 7


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("default_delivery_days", "-1", "must be between 0 and 3650"),
        ("default_delivery_days", "<b>x</b>", "must be a whole number"),
        ("base_currency", "XXZ", "ISO 4217"),
        ("keep_journal_days", "3", "at least 30"),
        ("default_location", "x" * 5000, "at most 100"),
        ("default_location", "", "at most 100"),
    ],
)
def test_STG_4_what_cannot_be_is_said_at_its_field(
    held: Process, admin: Person, key: str, value: str, words: str
) -> None:
    answer = change(admin, **{key: value})

    assert (answer.status_code, words in answer.text, "<b>x" in answer.text) == (422, True, False)
    assert settings(held) == {"days": 14, "multi": True, "place": "main"}


def test_STK_10_another_default_location_asks_the_shops_first(held: Process, acme: int, admin: Person) -> None:
    admin.post("/account/locations", page="/account/locations", code="berlin", name="Berlin")
    rung(held.redis, "fetch")

    asked = change(admin, act="save", default_location="berlin")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert settings(held)["place"] == "main"
    assert "so far" in admin.text(asked.headers["Location"])
    assert do_job(job) == "done"
    assert "Saved" in admin.text(asked.headers["Location"])
    assert settings(held)["place"] == "berlin"
    none = change(admin, act="save", default_location="nowhere")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "failed"
    assert "there is no location 'nowhere'" in admin.text(none.headers["Location"])


def test_CON_1_locations_are_renamed_and_removed_where_they_are_empty(held: Process, people: People) -> None:
    admin = people(Role.ADMIN)

    def post(what: str, **given: str) -> int:
        return admin.post(f"/account/locations{what}", page="/account/locations", **given).status_code

    assert [post("", code="berlin", name="Berlin"), post("", code="berlin"), post("", code="a:b")] == [303, 422, 422]
    assert [post("/rename", was="berlin", code="bonn", name="Bonn"), post("/rename", was="x", code="y", name="Y")] == [
        303,
        422,
    ]
    assert "Bonn" in admin.get("/account/locations").text
    assert "stays" in admin.text("/account/locations/remove?code=main")
    assert "No stock, order or setting is of it" in admin.text("/account/locations/remove?code=bonn")
    assert admin.get("/account/locations/remove?code=none").status_code == 404
    assert [post("/remove", code="main"), post("/remove", code="bonn"), post("/remove", code="bonn")] == [422, 303, 422]
    assert "Rename" not in people(Role.VIEWER).get("/account/locations").text


def test_CON_1_a_rate_is_set_by_hand(held: Process, admin: Person) -> None:
    def post(currency: str, rate: str) -> int:
        return admin.post("/account/rates", page="/account/rates", currency=currency, rate=rate).status_code

    assert post("usd", "0.9") == 303
    assert {post("USD", "1e5"), post("EUR", "1"), post("<b>", "1"), post("USD", "0"), post("", "")} == {422}
    with held.pool.connection() as connection:
        assert [(one.currency, str(one.rate)) for one in rates.latest(connection) if one.source == "hand"] == [
            ("USD", "0.9")
        ]


@pytest.mark.long
def test_DOR_7_addresses_of_alarms_are_added_tried_and_taken_away(held: Process, admin: Person) -> None:
    def post(**given: str) -> str:
        answer = admin.post("/account/alarms", page="/account/alarms", **given)
        (job,) = {message[0] for message in rung(held.redis, "fetch")}
        do_job(job)
        return answer.headers["Location"]

    with listening() as receiver:
        assert "Sent json://****" in admin.text(post(add=receiver.url))
        assert "Sent json://****" in admin.text(post(act="test"))
        assert receiver.titles == ["a test", "a test"]
    page = admin.get("/account/alarms").text
    assert ("json://****" in page, "s3cret" in page) == (True, False)
    assert "no notification service has an address like" in admin.text(post(add="nosuch://x"))
    mark = re.search(r'name="remove" value="([0-9a-f]+)"', page)
    assert mark
    post(remove=mark[1])
    with held.pool.connection() as connection:
        assert told.addresses(held, connection) == []
    assert admin.post("/account/alarms", page="/account/alarms", add="").status_code == 303


def test_CON_1_system_says_what_the_doctor_finds_and_asks_the_shops_by_a_worker(
    held: Process, shop: Shop, acme: int, operator: Person
) -> None:
    assert "PostgreSQL" in operator.text("/system")
    rung(held.redis, "fetch")

    asked = operator.post("/system/shops", page="/system")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "done"
    assert "store acme answers and takes our credentials" in operator.text(asked.headers["Location"])
    shop.server.stop()
    asked = operator.post("/system/shops", page="/system")
    (job,) = {message[0] for message in rung(held.redis, "fetch")}
    assert do_job(job) == "done"
    assert "Look at it store acme" in operator.text(asked.headers["Location"])


def test_CON_2_system_is_for_operators_and_changes_are_for_admins(people: People) -> None:
    viewer, operator = people(Role.VIEWER), people(Role.OPERATOR)

    assert [viewer.get("/system").status_code, operator.get("/system").status_code] == [403, 200]
    assert "Preview the change" not in viewer.get("/account").text
    assert operator.post("/account", page="/account", default_delivery_days="1").status_code == 403
    assert operator.post("/account/alarms", page="/account", act="test").status_code == 403
