"""A change of a store's settings before it is saved: what differs, what is asked first, who was faster (STG-4).

Settings are those that somebody chose, without defaults, as they are kept.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

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
    shown = json.dumps({key: known[key] for key in sorted(keys) if key in known}, sort_keys=True)
    return sha256(shown.encode()).hexdigest()[:16]


def must_ask_shop(
    changed: Sequence[SettingChange], more: Sequence[Need], *, tells_stock: bool, moves_stock: bool
) -> bool:
    """Whether the shop is asked before such a change is saved: for rights, for its locations, for what it shows."""
    return bool(more) or (tells_stock and moves_stock) or any(change.key == "location_map" for change in changed)
