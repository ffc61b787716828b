"""What every page stands in: who is signed in, what they may do, and that a form is ours (CON-2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from connectors.postgres import journal
from schemas.users import Role, SignedIn
from tasks import users
from workers.web.console import desk, kept, state
from workers.web.door import opened

MOST_BYTES: Final = 100_000  # of a form
KEPT_SECONDS: Final = 31_536_000  # a file by its hash

csrf: Final = CSRFProtect()
static: Final = Blueprint("console", __name__, static_folder="static", static_url_path="/console")

View = Callable[..., ResponseReturnValue]
roles: Final[dict[Any, Role | None]] = {}  # who may have each page
larger: Final[dict[Any, int]] = {}  # bytes that single forms may have


class Sessions(SecureCookieSessionInterface):
    """The cookie: it holds a token and what a form is known by, signed; sent by https alone where that was spoken."""

    salt = "storesync-console"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this browser speaks https, to us or to the proxy before us."""
        return request.is_secure or request.headers.get("X-Forwarded-Proto", "").startswith("https")


def needs(role: Role | None) -> Callable[[View], View]:
    """Who may have a page; None is anybody. A page without this is nobody's."""

    def mark(view: View) -> View:
        roles[view] = role
        return view

    return mark


def takes(most_bytes: int) -> Callable[[View], View]:
    """Let a form be larger than others: one with a file. For those alone who may send it."""

    def mark(view: View) -> View:
        larger[view] = most_bytes
        return view

    return mark


def guard(pages: Blueprint) -> None:
    """Let nothing of these pages happen for who may not, and no form that is not ours."""
    pages.before_request(_check)
    pages.teardown_request(_leave)
    pages.after_request(_say_how)


@dataclass(frozen=True, slots=True)
class Around:
    """What the navigation says: how many things need somebody, and the stores by name."""

    open: int
    stores: Sequence[str]


def around() -> dict[str, Any]:
    """What stands around every page of who is signed in."""
    if g.get("me") is None:
        return {"me": None}
    standing = state.look(desk.connection())
    return {"me": g.me, "frame": Around(standing.open, [store.name for store in standing.stores])}


def me() -> SignedIn:
    """Who is signed in; only on pages for whom somebody has to be."""
    found: SignedIn = g.me
    return found


def _check() -> ResponseReturnValue | None:
    request.max_content_length = MOST_BYTES
    desk.sit_down()
    view = current_app.view_functions[str(request.endpoint)]
    role = roles[view]
    g.me = _who()
    if role is not None and g.me is None:
        return _to_sign_in()
    if role is not None and g.me.user.role.may(role):
        request.max_content_length = larger.get(view, MOST_BYTES)
    if request.method == "POST":
        csrf.protect()
    if role is not None and not g.me.user.role.may(role):
        abort(403)
    if g.me is not None:
        g.journaling = journal.by(g.me.user.name)
        g.journaling.__enter__()
    return None


def _who() -> SignedIn | None:
    token = session.get("token")
    if not isinstance(token, str):
        return None
    is_asked_by_itself = request.endpoint == "live.live" or "part" in request.args
    return users.signed_in(desk.connection(), token, now=opened().now(), is_by_hand=not is_asked_by_itself)


def _to_sign_in() -> ResponseReturnValue:
    """Back to this page afterwards. What a script asks for is no page."""
    if request.endpoint == "live.live" or "part" in request.args:
        abort(401)
    if request.method == "POST":
        g.kept = kept.keep()
        if g.kept and request.endpoint != "sign_in.sign_out":
            return cast(ResponseReturnValue, current_app.view_functions["sign_in.sign_in"]())
        return redirect(url_for("sign_in.sign_in", ended=1), 303)
    back = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.sign_in", next=None if back == "/" else back), 303)


def _leave(error: BaseException | None) -> None:
    if journaling := g.pop("journaling", None):
        journaling.__exit__(None, None, None)
    desk.give_back(error)


def _say_how(answer: Response) -> Response:
    answer.headers["Referrer-Policy"] = "same-origin"  # addresses name orders
    return answer


@static.after_app_request
def _keep_files(answer: Response) -> Response:
    """A file is kept by browsers as long as its address, which has its hash or version, is the same."""
    if (
        request.endpoint in {"console.static", "bootstrap.static"}
        and answer.status_code == 200
        and request.query_string
    ):
        answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable"
    return answer


def ours(address: str | None) -> str:
    """A page of ours to go on to: never another host, whatever a link says."""
    text = address or ""
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_ours and "\\" not in text else url_for("home.home")


def is_refused_form(error: Any) -> bool:
    """Whether a form was refused as not ours."""
    return isinstance(error, CSRFError)
