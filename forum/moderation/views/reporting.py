"""Views of reporting, with an account or without, and of what became of a report."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.library.queries import get_case, get_practice
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.forms import REASON_NAMES, IllegalForm, ReportForm
from forum.moderation.views._answers import bp
from forum.ratelimits import by_person, limiter
from forum.web import me


@bp.route("/topics/<int:topic_id>/report", methods=["GET", "POST"])
def report_topic(topic_id: int) -> ResponseReturnValue:
    """Report a topic."""
    return _report("topic", topic_id)


@bp.route("/posts/<int:post_id>/report", methods=["GET", "POST"])
def report_post(post_id: int) -> ResponseReturnValue:
    """Report a post."""
    return _report("post", post_id)


@bp.route("/cases/<slug>/report", methods=["GET", "POST"])
def report_case(slug: str) -> ResponseReturnValue:
    """Report a case."""
    return _report("case", get_case(me(), slug).id)


@bp.route("/practices/<slug>/report", methods=["GET", "POST"])
def report_practice(slug: str) -> ResponseReturnValue:
    """Report a practice."""
    return _report("practice", get_practice(me(), slug).id)


@bp.route("/marks/<int:mark_id>/report", methods=["GET", "POST"])
def report_mark(mark_id: int) -> ResponseReturnValue:
    """Report the note of a "tried it" mark."""
    return _report("mark", mark_id)


@bp.route("/follow-ups/<int:follow_up_id>/report", methods=["GET", "POST"])
def report_follow_up(follow_up_id: int) -> ResponseReturnValue:
    """Report the follow-up of a question."""
    return _report("followup", follow_up_id)


@bp.route("/reservations/<int:signature_id>/report", methods=["GET", "POST"])
def report_reservation(signature_id: int) -> ResponseReturnValue:
    """Report the reservation under which an organisation has signed a declaration."""
    return _report("reservation", signature_id)


@bp.route("/commitments/<int:commitment_id>/report", methods=["GET", "POST"])
def report_commitment(commitment_id: int) -> ResponseReturnValue:
    """Report the commitment of an organisation."""
    return _report("commitment", commitment_id)


@bp.route("/translations/<int:translation_id>/report", methods=["GET", "POST"])
def report_translation(translation_id: int) -> ResponseReturnValue:
    """Report a translation of a practice or case."""
    return _report("translation", translation_id)


@bp.route("/members/<handle>/report", methods=["GET", "POST"])
def report_member(handle: str) -> ResponseReturnValue:
    """Report a profile."""
    return _report("member", get_member(me(), handle).id)


def _report(kind: str, item_id: int) -> ResponseReturnValue:
    """Members report for a reason; others can report illegal content."""
    return _report_as_member(kind, item_id) if me().is_member else _report_illegal(kind, item_id)


@limiter.limit("5 per hour; 20 per day", methods=["POST"])
def _report_illegal(kind: str, item_id: int) -> ResponseReturnValue:
    thing = queries.thing_to_report_as_illegal(me(), kind, item_id)
    form = IllegalForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "thing": thing, "place": web.absolute(thing.address)}
        return render_template("moderation/report_illegal.html", **context), status

    def deed() -> AnyResponse:
        report = actions.report_illegal(
            me(), thing.kind, thing.item_id, replace(form.notice, locale=web.locale())
        )
        return web.see_other(url_for("moderation.receipt", secret=report.number))

    return webforms.process(form, page, deed)


@limiter.limit("10 per minute; 60 per day", key_func=by_person, methods=["POST"])
def _report_as_member(kind: str, item_id: int) -> ResponseReturnValue:
    thing = queries.thing_to_report(me(), kind, item_id)
    form = ReportForm()
    mine = queries.my_report(me(), thing) if request.method == "GET" else None

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "thing": thing, "mine": mine, "reasons": REASON_NAMES}
        context |= {"suspension": queries.suspension_of_reports(me())}
        return render_template("moderation/report.html", **context), status

    def deed() -> AnyResponse:
        reason, text = form.reason.data, form.text.data or ""
        actions.report(me(), thing.kind, thing.item_id, reason, text)
        thanks = _("Thank you. The moderators will look at it, and you will hear from them.")
        return web.done(thanks, web.safe_next(thing.address))

    return webforms.process(form, page, deed)


@bp.get("/reports")
def reports() -> ResponseReturnValue:
    """One's own reports with their outcomes; a visitor enters the number of a receipt."""
    if number := _normalized_number(web.text("number")):
        return web.see_other(url_for("moderation.receipt", secret=number))
    if not me().is_member:
        return render_template("moderation/ask_receipt.html")
    mine = queries.my_reports(me(), web.number("page"))
    context = {
        "page": mine,
        "reasons": REASON_NAMES,
        "over": queries.reversed_decision_ids(mine.items),
        "pages": queries.pages_reported(me(), mine.items),
    }
    return render_template("moderation/reports.html", **context)


@bp.get("/reports/<secret>")
@limiter.limit("60 per hour")
def receipt(secret: str) -> ResponseReturnValue:
    """The outcome of a report, for anybody who knows its receipt number; it does not say what was reported."""
    report = queries.get_receipt(me(), _normalized_number(secret))
    context = {
        "report": report,
        "is_over": report.decision_id in queries.reversed_decision_ids([report]),
    }
    page = current_app.make_response(render_template("moderation/receipt.html", **context))
    page.headers["Cache-Control"] = "private, no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def _normalized_number(typed: str) -> str:
    """A receipt number as it is stored, however it was typed: in lower case, with spaces, without its hyphen."""
    characters = "".join(char for char in typed.upper() if char.isalnum())[:10]
    return f"{characters[:5]}-{characters[5:]}" if characters else ""
