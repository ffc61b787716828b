"""The whole inventory as a shop's own import file (STK-7)."""

import csv
import io
from pathlib import Path

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import Shop, document
from tests.workers.cli.stocking import add


def rows(result: Result) -> list[list[str]]:
    """The file on stdout, without its header."""
    assert result.code == 0, result.err
    return list(csv.reader(io.StringIO(result.out, newline="")))[1:]


def test_STK_7_whole_inventory_is_exported_each_sku_once(cli: Cli) -> None:
    for sku, pieces in (("B-1", 3), ("A-1", 7), ("EMPTY", 0)):
        add(cli, sku, pieces)
    cli("hub", "service", "add", "Wrapping")

    result = cli("stock", "export", "--format", "woocommerce")

    assert result.out.startswith("SKU,Stock,In stock?\r\n")
    assert rows(result) == [["A-1", "7", "1"], ["B-1", "3", "1"], ["EMPTY", "0", "0"]]
    assert result.err == ""


def test_STK_7_of_several_items_with_one_sku_the_newest_counts(cli: Cli, fresh_connection: postgres.Connection) -> None:
    add(cli, "A-1", 7)
    fresh_connection.execute(
        "WITH p AS (INSERT INTO hub.products (name) VALUES ('newer') RETURNING id)"
        " INSERT INTO hub.variants (product_id, sku) SELECT id, 'A-1' FROM p"
    )

    (row,) = rows(cli("stock", "export", "--format", "shopify"))
    assert (row[1], row[8], row[18]) == ("newer", "A-1", "0")


