"""A store begins, rests, goes on and ends: each with what it does before it is done (STG-1, STG-3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.settings import with_defaults
from schemas.stores import StoreState
from schemas.users import Role
from tasks import stores as store_tasks
from tasks.rules.doubts import Doubt
from tasks.rules.stock_loss import Loss
from workers.web.console import jobs
from workers.web.console.foretold import foretold_words
from workers.web.console.frame import needs
from workers.web.console.store import known
from workers.web.door import opened

pages: Final = Blueprint("store_stages", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Stage:
    """One such step: its words, the states from which it goes, and the kinds of job that it asks for."""

    page: str
    title: str
    button: str
    keep: str
    asking: str
    done: str
    command: str
    states: frozenset[StoreState]
    why_not: str
    kinds: tuple[str, ...] = ()
    preview: str = ""
    is_typed: bool = False


_RUNNING: Final = frozenset({StoreState.ACTIVE, StoreState.NEEDS_ATTENTION})
PAUSE: Final = Stage(
    "store_stages.pausing",
    "Pause {0}?",
    "Pause {0}",
    "Let it run",
    "",
    "",
    "store pause {0}",
    _RUNNING,
    "It does not run",
)
RESUME: Final = Stage(
    "store_stages.resuming",
    "Resume {0}?",
    "Resume {0}",
    "Leave it paused",
    "Resuming",
    "{0} is active again.",
    "store resume {0}",
    frozenset({StoreState.PAUSED}),
    "It is not paused",
    ("resume",),
)
ACTIVATE: Final = Stage(
    "store_stages.activation",
    "Activate {0}?",
    "Activate {0}",
    "Leave it inactive",
    "Activation",
    "{0} is active. Its open orders come in now.",
    "store activate {0} --dry-run",
    frozenset({StoreState.INACTIVE}),
    "It was activated already",
    ("foretell", "activate"),
    "Ask the shop what would come in",
)
PART: Final = Stage(
    "store_stages.parting",
    "Disconnect {0}?",
    "Disconnect {0}",
    "Keep it",
    "Disconnecting",
    "{0} is disconnected. Its orders stay in the hub.",
    "store disconnect {0}",
    frozenset(StoreState) - {StoreState.DISCONNECTED},
    "It is disconnected",
    ("disconnect",),
    is_typed=True,
)


# -- pause and resume --------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/pause")
@needs(Role.OPERATOR)
def pausing(name: str) -> ResponseReturnValue:
    """What a pause does."""
    return _page(known(name), PAUSE)


@pages.post("/stores/<name>/pause")
@needs(Role.OPERATOR)
def pause(name: str) -> ResponseReturnValue:
    """Work on it no more until it is resumed."""
    row = known(name, to_change=True)
    if row.state not in PAUSE.states:
        flash(f"{row.name} does not run: nothing was done.")
    else:
        store_tasks.set_state(opened(), row, StoreState.PAUSED)
        flash(f"{row.name} is paused.")
    return _to_overview(row)


@pages.get("/stores/<name>/resume")
@needs(Role.OPERATOR)
def resuming(name: str) -> ResponseReturnValue:
    """What resuming does."""
    return _page(known(name), RESUME)


@pages.post("/stores/<name>/resume")
@needs(Role.OPERATOR)
def resume(name: str) -> ResponseReturnValue:
    """Go on with it; a worker asks its shop first where it is told stock (STK-10)."""
    row = known(name, to_change=True)
    if row.state not in RESUME.states:
        flash(f"{row.name} is not paused: nothing was done.")
        return _to_overview(row)
    if with_defaults(platforms.record(row.platform), row.settings)["stock.sync"]:
        return _begin(row, RESUME, "resume")
    store_tasks.set_state(opened(), row, StoreState.ACTIVE)
    flash(f"{row.name} is active again.")
    return _to_overview(row)


# -- activate and disconnect -------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/activate")
@needs(Role.ADMIN)
def activation(name: str) -> ResponseReturnValue:
    """What an activation brings, once its shop was asked (STG-3)."""
    return _page(known(name), ACTIVATE)


@pages.post("/stores/<name>/activate")
@needs(Role.ADMIN)
def activate(name: str) -> ResponseReturnValue:
    """Ask its shop what would come in; or let it begin."""
    row = known(name, to_change=True)
    if row.state not in ACTIVATE.states:
        flash(f"{row.name} was activated already.")
        return _to_overview(row)
    return _begin(row, ACTIVATE, "activate" if request.form.get("act") == "do" else "foretell")


@pages.get("/stores/<name>/disconnect")
@needs(Role.ADMIN)
def parting(name: str) -> ResponseReturnValue:
    """What parting from a store does."""
    return _page(known(name), PART)


@pages.post("/stores/<name>/disconnect")
@needs(Role.ADMIN)
def disconnect(name: str) -> ResponseReturnValue:
    """Part from it, once its name was typed."""
    row = known(name, to_change=True)
    if request.form.get("typed", "").strip() != row.name:
        return _page(row, PART, wrong=f"Type {row.name} to disconnect it.")
    return _begin(row, PART, "disconnect")


# -- pages -------------------------------------------------------------------------------------------------------------


def _begin(row: StoreRow, stage: Stage, kind: str) -> ResponseReturnValue:
    arguments = {"yes": True} if request.form.get("yes") == "on" else {}
    try:
        number = jobs.ask(kind, row.id, arguments)
    except SettingRefused as refused:
        flash(f"Nothing was done: {refused.problem}.")
        return redirect(url_for(stage.page, name=row.name, _anchor="said"), 303)
    return redirect(url_for(stage.page, name=row.name, job=number, _anchor="said"), 303)


def _to_overview(row: StoreRow) -> ResponseReturnValue:
    return redirect(url_for("store.overview", name=row.name, _anchor="said"), 303)


def _page(row: StoreRow, stage: Stage, *, wrong: str = "") -> ResponseReturnValue:
    job = jobs.asked(*stage.kinds, store_id=row.id) if stage.kinds else None
    result = job.result if job and job.result else {}
    is_going = job is not None and (not job.is_over or bool(result.get("done")))
    page = render_template(
        "store-stage.html",
        row=row,
        job=job,
        address=url_for(stage.page, name=row.name),
        title=stage.title.format(row.name),
        asking=stage.asking,
        done=stage.done.format(row.name),
        found=foretold_words(result) if job and job.kind == "foretell" else [],
        doubts=_doubts(row, result),
        does=_does(row, stage),
        may_do=row.state in stage.states and not is_going,
        why_not=stage.why_not,
        typed_name=stage.is_typed,
        wrong=wrong,
        button=stage.button.format(row.name),
        preview=stage.preview,
        keep=stage.keep,
        command=stage.command.format(row.name),
    )
    return page, 422 if wrong else 200


def _doubts(row: StoreRow, result: Mapping[str, Any]) -> Sequence[str]:
    if result.get("done") is not False:
        return []
    return Doubt(row.name, Loss(**result["loss"]), sells_again=bool(result["sells_again"])).sentences


def _does(row: StoreRow, stage: Stage) -> list[str]:
    """What it does, does not do, and whether it can be undone."""
    reaches = platforms.record(row.platform).backfill_days is not None
    late = (
        "Orders that are placed meanwhile do not come in afterwards."
        if reaches
        else ("Orders that are placed meanwhile come in once it is resumed.")
    )
    told = with_defaults(platforms.record(row.platform), row.settings)["stock.sync"]
    match stage.page:
        case PAUSE.page:
            return [
                "Nothing is asked of the shop and it is told nothing, neither fulfilments nor stock.",
                f"Nothing is forgotten. {late}",
                "It can be resumed at any time.",
            ]
        case RESUME.page:
            since = ["Orders that were placed while it was paused do not come in."] if reaches else []
            stocked = ["Its stock is told anew; where that would take much from the shop you are asked first."]
            return ["What moved meanwhile is asked and told within seconds.", *since, *(stocked if told else [])]
        case ACTIVATE.page:
            days = platforms.record(row.platform).backfill_days
            back = f" of the last {days} days" if days is not None else ", whatever their age,"
            stock = "Its stock is told as it moves; where that would take much from the shop you are asked first."
            return [
                f"Its open orders{back} come in, and what moves in the shop from then on.",
                stock if told else "It is told no stock.",
                "It can be paused at any time. What came in stays in the hub.",
            ]
        case _:
            return [
                "Nothing is asked of the shop any more, and it is told nothing. Its keys are forgotten.",
                "Its orders stay in the hub, and what is known of them stays here.",
                "The shop is asked to tell nothing more, if it answers.",
                "Connected again with its keys, it knows its orders: none comes in twice.",
            ]
