"""Which of several looks at new orders may be carried out as one, and end as they would one after the other (SPD-1).

What one order makes a later one of them does not see. Where both make the same the hub keeps it to one; where the
later one would have been decided otherwise by what the earlier one makes, it waits for its own look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schemas.actions import Skip
from schemas.hub import Customer, DraftOrder, NewCustomer, NewItem
from schemas.orders import Kind
from tasks.rules.look import Look


def as_one(looks: Sequence[Look | Skip]) -> list[int]:
    """The places of those that may be carried out as one. Skips always: they make nothing."""
    made = _Made()
    return [place for place, look in enumerate(looks) if isinstance(look, Skip) or made.takes(look)]


@dataclass(frozen=True, slots=True)
class _Made:
    """What those before make: links of customers, new ones by what they are known by, and new items."""

    buyers: dict[str, Customer | NewCustomer] = field(default_factory=dict)
    people: dict[str, NewCustomer] = field(default_factory=dict)
    items: dict[str, Kind] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)

    def takes(self, look: Look) -> bool:
        """Whether a look creates an order and does nothing else, and those before change nothing about it."""
        if look.only_creation is None or self._would_change(look.only_creation.order):
            return False
        self._add(look.only_creation.order)
        return True

    def _would_change(self, order: DraftOrder) -> bool:
        customer = order.customer
        if order.customer_key and self.buyers.get(order.customer_key, customer) != customer:
            return True  # the link of the earlier order would have named another one (MAP-2)
        if isinstance(customer, NewCustomer) and self.people.get(_known_by(customer), customer) != customer:
            return True  # so would the e-mail, or the name
        return any(
            self.items.get(key, item.kind) is not item.kind
            or (item.kind is Kind.SERVICE and self.services.get(item.name.lower(), key) != key)
            for key, item in _new_items(order)
        )

    def _add(self, order: DraftOrder) -> None:
        if order.customer_key:
            self.buyers[order.customer_key] = order.customer
        if isinstance(order.customer, NewCustomer):
            self.people.setdefault(_known_by(order.customer), order.customer)
            self.people.setdefault(_by_name(order.customer), order.customer)
        for key, item in _new_items(order):
            self.items[key] = item.kind
            if item.kind is Kind.SERVICE:
                self.services.setdefault(item.name.lower(), key)


def _new_items(order: DraftOrder) -> Iterator[tuple[str, NewItem]]:
    """New items, each with what makes two of them the same one (MAP-1, MAP-9)."""
    for row in order.rows:
        if isinstance(item := row.item, NewItem):
            yield (
                f"sku:{item.sku}" if item.sku else f"key:{item.key}" if item.key else f"name:{item.name.lower()}",
                item,
            )


def _known_by(customer: NewCustomer) -> str:
    """What a later order finds a customer by: two that a hub takes for the same have the same, and some others too."""
    return f"email:{customer.email.strip().casefold()}" if customer.email else _by_name(customer)


def _by_name(customer: NewCustomer) -> str:
    return f"name:{''.join(filter(str.isalnum, customer.name.casefold()))}"
