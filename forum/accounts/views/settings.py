"""The settings of an account: profile, address, password and sessions."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.accounts import actions
from forum.accounts.forms import EmailForm, HandleForm, PasswordForm
from forum.accounts.views._sessions import begin_session, renew_proof
from forum.accounts.views._shared import bp, check_new_password, was_refused
from forum.configuring import PROFILE_PATH
from forum.errors import Conflict, Invalid
from forum.factors import views as factors
from forum.factors.forms import ProofForm
from forum.factors.queries import FOR_PROOF, factors_of
from forum.identities.queries import identities_of
from forum.members import actions as members
from forum.members import queries
from forum.members.forms import ProfileForm
from forum.members.models import Member
from forum.members.views import choose_city, federation, offer_organisations, sent_portrait
from forum.passwords import hash_password, verify_password
from forum.ratelimits import by_person, limiter
from forum.shrinking import ACCEPTED
from forum.web import SessionUser, has_proved, me, my_token, prove_first
from forum.webforms import ChangedFields


@bp.route(PROFILE_PATH, methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"], exempt_when=webforms.is_trial)
def settings() -> ResponseReturnValue:
    """Edit what one says about oneself."""
    member = queries.my_profile(me())
    form = ProfileForm.of(member)
    offer_organisations(form)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {
            "form": form,
            "member": member,
            "meanwhile": meanwhile,
            "accepted": ACCEPTED,
            "preview": webforms.preview(form.about, has_pictures=False),
        }
        return render_template("accounts/settings.html", **context), status

    def deed() -> ResponseReturnValue:
        profile = form.text(member, sent_portrait())
        actions.edit_profile(member, profile, seen=form.seen.data)
        return web.done(_("Your profile is saved."), url_for("accounts.settings"))

    return webforms.process(form, page, deed, checks=[choose_city], latest=_latest_profile)


def _latest_profile() -> ProfileForm:
    latest = ProfileForm.of(queries.my_profile(me()), formdata=None)
    offer_organisations(latest)
    return latest


@bp.route("/settings/handle", methods=["GET", "POST"])
@limiter.limit("10/hour", key_func=by_person, methods=["POST"])
def change_handle() -> ResponseReturnValue:
    """Choose another handle, which is the address of one's profile."""
    member = queries.my_profile(me())
    if not has_proved():
        return prove_first()
    form = HandleForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"member": member, "earlier": queries.earlier_handles(member.id)}
        return render_template("accounts/handle.html", form=form, **context), status

    def deed() -> Any:
        is_correction = member.corrects_handle
        actions.change_handle(member, form.handle.data or "")
        changed = _(
            "The address of your profile is changed. The one before leads there, too. You can correct it for fifteen minutes, in the settings."
        )
        corrected = _("The address of your profile is corrected.")
        return web.done(
            corrected if is_correction else changed, url_for("front.profile", handle=member.handle)
        )

    return webforms.process(form, page, deed)


@bp.route("/settings/prove", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=by_person, methods=["POST"], deduct_when=was_refused)
def prove() -> ResponseReturnValue:
    """Authenticate again before changing credentials (ASVS 5.0, 7.5.1), even while the account is closed.

    Members with a second factor use it, or a recovery code: if the password were enough, a thief who knows it could
    remove the factor.
    """
    member = queries.account_of(me())
    form = ProofForm(next=web.safe_next(""))

    def deed() -> Any:
        _check_proof(member, form)
        renew_proof(member)
        return web.see_other(web.safe_next(url_for("accounts.settings")))

    return webforms.process(form, partial(proof_page, form), deed)


def _check_proof(member: Member, form: ProofForm) -> None:
    """Check the proof in the form: a passkey or a code, or the password of a member without a second factor. Raises `Invalid`."""
    if form.credential.data is not None or form.code.data:
        factors.verify_factor(member, FOR_PROOF, form.code.data or "", form.credential.data)
    elif member.factor_at:
        raise Invalid(
            _("Your account is protected by a second factor. Show it, or use a recovery code.")
        )
    elif not verify_password(member.password_hash, form.password.data or ""):
        raise Invalid(_("This is not your present password."), "password")


