"""Pointing the Celery app of this process at another Redis: what it kept of the last one is let go."""

from workers.app import app


def use_broker(redis_url: str) -> None:
    """Messages go to this Redis from now on."""
    app.set_current()  # a test may have made an app of its own
    app.set_default()
    app.conf.update(broker_url=redis_url)
    app._after_fork()  # type: ignore[attr-defined] # Celery's own way to forget its pools
