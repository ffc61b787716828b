"""What PostgreSQL's catalogue says of our schemas, as far as schema_sql can describe it."""

from dataclasses import dataclass

from connectors.postgres import Connection, Row

SCHEMAS = ("public", "hub")

_OURS = f"(SELECT oid FROM pg_namespace WHERE nspname IN {SCHEMAS})"

_UNKNOWN = f"""
    SELECT c.oid::regclass::text AS name, c.relkind::text AS kind FROM pg_class c
    WHERE c.relnamespace IN {_OURS} AND c.relkind NOT IN ('r', 'i', 'c')
      AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i'))
    UNION ALL
    SELECT t.oid::regtype::text, t.typtype::text FROM pg_type t
    WHERE t.typnamespace IN {_OURS} AND t.typtype NOT IN ('c', 'b')
    UNION ALL
    SELECT p.oid::regprocedure::text, p.prokind::text FROM pg_proc p
    WHERE p.pronamespace IN {_OURS} AND p.prokind <> 'f'
    UNION ALL
    SELECT conname, contype::text FROM pg_constraint
    WHERE connamespace IN {_OURS} AND contype NOT IN ('p', 'u', 'f', 'c', 'n')
"""

_TYPES = f"""
    SELECT n.nspname AS schema, c.oid::regclass::text AS name, obj_description(c.reltype, 'pg_type') AS comment,
           string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace IN {_OURS} AND c.relkind = 'c' GROUP BY n.nspname, c.oid, c.reltype ORDER BY c.oid
"""

_TABLES = f"""
    SELECT n.nspname AS schema, c.oid, c.oid::regclass::text AS name, obj_description(c.oid, 'pg_class') AS comment,
           c.reloptions AS options,
           ARRAY(SELECT k.confrelid FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') AS refers_to
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relnamespace IN {_OURS} AND c.relkind = 'r' ORDER BY c.oid
"""

_COLUMNS = f"""
    SELECT a.attrelid AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           a.attnotnull AND a.attidentity = '' AND NOT EXISTS (
               SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p' AND k.conkey = ARRAY[a.attnum])
               AS is_filled,
           CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity,
           a.attgenerated = 's' AS is_generated, pg_get_expr(d.adbin, d.adrelid, true) AS default,
           col_description(a.attrelid, a.attnum) AS comment
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace IN {_OURS} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

_CONSTRAINTS = f"""
    SELECT k.conrelid AS table, k.conname AS name, k.contype::text AS kind, pg_get_constraintdef(k.oid, true) AS text,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, place)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place) AS columns,
           coalesce(k.confkey = (SELECT conkey FROM pg_constraint p WHERE p.conrelid = k.confrelid AND p.contype = 'p'),
                    false) AS refers_to_key
    FROM pg_constraint k
    WHERE k.connamespace IN {_OURS} AND k.contype IN ('p', 'u', 'f', 'c') AND k.conrelid <> 0
    ORDER BY array_position(ARRAY['p', 'u', 'f', 'c'], k.contype::text), k.conname
"""

_INDEXES = f"""
    SELECT i.indrelid AS table, pg_get_indexdef(i.indexrelid, 0, true) AS text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace IN {_OURS}
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u'))
    ORDER BY c.relname
"""

# `is_for_tables`: a column, a key or a check is made with it, so it is there before them.
_FUNCTIONS = f"""
    SELECT n.nspname AS schema, p.oid, p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS text,
           obj_description(p.oid, 'pg_proc') AS comment,
           EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
                   AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass))
               AS is_for_tables
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.pronamespace IN {_OURS} ORDER BY p.proname, p.oid
"""

_TRIGGERS = f"""
    SELECT t.tgfoid AS function, pg_get_triggerdef(t.oid, true) AS text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace IN {_OURS} AND NOT t.tgisinternal ORDER BY c.relname, t.tgname
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the catalogue, each kind in the order in which it is described."""

    types: list[Row]
    tables: list[Row]
    columns: list[Row]
    constraints: list[Row]
    indexes: list[Row]
    functions: list[Row]
    triggers: list[Row]


def read(connection: Connection) -> Found:
    """All that is in our schemas; refuses what the description would leave out, such as a view."""
    unknown = connection.execute(_UNKNOWN).fetchall()
    assert not unknown, f"tests/connectors/postgres/schema_sql.py cannot describe {unknown}"
    statements = (_TYPES, _TABLES, _COLUMNS, _CONSTRAINTS, _INDEXES, _FUNCTIONS, _TRIGGERS)
    return Found(*(connection.execute(statement).fetchall() for statement in statements))
