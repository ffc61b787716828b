"""What people are told of a store that is not told everything, or cannot be read to its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from connectors.postgres.lanes import WaitingWork
from connectors.postgres.rows import StoreRow
from schemas.reasons import Reason, describe
from workers.cli.output import utc

if TYPE_CHECKING:
    from connectors.postgres.stock_imports import StockImport

PARTS: Final = {"fulfillment": "fulfilments and statuses", "stock": "stock"}  # of what a store is told


def stopped_parts(row: StoreRow) -> Iterator[tuple[str, str]]:
    """What a store refuses to be told for want of a right, with its words, and that everything else goes on."""
    _, cure = describe(Reason.WRITE_REFUSED)
    for part, told in PARTS.items():
        if getattr(row, f"{part}_reason") == Reason.WRITE_REFUSED:
            said = getattr(row, f"{part}_detail")
            yield part, f"It is told no {told}, everything else goes on: {said}. {cure}"


def waiting_words(name: str, work: WaitingWork) -> str:
    """That work on a store could not be done, why, and how it is tried again."""
    sentence, _ = describe(work.reason)
    again = f"It is tried again at {utc(work.due_at)}, or now: storesync enqueue {work.task} {name} --wait"
    return f"{work.task} could not be done. {sentence} ({work.detail}) {again}"


def unread_catalogue(name: str, reason: str) -> str:
    """That a store's catalogue cannot be read, why, and how it is tried again."""
    sentence, _ = describe(reason)
    return (
        f"The catalogue cannot be read to its end: what is new in it or deleted is not seen. {sentence}"
        f" It is tried again every hour, or now: storesync enqueue fetch_catalogue {name} --wait"
    )


def compared_words(name: str, compared: dict[str, Any]) -> str:
    """What came of the last comparison of a store's stock with the hub's, and what to do where it stopped."""
    differing, told = compared["differing"], compared["told_again"]
    found = f"{compared['compared']} SKU(s), {differing} differed, {told} told again"
    words = f"Its stock was compared at {compared['at']}: {found}."
    if not compared["reason"]:
        return words
    sentence, cure = describe(compared["reason"])
    return f"{words} {compared['not_told']} were not. {sentence} {cure.replace('NAME', name)}"


def audited_words(audited: dict[str, Any]) -> str:
    """What came of the last comparison of a store's list of orders with ours (BEY-4)."""
    again = f", {audited['looked_again']} looked at again" if audited["looked_again"] else ""
    return (
        f"{audited['missing']} missing since {audited['since']}:"
        f" {audited['listed']} order(s) up to {audited['until']} compared{again}."
    )


def stock_import_document(job: StockImport | None) -> dict[str, Any] | None:
    """The latest count of a store for programs; None where there was none."""
    if job is None:
        return None
    return {
        "asked_at": utc(job.asked_at),
        "step": job.step,
        "ended_at": utc(job.ended_at),
        "dry_run": job.is_trial,
        "due_at": utc(job.due_at),
        "reason": job.reason,
        "detail": job.detail,
        "report": job.report,
    }


def stock_import_words(document: dict[str, Any]) -> str:
    """The latest count of a store for people."""
    report, reason = document["report"], document["reason"]
    if report:
        left_out = ", ".join(f"{number} not ({code})" for code, number in report["reasons"].items())
        word = "would be counted" if document["dry_run"] else "counted"
        word += f" (count {report['count']})" if report["count"] else ""
        what = ", ".join(filter(None, [f"{report['figures']} figure(s) {word}", left_out]))
        return f"Its stock: {what}, {document['ended_at']}."
    why = f" ({reason}: {document['detail']})" if reason else ""
    return f"Its stock is being counted since {document['asked_at']}: {document['step']}{why}."


def webhooks_words(row: StoreRow) -> str:
    """What a store tells by itself, in one line, as it was when it was last asked."""
    if not row.webhooks:
        return "not asked for: PUBLIC_URL is not set, or the store is new"
    told, not_told = row.webhooks["told"], row.webhooks["not_told"]
    if not not_told:
        heard = f"heard last {utc(row.heard_at)}" if row.heard_at else "nothing heard yet"
        return f"all {len(told)} topics, asked {utc(row.webhooks_at) or 'again in a moment'}, {heard}"
    why = next(iter(not_told.values()))
    return f"{row.webhooks['reason']}: {len(told)} topics told, {', '.join(not_told)} not ({why})"
