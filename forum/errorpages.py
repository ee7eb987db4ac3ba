"""Error pages, which give back the text of a form that could not be saved and offer to send it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import ceil
from typing import Any, cast

from flask import Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, PendingRollbackError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from forum import logs
from forum.db import db
from forum.errors import Busy, Forbidden, Refusal, TooSoon
from forum.errors import NotFound as Missing
from forum.formrows import is_cell, sent_tables
from forum.plaintext import tidy
from forum.settings import MEGABYTE
from forum.web import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    TOO_LARGE,
    TOO_MANY,
    here,
    is_cross_site,
    is_local,
    is_page_by_itself,
    is_too_long,
    me,
    moved_permanently,
    nearest_page,
    see_other,
)

# Fields that are never given back: secrets, and those that the resend page sets itself
NEVER_GIVEN_BACK = {
    "csrf_token",
    "password",
    "current_password",
    "new_password",
    "kept_action",
    "code",
    "credential",
}
# Fields whose content a person wrote, however short
TEXT_FIELDS = {
    "about",
    "alt",
    "answer",
    "body",
    "deed",
    "findings",
    "introduction",
    "meaning",
    "name",
    "note",
    "options",
    "question",
    "quotation",
    "reason",
    "redress",
    "reservation",
    "sentence",
    "source",
    "summary",
    "text",
    "title",
    "why",
}
PAGE_FIELDS = {"next", "digest", "signs"}  # which a page fills in itself, so they are no loss
MAX_TRIVIAL_LENGTH = 20  # characters; a longer value of any other field is worth giving back, too
STATUSES_WITHOUT_TEXT = (400, 413, 500)  # the form could not be read, or must not be trusted
# Pages that whoever is refused below them does not open either; the group is what is open to everybody. So it is with
# what moderators decide about: a text may be hidden already, and is then open to few
FOR_FEW = re.compile(
    r"(/moderation/decisions/[0-9]+/appeal)$|()/(?:administration|moderation|waiting)(?:/|$)|(/agendas)/hosts/|(/agendas/[^/]+)/statements/"
    r"|(/commitments/[0-9]+)/milestones/|(/members/[^/]+)/notes/"
    r"|(/cases|/practices)/[^/]+/(?:hide|remove|restore|publish|send-back|(?:un)?feature)$"
    r"|()/posts/[0-9]+/(?:hide|remove|restore|ask-to-edit|(?:un)?note)$"
    r"|()/topics/[0-9]+/(?:hide|remove|restore|(?:un)?lock|set-lock-end|(?:un)?slow|(?:un)?pin|merge|move|retitle|tell-all|posts/.*)$"
)
# Where things are listed whose own addresses have no list above them
LISTED_AT = {
    "/posts": "/topics",
    "/marks": "/topics",
    "/revisions": "/topics",
    "/follow-ups": "/topics",
    "/reservations": "/declarations",
}
QUEUE = "/moderation"  # open to all who moderate anything
KEPT_PREFIX = "kept:"  # of a field that is carried along in another form, such as the sign-in form
BUSY_RETRY_AFTER = "5"  # seconds after which a database that was too busy is worth another try
DEFAULT_RETRY_AFTER = "60"  # seconds, for a rate limit that does not say how long to wait


def init_app(app: Flask) -> None:
    """Answer every error of an application with a page of the forum's own."""
    app.register_error_handler(CSRFError, answer_csrf_error)
    app.register_error_handler(Refusal, _answer_refusal)
    app.register_error_handler(SecurityError, _answer_untrusted_host)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, _answer_database_error)
    app.register_error_handler(PendingRollbackError, _answer_database_error)
    app.register_error_handler(Exception, _answer_unexpected)


def answer_otherwise(app: Flask, prefix: str, answer: Callable[[int, str], Response]) -> None:
    """Let `answer(status, sentence)` make the responses to errors at addresses that begin with `prefix`, instead of a page."""
    app.extensions.setdefault("other_answers", {})[prefix] = answer


def _other_answer(status: int, message: str) -> Response | None:
    for prefix, answer in current_app.extensions.get("other_answers", {}).items():
        if request.path.startswith(prefix):
            return cast(Response, answer(status, message))
    return None


def kept_action() -> str:
    """The address to which a text that is carried along was sent, if it is on this site; else an empty string."""
    target = request.form.get("kept_action", "")
    return target if is_local(target) else ""


def kept_fields() -> list[tuple[str, str]]:
    """The names and values of the submitted form, without passwords, codes and tokens; at most `configuring.MAX_FORM_FIELDS`.

    While a text is carried along in another form (`kept_action`), these are the fields of that text only.
    """
    return [
        (name.removeprefix(KEPT_PREFIX), tidy(value))
        for name, value in request.form.items(multi=True)
        if name not in NEVER_GIVEN_BACK
        and (name.startswith(KEPT_PREFIX) or not request.form.get("kept_action"))
    ]


