"""Orders as commands show them, and what a person does about those that were put aside."""

import json
from typing import Any

import pytest

from connectors import postgres
from sandbox import open_sandbox
from tests.workers.cli.command import Cli
from tests.workers.cli.shapes import ORDER_SHOW, misfits
from tests.workers.cli.shops import Shop, connect, document, fetch, place, place_raw, read_again, states, take_in
from workers.cli.main import run


def shown(cli: Cli, external_id: str, store: str = "acme") -> dict[str, Any]:
    found: dict[str, Any] = document(cli("order", "show", store, external_id, "--json"))
    assert list(misfits(found, ORDER_SHOW)) == []
    return found


def deleted(cli: Cli, shop: Shop) -> str:
    external_id = place(shop)
    take_in()
    assert cli("hub", "order", "delete", f"acme/{external_id}").code == 0
    return external_id


# -- show: the document that INTERFACE promises ------------------------------------------------------------------------


def test_shown_order_has_the_interfaces_keys_when_everything_has_happened_to_it(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    acme.shop.add_product({"name": "Oil", "sku": "OIL-1", "regular_price": "10"})
    cli("hub", "product", "add", "OIL-1", "--batch-tracked")
    cli("hub", "po", "receive", "OIL-1", "5", "--batch", "B-7")
    external_id = place(acme, line_items=[{"sku": "OIL-1", "quantity": 3}, {"sku": "HOOK-FRG", "quantity": 2}])
    take_in()
    order = f"acme/{external_id}"
    cli("hub", "order", "deliver", order, "OIL-1=2", "--tracking-number", "T-1")
    cli("hub", "mo", "create", order, "HOOK-FRG")
    cli("hub", "order", "invoice", order, "OIL-1")
    fresh_connection.execute(
        "INSERT INTO hub.returns (sales_order_id, external_id) SELECT id, '9' FROM hub.sales_orders"
    )
    fresh_connection.execute(
        "INSERT INTO hub.return_rows SELECT t.id, r.id, 1 FROM hub.returns t, hub.sales_order_rows r"
        " WHERE r.sku = 'OIL-1'"
    )

    found = shown(cli, external_id)["order"]

    oil, hook, _ = found["rows"]
    assert (oil["status"], oil["delivered_quantity"], oil["invoiced"]) == ("PARTIALLY_DELIVERED", "2", True)
    assert oil["batches"] == [{"batch": "B-7", "quantity": "2"}]
    assert hook["mo"]["status"] == "NOT_STARTED"
    (fulfillment,) = found["fulfillments"]
    assert (fulfillment["source"], fulfillment["tracking_number"]) == ("hub", "T-1")
    assert fulfillment["rows"] == [{"sku": "OIL-1", "quantity": "2"}]
    assert found["returns"] == [{"external_id": "9", "rows": [{"sku": "OIL-1", "quantity": "1"}]}]


def test_shown_order_is_the_stores_word_for_word(cli: Cli, acme: Shop) -> None:
    buyer = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "country": "GB"}
    lines = [{"sku": sku, "quantity": 1} for sku in ("STOOL-CHE", "APRON-LIN", "HOOK-FRG")]
    external_id = place(acme, billing=buyer, line_items=lines, customer_note="Ring twice")
    take_in()

    found = shown(cli, external_id)

    assert (found["store"], found["platform"], found["external_id"]) == ("acme", "woocommerce", external_id)
    order = found["order"]
    assert order["customer"] == {"name": "Ada Lovelace", "email": "ada@example.com"}
    assert (order["bill_to"]["country"], order["bill_to"]["line_2"], order["notes"]) == ("GB", "", "Ring twice")
    assert [row["sku"] for row in order["rows"]] == ["STOOL-CHE", "APRON-LIN", "HOOK-FRG", None]
    assert [row["kind"] for row in order["rows"]] == ["product", "product", "product", "shipping"]


def test_shown_fee_is_a_service(cli: Cli, acme: Shop) -> None:
    external_id = place(acme, fee_lines=[{"name": "Gift wrapping", "total": "3.00"}])
    take_in()

    kinds = {row["name"]: row["kind"] for row in shown(cli, external_id)["order"]["rows"]}

    assert kinds["Gift wrapping"] == "service"


def test_MAP_5_shown_totals_have_their_currencys_decimals(cli: Cli, acme: Shop) -> None:
    for currency in ("JPY", "KWD"):
        cli("rates", "set", currency, "0.0061")
    placed = {currency: place_raw(acme, currency=currency) for currency in ("EUR", "JPY", "KWD")}
    take_in()

    orders = {currency: shown(cli, external_id)["order"] for currency, external_id in placed.items()}

    def digits(key: str) -> dict[str, int]:
        return {order["currency"]: len(order[key].partition(".")[2]) for order in orders.values()}

    assert (
        digits("total") == digits("total_with_tax") == digits("store_total_with_tax") == {"EUR": 2, "JPY": 0, "KWD": 3}
    )
    assert digits("total_base") == {"EUR": 2, "JPY": 2, "KWD": 2}


