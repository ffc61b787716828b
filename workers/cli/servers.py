"""Commands for the installation: up, doctor, db."""

import logging
from typing import TYPE_CHECKING, Any

import click

from connectors import postgres
from connectors.config import read_config
from connectors.keys import flower_login
from connectors.later import Later
from workers import embedded
from workers.cli.output import Failed, done, example, json_option, say, table
from workers.cli.start import open_desk, servers, upgrade

if TYPE_CHECKING:
    from tasks import users
    from workers import logs
    from workers.cli import checks
    from workers.supervision import programs, ready, supervisord
else:
    users = Later("tasks.users")
    checks, logs, ready = Later("workers.cli.checks"), Later("workers.logs"), Later("workers.supervision.ready")
    programs, supervisord = Later("workers.supervision.programs"), Later("workers.supervision.supervisord")


@click.command(epilog=example("storesync up", "storesync up --workers 4"))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--flower-port", default=5555, show_default=True, type=click.IntRange(1, 65535))
@click.option("--web-port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def up(workers: int, flower_port: int, web_port: int) -> None:
    """Run workers, beat, web and Flower in this terminal until Ctrl-C.

    Our own PostgreSQL and Valkey are started again where they end.
    """
    held = open_desk()
    config = held.config
    flower, console = f"http://127.0.0.1:{flower_port}", f"http://127.0.0.1:{web_port}"
    health = f"{console}/readyz"
    with held.pool.connection() as connection:
        first = users.first_link(connection, config, console)
    login = flower_login(config)
    done(
        f"{console_words(console, first)}\nFlower: {flower}, login {login}   health: {health}   Ctrl-C stops.",
        console=console,
        first=first or None,
        flower=flower,
        flower_login=login,
        health=health,
    )
    logs.log_to(config.log, level=logging.WARNING)
    chosen = programs.all_programs(workers=workers, flower_port=flower_port, web_port=web_port)
    with embedded.keep_servers(config), ready.telling(config, web_port=web_port, flower_port=flower_port):
        supervisord.run_programs(chosen, home=config.home, environ=programs.environment(config))


def console_words(console: str, first: str) -> str:
    """Where the console is, and while there is nobody how there is somebody."""
    return f"Console: {console}" + (f"   nobody may sign in yet; the first admin begins at {first}" if first else "")


@click.command(epilog=example("storesync down"))
def down() -> None:
    """Stop our own PostgreSQL and Valkey, which the next command starts again; refused while `storesync up` runs."""
    config = read_config()
    supervisord.refuse_while_running(config.home)
    stopped = embedded.stop_servers(config)
    done(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing of ours was running.", stopped=stopped)


@click.command(epilog=example("storesync doctor --json"))
@json_option
def doctor(as_json: bool) -> int:
    """Check servers, schema, workers with every process of theirs, queues, clocks, and every store with its orders."""
    revived = _ended_servers()
    found = checks.check_all(servers(), revived)
    is_ok = all(check.is_ok for check in found)
    document: dict[str, Any] = {
        "ok": is_ok,
        "checks": [{"name": check.name, "ok": check.is_ok, "detail": check.detail} for check in found],
    }
    rows = [("ok" if check.is_ok else "PROBLEM", check.name, check.detail) for check in found]
    say(document, as_json, lambda: table(["", "what", "detail"], rows))
    return 0 if is_ok else 1


def _ended_servers() -> dict[str, str]:
    """Servers of our own that do not run, as the doctor's checks call them, each with its log."""
    config = read_config()
    if not config.is_embedded:
        return {}
    configured = {"database": config.database_url, "redis": config.redis_url}
    own = zip(configured.items(), embedded.server_status(config), strict=True)
    return {check: str(status.log) for (check, url), status in own if not url and status.pid is None}


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
