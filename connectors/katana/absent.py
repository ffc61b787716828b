"""What was looked for in Katana a moment ago and not there, by kinds and keys of intents. It asks nobody."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

CUSTOMER: Final = "customer"
PRODUCT: Final = "product"

Key = tuple[str, str]  # the kind of an intent, and its key


def email_key(email: str) -> Key:
    """A customer by e-mail, in any case."""
    return CUSTOMER, f"email:{email.lower()}"


def name_key(name: str) -> Key:
    """A customer without e-mail by name, in any case."""
    return CUSTOMER, f"name:{name.lower()}"


def sku_key(sku: str) -> Key:
    """A product by its SKU."""
    return PRODUCT, f"sku:{sku}"


@dataclass(slots=True)
class Absent:
    """Belongs to one thread."""

    _until: dict[Key, float] = field(default_factory=dict)

    def note(self, keys: Iterable[Key], *, seconds: float) -> None:
        """They are not there, which counts for so long."""
        now = monotonic()
        known = {key: until for key, until in self._until.items() if until > now}
        self._until = known | dict.fromkeys(keys, now + seconds)

    def has(self, key: Key) -> bool:
        """Whether one was not there a moment ago."""
        return self._until.get(key, 0) > monotonic()
