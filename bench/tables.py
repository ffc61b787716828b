"""Tables of what was measured: printed, kept in `docs/figures/`, put into the page, and drawn."""

import json
import re
from collections.abc import Sequence
from typing import Final

from bench.servers import ROOT

Table = Sequence[Sequence[str]]

FIGURES: Final = ROOT / "docs" / "figures"
PAGE: Final = ROOT / "docs" / "performance.md"


def publish(name: str, rows: Table, *, head: Sequence[str] = ("figure", "measured")) -> None:
    """Print a table, keep it, and put it into docs/performance.md where that has a place for it.

    The place is between the lines `<!-- name -->` and `<!-- / -->`.
    """
    text = as_markdown(head, rows)
    print(f"\n{text}")
    FIGURES.mkdir(exist_ok=True)
    kept = {"head": list(head), "rows": [list(row) for row in rows]}
    (FIGURES / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- / -->)", re.DOTALL)
    PAGE.write_text(place.sub(lambda _: f"\n{text}\n\n", PAGE.read_text(), count=1))


def as_markdown(head: Sequence[str], rows: Table) -> str:
    """The table, its columns as wide as what is in them."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [[text.ljust(width) for text, width in zip(row, widths, strict=True)] for row in (head, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read(name: str) -> list[list[str]]:
    """The rows that were kept last."""
    found: list[list[str]] = json.loads((FIGURES / f"{name}.json").read_text())["rows"]
    return found
