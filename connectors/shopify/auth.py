"""How a Shopify app of the Dev Dashboard gets its tokens: the client credentials grant, and what its answers mean."""

import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from html import unescape
from time import monotonic
from typing import Any, Final

from connectors import json_text
from connectors.errors import NotFound, Rejected, Revoked, Unavailable
from connectors.http import Anonymous, Answer, AuthBase, HeaderAuth, HttpClient, RenewedAuth, Shared, credential
from connectors.tokens import Grant, RenewedKey, Token
from schemas.text import masked

HEADER: Final = "X-Shopify-Access-Token"
LIFE: Final = timedelta(days=1)  # of a token whose answer does not say it readably

_PATH: Final = "admin/oauth/access_token"
_LONGEST: Final = 366 * 86400
_SAYS_NO: Final = (400, 401, 403, 422)
# Its errors are a page of HTML, of whose title only the code is for us: "400 - Oauth error app_not_installed".
_PAGE: Final = re.compile(r"Oauth error\s+([a-z_]{3,60})(?:\s*:\s*([^<\n]{1,300}))?", re.IGNORECASE)
_PASSES: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_CURES: Final = {
    "app_not_installed": "The app is not installed in this shop: Dev Dashboard → Apps → the app → Home → Install app",
    "application_cannot_be_found": "Take the client_id from Dev Dashboard → Apps → the app → Settings:"
    " --credential client_id=@FILE",
    "shop_not_permitted": "App and shop must be of one organization in the Dev Dashboard: make the app there",
    "invalid_client": "Take the client_secret from Dev Dashboard → Apps → the app → Settings:"
    " --credential client_secret=@FILE",
    "invalid_request": "The client_secret is not the app's, or the app is not installed in this shop",
}


def auth_of(url: str, credentials: Mapping[str, str], shared: Shared, *, allow_insecure: bool = False) -> AuthBase:
    """A token that lasts, where that was given, else one that is fetched. Raises CredentialsRefused for neither."""
    if credentials.get("access_token"):
        return HeaderAuth(HEADER, credential(credentials, "access_token"))
    id_, secret = credential(credentials, "client_id"), credential(credentials, "client_secret")
    http = HttpClient(url, auth=Anonymous(), waits=shared.waits, allow_insecure=allow_insecure)
    mark = sha256("\0".join((url, id_, secret)).encode()).hexdigest()
    return RenewedAuth(HEADER, RenewedKey(Grant(mark, lambda: _granted(http, id_, secret)), shared.tokens))


def _granted(http: HttpClient, id_: str, secret: str) -> Token:
    """A new token. Raises Revoked with Shopify's words where the app is, or Unavailable."""
    form = {"grant_type": "client_credentials", "client_id": id_, "client_secret": secret}
    asked = monotonic()
    try:
        answer = http.post_form(_PATH, form, answers=_SAYS_NO)
    except (NotFound, Rejected) as error:
        # Whatever it is, it is no word about the app: the shop is locked or moved, or somebody stands in front of it.
        no_shop = "there is no Shopify shop at this address" if isinstance(error, NotFound) else "gives no token"
        words, cure = f"{no_shop}: {error.problem}", error.cure
        raise Unavailable(words, request=error.request, status=error.status, cure=cure) from error
    if answer.status in _SAYS_NO:
        raise _refusal(answer)
    return _read(answer, timedelta(seconds=monotonic() - asked))


def _read(answer: Answer, took: timedelta) -> Token:
    said = answer.json()
    key = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(key, str) or not key.strip() or not key.isascii() or not key.isprintable():
        raise Unavailable("the answer holds no token", request=answer.request)
    # It lives from when Shopify made it, which was no earlier than we asked.
    return Token(key.strip(), _life(said.get("expires_in")) - took)


def _life(value: Any) -> timedelta:
    is_figure = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LONGEST
    return timedelta(seconds=value) if is_figure else LIFE


def _refusal(answer: Answer) -> Revoked | Unavailable:
    code, words = _said(answer.text)
    said = f"answered {answer.status} (Oauth error {code}{f': {words}' if words else ''})"
    if not code:
        return Unavailable(f"gives no token: answered {answer.status}", request=answer.request, status=answer.status)
    if code in _PASSES:
        return Unavailable(f"gives no token: {said}", request=answer.request, status=answer.status)
    return Revoked(said, request=answer.request, status=answer.status, cure=_CURES.get(code, ""))


def _said(text: str) -> tuple[str, str]:
    """The code and the words of an OAuth error, as JSON (RFC 6749) or on Shopify's page; without a code it is none."""
    try:
        value = json_text.read(text)
    except json_text.NotJson:
        found = sorted(_PAGE.findall(text), key=lambda one: len(one[1]))[-1:]
        return (found[0][0].lower(), masked(unescape(found[0][1]))) if found else ("", "")
    code, words = (value.get(key) for key in ("error", "error_description")) if isinstance(value, dict) else ("", "")
    is_code = isinstance(code, str) and re.fullmatch(r"[a-z_]{3,60}", code)
    return (str(code), masked(words[:1000]) if isinstance(words, str) else "") if is_code else ("", "")
