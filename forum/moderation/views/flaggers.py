"""Trusted flaggers, in the administration."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.clock import now
from forum.moderation import actions, queries
from forum.moderation.forms import FlaggerForm
from forum.moderation.views._answers import bp
from forum.web import me


@bp.route("/administration/flaggers", methods=["GET", "POST"])
def trust_flagger() -> ResponseReturnValue:
    """All trusted flaggers, and a form for another one."""
    named = queries.named_flaggers(me())
    web.note_look("which members are trusted flaggers")
    form = FlaggerForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "flaggers": named, "today": now().date()}
        return render_template("moderation/flaggers.html", **context), status

    def deed() -> AnyResponse:
        actions.trust_flagger(me(), form.handle.data or "", form.text)
        return _done(
            _("Saved. From the first day on, their reports of illegal content come first.")
        )

    return webforms.process(form, page, deed)


@bp.post("/administration/flaggers/<int:flagger_id>/end-trust")
def end_trust(flagger_id: int) -> AnyResponse:
    """End that somebody is a trusted flagger."""
    actions.end_trust(me(), flagger_id)
    return _done(_("Ended. What was reported before stays as it is."))


def _done(said: str) -> AnyResponse:
    return web.done(said, url_for("moderation.trust_flagger"))
