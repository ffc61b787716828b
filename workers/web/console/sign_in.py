"""Signing in and out, and the first admin's way in (CON-2)."""

import hmac
from typing import Final

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from connectors.keys import first_key
from connectors.postgres import users
from schemas.errors import UserRefused
from schemas.users import Role
from tasks import users as user_tasks
from tasks.rules import signing_in
from workers.web.console import desk, kept
from workers.web.console.frame import needs, ours
from workers.web.console.words import now
from workers.web.door import opened

pages: Final = Blueprint("sign_in", __name__, template_folder="templates")


class SignInForm(FlaskForm):
    """Who one is."""

    name = StringField("Name", [DataRequired("Give your name."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Give your password."), Length(max=1000)])
    next = HiddenField(validators=[Length(max=2000)])
    kept = HiddenField(validators=[Length(max=kept.MOST_SIGNS)])  # a form that was sent after the session had ended


class FirstForm(FlaskForm):
    """The first admin."""

    key = HiddenField()
    name = StringField("Name", [DataRequired("Give a name."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Choose a password."), Length(max=1000)])
    again = PasswordField("The same once more", [EqualTo("password", "The two passwords are not the same.")])


@pages.get("/sign-in")
@needs(None)
def sign_in() -> ResponseReturnValue:
    """The form; where there is nobody yet, how there is somebody."""
    form = SignInForm(formdata=None, next=request.args.get("next"), kept=g.get("kept"))
    said = "You were signed out meanwhile: nothing of the form was done. Sign in and send it again."
    is_anybody = users.is_anybody(desk.connection())
    return render_template(
        "sign-in.html", form=form, is_anybody=is_anybody, said=said if "ended" in request.args or g.get("kept") else ""
    )


@pages.post("/sign-in")
@needs(None)
def try_to_sign_in() -> ResponseReturnValue:
    """In, and on to the page that one wanted; or the form again, with one sentence for both fields."""
    form = SignInForm()
    if not form.validate():
        return _again(form, "")
    found = user_tasks.sign_in(desk.connection(), form.name.data or "", form.password.data or "", now=now())
    if found.token is None:
        wait = f" Wait {found.wait_seconds} seconds before you try again." if found.wait_seconds else ""
        return _again(form, f"Name or password is not right.{wait}")
    _begin(found.token)
    if again := kept.read(form.kept.data or ""):
        return render_template("send-again.html", kept=again)
    return redirect(ours(form.next.data), 303)


def _again(form: SignInForm, said: str) -> ResponseReturnValue:
    return render_template("sign-in.html", form=form, is_anybody=True, said=said), 422


@pages.post("/sign-out")
@needs(Role.VIEWER)
def sign_out() -> ResponseReturnValue:
    """Out, here."""
    user_tasks.sign_out(desk.connection(), session["token"])
    session.clear()
    return redirect(url_for("sign_in.sign_in"), 303)


@pages.get("/first")
@needs(None)
def first() -> ResponseReturnValue:
    """Who is the first admin? Only by the link that `storesync up` and the demo print, and while there is nobody."""
    if not _may_be_first(request.args.get("key", "")):
        abort(404)
    return render_template("first.html", form=FirstForm(key=request.args["key"]), least=signing_in.LEAST_SIGNS)


@pages.post("/first")
@needs(None)
def become_first() -> ResponseReturnValue:
    """The first admin, signed in."""
    form = FirstForm()
    if not _may_be_first(form.key.data or ""):
        abort(404)
    if form.validate():
        connection = desk.connection()
        try:
            name = user_tasks.add_user(
                connection, form.name.data or "", Role.ADMIN, form.password.data or "", only_first=True
            )
        except UserRefused as why:
            form.name.errors = [f"{why}."]
        else:
            _begin(user_tasks.begin(connection, name, now=now()))
            return redirect(url_for("home.home"), 303)
    return render_template("first.html", form=form, least=signing_in.LEAST_SIGNS), 422


def _may_be_first(key: str) -> bool:
    return hmac.compare_digest(key.encode(), first_key(opened().config).encode()) and not users.is_anybody(
        desk.connection()
    )


def _begin(token: str) -> None:
    """Nothing of who sat here before stays in the cookie."""
    session.clear()
    g.pop("csrf_token", None)  # what forms of this answer are known by goes with the new one
    session["token"] = token
