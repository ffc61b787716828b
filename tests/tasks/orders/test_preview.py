"""What a dry run foretells is what an import does, refusals included, and nothing of it is kept (BEY-1, MAP-12)."""

from typing import Any

from sandbox import RunningSandbox
from sandbox.woocommerce.generator import random_order
from tasks.held import Process
from tasks.orders.preview import preview_orders
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import all_orders, do, store_of

Shop = RunningSandbox[Any]

# A guard of the hub that somebody added: it takes no order of so many pieces.
_GUARD = """
CREATE FUNCTION hub.refuse_large() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'more than seven pieces' USING ERRCODE = 'HB001';
END $$;
CREATE TRIGGER refuse_large BEFORE INSERT ON hub.sales_order_rows FOR EACH ROW
    WHEN (NEW.quantity > 7) EXECUTE FUNCTION hub.refuse_large();
"""


def test_MAP_12_dry_run_foretells_what_the_hub_refuses(held: Process, shop: Shop, acme: int) -> None:
    do(held, _GUARD)
    small, large = (
        str(
            random_order(
                shop.shop, {"status": "processing", "line_items": [{"sku": "HOOK-FRG", "quantity": pieces}]}
            ).id
        )
        for pieces in (7, 8)
    )

    foretold = {one.external_id: (one.outcome, one.reason) for one in preview_orders(held, store_of(held, acme), None)}

    assert foretold == {small: ("create", None), large: ("fail", "refused_by_hub")}
    assert all_orders(held, acme) == {}  # nothing was written
    import_all(held, acme)
    assert (show(held, small)["state"], show(held, large)["state"]) == ("imported", "failed")
    assert show(held, large)["reason"] == "refused_by_hub"
