"""Items, places and stock by hand: what a person adds, counts, receives and locks in the built-in hub."""

from decimal import Decimal
from typing import Any, Final

from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, queries, stores
from schemas.actions import AddCustomers, AddItems, AddLocation, AddProduct, AdjustStock, LockInventory, ReceivePurchase
from schemas.groups import Made
from schemas.hub_search import Links
from schemas.orders import Kind

_SQL: Final = queries("apply", __package__)


def add_location(connection: Connection, action: AddLocation) -> str:
    """Make a location; its id."""
    return _id(connection, "add_location", {"code": action.code, "name": action.name})


def add_product(connection: Connection, action: AddProduct) -> str:
    """Make a product, with its components where it is a bundle; the variant's id."""
    if action.kind is Kind.SHIPPING:
        raise HubRefused("an item is a product or a service")
    if action.bundle and (action.batch_tracked or action.kind is Kind.SERVICE):
        raise HubRefused(f"{action.sku}: a bundle is neither batch-tracked nor a service")
    if not action.is_another and (there := connection.execute(_SQL["items"], {"skus": [action.sku]}).fetchone()):
        raise HubRefused(_there_words(action.sku, there))
    variant_id = _id(
        connection,
        "add_product",
        {
            "sku": action.sku,
            "name": action.name or action.sku,
            "kind": action.kind,
            "batch_tracked": action.batch_tracked,
            "delivery_days": action.delivery_days,
        },
    )
    if action.bundle:
        _add_components(connection, variant_id, action)
    return variant_id


def _there_words(sku: str, there: Row) -> str:
    kind = "bundle" if there["is_bundle"] else there["kind"]
    return (
        f"{sku} is there already, as the {kind} {there['name']!r}: a second one, with nothing counted, would be meant"
        " by every order and store from then on; to add it all the same give --another"
    )


def add_items(connection: Connection, action: AddItems) -> str:
    """Make the products whose SKU the hub does not have; the ids of the variants made, with commas between."""
    values = {"skus": [sku for sku, _ in action.items], "names": [name or sku for sku, name in action.items]}
    return _id(connection, "add_items", values)


def add_customers(connection: Connection, action: AddCustomers) -> Made:
    """Make the customers that the hub does not have; how many that were, and who each of them is by the store's key."""
    keys, names, emails = zip(*action.customers, strict=True) if action.customers else ((), (), ())
    values = {"keys": list(keys), "names": list(names), "emails": list(emails)}
    rows = connection.execute(_SQL["add_customers"], values).fetchall()
    made = {row["id"] for row in rows if row["is_new"]}
    return Made(str(len(made)), Links(customers={row["key"]: row["id"] for row in rows}))


def _add_components(connection: Connection, bundle_id: str, action: AddProduct) -> None:
    quantities: dict[int, Decimal] = {}
    for sku, quantity in action.bundle:
        component = _find_item(connection, sku)
        if component["is_bundle"] or component["kind"] != Kind.PRODUCT or component["id"] == int(bundle_id):
            raise HubRefused(f"{sku} cannot be a component: a bundle is made of plain products")
        if quantity <= 0:
            raise HubRefused(f"{action.sku} needs more than {quantity} of {sku}")
        quantities[component["id"]] = quantities.get(component["id"], Decimal(0)) + quantity
    values = {"bundle_id": bundle_id, "component_ids": list(quantities), "quantities": list(quantities.values())}
    connection.execute(_SQL["add_components"], values)


def adjust_stock(connection: Connection, action: AdjustStock) -> str:
    """Count pieces in or out; the id of the ledger's line. By 0: somebody looked, and nothing has to be changed."""
    item = _find_stocked(connection, action.sku, action.batch, must_name_batch=action.delta != 0)
    place = _place(connection, action.location)
    values = {"variant_id": item["id"], "location": place, "delta": action.delta, "batch_id": None}
    if action.batch is not None:
        values["batch_id"] = _batch(connection, item, action)
    return _id(connection, "move_stock", values)


def _batch(connection: Connection, item: Row, action: AdjustStock) -> int:
    """The batch to count in; only pieces that were found make a new one."""
    name = "keep_batch" if action.delta > 0 else "find_batch"
    found = connection.execute(_SQL[name], {"variant_id": item["id"], "batch_no": action.batch}).fetchone()
    if found is None:
        raise HubRefused(f"{action.sku} has no batch {action.batch}")
    return int(found["id"])


def receive_purchase(connection: Connection, action: ReceivePurchase) -> str:
    """Take a purchase in; the purchase order's id. Without a batch number the purchase order gives it its own."""
    if action.quantity <= 0:
        raise HubRefused(f"{action.sku}: receive at least something, not {action.quantity}")
    item = _find_stocked(connection, action.sku, action.batch)
    place = _place(connection, action.location)
    values = {"location": place, "quantity": action.quantity, "batch_no": action.batch}
    return _id(connection, "receive_purchase", {"variant_id": item["id"], **values})


def lock_inventory(connection: Connection, action: LockInventory) -> str:
    """Close inventory up to and including a day; that day."""
    return _id(connection, "lock_inventory", {"until": action.until})


def _place(connection: Connection, location: str | None) -> str:
    return location or stores.account(connection).default_location


def _find_stocked(connection: Connection, sku: str, batch: str | None, *, must_name_batch: bool = False) -> Row:
    item = _find_item(connection, sku)
    if item["kind"] != Kind.PRODUCT:
        raise HubRefused(f"{sku} is a service: it has no stock")
    if item["is_bundle"]:
        raise HubRefused(f"{sku} is a bundle: its stock is that of its components")
    if batch is not None and not item["batch_tracked"]:
        raise HubRefused(f"{sku} is not batch-tracked: name no batch")
    if must_name_batch and batch is None and item["batch_tracked"]:
        raise HubRefused(f"{sku} is batch-tracked: name the batch")
    return item


def _find_item(connection: Connection, sku: str) -> Row:
    found = connection.execute(_SQL["items"], {"skus": [sku]}).fetchone()
    if found is None:
        raise HubRefused(f"there is no item with the SKU {sku}")
    return found


def _id(connection: Connection, name: str, values: dict[str, Any]) -> str:
    row = connection.execute(_SQL[name], values).fetchone()
    return str(row["id"]) if row else ""
