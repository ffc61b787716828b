"""A person at a browser without script, before a real web process."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Any, Final

import requests

from connectors import passwords
from connectors.postgres import users
from schemas.users import Role
from tasks.held import Process

PASSWORD: Final = "a horse and a battery"
_TOKEN: Final = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Person:
    """Asks for pages, and sends forms with the token of the page that has them. No redirect is followed by itself."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.browser = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """One page."""
        return self.browser.get(self.base + path, allow_redirects=False, timeout=30, **more)

    def text(self, path: str) -> str:
        """The text of a page that is there, without markup, in one line."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return words(answer.text)

    def token(self, path: str = "/sign-in") -> str:
        """What a form of a page is known by."""
        found = _TOKEN.search(self.get(path).text)
        assert found, path
        return found[1]

    def post(self, path: str, *, page: str = "", **fields: str) -> requests.Response:
        """A form of a page, sent."""
        if "csrf_token" not in fields:
            fields["csrf_token"] = self.token(page or "/orders")
        return self.browser.post(self.base + path, fields, allow_redirects=False, timeout=30)

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> requests.Response:
        """By the form."""
        return self.post("/sign-in", page="/sign-in", name=name, password=password, **more)


def words(page: str) -> str:
    """What people read of a page."""
    body = re.sub(r"<(head|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
    return re.sub(r" ([,.])(?= |$)", r"\1", text)


def add_user(held: Process, role: Role) -> str:
    """A user with that role, called like it."""
    with held.pool.connection() as connection:
        assert users.add(connection, str(role), role, _kept())
    return str(role)


@cache
def _kept() -> str:
    """What is kept of the password: it takes a moment to make."""
    return passwords.hashed(PASSWORD)


class _Forms(HTMLParser):
    """The forms of a page: what a browser sends of each if nothing is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.is_in = False
        self._select = ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        """A form, or a field of one."""
        of = dict(given)
        name, value = of.get("name") or "", of.get("value") or ""
        if tag == "form":
            self.found.append({})
            self.is_in = True
        elif not self.is_in or "disabled" in of:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in of or self._select not in self.found[-1]):
            self.found[-1][self._select] = value
        elif tag == "input" and name and (of.get("type") not in {"checkbox", "radio"} or "checked" in of):
            self.found[-1][name] = value

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self.is_in = False


def form_with(page: str, **fields: str) -> dict[str, str]:
    """What a browser sends of the first form that has some fields with these values, if nothing is typed."""
    forms = _Forms()
    forms.feed(page)
    found = [form for form in forms.found if fields.items() <= form.items()]
    assert found, (fields, [form.keys() for form in forms.found])
    return found[0]
