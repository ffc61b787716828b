"""Orders are found by what they are called (SPD-2): exactly those that are called so, whatever finds them."""

from typing import Final

import pytest

from connectors.postgres import Connection, order_view, orders, privacy
from connectors.postgres.order_view import OrderFilter
from tests.connectors.builtin_hub.makers import one, run
from tests.connectors.postgres.makers import add_store

MANY: Final = 600  # more than a search looks through first
CALLED: Final = [  # number, customer, e-mail, SKUs
    ("#1001", "Ada Lovelace", "ada.lovelace@example.com", ["HOOK-FRG", "a"]),
    ("#1001", "ADA LOVELACE", None, ["hook-frg"]),
    ("100%", "50%_off \\ 'quoted' \"twice\"", "a_b%c@example.com", ["%", "_", "\\"]),
    ("№ 7", "Üsküdarlı İğne", "ÜÑÍ@EXAMPLE.COM", ["SKÜ-1"]),
    ("漢字123", "漢字 かな", None, ["漢字"]),
    (None, "😀 Smile", None, ["😀"]),
    (None, None, None, ["=HOOK", "{a,b}", "NULL", ' "x" ', "S" * 5000]),
    ("", "  two  spaces  ", "", []),
    ("9", "N" * 500 + " end", None, []),
    ("a\tb\nc", "Straße", "STRASSE@example.com", ["\t"]),
    ("--", ";DROP TABLE orders;--", "x'||'y@example.com", ["--"]),
]
NEEDLES: Final = [
    *(
        "ada",
        "ADA",
        "Lovelace",
        "lovelace ada",
        "#1001",
        "1001 a",
        "1001 ada",
        "001",
        "hook-frg",
        "HOOK-FRG",
        "HOOK",
        "a",
    ),
    *("%", "_", "%_%", "50%", "50%_", "_off", "%%%", "___", "a_b%c", "\\", " \\ ", "'quoted'", '"twice"', "'", '"'),
    *(
        "üsk",
        "ÜSK",
        "İğne",
        "iğne",
        "ığne",
        "ÜÑÍ@",
        "üñí@example",
        "SKÜ-1",
        "skü-1",
        "漢",
        "漢字",
        "漢字1",
        "字 か",
        "😀",
        "😀 s",
    ),
    *("=HOOK", "=hook", "=HOOK-FRG", "{a,b}", "{", "NULL", "null", "SKU-9", ' "x" ', "S" * 5000, "S" * 600, "n" * 500),
    *("", " ", "  ", "   ", "two  spaces", "n end", "straße", "STRASSE", "strasse", "ß", "a\tb\nc", "\t", "\n"),
    *(
        "--",
        ";drop",
        "'||'",
        "x'||'y",
        "example.com",
        "@",
        "nobody",
        "buyer",
        "buyer 59",
        "SKU",
        "599",
        "old-3",
        "OLD-3",
    ),
]
AS_IT_IS_SAID: Final = """SELECT external_id FROM store_orders WHERE external_id = %s OR skus @> ARRAY[%s]
    OR strpos(lower(concat_ws(' ', order_no, hub_customer, hub_email)), lower(%s)) > 0"""


@pytest.fixture
def acme(connection: Connection) -> int:
    """A store whose older orders are called oddly, behind many newer ones that are not: its id."""
    store_id = add_store(connection, "acme")
    new = """INSERT INTO store_orders (store_id, external_id, store_updated_at, skus, order_no, hub_customer)
        SELECT %s, n::text, now() - n * interval '1 second', ARRAY['SKU-' || n %% 30], 'N' || n, 'Buyer ' || n
        FROM generate_series(1, %s) n"""
    run(connection, new, store_id, MANY)
    for place, (number, customer, email, skus) in enumerate(CALLED):
        old = """INSERT INTO store_orders
                (store_id, external_id, store_updated_at, skus, order_no, hub_customer, hub_email)
            VALUES (%s, %s, now() - interval '1 year', %s, %s, %s, %s)"""
        run(connection, old, store_id, f"old-{place}", skus, number, customer, email)
    run(connection, "ANALYZE store_orders, order_words")
    return store_id


