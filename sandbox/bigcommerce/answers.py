"""What the stand-in's answers look like: JSON, bare lists of v2, lists of v3 with `meta`, the refusals of both."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from sandbox.bigcommerce.model import BigRefusal, Json, not_found
from sandbox.bigcommerce.query import page_of, whole

_TYPE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; bytes are JSON already."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(content, status, headers, content_type="application/json")


def listed(entries: list[bytes]) -> Response:
    """A list of v2; an empty one is 204 without a body."""
    return answer(b"[" + b",".join(entries) + b"]") if entries else Response(status=204)


def paged(entries: Sequence[Json], *, most: int = 250) -> Response:
    """The page of a v3 list that this request asks for. Raises BigRefusal."""
    entries = list(entries)
    shown = page_of(entries, request.args, most=most)
    size = whole(request.args, "limit", 50, low=1) or 50
    pagination = {
        "total": len(entries),
        "count": len(shown),
        "per_page": size,
        "current_page": whole(request.args, "page", 1, low=1),
        "total_pages": -(-len(entries) // size),
    }
    return answer({"data": shown, "meta": {"pagination": pagination}})


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BigRefusal."""
    given = request.get_json(silent=True, force=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise BigRefusal(400, "Input is invalid")
    return given


def refused(refusal: BigRefusal) -> Response:
    """A refusal as the version that was called says it."""
    if "/v3/" not in request.path:
        return answer(refusal.body(), refusal.status)
    problem = {"status": refusal.status, "title": refusal.message, "type": _TYPE, "errors": refusal.details}
    return Response(json.dumps(problem), refusal.status, content_type="application/problem+json")


def no_route(error: HTTPException) -> Response:
    """What is no end point."""
    return refused(not_found() if error.code in (404, 405) else BigRefusal(error.code or 500, error.name))
