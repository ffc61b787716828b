"""What a Shopify store does to its orders comes to Katana, and what is done there goes back (SPEC chapters 4 to 7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connectors.postgres import catalogue, stores
from sandbox import Faults, KatanaAccount, Oddities, Pace, RunningSandbox, open_sandbox, run_katana
from sandbox.faults import Said
from sandbox.shopify.generator import seed_catalogue
from sandbox.shopify.state import ShopifyShop
from tasks import hub_choice
from tasks.account import reconfigure_account
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.hub_news import fetch_hub
from tasks.orders.fulfill import fulfill_order
from tasks.products import import_products
from tasks.stock.count import CountFile, count_from_file, take_back
from tasks.stores import NewStore, connect_store
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import do, journal_of, let_waits_pass, order_of

CHAIR, LAMP = "CHAIR", "LAMP"


@pytest.fixture
def faults() -> Faults:
    """What goes wrong on the way to Katana."""
    return Faults(pace=Pace(timeout_seconds=0.02))


@pytest.fixture
def account(held: Process, faults: Faults) -> Iterator[KatanaAccount]:
    """An account that is the hub, with stock of two items."""
    with run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000)), faults) as katana:
        for sku in (CHAIR, LAMP):
            katana.shop.add_product(sku, stock=10)
        values: dict[str, Any] = {"hub": "katana", "katana.url": katana.url, "katana.allow_insecure": True}
        values |= {"katana.api_key": katana.credentials["api_key"]}
        values |= hub_choice.prove_choice(held, values)
        with held.pool.connection() as connection:
            reconfigure_account(held, connection, values)
        yield katana.shop


@pytest.fixture
def shopify() -> Iterator[RunningSandbox[ShopifyShop]]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@dataclass
class Sold:
    """Three chairs and a lamp, sold in the shop; what merchant and warehouse do with them."""

    held: Process
    store: int
    shop: ShopifyShop
    account: KatanaAccount
    id: int
    chairs: int
    lamps: int

    def look(self) -> list[str]:
        """A worker fetches and looks, in another minute."""
        self.held.redis.delete("storesync:katana:asked")
        return import_all(self.held, self.store)

    def listen(self) -> str:
        """Katana is asked what moved."""
        self.held.redis.delete("storesync:katana:asked")
        return fetch_hub()

    @property
    def number(self) -> int:
        (order,) = self.account.orders.table.view()
        return int(order["id"])

    def rows(self) -> dict[str, int]:
        """Pieces in Katana by SKU."""
        variants = self.account.variants.table
        found = self.account.rows.table.of(self.number)
        return {variants.find(row["variant_id"])["sku"]: int(row["quantity"]) for row in found}

    def journal(self) -> list[tuple[str, str, str | None]]:
        return journal_of(self.held, self.store, str(self.id))

    def status(self) -> str:
        (order,) = self.account.orders.table.view()
        return str(order["status"])


@pytest.fixture
def sold(placed: Sold) -> Sold:
    """The order, in Katana by now."""
    assert placed.look() == ["imported"]
    return placed


@pytest.fixture
def placed(held: Process, shopify: RunningSandbox[ShopifyShop], account: KatanaAccount) -> Sold:
    """The order, at the shop only."""
    settings = {"fulfillment.sync": True, "orders.returns": True}
    new = NewStore("shopify", "acme", shopify.url, shopify.credentials, settings, allow_insecure=True)
    connect_store(held, new)
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    fetch_hub()
    lines = [{"sku": sku, "name": sku, "price": "30.00", "quantity": count} for sku, count in ((CHAIR, 3), (LAMP, 1))]
    order = shopify.shop.place_order({"lines": lines, "email": "bo@example.com"})
    chairs, lamps = (line.id for line in order.lines)
    return Sold(held, int(row.id), shopify.shop, account, order.id, chairs, lamps)


def test_CHG_1_CHG_3_what_a_store_takes_off_is_taken_off_in_katana(sold: Sold) -> None:
    sold.shop.refund(sold.id, pieces={sold.chairs: 1, sold.lamps: 1})

    assert sold.look() == ["changed"]

    assert sold.rows() == {CHAIR: 2}
    shown = show(sold.held, str(sold.id))["order"]
    assert (shown["total_with_tax"], shown["total_mismatch"]) == (shown["store_total_with_tax"], False)
    assert sold.look() == []


def test_CHG_4_case_12_what_katana_lets_nobody_change_is_held_back_and_told_once(sold: Sold) -> None:
    row = sold.account.rows.table.of(sold.number)[0]
    sold.account.fulfillments.take_rest(sold.number, "DELIVERED", {row["id"]: 1})
    sold.listen()
    sold.shop.refund(sold.id, pieces={sold.chairs: 1})

    sold.look()
    sold.shop.edit_order(sold.id, {"note": "soon, please"})
    sold.look()

    assert sold.rows() == {CHAIR: 3, LAMP: 1}
    assert [reason for _, _, reason in sold.journal()].count("held_back") == 1


def test_CHG_5_an_order_that_is_cancelled_goes_and_is_no_person_s_deletion(sold: Sold) -> None:
    sold.shop.cancel(sold.id)

    assert sold.look() == ["deleted"]
    sold.listen()

    assert list(sold.account.orders.table.view()) == []
    assert order_of(sold.held, sold.store, sold.id).reason == "cancelled_in_store"


def test_CHG_5_case_14_an_order_that_is_invoiced_stays(sold: Sold) -> None:
    sold.account.orders.invoice(sold.number)
    sold.shop.cancel(sold.id)

    sold.look()

    assert sold.rows() == {CHAIR: 3, LAMP: 1}
    assert "kept_invoiced" in [reason for _, _, reason in sold.journal()]


def test_FUL_1_FUL_13_what_the_store_sends_is_delivered_and_not_told_back(sold: Sold) -> None:
    sold.shop.fulfill(sold.id, {sold.chairs: 2}, number="T1")
    assert sold.look() == ["delivered"]
    assert sold.status() == "PARTIALLY_DELIVERED"
    sold.shop.fulfill(sold.id)
    assert sold.look() == ["delivered"]

    sold.listen()
    sold.held.redis.delete("storesync:katana:asked")
    told = fulfill_order(sold.store, str(sold.id))

    assert told != "sent"
    assert sold.status() == "DELIVERED"
    assert len(sold.account.fulfillments.table.of(sold.number)) == 2
    assert len(sold.shop.fulfillments_of(sold.id)) == 2
    assert (sold.account.summary()["stock"][CHAIR], sold.account.summary()["stock"][LAMP]) == ("7.00000", "9.00000")


@pytest.mark.long
def test_FUL_10_case_17_what_a_person_packs_and_delivers_is_told_once(sold: Sold) -> None:
    sold.account.fulfillments.take_rest(sold.number, "PACKED", tracking_number="T7", tracking_carrier="DHL")
    sold.listen()
    assert fulfill_order(sold.store, str(sold.id)) == "sent"
    sold.account.fulfillments.take_rest(sold.number, "DELIVERED")
    sold.listen()

    fulfill_order(sold.store, str(sold.id))
    sold.look()

    assert len(sold.shop.fulfillments_of(sold.id)) == 1
    assert len(sold.account.fulfillments.table.of(sold.number)) == 1
    assert sold.account.summary()["stock"][CHAIR] == "7.00000"


def test_CHG_9_case_19_a_return_comes_to_katana(sold: Sold) -> None:
    sold.shop.fulfill(sold.id)
    sold.look()
    sold.shop.take_back(sold.id, {sold.chairs: 2})

    assert sold.look() == ["changed"]

    (made,) = sold.account.returns.table.view()
    (row,) = sold.account.return_rows.table.of(made["id"])
    assert row["quantity"] == 2
    sold.shop.edit_order(sold.id, {"note": "thanks"})
    sold.look()
    assert len(list(sold.account.return_rows.table.view())) == 1


def test_FUL_7_delivered_there_and_sent_by_the_store_at_once_is_delivered_once(sold: Sold) -> None:
    sold.shop.fulfill(sold.id)
    sold.account.fulfillments.take_rest(sold.number, "DELIVERED")

    sold.look()
    sold.listen()
    fulfill_order(sold.store, str(sold.id))

    assert len(sold.account.fulfillments.table.of(sold.number)) == 1
    assert len(sold.shop.fulfillments_of(sold.id)) == 1


def test_KAT_1_an_order_of_which_nobody_knows_whether_it_was_made_waits_and_is_one(
    placed: Sold, faults: Faults
) -> None:
    faults.fail_next(1, "timeout", only="POST /v1/sales_orders")
    assert placed.look() == ["put_off"]
    waiting = order_of(placed.held, placed.store, placed.id)
    assert waiting.reason == "hub_busy"
    do(placed.held, "UPDATE katana_intents SET sent_at = sent_at - interval '1 day', looks = 2")
    let_waits_pass(placed.held, placed.store)

    assert placed.look() == ["imported"]

    assert placed.rows() == {CHAIR: 3, LAMP: 1}


def test_KAT_1_of_an_order_that_was_made_and_not_answered_for_is_one(placed: Sold, faults: Faults) -> None:
    faults.fail_next(1, "timeout_done", only="POST /v1/sales_orders")

    assert placed.look() == ["imported"]

    assert placed.rows() == {CHAIR: 3, LAMP: 1}


def test_MAP_8_what_was_sent_before_the_import_is_not_sent_from_katana_s_shelf(placed: Sold) -> None:
    placed.shop.fulfill(placed.id, {placed.chairs: 1, placed.lamps: 1})

    assert placed.look() == ["imported"]
    assert placed.rows() == {CHAIR: 2}
    placed.shop.edit_order(placed.id, {"note": "no news"})
    assert placed.look() == ["imported"]
    placed.shop.refund(placed.id, pieces={placed.chairs: 1})
    assert placed.look() == ["changed"]
    assert placed.rows() == {CHAIR: 1}
    placed.shop.fulfill(placed.id)
    assert placed.look() == ["delivered"]

    assert placed.status() == "DELIVERED"
    assert placed.account.summary()["stock"][CHAIR] == "9.00000"
    assert show(placed.held, str(placed.id))["order"]["status"] == "DELIVERED"


def test_FUL_5_an_order_that_is_cancelled_after_a_part_was_sent_keeps_it(sold: Sold) -> None:
    sold.shop.fulfill(sold.id, {sold.chairs: 3})
    sold.look()
    sold.shop.cancel(sold.id)

    sold.look()

    assert sold.rows() == {CHAIR: 3}
    assert sold.status() == "DELIVERED"


@pytest.mark.parametrize("is_new", [True, False])
def test_FUL_12_a_parcel_that_goes_out_in_part_is_not_told_again(sold: Sold, *, is_new: bool) -> None:
    sold.account.oddities.split_parcel_is_new = is_new
    chairs = sold.account.rows.table.of(sold.number)[0]["id"]
    sold.account.fulfillments.take_rest(sold.number, "PACKED", {chairs: 2})
    sold.listen()
    assert fulfill_order(sold.store, str(sold.id)) == "sent"
    sold.account.fulfillments.split(sold.number, {chairs: 1})
    sold.listen()

    fulfill_order(sold.store, str(sold.id))
    sold.look()

    assert len(sold.shop.fulfillments_of(sold.id)) == 1


@pytest.mark.parametrize(
    ("batches", "taken", "reasons"), [((4, 5), [4, 3], []), ((4, 1), [4, 1, 2], ["batch_shortage"])]
)
def test_FUL_4_case_16_batches_leave_the_oldest_first(
    placed: Sold, batches: tuple[int, int], taken: list[int], reasons: list[str]
) -> None:
    variant = placed.account.add_product("OIL", batch_tracked=True)["id"]
    for place, pieces in enumerate(batches):
        placed.account.ahead += timedelta(days=1)
        placed.account.add_batch(variant, f"B{place}", pieces)
    order = placed.shop.place_order({"lines": [{"sku": "OIL", "name": "Oil", "price": "3.00", "quantity": 7}]})
    placed.look()
    placed.shop.fulfill(order.id)

    placed.look()

    (parcel,) = placed.account.fulfillments.table.view()
    (line,) = parcel["sales_order_fulfillment_rows"]
    assert [int(pieces) for _, pieces in line["shares"]] == taken
    assert [one for _, _, one in journal_of(placed.held, placed.store, str(order.id)) if one] == reasons


def test_STK_11_a_file_is_counted_in_katana_and_taken_back(placed: Sold) -> None:
    where = str(placed.account.locations.default()["id"])
    with placed.held.pool.connection() as connection:
        file = CountFile("spring.csv", f"sku,quantity,location\nCHAIR,4,{where}\nLAMP,12,{where}\n", where)
        count_id, count = count_from_file(connection, file, is_again=True)
        assert count_id is not None, count
        counted = dict(placed.account.summary()["stock"])
        take_back(connection, count_id)

    assert (counted[CHAIR], counted[LAMP]) == ("4.00000", "12.00000")
    assert placed.account.summary()["stock"][CHAIR] == "10.00000"


def test_STG_2_what_a_store_sells_comes_to_katana(placed: Sold) -> None:
    seed_catalogue(placed.shop)
    fetch_catalogue(placed.store)
    do(placed.held, "UPDATE stores SET wants_products = true")
    with placed.held.pool.connection() as connection:
        named = dict(catalogue.named_items(connection, placed.store, beyond="", limit=1000))

    placed.held.redis.delete("storesync:katana:asked")
    import_products(placed.store)

    variants = [row["sku"] for row in placed.account.variants.table.view() if row["type"] == "product"]
    assert named
    assert sorted(variants) == sorted({CHAIR, LAMP, *named})


def unanswered(placed: Sold, faults: Faults) -> None:
    """The order was sent, made, and nobody was answered, nor does Katana show it yet."""
    faults.fail_next(1, "timeout_done", only="POST /v1/sales_orders")
    faults.answer_next(1, Said(200, '{"data": []}'), only="GET /v1/sales_orders")  # the look behind it: reads are late
    assert placed.look() == ["put_off"]
    assert placed.rows() == {CHAIR: 3, LAMP: 1}


def goes_on(placed: Sold) -> list[str]:
    """Time passes, and workers look as long as something is due."""
    do(placed.held, "UPDATE katana_intents SET sent_at = sent_at - interval '11 minutes', leased_until = NULL")
    let_waits_pass(placed.held, placed.store)
    return [*placed.look(), *placed.look()]


def test_CHG_5_an_order_that_is_taken_back_while_nobody_knows_whether_it_was_made_goes(
    placed: Sold, faults: Faults
) -> None:
    unanswered(placed, faults)
    placed.shop.cancel(placed.id)

    assert goes_on(placed) == ["imported", "deleted"]

    assert list(placed.account.orders.table.view()) == []


def test_CHG_1_an_order_that_changes_while_nobody_knows_whether_it_was_made_follows(
    placed: Sold, faults: Faults
) -> None:
    unanswered(placed, faults)
    placed.shop.refund(placed.id, pieces={placed.chairs: 1, placed.lamps: 1})

    assert goes_on(placed) == ["imported", "changed"]

    assert placed.rows() == {CHAIR: 2}


def test_FUL_1_an_order_that_is_sent_while_nobody_knows_whether_it_was_made_is_delivered(
    placed: Sold, faults: Faults
) -> None:
    unanswered(placed, faults)
    placed.shop.fulfill(placed.id)

    assert goes_on(placed) == ["imported", "delivered"]

    assert placed.status() == "DELIVERED"
