"""Pages for what went wrong: said in a sentence with what to do, and in no log what a person typed."""

import logging
from secrets import token_hex
from typing import Final

import psycopg
from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from connectors.bare import bare
from connectors.config import ConfigError
from connectors.errors import HubBusy, RedisAway
from workers.web.console import desk

_LOG: Final = logging.getLogger(__name__)

# Paths of programs: they are answered shortly, as ever.
_PROGRAMS: Final = ("/webhooks/", "/healthz", "/health", "/readyz", "/metrics")

_SAID: Final = {
    400: (
        "This form cannot be taken",
        "It is too old, or was not made by this page. Go back, reload the page and send it again.",
    ),
    403: ("You may not do that", "Your role does not let you. Ask an admin of this storesync."),
    404: ("Nothing of that name", "Nothing of that name was ever seen here. Search for it, or go back."),
    405: ("Not in this way", "That address takes no such request. Go back and use the button."),
    409: ("The store is disconnected", "Nothing of it can be changed, and nothing was. Connect it again to go on."),
    413: (
        "Too much",
        "The form is larger than any that is asked for here. A larger file is counted by storesync hub stock import.",
    ),
}


def answer_for(web: Flask) -> None:
    """Let every error of a page be a page."""
    web.register_error_handler(HTTPException, _http)
    web.register_error_handler(CSRFError, _http)
    for error in (psycopg.OperationalError, PoolTimeout, ConfigError, RedisAway, HubBusy, desk.Busy):
        web.register_error_handler(error, _away)
    web.register_error_handler(psycopg.errors.QueryCanceled, _slow)


def bug(error: BaseException | None) -> str:
    """Write down an error that nobody expects, without its words; the number it is known by."""
    number = token_hex(4)
    _LOG.error("a page failed, %s: %s", number, bare(error) if isinstance(error, Exception) else "?")
    return number


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    number = bug(getattr(error, "original_exception", None) or error) if code >= 500 else ""
    if request.path.startswith(_PROGRAMS) or error.response is not None or code < 400:
        return error.get_response()
    if number:
        title, text = "Something went wrong here", f"That is a fault of storesync. Report it with this number: {number}"
    else:
        title, text = _SAID.get(code, ("That did not work", error.name))
    return _page(code, title, text)


def _slow(_: Exception) -> ResponseReturnValue:
    text = "That search reads more orders than a page may. Name a store, a state or a whole number beside it."
    return _page(503, "That takes too long", text)


def _away(error: Exception) -> ResponseReturnValue:
    """A server is away: nothing of the page can be known, not even who asks."""
    if request.path.startswith(_PROGRAMS):
        return Response("", 503)
    _LOG.warning("a page cannot be made now: %s", bare(error))
    g.me = None
    is_asked = request.method == "GET"
    is_busy = isinstance(error, desk.Busy | HubBusy)
    answer = make_response(render_template("away.html", is_busy=is_busy, reload=is_asked), 503)
    answer.headers["Retry-After"] = "5"
    return answer


def _page(code: int, title: str, text: str) -> ResponseReturnValue:
    return make_response(render_template("trouble.html", title=title, text=text), code)
