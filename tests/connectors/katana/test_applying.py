"""Groups of actions are carried out in Katana, each in its order (KAT-1, SPEC chapter 11)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import HubBusy, HubRefused
from connectors.katana.applying import Applier
from connectors.katana.origins import origin_in
from connectors.postgres import Connection
from sandbox import Faults, KatanaAccount
from schemas.actions import AddLocation, CreateOrder
from schemas.groups import Group
from schemas.hub import NewItem
from schemas.hub_search import Links
from schemas.katana.order_json import Origin
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import chair
from tests.connectors.katana.makers import order

D = Decimal


def test_KAT_1_an_order_is_made_with_what_a_store_calls_its_own(
    applier: Applier, account: KatanaAccount, store: int
) -> None:
    vase = chair(external_id="12", sku=None, item=NewItem("Vase", Kind.PRODUCT, key="vase"))
    creation = CreateOrder(order(account, store, chair(), vase, customer_key="7"))

    answers = applier.apply([Group("creation", (creation,))])

    (made,) = account.orders.table.view()
    assert answers.made(creation) == str(made["id"])
    assert (made["ecommerce_order_type"], made["ecommerce_store_name"]) == ("wooCommerce", "acme")
    variant = account.rows.table.of(made["id"])[1]["variant_id"]
    assert answers.links == Links({"vase": str(variant)}, {"7": str(made["customer_id"])})
    assert applier.apply([Group("creation", (creation,))]) == answers


def test_BEY_1_a_rehearsal_makes_nothing(applier: Applier, account: KatanaAccount, store: int) -> None:
    answers = applier.rehearse([Group("creation", (CreateOrder(order(account, store)),))])

    assert answers.is_done("creation")
    assert [one.path for one in account.asked_for() if one.method != "GET"] == []


@pytest.mark.parametrize("is_trial", [False, True])
def test_KAT_3_what_katana_cannot_do_is_refused(applier: Applier, store: int, *, is_trial: bool) -> None:
    told = applier.rehearse if is_trial else applier.apply
    action = AddLocation("attic", "Attic")

    with pytest.raises(HubRefused, match="in Katana"):
        told([Group("all", (action,))])

    assert told([Group("all", (action,), may_be_refused=True)]).refusal("all")


def test_KAT_3_what_katana_has_not_is_refused_before_anything_is_made(
    applier: Applier, account: KatanaAccount, store: int
) -> None:
    draft = replace(order(account, store), location="attic")

    for told in (applier.rehearse, applier.apply):
        with pytest.raises(HubRefused, match="no location attic"):
            told([Group("creation", (CreateOrder(draft),))])


@pytest.mark.parametrize("fault", ["unauthorized", "http_503", "rate_limit"])
def test_KAT_2_where_katana_cannot_be_asked_the_hub_is_busy(
    applier: Applier, account: KatanaAccount, store: int, faults: Faults, fault: str
) -> None:
    faults.fail_next(9, fault)

    with pytest.raises(HubBusy) as caught:
        applier.apply([Group("creation", (CreateOrder(order(account, store)),))])

    assert (caught.value.until is not None) == (fault == "rate_limit")


@pytest.mark.parametrize(
    ("platform", "shop", "found"),
    [
        ("shopify", "acme.myshopify.com", Origin("shopify", "acme.myshopify.com", "5001")),
        ("woocommerce", None, Origin("wooCommerce", "acme", "5001")),
        ("bigcommerce", "abc12", Origin("bigCommerce", "abc12", "5001")),
        ("another", None, Origin("another", "acme", "5001")),
    ],
)
def test_KAT_1_a_shop_is_called_as_katana_s_own_links_call_it(
    database: Connection, store: int, platform: str, shop: str | None, found: Origin
) -> None:
    database.execute("UPDATE stores SET platform = %s, shop = %s", [platform, shop])

    assert origin_in(database, store, "5001") == found
    with pytest.raises(HubRefused):
        origin_in(database, store + 1, "5001")
