"""A form that was sent after its session had ended: kept until its person is signed in again, and never its secrets.

It goes along in the form of the sign-in, signed. Nothing of it is done before somebody who sees it presses a button.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import current_app, request
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms.validators import ValidationError

MOST_SIGNS: Final = 20_000  # of all of it: the sign-in is a form too
HELD_SECONDS: Final = 86_400

_SALT: Final = "a form that was kept"
_SECRET: Final = re.compile(r"pass|secret|token|credential|^key|^(old|again|add)$", re.IGNORECASE)
_UNSEEN: Final = frozenset({"seen", "version", "form"})  # what a form remembers of the page that it stood on


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where a form was sent to, and what stood in it; `lacks_secrets` where some of it was not kept."""

    address: str
    fields: Sequence[tuple[str, str]]
    lacks_secrets: bool

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What people typed or chose."""
        return [(name, value) for name, value in self.fields if name not in _UNSEEN and value]


def keep() -> str:
    """This request's form, signed; empty where it is not ours, or too large."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return ""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    fields = [(name, value) for name, value in sent if not _SECRET.search(name)]
    lacks = len(fields) < len(sent) or bool(request.files)
    text = _signer().dumps([request.full_path.rstrip("?"), fields, lacks])
    return str(text) if len(text) <= MOST_SIGNS else ""


def read(text: str) -> KeptForm | None:
    """A form that was kept; None for what is none of ours."""
    try:
        address, fields, lacks_secrets = _signer().loads(text, max_age=HELD_SECONDS)
    except BadData:
        return None
    return KeptForm(address, [(name, value) for name, value in fields], lacks_secrets)


def _signer() -> URLSafeTimedSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt=_SALT)
