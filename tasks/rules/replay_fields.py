"""The fields of an order as today's rules would create it, against those that stand in the hub (BEY-3)."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from schemas.actions import Note
from schemas.hub import Customer, DraftOrder, HubOrder, HubReturn, NewCustomer, OrderHead
from schemas.money import plain
from schemas.orders import Address
from schemas.reasons import Reason
from schemas.replay import DIFFERS, HIDDEN, Difference
from schemas.stores import Store

_MONEY: Final = ("total", "total_with_tax", "total_base", "store_total", "store_total_with_tax", "total_mismatch")
_FLAGS: Final = ("billed", "paid", "packed", "shipped", "closed", "voided")
_ROW: Final = (
    *("sku", "kind", "quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax", "ships"),
    "gone_before",
)
_PIECES: Final = ("packed_quantity", "delivered_quantity")
_ADDRESS: Final = tuple(field.name for field in fields(Address))
_THERE: Final = "there"
_NOTED: Final = "noted"

# The notes that the mapping itself makes; others are of what the hub had at that moment.
_OF_MAPPING: Final = frozenset(
    {
        Reason.CUSTOM_ITEMS_LEFT_OUT,
        Reason.LINE_WITHOUT_SKU,
        Reason.BUYER_WITHHELD,
        Reason.SEVERAL_SHIP_TO,
        Reason.REFUNDED_APART,
        Reason.TOTAL_MISMATCH,
        Reason.LOCATION_NOT_MAPPED,
    }
)


def differing(field: str, was: object, would_be: object, *, is_hidden: bool = False) -> list[Difference]:
    """The difference in a field, where there is one; what may name a person is not shown."""
    if was == would_be:
        return []
    return [Difference(field, HIDDEN, DIFFERS) if is_hidden else Difference(field, _text(was), _text(would_be))]


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def head_of(hub_order: HubOrder) -> OrderHead:
    """What stands on an order beside its rows: a hub tells it of every order."""
    assert hub_order.head is not None
    return hub_order.head


# -- beside its rows -----------------------------------------------------------------------------------------------


def compare_head(draft: DraftOrder, head: OrderHead, store: Store) -> list[Difference]:
    """What would stand on the order that is created, beside its rows and money."""
    found = differing("created_at", head.created_at, draft.created_at)
    if not (store.platform.items_have_delivery_days and head.has_delivery_days):
        # The delivery time of an item is a person's, and may be another one by now.
        found += differing("delivery_date", head.delivery_date, draft.delivery_date)
    found += differing("exchange_rate_date", head.exchange_rate_date, draft.exchange_rate_date)
    found += differing("customer", True, _is_customer(draft.customer, head.customer), is_hidden=True)
    for name in ("bill_to", "ship_to"):
        found += _compare_all(getattr(head, name), getattr(draft, name), _ADDRESS, path=f"{name}.", is_hidden=True)
    return found + _compare_all(head, draft, ("customer_reference", "notes"), is_hidden=True)


def _is_customer(customer: Customer | NewCustomer, has: Customer) -> bool:
    """Whether the order would have the customer that it has."""
    if isinstance(customer, Customer):
        return customer.id == has.id
    return customer.email is None and has.email is None and customer.name == has.name


def _compare_all(
    was: object, would_be: object, names: Sequence[str], *, path: str = "", is_hidden: bool = False
) -> list[Difference]:
    """Fields of the same names of two."""
    pairs = ((name, getattr(was, name), getattr(would_be, name)) for name in names)
    return [one for name, *both in pairs for one in differing(f"{path}{name}", *both, is_hidden=is_hidden)]


# -- the order with its rows ---------------------------------------------------------------------------------------


def compare_orders(
    was: HubOrder,
    would_be: HubOrder,
    *,
    locations: frozenset[str],
    is_moved: bool = False,
    is_marked: bool = False,
) -> list[Difference]:
    """An order of the hub against the one that it would be.

    Of one that `is_moved` people have packed, delivered or marked; of one that `is_marked` they may have marked it.
    Rows that a person added are in no store's word, nor in its totals.
    """
    found = _compare_all(was, would_be, ("order_no", "currency", "exchange_rate"))
    found += _compare_place("location", was.location, would_be.location, locations)
    if all(row.external_id is not None for row in was.rows):
        found += _compare_all(was.totals, would_be.totals, _MONEY)
    if not (is_moved or is_marked):
        found += _compare_all(was.flags, would_be.flags, _FLAGS, path="flags.")
    elif not was.flags.billed:  # billed it stays, whoever says that it is not paid
        found += differing("flags.billed", False, would_be.flags.billed)
    found += _compare_rows(was, would_be, locations, () if is_moved else _PIECES)
    found += _compare_returns(was.returns, would_be.returns)
    for one in would_be.fulfillments:
        if one.external_id and one.external_id not in {each.external_id for each in was.fulfillments}:
            found += differing(f"fulfillments.{one.external_id}", None, _THERE)
    return found


def _compare_place(field: str, was: str, would_be: str, locations: frozenset[str]) -> list[Difference]:
    """A location; one that was renamed since is in settings of then by a code that no location has any more."""
    return differing(field, was, would_be) if would_be in locations else []


def _compare_rows(
    was: HubOrder, would_be: HubOrder, locations: frozenset[str], pieces: Sequence[str]
) -> list[Difference]:
    """Row by row, by the store's lines."""
    has = {row.external_id: row for row in was.rows if row.external_id is not None}
    wants = {row.external_id: row for row in would_be.rows if row.external_id is not None}
    found = []
    for line in has | wants:
        row, other = has.get(line), wants.get(line)
        if row is None or other is None:
            found += differing(f"rows.{line}", row and _THERE, other and _THERE)
            continue
        found += _compare_all(row, other, (*_ROW, *pieces), path=f"rows.{line}.")
        found += differing(f"rows.{line}.name", row.name, other.name, is_hidden=True)
        found += _compare_place(f"rows.{line}.location", row.location, other.location, locations)
    if has.keys() == wants.keys() and [*has] != [*wants]:
        found += differing("rows", ", ".join(has), ", ".join(wants))
    return found


def _compare_returns(was: Sequence[HubReturn], would_be: Sequence[HubReturn]) -> list[Difference]:
    has, wants = ({one.external_id: _in_words(one) for one in side if one.external_id} for side in (was, would_be))
    return [one for key in has | wants for one in differing(f"returns.{key}", has.get(key), wants.get(key))]


def _in_words(one: HubReturn) -> str:
    return ", ".join(f"{plain(pieces)} of {line}" for line, pieces in one.lines)


# -- what was noted of its import ----------------------------------------------------------------------------------


def compare_notes(was: Sequence[Note] | None, would_be: Sequence[Note]) -> list[Difference]:
    """The notes of the import, by their reasons; their details, which may name a person, are not shown."""
    if was is None:
        return []
    before, after = _by_reason(was), _by_reason(would_be)
    found = []
    for reason in sorted(before.keys() | after.keys()):
        if before.get(reason) != after.get(reason):
            would = after.get(reason) and (DIFFERS if reason in before else _NOTED)
            found += differing(f"noted.{reason}", before.get(reason) and _NOTED, would)
    return found


def _by_reason(notes: Sequence[Note]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for note in notes:
        if note.reason in _OF_MAPPING:
            # As the journal keeps it: a tuple is a list there.
            found.setdefault(str(note.reason), []).append(json.dumps(note.detail, sort_keys=True))
    return found
