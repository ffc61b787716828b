"""Which addresses storesync calls: shop URLs in one spelling, and no private network behind a public name."""

import ipaddress
import re
import socket
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from connectors.errors import NoAddress, Unsafe

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_HOST: Final = re.compile(r"[^\s/\\@?#%]{1,253}")


def shop_url(text: str, *, allow_insecure: bool = False) -> str:
    """A shop's address as it is kept, without a trailing slash; https is added where no scheme is. Raises Unsafe."""
    text = text.strip()
    if not text.isprintable() or " " in text or "\\" in text:
        raise NoAddress("the store URL holds blanks or signs that no address has")
    parts = _split(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("https", "http"):
        raise NoAddress(f"the store URL must start with https://, not {parts.scheme}://")
    if parts.scheme == "http" and not allow_insecure:
        raise NoAddress("the store URL must start with https:// (--allow-insecure is for sandboxes)")
    if parts.username is not None or parts.password is not None:
        raise NoAddress("the store URL must not hold a user name or password; give them as credentials")
    if parts.query or parts.fragment:
        raise NoAddress("the store URL must not hold a query or fragment: leave out what follows ? or #")
    return f"{parts.scheme}://{_host(parts)}{_port(parts)}{parts.path.rstrip('/')}"


def shop_key(url: str) -> str:
    """An address without what is only spelling: scheme, www., default port, capitals of the host, trailing slashes."""
    parts = _split(url if "://" in url else f"https://{url}")
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    return f"{host}{port}{re.sub('/{2,}', '/', parts.path).rstrip('/')}"


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise NoAddress("the store URL is no address") from error
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host) or any(not 0 < len(label) < 64 for label in host.split(".")):
        raise NoAddress("the store URL names no shop: give it like https://shop.example")
    return f"[{host}]" if ":" in host else host


def _port(parts: SplitResult) -> str:
    default = {"https": 443, "http": 80}[parts.scheme]
    return f":{parts.port}" if parts.port not in (None, default) else ""


def public_addresses(host: str, port: int) -> list[str]:
    """Every address of a host, asked for once. Raises Unsafe if any is not on the public internet, OSError for none."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise Unsafe(f"{host} is no host name") from error
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for address in addresses:
        if not is_public(address):
            raise Unsafe(
                f"{host} is {address}, which is not on the public internet (--allow-insecure is for sandboxes)"
            )
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet: not private, loopback, link-local, multicast or reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _carried(ip)
    if inner is not None:
        return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: Ip) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
