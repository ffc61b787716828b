"""What a hub outside our own database needs of the process that asks it: said once, and used when a hub is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from redis import Redis

    from connectors.secrets import Secrets


class Means(Protocol):
    """What a hub outside our own database needs of the process that asks it."""

    @property
    def redis(self) -> Redis:
        """Where limits are shared."""

    @property
    def secrets(self) -> Secrets:
        """What its key is locked with."""


class _Equipment:
    means: Callable[[], Means] | None = None


def equip(means: Callable[[], Means]) -> None:
    """From here on hubs are opened with what this gives when the first one needs it."""
    _Equipment.means = means


def means() -> Means:
    """What was said. Raises RuntimeError where nobody did."""
    if _Equipment.means is None:
        raise RuntimeError("nobody said how hubs outside our database are opened")
    return _Equipment.means()
