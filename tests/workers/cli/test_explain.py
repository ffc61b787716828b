"""The trail of rules behind an order or a SKU, in people's words (BEY-2)."""

from typing import Any

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, fetch, place, place_raw, take_in
from tests.workers.cli.stocking import add, offer, tell


def explained(cli: Cli, *arguments: str) -> dict[str, Any]:
    return dict(document(cli("explain", *arguments, "--json")))


def said(found: dict[str, Any], topic: str) -> list[str]:
    """What a trail says of one topic."""
    return [step["text"] for step in found["trail"] if step["topic"] == topic]


# -- orders ------------------------------------------------------------------------------------------------------------


def test_BEY_2_imported_order_tells_how_it_came_in_and_adds_up(cli: Cli, acme: Shop) -> None:
    cli("hub", "product", "add", "HOOK-FRG", "--name", "Forged hook")
    order = place(acme, line_items=[{"sku": "HOOK-FRG", "quantity": 2}])
    take_in()

    found = explained(cli, "acme", order)

    assert (found["state"], found["reason"], found["advice"]) == ("imported", None, "")
    assert said(found, "status") == ["In the store it is 'processing'. Orders in this status are imported."]
    assert "2 × HOOK-FRG: the hub's own item 'Forged hook', found by its SKU." in said(found, "row")
    assert said(found, "money")[0].endswith(": the same.")
    assert said(found, "journal") == ["It was imported."]
    assert said(found, "waits") == ["Nothing: hub and store were brought to where they are."]


def test_BEY_2_item_that_an_import_made_is_told_apart(cli: Cli, acme: Shop) -> None:
    order = place(acme, line_items=[{"sku": "HOOK-FRG", "quantity": 2}])
    take_in()

    (row,) = [text for text in said(explained(cli, "acme", order), "row") if text.startswith("2 × HOOK-FRG")]

    assert "made by an import because the hub had none" in row


def test_BEY_2_skipped_order_tells_the_rule_and_what_to_do(cli: Cli, acme: Shop) -> None:
    order = place(acme, status="on-hold")
    take_in()

    found = explained(cli, "acme", order)

    assert (found["state"], found["reason"]) == ("skipped", "status_not_imported")
    assert said(found, "status") == [
        "In the store it is 'on-hold'. Orders in this status are not imported; one that was imported before stays."
    ]
    assert said(found, "so") == [f"It is not one for the hub now. {found['sentence']} {found['advice']}"]


def test_BEY_2_failed_order_tells_what_to_type_with_its_own_id(cli: Cli, acme: Shop) -> None:
    order = place_raw(acme, currency="XXQ")
    take_in()

    found = explained(cli, "acme", order)

    assert (found["state"], found["reason"]) == ("failed", "invalid_payload")
    assert found["advice"] == f"Correct the order in the store, then storesync retry acme {order}."
    assert "cannot be read" in said(found, "status")[0]


def test_BEY_2_deleted_order_tells_who_deleted_it(cli: Cli, acme: Shop) -> None:
    order = place(acme)
    take_in()
    cli("hub", "order", "delete", f"acme/{order}")

    found = explained(cli, "acme", order)

    assert "deleted it in the hub: it never comes in again by itself." in said(found, "deleted")[0]
    assert found["trail"][-1]["text"].startswith("It was in the hub and is no more.")


def test_BEY_2_settings_that_mattered_are_named(cli: Cli, acme: Shop) -> None:
    order = place(acme)
    take_in()
    cli("store", "set", "acme", "orders.shipping_fee_line=off", "location=main")

    assert said(explained(cli, "acme", order), "settings") == [
        "location=main, orders.shipping_fee_line=off; the store is active"
    ]


def test_BEY_2_order_that_waits_tells_for_what(cli: Cli, acme: Shop) -> None:
    order = place(acme)
    fetch()

    assert said(explained(cli, "acme", order), "waits") == ["The store's side of it is to be looked at."]


def test_BEY_2_shipped_order_tells_what_is_to_be_told(cli: Cli, acme: Shop) -> None:
    order = place(acme, line_items=[{"sku": "HOOK-FRG", "quantity": 2}])
    take_in()
    cli("hub", "order", "deliver", f"acme/{order}")

    found = explained(cli, "acme", order)

    assert any("2 × HOOK-FRG" in text and text.startswith("The hub shipped") for text in said(found, "shipped"))
    assert said(found, "waits") == ["The store is to be told what the hub did."]


def test_BEY_2_explanation_of_an_order_is_lines_for_people(cli: Cli, acme: Shop) -> None:
    order = place(acme)
    take_in()

    result = cli("explain", "acme", order)

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"acme {order}: imported\n  seen ")
    assert "(ORD-4)\n" in result.out


