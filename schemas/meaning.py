"""What a vendor's JSON means to us: a hash that changes when a field we read does, and what is kept of it (DOR-6)."""

import hashlib
import json
from typing import Any

# A field that is read is a key with None; objects are nested shapes, lists a list of one shape. A function says what is
# kept of a field.
Shape = dict[str, Any]


def digest_of(value: Any, shape: Shape) -> str:
    """The hash of the parts of any JSON value that a shape names."""
    meaning = json.dumps(_picked(value, shape), default=str)
    return hashlib.sha256(meaning.encode()).hexdigest()


def shape_of(*names: str, **nested: Any) -> Shape:
    """A shape from the names of plain fields and the shapes of the others."""
    return {**dict.fromkeys(names), **nested}


def _picked(value: Any, shape: Any) -> Any:
    if isinstance(shape, dict) and isinstance(value, dict):
        return [_picked(value.get(key), part) for key, part in shape.items()]
    if isinstance(shape, list) and isinstance(value, list):
        return [_picked(entry, shape[0]) for entry in value]
    # Where a text or number belongs, an object or list is only noted as such: it may be of any size and depth.
    return type(value).__name__ if isinstance(value, dict | list) else value


def kept_of(value: Any, shape: Shape) -> Any:
    """The parts of any JSON value that a shape names (DOR-6). What is of another kind stays so, with nothing in it.

    Whoever reads it finds the same, and the same wrong with it.
    """
    return _kept(value, shape)


def _kept(value: Any, shape: Any) -> Any:
    """Every order that comes in passes here: what is most frequent is asked first."""
    if shape is None:
        return _hollow(value) if isinstance(value, (dict, list)) else value
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return _hollow(value)
        return {key: _kept(value[key], part) for key, part in shape.items() if key in value}
    if isinstance(shape, list):
        if isinstance(value, list):
            return [_kept(entry, shape[0]) for entry in value]
        if isinstance(value, dict) and all(key.isdecimal() for key in value):  # PHP's list with gaps
            return {key: _kept(entry, shape[0]) for key, entry in value.items()}
        return _hollow(value)
    return shape(value)


def _hollow(value: Any) -> Any:
    """A value of the same kind that says nothing: where another kind belongs, that is all there is to know."""
    match value:
        case None | bool():
            return value
        case str():
            return ""
        case dict():
            return {"": None} if value else {}
        case list():
            return [None] if value else []
        case _:
            return 0
