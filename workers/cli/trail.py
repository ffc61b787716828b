"""A trail: what led to the present state, step by step, each with its time and the rules behind it (BEY-2)."""

from datetime import datetime
from typing import Any, Final

from connectors.postgres import Row
from schemas.reasons import describe
from workers.cli.output import cell, utc

Step = dict[str, Any]

# What a line of the journal says, by action and outcome.
_SAID: Final = {
    ("import", "imported"): "It was imported.",
    ("import", "skipped"): "It was not imported.",
    ("import", "noted"): "Noted at the import.",
    ("import", "failed"): "It was set aside.",
    ("change", "changed"): "What the store changed came to the hub.",
    ("change", "noted"): "Something the store changed stays as it is in the hub.",
    ("deliver", "delivered"): "What the store shipped was delivered in the hub.",
    ("deliver", "noted"): "Noted at what the store shipped.",
    ("fulfill", "sent"): "The store was told what the hub shipped.",
    ("fulfill", "found"): "The store had been told already what the hub shipped.",
    ("fulfill", "noted"): "The store was not told what the hub shipped.",
    ("fulfill", "failed"): "The store could not be told what the hub shipped.",
    ("delete", "deleted"): "It was deleted in the hub.",
    ("reimport", "pending"): "A person asked for it to be imported again.",
    ("push", "told"): "The store was told.",
    ("push", "noted"): "The store does not show it.",
    ("push", "failed"): "The store could not be told.",
}


def step(topic: str, text: str, *rules: str, at: datetime | None = None) -> Step:
    """One step of a trail."""
    return {"topic": topic, "at": utc(at), "text": text, "rules": list(rules)}


def of_journal(line: Row) -> Step:
    """A line of the journal as a step."""
    said = _SAID.get((line["action"], line["outcome"]), f"{line['action']}: {line['outcome']}.")
    sentence, _ = describe(line["reason"])
    detail = f" {cell(line['detail'])}" if line["detail"] else ""
    return step("journal", f"{said} {sentence}".rstrip() + detail, at=line["at"])
