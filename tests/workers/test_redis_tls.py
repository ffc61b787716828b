"""rediss://: whoever connects to Redis looks at the server's certificate, and all of them the same way."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.config import ConfigError, read_config
from connectors.redis_url import read_tls
from tests.tls import make_authority, tls_redis
from tests.workers.conftest import Connect

pytestmark = pytest.mark.xdist_group("tls")  # one process serves them all


@dataclass(frozen=True, slots=True)
class Door:
    """A Redis behind TLS, the authority of its certificate, and one that has nothing to do with it."""

    url: str
    authority: Path
    other: Path


@pytest.fixture
def door(redis_url: str, tmp_path: Path) -> Iterator[Door]:
    """A Redis that speaks TLS."""
    authority, other = make_authority(tmp_path, "ours"), make_authority(tmp_path, "other")
    with tls_redis(redis_url, tmp_path / "ours-server.pem") as url:
        yield Door(url, authority, other)


@pytest.mark.parametrize("reqs", ["", "&ssl_cert_reqs=required", "&ssl_cert_reqs=CERT_REQUIRED"])
def test_server_whose_certificate_is_right_is_taken_by_all(door: Door, connect: Connect, reqs: str) -> None:
    assert connect(f"{door.url}?ssl_ca_certs={door.authority}{reqs}") == ["yes"] * 3


@pytest.mark.parametrize("reqs", ["", "&ssl_cert_reqs=CERT_REQUIRED"])
def test_server_whose_certificate_is_of_another_authority_is_taken_by_none(
    door: Door, connect: Connect, reqs: str
) -> None:
    assert connect(f"{door.url}?ssl_ca_certs={door.other}{reqs}") == ["certificate"] * 3


def test_certificate_is_looked_at_where_nothing_is_said_of_it(door: Door, connect: Connect) -> None:
    assert connect(door.url) == ["certificate"] * 3


@pytest.mark.long
def test_name_in_the_certificate_counts(door: Door, connect: Connect) -> None:
    url = f"{door.url.replace('127.0.0.1', 'localhost')}?ssl_ca_certs={door.authority}"

    assert connect(url) == ["certificate"] * 3
    assert connect(f"{url}&ssl_check_hostname=false") == ["yes"] * 3


@pytest.mark.parametrize("reqs", ["none", "CERT_NONE"])
def test_who_asks_for_no_look_at_the_certificate_gets_none(door: Door, connect: Connect, reqs: str) -> None:
    assert connect(f"{door.url}?ssl_cert_reqs={reqs}") == ["yes"] * 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rediss://h:1/0?ssl_cert_reqs=yes", "ssl_cert_reqs that must be required, optional, none"),
        ("rediss://h:1/0?ssl_cert_reqs=", "ssl_cert_reqs that must be required, optional, none"),
        ("rediss://h:1/0?ssl_check_hostname=maybe", "ssl_check_hostname that must be true or false"),
        ("rediss://h:1/0?ssl_ca_certs=/no/such/file", "ssl_ca_certs that names no file: /no/such/file"),
        ("rediss://h:1/0?ssl_ca_path=/no/such/folder", "ssl_ca_path that names no folder"),
        ("rediss://h:1/0?ssl_verify=1", "ssl_verify: there are ssl_cert_reqs, ssl_ca_certs"),
        ("redis://h:1/0?ssl_cert_reqs=none", "must start with rediss://"),
        ("redis://:geheim@h:1/0?ssl_ca_certs=/x", "must start with rediss://"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"^REDIS_URL ") as refused:
        read_config({"REDIS_URL": url})

    assert words in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_connection_without_TLS_has_no_options_of_it() -> None:
    assert read_tls("redis://h:1/0") == read_tls("unix:///s?db=1") == {}