def test_shown_state_comes_with_its_reason_and_its_order(cli: Cli, acme: Shop) -> None:
    by_state = orders_in_every_state(cli, acme)

    found = {state: shown(cli, external_id) for state, external_id in by_state.items()}

    assert {state: one["state"] for state, one in found.items()} == {state: state for state in by_state}
    assert {state: one["reason"] for state, one in found.items()} == {
        "imported": None,
        "skipped": "status_not_imported",
        "failed": "invalid_payload",
        "deleted": "deleted_in_hub",
        "pending": None,
    }
    assert [state for state, one in found.items() if one["order"] is not None] == ["imported"]
    assert {state: [line["outcome"] for line in one["journal"]] for state, one in found.items()} == {
        "imported": ["imported"],
        "skipped": ["skipped"],
        "failed": ["failed"],
        "deleted": ["imported", "deleted"],
        "pending": [],
    }


def orders_in_every_state(cli: Cli, shop: Shop) -> dict[str, str]:
    """One of each, by state."""
    gone = deleted(cli, shop)
    found = {
        "imported": place(shop),
        "skipped": place(shop, status="on-hold"),
        "failed": place_raw(shop, currency="XXQ"),
    }
    take_in()
    found |= {"deleted": gone, "pending": place(shop)}
    fetch()
    return found


def test_shown_text_says_reason_and_cure(cli: Cli, acme: Shop) -> None:
    external_id = deleted(cli, acme)

    text = cli("order", "show", "acme", external_id).out

    assert text.startswith(f"acme {external_id}: deleted deleted_in_hub\n")
    assert "storesync order reimport STORE EXTERNAL_ID" in text


@pytest.mark.parametrize(
    ("store", "words"),
    [("nope", "there is no store 'nope': see storesync store list"), ("acme", "storesync sync acme --wait")],
)
def test_unknown_order_and_store_are_refused_in_one_line(cli: Cli, acme: Shop, store: str, words: str) -> None:
    result = cli("order", "show", store, "777", "--json")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert words in result.err


# -- hostile text ------------------------------------------------------------------------------------------------------

HOSTILE = "[/red] \x1b]0;owned\x07 \x9b31m\x7f\nforged :smile: \u202egnp"


def test_hostile_names_are_shown_as_text_and_never_reach_the_terminal(cli: Cli, acme: Shop) -> None:
    buyer = {"first_name": HOSTILE, "last_name": "😀" + "x" * 400, "email": "\x9b2Ja@example.com"}
    line = acme.shop.add_product({"name": HOSTILE, "sku": f"S {HOSTILE}", "regular_price": "1"})
    external_id = place(acme, billing=buyer, customer_note=HOSTILE, line_items=[{"product_id": line.id, "quantity": 1}])
    take_in()

    printed = [cli(*words, "acme", external_id).out for words in (("order", "show"), ("order", "show", "--json"))]
    printed.append(cli("journal").out)

    assert not [sign for text in printed for sign in text if sign != "\n" and not sign.isprintable()]
    assert "😀" in printed[0]
    assert "[/red]" in printed[0]
    assert "\nforged" not in printed[0]
    assert "😀" in json.loads(printed[1])["order"]["customer"]["name"]


def test_hostile_arguments_are_answered_in_one_harmless_line(cli: Cli, acme: Shop) -> None:
    result = cli("order", "show", "acme", "5\x1b]0;owned\x07\n\x9b1m")

    assert (result.code, result.out) == (1, "")
    assert result.err.rstrip("\n").isprintable()


def test_argument_that_is_no_text_is_refused(cli: Cli, acme: Shop) -> None:
    result = cli("order", "show", "acme", "5\udcff")

    assert (result.code, result.out, result.err) == (2, "", "storesync: an argument is not UTF-8 text\n")


# -- list --------------------------------------------------------------------------------------------------------------


def test_list_shows_what_is_asked_for(cli: Cli, acme: Shop) -> None:
    by_state = orders_in_every_state(cli, acme)

    for state, external_id in by_state.items():
        (row,) = document(cli("order", "list", "--store", "acme", "--state", state, "--json"))
        assert (row["store"], row["state"], row["external_id"]) == ("acme", state, external_id)
        assert row["is_due"] == (state == "pending")
    everything = document(cli("order", "list", "--json"))
    assert {row["external_id"] for row in everything} == set(by_state.values())
    assert len(document(cli("order", "list", "--limit", "2", "--json"))) == 2


