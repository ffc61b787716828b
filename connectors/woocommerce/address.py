"""What people paste in place of the address of a WooCommerce shop, and the address that is meant."""

import re
from typing import Final

_I: Final = re.IGNORECASE
_PART: Final = re.compile(r"/(?:wp-json|wp-admin|wp-login\.php)(?:[/?#].*)?$|/?\?rest_route=.*$", _I)


def meant(text: str) -> str:
    """The site, without the path of its API or its desk."""
    return _PART.sub("", text.strip())
