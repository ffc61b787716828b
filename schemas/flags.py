"""The flags of an order in the hub. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flags:
    """How far an order is, as the stitch profile tells it (SPEC chapter 9)."""

    billed: bool = False
    paid: bool = False
    packed: bool = False
    shipped: bool = False
    closed: bool = False
    voided: bool = False
