"""Commands for the installation: up, doctor, db."""

from typing import Any

import click

from connectors import postgres
from connectors.config import read_config
from workers import programs
from workers.cli import checks
from workers.cli.desk import open_desk, servers, upgrade
from workers.cli.output import Failed, done, example, json_option, say, table
from workers.embedded import stop_servers
from workers.processes import refuse_while_running, run_programs


@click.command(epilog=example("storesync up", "storesync up --workers 4"))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--flower-port", default=5555, show_default=True, type=click.IntRange(1, 65535))
@click.option("--web-port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def up(workers: int, flower_port: int, web_port: int) -> None:
    """Run workers, beat, web and Flower in this terminal until Ctrl-C."""
    held = open_desk()
    flower, health = f"http://127.0.0.1:{flower_port}", f"http://127.0.0.1:{web_port}/health"
    done(f"Flower: {flower}   health: {health}   Ctrl-C stops.", flower=flower, health=health)
    chosen = programs.all_programs(workers=workers, flower_port=flower_port, web_port=web_port)
    run_programs(chosen, home=held.config.home)


@click.command(epilog=example("storesync down"))
def down() -> None:
    """Stop our own PostgreSQL and Valkey, which the next command starts again; refused while `storesync up` runs."""
    config = read_config()
    refuse_while_running(config.home)
    stopped = stop_servers(config)
    done(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing of ours was running.", stopped=stopped)


@click.command(epilog=example("storesync doctor --json"))
@json_option
def doctor(as_json: bool) -> int:
    """Check servers, schema, workers, clocks, and every store's credentials."""
    found = checks.check_all(servers())
    is_ok = all(check.is_ok for check in found)
    document: dict[str, Any] = {
        "ok": is_ok,
        "checks": [{"name": check.name, "ok": check.is_ok, "detail": check.detail} for check in found],
    }
    rows = [("ok" if check.is_ok else "PROBLEM", check.name, check.detail) for check in found]
    say(document, as_json, lambda: table(["", "what", "detail"], rows))
    return 0 if is_ok else 1


@click.group()
def db() -> None:
    """The database schema."""


@db.command("upgrade", epilog=example("storesync db upgrade"))
def upgrade_schema() -> None:
    """Apply the migrations that are missing, and load the exchange rates that ship."""
    config = servers()
    with postgres.connect(config.database_url) as connection:
        applied = upgrade(connection)
    done(f"Applied {', '.join(applied)}." if applied else "The database is up to date.", applied=applied)


@db.command("status", epilog=example("storesync db status"))
@json_option
def show_status(as_json: bool) -> None:
    """Show which migrations the database has had."""
    config = servers()
    with postgres.connect(config.database_url) as connection:
        missing = postgres.missing_migrations(connection)
    names = [name for name, _ in postgres.migrations()]
    document = {"applied": [name for name in names if name not in missing], "missing": missing}
    rows = [(name, "missing" if name in missing else "applied") for name in names]
    say(document, as_json, lambda: table(["migration", "state"], rows))
    if missing:
        raise Failed("the database is not up to date: run storesync db upgrade")


COMMANDS = (up, down, doctor, db)
