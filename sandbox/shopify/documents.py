"""Answers GraphQL documents from plain data, and says what they cost. It knows neither orders nor Shopify's schema.

Data are dicts, connections are lists; a field that the data does not have does not exist. What is asked of the root,
and whatever else depends on a field's arguments, are functions of them.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

Root = Mapping[str, Callable[[Mapping[str, Any]], Any]]

# What may be null by itself, of all that is asked for: any other null takes along the object that it belongs to.
NULLABLE: Final = frozenset(
    {
        *("order", "node", "location", "locationsCount", "customer", "defaultEmailAddress", "billingAddress"),
        *("shippingAddress", "email", "note", "poNumber", "sourceName", "cancelledAt", "displayFinancialStatus"),
        *("currentTotalDutiesSet", "sku", "variant", "product", "displayStatus", "deliveryMethod"),
        *("firstName", "lastName", "company", "address1", "address2", "city", "province", "provinceCode", "zip"),
        *("countryCodeV2", "phone", "rate", "fulfillmentCreate", "inventorySetQuantities", "inventoryActivate"),
        *("webhookSubscriptionCreate", "webhookSubscriptionDelete", "webhookSubscription"),
        "deletedWebhookSubscriptionId",
    }
)

_FREE: Final = frozenset({"shopMoney", "presentmentMoney", "price", "pageInfo", "nodes"})


MUTATION_POINTS: Final = 10


class Wrong(Exception):
    """A document that cannot be answered, and nothing was done; the message is for its author."""

    def __init__(self, words: str, code: str = "undefinedField") -> None:
        super().__init__(words)
        self.code = code


class _Null(Exception):
    """A null where none may be: it takes along what it belongs to."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What cannot be told, in place of a value."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a connection that was cut already, with what its pageInfo says."""

    nodes: Sequence[Any]
    end: str | None
    has_next: bool


@dataclass(slots=True)
class Reader:
    """One document with its variables."""

    document: DocumentNode
    variables: Mapping[str, Any]
    objects: int = 0
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    _path: list[str | int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in self.document.definitions:
            if isinstance(one, FragmentDefinitionNode):
                self.fragments[one.name.value] = one

    @property
    def _operation(self) -> OperationDefinitionNode:
        for one in self.document.definitions:
            if isinstance(one, OperationDefinitionNode):
                return one
        raise Wrong("No operation found.")

    @property
    def is_mutation(self) -> bool:
        """Whether it is to change something."""
        return self._operation.operation is OperationType.MUTATION

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that are asked of the root."""
        return tuple(one.name.value for one in self._fields(self._operation.selection_set, None))

    def answer(self, root: Root) -> Any:
        """The data of the answer, null where something is missing that may not be; what is missing is in `errors`."""
        try:
            return self._answer(root)
        except _Null:
            return None

    def _answer(self, root: Root) -> dict[str, Any]:
        kind = "Mutation" if self.is_mutation else "QueryRoot"
        data = {}
        for one in self._fields(self._operation.selection_set, None):
            name = one.name.value
            if name not in root:
                raise Wrong(f"Field '{name}' doesn't exist on type '{kind}'")
            data[_key(one)] = self._field(root[name](self._arguments(one) | self._directives(one)), one)
        return data

    def cost(self) -> int:
        """What the document may cost at most: an object is a point, a connection grows with what it may hold."""
        return MUTATION_POINTS if self.is_mutation else self._cost(self._operation.selection_set)

    def _cost(self, selection: SelectionSetNode | None) -> int:
        points = 0
        for one in self._fields(selection, ...):
            inner, name = one.selection_set, one.name.value
            if inner is None:
                continue
            below = self._cost(inner)
            if _is_connection(inner):
                # Not published; it gives Shopify's own figures where those were told.
                points += 2 + _growth(self._arguments(one).get("first")) * (1 + below)
            elif "first" in self._arguments(one):
                points += _growth(self._arguments(one)["first"]) * (1 + below)
            else:
                points += below + (0 if name in _FREE or name.endswith("Set") else 1)
        return points

    def _fields(self, selection: SelectionSetNode | None, kind: Any) -> Iterator[FieldNode]:
        """The fields for a type; `...` for every type."""
        for one in selection.selections if selection else ():
            match one:
                case FieldNode() if self._is_included(one):
                    yield one
                case FieldNode():
                    pass
                case InlineFragmentNode():
                    condition = one.type_condition.name.value if one.type_condition else kind
                    if kind is ... or condition == kind:
                        yield from self._fields(one.selection_set, kind)
                case FragmentSpreadNode():
                    yield from self._fields(self.fragments[one.name.value].selection_set, kind)

    def _is_included(self, one: FieldNode) -> bool:
        return self._directives(one).get("@include.if", True) is not False

    def _arguments(self, one: FieldNode) -> dict[str, Any]:
        return {each.name.value: value_from_ast_untyped(each.value, dict(self.variables)) for each in one.arguments}

    def _directives(self, one: FieldNode) -> dict[str, Any]:
        """Their arguments, as "@idempotent.key"."""
        return {
            f"@{each.name.value}.{given.name.value}": value_from_ast_untyped(given.value, dict(self.variables))
            for each in one.directives
            for given in each.arguments
        }

    def _field(self, value: Any, one: FieldNode) -> Any:
        self._path.append(_key(one))
        try:
            return self._value(value, one)
        except _Null:
            if one.name.value not in NULLABLE:
                raise
            return None
        finally:
            self._path.pop()

    @contextmanager
    def _at(self, step: str | int) -> Iterator[None]:
        self._path.append(step)
        try:
            yield
        finally:
            self._path.pop()

    def _value(self, value: Any, one: FieldNode) -> Any:
        if callable(value):
            value = value(self._arguments(one))
        if isinstance(value, Broken):
            told = {"message": value.words, "path": list(self._path), "extensions": {"code": value.code}}
            self.errors.append(told)
            raise _Null
        inner = one.selection_set
        if value is None or inner is None:
            return value
        if _is_connection(inner):
            return self._connection(value, one)
        if isinstance(value, list):
            first = self._arguments(one).get("first")
            return self._list(value[:first], inner)
        return self._object(value, inner)

    def _object(self, value: Any, inner: SelectionSetNode) -> Any:
        if not isinstance(value, Mapping):
            return value
        if "presentmentMoney" not in value and "amount" not in value:
            self.objects += 1
        kind = _type_of(value)
        told = {}
        for one in self._fields(inner, kind):
            name = one.name.value
            if name not in value:
                raise Wrong(f"Field '{name}' doesn't exist on type '{kind}'")
            told[_key(one)] = self._field(value[name], one)
        return told

    def _list(self, values: Sequence[Any], inner: SelectionSetNode) -> list[Any]:
        """Its entries; one that is missing takes the list along, once all are looked at, as a vendor's server does."""
        told, is_whole = [], True
        for place, each in enumerate(values):
            with self._at(place):
                try:
                    told.append(self._object(each, inner))
                except _Null:
                    is_whole = False
        if not is_whole:
            raise _Null
        return told

    def _connection(self, value: Any, one: FieldNode) -> Any:
        part = value if isinstance(value, Slice) else _cut(value, self._arguments(one))
        told: dict[str, Any] = {}
        for each in self._fields(one.selection_set, "Connection"):
            match each.name.value:
                case "nodes":
                    with self._at("nodes"):
                        told["nodes"] = self._list(part.nodes, _inner(each))
                case "pageInfo":
                    told["pageInfo"] = {"hasNextPage": part.has_next, "endCursor": part.end}
                case other:
                    raise Wrong(f"Field '{other}' doesn't exist on this connection")
        return told


