"""The storesync command: its groups, and how errors leave it."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click
import psycopg
import redis.exceptions
from kombu.exceptions import OperationalError

from connectors.config import ConfigError
from connectors.errors import ConnectorError, NoAddress, NotFound, RateLimited, Refused, Unavailable
from schemas.errors import SettingRefused
from tasks.session import UnknownStore
from workers.cli import account, demo, explain, hub, journal, locations, orders, queue, sandbox, servers, stock, stores
from workers.cli.output import first_line, give_json, harmless
from workers.embedded import EmbeddedError
from workers.logs import tell
from workers.processes import ProgramsError

_WRONG_USAGE = (SettingRefused, NoAddress)
_FAILED = (ConfigError, ConnectorError, EmbeddedError, ProgramsError, UnknownStore)
_SERVERS = (psycopg.OperationalError, redis.exceptions.RedisError, OperationalError)


@click.group(epilog="Begin with: storesync demo", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="storesync")
def cli() -> None:
    """Keep online shops and the inventory hub behind them in step."""


for module in (account, demo, explain, hub, journal, locations, orders, queue, sandbox, servers, stock, stores):
    for command in module.COMMANDS:
        give_json(command)
        cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 done, 1 failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a sign that the terminal does not have is no reason to fail
    sys.excepthook = lambda _, error, __: click.echo(f"storesync: a bug, please report it:\n{tell(error)}", err=True)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on stderr that says what to do."""
    try:
        result = cli.main(arguments, prog_name="storesync", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # a group alone: its commands are the answer
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "storesync"
        return _complain(f"{error.format_message().rstrip('.')} (see {path} --help)", 2)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except _WRONG_USAGE as error:
        return _complain(str(error), 2)
    except _FAILED as error:
        return _complain(f"{error}{_cure(error)}", 1)
    except _SERVERS as error:
        return _complain(f"a server does not answer ({first_line(error)}): see storesync doctor", 1)
    except psycopg.Error as error:
        return _complain(f"the database refuses this ({first_line(error)}): see storesync doctor", 1)
    except UnicodeEncodeError:
        return _complain("an argument is not UTF-8 text", 2)
    except (click.Abort, KeyboardInterrupt):
        return _complain("stopped", 130)
    return result if isinstance(result, int) else 0


def _cure(error: Exception) -> str:
    """What to do about an answer of a shop that is no success, where its words do not say so."""
    match error:
        case ConnectorError(cure=cure) if cure:
            return ""
        case Refused():
            return ". Give credentials that it takes, and that may read orders: --credential KEY=VALUE"
        case NotFound():
            return ". Look whether the URL is the shop's own"
        case RateLimited():
            return ""
        case Unavailable(request=""):  # no shop was asked
            return ": see storesync doctor"
        case Unavailable():
            return ". Try again, or look whether the shop is up"
        case _:
            return ""


def _complain(problem: str, code: int) -> int:
    click.echo("storesync: " + " ".join(harmless(problem).split()), err=True)
    return code
