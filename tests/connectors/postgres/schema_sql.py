"""The schema as the migrations leave it, as text for people: `make schema` writes it to connectors/postgres/schema.sql.

It is read from the catalogue of a migrated database and put in the form that the migrations are written in. Comments of
tables, columns, types and functions are those of the database (COMMENT ON). What it cannot describe it refuses.
"""

import re
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors import postgres
from connectors.config import Config
from connectors.postgres import Connection, Row
from tests.connectors.postgres import schema_catalogue as catalogue
from workers.embedded import ensure_servers, stop_servers

FILE = Path(postgres.__file__).with_name("schema.sql")
HEAD = """\
-- The schema as the migrations leave it, for reading: `make schema` writes this file, a test compares it with what they
-- make. To change the schema add a migration.
"""

_WIDTH = 120
_ASIDE = 52  # where a column's comment stands
_UNQUOTED = r"(?=(?:[^']*'[^']*')*[^']*$)"  # what stands between quotes stays together
_BREAKS = (
    re.compile(
        r" (?=(?:REFERENCING|FOR EACH|WHEN \(|EXECUTE|WHERE|CONSTRAINT|REFERENCES|CHECK|GENERATED|RETURNS|LANGUAGE)\b)"
    ),
    re.compile(rf" (?=(?:AND|OR|CASE|WHEN|ELSE)\b){_UNQUOTED}"),
    re.compile(rf" {_UNQUOTED}"),
)
_SAID = {  # as PostgreSQL says it, and as we do
    "timestamp with time zone": "timestamptz",
    "COALESCE(": "coalesce(",
    "GREATEST(": "greatest(",
    "CURRENT_DATE": "current_date",
    " USING btree ": " ",
    " ELSE NULL::text END": " END",
    "( CASE": "(CASE",
    "public.": "",
}


