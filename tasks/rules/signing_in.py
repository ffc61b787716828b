"""How long who guesses has to wait, when a session is over, and which passwords are none (CON-2)."""

from datetime import datetime, timedelta
from typing import Final

from schemas.users import Tries, UserSession

FREE_TRIES: Final = 5  # in a row, before anybody has to wait
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN: Final = timedelta(days=1)  # tries that are older count no more

IDLE: Final = timedelta(hours=12)  # without a page a session ends
LONGEST: Final = timedelta(days=7)  # and in any case

LEAST_SIGNS: Final = 10  # of a password
MOST_SIGNS: Final = 200


def decide_wait(tries: Tries, now: datetime) -> timedelta:
    """How long nobody may try yet; nothing where they may."""
    if tries.number < FREE_TRIES or is_forgotten(tries, now):
        return timedelta()
    wait = min(FIRST_WAIT * (1 << min(tries.number - FREE_TRIES, 10)), LONGEST_WAIT)
    return max(timedelta(), tries.last_at + wait - now)


def is_forgotten(tries: Tries, now: datetime) -> bool:
    """Whether tries are so old that they count no more."""
    return tries.last_at <= now - FORGOTTEN


def is_over(session: UserSession, now: datetime) -> bool:
    """Whether who sits there has to sign in again."""
    return session.seen_at <= now - IDLE or session.began_at <= now - LONGEST


def refuse_password(password: str, name: str) -> str:
    """Why a password is none; empty where it is one. Length makes it hard to guess, so no signs are asked for."""
    if len(password) < LEAST_SIGNS:
        return f"A password has {LEAST_SIGNS} signs or more"
    if len(password) > MOST_SIGNS:
        return f"A password has {MOST_SIGNS} signs at most"
    if len(set(password)) < 4 or password.casefold() in {name, name[::-1], "storesync", "storesync1", "password12"}:
        return "That password is one of the first that anybody would try"
    return ""
