"""Groups of actions for the hub, each whole or refused, and what the hub answers. Data only."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.actions import HubAction, Note
from schemas.hub_search import Links


@dataclass(frozen=True, slots=True)
class Group:
    """Actions that the hub carries out together: all of them, or none.

    A group that is refused is an error, and undoes whatever is told with it, unless it `may_be_refused` alone: then the
    others stay. `given` names a group that must have been carried out for this one to be, `unless` one that must not:
    what is decided on how another group leaves the order goes with it, and a second one may stand in where that is
    refused.
    """

    name: str
    actions: tuple[HubAction, ...]
    may_be_refused: bool = False
    given: str | None = None
    unless: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What an action made or touched: its id, and the rows that a store's customer and its products without SKU are.

    `links` are by what the action calls them (`customer_key`, an item's `key`): whoever asked keeps them. `notes` are
    what a person should know of how it was done.
    """

    id: str
    links: Links = Links()  # noqa: RUF009 - it is frozen
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """What became of a group: what each of its actions made or touched, or the hub's words where it was refused."""

    made: tuple[tuple[HubAction, Made], ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by the names of the groups; none for a group that was left out for the sake of another."""

    by_name: dict[str, GroupAnswer] = field(default_factory=dict)

    def is_wanted(self, group: Group) -> bool:
        """Whether a group is to be carried out, after what came of those before it."""
        return (group.given is None or self.is_done(group.given)) and not (group.unless and self.is_done(group.unless))

    def is_done(self, name: str) -> bool:
        """Whether a group was carried out."""
        return name in self.by_name and self.by_name[name].refusal is None

    def refusal(self, name: str) -> str | None:
        """Why a group was refused; None where it was not."""
        return self.by_name[name].refusal if name in self.by_name else None

    def notes(self, name: str) -> tuple[Note, ...]:
        """What a person should know of how a group was carried out."""
        return tuple(note for _, made in self.by_name[name].made for note in made.notes) if name in self.by_name else ()

    def made(self, action: HubAction) -> str:
        """The id of what an action made or touched; the action must be one that was carried out."""
        return next(made.id for done, made in self._made() if done is action)

    @property
    def links(self) -> Links:
        """Which rows of the hub a store's customer and products without SKU are, after all that was carried out."""
        items: dict[str, str] = {}
        customers: dict[str, str] = {}
        for _, made in self._made():
            items |= made.links.items
            customers |= made.links.customers
        return Links(items, customers)

    def _made(self) -> Iterator[tuple[HubAction, Made]]:
        return (made for answer in self.by_name.values() for made in answer.made)
