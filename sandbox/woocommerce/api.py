"""What the stand-in's end points share: reading bodies and parameters, writing answers, batches."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, request

from sandbox.woocommerce.errors import Refusal, too_many_items
from sandbox.woocommerce.json import wp_json
from sandbox.woocommerce.query import Params, Window

BATCH_LIMIT = 100
ROOT = "/wp-json/wc/v3"
Item = TypeVar("Item")


def params() -> Params:
    """The parameters of this request."""
    return Params(request.args)


def body() -> dict[str, Any]:
    """The JSON object of this request; nothing at all is an empty one. Raises Refusal."""
    if not request.get_data():
        return {}
    given = request.get_json(silent=True, force=True)
    if not isinstance(given, dict):
        detail = {"json_error_code": 4, "json_error_message": "Syntax error"}
        raise Refusal("rest_invalid_json", "Invalid JSON body passed.", 400, detail)
    return given


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as WordPress sends it; bytes are JSON already."""
    content = value if isinstance(value, bytes) else wp_json(value)
    return Response(content, status, headers, content_type="application/json; charset=UTF-8")


def page_of(items: list[Item], write: Callable[[Item], Any], asked: Params) -> Response:
    """One page of a list, with the headers that count it. A page past the end says 0 of everything."""
    window = Window.of(asked)
    asked.check()
    shown = items[window.offset : window.offset + window.per_page]
    total = len(items) if shown else 0
    pages = -(-total // window.per_page)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    if links := _links(window.page, pages):
        headers["Link"] = links
    return answer(join(write(item) for item in shown), headers=headers)


def join(written: Iterable[Any]) -> bytes:
    """A JSON list of things of which some are JSON already."""
    return b"[" + b",".join(one if isinstance(one, bytes) else wp_json(one) for one in written) + b"]"


def batch(limit: int = BATCH_LIMIT, **acts: Callable[[dict[str, Any]], Any]) -> Response:
    """Carry out create, update and delete of a batch; an item that fails is an error among the others, in a 200."""
    given = body()
    if sum(len(items) for name in acts if isinstance(items := given.get(name), list)) > limit:
        raise too_many_items(limit)
    results: dict[str, bytes] = {}
    for name, act in acts.items():
        if isinstance(given.get(name), list):
            results[name] = join(_one_of_batch(item, act) for item in given[name])
    return answer(b"{" + b",".join(wp_json(name) + b":" + done for name, done in results.items()) + b"}")


def _one_of_batch(item: Any, act: Callable[[dict[str, Any]], Any]) -> Any:
    # "delete" lists bare ids.
    given = item if isinstance(item, dict) else {"id": item}
    try:
        return act(given)
    except Refusal as refusal:
        return {"id": given.get("id", 0), "error": refusal.body()}


def _links(page: int, pages: int) -> str:
    query = request.args.copy()
    found = []
    for relation, number in (("prev", page - 1), ("next", page + 1)):
        if 1 <= number <= pages:
            query["page"] = str(number)
            found.append(f'<{request.base_url}?{urlencode(list(query.items(multi=True)))}>; rel="{relation}"')
    return ", ".join(found)
