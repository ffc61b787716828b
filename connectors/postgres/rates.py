"""Exchange rates in PostgreSQL: the European Central Bank's table that ships, its daily news, and rates set by hand."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from currency_converter import CurrencyConverter

from connectors.postgres import Connection, Row, queries

_SQL = queries("rates")


def keep(connection: Connection, rates: Mapping[tuple[str, date], Decimal], *, base: str, source: str) -> int:
    """Keep rates: what one unit of a currency is worth in `base` on a day; returns how many are new."""
    values = {
        "base": base,
        "source": source,
        "currencies": [currency for currency, _ in rates],
        "dates": [day for _, day in rates],
        "rates": list(rates.values()),
    }
    return connection.execute(_SQL["keep"], values).rowcount


def keep_shipped(connection: Connection) -> int:
    """Keep the newest rates of the table that ships with the software, unless newer ones are there (ORD-8)."""
    newest = connection.execute(_SQL["newest_day"]).fetchone()
    table = CurrencyConverter(decimal=True, fallback_on_missing_rate=True)
    shipped = {
        (currency, bounds.last_date): _euros(table, currency, bounds.last_date)
        for currency, bounds in table.bounds.items()
        if currency != "EUR" and bounds is not None
    }
    if newest and newest["on_date"] and newest["on_date"] >= max(day for _, day in shipped):
        return 0
    return keep(connection, shipped, base="EUR", source="ecb")


def _euros(table: CurrencyConverter, currency: str, day: date) -> Decimal:
    return round(Decimal(table.convert(1, currency, "EUR", date=day)), 10)


def latest(connection: Connection) -> list[Row]:
    """The newest rate of every currency."""
    return connection.execute(_SQL["latest"]).fetchall()
