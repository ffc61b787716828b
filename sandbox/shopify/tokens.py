"""The app of the Shopify stand-in's merchant, as the Dev Dashboard makes it: its tokens end, and its secret may too."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.shopify.model import Json

GRANT: Final = "/admin/oauth/access_token"
TOKEN_LIFE: Final = 86_400
ALL_SCOPES: Final = frozenset(
    {
        *("read_all_orders", "write_orders", "write_customers", "write_products", "write_inventory", "read_locations"),
        *("write_merchant_managed_fulfillment_orders", "write_assigned_fulfillment_orders", "read_returns"),
        "write_third_party_fulfillment_orders",
    }
)

_WORDS: Final = {
    "app_not_installed": "The app is not installed on this shop.",
    "application_cannot_be_found": "Could not find Shopify API application with api_key {id}",
    "shop_not_permitted": "Client credentials cannot be performed on this shop.",
    "invalid_client": "The client_secret is not the app's.",
    "invalid_request": "The grant_type is not known.",
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>400 - Oauth error {code}</title></head>
<body><h1>Oauth error {code}: {words}</h1></body>
</html>"""


class OauthError(Exception):
    """No token is given, and why not in OAuth's word."""


@dataclass(slots=True)
class App:
    """What the Dev Dashboard knows of the app. `said_life` is what is said of a token's life, where it is not true."""

    client_id: str = "5e1f4f0a9c5d2f6b7e8a9b0c5a4d0b0c"
    client_secret: str = "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"
    token_life: float = TOKEN_LIFE
    said_life: int | None = None
    is_installed: bool = True
    is_permitted: bool = True
    scopes: frozenset[str] = ALL_SCOPES  # of its released version
    asking: frozenset[str] = ALL_SCOPES  # those of who asks at the moment
    given_at: list[datetime] = field(default_factory=list)  # the moments that tokens were given at
    refused: int = 0  # calls, for a token that is none or has ended
    _ends: dict[str, datetime] = field(default_factory=dict)
    _scopes: dict[str, frozenset[str]] = field(default_factory=dict)

    def grant(self, asked: Json, now: datetime) -> Json:
        """A token by the client credentials grant; earlier ones go on to their end. Raises OauthError."""
        if asked.get("grant_type") != "client_credentials":
            raise OauthError("invalid_request")
        if asked.get("client_id") != self.client_id:
            raise OauthError("application_cannot_be_found")
        if not self.is_installed:
            raise OauthError("app_not_installed")
        if not hmac.compare_digest(str(asked.get("client_secret")).encode(), self.client_secret.encode()):
            raise OauthError("invalid_client")
        if not self.is_permitted:
            raise OauthError("shop_not_permitted")
        token = f"shpat_{token_hex(16)}"
        self._ends[token] = now + timedelta(seconds=self.token_life)
        self._scopes[token] = self.scopes
        self.given_at.append(now)
        said = max(1, int(self.token_life) - 1) if self.said_life is None else self.said_life
        return {"access_token": token, "scope": ",".join(sorted(self.scopes)), "expires_in": said}

    @property
    def given(self) -> int:
        """How many tokens were given."""
        return len(self.given_at)

    def takes(self, token: str, now: datetime) -> bool:
        """Whether a token is one of this app's that has not ended."""
        return token in self._ends and self.is_installed and now < self._ends[token]

    def asked_with(self, token: str) -> None:
        """Who asks now: a token has the scopes of when it was given, one that lasts those of the app."""
        self.asking = self._scopes.get(token, self.scopes)

    def installation(self) -> Json:
        """What an app may ask about itself."""
        return {"accessScopes": [{"handle": scope} for scope in sorted(self.asking)]}

    def end_tokens(self) -> None:
        """End all tokens now, whatever was said of their life."""
        self._ends.clear()

    def seen(self) -> Json:
        """The app as its merchant sees it, but for its secret."""
        names = ("client_id", "token_life", "said_life", "is_installed", "is_permitted", "given")
        return {name: getattr(self, name) for name in names} | {"scopes": sorted(self.scopes)}

    def summary(self, now: datetime) -> Json:
        """What there is to see from outside."""
        alive = sum(now < ends for ends in self._ends.values())
        return {"given": self.given, "alive": alive, "refused": self.refused}


def refusal(app_id: str, error: OauthError) -> ResponseReturnValue:
    """Shopify says no with a page for people, of which the title holds the code; the secret's error is JSON."""
    code = str(error)
    words = _WORDS[code].format(id=app_id)
    if code == "invalid_client":
        return jsonify(error=code, error_description=words), 400
    return Response(_PAGE.format(code=code, words=words), 400, mimetype="text/html")


def asked_for() -> Json:
    """The fields of a grant's request, sent as a form or as JSON."""
    return request.form.to_dict() or dict(request.get_json(silent=True) or {})
