"""What becomes of a row's manufacturing order when its store changes or drops the row (CHG-1, CHG-3)."""

from schemas.actions import ChangeAction, DeleteMo, SetMoQuantity, UnlinkMo
from schemas.hub import HubRow, MoStatus


def follow_mo(row: HubRow) -> list[ChangeAction]:
    """What it takes once the row has another quantity: the row as it is then."""
    open_quantity = row.quantity - row.shipped_quantity
    if row.mo and row.mo.status is MoStatus.NOT_STARTED and open_quantity > 0:
        return [SetMoQuantity(row.mo.id, open_quantity)]
    return part_from_mo(row)


def part_from_mo(row: HubRow) -> list[ChangeAction]:
    """What it takes when there is nothing left to make for the row: what somebody began goes on, for the shelf."""
    if row.mo is None:
        return []
    return [DeleteMo(row.mo.id) if row.mo.status is MoStatus.NOT_STARTED else UnlinkMo(row.mo.id)]
