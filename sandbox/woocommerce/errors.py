"""WooCommerce's refusals: code, sentence and status as its REST API words them."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """The shop says no; becomes the JSON error body that WordPress sends."""

    def __init__(self, code: str, message: str, status: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.extra = dict(data or {})

    def body(self) -> dict[str, Any]:
        """The error object, alone in an answer or beside an item of a batch."""
        return {"code": self.code, "message": self.message, "data": {"status": self.status, **self.extra}}


def invalid_params(problems: Mapping[str, tuple[str, str]]) -> Refusal:
    """What WordPress says to parameters that break their schema: by name, the detail's code and sentence."""
    return Refusal(
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(problems)}",
        400,
        {
            "params": {name: sentence for name, (_, sentence) in problems.items()},
            "details": {
                name: {"code": code, "message": sentence, "data": {"param": name}}
                for name, (code, sentence) in problems.items()
            },
        },
    )


def no_such_order(status: int) -> Refusal:
    """404 when it was asked for, 400 when it was to be changed."""
    return Refusal("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", status)


def no_such_product(status: int) -> Refusal:
    """404 when it was asked for, 400 when it was to be changed."""
    return Refusal("woocommerce_rest_product_invalid_id", "Invalid ID.", status)


def no_such_variation(status: int) -> Refusal:
    """404 when it was asked for, 400 when it was to be changed."""
    return Refusal("woocommerce_rest_product_variation_invalid_id", "Invalid ID.", status)


def is_a_variation() -> Refusal:
    """A variation's id where only products are written; reading it there works."""
    return Refusal(
        "woocommerce_rest_invalid_product_id",
        "To manipulate product variations you should use the /products/&lt;product_id&gt;/variations/&lt;id&gt; "
        "endpoint.",
        404,
    )


def too_many_items(limit: int) -> Refusal:
    """A batch over the limit."""
    return Refusal(
        "woocommerce_rest_request_entity_too_large",
        f"Unable to accept more than {limit} items for this request.",
        413,
    )


_MAY_NOT = {
    "view": "Sorry, you cannot view this resource.",
    "list": "Sorry, you cannot list resources.",
    "create": "Sorry, you are not allowed to create resources.",
    "edit": "Sorry, you are not allowed to edit this resource.",
    "delete": "Sorry, you are not allowed to delete this resource.",
    "batch": "Sorry, you are not allowed to batch manipulate this resource.",
}


def may_not(method: str, path: str) -> Refusal:
    """What somebody without a valid key reads: the code depends on what was asked."""
    last = path.rstrip("/").rsplit("/", 1)[-1]
    if last == "batch":
        act = "batch"
    elif method == "GET":
        act = "view" if last.isdecimal() else "list"
    else:
        act = {"POST": "create", "DELETE": "delete"}.get(method, "edit")
    code = "view" if act == "list" else act
    return Refusal(f"woocommerce_rest_cannot_{code}", _MAY_NOT[act], 401)


def bad_key(sentence: str) -> Refusal:
    """A key that is known, used wrongly; or unknown in a signed request."""
    return Refusal("woocommerce_rest_authentication_error", sentence, 401)
