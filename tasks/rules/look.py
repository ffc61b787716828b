"""One look at an order of a store: all that it says of the hub's order, decided on one reading of both sides.

Creation or changes, then flags, then fulfilments: each is decided on the order as the one before leaves it, which is
computed and not read again. An order that is only now created takes the same way. It gathers and applies nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Final

from schemas.account import Account
from schemas.actions import (
    CreateOrder,
    DeleteOrder,
    DeliverRows,
    Detail,
    HubAction,
    LinkFulfillment,
    Note,
    OrderAction,
    PackRows,
    SetFlags,
    Skip,
)
from schemas.flags import Flags
from schemas.groups import Answers, Group
from schemas.hub import Batch, DraftOrder, HubMatches, HubOrder, Sending
from schemas.journal import Action, Line, Outcome
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.settings import FULFILLMENT_SYNC
from schemas.stores import Remembered, Store
from tasks.rules.after import after, as_created
from tasks.rules.changes import Changes, decide_changes, follows_changes
from tasks.rules.eligibility import decide_import
from tasks.rules.fulfillment_in import decide_delivery, decide_links, may_deliver
from tasks.rules.mapping import build_order
from tasks.rules.places import hub_location, location_notes, location_of
from tasks.rules.returns import Returns, decide_returns, follows_returns
from tasks.rules.stitch import as_imported, decide_flags, delivers_fulfillments

ORDER: Final = "order"  # the group that creates the order, or changes it
FLAGS: Final = "flags"
DELIVERIES: Final = "deliveries"
WITHOUT_FLAGS: Final = "deliveries without flags"  # as the hub's order is where it refuses the flags


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a look is decided on, read once; `hub_order` is None for an order that is not in the hub."""

    order: StoreOrder
    store: Store
    account: Account
    hub_order: HubOrder | None = None
    remembered: Remembered = field(default_factory=Remembered)
    matches: HubMatches = field(default_factory=HubMatches)
    batches: tuple[Batch, ...] = ()
    sending: Sending | None = None  # what the store was being told, and nobody knows whether it heard (FUL-14)


@dataclass(frozen=True)
class Step:
    """A group of actions, the order that it was decided on, and what is journaled where it is carried out.

    `notes` are what a person should know whether it is carried out or refused, `action` the journal's word for what was
    being done. Where it `speaks_for_store` the store itself said so: what it shows needs not be told to it.
    """

    group: Group
    stands: HubOrder | DraftOrder
    action: Action
    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()
    speaks_for_store: bool = False
    heard: str | None = None

    @cached_property  # of a plain import nobody asks
    def leaves(self) -> HubOrder:
        """The order once the step is carried out."""
        order = as_created(self.stands) if isinstance(self.stands, DraftOrder) else self.stands
        done = (each for each in self.group.actions if isinstance(each, OrderAction))
        return after(order, done)


