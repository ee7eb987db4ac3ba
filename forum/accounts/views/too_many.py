"""The answer to too many attempts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from forum import errorpages, webforms
from forum.accounts.forms import EmailForm, PasswordForm, SignInForm
from forum.accounts.views._shared import bp
from forum.accounts.views.joining import join_form_again
from forum.accounts.views.letters import letter_page
from forum.accounts.views.settings import address_page, password_page, proof_page
from forum.accounts.views.signing_in import second_page, sign_in_page
from forum.errors import Refusal
from forum.factors.forms import ProofForm, SecondForm
from forum.web import TOO_MANY


@bp.errorhandler(TOO_MANY)
def too_many_attempts(error: HTTPException) -> ResponseReturnValue:
    """Answer too many attempts with the form and what was typed.

    Other addresses, and people who may not see the form, get the common page.
    """
    forms: dict[
        str, Callable[[], tuple[webforms.Form, Callable[[Any, int], ResponseReturnValue]]]
    ] = {
        "accounts.join": join_form_again,
        "accounts.join_invited": join_form_again,
        "accounts.sign_in": lambda: (SignInForm(), sign_in_page),
        "accounts.change_password": lambda: (PasswordForm(), password_page),
        "accounts.sign_in_by_letter": lambda: (EmailForm(), partial(letter_page, "sign_in")),
        "accounts.ask_for_password": lambda: (EmailForm(), partial(letter_page, "password")),
        "accounts.prove": lambda: (ProofForm(), proof_page),
        "accounts.second": lambda: (SecondForm(), second_page),
        "accounts.sign_in_with_passkey": lambda: (SignInForm(), sign_in_page),
        "accounts.address": lambda: (EmailForm(), address_page),
    }
    found = forms.get(request.endpoint or "")
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