def test_STK_7_more_skus_than_a_page_come_each_once(cli: Cli, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute(
        "WITH p AS (INSERT INTO hub.products (name) SELECT 'P' || n FROM generate_series(1, 2500) n RETURNING id)"
        " INSERT INTO hub.variants (product_id, sku)"
        " SELECT id, CASE WHEN id % 2 = 0 THEN 'a-' ELSE 'Ö_' END || id FROM p"
    )

    skus = [row[0] for row in rows(cli("stock", "export", "--format", "woocommerce"))]

    assert (len(skus), len(set(skus))) == (2500, 2500)


def test_STK_7_bundle_is_exported_with_what_its_components_make(cli: Cli) -> None:
    add(cli, "LEG", 9)
    add(cli, "TABLE", 0, "--bundle", "LEG=4")

    assert ["TABLE", "2", "1"] in rows(cli("stock", "export", "--format", "woocommerce"))


def test_STK_7_stores_own_location_quantity_and_buffer_count(cli: Cli, acme: Shop) -> None:
    cli("location", "add", "berlin")
    add(cli, "A-1", 7)
    cli("hub", "stock", "adjust", "A-1", "5", "--location", "berlin")
    cli("hub", "order", "create", "--customer", "Ada", "--row", "A-1=2@10", "--location", "berlin")
    cli("store", "set", "acme", "location=berlin", "stock.buffer=1", "stock.quantity=in_stock_minus_committed")

    assert rows(cli("stock", "export", "--format", "woocommerce", "--store", "acme")) == [["A-1", "2", "1"]]
    assert rows(cli("stock", "export", "--format", "woocommerce")) == [["A-1", "7", "1"]]


def test_STK_7_shopify_store_with_a_map_gets_a_row_for_each_location(
    cli: Cli, fresh_connection: postgres.Connection
) -> None:
    cli("location", "add", "berlin", "--name", "Berlin warehouse")
    add(cli, "A-1", 7)
    cli("hub", "stock", "adjust", "A-1", "5", "--location", "berlin")
    fresh_connection.execute(
        "INSERT INTO stores (platform, name, url, credentials, settings) VALUES ('shopify', 'boutique',"
        """ 'https://b.example', '', '{"location_map": {"1": "main", "2": "berlin", "3": "main"}}')"""
    )

    found = rows(cli("stock", "export", "--format", "shopify", "--store", "boutique"))

    assert [(row[8], row[11], row[18]) for row in found] == [
        ("A-1", "Main location", "7"),
        ("A-1", "Berlin warehouse", "5"),
    ]


def test_STK_7_sku_that_a_spreadsheet_would_run_is_left_out_and_named(cli: Cli, tmp_path: Path) -> None:
    for sku in ("=1+1", "-10", "A-1"):
        assert cli("hub", "product", "add", "--", sku).code == 0

    on_stdout = cli("stock", "export", "--format", "woocommerce")
    told = document(cli("stock", "export", "--format", "woocommerce", "-o", str(tmp_path / "stock.csv"), "--json"))

    assert [row[0] for row in rows(on_stdout)] == ["-10", "A-1"]
    assert "1 SKU(s) left out, which a spreadsheet takes for formulas: '=1+1'" in on_stdout.err
    assert (told["rows"], told["left_out"]) == (2, ["=1+1"])


def test_STK_7_file_is_utf_8_with_every_sign_as_it_is(cli: Cli, tmp_path: Path) -> None:
    for sku in ('Öl "fein", 1 l', "椅子"):
        add(cli, sku, 1)
    file = tmp_path / "stock.csv"

    result = cli("stock", "export", "--format", "woocommerce", "-o", str(file))

    assert result.out == f"2 rows written to {file}.\n"
    with file.open(encoding="utf-8", newline="") as text:
        assert [row[0] for row in csv.reader(text)] == ["SKU", 'Öl "fein", 1 l', "椅子"]


def test_STK_10_shop_keeps_its_own_figure_of_what_was_never_counted(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    add(cli, "B-1")
    own = tmp_path / "own.csv"
    own.write_text("SKU,Stock,In stock?\nA-1,1,1\nB-1,589,1\n")

    filled = cli("stock", "export", "--format", "woocommerce", "--fill", str(own))
    bare = cli("stock", "export", "--format", "woocommerce")

    assert rows(filled) == [["A-1", "7", "1"], ["B-1", "589", "1"]]
    assert rows(bare) == [["A-1", "7", "1"], ["B-1", "0", "0"]]
    assert "1 SKU(s) that were never counted in the hub" in filled.err
    assert document(cli("stock", "export", "--format", "woocommerce", "--json"))["never_counted"] == ["B-1"]


def test_export_as_json_is_one_document_with_the_rows(cli: Cli) -> None:
    add(cli, "A-1", 7)

    told = document(cli("stock", "export", "--format", "bigcommerce", "--json"))

    assert told["rows"] == [["Item", "ID", "SKU", "Current Stock"], ["Product", "", "A-1", "7"]]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--format", "shopify", "--store", "acme"), 1, "acme is a woocommerce store: give --format woocommerce"),
        (("--format", "magento"), 2, "'magento' is not one of"),
        ((), 2, "--format"),
        (("--format", "shopify", "-o", "/no/such/folder/stock.csv"), 1, "cannot write /no/such/folder/stock.csv"),
        (("--format", "shopify", "--fill", "/no/such/file.csv"), 1, "cannot read /no/such/file.csv"),
    ],
    ids=["other platform", "unknown platform", "no format", "no folder", "no file"],
)
def test_export_that_cannot_be_is_refused_in_one_line(
    cli: Cli, acme: Shop, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = cli("stock", "export", *arguments)

    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1)
    assert words in result.err


def test_STK_7_export_from_a_location_that_the_hub_lost_is_refused(
    cli: Cli, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 7)
    fresh_connection.execute("UPDATE hub.locations SET code = 'berlin'")

    result = cli("stock", "export", "--format", "woocommerce")

    assert (result.code, result.out) == (1, "")
    assert "the hub has no location main: see storesync location list" in result.err


# -- the shop's own export ---------------------------------------------------------------------------------------------


