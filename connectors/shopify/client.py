"""Shopify's GraphQL over HTTP: one end point, and what its errors mean. It knows no order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, NoReturn, TypeGuard

from connectors.error_answers import RETRY_AFTER_DEFAULT, RETRY_AFTER_LEAST, RETRY_AFTER_MOST
from connectors.errors import CredentialsRefused, NotFound, RateLimited, Rejected, Unavailable
from connectors.http import Answer, AuthBase, HttpClient, Waits
from connectors.shopify.documents import API_VERSION
from connectors.shopify.errors import (
    IN_TROUBLE,
    NOT_ALLOWED,
    THROTTLED,
    TOO_DEAR,
    GraphQLError,
    GraphQLErrors,
    read_errors,
)
from schemas.shopify.refusals import is_own_refusal
from schemas.text import masked

_PATH: Final = f"admin/api/{API_VERSION}/graphql.json"

# 402: the merchant has not paid; 423: the shop is locked; 430: Shopify takes the request for an attack. All may pass,
# and none of them is about what was asked.
_MAY_PASS: Final = frozenset({402, 423, 430})

_MOST_FIGURES: Final = 12  # digits of points


UserError = Mapping[str, Any]


class TooDear(Rejected):
    """The document may cost more than Shopify lets one cost: ask for less at once."""


@dataclass(frozen=True, slots=True)
class GraphQLAnswer:
    """What came back. `said` are the errors beside it, where the caller takes an answer in part."""

    data: Mapping[str, Any]
    answer: Answer
    fill_time: timedelta = timedelta(0)  # until the shop has points for the same again and for others
    said: GraphQLErrors | None = None

    @property
    def troubles(self) -> tuple[GraphQLError, ...]:
        """What is missing of the answer."""
        return self.said.troubles if self.said else ()

    def fail(self) -> NoReturn:
        """Raise for what is missing: it may not be read, or not now."""
        assert self.said is not None
        denied = any(one.is_denied for one in self.said.troubles)
        raise (CredentialsRefused if denied else Unavailable)(str(self.said), request=self.answer.request, status=200)


class GraphQL:
    """One shop's end point."""

    def __init__(self, url: str, auth: AuthBase, *, waits: Waits, allow_insecure: bool = False) -> None:
        self.http = HttpClient(url, auth=auth, waits=waits, is_own=is_own_refusal, allow_insecure=allow_insecure)
        self.request = f"POST {url}/{_PATH}"
        self._waits = waits

    def ask(self, document: str, variables: Mapping[str, Any] | None = None, *, in_part: bool = False) -> GraphQLAnswer:
        """Ask a document. Raises a ConnectorError, for an answer in part as well unless the caller takes one."""
        answer = self._post({"query": document, "variables": dict(variables or {})})
        said = answer.json()
        if not isinstance(said, dict):
            raise Unavailable("the answer is not GraphQL's", request=answer.request)
        share = _share_left(said)
        if share is not None:
            self._waits.left(share)
        data, errors = said.get("data"), read_errors(said["errors"]) if said.get("errors") else None
        if errors is not None and (errors.codes & {THROTTLED, TOO_DEAR} or not errors.is_partial):
            self._raise(errors, said, answer.request)
        if errors is None and not isinstance(data, dict):
            raise Unavailable("the answer holds no data", request=answer.request)
        told = GraphQLAnswer(data if isinstance(data, dict) else {}, answer, _fill_time(said), errors)
        if errors is not None and not in_part:
            told.fail()
        return told

    def _post(self, body: Mapping[str, Any]) -> Answer:
        try:
            return self.http.post(_PATH, body)
        except NotFound as error:
            words = f"there is no Shopify shop at this address: {error.problem}"
            cure = "Give NAME.myshopify.com, as the admin shows it: Settings → Domains"
            raise Unavailable(words, request=error.request, status=error.status, cure=cure) from error
        except Rejected as error:
            if error.status not in _MAY_PASS:
                raise
            raise Unavailable(error.problem, request=error.request, status=error.status) from error

    def _raise(self, errors: GraphQLErrors, said: Mapping[str, Any], request: str) -> NoReturn:
        """The most telling of the errors that came with status 200."""
        words = str(errors)
        if THROTTLED in errors.codes:
            until = datetime.now(UTC) + _pause(said)
            self._waits.wait(until)
            raise RateLimited(words, until=until, request=request, status=200)
        if errors.codes & NOT_ALLOWED:
            raise CredentialsRefused(words, request=request, status=200)
        if TOO_DEAR in errors.codes:
            raise TooDear(words, request=request, status=200)
        # Data beside it: the question was understood, and it is the answer that went wrong.
        data = said.get("data")
        is_told = isinstance(data, dict) and any(part is not None for part in data.values())
        is_ours = not is_told and not words.startswith("answered an error (Internal error")
        if errors.codes & IN_TROUBLE or not is_ours:
            raise Unavailable(words, request=request, status=200)
        raise Rejected(words, request=request, status=200)


# -- what a mutation says with status 200 and no error -------------------------------------------------------------


def user_errors(told: GraphQLAnswer, name: str) -> Sequence[UserError]:
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
    said = masked(str(error.get("message") or "")[:1000])
    return f"{code_of(error)}: {said}" if code_of(error) else said


# -- points ------------------------------------------------------------------------------------------------------


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


def _share_left(said: Mapping[str, Any]) -> float | None:
    """What is left of the bucket's points, from 0 to 1, where an answer says so."""
    has, size = (_bucket(said).get(name) for name in ("currentlyAvailable", "maximumAvailable"))
    return float(Decimal(has) / Decimal(size)) if _is_figure(has) and _is_figure(size) and size > 0 else None


def _bucket(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_cost(said), "throttleStatus")


def _cost(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_part(said, "extensions"), "cost")


def _part(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = thing.get(name)
    return part if isinstance(part, dict) else {}
