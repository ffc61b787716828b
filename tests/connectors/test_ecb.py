"""The European Central Bank's table: read to the digit, or not at all."""

import socket
from datetime import date
from decimal import Decimal

import pytest

from connectors import ecb
from connectors.errors import Unavailable

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
                 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube><Cube time='2026-01-05'>
    <Cube currency='USD' rate='1.0800'/><Cube currency='JPY' rate='162.35'/><Cube currency='GBP' rate='0.8'/>
  </Cube></Cube>
</gesmes:Envelope>"""


def test_ORD_8_rates_say_what_one_unit_is_worth_in_euro() -> None:
    day = date(2026, 1, 5)

    assert ecb.read_rates(SAMPLE) == {
        ("USD", day): Decimal("0.9259259259"),
        ("JPY", day): Decimal("0.0061595319"),
        ("GBP", day): Decimal("1.25"),
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("<html><body>Maintenance</body></html>", id="another page"),
        pytest.param(SAMPLE[:-40], id="cut off"),
        pytest.param(SAMPLE.replace("1.0800", "N/A"), id="a rate that is no number"),
        pytest.param(SAMPLE.replace("1.0800", "NaN"), id="a rate that is not a number"),
        pytest.param(SAMPLE.replace("2026-01-05", "yesterday"), id="a day that is no date"),
        pytest.param(SAMPLE.replace(" time='2026-01-05'", ""), id="no day"),
        pytest.param(SAMPLE.replace("currency='USD'", ""), id="a rate of nothing"),
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', id="entities"),
    ],
)
def test_a_table_that_cannot_be_read_is_no_table(text: str) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        ecb.read_rates(text)


@pytest.mark.parametrize("rate", ["0", "-1.08", "Infinity"])
def test_a_rate_that_cannot_be_is_left_out(rate: str) -> None:
    found = ecb.read_rates(SAMPLE.replace("1.0800", rate))

    assert {currency for currency, _ in found} == {"JPY", "GBP"}


def test_the_table_is_asked_for_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise socket.gaierror("there is no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)

    with pytest.raises(Unavailable, match=r"^GET https://www\.ecb\.europa\.eu/stats/eurofxref/eurofxref-daily\.xml: "):
        ecb.daily_rates()
