"""Items that are wanted by themselves are made in Katana, each once (MAP-1, KAT-1)."""

from typing import Any

import pytest

from connectors.errors import HubRefused
from sandbox import Faults
from schemas.actions import (
    AddItems,
    AddLocation,
    AddProduct,
    ChangeLocation,
    InvoiceRows,
    LockInventory,
    ReceivePurchase,
    RemoveLocation,
)
from schemas.orders import Kind
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.test_counting import D
from tests.connectors.katana.working import Work


def there(work: Work) -> list[tuple[str, str]]:
    """SKUs and names."""
    variants = work.account.variants
    return sorted((row["sku"] or "", variants.item(row)["name"]) for row in variants.table.view())


def test_MAP_1_items_of_a_catalogue_are_made_where_nobody_has_their_sku(work: Work) -> None:
    work.account.add_product("CHAIR", name="Old chair")
    action = AddItems((("CHAIR", "Chair"), ("TABLE", "Table"), ("LAMP", "Lamp"), ("TABLE", "Another")))

    ids = work.do(action).made(action).split(",")

    assert there(work) == [("CHAIR", "Old chair"), ("LAMP", "Lamp"), ("TABLE", "Table")]
    assert len(ids) == 2
    assert work.do(action).made(action) == ""


@pytest.mark.parametrize("fault", ["timeout_done", "lost", "html_done"])
def test_KAT_1_an_item_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    faults.fail_next(1, fault, only="POST /v1/products")

    work.do(AddItems((("TABLE", "Table"), ("LAMP", "Lamp"))))

    assert there(work) == [("LAMP", "Lamp"), ("TABLE", "Table")]


@pytest.mark.parametrize("action", [AddItems((("TABLE", "Table"),)), AddProduct("TABLE", "Table")])
def test_KAT_1_killed_between_answer_and_commit_there_is_one_item(
    work: Work, client: MortalClient, action: Any
) -> None:
    client.dies_after("products")
    with pytest.raises(Died):
        work.do(action)

    work.do(action)

    assert there(work) == [("TABLE", "Table")]


def test_MAP_1_a_product_and_a_service_are_made_by_name(work: Work) -> None:
    oil, wrap = AddProduct("OIL", "Oil", batch_tracked=True), AddProduct("", "Gift wrap", Kind.SERVICE)

    answers = work.do(oil, wrap)

    variant = work.account.variants.table.find(int(answers.made(oil)))
    assert work.account.variants.item(variant)["batch_tracked"] is True
    assert [row["name"] for row in work.account.services.table.view()] == ["Gift wrap"]


@pytest.mark.parametrize(
    "action",
    [
        AddProduct("CHAIR", "Chair"),
        AddProduct("CHAIR", "Chair", is_another=True),
        AddProduct("SET", "Set", bundle=(("CHAIR", D(2)),)),
        AddProduct("SLOW", "Slow", delivery_days=9),
        AddLocation("attic", "Attic"),
        ChangeLocation("attic", name="Loft"),
        RemoveLocation("attic"),
        ReceivePurchase("CHAIR", D(1)),
        InvoiceRows("1", ("2",)),
        LockInventory(None),  # type: ignore[arg-type]
    ],
)
def test_KAT_3_what_the_API_cannot_do_is_told_and_nothing_of_it_is_made(work: Work, action: Any) -> None:
    work.account.add_product("CHAIR")
    before = work.count()

    with pytest.raises(HubRefused, match=r"Katana|already"):
        work.do(action)

    assert work.writes(before) == []
