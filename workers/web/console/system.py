"""System: what the doctor finds without asking anybody outside, what runs, and a look at the shops by a worker."""

from importlib.metadata import version
from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from connectors import counters
from connectors.counters import KnownWorker
from schemas.errors import SettingRefused
from schemas.users import Role
from workers.app import QUEUES
from workers.cli.checks import check_at_once
from workers.web.console import jobs
from workers.web.console.frame import needs
from workers.web.door import opened

pages: Final = Blueprint("system", __name__, template_folder="templates")

ASK: Final = "ask_shops"


@pages.get("/system")
@needs(Role.OPERATOR)
def system() -> ResponseReturnValue:
    """How the installation is."""
    workers, waiting, served = _queues()
    return render_template(
        "system.html",
        found=check_at_once(opened().config),
        workers=workers,
        unserved=[queue for queue in QUEUES if not served.get(queue)],
        queues=[(queue, waiting.get(queue), served.get(queue, 0)) for queue in QUEUES],
        versions=[("storesync", version("storesync"))],
        job=jobs.asked(ASK),
    )


@pages.post("/system/shops")
@needs(Role.OPERATOR)
def ask_shops() -> ResponseReturnValue:
    """Whether each shop answers and takes our credentials."""
    try:
        job = jobs.ask(ASK)
    except SettingRefused as error:
        flash(f"{error.problem[:1].upper()}{error.problem[1:]}.")
        return redirect(url_for("system.system", _anchor="said"), 303)
    return redirect(url_for("system.system", job=job, _anchor="said"), 303)


def _queues() -> tuple[list[KnownWorker], dict[str, int], dict[str, int]]:
    """Workers that live, messages that wait by queue, and how many serve each; nothing where Redis is away."""
    redis = opened().redis
    try:
        since = counters.now(redis) - counters.GONE_SECONDS
        workers = [one for one in counters.known_workers(redis) if one.seconds_ago <= counters.GONE_SECONDS]
        return workers, counters.waiting_messages(redis, QUEUES), counters.serving(redis, QUEUES, since=since)
    except RedisError:
        return [], {}, {}
