"""Three shops with one catalogue in a process of its own, each stock call noted with the moment it came in.

Prints the shops' addresses and credentials as JSON, then serves; `/_bench/heard` of each tells what was noted.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Response

from sandbox import BigCommerceShop, RunningServer, ShopifyShop, WooCommerceShop, serve
from sandbox.bigcommerce import app as bigcommerce
from sandbox.bigcommerce.state import TOKEN
from sandbox.shopify.app import create_shopify_app
from sandbox.woocommerce.app import create_app
from sandbox.woocommerce.state import KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FIRST: Final = 10  # pieces that everything shows in the beginning
VARIATIONS: Final = 100  # of the SKUs in WooCommerce, ten to a product
HEARD: Final = "/_bench/heard"

_OF_ORDERS: Final = 100  # SKUs that the other shop's orders are for
_STOCK_CALL: Final = re.compile(r"PUT .*/inventory/adjustments/absolute|POST .*/(?:products|variations)/batch")
_STOCK_DOCUMENT: Final = re.compile(r"\binventory(?:SetQuantities|Activate)\(")


def skus(count: int) -> list[str]:
    """The SKUs of hub and shops; those of WooCommerce's variations are the last ones."""
    plain = [f"PLAIN-{number:03}" for number in range(1, _OF_ORDERS + 1)]
    return [*plain, *(f"SKU-{number:05}" for number in range(count - len(plain)))]


class Noting:
    """A shop's application that notes when stock calls came in, and which quantities they carried."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._heard: list[tuple[float, list[int]]] = []

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        at, path = time.time(), environ["PATH_INFO"]
        if path == HEARD:
            return Response(json.dumps(self._heard), mimetype="application/json")(environ, start_response)
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        if _is_stock_call(f"{environ['REQUEST_METHOD']} {path}", body):
            self._heard.append((at, list(_quantities(json.loads(body)))))
        return self._app(environ, start_response)


def _is_stock_call(asked: str, body: bytes) -> bool:
    if asked.endswith("/graphql.json"):
        return bool(_STOCK_DOCUMENT.search(json.loads(body)["query"]))
    return bool(_STOCK_CALL.fullmatch(asked))


def _quantities(part: Any) -> Iterator[int]:
    """Every quantity in a vendor's stock call, whatever its shape."""
    if isinstance(part, list):
        for one in part:
            yield from _quantities(one)
    if isinstance(part, dict):
        for name, value in part.items():
            if name in {"quantity", "stock_quantity", "available"} and isinstance(value, int):
                yield value
            else:
                yield from _quantities(value)


# -- the shops -----------------------------------------------------------------------------------------------------


def open_woocommerce(names: list[str]) -> RunningServer:
    """Simple products, and variations of ten to a product."""
    shop = WooCommerceShop()
    for sku in names[:-VARIATIONS]:
        shop.add_product({"name": sku, "sku": sku, "stock_quantity": FIRST})
    for start in range(len(names) - VARIATIONS, len(names), 10):
        parent = shop.add_product({"name": f"Product {start}", "type": "variable"})
        for sku in names[start : start + 10]:
            shop.add_variation(parent, {"sku": sku, "option": sku, "stock_quantity": FIRST})
    server = serve(Noting(create_app(shop)))
    shop.url = server.url
    return server


def open_bigcommerce(names: list[str]) -> RunningServer:
    """Products without options."""
    shop = BigCommerceShop()
    for sku in names:
        shop.add_product({"sku": sku, "stock": FIRST})
    server = serve(Noting(bigcommerce.create_app(shop)))
    shop.url = server.url + bigcommerce.ROOT
    return server


def open_shopify(names: list[str]) -> RunningServer:
    """Products of one variant."""
    shop = ShopifyShop()
    for sku in names:
        shop.stock.add(sku, levels={"101": FIRST})
    return serve(Noting(create_shopify_app(shop)))


SHOPS: Final[Mapping[str, tuple[Callable[[list[str]], RunningServer], str, Mapping[str, str]]]] = {
    "bigcommerce": (open_bigcommerce, bigcommerce.ROOT, {"access_token": TOKEN}),
    "shopify": (open_shopify, "", {"access_token": ShopifyShop().token}),
    "woocommerce": (
        open_woocommerce,
        "",
        {"consumer_key": KEY.consumer_key, "consumer_secret": KEY.consumer_secret},
    ),
}


def main() -> None:
    """Serve one shop of each platform with so many SKUs."""
    names = skus(int(sys.argv[1]))
    with ExitStack() as leaving:
        said = []
        for platform, (open_shop, path, credentials) in SHOPS.items():
            server = leaving.enter_context(open_shop(names))
            said.append({"platform": platform, "server": server.url, "path": path, "credentials": credentials})
        print(json.dumps(said), flush=True)
        server.wait()


if __name__ == "__main__":
    main()
