"""The web process: health for now; webhooks, metrics and a console have their room here."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from connectors.config import Config
from workers.web.health import look


def create_app(config: Config) -> Flask:
    """The WSGI app."""
    web = Flask(__name__)

    @web.get("/health")
    def health() -> ResponseReturnValue:
        """200 when both servers answer, else 503; for health checks of containers and load balancers."""
        found = look(config)
        return jsonify(found), 200 if all(state == "ok" for state in found.values()) else 503

    return web
