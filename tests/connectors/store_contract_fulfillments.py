"""What every connector must do with fulfilments and statuses (SPEC chapters 6 and 7), as a part of StoreContract.

A platform that knows fulfilments is told of them, one that knows whole orders is given a status; what it has not is
rejected, and nothing happens.
"""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import ConnectorError, CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from connectors.platforms import open_store
from connectors.store import StoreConnector
from sandbox import Fault, RunningSandbox
from sandbox.faults import Said
from schemas.actions import SendFulfillment
from schemas.orders import StoreOrder
from tests.connectors.store_contract_case import NO_ANSWERS, Contract


class FulfillmentContract(Contract):
    """Both ways of saying that an order is on its way."""

    def test_FUL_3_an_order_that_the_merchant_completed_reads_so(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        assert not is_completed(store, order)

        self.case.complete(sandbox.shop, order)

        assert is_completed(store, order)

    def test_FUL_10_12_an_order_that_is_told_to_be_sent_is_completed(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)

        tell(store, order)

        assert is_completed(store, order)

    def test_FUL_10_a_fulfilment_leaves_the_rest_to_be_sent_and_is_known_by_its_id(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        before = read(store, order)
        if not before.to_send:
            with pytest.raises(Rejected):
                store.send_fulfillment(SendFulfillment(order, (), (("1", Decimal(1)),)))
            return

        made = store.send_fulfillment(fulfillment(before, 1, tracking_number="JD1"))

        after = read(store, order)
        assert [(one.external_id, one.lines, one.tracking_number) for one in after.fulfillments] == [
            (made, ((before.lines[0].external_id, Decimal(1)),), "JD1")
        ]
        assert left(after) == left(before) - 1
        with pytest.raises(Rejected):
            store.send_fulfillment(fulfillment(before, left(before)))  # more than is left
        assert read(store, order).fulfillments == after.fulfillments

    def test_FUL_14_what_was_told_is_seen_though_its_answer_is_lost(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        prepared = read(store, order)
        sandbox.faults.fail_next(1, "lost")

        with pytest.raises(Unavailable):
            tell(store, order, prepared)

        assert is_completed(store, order)

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [("http_500", Unavailable), ("rate_limit", RateLimited), ("unauthorized", CredentialsRefused)],
    )
    def test_FUL_14_what_never_arrived_is_not_seen(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, fault: str, kind: type[ConnectorError]
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        prepared = read(store, order)
        sandbox.faults.fail_next(1, fault)

        with pytest.raises(ConnectorError) as caught:
            tell(store, order, prepared)

        assert type(caught.value) is kind
        # A shop that asked to wait is asked by somebody who has waited.
        assert not is_completed(self.another(sandbox), order)

    @pytest.mark.parametrize("status", [200, 201, 202])
    @pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
    def test_FUL_14_an_answer_that_does_not_say_what_was_done_is_no_success(
        self, sandbox: RunningSandbox[Any], store: StoreConnector, body: str, status: int
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        prepared = read(store, order)
        sandbox.faults.answer_next(1, Said(status, body))

        with pytest.raises(Unavailable):
            tell(store, order, prepared)
        assert not is_completed(store, order)

    def test_FUL_14_an_answer_about_another_order_is_no_success(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order, other = self.case.place_open(sandbox.shop), self.case.place_open(sandbox.shop)
        prepared = read(store, order)
        tell(store, other)
        sandbox.faults.answer_next(1, Said(200, self.case.sent_answer(sandbox.shop, other)))

        with pytest.raises(Unavailable):
            tell(store, order, prepared)

        assert not is_completed(store, order)

    def test_FUL_14_what_was_done_behind_a_page_is_seen(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        prepared = read(store, order)
        sandbox.faults.fail_next(1, Fault.HTML_DONE)

        with pytest.raises(Unavailable):
            tell(store, order, prepared)

        assert is_completed(store, order)

    def another(self, sandbox: RunningSandbox[Any]) -> StoreConnector:
        """A connector that knows of no wait."""
        return open_store(self.case.platform, sandbox.url, sandbox.credentials, allow_insecure=True)

    def test_a_status_that_the_platform_has_not_is_rejected(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        order = self.case.place_open(sandbox.shop)
        before = read(store, order)

        with pytest.raises(Rejected):
            store.set_status(order, "no-such-status")

        assert read(store, order) == before

    def test_an_order_that_is_not_there_is_told_nothing(
        self, sandbox: RunningSandbox[Any], store: StoreConnector
    ) -> None:
        prepared = read(store, self.case.place_open(sandbox.shop))

        with pytest.raises((NotFound, Rejected)):
            tell(store, "999999999", prepared)


def tell(store: StoreConnector, order: str, prepared: StoreOrder | None = None) -> None:
    """Say that all of an order is sent, in the way that the platform knows."""
    if not store.platform.partial_fulfillment:
        store.set_status(order, store.platform.completed_status)
        return
    known = prepared or read(store, order)
    all_of_it = fulfillment(known, left(known))
    if order == known.external_id:
        store.send_fulfillment(all_of_it)
    else:  # nobody's fulfilment
        wrong = tuple((name.rpartition("/")[0] + "/999999999", lines) for name, lines in all_of_it.taken)
        store.send_fulfillment(SendFulfillment(order, wrong, all_of_it.lines))


def read(store: StoreConnector, external_id: str) -> StoreOrder:
    """The order as its store tells it now."""
    return store.read(store.snapshot(external_id).payload or "")


def is_completed(store: StoreConnector, external_id: str) -> bool:
    """Whether the store says of the whole order that it is sent."""
    order = read(store, external_id)
    return store.platform.completed_status in {order.status, order.delivery}


def fulfillment(order: StoreOrder, pieces: Decimal | int, **tracking: Any) -> SendFulfillment:
    """So many pieces of the order's one line."""
    (one,) = order.to_send
    ((line_id, line, _),) = one.lines
    parts = ((line_id, Decimal(pieces)),)
    return SendFulfillment(order.external_id, ((one.external_id, parts),), ((line, Decimal(pieces)),), **tracking)


def left(order: StoreOrder) -> Decimal:
    """Pieces that are still to be sent."""
    return sum((count for one in order.to_send for _, _, count in one.lines), Decimal(0))
