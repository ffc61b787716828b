"""Reading a list's parameters as WordPress does: bounds, words, dates, and the page they ask for."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from sandbox.woocommerce.errors import invalid_params

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)?")


class Listed(Protocol):
    """What a list can be narrowed and sorted by."""

    id: int
    created: datetime
    modified: datetime


Item = TypeVar("Item", bound=Listed)


class Params:
    """The parameters of one request. Wrong ones are collected; `check` raises for all of them at once."""

    def __init__(self, args: "MultiDict[str, str]") -> None:
        self._args = args
        self._problems: dict[str, tuple[str, str]] = {}

    def check(self) -> None:
        """Raises Refusal (400 rest_invalid_param) when any parameter was wrong."""
        if self._problems:
            raise invalid_params(self._problems)

    def text(self, name: str) -> str | None:
        """A parameter as it came; an empty one counts as absent."""
        return self._args.get(name) or None

    def integer(self, name: str, *, low: int, high: int | None = None) -> int | None:
        """A whole number between two bounds, both included."""
        given = self.text(name)
        if given is None:
            return None
        if not re.fullmatch(r"-?\d+", given):
            self._problems[name] = ("rest_invalid_type", f"{name} is not of type integer.")
            return None
        if int(given) < low or (high is not None and int(given) > high):
            bounds = (
                f"greater than or equal to {low}"
                if high is None
                else f"between {low} (inclusive) and {high} (inclusive)"
            )
            self._problems[name] = ("rest_out_of_bounds", f"{name} must be {bounds}")
        return int(given)

    def words(self, name: str) -> list[str]:
        """A list: repeated, with brackets, or with commas."""
        keys = [key for key in self._args if key == name or re.fullmatch(re.escape(name) + r"\[\d*\]", key)]
        values = [value for key in keys for value in self._args.getlist(key)]
        return [word.strip() for value in values for word in value.split(",") if word.strip()]

    def choices(self, name: str, allowed: Sequence[str], default: str) -> list[str]:
        """A list of known words."""
        chosen = self.words(name) or [default]
        for place, word in enumerate(chosen):
            if word not in allowed:
                sentence = f"{name}[{place}] is not one of {', '.join(allowed[:-1])}, and {allowed[-1]}."
                self._problems[name] = ("rest_not_in_enum", sentence)
        return chosen

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """One known word."""
        word = self.text(name) or default
        if word not in allowed:
            sentence = f"{name} is not one of {', '.join(allowed[:-1])}, and {allowed[-1]}."
            self._problems[name] = ("rest_not_in_enum", sentence)
        return word

    def ids(self, name: str) -> list[int]:
        """A list of ids."""
        return [int(word) for word in self.words(name) if word.isdecimal()]

    def flag(self, name: str) -> bool:
        """A switch."""
        return (self.text(name) or "").lower() in ("1", "true", "yes", "on")

    def wall_clock(self, name: str, zone: ZoneInfo) -> datetime | None:
        """A date as the time on the shop's wall, zone dropped: a zone in it is taken to shop time first."""
        given = self.text(name)
        if given is None:
            return None
        if not _DATE.fullmatch(given):
            self._problems[name] = ("rest_invalid_date", "Invalid date.")
            return None
        moment = datetime.fromisoformat(given.upper().replace(" ", "T", 1))
        shop_time = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
        return shop_time.replace(microsecond=0, tzinfo=None)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list was asked for."""

    page: int
    per_page: int
    offset: int

    @classmethod
    def of(cls, params: Params) -> "Window":
        """page, per_page (at most 100) and offset."""
        page = params.integer("page", low=1) or 1
        per_page = params.integer("per_page", low=1, high=100) or 10
        offset = params.integer("offset", low=0)
        return cls(page, per_page, (page - 1) * per_page if offset is None else offset)


def narrow(items: Iterable[Item], params: Params, zone: ZoneInfo) -> list[Item]:
    """The items that after, before, modified_after, modified_before, include and exclude leave."""
    tests = _date_tests(params, zone)
    include, exclude = set(params.ids("include")), set(params.ids("exclude"))
    params.check()
    return [
        item
        for item in items
        if (not include or item.id in include) and item.id not in exclude and all(test(item) for test in tests)
    ]


def in_order(items: Iterable[Item], params: Params) -> list[Item]:
    """The items by date, modification or id; newest first unless `order=asc`."""
    by = params.choice("orderby", ("date", "id", "include", "title", "slug", "modified"), "date")
    direction = params.choice("order", ("asc", "desc"), "desc")
    params.check()
    key: Callable[[Item], tuple[object, int]] = {
        "modified": lambda item: (item.modified, item.id),
        "id": lambda item: (item.id, item.id),
    }.get(by, lambda item: (item.created, item.id))
    return sorted(items, key=key, reverse=direction == "desc")


def _date_tests(params: Params, zone: ZoneInfo) -> list[Callable[[Listed], bool]]:
    """Strictly after, strictly before, to the second.

    The bound is brought to shop time whatever its zone, then compared with the GMT column when `dates_are_gmt` is
    set: a bound with a Z *and* the flag is off by the shop's offset, exactly as in WooCommerce.
    """
    is_gmt = params.flag("dates_are_gmt")

    def column(moment: datetime) -> datetime:
        return moment.astimezone(UTC if is_gmt else zone).replace(tzinfo=None)

    tests: list[Callable[[Listed], bool]] = []
    if after := params.wall_clock("after", zone):
        tests.append(lambda item, bound=after: column(item.created) > bound)  # type: ignore[misc]
    if before := params.wall_clock("before", zone):
        tests.append(lambda item, bound=before: column(item.created) < bound)  # type: ignore[misc]
    if modified_after := params.wall_clock("modified_after", zone):
        tests.append(lambda item, bound=modified_after: column(item.modified) > bound)  # type: ignore[misc]
    if modified_before := params.wall_clock("modified_before", zone):
        tests.append(lambda item, bound=modified_before: column(item.modified) < bound)  # type: ignore[misc]
    return tests
