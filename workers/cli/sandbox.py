"""The stand-ins of the vendors, started by hand."""

import click

from connectors.sandbox import SANDBOXES, FaultError, open_sandbox
from workers.cli.output import Failed, example


@click.command("sandbox", epilog=example("storesync sandbox woocommerce --orders 40 --seed 7 --fault rate_limit=0.05"))
@click.argument("platform", type=click.Choice(sorted(SANDBOXES)))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: any free one.")
@click.option("--orders", default=40, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed makes the same orders.")
@click.option("--webhooks-to", metavar="URL", help="Where webhooks are delivered.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Let calls fail, like http_500=0.1.")
def run_sandbox(
    port: int, platform: str, orders: int, seed: int, webhooks_to: str | None, faults: tuple[str, ...]
) -> None:
    """Run a local stand-in of a vendor's API with real state, until Ctrl-C."""
    try:
        sandbox = open_sandbox(
            platform, port=port, orders=orders, seed=seed, webhooks_to=webhooks_to, faults=_read_faults(faults)
        )
    except FaultError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise Failed(f"port {port} cannot be used: {error.strerror}") from error
    click.echo(f"{platform} sandbox with {orders} orders at {sandbox.url}. Connect it in another terminal:\n")
    credentials = " ".join(f"--credential {key}={value}" for key, value in sandbox.credentials.items())
    click.echo(f"  storesync store connect {platform} trial --url {sandbox.url} {credentials} --allow-insecure\n")
    click.echo("Ctrl-C stops.")
    try:
        sandbox.wait()
    finally:
        sandbox.stop()


def _read_faults(given: tuple[str, ...]) -> dict[str, float]:
    faults: dict[str, float] = {}
    for fault in given:
        name, _, rate = fault.partition("=")
        try:
            faults[name] = float(rate)
        except ValueError as error:
            raise click.UsageError(f"{fault!r} must be NAME=RATE, like http_500=0.1") from error
    return faults


COMMANDS = (run_sandbox,)
