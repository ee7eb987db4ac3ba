"""Views of decisions about members, and of notes about them."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import (
    ReportsSuspensionForm,
    RequiredReasonForm,
    RestoreForm,
    RestrictionForm,
    StaffNoteForm,
    StatementForm,
)
from forum.moderation.models import Decision, Deed, MemberBefore
from forum.moderation.queries import Thing
from forum.moderation.views._answers import (
    answer_here,
    bp,
    decide_by_button,
    deed_page,
    offer_undo,
    show_claims,
    withhold_page,
)
from forum.pages import ngettext
from forum.permissions import Person
from forum.web import me


@bp.route("/members/<handle>/warn", methods=["GET", "POST"])
def warn(handle: str) -> ResponseReturnValue:
    """Warn a member."""
    return _restrict(Deed.WARN, handle, actions.warn, StatementForm())


@bp.route("/members/<handle>/silence", methods=["GET", "POST"])
def silence(handle: str) -> ResponseReturnValue:
    """Silence a member."""
    return _restrict(Deed.SILENCE, handle, actions.silence, RestrictionForm())


@bp.post("/members/<handle>/unsilence")
def unsilence(handle: str) -> ResponseReturnValue:
    """Let a silenced member write again."""
    thing = queries.member_to_suspend(me(), handle)
    return decide_by_button(
        _("Let write again"), thing, lambda moderator: actions.unsilence(moderator, thing.item_id)
    )


@bp.route("/members/<handle>/suspend", methods=["GET", "POST"])
def suspend(handle: str) -> ResponseReturnValue:
    """Suspend a member."""
    return _restrict(Deed.SUSPEND, handle, actions.suspend, RestrictionForm())


@bp.route("/members/<handle>/warn-reporter", methods=["GET", "POST"])
def warn_reporter(handle: str) -> ResponseReturnValue:
    """Warn a member who often reports without ground."""
    return _restrict(Deed.WARN_REPORTER, handle, actions.warn_reporter, RequiredReasonForm())


@bp.route("/members/<handle>/suspend-reports", methods=["GET", "POST"])
def suspend_reports(handle: str) -> ResponseReturnValue:
    """Take no reports from a member for some time."""
    form = ReportsSuspensionForm()
    return _restrict(Deed.SUSPEND_REPORTS, handle, actions.suspend_reports, form)


@bp.post("/members/<handle>/resume-reports")
def resume_reports(handle: str) -> ResponseReturnValue:
    """Take reports from a member again."""
    thing = queries.member_to_suspend(me(), handle)
    return decide_by_button(
        _("Take reports again"),
        thing,
        lambda moderator: actions.resume_reports(moderator, thing.item_id),
    )


def _restrict(
    word: str,
    handle: str,
    restrict: Callable[..., Decision],
    form: StatementForm | RequiredReasonForm,
) -> ResponseReturnValue:
    """Warn or restrict a member, after a page that asks for the reasons, and for the end if there is one."""
    thing = queries.member_to_suspend(me(), handle)

    def deed(moderator: Person, why: Reasons) -> Decision:
        end = [form.end] if isinstance(form, RestrictionForm | ReportsSuspensionForm) else []
        return restrict(moderator, thing.item_id, *end, why, seen=form.seen_id)

    return deed_page(word, thing, form, deed)


@bp.route("/members/<handle>/unsuspend", methods=["GET", "POST"])
def unsuspend(handle: str) -> ResponseReturnValue:
    """End a suspension and, if wanted, restore what was cleared with it."""
    thing = queries.member_to_suspend(me(), handle)

    def deed(moderator: Person, shows_again: bool) -> Decision:
        return actions.unsuspend(moderator, thing.item_id, shows_again=shows_again)

    return _restore_page(Deed.UNSUSPEND, thing, deed)


@bp.route("/members/<handle>/hide", methods=["GET", "POST"])
def hide_profile(handle: str) -> ResponseReturnValue:
    """Hide a profile."""
    return withhold_page(queries.member_to_moderate(me(), handle), Deed.HIDE)


@bp.route("/members/<handle>/restore", methods=["GET", "POST"])
def restore_profile(handle: str) -> ResponseReturnValue:
    """Restore a hidden profile and, if wanted, what was cleared with it."""
    thing = queries.member_to_moderate(me(), handle)

    def deed(moderator: Person, shows_again: bool) -> Decision:
        return actions.restore_profile(moderator, thing.item_id, shows_again=shows_again)

    return _restore_page(Deed.RESTORE, thing, deed)


def _restore_page(
    word: str, thing: Thing, deed: Callable[[Person, bool], Decision]
) -> ResponseReturnValue:
    """Restore a member by a button; if texts were cleared, a page first offers to restore them as well."""
    form = RestoreForm()
    cleared = queries.content_cleared_of(me(), thing.item_id)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        return render_template(
            "moderation/back.html",
            word=word,
            thing=thing,
            form=form,
            cleared=cleared,
            late=late,
            claims=show_claims(form, [thing], late),
        ), status

    def done(moderator: Person) -> str:
        shows_again = bool(cleared and form.shows_again.data)
        return web.safe_next(deed(moderator, shows_again).address)

    if request.method == "POST" and cleared and "asked" not in request.form:
        form.shows_again.data = True
        return page()
    return answer_here(form, [thing], page, done)


@bp.post("/members/<handle>/clear-spam")
def clear_spam(handle: str) -> ResponseReturnValue:
    """Clear everything of a spammer."""
    thing = queries.member_to_suspend(me(), handle)
    return decide_by_button(
        _("Clear away as spam"),
        thing,
        lambda moderator: actions.clear_spam(moderator, thing.item_id),
        _answer_cleared,
    )


def _answer_cleared(decision: Decision) -> AnyResponse:
    hidden = len(MemberBefore.from_json(decision.kept).hidden)
    flash(
        ngettext(
            "%(num)s text is removed, and the account closed.",
            "%(num)s texts are removed, and the account closed.",
            hidden,
        ),
        "message",
    )
    offer_undo()
    return web.see_other(url_for("moderation.decision", decision_id=decision.id))


@bp.route("/members/<handle>/notes", methods=["GET", "POST"])
def staff_notes(handle: str) -> ResponseReturnValue:
    """The notes of moderators about a member, and a form to add one."""
    member = get_member(me(), handle)
    noted = queries.staff_notes(me(), member)
    web.note_look(f"notes about member {member.id}")
    form = StaffNoteForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "member": member, "notes": noted}
        return render_template("moderation/staff_notes.html", **context), status

    def deed() -> AnyResponse:
        actions.write_staff_note(me(), member.id, form.text.data or "")
        return web.see_other(url_for("moderation.staff_notes", handle=handle))

    return webforms.process(form, page, deed)


@bp.post("/members/<handle>/notes/<int:note_id>/remove")
def remove_staff_note(handle: str, note_id: int) -> ResponseReturnValue:
    """Remove a note about a member."""
    actions.remove_staff_note(me(), note_id)
    return web.done(_("The note is removed."), url_for("moderation.staff_notes", handle=handle))
