"""The Celery app with one task more, which does nothing: what Celery itself can do with the same settings."""

from workers.app import app


@app.task(name="noop", queue="orders")
def noop(store: int, external_id: str) -> None:
    """Nothing."""
