"""Tokens that end: when one is renewed, and that one who asks does it for all (DOR-3). It knows no vendor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Final, Protocol

from connectors.errors import Unavailable

MARGIN: Final = timedelta(minutes=10)  # before its end a token is renewed; of a short one, a tenth of its life
AGAIN: Final = timedelta(seconds=30)  # after which one that could not be renewed before its end is tried again
LEAST: Final = timedelta(seconds=5)  # a token that is refused so soon after it was given is not renewed again


@dataclass(frozen=True, slots=True)
class Token:
    """A key, how old it is and how long it still lives: no moments, so that no two clocks are ever compared."""

    key: str = field(repr=False)
    left: timedelta
    age: timedelta = timedelta(0)

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be renewed yet."""
        return self._spare > timedelta(0)

    @property
    def use_for(self) -> timedelta:
        """How long it is used before somebody looks whether it can be renewed."""
        return self._spare if self.is_fresh else min(self.left, AGAIN)

    @property
    def _spare(self) -> timedelta:
        return self.left - min(MARGIN, (self.left + self.age) / 10)

    def lives_beside(self, refused: str) -> bool:
        """Whether it can be used yet, and is not the one that was refused."""
        return self.left > timedelta(0) and self.key != refused


@dataclass(frozen=True, slots=True)
class Grant:
    """How a store gives a token, and for what: a token that was given for other credentials is none of ours."""

    credentials: str = field(repr=False)
    ask: Callable[[], Token] = field(repr=False)


class Tokens(Protocol):
    """Where the token of a store is kept for everybody who asks it."""

    def get(self, grant: Grant, *, refused: str = "") -> Token:
        """The token of now, another one than was refused. Raises what the grant raises, and Unavailable."""


class OwnTokens:
    """A token in memory: for a store that is not connected yet."""

    def __init__(self) -> None:
        self._kept: tuple[float, Token] | None = None  # when it was given

    def get(self, grant: Grant, *, refused: str = "") -> Token:
        """The token of now."""
        kept = self._now()
        if kept is None or not kept.is_fresh or kept.key == refused:
            refuse_again(kept, refused)
            kept = grant.ask()
            self._kept = monotonic(), kept
        return kept

    def _now(self) -> Token | None:
        if self._kept is None:
            return None
        given, token = self._kept
        age = timedelta(seconds=monotonic() - given)
        return Token(token.key, token.left - age, token.age + age)


def refuse_again(kept: Token | None, refused: str) -> None:
    """Raises Unavailable where the store refuses what it gave just now: another token would fare no better."""
    if kept is not None and kept.key == refused and kept.is_fresh and kept.age < LEAST:
        raise Unavailable("the store refuses the token that it gave a moment ago")


class RenewedKey:
    """The key of one connector: kept until its token is to be renewed, or is refused."""

    def __init__(self, grant: Grant, tokens: Tokens) -> None:
        self._grant, self._tokens = grant, tokens
        self._kept: tuple[float, str] | None = None  # until when, by our own clock that nobody sets

    def get(self) -> str:
        """The key of now. Raises a ConnectorError where the store gives none."""
        if self._kept is None or self._kept[0] <= monotonic():
            self._keep(self._tokens.get(self._grant))
        assert self._kept is not None
        return self._kept[1]

    def renew(self, refused: str) -> None:
        """The store refused a key: use the one that somebody else got meanwhile, or a new one."""
        self._keep(self._tokens.get(self._grant, refused=refused))

    def _keep(self, token: Token) -> None:
        self._kept = monotonic() + token.use_for.total_seconds(), token.key