def _found(connection: Connection, text: str) -> set[str]:
    return {order.external_id for order in order_view.orders(connection, OrderFilter(text=text))}


@pytest.mark.parametrize("text", NEEDLES, ids=lambda text: ascii(text[:12]))
def test_SPD_2_a_search_finds_what_is_called_so_and_nothing_else(connection: Connection, acme: int, text: str) -> None:
    said = {row["external_id"] for row in connection.execute(AS_IT_IS_SAID, (text, text, text))}

    assert _found(connection, text) == said


@pytest.mark.long
def test_SPD_2_every_part_of_a_name_is_found(connection: Connection, acme: int) -> None:
    for place, (number, customer, email, _) in enumerate(CALLED):
        words = " ".join(word for word in (number, customer, email) if word is not None)
        missed = [
            words[at : at + 3]
            for at in range(len(words) - 2)
            if f"old-{place}" not in _found(connection, words[at : at + 3])
        ]
        assert missed == []


def test_SPD_2_a_search_is_narrowed_like_any_list(connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    orders.expect(connection, other, "Ada")
    run(connection, "UPDATE store_orders SET hub_customer = 'Ada', state = 'skipped' WHERE external_id = 'Ada'")

    def found(**which: int | str) -> list[str]:
        return [row.external_id for row in order_view.orders(connection, OrderFilter(text="ada", **which))]  # type: ignore[arg-type]

    assert (found(store_id=other), found(store_id=acme)) == (["Ada"], ["old-0", "old-1"])
    assert (found(state="skipped"), found(state="failed"), found()) == (["Ada"], [], ["old-0", "old-1", "Ada"])


def test_SPD_2_the_newest_that_are_called_so_come_first_wherever_they_are(connection: Connection, acme: int) -> None:
    run(connection, "UPDATE store_orders SET hub_customer = 'Rare Bird' WHERE external_id IN ('3', '590', 'old-4')")

    found = [row.external_id for row in order_view.orders(connection, OrderFilter(text="rare bird"), limit=2)]

    assert found == ["3", "590"]


def test_SPD_2_an_order_that_changed_is_found_first_from_then_on(connection: Connection, acme: int) -> None:
    moved = "UPDATE store_orders SET store_updated_at = now() - interval '1 hour' WHERE external_id = 'old-1'"

    def found(**which: str | int) -> list[str]:
        wanted = OrderFilter(text="lovelace", **which)  # type: ignore[arg-type]
        return [row.external_id for row in order_view.orders(connection, wanted, limit=1)]

    before = found(), found(store_id=acme), found(state="pending")
    run(connection, moved)

    assert (before, found(), found(store_id=acme), found(state="pending")) == ((["old-0"],) * 3, *(["old-1"],) * 3)


def test_SPD_2_what_is_called_otherwise_or_gone_is_found_no_more(connection: Connection, acme: int) -> None:
    run(connection, "UPDATE store_orders SET hub_customer = 'Grace Hopper' WHERE external_id = 'old-0'")
    run(connection, "UPDATE store_orders SET skus = '{NEW-SKU}' WHERE external_id = 'old-1'")
    run(connection, "DELETE FROM store_orders WHERE external_id = 'old-2'")

    assert (_found(connection, "hopper"), _found(connection, "NEW-SKU")) == ({"old-0"}, {"old-1"})
    assert _found(connection, "lovelace") == {"old-0", "old-1"}  # one by its e-mail still
    assert (_found(connection, "HOOK-FRG"), _found(connection, "50%_off")) == ({"old-0"}, set())
    assert one(connection, "SELECT count(*) AS rows FROM order_words WHERE external_id = 'old-2'")["rows"] == 0


def test_DOR_6_an_erased_buyer_is_in_no_index_of_words(connection: Connection, acme: int) -> None:
    privacy.forget_orders(connection, [(acme, "old-0")])

    (words,) = connection.execute("SELECT words FROM order_words WHERE external_id = 'old-0'")
    assert words["words"] == "#1001"
