"""The stand-ins of the vendors, started by hand."""

import socket
from typing import TYPE_CHECKING, Any, Final

import click

from connectors import platforms
from connectors.later import Later
from workers.cli.output import Failed, example, json_option, say

if TYPE_CHECKING:
    import sandbox as stand_ins
else:
    stand_ins = Later("sandbox")

HUBS: Final = ("katana",)


@click.command("sandbox", epilog=example("storesync sandbox woocommerce --orders 40 --seed 7 --fault rate_limit=0.05"))
@click.argument("platform", type=click.Choice(sorted((*platforms.PLATFORMS, *HUBS))))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0: other machines reach it too.")
@click.option("--orders", default=40, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed makes the same orders.")
@click.option("--webhooks-to", metavar="URL", help="Where webhooks are delivered.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Let calls fail, like http_500=0.1.")
@click.option(
    "--token-life",
    metavar="SECONDS",
    type=click.IntRange(1, 86400),
    help="Let tokens end, where they can.",
)
@json_option
def run_sandbox(platform: str, faults: tuple[str, ...], as_json: bool, **wanted: Any) -> None:
    """Run a local stand-in of a vendor's API with real state, until Ctrl-C."""
    tokens_end = platform not in HUBS and platforms.record(platform).other_credentials
    if wanted["token_life"] is not None and not tokens_end:
        raise click.UsageError(f"--token-life: the tokens of {platform} do not end")
    try:
        sandbox = stand_ins.open_sandbox(platform, faults=_read_faults(faults), **wanted)
    except stand_ins.FaultError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise Failed(f"port {wanted['port']} of {wanted['host']} cannot be used: {error.strerror}") from error
    credentials = dict(sandbox.credentials)
    url = sandbox.url.replace("//0.0.0.0:", f"//{socket.gethostname()}:")  # no address that anybody can call
    document = {"platform": platform, "url": url, "orders": wanted["orders"], "credentials": credentials}
    say(document, as_json, lambda: _tell(document))
    try:
        sandbox.wait()
    finally:
        sandbox.stop()


def _tell(document: dict[str, Any]) -> None:
    platform, url = document["platform"], document["url"]
    if platform in HUBS:
        click.echo(
            f"{platform} sandbox with {document['orders']} orders at {url}. Make it the hub in another terminal:\n"
        )
        values = {"url": url, "allow_insecure": "on", **document["credentials"]}
        settings = " ".join(f"{platform}.{name}={value}" for name, value in values.items())
        click.echo(f"  storesync account set hub={platform} {settings}\n")
        click.echo("Ctrl-C stops.")
        return
    click.echo(f"{platform} sandbox with {document['orders']} orders at {url}. Connect it in another terminal:\n")
    credentials = " ".join(f"--credential {key}={value}" for key, value in document["credentials"].items())
    click.echo(f"  storesync store connect {platform} trial-{platform} --url {url} {credentials} --allow-insecure\n")
    click.echo("Ctrl-C stops.")


def _read_faults(given: tuple[str, ...]) -> dict[str, float]:
    faults: dict[str, float] = {}
    for fault in given:
        name, _, rate = fault.partition("=")
        try:
            faults[name] = float(rate)
        except ValueError as error:
            raise click.UsageError(f"{fault!r} must be NAME=RATE, like http_500=0.1") from error
    return faults
