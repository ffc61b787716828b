"""Whether a Katana account can be worked with, asked before anything is made there (KAT-3)."""

from typing import Final

from connectors.errors import Rejected, Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from schemas.errors import Unreadable
from schemas.katana.pages import entries
from schemas.katana.records import AccountRecord, read_account

_NOBODY: Final = "storesync-asks-for-what-nobody-has"
_NO_NUMBER: Final = 2147483647
_A_PERSON_WAITS: Final = Priority.CHANGES

# The filters by which what was made is found again. Where one is ignored, nothing is: then things would be made twice.
FILTERS: Final[tuple[tuple[str, str, str | int], ...]] = (
    ("sales_orders", "ecommerce_order_type", _NOBODY),
    ("sales_orders", "ecommerce_store_name", _NOBODY),
    ("sales_orders", "ecommerce_order_id", _NOBODY),
    ("sales_order_fulfillments", "sales_order_id", _NO_NUMBER),
    ("customers", "email", f"{_NOBODY}@example.com"),
    ("customers", "name", _NOBODY),
    ("variants", "sku", _NOBODY),
    ("products", "name", _NOBODY),
    ("services", "name", _NOBODY),
)


def prove(client: KatanaClient) -> AccountRecord:
    """What holds for the account, once its key is taken and each filter was seen to give nothing for what nobody has.

    Of a list that is still empty a filter proves nothing: whoever looks for something compares what comes all the same.
    Raises CredentialsRefused, Rejected for a filter that is ignored, and Unavailable.
    """
    try:
        account = read_account(client.get("factory", priority=_A_PERSON_WAITS))
        for path, name, value in FILTERS:
            if entries(client.get(path, {name: value, "limit": 1}, priority=_A_PERSON_WAITS)):
                raise Rejected(
                    f"Katana ignores the filter {name}, by which what was made is found again", request=f"GET {path}"
                )
    except Unreadable as error:
        raise Unavailable(f"Katana's answer cannot be read: {error}") from error
    return account
