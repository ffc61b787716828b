"""Shopify's lists that come in parts: pages as large as the shop allows, and the rest of a list inside one."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import Unavailable
from connectors.shopify_client import GraphQL, Told, TooDear
from connectors.shopify_graphql import MORE, SIZES, more_of

Variables = Mapping[str, Any]


class Pages:
    """The pages of one connection; a document that is too dear is asked for half as many, from then on."""

    def __init__(self, graphql: GraphQL, document: str, field: str, *, size: int) -> None:
        self._graphql = graphql
        self._document = document
        self.field = field
        self._size = size

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
            _check_page(told.data.get(self.field), told.answer.request)
            return told

    def walk(self, wanted: Variables, after: str | None = None) -> Iterator[Told]:
        """Every page to the end. What leaves the list meanwhile moves nothing: a page begins behind an entry."""
        while True:
            told = self.ask({**wanted, "after": after})
            yield told
            page = told.data[self.field]["pageInfo"]
            if not page["hasNextPage"]:
                return
            after = _next(page, after, told.answer.request)


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
