"""Stock is counted in Katana as one adjustment for each location, once, and can be taken back (STK-10, STK-11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubBusy, HubRefused
from sandbox import Faults
from schemas.actions import AdjustStock, CountStock, TakeBackCount
from schemas.counts import CountLine
from schemas.groups import Group
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work, paths

D = Decimal


def item(work: Work, sku: str = "CHAIR", **more: Any) -> str:
    return str(work.account.add_product(sku, **more)["id"])


def place(work: Work) -> str:
    return str(work.account.locations.default()["id"])


def count(work: Work, *figures: tuple[str, str, int], batch: str | None = None) -> CountStock:
    """Figures as (variant, location, what is added)."""
    lines = tuple(CountLine("x", one, where, D(9), D(delta), batch=batch) for one, where, delta in figures)
    return CountStock("spring.csv", lines)


def pieces(work: Work, variant: str, where: str | None = None) -> Decimal:
    found: Decimal = work.account.movements.pieces(int(variant), int(where or place(work)))
    return found


def adjustments(work: Work) -> list[Any]:
    return list(work.account.adjustments.table.view())


def test_STK_11_a_count_is_one_adjustment_for_each_location(work: Work) -> None:
    chair, table = item(work), item(work, "TABLE")
    attic = str(work.account.locations.create({"name": "Attic"})["id"])
    before, action = work.count(), count(work, (chair, place(work), 5), (table, place(work), -2), (chair, attic, 3))

    count_id = work.do(action).made(action)

    assert paths(work.writes(before)) == ["POST /stock_adjustments"] * 2
    assert (pieces(work, chair), pieces(work, table), pieces(work, chair, attic)) == (5, -2, 3)
    assert {one["reason"] for one in adjustments(work)} == {f"storesync count {count_id}: spring.csv"}
    assert len({one["stock_adjustment_number"] for one in adjustments(work)}) == 2


def test_STK_10_what_was_looked_at_is_counted_though_nothing_moved(work: Work) -> None:
    chair, before = item(work), work.count()

    work.do(count(work, (chair, place(work), 0)))

    assert work.writes(before) == []
    known = work.database.execute("SELECT variant_id, location_id FROM katana_counted").fetchall()
    assert known == [{"variant_id": chair, "location_id": place(work)}]


def test_STK_11_the_same_file_counts_again_where_it_is_done(work: Work) -> None:
    chair = item(work)
    action = count(work, (chair, place(work), 5))

    first, second = (work.do(action).made(action) for _ in range(2))

    assert first != second
    assert pieces(work, chair) == 10


@pytest.mark.parametrize("fault", ["timeout_done", "lost", "html_done"])
def test_KAT_1_a_count_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    chair = item(work)
    faults.fail_next(1, fault, only="POST /v1/stock_adjustments")

    work.do(count(work, (chair, place(work), 5)))

    assert pieces(work, chair) == 5


def test_KAT_1_killed_between_answer_and_commit_a_count_is_one(work: Work, client: MortalClient) -> None:
    chair = item(work)
    attic = str(work.account.locations.create({"name": "Attic"})["id"])
    action = count(work, (chair, place(work), 5), (chair, attic, 3))
    client.dies_after("stock_adjustments")
    with pytest.raises(Died):
        work.do(action)

    work.do(action)

    assert (pieces(work, chair), pieces(work, chair, attic)) == (5, 3)
    assert len(adjustments(work)) == 2


def test_STK_11_a_count_is_taken_back_as_a_whole_and_once(work: Work, client: MortalClient) -> None:
    chair = item(work, stock=7)
    action = count(work, (chair, place(work), 5))
    count_id = work.do(action).made(action)
    client.dies_after("stock_adjustments")
    with pytest.raises(Died):
        work.do(TakeBackCount(count_id))

    work.do(TakeBackCount(count_id))

    assert pieces(work, chair) == 7
    with pytest.raises(HubRefused, match="already"):
        work.do(TakeBackCount(count_id))
    again = work.do(action).made(action)
    assert (again != count_id, pieces(work, chair)) == (True, 12)


def test_STK_11_a_count_behind_another_one_stays(work: Work) -> None:
    chair = item(work)
    first, second = count(work, (chair, place(work), 5)), count(work, (chair, place(work), 1))
    first_id, second_id = work.do(first).made(first), work.do(second).made(second)

    with pytest.raises(HubRefused, match=f"count {second_id} counted"):
        work.do(TakeBackCount(first_id))

    work.do(TakeBackCount(second_id))
    work.do(TakeBackCount(first_id))
    assert pieces(work, chair) == 0


@pytest.mark.parametrize("count_id", ["987654", "", "x", "9" * 30])
def test_STK_11_a_count_that_was_never_made_is_none(work: Work, count_id: str) -> None:
    with pytest.raises(HubRefused, match="no count"):
        work.do(TakeBackCount(count_id))


def test_STK_11_what_is_counted_in_a_batch_goes_to_it(work: Work) -> None:
    chair = item(work, batch_tracked=True)
    batch = work.account.add_batch(int(chair), "B1", 4)["id"]

    work.do(count(work, (chair, place(work), 3), batch="B1"))

    assert work.account.movements.by_batch(int(chair), int(place(work))) == {batch: 7}
    before = work.count()
    with pytest.raises(HubRefused, match="batch B2"):
        work.do(count(work, (chair, place(work), -3), batch="B2"))
    assert work.writes(before) == []


def test_STK_11_a_batch_that_katana_does_not_have_is_made_once(work: Work, client: MortalClient) -> None:
    chair = item(work, batch_tracked=True)
    client.dies_after("batches")
    with pytest.raises(Died):
        work.do(count(work, (chair, place(work), 3), batch="B2"))
    work.later(601)

    work.do(count(work, (chair, place(work), 3), batch="B2"))
    work.do(count(work, (chair, place(work), 2), batch="B2"))

    (batch,) = work.account.batches.table.of(int(chair))
    assert batch["batch_number"] == "B2"
    assert work.account.movements.by_batch(int(chair), int(place(work))) == {batch["id"]: 5}


def test_STK_11_a_batch_of_another_location_begins_at_this_one(work: Work) -> None:
    chair = item(work, batch_tracked=True)
    batch = work.account.add_batch(int(chair), "B1", 4)["id"]
    other = str(work.account.locations.create({"name": "Shop"})["id"])

    work.do(count(work, (chair, other, 3), batch="B1"))

    assert work.account.movements.by_batch(int(chair), int(other)) == {batch: 3}
    assert len(list(work.account.batches.table.view())) == 1


def test_KAT_3_a_count_in_a_closed_period_is_told_in_katana_s_words(work: Work) -> None:
    chair = item(work)
    work.account.factory["inventory_closing_date"] = "2090-01-01T23:59:59.000Z"

    with pytest.raises(HubBusy, match="closed"):
        work.do(count(work, (chair, place(work), 5)))

    assert pieces(work, chair) == 0


def test_STK_10_pieces_are_found_and_lost(work: Work) -> None:
    chair = item(work)
    work.do(AdjustStock("CHAIR", D(5), place(work)), AdjustStock("CHAIR", D("-1.5"), place(work)))

    assert pieces(work, chair) == D("3.5")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (AdjustStock("LAMP", D(1)), "no item"),
        (AdjustStock("CHAIR", D(1), "nowhere"), "no location"),
        (AdjustStock("CHAIR", D(1), batch="B1"), "not batch-tracked"),
        (AdjustStock("OIL", D(1)), "name the batch"),
        (CountStock("x", ()), "nothing to count"),
    ],
)
def test_KAT_3_what_cannot_be_counted_is_refused(work: Work, action: Any, words: str) -> None:
    item(work), item(work, "OIL", batch_tracked=True)
    if isinstance(action, AdjustStock) and action.location is None:
        action = replace(action, location=place(work))

    with pytest.raises(HubRefused, match=words):
        work.do(action)

    assert adjustments(work) == []


def test_BEY_1_a_rehearsed_count_counts_nothing(work: Work) -> None:
    chair = item(work)

    assert work.applier.rehearse([Group("all", (count(work, (chair, place(work), 5)),))]).is_done("all")

    assert adjustments(work) == []
