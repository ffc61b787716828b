"""A store's returns come to Katana, one each, as far as it delivered what comes back (CHG-9)."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubRefused
from sandbox import Faults
from schemas.actions import DeleteReturn, DeliverRows, KeepReturn
from tests.connectors.builtin_hub.makers import chair, product
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.working import Work, paths

D = Decimal


def back(work: Work, *pieces: tuple[str, int], name: str = "9") -> KeepReturn:
    return KeepReturn(work.id, name, tuple((line, D(count)) for line, count in pieces))


def delivered(work: Work) -> None:
    work.create(chair(quantity=D(3), total=D(90)), product("LAMP"))
    work.account.fulfillments.take_rest(work.number, "DELIVERED")
    work.read()


def there(work: Work) -> dict[str, dict[str, Decimal]]:
    """The returns in Katana by their numbers: pieces by SKU."""
    found: dict[str, dict[str, Decimal]] = {}
    for one in work.account.returns.table.view():
        pieces = found.setdefault(one["order_no"], {})
        for row in work.account.return_rows.table.of(one["id"]):
            sku = work.account.variants.table.find(row["variant_id"])["sku"]
            pieces[sku] = pieces.get(sku, D(0)) + row["quantity"]
    return found


def known(work: Work) -> dict[str | None, dict[str, Decimal]]:
    return {one.external_id: dict(one.lines) for one in work.read().returns}


def test_CHG_9_case_19_a_return_is_made_once_with_its_row(work: Work) -> None:
    delivered(work)
    action, before = back(work, ("11", 1)), work.count()

    answers = work.do(action)

    assert paths(work.writes(before)) == ["POST /sales_returns", "POST /sales_return_rows"]
    (made,) = work.account.returns.table.view()
    assert (answers.made(action), made["order_no"]) == (str(made["id"]), f"{work.store}-9")
    assert there(work) == {f"{work.store}-9": {"CHAIR": 1}}
    assert known(work) == {"9": {"11": 1}}
    assert answers.notes("all") == ()
    before = work.count()
    work.do(action)
    assert work.writes(before) == []


def test_CHG_9_a_return_grows_and_shrinks_with_the_store_s(work: Work) -> None:
    delivered(work)
    work.do(back(work, ("11", 1), ("line-LAMP", 1)))

    work.do(back(work, ("11", 3)))

    assert there(work) == {f"{work.store}-9": {"CHAIR": 3}}
    work.do(back(work, ("11", 2), ("line-LAMP", 1)))
    assert there(work) == {f"{work.store}-9": {"CHAIR": 2, "LAMP": 1}}
    assert known(work) == {"9": {"11": 2, "line-LAMP": 1}}


def test_CHG_9_of_several_parcels_each_has_its_own_pieces_come_back(work: Work) -> None:
    work.create(chair(quantity=D(3), total=D(90)))
    row = int(work.row().id)
    for pieces in (1, 2):
        work.account.fulfillments.take_rest(work.number, "DELIVERED", {row: pieces})
    work.read()

    work.do(back(work, ("11", 1), name="8"), back(work, ("11", 2)))

    assert there(work) == {f"{work.store}-8": {"CHAIR": 1}, f"{work.store}-9": {"CHAIR": 2}}


def test_CHG_9_what_is_not_delivered_comes_back_once_it_is(work: Work) -> None:
    work.create(chair(quantity=D(3), total=D(90)))
    action = back(work, ("11", 2))

    answers = work.do(action)

    (note,) = answers.notes("all")
    assert note.reason == "return_incomplete"
    assert note.detail == {"return": "9", "rows": [{"row": "CHAIR", "missing": "2"}]}
    assert (there(work), known(work)) == ({}, {"9": {"11": 2}})  # nothing to be asked again yet
    work.account.fulfillments.take_rest(work.number, "DELIVERED", {int(work.row().id): 1})
    assert known(work) == {"9": {}}
    assert work.do(action).notes("all")[0].detail["rows"] == [{"row": "CHAIR", "missing": "1"}]
    assert there(work) == {f"{work.store}-9": {"CHAIR": 1}}
    work.account.fulfillments.take_rest(work.number, "DELIVERED")
    work.read()
    assert work.do(action).notes("all") == ()
    assert known(work) == {"9": {"11": 2}}


def test_CHG_9_what_waited_comes_back_with_what_its_store_sends_later(work: Work) -> None:
    work.create(chair(quantity=D(3), total=D(90)))
    work.do(back(work, ("11", 2)))
    work.read()

    work.do(DeliverRows(work.id, ((work.row().id, D(3)),), "store", external_id="77"))

    assert there(work) == {f"{work.store}-9": {"CHAIR": 2}}
    assert known(work) == {"9": {"11": 2}}


def test_CHG_9_a_return_that_was_received_in_katana_stays_and_is_told(work: Work) -> None:
    delivered(work)
    work.do(back(work, ("11", 1)))
    (made,) = work.account.returns.table.view()
    work.account.returns.change(made, {"status": "RETURNED_ALL"})

    answers = work.do(back(work, ("11", 2)))

    assert "received" in str(answers.notes("all")[0].detail["problem"])
    assert there(work) == {f"{work.store}-9": {"CHAIR": 1}}


@pytest.mark.parametrize("fault", ["timeout_done", "lost"])
@pytest.mark.parametrize("path", ["sales_returns", "sales_return_rows"])
def test_KAT_1_a_return_whose_answer_is_lost_is_one(work: Work, faults: Faults, path: str, fault: str) -> None:
    delivered(work)
    faults.fail_next(1, fault, only=f"POST /v1/{path}")

    work.do(back(work, ("11", 1)))

    assert there(work) == {f"{work.store}-9": {"CHAIR": 1}}


@pytest.mark.parametrize("path", ["sales_returns", "sales_return_rows"])
def test_KAT_1_killed_between_answer_and_commit_a_return_is_one(work: Work, client: MortalClient, path: str) -> None:
    delivered(work)
    client.dies_after(path)
    with pytest.raises(Died):
        work.do(back(work, ("11", 1)))

    work.do(back(work, ("11", 1)))

    assert there(work) == {f"{work.store}-9": {"CHAIR": 1}}


def test_CHG_9_a_return_that_is_called_off_goes(work: Work) -> None:
    delivered(work)
    work.do(back(work, ("11", 1)))
    gone = DeleteReturn(work.id, "9")

    work.do(gone)
    work.do(gone)

    assert (there(work), known(work)) == ({}, {})
    work.do(back(work, ("11", 2)))  # and may come again
    assert there(work) == {f"{work.store}-9": {"CHAIR": 2}}


def test_KAT_4_a_return_that_a_person_deleted_is_told_and_not_made_again(work: Work) -> None:
    delivered(work)
    work.do(back(work, ("11", 1)))
    (row,) = work.account.returns.table.view()
    work.account.returns.delete(row)
    work.database.execute("UPDATE katana_intents SET sent_at = sent_at - interval '1 day'")
    work.is_old()

    notes = work.do(back(work, ("11", 2))).notes("all")

    (note,) = notes
    assert note.reason == "return_incomplete"
    assert "deleted the return in Katana" in str(note.detail["problem"])
    assert there(work) == {}


def test_CHG_9_a_line_that_has_no_row_is_refused(work: Work) -> None:
    delivered(work)
    before: Any = work.count()

    with pytest.raises(HubRefused, match="no row of the line 404"):
        work.do(back(work, ("11", 1), ("404", 1)))

    assert work.writes(before) == []
