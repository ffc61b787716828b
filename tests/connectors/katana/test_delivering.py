"""What a store sent is delivered in Katana, once, whatever its answers were (FUL-1…8)."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import HubBusy
from connectors.postgres import journal
from sandbox import Faults, RunningSandbox
from schemas.actions import DeliverRows, LinkFulfillment, PackRows, RemakeFulfillment
from schemas.hub import HubFulfillment
from schemas.names import name_of_order, name_of_row
from tests.connectors.builtin_hub.makers import chair, product, shipping
from tests.connectors.katana.mortal import Died, MortalClient
from tests.connectors.katana.test_creating import spoil
from tests.connectors.katana.working import Work, paths

D = Decimal


def sent(work: Work, *pieces: tuple[str, int], **more: Any) -> DeliverRows:
    """The store's fulfilment 77 with pieces by its lines."""
    rows = tuple((work.row(line).id, D(count)) for line, count in pieces)
    return DeliverRows(work.id, rows, "store", **{"external_id": "77", **more})


def told(work: Work) -> list[tuple[str | None, str, dict[str, Decimal]]]:
    """The order's fulfilments: the store's id, who said so first, and pieces by line."""
    order = work.read()
    lines = {row.id: row.external_id or "" for row in order.rows}
    return [
        (one.external_id, one.source, {lines[row]: pieces for row, pieces in one.rows}) for one in order.fulfillments
    ]


def test_FUL_1_FUL_8_case_15_a_whole_order_is_one_fulfilment(work: Work) -> None:
    work.account.add_product("CHAIR", stock=10)
    work.create(chair(), shipping())
    action = sent(work, ("11", 2), tracking_number="T1", carrier="DHL", tracking_url="https://dhl.example/T1")
    work.read()
    before = work.count() - 2

    answers = work.do(action)

    assert work.asked(before) == [
        f"GET /sales_orders/{work.id}",
        "GET /sales_order_fulfillments",
        "POST /sales_order_fulfillments",
    ]
    chairs, fee = (int(row.id) for row in work.read().rows)
    (post,) = work.writes(before)
    assert post.body == {
        "sales_order_id": work.number,
        "status": "DELIVERED",
        "sales_order_fulfillment_rows": [
            {"sales_order_row_id": chairs, "quantity": 2},
            {"sales_order_row_id": fee, "quantity": 1},
        ],
        "tracking_number": "T1",
        "tracking_carrier": "DHL",
        "tracking_url": "https://dhl.example/T1",
    }
    assert work.account.orders.table.find(work.number)["status"] == "DELIVERED"
    assert D(work.account.summary()["stock"]["CHAIR"]) == 8
    (parcel,) = work.parcels()
    order = work.read()
    (fulfillment,) = order.fulfillments
    rows = ((str(chairs), D(2)), (str(fee), D(1)))
    assert fulfillment == HubFulfillment(str(parcel["id"]), "77", "store", rows, "T1", "DHL", "https://dhl.example/T1")
    assert (answers.made(action), order.status) == (fulfillment.id, "DELIVERED")


def test_FUL_7_the_same_again_delivers_nothing(work: Work) -> None:
    work.create(chair(quantity=D(3)))
    action = sent(work, ("11", 2))

    assert work.do(action).made(action) == work.do(sent(work, ("11", 1))).by_name["all"].made[0][1].id
    assert len(work.parcels()) == 1


def test_FUL_3_a_whole_order_without_fulfilments_of_its_own(work: Work) -> None:
    work.create(chair(), product("LAMP"))

    work.do(sent(work, ("11", 2), ("line-LAMP", 1), external_id=None))

    assert told(work) == [(None, "store", {"11": 2, "line-LAMP": 1})]


@pytest.mark.parametrize("fault", ["timeout_done", "lost", "html_done", "truncated"])
def test_KAT_1_a_delivery_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    work.create()
    faults.fail_next(1, fault, only="POST /v1/sales_order_fulfillments")

    work.do(sent(work, ("11", 2)))

    assert told(work) == [("77", "store", {"11": 2})]


@pytest.mark.parametrize("status", [422, 500])
def test_KAT_1_a_refusal_that_had_written_is_one(work: Work, katana: RunningSandbox[Any], status: int) -> None:
    work.create()
    spoil(katana, route="POST /sales_order_fulfillments", status=status, written="all")

    work.do(sent(work, ("11", 2)))

    assert told(work) == [("77", "store", {"11": 2})]


