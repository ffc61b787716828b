"""What `storesync up` waits for before it says that it is ready."""

import redis as client

from connectors import counters
from connectors.config import Config
from tests.workers.web.serving import web_process
from workers.app import QUEUES
from workers.supervision.ready import Started


def test_what_does_not_work_yet_is_named(config: Config, redis: client.Redis) -> None:
    counters.show_worker(redis, "worker@before", QUEUES)
    began = counters.now(redis) + 1

    with web_process(config) as port:
        before = Started(config.redis_url, began, web_port=port, flower_port=1).missing()
        counters.show_worker(redis, "worker@now", QUEUES)
        after = Started(config.redis_url, began - 1, web_port=port, flower_port=1).missing()

    assert before == ["workers", "Flower"]
    assert after == ["Flower"]


def test_nothing_works_without_servers() -> None:
    assert Started("redis://127.0.0.1:1", 0, web_port=1, flower_port=1).missing() == ["web", "workers", "Flower"]