def describe(connection: Connection) -> str:
    """The whole text, without its head."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = public")
        found = catalogue.read(connection)
    return "".join(_schema(found, schema) for schema in catalogue.SCHEMAS)


def without_comments(text: str) -> str:
    """The statements alone: what a database is made of."""
    kept = (re.sub(r"(^|\s+)--.*$", "", line) for line in text.splitlines())
    return "\n".join(line for line in kept if line)


def _schema(found: catalogue.Found, schema: str) -> str:
    begin = [f"CREATE SCHEMA {schema};"] if schema != "public" else []
    parts = [
        *begin,
        *(_type(one) for one in found.types if one["schema"] == schema),
        *(_function(one, found) for one in found.functions if one["schema"] == schema and one["is_for_tables"]),
        *(_table(one, found) for one in _in_order(found) if one["schema"] == schema),
        *(_function(one, found) for one in found.functions if one["schema"] == schema and not one["is_for_tables"]),
    ]
    return "".join(f"\n{part}\n" for part in parts)


def _type(one: Row) -> str:
    return _above(one["comment"]) + _fold(f"CREATE TYPE {one['name']} AS ({one['columns']});")


# -- tables ------------------------------------------------------------------------------------------------------------


def _in_order(found: catalogue.Found) -> list[Row]:
    """As they were made, but each behind those it refers to."""
    by_oid = {table["oid"]: table for table in found.tables}
    ordered: dict[int, Row] = {}

    def put(table: Row, *, below: tuple[int, ...] = ()) -> None:
        for oid in table["refers_to"]:
            if oid not in ordered and oid not in (*below, table["oid"]):
                put(by_oid[oid], below=(*below, table["oid"]))
        ordered[table["oid"]] = table

    for table in found.tables:
        put(table)
    return list(ordered.values())


def _table(table: Row, found: catalogue.Found) -> str:
    constraints = [one for one in found.constraints if one["table"] == table["oid"]]
    columns = [one for one in found.columns if one["table"] == table["oid"]]
    alone: dict[str, list[str]] = {column["name"]: [] for column in columns}
    for one in constraints:
        if len(one["columns"]) == 1:
            alone[one["columns"][0]].append(_constraint(one, table, is_alone=True))
    entries = [(_column(one, alone[one["name"]]), one["comment"]) for one in columns]
    entries += [(_constraint(one, table), None) for one in constraints if len(one["columns"]) != 1]
    options = f" WITH ({', '.join(table['options'])})" if table["options"] else ""
    body = "\n".join([*(_entry(f"{text},", comment) for text, comment in entries[:-1]), _entry(*entries[-1])])
    indexes = [_fold(_plain(one["text"]) + ";") for one in found.indexes if one["table"] == table["oid"]]
    return "\n".join([f"{_above(table['comment'])}CREATE TABLE {table['name']} (\n{body}\n){options};", *indexes])


def _column(column: Row, constraints: Iterable[str]) -> str:
    default = _plain(column["default"]) if column["default"] else ""
    words = [
        column["name"],
        _plain(column["type"]),
        "NOT NULL" if column["is_filled"] else "",
        f"GENERATED {column['identity']} AS IDENTITY" if column["identity"] else "",
        f"GENERATED ALWAYS AS ({default}) STORED" if column["is_generated"] else "",
        f"DEFAULT {default}" if default and not column["is_generated"] else "",
        *constraints,
    ]
    return " ".join(word for word in words if word)


def _constraint(one: Row, table: Row, *, is_alone: bool = False) -> str:
    text = _plain(one["text"])
    if one["refers_to_key"]:
        text = re.sub(r"(REFERENCES [\w.]+)\([\w, ]+\)", r"\1", text)
    if is_alone:
        text = re.sub(r"^(PRIMARY KEY|UNIQUE) \(\w+\)$", r"\1", re.sub(r"^FOREIGN KEY \(\w+\) ", "", text))
    return text if one["name"] == _default_name(one, table) else f"CONSTRAINT {one['name']} {text}"


def _default_name(one: Row, table: Row) -> str:
    bare = table["name"].rpartition(".")[2]
    kind = {"p": "pkey", "u": "key", "f": "fkey", "c": "check"}[one["kind"]]
    named = () if one["kind"] == "p" or (one["kind"] == "c" and len(one["columns"]) != 1) else one["columns"]
    return "_".join([bare, *named, kind])


def _entry(text: str, comment: str | None) -> str:
    lines = _fold(text, indent="    ").split("\n")
    if not comment:
        return "\n".join(lines)
    aside = f"{lines[0]:<{_ASIDE - 1}} -- {comment}" if len(lines[0]) < _ASIDE else f"{lines[0]}   -- {comment}"
    if len(lines) == 1 and len(aside) <= _WIDTH:
        return aside
    return _above(comment, indent="    ") + "\n".join(lines)


# -- functions ---------------------------------------------------------------------------------------------------------


def _function(one: Row, found: catalogue.Found) -> str:
    head, mark, body = one["text"].partition(" $function$")
    assert mark, f"{one['name']} is not written between dollars"
    head = _plain(head.replace("CREATE OR REPLACE", "CREATE"))
    opening = _fold(f"{head} $$") if body.startswith("\n") else f"{_fold(head)}\n$$"
    text = f"{opening}{body.replace('$function$', '$$').rstrip()};"
    triggers = [_trigger(trigger["text"]) for trigger in found.triggers if trigger["function"] == one["oid"]]
    return "\n".join([_above(one["comment"]) + text, *triggers])


def _trigger(text: str) -> str:
    return _fold(re.sub(r"\b(new|old)\.", lambda row: row[0].upper(), _plain(text)) + ";")


# -- the form of the house ---------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """As a person would have written it: PostgreSQL says the same of both, which a test proves."""
    text = re.sub(r"\s*\n\s*", " ", text).strip()
    text = re.sub(r"('(?:[^']|'')*')::text\b(?!\[)", r"\1", text)
    text = re.sub(r"^('\{\}')::jsonb$", r"\1", text)
    text = re.sub(r"(\d)::numeric\b", r"\1", text)
    text = re.sub(r" = ANY \(ARRAY\[([^]]*)\]\)", r" IN (\1)", text)
    for said, meant in _SAID.items():
        text = text.replace(said, meant)
    return text


def _fold(text: str, *, indent: str = "") -> str:
    """In lines of the house's width, parted before a clause; what follows the first line stands further in."""
    return "\n".join(_lines(text, indent, f"{indent}    ", _BREAKS))


def _lines(text: str, first: str, further: str, breaks: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """Parts of the text, as many on a line as fit; one that is too long by itself is parted at smaller breaks."""
    line = first
    for part in breaks[0].split(text):
        longer = f"{line} {part}" if line.strip() else line + part
        if len(longer) <= _WIDTH or (not line.strip() and not breaks[1:]):
            line = longer
            continue
        if line.strip():
            yield line
        *whole, line = _lines(part, further if line.strip() else line, f"{further}    ", breaks[1:] or breaks)
        yield from whole
    yield line


def _above(comment: str | None, *, indent: str = "") -> str:
    if not comment:
        return ""
    lead = f"{indent}-- "
    return textwrap.fill(comment, _WIDTH, initial_indent=lead, subsequent_indent=lead) + "\n"


# -- the command -------------------------------------------------------------------------------------------------------


@contextmanager
def migrated() -> Iterator[Connection]:
    """A connection to a database that the migrations have made, on a server of our own."""
    with tempfile.TemporaryDirectory(prefix="storesync-schema-") as home:
        Path(home).chmod(0o711)  # PostgreSQL does not run as root, and must get in
        config = Config("", "", Path(home), "", "text")
        try:
            with postgres.connect(ensure_servers(config, durable=False).database_url) as connection:
                postgres.upgrade(connection)
                yield connection
        finally:
            stop_servers(config)


def main() -> None:
    """Write the file."""
    with migrated() as connection:
        FILE.write_text(HEAD + describe(connection))
    sys.stdout.write(f"Wrote {FILE}.\n")


if __name__ == "__main__":
    main()
