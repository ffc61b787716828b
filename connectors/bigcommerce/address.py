"""What people paste in place of the address of a BigCommerce shop, and the address that is meant."""

import re
from typing import Final

from connectors.errors import Unsafe

_I: Final = re.IGNORECASE
_SHOP: Final = re.compile(r"(?:https?://)?store-([a-z0-9]+)(?:-[0-9]+)?\.mybigcommerce\.com(?:[/:?#].*)?", _I)
_PART: Final = re.compile(r"/v[23](?:[/?#].*)?$", _I)
_PATH: Final = re.compile(r"/?stores/([a-z0-9]+)(?:/.*)?", _I)
_HASH: Final = re.compile(r"[a-z0-9]{5,20}")
_API: Final = "https://api.bigcommerce.com/stores/"


def meant(text: str) -> str:
    """The shop's API path, of its hash, of the address that it was born with, of a path below it. Raises Unsafe."""
    text = text.strip()
    if found := _SHOP.fullmatch(text) or _PATH.fullmatch(text):
        return f"{_API}{found[1].lower()}"
    if _HASH.fullmatch(text) and text != "localhost":
        return f"{_API}{text}"
    if "/stores/" not in text:
        raise Unsafe(
            f"a BigCommerce shop is called by its API path, {_API}HASH, as the control panel shows it beside the"
            " token: Settings → API accounts; the address that buyers see is not asked"
        )
    return _PART.sub("", text)
