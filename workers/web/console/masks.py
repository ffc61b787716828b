"""What of a buyer somebody may see. The one place where it is decided, for pages and files alike."""

from collections.abc import Collection
from enum import StrEnum

from schemas.users import Role, User
from tasks.rules.privacy import without_words


class Personal(StrEnum):
    """What a value says of a buyer."""

    NAME = "name"
    EMAIL = "email"
    OTHER = "other"  # street, postcode, phone, notes


def shown(value: str | None, what: Personal, user: User) -> str:
    """The value, or for a viewer what is left of it: A… K…, a…@example.com, …"""
    text = (value or "").strip()
    if not text or user.role.may(Role.OPERATOR):
        return text
    match what:
        case Personal.NAME:
            return " ".join(f"{word[0]}…" for word in text.split())
        case Personal.EMAIL:
            before, at, domain = text.rpartition("@")
            return f"{before[:1]}…@{domain}" if at else "…"
        case Personal.OTHER:
            return "…"


def shown_words(text: str, naming: Collection[str], user: User) -> str:
    """A sentence, for a viewer without what names the buyer."""
    if user.role.may(Role.OPERATOR):
        return text
    found: str = without_words(text, naming)
    return found
