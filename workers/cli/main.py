"""The storesync command: what there is, and how errors leave it."""

import gc
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

import click

from connectors.later import Later
from workers.cli.on_demand import ListedCommand, OnDemand
from workers.cli.output import harmless

if TYPE_CHECKING:
    from workers import logs
    from workers.cli import failures
else:
    failures, logs = Later("workers.cli.failures"), Later("workers.logs")

COMMANDS: Final = {
    "account": ListedCommand("workers.cli.account:account", "Settings that hold for all stores."),
    "alert": ListedCommand("workers.cli.alerts:alert", "Alarms: whom they go to, and what is wrong."),
    "audit": ListedCommand(
        "workers.cli.audits:audit", "Compare a store's list of orders with ours, and bring in what is missing."
    ),
    "db": ListedCommand("workers.cli.servers:db", "The database schema."),
    "demo": ListedCommand(
        "workers.cli.demo.commands:demo",
        "See the whole product on this machine: orders, stock and fulfilments between three sandbox shops and the hub.",
    ),
    "doctor": ListedCommand(
        "workers.cli.servers:doctor",
        "Check servers, schema, workers with every process of theirs, queues, clocks, and every store with its orders.",
    ),
    "down": ListedCommand(
        "workers.cli.servers:down",
        "Stop our own PostgreSQL and Valkey, which the next command starts again; refused while `storesync up` runs.",
    ),
    "enqueue": ListedCommand(
        "workers.cli.queue:enqueue", "Put any task in the queue by its name; a store may be given by name."
    ),
    "explain": ListedCommand(
        "workers.cli.explain.commands:explain",
        "Tell how an order, or a SKU's stock in the stores, came to be as it is.",
    ),
    "hub": ListedCommand("workers.cli.hub.commands:hub", "What a person does in the built-in hub."),
    "journal": ListedCommand(
        "workers.cli.journal:show_journal", "Print the journal: what was done or not done to which order, and why."
    ),
    "location": ListedCommand("workers.cli.locations:location", "Places that hold stock."),
    "order": ListedCommand("workers.cli.orders:order", "Orders of the stores, and what became of them."),
    "privacy": ListedCommand(
        "workers.cli.privacy:privacy_commands",
        "The personal data of one buyer, and what shops ask on behalf of theirs.",
    ),
    "rates": ListedCommand(
        "workers.cli.account:rate_table", "Exchange rates: the European Central Bank's, and those set by hand."
    ),
    "replay": ListedCommand(
        "workers.cli.replay:replay", "Run stored orders through today's rules and show what would come out differently."
    ),
    "retry": ListedCommand("workers.cli.orders:retry", "Look again at an order, or at everything that was set aside."),
    "sandbox": ListedCommand(
        "workers.cli.sandbox:run_sandbox", "Run a local stand-in of a vendor's API with real state, until Ctrl-C."
    ),
    "secrets": ListedCommand("workers.cli.account:secrets", "Keys that encrypt the stores' credentials."),
    "stock": ListedCommand("workers.cli.stock.commands:stock", "Stock of the hub, and what the stores show of it."),
    "store": ListedCommand("workers.cli.store.commands:store", "Connected shops."),
    "sync": ListedCommand("workers.cli.queue:sync", "Fetch a store's changed orders now."),
    "up": ListedCommand("workers.cli.servers:up", "Run workers, beat, web and Flower in this terminal until Ctrl-C."),
    "user": ListedCommand("workers.cli.users:user", "People who may sign in to the console."),
}

_MANY_OBJECTS: Final = 300_000  # more than any command loads; `doctor`, which loads most, makes 100,000


@click.group(
    cls=OnDemand,
    listed=COMMANDS,
    epilog="Begin with: storesync demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="storesync")
def cli() -> None:
    """Keep online shops and the inventory hub behind them in step."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 done, 1 failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a sign that the terminal does not have is no reason to fail
    sys.excepthook = _tell_bug
    # What a command loads stays to its end: the collector need not walk it again and again, and once more then.
    gc.set_threshold(_MANY_OBJECTS)
    code = run(arguments)
    gc.freeze()
    sys.exit(code)


def _tell_bug(_: object, error: BaseException, __: object) -> None:
    click.echo(f"storesync: a bug, please report it:\n{logs.tell(error)}", err=True)


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
    except UnicodeEncodeError:
        return _complain("an argument is not UTF-8 text", 2)
    except (click.Abort, KeyboardInterrupt):
        return _complain("stopped", 130)
    except failures.OURS as error:
        return _complain(*failures.words(error))
    except failures.of_servers() as error:
        return _complain(*failures.words(error))
    return result if isinstance(result, int) else 0


def _complain(problem: str, code: int) -> int:
    click.echo("storesync: " + " ".join(harmless(problem).split()), err=True)
    return code
