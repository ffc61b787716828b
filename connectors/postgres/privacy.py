"""What PostgreSQL keeps of buyers beside the hub, and what shops ask for on their behalf (DOR-6)."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, chosen, queries, read_all
from schemas.privacy import AboutBuyer, NamingLine, OrderBeside, OrderKey, PrivacyRequest, Request

_SQL: Final = queries("privacy")

_MOST_REQUESTS: Final = 200  # that are listed


# -- what is kept ------------------------------------------------------------------------------------------------------


def orders_naming(connection: Connection, word: str) -> list[OrderKey]:
    """Orders whose snapshot has a text as one of its values. It reads all snapshots: seconds for a million of them."""
    found = connection.execute(_SQL["orders_naming"], {"value": f'%"{_pattern(word)}"%'})
    return [(row["store_id"], row["external_id"]) for row in found]


def kept_orders(connection: Connection, orders: Sequence[OrderKey]) -> list[OrderBeside]:
    """What is kept of some orders."""
    return read_all(connection, OrderBeside, _SQL["orders_kept"], _keys(orders))


def lines_naming(connection: Connection, orders: Sequence[OrderKey], words: Iterable[str]) -> list[NamingLine]:
    """Lines of the journal that are of some orders and hold one of some words."""
    values = {**_keys(orders), "words": _patterns(words)}
    return read_all(connection, NamingLine, _SQL["lines_of_orders"], values) if values["words"] else []


def lines_with(connection: Connection, word: str) -> list[NamingLine]:
    """Lines of the journal that hold a text, of whatever they are. It reads all of the journal."""
    return read_all(connection, NamingLine, _SQL["lines_naming"], {"value": f"%{_pattern(word)}%"})


# -- and is not any more -----------------------------------------------------------------------------------------------


def forget_orders(connection: Connection, orders: Sequence[OrderKey]) -> None:
    """Keep nothing of what their stores sent of some orders, from now on."""
    connection.execute(_SQL["forget_orders"], _keys(orders))


def forget_links(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Customers of the hub are nobody's of a store's any more."""
    connection.execute(_SQL["forget_links"], {"customers": list(customer_ids)})


def forget_link(connection: Connection, store_id: int, customer_id: str) -> None:
    """A store's customer is nobody's of the hub any more."""
    connection.execute(_SQL["forget_link"], {"store_id": store_id, "external_id": customer_id})


def store_links(connection: Connection, store_id: int) -> list[str]:
    """Whom of the hub a store's customers are."""
    return [row["customer_id"] for row in connection.execute(_SQL["store_links"], {"store_id": store_id})]


def forget_store_links(connection: Connection, store_id: int) -> None:
    """A store's customers are nobody's of the hub any more."""
    connection.execute(_SQL["forget_store_links"], {"store_id": store_id})


def linked(connection: Connection, store_id: int, customer_id: str) -> str | None:
    """The hub's customer of a store's."""
    row = connection.execute(_SQL["linked"], {"store_id": store_id, "external_id": customer_id}).fetchone()
    return row["customer_id"] if row else None


def take_out(
    connection: Connection, orders: Sequence[OrderKey], words: Iterable[str], without: Callable[[Any], Any]
) -> None:
    """Say what was said of some orders without some words, in their rows and in the journal. In a transaction."""
    patterns = _patterns(words)
    if not patterns:
        return
    values = {**_keys(orders), "words": patterns}
    for row in connection.execute(_SQL["with_words"], values).fetchall():
        said = {name: Jsonb(without(row[name])) for name in ("detail", "hub_detail")}
        connection.execute(_SQL["say_otherwise"], {**row, **said})
    rewrite(connection, read_all(connection, NamingLine, _SQL["lines_of_orders"], values), without)


def rewrite(connection: Connection, lines: Iterable[NamingLine], without: Callable[[Any], Any]) -> None:
    """Write lines of the journal otherwise: nobody else may. In a transaction."""
    connection.execute(_SQL["allow_erasing"], {"allowed": "on"})
    for line in lines:
        connection.execute(_SQL["rewrite_line"], {"id": line.id, "detail": Jsonb(without(line.detail))})
    connection.execute(_SQL["allow_erasing"], {"allowed": "off"})


def next_orders(connection: Connection, store_id: int, after: str, *, limit: int) -> list[OrderKey]:
    """The next orders of a store that something of a buyer may be kept of."""
    statement = chosen(_SQL["next_orders"], (), limit=limit)
    found = connection.execute(statement, {"store_id": store_id, "after": after})
    return [(row["store_id"], row["external_id"]) for row in found]


# -- what shops ask for ------------------------------------------------------------------------------------------------


def ask(connection: Connection, store_id: int, kind: Request, about: AboutBuyer) -> int:
    """Note what a shop asks for; its number."""
    values = {
        "store_id": store_id,
        "kind": kind,
        "customer_id": about.customer_id,
        "order_ids": list(about.order_ids),
    }
    row = connection.execute(_SQL["ask_for_buyer"], values).fetchone()
    assert row is not None
    return int(row["id"])


def requests(connection: Connection) -> list[PrivacyRequest]:
    """What shops asked for, the open first, the latest before the others."""
    return _requests(connection, [])


def open_requests(connection: Connection) -> list[PrivacyRequest]:
    """What is not done yet."""
    return _requests(connection, [_SQL["is_open"]])


def to_erase(connection: Connection) -> list[PrivacyRequest]:
    """What is to be erased without anybody being asked."""
    return _requests(connection, [_SQL["is_to_erase"]])


def request(connection: Connection, number: int) -> PrivacyRequest | None:
    """One of them; None where there is none."""
    return next(iter(_requests(connection, [_SQL["is_number"]], id=number)), None)


def close(connection: Connection, number: int) -> bool:
    """It is done, and whom it was about is forgotten; False where it is not open."""
    return connection.execute(_SQL["close"], {"id": number}).fetchone() is not None


def _requests(connection: Connection, which: list[LiteralString], **values: int) -> list[PrivacyRequest]:
    statement = chosen(_SQL["requests"], which, limit=_MOST_REQUESTS)
    found = connection.execute(statement, values)
    return [
        PrivacyRequest(**row | {"kind": Request(row["kind"]), "order_ids": tuple(row["order_ids"])}) for row in found
    ]


def _keys(orders: Sequence[OrderKey]) -> dict[str, list[Any]]:
    return {"stores": [store_id for store_id, _ in orders], "externals": [id_ for _, id_ in orders]}


def _patterns(words: Iterable[str]) -> list[str]:
    return [f"%{_pattern(word)}%" for word in sorted(words)]


def _pattern(word: str) -> str:
    """The word as it stands in JSON, for LIKE."""
    text = json.dumps(word, ensure_ascii=False)[1:-1]
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
