"""What of the Shopify stand-in's orders is still to be sent, and what a fulfilment makes of it.

Each location's part of an order is a fulfilment order. They follow from the lines, so that nothing is kept twice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.shopify.documents import Wrong
from sandbox.shopify.model import Json, Line, Order, gid

PRIMARY: Final = "101"
CREATE: Final = "CREATE_FULFILLMENT"
READY: Final = "READY_FOR_PICKUP"  # at the shop's counter, or at the carrier's

_ACTIONS: Final = {
    "OPEN": (CREATE, "HOLD", "MOVE", "REPORT_PROGRESS"),
    "IN_PROGRESS": (CREATE, "HOLD"),
    "ON_HOLD": ("RELEASE_HOLD", "MOVE"),
}
_MOST_LINES: Final = 512
_PLACES: Final = 1000  # more than an order has locations


def fulfillment_orders(order: Order) -> list[Json]:
    """An order's parts by location."""
    return [_fulfillment_order(order, number, *one) for number, one in enumerate(_places(order).items(), 1)]


def _places(order: Order) -> dict[str, list[Line]]:
    places: dict[str, list[Line]] = {}
    for line in order.lines:
        if not line.is_service:
            places.setdefault(location_of(line), []).append(line)
    return places


def location_of(line: Line) -> str:
    """Where a line ships from."""
    return str(line.given.get("location", PRIMARY))


def _fulfillment_order(order: Order, number: int, location: str, lines: list[Line]) -> Json:
    status = _status(order, location, lines)
    actions = ("REQUEST_FULFILLMENT",) if location in order.elsewhere else _ACTIONS.get(status, ())
    kind = order.given.get("delivery", "SHIPPING")
    return {
        "id": gid("FulfillmentOrder", order.id * _PLACES + number),
        "status": status,
        "assignedLocation": {"location": {"id": gid("Location", location)}},
        "supportedActions": [{"action": one} for one in actions],
        "deliveryMethod": {"id": gid("DeliveryMethod", order.id), "methodType": kind} if kind else None,
        "lineItems": [
            {
                "id": gid("FulfillmentOrderLineItem", line.id),
                "lineItem": {"id": gid("LineItem", line.id)},
                "remainingQuantity": max(0, line.left - line.sent),
            }
            for line in lines
        ],
    }


def _status(order: Order, location: str, lines: list[Line]) -> str:
    if order.cancelled is not None or all(line.left <= line.sent for line in lines):
        return "CLOSED"
    if order.is_held or location in order.held:
        return "ON_HOLD"
    return "IN_PROGRESS" if order.on_counter or any(line.sent for line in lines) else "OPEN"


def delivery(order: Order) -> str:
    """How far the shop shows an order to be: on hold only where all that is left of it is."""
    lines = [line for line in order.lines if not line.is_service]
    if all(line.left <= line.sent for line in lines):
        return "FULFILLED" if any(line.sent for line in lines) else "FULFILLMENT_NOT_REQUIRED"
    if any(line.sent for line in lines):
        return "PARTIALLY_FULFILLED"
    states = {one["status"] for one in fulfillment_orders(order)} - {"CLOSED"}
    return {("ON_HOLD",): "ON_HOLD", ("IN_PROGRESS",): "IN_PROGRESS"}.get(tuple(states), "UNFULFILLED")


# -- fulfillmentCreate -------------------------------------------------------------------------------------------


class NotFulfillable(Exception):
    """What the shop says against a fulfilment."""


def wanted_pieces(orders: Mapping[int, Order], given: Json) -> tuple[Order, dict[int, int]]:
    """The order and the pieces by line that a FulfillmentInput means. Raises NotFulfillable and Wrong."""
    parts = given["lineItemsByFulfillmentOrder"]
    found = [_found(orders, one["fulfillmentOrderId"]) for one in parts]
    if len({order.id for order, _ in found}) != 1:
        raise NotFulfillable("All fulfillment orders must belong to the same order.")
    if len({one["assignedLocation"]["location"]["id"] for _, one in found}) != 1:
        raise NotFulfillable("All fulfillment orders must be assigned to the same location.")
    pieces: Counter[int] = Counter()
    for part, (_, one) in zip(parts, found, strict=True):
        _check_open(one)
        for line, count in _pieces(one, part.get("fulfillmentOrderLineItems")):
            pieces[line] += count
    return found[0][0], dict(pieces)


def _found(orders: Mapping[int, Order], number: str) -> tuple[Order, Json]:
    digits = number.removeprefix("gid://shopify/FulfillmentOrder/")
    order = orders.get(int(digits) // _PLACES) if digits.isdecimal() else None
    for one in fulfillment_orders(order) if order else ():
        if order and one["id"] == number:
            return order, one
    raise NotFulfillable("Fulfillment order does not exist.")


def _check_open(one: Json) -> None:
    if not any(action["action"] == CREATE for action in one["supportedActions"]):
        raise NotFulfillable(f"Fulfillment order {one['id']} has an unfulfillable status= {one['status'].lower()}.")


def _pieces(one: Json, asked: list[Json] | None) -> Iterator[tuple[int, int]]:
    """Line and pieces; no lines mean all that is left."""
    left = {line["id"]: line for line in one["lineItems"]}
    wanted = asked or [{"id": key, "quantity": line["remainingQuantity"]} for key, line in left.items()]
    if len(wanted) > _MOST_LINES:
        raise Wrong(f"The input array size of {len(wanted)} is greater than the maximum allowed of {_MOST_LINES}.")
    for part in wanted:
        line = left.get(part["id"])
        if line is None:
            raise NotFulfillable("Fulfillment order line item does not exist.")
        if not 0 < part["quantity"] <= line["remainingQuantity"]:
            raise NotFulfillable("Invalid fulfillment order line item quantity requested.")
        yield int(line["lineItem"]["id"].rpartition("/")[2]), part["quantity"]
