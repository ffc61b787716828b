"""Shopify's lists that come in parts: pages as large as the shop allows, and the rest of a list inside one."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final, Protocol

from connectors.errors import Unavailable
from connectors.http import more_than
from connectors.memo import SECONDS
from connectors.shopify.client import GraphQL, GraphQLAnswer, TooDear
from connectors.shopify.documents import ALL_SENT, MORE, SENT, SIZES, more_of
from connectors.shopify.errors import GraphQLError, is_closed, named, withheld

ORDERS_KEPT: Final = 20  # long orders that a throttled shop is still giving us

Variables = Mapping[str, Any]
Optional = frozenset[str]
NONE: Final[Optional] = frozenset()


_MARKED_BY: Final = frozenset({"query", "after"})


class Asks(Protocol):
    """Whoever can be asked documents."""

    def ask(self, document: str, variables: Variables | None = None) -> GraphQLAnswer:
        """Ask a document. Raises a ConnectorError."""


class Pages:
    """The pages of one connection; a document that is too dear is asked for half as many, from then on.

    `marks` is the document that asks of each entry only what tells it from others, where one may come in part.
    `optional` are the fields that the document can do without, each a variable of that name. Where all of them are
    withheld from us there are more errors than Shopify lists: then they are not asked for, for a while (DOR-5).
    """

    def __init__(
        self, graphql: GraphQL, document: str, field: str, *, size: int, marks: str = "", optional: Optional = NONE
    ) -> None:
        self._graphql = graphql
        self._document = document
        self._marks = marks
        self.field = field
        self._size = size
        self._optional = optional
        self._withheld: tuple[float, Optional] = (0.0, NONE)  # until when
        self.left_out = NONE  # of what was asked for last

    def ask(self, wanted: Variables) -> GraphQLAnswer:
        """The page that begins with what is wanted, at which the shop may have failed in part: see `missing`.

        Where an entry took the whole page along, the page ends before it; where it is the first, it is a page by
        itself, with its marks alone (ORD-10). Raises a ConnectorError.
        """
        limit: int | None = None
        while True:
            size = self._size if limit is None else limit
            self.left_out = self._withheld[1] if monotonic() < self._withheld[0] else NONE
            fields = {name: name not in self.left_out for name in self._optional}
            try:
                told = self._graphql.ask(
                    self._document, {"after": None, **wanted, **fields, "first": size}, in_part=True
                )
            except TooDear:
                if self._size == 1:
                    raise
                self._size //= 2
                continue
            if told.said and not told.said.is_whole:
                self._leave_out(told, size)
                continue
            if not told.said or told.data.get(self.field) is not None:
                _check_page(told.data.get(self.field), told.answer.request, most=size)
                self.missing(told)
                return told
            lost = [place for place, troubles in self._named(told, size).items() if not withheld(troubles)]
            if not lost or not self._marks:
                told.fail()
            limit = min(lost)
            if not limit:
                return self._bare(wanted, told)

    def _leave_out(self, told: GraphQLAnswer, size: int) -> None:
        """Ask no more for what is withheld, so that all errors are seen. Raises where they are about something else."""
        named = self._named(told, size).values()
        news = {field for troubles in named for field in withheld(troubles)} & self._optional - self.left_out
        if not news:
            told.fail()
        self._withheld = monotonic() + SECONDS, self.left_out | news

    def missing(self, told: GraphQLAnswer) -> Mapping[int, tuple[GraphQLError, ...]]:
        """Which entries of a page came in part, and what of them is missing. Raises for a page that is no good."""
        return self._named(told, len(told.data[self.field]["nodes"])) if told.said else {}

    def _named(self, told: GraphQLAnswer, count: int) -> Mapping[int, tuple[GraphQLError, ...]]:
        found = named(told.troubles, self.field, "nodes", count=count)
        # What may not be read is a right that the app lacks, of whatever entry: none of them would come.
        if found is None or any(is_closed(one) for troubles in found.values() for one in troubles):
            told.fail()
        return found

    def _bare(self, wanted: Variables, failed: GraphQLAnswer) -> GraphQLAnswer:
        told = self._graphql.ask(self._marks, {"after": None, **_of_marks(wanted), "first": 1})
        _check_page(told.data.get(self.field), told.answer.request, most=1)
        count = len(told.data[self.field]["nodes"])  # it may have left the list
        troubles = tuple(one for one in failed.troubles if one.path[2] == 0) if count else ()
        return replace(told, said=replace(failed.said, troubles=troubles) if failed.said and troubles else None)

    def walk(self, wanted: Variables, after: str | None = None) -> Iterator[GraphQLAnswer]:
        """Every page to the end. What leaves the list meanwhile moves nothing: a page begins behind an entry."""
        while True:
            told = self.ask({**wanted, "after": after})
            yield told
            page = told.data[self.field]["pageInfo"]
            if not page["hasNextPage"]:
                return
            after = _next(page, after, told.answer.request)


class OrderParts:
    """The further parts of long orders, each asked for once however often the shop asks to wait in between.

    An order may cost more points than a shop has at a time: what came of it is kept until the rest has come. It is kept
    by the order's mark, so that of an order that changed meanwhile all is asked for anew.
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql
        self._kept: dict[str, dict[str, GraphQLAnswer]] = {}

    def complete(self, order: Any, mark: str) -> None:
        """Fetch the rest of every list of an order. Raises a ConnectorError, and goes on there the next time."""
        kept = self._kept[mark] = self._kept.pop(mark, {})
        if len(self._kept) > ORDERS_KEPT:
            del self._kept[next(iter(self._kept))]
        complete(_Remembering(self._graphql, kept), order)
        del self._kept[mark]


