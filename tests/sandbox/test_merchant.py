"""What the demo lets a merchant do, the same in every shop (BEY-10)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import HUB_SANDBOXES, SANDBOXES, RunningSandbox, open_sandbox


@pytest.fixture(params=[*SANDBOXES, *HUB_SANDBOXES])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox[Any]]:
    with open_sandbox(request.param, orders=20) as sandbox:
        yield sandbox


def test_BEY_10_a_merchant_sells_takes_back_and_sends_out(sandbox: RunningSandbox[Any]) -> None:
    merchant = sandbox.merchant
    sold = merchant.sell("STOOL-OAK", 3)
    before = merchant.says(sold)

    assert merchant.sell_again("STOOL-OAK", 1) != sold
    merchant.take_one_off(sold)
    sent = merchant.complete_another(sold)

    assert list(sandbox.shop.stock_of("STOOL-OAK").values())
    assert sent != sold
    assert merchant.says(sent).lower().startswith(("completed", "fulfilled", "delivered"))
    assert not before.lower().startswith(("completed", "fulfilled", "delivered"))
