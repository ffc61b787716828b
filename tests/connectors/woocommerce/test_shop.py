"""What a WooCommerce shop calls itself, read off the index of its API (MUL-4)."""

import pytest

from connectors.errors import Unavailable
from connectors.http import Anonymous, HttpClient, NoWaits
from connectors.woocommerce.check import shop_of
from schemas.woocommerce.refusals import is_own_refusal
from tests.connectors.raw_server import RawServer, http_answer

URL = "https://our.example/shop"


def name_of(answer: bytes) -> str:
    """What is made of an index."""
    with RawServer(answer) as server:
        site = HttpClient(server.url, auth=Anonymous(), waits=NoWaits(), is_own=is_own_refusal, allow_insecure=True)
        return shop_of(site, URL)


def test_MUL_4_the_home_that_it_tells_is_its_name() -> None:
    assert name_of(http_answer(200, '{"home": "https://www.Their.example/", "url": "x"}')) == "their.example"


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(404, '{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}'),
        http_answer(401, '{"code": "rest_not_logged_in", "message": "No", "data": {"status": 401}}'),
        http_answer(403, "<html>Forbidden</html>"),
        http_answer(200, "<html>Welcome</html>"),
        http_answer(200, '{"home": 7}'),
        http_answer(200, '{"home": ""}'),
        http_answer(200, '{"home": "https://x:y:z"}'),
        http_answer(200, "[]"),
        http_answer(301, "", "Location: https://elsewhere.example"),
    ],
    ids=["no route", "for users", "firewall", "page", "number", "empty", "no address", "list", "moved"],
)
def test_MUL_4_where_it_tells_nothing_its_address_is_its_name(answer: bytes) -> None:
    assert name_of(answer) == "our.example/shop"


def test_MUL_4_a_shop_that_is_away_has_no_other_name() -> None:
    with pytest.raises(Unavailable):
        name_of(http_answer(503, "busy"))
