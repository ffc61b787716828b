"""What bodies must look like: small JSON schemas, and a check that complains in the words of Katana's details."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from sandbox.katana.errors import Detail

Schema = dict[str, Any]
Place = tuple[str | int, ...]

MOST_ID: Final = 2147483647


def body(required: str = "", /, **properties: Schema) -> Schema:
    """An object that takes these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required.split()} if required else {})


def text(low: int | None = None, high: int | None = None) -> Schema:
    """A text of so many characters."""
    return {"type": "string"} | _given(minLength=low, maxLength=high)


def number(low: float | None = None, high: float | None = None) -> Schema:
    """A JSON number."""
    return {"type": "number"} | _given(minimum=low, maximum=high)


def integer(low: int | None = None, high: int | None = None) -> Schema:
    """A whole number."""
    return {"type": "integer"} | _given(minimum=low, maximum=high)


def identity(low: int | None = 1) -> Schema:
    """The id of something."""
    return integer(low, MOST_ID)


def flag() -> Schema:
    """Yes or no."""
    return {"type": "boolean"}


def one_of(words: str) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": words.split()}


def many(items: Schema, low: int | None = None, high: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": items} | _given(minItems=low, maxItems=high)


def anything() -> Schema:
    """An object of any properties, or null."""
    return {"type": ["object", "null"]}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return schema | {"type": [schema["type"], "null"]}


def quantity(low: float | None = None) -> Schema:
    """A number, or a text of one; never zero."""
    return {"type": ["number", "string"], "isQuantity": True} | _given(minimum=low)


def check(schema: Schema, value: Any, place: Place = ()) -> Iterator[Detail]:
    """All that is wrong with a value."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_IS[kind](value) for kind in kinds):
        yield Detail(place, "type", f"should be {','.join(kinds)}", {"type": ",".join(kinds)})
    elif isinstance(value, dict):
        yield from _check_object(schema, value, place)
    elif isinstance(value, list):
        yield from _check_list(schema, value, place)
    elif value is not None:
        yield from _check_plain(schema, value, place)


def _check_object(schema: Schema, value: dict[str, Any], place: Place) -> Iterator[Detail]:
    known: Schema = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Detail(place, "required", f"should have required property '{name}'", {"missingProperty": name})
    for name, one in value.items() if "properties" in schema else ():
        if name in known:
            yield from check(known[name], one, (*place, name))
        else:
            info = {"additionalProperty": name}
            yield Detail(place, "additionalProperties", "should NOT have additional properties", info)


def _check_list(schema: Schema, value: list[Any], place: Place) -> Iterator[Detail]:
    yield from _check_bounds(schema, len(value), place, ("minItems", "maxItems"), "items")
    for position, one in enumerate(value):
        yield from check(schema["items"], one, (*place, position))


def _check_plain(schema: Schema, value: Any, place: Place) -> Iterator[Detail]:
    if isinstance(value, bool):
        return
    if schema.get("isQuantity"):
        yield from _check_quantity(schema, value, place)
    elif isinstance(value, str):
        yield from _check_bounds(schema, len(value), place, ("minLength", "maxLength"), "characters")
        if "enum" in schema and value not in schema["enum"]:
            info = {"allowedValues": schema["enum"]}
            yield Detail(place, "enum", "should be equal to one of the allowed values", info)
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield Detail(
                place, "pattern", f'should match pattern "{schema["pattern"]}"', {"pattern": schema["pattern"]}
            )
        if schema.get("format") == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            yield Detail(place, "format", 'should match format "date"', {"format": "date"})
    else:
        yield from _check_bounds(schema, value, place, ("minimum", "maximum"), "")
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            limit = schema["exclusiveMinimum"]
            yield Detail(place, "exclusiveMinimum", f"should be > {limit}", {"comparison": ">", "limit": limit})


def _check_quantity(schema: Schema, value: Any, place: Place) -> Iterator[Detail]:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+\.?[0-9]*", value):
        yield Detail(place, "pattern", "should be a number", {"pattern": "^-?[0-9]+\\.?[0-9]*$"})
        return
    amount = Decimal(str(value))
    if amount == 0:
        yield Detail(place, "not", "should NOT be valid")
    yield from _check_bounds(schema, amount, place, ("minimum", "maximum"), "")


def _check_bounds(schema: Schema, size: Any, place: Place, bounds: tuple[str, str], unit: str) -> Iterator[Detail]:
    low, high = (schema.get(bound) for bound in bounds)
    less, more = _WORDS[unit]
    if low is not None and size < low:
        yield Detail(place, bounds[0], less.format(low), {"limit": low})
    if high is not None and size > high:
        yield Detail(place, bounds[1], more.format(high), {"limit": high})


_WORDS: Final = {
    "": ("should be >= {}", "should be <= {}"),
    "items": ("should NOT have fewer than {} items", "should NOT have more than {} items"),
    "characters": ("should NOT be shorter than {} characters", "should NOT be longer than {} characters"),
}


def _given(**bounds: float | None) -> Schema:
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


_IS: Final[dict[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
}
