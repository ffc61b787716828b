"""What bad answers of a shop get on every platform (SPEC chapter 11): one store waits or stops, nothing is lost."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from connectors import locks
from sandbox import open_sandbox
from sandbox.faults import Said
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tests.connectors.builtin_hub import reports
from tests.tasks.bad_input import PLATFORMS, Bench, import_everything, open_bench, retry
from tests.tasks.conftest import import_all, import_due, show
from tests.tasks.orders.looking import (
    Shop,
    ahead,
    all_orders,
    asked,
    do,
    journal_of,
    let_waits_pass,
    order_of,
    store_of,
)


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform."""
    return str(request.param)


@pytest.fixture
def shop(platform: str) -> Iterator[Shop]:
    """A shop of the platform without orders."""
    with open_sandbox(platform, orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def bench(held: Process, shop: Shop, platform: str) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, platform, name="acme")


@pytest.fixture
def other(held: Process, platform: str) -> Iterator[Bench]:
    """Another shop of the platform, connected as `other`."""
    with open_sandbox(platform, orders=0) as sandbox:
        yield open_bench(held, sandbox, platform, name="other")


def errors(*codes: str, **more: Any) -> Said:
    """What GraphQL says with status 200."""
    told = [{"message": code.title(), "extensions": {"code": code}} for code in codes]
    return Said(200, json.dumps({"errors": told, **more}))


# -- in trouble ----------------------------------------------------------------------------------------------------

TROUBLE: Final[dict[str, Said | str]] = {
    **{name: name for name in ("http_500", "http_503", "reset", "timeout", "truncated", "html")},
    "502 of a proxy": Said(502, "<html>Bad gateway</html>", mimetype="text/html"),
    "an empty body": Said(200),
    "null": Said(200, "null"),
    "a text": Said(200, '"text"'),
    "an empty object": Said(200, "{}"),
    "half an answer": Said(200, '{"data": {"orders": [{"id": 1}'),
    "no UTF-8": Said(200, b'["\xff\xfe"]'),
    "too deep": Said(200, "[" * 100_000),
}
# Shopify's list is inside an object, the others' is all there is; an empty one of BigCommerce is 204.
OWN_TROUBLE: Final[Mapping[str, Mapping[str, Said]]] = {
    "bigcommerce": {},
    "shopify": {
        "204": Said(204),
        "a list": Said(200, "[]"),
        "no orders": Said(200, '{"data": {"orders": null}}'),
        "no page": Said(200, '{"data": {"orders": {"nodes": []}}}'),
        "nothing at all": Said(200, '{"data": null}'),
        "GraphQL in trouble": errors("INTERNAL_SERVER_ERROR"),
        "GraphQL too slow": errors("TIMEOUT", data=None),
        "the shop has not paid": Said(402, '{"errors": "Unavailable Shop"}'),
        "the shop is locked": Said(423, '{"errors": "Locked"}'),
    },
    "woocommerce": {"204": Said(204)},
}


def plan(shop: Shop, said: Said | str) -> None:
    """The next request gets this."""
    if isinstance(said, Said):
        shop.faults.answer_next(1, said)
    else:
        shop.faults.fail_next(1, said)


