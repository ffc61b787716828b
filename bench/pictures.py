"""The pictures of docs/performance.md, drawn from the tables that were kept last.

python -m bench.pictures
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pygal
from pygal.style import Style

from bench.servers import ROOT
from bench.tables import FIGURES, read

FOLDER: Final = ROOT / "docs" / "pictures"

_STYLE: Final = Style(
    background="transparent",
    plot_background="transparent",
    colors=("#2f6f9f", "#c8742b", "#5b8c5a", "#8a5a8c"),
    font_family="sans-serif",
    label_font_size=14,
    value_font_size=14,
    title_font_size=18,
    legend_font_size=14,
)
_LOOK: Final = {
    "style": _STYLE,
    "width": 720,
    "height": 340,
    "js": [],  # a picture runs nothing
    "pretty_print": True,
    "disable_xml_declaration": True,
    "print_values": True,
    "no_prefix": True,  # the same figures are the same file
}


def draw() -> list[str]:
    """Draw whatever was measured; the names of the pictures."""
    FOLDER.mkdir(exist_ok=True)
    there = [name for name in PICTURES if (FIGURES / f"{name}.json").exists()]
    for name in there:
        (FOLDER / f"{name}.svg").write_text(PICTURES[name](read(name)).render(is_unicode=True) + "\n")
    return there


def _number(text: str) -> float:
    return float(text.strip("* ").partition(" ")[0].replace(",", ""))


def _value(rows: list[list[str]], start: str) -> float:
    """The figure of the row that begins so."""
    return next(_number(row[1]) for row in rows if row[0].strip("*").startswith(start))


def _cpu(rows: list[list[str]]) -> Any:
    chart = pygal.HorizontalStackedBar(title="Processor time of one order, ms", legend_at_bottom=True, **_LOOK)
    chart.x_labels = [""]
    for part in ("workers and beat", "PostgreSQL", "Redis", "the shop (sandbox)"):
        chart.add(part, [_value(rows, f"… {part}")])
    return chart


def _fairness(rows: list[list[str]]) -> Any:
    chart = pygal.Bar(title="From the shop to the hub, one order a second, ms", legend_at_bottom=True, **_LOOK)
    found = [row for row in rows if "p50 / p99" in row[0]]
    chart.x_labels = [row[0].partition(":")[0] for row in found]
    for place, name in enumerate(("p50", "p99")):
        chart.add(name, [_number(row[1].split(" / ")[place]) for row in found])
    return chart


def _workers(rows: list[list[str]]) -> Any:
    chart = pygal.Bar(title="Orders a second, by worker processes", show_legend=False, **_LOOK)
    chart.x_labels = [row[0] for row in rows]
    chart.add("orders/s", [_number(row[1]) for row in rows])
    return chart


PICTURES: Final[Mapping[str, Callable[[list[list[str]]], Any]]] = {
    "import_orders": _cpu,
    "fairness": _fairness,
    "workers": _workers,
}


if __name__ == "__main__":
    print(*draw())
