"""Orders come to Katana while it, the shops and workers fail: none is lost, none doubled (KAT-1, ORD-6).

The same with thousands of orders, and with servers that fail, by hand: `python -m tests.flows.chaos --hub katana`.
"""

import pytest

from tests.broker import use_broker
from tests.flows.chaos import Faults, findings, open_chaos, rage, wait_for_calm
from tests.flows.house import House

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]

FAULTS = Faults(
    shops=[["html_done"], ["lost"], ["http_500"]],
    house=["kill a worker"],
    hub=["refused, written", "failed, written in part", "lost", "late reads", "timeout"],
)


def test_KAT_1_ORD_6_none_of_thirty_orders_is_lost_or_doubled_whatever_fails(house: House) -> None:
    use_broker(house.config.redis_url)
    with open_chaos(house, "katana", seed=1, faster=30) as chaos, chaos.time_passing():
        rage(chaos, FAULTS, orders=30, pause=0.2)
        wait_for_calm(chaos, patience=150)

        assert [*chaos.problems, *findings(chaos)] == [], house.logs()
