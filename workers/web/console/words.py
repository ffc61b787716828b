"""How values stand on a page: states, times, ages, money, and the parts that all templates have (DESIGN: words)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Final

from flask import Flask, g, url_for
from markupsafe import Markup

from schemas.errors import Unreadable
from schemas.money import minor_units, plain
from schemas.reasons import ORDER, describe, filled
from schemas.setting_words import WORDS
from schemas.users import Role
from workers.web.console.masks import Personal, shown
from workers.web.door import opened

MOST_SIGNS: Final = 300  # of a sentence that somebody else says

_STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class State:
    """A state: its shape, its word, its colour (ok, wait, bad, off)."""

    word: str
    kind: str
    icon: str


_TICK, _TRIANGLE, _OCTAGON = "check-circle-fill", "exclamation-triangle-fill", "exclamation-octagon-fill"
_CLOCK, _DASH = "clock-fill", "dash-circle"

ORDER_STATES: Final = {
    "pending": State("Waiting", "off", _CLOCK),
    "imported": State("In the hub", "ok", _TICK),
    "skipped": State("Skipped", "off", _DASH),
    "failed": State("Failed", "bad", _OCTAGON),
    "deleted": State("Deleted", "off", _DASH),
}
FAILING: Final = State("In the hub, failing", "bad", _OCTAGON)
STORE_STATES: Final = {
    "active": State("Active", "ok", _TICK),
    "paused": State("Paused", "off", _DASH),
    "inactive": State("Inactive", "off", _DASH),
    "needs_attention": State("Stopped: refused", "bad", _OCTAGON),
    "disconnected": State("Disconnected", "off", _DASH),
}
SAME: Final = State("Same to the cent", "ok", _TICK)
APART: Final = State("Apart", "wait", _TRIANGLE)
IN_STEP: Final = State("In step", "ok", _TICK)
BEHIND: Final = State("Behind", "wait", _TRIANGLE)
WELL: Final = State("All well", "ok", _TICK)
UNWELL: Final = State("Look at it", "wait", _TRIANGLE)
FINE: Final = State("Well", "ok", _TICK)
TOOK: Final = State("Sent", "ok", _TICK)
NOT_TAKEN: Final = State("Not taken", "bad", _OCTAGON)
DONE: Final = State("Done", "ok", _TICK)
GOING: Final = State("Under way", "off", _CLOCK)
LATER: Final = State("Later", "off", _DASH)
NOTED: Final = State("Worth a look", "wait", _TRIANGLE)
HELD: Final = State("Held", "wait", _TRIANGLE)
DIFFERS: Final = State("Differs", "wait", _TRIANGLE)
SHOWN: Final = State("Shows it", "ok", _TICK)
ON: Final = State("On", "ok", _TICK)
OFF: Final = State("Off", "off", _DASH)
MATCHED: Final = State("Matched", "ok", _TICK)
NEW: Final = State("New", "off", _DASH)
GRANTED: Final = State("Yes", "ok", _TICK)
UNPROVED: Final = State("Not known before it is used", "off", _DASH)
MISSING: Final = State("Missing", "bad", _OCTAGON)
TOLD: Final = State("Told", "ok", _TICK)
NOT_TOLD: Final = State("Not told", "wait", _TRIANGLE)
DELIVERY: Final = {
    "NOT_SHIPPED": "Not shipped",
    "PARTIALLY_PACKED": "Partly packed",
    "PACKED": "Packed",
    "PARTIALLY_DELIVERED": "Partly delivered",
    "DELIVERED": "Delivered",
    "CLOSED": "Closed",
}


def teach(web: Flask) -> None:
    """Let templates use them."""
    web.jinja_env.filters.update(
        when=when, ago=ago, money=money, price=price, number=number, day=day, plain=plain, shell=quote, span=span
    )
    web.jinja_env.filters.update(shortened=shortened, read_time=datetime.fromisoformat, clock=clock, figure=figure)
    web.jinja_env.globals.update(
        asset=asset,
        order_state=ORDER_STATES.__getitem__,
        store_state=STORE_STATES.__getitem__,
        delivery=DELIVERY,
        sentence=lambda code: describe(code)[0] or code,
        cure=cure,
        person=lambda value, what: shown(value, Personal(what), g.me.user),
        may=lambda role: g.me is not None and g.me.user.role.may(Role(role)),
        now=now,
        plural=plural,
        setting_title=lambda key: WORDS[key].title if key in WORDS else key,
        words=PageStates,
    )


class PageStates:
    """States that pages choose themselves."""

    FAILING, IN_STEP, BEHIND, SAME, APART = FAILING, IN_STEP, BEHIND, SAME, APART
    WELL, UNWELL, FINE = WELL, UNWELL, FINE
    TOOK, NOT_TAKEN = TOOK, NOT_TAKEN
    DONE, GOING, LATER = DONE, GOING, LATER
    HELD, DIFFERS, SHOWN = HELD, DIFFERS, SHOWN
    WELL, UNWELL = WELL, UNWELL
    ON, OFF, MATCHED, NEW = ON, OFF, MATCHED, NEW
    GRANTED, UNPROVED, MISSING, TOLD, NOT_TOLD = GRANTED, UNPROVED, MISSING, TOLD, NOT_TOLD


def shortened(text: str) -> Markup | str:
    """What somebody else says, cut at some length with the rest behind a click."""
    if len(text) <= MOST_SIGNS:
        return text
    return Markup("{}<details><summary>The rest</summary>{}</details>").format(text[:MOST_SIGNS], text[MOST_SIGNS:])


def cure(code: str | None, store: str, *, are_many: bool = False) -> str:
    """What to do about a reason; what a button of the page does is said in words, what it cannot is a command."""
    it = "them" if are_many else "it"
    _, text = describe(code)
    text = text.replace(f"storesync retry {ORDER}", f"retry {it}")
    return filled(text.replace(f"storesync order reimport {ORDER}", f"import {it} again"), store)


def now() -> datetime:
    """The time by which a page is made."""
    if "now" not in g:
        g.now = opened().now()
    found: datetime = g.now
    return found


def _time(moment: datetime, text: str, *, title: str = "") -> Markup:
    machine = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    titled = Markup(' title="{}"').format(title) if title else ""
    return Markup('<time datetime="{}"{}>{}</time>').format(machine, titled, text)


def when(moment: datetime | None, *, with_seconds: bool = False, is_inside: bool = False) -> Markup | str:
    """A time: today's by its hour, another by its day; in small letters inside a sentence. UTC, as the foot says."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    clock = utc.strftime("%H:%M:%S" if with_seconds else "%H:%M")
    return _time(
        utc,
        f"{'today' if is_inside else 'Today'} {clock}" if utc.date() == now().date() else f"{day(utc.date())} {clock}",
    )


