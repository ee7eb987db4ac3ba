"""Whether moderators, hosts and administrators need a second factor."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.factors.forms import RequiredForm
from forum.factors.views._shared import bp
from forum.members import actions as members
from forum.members.queries import are_factors_required, my_profile, office_holders_without_factor
from forum.web import me


@bp.route("/administration/factors", methods=["GET", "POST"])
def require_factors() -> ResponseReturnValue:
    """Choose whether moderators, hosts and administrators need a second factor."""
    without = office_holders_without_factor(me())
    form = RequiredForm(data={"is_required": are_factors_required()})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/required.html", form=form, without=without), status

    def deed() -> ResponseReturnValue:
        members.require_factors(my_profile(me()), is_required=form.is_required.data)
        return web.done(_("Saved."), url_for("factors.require_factors"))

    return webforms.process(form, page, deed)
