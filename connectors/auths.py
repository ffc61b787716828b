"""How a request says who asks: in a header, in the query, signed, or not at all. Only connectors.http sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.later import Later
from connectors.tokens import RenewedKey

if TYPE_CHECKING:
    import requests_oauthlib
else:
    requests_oauthlib = Later("requests_oauthlib")


def basic_auth(user: str, password: str) -> AuthBase:
    """User name and password with every request, for https."""
    return HTTPBasicAuth(user, password)


@dataclass(frozen=True, slots=True)
class HeaderAuth(AuthBase):
    """A key in a header of its own with every request, and `others` that the vendor wants."""

    header: str
    key: str = field(repr=False)
    others: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the key."""
        request.headers.update({**self.others, self.header: self.key})
        return request


class RenewedAuth(AuthBase):
    """A key that ends in a header of its own with every request."""

    def __init__(self, header: str, key: RenewedKey) -> None:
        self._header, self._key, self._sent = header, key, ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the key of now. Raises a ConnectorError where there is none."""
        self._sent = request.headers[self._header] = self._key.get()
        return request

    def renew(self) -> None:
        """The key that was sent last was refused. Raises a ConnectorError where there is no other."""
        self._key.renew(self._sent)

    def renew_anyway(self) -> None:
        """Nothing was refused. Raises a ConnectorError where there is no other key, or this one was given just now."""
        self._key.renew(self._key.get())


class EitherAuth(AuthBase):
    """User name and password in a header; in the query, under their own names, at a host that drops the header.

    The other way is tried once, with the first call that is refused, and kept if it works. For https alone.
    """

    def __init__(self, names: Sequence[str], user: str, password: str) -> None:
        self._basic = HTTPBasicAuth(user, password)
        self._pairs = dict(zip(names, (user, password), strict=True))
        self._is_query, self._is_settled = False, False

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the keys."""
        if not self._is_query:
            self._basic(request)
            return request
        request.prepare_url(request.url, self._pairs)
        return request

    def is_other_worth_it(self, status: int) -> bool:
        """Whether to ask the same with the keys in the query: from now on they are there."""
        if self._is_settled:
            return False
        self._is_query = status == 401
        self._is_settled = self._is_query or status < 300
        return self._is_query

    def keep(self, *, is_better: bool) -> None:
        """Stay with the query if it works."""
        self._is_query = is_better


class Anonymous(AuthBase):
    """No credentials: for public pages."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


def oauth1(key: str, secret: str) -> AuthBase:
    """Every request signed (OAuth 1.0a, HMAC-SHA256, in the query), for plain http: the secret itself never travels."""
    return requests_oauthlib.OAuth1(key, secret, signature_method="HMAC-SHA256", signature_type="QUERY")
