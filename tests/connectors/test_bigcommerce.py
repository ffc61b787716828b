"""connectors.bigcommerce: the contract of all stores, and what only BigCommerce does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import bigcommerce
from connectors.bigcommerce import BigCommerce
from connectors.sandbox import BigCommerceShop, RunningSandbox, open_sandbox
from tests.connectors.store_contract import PlatformCase, StoreContract

HOUR = timedelta(hours=1)


def basket(**changes: Any) -> dict[str, Any]:
    line = {"name": "Oak Table 120", "sku": "TBL-120", "product_id": 7, "quantity": 3, "price": "10.00"}
    return {"products": [line], **changes}


def place(shop: BigCommerceShop, **changes: Any) -> str:
    return str(shop.place_order(basket(**changes)).id)


def whole_order(**changes: Any) -> dict[str, Any]:
    """An order as the API gives it with its parts."""
    shop = BigCommerceShop()
    order: dict[str, Any] = json.loads(shop.body(shop.place_order(basket(**changes)), with_parts=True))
    return {name: value for name, value in order.items() if not name.startswith("date_")}


def place_broken(shop: BigCommerceShop) -> str:
    with shop.at(datetime.now(UTC) - HOUR):
        return str(shop.put_raw_order(whole_order() | {"id": 77_000, "total_tax": "much"}).id)


def edit(shop: BigCommerceShop, external_id: str) -> None:
    notes = shop.order(int(external_id)).fields["staff_notes"]
    shop.edit_order(int(external_id), {"staff_notes": f"{notes} edited", "status_id": 11})


class TestBigCommerceKeepsTheContract(StoreContract):
    """Every store's suite."""

    case = PlatformCase(
        platform="bigcommerce",
        place_open=place,
        place_closed=lambda shop: place(shop, status_id=1),
        place_broken=place_broken,
        edit=edit,
    )

    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """So that a few orders are several pages."""
        monkeypatch.setattr(bigcommerce, "PER_PAGE", 100)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox[BigCommerceShop]]:
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        yield sandbox


def connect(sandbox: RunningSandbox[BigCommerceShop]) -> BigCommerce:
    return BigCommerce(sandbox.url, sandbox.credentials, allow_insecure=True)
