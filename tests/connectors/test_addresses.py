"""connectors.addresses: which shops are called at all (SPEC chapter 11)."""

import pytest

from connectors.addresses import is_public, public_addresses, shop_key, shop_url
from connectors.errors import Unsafe


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        ("https://shop.example:443/de//", "https://shop.example/de"),
        ("https://shop.example.:8443", "https://shop.example:8443"),
        ("https://[2606:4700::1]:8443/", "https://[2606:4700::1]:8443"),
    ],
)
def test_a_shop_has_one_spelling(text: str, url: str) -> None:
    assert shop_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "http://shop.example",
        "ftp://shop.example",
        "file:///etc/passwd",
        "https://user:secret@shop.example",
        "https://shop.example@evil.example",
        "https://shop.example/?consumer_key=ck_1",
        "https://shop.example/#top",
        "https://shop.example:99999",
        "https://shop.example\\@evil.example",
        "https://shop .example",
        "https://shop.example\n.evil.example",
        "https://shop..example",
        "https://[::1",
        f"https://{'a' * 64}.example",
    ],
)
def test_what_is_no_plain_https_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(Unsafe) as caught:
        shop_url(text)

    assert "store URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_plain_http_is_for_sandboxes() -> None:
    assert shop_url("http://127.0.0.1:8080/", allow_insecure=True) == "http://127.0.0.1:8080"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"])
def test_the_public_internet_is_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1%eth0",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "2130706433"])
def test_a_name_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Unsafe):
        public_addresses(host, 443)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "http://shop.example/",
        "https://www.shop.example",
        "https://SHOP.example:443",
        "http://shop.example:80//",
        "https://shop.example.",
        "shop.example",
    ],
)
def test_MUL_4_one_address_has_one_key(url: str) -> None:
    assert shop_key(url) == "shop.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://shop.example/a", "https://shop.example/b"),
        ("https://shop.example/a", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example"),
        ("https://a.shop.example", "https://b.shop.example"),
    ],
)
def test_MUL_4_different_addresses_have_different_keys(one: str, other: str) -> None:
    assert shop_key(one) != shop_key(other)


def test_MUL_4_a_name_of_other_letters_has_one_key() -> None:
    assert shop_key("https://münchen.example/Laden/") == shop_key("https://xn--mnchen-3ya.example/Laden")
