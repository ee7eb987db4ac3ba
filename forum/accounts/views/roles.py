"""Giving a member a role."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.accounts import actions
from forum.accounts.views._shared import bp
from forum.members import queries
from forum.members.forms import ROLE_NOTES, RoleForm
from forum.web import me


@bp.route("/administration/members/<handle>/role", methods=["GET", "POST"])
def appoint(handle: str) -> ResponseReturnValue:
    """Give a member a role; they are told."""
    member = queries.administered_member(me(), handle)
    web.note_look(f"e-mail address of member {member.id}")
    form = RoleForm(data={"role": member.role})

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "member": member, "notes": ROLE_NOTES}
        return render_template("accounts/role.html", **context), status

    def deed() -> AnyResponse:
        appointed = actions.appoint(me(), handle, form.role.data)
        said = _("The role of %(name)s is saved.", name=member.name)
        if appointed.id == me().id:
            return web.done(said, url_for("front.profile", handle=handle))
        return web.done(said, url_for("members.administration", q=member.name))

    return webforms.process(form, page, deed)
