"""Commands for alarms: whether people can be told, and what is wrong now."""

from typing import Any, Final

import click

from connectors import notices
from connectors.postgres import alarms
from schemas.alarms import KnownAlarm
from tasks import people
from tasks.rules.alarm_words import headline
from workers.cli.output import Failed, example, json_option, say, table, utc
from workers.cli.start import open_desk

NOBODY: Final = "nobody is told of alarms: storesync account set alerts.to=URL"


@click.group()
def alert() -> None:
    """Alarms: whom they go to, and what is wrong."""


@alert.command("test", epilog=example("storesync alert test"))
@json_option
def send_test(as_json: bool) -> int:
    """Send a message to every address of alerts.to, and say which service took it."""
    held = open_desk()
    with held.pool.connection() as connection:
        urls = people.addresses(held, connection)
    if not urls:
        raise Failed(NOBODY)
    sent = people.send_test(urls)
    document = {"sent": [{"address": one.address, "took": one.took} for one in sent]}
    rows = [("ok" if one.took else "FAILED", one.address) for one in sent]
    say(document, as_json, lambda: table(["", "address"], rows))
    return 0 if all(one.took for one in sent) else 1


@alert.command("list", epilog=example("storesync alert list --json"))
@json_option
def list_alarms(as_json: bool) -> None:
    """List what is wrong, as it was seen last, and the messages that no service took yet."""
    held = open_desk()
    with held.pool.connection() as connection:
        known = [one for one in alarms.known(connection) if one.over_at is None]
        unsent = alarms.failing_notices(connection)
        told = [notices.masked(url) for url in people.addresses(held, connection)]
    document = {
        "to": told,
        "alarms": [_document(one) for one in known],
        "unsent": [{"title": one.title, "reason": one.reason, "detail": one.detail} for one in unsent],
    }
    say(document, as_json, lambda: _show(told, known, [(one.title, one.detail) for one in unsent]))


def _document(alarm: KnownAlarm) -> dict[str, Any]:
    times = {"since": utc(alarm.since), "said_at": utc(alarm.said_at), "quiet_since": utc(alarm.quiet_since)}
    return {"alarm": alarm.kind, "subject": alarm.subject or None, "detail": alarm.detail or None, **times}


def _show(told: list[str], known: list[KnownAlarm], unsent: list[tuple[str, str | None]]) -> None:
    click.echo(f"told: {', '.join(told)}" if told else NOBODY)
    rows = [(headline(one.kind, one.subject), one.detail, utc(one.since), utc(one.said_at)) for one in known]
    table(["what is wrong", "detail", "since", "said at"], rows)
    if unsent:
        table(["not sent yet", "refused by"], unsent)
