"""What the Shopify stand-in cannot tell of its orders and variants, or may not: the errors beside its data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sandbox.faults import Fault
from sandbox.shopify.documents import Broken, Slice
from sandbox.shopify.model import Json

_FAILED: Final = Broken("INTERNAL_SERVER_ERROR", "Internal error. Looks like something went wrong on our end.")
_DENIED: Final = Broken(
    "ACCESS_DENIED",
    "This app is not approved to access the Customer object."
    " See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
)
_BUYER: Final = dict.fromkeys(("customer", "billingAddress", "shippingAddress", "email"), _DENIED)
# The first takes its order and the page along, the second only itself: GraphQL lets some fields be null and others not.
_FIELDS: Final = ("currentTotalPriceSet", "displayFinancialStatus")


@dataclass(slots=True)
class Troubles:
    """`grants_buyers` is whether the app has access to protected customer data."""

    grants_buyers: bool = True
    broken: dict[str, Mapping[str, Broken]] = field(default_factory=dict)
    _failed: int = 0

    def break_off(self, number: str, *fields: str, code: str = _FAILED.code) -> None:
        """From now on fields of an order or a variant cannot be told, by its global id; none of them mends it."""
        self.broken[number] = dict.fromkeys(fields, replace(_FAILED, code=code))

    @contextmanager
    def during(self, fault: object, orders: list[str]) -> Iterator[None]:
        """While one answer is given: fail at one of the orders in turn, or tell of no buyer."""
        granted, broken = self.grants_buyers, self.broken
        if fault is Fault.NO_BUYERS:
            self.grants_buyers = False
        if fault is Fault.PARTIAL and orders:
            self._failed += 1
            one = orders[self._failed % len(orders)]
            self.broken = {**broken, one: {_FIELDS[self._failed % 2]: _FAILED}}
        try:
            yield
        finally:
            self.grants_buyers, self.broken = granted, broken

    def order(self, order: Json) -> Json:
        """An order's fields as the app may read them, and as far as they can be told."""
        return {**order, **({} if self.grants_buyers else _BUYER), **self.broken.get(str(order["id"]), {})}

    def part(self, found: Slice) -> Slice:
        """A part of the catalogue as far as it can be told."""
        return replace(found, nodes=[self._item(one) for one in found.nodes])

    def _item(self, one: Any) -> Any:
        return {**one, **self.broken.get(str(one["id"]), {})}
