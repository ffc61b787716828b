"""What people paste in place of the address of a Shopify shop, and the address that is meant."""

import re
from typing import Final

_I: Final = re.IGNORECASE
_ADMIN: Final = re.compile(r"(?:https?://)?admin\.shopify\.com/store/([a-z0-9-]+)(?:[/?#].*)?", _I)
_SHOP: Final = re.compile(r"(?:https?://)?([a-z0-9-]+\.myshopify\.com)(?:[/:?#].*)?", _I)
_PART: Final = re.compile(r"/admin(?:[/?#].*)?$", _I)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,}")


def meant(text: str) -> str:
    """NAME.myshopify.com, of that name alone, of any page of its, and of the admin."""
    text = text.strip()
    if found := _ADMIN.fullmatch(text):
        return f"https://{found[1].lower()}.myshopify.com"
    if found := _SHOP.fullmatch(text):
        return f"https://{found[1].lower()}"
    if _NAME.fullmatch(text) and text != "localhost":
        return f"https://{text}.myshopify.com"
    return _PART.sub("", text)
