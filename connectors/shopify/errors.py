"""What Shopify's GraphQL says under `errors`, beside the data or in their place. It asks nobody.

An error that came while the document was answered has a path: `["orders", "nodes", 3, "customer"]`. The value there is
null, and so is whatever may not hold that null: an order's price takes the order along, the order the whole list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.text import masked

NOT_ALLOWED: Final = frozenset({"ACCESS_DENIED", "UNAUTHENTICATED", "FORBIDDEN"})
IN_TROUBLE: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SHOP_INACTIVE", "SERVICE_UNAVAILABLE"})
THROTTLED: Final = "THROTTLED"
TOO_DEAR: Final = "MAX_COST_EXCEEDED"

# What Shopify keeps from apps without access to protected customer data, each of which an order may lack (DOR-5).
BUYER_FIELDS: Final = frozenset({"customer", "billingAddress", "shippingAddress", "email"})

_DENIED: Final = re.compile(r"not approved to (access|use)|^Access denied for ")

Step = str | int


@dataclass(frozen=True, slots=True)
class GraphQLError:
    """One error: its code, which may be empty, and the place of what is missing, empty where none is named."""

    code: str
    path: tuple[Step, ...] = ()

    @property
    def is_denied(self) -> bool:
        """Whether we may not read what is there."""
        return self.code in NOT_ALLOWED


@dataclass(frozen=True, slots=True)
class GraphQLErrors:
    """All errors of an answer, and the words of the first one."""

    troubles: tuple[GraphQLError, ...]
    words: str
    is_whole: bool = True  # Shopify lists so many errors and no more

    @property
    def codes(self) -> frozenset[str]:
        """Every code among them."""
        return frozenset(one.code for one in self.troubles if one.code)

    @property
    def is_partial(self) -> bool:
        """Whether each of them names what is missing of the answer, rather than that there is none."""
        return bool(self.troubles) and all(one.path for one in self.troubles)

    def __str__(self) -> str:
        return f"answered {', '.join(sorted(self.codes)) or 'an error'} ({self.words})"


def read_errors(errors: Any) -> GraphQLErrors:
    """The errors of an answer, whatever stands there."""
    listed = errors if isinstance(errors, list) else [errors]
    first = listed[0] if listed else None
    message = first.get("message") if isinstance(first, dict) else first
    words = masked(str(message)[:1000])
    troubles = tuple(GraphQLError(_code(one), _path(one)) for one in listed if not _is_cut(one))
    return GraphQLErrors(troubles, words, is_whole=len(troubles) == len(listed))


def named(troubles: Iterable[GraphQLError], *way: str, count: int) -> Mapping[int, tuple[GraphQLError, ...]] | None:
    """Which entries of the list at `way` are named, by their place; None where something else is, too."""
    found: dict[int, tuple[GraphQLError, ...]] = {}
    for one in troubles:
        place = one.path[len(way)] if one.path[: len(way)] == way and len(one.path) > len(way) else None
        if not isinstance(place, int) or not 0 <= place < count:
            return None
        found[place] = (*found.get(place, ()), GraphQLError(one.code, one.path[len(way) + 1 :]))
    return found


def withheld(troubles: Sequence[GraphQLError]) -> tuple[str, ...]:
    """The fields of one order that are the buyer's and that we may not read; none where something else is missing.

    Paths begin within the order.
    """
    fields = {one.path[0] if one.is_denied and one.path else None for one in troubles}
    return tuple(sorted(map(str, fields))) if fields <= BUYER_FIELDS else ()


def is_closed(trouble: GraphQLError) -> bool:
    """Whether we may not read something of an entry that is not its buyer's; its path begins within the entry."""
    return trouble.is_denied and not (trouble.path and trouble.path[0] in BUYER_FIELDS)


def _is_cut(error: Any) -> bool:
    """Whether it only says that there are more errors than are listed."""
    message = error.get("message") if isinstance(error, dict) else None
    return isinstance(message, str) and "max error limit reached" in message[:1000] and not _path(error)


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    if isinstance(code, str) and code:
        return code
    # Published examples of what an app may not read have no code.
    message = error.get("message") if isinstance(error, dict) else None
    return "ACCESS_DENIED" if isinstance(message, str) and _DENIED.search(message[:1000]) else ""


def _path(error: Any) -> tuple[Step, ...]:
    path = error.get("path") if isinstance(error, dict) else None
    steps = path if isinstance(path, list) else []
    if not all(isinstance(step, str) or (isinstance(step, int) and not isinstance(step, bool)) for step in steps):
        return ()
    return tuple(steps)
