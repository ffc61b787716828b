"""Why a site does not answer as a WooCommerce shop: each cause in its own words, with its own cure."""

from typing import Any, Final
from urllib.parse import urlsplit

from connectors.addresses import shop_key
from connectors.errors import ConnectorError, CredentialsRefused, Unavailable, Unsafe
from connectors.http import HttpClient

_API: Final = "wc/v3"
_SECRET: Final = "Consumer secret is invalid"
_SIGNATURE: Final = "signature"
_TIMESTAMP: Final = "Invalid timestamp"

_PLAIN: Final = (
    "the site is a WordPress with WooCommerce, and has no addresses like /wp-json: its permalinks are plain",
    "In WordPress: Settings → Permalinks, anything but Plain",
)
_NO_PLUGIN: Final = (
    "the site is a WordPress, and WooCommerce is not active there",
    "In WordPress: Plugins, activate WooCommerce; or give the address of the shop itself",
)
_NO_WORDPRESS: Final = (
    "no WordPress answers at this address",
    "Give the address of the shop's WordPress itself, with its folder where it is in one, like https://shop.example/shop",
)


def explain(error: ConnectorError, site: HttpClient, url: str) -> ConnectorError:
    """The error with its cause, where the site lets it be found."""
    if isinstance(error, CredentialsRefused):
        return _of_credentials(error, site, url)
    is_astray = error.status == 404 or (error.target and not _is_elsewhere(error.target, url))
    if not is_astray or error.cure:
        return error
    known = _namespaces(site)
    if known is None:
        words, cure = _NO_WORDPRESS
    else:
        words, cure = _PLAIN if _API in known else _NO_PLUGIN
    return type(error)(f"{words} (answered {error.status})", request=error.request, status=error.status, cure=cure)


def _is_elsewhere(target: str, url: str) -> bool:
    return urlsplit(target).hostname != urlsplit(url).hostname


def _of_credentials(error: CredentialsRefused, site: HttpClient, url: str) -> CredentialsRefused:
    cure = error.cure
    if _TIMESTAMP in error.problem:
        cure = "The clocks of this machine and of the shop's are apart: set both by NTP"
    elif _SIGNATURE in error.problem:
        home = _home(site)
        if home and shop_key(home) != shop_key(url):
            cure = f"The shop calls itself {home}, and checks signatures for that address: give it as --url"
        else:
            cure = "The consumer_secret is not the one of this consumer_key: --credential KEY=VALUE"
    elif _SECRET in error.problem:
        cure = "The consumer_secret is not the one of this consumer_key: --credential KEY=VALUE"
    if not cure:
        return error
    return CredentialsRefused(error.problem, request=error.request, status=error.status, cure=cure, right=error.right)


def _home(site: HttpClient) -> str:
    """What the site calls itself, if that is an address."""
    home = _ask(site, "wp-json/", {"_fields": "home"}).get("home")
    try:
        return home if isinstance(home, str) and home.isprintable() and shop_key(home) else ""
    except Unsafe:
        return ""


def _namespaces(site: HttpClient) -> list[Any] | None:
    """The APIs that the site has, asked for without permalinks; None where no WordPress answers."""
    named = _ask(site, "", {"rest_route": "/", "_fields": "namespaces"}).get("namespaces")
    return named if isinstance(named, list) else None


def _ask(site: HttpClient, path: str, asked: dict[str, str | int]) -> dict[str, Any]:
    try:
        said = site.get(path, asked).json()
    except (ConnectorError, Unavailable):
        return {}
    return said if isinstance(said, dict) else {}
