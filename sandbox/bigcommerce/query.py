"""Reading the parameters of BigCommerce's lists: bounds, dates in two spellings, order, page."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from sandbox.bigcommerce.model import BigCommerceSettings, BigOrder, BigRefusal, invalid

MOST: Final = 250
Item = TypeVar("Item")
Args = Mapping[str, str]

_KEYS: Final[dict[str, Callable[[BigOrder], Any]]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: order.fields.get("customer_id", 0),
    "date_created": lambda order: (order.created, order.id),
    "date_modified": lambda order: (order.modified, order.id),
    "status_id": lambda order: order.status_id,
}


def whole(args: Args, name: str, default: int | None = None, *, low: int = 0) -> int | None:
    """A whole number. Raises BigRefusal."""
    given = args.get(name)
    if not given:
        return default
    if not given.isdecimal() or int(given) < low:
        raise invalid(name, "must be a whole number")
    return int(given)


def moment(args: Args, name: str) -> datetime | None:
    """A date as RFC 2822 or ISO 8601; one without zone is UTC. Raises BigRefusal."""
    given = args.get(name)
    if not given:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(given)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    raise invalid(name, "must be a date")


def narrow(orders: Iterable[BigOrder], args: Args, settings: BigCommerceSettings) -> list[BigOrder]:
    """The orders that the filters leave; what is deleted is not there. Raises BigRefusal."""
    edge = timedelta(0) if settings.are_bounds_within else timedelta(microseconds=1)
    status, customer = whole(args, "status_id"), whole(args, "customer_id")
    low, high = whole(args, "min_id"), whole(args, "max_id")
    bounds = {name: (moment(args, f"min_date_{name}"), moment(args, f"max_date_{name}")) for name in _DATES}
    return [
        order
        for order in orders
        if not order.is_deleted
        and (status is None or order.status_id == status)
        and (customer is None or order.fields.get("customer_id") == customer)
        and (low is None or order.id >= low)
        and (high is None or order.id <= high)
        and all(_is_within(read(order), bounds[name], edge) for name, read in _DATES.items())
    ]


_DATES: Final[dict[str, Callable[[BigOrder], datetime]]] = {
    "created": lambda order: order.created,
    "modified": lambda order: order.modified,
}


def _is_within(value: datetime, bounds: tuple[datetime | None, datetime | None], edge: timedelta) -> bool:
    low, high = bounds
    return (low is None or value >= low + edge) and (high is None or value <= high - edge)


def in_order(orders: list[BigOrder], args: Args) -> list[BigOrder]:
    """By `sort=field:direction`; by id where it is not given. Raises BigRefusal."""
    name, _, direction = args.get("sort", "id:asc").partition(":")
    if name not in _KEYS or direction not in ("", "asc", "desc"):
        raise invalid("sort", "must be a field and a direction")
    return sorted(orders, key=_KEYS[name], reverse=direction == "desc")


def page_of(items: list[Item], args: Args, *, most: int = MOST) -> list[Item]:
    """`limit` items (50, and so many at most) from `page` on. Raises BigRefusal."""
    limit = whole(args, "limit", 50, low=1) or 50
    if limit > most:
        raise BigRefusal(413, f"The limit may not be more than {most}.")
    start = ((whole(args, "page", 1, low=1) or 1) - 1) * limit
    return items[start : start + limit]