@pytest.mark.parametrize("external_id", ["77", None])
def test_KAT_1_killed_between_answer_and_commit_there_is_one(
    work: Work, client: MortalClient, external_id: str | None
) -> None:
    work.create(chair(quantity=D(3)))
    action = sent(work, ("11", 2), external_id=external_id)
    client.dies_after("sales_order_fulfillments")
    with pytest.raises(Died):
        work.do(action)

    assert told(work) == [(external_id, "store", {"11": 2})]  # no news for the store (FUL-13)

    if external_id:
        work.do(action)
    work.read()
    lines = journal.lines(work.database, journal.Which(work.store, "5001"))
    rows = [{"sku": "CHAIR", "quantity": "2"}]
    assert [(line.outcome, line.detail) for line in lines] == (
        [("delivered", {"fulfillment": external_id, "rows": rows})] if external_id else []
    )
    assert len(work.parcels()) == 1
    assert work.database.execute("SELECT FROM katana_intents WHERE found_id IS NULL").fetchall() == []


def test_KAT_1_a_delivery_that_was_not_written_is_sent_again_after_ten_minutes(
    work: Work, katana: RunningSandbox[Any]
) -> None:
    work.create()
    spoil(katana, route="POST /sales_order_fulfillments", status=500, written="nothing")
    action = sent(work, ("11", 2))
    for seconds in (0, 61):
        work.later(seconds)
        with pytest.raises(HubBusy) as caught:
            work.do(action)
        assert caught.value.until is not None
    work.later(5400)

    work.do(action)

    assert told(work) == [("77", "store", {"11": 2})]


@pytest.mark.long
def test_KAT_1_what_is_not_seen_yet_is_not_sent_again(work: Work, faults: Faults) -> None:
    work.create()
    action = sent(work, ("11", 2))
    faults.fail_next(1, "timeout_done", only="POST /v1/sales_order_fulfillments")
    work.account.oddities.lag_seconds = 3600

    with pytest.raises(HubBusy):
        work.do(action)

    assert len(work.parcels()) == 1
    work.account.oddities.lag_seconds = 0
    assert told(work) == [("77", "store", {"11": 2})]


def test_FUL_7_a_person_who_delivers_the_same_at_that_moment_is_taken_for_us(work: Work) -> None:
    work.create()
    action = sent(work, ("11", 2))
    work.read()
    work.account.fulfillments.take_rest(work.number, "DELIVERED")

    work.do(action)

    assert len(work.parcels()) == 1
    assert told(work) == [("77", "store", {"11": 2})]


def test_FUL_7_a_person_who_delivers_a_part_at_that_moment_is_seen_by_the_next_look(work: Work) -> None:
    work.create()
    action = sent(work, ("11", 2))
    work.read()
    work.account.fulfillments.take_rest(work.number, "DELIVERED", {int(action.rows[0][0]): 1})

    with pytest.raises(HubBusy):
        work.do(action)

    assert [pieces for _, _, pieces in told(work)] == [{"11": 1}]
    assert "1 are left" in work.refusal(action)


def test_FUL_2_more_than_is_left_is_refused_before_anything_is_told(work: Work) -> None:
    work.create(chair(quantity=D(3)))
    before = work.count()

    refusal = work.refusal(sent(work, ("11", 2)), sent(work, ("11", 2), external_id="78"))

    assert refusal == "CHAIR: 4 cannot be delivered, 3 are left"
    assert work.writes(before) == []


def test_FUL_4_names_of_the_store_s_lines_will_do(work: Work) -> None:
    work.create()

    work.do(DeliverRows(name_of_order(work.store, "5001"), ((name_of_row("11"), D(1)),), "store", external_id="77"))

    assert told(work) == [("77", "store", {"11": 1})]


