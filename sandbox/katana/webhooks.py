"""Who is told what: subscriptions to events by name."""

import secrets
from typing import Any, Final

from sandbox.katana.errors import Detail, Json, against_rules, invalid
from sandbox.katana.room import IDS, Room, Shown, dated, fields
from sandbox.katana.schema import Schema, body, flag, many, one_of, text
from sandbox.katana.table import Row

_ORDER: Final = "created updated deleted"
_EVENTS: Final[dict[str, str]] = {
    "sales_order": f"{_ORDER} packed delivered approved availability_updated",
    "purchase_order": f"{_ORDER} partially_received received approved",
    "purchase_order_row": f"{_ORDER} received",
    "outsourced_purchase_order": f"{_ORDER} received approved",
    "outsourced_purchase_order_row": f"{_ORDER} received",
    "outsourced_purchase_order_recipe_row": _ORDER,
    "manufacturing_order": f"{_ORDER} in_progress blocked done",
    "manufacturing_order_recipe_row": f"{_ORDER} ingredients_in_stock",
    "manufacturing_order_operation_row": f"{_ORDER} in_progress paused blocked completed",
    "current_inventory": "product_updated material_updated product_out_of_stock material_out_of_stock",
    "product": _ORDER,
    "material": _ORDER,
    "variant": _ORDER,
    "product_recipe_row": _ORDER,
}
_OCTOBER: Final = ("sales_order.invoiced", "sales_order.ready_for_fulfillment")
EVENTS: Final = tuple(f"{thing}.{event}" for thing, events in _EVENTS.items() for event in events.split())


def _fields() -> dict[str, Schema]:
    url = text() | {"pattern": "https://*"}
    events = one_of(" ".join((*EVENTS, *_OCTOBER)))
    return {"url": url, "subscribed_events": many(events), "description": text(), "enabled": flag()}


class Webhooks(Room):
    """Subscriptions. What switches one off is not written anywhere: here nothing does."""

    path = "webhooks"
    filters = IDS | fields("url enabled")
    posts = body("url subscribed_events", **_fields())
    patches = body(**_fields())
    is_deletable = True

    def create(self, given: Json) -> Row:
        """A subscription with a token of its own. Raises KatanaRefusal."""
        self._check_events(given)
        most = self.account.oddities.webhooks_at_most
        if most and len(list(self.table.view())) >= most:
            raise against_rules("There are as many webhooks as there can be")
        return self.table.add(
            url=given["url"],
            subscribed_events=given["subscribed_events"],
            description=given.get("description", ""),
            enabled=given.get("enabled", True),
            token=secrets.token_hex(8),
        )

    def change(self, row: Row, given: Json) -> Row:
        """Change what is given. Raises KatanaRefusal."""
        self._check_events(given)
        return self.table.change(row["id"], **given)

    def wanting(self, event: str) -> list[Row]:
        """Who is told of an event."""
        return [row for row in self.table.view() if row["enabled"] and event in row["subscribed_events"]]

    def shown(self, row: Row, how: Shown) -> Json:
        """As it is answered, with its token each time."""
        del how
        names = "id url token enabled description subscribed_events"
        return {name: row[name] for name in names.split()} | dated(row)

    def schema(self, schema: Schema) -> Schema:
        """What a body must look like; plain http is taken where the switch says so."""
        if self.account.oddities.webhooks_need_https:
            return schema
        return schema | {"properties": schema["properties"] | {"url": text(1)}}

    def _check_events(self, given: dict[str, Any]) -> None:
        for place, event in enumerate(given.get("subscribed_events", ())):
            if event in _OCTOBER and not self.account.oddities.october_events:
                raise invalid(
                    Detail(("subscribed_events", place), "enum", "should be equal to one of the allowed values")
                )
