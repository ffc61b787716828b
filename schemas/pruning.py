"""What comes of cutting one portion of what is long over. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Portion:
    """How much was cut, and the number behind which the next portion begins; None where nothing old is left."""

    cut: int
    beyond: int | None = None
