"""Answers that do not tell what happened: a POST that is refused or fails and has written, all of it or a part."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.katana.errors import KatanaRefusal, against_rules, broken


class Written(StrEnum):
    """What is there afterwards."""

    ALL = "all"
    PART = "part"  # of each list in the body the first one
    NOTHING = "nothing"


@dataclass(slots=True)
class Spoilt:
    """The next `times` requests to an end point ("POST /materials") answer `status` whatever they wrote."""

    route: str
    status: int = 500
    written: Written = Written.ALL
    times: int = 1

    def refusal(self) -> KatanaRefusal:
        """What the client is told."""
        return against_rules("The request could not be processed") if self.status == 422 else broken()


class Spoils:
    """What is planned."""

    def __init__(self) -> None:
        self.planned: list[Spoilt] = []

    def plan(self, spoilt: Spoilt) -> None:
        """Spoil requests to come."""
        self.planned.append(spoilt)

    def next(self, route: str) -> Spoilt | None:
        """What happens to a request."""
        for one in self.planned:
            if one.route == route:
                one.times -= 1
                if one.times <= 0:
                    self.planned.remove(one)
                return one
        return None


def part_of(body: dict[str, Any]) -> dict[str, Any]:
    """A body of which only the first of each list arrives."""
    return {name: value[:1] if isinstance(value, list) else value for name, value in body.items()}
