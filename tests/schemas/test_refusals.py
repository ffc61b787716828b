"""A vendor's own refusal of credentials, and that of whoever stands before its shop (SPEC chapter 11)."""

import json
from typing import Any

import pytest

from schemas.bigcommerce.refusals import is_own_refusal as of_bigcommerce
from schemas.refusals import IsOwn
from schemas.shopify.refusals import is_own_refusal as of_shopify
from schemas.woocommerce.refusals import is_own_refusal as of_woocommerce

OWN: dict[str, tuple[IsOwn, int, Any]] = {
    "a key that WooCommerce does not know": (
        of_woocommerce,
        401,
        {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 401}},
    ),
    "a user who may not": (
        of_woocommerce,
        403,
        {"code": "rest_forbidden", "message": "Sorry.", "data": {"status": 403}},
    ),
    "BigCommerce v2": (of_bigcommerce, 401, [{"status": 401, "message": "Unauthorized"}]),
    "BigCommerce v3": (of_bigcommerce, 403, {"status": 403, "title": "No scope", "type": "x", "errors": {}}),
    "BigCommerce's catalogue": (of_bigcommerce, 401, "X-Auth-Token header is required"),
    "Shopify": (of_shopify, 401, {"errors": "[API] Invalid API key or access token"}),
    "Shopify's GraphQL": (of_shopify, 403, {"errors": [{"message": "ACCESS_DENIED"}], "data": None}),
}
OTHERS: dict[str, tuple[int, Any]] = {
    "nothing": (401, ""),
    "a page": (403, "<html><body>403 Forbidden: unauthorized</body></html>"),
    "bare words": (403, "Forbidden"),
    "a gateway": (403, {"message": "Forbidden"}),
    "a web application firewall": (403, {"error": "blocked", "support_id": "17"}),
    "a content delivery network": (403, {"success": False, "errors": [{"code": 1000, "message": "blocked"}]}),
    "a code of another kind": (403, {"code": "AccessDenied", "message": "blocked"}),
    "a number for a code": (403, {"code": 1020, "message": "Access denied"}),
    "another status within": (403, {"code": "no", "message": "no", "data": {"status": 200}}),
    "null": (401, None),
    "a list": (401, []),
    "a word": (401, ["Unauthorized"]),
    "empty errors": (401, {"errors": []}),
}


def judge(is_own: IsOwn, status: int, body: Any) -> bool:
    """What is made of a body: a text, or the JSON of anything else."""
    return is_own(status, None, body) if isinstance(body, str) else is_own(status, json.loads(json.dumps(body)), "")


@pytest.mark.parametrize("of", OWN)
def test_ch_11_the_vendors_own_refusal_is_known(of: str) -> None:
    assert judge(*OWN[of])


@pytest.mark.parametrize("is_own", [of_woocommerce, of_bigcommerce, of_shopify])
@pytest.mark.parametrize("of", OTHERS)
def test_ch_11_nobody_elses_refusal_is_taken_for_the_vendors(is_own: IsOwn, of: str) -> None:
    assert not judge(is_own, *OTHERS[of])


@pytest.mark.parametrize("is_own", [of_woocommerce, of_bigcommerce, of_shopify])
def test_ch_11_one_vendors_refusal_is_not_anothers(is_own: IsOwn) -> None:
    assert [name for name, (own, *_) in OWN.items() if own is not is_own and judge(is_own, *OWN[name][1:])] == []
