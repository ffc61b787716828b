"""Exchange rates in PostgreSQL: the European Central Bank's table that ships, its daily news, and rates set by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from connectors.later import Later
from connectors.postgres import Connection, queries, read_all

if TYPE_CHECKING:
    import currency_converter

    from schemas import hub
    from schemas.hub import ExchangeRate
else:
    hub = Later("schemas.hub")
    currency_converter = Later("currency_converter")

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


def rates_on(
    connection: Connection, wanted: Collection[tuple[str, date]], *, base: str
) -> dict[tuple[str, date], ExchangeRate]:
    """What currencies were worth in `base` on some days, as far as that is known; the base itself is not asked for."""
    foreign = [(currency, day) for currency, day in wanted if currency != base]
    if not foreign:
        return {}
    values = {"base": base, "currencies": [currency for currency, _ in foreign], "days": [day for _, day in foreign]}
    rows = connection.execute(_SQL["rates_on"], values)
    return {(row["currency"], row["day"]): hub.ExchangeRate(row["rate"], row["on"]) for row in rows}


def newest_day(connection: Connection) -> date | None:
    """The day of the newest published rates."""
    row = connection.execute(_SQL["newest_day"]).fetchone()
    return row["on_date"] if row else None


def are_needed(connection: Connection, *, base: str) -> bool:
    """Whether any of the newest orders of a connected store is in another currency than the base."""
    row = connection.execute(_SQL["foreign_money"], {"base": base}).fetchone()
    return bool(row and row["is_foreign"])


def keep_shipped(connection: Connection) -> int:
    """Keep the newest rates of the table that ships with the software, unless newer ones are there (ORD-8)."""
    newest, shipped = newest_day(connection), _shipped()
    if newest and newest >= max(day for _, day in shipped):
        return 0
    return keep(connection, shipped, base="EUR", source="ecb")


@cache
def _shipped() -> dict[tuple[str, date], Decimal]:
    """The newest rate of each currency; to read the table takes half a second."""
    table = currency_converter.CurrencyConverter(decimal=True, fallback_on_missing_rate=True)
    return {
        (currency, bounds.last_date): _euros(table, currency, bounds.last_date)
        for currency, bounds in table.bounds.items()
        if currency != "EUR" and bounds is not None
    }


def _euros(table: currency_converter.CurrencyConverter, currency: str, day: date) -> Decimal:
    return round(Decimal(table.convert(1, currency, "EUR", date=day)), 10)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in `base` since a day, and who says so."""

    currency: str
    base: str
    on_date: date
    rate: Decimal
    source: str


def latest(connection: Connection) -> list[Rate]:
    """The newest rate of every currency and source."""
    return read_all(connection, Rate, _SQL["latest"])
