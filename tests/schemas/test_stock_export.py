"""Import files of the platforms: columns, cells, and what a spreadsheet would run (STK-7)."""

import pytest

from schemas.bigcommerce import stock_file as bigcommerce
from schemas.shopify import stock_file as shopify
from schemas.stock import ExportLine
from schemas.stock_export import StockFile, harmless_cell, is_formula, read_header
from schemas.woocommerce import stock_file as woocommerce

LINE = ExportLine("A-1", "Oak chair", 7, "main")


def cells(how: StockFile, line: ExportLine = LINE, place: str = "Main location") -> dict[str, str]:
    return dict(zip(how.columns, how.cells(line, place), strict=True))


def test_STK_7_woocommerce_gets_sku_and_stock_and_no_name_or_type_of_ours() -> None:
    assert cells(woocommerce.STOCK_FILE) == {"SKU": "A-1", "Stock": "7", "In stock?": "1"}
    assert cells(woocommerce.STOCK_FILE, ExportLine("A-1", "Oak chair", 0, "main"))["In stock?"] == "0"


def test_STK_7_bigcommerce_gets_the_columns_of_its_own_export() -> None:
    assert cells(bigcommerce.STOCK_FILE) == {"Item": "Product", "ID": "", "SKU": "A-1", "Current Stock": "7"}


def test_STK_7_shopify_gets_every_column_of_its_inventory_file_in_its_order() -> None:
    said = {key: value for key, value in cells(shopify.STOCK_FILE).items() if value}

    assert said == {"Title": "Oak chair", "SKU": "A-1", "Location": "Main location", "On hand (new)": "7"}
    assert ",".join(shopify.STOCK_FILE.columns) == (
        "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,SKU,HS Code,COO,"
        "Location,Bin name,Incoming (not editable),Unavailable (not editable),Committed (not editable),"
        "Available (not editable),On hand (current),On hand (new)"
    )


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-A1", "@SUM(A1)", "\t=1", "＝1", "-", "+1-1"])
def test_STK_7_what_a_spreadsheet_would_run_is_seen(text: str) -> None:
    assert is_formula(text)
    assert harmless_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Chair;=1+1", "Chair;'=1+1"), ("Chair; @SUM(A1);x", "Chair; '@SUM(A1);x"), ("a\n=1", "a\n'=1"), ("a;b", "a;b")],
)
def test_STK_7_a_formula_behind_a_semicolon_is_shown_and_not_run(text: str, shown: str) -> None:
    assert harmless_cell(text) == shown


@pytest.mark.parametrize("text", ["A-1", "", "-10", "+5", "-0.5", "A=B", "1@2", "'quoted"])
def test_STK_7_what_a_spreadsheet_shows_as_it_is_stays(text: str) -> None:
    assert harmless_cell(text) == text


def test_STK_7_name_that_is_a_formula_is_shown_and_not_run() -> None:
    assert cells(shopify.STOCK_FILE, ExportLine("A-1", "=HYPERLINK(1)", 7, "main"))["Title"] == "'=HYPERLINK(1)"


def test_columns_of_a_shops_own_export_are_found_wherever_they_stand() -> None:
    header = ["Available", "Location", " SKU ", "Unavailable", "On hand (new)", "Committed (not editable)"]

    at = read_header(header, shopify.STOCK_FILE)

    assert (at.sku, at.stock, at.location, at.held, at.shown) == (2, 4, 1, (5, 3), (0, 4))


@pytest.mark.parametrize(
    ("committed", "unavailable", "available", "pieces", "new"),
    [
        ("0", "0", "2", 7, "7"),
        ("3", "1", "2", 7, "11"),  # of 11 on hand Shopify shows 7
        ("3", "0", "-1", 0, "3"),
        ("not stocked", "not stocked", "not stocked", 7, "7"),
        ("0", "0", "Not stocked", 0, ""),
        ("", "", "", 0, "0"),
    ],
)
def test_STK_7_on_hand_is_what_makes_our_quantity_available(
    committed: str, unavailable: str, available: str, pieces: int, new: str
) -> None:
    header = ("SKU", "Location", "Unavailable (not editable)", "Committed (not editable)", "Available (not editable)")
    at = read_header([*header, "On hand (new)"], shopify.STOCK_FILE)

    row = at.fill(("A-1", "Not stocked", unavailable, committed, available, ""), pieces)

    assert row == ("A-1", "Not stocked", unavailable, committed, available, new)


def test_export_of_another_kind_is_refused_with_the_column_that_is_missing() -> None:
    with pytest.raises(ValueError, match="has no column Current Stock or"):
        read_header(["ID", "SKU", "Price"], bigcommerce.STOCK_FILE)