def resend_page(action: str, why: str, status: int) -> Response:
    """The page that gives a submitted text back and offers to send it to `action` again.

    `why` is the message that says what went wrong. If another member wrote the text, the page shows none of it and
    its status is 403. Files cannot be given back, and the page says so.
    """
    fields = kept_fields()
    instead = _parent_page(action)
    if status == NOT_FOUND:
        instead = _page_above_all() or url_for("front.home")
    elif status == FORBIDDEN:
        instead = _page_above(action) or url_for("front.home")
    words: dict[str, Any] = {"action": action, "instead": instead, "kept": fields, "why": why}
    if _is_of_another_member(fields):
        status = FORBIDDEN
        page = render_template("errors/anothers.html", **words)
    else:
        cells = [field for field in fields if is_cell(field[0])]
        texts = [field for field in fields if not is_cell(field[0])]
        words |= {"cells": cells, "tables": sent_tables(cells), "texts": texts}
        words |= {"has_text": _has_text(fields), "has_file": _has_file()}
        # What was typed to sign in, while the text is carried along
        words["email"] = tidy(request.form.get("email", "")) if kept_action() else ""
        page = render_template("errors/resend.html", status=status, **words)
    return current_app.make_response((page, status))


def _is_of_another_member(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether another member was signed in when the form with these fields was opened."""
    author_id = dict(fields).get("written_as")
    return me().is_member and author_id is not None and author_id != str(me().id)


def _parent_page(action: str) -> str:
    """The nearest page above a form's address: `/topics/7` for `/topics/7/reply`; else the home page."""
    return nearest_page(action.partition("?")[0].rpartition("/")[0])


def _page_above(action: str) -> str:
    """The nearest page above an address that is open to whoever was refused there; empty if there is none."""
    if action.startswith(f"{QUEUE}/") and me().can.see_queue():
        return QUEUE
    below_few = FOR_FEW.match(action.partition("?")[0])
    page = nearest_page(below_few[below_few.lastindex or 1]) if below_few else _parent_page(action)
    return "" if page == url_for("front.home") else page


def _page_above_all() -> str:
    """The page above everything like what is gone from this address, as `/topics` for `/topics/7/reply`; empty if there is none."""
    rule = request.url_rule.rule if request.url_rule else ""
    above, is_of_one, _rest = rule.partition("<")
    page = above.rstrip("/") if is_of_one else rule.rpartition("/")[0]
    page = LISTED_AT.get(page, page)
    while page and not is_page_by_itself(page):
        page = page.rpartition("/")[0]
    if page.startswith("/administration") and not me().can.administer():
        return ""
    return "" if page.startswith(QUEUE) and not me().can.see_queue() else page


def retry_message(error: HTTPException) -> str:
    """The message that says when a rate limit ends, consistent with the error's `Retry-After` header."""
    seconds = int(error.get_response().headers.get("Retry-After", DEFAULT_RETRY_AFTER))
    minutes = ceil(seconds / 60)
    if seconds < 120:
        return ngettext("Try again in %(num)s second.", "Try again in %(num)s seconds.", seconds)
    if minutes < 120:
        return ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes)
    hours = ceil(minutes / 60)
    return ngettext("Try again in %(num)s hour.", "Try again in %(num)s hours.", hours)


def signed_in_again() -> str:
    """The message above a text that was written before its author had to sign in again."""
    return _("You are signed in again.")


def answer_csrf_error(_error: CSRFError) -> Response:
    """The response to a form whose token is missing, over, or that of somebody else: with its text, to be sent again."""
    if me().is_member and kept_action():  # signed in meanwhile, in another window
        return resend_page(kept_action(), signed_in_again(), 200)
    why = _("This page was open for too long, or you were signed out meanwhile.")
    return resend_page(_submitted_to(), why, 400)


def _submitted_to() -> str:
    """The address to which the text of this request was sent, even if it is carried along in another form."""
    address = request.full_path.rstrip("?")
    return kept_action() or (address if is_local(address) and not is_too_long() else "")


def _answer_untrusted_host(_error: SecurityError) -> Response:
    """Answer a request for another host in plain text: the links of a page would lead to that host."""
    return Response(_("There is no forum at this address."), 400, mimetype="text/plain")


