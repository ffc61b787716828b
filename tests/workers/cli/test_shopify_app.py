"""Commands on a Shopify shop that is connected by an app: what they say of its rights, and what they never say."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import postgres
from sandbox import open_sandbox
from sandbox.shopify.tokens import ALL_SCOPES
from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import Shop, document


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop with an order, and an app."""
    with open_sandbox("shopify", orders=1, token_life=3600) as sandbox:
        yield sandbox


def connect(cli: Cli, shop: Shop, *more: str, **changes: str) -> Result:
    given = {**shop.credentials, **changes}
    pairs = [word for key, value in given.items() if value for word in ("--credential", f"{key}={value}")]
    return cli("store", "connect", "shopify", "acme", "--url", shop.url, *pairs, "--allow-insecure", *more)


def test_DOR_5_connecting_and_checking_say_at_once_that_buyers_are_withheld(cli: Cli, shop: Shop) -> None:
    shop.shop.troubles.grants_buyers = False

    connected = connect(cli, shop)
    checked = cli("store", "check", "acme")
    told = document(cli("store", "check", "acme", "--json"))

    for result in (connected, checked):
        assert result.code == 0
        assert "does not let us read who orders (billingAddress, customer, email, shippingAddress)" in result.out
        assert "protected customer data" in result.out
    assert told["ok"] is True
    assert told["withheld"] == ["billingAddress", "customer", "email", "shippingAddress"]


def test_DOR_4_connecting_names_scope_setting_and_place(cli: Cli, shop: Shop) -> None:
    shop.shop.app.scopes = ALL_SCOPES - {"write_inventory"}

    refused = connect(cli, shop, "--set", "stock.sync=on")

    assert (refused.code, refused.out) == (1, "")
    assert "write_inventory (for stock.sync)" in refused.err
    assert "Dev Dashboard → Apps → the app → Versions" in refused.err
    assert connect(cli, shop).code == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_secret": ""}, "client_secret: is missing"),
        ({"client_id": "", "client_secret": ""}, "client_id and client_secret, or access_token"),
        ({"client_secret": "shpss_wrong"}, "Oauth error invalid_client"),
    ],
)
def test_DOR_3_credentials_that_cannot_work_are_told_in_one_line(
    cli: Cli, shop: Shop, changes: dict[str, str], words: str
) -> None:
    refused = connect(cli, shop, **changes)

    assert refused.code in {1, 2}
    assert words in refused.err
    assert len(refused.err.splitlines()) == 1
    assert "shpss_wrong" not in refused.err


def test_BEY_9_no_command_prints_a_token(cli: Cli, shop: Shop, fresh_connection: postgres.Connection) -> None:
    assert connect(cli, shop).code == 0
    printed = [
        cli(*command.split())
        for command in ("store check acme", "store show acme --json", "store list", "doctor --json", "journal --json")
    ]
    (row,) = fresh_connection.execute("SELECT token FROM store_tokens").fetchall()

    said: Any = " ".join(result.out + result.err for result in printed)
    tokens = [row["token"], *shop.shop.app._ends]
    assert [token for token in tokens if token in said] == []
    assert shop.credentials["client_secret"] not in said
