"""WooCommerce's own refusal of credentials: whoever else says 401 or 403 only stands before it."""

import re
from typing import Any, Final

from schemas.refusals import repeats

_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,99}")


def is_own_refusal(status: int, said: Any, _text: str) -> bool:
    """WordPress's REST error: a code as its code is written, and the status once more, if anything beside them."""
    if not isinstance(said, dict) or not isinstance(said.get("code"), str):
        return False
    return bool(_CODE.fullmatch(said["code"])) and ("data" not in said or repeats(status, said["data"]))