# -- SKUs --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pushing(cli: Cli, acme: Shop) -> Shop:
    """The shop, with stock sync on."""
    cli("store", "set", "acme", "stock.sync=on", "stock.buffer=1", "stock.quantity=in_stock_minus_committed")
    return acme


def store_of(cli: Cli, sku: str) -> dict[str, Any]:
    """What the explanation of a SKU says of the one store."""
    (store,) = explained(cli, "--sku", sku)["stores"]
    return dict(store)


def test_BEY_2_quantity_of_a_sku_is_worked_out_step_by_step(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 10)
    cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=2@10")
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    assert said(store, "quantity") == ["in stock at main 10 − committed on rows 2 − kept back 1 = 7"]
    assert store["quantities"] == [
        {
            "place": None,
            "location": "main",
            "in_stock": "10",
            "committed_on_rows": "2",
            "buffer": "1",
            "quantity": "7",
        }
    ]
    (item,) = pushing.shop.stock_of("A-1")
    assert said(store, "told") == [
        f"{item} was told 7 at {store['items'][0]['pushed_at']}; it shows 7 as far as we know"
    ]
    assert said(store, "items") == [f"Matched by its SKU: {item} 'A-1', counted"]
    assert said(store, "waits") == ["nothing"]
    assert said(store, "journal")[0].startswith("The store was told.")


@pytest.mark.parametrize(
    ("pieces", "words"),
    [("0.5", "in stock at main 0.5 − committed on rows 0 − kept back 1 = -0.5, shown as 0: never below 0"),
     ("3.5", "in stock at main 3.5 − committed on rows 0 − kept back 1 = 2.5, shown as 2: whole pieces")],
    ids=["below 0", "fraction"],
)  # fmt: skip
def test_BEY_2_rounding_of_a_quantity_is_said(cli: Cli, pushing: Shop, pieces: str, words: str) -> None:
    add(cli, "A-1")
    cli("hub", "stock", "adjust", "A-1", pieces)

    assert said(store_of(cli, "A-1"), "quantity") == [words]


def test_BEY_2_sku_without_an_item_in_the_store_tells_why_and_what_to_do(
    cli: Cli, pushing: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 10)
    tell(fresh_connection)

    store = store_of(cli, "A-1")

    assert (store["reason"], said(store, "so")) == ("no_store_item", [store["advice"]])
    assert said(store, "items")[0].startswith("No item of the store is known to have exactly this SKU.")
    assert "it was asked for this SKU at 20" in said(store, "items")[0]


def test_BEY_2_sku_that_waits_tells_since_when(cli: Cli, pushing: Shop) -> None:
    offer(pushing, "A-1")
    add(cli, "A-1", 10)

    store = store_of(cli, "A-1")

    assert said(store, "waits") == [f"to be told since {store['due_since']}"]


def test_BEY_2_explanation_of_a_sku_is_lines_for_people(cli: Cli, acme: Shop) -> None:
    add(cli, "A-1", 10)

    out = cli("explain", "--sku", "A-1").out

    assert "main: in stock 10, committed 0, expected 0, of it committed on rows 0\n\nacme (woocommerce)\n" in out
    assert "Stock sync is off for the store. storesync store set acme stock.sync=on." in out


def test_STK_3_of_several_items_in_the_hub_the_explanation_says_which_counts(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 10)
    fresh_connection.execute(
        "WITH p AS (INSERT INTO hub.products (name) VALUES ('newer') RETURNING id)"
        " INSERT INTO hub.variants (product_id, sku) SELECT id, 'A-1' FROM p"
    )

    assert "2 items of the hub have this SKU: the one created latest counts" in cli("explain", "--sku", "A-1").out


# -- what cannot be explained ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "give STORE and EXTERNAL_ID, or --sku SKU"),
        (("acme",), 2, "give STORE and EXTERNAL_ID, or --sku SKU"),
        (("acme", "1", "--sku", "A-1"), 2, "give STORE and EXTERNAL_ID, or --sku SKU"),
        (("nope", "1"), 1, "there is no store 'nope'"),
        (("acme", "404404"), 1, "no order with the id or number 404404"),
        (("--sku", "NOPE"), 1, "the hub has no SKU 'NOPE'"),
    ],
    ids=["nothing", "no order", "both", "unknown store", "unknown order", "unknown sku"],
)
def test_what_cannot_be_explained_is_refused_in_one_line(
    cli: Cli, acme: Shop, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = cli("explain", *arguments)

    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1)
    assert words in result.err
