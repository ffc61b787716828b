"""Who may sign in, for admins: added, given another role or password, removed (CON-2)."""

from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from connectors.postgres import users
from schemas.errors import UserRefused
from schemas.users import Role, User
from tasks import users as user_tasks
from tasks.rules import signing_in
from workers.web.console import desk
from workers.web.console.frame import me, needs

pages: Final = Blueprint("people", __name__, template_folder="templates")

_ROLES: Final = [
    SelectChoice(str(Role.VIEWER), "viewer: looks, and sees no buyer's name whole"),
    SelectChoice(str(Role.OPERATOR), "operator: works"),
    SelectChoice(str(Role.ADMIN), "admin: also adds people"),
]


class RoleForm(FlaskForm):
    """What a person may do."""

    role = SelectField("Role", choices=_ROLES)


class NewPasswordForm(FlaskForm):
    """A person's password, chosen for them."""

    password = PasswordField("Password", [InputRequired("Choose a password."), Length(max=1000)])
    again = PasswordField("The same once more", [EqualTo("password", "The two passwords are not the same.")])


class PersonForm(NewPasswordForm):
    """One more person."""

    name = StringField("Name", [DataRequired("Give a name."), Length(max=200)])
    role = SelectField("Role", choices=_ROLES)


@pages.get("/account/users")
@needs(Role.ADMIN)
def everybody() -> ResponseReturnValue:
    """Who there is, and room for one more."""
    return _list(PersonForm(), 200)


@pages.post("/account/users")
@needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    """One more."""
    form = PersonForm()
    if not form.validate():
        return _list(form, 422)
    try:
        role = Role(form.role.data)
        name = user_tasks.add_user(desk.connection(), form.name.data or "", role, form.password.data or "")
    except UserRefused as why:
        form.name.errors = [f"{why}."]
        return _list(form, 422)
    flash(f"{name} may sign in as {role}.")
    return redirect(url_for("people.everybody", _anchor="said"), 303)


@pages.get("/account/users/<name>")
@needs(Role.ADMIN)
def person(name: str) -> ResponseReturnValue:
    """One of them."""
    return _person(_known(name), NewPasswordForm(), 200)


@pages.post("/account/users/<name>/role")
@needs(Role.ADMIN)
def change_role(name: str) -> ResponseReturnValue:
    """Another role, from the next page on that they ask for."""
    user, form = _known(name), RoleForm()
    if not form.validate():
        return _person(user, NewPasswordForm(), 422)
    try:
        user_tasks.set_role(desk.connection(), user.name, Role(form.role.data))
    except UserRefused as why:
        flash(f"{why}.")
    else:
        flash(f"{user.name} is {form.role.data} now.")
    return redirect(url_for("people.person", name=user.name, _anchor="said"), 303)


@pages.post("/account/users/<name>/password")
@needs(Role.ADMIN)
def change_password(name: str) -> ResponseReturnValue:
    """Another password: they are signed out everywhere. One's own is changed where the old one is asked for."""
    user, form = _known(name), NewPasswordForm()
    if user.id == me().user.id:
        abort(403)
    if form.validate():
        try:
            user_tasks.set_password(desk.connection(), user.name, form.password.data or "")
        except UserRefused as why:
            form.password.errors = [f"{why}."]
        else:
            flash(f"{user.name} has a new password, and is signed out everywhere.")
            return redirect(url_for("people.person", name=user.name, _anchor="said"), 303)
    return _person(user, form, 422)


@pages.get("/account/users/<name>/remove")
@needs(Role.ADMIN)
def preview_removal(name: str) -> ResponseReturnValue:
    """What removing them does."""
    user = _known(name)
    return render_template("person-remove.html", user=user, is_last=_is_last_admin(user))


@pages.post("/account/users/<name>/remove")
@needs(Role.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """One less."""
    user = _known(name)
    try:
        user_tasks.remove_user(desk.connection(), user.name)
    except UserRefused as why:
        flash(f"{why}.")
        return redirect(url_for("people.person", name=user.name, _anchor="said"), 303)
    flash(f"{user.name} is removed, and signed out.")
    return redirect(url_for("people.everybody", _anchor="said"), 303)


def _known(name: str) -> User:
    try:
        return user_tasks.known(desk.connection(), name)
    except UserRefused:
        abort(404)


def _is_last_admin(user: User) -> bool:
    return user.role == Role.ADMIN and not users.is_other_admin(desk.connection(), user.id)


def _list(form: PersonForm, status: int) -> ResponseReturnValue:
    found = users.users(desk.connection())
    return render_template("people.html", form=form, users=found, least=signing_in.LEAST_SIGNS), status


def _person(user: User, form: NewPasswordForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "person.html",
        user=user,
        role=RoleForm(role=str(user.role)),
        form=form,
        is_last=_is_last_admin(user),
        least=signing_in.LEAST_SIGNS,
    )
    return page, status
