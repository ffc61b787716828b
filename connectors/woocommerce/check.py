"""What the key of one WooCommerce shop may do, asked for without an effect (DOR-4)."""

from collections.abc import Collection, Mapping
from typing import Final

from connectors.addresses import shop_key
from connectors.errors import CredentialsRefused, NotFound, Rejected, Unavailable, Unsafe
from connectors.http import HttpClient
from connectors.store import StoreFacts
from schemas.money import is_currency
from schemas.rights import Lack, Right
from schemas.woocommerce.platform import PLATFORM

# A batch of nothing changes nothing: 200 for a key that may write, 401 or 403 for one that may not.
_EMPTY_BATCH: Final[Mapping[Right, str]] = {Right.WRITE_ORDERS: "orders/batch", Right.WRITE_STOCK: "products/batch"}


def shop_of(site: HttpClient, url: str) -> str:
    """The address that the shop has for itself; ours where its index is hidden."""
    try:
        answer = site.get("wp-json/", {"_fields": "home,url"})
    except (NotFound, CredentialsRefused, Rejected):
        return shop_key(url)
    except Unavailable as error:
        if error.status in (401, 403):  # of a plugin or firewall that hides it
            return shop_key(url)
        raise
    try:
        said = answer.json()
        home = said.get("home") if isinstance(said, dict) else None
        return shop_key(home) if isinstance(home, str) and home.strip() else shop_key(url)
    except (Unavailable, Unsafe):
        return shop_key(url)  # it is no index of WordPress


def check(http: HttpClient, needs: Collection[Right]) -> StoreFacts:
    """Which of these rights are there, of a key that may read orders."""
    asked = {right: _is_granted(http, right) for right in needs if right is not Right.READ_ORDERS}
    missing = [right for right, is_there in asked.items() if is_there is False]
    return StoreFacts(
        currency=_currency(http),
        lacks=tuple(Lack(right, PLATFORM.grants.names[right]) for right in missing),
        unproved=tuple(right for right, is_there in asked.items() if is_there is None),
    )


def _is_granted(http: HttpClient, right: Right) -> bool | None:
    """Whether a right is there; None where the shop gives no answer to that. A page in place of one proves nothing."""
    try:
        if right in _EMPTY_BATCH:
            http.post(_EMPTY_BATCH[right], {}).json()
        else:
            http.get("products", {"per_page": 1, "_fields": "id"}).entries(1)
    except CredentialsRefused:
        return False
    except (NotFound, Rejected):
        return None
    return True


def _currency(http: HttpClient) -> str | None:
    try:
        setting = http.get("settings/general/woocommerce_currency").json()
    except (CredentialsRefused, NotFound, Rejected):
        return None  # settings are for administrators' keys
    code = setting.get("value") if isinstance(setting, dict) else None
    return code if isinstance(code, str) and is_currency(code) else None
