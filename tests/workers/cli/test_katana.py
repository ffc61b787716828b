"""Katana as the hub, from the command line: chosen, shown, looked at by the doctor (KAT-2, KAT-3)."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from connectors import postgres
from connectors.errors import RateLimited
from connectors.katana.budget import Priority, SharedBudget
from sandbox import KatanaAccount, Oddities, RunningSandbox, run_katana
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import document

Katana = RunningSandbox[KatanaAccount]


@pytest.fixture
def katana() -> Iterator[Katana]:
    with run_katana(KatanaAccount(Oddities(limit=100_000))) as running:
        yield running


def choose(cli: Cli, katana: Katana, *more: str) -> tuple[int, str, str]:
    key, url = katana.credentials["api_key"], katana.url
    settings = ("hub=katana", f"katana.api_key={key}", f"katana.url={url}", "katana.allow_insecure=on", *more)
    result = cli("account", "set", *settings)
    return result.code, result.out, result.err


def checks(cli: Cli) -> dict[str, dict[str, object]]:
    """What the doctor found, by what it looked at."""
    return {one["name"]: one for one in json.loads(cli("doctor", "--json").out)["checks"]}


def test_KAT_3_katana_is_chosen_and_what_it_can_and_cannot_is_shown(cli: Cli, katana: Katana) -> None:
    code, out, err = choose(cli, katana)

    assert (code, err) == (0, "")
    shown = document(cli("account", "show", "--json"))
    assert (shown["hub"], shown["katana.api_key"], shown["katana.url"]) == ("katana", "****", katana.url)
    assert shown["default_location"] == str(katana.shop.locations.default()["id"])
    assert (shown["hub_facts"]["name"], shown["hub_facts"]["calls_a_minute"]) == ("katana", 55)
    told = cli("account", "show").out
    assert "The hub katana can" in told
    assert "It cannot tell by itself what moves, say who deleted an order" in told
    assert katana.credentials["api_key"] not in out + told


def test_KAT_3_a_wrong_key_is_refused_by_its_name_and_not_repeated(cli: Cli, katana: Katana) -> None:
    katana.shop.keys = set()

    code, _, err = choose(cli, katana)

    assert code
    assert "katana.api_key" in err
    assert katana.credentials["api_key"] not in err
    assert document(cli("account", "show", "--json"))["hub"] == "builtin"


def test_KAT_2_the_doctor_says_how_the_limit_stands_and_how_long_what_waits_takes(
    cli: Cli, katana: Katana, fresh_connection: postgres.Connection
) -> None:
    choose(cli, katana)
    well = checks(cli)["hub katana"]
    assert (well["ok"], str(well["detail"]).split("; ")[0]) == (True, "answers and takes our key")
    assert "of 55 requests of the last minute are used; nothing waits for it" in str(well["detail"])

    fresh_connection.execute(
        """WITH store AS (
            INSERT INTO stores (name, platform, url) VALUES ('x', 'woocommerce', 'https://x.example') RETURNING id)
        INSERT INTO store_orders (store_id, external_id) SELECT id, n::text FROM store, generate_series(1, 110) AS n"""
    )
    assert "what waits for it takes about 4 min" in str(checks(cli)["hub katana"]["detail"])


def test_KAT_3_the_doctor_says_that_the_key_is_refused(cli: Cli, katana: Katana) -> None:
    choose(cli, katana)
    katana.shop.keys = set()

    found = checks(cli)["hub katana"]

    assert not found["ok"]
    assert "does not accept our key" in str(found["detail"])


def test_KAT_2_a_limit_that_is_used_up_is_no_problem(cli: Cli, katana: Katana, redis: Redis) -> None:
    choose(cli, katana)
    budget = SharedBudget(redis)
    with pytest.raises(RateLimited):
        for _ in range(100):
            budget.take(Priority.POLL)

    found = checks(cli)["hub katana"]

    assert found["ok"]
    assert "are used up until" in str(found["detail"])
    assert "45 of 55 requests of the last minute are used" in str(found["detail"])


def test_the_key_is_locked_anew(cli: Cli, katana: Katana, environment: pytest.MonkeyPatch) -> None:
    new = "a new passphrase of many signs"
    choose(cli, katana)
    environment.setenv("STORESYNC_SECRET_KEY", f"{new},{os.environ['STORESYNC_SECRET_KEY']}")

    assert cli("secrets", "rotate").code == 0
    environment.setenv("STORESYNC_SECRET_KEY", new)

    assert checks(cli)["hub katana"]["ok"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("hub", "product", "add", "CHAIR"),
        ("hub", "product", "list"),
        ("hub", "order", "list"),
        ("hub", "stock", "counts"),
        ("hub", "mo", "list"),
        ("location", "add", "berlin"),
    ],
)
def test_KAT_3_what_is_done_in_katana_is_not_done_in_the_built_in_hub(
    cli: Cli, katana: Katana, arguments: tuple[str, ...]
) -> None:
    choose(cli, katana)

    result = cli(*arguments)

    assert result.code == 1
    assert "katana" in result.err.lower()
    assert [one.method for one in katana.shop.asked_for() if one.method != "GET"] == []


def test_STK_11_a_count_from_a_file_goes_to_katana(cli: Cli, katana: Katana, tmp_path: Path) -> None:
    katana.shop.add_product("CHAIR")
    choose(cli, katana)
    file = tmp_path / "count.csv"
    file.write_text("SKU,quantity\nCHAIR,7\n")

    assert cli("hub", "stock", "import", str(file), "--yes").code == 0

    assert list(katana.shop.stock_of("CHAIR").values()) == [7]
    (place,) = document(cli("stock", "show", "CHAIR", "--json"))["locations"]
    assert place["in_stock"] == "7"


def test_KAT_3_a_location_that_katana_has_not_is_refused(cli: Cli, katana: Katana) -> None:
    choose(cli, katana)
    home = str(katana.shop.locations.default()["id"])

    result = cli("account", "set", "default_location=mars")

    assert (result.code, result.err) != (0, "")
    assert f"there is no location 'mars'; there are {home}" in result.err
    assert document(cli("account", "show", "--json"))["default_location"] == home


def test_KAT_2_a_command_that_katana_does_not_answer_says_so(cli: Cli, katana: Katana) -> None:
    choose(cli, katana)
    katana.shop.keys = set()

    result = cli("stock", "show", "CHAIR")

    assert (result.code, result.out) == (1, "")
    assert "Katana does not accept our key" in result.err
