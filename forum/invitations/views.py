"""Pages for who may join, one's own invitations, and the seats of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext
from werkzeug.wrappers import Response as AnyResponse

from forum import tokens, web, webforms
from forum.clock import now
from forum.errors import Forbidden
from forum.invitations import actions, queries
from forum.invitations.actions import MAX_QUESTIONS, EntranceText
from forum.invitations.forms import (
    MODE_NOTES,
    READY_ANSWERS,
    EntranceForm,
    InvitationForm,
    VoicesForm,
)
from forum.invitations.models import Invitation
from forum.members.queries import my_profile
from forum.members.views import federation
from forum.orderforms import OrderForm
from forum.ratelimits import by_person, changing, limiter
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("invitations", __name__)
DEFAULT_VALIDITY = timedelta(days=30)


# Who may join


@bp.route("/administration/joining", methods=["GET", "POST"])
def joining() -> ResponseReturnValue:
    """Choose who may join, what they are asked, and ready answers."""
    form = EntranceForm.of(queries.entrance_to_edit(me()))
    order = OrderForm.of(range(1, MAX_QUESTIONS + 1))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        if status == web.REFUSED:
            order.validate()  # all errors of both are shown at once
        numbers = {"questions": MAX_QUESTIONS, "ready": READY_ANSWERS}
        context = {"form": form, "order": order, "notes": MODE_NOTES, "meanwhile": meanwhile}
        return render_template("invitations/joining.html", **context, **numbers), status

    def deed() -> ResponseReturnValue:
        if not order.validate():
            return page(web.REFUSED)
        text = _with_questions_in_order(form.text, order.ordered_ids)
        actions.set_entrance(me(), text, seen=form.seen.data)
        return web.done(_("Your choice is saved."), url_for("invitations.joining"))

    def latest() -> EntranceForm:
        return EntranceForm.of(queries.entrance_to_edit(me()), formdata=None)

    return webforms.process(form, page, deed, latest=latest)


def _with_questions_in_order(text: EntranceText, order: Sequence[int]) -> EntranceText:
    return replace(text, questions=tuple(text.questions[number - 1] for number in order))


# Invitations


@bp.get("/invitations")
def index() -> ResponseReturnValue:
    """One's own invitations, and who joined by them."""
    made, entrance = queries.my_invitations(me()), queries.entrance()
    may = queries.may_invite(me(), entrance)
    context = {
        "invitations": made,
        "may_invite": bool(may or queries.organisations_to_invite_for(me())),
        "why_not": may,
        "mode": entrance.mode,
        "join_address": web.absolute(url_for("accounts.join")),
        "has_mail": _has_mail(),
    }
    return render_template("invitations/index.html", **context, **WITH_LINKS)


@bp.app_template_global()
def has_invitations() -> bool:
    """Whether the settings link to one's own invitations: not if the page would be empty."""
    return queries.has_invitations(me())


@bp.get("/moderation/invitations")
def everybodys() -> ResponseReturnValue:
    """All invitations, for moderators."""
    page = queries.all_invitations(me(), web.number("page"))
    return render_template("invitations/all.html", page=page, back=web.here())


def link_of(invitation: Invitation) -> str:
    """The whole address of an invitation, derived anew from the forum's key."""
    code = tokens.secret(queries.CODE_PURPOSE, invitation.salt)
    return web.absolute(url_for("accounts.join_invited", code=code))


def letter_to(invitation: Invitation) -> str:
    """The `mailto:` address that begins an e-mail with the link of an invitation, and with the sentence that belongs to it."""
    forum = federation().name
    said = _("I invite you to join %(forum)s. This link opens the form:", forum=forum)
    body = "\r\n\r\n".join(filter(None, (said, link_of(invitation), invitation.note)))
    subject = _("An invitation to join %(forum)s", forum=forum)
    return f"mailto:?subject={quote(subject)}&body={quote(body)}"


WITH_LINKS = {"link_of": link_of, "letter_to": letter_to}  # for the pages of who may send them


@bp.route("/invitations/new", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"])
def invite() -> ResponseReturnValue:
    """Make an invitation."""
    member = my_profile(me())
    form = InvitationForm(
        ends_on=(now() + DEFAULT_VALIDITY).date(),
        organisation=web.number("organisation", 0) or None,
    )
    _offer_organisations(form)

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("invitations/new.html", form=form, has_mail=_has_mail()), status

    def deed() -> ResponseReturnValue:
        made = actions.invite(member, form.text)
        return web.done(
            _("The invitation is made. Copy its link and send it."),
            url_for("invitations.index", _anchor=f"invitation-{made.id}"),
        )

    return webforms.process(form, page, deed)


def _has_mail() -> bool:
    """Whether the e-mail goes out by which somebody joins who has opened the link."""
    return bool(web.settings().smtp_url)


def _offer_organisations(form: InvitationForm) -> None:
    """Set the organisations that a form offers. Raises `Forbidden` when the member may not invite at all."""
    known = [
        (str(organisation.id), organisation.name)
        for organisation in queries.organisations_to_invite_for(me())
    ]
    may = queries.may_invite(me(), queries.entrance())
    if not known and not may:
        raise Forbidden(str(may.why_not))
    form.organisation.choices = [*([("", pgettext("organisation", "None"))] if may else []), *known]


@bp.post("/invitations/<int:invitation_id>/end")
def end_invitation(invitation_id: int) -> ResponseReturnValue:
    """End an invitation."""
    actions.end_invitation(me(), invitation_id)
    return web.done(
        _("The invitation is ended. Nobody joins with it any more."),
        web.safe_next(url_for("invitations.index")),
    )


# Seats


@bp.get("/organisations/<slug>/seats")
def seats(slug: str) -> ResponseReturnValue:
    """The seats of an organisation, and the invitations for it."""
    context = {"seats": queries.seats(me(), slug), "back": request.path}
    return render_template("invitations/seats.html", **context, **WITH_LINKS)


def _by_person_and_organisation() -> str:
    slug = (request.view_args or {}).get("slug", "")
    return f"{by_person()} {slug}"


def _was_saved(response: AnyResponse) -> bool:
    return response.status_code == web.SEE_OTHER


@bp.route("/organisations/<slug>/voices", methods=["GET", "POST"])
@changing
@limiter.limit(  # each choice may write to all members of the organisation
    "10 per hour", key_func=_by_person_and_organisation, methods=["POST"], deduct_when=_was_saved
)
def choose_voices(slug: str) -> ResponseReturnValue:
    """Name the members who write for an organisation, and until when each does."""
    organisation, people, fields = queries.organisation_to_speak_for(me(), slug)
    form = VoicesForm.of(people, fields)

    def page(status: int = 200, meanwhile: webforms.ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "invitations/voices.html",
            organisation=organisation,
            people=people,
            form=form,
            meanwhile=meanwhile,
            today=now().date(),
        ), status

    def deed() -> ResponseReturnValue:
        chosen = (organisation.id, form.member_ids, form.last_days)
        actions.choose_voices(me(), *chosen, seen=form.seen.data)
        return web.done(
            _("The choice of who writes for %(name)s is saved.", name=organisation.name),
            url_for("front.organisation", slug=slug),
        )

    def latest() -> VoicesForm:
        chosen = queries.organisation_to_speak_for(me(), slug)[2]
        return VoicesForm.of(people, chosen, formdata=None)

    return webforms.process(form, page, deed, latest=latest)
