"""What keeps a WooCommerce shop from answering: each cause has a sentence and a cure of its own (DOR-4)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug import Request, Response

from connectors.errors import ConnectorError, CredentialsRefused, Unavailable
from connectors.http import EitherAuth, HttpClient, NoWaits
from connectors.woocommerce.connector import WooCommerce
from sandbox import serve
from schemas.woocommerce.refusals import is_own_refusal

CREDENTIALS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
WORDPRESS = '{"namespaces": ["wp/v2", "oembed/1.0"]}'
SHOP = '{"namespaces": ["wp/v2", "wc/v3"]}'
CANNOT = '{"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 401}}'
ERROR = '{"code": "woocommerce_rest_authentication_error", "message": "%s", "data": {"status": 401}}'
NOTICE = "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/p.php</b> on line <b>7</b><br />\n[]"

Site = Callable[[Request], Response]


@contextmanager
def site(answer: Site) -> Iterator[str]:
    """A site that answers as it likes; its address."""

    def app(environ: Any, start: Any) -> Any:
        return answer(Request(environ))(environ, start)

    with serve(app) as server:
        yield server.url


def trouble(answer: Site, path: str = "") -> str:
    """What a check of such a site says."""
    with site(answer) as url, pytest.raises(ConnectorError) as caught:
        WooCommerce(f"{url}{path}", CREDENTIALS, allow_insecure=True).check()
    assert "look whether the shop is up" not in str(caught.value)
    return str(caught.value)


def plain(index: str, otherwise: Callable[[], Response]) -> Site:
    """A site that has its API by query alone."""

    def answer(request: Request) -> Response:
        is_index = request.args.get("rest_route") == "/"
        return Response(index, mimetype="application/json") if is_index else otherwise()

    return answer


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda: Response("<h1>Not Found</h1>", 404, mimetype="text/html"),
        lambda: Response("", 301, {"Location": "/"}),
        lambda: Response("", 302, {"Location": "/?per_page=1"}),
    ],
    ids=["404", "to its front page", "for now"],
)
def test_DOR_4_plain_permalinks_are_named(otherwise: Callable[[], Response]) -> None:
    said = trouble(plain(SHOP, otherwise))

    assert "permalinks are plain" in said
    assert "Settings → Permalinks" in said


def test_DOR_4_a_wordpress_without_woocommerce_is_named() -> None:
    said = trouble(plain(WORDPRESS, lambda: Response('{"code": "rest_no_route"}', 404)))

    assert "WooCommerce is not active there" in said


def test_DOR_4_a_site_that_is_no_wordpress_is_named() -> None:
    assert "with its folder" in trouble(lambda _: Response("<h1>Not Found</h1>", 404))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_DOR_4_another_host_is_named_to_be_given(status: int) -> None:
    there = "https://www.shop.example/de/wp-json/wc/v3/orders?per_page=1"

    said = trouble(lambda _: Response("", status, {"Location": there}))

    assert "--url https://www.shop.example/de " in said


def test_DOR_4_a_login_that_stands_before_the_shop_is_no_address_to_give() -> None:
    said = trouble(lambda _: Response("", 302, {"Location": "https://sso.example/login?next=x"}))

    assert "sends us on to a login" in said
    assert "--url" not in said


def test_DOR_4_warnings_of_PHP_are_told_by_their_first_words() -> None:
    said = trouble(lambda _: Response(NOTICE, mimetype="text/html"))

    assert "Warning : Undefined variable $x in" in said
    assert "WP_DEBUG_DISPLAY" in said


def test_DOR_4_nothing_of_a_broken_list_of_orders_is_told() -> None:
    broken = '[{"id": 1, "billing": {"email": "ada@example.com", "last_name": "Lovelace"'
    with site(lambda _: Response(broken)) as url, pytest.raises(Unavailable) as caught:
        WooCommerce(url, CREDENTIALS, allow_insecure=True).check()

    assert "Lovelace" not in str(caught.value)


def test_DOR_4_a_signature_for_another_host_name_says_which_one() -> None:
    def answer(request: Request) -> Response:
        if request.path == "/wp-json/":
            return Response('{"home": "http://shop.example/de"}')
        return Response(ERROR % "Invalid signature - provided signature does not match.", 401)

    said = trouble(answer)

    assert "The shop calls itself http://shop.example/de" in said
    assert "--url" in said


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("Invalid signature - provided signature does not match.", "is not the one of this consumer_key"),
        ("Consumer secret is invalid.", "is not the one of this consumer_key"),
        ("Invalid timestamp.", "set both by NTP"),
    ],
)
def test_DOR_4_what_is_wrong_with_the_credentials_is_said(words: str, cure: str) -> None:
    assert cure in trouble(lambda _: Response(ERROR % words, 401))


def test_DOR_4_key_and_secret_that_are_swapped_are_named_without_a_call() -> None:
    with pytest.raises(CredentialsRefused, match="swapped"):
        WooCommerce("https://shop.example", {"consumer_key": "cs_1", "consumer_secret": "ck_1"})


# -- a host that drops the header ------------------------------------------------------------------------------------


class Dropping:
    """A shop behind a host that drops Authorization; keeps how it was asked."""

    def __init__(self, *, takes_query: bool) -> None:
        self.asked: list[str] = []
        self._takes_query = takes_query

    def __call__(self, request: Request) -> Response:
        has_keys = request.args.get("consumer_key") == "ck_1" and request.args.get("consumer_secret") == "cs_1"
        self.asked.append("query" if has_keys else "header" if request.authorization else "nothing")
        return Response("[]") if has_keys and self._takes_query else Response(CANNOT, 401)


def client(url: str) -> HttpClient:
    """A client with the keys of a shop."""
    auth = EitherAuth(("consumer_key", "consumer_secret"), "ck_1", "cs_1")
    return HttpClient(url, auth=auth, waits=NoWaits(), is_own=is_own_refusal, allow_insecure=True)


def test_DOR_4_keys_go_into_the_query_where_a_host_drops_the_header_and_stay_there() -> None:
    shop = Dropping(takes_query=True)
    with site(shop) as url:
        http = client(url)
        assert [http.get("orders", {"page": 1}).json(), http.post("batch", {}).json()] == [[], []]

    assert shop.asked == ["header", "query", "query"]


def test_DOR_4_keys_that_no_way_takes_are_tried_in_the_query_once_and_never_shown() -> None:
    shop = Dropping(takes_query=False)
    with site(shop) as url:
        http = client(url)
        for _ in range(2):
            with pytest.raises(CredentialsRefused) as caught:
                http.get("orders")
            assert "cs_1" not in str(caught.value)

    assert shop.asked == ["header", "query", "header"]


def test_DOR_4_a_key_that_worked_in_the_header_never_goes_into_the_query() -> None:
    asked: list[bool] = []

    def answer(request: Request) -> Response:
        asked.append("consumer_secret" in request.args)
        return Response("[]") if len(asked) == 1 else Response(CANNOT, 401)

    with site(answer) as url:
        http = client(url)
        http.get("orders")
        with pytest.raises(CredentialsRefused):
            http.get("orders")

    assert asked == [False, False]


def test_DOR_4_over_plain_http_no_secret_travels() -> None:
    shop = Dropping(takes_query=True)
    with site(shop) as url, pytest.raises(CredentialsRefused):
        WooCommerce(url, CREDENTIALS, allow_insecure=True).check()

    assert "query" not in shop.asked