def test_STK_7_shops_own_export_comes_back_with_our_quantities(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    own = tmp_path / "products.csv"
    own.write_text(
        "\ufeffItem,ID,Name,SKU,Current Stock,Price\r\nProduct,77,=Chair,A-1,2,9.90\r\nProduct,78,Table,THEIRS,4,5\r\n",
        encoding="utf-8",
    )

    result = cli("stock", "export", "--format", "bigcommerce", "--fill", str(own))

    assert rows(result) == [
        ["Product", "77", "=Chair", "A-1", "7", "9.90"],
        ["Product", "78", "Table", "THEIRS", "4", "5"],
    ]
    assert result.out.startswith("Item,ID,Name,SKU,Current Stock,Price\r\n")


HEADER = (
    "Handle,Option1 Value,SKU,Location,Unavailable (not editable),Committed (not editable),"
    "Available (not editable),On hand (current),On hand (new)"
)


def shopify_export(file: Path, *lines: str) -> str:
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return str(file)


def filled(cli: Cli, own: str, *more: str) -> Result:
    return cli("stock", "export", "--format", "shopify", "--fill", own, *more)


def test_STK_7_one_location_of_a_shop_is_filled_whatever_it_is_called(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    own = shopify_export(tmp_path / "inventory.csv", "chair,Oak,A-1,Shop floor,1,3,2,6,")

    found = rows(filled(cli, own))

    assert found == [["chair", "Oak", "A-1", "Shop floor", "1", "3", "2", "6", "11"]]  # 11 on hand are 7 available


def test_STK_7_of_several_locations_only_those_of_the_hub_are_filled(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    lines = [f"chair,Oak,A-1,{place},0,0,2,2," for place in ("Main location", "Elsewhere")]
    lines += ["desk,Oak,THEIRS,Elsewhere,0,0,2,2,", "gift,,,Elsewhere,0,0,2,2,"]
    own = shopify_export(tmp_path / "inventory.csv", *lines)
    new = tmp_path / "new.csv"

    result = filled(cli, own)
    told = document(filled(cli, own, "-o", str(new), "--json"))

    assert [(row[3], row[8]) for row in rows(result)] == [("Main location", "7"), *[("Elsewhere", "")] * 3]
    assert "1 SKU(s) of the file that the hub does not have; their rows stay as they are: 'THEIRS'." in result.err
    assert "1 location(s) of the file that are not called as in the hub" in result.err
    assert (told["rows"], told["fitting"], told["other_skus"], told["other_locations"]) == (
        4,
        1,
        ["THEIRS"],
        ["Elsewhere"],
    )
    assert f"4 rows written to {new}, 1 of them fit the hub." in told["message"]


def test_STK_7_file_of_which_nothing_fits_is_refused_with_what_does_not(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    lines = [f"chair,Oak,{sku},{place},0,0,2,2," for sku in ("A-1", "B-1") for place in ("12 Main Street", "Second")]
    own = shopify_export(tmp_path / "inventory.csv", *lines)
    new = tmp_path / "new.csv"

    result = filled(cli, own, "-o", str(new))

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    for words in ("no row of the file fits the hub, which has 'Main location'", "'12 Main Street', 'Second'", "'B-1'"):
        assert words in result.err
    assert not new.exists()


def test_STK_7_item_that_is_not_stocked_there_is_stocked_only_with_pieces(cli: Cli, tmp_path: Path) -> None:
    for sku, pieces in (("A-1", 7), ("B-1", 0)):
        add(cli, sku, pieces)
    nowhere = ",".join(["not stocked"] * 4)
    own = shopify_export(tmp_path / "inventory.csv", *(f"x,,{sku},Shop floor,{nowhere}," for sku in ("A-1", "B-1")))

    assert [(row[2], row[8]) for row in rows(filled(cli, own))] == [("A-1", "7"), ("B-1", "")]


def test_STK_7_cell_of_any_length_comes_back(cli: Cli, tmp_path: Path) -> None:
    add(cli, "A-1", 7)
    own = tmp_path / "products.csv"
    own.write_text(f"Item,ID,SKU,Current Stock,Description\nProduct,1,A-1,2,{'x' * 140_000}\n")

    ((_, _, _, stock, words),) = rows(cli("stock", "export", "--format", "bigcommerce", "--fill", str(own)))

    assert (stock, len(words)) == ("7", 140_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SKU,Price\nA-1,2\n", "has no column On hand (new) or On hand"),
        ("SKU,On hand (new)\nA-1,2\n", "has no column Committed (not editable) or Committed"),
        (HEADER + "\nA-1\n", "its row 2 has not as many cells as its header"),
        ("", "has no column SKU"),
    ],
    ids=["no stock", "nothing held", "short row", "empty"],
)
def test_file_that_is_no_export_of_the_shop_is_refused(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    own = tmp_path / "other.csv"
    own.write_text(text)

    result = cli("stock", "export", "--format", "shopify", "--fill", str(own))

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert words in result.err
