"""Letters with a link: to sign in, to choose a new password, and to confirm an address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.accounts import actions
from forum.accounts.forms import EmailForm, NewPasswordForm
from forum.accounts.queries import ADDRESS, RESET, SIGN_IN, UNDO
from forum.accounts.views._devices import is_known_device, remember_device
from forum.accounts.views._shared import (
    answer_with_secret,
    bp,
    check_new_password,
    letter_sent,
    link_expired_page,
    usable_token_or_none,
)
from forum.accounts.views.signing_in import answer_suspended, sign_in_or_ask_second
from forum.errors import Forbidden
from forum.members import queries
from forum.members.forms import PressForm
from forum.members.models import Member
from forum.members.views import federation
from forum.passwords import hash_password
from forum.permissions import VISITOR
from forum.ratelimits import limiter
from forum.web import me


@bp.route("/sign-in/letter", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def sign_in_by_letter() -> ResponseReturnValue:
    """Ask for a letter whose link signs one in once, without a password."""
    return _ask_for_letter("sign_in", actions.ask_to_sign_in)


@bp.route("/password", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def ask_for_password() -> ResponseReturnValue:
    """Ask for a letter whose link lets one choose a new password."""
    return _ask_for_letter("password", actions.ask_for_password)


def _ask_for_letter(what: str, ask: Callable[[Any, str], None]) -> ResponseReturnValue:
    form = EmailForm()

    def deed() -> Any:
        ask(VISITOR, form.email.data or "")
        return letter_sent(queries.normalised_email(form.email.data or ""))

    return webforms.process(form, partial(letter_page, what, form), deed)


def letter_page(what: str, form: EmailForm, status: int = 200) -> ResponseReturnValue:
    """The form that asks for a letter; `what` is `sign_in` or `password`."""
    return render_template("accounts/letter.html", form=form, what=what), status


@bp.route("/sign-in/letter/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def spend_sign_in(secret: str) -> ResponseReturnValue:
    """Sign in with a letter's secret by pressing a button. Mail programs open links, so opening the page uses nothing up."""
    token = usable_token_or_none(SIGN_IN, secret)
    if token is None or token.member is None:
        return link_expired_page(SIGN_IN)
    member, form = token.member, PressForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("accounts/spend.html", form=form, member=member), status

    def deed() -> ResponseReturnValue:
        try:
            owner = actions.spend_sign_in(VISITOR, secret)
            return sign_in_or_ask_second(owner, "letter", owner.credentials)
        except Forbidden as error:  # suspended: told only to people who have the letter
            return answer_suspended(member, error)

    return answer_with_secret(SIGN_IN, form, page, deed)


@bp.route("/password/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def reset_password(secret: str) -> ResponseReturnValue:
    """Choose a new password with a letter's secret and sign in with it; a second factor is still required."""
    token = usable_token_or_none(RESET, secret)
    if token is None or token.member is None:
        return link_expired_page(RESET)
    member, form = token.member, NewPasswordForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("accounts/new_password.html", form=form, member=member), status

    def deed() -> Any:
        own = (federation().name, member.name, member.email)
        check_new_password(form.new_password.data or "", own, "new_password")
        hashed = hash_password(form.new_password.data or "")
        try:
            owner = actions.reset_password(VISITOR, secret, hashed)
            answer = sign_in_or_ask_second(owner, "letter", owner.credentials)
        except Forbidden as error:
            return answer_suspended(member, error)
        flash(_("Your password is changed. You are signed out everywhere else."), "message")
        return answer

    return answer_with_secret(RESET, form, page, deed)


@bp.route("/address/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def confirm_address(secret: str) -> ResponseReturnValue:
    """Confirm a new address by pressing a button, with the secret that was sent there."""
    return _answer_address_link(ADDRESS, secret, actions.confirm_address)


@bp.route("/address/undo/<secret>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def undo_address(secret: str) -> ResponseReturnValue:
    """Change back to the former address by pressing a button, with the secret that was sent there."""
    return _answer_address_link(UNDO, secret, actions.undo_address)


def _answer_address_link(
    purpose: str, secret: str, spend: Callable[[Any, str], Member]
) -> ResponseReturnValue:
    token = usable_token_or_none(purpose, secret)
    if token is None or token.member is None:
        return link_expired_page(purpose)
    form, former = PressForm(), token.member.email

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "token": token, "is_undo": purpose == UNDO}
        return render_template("accounts/confirm_address.html", **context), status

    def deed() -> Any:
        was_known = is_known_device(former)
        member = spend(me(), secret)
        if was_known:
            remember_device(member.email)
        flash(_whose_address(member), "message")
        if purpose == UNDO:
            flash(_("An e-mail is on its way, with which you choose a new password."), "message")
        return web.see_other(url_for("accounts.sign_in"))

    return answer_with_secret(purpose, form, page, deed)


def _whose_address(member: Member) -> str:
    """What the address is now; in a browser where another member is signed in, with the name of whose it is."""
    if me().is_member and me().id != member.id:
        said = _("The address of %(name)s is now %(email)s.", name=member.name, email=member.email)
        who = _("You are still signed in here as %(name)s.", name=me().name)
        return f"{said} {who}"
    return _("Your address is now %(email)s.", email=member.email)
