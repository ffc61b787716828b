"""Katana fails at every turn while a shop goes on: in the end it has each thing once, and what the shop has (KAT-1)."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox import Faults
from tests.tasks.orders.looking import do, let_waits_pass, order_of
from tests.tasks.test_katana_orders import Sold, account, faults, placed, shopify

__all__ = ["account", "faults", "placed", "shopify"]

RATES = {"timeout_done": 0.08, "lost": 0.06, "html_done": 0.04, "timeout": 0.05, "http_500": 0.05, "rate_limit": 0.02}


class Merchant:
    """Somebody who sends, takes back and refunds at random."""

    def __init__(self, sold: Sold, draw: random.Random) -> None:
        self.sold, self.draw = sold, draw
        self.sent = {sold.chairs: 0, sold.lamps: 0}
        self.refunded = {sold.chairs: 0, sold.lamps: 0}
        self.back = {sold.chairs: 0, sold.lamps: 0}
        self.ordered = {sold.chairs: 3, sold.lamps: 1}

    def acts(self) -> str:
        line = self.draw.choice([self.sold.chairs, self.sold.lamps])
        left = self.ordered[line] - self.sent[line] - self.refunded[line]
        act = self.draw.choice(["send", "refund", "return", "note"])
        shop, order = self.sold.shop, self.sold.id
        if act == "send" and left:
            pieces = self.draw.randint(1, left)
            shop.fulfill(order, {line: pieces}, number="T1")
            self.sent[line] += pieces
        elif (
            act == "refund"
            and left
            and not self.sent[line]
            and sum(self.ordered.values()) - sum(self.refunded.values()) > left
        ):
            pieces = self.draw.randint(1, left)
            shop.refund(order, pieces={line: pieces})
            self.refunded[line] += pieces
        elif act == "return" and self.sent[line] > self.back[line]:
            shop.take_back(order, {line: 1})
            self.back[line] += 1
        else:
            shop.edit_order(order, {"note": str(self.draw.random())})
        return act


def works(sold: Sold, *, turns: int) -> None:
    """Workers look, whatever is put off is due again, and ten minutes pass for what is open."""
    for _ in range(turns):
        sold.held.redis.delete("storesync:katana:asked", "storesync:katana:closed")
        do(sold.held, "UPDATE katana_intents SET sent_at = sent_at - interval '11 minutes', leased_until = NULL")
        sold.account.ahead += timedelta(minutes=11)
        let_waits_pass(sold.held, sold.store)
        sold.look()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_KAT_1_whatever_fails_each_thing_is_there_once(placed: Sold, faults: Faults, seed: int) -> None:
    draw = random.Random(seed)
    merchant = Merchant(placed, draw)
    placed.account.ahead += timedelta(days=1)
    placed.account.oddities.lag_seconds = draw.choice([0, 300, 900])
    faults.set_rates(RATES)
    works(placed, turns=2)
    for _ in range(6):
        merchant.acts()
        works(placed, turns=draw.randint(1, 3))
    faults.set_rates({})
    works(placed, turns=6)
    placed.account.oddities.lag_seconds = 0
    works(placed, turns=2)

    assert order_of(placed.held, placed.store, placed.id).reason in (None, "return_incomplete", "held_back")
    (order,) = placed.account.orders.table.view()
    taken = placed.account.fulfillments.taken(order["id"])
    variants = placed.account.variants.table
    rows = {variants.find(row["variant_id"])["sku"]: row for row in placed.account.rows.table.of(order["id"])}
    for sku, line in (("CHAIR", placed.chairs), ("LAMP", placed.lamps)):
        wanted = merchant.ordered[line] - merchant.refunded[line]
        assert rows[sku]["quantity"] if sku in rows else wanted == 0
        assert (taken.get(rows[sku]["id"], Decimal(0)) if sku in rows else 0) == merchant.sent[line]
    assert len(list(placed.account.customers.table.view())) == 1
    returned = sum(row["quantity"] for row in placed.account.return_rows.table.view())
    assert returned == sum(merchant.back.values())
