"""What the operating system and the database say of a measurement: CPU seconds of programs, rows that changed."""

import os
from collections.abc import Iterable
from pathlib import Path

from connectors.postgres import Connection

_TICKS = os.sysconf("SC_CLK_TCK")
TABLES = (
    "public.store_orders",
    "public.journal",
    "public.customer_links",
    "public.item_links",
    "hub.sales_orders",
    "hub.sales_order_rows",
    "hub.customers",
    "hub.products",
    "hub.variants",
    "hub.stock",
)


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds that these processes and their living descendants have used, user and system."""
    family = set(pids)
    parents = {pid: fields[1] for pid, fields in _processes().items()}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(sum(fields[11:15]) for pid, fields in _processes().items() if pid in family) / _TICKS


def _processes() -> dict[int, list[int]]:
    """The numbers of /proc/<pid>/stat behind the name and the state, by pid: parent at 1, CPU ticks from 11."""
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        found[int(path.parent.name)] = [0, *(int(field) for field in fields[1:])]
    return found


def fingerprint(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Where every row version stands: any insert, update or delete moves one."""
    marks: dict[str, tuple[str, ...]] = {}
    for table in TABLES:
        rows = connection.execute(f"SELECT ctid::text || xmin::text AS mark FROM {table}")  # noqa: S608 # type: ignore[arg-type]
        marks[table] = tuple(sorted(row["mark"] for row in rows))
    return marks


def changed_rows(before: dict[str, tuple[str, ...]], after: dict[str, tuple[str, ...]]) -> int:
    """How many row versions are new or gone."""
    return sum(len(set(before[table]) ^ set(after[table])) for table in before)
