"""A local stand-in of a Katana account: its public API with real state, over real HTTP."""

import json
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.faults import CONTROL, Faults, Said, Voice, fault_routes, with_faults
from sandbox.katana.api import ROOT, asked, no_route, other_routes, refused, room_routes
from sandbox.katana.control import control_routes
from sandbox.katana.errors import KatanaRefusal, too_many, unauthorized
from sandbox.katana.gate import Gate
from sandbox.katana.spoil import Spoils, Written
from sandbox.katana.state import KatanaAccount, Request, route
from sandbox.routes import known_routes

_VOICE: Final = Voice(
    unauthorized=Said(401, json.dumps(unauthorized().body())),
    write_refused=Said(403, json.dumps(KatanaRefusal(403, "ForbiddenError", "Forbidden").body())),
)


def create_app(account: KatanaAccount, faults: Faults | None = None) -> Flask:
    """The account as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)
    app.url_map = known_routes(__name__)
    faults, gate, spoils = faults or Faults(), Gate(account), Spoils()
    for room in account.rooms:
        app.register_blueprint(room_routes(account, room))
    app.register_blueprint(other_routes(account))
    app.register_blueprint(control_routes(account, gate, spoils))
    app.register_blueprint(fault_routes(faults))
    app.view_functions = {name: _one_at_a_time(account, spoils, view) for name, view in app.view_functions.items()}
    app.before_request(lambda: _admit(account, gate))
    app.after_request(lambda response: _note(account, response))
    app.register_error_handler(KatanaRefusal, lambda refusal: refused(account, refusal))
    app.register_error_handler(HTTPException, lambda error: no_route(account, error.code))
    app.wsgi_app = with_faults(app.wsgi_app, faults, _VOICE)  # type: ignore[assignment,method-assign]  # how Flask is wrapped
    return app


def _one_at_a_time(account: KatanaAccount, spoils: Spoils, view: Callable[..., Any]) -> Callable[..., Any]:
    """A view under the lock, which knows what its request may see, and may answer something else than it did."""

    def locked(**arguments: Any) -> Any:
        with account.lock:
            is_control = request.path.startswith(CONTROL)
            account.is_reading, account.asked = request.method == "GET" and not is_control, asked()
            try:
                spoilt = None if is_control else spoils.next(_route())
                if spoilt is None:
                    return view(**arguments)
                g.is_part = spoilt.written is Written.PART
                if spoilt.written is not Written.NOTHING:
                    view(**arguments)
                raise spoilt.refusal()
            finally:
                account.is_reading, account.asked = False, {}

    return locked


def _admit(account: KatanaAccount, gate: Gate) -> None:
    if request.path.startswith(CONTROL):
        return
    with account.lock:
        key = gate.admit(request.headers.get("Authorization"))
        is_within, g.limits = gate.take(key)
    if not is_within:
        raise too_many()


def _note(account: KatanaAccount, response: Response) -> Response:
    """Say what is left of the limit, and keep a record of what was asked, for /_sandbox/state."""
    response.headers.update(g.get("limits", {}))
    if request.path.startswith(f"{ROOT}/"):
        given = request.get_json(silent=True, force=True) if request.method != "GET" else None
        path = request.path.removeprefix(ROOT)
        with account.lock:
            account.calls[_route()] += 1
            account.requests.append(Request(request.method, path, asked(), given, response.status_code))
    return response


def _route() -> str:
    return route(request.method, request.path.removeprefix(ROOT))
