"""What people paste in place of a shop's address (DOR-4)."""

import pytest

from connectors.bigcommerce.connector import BigCommerce
from connectors.errors import Unsafe
from connectors.shopify.connector import Shopify
from connectors.woocommerce.connector import WooCommerce

BIG = "https://api.bigcommerce.com/stores/abc12"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("https://shop.example/wp-json", "https://shop.example"),
        ("https://shop.example/de/wp-json/wc/v3/", "https://shop.example/de"),
        ("https://shop.example/wp-json/wc/v3/orders?per_page=1", "https://shop.example"),
        ("https://shop.example/wp-admin/admin.php?page=wc-settings", "https://shop.example"),
        ("https://shop.example/?rest_route=/wc/v3", "https://shop.example"),
        ("https://wp-json.example/shop", "https://wp-json.example/shop"),
    ],
)
def test_DOR_4_a_path_of_wordpress_is_left_out(pasted: str, meant: str) -> None:
    assert WooCommerce.meant(pasted) == meant


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("https://admin.shopify.com/store/acme-1/orders?x=1", "https://acme-1.myshopify.com"),
        ("admin.shopify.com/store/acme-1", "https://acme-1.myshopify.com"),
        ("https://Acme-1.myshopify.com/admin/apps", "https://acme-1.myshopify.com"),
        ("acme-1.myshopify.com", "https://acme-1.myshopify.com"),
        ("acme-1", "https://acme-1.myshopify.com"),
        ("http://127.0.0.1:80/admin/api", "http://127.0.0.1:80"),
        ("https://shop.example", "https://shop.example"),
    ],
)
def test_DOR_4_a_page_of_shopify_is_its_shop(pasted: str, meant: str) -> None:
    assert Shopify.meant(pasted) == meant


@pytest.mark.parametrize(
    "pasted",
    [
        "abc12",
        "/stores/abc12/",
        "stores/abc12/v3",
        f"{BIG}/v2",
        f"{BIG}/v3/",
        f"{BIG}/v3/catalog?x=1",
        BIG,
        "https://store-abc12.mybigcommerce.com/manage/settings",
        "store-abc12-1.mybigcommerce.com",
    ],
)
def test_DOR_4_a_bigcommerce_shop_is_its_api_path(pasted: str) -> None:
    assert BigCommerce.meant(pasted) == BIG


@pytest.mark.parametrize("pasted", ["https://www.shop.example", "shop.example/cart", "https://acme.mybigcommerce.com"])
def test_DOR_4_the_storefront_of_bigcommerce_is_refused_with_what_to_give(pasted: str) -> None:
    with pytest.raises(Unsafe, match="stores/HASH"):
        BigCommerce.meant(pasted)
