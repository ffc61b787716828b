"""What the token of one BigCommerce shop may do, asked for without an effect (DOR-4).

No call tells a token's scopes. A call that its scopes do not allow is answered 403 before anything is looked at,
whatever else may be wrong with it: so reading asks for one entry, and writing sends nothing to nobody.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from connectors.addresses import shop_key
from connectors.bigcommerce.client import ShopClient
from connectors.errors import CredentialsRefused, NotFound, Rejected
from connectors.store import StoreFacts
from schemas.bigcommerce.platform import PLATFORM
from schemas.money import is_currency
from schemas.rights import Lack, Right

_ORDERS: Final = "v2/orders"
_STORES: Final = "api.bigcommerce.com/stores/"
_READS: Final[Mapping[Right, tuple[str, ...]]] = {  # in the order of the scopes' names
    Right.READ_PRODUCTS: ("v3/catalog/products", "v3/inventory/locations", "v3/inventory/items"),
}
_NOTHING: Final[Mapping[Right, tuple[str, Mapping[str, Any]]]] = {
    Right.WRITE_ORDERS: ("v2/orders/2147483647", {}),  # no field of an order that is not there
    Right.WRITE_STOCK: ("v3/inventory/adjustments/absolute", {"reason": "storesync", "items": []}),
}


def check(http: ShopClient, url: str, needs: Collection[Right]) -> StoreFacts:
    """Which of these rights are there, and what the shop sells in.

    Raises CredentialsRefused where orders may not be read.
    """
    _read(http, _ORDERS)
    lacks, unproved = [], []
    for right in needs:
        if right in _READS and (missing := tuple(_unread(http, right))):
            lacks.append(Lack(right, missing))
        if right in _NOTHING:
            is_granted = _may_write(http, *_NOTHING[right])
            if is_granted is None:
                unproved.append(right)
            elif not is_granted:
                lacks.append(Lack(right, PLATFORM.grants.names[right]))
    about = _about(http)
    code = about.get("currency")
    return StoreFacts(
        currency=code if isinstance(code, str) and is_currency(code) else None,
        lacks=tuple(lacks),
        unproved=tuple(unproved),
        shop=_name_of(about, url),
    )


def shop_of(http: ShopClient, url: str) -> str:
    """The shop's hash."""
    return _name_of(_about(http), url)


def _name_of(about: Mapping[str, Any], url: str) -> str:
    hash_ = about.get("id")
    if isinstance(hash_, str) and hash_.strip():
        return hash_.strip().lower()
    return shop_key(url).lower().removeprefix(_STORES)


def _unread(http: ShopClient, right: Right) -> Iterator[str]:
    """The names of the scopes that are missing to read."""
    for path, name in zip(_READS[right], PLATFORM.grants.names[right], strict=True):
        try:
            _read(http, path)
        except CredentialsRefused:
            yield name


def _read(http: ShopClient, path: str) -> None:
    """Ask for one entry of a list; an empty one of v2 has no body. A page in place of an answer proves no right."""
    answer = http.get(path, {"limit": 1})
    if answer.status != 204:
        answer.json()


def _may_write(http: ShopClient, path: str, nothing: Mapping[str, Any]) -> bool | None:
    """Whether the shop says no to what was sent, and not to us; None where it is not clear to whom."""
    try:
        http.put(path, nothing).json()
    except CredentialsRefused:
        return False
    except (NotFound, Rejected) as error:
        return True if error.status in (400, 404, 409, 422) else None
    return True


def _about(http: ShopClient) -> Mapping[str, Any]:
    try:
        said = http.get("v2/store").json()
    except (CredentialsRefused, Rejected):
        return {}  # a scope of its own, which nothing but this needs
    return said if isinstance(said, dict) else {}
