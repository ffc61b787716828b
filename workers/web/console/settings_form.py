"""Settings of a store as a form that is previewed before it is saved (STG-4).

A page has one with `shown(FormOf(…))` in its GET and `sent(FormOf(…))` in its POST, which is the form again or another
page, and renders it by the macros of `_settings.html`: `note` on top of the page, `table` for rows, or single fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.jobs import Job
from schemas.setting_words import WORDS, SettingWords, value_words
from schemas.settings import STORE_SETTINGS, Value, read_store_settings, with_defaults
from tasks import foresight
from tasks import stores as store_tasks
from tasks.locations import refuse_unknown_locations
from tasks.rules.setting_changes import SettingChange, changed_since, decide_changes, version_of
from workers.web.console import desk, jobs
from workers.web.console.setting_notes import SettingNote, note_of
from workers.web.console.words import field_id
from workers.web.door import opened

AT_ONCE: Final = 50  # orders that a page itself looks through; of more a worker does
PREVIEW: Final = "foresee_settings"
SAVE: Final = "save_settings"
_MAP: Final = "location_map"
_PLACE: Final = "location_map:"  # before the id of one of the shop's locations, in the name of its field


@dataclass(frozen=True, slots=True)
class FormOf:
    """Which form: of a store, of which settings, its name on the page, and the endpoint that has its GET and POST.

    The endpoint's address has the store's `name` and nothing else.
    """

    row: StoreRow
    keys: Sequence[str]
    name: str
    endpoint: str

    def __post_init__(self) -> None:
        """Of the settings those that the store has."""
        object.__setattr__(self, "keys", keys_of(self.row, self.keys))

    @property
    def address(self) -> str:
        """Of the page."""
        return url_for(self.endpoint, name=self.row.name)

    def said(self, **query: object) -> str:
        """Of the page, at what is said on top of it."""
        return url_for(self.endpoint, name=self.row.name, _anchor="said", **query)  # type: ignore[arg-type]

    @property
    def version(self) -> str:
        """What it remembers of the values that it showed."""
        return version_of(self.row.settings, self.keys, platform=platforms.record(self.row.platform))


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting in the form: what is in force, and what stands in the field."""

    key: str
    words: SettingWords
    default: Value
    now: Value
    typed: Value
    error: str = ""
    options: Sequence[tuple[str, str]] = ()

    @property
    def id(self) -> str:
        """Of its field on the page."""
        return field_id(self.key)

    @property
    def kind(self) -> str:
        """By what it is chosen."""
        if isinstance(self.default, bool):
            return "switch"
        if self.key == _MAP:
            return "map"
        return "number" if isinstance(self.default, int) else "choice"

    @property
    def is_changed(self) -> bool:
        """Whether another value than the default is in force."""
        return self.now != self.default

    @property
    def is_unsaved(self) -> bool:
        """Whether another value stands in the field than the one in force."""
        return bool(self.error) or self.typed != self.now

    def say(self, value: Value) -> str:
        """A value of it in words."""
        return dict(self.options).get(str(value)) or value_words(self.key, value)


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """A form of some settings. `conflicts` are those that somebody else saved meanwhile: nothing of it is saved."""

    of: FormOf
    fields: Sequence[SettingField]
    note: SettingNote | None = None
    job: Job | None = None
    conflicts: Sequence[SettingField] = ()

    @property
    def row(self) -> StoreRow:
        """The store."""
        return self.of.row

    @property
    def errors(self) -> list[SettingField]:
        """Fields that cannot be saved as they are."""
        return [one for one in self.fields if one.error]

    @property
    def status(self) -> int:
        """Of the answer that shows it."""
        return 409 if self.conflicts else 422 if self.errors else 200

    def field(self, key: str) -> SettingField:
        """One of its fields."""
        return next(one for one in self.fields if one.key == key)


def keys_of(row: StoreRow, keys: Sequence[str]) -> list[str]:
    """Those of some settings that a store has."""
    return [key for key in keys if STORE_SETTINGS[key].has(platforms.record(row.platform))]


def shown(of: FormOf) -> SettingsForm:
    """The form as it is, or with what a worker foresees or saves of it."""
    job = jobs.asked(PREVIEW, SAVE, store_id=of.row.id) if request.args.get("form") == of.name else None
    if job is None or job.kind == SAVE:
        return _form(of, {}, job=job)
    given = job.arguments["given"]
    if job.result is None:
        return _form(of, given, job=job)
    if job.arguments["version"] != of.version:
        return _conflicted(of, given, job.arguments["version"])
    return _form(of, given, note=note_of(of.row, _changes(of.row, given), job.result), job=job)


