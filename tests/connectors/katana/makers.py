"""What the tests of Katana put into it, with defaults: a test names only what it is about."""

from dataclasses import replace
from typing import Any, Final

from sandbox import KatanaAccount
from schemas.hub import DraftOrder, DraftRow
from schemas.katana.order_json import Origin
from tests.connectors.builtin_hub.makers import chair, draft

ORIGIN: Final = Origin("shopify", "acme.myshopify.com", "5001")


def order(account: KatanaAccount, store: int, *rows: DraftRow, **changes: Any) -> DraftOrder:
    """Order 5001 of the store, at the account's one location."""
    place = str(account.locations.default()["id"])
    at_home = [replace(row, location=place) for row in rows or (chair(),)]
    return draft(*at_home, **{"store_id": store, "external_id": "5001", "location": place, **changes})
