"""By which settings an order was looked at: what the journal says was chosen and changed, and when (BEY-3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.account import Account
from schemas.errors import SettingRefused
from schemas.platform import Platform
from schemas.replay import HeldSettings
from schemas.settings import Value, profile_of, read_account_settings, read_store_settings, with_defaults
from schemas.stores import Store

Settings = Mapping[str, Value]

SLACK: Final = timedelta(minutes=5)  # so long before it is written down an order may have been decided on

_OF_NO_ORDER: Final = ("stock.", "fetch.", "products.")  # settings that no order is decided by
_OF_KEEPING: Final = ("keep_", "privacy_")  # say nothing of what becomes of an order
_ACCOUNT: Final = tuple(field.name for field in fields(Account) if not field.name.startswith(_OF_KEEPING))


@dataclass(frozen=True, slots=True)
class SettingsLine:
    """A line of the journal: what a person gave at a moment, with a new connection or beside what held already.

    `given` is None where the line does not say it, as of connections it did not always.
    """

    at: datetime
    given: Mapping[str, Any] | None
    is_connection: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """From when on which settings held; None is from the beginning. `connected_at` is of a connection that ended."""

    since: datetime | None
    chosen: Settings
    connected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldSince:
    """The settings that held from a moment on, for orders of one store."""

    since: datetime | None
    settings: HeldSettings


def held_settings(
    store: Store, account: Account, *, chosen: Settings, platform: Platform, lines: Sequence[Sequence[SettingsLine]]
) -> list[HeldSince]:
    """What held for a store's orders and from when on, the oldest first.

    `store` and `account` are as they are now, `chosen` is what somebody chose for the store, and `lines` are the
    store's and the account's.
    """
    of_store, of_account = lines
    now = {name: getattr(account, name) for name in _ACCOUNT}
    stores = periods(of_store, chosen, lambda given: read_store_settings(platform, given))
    accounts = periods(of_account, now, read_account_settings)
    moments = sorted({one.since for one in [*stores, *accounts] if one.since})
    found: list[HeldSince] = []
    for moment in (None, *moments):
        own, common = _at(stores, moment), _at(accounts, moment)
        then = replace(
            store,
            platform=profile_of(platform, own.chosen),
            settings=with_defaults(platform, own.chosen),
            connected_at=own.connected_at or store.connected_at,
        )
        held = HeldSettings(then, _account(common.chosen))
        if not found or _of_orders(held) != _of_orders(found[-1].settings):
            found.append(HeldSince(moment, held))
    return found


def may_have_held(held: Sequence[HeldSince], at: datetime | None) -> list[HeldSettings]:
    """The settings that an order may have been looked at with, the oldest first; all of them where nobody knows when.

    An order is looked at again, too: by those that held when it was first, or by any since.
    """
    ends = [*(one.since for one in held[1:]), None]
    return [one.settings for one, end in zip(held, ends, strict=True) if end is None or at is None or end > at - SLACK]


def periods(lines: Sequence[SettingsLine], now: Settings, read: Callable[[Settings], Settings]) -> list[Period]:
    """What was chosen in the course of time, the oldest first."""
    given = [None if line.given is None else _read(line.given, read) for line in lines]
    last = max((place for place, line in enumerate(lines) if line.is_connection), default=-1)
    chosen, connected_at = _left_alone(given, now), None
    found = [Period(None, chosen)]
    for place, (line, news) in enumerate(zip(lines, given, strict=True)):
        if line.is_connection:
            chosen = _left_alone(given[place + 1 :], now) if news is None else news
            connected_at = line.at if place < last else None
        else:
            chosen = {**chosen, **(news or {})}
        found.append(Period(line.at, chosen, connected_at))
    if lines and lines[0].is_connection:  # nothing was before it
        found = [replace(found[1], since=None), *found[2:]]
    # What was changed otherwise, as by another code for a location, holds from the last line on.
    return [*found[:-1], replace(found[-1], chosen=now)]


def _left_alone(later: Sequence[Settings | None], now: Settings) -> dict[str, Value]:
    """The best guess where nobody wrote it down: what was never changed later was so from the beginning."""
    changed = {key for given in later for key in given or ()}
    return {key: value for key, value in now.items() if key not in changed}


def _read(given: Mapping[str, Any], read: Callable[[Settings], Settings]) -> dict[str, Value]:
    """The settings as they were typed, but for those that there are no more."""
    found: dict[str, Value] = {}
    for key, value in given.items():
        try:
            found |= read({key: value})
        except SettingRefused:
            continue
    return found


def _account(chosen: Mapping[str, Any]) -> Account:
    return Account(**{name: chosen[name] for name in _ACCOUNT if name in chosen})


def _at(found: Sequence[Period], moment: datetime | None) -> Period:
    return next(one for one in reversed(found) if one.since is None or (moment is not None and one.since <= moment))


def _of_orders(held: HeldSettings) -> object:
    """What of the settings an order may be decided by."""
    settings = {key: value for key, value in held.store.settings.items() if not key.startswith(_OF_NO_ORDER)}
    return settings, held.store.connected_at, held.account
