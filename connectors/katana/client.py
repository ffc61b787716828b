"""Calls to Katana: its key, its limit, its pages, and what an answer means. It knows no end point."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from connectors import json_text
from connectors.errors import ConnectorError, FieldsRejected, NotFound, RateLimited, RedisAway, Rejected, Unavailable
from connectors.http import Answer, HeaderAuth, HttpClient, ManyParams, NoWaits, credential
from connectors.katana.budget import Budget, Priority
from schemas.errors import Unreadable
from schemas.katana.limits import may_ask_at, read_quota
from schemas.katana.pages import LARGEST, entries, is_last
from schemas.katana.refusals import is_own_refusal, read_refusal
from schemas.text import masked

URL: Final = "https://api.katanamrp.com/v1"

_SAYS_NO: Final = frozenset({400, 404, 405, 406, 409, 410, 412, 413, 415, 422, 429})
_MOST_PAGES: Final = 4000  # a million entries: whoever has more has no last page


class KatanaClient:
    """Calls with one key below one address, each within the limit that all processes share. Belongs to one thread.

    It tries nothing twice, and never waits: what may not be asked now raises RateLimited.
    """

    def __init__(
        self, credentials: Mapping[str, str], *, budget: Budget, url: str = URL, allow_insecure: bool = False
    ) -> None:
        self._budget = budget
        auth = HeaderAuth("Authorization", f"Bearer {credential(credentials, 'api_key')}")
        self._http = HttpClient(url, auth=auth, waits=NoWaits(), is_own=is_own_refusal, allow_insecure=allow_insecure)

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return self._http.calls

    def get(self, path: str, params: ManyParams | None = None, *, priority: Priority) -> Any:
        """The JSON of one thing. Raises a ConnectorError."""
        return self._page(path, params, priority).json()

    def post(self, path: str, body: Mapping[str, Any], *, priority: Priority) -> Any:
        """The JSON of what was made. Raises a ConnectorError; `may_have_made` says what that leaves open."""
        self._budget.take(priority)
        return self._read(self._http.post(path, body, answers=_SAYS_NO)).json()

    def tell(self, path: str, body: Mapping[str, Any], *, priority: Priority) -> None:
        """A POST that makes nothing, and whose answer is empty. Raises a ConnectorError."""
        self._budget.take(priority)
        self._read(self._http.post(path, body, answers=_SAYS_NO))

    def patch(self, path: str, body: Mapping[str, Any], *, priority: Priority) -> Any:
        """The JSON of what was changed: what is read afterwards may be older. Raises a ConnectorError."""
        self._budget.take(priority)
        return self._read(self._http.patch(path, body, answers=_SAYS_NO)).json()

    def delete(self, path: str, *, priority: Priority) -> None:
        """Take something away, or find that it is gone. Raises a ConnectorError."""
        self._budget.take(priority)
        with suppress(NotFound):
            self._read(self._http.delete(path, answers=_SAYS_NO))

    def pages(
        self, path: str, params: ManyParams, *, priority: Priority, first: int = 1
    ) -> Iterator[list[dict[str, Any]]]:
        """A list page by page, each entry once. Raises a ConnectorError, which leaves what was read before as it is.

        Lists are newest first and move while they are read, so an entry may come on two pages.
        """
        seen: set[tuple[str, ...]] = set()
        for page in range(first, first + _MOST_PAGES):
            answer = self._page(path, {**params, "limit": LARGEST, "page": page}, priority)
            found = _entries(answer)
            fresh = {key: entry for entry in found if (key := _identity(entry)) not in seen}
            seen |= fresh.keys()
            yield list(fresh.values())
            if not fresh or is_last(answer.headers, len(found), LARGEST):
                return
        raise Unavailable(f"the list has no last page within {_MOST_PAGES}", request=f"GET {path}")

    def matching(
        self, path: str, asked: Mapping[str, str | int], *, priority: Priority, others: ManyParams | None = None
    ) -> list[dict[str, Any]]:
        """All of a list that has the values which were asked for, each a field and a filter of the same name.

        Katana ignores a filter that it does not know without a word: whoever trusted it would take other things for
        what was looked for, and never see the end. Raises a ConnectorError, Rejected for a filter that was ignored.
        """
        found = []
        for page in self.pages(path, {**asked, **(others or {})}, priority=priority):
            for name, value in asked.items():
                if any(str(entry.get(name)) != str(value) for entry in page):
                    raise Rejected(f"Katana ignores the filter {name}", request=f"GET {path}")
            found += page
        return found

    def _page(self, path: str, params: ManyParams | None, priority: Priority) -> Answer:
        self._budget.take(priority)
        return self._read(self._http.get(path, params, answers=_SAYS_NO))

    def _read(self, answer: Answer) -> Answer:
        """An answer of success. Raises what another one means."""
        if answer.status == 429:
            raise self._limited(answer)
        with suppress(RedisAway):  # what was written is not to be forgotten for the sake of a count
            self._budget.lower(read_quota(answer.headers))
        if answer.status < 300:
            return answer
        raise _refused(answer)

    def _limited(self, answer: Answer) -> RateLimited:
        until = may_ask_at(answer.headers, datetime.now(UTC))
        with suppress(RedisAway):
            self._budget.close(until)
        return RateLimited("Katana asked to wait", until=until, request=answer.request, status=429)


def may_have_made(error: Exception) -> bool:
    """Whether something may have been made by a POST that ended so: then it is looked for before it is sent again.

    Katana writes and then fails, or says no: only a full minute and a refused key are known to come before all else.
    """
    if isinstance(error, Unreadable):
        return True
    return isinstance(error, Unavailable | Rejected | NotFound) and not isinstance(error, RateLimited | RedisAway)


def _identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells an entry from the others: its id, else the ids of what it is about, as of stock at a place."""
    if entry.get("id") is not None:
        return (str(entry["id"]),)
    return tuple(f"{name} {value}" for name, value in sorted(entry.items()) if name.endswith("_id"))


def _entries(answer: Answer) -> list[dict[str, Any]]:
    try:
        return entries(answer.json())
    except Unreadable as error:
        raise Unavailable(f"the answer is no list: {error}", request=answer.request) from error


def _refused(answer: Answer) -> ConnectorError:
    said: Any = None
    with suppress(json_text.NotJson):
        said = json_text.read(answer.text)
    refusal = read_refusal(said)
    words = f"answered {answer.status}" + (f" ({masked(refusal.words)})" if refusal.words else "")
    if answer.status == 404:
        return NotFound(words, request=answer.request, status=404)
    if answer.status == 422 and refusal.fields:
        named = tuple(map(masked, refusal.fields))
        return FieldsRejected(f"{words}: {named[0]}", fields=named, request=answer.request, status=422)
    return Rejected(words, request=answer.request, status=answer.status)
