"""What people paste in place of a shop's address, and the address that is meant. What is none is left for shop_url."""

import re
from typing import Final

from connectors.errors import Unsafe

_I: Final = re.IGNORECASE

_WORDPRESS_PART: Final = re.compile(r"/(?:wp-json|wp-admin|wp-login\.php)(?:[/?#].*)?$|/?\?rest_route=.*$", _I)
_SHOPIFY_ADMIN: Final = re.compile(r"(?:https?://)?admin\.shopify\.com/store/([a-z0-9-]+)(?:[/?#].*)?", _I)
_SHOPIFY_SHOP: Final = re.compile(r"(?:https?://)?([a-z0-9-]+\.myshopify\.com)(?:[/:?#].*)?", _I)
_SHOPIFY_PART: Final = re.compile(r"/admin(?:[/?#].*)?$", _I)
_SHOPIFY_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,}")
_BIG_SHOP: Final = re.compile(r"(?:https?://)?store-([a-z0-9]+)(?:-[0-9]+)?\.mybigcommerce\.com(?:[/:?#].*)?", _I)
_BIG_PART: Final = re.compile(r"/v[23](?:[/?#].*)?$", _I)
_BIG_PATH: Final = re.compile(r"/?stores/([a-z0-9]+)(?:/.*)?", _I)
_BIG_HASH: Final = re.compile(r"[a-z0-9]{5,20}")
_BIG_API: Final = "https://api.bigcommerce.com/stores/"


def of_woocommerce(text: str) -> str:
    """The site, without the path of its API or its desk."""
    return _WORDPRESS_PART.sub("", text.strip())


def of_shopify(text: str) -> str:
    """NAME.myshopify.com, of that name alone, of any page of its, and of the admin."""
    text = text.strip()
    if found := _SHOPIFY_ADMIN.fullmatch(text):
        return f"https://{found[1].lower()}.myshopify.com"
    if found := _SHOPIFY_SHOP.fullmatch(text):
        return f"https://{found[1].lower()}"
    if _SHOPIFY_NAME.fullmatch(text) and text != "localhost":
        return f"https://{text}.myshopify.com"
    return _SHOPIFY_PART.sub("", text)


def of_bigcommerce(text: str) -> str:
    """The shop's API path, of its hash, of the address that it was born with, of a path below it. Raises Unsafe."""
    text = text.strip()
    if found := _BIG_SHOP.fullmatch(text) or _BIG_PATH.fullmatch(text):
        return f"{_BIG_API}{found[1].lower()}"
    if _BIG_HASH.fullmatch(text) and text != "localhost":
        return f"{_BIG_API}{text}"
    if "/stores/" not in text:
        raise Unsafe(
            f"a BigCommerce shop is called by its API path, {_BIG_API}HASH, as the control panel shows it beside the"
            " token: Settings → API accounts; the address that buyers see is not asked"
        )
    return _BIG_PART.sub("", text)
