"""Groups of actions carried out in Katana, in their order. Each stands as soon as it is done; it decides nothing."""

from collections.abc import Sequence

from connectors.errors import HubRefused
from connectors.katana.client import KatanaClient
from connectors.katana.copies import Copies
from connectors.katana.creating import Creator
from connectors.katana.guards import katana_guards
from connectors.katana.orders import OrderReader
from connectors.katana.origins import origin_of
from connectors.postgres import Connection
from schemas import actions
from schemas.actions import HubAction
from schemas.groups import Answers, Group, GroupAnswer, Made
from schemas.hub import DraftOrder


class Applier:
    """What is told to Katana. Raises HubRefused, and HubBusy for what is to be tried again; both in our own words."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies, orders: OrderReader) -> None:
        self._connection, self._orders = connection, orders
        self._creator = Creator(connection, client, copies)

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups in their order; what was told before one that is refused stands."""
        return self._answers(groups, is_trial=False)

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer, as far as can be told without writing (BEY-1)."""
        return self._answers(groups, is_trial=True)

    def _answers(self, groups: Sequence[Group], *, is_trial: bool) -> Answers:
        answers = Answers()
        for group in groups:
            if answers.is_wanted(group):
                answers.by_name[group.name] = self._answer(group, is_trial=is_trial)
        return answers

    def _answer(self, group: Group, *, is_trial: bool) -> GroupAnswer:
        try:
            with katana_guards():
                return GroupAnswer(tuple((action, self._made(action, is_trial=is_trial)) for action in group.actions))
        except HubRefused as error:
            if not group.may_be_refused:
                raise
            return GroupAnswer(refusal=str(error))

    def _made(self, action: HubAction, *, is_trial: bool) -> Made:
        match action:
            case actions.CreateOrder(order=draft):
                return self._try_create(draft) if is_trial else self._create(draft)
            case _:
                raise HubRefused(f"{type(action).__name__} is done in Katana itself")

    def _create(self, draft: DraftOrder) -> Made:
        return self._creator.create(draft, origin_of(self._connection, draft))

    def _try_create(self, draft: DraftOrder) -> Made:
        self._creator.refuse(draft)
        return Made("")
