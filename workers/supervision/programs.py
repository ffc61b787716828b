"""The programs of an installation and how each is started; the Procfile and docker-compose.yml say the same."""

import os
import sys

from connectors.config import Config
from connectors.keys import flower_login
from workers.app import PROMPT_QUEUES, QUEUES
from workers.supervision.supervisord import Program

_GIVE_WAY = ("nice", "-n", "10")
_CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")


def worker(count: int) -> Program:
    """Worker processes, each with two slots: scale by processes, the consumer of one is its bound.

    On a machine that is busy they give way to whoever has less to do: to the courier, beat and the servers.
    """
    name = "worker%(process_num)d@%%h" if count > 1 else "worker@%%h"
    command = (*_GIVE_WAY, *_CELERY, "worker", "-Q", ",".join(QUEUES), "-c", "2", "-n", name, "--loglevel", "INFO")
    return Program("worker", command, count=count)


def courier() -> Program:
    """A worker that orders never keep busy: stock and fulfilments go out while others import."""
    command = (*_CELERY, "worker", "-Q", ",".join(PROMPT_QUEUES), "-c", "3", "-n", "courier@%%h", "--loglevel", "INFO")
    return Program("courier", command)


def beat() -> Program:
    """Beat: asks for fetches and rings what is due. A second one stands by."""
    return Program("beat", (*_CELERY, "beat", "--loglevel", "INFO"))


def web(port: int) -> Program:
    """The web process: health, metrics and the door for webhooks."""
    return Program("web", (sys.executable, "-m", "workers.web", "--port", str(port)))


def flower(port: int) -> Program:
    """Flower, on this machine only, behind the login of FLOWER_BASIC_AUTH in its environment."""
    command = (*_CELERY, "flower", "--address=127.0.0.1", f"--port={port}", "--max_tasks=20000")
    return Program("flower", command)


def environment(config: Config) -> dict[str, str]:
    """What the programs find in their environment: ours, and Flower's login, which is on no command line."""
    return {**os.environ, "FLOWER_BASIC_AUTH": flower_login(config)}


def all_programs(*, workers: int, flower_port: int, web_port: int) -> list[Program]:
    """Everything that runs."""
    return [worker(workers), courier(), beat(), web(web_port), flower(flower_port)]
