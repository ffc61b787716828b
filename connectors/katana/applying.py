"""Groups of actions carried out in Katana, each action safe to repeat. It decides nothing."""

from collections.abc import Sequence

from connectors.errors import HubRefused
from connectors.katana.client import KatanaClient
from connectors.katana.copies import Copies
from connectors.postgres import Connection
from schemas.groups import Answers, Group


class Applier:
    """Carries out actions. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies

    def apply(self, groups: Sequence[Group]) -> Answers:
        """Carry out groups in their order; what came of each, by its name. Raises HubRefused for one that must be."""
        if groups:
            raise HubRefused("nothing is carried out in Katana yet")
        return Answers()

    def rehearse(self, groups: Sequence[Group]) -> Answers:
        """What `apply` would answer, as far as can be told; nothing is kept. Raises HubRefused as `apply` does."""
        if groups:
            raise HubRefused("nothing is carried out in Katana yet")
        return Answers()
