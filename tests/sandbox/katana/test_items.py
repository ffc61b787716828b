"""Products, materials, services, variants, customers, locations and tax rates."""

from decimal import Decimal

import pytest

from sandbox import KatanaAccount
from tests.sandbox.katana.client import Katana


def test_a_product_is_made_with_its_variants_and_answers_200(katana: Katana) -> None:
    variants = [{"sku": "A", "sales_price": 12.5}, {"sales_price": 3}]
    made = katana.post("/products", {"name": "Chair", "variants": variants, "batch_tracked": True})

    assert [(one["sku"], one["sales_price"]) for one in made["variants"]] == [("A", 12.5), (None, 3)]
    (shown,) = katana.get("/variants", sku="A", extend="product_or_material")
    assert shown["product_id"] == made["id"]
    assert (shown["product_or_material"]["name"], shown["product_or_material"]["batch_tracked"]) == ("Chair", True)


def test_the_variants_of_services_are_in_the_list_without_parents(katana: Katana) -> None:
    (shown,) = katana.get("/variants", sku="ENGRAVE")

    assert (shown["type"], shown["product_id"], shown["material_id"]) == ("service", None, None)


@pytest.mark.parametrize(("folds", "found"), [(False, 0), (True, 1)])
def test_how_a_SKU_is_compared_is_a_switch(katana: Katana, folds: bool, found: int) -> None:
    katana.control("/oddities", {"sku_filter_folds_case": folds})

    assert len(katana.get("/variants", sku="table")) == found
    assert len(katana.get("/variants", sku=["TABLE", "OIL"])) == 2


@pytest.mark.parametrize(("folds", "found"), [(False, 0), (True, 1)])
def test_how_an_e_mail_is_compared_is_a_switch(katana: Katana, folds: bool, found: int) -> None:
    katana.control("/oddities", {"email_filter_folds_case": folds})

    assert len(katana.get("/customers", email="LENA@example.test")) == found
    assert len(katana.get("/customers", email="lena@example.test")) == 1


def test_SKUs_names_and_rates_need_not_be_unique(katana: Katana) -> None:
    katana.post("/products", {"name": "Oak Table 120", "variants": [{"sku": "TABLE"}]})
    katana.post("/customers", {"name": "Lena Vogel", "email": "lena@example.test", "reference_id": "acme:7"})
    rates = [katana.post("/tax_rates", {"rate": 8.8754})["rate"] for _ in range(2)]

    assert len(katana.get("/variants", sku="TABLE")) == len(katana.get("/customers", reference_id="acme:7")) == 2
    assert rates == [8.875, 8.875]
    assert len(katana.get("/tax_rates", rate="8.875")) == 2


def test_an_archived_variant_is_shown_where_asked_for(katana: Katana) -> None:
    number = katana.variant("TABLE")
    katana.control(f"/records/variants/{number}", {"archive": True})

    assert katana.get("/variants", sku="TABLE") == []
    assert len(katana.get("/variants", sku="TABLE", include_archived="true")) == 1
    assert katana.get("/inventory", variant_id=number) == []
    assert len(katana.get("/inventory", variant_id=number, include_archived="true")) == 1


@pytest.mark.parametrize(
    ("fills", "notes", "is_sellable", "is_tracked"), [(False, "", True, True), (True, "", False, False)]
)
def test_a_PATCH_of_a_product_wipes_what_is_left_out(
    katana: Katana, fills: bool, notes: str, is_sellable: bool, is_tracked: bool
) -> None:
    katana.control("/oddities", {"product_patch_fills_defaults": fills})
    body = {"name": "Chair", "variants": [{}], "additional_info": "fragile", "batch_tracked": True}
    made = katana.post("/products", body)

    changed = katana.patch(f"/products/{made['id']}", {"name": "Stool"})

    assert (changed["additional_info"], changed["is_sellable"], changed["batch_tracked"]) == (
        notes,
        is_sellable,
        is_tracked,
    )


def test_what_orders_hang_on_is_not_deleted(katana: Katana, account: KatanaAccount) -> None:
    katana.order(("TABLE", 1))
    product = account.variant_of("TABLE")["product_id"]

    assert katana.refused("DELETE", f"/products/{product}")[0] == 412
    assert katana.refused("DELETE", f"/customers/{katana.customer()}")[0] == 412
    assert katana.refused("DELETE", f"/variants/{katana.variant('TABLE')}")[0] == 412
    oil = account.variant_of("OIL")
    assert katana.send("DELETE", f"/products/{oil['product_id']}").status_code == 204
    (gone,) = katana.get("/variants", sku="OIL", include_deleted="true")
    assert gone["deleted_at"] is not None


def test_a_customer_keeps_both_addresses(katana: Katana) -> None:
    addresses = [{"entity_type": kind, "city": kind, "default": True} for kind in ("billing", "shipping")]
    made = katana.post("/customers", {"name": "Jo", "addresses": addresses})

    assert [one["city"] for one in made["addresses"]] == ["billing", "shipping"]
    assert made["default_shipping_id"] == made["addresses"][1]["id"]
    assert katana.patch(f"/customers/{made['id']}", {"phone": "1"})["phone"] == "1"


def test_locations_are_made_by_people(katana: Katana) -> None:
    assert katana.send("POST", "/locations", {"name": "Shop"}).status_code == 404
    made = katana.control("/records/locations", {"name": "Shop"})

    assert [one["name"] for one in katana.get("/locations")] == ["Shop", "Main location"]
    assert katana.get("/factory")["default_sales_location_id"] != made["id"]
    katana.control(f"/records/locations/{made['id']}", {"delete": True})
    assert len(katana.get("/locations")) == 1
    assert len(katana.get("/locations", include_deleted="true")) == 2


def test_the_default_delivery_time_is_days_as_text(katana: Katana) -> None:
    assert katana.get("/factory")["default_so_delivery_time"] == "14"
    katana.control("/factory", {"default_so_delivery_time": None})
    assert katana.get("/factory")["default_so_delivery_time"] is None


def test_what_an_account_counts(katana: Katana, account: KatanaAccount) -> None:
    account.count(katana.variant("TABLE"), Decimal("2.5"))

    assert katana.stock("TABLE") == "2.50000"
    assert katana.control("/stock", {"TABLE": 7})["TABLE"] == "7.00000"
