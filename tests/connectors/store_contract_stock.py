"""What every connector must do with items and their stock (SPEC chapter 8), as a part of StoreContract."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, CredentialsRefused, RateLimited, Unavailable
from connectors.store import StoreConnector
from sandbox import Fault, RunningSandbox
from sandbox.faults import Said
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.stock import CataloguePage
from tests.connectors.store_contract_case import NO_ANSWERS, Contract


class StockContract(Contract):
    """Catalogue, search and stock calls."""

    def add(self, sandbox: RunningSandbox[Any], *skus: str, pieces: int = 5) -> list[str]:
        """Items; what their stock is called."""
        return [self.case.add_item(sandbox.shop, sku, pieces) for sku in skus]

    # -- the catalogue

    def test_the_catalogue_brings_every_item_with_what_it_shows(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        added = self.add(sandbox, *(f"SKU-{number}" for number in range(60)))

        items = {item.external_id: item for page in store.catalogue() for item in page.items}

        assert set(items) >= set(added)
        assert [items[one].sku for one in added] == [f"SKU-{number}" for number in range(60)]
        assert all(items[one].is_tracked and 5 in items[one].shown.values() for one in added)

    def test_what_changed_in_the_catalogue_since_a_moment_is_brought(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        with sandbox.shop.at(datetime.now(UTC) - timedelta(days=9)):
            self.add(sandbox, "OLD")
        (new,) = self.add(sandbox, "NEW")

        pages = store.catalogue(datetime.now(UTC) - timedelta(days=1))

        assert {name for page in pages for name in names(page)} == {new}

    def test_STK_3_a_walk_through_the_catalogue_goes_on_behind_a_page(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        added = self.add(sandbox, *(f"SKU-{number}" for number in range(300)))

        first = next(iter(store.catalogue()))
        rest = {name for page in store.catalogue(after=first.position) for name in names(page)}

        assert first.position is not None
        assert names(first) | rest >= set(added)
        assert not names(first) & rest

    def test_STK_4_a_shop_tells_its_locations_and_one_of_them_is_the_default(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        found = store.locations()

        assert [one.is_default for one in found].count(True) == (1 if store.platform.has_locations else 0)
        assert bool(found) == store.platform.has_locations
        assert all(one.id and one.name and one.is_active for one in found)

    # -- by SKU

    def test_STK_3_an_item_is_found_by_exactly_its_SKU(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        (lamp, hook, _) = self.add(sandbox, "LAMP-1", "Hook 2", "LAMP-10")

        page = store.find_items(["LAMP-1", "Hook 2", "NOT-THERE"])

        assert {item.external_id: item.sku for item in page.items} == {lamp: "LAMP-1", hook: "Hook 2"}
        assert store.find_items([]).items == ()

    # -- quantities

    def test_a_batch_of_quantities_is_shown_to_the_last_item(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        skus = [f"SKU-{number}" for number in range(store.platform.stock_batch)]
        tells = self.tells(sandbox, skus)

        assert store.tell_stock(tells) == ()

        assert [shown(sandbox, sku) for sku in (skus[0], skus[1], skus[-1])] == [[0], [1], [len(skus) - 1]]

    @pytest.mark.parametrize("sku", ["B", "A-OLD", "a", ""])
    def test_STK_3_an_item_that_has_another_SKU_now_is_not_taken_for_told(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, sku: str
    ) -> None:
        moved, still = self.tells(sandbox, ["A", "C"])
        assert store.tell_stock([moved, still]) == ()
        self.case.rename_item(sandbox.shop, moved.external_id, sku)

        told = [replace(one, quantity=one.quantity + 7, known=one.quantity) for one in (moved, still)]
        (refused,) = store.tell_stock(told)

        assert (refused.external_id, refused.reason, refused.sku) == (moved.external_id, Reason.SKU_MOVED, sku)
        assert shown(sandbox, "C") == [still.quantity + 7]

    def tells(self, sandbox: RunningSandbox[Any], skus: Sequence[str]) -> list[TellStock]:
        """0 of the first, 1 of the second, …"""
        added = self.add(sandbox, *skus)
        return [
            TellStock(sku, name, "", number, known=5)
            for number, (sku, name) in enumerate(zip(skus, added, strict=True))
        ]

    def test_STK_8_an_item_that_is_not_there_fails_alone(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        first, last = self.tells(sandbox, ["A", "C"])
        digits = "".join(filter(str.isdigit, first.external_id))
        gone = TellStock("B", first.external_id.replace(digits, "99999999"), "", 7, known=5)

        (refused,) = store.tell_stock([first, gone, last])

        assert refused.external_id == gone.external_id
        assert (shown(sandbox, "A"), shown(sandbox, "C")) == ([0], [1])

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("http_500", Unavailable),
            ("rate_limit", RateLimited),
            ("unauthorized", CredentialsRefused),
            ("truncated", Unavailable),
        ],
    )
    def test_a_fault_of_a_stock_call_is_told_apart(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, fault: str, kind: type[ConnectorError]
    ) -> None:
        tells = self.tells(sandbox, ["A", "B"])
        sandbox.faults.set_rates({fault: 1})

        with pytest.raises(ConnectorError) as caught:
            store.tell_stock(tells)

        assert type(caught.value) is kind

    @pytest.mark.parametrize("status", [200, 202])
    @pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
    def test_STK_8_an_answer_that_does_not_say_that_stock_was_taken_is_no_success(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, body: str, status: int
    ) -> None:
        tells = self.tells(sandbox, ["A", "B"])
        assert store.tell_stock(tells) == ()  # whatever is asked once, is asked now
        sandbox.faults.answer_next(1, Said(status, body), only=self.case.stock_call)

        with pytest.raises(Unavailable):
            store.tell_stock([replace(one, quantity=7, known=one.quantity) for one in tells])

        assert (shown(sandbox, "A"), shown(sandbox, "B")) == ([0], [1])

    def test_STK_5_what_was_taken_behind_a_page_is_told_again_without_harm(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        tells = self.tells(sandbox, ["A", "B"])
        sandbox.faults.fail_next(1, Fault.HTML_DONE, only=self.case.stock_call)

        with pytest.raises(Unavailable):
            store.tell_stock(tells)

        assert store.tell_stock([replace(one, known=None) for one in tells]) == ()
        assert (shown(sandbox, "A"), shown(sandbox, "B")) == ([0], [1])


def names(page: CataloguePage) -> set[str]:
    """What the stock of a page's items is called."""
    return {item.external_id for item in page.items}


def shown(sandbox: RunningSandbox[Any], sku: str) -> list[int]:
    """What the shop shows of a SKU, item by item."""
    return list(sandbox.shop.stock_of(sku).values())
