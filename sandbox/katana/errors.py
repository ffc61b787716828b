"""What the stand-in's refusals look like: wrapped as the server sends them, or flat as in the documents' examples."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

_INVALID: Final = "The request body is invalid. See error object `details` property for more info."


@dataclass(frozen=True, slots=True)
class Detail:
    """What is wrong at one place of a body; `place` holds names and positions."""

    place: tuple[str | int, ...]
    code: str
    message: str
    info: Json = field(default_factory=dict)

    def shown(self, *, is_pointer: bool) -> Json:
        """As it is sent: the place as a JSON pointer, or with points as in the documents."""
        path = "".join(f"/{part}" if is_pointer else f".{part}" for part in self.place)
        return {"path": path, "code": self.code, "message": self.message, "info": self.info}


class KatanaRefusal(Exception):
    """Katana says no."""

    def __init__(self, status: int, name: str, message: str, *, code: str = "", details: Iterable[Detail] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message
        self.code = code
        self.details = tuple(details)

    def body(self, *, is_wrapped: bool = True) -> Json:
        """The error."""
        error: Json = {"statusCode": self.status, "name": self.name, "message": self.message}
        if self.code:
            error["code"] = self.code
        if self.details:
            error["details"] = [detail.shown(is_pointer=is_wrapped) for detail in self.details]
        return {"error": error} if is_wrapped else error


def invalid(*details: Detail) -> KatanaRefusal:
    """A body that is not as the end point takes it."""
    return KatanaRefusal(422, "UnprocessableEntityError", _INVALID, code="VALIDATION_FAILED", details=details)


def against_rules(message: str) -> KatanaRefusal:
    """A body that is well formed and not allowed."""
    return KatanaRefusal(422, "UnprocessableEntityError", message)


def held_by(message: str) -> KatanaRefusal:
    """A delete of what something hangs on."""
    return KatanaRefusal(412, "PreconditionFailedError", message)


def not_found() -> KatanaRefusal:
    """What is not there."""
    return KatanaRefusal(404, "NotFoundError", "Not found")


def unauthorized() -> KatanaRefusal:
    """A wrong or revoked key."""
    return KatanaRefusal(401, "UnauthorizedError", "Unauthorized")


def too_many() -> KatanaRefusal:
    """A request beyond the limit."""
    return KatanaRefusal(429, "TooManyRequestsError", "Too Many Requests")


def broken() -> KatanaRefusal:
    """An error of the server's own."""
    return KatanaRefusal(500, "InternalServerError", "Internal Server Error")