@dataclass(frozen=True, slots=True)
class Look:
    """What was decided on what was gathered: steps in their order. The first one creates the order, or changes it."""

    gathered: Gathered
    steps: tuple[Step, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        """What the hub is told: nothing where nothing is to be done."""
        return tuple(step.group for step in self.steps if step.group.actions)

    def done(self, answers: Answers) -> tuple[Step, ...]:
        """The steps that were carried out, and those that had nothing to do."""
        return tuple(
            step
            for step in self.steps
            if (answers.is_done(step.group.name) if step.group.actions else answers.is_wanted(step.group))
        )

    @property
    def creation(self) -> CreateOrder | None:
        """What creates the order, None where it stands in the hub."""
        first = self.steps[0].group.actions[:1]
        return first[0] if first and isinstance(first[0], CreateOrder) else None

    @property
    def only_creation(self) -> CreateOrder | None:
        """What creates the order, where nothing else is to be done: such looks may be carried out as one."""
        first, *others = self.steps
        is_all = len(first.group.actions) == 1 and not any(one.group.actions or one.speaks_for_store for one in others)
        return self.creation if is_all else None

    @property
    def deletion(self) -> DeleteOrder | None:
        """What deletes the hub's order, None where it stays."""
        return next((each for each in self.steps[0].group.actions if isinstance(each, DeleteOrder)), None)

    @property
    def deletes(self) -> Reason | None:
        """Why the hub's order goes, None where it stays."""
        return self.deletion.reason if self.deletion else None


def follows(store: Store) -> bool:
    """Whether anything that a store says of its orders comes to the hub once they are in it."""
    return follows_changes(store) or store.is_on(FULFILLMENT_SYNC) or store.platform.status_flags is not None


def decide_look(gathered: Gathered) -> Look | Skip:
    """What a look at an order does in the hub, or why the order does not come to it."""
    first = _create(gathered) if gathered.hub_order is None else _change(gathered, gathered.hub_order)
    if isinstance(first, Skip):
        return first
    if any(isinstance(action, DeleteOrder) for action in first.group.actions):
        return Look(gathered, (first,))
    flags = _flag(gathered, first)
    if flags is None or not flags.group.actions:
        return _look(gathered, first, flags, _deliver(gathered, flags or first))
    then, instead = _deliver(gathered, flags), _deliver(gathered, first)
    if then is not None and instead is not None:
        then = replace(then, group=replace(then.group, given=FLAGS))
        instead = replace(instead, group=replace(instead.group, name=WITHOUT_FLAGS, unless=FLAGS))
    return _look(gathered, first, flags, then, instead)


def _look(gathered: Gathered, *steps: Step | None) -> Look:
    return Look(gathered, tuple(step for step in steps if step is not None))


def batches_wanted(gathered: Gathered) -> dict[str, list[str]]:
    """Variants whose batches a look may take pieces from, by location; none where it delivers nothing (FUL-4)."""
    order, store, hub_order = gathered.order, gathered.store, gathered.hub_order
    if not (_delivers_new(order, store) if hub_order is None else may_deliver(order, hub_order, store)):
        return {}
    rows = hub_order.rows if hub_order else ()
    matches = gathered.matches
    items = [*(item for found in matches.by_sku.values() for item in found), *matches.by_key.values()]
    tracked = {item.id for item in items if item.batch_tracked} | {
        row.variant_id for row in rows if row.batch_tracked and row.variant_id
    }
    places = {row.location for row in rows} | {hub_location(line.location, store) for line in order.lines}
    places.add(hub_order.location if hub_order else location_of(store, gathered.account))
    return {place: sorted(tracked) for place in sorted(filter(None, places))} if tracked else {}


# -- the steps -----------------------------------------------------------------------------------------------------


def _create(gathered: Gathered) -> Step | Skip:
    """The order with what came with it: the store's fulfilments of before are known, its returns are there."""
    order, store, account = gathered.order, gathered.store, gathered.account
    rate = gathered.matches.rate
    skip = decide_import(order, store=store, account=account, remembered=gathered.remembered, rate=rate)
    if skip is not None:
        return skip
    location = location_of(store, account)
    creation, notes = build_order(order, store=store, account=account, matches=gathered.matches, location=location)
    creation = as_imported(creation, order, store)
    links, returns = _came_with(order, creation, store)
    return Step(
        Group(ORDER, (creation, *links, *returns.actions)),
        creation.order,
        Action.IMPORT,
        lines=(Line(Action.IMPORT, Outcome.IMPORTED), *_changed(returns.actions, returns.done)),
        notes=(*notes, *location_notes(order, store), *returns.notes),
    )


def _came_with(order: StoreOrder, creation: CreateOrder, store: Store) -> tuple[tuple[LinkFulfillment, ...], Returns]:
    if not (order.fulfillments or order.returns):
        return (), Returns()
    created = as_created(creation.order)
    links = () if delivers_fulfillments(order, store) else decide_links(order, created, store=store)
    return links, decide_returns(order, created) if follows_returns(store) else Returns()


def _change(gathered: Gathered, hub_order: HubOrder) -> Step:
    order, store = gathered.order, gathered.store
    changes = Changes()
    if follows_changes(store):
        changes = decide_changes(order, hub_order, store=store, matches=gathered.matches)
    return Step(
        Group(ORDER, changes.actions),
        hub_order,
        Action.CHANGE,
        lines=() if changes.deletes else _changed(changes.actions, changes.done),
        notes=changes.notes,
        speaks_for_store=any(isinstance(action, SetFlags) for action in changes.actions),
    )


def _flag(gathered: Gathered, before: Step) -> Step | None:
    """How far the order is as its store's status says it, where the profile reads it so (SPEC chapter 9)."""
    if gathered.store.platform.status_flags is None:
        return None
    hub_order, is_new = before.leaves, gathered.hub_order is None
    found = decide_flags(gathered.order, hub_order, store=gathered.store, is_new=is_new)
    raised = Line(Action.CHANGE, Outcome.CHANGED, None, _raised(found.actions, gathered.order, hub_order))
    return Step(
        Group(FLAGS, found.actions, may_be_refused=True),
        hub_order,
        Action.IMPORT if is_new else Action.CHANGE,
        lines=(raised,) if found.actions and not is_new else (),
        notes=found.notes,
        speaks_for_store=bool(found.actions),
    )


def _deliver(gathered: Gathered, before: Step) -> Step | None:
    """What the store sent; an order that is new takes no notice of it but where its profile delivers it here."""
    order, store, is_new = gathered.order, gathered.store, gathered.hub_order is None
    if not (_delivers_new(order, store) if is_new else store.is_on(FULFILLMENT_SYNC)):
        return None
    hub_order = before.leaves
    found = decide_delivery(order, hub_order, store=store, batches=gathered.batches, sending=gathered.sending)
    names = {row.id: row.label for row in hub_order.rows}
    return Step(
        Group(DELIVERIES, found.actions, may_be_refused=True),
        hub_order,
        Action.IMPORT if is_new else Action.DELIVER,
        lines=tuple(_delivered(each, names) for each in found.actions if isinstance(each, DeliverRows)),
        notes=found.notes,
        speaks_for_store=True,
        heard=found.heard,
    )


def _delivers_new(order: StoreOrder, store: Store) -> bool:
    return bool(order.fulfillments) and delivers_fulfillments(order, store)


# -- in people's words ---------------------------------------------------------------------------------------------


def _changed(actions: Sequence[HubAction], done: Sequence[str]) -> tuple[Line, ...]:
    return (Line(Action.CHANGE, Outcome.CHANGED, None, {"rows": list(done)}),) if actions else ()


def _raised(actions: Sequence[HubAction], order: StoreOrder, hub_order: HubOrder) -> Detail:
    """The flags that are new, and what is packed."""
    names = {row.id: row.label for row in hub_order.rows}
    packed = [
        {"sku": names[row_id], "quantity": str(quantity)}
        for action in actions
        if isinstance(action, PackRows)
        for row_id, quantity in action.rows
    ]
    flags = [name for action in actions if isinstance(action, SetFlags) for name in _new(action.flags, hub_order.flags)]
    return {"status": order.status, "flags": flags, "packed": packed}


def _new(flags: Flags, before: Flags) -> list[str]:
    was = asdict(before)
    return [name for name, is_set in asdict(flags).items() if is_set and not was[name]]


def _delivered(action: DeliverRows, names: dict[str, str]) -> Line:
    rows = [{"sku": names[row_id], "quantity": str(quantity)} for row_id, quantity in action.rows]
    return Line(Action.DELIVER, Outcome.DELIVERED, None, {"fulfillment": action.external_id, "rows": rows})
