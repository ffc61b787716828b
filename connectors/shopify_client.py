"""Shopify's GraphQL over HTTP: one end point, and what its errors mean. It knows no order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, TypeGuard

from connectors.errors import NotFound, RateLimited, Refused, Rejected, Unavailable
from connectors.http import Answer, AuthBase, HttpClient, Waits
from connectors.refusals import RETRY_AFTER_DEFAULT, RETRY_AFTER_LEAST, RETRY_AFTER_MOST
from connectors.shopify_graphql import API_VERSION

_PATH: Final = f"admin/api/{API_VERSION}/graphql.json"

_NOT_ALLOWED: Final = frozenset({"ACCESS_DENIED", "UNAUTHENTICATED", "FORBIDDEN"})
_IN_TROUBLE: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SHOP_INACTIVE", "SERVICE_UNAVAILABLE"})
# 402: the merchant has not paid; 423: the shop is locked; 430: Shopify takes the request for an attack. All may pass,
# and none of them is about what was asked.
_MAY_PASS: Final = frozenset({402, 423, 430})

_MOST_FIGURES: Final = 12  # digits of points


UserError = Mapping[str, Any]


class TooDear(Rejected):
    """The document may cost more than Shopify lets one cost: ask for less at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came back without an error."""

    data: Mapping[str, Any]
    answer: Answer
    fill_time: timedelta = timedelta(0)  # until the shop has points for the same again and for others


class GraphQL:
    """One shop's end point."""

    def __init__(self, url: str, auth: AuthBase, *, waits: Waits, allow_insecure: bool = False) -> None:
        self.http = HttpClient(url, auth=auth, waits=waits, allow_insecure=allow_insecure)
        self._waits = waits

    def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> Told:
        """Ask a document. Raises a ConnectorError."""
        answer = self._post({"query": document, "variables": dict(variables or {})})
        said = answer.json()
        if not isinstance(said, dict):
            raise Unavailable("the answer is not GraphQL's", request=answer.request)
        if said.get("errors"):
            self._raise(said, answer.request)
        if not isinstance(said.get("data"), dict):
            raise Unavailable("the answer holds no data", request=answer.request)
        return Told(said["data"], answer, _fill_time(said))

    def _post(self, body: Mapping[str, Any]) -> Answer:
        try:
            return self.http.post(_PATH, body)
        except NotFound as error:
            words = f"there is no Shopify shop at this address: {error.problem}"
            raise Unavailable(words, request=error.request, status=error.status) from error
        except Rejected as error:
            if error.status not in _MAY_PASS:
                raise
            raise Unavailable(error.problem, request=error.request, status=error.status) from error

    def _raise(self, said: Mapping[str, Any], request: str) -> None:
        """The most telling of the errors that came with status 200."""
        codes = [_code(one) for one in said["errors"]] if isinstance(said["errors"], list) else []
        words = f"answered {', '.join(sorted(set(codes) - {''})) or 'an error'} ({_words(said['errors'])})"
        if "THROTTLED" in codes:
            until = datetime.now(UTC) + _pause(said)
            self._waits.wait(until)
            raise RateLimited(words, until=until, request=request, status=200)
        if _NOT_ALLOWED.intersection(codes):
            raise Refused(words, request=request, status=200)
        if "MAX_COST_EXCEEDED" in codes:
            raise TooDear(words, request=request, status=200)
        if _IN_TROUBLE.intersection(codes) or words.startswith("answered an error (Internal error"):
            raise Unavailable(words, request=request, status=200)
        raise Rejected(words, request=request, status=200)


# -- what a mutation says with status 200 and no error -------------------------------------------------------------


def user_errors(told: Told, name: str) -> Sequence[UserError]:
    """What a mutation says against what it was given. Raises Unavailable where it does not say."""
    payload = told.data.get(name)
    errors = payload.get("userErrors") if isinstance(payload, dict) else None
    if not isinstance(errors, list) or not all(isinstance(one, dict) for one in errors):
        raise Unavailable("the answer does not say what became of it", request=told.answer.request)
    return errors


def code_of(error: UserError) -> str:
    """Its code; empty where the mutation has none."""
    return str(error.get("code") or "")


def words_of(error: UserError) -> str:
    """Code and message, short."""
    said = " ".join(str(error.get("message") or "").split())[:200]
    return f"{code_of(error)}: {said}" if code_of(error) else said


# -- errors ------------------------------------------------------------------------------------------------------


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""


def _words(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) else errors
    message = first.get("message") if isinstance(first, dict) else first
    return " ".join(str(message).split())[:200]


def _is_figure(value: Any) -> TypeGuard[int | Decimal]:
    """Whether a value can be computed with: an absurd one would break the arithmetic."""
    if not isinstance(value, int | Decimal):
        return False
    return Decimal(value).is_finite() and Decimal(value).adjusted() < _MOST_FIGURES


def _pause(said: Mapping[str, Any]) -> timedelta:
    """How long until the bucket holds what the document asks for, and is half full; without readable figures, a while.

    All who wait come back together: with points for one document only, none of them would come to its end.
    """
    figures = _figures(said)
    if figures is None:
        return RETRY_AFTER_DEFAULT
    asked, has, rate = figures
    size = _bucket(said).get("maximumAvailable")
    half = Decimal(size) / 2 if _is_figure(size) else asked
    return max(_time_for(max(asked, half) - has, rate), RETRY_AFTER_LEAST)


def _fill_time(said: Mapping[str, Any]) -> timedelta:
    """How long until the bucket holds what the document asked for twice; without readable figures, no time."""
    figures = _figures(said)
    if figures is None:
        return timedelta(0)
    asked, has, rate = figures
    return _time_for(2 * asked - has, rate)


def _time_for(points: Decimal, rate: Decimal) -> timedelta:
    seconds = (points / rate).quantize(Decimal("0.1"), rounding=ROUND_CEILING)
    return min(max(timedelta(milliseconds=int(seconds * 1000)), timedelta(0)), RETRY_AFTER_MOST)


def _figures(said: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal] | None:
    """The points that were asked for, those that are left, and how many come back each second."""
    bucket = _bucket(said)
    given = (_cost(said).get("requestedQueryCost"), bucket.get("currentlyAvailable"), bucket.get("restoreRate"))
    figures = [Decimal(one) for one in given if _is_figure(one)]
    if len(figures) < len(given) or figures[-1] <= 0:
        return None
    asked, has, rate = figures
    return asked, has, rate


def _bucket(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_cost(said), "throttleStatus")


def _cost(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_part(said, "extensions"), "cost")


def _part(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = thing.get(name)
    return part if isinstance(part, dict) else {}
