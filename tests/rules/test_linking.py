"""Whether a hub's own link to a shop keeps the shop from being connected."""

from datetime import UTC, datetime, timedelta

from schemas.hub_links import OtherLink
from tasks.rules.linking import LIVE, decide_link

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def words(*, days: int, is_our_name: bool = True) -> str:
    link = OtherLink(3, NOW - timedelta(days=days), "acme", is_our_name)
    return decide_link(link, shop="acme.myshopify.com", hub="katana", now=NOW) or ""


def test_ORD_6_a_link_that_brought_orders_of_late_is_said_with_what_to_do() -> None:
    assert "3 order(s) of this shop that its own link brought, the newest of 2026-02-28" in words(days=1)
    assert "Switch it off in katana" in words(days=1)


def test_ORD_6_what_an_old_link_brought_is_known_again_and_no_reason_to_stop() -> None:
    assert decide_link(None, shop="acme", hub="katana", now=NOW) is None
    assert words(days=LIVE.days + 1) == ""


def test_ORD_6_a_link_that_calls_the_shop_otherwise_is_one_at_any_age() -> None:
    assert "calls it 'acme', not 'acme.myshopify.com'" in words(days=400, is_our_name=False)
