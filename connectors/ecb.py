"""The European Central Bank's daily reference rates: public, without a key (https://www.ecb.europa.eu/stats/eurofxref/)."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree import ElementTree

from connectors.errors import Unavailable
from connectors.http import Anonymous, HttpClient, NoWaits

_SITE: Final = "https://www.ecb.europa.eu/stats/eurofxref"
_FILE: Final = "eurofxref-daily.xml"


def daily_rates() -> dict[tuple[str, date], Decimal]:
    """What one unit of each currency is worth in euro on the latest day, by (currency, day). Raises Unavailable."""
    return read_rates(HttpClient(_SITE, auth=Anonymous(), waits=NoWaits()).get(_FILE).text)


def read_rates(text: str) -> dict[tuple[str, date], Decimal]:
    """The rates in the bank's XML: `<Cube time="…"><Cube currency="USD" rate="1.08"/>…`. Raises Unavailable."""
    try:
        cubes = list(ElementTree.fromstring(text).iter("{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"))
        (day,) = (date.fromisoformat(cube.attrib["time"]) for cube in cubes if "time" in cube.attrib)
        rates = {cube.attrib["currency"]: Decimal(cube.attrib["rate"]) for cube in cubes if "rate" in cube.attrib}
        worth = {(currency, day): round(1 / rate, 10) for currency, rate in rates.items() if rate > 0}
        return {key: euros for key, euros in worth.items() if euros > 0}  # one that cannot be would refuse them all
    except (ElementTree.ParseError, KeyError, ValueError, InvalidOperation) as error:
        raise Unavailable("the table of exchange rates cannot be read", request=f"GET {_SITE}/{_FILE}") from error
