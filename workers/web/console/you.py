"""One's own sign-in: password, colours, and where else one is signed in (CON-2)."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from connectors.postgres import users
from schemas.errors import UserRefused
from schemas.users import Role
from tasks import users as user_tasks
from tasks.rules import signing_in
from workers.web.console import desk
from workers.web.console.frame import me, needs
from workers.web.console.words import now

pages: Final = Blueprint("you", __name__, template_folder="templates")


_THEMES: Final = [SelectChoice("device", "As the device"), SelectChoice("light", "Light"), SelectChoice("dark", "Dark")]


class PasswordForm(FlaskForm):
    """Another password."""

    old = PasswordField("Password until now", [InputRequired("Give the password until now."), Length(max=1000)])
    password = PasswordField("New password", [InputRequired("Choose a password."), Length(max=1000)])
    again = PasswordField("The same once more", [EqualTo("password", "The two passwords are not the same.")])


class ThemeForm(FlaskForm):
    """In which colours."""

    theme = RadioField("Colours", choices=_THEMES)


@pages.get("/account/you")
@needs(Role.VIEWER)
def you() -> ResponseReturnValue:
    """Who one is here."""
    return _page(PasswordForm(), 200)


@pages.post("/account/you/password")
@needs(Role.VIEWER)
def change_password() -> ResponseReturnValue:
    """Another password, after the old one; every other browser is signed out."""
    form, connection, user = PasswordForm(), desk.connection(), me().user
    if not form.validate():
        return _page(form, 422)
    proof = user_tasks.prove(connection, user.name, form.old.data or "", now=now())
    if not proof.is_right:
        wait = f" Wait {proof.wait_seconds} seconds before you try again." if proof.wait_seconds else ""
        form.old.errors = [f"That is not your password.{wait}"]
        return _page(form, 422)
    try:
        user_tasks.set_password(connection, user.name, form.password.data or "", but=me().session.mark)
    except UserRefused as why:
        form.password.errors = [f"{why}."]
        return _page(form, 422)
    flash("Your new password holds. Everywhere else you are signed out.")
    return redirect(url_for("you.you", _anchor="said"), 303)


@pages.post("/account/you/theme")
@needs(Role.VIEWER)
def change_theme() -> ResponseReturnValue:
    """Other colours."""
    form = ThemeForm()
    if not form.validate():
        return _page(PasswordForm(), 422)
    users.set_theme(desk.connection(), me().user.id, form.theme.data)
    return redirect(url_for("you.you"), 303)


@pages.post("/account/you/end-others")
@needs(Role.VIEWER)
def end_others() -> ResponseReturnValue:
    """Signed out everywhere else."""
    users.end_sessions(desk.connection(), me().user.id, but=me().session.mark)
    flash("Everywhere else you are signed out.")
    return redirect(url_for("you.you", _anchor="said"), 303)


def _page(form: PasswordForm, status: int) -> ResponseReturnValue:
    sessions = [
        one
        for one in users.sessions(desk.connection(), me().user.id)
        if one.mark != me().session.mark and not signing_in.is_over(one, now())
    ]
    page = render_template(
        "you.html",
        form=form,
        theme=ThemeForm(theme=me().user.theme),
        others=sessions,
        here=me().session,
        least=signing_in.LEAST_SIGNS,
    )
    return page, status