@pytest.mark.parametrize("external_id", ["77", None])
def test_FUL_5_what_a_person_takes_back_is_theirs_to_deliver(work: Work, external_id: str | None) -> None:
    work.create(chair(quantity=D(3)))
    action = sent(work, ("11", 2), external_id=external_id)
    work.do(action)
    (parcel,) = work.parcels()
    work.account.fulfillments.delete(parcel)
    work.later(3600)
    work.database.execute("UPDATE katana_fulfillments SET made_at = made_at - interval '1 hour'")

    order = work.read()
    assert order.status == "NOT_SHIPPED"
    assert [(one.external_id, one.rows) for one in order.fulfillments] == ([("77", ())] if external_id else [])
    if external_id is None:
        assert "took back" in work.refusal(action)
    else:
        work.do(action)
    assert work.parcels() == []


# -- batches


def batches(work: Work, *pieces: int) -> list[str]:
    """A tracked chair with a batch for each number of pieces, the oldest first; an order of seven."""
    variant = work.account.add_product("CHAIR", batch_tracked=True)
    names = [str(work.account.add_batch(variant["id"], f"B{place}", count)["id"]) for place, count in enumerate(pieces)]
    work.create(chair(item=str(variant["id"]), quantity=D(7), total=D(210)))
    return names


def test_FUL_4_case_16_chosen_batches_are_taken_and_the_rest_is_of_none(work: Work) -> None:
    older, newer = batches(work, 4, 1)
    row = work.row().id
    chosen = ((row, older, D(4)), (row, newer, D(1)))

    work.do(sent(work, ("11", 7), batches=chosen))

    (line,) = work.writes()[-1].body["sales_order_fulfillment_rows"]
    assert line["traceability"] == [
        {"batch_id": int(older), "quantity": 4},
        {"batch_id": int(newer), "quantity": 1},
        {"batch_id": None, "quantity": 2},
    ]
    assert "batch_transactions" not in line


def test_FUL_4_no_more_is_taken_of_batches_than_is_delivered(work: Work) -> None:
    older, newer = batches(work, 4, 5)
    row = work.row().id

    work.do(sent(work, ("11", 5), batches=((row, older, D(4)), (row, newer, D(3)))))

    (line,) = work.writes()[-1].body["sales_order_fulfillment_rows"]
    assert [one["quantity"] for one in line["traceability"]] == [4, 1]


def test_FUL_4_a_batch_that_is_gone_meanwhile_is_chosen_anew(work: Work) -> None:
    (older,) = batches(work, 4)
    work.account.oddities.batches_go_negative = False
    row = work.row().id

    with pytest.raises(HubBusy, match="batch"):
        work.do(sent(work, ("11", 5), batches=((row, older, D(5)),)))

    work.orders.forget()
    work.do(sent(work, ("11", 5), batches=((row, older, D(4)),)))
    assert told(work) == [("77", "store", {"11": 5})]


# -- what is packed


def test_FUL_8_case_17_a_packed_parcel_goes_out_as_it_is(work: Work) -> None:
    work.account.add_product("CHAIR", stock=10)
    work.create()
    work.account.fulfillments.take_rest(work.number, "PACKED")
    assert D(work.account.summary()["stock"]["CHAIR"]) == 8
    before = work.count()

    work.do(sent(work, ("11", 2), tracking_number="T1"))

    (patch,) = work.writes(before)
    assert patch.body == {"status": "DELIVERED", "tracking_number": "T1"}
    assert D(work.account.summary()["stock"]["CHAIR"]) == 8
    assert told(work) == [("77", "store", {"11": 2})]


def test_FUL_8_what_is_packed_goes_first_and_the_rest_beside_it(work: Work) -> None:
    work.create(chair(quantity=D(5)))
    work.account.fulfillments.take_rest(work.number, "PACKED", {int(work.row().id): 2})
    before = work.count()

    work.do(sent(work, ("11", 3)))

    assert [path.split("/")[0] for path in paths(work.writes(before))] == ["PATCH ", "POST "]
    assert (work.row().delivered_quantity, work.row().packed_quantity) == (3, 0)
    assert told(work) == [("77", "store", {"11": 3})]  # one of the store's, two of Katana's


def test_FUL_8_a_parcel_is_not_opened(work: Work) -> None:
    work.create(chair(quantity=D(3)))
    work.account.fulfillments.take_rest(work.number, "PACKED", {int(work.row().id): 2})
    before = work.count()
    work.do(sent(work, ("11", 1)))
    assert paths(work.writes(before)) == ["POST /sales_order_fulfillments"]

    work.account.fulfillments.delete(work.parcels()[0])
    work.account.fulfillments.take_rest(work.number, "PACKED")

    assert "packed together" in work.refusal(sent(work, ("11", 1), external_id="78"))


