"""The house that docs/architecture.md draws is the house that is there: every room, every module, every arrow."""

import ast
import re
from itertools import takewhile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text()
FLOORS: Final = ("workers", "tasks", "connectors", "schemas", "sandbox")


def drawn(heading: str, language: str = "") -> str:
    """The first block of code below a heading of the page."""
    _, _, below = PAGE.partition(f"\n## {heading}\n")
    found = re.search(rf"```{language}\n(.*?)```", below, re.DOTALL)
    assert found, heading
    return found[1]


def drawn_tree() -> set[str]:
    """Paths of the tree: two signs of indentation are a floor, what ends in a stroke is a folder."""
    paths: set[str] = set()
    above: list[str] = []
    for line in drawn("The tree").splitlines():
        indent = len(list(takewhile(str.isspace, line)))
        above = [*above[: indent // 2], line.split()[0]]
        paths.add("".join(above))
    return paths


def tree() -> set[str]:
    """Every folder of the product with Python in it, and every module of those folders whose modules are drawn."""
    files = {file.relative_to(ROOT) for floor in FLOORS for file in (ROOT / floor).rglob("*.py")}
    folders = {f"{file.parent}/" for file in files}
    with_modules = {path.rpartition("/")[0] + "/" for path in drawn_tree() if path.endswith(".py")}
    modules = {str(file) for file in files if f"{file.parent}/" in with_modules and file.name != "__init__.py"}
    return folders | modules


def imports(floor: str) -> set[str]:
    """The other floors that this one imports from."""
    found: set[str] = set()
    for file in (ROOT / floor).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    return (found & set(FLOORS)) - {floor}


def test_the_tree_that_is_drawn_is_the_tree() -> None:
    assert drawn_tree() == tree()


def test_the_arrows_that_are_drawn_are_the_imports() -> None:
    arrows = set(re.findall(r"^ *(\w+) --> (\w+)$", drawn("Who may import whom", "mermaid"), re.MULTILINE))

    assert arrows == {(floor, other) for floor in FLOORS for other in imports(floor)}


def test_every_way_is_drawn() -> None:
    for heading in ("An order's way", "Stock's way", "A fulfilment's way"):
        assert drawn(heading, "mermaid")
