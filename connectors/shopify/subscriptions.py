"""Shopify's webhooks, asked for by its API: it removes those that failed eight times in a row."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.errors import Rejected, Unavailable
from connectors.shopify.client import GraphQL, user_errors, words_of
from connectors.shopify.documents import SUBSCRIBE, SUBSCRIPTIONS, UNSUBSCRIBE
from connectors.subscriptions import MOST_PAGES
from schemas.shopify.platform import PLATFORM
from schemas.webhooks import Webhook

# What a message holds is cut to this: it is a hint, and nobody's name need travel for one.
_FIELDS: Final = ["id"]
_OF_LEVELS: Final = "inventory_levels/"  # they have no id, and no person in them

_TOPICS: Final = {topic.replace("/", "_").upper(): topic for topic in PLATFORM.hears}


class ShopifySubscriptions:
    """The webhooks that our app asked for by the API of one shop. The app's secret signs them."""

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    def found(self) -> list[Webhook]:
        """All webhooks of our app that an API call made."""
        found: list[Webhook] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            told = self._graphql.ask(SUBSCRIPTIONS, {"after": after})
            page = told.data.get("webhookSubscriptions")
            try:
                found += [_read(node) for node in page["nodes"]]  # type: ignore[index]  # what is not so is met below
                info = page["pageInfo"]  # type: ignore[index]
                after = str(info["endCursor"])
                if not info["hasNextPage"]:
                    break
            except (TypeError, KeyError) as error:
                raise Unavailable("the answer is no list of webhooks", request=told.answer.request) from error
        return found

    def subscribe(self, topic: str, address: str) -> None:
        """A new webhook. Shopify says no to a topic that the app's scopes do not cover."""
        fields = None if topic.startswith(_OF_LEVELS) else _FIELDS
        wanted = {"topic": topic.replace("/", "_").upper(), "webhook": {"uri": address, "format": "JSON"}}
        if fields:
            wanted["webhook"] |= {"includeFields": fields}  # type: ignore[operator]
        self._change(SUBSCRIBE, wanted, "webhookSubscriptionCreate")

    def mend(self, id: str, address: str) -> None:
        """None is ever switched off: Shopify removes it."""

    def unsubscribe(self, id: str) -> None:
        """Delete one."""
        self._change(UNSUBSCRIBE, {"id": id}, "webhookSubscriptionDelete")

    def _change(self, document: str, variables: Mapping[str, Any], name: str) -> None:
        told = self._graphql.ask(document, variables)
        if errors := user_errors(told, name):
            words = "; ".join(map(words_of, errors))
            raise Rejected(f"Shopify says no ({words})", request=told.answer.request, status=200)


def _read(node: Mapping[str, Any]) -> Webhook:
    return Webhook(str(node["id"]), _TOPICS.get(str(node["topic"]), str(node["topic"])), str(node["uri"]))
