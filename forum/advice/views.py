"""The views for asking members for advice: whom to ask, how the asked member responds, what happened next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.advice import actions, queries
from forum.advice.forms import (
    OUTCOME_NAMES,
    AskForm,
    AvailabilityForm,
    FollowUpForm,
    PassOnForm,
    PostponeForm,
    first_day,
    last_day,
)
from forum.advice.models import FollowUp
from forum.advice.queries import Proposal, RequestState
from forum.dialogue.models import Topic
from forum.members.queries import member_called
from forum.pages import ngettext
from forum.plaintext import tidy
from forum.ratelimits import changing
from forum.reach import sees_hidden
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("advice", __name__)
MAX_HANDLES = 20  # handles of one form


# For the page of a topic, since the dialogue room, which is below, does not know this one


@bp.app_template_global()
def my_open_request(topic: Topic) -> RequestState | None:
    """The request to the reader about a topic that they have not answered yet; queries the database for members only."""
    person = me()
    if topic.kind != "question" or not person.is_member or topic.author_id == person.id:
        return None
    asking = queries.request_state(person, topic.id)
    return asking if asking and asking.state == "asked" else None


@bp.app_template_global()
def shown_follow_up(topic: Topic, opening: Any) -> FollowUp | None:
    """The follow-up of a topic if the reader may see it below the `opening` post.

    When moderators have hidden it, or the question, only they and the asker (who may still withdraw it) see it.
    Queries the database only when there is a follow-up.
    """
    if not (topic.followed_up_at or topic.follow_up_hidden_at):
        return None
    is_shown = opening is not None and opening.hidden_at is None and topic.followed_up_at
    if not is_shown and topic.author_id != me().id and not sees_hidden(me(), topic.agenda_id):
        return None
    return queries.follow_up_of(topic)


bp.add_app_template_global(queries.has_asked, "has_asked")
bp.add_app_template_global(queries.reasons_of, "reasons_of")
bp.add_app_template_global(OUTCOME_NAMES.__getitem__, "what_came_of")


# Asking


@bp.route("/topics/<int:topic_id>/ask", methods=["GET", "POST"])
@changing
def ask(topic_id: int) -> ResponseReturnValue:
    """Choose members to ask about a question, and see how those who were asked have responded."""
    topic = queries.topic_to_ask(me(), topic_id)
    form = AskForm()

    def page(status: int = 200) -> ResponseReturnValue:
        may = queries.right_to_ask(me(), topic)
        proposed = queries.proposals(me(), topic) if may else []
        return render_template(
            "advice/ask.html",
            topic=topic,
            form=form,
            proposals=proposed,
            may=may,
            fates=queries.requests_about(topic),
            ticked=_ticked(form, topic, proposed),
        ), status

    def deed() -> AnyResponse:
        handles = [tidy(handle)[:80] for handle in form.asked.data or []][:MAX_HANDLES]
        asked = actions.ask(me(), topic_id, handles, _reasons(topic, handles))
        return web.done(
            _message_for(asked), url_for("advice.ask", topic_id=topic_id) + "#asked-members"
        )

    return webforms.process(form, page, deed)


def _ticked(form: AskForm, topic: Topic, proposed: Sequence[Proposal]) -> set[str]:
    """The handles that are ticked: those in the submitted form, or all who are proposed.

    None while the question has its answer.
    """
    if request.method == "POST":
        return set(form.asked.data or [])
    if topic.answer_id:
        return set()
    return {proposal.member.handle for proposal in proposed}


def _reasons(topic: Topic, handles: Sequence[str]) -> dict[str, Any]:
    """Why each of these members is asked, if they were among the proposals."""
    found = queries.proposals(me(), topic)
    return {
        proposal.member.handle: proposal.reasons
        for proposal in found
        if proposal.member.handle in handles
    }


def _message_for(number: int) -> str:
    if not number:
        return _("You have asked them before. Nobody is asked twice about the same question.")
    return ngettext("One member is asked now.", "%(num)s members are asked now.", number)


# How the asked member responds


@bp.post("/topics/<int:topic_id>/decline")
@changing
def decline(topic_id: int) -> ResponseReturnValue:
    """Say that a question is not one's subject ("not me")."""
    topic, _asked = queries.request_to_answer(me(), topic_id)
    actions.decline(me(), topic_id)
    return web.done(_("Thank you. The asker sees that this is not your subject."), topic.address)


