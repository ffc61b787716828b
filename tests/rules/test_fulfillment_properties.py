"""Whatever people do on both sides and however the looks come, store and hub end in one state, nothing sent twice."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.fulfillment_in import decide_links
from tests.examples import examples
from tests.rules.fulfilling import SENT, Died, Shop, World, fulfillment, hub_order, row

EXAMPLES = examples(150, deadline=None)
Event = tuple[str, str, int]

LINES = st.sampled_from(["1", "2"])
COUNTS = st.integers(1, 3)
PEOPLE = ["send", "pack", "deliver"]
LOOKS = ["in", "in again", "out", "out dies before", "out dies after"]


def events(*kinds: str) -> st.SearchStrategy[list[Event]]:
    return st.lists(st.tuples(st.sampled_from(kinds), LINES, COUNTS), max_size=14)


def world() -> World:
    """4 pieces of line 1 at two places, and 2 of line 2."""
    shop = Shop({"1": 4, "2": 2}, {("7", "1"): 3, ("8", "1"): 1, ("8", "2"): 2})
    return World(shop, hub_order(row("1", 4), row("2", 2)))


def world_with_a_past() -> World:
    """The same, imported after the store had sent 2 pieces of line 1 and refunded 1 of them (MAP-8)."""
    shop = Shop({"1": 4, "2": 2}, {("7", "1"): 2, ("8", "1"): 1, ("8", "2"): 2})
    shop.fulfillments.append((fulfillment("1", line_1=2), {("7", "1"): 1}))
    made = World(shop, hub_order(row("1", 4, delivered_quantity=Decimal(1)), row("2", 2)))
    for link in decide_links(shop.order(), made.hub, store=made.at):
        made.apply(link)
    return made


@dataclass
class Walk:
    """A world and what people did in it by hand: pieces by line that left, on either side."""

    world: World = field(default_factory=world)
    by_store: dict[str, int] = field(default_factory=lambda: {"1": 0, "2": 0})
    by_hub: dict[str, int] = field(default_factory=lambda: {"1": 0, "2": 0})

    def step(self, event: Event) -> None:
        kind, line, number = event
        match kind:
            case "send":
                self.by_store[line] += self.world.shop.send_by_hand(line, number)
            case "call off":
                self.world.shop.call_off(number)
            case "pack":
                self.by_hub[line] += self.world.pack(line, number)
            case "deliver":
                self.by_hub[line] += self.world.deliver(line, number)
            case _:
                self.look(kind, number)

    def look(self, kind: str, number: int) -> None:
        seen = self.world.seen
        if kind == "in again" and seen:
            self.world.look_in(seen[-number % len(seen)])
        elif kind.startswith("in"):
            self.world.look_in()
        else:
            with suppress(Died):
                self.world.look_out(dies=kind.removeprefix("out").removeprefix(" dies "))

    def shipped(self) -> dict[str | None, int]:
        return {each.external_id: int(each.shipped_quantity) for each in self.world.hub.rows}

    def sent(self) -> dict[str | None, int]:
        return {line: self.world.shop.sent(line) for line in self.world.shop.ordered}

    def told(self) -> dict[str | None, int]:
        fulfillments = [one for one, _ in self.world.shop.fulfillments if one.external_id in self.world.shop.told]
        pieces = [part for one in fulfillments for part in one.lines]
        return {line: int(sum(count for of, count in pieces if of == line)) for line in self.world.shop.ordered}


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Nothing has happened yet, in the store at least since the import."""
    if draw(st.booleans()):
        return Walk()
    return Walk(world_with_a_past(), by_store={"1": 1, "2": 0})


def walked(walk: Walk, steps: Sequence[Event]) -> Walk:
    for event in steps:
        walk.step(event)
    walk.world.settle()
    return walk


@EXAMPLES
@given(walk=walks(), steps=events(*PEOPLE, *LOOKS))
def test_FUL_14_store_and_hub_end_in_one_state_and_nothing_is_sent_twice(walk: Walk, steps: list[Event]) -> None:
    walked(walk, steps)

    assert walk.sent() == walk.shipped()
    for line, pieces in walk.shipped().items():
        assert line is not None
        assert max(walk.by_store[line], walk.by_hub[line]) <= pieces <= walk.by_store[line] + walk.by_hub[line]
        assert walk.told()[line] <= walk.by_hub[line]


@EXAMPLES
@given(
    walk=walks(),
    steps=events(*PEOPLE),
    deaths=st.lists(st.sampled_from(["", "before", "after"]), min_size=14, max_size=14),
)
def test_FUL_13_where_every_step_is_looked_at_all_pieces_of_both_sides_count(
    walk: Walk, steps: list[Event], deaths: list[str]
) -> None:
    for event, dies in zip(steps, deaths, strict=False):
        walk.step(event)
        with suppress(Died):
            walk.world.look_out(dies=dies)
        walk.world.settle()

    assert walk.sent() == walk.shipped() == {line: walk.by_store[line] + walk.by_hub[line] for line in ("1", "2")}
    assert walk.told() == walk.by_hub


@EXAMPLES
@given(walk=walks(), steps=events(*PEOPLE, "call off", *LOOKS))
def test_FUL_5_a_fulfilment_that_is_called_off_takes_nothing_back_and_is_not_sent_again(
    walk: Walk, steps: list[Event]
) -> None:
    walked(walk, steps)

    assert took_nothing_back(walk)


def took_nothing_back(walk: Walk) -> bool:
    return all(
        line is not None and max(walk.sent()[line], walk.by_hub[line]) <= pieces
        for line, pieces in walk.shipped().items()
    )


def test_FUL_5_of_two_that_are_called_off_one_after_the_other_each_is_itself() -> None:
    """The first one's pieces went over to the fulfilments that were made in its place: it is none any more."""
    sent = [("send", "1", 1), ("send", "2", 1), ("in", "1", 1), ("send", "1", 1), ("send", "2", 1)]

    walk = walked(Walk(world_with_a_past()), [*sent, ("call off", "1", 1), ("call off", "1", 1)])

    assert took_nothing_back(walk)
    known = {one.external_id for one in walk.world.hub.fulfillments}
    assert known >= {one.external_id for one, _ in walk.world.shop.fulfillments if one.status == SENT}


@EXAMPLES
@given(walk=walks(), steps=events(*PEOPLE, "call off", *LOOKS))
def test_FUL_7_the_same_looks_again_change_nothing(walk: Walk, steps: list[Event]) -> None:
    walked(walk, steps)
    before = walk.world.hub, list(walk.world.shop.fulfillments)

    for snapshot in list(walk.world.seen):
        walk.world.look_in(snapshot)

    assert walk.world.look_out() is False
    assert [each.shipped_quantity for each in walk.world.hub.rows] == [each.shipped_quantity for each in before[0].rows]
    assert walk.world.shop.fulfillments == before[1]
