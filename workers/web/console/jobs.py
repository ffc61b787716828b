"""What a page has to ask a shop is asked by a worker: started by a POST, shown by the GET of the page (STG-3)."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, abort, redirect, request
from flask.typing import ResponseReturnValue

from connectors.postgres import jobs
from schemas.jobs import Job, Wish
from schemas.users import Role
from tasks import jobs as job_tasks
from workers.web.console import desk
from workers.web.console.frame import me, needs, ours
from workers.web.door import opened

pages: Final = Blueprint("jobs", __name__)


def ask(
    kind: str,
    store_id: int | None = None,
    arguments: Mapping[str, Any] | None = None,
    secret: Mapping[str, str] | None = None,
) -> int:
    """Let a worker do a job for who is signed in: its number, which the page is called with as `job`.

    Raises SettingRefused where too much is asked of the store already.
    """
    wish = Wish(kind, store_id, arguments or {}, secret or {}, me().user.name)
    return job_tasks.ask(opened(), desk.connection(), wish)


def asked(*kinds: str, store_id: int | None = None) -> Job | None:
    """The job that this page was called with, as it stands; 404 where it is no such job of the store."""
    number = request.args.get("job", "")
    if not number:
        return None
    if not (number.isascii() and number.isdecimal()):
        abort(404)
    found = job_tasks.look(desk.connection(), int(number), *kinds, store_id=store_id)
    return found or abort(404)


def latest(kind: str, store_id: int) -> Job | None:
    """The latest job of a kind of a store."""
    return jobs.latest(desk.connection(), kind, store_id)


def end(job: Job) -> None:
    """A person wants it no more; what it did by then stays done."""
    jobs.stop(desk.connection(), job.id)


@pages.post("/jobs/<number>/stop")
@needs(Role.OPERATOR)
def stop(number: str) -> ResponseReturnValue:
    """A person wants it no more: a worker that is at it hears of that, and what it did by then stays done."""
    if number.isascii() and number.isdecimal() and len(number) < 19:
        jobs.stop(desk.connection(), int(number))
    return redirect(ours(request.form.get("back")), 303)
