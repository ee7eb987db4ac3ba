"""What became of a commitment and its milestones, and members who follow it."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.commitments import actions, queries
from forum.commitments.forms import MoveForm, ReachForm, ReasonForm
from forum.commitments.models import Commitment, Milestone
from forum.commitments.views._shared import bp
from forum.errors import Conflict
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.get("/commitments/<int:commitment_id>/milestones/<int:milestone_id>")
def milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Report on a milestone: reached, moved or given up."""
    found, milestone = _milestone_to_tell(commitment_id, milestone_id)
    return _milestone_page(found, milestone, MoveForm.of(milestone))


def _milestone_to_tell(commitment_id: int, milestone_id: int) -> tuple[Commitment, Milestone]:
    found = queries.commitment_to_tell_of(me(), commitment_id)
    return found, queries.milestone_in(found, milestone_id)


def _milestone_page(
    found: Commitment,
    milestone: Milestone,
    form: Any,
    status: int = 200,
    _meanwhile: ChangedFields = (),
) -> ResponseReturnValue:
    """The page with its three forms: the submitted one, with what was wrong or has changed above it, beside two empty ones.

    It has no forms once somebody has reported on the milestone; then the submitted text is given back.
    """
    if status in (web.REFUSED, web.CONFLICT) and not milestone.is_open:
        raise Conflict(_("What became of this milestone is told already."))
    fresh = {"reach": ReachForm, "move": MoveForm, "give_up": ReasonForm}
    forms: dict[str, Any] = {
        name: form if isinstance(form, kind) else kind(formdata=None)
        for name, kind in fresh.items()
    }
    if forms["move"] is not form:
        forms["move"].seen.data = milestone.day.isoformat()
    context = {"commitment": found, "milestone": milestone, "forms": forms, "sent": form}
    return render_template("commitments/milestone.html", **context), status


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/reach")
@changing
def reach_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Say that a milestone is reached."""
    found, milestone = _milestone_to_tell(commitment_id, milestone_id)
    form = ReachForm()

    def deed() -> ResponseReturnValue:
        actions.reach_milestone(me(), found.id, milestone.id, form.sentence.data or "")
        return web.done(_("The milestone is reached."), found.address)

    return webforms.process(form, partial(_milestone_page, found, milestone, form), deed)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/move")
@changing
def move_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Move a milestone to another day, with the reason."""
    found, milestone = _milestone_to_tell(commitment_id, milestone_id)
    form = MoveForm.of(milestone)

    def deed() -> ResponseReturnValue:
        day, reason = form.day.data or milestone.day, form.note.data or ""
        actions.move_milestone(me(), found.id, milestone.id, day, reason, seen=form.seen.data)
        return web.done(_("The milestone has another day now."), found.address)

    def latest() -> MoveForm:
        return MoveForm.of(_milestone_to_tell(commitment_id, milestone_id)[1], formdata=None)

    page = partial(_milestone_page, found, milestone, form)
    return webforms.process(form, page, deed, latest=latest)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/reopen")
@changing
def reopen_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Take back what was told of a milestone."""
    found, milestone = _milestone_to_tell(commitment_id, milestone_id)
    actions.reopen_milestone(me(), found.id, milestone.id)
    return web.done(_("The milestone is open again."), milestone.told_at)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/give-up")
@changing
def give_milestone_up(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Give a milestone up, with what stopped it."""
    found, milestone = _milestone_to_tell(commitment_id, milestone_id)
    form = ReasonForm()

    def deed() -> ResponseReturnValue:
        actions.give_milestone_up(me(), found.id, milestone.id, form.reason.data or "")
        return web.done(_("The milestone is given up, and the page says why."), found.address)

    return webforms.process(form, partial(_milestone_page, found, milestone, form), deed)


@bp.route("/commitments/<int:commitment_id>/keep", methods=["GET", "POST"])
@changing
def keep_commitment(commitment_id: int) -> ResponseReturnValue:
    """Say that a commitment is kept."""
    found, form = queries.commitment_to_tell_of(me(), commitment_id), ReachForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"commitment": found, "form": form, "milestones": queries.milestones_of(found)}
        return render_template("commitments/keep.html", **context), status

    def deed() -> ResponseReturnValue:
        actions.keep_commitment(me(), found.id, form.sentence.data or "")
        return web.done(_("The commitment is kept."), found.address)

    return webforms.process(form, page, deed)


@bp.route("/commitments/<int:commitment_id>/end", methods=["GET", "POST"])
@changing
def end_commitment(commitment_id: int) -> ResponseReturnValue:
    """Give a commitment up, with what stopped it."""
    found, form = queries.commitment_to_tell_of(me(), commitment_id), ReasonForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("commitments/end.html", commitment=found, form=form), status

    def deed() -> ResponseReturnValue:
        actions.end_commitment(me(), found.id, form.reason.data or "")
        return web.done(_("The commitment is given up, and its page says why."), found.address)

    return webforms.process(form, page, deed)


@bp.post("/commitments/<int:commitment_id>/follow")
@changing
def follow_commitment(commitment_id: int) -> ResponseReturnValue:
    """Follow the commitment of another organisation."""
    found = actions.follow_commitment(me(), commitment_id)
    done = _("You follow this commitment, and are told how it goes on.")
    return web.done(done, f"{found.address}#peers")


@bp.post("/commitments/<int:commitment_id>/unfollow")
@changing
def unfollow_commitment(commitment_id: int) -> ResponseReturnValue:
    """Follow a commitment no more."""
    found = actions.unfollow_commitment(me(), commitment_id)
    return web.done(_("You no longer follow this commitment."), f"{found.address}#peers")
