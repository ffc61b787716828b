"""What is new, in short answers: an open stream would hold one of the few threads that shops' messages need too."""

from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from connectors.postgres import journal
from schemas.users import Role
from workers.web.console import desk
from workers.web.console.frame import needs

pages: Final = Blueprint("live", __name__)

RETRY_MILLISECONDS: Final = 3000  # then the browser asks again by itself
NEWS: Final = "news"  # whatever is journaled
JOBS: Final = "jobs"  # how far what was asked of a shop is: time passes, so it moves as long as somebody looks


@pages.get("/live")
@needs(Role.VIEWER)
def live() -> ResponseReturnValue:
    """Which topics moved since `Last-Event-ID`, as server-sent events; an event carries its topic and nothing else."""
    newest = journal.newest(desk.connection())
    last = request.headers.get("Last-Event-ID", "")
    lines = [f"retry: {RETRY_MILLISECONDS}"]
    if last.isascii() and last.isdecimal():
        asked = request.args.get("topics", "").split(",")
        moved = [NEWS, JOBS] if last != str(newest) else [JOBS]
        lines += [f"event: moved\ndata: {topic}\n" for topic in moved if topic in asked]
    lines.append(f"id: {newest}\n\n")
    return Response("\n".join(lines), mimetype="text/event-stream")


@pages.errorhandler(desk.Busy)
def say_nothing(_: desk.Busy) -> ResponseReturnValue:
    """Nothing moved yet: a browser never comes back to a stream that was refused, and soon to one that ended."""
    return Response(f"retry: {RETRY_MILLISECONDS}\n\n", mimetype="text/event-stream")
