"""People who use the console: their roles, and what is known of who is signed in. Data only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; a later one may all that an earlier one may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Whether this role may do what another one is needed for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in."""

    id: int
    name: str
    role: Role
    theme: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class UserSession:
    """A browser in which a person is signed in."""

    mark: str
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person, and the browser they sit at."""

    user: User
    session: UserSession


@dataclass(frozen=True, slots=True)
class Tries:
    """How often in a row somebody tried to sign in, and when last."""

    number: int
    last_at: datetime
