"""Groups of actions in the built-in hub: each whole or refused, told back by name (docs/decisions/0018)."""

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas.actions import AddLocation, HubAction
from schemas.groups import Answers, Group
from tests.connectors.builtin_hub.makers import create, draft, read, run

OURS = AddLocation("ours", "Ours")
TAKEN = AddLocation("main", "There is one already")


def group(name: str, *actions: HubAction, **changes: object) -> Group:
    return Group(name, actions, **changes)  # type: ignore[arg-type]


def codes(hub: BuiltinHub) -> set[str]:
    return {place.code for place in hub.locations()} - {"main"}


def test_CHG_1_what_each_action_made_is_told_by_the_action(hub: BuiltinHub, connection: Connection) -> None:
    other = AddLocation("other", "Other")

    answers = hub.apply([group("one", OURS), group("two", other)])

    found = {str(row["id"]): row["code"] for row in connection.execute("SELECT id, code FROM hub.locations")}
    assert (found[answers.made(OURS)], found[answers.made(other)]) == ("ours", "other")
    assert answers.is_done("one") and not answers.is_done("three")


def test_ch_11_a_group_that_must_be_and_is_refused_keeps_nothing_of_any(hub: BuiltinHub) -> None:
    with pytest.raises(HubRefused, match="a location with this code"), hub.unit():
        hub.apply([group("one", OURS), group("two", TAKEN)])

    assert codes(hub) == set()


def test_ch_11_a_group_that_may_be_refused_alone_is_undone_as_a_whole_and_the_others_stay(hub: BuiltinHub) -> None:
    answers = hub.apply(
        [group("one", AddLocation("gone", "Gone"), TAKEN, may_be_refused=True), group("two", OURS)],
    )

    assert (answers.refusal("one"), answers.is_done("one")) == ("there is a location with this code already", False)
    assert codes(hub) == {"ours"}


@pytest.mark.parametrize(
    ("first", "expected"),
    [(AddLocation("first", "First"), {"first", "on"}), (TAKEN, {"instead"})],
    ids=["done", "refused"],
)
def test_ch_11_what_was_decided_on_a_group_goes_with_it_and_another_stands_in(
    hub: BuiltinHub, first: HubAction, expected: set[str]
) -> None:
    hub.apply(
        [
            group("first", first, may_be_refused=True),
            group("on", AddLocation("on", "On"), given="first"),
            group("instead", AddLocation("instead", "Instead"), unless="first"),
        ]
    )

    assert codes(hub) == expected


def test_BEY_1_a_rehearsal_says_what_would_come_of_it_and_keeps_nothing(hub: BuiltinHub) -> None:
    answers = hub.rehearse([group("one", OURS), group("two", TAKEN, may_be_refused=True)])

    assert (answers.is_done("one"), answers.refusal("two")) == (True, "there is a location with this code already")
    assert codes(hub) == set()
    with pytest.raises(HubRefused):
        hub.rehearse([group("must", TAKEN)])


def test_ch_11_with_no_transaction_open_the_groups_are_one_all_the_same(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as connection:
        hub = BuiltinHub(connection)
        with pytest.raises(HubRefused):
            hub.apply([group("one", OURS), group("two", TAKEN)])

        assert codes(hub) == set()


def test_CHG_4_an_order_that_is_read_outside_a_unit_is_not_held(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, postgres.connect(fresh_database_url) as theirs:
        hub = BuiltinHub(mine)
        order = create(hub, draft())
        with mine.transaction():
            read(hub, order.id)

            run(theirs, "SELECT FROM hub.sales_orders FOR UPDATE NOWAIT")


def test_no_answer_is_neither_done_nor_refused() -> None:
    assert (Answers().is_done("one"), Answers().refusal("one")) == (False, None)
