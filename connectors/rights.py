"""Which right a call needs, said with its refusal: so that only what needs it stops (SPEC chapter 11)."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import CredentialsRefused
from schemas.platform import Platform
from schemas.rights import Right


@contextmanager
def needing(right: Right, platform: Platform) -> Iterator[None]:
    """A refusal within is one of this right, by the platform's name for it. Raises CredentialsRefused."""
    try:
        yield
    except CredentialsRefused as error:
        if error.right is not None:
            raise
        names, where = ", ".join(platform.grants.names[right]), platform.grants.where
        cure = f"The right that is missing: {names} ({where}). Then: storesync store check NAME"
        raise CredentialsRefused(
            error.problem, request=error.request, status=error.status, cure=error.cure or cure, right=right
        ) from error
