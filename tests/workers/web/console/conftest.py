"""A web process with its console, a shop behind it, and people before it."""

from collections.abc import Callable, Iterator

import pytest

from schemas.users import Role
from tasks.held import Process
from tests.tasks.conftest import acme, held, shop
from tests.workers.web.console.browsing import Person, add_user
from tests.workers.web.serving import web_process

__all__ = ["acme", "held", "shop"]

People = Callable[[Role | None], Person]


@pytest.fixture
def web(held: Process) -> Iterator[str]:
    """The address of a web process of this process."""
    with web_process(held.config) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def people(held: Process, web: str) -> People:
    """Somebody at a browser, signed in by a role; or a stranger."""

    def come(role: Role | None) -> Person:
        person = Person(web)
        if role is not None:
            answer = person.sign_in(add_user(held, role))
            assert answer.status_code == 303, answer.text
        return person

    return come


@pytest.fixture
def stranger(people: People) -> Person:
    """Nobody."""
    return people(None)


@pytest.fixture
def viewer(people: People) -> Person:
    """Who looks."""
    return people(Role.VIEWER)


@pytest.fixture
def operator(people: People) -> Person:
    """Who works."""
    return people(Role.OPERATOR)


@pytest.fixture
def admin(people: People) -> Person:
    """Who may all."""
    return people(Role.ADMIN)
