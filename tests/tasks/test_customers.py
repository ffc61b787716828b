"""A shop's registered customers into the hub: once, whatever is done twice, whoever ordered before (STG-2, MAP-2)."""

from typing import Any

import pytest

from connectors.postgres import jobs as kept
from connectors.postgres import journal, stores
from sandbox import open_sandbox
from schemas.errors import SettingRefused
from schemas.jobs import Wish
from tasks import jobs
from tasks.customers import bring_customers
from tasks.held import Process
from tasks.stores import NewStore, connect_store
from tests.tasks.conftest import import_all


def customers(held: Process) -> list[dict[str, Any]]:
    with held.pool.connection() as connection:
        return connection.execute("SELECT name, email FROM hub.customers ORDER BY id").fetchall()


def connect(held: Process, shop: Any, platform: str, **more: Any) -> Any:
    connect_store(held, NewStore(platform, "acme", shop.url, shop.credentials, allow_insecure=True, **more))
    with held.pool.connection() as connection:
        return stores.find_store(connection, "acme")


@pytest.mark.parametrize("platform", ["woocommerce", "shopify", "bigcommerce"])
def test_STG_2_customers_come_in_once_and_their_orders_find_them(held: Process, platform: str) -> None:
    seen: list[int] = []
    with open_sandbox(platform, orders=12) as shop:
        row = connect(held, shop, platform, inactive=True)
        first = bring_customers(held, row, on_page=seen.append)
        again = bring_customers(held, row, on_page=seen.append)
        there = customers(held)

    assert first["made"] == len(there) > 1
    assert all(one["name"] and one["email"] for one in there)
    assert again == {"made": 0, "known": first["made"] + first["known"]}
    assert sum(seen) == 2 * again["known"]
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(row.id))
    assert [line.detail for line in lines if line.action == "import_customers"] == [first, again]


def test_MAP_2_who_ordered_before_is_the_same_customer(held: Process) -> None:
    with open_sandbox("woocommerce", orders=12) as shop:
        row = connect(held, shop, "woocommerce")
        import_all(held, row.id)
        before = customers(held)
        bring_customers(held, row, on_page=lambda _: None)

    emails = [one["email"] for one in customers(held) if one["email"]]
    assert customers(held)[: len(before)] == before
    assert len(emails) == len({email.lower() for email in emails})


def test_STG_2_a_job_says_how_far_it_is_and_a_person_stops_it(held: Process) -> None:
    with open_sandbox("woocommerce", orders=12) as shop:
        row = connect(held, shop, "woocommerce", inactive=True)
        with held.pool.connection() as connection:
            done = jobs.ask(held, connection, Wish("import_customers", row.id, who="maria"))
        assert jobs.do_job(done) == "done"
        with held.pool.connection() as connection:
            found = kept.job(connection, done)
            stopped = jobs.ask(held, connection, Wish("import_customers", row.id))
            kept.stop(connection, stopped)
        assert jobs.do_job(stopped) == "nothing_due"
    assert found is not None
    assert found.result is not None
    assert found.seen == found.result["made"] + found.result["known"]


def test_STG_2_a_shop_that_is_away_says_so_and_what_came_stays(held: Process) -> None:
    with open_sandbox("woocommerce", orders=12) as shop:
        row = connect(held, shop, "woocommerce", inactive=True)
        shop.server.stop()
        with held.pool.connection() as connection:
            number = jobs.ask(held, connection, Wish("import_customers", row.id))
        assert jobs.do_job(number) == "failed"
    with held.pool.connection() as connection:
        found = kept.job(connection, number)
    assert found is not None
    assert found.trouble is not None
    assert found.trouble.reason == "store_unavailable"


def test_STG_2_a_hub_that_takes_none_says_so(held: Process) -> None:
    with open_sandbox("woocommerce", orders=2) as shop:
        row = connect(held, shop, "woocommerce", inactive=True)
        with held.pool.connection() as connection:
            connection.execute('UPDATE account SET settings = settings || \'{"hub": "katana"}\'')
        with pytest.raises(SettingRefused, match="with their orders"):
            bring_customers(held, row, on_page=lambda _: None)