def test_ch_11_a_shop_in_trouble_is_asked_again_and_nothing_is_lost(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    placed = [bench.place() for _ in range(3)]
    shop.faults.set_pace(timeout_seconds=0.05)
    came_of_it = {}

    for name, said in {**TROUBLE, **OWN_TROUBLE[platform]}.items():
        plan(shop, said)
        word, row = fetch_orders(bench.store_id), store_of(held, bench.store_id)
        came_of_it[name] = (word, row.state, row.reason, row.fetch_attempts)
        assert ahead(row.fetch_due_at) <= timedelta(seconds=5)
        let_waits_pass(held, bench.store_id)
        do(held, "UPDATE stores SET fetch_attempts = 0")

    assert came_of_it == dict.fromkeys(came_of_it, ("put_off", "active", "store_unavailable", 1))
    assert journal_of(held, bench.store_id) == []
    assert import_all(held, bench.store_id) == ["imported"] * 3
    assert all_orders(held, bench.store_id) == dict.fromkeys(placed, "imported")


def test_ch_11_an_order_that_is_asked_for_in_trouble_is_asked_for_again(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    order = bench.place()
    fetch_orders(bench.store_id)
    shop.faults.set_pace(timeout_seconds=0.05)

    for said in {**TROUBLE, **OWN_TROUBLE[platform]}.values():
        plan(shop, said)
        assert retry(held, bench.store_id, order) == "put_off"
        assert order_of(held, bench.store_id, order).reason == "store_unavailable"

    let_waits_pass(held, bench.store_id)
    assert import_due(held, bench.store_id) == ["imported"]
    assert journal_of(held, bench.store_id, order) == [("import", "imported", None)]


@pytest.mark.parametrize("platform", ["bigcommerce"])
def test_ch_11_204_is_bigcommerces_empty_list(held: Process, shop: Shop, bench: Bench) -> None:
    shop.faults.answer_next(2, Said(204))

    assert fetch_orders(bench.store_id) == "fetched"


@pytest.mark.parametrize("platform", ["shopify"])
@pytest.mark.parametrize(
    "said",
    [
        errors("SOMETHING_NEW"),
        errors("undefinedField", data={"orders": None}),
        Said(200, '{"errors": "a text"}'),
        Said(200, '{"errors": [7, null]}'),
        Said(400, '{"errors": {"query": "Required parameter missing"}}'),
    ],
    ids=["unknown code", "unknown field", "text", "no errors", "400"],
)
def test_ch_11_an_error_nobody_knows_is_shown_and_asked_about_again_later(
    held: Process, shop: Shop, bench: Bench, said: Said
) -> None:
    bench.place()
    shop.faults.answer_next(1, said)

    assert fetch_orders(bench.store_id) == "put_off"

    row = store_of(held, bench.store_id)
    assert (row.state, row.reason) == ("active", "refused_by_store")
    assert ahead(row.fetch_due_at) > timedelta(minutes=4)
    assert journal_of(held, bench.store_id) == [("fetch", "failed", "refused_by_store")]
    let_waits_pass(held, bench.store_id)
    assert import_all(held, bench.store_id) == ["imported"]


# -- 401, 403 ------------------------------------------------------------------------------------------------------

OWN_REFUSALS: Final[Mapping[str, Mapping[str, Said]]] = {
    "bigcommerce": {
        "401": Said(401, '{"status": 401, "title": "Unauthorized"}'),
        "401 in words": Said(401, "X-Auth-Token header is required", mimetype="text/plain"),
        "403": Said(403, '[{"status": 403, "message": "You do not have the scope"}]'),
    },
    "shopify": {
        "401": Said(401, '{"errors": "[API] Invalid API key"}'),
        "403": Said(403, '{"errors": "[API] This action requires merchant approval"}'),
        "no scope": errors("ACCESS_DENIED"),
        "no scope for a part": errors("ACCESS_DENIED", data={"orders": {"nodes": []}}),
        "not known": errors("SOMETHING", "UNAUTHENTICATED"),
    },
    "woocommerce": {
        "401": Said(401, '{"code": "woocommerce_rest_cannot_view", "message": "Sorry", "data": {"status": 401}}'),
        "403": Said(403, '{"code": "rest_forbidden", "message": "Sorry", "data": {"status": 403}}'),
        "401 behind a warning": Said(
            401, '<b>Notice</b>: x in <b>y.php</b>\n{"code": "no", "message": "Sorry", "data": {"status": 401}}'
        ),
    },
}
OTHERS_REFUSALS: Final[Mapping[str, Said | str]] = {
    "a firewall": "firewall",
    "a login page": Said(401, "<html><form action=/login></form></html>", mimetype="text/html"),
    "nothing": Said(403),
    "somebody's JSON": Said(403, '{"message": "Forbidden"}'),
    "a network's JSON": Said(403, '{"success": false, "errors": [{"code": 1020, "message": "Access denied"}]}'),
    "a challenge": Said(403, "<title>Just a moment...</title>", {"cf-mitigated": "challenge"}, mimetype="text/html"),
}


def test_ch_11_somebody_who_stands_before_the_shop_only_delays_it(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    bench.place()
    came_of_it = {}

    for name, said in OTHERS_REFUSALS.items():
        plan(shop, said)
        word, row = fetch_orders(bench.store_id), store_of(held, bench.store_id)
        came_of_it[name] = (word, row.state, row.reason)
        assert "not in the shop's own words" in (row.reason_detail or "")
        assert ahead(row.fetch_due_at) <= timedelta(seconds=5)
        let_waits_pass(held, bench.store_id)
        do(held, "UPDATE stores SET fetch_attempts = 0")

    assert came_of_it == dict.fromkeys(OTHERS_REFUSALS, ("put_off", "active", "store_unavailable"))
    assert import_all(held, bench.store_id) == ["imported"]


def test_MUL_1_a_shop_that_refuses_us_stops_alone_and_comes_back_when_it_is_checked(
    held: Process, shop: Shop, bench: Bench, other: Bench, platform: str
) -> None:
    refusals = OWN_REFUSALS[platform]
    for said in refusals.values():
        order = bench.place()
        other.place()
        shop.faults.answer_next(1, said)

        assert fetch_orders(bench.store_id) == "store_needs_attention"
        before = asked(shop)
        assert [fetch_orders(bench.store_id), import_order(bench.store_id, order)] == ["store_needs_attention"] * 2
        assert asked(shop) == before
        assert store_of(held, bench.store_id).reason == "credentials_refused"
        assert import_all(held, other.store_id) == ["imported"]

        check_store(held, store_of(held, bench.store_id))
        assert import_all(held, bench.store_id) == ["imported"]

    assert journal_of(held, bench.store_id).count(("stop", "needs_attention", "credentials_refused")) == len(refusals)


# -- 429 -----------------------------------------------------------------------------------------------------------

_THROTTLED: Final = {"requestedQueryCost": 700, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 100}}


def limited(**headers: str) -> Said:
    """429 with headers, `_` for `-`."""
    return Said(429, "{}", {name.replace("_", "-"): value for name, value in headers.items()})


LIMITS: Final[Mapping[str, tuple[Said, float]]] = {
    "7 s": (limited(Retry_After="7"), 7),
    "nothing said": (limited(), 30),
    "no number": (limited(Retry_After="soon"), 30),
    "a negative number": (limited(Retry_After="-5"), 30),
    "no time at all": (limited(Retry_After="0"), 1),
    "a year": (limited(Retry_After="31536000"), 3600),
    "a number beyond all": (limited(Retry_After="9" * 400), 3600),
    "a date that has passed": (limited(Retry_After="Wed, 10 Jan 2018 21:05:30 +0000"), 1),
}
OWN_LIMITS: Final[Mapping[str, Mapping[str, tuple[Said, float]]]] = {
    "bigcommerce": {
        "its own header": (limited(X_Rate_Limit_Time_Reset_Ms="7500"), 7.5),
        "its own header, and another": (limited(X_Rate_Limit_Time_Reset_Ms="7500", Retry_After="60"), 7.5),
        "its own header without sense": (limited(X_Rate_Limit_Time_Reset_Ms="-1", X_Retry_After="9"), 9),
        "its other header": (limited(X_Retry_After="9"), 9),
    },
    "shopify": {
        "throttled": (errors("THROTTLED", extensions={"cost": _THROTTLED}), 7),
        "throttled, 429": (Said(429, errors("THROTTLED").body, {"Retry-After": "2"}), 2),
        "throttled without figures": (errors("THROTTLED"), 30),
        "throttled with absurd figures": (
            Said(
                200,
                '{"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {"requestedQueryCost":'
                ' 1e400, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 1e99999999999999999999}}}}',
            ),
            30,
        ),
    },
    "woocommerce": {},
}


def test_ch_11_a_limit_is_waited_for_as_long_as_the_vendor_says_by_everybody(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    order = bench.place()
    fetch_orders(bench.store_id)
    waited = {}

    limits = {**LIMITS, **OWN_LIMITS[platform]}
    for name, (said, _) in limits.items():
        shop.faults.answer_next(1, said)
        start, word = datetime.now(UTC), fetch_orders(bench.store_id)
        until = locks.waiting_until(held.redis, bench.store_id)
        before = asked(shop)
        again = [fetch_orders(bench.store_id), retry(held, bench.store_id, order)]
        waited[name] = round(((until or start) - start).total_seconds() * 2) / 2, word, again, asked(shop) - before
        assert store_of(held, bench.store_id).reason == "rate_limited"
        assert store_of(held, bench.store_id).fetch_attempts == 0
        let_waits_pass(held, bench.store_id)

    assert waited == {name: (wait, "put_off", ["waiting", "put_off"], 0) for name, (_, wait) in limits.items()}
    assert import_all(held, bench.store_id) == ["imported"]
    assert journal_of(held, bench.store_id) == [("import", "imported", None)]


# -- 404 -----------------------------------------------------------------------------------------------------------


def test_ch_11_an_imported_order_that_the_shop_does_not_know_any_more_stays_and_is_journaled(
    held: Process, bench: Bench
) -> None:
    order = bench.place()
    import_all(held, bench.store_id)
    bench.lose(order)

    retry(held, bench.store_id, order)

    shown = show(held, order)
    assert (shown["state"], shown["order"]["status"]) == ("imported", "NOT_SHIPPED")
    assert [line[1:] for line in journal_of(held, bench.store_id, order)] == [
        ("imported", None),
        ("failed", "not_found_in_store"),
    ]


@pytest.mark.parametrize("platform", ["bigcommerce"])
def test_ch_11_an_order_that_the_shop_says_is_deleted_is_cancelled(held: Process, shop: Shop, bench: Bench) -> None:
    order = bench.place()
    import_all(held, bench.store_id)
    shop.shop.delete_order(int(order))

    word = retry(held, bench.store_id, order)

    assert (word, show(held, order)["order"]) == ("deleted", None)
    assert order_of(held, bench.store_id, order).reason == "cancelled_in_store"


# -- many ----------------------------------------------------------------------------------------------------------

POISON: Final[Mapping[str, Mapping[str, Any]]] = {
    "bigcommerce": {"total_tax": "plenty"},
    "shopify": {"lineItems.0.taxLines.0.priceSet": "plenty"},
    "woocommerce": {"total_tax": "plenty"},
}


@pytest.mark.long
def test_ch_11_one_poisoned_order_of_many_is_set_aside_alone(held: Process, bench: Bench, platform: str) -> None:
    bench.seed(119)
    poisoned = bench.place()
    bench.spoil(poisoned, POISON[platform])

    assert fetch_orders(bench.store_id) == "fetched"
    import_everything(held, bench.store_id)

    states = all_orders(held, bench.store_id)
    assert Counter(states.values()) == {"imported": 119, "failed": 1}
    assert states[poisoned] == "failed"
    with held.pool.connection() as connection:
        (money,) = reports.money(connection, bench.store_id)
    assert money.total_with_tax == money.store_total_with_tax


_PAGES: Final = ("html", "html_done")
_FAULTS: Final = ("http_500", "http_503", "rate_limit", "rate_limit_bare", "reset", "lost", "truncated", *_PAGES)


@pytest.mark.long
def test_ch_11_a_shop_that_fails_every_second_time_loses_and_doubles_nothing(
    held: Process, shop: Shop, bench: Bench
) -> None:
    bench.seed(25)
    parts = [bench.place() for _ in range(5)]
    shop.faults.set_rates(dict.fromkeys(_FAULTS, 0.5 / len(_FAULTS)))

    for round_ in range(60):
        fetch_orders(bench.store_id)
        if parts[round_ % 5] in all_orders(held, bench.store_id):
            retry(held, bench.store_id, parts[round_ % 5])  # asked for alone
        import_due(held, bench.store_id)
        let_waits_pass(held, bench.store_id)
        if round_ > 10 and Counter(all_orders(held, bench.store_id).values()) == {"imported": 30}:
            break

    assert sum(shop.faults.happened.values()) > 5
    assert Counter(all_orders(held, bench.store_id).values()) == {"imported": 30}
    with held.pool.connection() as connection:
        (money,) = reports.money(connection, bench.store_id)
    assert (money.orders, money.mismatches) == (30, 0)
    assert money.total_with_tax == money.store_total_with_tax
