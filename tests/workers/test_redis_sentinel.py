"""redis+sentinel://: whoever connects to Redis asks the sentinels for the master, and any of them will do."""

from pathlib import Path

import pytest

from connectors.config import ConfigError, read_config
from connectors.redis_url import Sentinels, read_sentinels
from tests.sentinels import watched_redis
from tests.workers.conftest import Connect
from workers.redis_transport import broker_url, sentinel_options

URL = "redis+sentinel://:a%2Fb@one:26380,two,[::1]:7/main/3?sentinel_username=u&sentinel_password=c%3Ad"


@pytest.mark.long
@pytest.mark.xdist_group("tls")  # one process serves them all
def test_master_is_found_by_all_whichever_sentinel_is_left(connect: Connect, tmp_path: Path) -> None:
    with watched_redis(tmp_path) as redis:
        assert connect(redis.url) == ["yes"] * 3

        redis.kill_first_sentinel()

        own, broker, _ = connect(redis.url)  # Flower's view of queues asks the first one only
        assert (own, broker) == ("yes", "yes")


def test_url_is_read_whole() -> None:
    assert read_sentinels(URL) == Sentinels(
        hosts=(("one", 26380), ("two", 26379), ("::1", 7)),
        master="main",
        db=3,
        username="",
        password="a/b",
        own={"username": "u", "password": "c:d"},
    )
    assert read_config({"REDIS_URL": URL}).redis_url == URL


def test_broker_is_told_of_the_first_sentinel_and_of_the_others_apart() -> None:
    assert broker_url(URL) == "sentinel://:a%2Fb@one:26380/3"
    assert broker_url("redis+sentinel://[::1]/main") == "sentinel://[::1]:26379/0"
    assert sentinel_options(URL)["sentinels"] == (("one", 26380), ("two", 26379), ("::1", 7))
    assert sentinel_options("redis://h:1/0") == {}


@pytest.mark.parametrize(
    "rest",
    [
        "h:1",  # no master
        "h:1/",
        "h:1,:2/main/0",
        "h:x/main/0",
        "h:1,/main/0",
        "h:1/main/x",
        "h:1/main/-1",
        "h:1/main/0/1",
        "h:1/main/0?ssl_cert_reqs=none",
        "h:1/main/0?geheim",
        "geheim/x@h:1/main/0",
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(rest: str) -> None:
    with pytest.raises(ConfigError, match=r"^REDIS_URL must be like redis\+sentinel://:PASSWORD@HOST") as refused:
        read_config({"REDIS_URL": f"redis+sentinel://:geheim@{rest}"})

    assert "geheim" not in str(refused.value)
