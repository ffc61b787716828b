"""Commands for locations: the hub's own, and which of a shop's stands for which of them."""

from dataclasses import asdict

import click

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import stores
from schemas.actions import AddLocation, ChangeLocation
from schemas.groups import Group
from schemas.settings import code as words
from schemas.settings import location_code
from tasks import locations as tasks
from tasks.rules.places import MappedLocation
from workers.cli.output import done, example, json_option, say, table
from workers.cli.start import database, open_desk, store_row


@click.group()
def location() -> None:
    """Places that hold stock."""


@location.command("add", epilog=example('storesync location add berlin --name "Berlin warehouse"'))
@click.argument("code")
@click.option("--name", help="Name for people; the code if left out.")
def add_location(code: str, name: str | None) -> None:
    """Add a location to the hub."""
    code = _code(code)
    name = code if name is None else _name(name)
    with database() as connection, (hub := our_hub(connection)).unit():
        hub.apply([Group("location", (AddLocation(code, name),))])
    done(f"Location {code} is there.", code=code, name=name)


@location.command("list", epilog=example("storesync location list"))
@json_option
def list_locations(as_json: bool) -> None:
    """List the hub's locations."""
    with database() as connection:
        places = our_hub(connection).locations()
        default = stores.account(connection).default_location
    document = [{**asdict(place), "is_default": place.code == default} for place in places]
    say(document, as_json, lambda: table(["code", "name", "default"], [tuple(place.values()) for place in document]))


@location.command(
    "rename",
    epilog=example("storesync location rename berlin south", 'storesync location rename south --name "Berlin, south"'),
)
@click.argument("code")
@click.argument("new_code", metavar="[NEW]", required=False)
@click.option("--name", help="Another name for people.")
def rename_location(code: str, new_code: str | None, name: str | None) -> None:
    """Give a location another code or name; the settings that name it follow."""
    if new_code is None and name is None:
        raise click.UsageError("nothing to change: give a new code, or --name")
    action = ChangeLocation(code, None if new_code is None else _code(new_code), None if name is None else _name(name))
    with database() as connection:
        tasks.change_location(connection, action)
    done(f"Location {code} is {action.new_code or code} now.", code=action.new_code or code, was=code, name=action.name)


@location.command("remove", epilog=example("storesync location remove berlin"))
@click.argument("code")
def remove_location(code: str) -> None:
    """Remove a location that nothing is of: no stock, order or setting, and no line of the stock ledger."""
    with database() as connection:
        tasks.remove_location(connection, code)
    done(f"Location {code} is gone.", code=code)


def _code(text: str) -> str:
    try:
        return location_code(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no code of a location: it {error}") from error


def _name(text: str) -> str:
    try:
        return words(text)
    except ValueError as error:
        raise click.UsageError(f"--name: it {error}") from error


# -- a shop's own ----------------------------------------------------------------------------------------------------


@click.command("locations", epilog=example("storesync store locations acme"))
@click.argument("name")
@json_option
def store_locations(name: str, as_json: bool) -> None:
    """Show a shop's own locations with their ids, asked for now, and the hub's location that each stands for."""
    held = open_desk()
    with held.pool.connection() as connection:
        row = store_row(connection, name)
    mapped = tasks.mapped_locations(held, row)
    document = [_document(one) for one in mapped]
    if not platforms.record(row.platform).has_locations:
        text = f"{name} has no locations of its own: a {row.platform} shop keeps its stock in one place."
        say(document, as_json, lambda: click.echo(text))
    else:
        say(document, as_json, lambda: _tell(document))


def _document(one: MappedLocation) -> dict[str, object]:
    there = one.at_store
    return {
        "id": one.id,
        "name": there.name if there else None,
        "active": there.is_active if there else None,
        "default": there.is_default if there else False,
        "in_store": there is not None,
        "location": one.code,
    }


def _tell(document: list[dict[str, object]]) -> None:
    columns = ["id", "name", "active", "default", "location"]
    table(columns, [[one[column] for column in columns] for one in document])
    for one in document:
        if not one["in_store"]:
            click.echo(f"The shop has no location {one['id']}: take it out of location_map, which maps it.")
