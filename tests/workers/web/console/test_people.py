"""Admins say who may sign in (CON-2)."""

import pytest

from connectors.postgres import journal
from schemas.users import Role
from tasks.held import Process
from tests.workers.web.console.browsing import PASSWORD, Person, words
from tests.workers.web.console.conftest import People

MARIA = {"name": "Maria", "role": "operator", "password": "another good horse", "again": "another good horse"}


def test_CON_2_an_admin_adds_a_person_who_signs_in(held: Process, web: str, admin: Person) -> None:
    assert admin.post("/account/users", page="/account/users", **MARIA).headers["Location"] == "/account/users#said"

    assert "maria may sign in as operator." in admin.text("/account/users")
    maria = Person(web)
    assert maria.sign_in("maria", MARIA["password"]).status_code == 303
    assert maria.get("/account/users").status_code == 403
    with held.pool.connection() as connection:
        (line,) = [one for one in journal.lines(connection, journal.Which()) if one.action == "user"]
    assert (line.who, line.detail) == ("admin", {"user": "maria", "did": "added", "role": "operator"})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Give a name."),
        ({"name": "<b>"}, "A name is of small letters"),
        ({"name": "ADMIN"}, "There is a user admin already."),
        ({"password": "short", "again": "short"}, "10 signs or more"),
        ({"again": "no"}, "not the same"),
        ({"role": "root"}, "Not a valid choice"),
        ({"name": "x" * 300}, "longer than"),
    ],
)
def test_CON_2_what_cannot_be_is_said_and_what_was_typed_stays(
    admin: Person, changed: dict[str, str], said: str
) -> None:
    answer = admin.post("/account/users", page="/account/users", **{**MARIA, **changed})

    assert (answer.status_code, said in words(answer.text)) == (422, True), words(answer.text)
    assert 'value="Maria"' in answer.text or "name" in changed
    assert MARIA["password"] not in answer.text
    assert "maria" not in admin.text("/account/users")


def test_CON_2_another_role_holds_from_the_next_page_on(admin: Person, people: People) -> None:
    viewer = people(Role.VIEWER)

    admin.post("/account/users/viewer/role", page="/account/users", role="operator")

    assert "viewer · operator" in viewer.text("/")
    assert "viewer is operator now." in admin.text("/account/users/viewer")
    assert admin.post("/account/users/viewer/role", page="/account/users", role="root").status_code == 422


def test_CON_2_another_password_signs_them_out(admin: Person, people: People) -> None:
    viewer = people(Role.VIEWER)
    fields = {"password": "another good horse", "again": "another good horse"}

    assert admin.post("/account/users/viewer/password", page="/account/users", **fields).status_code == 303
    assert admin.post("/account/users/admin/password", page="/account/users", **fields).status_code == 403

    assert viewer.get("/").status_code == 303
    assert viewer.sign_in("viewer", PASSWORD).status_code == 422
    assert viewer.sign_in("viewer", "another good horse").status_code == 303


def test_CON_2_who_is_removed_is_out_after_it_was_said_what_that_does(admin: Person, people: People) -> None:
    viewer = people(Role.VIEWER)
    assert "cannot sign in any more" in admin.text("/account/users/viewer/remove")
    assert viewer.get("/").status_code == 200

    assert admin.post("/account/users/viewer/remove", page="/account/users").status_code == 303

    assert viewer.get("/").status_code == 303
    assert "viewer is removed" in admin.text("/account/users")
    assert admin.get("/account/users/viewer").status_code == 404
    assert admin.post("/account/users/viewer/remove", page="/account/users").status_code == 404


def test_CON_2_the_only_admin_stays_one(admin: Person, people: People) -> None:
    people(Role.VIEWER)
    page = admin.get("/account/users/admin").text
    assert "is the only admin" in words(page)
    assert "/role" not in page

    admin.post("/account/users/admin/role", page="/account/users", role="viewer")
    assert "is the only admin: make another one first." in admin.text("/account/users/admin")
    admin.post("/account/users/admin/remove", page="/account/users")

    assert "admin · admin" in admin.text("/account/users")
