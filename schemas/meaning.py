"""A hash of what a vendor's JSON means to us: it changes when a field we read does, and with no other."""

import hashlib
import json
from typing import Any

# A field that is read is a key with None; objects are nested shapes, lists a list of one shape.
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
