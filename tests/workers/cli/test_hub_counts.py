"""The first count from a file: read as people write it, all of it or nothing, and taken back."""

from pathlib import Path
from typing import Any

import pytest

from connectors import postgres
from tests import makers
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.hub_orders import bring_in, in_stock
from tests.workers.cli.shops import document
from tests.workers.cli.stocking import add


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "counted.csv"


def count(cli: Cli, file: Path, content: str | bytes, *more: str) -> Result:
    """Import a file with this content."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return cli("hub", "stock", "import", str(file), *more)


def counted(cli: Cli, sku: str, location: str = "main") -> str:
    """In stock at a location."""
    return in_stock(cli, sku)[location]


def is_counted(connection: postgres.Connection, sku: str) -> list[bool]:
    """Whether each level of a SKU was counted."""
    rows = connection.execute(
        "SELECT s.counted_at IS NOT NULL AS is_counted FROM hub.stock s JOIN hub.variants v ON v.id = s.variant_id"
        " WHERE v.sku = %s",
        (sku,),
    )
    return [row["is_counted"] for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("sku,quantity\nA-1,7\nB 2,0.5\n", id="plain"),
        pytest.param("\ufeffSKU;Quantity\r\nA-1;7\r\nB 2;0,5\r\n", id="as Excel writes it"),
        pytest.param("sep=;\nSKU;Qty\nA-1;7\nB 2;0,5\n", id="Excel's own first line"),
        pytest.param(
            "\n Variant code \tIn stock\tName\n A-1 \t 7 \tChair\n\n\nB 2\t0.5\t\n", id="tabs, gaps, another column"
        ),
        pytest.param(
            '"Name","in_stock","(location)","Barcode","SKU"\n"Oil, best","7","","x","A-1"\n"","0.5","main","","B 2"\n',
            id="quotes",
        ),
        pytest.param("Artikelnummer;Bestand\nA-1;7\nB 2;0,5\n".encode("utf-16"), id="UTF-16"),
    ],
)
def test_STK_11_file_is_read_however_it_is_written(cli: Cli, file: Path, content: str | bytes) -> None:
    add(cli, "A-1")
    add(cli, "B 2")

    result = count(cli, file, content)

    assert (result.code, result.err) == (0, "")
    assert (counted(cli, "A-1"), counted(cli, "B 2")) == ("7", "0.5")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "first line has to name the columns"),
        ("A-1,7\n", "first line has to name the columns"),
        ("sku,name\nA-1,Chair\n", "first line has to name the columns"),
        ("sku,qty,in stock\nA-1,1,2\n", "two of its columns are the quantity"),
        ("sku,quantity\n", "no line below"),
        (b"sku,quantity\nA-\xff1,7\n", "not UTF-8"),
    ],
)
def test_STK_11_file_that_is_no_count_is_refused(cli: Cli, file: Path, content: str | bytes, words: str) -> None:
    result = count(cli, file, content)

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert words in result.err


def test_STK_11_wrong_lines_are_named_and_nothing_is_counted(cli: Cli, file: Path) -> None:
    add(cli, "A-1")
    add(cli, "OIL", 0, "--batch-tracked")
    add(cli, "SET", 0, "--bundle", "A-1=2")
    cli("hub", "service", "add", "WRAP")
    lines = ["A-1,7,main,", "NEW,1,main,", "A-1,-1,main,", "A-1,many,main,", "A-1,,main,", "A-1,1,mars,", ",3,main,"]
    lines += ["OIL,4,main,", "SET,1,main,", "WRAP,1,main,", "A-1,8,main,", "A-1,2,main,B-7", "A-1,1.500,main,"]

    result = count(cli, file, "sku,quantity,location,batch\n" + "\n".join(lines[:10]))
    more = count(cli, file, "sku,quantity,location,batch\n" + "\n".join([lines[0], *lines[10:]]))

    assert (result.code, more.code) == (1, 1)
    for number in range(3, 12):
        assert f"line {number}: " in result.err
    assert "line 2: " not in result.err
    for words in ("line 3: A-1 at main stands on line 2", "line 4: A-1 is not batch-tracked", "1500 or 1.5"):
        assert words in more.err
    assert counted(cli, "A-1") == "0"


def test_STK_11_first_count_counts_what_is_there_whatever_was_sold(
    cli: Cli, file: Path, fresh_connection: postgres.Connection
) -> None:
    bring_in(fresh_connection, makers.store_order())
    sku = fresh_connection.execute("SELECT sku FROM hub.variants WHERE sku IS NOT NULL ORDER BY sku").fetchone()
    assert sku
    cli("hub", "order", "deliver", "acme/5001")

    count(cli, file, f"sku,quantity\n{sku['sku']},7\n")

    assert counted(cli, sku["sku"]) == "7"


def test_STK_11_nothing_is_counted_twice_unless_asked(
    cli: Cli, file: Path, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1", 3)
    add(cli, "B-1")
    content = "sku,quantity\nA-1,7\nB-1,0\n"

    first = document(count(cli, file, content, "--json"))
    second = document(count(cli, file, content, "--json"))
    third = document(count(cli, file, content, "--again", "--json"))

    assert [line["sku"] for line in first["counted"]] == ["B-1"]
    assert [(one["sku"], one["reason"]) for one in first["left_out"]] == [("A-1", "counted_before")]
    assert (second["count"], second["counted"]) == (None, [])
    assert [(line["sku"], line["quantity"], line["delta"]) for line in third["counted"]] == [
        ("A-1", "7", "4"),
        ("B-1", "0", "0"),
    ]
    assert counted(cli, "A-1") == "7"
    assert is_counted(fresh_connection, "B-1") == [True]  # none are there, and somebody looked


def test_STK_11_dry_run_shows_and_writes_nothing(cli: Cli, file: Path, fresh_connection: postgres.Connection) -> None:
    add(cli, "A-1")
    cli("location", "add", "berlin")

    shown = document(count(cli, file, "sku,quantity\nA-1,7\n", "--location", "berlin", "--dry-run", "--json"))
    text = count(cli, file, "sku,quantity\nA-1,7\n", "--dry-run").out

    line = {"sku": "A-1", "location": "berlin", "batch": None, "quantity": "7", "delta": "7"}
    assert shown == {"count": None, "dry_run": True, "counted": [line], "left_out": []}
    assert "Nothing was written" in text
    assert in_stock(cli, "A-1") == {"main": "0", "berlin": "0"}
    assert document(cli("hub", "stock", "counts", "--json")) == []


def test_STK_11_location_of_the_file_goes_before_that_of_the_command(cli: Cli, file: Path) -> None:
    add(cli, "A-1")
    cli("location", "add", "berlin")

    count(cli, file, "sku,quantity,location\nA-1,7,main\nA-1,2,\n", "--location", "berlin")

    assert in_stock(cli, "A-1") == {"main": "7", "berlin": "2"}
    assert count(cli, file, "sku,quantity\nA-1,7\n", "--location", "mars").code == 2


def test_STK_11_batches_are_counted_one_by_one(cli: Cli, file: Path, fresh_connection: postgres.Connection) -> None:
    add(cli, "OIL", 0, "--batch-tracked")

    count(cli, file, "sku,quantity,batch\nOIL,4,B-1\nOIL,2,B-2\n")
    first = counted(cli, "OIL")
    count(cli, file, "sku,quantity,batch\nOIL,1,B-2\nOIL,5,B-3\n", "--again")

    rows = fresh_connection.execute(
        "SELECT b.batch_no, s.in_stock FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id ORDER BY 1"
    )
    assert (first, counted(cli, "OIL")) == ("6", "6")
    assert [(row["batch_no"], int(row["in_stock"])) for row in rows] == [("B-1", 0), ("B-2", 1), ("B-3", 5)]


def test_STK_11_count_is_taken_back_as_one(cli: Cli, file: Path, fresh_connection: postgres.Connection) -> None:
    add(cli, "A-1")
    add(cli, "B-1", 2)
    counts = document(count(cli, file, "sku,quantity\nA-1,7\nB-1,9\n", "--again", "--json"))
    cli("hub", "stock", "adjust", "A-1", "1")

    result = cli("hub", "stock", "undo", counts["count"])

    (listed,) = document(cli("hub", "stock", "counts", "--json"))
    assert result.code == 0
    assert (counted(cli, "A-1"), counted(cli, "B-1")) == ("1", "2")
    assert (listed["source"], listed["items"], listed["added"]) == ("counted.csv", 2, "14")
    assert listed["taken_back_at"] is not None
    assert (is_counted(fresh_connection, "A-1"), is_counted(fresh_connection, "B-1")) == ([True], [True])


def test_STK_11_what_was_counted_first_by_a_count_that_is_taken_back_was_never_counted(
    cli: Cli, file: Path, fresh_connection: postgres.Connection
) -> None:
    add(cli, "A-1")
    counts: Any = document(count(cli, file, "sku,quantity\nA-1,7\n", "--json"))

    cli("hub", "stock", "undo", counts["count"])

    assert is_counted(fresh_connection, "A-1") == [False]
    assert document(count(cli, file, "sku,quantity\nA-1,5\n", "--json"))["counted"][0]["delta"] == "5"


def test_STK_11_counts_are_taken_back_last_first_and_once(cli: Cli, file: Path) -> None:
    add(cli, "A-1")
    count(cli, file, "sku,quantity\nA-1,7\n")
    count(cli, file, "sku,quantity\nA-1,9\n", "--again")

    first = cli("hub", "stock", "undo", "1")
    codes = [cli("hub", "stock", "undo", number).code for number in ("2", "2", "1", "9")]

    assert (first.code, "count 2 counted some of the same items" in first.err) == (1, True)
    assert codes == [0, 1, 0, 1]
    assert counted(cli, "A-1") == "0"
