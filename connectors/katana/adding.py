"""Items that a person or a store's catalogue wants in Katana, each made once (MAP-1, KAT-1)."""

from connectors.errors import HubRefused
from connectors.katana.budget import Priority
from connectors.katana.copies import SERVICES, VARIANTS
from connectors.katana.desk import Desk
from connectors.katana.goods import Goods
from schemas import actions
from schemas.hub import NewItem
from schemas.orders import Kind


def add_product(desk: Desk, action: actions.AddProduct) -> str:
    """An item with one variant; the variant's id. Raises HubRefused for what Katana's API has no place for."""
    if action.bundle:
        raise HubRefused(f"{action.sku} is a bundle: make it in Katana, where its recipe is")
    if action.is_another:
        raise HubRefused(f"another item with the SKU {action.sku} is made in Katana itself")
    if action.delivery_days is not None:
        raise HubRefused("Katana knows no delivery time of a product: leave it out, and the account's counts")
    desk.copies.refresh(VARIANTS, SERVICES)
    new = NewItem(action.name, action.kind, sku=action.sku)
    is_known = desk.copies.by(VARIANTS, skus=[action.sku]) if action.sku else []
    if is_known and not desk.goods.is_under_way(new):
        raise HubRefused(f"there is an item with the SKU {action.sku} already")
    return desk.goods.make(new, batch_tracked=action.batch_tracked and action.kind is Kind.PRODUCT)


def add_items(desk: Desk, action: actions.AddItems) -> str:
    """Plain products whose SKU nobody has yet; their ids. What was made stays, should one of them fail."""
    desk.copies.refresh(VARIANTS, SERVICES)
    known = {one.sku for one in desk.copies.by(VARIANTS, skus=[sku for sku, _ in action.items])}
    missing = dict(reversed([(sku, name) for sku, name in action.items if sku not in known]))
    goods = Goods(desk.connection, desk.client, desk.copies, priority=Priority.BACKFILL)
    return ",".join(goods.make(NewItem(name, Kind.PRODUCT, sku=sku)) for sku, name in missing.items())
