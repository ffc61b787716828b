"""A client whose process dies when Katana has answered, and before anything of it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient


class Died(BaseException):
    """Nobody is there any more who could do anything about it."""


@dataclass
class Death:
    """After which POST or PATCH it dies: of so many the last."""

    path: str
    writes: int = 1


class MortalClient(KatanaClient):
    """The client of a process that dies once, where it is told to."""

    dies: Death | None = None

    def dies_after(self, path: str, writes: int = 1) -> None:
        """Die behind the answer to the next POST there, or to a later write."""
        self.dies = Death(path, writes)

    def post(self, path: str, body: Mapping[str, Any], *, priority: Priority) -> Any:
        """As ever, and then it is over. Raises Died."""
        answer = super().post(path, body, priority=priority)
        self._die(path)
        return answer

    def patch(self, path: str, body: Mapping[str, Any], *, priority: Priority) -> Any:
        """As ever, and then it is over. Raises Died."""
        answer = super().patch(path, body, priority=priority)
        self._die(path.partition("/")[0])
        return answer

    def _die(self, path: str) -> None:
        if self.dies and self.dies.path == path:
            self.dies.writes -= 1
            if not self.dies.writes:
                self.dies = None
                raise Died