def clock(moment: datetime, *, with_seconds: bool = False) -> Markup:
    """A time of a day that is known."""
    return _time(moment, moment.astimezone(UTC).strftime("%H:%M:%S" if with_seconds else "%H:%M"))


def day(one: date) -> str:
    """A day: 28 Nov, with its year where it is another one."""
    text = f"{one.day} {one:%b}"
    return text if one.year == now().year else f"{text} {one.year}"


def ago(moment: datetime | None) -> Markup | str:
    """An age in one unit: 4 s ago."""
    if moment is None:
        return "never"
    title = moment.astimezone(UTC).strftime("%d %b %Y %H:%M:%S UTC")
    return _time(moment, f"{span((now() - moment).total_seconds())} ago", title=title)


def span(seconds: float) -> str:
    """How long something is, in one unit."""
    seconds = max(0, int(seconds))
    for length, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length or (seconds >= length and unit != "days"):
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def money(amount: Decimal | None, currency: str | None, *, is_bare: bool = False) -> str:
    """An amount with the decimals of its currency: 1,128.50 EUR; bare is without the currency."""
    if amount is None or currency is None:
        return ""
    try:
        text = f"{amount:,.{minor_units(currency)}f}"
    except Unreadable:  # a currency of a newer version's table
        text = f"{amount:,f}"
    return text if is_bare else f"{text} {currency}"


def price(amount: Decimal, currency: str) -> str:
    """A unit price with the decimals of its currency, or as many more as it has, but four at most: 41.1765…"""
    as_money = money(amount, currency, is_bare=True)
    if Decimal(as_money.replace(",", "")) == amount:
        return as_money
    short = round(amount, max(4, minor_units(currency)))
    return plain(amount) if short in (0, amount) else f"{plain(short)}…"


def field_id(key: str) -> str:
    """Of a setting's field on a page."""
    return key.replace(".", "-")


def number(count: int) -> str:
    """A count: 1,128."""
    return f"{count:,}"


def figure(pieces: Decimal | str) -> str:
    """Pieces as they are, with fractions where there are some: 1,128.5."""
    return f"{Decimal(plain(Decimal(pieces))):,f}"


def plural(count: int, one: str, many: str = "") -> str:
    """1 order, 2 orders."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@cache
def _hash(name: str) -> str:
    return sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a file of ours, which is another one when the file is."""
    return url_for("console.static", filename=name, v=_hash(name))
