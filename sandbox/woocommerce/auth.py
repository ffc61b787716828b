"""Who may ask: Basic and query keys over TLS, one-legged OAuth 1.0a over plain http, as WooCommerce checks them."""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849 import signature
from werkzeug.http import parse_dict_header
from werkzeug.wrappers import Request

from sandbox.woocommerce.errors import Refusal, bad_key, may_not

_SIGNED: Final = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
_VERIFY: Final[Mapping[str, Callable[..., bool]]] = {
    "HMAC-SHA1": signature.verify_hmac_sha1,
    "HMAC-SHA256": signature.verify_hmac_sha256,
}
_WINDOW_SECONDS: Final = 15 * 60


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of the shop."""

    consumer_key: str
    consumer_secret: str
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class _Signed:
    """A request as oauthlib verifies it."""

    uri: str
    http_method: str
    params: list[tuple[str, str]]
    signature: str


class Gate:
    """Lets a request in, or raises the Refusal that WooCommerce answers with."""

    def __init__(self, keys: Mapping[str, Key], *, trust_forwarded_proto: bool) -> None:
        self._keys = keys
        self._trust_forwarded_proto = trust_forwarded_proto
        self._nonces: dict[str, float] = {}
        self._lock = threading.Lock()

    def admit(self, request: Request) -> None:
        """Check key, signature and permission of a request."""
        key = self._by_secret(request) if self._is_tls(request) else None
        key = key or self._by_signature(request)
        if key is None:
            raise may_not(request.method, request.path)
        if request.method not in ("GET", "HEAD") and not key.may_write:
            raise bad_key("The API key provided does not have write permissions.")

    def _is_tls(self, request: Request) -> bool:
        forwarded = request.headers.get("X-Forwarded-Proto", "") if self._trust_forwarded_proto else ""
        return request.scheme == "https" or forwarded.lower() == "https"

    def _by_secret(self, request: Request) -> Key | None:
        given, secret = request.args.get("consumer_key"), request.args.get("consumer_secret")
        if not (given and secret):
            basic = request.authorization
            given, secret = (basic.username, basic.password) if basic and basic.type == "basic" else (None, None)
        key = self._keys.get(given or "")
        if key is not None and not hmac.compare_digest(key.consumer_secret.encode(), (secret or "").encode()):
            raise bad_key("Consumer secret is invalid.")
        return key

    def _by_signature(self, request: Request) -> Key | None:
        params = _signed_params(request)
        missing = [name for name in _SIGNED if not params.get(name)]
        if len(missing) == len(_SIGNED):
            return None
        if missing:
            plural = "s" if len(missing) > 1 else ""
            sentence = f"Missing OAuth parameter{plural} {', '.join(missing)}"
            raise Refusal("woocommerce_rest_authentication_missing_parameter", sentence, 401)
        key = self._keys.get(params["oauth_consumer_key"])
        if key is None:
            raise bad_key("Consumer key is invalid.")
        _check_signature(request, params, key)
        self._check_freshness(params)
        return key

    def _check_freshness(self, params: Mapping[str, str]) -> None:
        now, nonce = time.time(), params["oauth_nonce"]
        stamp = params["oauth_timestamp"]
        if not stamp.isdecimal() or abs(now - int(stamp)) > _WINDOW_SECONDS:
            raise bad_key("Invalid timestamp.")
        with self._lock:
            if len(self._nonces) > 10_000:
                self._nonces = {one: at for one, at in self._nonces.items() if now - at < 2 * _WINDOW_SECONDS}
            if nonce in self._nonces:
                raise bad_key("Invalid nonce - nonce has already been used.")
            self._nonces[nonce] = now


def _signed_params(request: Request) -> dict[str, str]:
    """Query parameters, and those of an `Authorization: OAuth …` header over them."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    header: dict[str, Any] = parse_dict_header(rest) if scheme.lower() == "oauth" else {}
    decoded = {name: unquote(str(value)) for name, value in header.items() if name != "realm" and value is not None}
    return {**request.args.to_dict(), **decoded}


def _check_signature(request: Request, params: Mapping[str, str], key: Key) -> None:
    verify = _VERIFY.get(params["oauth_signature_method"])
    if verify is None:
        raise bad_key("Invalid signature - signature method is invalid.")
    header = {name: value for name, value in params.items() if name not in request.args}
    pairs = [*request.args.items(multi=True), *header.items()]
    covered = [(name, value) for name, value in pairs if name != "oauth_signature"]
    signed = _Signed(request.base_url, request.method, covered, params["oauth_signature"])
    if not verify(signed, key.consumer_secret, ""):
        raise bad_key("Invalid signature - provided signature does not match.")