def proof_page(form: ProofForm, status: int = 200) -> ResponseReturnValue:
    """The form for authenticating again; with `by=recovery` in the address, by a recovery code."""
    has = factors_of(queries.account_of(me()))
    elsewhere = web.provider_elsewhere() if not has.are_any and identities_of(me()) else ""
    context = {"has": has, "by": web.choice("by", ("recovery",)), "elsewhere": elsewhere}
    return render_template("accounts/prove.html", form=form, **context), status


@bp.route("/settings/address", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def address() -> ResponseReturnValue:
    """Ask for another e-mail address; nothing changes before it is confirmed."""
    member = queries.my_profile(me())
    if not has_proved():
        return prove_first()
    form = EmailForm()

    def deed() -> Any:
        actions.ask_for_address(member, form.email.data or "")
        words = _(
            "An e-mail is on its way to %(email)s. Nothing changes until you confirm it there.",
            email=form.email.data,
        )
        return web.done(words, url_for("accounts.address"))

    return webforms.process(form, partial(address_page, form), deed)


def address_page(form: EmailForm, status: int = 200) -> ResponseReturnValue:
    """The form for another e-mail address."""
    member = queries.my_profile(me())
    return render_template("accounts/address.html", form=form, member=member), status


@bp.post("/settings/address/resume")
def resume_mail() -> AnyResponse:
    """Confirm one's address, so that mail goes there again."""
    members.resume_mail(queries.my_profile(me()))
    return web.done(_("E-mails go to your address again."), url_for("accounts.address"))


@bp.route("/settings/password", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=by_person, methods=["POST"], deduct_when=was_refused)
def change_password() -> ResponseReturnValue:
    """Choose a new password, which ends all other sessions."""
    member = queries.my_profile(me())
    form = PasswordForm()
    return webforms.process(
        form, partial(password_page, form), lambda: _change_password(member, form)
    )


@bp.get("/.well-known/change-password")
def well_known_change_password() -> AnyResponse:
    """Where password managers send people to change a password (W3C, A Well-Known URL for Changing Passwords)."""
    return web.see_other(url_for("accounts.change_password"))


def password_page(form: PasswordForm, status: int = 200) -> ResponseReturnValue:
    """The form for a new password."""
    return render_template("accounts/password.html", form=form), status


def _change_password(member: Member, form: PasswordForm) -> AnyResponse:
    verified = member.credentials  # as they are now, because they may change from here on
    if not verify_password(verified.password_hash, form.current_password.data or ""):
        raise Invalid(_("This is not your present password."), "current_password")
    own = (federation().name, member.name, member.email)
    check_new_password(form.new_password.data or "", own, "new_password")
    former = cast(SessionUser, current_user)
    is_proved = not member.factor_at  # with a second factor, the password proves nothing
    hashed = hash_password(form.new_password.data or "")
    try:
        actions.change_password(member, hashed, verified)
        # A new session, so that a copied cookie ends, too
        new = member.credentials
        begin_session(member, former.how, new, is_proved=is_proved, proved_at=former.proved_at)
    except Conflict as error:
        raise Invalid(error.message) from error
    return web.done(
        _("Your password is changed. You are signed out everywhere else."),
        url_for("accounts.settings"),
    )


@bp.get("/settings/sessions")
def sessions() -> ResponseReturnValue:
    """The list of one's open sessions."""
    member = queries.my_profile(me())
    context = {"sessions": queries.sessions_of(member), "current": queries.token_hash(my_token())}
    return render_template("accounts/sessions.html", member=member, **context)


@bp.post("/settings/sessions/end")
def end_sessions() -> AnyResponse:
    """End all one's other sessions."""
    members.end_sessions(queries.my_profile(me()), my_token())
    return web.done(_("You are signed out everywhere else."), url_for("accounts.sessions"))


@bp.post("/settings/sessions/<int:session_id>/end")
def end_session(session_id: int) -> AnyResponse:
    """End one of one's own sessions."""
    members.end_session(queries.my_profile(me()), session_id)
    return web.done(_("That session is ended."), url_for("accounts.sessions"))