def sent(of: FormOf) -> SettingsForm | ResponseReturnValue:
    """What comes of a form that was sent: the page again, with a preview or with what is wrong; or another page."""
    typed = {key: value for key in of.keys if (value := _typed(key)) is not None}
    given, errors = _read(of.row, typed)
    if errors:
        return _form(of, typed, errors=errors)
    changed = {change.key: change.now for change in _changes(of.row, given)}
    if not changed:
        flash("All of it is so already.")
        return redirect(of.said(), 303)
    version = request.form.get("version", "")
    if version != of.version:
        return _conflicted(of, given, version)
    try:
        return _save(of, changed) if request.form.get("act") == "save" else _preview(of, changed)
    except SettingRefused as refused:
        wrong = {refused.key: refused.problem} if refused.key in changed else {next(iter(changed)): str(refused)}
        return _form(of, typed, errors=wrong)


def _preview(of: FormOf, given: Mapping[str, Value]) -> SettingsForm | ResponseReturnValue:
    connection, row = desk.connection(), of.row
    if not foresight.asks_shop(connection, row, given):
        refuse_unknown_locations(connection, {**row.settings, **given})
        coming = foresight.coming_orders(connection, row, {**row.settings, **given}, most=AT_ONCE)
        if coming.is_all:
            return _form(of, given, note=note_of(row, _changes(row, given), {"coming": coming}))
    number = jobs.ask(PREVIEW, row.id, {"given": given, "version": of.version})
    return redirect(of.said(form=of.name, job=number), 303)


def _save(of: FormOf, given: Mapping[str, Value]) -> ResponseReturnValue:
    row = of.row
    if foresight.asks_shop(desk.connection(), row, given):
        version = version_of(row.settings, given, platform=platforms.record(row.platform))
        arguments = {"given": given, "version": version, "yes": request.form.get("yes") == "on"}
        return redirect(of.said(form=of.name, job=jobs.ask(SAVE, row.id, arguments)), 303)
    store_tasks.change_store(opened(), row, given, {})
    flash("Saved. It holds from now on.")
    return redirect(of.said(), 303)


# -- what was typed ----------------------------------------------------------------------------------------------------


def _typed(key: str) -> Value | None:
    """What was typed into a field, None where it was not sent: then it stays as it is."""
    if key == _MAP:
        sent = {name.removeprefix(_PLACE): value for name, value in request.form.items() if name.startswith(_PLACE)}
        return {place: code for place, code in sent.items() if code} if sent else None
    values = request.form.getlist(key)
    return values[-1] if values else None


def _read(row: StoreRow, typed: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, str]]:
    """The values, and what is wrong with the others."""
    given: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for key, value in typed.items():
        try:
            given |= read_store_settings(platforms.record(row.platform), {key: value})
        except SettingRefused as refused:
            errors[key] = refused.problem
    return given, errors


def _changes(row: StoreRow, given: Mapping[str, Value]) -> list[SettingChange]:
    return decide_changes(row.settings, given, platform=platforms.record(row.platform))


# -- the form ----------------------------------------------------------------------------------------------------------


def _conflicted(of: FormOf, given: Mapping[str, Value], version: str) -> SettingsForm:
    """The form with what is in force now, beside it what was typed: of what somebody else saved, and of the rest."""
    theirs = changed_since(version, of.row.settings, of.keys, platform=platforms.record(of.row.platform))
    form = _form(of, given)
    return replace(form, conflicts=[one for one in form.fields if one.is_unsaved or one.key in theirs])


def _form(
    of: FormOf,
    typed: Mapping[str, Value],
    *,
    errors: Mapping[str, str] | None = None,
    note: SettingNote | None = None,
    job: Job | None = None,
) -> SettingsForm:
    known, wrong = with_defaults(platforms.record(of.row.platform), of.row.settings), errors or {}
    fields = [
        SettingField(
            key,
            WORDS[key],
            STORE_SETTINGS[key].default,
            known[key],
            typed.get(key, known[key]),
            wrong.get(key, ""),
            _options(key, known[key]),
        )
        for key in of.keys
    ]
    return SettingsForm(of, fields, note, job)


def _options(key: str, now: Value) -> list[tuple[str, str]]:
    """What can be chosen."""
    if key not in {"location", _MAP}:
        return list(WORDS[key].choices.items())
    default = stores.account(desk.connection()).default_location
    first = ("", f"The account's own: {default}") if key == "location" else ("", "Not mapped")
    return [first, *hub_locations(now)]


def hub_locations(now: Value = "") -> list[tuple[str, str]]:
    """Locations of the hub by code, with their names; of a hub elsewhere, which no page asks, those named `now`."""
    hub = our_hub(desk.connection())
    if hub.facts.shares_transaction:
        with hub.unit():
            places = hub.locations()
        return [(one.code, one.code if one.name == one.code else f"{one.code} · {one.name}") for one in places]
    named = now.values() if isinstance(now, dict) else [str(now)]
    return [(code, code) for code in dict.fromkeys(named) if code]
