"""Connect a store: its platform, address and keys, until it is there and inactive; the rest is `setup` (STG-1)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.errors import Unsafe
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.jobs import Job
from schemas.platform import Platform
from schemas.users import Role
from tasks import stores as store_tasks
from workers.web.console import desk, jobs
from workers.web.console.frame import needs

pages: Final = Blueprint("connecting", __name__, template_folder="templates")

CONNECT: Final = "connect_store"
MOST_SIGNS: Final = 2000
MOST_OF_KEY: Final = 5000


@dataclass(frozen=True, slots=True)
class NewShop:
    """What was typed of a shop, but for its keys: it stands in the address, so that one may leave and come back."""

    platform: str = ""
    url: str = ""
    name: str = ""
    insecure: str = ""

    def new_store(self, credentials: Mapping[str, str] | None = None) -> store_tasks.NewStore:
        """As it is connected: inactive."""
        is_insecure = self.insecure == "on"
        return store_tasks.NewStore(
            self.platform, self.name, self.url, credentials or {}, allow_insecure=is_insecure, inactive=True
        )

    def address(self, **more: Any) -> str:
        """The page that shows it."""
        values = {key: value for key, value in asdict(self).items() if value}
        return url_for("connecting.connect", **values, **more)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a section was not taken: at which field, and the store that is meant where there is one already."""

    key: str
    words: str
    store: StoreRow | None = None


@pages.get("/stores/connect")
@needs(Role.ADMIN)
def connect() -> ResponseReturnValue:
    """The first two of seven sections."""
    given = _given(request.args)
    job = jobs.asked(CONNECT)
    if job and job.result:
        return _page(given, job=job)
    return _page(given, wrong=_doubt(given) if given.platform else None, job=job)


@pages.post("/stores/connect")
@needs(Role.ADMIN)
def name_shop() -> ResponseReturnValue:
    """Platform and address; a shop that is connected already is said by its name (MUL-4)."""
    given = _given(request.form)
    if wrong := _doubt(given):
        return _page(given, wrong=wrong, status=422)
    return redirect(given.address(_anchor="keys"), 303)


@pages.post("/stores/connect/keys")
@needs(Role.ADMIN)
def give_keys() -> ResponseReturnValue:
    """The keys: a worker asks the shop whether it takes them, and it is connected then. They are never shown again."""
    given = _given(request.form)
    if wrong := _doubt(given):
        return _page(given, wrong=wrong, status=422)
    fields = keys_of(platforms.record(given.platform))
    keys = {key: text for key in fields if (text := request.form.get(f"key:{key}", "").strip()[:MOST_OF_KEY])}
    try:
        store_tasks.read_credentials(given.platform, keys)
        job = jobs.ask(CONNECT, None, asdict(given), keys)
    except SettingRefused as error:
        words = f"{error.problem.partition(': add --credential')[0]}. The keys are to be typed again"
        return _page(given, wrong_keys=Unfit(error.key, words), status=422)
    return redirect(given.address(job=job, _anchor="said"), 303)


def keys_of(its: Platform) -> list[str]:
    """What a person may give, by any way to connect; what we make ourselves is not asked for."""
    ways = dict.fromkeys([*(key for way in its.ways_to_connect for key in way), *its.optional_credentials])
    return [key for key in ways if key != its.own_secret]


def _given(values: Any) -> NewShop:
    return NewShop(**{key: values.get(key, "").strip()[:MOST_SIGNS] for key in NewShop.__slots__})


def _doubt(given: NewShop) -> Unfit | None:
    """What is wrong with platform, name or address."""
    connection = desk.connection()
    if not given.url:
        return Unfit("url", "give the address of the shop")
    try:
        store_tasks.meant_address(connection, given.new_store())
    except SettingRefused as error:
        return Unfit(error.key, _without_command(error.problem), _named(error.problem))
    except Unsafe as error:
        return Unfit("url", error.problem)
    return None


def _without_command(words: str) -> str:
    return words.partition(": see storesync")[0]


def _named(words: str) -> StoreRow | None:
    """The connected store that a refusal names."""
    return next((row for row in stores.stores(desk.connection()) if repr(row.name) in words), None)


def _page(
    given: NewShop,
    *,
    wrong: Unfit | None = None,
    wrong_keys: Unfit | None = None,
    job: Job | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    is_named = bool(given.platform) and wrong is None
    its = platforms.record(given.platform) if is_named else None
    if job and job.trouble and job.trouble.key:
        words = _without_command(job.trouble.words)
        wrong_keys = Unfit(job.trouble.key, words, _named(job.trouble.words))
    page = render_template(
        "connect.html",
        given=given,
        platforms=[platforms.record(name) for name in sorted(platforms.PLATFORMS)],
        is_named=is_named,
        wrong=wrong,
        wrong_keys=wrong_keys,
        job=job,
        clicks=its.key_clicks if its else (),
        keys=keys_of(its) if its else [],
        ways=its.ways_to_connect if its else (),
        scopes=list(its.grants.names.items()) if its else [],
    )
    return page, status