def _growth(first: int | None) -> int:
    """How many times what is in a list counts, of which so many may come."""
    return math.floor(2 * math.log(max(2, first or 2)))


def read(text: str, variables: Mapping[str, Any]) -> Reader:
    """A document to answer. Raises Wrong."""
    try:
        return Reader(_parsed(text), variables)
    except GraphQLSyntaxError as error:
        raise Wrong(error.message) from error


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> DocumentNode:
    return parse(text)


def _inner(one: FieldNode) -> SelectionSetNode:
    if one.selection_set is None:
        raise Wrong(f"Field '{one.name.value}' must have selections")
    return one.selection_set


def _key(one: FieldNode) -> str:
    return one.alias.value if one.alias else one.name.value


def _is_connection(inner: SelectionSetNode) -> bool:
    return any(isinstance(one, FieldNode) and one.name.value == "nodes" for one in inner.selections)


def _type_of(value: Mapping[str, Any]) -> str:
    name = value.get("__typename") or str(value.get("id", "")).removeprefix("gid://shopify/").partition("/")[0]
    return str(name)


def _cut(nodes: Any, arguments: Mapping[str, Any]) -> Slice:
    first, start = arguments.get("first"), int(arguments.get("after") or 0)
    if first is None:
        raise Wrong("you must provide one of first or last")
    end = min(start + first, len(nodes))
    return Slice(nodes[start:end], str(end), end < len(nodes))
