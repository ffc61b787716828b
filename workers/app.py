"""The Celery app: broker, queues, routes and limits. Each setting that is not a default says why it is so."""

import gc
import logging
import os
import signal
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import (
    beat_init,
    celeryd_after_setup,
    celeryd_init,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
)
from kombu import Queue

from connectors import later, platforms, postgres
from connectors.config import ConfigError, log_form, read_config
from connectors.holders import call_me
from connectors.locks import HARD_LIMIT_SECONDS, SOFT_LIMIT_SECONDS
from connectors.redis_url import read_tls
from tasks import bells
from tasks.held import close_process, configure
from workers import alive, presence, redis_transport
from workers.logs import begin_log, begin_worker_log, log_to
from workers.rescue import Rescue
from workers.servers import find_servers
from workers.supervision.tether import tether

if TYPE_CHECKING:
    from celery.apps.worker import Worker

knocking = later.Later("workers.knocking")  # a worker answers; a command that only asks needs none of it

_LOG: Final = logging.getLogger(__name__)

QUEUES = ("fetch", "orders", bells.FEW_QUEUE, "stock", "fulfillment", "upkeep")

# What is short and waited for: stock that moved, fulfilments, bells. A worker of its own serves these queues alone, so
# that the orders of a busy store delay no stock.
PROMPT_QUEUES = ("stock", "fulfillment", "upkeep")


@dataclass(frozen=True, slots=True)
class KnownTask:
    """Where a task is, and the queue that it waits in."""

    module: str
    queue: str


TASKS: Final = {
    "fetch_orders": KnownTask("tasks.fetch", "fetch"),
    "fetch_hub": KnownTask("tasks.hub_news", "fetch"),
    "import_order": KnownTask("tasks.orders.import_order", "orders"),
    "change_order": KnownTask("tasks.orders.import_order", "orders"),
    "fulfill_order": KnownTask("tasks.orders.fulfill", "fulfillment"),
    "push_stock": KnownTask("tasks.stock.push", "stock"),
    "push_latest": KnownTask("tasks.stock.push", "stock"),
    "fetch_catalogue": KnownTask("tasks.catalogue", "fetch"),  # as long as a shop takes: no bell waits behind it
    "import_products": KnownTask("tasks.products", "fetch"),
    "import_stock": KnownTask("tasks.stock.importing", "fetch"),
    "compare_stock": KnownTask("tasks.stock.compare", "fetch"),
    "audit": KnownTask("tasks.audit", "fetch"),
    "ask_for_webhooks": KnownTask("tasks.subscriptions", "fetch"),
    "check_webhooks": KnownTask("tasks.subscriptions", "upkeep"),
    "do_job": KnownTask("tasks.jobs", "fetch"),  # as long as a shop takes
    "erase_buyers": KnownTask("tasks.privacy", "fetch"),
    "prune": KnownTask("tasks.prune", "fetch"),  # a minute long: stock and bells wait behind nothing
    "knock": KnownTask("tasks.upkeep", "upkeep"),  # and whichever queue is asked after
    "raise_alarms": KnownTask("tasks.alarms", "fetch"),  # half a minute where a service is slow
    "ring_due": KnownTask("tasks.upkeep", "upkeep"),
    "refresh_rates": KnownTask("tasks.upkeep", "upkeep"),
}

# A task that killed its process runs again: by then what that one held is free.
RETRY_SECONDS = 3

# How long an unanswered message stays with a worker that may be dead. Longer than any task runs and waits in a
# worker; lost bells are rung again long before.
VISIBILITY_SECONDS = 900


