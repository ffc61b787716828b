"""Groups of actions carried out in Katana, in their order. Each stands as soon as it is done; it decides nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from connectors.errors import HubRefused
from connectors.katana import adding, changing, counting, delivering, making, returning, told
from connectors.katana.bearing import Bearing
from connectors.katana.checking import Trial
from connectors.katana.client import KatanaClient
from connectors.katana.copies import Copies
from connectors.katana.creating import Creator
from connectors.katana.deleting import delete_order
from connectors.katana.desk import Desk
from connectors.katana.fees import Fees
from connectors.katana.goods import Goods
from connectors.katana.guards import katana_guards
from connectors.katana.kept import set_flags, set_totals
from connectors.katana.orders import OrderReader
from connectors.katana.origins import origin_in, origin_of
from connectors.katana.rows import RowMaker
from connectors.order_names import Names
from connectors.postgres import Connection, queries
from schemas import actions
from schemas.actions import HubAction
from schemas.groups import Answers, Group, GroupAnswer, Made

_SQL: Final = queries("orders", __package__)
_BARE: Final = Bearing()


class Applier:
    """What is told to Katana. Raises HubRefused, and HubBusy for what is to be tried again; both in our own words.

    A group is looked at as a whole before anything of it is told. What Katana refuses then, since a person was faster,
    leaves what was told before: the next look goes by what stands.
    """

    def __init__(
        self,
        connection: Connection,
        client: KatanaClient,
        copies: Copies,
        orders: OrderReader,
        *,
        fees_apart: bool = False,
    ) -> None:
        goods = Goods(connection, client, copies)
        fees = Fees(connection, client, goods, are_apart=fees_apart)
        self._desk = Desk(connection, client, copies, orders, goods, RowMaker(connection, client, goods), fees)
        self._creator = Creator(connection, client, copies, fees_apart=fees_apart)

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups in their order; what was told before one that is refused stands."""
        return self._answers(groups, is_trial=False)

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """What a store's order is in Katana; looked for there only where it was sent, and not answered for (ORD-6)."""
        return self._creator.find_order(store_id, external_id, origin_in(self._desk.connection, store_id, external_id))

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer, as far as can be told without writing (BEY-1)."""
        return self._answers(groups, is_trial=True)

    def _answers(self, groups: Sequence[Group], *, is_trial: bool) -> Answers:
        answers, names = Answers(), Names(KatanaNames(self._desk.connection))
        trial = Trial(self._desk, self._creator, is_trial=is_trial)
        for at, group in enumerate(groups):
            if answers.is_wanted(group):
                # What comes back must have been delivered: returns wait for what is delivered along with them.
                waits = {actions.KeepReturn} if any(map(_delivers, groups[at + 1 :])) else set[type]()
                answers.by_name[group.name] = self._answer(group, names, trial, is_trial=is_trial, waits=waits)
        if not is_trial and any(map(_delivers, groups)):
            self._bring_back(groups, answers, names)
        return answers

    def _answer(
        self, group: Group, names: Names, trial: Trial, *, is_trial: bool, waits: Collection[type]
    ) -> GroupAnswer:
        try:
            with katana_guards():
                bearing = trial.refuse(group, names)
                if is_trial:
                    return GroupAnswer(tuple((one, Made("")) for one in group.actions))
                changing.bear_first(self._desk, bearing)
                ordered = changing.in_order(self._desk, group.actions, bearing)
                done = ((one, Made("") if type(one) in waits else self._done(one, names, bearing)) for one in ordered)
                answer = GroupAnswer(tuple(done))
                return _noted(answer, bearing) if bearing.notes else answer
        except HubRefused as error:
            if not group.may_be_refused:
                raise
            return GroupAnswer(refusal=str(error))

    def _bring_back(self, groups: Sequence[Group], answers: Answers, names: Names) -> None:
        """Returns that waited, and those of before that waited for what is delivered now."""
        with katana_guards():
            for name, answer in answers.by_name.items():
                made = (
                    (one, self._done(one, names) if isinstance(one, actions.KeepReturn) and not done.id else done)
                    for one, done in answer.made
                )
                answers.by_name[name] = replace(answer, made=tuple(made))
            delivered = (one for group in groups if answers.is_done(group.name) for one in group.actions)
            ids = {names.with_ids(one).order_id for one in delivered if isinstance(one, actions.DeliverRows)}  # type: ignore[union-attr]
            for order_id in sorted(ids):
                returning.complete(self._desk, order_id)

    def _done(self, action: HubAction, names: Names, bearing: Bearing = _BARE) -> Made:
        match names.with_ids(action):
            case actions.CreateOrder(order=draft):
                made = self._creator.create(draft, origin_of(self._desk.connection, draft))
                names.remember(draft, made.id)
                return made
            case actions.AddRow() as known:
                return changing.add_row(self._desk, known, bearing)
            case actions.ChangeRow() as known:
                return Made(changing.change_row(self._desk, known, bearing))
            case actions.KeepReturn() as known:
                return returning.keep_return(self._desk, known)
            case known:
                return Made(self._id(known))

    def _id(self, action: HubAction) -> str:  # noqa: C901, PLR0912 - one branch each
        desk = self._desk
        match action:
            case actions.DeleteRow():
                return changing.delete_row(desk, action)
            case actions.MoveRow():
                return changing.move_row(desk, action)
            case actions.SetTotals(order_id=order_id, totals=totals):
                set_totals(desk.connection, order_id, totals)
                return order_id
            case actions.SetFlags(order_id=order_id, flags=flags):
                set_flags(desk.connection, order_id, flags)
                return order_id
            case actions.PackRows():
                return delivering.pack_rows(desk, action)
            case actions.DeliverRows():
                return delivering.deliver_rows(desk, action)
            case actions.LinkFulfillment() | actions.RemakeFulfillment():
                return told.carry_out(desk.connection, action)
            case actions.AddProduct():
                return adding.add_product(desk, action)
            case actions.AddCustomers():
                raise HubRefused("customers come to Katana with their orders")
            case actions.AddItems():
                return adding.add_items(desk, action)
            case actions.CountStock() | actions.AdjustStock() | actions.TakeBackCount():
                return counting.carry_out(desk, action)
            case actions.DeleteReturn():
                return returning.delete_return(desk, action)
            case actions.DeleteOrder():
                return delete_order(desk, action)
            case _ if isinstance(action, making.MoAction):
                return making.carry_out(desk, action)
            case _:
                raise HubRefused(f"{type(action).__name__} is done in Katana itself")


@dataclass(frozen=True, slots=True)
class KatanaNames:
    """Katana's orders and rows, by what they are in their stores."""

    connection: Connection

    def order_of(self, store_id: int, external_id: str) -> str | None:
        """The id of a store's order; None where there is none."""
        asked = {"store_id": store_id, "external_id": external_id}
        row = self.connection.execute(_SQL["order_of"], asked).fetchone()
        return str(row["id"]) if row else None

    def rows_of(self, order_id: str, lines: list[str]) -> dict[str, str]:
        """The ids of those of its rows that lines stand for."""
        asked = {"order_id": order_id, "lines": lines}
        return {row["external_id"]: row["id"] for row in self.connection.execute(_SQL["rows_of_katana_lines"], asked)}


def _noted(answer: GroupAnswer, bearing: Bearing) -> GroupAnswer:
    """An answer with what charges below zero are not borne any more."""
    (action, first), *others = answer.made
    return replace(answer, made=((action, replace(first, notes=first.notes + bearing.notes)), *others))


def _delivers(group: Group) -> bool:
    return any(isinstance(action, actions.DeliverRows) for action in group.actions)
