"""Orders are found as people name them, in disconnected stores too, and listed with what people look for."""

from typing import Any

import pytest

from connectors import postgres
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, place, place_raw, states, take_in

ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "country": "GB"}
LOOKS = {
    "order show": ("order", "show", "acme"),
    "explain": ("explain", "acme"),
    "journal": ("journal", "--store", "acme", "--order"),
}


def numbered(shop: Shop, number: str, **changes: Any) -> str:
    """An order whose number a plugin gave."""
    return place_raw(shop, number=number, **changes)


def listed(cli: Cli, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(cli("order", "list", *arguments, "--json"))
    return found


# -- by number ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["#WC-1001", "WC-1001"])
@pytest.mark.parametrize("look", LOOKS)
def test_order_is_looked_at_by_the_number_that_people_call_it(cli: Cli, acme: Shop, look: str, name: str) -> None:
    external_id = numbered(acme, "#WC-1001")
    take_in()

    found = document(cli(*LOOKS[look], name, "--json"))

    assert external_id in str(found)


@pytest.mark.parametrize("status", ["processing", "cancelled"])
def test_order_is_known_by_its_number_whether_it_is_in_the_hub_or_not(cli: Cli, acme: Shop, status: str) -> None:
    external_id = numbered(acme, "1001", status=status)
    take_in()

    found = document(cli("order", "show", "acme", "1001", "--json"))

    assert (found["external_id"], found["number"]) == (external_id, "1001")


def test_id_of_one_order_is_no_number_of_another(cli: Cli, acme: Shop) -> None:
    first = place(acme)
    numbered(acme, first)
    take_in()

    assert document(cli("order", "show", "acme", first, "--json"))["external_id"] == first


def test_number_that_several_orders_have_is_refused_with_their_ids(cli: Cli, acme: Shop) -> None:
    ids = [numbered(acme, "7"), numbered(acme, "7")]
    take_in()

    result = cli("order", "show", "acme", "7")

    assert result.code == 1
    assert "several orders of acme have the number 7: name one by its id" in result.err
    assert all(external_id in result.err for external_id in ids)


def test_retry_and_reimport_take_the_number_too(cli: Cli, acme: Shop) -> None:
    external_id = numbered(acme, "WC-9")
    take_in()

    retried = document(cli("retry", "acme", "WC-9", "--json"))
    cli("hub", "order", "delete", "acme/WC-9")
    back = document(cli("order", "reimport", "acme", "WC-9", "--json"))

    assert (retried["orders"], back["external_id"]) == ([external_id], external_id)


def test_hub_commands_take_a_store_and_a_number(cli: Cli, acme: Shop) -> None:
    external_id = numbered(acme, "#77")
    take_in()

    for name in ("acme/#77", "acme/77", "#77"):
        assert cli("hub", "order", "invoice", name).code in {0, 1}, name
    assert document(cli("order", "show", "acme", external_id, "--json"))["order"]["rows"][0]["invoiced"]


def test_order_that_nobody_has_seen_has_a_cure_that_helps(cli: Cli, acme: Shop) -> None:
    known = cli("order", "show", "acme", "#1022").err
    cli("store", "pause", "acme")
    paused = cli("order", "show", "acme", "#1022").err

    assert "acme has shown no order with the id or number #1022: fetch its newest with storesync sync acme" in known
    assert "and it is paused: see storesync store show acme" in paused


# -- the list ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["processing", "cancelled"])
def test_list_has_number_customer_and_total_of_every_order(cli: Cli, acme: Shop, status: str) -> None:
    external_id = numbered(acme, "WC-5", billing=ADA, status=status)
    take_in()

    (row,) = listed(cli)

    total = document(cli("order", "show", "acme", external_id, "--json"))["order"]
    assert (row["number"], row["customer"], row["currency"]) == ("WC-5", "Ada Lovelace", "EUR")
    assert row["total"] == (total["total_with_tax"] if total else row["total"])
    assert float(row["total"]) > 0


def test_list_shows_an_order_that_cannot_be_read(cli: Cli, acme: Shop) -> None:
    place_raw(acme, currency="XXQ")
    take_in()

    (row,) = listed(cli)

    assert (row["state"], row["customer"], row["total"], row["currency"]) == ("failed", None, None, None)


def test_list_is_searched_by_number_customer_sku_and_id(cli: Cli, acme: Shop) -> None:
    ada = place(acme, billing=ADA, line_items=[{"sku": "HOOK-FRG", "quantity": 1}])
    other = place(
        acme, billing=ADA | {"last_name": "Byron", "email": "b@example.com"}, line_items=[{"sku": "APRON-LIN"}]
    )
    take_in()

    def found(text: str) -> set[str]:
        return {row["external_id"] for row in listed(cli, "--search", text)}

    assert found("lovelace") == found("ADA@example") == found("HOOK-FRG") == found(ada) == {ada}
    assert found("example.com") == {ada, other}
    assert found("%") == found("nobody") == set()


def test_list_is_narrowed_by_reason(cli: Cli, acme: Shop) -> None:
    place(acme)
    bad = place_raw(acme, currency="XXQ")
    take_in()

    assert [row["external_id"] for row in listed(cli, "--reason", "invalid_payload")] == [bad]


@pytest.mark.parametrize("command", [("order", "list"), ("retry", "--failed")])
def test_reason_that_does_not_exist_is_wrong_usage(refusing_cli: Cli, command: tuple[str, ...]) -> None:
    result = refusing_cli(*command, "--reason", "nonsense")

    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "'nonsense'" in result.err


# -- disconnected stores -----------------------------------------------------------------------------------------------


def test_disconnected_store_is_looked_at_by_its_name(cli: Cli, acme: Shop) -> None:
    external_id = place(acme)
    take_in()
    cli("store", "disconnect", "acme")

    for look in (*LOOKS.values(), ("store", "show", "acme")):
        name = () if look[-1] == "acme" and look[0] == "store" else (external_id,)
        assert document(cli(*look, *name, "--json")), look
    assert [row["external_id"] for row in listed(cli, "--store", "acme")] == [external_id]
    assert [row["name"] for row in document(cli("store", "list", "--all", "--json"))] == ["acme"]
    assert document(cli("store", "list", "--json")) == []


def test_disconnected_store_cannot_be_worked_on_and_says_so(cli: Cli, acme: Shop) -> None:
    cli("store", "disconnect", "acme")

    for command in (
        ("sync", "acme"),
        ("store", "check", "acme"),
        ("retry", "acme", "1"),
        ("store", "set", "acme", "a=b"),
    ):
        assert "acme is disconnected" in cli(*command).err, command


def test_failures_of_a_disconnected_store_are_listed_and_retried_only_where_it_is_named(cli: Cli, acme: Shop) -> None:
    place_raw(acme, currency="XXQ")
    take_in()
    cli("store", "disconnect", "acme")

    assert listed(cli, "--state", "failed") == []
    assert document(cli("retry", "--failed", "--json"))["orders"] == []
    assert len(listed(cli, "--state", "failed", "--store", "acme")) == 1
    assert list(states().values()) == ["failed"]


def test_name_means_the_store_that_has_it_now(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute(
        "INSERT INTO stores (name, platform, url, state) VALUES ('acme', 'woocommerce', 'https://old', 'disconnected')"
    )

    assert document(cli("store", "show", "acme", "--json"))["url"] == acme.url