def _answer_refusal(error: Refusal) -> AnyResponse:
    """Answer a refusal; a visitor who may not see a page is asked to sign in."""
    if isinstance(error, Forbidden) and request.method == "GET" and not me().is_member:
        return see_other(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if isinstance(error, Missing) and (address := _in_small_letters()):
        return moved_permanently(address)
    message = error.message or (
        _("Please wait a moment and try again.") if isinstance(error, Busy) else ""
    )
    answer = _error_page(error.status, message, getattr(error, "thing", None))
    if isinstance(error, TooSoon):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _in_small_letters() -> str:
    """The address that was asked for with capital letters in a slug, as people type a name, in small ones; empty if it has none."""
    known = request.view_args or {}
    slug = known.get("slug", "")
    if slug == slug.lower() or request.method not in ("GET", "HEAD"):
        return ""
    _path, mark, query = here().partition("?")
    return url_for(str(request.endpoint), **known | {"slug": slug.lower()}) + mark + query


def http_error(error: HTTPException) -> AnyResponse:
    """The response to an HTTP error: a redirect as it is, else an error page with the error's own headers."""
    response = error.get_response()
    if error.code is None or error.code < 400:
        return response
    if isinstance(error, NotFound) and (address := _without_slash()):
        return moved_permanently(address)
    said = {TOO_MANY: _rate_limit_message, TOO_LARGE: _too_large_message}.get(error.code)
    answer = _error_page(error.code, said(error) if said else "")
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    if error.code == TOO_MANY:
        answer.headers.setdefault("Retry-After", DEFAULT_RETRY_AFTER)
    return answer


def _without_slash() -> str:
    """The address of the page that was asked for with a slash at its end, as people type it; empty if there is none."""
    path = request.path.rstrip("/")
    is_unknown = request.routing_exception is not None and path != request.path
    if not is_unknown or request.method not in ("GET", "HEAD") or nearest_page(path) != path:
        return ""
    address, mark, query = here().partition("?")
    return address.rstrip("/") + mark + query


def _rate_limit_message(error: HTTPException) -> str:
    why = _("Too much was sent in a short time.")
    return f"{why} {retry_message(error)}"


def _too_large_message(_error: HTTPException) -> str:
    """The message that says how much this address takes; empty if what was sent is refused for something else."""
    most = request.max_content_length
    if most is None or (request.content_length or most) < most:
        return ""
    return _(
        "This form takes up to %(most)s MB, all its fields and files together.",
        most=most // MEGABYTE,
    )


def _answer_database_error(error: SQLAlchemyError) -> AnyResponse:
    """Say that the database does not answer, is full or is locked: with an ordinary page if one can be rendered.

    A template may swallow the first error of a lost connection; the next query then raises again.
    """
    current_app.logger.error("database: %s", getattr(error, "orig", error))
    try:
        db.session.rollback()
        return _answer_refusal(Busy())
    except SQLAlchemyError:
        return _with_retry_after(_bare_page(503))


def _answer_unexpected(error: Exception) -> AnyResponse:
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    # The endpoint and not the address, which may name a person
    current_app.logger.exception("a mistake at %s", request.endpoint)
    return _bare_page(500)


def _bare_page(status: int) -> Response:
    """An error page without anything that is read from the database, which may be the cause of the error."""
    if answer := _other_answer(status, ""):
        return answer
    # `render_template` would run the context processors, which look up the signed-in member.
    template = current_app.jinja_env.get_template("errors/error.html")
    number = logs.request_id()
    page = template.render(status=status, message="", is_bare=True, number=number)
    return current_app.make_response((page, status))


def _error_page(status: int, message: str, thing: tuple[str, int] | None = None) -> Response:
    """The error page or, if the submitted form contains a text, the page that gives it back.

    `thing` is (kind, id) of what the page would show if it were not hidden (`errors.NotFound`).
    """
    if answer := _other_answer(status, message):
        return _with_retry_after(answer)
    is_post = request.method == "POST"
    if status == NOT_FOUND and is_post and request.url_rule:
        message = message or _(
            "What this was about is not here any more. It may have been deleted, moved or hidden since you opened the page."
        )
    is_readable = is_post and status not in STATUSES_WITHOUT_TEXT
    if is_readable and not is_cross_site() and _has_text(kept_fields()):
        return _with_retry_after(resend_page(_submitted_to(), message, status))
    above = _way_on(status) if is_post or status in (FORBIDDEN, NOT_FOUND) else ""
    words = {"status": status, "message": message, "thing": thing, "above": above}
    page = render_template("errors/error.html", **words)
    return _with_retry_after(current_app.make_response((page, status)))


def _way_on(status: int) -> str:
    """The page on which somebody can go on who was refused with this status; empty if there is none but the home page."""
    if status == CONFLICT:
        page = _parent_page(request.path)
        return "" if page == url_for("front.home") else page
    if status == NOT_FOUND:
        return _page_above_all()
    return _page_above(request.path) if status == FORBIDDEN else ""


def _has_text(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether a form contains anything whose loss would matter to somebody."""
    return any(
        len(value) > MAX_TRIVIAL_LENGTH or (name in TEXT_FIELDS and value.strip())
        for name, value in fields
        if name not in PAGE_FIELDS
    )


def _has_file() -> bool:
    return any(sent.filename for sent in request.files.values())


def _with_retry_after(answer: Response) -> Response:
    if answer.status_code == 503:
        answer.headers["Retry-After"] = BUSY_RETRY_AFTER
    return answer
