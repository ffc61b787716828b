"""Which settings held when: what the journal says of them, and what it does not (BEY-3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.account import Account
from schemas.bigcommerce.platform import PLATFORM, STITCH
from tasks.rules.replay_settings import SLACK, HeldSince, SettingsLine, held_settings, may_have_held
from tests.makers import CREATED_AT, store


def at(day: int) -> datetime:
    return CREATED_AT + timedelta(days=day)


def connected(day: int, given: dict[str, Any] | None = None) -> SettingsLine:
    return SettingsLine(at(day), given, is_connection=True)


def changed(day: int, **given: Any) -> SettingsLine:
    return SettingsLine(at(day), {key.replace("__", "."): value for key, value in given.items()})


def held(
    *lines: SettingsLine, now: dict[str, Any] | None = None, account: Account | None = None, of_account: Any = ()
) -> list[HeldSince]:
    return held_settings(
        store(PLATFORM, connected_at=at(100)),
        account or Account(),
        chosen=now or {},
        platform=PLATFORM,
        lines=(lines, of_account),
    )


def custom_items(found: list[HeldSince]) -> list[tuple[datetime | None, bool]]:
    return [(one.since, one.settings.store.is_on("orders.custom_items")) for one in found]


def test_where_nothing_was_changed_what_holds_now_held_always() -> None:
    assert custom_items(held(now={"orders.custom_items": True})) == [(None, True)]


def test_what_was_chosen_with_the_connection_held_until_it_was_changed() -> None:
    lines = connected(0, {"orders.custom_items": "on"}), changed(5, orders__custom_items="off")

    assert custom_items(held(*lines, now={"orders.custom_items": False})) == [(None, True), (at(5), False)]


def test_of_a_connection_that_says_nothing_the_defaults_are_taken_for_what_was_changed_later() -> None:
    lines = connected(0), changed(5, orders__custom_items="on")
    now = {"orders.custom_items": True, "orders.shipping_fee_line": False}

    found = held(*lines, now=now)

    assert custom_items(found) == [(None, False), (at(5), True)]
    assert not any(one.settings.store.is_on("orders.shipping_fee_line") for one in found)


def test_what_was_changed_otherwise_holds_from_the_last_line_on() -> None:
    found = held(connected(0, {"location": "berlin"}), now={"location": "south"})

    assert [one.settings.store.settings["location"] for one in found] == ["south"]


def test_settings_that_there_are_no_more_and_those_of_no_order_are_passed_over() -> None:
    lines = connected(0, {}), changed(5, stock__sync="on", orders__no_more="on", fetch__every="soon")

    assert len(held(*lines, now={"stock.sync": True})) == 1


def test_another_profile_was_another_platform() -> None:
    found = held(connected(0, {}), changed(5, profile="stitch"), now={"profile": "stitch"})

    assert [one.settings.store.platform for one in found] == [PLATFORM, STITCH]


def test_a_connection_that_ended_has_its_own_beginning() -> None:
    found = held(connected(0, {}), connected(9, {}))

    # Of the connection that holds the store itself knows the moment.
    assert [one.settings.store.connected_at for one in found] == [at(0), at(100)]


def test_settings_of_the_account_have_periods_of_their_own() -> None:
    found = held(
        changed(5, orders__custom_items="on"),
        now={"orders.custom_items": True},
        account=replace(Account(), default_delivery_days=7, base_currency="USD"),
        of_account=[changed(3, default_delivery_days=10), changed(8, default_delivery_days=7)],
    )

    days = [one.settings.account.default_delivery_days for one in found]
    assert [(one.since, on) for one, (_, on) in zip(found, custom_items(found), strict=True)] == [
        (None, False),
        (at(3), False),
        (at(5), True),
        (at(8), True),
    ]
    assert days == [14, 10, 10, 7]
    assert {one.settings.account.base_currency for one in found} == {"USD"}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(None, [False, True, False], id="nobody knows"),
        pytest.param(at(1), [False, True, False], id="before all"),
        pytest.param(at(5) + SLACK / 2, [False, True, False], id="decided before it was written down"),
        pytest.param(at(5) + SLACK * 2, [True, False], id="in between"),
        pytest.param(at(9), [False], id="afterwards"),
    ],
)
def test_an_order_may_have_been_looked_at_by_what_held_then_or_later(
    moment: datetime | None, expected: list[bool]
) -> None:
    lines = connected(0, {}), changed(5, orders__custom_items="on"), changed(7, orders__custom_items="off")
    found = held(*lines, now={"orders.custom_items": False})

    assert [one.store.is_on("orders.custom_items") for one in may_have_held(found, moment)] == expected
