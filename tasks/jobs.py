"""Jobs: what a page of the console wants of a shop is asked by a worker, and kept for the page (STG-2, STG-3).

A page that has to ask a shop calls `ask` in a POST, and shows `look` in a GET. What a kind of job does is in
`tasks/job_kinds.py`. A job may run twice: a worker may end in its midst.
"""

from typing import Final

from celery import shared_task

from connectors import locks
from connectors.config import ConfigError
from connectors.errors import Lacking
from connectors.postgres import Connection, jobs, journal, stores
from schemas.errors import SettingRefused
from schemas.jobs import Job, JobTrouble, Wish
from schemas.stores import StoreState
from tasks import bells
from tasks.errands import Errand, NothingDone, Stopped
from tasks.held import Process, process
from tasks.job_kinds import KINDS
from tasks.rules.failures import BUG_TRIES, decide_failure
from tasks.trouble import attempt, is_bug, problem_of

MOST_OPEN: Final = 5  # of one store: whoever presses a button again and again asks no shop again and again


def ask(held: Process, connection: Connection, wish: Wish) -> int:
    """Let a worker do it, and return its number; the same that is not over yet is not begun again.

    Raises SettingRefused where too much is asked already.
    """
    assert wish.kind in KINDS, wish.kind
    locked = held.secrets.lock(dict(wish.secret)) if wish.secret else None
    id_ = jobs.ask(connection, wish, locked=locked, most=MOST_OPEN)
    if id_ is None:
        raise SettingRefused("job", f"{MOST_OPEN} other things are asked of it at this moment: wait until one is done")
    bells.ring_job(id_)
    return id_


def look(connection: Connection, id_: int, *kinds: str, store_id: int | None = None) -> Job | None:
    """A job as it stands; None where it is none of those kinds and that store."""
    found = jobs.job(connection, id_) if 0 < id_ < 2**63 else None
    return found if found and found.kind in kinds and found.store_id == store_id else None


@shared_task(
    name="do_job",
    soft_time_limit=locks.CATALOGUE_SOFT_LIMIT_SECONDS,
    time_limit=locks.CATALOGUE_HARD_LIMIT_SECONDS,
)
def do_job(number: int | str) -> str:
    """Do what a page asked for, alone; what came of it stands with the job."""
    held, id_ = process(), int(number)
    with locks.lock(held.redis, locks.job_key(id_), ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if not is_ours:
            return "busy"
        with held.pool.connection() as connection:
            job = jobs.begin(connection, id_)
        if job is None:
            return "nothing_due"
        return _do(held, job)


def _do(held: Process, job: Job) -> str:
    bug: list[Exception] = []

    def work() -> JobTrouble | None:
        result = KINDS[job.kind](_errand(held, job))
        with held.pool.connection() as connection:
            jobs.finish(connection, job.id, result)
        return None

    def failed(error: Exception) -> JobTrouble | None:
        if is_bug(error) and not isinstance(error, _NOTHING_DONE):
            bug.append(error)
        return None if isinstance(error, Stopped) else _trouble(error)

    if job.begins > BUG_TRIES:
        trouble: JobTrouble | None = JobTrouble("its worker ended in its midst, again and again", "unexpected_error")
    else:
        with journal.by(job.who):
            trouble = attempt(work, failed)
    if trouble is not None:
        with held.pool.connection() as connection:
            jobs.fail(connection, job.id, trouble)
    if bug:
        raise bug[0]
    return "failed" if trouble else "done"


_NOTHING_DONE: Final = (SettingRefused, NothingDone, Stopped, ConfigError)


def _errand(held: Process, job: Job) -> Errand:
    """What the work of a kind is handed. Raises NothingDone where its store is parted from."""
    row = None
    if job.store_id is not None:
        with held.pool.connection() as connection:
            row = stores.find_store(connection, str(job.store_id))
        if row is None or row.state is StoreState.DISCONNECTED:
            raise NothingDone("the store is disconnected")
    secret = held.secrets.unlock(job.locked) if job.locked else {}
    return Errand(held, row, job.arguments, secret, job.begins, lambda seen: _see(held, job.id, seen))


def _see(held: Process, id_: int, seen: int) -> None:
    with held.pool.connection() as connection:
        if not jobs.see(connection, id_, seen):
            raise Stopped


def _trouble(error: Exception) -> JobTrouble:
    match error:
        case SettingRefused(key=key, problem=words):
            return JobTrouble(words, key=key)
        case NothingDone() | ConfigError() | Lacking():  # its words say what is missing, and where to give it
            return JobTrouble(str(error))
    problem = problem_of(error)
    now = process().now()
    return JobTrouble(problem.words, decide_failure(problem, attempts=BUG_TRIES, now=now, jitter=0.0).reason)
