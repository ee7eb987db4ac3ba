"""What several files of views share: the blueprint, links of letters, and checks of new passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import tokens, web, webforms
from forum.accounts import actions
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, RESET, usable_token
from forum.errors import Invalid, NotFound
from forum.members.forms import check_password
from forum.web import REFUSED, me

bp = Blueprint("accounts", __name__)
GONE = 410
# The forms that ask for letters with links of a purpose
FORMS_OF_LETTERS = {RESET: "accounts.ask_for_password", ADDRESS: "accounts.address"}
SENT_KEY = "sent"  # key in the browser's session: the letter that was asked for last


def usable_token_or_none(purpose: str, secret: str) -> Token | None:
    """The token of a letter's secret, while it can be used; else None."""
    try:
        return usable_token(purpose, secret)
    except NotFound:
        return None


def signed_in_already() -> AnyResponse:
    """The answer to a form of visitors that a member sends, from a window that was opened before they signed in."""
    return web.done(_("You are signed in already, as %(name)s.", name=me().name), web.safe_next())


def link_expired_page(purpose: str) -> ResponseReturnValue:
    """The page for a link that cannot be used: used before, too old, or void because something changed since.

    It leads to the form that asks for another letter of this purpose, or to sign in where there is none.
    """
    again = url_for(FORMS_OF_LETTERS.get(purpose, "accounts.sign_in_by_letter"))
    return render_template("accounts/over.html", again=again), GONE


def answer_with_secret(
    purpose: str, form: Any, page: Callable[[int], ResponseReturnValue], deed: Callable[[], Any]
) -> ResponseReturnValue:
    """Like `webforms.process`, for a form that uses up a letter's secret, which another window may have used meanwhile."""
    try:
        return webforms.process(form, page, deed)
    except NotFound:
        return link_expired_page(purpose)


def letter_sent(email: str, asked: actions.SecretLink | None = None) -> AnyResponse:
    """Redirect to the page that says that a letter is on its way; it looks the same whoever has the address."""
    words: dict[str, Any] = {"email": email, "letter": "", "again": request.path}
    if asked:
        words["letter"] = f"{asked.path}/{tokens.secret(asked.purpose, asked.salt)}"
    session[SENT_KEY] = words
    return web.see_other(url_for("accounts.sent"))


def check_new_password(password: str, own: tuple[str, ...], field: str) -> None:
    """Raise `Invalid` at a field for a common password, or one made of the `own` words, see `check_password`."""
    try:
        check_password(password, own)
    except Invalid as error:
        raise Invalid(error.message, field) from error


def was_refused(response: Response) -> bool:
    """Whether a response shows a form with errors; only then does the attempt count for a rate limit."""
    return response.status_code == REFUSED
