"""sandbox.shopify.tokens: an app of the Dev Dashboard, its grant and its tokens, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, ShopifyShop, open_sandbox
from tests.sandbox.shopify.test_app import ask

Shop = RunningSandbox[ShopifyShop]


@pytest.fixture
def sandbox() -> Iterator[Shop]:
    with open_sandbox("shopify", orders=0, token_life=60) as sandbox:
        yield sandbox


def grant(sandbox: Shop, **changes: Any) -> requests.Response:
    form = {"grant_type": "client_credentials", **sandbox.credentials, **changes}
    return requests.post(f"{sandbox.url}/admin/oauth/access_token", data=form, timeout=30)


def change(sandbox: Shop, **given: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/_sandbox/app", json=given, timeout=30)


def takes(sandbox: Shop, token: str) -> bool:
    return ask(sandbox, "{ shop { name } }", token=token).status_code == 200


def tokens(sandbox: Shop) -> Any:
    return requests.get(f"{sandbox.url}/_sandbox/state", timeout=30).json()["tokens"]


def test_a_token_lives_as_long_as_was_chosen_and_all_of_them_live(sandbox: Shop) -> None:
    one, other = (grant(sandbox).json() for _ in range(2))

    assert one["expires_in"] == 59
    assert takes(sandbox, one["access_token"])
    assert takes(sandbox, other["access_token"])
    assert tokens(sandbox) == {"given": 2, "alive": 2, "refused": 0}


def test_a_token_that_has_ended_is_refused_like_any_other(sandbox: Shop) -> None:
    token = grant(sandbox).json()["access_token"]

    assert change(sandbox, end_tokens=True).ok

    assert not takes(sandbox, token)
    assert tokens(sandbox) == {"given": 1, "alive": 0, "refused": 1}
    assert takes(sandbox, grant(sandbox).json()["access_token"])


@pytest.mark.parametrize(
    ("asked", "changed", "code"),
    [
        ({"client_id": "another"}, {}, "application_cannot_be_found"),
        ({"client_secret": "another"}, {}, "invalid_client"),
        ({}, {"client_secret": "another"}, "invalid_client"),
        ({}, {"is_installed": False}, "app_not_installed"),
        ({}, {"is_permitted": False}, "shop_not_permitted"),
        ({"grant_type": "password"}, {}, "invalid_request"),
    ],
)
def test_a_grant_is_refused_with_status_400_and_oauth_s_code(
    sandbox: Shop, asked: dict[str, str], changed: dict[str, Any], code: str
) -> None:
    assert change(sandbox, **changed).ok

    answer = grant(sandbox, **asked)

    assert answer.status_code == 400
    assert f"Oauth error {code}" in answer.text or answer.json()["error"] == code


def test_a_token_of_an_app_that_was_uninstalled_is_refused(sandbox: Shop) -> None:
    token = grant(sandbox).json()["access_token"]

    change(sandbox, is_installed=False)

    assert not takes(sandbox, token)


def test_what_the_app_does_not_have_cannot_be_changed(sandbox: Shop) -> None:
    assert change(sandbox, colour="red").status_code == 400
    assert "client_secret" not in change(sandbox, token_life=5).text


def test_the_token_of_an_app_of_before_never_ends(sandbox: Shop) -> None:
    change(sandbox, end_tokens=True)

    assert takes(sandbox, sandbox.shop.token)
