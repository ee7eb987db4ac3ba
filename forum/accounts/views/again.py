"""A form once more, with what was typed: after too many attempts, or when its page was open for too long."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from forum import errorpages, webforms
from forum.accounts.forms import EmailForm, PasswordForm, SignInForm
from forum.accounts.views._shared import bp, signed_in_already
from forum.accounts.views.joining import join_form_again
from forum.accounts.views.letters import letter_page
from forum.accounts.views.settings import address_page, password_page, proof_page
from forum.accounts.views.signing_in import second_page, sign_in_page
from forum.errors import Refusal
from forum.factors.forms import ProofForm, SecondForm
from forum.web import TOO_MANY, me

Page = Callable[[Any, int], ResponseReturnValue]
Again = Callable[[], tuple[webforms.Form, Page]]
BAD_REQUEST = 400
# The forms of visitors, and what their pages are made from
OF_VISITORS: dict[str, Again] = {
    "accounts.join": join_form_again,
    "accounts.join_invited": join_form_again,
    "accounts.sign_in": lambda: (SignInForm(), sign_in_page),
    "accounts.sign_in_by_letter": lambda: (EmailForm(), partial(letter_page, "sign_in")),
    "accounts.ask_for_password": lambda: (EmailForm(), partial(letter_page, "password")),
}
# Where whoever sends a form may have signed in meanwhile, in another window
ENTRANCES = {
    "accounts.join",
    "accounts.sign_in",
    "accounts.sign_in_by_letter",
    "accounts.sign_in_with_passkey",
    "accounts.second",
}
LIMITED: dict[str, Again] = {
    **OF_VISITORS,
    "accounts.change_password": lambda: (PasswordForm(), password_page),
    "accounts.prove": lambda: (ProofForm(), proof_page),
    "accounts.second": lambda: (SecondForm(), second_page),
    "accounts.sign_in_with_passkey": lambda: (SignInForm(), sign_in_page),
    "accounts.address": lambda: (EmailForm(), address_page),
}


@bp.errorhandler(TOO_MANY)
def too_many_attempts(error: HTTPException) -> ResponseReturnValue:
    """Answer too many attempts with the form and what was typed.

    Other addresses, and people who may not see the form, get the common page.
    """
    found = LIMITED.get(request.endpoint or "")
    if found is None:
        return errorpages.http_error(error)
    form, page = found()
    why = _("There were too many attempts in a short time.")
    form.form_errors = [f"{why} {errorpages.retry_message(error)}"]
    form.is_too_soon = True
    try:
        return page(form, TOO_MANY)
    except Refusal:
        return errorpages.http_error(error)


@bp.errorhandler(CSRFError)
def open_for_too_long(error: CSRFError) -> ResponseReturnValue:
    """Answer a visitor's form whose token is over with the form and what was typed; passwords are asked for again.

    Who has signed in meanwhile is led on. Whoever carries a text along, and members at other forms, get the common page.
    """
    endpoint = request.endpoint or ""
    is_alone = not errorpages.kept_action()
    if me().is_member and is_alone and endpoint in ENTRANCES:
        return signed_in_already()
    found = OF_VISITORS.get(endpoint)
    if found is None or me().is_member or not is_alone:
        return errorpages.answer_csrf_error(error)
    form, page = found()
    what = _("This page was open for too long.")
    how = _("If this comes again at once, let your browser keep the cookies of this forum.")
    form.form_errors = [f"{what} {how}"]
    webforms.ask_for_passwords_again(form)
    return page(form, BAD_REQUEST)
