"""The web process: health, metrics, the door for webhooks, the lookout, and the console."""

from hmac import compare_digest
from typing import Final

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from connectors.config import Config
from connectors.webhooks import MOST_BYTES
from workers.web.console import add_console
from workers.web.door import door
from workers.web.headers import guard
from workers.web.health import look
from workers.web.metrics import Scrape

# How waitress serves it. A body that is too large is refused before it is read, and no other one comes to a file.
SERVING: Final = {
    "ident": None,
    "threads": 8,
    "max_request_body_size": MOST_BYTES + 1,
    "inbuf_overflow": MOST_BYTES + 1,
    # A proxy says whether a browser spoke https to it: cookies go by that, and nothing else by any such word.
    "clear_untrusted_proxy_headers": False,
}


class _Web(Flask):
    """Logs no word of an error, which may be a buyer's: the page for it says where it arose."""

    def log_exception(self, _: object) -> None: ...


def create_app(config: Config) -> Flask:
    """The WSGI app."""
    web = _Web(__name__, static_folder=None, static_url_path="/static")
    guard(web)
    web.register_blueprint(door)
    add_console(web, config)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Scrape(config))

    @web.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """200 as long as this process lives, whatever is with the servers: to start it again would not mend them."""
        return jsonify(alive=True)

    @web.get("/health", endpoint="health")  # its name in earlier versions
    @web.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """200 when both servers answer and the schema is of this version, else 503; for balancers and `--wait`."""
        found = look(config)
        return jsonify(found), 200 if all(state == "ok" for state in found.values()) else 503

    @web.get("/metrics")
    def metrics() -> ResponseReturnValue:
        """Prometheus' text (BEY-8), always 200 to who may ask: what does not answer is told as such."""
        if not _may_ask(config.metrics_token, request.headers.get("Authorization", "")):
            words = "Give METRICS_TOKEN as a bearer token.\n"
            return Response(words, 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
        encode, form = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=form)

    return web


def _may_ask(token: str, authorization: str) -> bool:
    return not token or compare_digest(authorization.encode(), f"Bearer {token}".encode())