def _settings() -> dict[str, object]:
    """Evaluated at first use, so that `celery -A workers.app …` finds the embedded servers by itself."""
    config = find_servers()
    configure(config)
    return {
        "broker_url": redis_transport.broker_url(config.redis_url),
        "broker_use_ssl": read_tls(config.redis_url) or False,  # left alone, kombu looks at no certificate
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # wait for Redis for ever, the default gives up
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": 10,  # a killed worker's messages come back in 10 s instead of 100 s
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,  # without it a frozen Redis blocks a publisher for ever
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "priority_steps": [0],  # one list per queue instead of four
            "queue_order_strategy": "round_robin",
            "global_keyprefix": "storesync:",  # a Redis may be shared
            "client_name": "storesync",
            **redis_transport.sentinel_options(config.redis_url),
        },
        "task_queues": [Queue(name) for name in QUEUES],
        "task_default_queue": "upkeep",
        "task_create_missing_queues": False,  # a misspelt queue fails when it is published to
        "task_routes": {name: {"queue": task.queue} for name, task in TASKS.items()},
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,  # a killed child's task runs again at once …
        "task_retry_on_worker_lost": True,  # … but one that kills every child runs three times, not for ever
        "task_ignore_result": True,  # what came of it stands in the database
        "task_soft_time_limit": SOFT_LIMIT_SECONDS,
        "task_time_limit": HARD_LIMIT_SECONDS,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 1},
        "worker_send_task_events": True,  # Flower
        "worker_prefetch_multiplier": 1,  # a crash loses one message per slot
        "worker_eta_task_limit": 500,  # messages that wait for their second try are kept in memory, beyond the prefetch
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # on Redis a running task can still be acked
        "worker_soft_shutdown_timeout": 30,  # for SIGQUIT, which SIGTERM becomes in the Dockerfile
        "worker_max_tasks_per_child": 1000,
        "worker_max_memory_per_child": 300_000,
        "worker_proc_alive_timeout": 10,
        "worker_hijack_root_logger": False,
        "enable_utc": True,
        "beat_scheduler": "workers.schedule:StoreScheduler",
        "beat_max_loop_interval": 1,
        "beat_enable_remote_control": True,  # `inspect ping` reaches beat: its health check
    }


def _is_program() -> bool:
    """Whether Celery's command line runs here: `celery …` or `python -m celery …`."""
    started = Path(sys.argv[0])
    return started.name == "celery" or started.parts[-2:] == ("celery", "__main__.py")


if _is_program():
    begin_log(log_form())
    # Only JSON is accepted, so what Celery warns of when root runs a worker (pickle) cannot happen here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
redis_transport.install()
app = Celery(
    "storesync",
    include=sorted({task.module for task in TASKS.values()}),
    set_as_current=True,
    task_cls="workers.failing:BareTask",
    fixups=[],  # for Django, which loads all of the worker
)
app.set_default()  # also for other threads: what is current is so in one thread alone
app.add_defaults(_settings)
app.Task.default_retry_delay = RETRY_SECONDS
app.steps["worker"].update({Rescue, presence.Presence})
app.Task.max_retries = 2  # only of a task that killed its process; the row's bell comes again anyhow


@celeryd_init.connect
def _begin_worker(sender: str, **_: object) -> None:
    call_me(sender)
    knocking.load()
    begin_worker_log()


@celeryd_after_setup.connect
def _serve_few(instance: "Worker", **_: object) -> None:
    """Whoever serves orders serves bells of few too: a list of queues may be from before there was one for them."""
    queues = instance.app.amqp.queues
    if TASKS["import_order"].queue in queues.consume_from:
        queues.select_add(queues[bells.FEW_QUEUE])


@setup_logging.connect
def _set_up_logging(**_: object) -> None:
    log_to(read_config().log, level=logging.INFO)


heartbeat_sent.connect(alive.touch)  # a worker's, every two seconds
task_prerun.connect(presence.begin_task)
task_postrun.connect(presence.end_task)


@worker_init.connect
def _load(**_: object) -> None:
    """Before the fork, once for all children and for those that take their place."""
    platforms.load_all()
    later.load_all()


@worker_init.connect
@beat_init.connect
def _look_at_database(**_: object) -> None:
    """Our own database follows the software; a configured one waits for `storesync db upgrade`, if it can serve."""
    config = find_servers()
    try:
        with postgres.connect(config.database_url) as connection:
            if "DATABASE_URL" in config.embedded:
                postgres.upgrade(connection)
    except psycopg.OperationalError:
        _LOG.warning("the database does not answer yet")
    except ConfigError as error:
        sys.exit(f"storesync: {error}")


@worker_process_init.connect
def _open(**_: object) -> None:
    # Without its parent nobody tells it to stop, and while it works on nobody else may: what it does is done anew.
    tether(os.getppid(), signal.SIGKILL)
    close_process()  # whatever the parent held open is not ours
    gc.freeze()  # what was loaded before the fork stays for ever: the collector need not walk it again and again


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    close_process()
