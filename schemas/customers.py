"""Customers that a shop has registered, as they come to the hub by hand (STG-2). Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.text import clean


@dataclass(frozen=True, slots=True)
class StoreCustomer:
    """A customer by the id that the shop's orders name."""

    id: str
    name: str
    email: str | None


def customer_of(id_: Any, names: tuple[Any, ...], company: Any, email: Any) -> StoreCustomer | None:
    """A customer as a shop says it: by the name, else the company, else the e-mail; None for one that nothing names."""
    number = str(id_) if isinstance(id_, int | str) and not isinstance(id_, bool) else ""
    address = _text(email)
    name = " ".join(filter(None, map(_text, names))) or _text(company) or address
    return StoreCustomer(number, name, address or None) if number and name else None


def part_of(entry: Any, name: str) -> Mapping[str, Any]:
    """A part of an entry; an empty one where there is none such."""
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return clean(value).strip()[:300] if isinstance(value, str) else ""
