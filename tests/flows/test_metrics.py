"""Real workers are told of by `/metrics`: which queues they serve, what their tasks took, and that they end (BEY-8)."""

import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox import open_sandbox
from tests.flows.house import House
from tests.waiting import wait_until
from workers.web import create_app

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("patient flows")]


def told(house: House, name: str) -> dict[str, float]:
    """A metric of the installation by queue."""
    text = create_app(house.config).test_client().get("/metrics").text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {one.labels.get("queue", one.labels.get("store", "")): one.value for one in samples if one.name == name}


def test_BEY_8_what_real_workers_do_is_told_and_outlives_them(house: House) -> None:
    with open_sandbox("woocommerce", orders=3) as shop:
        house.connect(shop, "acme")
        house.start_worker("worker")
        house.start_beat()
        wait_until(lambda: told(house, "storesync_orders_imported_total") == {"acme": 3}, seconds=60, what="3 orders")

        assert set(told(house, "storesync_workers").values()) == {1}
        wait_until(lambda: told(house, "storesync_task_seconds_count")["fetch"] >= 1, what="the fetch")
        assert told(house, "storesync_vendor_calls_total")["acme"] > 0

        worker = house.programs.pop("worker")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) is not None
        assert set(told(house, "storesync_workers").values()) == {0}
        assert told(house, "storesync_orders_imported_total") == {"acme": 3}
