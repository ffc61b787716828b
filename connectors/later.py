"""Modules that are loaded when something of them is first asked for: a command loads what it uses, and no more."""

from importlib import import_module
from typing import Any, Final


class Later:
    """Stands for a module until then. Types are those of the module itself, which is imported for them alone:

    if TYPE_CHECKING:
        import redis
    else:
        redis = Later("redis")
    """

    def __init__(self, name: str, *, after: str = "") -> None:
        """`after` is a module that must have been loaded before it."""
        self._name = name
        self._after = after
        _WAITING.append(self)

    def load(self) -> None:
        """Load it now."""
        if self._after:
            import_module(self._after)
        import_module(self._name)

    def __getattr__(self, name: str) -> Any:
        self.load()
        return getattr(import_module(self._name), name)


_WAITING: Final[list[Later]] = []


def load_all() -> None:
    """Load whatever waits, and what of theirs does then: for a program whose children would each do it alone."""
    while _WAITING:
        _WAITING.pop().load()
