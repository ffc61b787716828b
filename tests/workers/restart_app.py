"""A Celery app for test_redis_transport: one task that notes each of its runs and ends when it is told to."""

import os
from pathlib import Path

from celery import Celery

from tests.waiting import wait_until
from workers import redis_transport

if os.environ["TRANSPORT"] == "ours":
    redis_transport.install()

app = Celery("restart", broker=os.environ["BROKER"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 900},
)


@app.task(name="work")
def work(folder: str) -> None:
    """Leave a file per run, and another once the file `go` is there."""
    Path(folder, f"began-{os.urandom(4).hex()}").touch()
    wait_until(Path(folder, "go").exists, seconds=30, what="the word to go on")
    Path(folder, f"ended-{os.urandom(4).hex()}").touch()
