"""Shopify's lists that come in parts: pages as large as the shop allows, and the rest of a list inside one."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.errors import RateLimited, Unavailable
from connectors.shopify_client import GraphQL, Told, TooDear
from connectors.shopify_graphql import MORE, SIZES, more_of

PATIENCE: Final = timedelta(seconds=30)  # the longest wait of a walk that goes on afterwards
TRIES: Final = 5

Variables = Mapping[str, Any]


class Pages:
    """The pages of one connection; a document that is too dear is asked for half as many, from then on."""

    def __init__(self, graphql: GraphQL, document: str, field: str, *, size: int) -> None:
        self._graphql = graphql
        self._document = document
        self._field: Final = field
        self._size = size

    def walk_patiently(self, wanted: Variables) -> Iterator[Told]:
        """Every page to the end, waiting for points in between: what was not walked to its end must begin anew."""
        for told in self.walk(wanted, ask=self._ask_patiently):
            yield told
            if told.data[self._field]["pageInfo"]["hasNextPage"]:
                _wait(told.fill_time)

    def _ask_patiently(self, wanted: Variables) -> Told:
        for _ in range(TRIES - 1):
            try:
                return self.ask(wanted)
            except RateLimited as error:
                wait = error.until - datetime.now(UTC)
                if wait > PATIENCE:
                    raise
                _wait(wait)
        return self.ask(wanted)

    def ask(self, wanted: Variables) -> Told:
        """The page that begins with what is wanted. Raises a ConnectorError."""
        while True:
            try:
                told = self._graphql.ask(self._document, {"after": None, **wanted, "first": self._size})
            except TooDear:
                if self._size == 1:
                    raise
                self._size //= 2
                continue
            _check_page(told.data.get(self._field), told.answer.request)
            return told

    def walk(self, wanted: Variables, ask: Callable[[Variables], Told] | None = None) -> Iterator[Told]:
        """Every page to the end. What leaves the list meanwhile moves nothing: a page begins behind an entry."""
        after: str | None = None
        while True:
            told = (ask or self.ask)({**wanted, "after": after})
            yield told
            page = told.data[self._field]["pageInfo"]
            if not page["hasNextPage"]:
                return
            after = _next(page, after, told.answer.request)


def _wait(time_: timedelta) -> None:
    """Wait here: only for walks that nobody waits for."""
    time.sleep(max(0.0, min(time_, PATIENCE).total_seconds()))


def complete(graphql: GraphQL, thing: Any) -> None:
    """Fetch the rest of every list inside a thing that came in part."""
    if not isinstance(thing, dict):
        return
    for field, value in thing.items():
        if isinstance(value, dict) and isinstance(value.get("nodes"), list):
            page = value.pop("pageInfo", None)
            if isinstance(page, dict) and page.get("hasNextPage") and isinstance(thing.get("id"), str):
                value["nodes"] += _rest(graphql, thing["id"], field, page["endCursor"])
        for part in _parts(value):
            complete(graphql, part)


def _rest(graphql: GraphQL, gid: str, field: str, after: str) -> list[Any]:
    document = more_of(gid.split("/")[-2], field)
    sizes = {"size": MORE, **({"lines": SIZES["lines"]} if "$lines" in document else {})}
    found: list[Any] = []
    while True:
        told = graphql.ask(document, {"id": gid, "after": after, **sizes})
        part: Any = (told.data.get("node") or {}).get(field)
        _check_page(part, told.answer.request)
        found += part["nodes"]
        page = part["pageInfo"]
        if not page["hasNextPage"]:
            return found
        after = _next(page, after, told.answer.request)


def _next(page: Mapping[str, Any], after: str | None, request: str) -> str:
    cursor = page.get("endCursor")
    if not isinstance(cursor, str) or cursor == after:
        raise Unavailable("the shop repeats a page", request=request)
    return cursor


def _check_page(page: Any, request: str) -> None:
    """Raises Unavailable for what is no page of a connection."""
    info = page.get("pageInfo") if isinstance(page, dict) else None
    if not isinstance(info, dict) or "hasNextPage" not in info or not isinstance(page.get("nodes"), list):
        raise Unavailable("the answer is not a page", request=request)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        nodes = value.get("nodes")
        return nodes if isinstance(nodes, list) else []
    return value if isinstance(value, list) else []
