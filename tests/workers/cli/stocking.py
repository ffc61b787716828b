"""Stock of the hub by commands, and stores told of it as workers would."""

from connectors import postgres
from tasks.stock.push import push_stock
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop


def add(cli: Cli, sku: str, pieces: int = 0, *more: str) -> None:
    """A product of the hub with pieces on the shelf."""
    assert cli("hub", "product", "add", sku, *more).code == 0
    if pieces:
        assert cli("hub", "stock", "adjust", sku, str(pieces)).code == 0


def offer(shop: Shop, sku: str, pieces: int = 0, **changes: object) -> None:
    """A product of the shop whose pieces are counted."""
    shop.shop.add_product(
        {"name": sku, "sku": sku, "manage_stock": True, "stock_quantity": pieces, **changes}, is_sku_free=True
    )


def shown(shop: Shop, sku: str) -> list[int | None]:
    """What every item of the shop with a SKU shows."""
    return list(shop.shop.stock_of(sku).values())


def tell(connection: postgres.Connection, name: str = "acme") -> str:
    """Tell a store what is due, without its pauses."""
    connection.execute("UPDATE store_stock SET sent_at = NULL, due_at = NULL")
    connection.execute("UPDATE stores SET stock_due_at = NULL")
    row = connection.execute("SELECT id FROM stores WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return push_stock(row["id"])


def stock_rows(connection: postgres.Connection) -> list[tuple[str, int, int]]:
    """SKU, changed and settled of everything that was ever due."""
    found = connection.execute("SELECT sku, changed, settled FROM store_stock ORDER BY sku")
    return [(row["sku"], row["changed"], row["settled"]) for row in found]
