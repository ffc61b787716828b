"""Whether a hub's own link to a shop, beside ours, keeps the shop from being connected (ORD-6). It asks nobody."""

from datetime import datetime, timedelta
from typing import Final

from schemas.hub_links import OtherLink

LIVE: Final = timedelta(days=30)  # what brought an order since then may bring the next one


def decide_link(link: OtherLink | None, *, shop: str, hub: str, now: datetime) -> str | None:
    """What a person should know before a shop's orders come by our way too; None where nothing is in the way."""
    if link is None:
        return None
    if not link.is_our_name:
        return (
            f"{hub} has orders of this shop that another link brought, which calls it {link.calls_it!r}, not {shop!r}:"
            " they are not known again, and those that are open would come twice"
        )
    if now - link.newest > LIVE:
        return None
    return (
        f"{hub} has {link.orders} order(s) of this shop that its own link brought, the newest of"
        f" {link.newest:%Y-%m-%d}: they are known again, but as long as that link is on both bring what comes, and an"
        f" order may be there twice. Switch it off in {hub}, or turn it to what storesync does not do"
    )
