"""What every hub must do: subclass HubContract with a case. What only some hubs can stands in their facts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from connectors.errors import AlreadyThere, HubRefused
from connectors.hub import Hub
from connectors.postgres import Connection, marks, orders
from schemas.actions import AddLocation, CountStock, CreateOrder, DeliverRows, HubAction, PackRows, SetFlags
from schemas.counts import CountLine
from schemas.flags import Flags
from schemas.groups import Group
from schemas.hub import DeliveryStatus, DraftOrder, DraftRow, HubOrder, NewItem
from schemas.hub_search import Found, Links, Wanted
from schemas.names import name_of_order, name_of_row
from schemas.orders import Kind
from schemas.outcomes import OrderOutcome
from tests.connectors.builtin_hub.makers import chair, imported, one, product, shipping

D = Decimal
GONE = "987654321"  # an id that no hub has given yet


@dataclass(frozen=True)
class HubCase:
    """How a hub is worked by hand; items by SKU."""

    open: Callable[[Connection], Any]
    add_item: Callable[[Any, str, Kind], str]  # by SKU or, of a service, by its name; the variant's id
    stock: Callable[[Any, str, int], object]  # pieces are counted in
    ship: Callable[[Any, HubOrder, int], object]  # a person delivers some pieces of the order's first row
    delete: Callable[[Any, HubOrder, str], object]  # … or deletes the order, by a name
    home: Callable[[Any], str] = lambda _: "main"  # the code of its one location


class HubContract:
    """The suite. A hub is empty but for its one location; `acme` is the store that orders come from."""

    case: ClassVar[HubCase]

    @pytest.fixture
    def hub(self, connection: Connection) -> Any:
        return self.case.open(connection)

    def imported(self, hub: Hub, store_id: int, *rows: DraftRow, **changes: Any) -> DraftOrder:
        """Order 5001 of a store, at the hub's one location."""
        draft, home = imported(store_id, *rows, **changes), self.case.home(hub)
        return replace(draft, location=home, rows=tuple(replace(row, location=home) for row in draft.rows))

    @contextmanager
    def undoing(self, hub: Hub, connection: Connection) -> Iterator[None]:
        """Whatever fails in here is undone, as far as the hub shares our transactions."""
        with connection.transaction() if hub.facts.shares_transaction else nullcontext():
            yield

    def create(self, hub: Hub, draft: DraftOrder) -> HubOrder:
        """The order, created as a task does it and read again."""
        creation = CreateOrder(draft)
        order = hub.order(hub.apply([Group("creation", (creation,))]).made(creation))
        assert order is not None
        return order

    def do(self, hub: Hub, *done: HubAction) -> None:
        """Actions that must be."""
        hub.apply([Group("all", done)])

    def read(self, hub: Hub, order: HubOrder) -> HubOrder:
        """An order as it stands now."""
        found = hub.order(order.id)
        assert found is not None
        return found

    @contextmanager
    def heard(self, hub: Hub, connection: Connection) -> Iterator[None]:
        """What moves in here is marked: by the hub itself, or by whoever asks it for its news."""
        cursor = hub.changes_since(None).cursor
        yield
        news = hub.changes_since(cursor)
        assert hub.facts.marks_what_moves <= (news.skus == news.shipped == news.deleted == ())
        marks.keep_news(connection, news)

    def test_it_answers(self, hub: Hub) -> None:
        hub.check()

    # -- what is looked for

    def test_nothing_is_found_where_nothing_is_looked_for(self, hub: Hub) -> None:
        assert hub.find(Wanted()) == Found()

    def test_MAP_1_items_are_found_by_sku_case_kept_and_by_id(self, hub: Hub) -> None:
        upper, lower = (self.case.add_item(hub, sku, Kind.PRODUCT) for sku in ("CHAIR", "chair"))

        found = hub.find(Wanted(skus=frozenset({"CHAIR", "TABLE"}), variant_ids=frozenset({lower, GONE})))

        assert {sku: [one.id for one in items] for sku, items in found.by_sku.items()} == {"CHAIR": [upper]}
        assert {id_: item.sku for id_, item in found.by_id.items()} == {lower: "chair"}

    def test_MAP_9_services_are_found_by_name_whatever_its_case(self, hub: Hub) -> None:
        wrap = self.case.add_item(hub, "Gift wrap", Kind.SERVICE)
        self.case.add_item(hub, "Fee", Kind.PRODUCT)

        found = hub.find(Wanted(services=frozenset({"GIFT WRAP", "gift wrap", "Fee"}))).services

        assert {name: item.id for name, item in found.items()} == {"GIFT WRAP": wrap, "gift wrap": wrap}

    def test_MAP_2_customers_are_found_by_email_name_and_id(self, hub: Hub, acme: int) -> None:
        self.create(hub, self.imported(hub, acme))

        found = hub.find(Wanted(emails=frozenset({"ADA@example.com", ""}), names=frozenset({"ada lovelace", "Grace"})))

        (ada,) = found.by_email.values()
        assert (list(found.by_email), ada.email) == (["ADA@example.com"], "ada@example.com")
        assert found.by_name == {"ada lovelace": ada}
        assert hub.find(Wanted(customer_ids=frozenset({ada.id, GONE}))).customers == {ada.id: ada}

    def test_DOR_6_a_buyer_is_found_with_their_orders_and_erased(self, hub: Hub, acme: int) -> None:
        order, other = (
            self.create(hub, self.imported(hub, acme)),
            self.create(hub, self.imported(hub, acme, external_id="5002")),
        )

        found = hub.find_buyer("ADA@example.com")
        assert [one.id for one in found.orders] == [order.id, other.id]
        assert {one.key for one in found.orders} == {(acme, "5001"), (acme, "5002")}
        assert hub.find_buyer(None, orders=[(acme, "5002")]).orders == found.orders[1:]

        assert hub.erase_buyer(customer_ids=[], order_ids=[other.id]) == []  # the customer has another order
        head = self.read(hub, other).head
        assert head is not None
        assert (head.customer.email, head.bill_to.line_1, head.bill_to.phone) == (None, "", "")
        assert self.read(hub, other).totals == other.totals
        assert [one.id for one in hub.find_buyer("ada@example.com").orders] == [order.id]

        ((customer, _, _),) = found.customers
        assert customer in hub.erase_buyer(customer_ids=[customer], order_ids=[order.id])
        assert hub.find_buyer("ada@example.com").orders == ()

    # -- orders

    def test_ORD_6_an_order_is_made_once(self, hub: Hub, acme: int, connection: Connection) -> None:
        order = self.create(hub, self.imported(hub, acme))

        try:
            with self.undoing(hub, connection):
                again = self.create(hub, self.imported(hub, acme))
        except AlreadyThere:
            again = order

        assert again.id == order.id
        assert hub.find_order(acme, "5001") == order.id
        assert hub.find_order(acme, "5002") is None

    def test_an_order_is_read_with_all_that_is_of_it(self, hub: Hub, acme: int) -> None:
        draft = self.imported(
            hub, acme, chair(), shipping(price_per_unit=D("4.90")), order_no="#1001", total_with_tax=D("77.90")
        )

        order = self.create(hub, draft)

        assert (order.order_no, order.store_id, order.external_id) == ("#1001", acme, "5001")
        assert (order.status, order.currency, order.location) == (
            DeliveryStatus.NOT_SHIPPED,
            "EUR",
            self.case.home(hub),
        )
        assert [(row.external_id, row.sku, row.quantity) for row in order.rows] == [("11", "CHAIR", 2), ("21", None, 1)]
        assert [row.price_per_unit for row in order.rows] == [D(30), D("4.90")]
        assert order.totals is not None
        assert order.totals.total_with_tax == D("77.90")
        assert order.head is not None
        assert (order.head.customer.name, order.head.bill_to, order.head.delivery_date) == (
            "Ada Lovelace",
            draft.bill_to,
            draft.delivery_date,
        )
        assert (order.fulfillments, order.returns, order.has_invoice, order.is_locked) == ((), (), False, False)

    def test_orders_are_read_together_and_what_is_gone_is_none_of_them(self, hub: Hub, acme: int) -> None:
        first = self.create(hub, self.imported(hub, acme))
        second = self.create(hub, self.imported(hub, acme, product("TABLE"), external_id="5002", order_no="5002"))

        assert hub.orders([second.id, GONE, first.id]) == {first.id: first, second.id: second}
        assert hub.order(GONE) is None

    def test_MAP_1_MAP_2_what_is_new_is_made_once_with_its_first_order(self, hub: Hub, acme: int) -> None:
        first = self.create(hub, self.imported(hub, acme))
        second = self.create(hub, self.imported(hub, acme, chair(external_id="7"), external_id="5002"))

        assert first.rows[0].variant_id == second.rows[0].variant_id
        assert first.head is not None and second.head is not None
        assert first.head.customer == second.head.customer
        assert len(hub.find(Wanted(skus=frozenset({"CHAIR"}))).by_sku["CHAIR"]) == 1

    def test_MAP_1_MAP_2_what_a_store_calls_its_own_is_told_back(self, hub: Hub, acme: int) -> None:
        vase = chair(sku=None, item=NewItem("Vase", Kind.PRODUCT, key="vase"))
        first = CreateOrder(self.imported(hub, acme, vase, chair(external_id="12"), customer_key="7"))
        second = CreateOrder(
            self.imported(hub, acme, replace(vase, external_id="13"), external_id="5002", customer_key="8")
        )

        answers = hub.apply([Group("first", (first,)), Group("second", (second,))])

        one_order, other = hub.order(answers.made(first)), hub.order(answers.made(second))
        assert one_order is not None and other is not None and one_order.head is not None
        assert one_order.rows[0].variant_id == other.rows[0].variant_id
        customer = one_order.head.customer.id
        assert answers.links == Links({"vase": str(other.rows[0].variant_id)}, {"7": customer, "8": customer})

    # -- groups of actions

    def test_FUL_4_an_order_and_what_was_delivered_of_it_are_told_at_once(self, hub: Hub, acme: int) -> None:
        creation = CreateOrder(self.imported(hub, acme))
        delivery = DeliverRows(name_of_order(acme, "5001"), ((name_of_row("11"), D(1)),), "store", external_id="77")

        answers = hub.apply([Group("creation", (creation,)), Group("delivery", (delivery,))])

        order = hub.order(answers.made(creation))
        assert order is not None
        assert order.status is DeliveryStatus.PARTIALLY_DELIVERED
        assert [(one.id, one.external_id) for one in order.fulfillments] == [(answers.made(delivery), "77")]

    def test_ch_11_a_group_that_may_be_refused_is_undone_as_a_whole(self, hub: Hub, acme: int) -> None:
        order = self.create(hub, self.imported(hub, acme))
        row = order.rows[0].id
        some, more = (DeliverRows(order.id, ((row, D(pieces)),), "store") for pieces in (1, 9))

        answers = hub.apply(
            [
                Group("both", (some, more), may_be_refused=True),
                Group("given", (some,), given="both"),
                Group("instead", (some,), unless="both"),
            ]
        )

        assert answers.refusal("both")
        assert (answers.is_done("given"), answers.is_done("instead")) == (False, True)
        assert self.read(hub, order).rows[0].delivered_quantity == 1

    def test_ch_11_a_group_that_must_be_is_an_error_where_it_is_refused(
        self, hub: Hub, acme: int, connection: Connection
    ) -> None:
        order = self.create(hub, self.imported(hub, acme))

        with pytest.raises(HubRefused), self.undoing(hub, connection):
            self.do(hub, DeliverRows(order.id, ((order.rows[0].id, D(9)),), "store"))

        assert self.read(hub, order) == order

    def test_as_many_groups_as_it_takes_are_told_at_once(self, hub: Hub, acme: int) -> None:
        names = [str(number) for number in range(min(hub.facts.most_groups, 20))]
        creations = [CreateOrder(self.imported(hub, acme, external_id=name, order_no=name)) for name in names]

        answers = hub.apply([Group(one.order.order_no, (one,)) for one in creations])

        assert [hub.find_order(acme, name) for name in names] == [answers.made(one) for one in creations]

    def test_BEY_1_a_rehearsal_keeps_nothing(self, hub: Hub, acme: int) -> None:
        creation = CreateOrder(self.imported(hub, acme))

        assert hub.rehearse([Group("creation", (creation,))]).is_done("creation")
        assert hub.find_order(acme, "5001") is None

    def test_a_unit_is_one_with_our_own_writes_where_it_shares_our_transaction(
        self, hub: Hub, acme: int, connection: Connection
    ) -> None:
        with pytest.raises(ZeroDivisionError), hub.unit():
            self.create(hub, self.imported(hub, acme))
            orders.expect(connection, acme, "5001")
            _ = 1 / 0

        assert (hub.find_order(acme, "5001") is None) is hub.facts.shares_transaction

    def test_what_is_done_in_the_hub_itself_is_refused(self, hub: Hub) -> None:
        if hub.facts.changes_locations:
            self.do(hub, AddLocation("attic", "Attic"))
            assert [place.code for place in hub.locations()] == [self.case.home(hub), "attic"]
        else:
            with pytest.raises(HubRefused):
                self.do(hub, AddLocation("attic", "Attic"))

    # -- how far an order is

    def test_FUL_7_pieces_that_are_shipped_are_told_by_row(self, hub: Hub, acme: int) -> None:
        order = self.create(hub, self.imported(hub, acme, chair(quantity=D(3))))
        row = order.rows[0].id

        if hub.facts.packs_rows:
            self.do(hub, PackRows(order.id, ((row, D(1)),)))
        self.do(hub, DeliverRows(order.id, ((row, D(3)),), "store", external_id="77", tracking_number="T1"))

        now = self.read(hub, order)
        (fulfillment,) = now.fulfillments
        assert (now.status, now.rows[0].delivered_quantity, now.rows[0].packed_quantity) == ("DELIVERED", 3, 0)
        assert (fulfillment.external_id, fulfillment.source, dict(fulfillment.rows), fulfillment.tracking_number) == (
            "77",
            "store",
            {row: 3},
            "T1",
        )

    def test_FUL_6_flags_are_kept_where_the_hub_has_them(self, hub: Hub, acme: int) -> None:
        if not hub.facts.has_flags:
            return
        order = self.create(hub, self.imported(hub, acme))

        self.do(hub, SetFlags(order.id, replace(order.flags, closed=True)))

        assert self.read(hub, order).flags == Flags(closed=True)

    # -- items and stock

    def test_STK_2_stock_is_what_lies_there_and_what_orders_promise(self, hub: Hub, acme: int) -> None:
        self.case.add_item(hub, "CHAIR", Kind.PRODUCT)
        (never,) = hub.levels(["CHAIR"])
        self.case.stock(hub, "CHAIR", 10)
        self.create(hub, self.imported(hub, acme))

        (level,) = hub.levels(["CHAIR", "UNKNOWN"])

        assert (level.sku, level.location) == ("CHAIR", self.case.home(hub))
        assert (level.in_stock, level.committed) == (10, 2)
        assert (level.committed_direct, level.committed_store) == (2, 2) or not hub.facts.counts_direct
        assert (never.is_counted, level.is_counted) == (False, True)

    def test_STK_3_what_carries_stock_is_told_in_portions(self, hub: Hub) -> None:
        for sku in ("b", "A", "c"):
            self.case.add_item(hub, sku, Kind.PRODUCT)
        self.case.add_item(hub, "Fee", Kind.SERVICE)

        assert list(hub.stocked(after="", limit=2)) == ["A", "b"]
        assert list(hub.stocked(after="b", limit=2)) == ["c"]
        assert hub.stocked(after="c", limit=2) == {}

    def test_items_are_told_in_portions_each_once(self, hub: Hub) -> None:
        ids = [self.case.add_item(hub, sku, Kind.PRODUCT) for sku in ("b", "A", "c")]

        first = hub.items(beyond=None, limit=2)
        second = hub.items(beyond=first[-1].id, limit=2)

        assert [one.id for one in (*first, *second)] == ids
        assert hub.items(beyond=ids[-1], limit=2) == ()

    def test_STK_11_a_count_goes_by_what_lies_there_and_what_a_store_waits_for(self, hub: Hub, acme: int) -> None:
        home = self.case.home(hub)
        self.create(hub, self.imported(hub, acme))
        assert not hub.has_counted()

        with hub.unit():
            item = hub.shelves(["CHAIR", "UNKNOWN"], store_id=acme)["CHAIR"]
            line = CountLine("CHAIR", item.variant_id, home, D(5), D(5))
            self.do(hub, CountStock("acme", (line,)))

        assert (item.shelves[home].in_stock, item.shelves[home].promised) == (0, 2)
        assert (hub.levels(["CHAIR"])[0].in_stock, hub.has_counted()) == (5, True)

    def test_FUL_4_an_item_without_batches_has_none(self, hub: Hub) -> None:
        chair = self.case.add_item(hub, "CHAIR", Kind.PRODUCT)
        self.case.stock(hub, "CHAIR", 10)

        assert hub.batches([chair], self.case.home(hub)) == ()

    def test_there_is_one_location(self, hub: Hub) -> None:
        assert [place.code for place in hub.locations()] == [self.case.home(hub)]

    # -- what moved

    def test_FUL_10_what_a_person_ships_is_news_of_the_order(self, hub: Hub, acme: int, connection: Connection) -> None:
        order = self.create(hub, self.imported(hub, acme))
        self.remember(connection, order)

        with self.heard(hub, connection):
            self.case.ship(hub, order, 1)

        row = one(connection, "SELECT hub_changed, hub_status FROM store_orders")
        assert tuple(row.values()) == (1, "PARTIALLY_DELIVERED")

    def test_STK_1_what_moves_on_the_shelf_is_news_of_the_sku(
        self, hub: Hub, acme: int, connection: Connection
    ) -> None:
        self.case.add_item(hub, "CHAIR", Kind.PRODUCT)
        self.case.add_item(hub, "TABLE", Kind.PRODUCT)

        with self.heard(hub, connection):
            self.case.stock(hub, "CHAIR", 10)

        assert one(connection, "SELECT store_id, sku FROM store_stock") == {"store_id": acme, "sku": "CHAIR"}

    def test_STK_2_what_an_order_promises_is_news_of_the_sku(self, hub: Hub, acme: int, connection: Connection) -> None:
        with self.heard(hub, connection):
            self.create(hub, self.imported(hub, acme))

        assert one(connection, "SELECT store_id, sku FROM store_stock") == {"store_id": acme, "sku": "CHAIR"}

    def test_ORD_7_what_a_person_deletes_leaves_a_tombstone(self, hub: Hub, acme: int, connection: Connection) -> None:
        order = self.create(hub, self.imported(hub, acme))
        self.remember(connection, order)

        with self.heard(hub, connection):
            self.case.delete(hub, order, "Grace")

        row = one(connection, "SELECT state, hub_order_id, hub_status, tombstoned_by FROM store_orders")
        assert (row["state"], row["hub_order_id"], row["hub_status"]) == ("deleted", None, None)
        assert row["tombstoned_by"] == "Grace" or not hub.facts.names_deleters
        assert hub.order(order.id) is None

    def test_a_message_that_nobody_signed_is_no_reason_to_ask(self, hub: Hub) -> None:
        assert not hub.read_webhook({}, b'{"action": "sales_order.updated"}')

    def remember(self, connection: Connection, order: HubOrder) -> None:
        """What storesync keeps of an order that it has brought in."""
        assert order.store_id is not None and order.external_id is not None
        orders.expect(connection, order.store_id, order.external_id)
        outcome = OrderOutcome("imported", hub_order_id=order.id)
        orders.settle(connection, order.store_id, order.external_id, changed=1, outcome=outcome)
