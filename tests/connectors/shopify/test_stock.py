"""connectors.shopify.stock: the catalogue's items, and what a batch of quantities comes to (SPEC chapter 8)."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import graphql
import pytest

from connectors import memo as remembered
from connectors.errors import RateLimited, Rejected, Unavailable
from connectors.patience import walk_catalogue
from connectors.shopify.connector import Shopify
from connectors.shopify.telling import ROUNDS
from sandbox import RunningSandbox, ShopifyShop
from sandbox.faults import Said
from sandbox.shopify.stock import Variant
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.shopify.platform import PLATFORM
from schemas.stock import NotTold, StoreItem

DATA = Path(__file__).parents[2] / "data" / "shopify"

Shop = RunningSandbox[ShopifyShop]


def items_of(store: Shopify, since: datetime | None = None) -> list[StoreItem]:
    return [item for page in walk_catalogue(store, since) for item in page.items]


def tell(variant: Variant, quantity: int, known: int | None = None, place: str = "") -> TellStock:
    return TellStock(variant.sku or "", variant.item_gid, place, quantity, known)


def many(shop: ShopifyShop, count: int) -> list[Variant]:
    return [shop.stock.add(f"SKU-{number:03}") for number in range(count)]


def said(*errors: dict[str, Any]) -> Said:
    return Said(200, json.dumps({"data": {"inventorySetQuantities": {"userErrors": errors}}}))


# -- the catalogue -----------------------------------------------------------------------------------------------


def test_STK_4_an_item_shows_what_is_available_at_each_place(sandbox: Shop, store: Shopify) -> None:
    made = sandbox.shop.stock.add(" HOOK ", name="Forged Hook", levels={"101": 7, "102": -2})

    (item,) = items_of(store)

    assert item == StoreItem(made.item_gid, "HOOK", "Forged Hook", is_tracked=True, shown={"101": 7, "102": -2, "": 7})


@pytest.mark.parametrize("kept", [{}, {"101": 9}])
def test_STK_12_where_an_item_is_not_active_it_shows_nothing(
    sandbox: Shop, store: Shopify, kept: dict[str, int]
) -> None:
    sandbox.shop.stock.add("HOOK", levels={"102": 3}).kept = kept

    assert items_of(store)[0].shown == {"102": 3}


@pytest.mark.parametrize("odd", [{"is_tracked": False}, {"is_bundle": True}])
def test_STK_6_what_the_store_does_not_count_is_said_to_be_so(
    sandbox: Shop, store: Shopify, odd: dict[str, bool]
) -> None:
    sandbox.shop.stock.add("HOOK", **odd)

    assert not items_of(store)[0].is_tracked


def test_STK_3_what_has_no_SKU_is_left_out(sandbox: Shop, store: Shopify) -> None:
    for sku in (None, "", "  "):
        sandbox.shop.stock.add(sku)

    assert items_of(store) == []


def test_STK_3_every_item_with_a_SKU_is_told_apart(sandbox: Shop, store: Shopify) -> None:
    twins = {sandbox.shop.stock.add("HOOK").item_gid for _ in range(2)}

    assert {item.external_id for item in items_of(store)} == twins
    assert {item.external_id for item in store.find_items(["HOOK"]).items} == twins


def test_six_hundred_variants_come_in_few_calls(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 600)

    items = items_of(store)

    assert [item.external_id for item in items] == [one.item_gid for one in made]
    assert store.http.calls == 1 + 3


@pytest.mark.parametrize(
    "change", [{"sku": "NEW"}, {"is_tracked": False}, {"is_bundle": True}, {"name": "New"}], ids=str
)
def test_STK_3_only_what_changed_since_is_asked_for(sandbox: Shop, store: Shopify, change: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    with sandbox.shop.at(now - timedelta(hours=2)):
        quiet, changed = sandbox.shop.stock.add("QUIET"), sandbox.shop.stock.add("OLD")
    sandbox.shop.stock.change(changed.id, **change)

    whole = {item.external_id: item for item in items_of(store)}
    assert items_of(store, now - timedelta(hours=1)) == [whole[changed.item_gid]]
    assert quiet.item_gid in whole


def test_a_change_that_is_found_a_little_late_is_not_missed(sandbox: Shop, store: Shopify) -> None:
    moment = datetime.now(UTC)
    with sandbox.shop.at(moment - timedelta(seconds=60)):
        sandbox.shop.stock.add("LATE")

    assert {item.sku for item in items_of(store, moment)} == {"LATE"}


def test_what_comes_and_goes_while_pages_are_read_hides_nothing(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 500)
    seen: list[str] = []
    for page in store.catalogue(None):
        seen += [item.sku for item in page.items]
        if len(seen) == 200:
            for gone in (*made[:50], *made[250:260]):
                sandbox.shop.stock.delete(gone.id)
            sandbox.shop.stock.add("LAST")

    stay = [one.sku for place, one in enumerate(made) if not 250 <= place < 260]
    assert seen == [*stay, "LAST"]


def test_levels_are_not_cut_where_the_shop_has_many_places(sandbox: Shop, store: Shopify) -> None:
    places = [str(number) for number in range(1000, 1260)]
    sandbox.shop.stock.locations |= dict.fromkeys(places, "Shop")
    sandbox.shop.stock.add("HOOK", levels={place: int(place) for place in places})
    sandbox.shop.most_points = 2000

    (item,) = items_of(store)

    assert item.shown == {place: int(place) for place in places}


def test_what_the_merchant_does_to_places_is_seen_with_the_next_walk(sandbox: Shop, store: Shopify) -> None:
    items_of(store)
    sandbox.shop.stock.locations |= dict.fromkeys([str(number) for number in range(200, 210)], "Shop")
    for sku in ("HOOK", "BOARD"):
        sandbox.shop.stock.add(sku, levels=dict.fromkeys(sandbox.shop.stock.locations, 1))
    before = store.http.calls

    items_of(store)

    assert store.http.calls - before == 2  # nothing is left to fetch of any item


def test_STK_4_another_primary_location_is_noticed_after_a_while(
    sandbox: Shop, store: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sandbox.shop.stock.add("HOOK", levels={"101": 1, "102": 1})
    store.tell_stock([tell(made, 4)])
    sandbox.shop.stock.primary = "102"
    calls = store.http.calls
    store.tell_stock([tell(made, 6)])
    assert store.http.calls - calls == 1  # a push asks for no places

    later = monotonic() + remembered.SECONDS
    monkeypatch.setattr(remembered, "monotonic", lambda: later)
    store.tell_stock([tell(made, 8)])

    assert made.levels == {"101": 6, "102": 8}


def test_pages_get_smaller_where_they_would_cost_too_much(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 120)
    sandbox.shop.most_points = 200

    assert len(items_of(store)) == len(made)


def test_a_walk_through_a_shop_with_few_points_waits_for_them_and_comes_to_its_end(
    sandbox: Shop, store: Shopify
) -> None:
    made = many(sandbox.shop, 700)
    bucket = sandbox.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 150, 150, 2000

    assert len(items_of(store)) == len(made)
    assert store.http.calls == 1 + 4  # none of them was throttled


def test_a_walk_that_others_hold_up_goes_on_where_it_was(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 300)
    seen: list[StoreItem] = []
    for page in walk_catalogue(store):
        seen += page.items
        if len(seen) == 200:
            sandbox.faults.fail_next(1, "rate_limit")

    assert [item.external_id for item in seen] == [one.item_gid for one in made]


def test_a_walk_is_given_up_where_the_shop_asks_for_a_long_wait(sandbox: Shop, store: Shopify) -> None:
    many(sandbox.shop, 300)
    pages = walk_catalogue(store)
    next(pages)
    sandbox.faults.set_pace(retry_after_seconds=600)
    sandbox.faults.fail_next(9, "rate_limit")

    with pytest.raises(RateLimited):
        next(pages)
    assert store.http.calls == 3


def test_a_worker_that_walks_leaves_points_to_others_instead_of_waiting(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 700)
    bucket = sandbox.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 150, 150, 2000
    seen: list[StoreItem] = []
    after: str | None = None

    def walk() -> None:
        nonlocal after
        for page in store.catalogue(None, after=after):
            seen.extend(page.items)
            after = page.position

    with pytest.raises(RateLimited) as said:
        walk()

    assert 0 < len(seen) < len(made)
    assert said.value.until > datetime.now(UTC) - timedelta(seconds=1)


def test_nobody_waits_while_a_SKU_is_looked_for(sandbox: Shop, store: Shopify) -> None:
    store.stock.places()
    sandbox.faults.fail_next(1, "rate_limit")

    with pytest.raises(RateLimited):
        store.find_items(["X"])


def test_an_item_that_cannot_be_read_stops_no_other(sandbox: Shop, store: Shopify) -> None:
    good = {"id": "gid://shopify/InventoryItem/7", "tracked": True, "inventoryLevels": {"nodes": []}}
    variants = [{"sku": "BAD", "inventoryItem": {**good, "id": "7"}}, 7, {"sku": "GOOD", "inventoryItem": good}]
    page = {"nodes": variants, "pageInfo": {"hasNextPage": False, "endCursor": None}}
    store.find_items(["X"])
    sandbox.faults.answer_next(1, Said(200, json.dumps({"data": {"productVariants": page}})))

    assert [item.sku for item in store.find_items(["GOOD", "BAD"]).items] == ["GOOD"]


def test_a_shop_that_repeats_a_page_is_not_asked_for_ever(sandbox: Shop, store: Shopify) -> None:
    store.stock.places()
    page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "same"}}
    sandbox.faults.answer_next(9, Said(200, json.dumps({"data": {"productVariants": page}})))

    with pytest.raises(Unavailable, match="repeats a page"):
        store.find_items(["X"])


@pytest.mark.parametrize("answer", [{}, {"location": None}, {"location": {"id": "x"}}, {"location": 7}])
def test_a_shop_without_a_primary_location_is_asked_later(sandbox: Shop, store: Shopify, answer: Any) -> None:
    sandbox.faults.answer_next(1, Said(200, json.dumps({"data": answer})))

    with pytest.raises(Unavailable, match="primary location"):
        store.find_items(["X"])


@pytest.mark.parametrize("page", [None, {"nodes": []}, {"nodes": None, "pageInfo": {"hasNextPage": False}}])
def test_what_is_no_page_of_variants_is_no_end(sandbox: Shop, store: Shopify, page: Any) -> None:
    store.find_items(["X"])
    sandbox.faults.answer_next(1, Said(200, json.dumps({"data": {"productVariants": page}})))

    with pytest.raises(Unavailable):
        store.find_items(["X"])


# -- SKUs that are looked for ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sku",
    [
        "A-1",
        "A 1",
        'A"1',
        "A\\1",
        'A\\"1',
        "A,1",
        "A'1",
        "(A) OR 1",
        "A:1*",
        "Ä-ß-東京",
        "sku:A",
        "A OR sku:B",
        "0" * 255,
    ],
)
def test_STK_3_a_SKU_is_found_as_it_is_and_no_other(sandbox: Shop, store: Shopify, sku: str) -> None:
    wanted = sandbox.shop.stock.add(sku)
    for other in ("A-1-B", "a-1", "A1", "B", sku.lower() + "-x", sku + ' "'):
        sandbox.shop.stock.add(other)

    found = store.find_items([sku])

    assert [item.external_id for item in found.items] == [wanted.item_gid]


def test_STK_3_spaces_around_a_SKU_do_not_count_on_either_side(sandbox: Shop, store: Shopify) -> None:
    sandbox.shop.stock.add(" HOOK")

    assert [item.sku for item in store.find_items(["HOOK  "]).items] == ["HOOK"]


@pytest.mark.long
def test_a_whole_batch_of_SKUs_is_looked_for(sandbox: Shop, store: Shopify) -> None:
    skus = [one.sku or "" for one in many(sandbox.shop, PLATFORM.stock_batch)]

    found = store.find_items([*skus[1:], "NOWHERE"])

    assert [item.sku for item in found.items] == skus[1:]
    assert store.http.calls <= 6


def test_nothing_is_asked_for_no_SKU(store: Shopify) -> None:
    assert store.find_items([" "]).items == ()
    assert store.http.calls == 0


# -- telling -----------------------------------------------------------------------------------------------------


def test_STK_5_quantities_are_set_in_one_call(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, PLATFORM.stock_batch)

    assert store.tell_stock([tell(one, place, known=10) for place, one in enumerate(made)]) == ()

    assert [sandbox.shop.stock_of(one.sku or "") for one in made] == [
        {(one.item_gid, "101"): place} for place, one in enumerate(made)
    ]
    assert sandbox.shop.asked["inventorySetQuantities"] == 1


def test_STK_4_each_place_is_told_its_own(sandbox: Shop, store: Shopify) -> None:
    one = sandbox.shop.stock.add("HOOK", levels={"101": 1, "102": 2})

    assert store.tell_stock([tell(one, 5, place="102"), tell(one, 6)]) == ()

    assert one.levels == {"101": 6, "102": 5}


def test_STK_8_what_is_named_is_refused_and_the_rest_is_told(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, 60)
    sandbox.shop.stock.change(made[36].id, is_bundle=True)
    sandbox.shop.stock.delete(made[40].id)

    refused = store.tell_stock([tell(one, 3) for one in made])

    assert {one.external_id: one.reason for one in refused} == {
        made[36].item_gid: Reason.TRACKING_OFF,
        made[40].item_gid: Reason.STORE_ITEM_GONE,
    }
    assert "not allowed to be adjusted" in refused[0].words
    assert {one.levels["101"] for one in made if one not in (made[36], made[40])} == {3}
    assert sandbox.shop.asked["inventorySetQuantities"] == 2


def test_STK_5_what_moved_in_the_store_is_not_written_over(sandbox: Shop, store: Shopify) -> None:
    moved, still = many(sandbox.shop, 2)
    sandbox.shop.place_order({"lines": [{"sku": moved.sku, "price": "1.00"}]})

    refused = store.tell_stock([tell(moved, 3, known=10), tell(still, 3, known=10)])

    assert [(one.external_id, one.place, one.reason) for one in refused] == [
        (moved.item_gid, "", Reason.MOVED_IN_STORE)
    ]
    assert (moved.levels["101"], still.levels["101"]) == (9, 3)


def test_what_is_not_known_is_written_over(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)

    assert store.tell_stock([tell(one, 3, known=None)]) == ()
    assert one.levels["101"] == 3


def activate(variant: Variant, quantity: int, place: str = "102") -> TellStock:
    return replace(tell(variant, quantity, place=place), activates=True)


@pytest.mark.parametrize("kept", [{}, {"102": 99}, {"102": 4}])
def test_STK_12_an_item_is_made_active_with_its_quantity_where_it_was_not(
    sandbox: Shop, store: Shopify, kept: dict[str, int]
) -> None:
    one, other = many(sandbox.shop, 2)
    one.kept = dict(kept)

    assert store.tell_stock([activate(one, 4), tell(other, 5)]) == ()

    assert (one.levels, one.kept) == ({"101": 10, "102": 4}, {})
    assert other.levels == {"101": 5}
    assert sandbox.shop.asked["inventoryActivate"] == 1


def test_STK_12_an_item_that_somebody_else_made_active_is_told_its_quantity(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    one.levels["102"] = 9

    assert store.tell_stock([activate(one, 4)]) == ()

    assert one.levels == {"101": 10, "102": 4}


@pytest.mark.parametrize("known", [None, 7])
def test_STK_12_an_item_that_is_no_longer_active_is_made_so_again(
    sandbox: Shop, store: Shopify, known: int | None
) -> None:
    one, other = many(sandbox.shop, 2)
    sandbox.shop.stock.put(one.id, "102", 7)
    sandbox.shop.stock.put(one.id, "102", None)  # the shop takes figures all the same, and says nothing

    assert store.tell_stock([tell(one, 4, known, place="102"), tell(other, 5)]) == ()

    assert (one.levels, one.kept) == ({"101": 10, "102": 4}, {})


def test_STK_12_no_pieces_make_no_item_active(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    one.kept = {"102": 7}

    assert store.tell_stock([tell(one, 0, place="102")]) == ()

    assert (one.levels, one.kept) == ({"101": 10}, {"102": 0})


@pytest.mark.parametrize("is_known", [True, False])
def test_STK_12_an_item_that_may_not_be_active_somewhere_is_refused_there(
    sandbox: Shop, store: Shopify, is_known: bool
) -> None:
    (one,) = many(sandbox.shop, 1)
    sandbox.shop.stock.closed.add("102")
    there = activate(one, 4) if is_known else tell(one, 4, place="102")

    refused = store.tell_stock([there, tell(one, 5)])

    assert [(one.place, one.reason) for one in refused] == [("102", Reason.NOT_STOCKED_HERE)]
    assert one.levels == {"101": 5}


def test_STK_12_what_is_made_active_travels_alone_and_the_rest_of_a_place_together(store: Shopify) -> None:
    one = TellStock("A", "gid://shopify/InventoryItem/1", "102", 4)
    tells = [one, replace(one, external_id="gid://shopify/InventoryItem/2"), replace(one, place="101")]
    alone = [replace(each, activates=True) for each in tells]

    calls = [store.stock_call(each) for each in (*tells, *alone)]

    assert calls[0] == calls[1]
    assert len(set(calls)) == 2 + len(alone)


def test_STK_3_an_item_that_is_made_active_and_has_another_SKU_now_is_not_told(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    told = activate(one, 4)
    sandbox.shop.stock.change(one.id, sku="OTHER")

    (refused,) = store.tell_stock([told])

    assert (refused.place, refused.reason, refused.sku) == ("102", Reason.SKU_MOVED, "OTHER")


def level_said(**changes: Any) -> dict[str, Any]:
    """An item of the first variant at the second place, active there with 4 pieces."""
    return {
        "isActive": True,
        "item": {"id": "gid://shopify/InventoryItem/540001", "sku": "SKU-000"},
        "location": {"id": "gid://shopify/Location/102"},
        "quantities": [{"name": "available", "quantity": 4}],
        **changes,
    }


@pytest.mark.parametrize(
    "level",
    [
        None,
        {},
        level_said(isActive=False),
        level_said(isActive=None),
        level_said(item={"id": "gid://shopify/InventoryItem/540002"}),
        level_said(location={"id": "gid://shopify/Location/101"}),
    ],
    ids=range(6),
)
def test_STK_12_an_answer_that_does_not_show_the_item_active_is_no_success(
    sandbox: Shop, store: Shopify, level: Any
) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    answer = {"data": {"inventoryActivate": {"inventoryLevel": level, "userErrors": []}}}
    sandbox.faults.answer_next(1, Said(200, json.dumps(answer)))

    with pytest.raises(Unavailable):
        store.tell_stock([activate(one, 4)])


@pytest.mark.parametrize(
    "group",
    [
        [],
        {},
        {"changes": None},
        {"changes": [{"item": {"id": "gid://shopify/InventoryItem/1", "inventoryLevel": {"isActive": True}}}]},
        {"changes": [{"item": {"id": "x"}}]},
    ],
    ids=repr,
)
def test_STK_5_an_answer_that_names_other_changes_is_no_success(sandbox: Shop, store: Shopify, group: Any) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    answer = {"data": {"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": []}}}
    sandbox.faults.answer_next(1, Said(200, json.dumps(answer)))

    with pytest.raises(Unavailable):
        store.tell_stock([tell(one, 4)])


def test_STK_3_an_item_with_another_SKU_that_shows_the_figure_already_is_not_taken_for_told(
    sandbox: Shop, store: Shopify
) -> None:
    """As where the answer to the first telling was lost: the second one changes nothing."""
    moved, still = many(sandbox.shop, 2)
    tells = [tell(moved, 10), tell(still, 3)]
    sandbox.shop.stock.change(moved.id, sku="OTHER")

    (refused,) = store.tell_stock(tells)

    assert (refused.external_id, refused.reason, refused.sku) == (moved.item_gid, Reason.SKU_MOVED, "OTHER")


def test_STK_12_an_item_that_is_not_active_and_shows_the_figure_already_is_made_so(
    sandbox: Shop, store: Shopify
) -> None:
    (one,) = many(sandbox.shop, 1)
    one.kept = {"102": 4}

    assert store.tell_stock([tell(one, 4, place="102")]) == ()

    assert (one.levels, one.kept) == ({"101": 10, "102": 4}, {})


@pytest.mark.parametrize("nodes", [None, {}, [7], [{"id": "x"}]])
def test_STK_5_items_that_cannot_be_looked_at_are_not_taken_for_told(sandbox: Shop, store: Shopify, nodes: Any) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    group: dict[str, Any] = {"changes": []}
    for data in ({"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": []}}, {"nodes": nodes}):
        sandbox.faults.answer_next(1, Said(200, json.dumps({"data": data})))

    with pytest.raises(Unavailable):
        store.tell_stock([tell(one, 10)])


@pytest.mark.parametrize("nodes", [[], [None], [{"id": "gid://shopify/InventoryItem/1", "sku": "A"}]], ids=repr)
def test_STK_5_an_item_of_which_nothing_is_said_is_told_again(sandbox: Shop, store: Shopify, nodes: Any) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    group: dict[str, Any] = {"changes": []}
    for data in ({"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": []}}, {"nodes": nodes}):
        sandbox.faults.answer_next(1, Said(200, json.dumps({"data": data})))

    assert [refused.reason for refused in store.tell_stock([tell(one, 10)])] == [Reason.STORE_UNAVAILABLE]


def test_STK_6_a_figure_that_was_there_already_is_no_change_and_a_success(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)

    assert store.tell_stock([tell(one, 10)]) == ()
    assert one.levels == {"101": 10}


def test_a_place_that_is_gone_is_refused_in_the_stores_words(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)

    (refused,) = store.tell_stock([tell(one, 4, place="999")])

    assert refused == NotTold(one.item_gid, "999", Reason.REFUSED_BY_STORE, refused.words)
    assert "INVALID_LOCATION: The specified location could not be found." in refused.words


def test_STK_8_a_batch_refused_without_a_name_is_for_the_caller_to_halve(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.answer_next(1, said({"code": "INVALID_REASON", "field": ["input", "reason"], "message": "No."}))

    with pytest.raises(Rejected, match="INVALID_REASON: No"):
        store.tell_stock([tell(one, 4)])


@pytest.mark.parametrize(
    "path", [None, [], ["input"], ["input", "quantities"], ["input", "quantities", "9", "x"], ["quantities", "-1"]]
)
def test_STK_8_a_name_that_is_none_names_nobody(sandbox: Shop, store: Shopify, path: Any) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.answer_next(1, said({"code": "INVALID_LOCATION", "field": path, "message": "No."}))

    with pytest.raises(Rejected):
        store.tell_stock([tell(one, 4)])


def test_STK_8_a_store_that_names_one_more_each_time_is_not_asked_for_ever(sandbox: Shop, store: Shopify) -> None:
    made = many(sandbox.shop, ROUNDS + 5)
    store.stock.places()
    error = {"code": "INVALID_LOCATION", "field": ["input", "quantities", "0", "locationId"], "message": "No."}
    sandbox.faults.answer_next(ROUNDS, said(error))

    with pytest.raises(Rejected, match="again and again"):
        store.tell_stock([tell(one, 4) for one in made])
    assert sandbox.faults.summary()["next"] == []


@pytest.mark.parametrize("code", ["IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"])
def test_a_key_that_is_used_up_is_replaced(sandbox: Shop, store: Shopify, code: str) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.answer_next(2, said({"code": code, "field": None, "message": "Try again."}))

    assert store.tell_stock([tell(one, 4)]) == ()
    assert one.levels["101"] == 4


def test_a_store_that_wants_ever_new_keys_is_asked_later(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.answer_next(9, said({"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "field": None, "message": "No."}))

    with pytest.raises(Unavailable):
        store.tell_stock([tell(one, 4)])


@pytest.mark.parametrize(
    "payload", [None, {}, {"userErrors": None}, {"userErrors": ["no"]}, {"userErrors": []}], ids=repr
)
def test_an_answer_that_does_not_say_what_became_of_it_is_no_success(
    sandbox: Shop, store: Shopify, payload: Any
) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.answer_next(1, Said(200, json.dumps({"data": {"inventorySetQuantities": payload}})))

    with pytest.raises(Unavailable):
        store.tell_stock([tell(one, 4)])


def test_a_throttled_batch_changes_nothing(sandbox: Shop, store: Shopify) -> None:
    """SPEC chapter 11."""
    made = many(sandbox.shop, 3)
    store.stock.places()
    bucket = sandbox.shop.bucket
    bucket.maximum, bucket.available, bucket.restore = 1000, 0, 1

    with pytest.raises(RateLimited):
        store.tell_stock([tell(one, 4) for one in made])

    assert {one.levels["101"] for one in made} == {10}


def test_STK_5_a_batch_whose_answer_was_lost_may_be_told_again(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    store.stock.places()
    sandbox.faults.fail_next(1, "lost")

    with pytest.raises(Unavailable):
        store.tell_stock([tell(one, 4, known=10)])

    assert store.tell_stock([tell(one, 4, known=None)]) == ()
    assert one.levels["101"] == 4


def test_every_call_has_a_key_of_its_own(sandbox: Shop, store: Shopify) -> None:
    (one,) = many(sandbox.shop, 1)
    for quantity in (4, 5, 4):
        store.tell_stock([tell(one, quantity)])

    keys = [variables["key"] for _, variables in sandbox.shop.heard if "key" in variables]
    assert len(set(keys)) == 3
    assert one.levels["101"] == 4


# -- what is sent fits the vendor's schema -----------------------------------------------------------------------


def _read_and_tell(store: Shopify, shop: ShopifyShop) -> None:
    one, other = many(shop, 2)
    items_of(store, datetime.now(UTC))
    store.find_items(["SKU-000"])
    store.tell_stock([tell(one, 3, place="102"), tell(other, 3, known=10), activate(other, 7)])


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
@pytest.mark.parametrize("act", [_read_and_tell])
def test_every_value_that_is_sent_fits_the_vendors_schema(
    sandbox: Shop, store: Shopify, act: Callable[[Shopify, ShopifyShop], None], version: str
) -> None:
    introspection = json.loads(gzip.decompress((DATA / f"schema_{version}.json.gz").read_bytes()))
    schema = graphql.build_client_schema(introspection, assume_valid=True)

    act(store, sandbox.shop)

    for document, variables in sandbox.shop.heard:
        (operation, *_) = graphql.parse(document).definitions
        assert isinstance(operation, graphql.OperationDefinitionNode)
        assert graphql.validate(schema, graphql.parse(document)) == []
        wanted = operation.variable_definitions
        assert isinstance(graphql.execution.values.get_variable_values(schema, wanted, dict(variables)), dict)
