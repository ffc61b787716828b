"""A store as it stands in the database, for tests of what is remembered of stores and of what marks them."""

from connectors.postgres import Connection
from schemas.stores import StockNews
from tests.connectors.builtin_hub.makers import one


def add_store(
    connection: Connection,
    name: str,
    *,
    host: str = "",
    state: str = "active",
    syncs_stock: bool = True,
    news: StockNews = StockNews.ROWS,
) -> int:
    """A connected store; its id."""
    statement = """INSERT INTO stores (name, platform, url, state, settings, stock_news)
        VALUES (%s, 'woocommerce', 'https://' || %s, %s, jsonb_build_object('stock.sync', %s::boolean), %s)
        RETURNING id"""
    heard = news if syncs_stock else None
    return int(one(connection, statement, name, host or name, state, syncs_stock, heard)["id"])
