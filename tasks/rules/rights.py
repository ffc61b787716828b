"""Which rights a store's settings need, and which of them a change of settings adds (DOR-4)."""

from collections.abc import Mapping, Sequence
from typing import Final

from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.rights import Lack, Need, Right
from schemas.settings import FULFILLMENT_SYNC, Value

_STOCK: Final = "stock.sync"
_PRODUCTS: Final = "products.import_on_connect"


def decide_needs(platform: Platform, settings: Mapping[str, Value]) -> tuple[Need, ...]:
    """The rights that a store of this platform, or profile, needs with all its settings (defaults filled in)."""
    flags = platform.status_flags
    asking = {
        Right.WRITE_ORDERS: (flags.told_with if flags else FULFILLMENT_SYNC,),
        Right.READ_PRODUCTS: (_STOCK, _PRODUCTS),
        Right.WRITE_STOCK: (_STOCK,),
    }
    found = ((right, tuple(key for key in keys if settings.get(key) is True)) for right, keys in asking.items())
    return Need(Right.READ_ORDERS), *(Need(right, keys) for right, keys in found if keys)


def added(before: Sequence[Need], after: Sequence[Need]) -> tuple[Need, ...]:
    """What is needed now and was not before."""
    known = {need.right for need in before}
    return tuple(need for need in after if need.right not in known)


def is_stopped_by(lacks: Sequence[Lack], needs: Sequence[Need]) -> bool:
    """Whether a right is missing that no setting can do without."""
    always = {need.right for need in needs if not need.settings}
    return any(lack.right in always for lack in lacks)


def withheld_words(fields: Sequence[str], platform: Platform) -> str:
    """What of buyers is kept from us, what becomes of that, and what it takes."""
    return (
        f"The shop does not let us read who orders ({', '.join(fields)}): orders come in without that, noted with"
        f" {Reason.BUYER_WITHHELD}. It takes {platform.grants.buyers}."
    )


def missing_words(lacks: Sequence[Lack], needs: Sequence[Need], platform: Platform) -> str:
    """Each missing right by the shop's name for it, what needs it, where to give it, and how to do without.

    What is missing is among what is needed.
    """
    settings = {need.right: need.settings for need in needs}
    told = [_one_missing(lack, settings[lack.right]) for lack in lacks]
    off = sorted({key for lack in lacks for key in settings[lack.right]})
    without = f", or do without: {' '.join(f'{key}=off' for key in off)}" if off else ""
    return f"the credentials lack {'; '.join(told)}. Give it in the shop ({platform.grants.where}){without}"


def _one_missing(lack: Lack, settings: Sequence[str]) -> str:
    return f"{', '.join(lack.names)} (for {' and '.join(settings) or 'reading orders'})"
