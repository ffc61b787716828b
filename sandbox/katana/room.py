"""What the rooms of the stand-in have in common: a table behind an end point, its filters, its bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sandbox.katana.errors import Json, against_rules, invalid
from sandbox.katana.numbers import amount, decimal, moment
from sandbox.katana.schema import Schema, check
from sandbox.katana.table import Row, Table

if TYPE_CHECKING:
    from sandbox.katana.state import KatanaAccount

Filter = Callable[[Row, list[str]], bool]


class Shown(Enum):
    """In which answer a record is shown."""

    LISTED = auto()
    ALONE = auto()
    CREATED = auto()
    CHANGED = auto()


def same(name: str) -> Filter:
    """A field that must be one of the given values, as text."""
    return lambda row, given: _text(row.get(name)) in given


def member(name: str) -> Filter:
    """A list of which one must be given."""
    return lambda row, given: any(_text(one) in given for one in row.get(name) or ())


def equal(name: str) -> Filter:
    """A number."""
    return lambda row, given: decimal(row.get(name)) in [amount(one, name) for one in given]


def least(name: str) -> Filter:
    """A time that must not be before the given one."""
    return lambda row, given: _time(row.get(name)) >= moment(given[-1], name)


def most(name: str) -> Filter:
    """A time that must not be after the given one."""
    return lambda row, given: _time(row.get(name)) <= moment(given[-1], name)


def fields(names: str) -> dict[str, Filter]:
    """Filters that have their field's name."""
    return {name: same(name) for name in names.split()}


DATES: Final[dict[str, Filter]] = {
    "created_at_min": least("created_at"),
    "created_at_max": most("created_at"),
    "updated_at_min": least("updated_at"),
    "updated_at_max": most("updated_at"),
}
IDS: Final[dict[str, Filter]] = {"ids": same("id")}


class Room:
    """One kind of record: what is at `path`. A room without a schema for a body takes none."""

    path: ClassVar[str]
    filters: ClassVar[Mapping[str, Filter]] = DATES | IDS
    posts: ClassVar[Schema | None] = None
    patches: ClassVar[Schema | None] = None
    is_read_alone: ClassVar[bool] = True
    is_deletable: ClassVar[bool] = False
    lists_deleted: ClassVar[bool] = False
    reads_deleted: ClassVar[bool] = False
    singles: ClassVar[frozenset[str]] = frozenset()  # filters that take one value; what several do is not known
    parent: ClassVar[str] = ""

    def __init__(self, account: KatanaAccount) -> None:
        self.account = account
        self.table = Table(account, self.parent)

    def shown(self, row: Row, how: Shown) -> Json:
        """A record as an answer has it."""
        raise NotImplementedError

    def create(self, given: Json) -> Row:
        """Make a record. Raises KatanaRefusal."""
        raise NotImplementedError

    def change(self, row: Row, given: Json) -> Row:
        """Change a record. Raises KatanaRefusal."""
        raise NotImplementedError

    def delete(self, row: Row) -> None:
        """Delete a record. Raises KatanaRefusal."""
        self.table.delete(row["id"])

    def listed(self, asked: Mapping[str, list[str]]) -> Iterable[Row]:
        """The rows that the filters leave, the newest first. What is no filter is not looked at."""
        ignored = self.account.oddities.ignored_filters
        if wrong := next((name for name in asked if name in self.singles and len(asked[name]) > 1), None):
            raise against_rules(f"{wrong} takes one value")
        wanted = [
            (known, given)
            for name, given in asked.items()
            if (known := self.filters.get(name)) and f"{self.path}.{name}" not in ignored
        ]
        rows = self.table.view(deleted=self.shows_deleted(asked))
        return [row for row in rows if all(keeps(row, given) for keeps, given in wanted)]

    def shows_deleted(self, asked: Mapping[str, list[str]]) -> bool:
        """Whether what is deleted is asked for, where that can be."""
        return self.lists_deleted and asked.get("include_deleted") == ["true"]

    def schema(self, schema: Schema) -> Schema:
        """A body's schema as the switches have it."""
        return schema

    def wipes(self, given: Json, text: str = "") -> Json:
        """What a PATCH does to the notes where they are left out."""
        if self.path in self.account.oddities.wipes_additional_info:
            return {"additional_info": text} | given
        return given


def checked(schema: Schema, given: Any) -> Json:
    """A body that is as its end point takes it. Raises KatanaRefusal."""
    if wrong := list(check(schema, given)):
        raise invalid(*wrong)
    body: Json = given
    return body


def dated(row: Row) -> Json:
    """The times of a row."""
    return {"created_at": row["created_at"], "updated_at": row["updated_at"]}


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else moment(value or "1970-01-01", "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