@dataclass(frozen=True, slots=True)
class _Remembering:
    graphql: GraphQL
    kept: dict[str, GraphQLAnswer]

    def ask(self, document: str, variables: Variables | None = None) -> GraphQLAnswer:
        key = json.dumps([document, variables], sort_keys=True)
        if key not in self.kept:
            self.kept[key] = self.graphql.ask(document, variables)
        told = self.kept[key]
        return replace(told, data=copy.deepcopy(told.data))  # it is made whole where it is


def is_cut(thing: Any) -> bool:
    """Whether a list inside a thing came in part."""
    if not isinstance(thing, dict):
        return False
    if _lacks_sent(thing):
        return True
    pages = (value.get("pageInfo") for value in thing.values() if isinstance(value, dict))
    if any(isinstance(page, dict) and page.get("hasNextPage") for page in pages):
        return True
    return any(is_cut(part) for value in thing.values() for part in _parts(value))


def complete(graphql: Asks, thing: Any) -> None:
    """Fetch the rest of every list inside a thing that came in part."""
    if not isinstance(thing, dict):
        return
    if _lacks_sent(thing):
        thing["fulfillments"], thing["fulfillmentsCount"] = _all_sent(graphql, thing["id"]), None
    for field, value in thing.items():
        if isinstance(value, dict) and isinstance(value.get("nodes"), list):
            page = value.pop("pageInfo", None)
            if isinstance(page, dict) and page.get("hasNextPage") and isinstance(thing.get("id"), str):
                value["nodes"] += _rest(graphql, thing["id"], field, page["endCursor"])
        for part in _parts(value):
            complete(graphql, part)


def _lacks_sent(thing: Mapping[str, Any]) -> bool:
    """Whether an order has more fulfilments than came: their list has no pages, but the shop counts them."""
    shown, counted = thing.get("fulfillments"), thing.get("fulfillmentsCount")
    count = counted.get("count") if isinstance(counted, dict) else None
    return isinstance(shown, list) and isinstance(count, int) and len(shown) < min(count, SENT)


def _all_sent(graphql: Asks, gid: str) -> list[Any]:
    told = graphql.ask(ALL_SENT, {"id": gid, "lines": SIZES["lines"]})
    found: Any = (told.data.get("order") or {}).get("fulfillments")
    if not isinstance(found, list) or len(found) > SENT:
        raise Unavailable("the answer is no list of fulfilments", request=told.answer.request)
    return found


def _rest(graphql: Asks, gid: str, field: str, after: str) -> list[Any]:
    document = more_of(gid.split("/")[-2], field)
    sizes = {"size": MORE, **({"lines": SIZES["lines"]} if "$lines" in document else {})}
    found: list[Any] = []
    while True:
        told = graphql.ask(document, {"id": gid, "after": after, **sizes})
        part: Any = (told.data.get("node") or {}).get(field)
        _check_page(part, told.answer.request, most=MORE)
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


def _of_marks(wanted: Variables) -> Variables:
    return {name: value for name, value in wanted.items() if name in _MARKED_BY}


def _check_page(page: Any, request: str, *, most: int) -> None:
    """Raises Unavailable for what is no page of a connection, or one of more than was asked for."""
    info = page.get("pageInfo") if isinstance(page, dict) else None
    if not isinstance(info, dict) or "hasNextPage" not in info or not isinstance(page.get("nodes"), list):
        raise Unavailable("the answer is not a page", request=request)
    if len(page["nodes"]) > most:
        raise Unavailable(more_than(most), request=request)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        nodes = value.get("nodes")
        return nodes if isinstance(nodes, list) else []
    return value if isinstance(value, list) else []
