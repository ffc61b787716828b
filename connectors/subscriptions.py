"""What a shop can be asked to tell us by itself, whatever its platform (BEY-5). Each vendor's is in its own folder."""

from __future__ import annotations

from typing import Final, Protocol

from schemas.webhooks import Webhook

MOST_PAGES: Final = 50  # of a shop's list: one that repeats a page would never come to an end


class Subscriptions(Protocol):
    """The subscriptions of one shop. Every method may raise a ConnectorError."""

    def found(self) -> list[Webhook]:
        """All that the shop shows us, those of others too."""

    def subscribe(self, topic: str, address: str) -> None:
        """Ask for a topic, to be sent to an address. Raises Rejected or CredentialsRefused with the shop's words."""

    def mend(self, id: str, address: str) -> None:
        """Switch one on again, with what its messages are proved by today."""

    def unsubscribe(self, id: str) -> None:
        """Take one away. Raises NotFound."""