@bp.route("/topics/<int:topic_id>/postpone", methods=["GET", "POST"])
@changing
def postpone(topic_id: int) -> ResponseReturnValue:
    """Say that one cannot help now ("not now"), and until when one does not want to be asked about any question."""
    topic, asked = queries.request_to_answer(me(), topic_id)
    form = PostponeForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"topic": topic, "asked": asked, "form": form}
        return render_template("advice/postpone.html", **context, **_days()), status

    def deed() -> AnyResponse:
        actions.postpone(me(), topic_id, form.away_until)
        return web.done(_("Thank you. Nobody asks you until then."), topic.address)

    return webforms.process(form, page, deed)


@bp.route("/topics/<int:topic_id>/pass-on", methods=["GET", "POST"])
@changing
def pass_on(topic_id: int) -> ResponseReturnValue:
    """Pass the request on to another member."""
    topic, asked = queries.request_to_pass_on(me(), topic_id)
    form = PassOnForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"topic": topic, "asked": asked, "form": form}
        return render_template("advice/pass_on.html", **context), status

    def deed() -> AnyResponse:
        called = member_called(me(), form.handle.data or "", "handle")
        other = actions.pass_on(me(), topic_id, called.handle)
        return web.done(_("%(name)s is asked instead of you.", name=other.name), topic.address)

    return webforms.process(form, page, deed)


@bp.route("/settings/advice", methods=["GET", "POST"])
@changing
def set_availability() -> ResponseReturnValue:
    """Say whether one wants to be asked for advice, and from when on."""
    form = AvailabilityForm.of(queries.availability_of(me()))

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("advice/settings.html", form=form, **_days()), status

    def deed() -> AnyResponse:
        actions.set_availability(me(), form.is_asked.data, form.away_until)
        return web.done(_("Your choice is saved."), url_for("advice.set_availability"))

    return webforms.process(form, page, deed)


def _days() -> dict[str, str]:
    return {"first_day": first_day().isoformat(), "last_day": last_day().isoformat()}


# What happened next


@bp.route("/topics/<int:topic_id>/follow-up", methods=["GET", "POST"])
@changing
def follow_up(topic_id: int) -> ResponseReturnValue:
    """Tell what happened after a question was answered, change that text, or withdraw it."""
    if request.method == "POST" and "take_back" in request.form:
        return _withdraw(queries.topic_to_withdraw_follow_up(me(), topic_id))
    topic = queries.topic_to_follow_up(me(), topic_id)
    told = queries.follow_up_of(topic)
    form = FollowUpForm.of(told, topic.language)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"topic": topic, "told": told, "form": form, "meanwhile": meanwhile}
        return render_template("advice/follow_up.html", **context), status

    def latest() -> FollowUpForm:
        nonlocal topic, told
        topic = queries.topic_to_follow_up(me(), topic_id)
        told = queries.follow_up_of(topic)
        return FollowUpForm.of(told, topic.language, formdata=None)

    def deed() -> AnyResponse:
        actions.follow_up(me(), topic_id, form.story, seen=form.seen.data)
        return web.done(
            _("What happened next is published below your question."), f"{topic.address}#next"
        )

    return webforms.process(form, page, deed, latest=latest)


def _withdraw(topic: Topic) -> AnyResponse:
    actions.withdraw_follow_up(me(), topic.id)
    return web.done(_("What you said is taken back."), topic.address)
