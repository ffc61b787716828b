"""What commands print: text that is only text, JSON that is only JSON, lines that stay whole."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from workers.cli.output import cell, first_line, harmless, say, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Ñandú 😀 👩‍👧 [/red] :smile:", "Ñandú 😀 👩‍👧 [/red] :smile:"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("two\nlines\ttab\x85\u2028", "two lines tab  "),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_signs_that_steer_a_terminal_are_shown_instead(text: str, shown: str) -> None:
    assert harmless(text) == cell(text) == shown


@pytest.mark.parametrize("text", ["\x00\x1b\x9b\x7f\n", "\u2028\u202e", "\ud83d", "😀"])
def test_json_carries_every_sign_and_prints_none_that_steers(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say({"name": text}, True, lambda: None)

    out = capsys.readouterr().out
    assert json.loads(out) == {"name": text}
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (True, "on"),
        (False, "off"),
        ({}, "-"),
        ([], "-"),
        ({"a": "\x1b"}, '{"a": "\\u001b"}'),
        (Decimal("2.50"), "2.5"),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-05T10:00:00Z"),
        (datetime(2026, 1, 5, 10, 0, 0, 999_999, tzinfo=UTC), "2026-01-05T10:00:00Z"),
    ],
)
def test_value_is_written_as_people_read_it(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_piped_table_keeps_every_row_on_one_whole_line(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [("x" * 3000, "y\ny"), ("[/red]", 1)])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["a", "b"], ["x" * 3000, "y", "y"], ["[/red]", "1"]]


COLUMNS = ("store", "number", "external_id", "customer", "state", "reason", "detail", "updated_at")
ROW = (
    *("woocommerce-trial", "#WC-100042", "gid://shopify/Order/5001234567890", "Ada Augusta King, Countess of Lovelace"),
    *("imported, failing", "created_before_activation", {"sku": "TISCH-EICHE-180X90-OILED"}, "2026-01-05T10:00:00Z"),
)


def _on_terminal(width: int) -> str:
    """What a person sees whose window has so many columns."""
    code = f"from workers.cli.output import table; table({COLUMNS!r}, [{ROW!r}, {ROW!r}])"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=theirs, env={**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    ) as printing:
        os.close(theirs)
        shown = b""
        with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as window:  # Linux ends it with an error
            while part := window.read(65536):
                shown += part
    assert printing.returncode == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


@pytest.mark.parametrize("width", [40, 60, 80, 132, 200, 400])
def test_what_people_copy_is_never_cut_however_narrow_the_window(width: int) -> None:
    shown = _on_terminal(width)

    assert "…" not in shown
    for word in (*ROW[:3], "created_before_activation", "TISCH-EICHE-180X90-OILED", ROW[7]):
        assert shown.count(str(word)) == 2, word


def test_wide_window_shows_a_table_and_a_narrow_one_blocks() -> None:
    assert _on_terminal(400).splitlines()[0].split() == list(COLUMNS)
    assert _on_terminal(60).splitlines()[:2] == ["store        woocommerce-trial", "number       #WC-100042"]


@pytest.mark.parametrize(("error", "line"), [(ValueError("one\ntwo"), "one"), (ValueError(), "ValueError")])
def test_first_line_of_an_error_is_never_missing(error: Exception, line: str) -> None:
    assert first_line(error) == line


@pytest.mark.long
def test_terminal_without_the_signs_gets_others_instead_of_a_traceback() -> None:
    command = [sys.executable, "-c", "from workers.cli.main import main; main(['store', 'set', '--help'])"]

    ended = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert rb"KEY=VALUE\u2026" in ended.stdout
