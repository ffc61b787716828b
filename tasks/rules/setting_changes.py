"""A change of a store's settings before it is saved: what differs, what is asked first, who was faster (STG-4).

Settings are those that somebody chose, without defaults, as they are kept.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from schemas.platform import Platform
from schemas.rights import Need
from schemas.settings import Value, with_defaults

Settings = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that is to have another value."""

    key: str
    was: Value
    now: Value


def decide_changes(before: Settings, given: Settings, *, platform: Platform) -> list[SettingChange]:
    """What of the values that are given differs from those of today, defaults filled in."""
    known = with_defaults(platform, before)
    return [SettingChange(key, known[key], value) for key, value in given.items() if value != known[key]]


def version_of(settings: Settings, keys: Collection[str], *, platform: Platform) -> str:
    """What a form remembers of the values that it showed: another word where one of them is another."""
    known = with_defaults(platform, settings)
    return _PARTS.join(_mark(known[key]) for key in sorted(keys) if key in known)


def changed_since(version: str, settings: Settings, keys: Collection[str], *, platform: Platform) -> list[str]:
    """Those of a form's settings that have another value than it showed; none where it is no such form's word."""
    now = version_of(settings, keys, platform=platform).split(_PARTS)
    then, shown = version.split(_PARTS), [key for key in sorted(keys) if key in with_defaults(platform, settings)]
    if len(then) != len(now):
        return []
    return [key for key, was, is_now in zip(shown, then, now, strict=True) if was != is_now]


_PARTS: Final = "-"


def _mark(value: Value) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def must_ask_shop(
    changed: Sequence[SettingChange], more: Sequence[Need], *, tells_stock: bool, moves_stock: bool
) -> bool:
    """Whether the shop is asked before such a change is saved: for rights, for its locations, for what it shows."""
    return bool(more) or (tells_stock and moves_stock) or any(change.key == "location_map" for change in changed)
