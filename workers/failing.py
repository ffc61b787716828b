"""How a task fails before the eyes of others: Flower, workers' logs and who waits for it hear no word of the error."""

from typing import Any, Final, NoReturn

from celery import Task
from celery.exceptions import TaskPredicate

from connectors.bare import bare
from connectors.config import ConfigError
from tasks.trouble import UnknownStore, attempt

_OUR_WORDS: Final = (TaskPredicate, ConfigError, UnknownStore)


class TaskFailed(Exception):
    """A task met what it does not expect; the message is the error's type and place, the traceback its own."""


class BareTask(Task[Any, Any]):
    """A task whose unexpected errors leave a worker without their words (`connectors/bare.py`)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        if self.request.called_directly:
            return self.run(*args, **kwargs)
        return attempt(lambda: self.run(*args, **kwargs), _fail)


def _fail(error: Exception) -> NoReturn:
    if isinstance(error, _OUR_WORDS):
        raise error
    raise TaskFailed(bare(error)).with_traceback(error.__traceback__)