def test_list_says_that_a_look_at_an_imported_order_failed(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    external_id = place(acme)
    take_in()
    fresh_connection.execute(
        "UPDATE store_orders SET hub_is_failing = true, reason = 'held_back', hub_reason = 'refused_by_store'"
    )

    (row,) = document(cli("order", "list", "--state", "failed", "--json"))
    told = cli("order", "list").out

    assert (row["external_id"], row["state"]) == (external_id, "imported")
    assert (row["is_failing"], row["hub_reason"]) == (True, "refused_by_store")
    assert "imported, failing" in told
    assert "held_back, refused_by_store" in told


def test_list_of_a_store_leaves_out_the_others(cli: Cli, acme: Shop) -> None:
    place(acme)
    take_in()
    with open_sandbox("woocommerce", orders=0) as other:
        connect(cli, other, "--allow-insecure", name="second")
        place(other)
        take_in("second")

    stores = [row["store"] for row in document(cli("order", "list", "--store", "second", "--json"))]

    assert stores == ["second"]
    assert len(document(cli("order", "list", "--json"))) == 2
    assert cli("order", "list", "--store", "x").err == "storesync: there is no store 'x': see storesync store list\n"


def test_piped_list_has_one_whole_line_for_an_order(cli: Cli, acme: Shop) -> None:
    place_raw(acme, currency="X" * 300)
    place(acme)
    take_in()

    lines = cli("order", "list").out.splitlines()

    assert len(lines) == 3
    assert not [line for line in lines if "…" in line]


# -- retry -------------------------------------------------------------------------------------------------------------


def due(cli: Cli) -> set[str]:
    return {row["external_id"] for row in document(cli("order", "list", "--json")) if row["is_due"]}


def test_retry_looks_at_the_mended_order_again(cli: Cli, acme: Shop) -> None:
    external_id = place_raw(acme, currency="XXQ")
    take_in()
    acme.shop.put_raw_order(json.loads(acme.shop.order_body(acme.shop.order(int(external_id)))) | {"currency": "EUR"})

    result = cli("retry", "acme", external_id)

    assert (result.code, result.out) == (0, "1 order(s) are looked at again.\n")
    assert read_again() == ["imported"]
    assert shown(cli, external_id)["state"] == "imported"


def test_BEY_7_retry_of_what_failed_takes_the_reason_and_the_store(cli: Cli, acme: Shop) -> None:
    failed = {place_raw(acme, currency="XXQ"), place_raw(acme, currency="XXR")}
    take_in()

    assert document(cli("retry", "--failed", "--reason", "store_unavailable", "--json"))["orders"] == []
    assert due(cli) == set()
    assert (
        set(document(cli("retry", "--failed", "--store", "acme", "--reason", "invalid_payload", "--json"))["orders"])
        == failed
    )
    assert due(cli) == failed


def test_BEY_1_retry_as_a_dry_run_names_the_orders_and_writes_nothing(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    external_id = place_raw(acme, currency="XXQ")
    take_in()
    before = everything(fresh_connection)

    one = cli("retry", "acme", external_id, "--dry-run")
    all_of_them = cli("retry", "--failed", "--dry-run")

    assert one.out == all_of_them.out == f"Would look again at 1 order(s): {external_id}\n"
    assert everything(fresh_connection) == before


def everything(connection: postgres.Connection) -> tuple[Any, ...]:
    tables = ("store_orders", "journal", "stores")
    return tuple(connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("acme",),
        ("acme", "--failed"),
        ("acme", "1", "--failed"),
        ("acme", "1", "--store", "acme"),
        ("acme", "1", "--reason", "invalid_payload"),
        ("--store", "acme"),
    ],
    ids=" ".join,
)
def test_retry_of_what_is_not_clear_is_refused(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["retry", *arguments])

    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "--failed" in err


def test_retry_of_an_unknown_or_deleted_order_says_what_there_is_to_do(cli: Cli, acme: Shop) -> None:
    gone = deleted(cli, acme)

    unknown, result = cli("retry", "acme", "777"), cli("retry", "acme", gone)

    assert (unknown.code, unknown.out, result.code, result.out) == (1, "", 1, "")
    assert "acme has shown no order with the id or number 777: fetch its newest with storesync sync acme" in unknown.err
    assert f"was deleted in the hub: storesync order reimport acme {gone} brings it back" in result.err
    assert states()[gone] == "deleted"


def test_MUL_1_retry_of_many_rings_no_more_bells_than_the_window_has_room_for(
    cli: Cli, acme: Shop, fresh_connection: postgres.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.postgres.orders.WINDOW", 2)
    for _ in range(3):
        place_raw(acme, currency="XXQ")
    take_in()

    cli("retry", "--failed")

    rung = fresh_connection.execute("SELECT FROM store_orders WHERE rung_at IS NOT NULL").rowcount
    assert (len(due(cli)), rung) == (3, 2)


# -- reimport ----------------------------------------------------------------------------------------------------------


def test_BEY_6_reimport_brings_a_deleted_order_back(cli: Cli, acme: Shop) -> None:
    external_id = deleted(cli, acme)

    result = cli("order", "reimport", "acme", external_id)

    assert result.out == f"It is looked at now: storesync order show acme {external_id}\n"
    assert shown(cli, external_id)["state"] == "pending"
    assert read_again() == ["imported"]
    assert [line["action"] for line in shown(cli, external_id)["journal"]] == ["import", "delete", "reimport", "import"]


def test_reimport_of_what_was_not_deleted_changes_nothing(cli: Cli, acme: Shop) -> None:
    external_id = place(acme)
    take_in()

    for key in (external_id, "777"):
        result = cli("order", "reimport", "acme", key)
        assert (result.code, result.out) == (1, "")
        assert "was not deleted in the hub" in result.err
    assert shown(cli, external_id)["state"] == "imported"