def test_FUL_13_pieces_that_are_packed_and_sent_by_the_store_leave_told_ones_packed(work: Work) -> None:
    work.create(chair(quantity=D(3)))
    row = work.row().id
    work.account.fulfillments.take_rest(work.number, "PACKED", {int(row): 2})

    work.do(PackRows(work.id, ((row, D(1)),)), sent(work, ("11", 1)))

    assert (work.row().packed_quantity, work.row().delivered_quantity) == (2, 1)
    assert sorted(told(work), key=str) == [("77", "store", {"11": 1}), (None, "hub", {"11": 2})]


@pytest.mark.parametrize("fault", ["timeout_done", "lost"])
def test_KAT_1_a_parcel_whose_answer_is_lost_is_one(work: Work, faults: Faults, fault: str) -> None:
    work.create(chair(quantity=D(3)))
    faults.fail_next(1, fault, only="POST /v1/sales_order_fulfillments")

    work.do(PackRows(work.id, ((work.row().id, D(1)),)))

    assert (len(work.parcels()), work.row().packed_quantity) == (1, 1)
    work.do(PackRows(work.id, ((work.row().id, D(1)),)))  # another one
    assert (len(work.parcels()), work.row().packed_quantity) == (2, 2)


def test_MAP_8_what_was_packed_before_its_order_came_is_delivered_without_katana(work: Work) -> None:
    work.create(chair(quantity=D(3), packed_quantity=D(2), total=D(90)))
    before = work.count()

    work.do(sent(work, ("11", 2)))

    assert work.writes(before) == []
    assert (work.row().delivered_quantity, work.row().packed_quantity) == (2, 0)


# -- what only stores know


def test_FUL_13_a_person_s_fulfilment_is_known_to_its_store_once_it_was_told(work: Work) -> None:
    work.create()
    work.account.fulfillments.take_rest(work.number, "DELIVERED")
    (parcel,) = work.parcels()
    assert told(work) == [(None, "hub", {"11": 2})]

    work.do(LinkFulfillment(work.id, "88", str(parcel["id"])))
    work.do(LinkFulfillment(work.id, "88", str(parcel["id"])))

    assert told(work) == [("88", "hub", {"11": 2})]
    assert "no store knows yet" in work.refusal(LinkFulfillment(work.id, "89", str(parcel["id"])))


def test_FUL_7_FUL_14_what_a_store_has_and_katana_has_not_is_known_all_the_same(work: Work) -> None:
    work.create(chair(quantity=D(3), delivered_quantity=D(1), total=D(90)))
    row = work.row().id

    came, heard = (
        LinkFulfillment(work.id, id_, rows=((row, D(1)),), source=source)
        for id_, source in (("66", "store"), ("67", "hub"))
    )
    work.do(came, heard)
    work.do(came, heard)

    known = {one.external_id: (one.source, dict(one.rows), one.is_told_only) for one in work.read().fulfillments}
    assert known == {"66": ("store", {row: 1}, False), "67": ("hub", {row: 1}, True)}
    assert (work.row().delivered_quantity, work.read().takes_no_rows) == (1, False)


def test_FUL_7_what_a_store_called_off_and_made_again_is_the_last_one(work: Work) -> None:
    work.create(chair(quantity=D(3)), product("LAMP"))
    work.do(sent(work, ("11", 3), ("line-LAMP", 1)))
    (first,) = work.read().fulfillments
    row = work.row().id

    again = RemakeFulfillment(work.id, "78", ((first.id, row, D(2)),), tracking_number="T2")
    work.do(again)

    assert told(work) == [("77", "store", {"11": 1, "line-LAMP": 1}), ("78", "store", {"11": 2})]
    assert work.row().delivered_quantity == 3
    rest = tuple((first.id, one, pieces) for one, pieces in work.read().fulfillments[0].rows)
    work.do(RemakeFulfillment(work.id, "78", rest))
    assert told(work) == [("78", "store", {"11": 3, "line-LAMP": 1})]
    assert work.read().fulfillments[0].tracking_number == "T2"
    assert "no such fulfilments" in work.refusal(again)
