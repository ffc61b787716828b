"""Words of the hub's commands: what cannot be meant is refused in one line, before any server is asked."""

from decimal import Decimal

import pytest

from workers.cli.hub.words import read_portion
from workers.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stock", "adjust", "A-1", "-x"), "'-x' is no count"),
        (("stock", "adjust", "A-1", "--5"), "'--5' is no count"),
        (("stock", "adjust", "A-1", "1e9"), "'1e9' is no count"),
        (("stock", "adjust", "A-1", "NaN"), "'NaN' is no count"),
        (("stock", "adjust", " ", "1"), "must be 1 to 200 signs"),
        (("po", "receive", "A-1"), "'A-1' has no quantity"),
        (("po", "receive", "A-1", "1_000"), "'1_000' is no quantity"),
        (("po", "receive", "A-1", "9999999999"), "is no quantity"),
        (("order", "pack", "5001", "A-1"), "'A-1' must be SKU=QTY"),
        (("order", "pack", "5001", "A-1=0"), "'0' is no quantity"),
        (("order", "deliver", "5001", "=1"), "must be 1 to 200 signs"),
        (("order", "create", "--customer", "Ada", "--row", "A-1=1"), "must be SKU=QTY@PRICE"),
        (("order", "create", "--customer", "Ada", "--row", "A-1=1@-1"), "must be SKU=QTY@PRICE"),
        (("order", "create", "--customer", "Ada"), "Missing option '--row'"),
        (("order", "create", "--customer", "Ada", "--row", "A=1@1", "--tax", "101"), "no percentage"),
        (("order", "create", "--customer", "Ada", "--row", "A=1@1", "--currency", "XYZ"), "ISO 4217"),
        (("product", "add", "A\x07B"), "must be 1 to 200 signs"),
        (("product", "add", "A\udcff"), "must be 1 to 200 signs"),
        (("product", "add", "SET", "A-1=1"), "give its components with --bundle"),
        (("mo", "set", "MO-1", "DONE"), "is not a valid integer"),
        (("mo", "set", "1", "LOST"), "is not one of"),
        (("lock-inventory", "--until", "31.01.2026"), "is no day"),
        (("lock-inventory",), "Missing option '--until'"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["hub", *arguments])

    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    ("text", "portion"),
    [("A-1=2", ("A-1", "2")), (" A=B =0.000001", ("A=B", "0.000001")), ("A=999999999", ("A", "999999999"))],
)
def test_portion_is_parted_at_its_last_equals_sign(text: str, portion: tuple[str, str]) -> None:
    assert read_portion(text) == (portion[0], Decimal(portion[1]))
