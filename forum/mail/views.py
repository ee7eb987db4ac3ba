"""The administrator's page about mail: where it goes, what waits, what was not taken."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from forum import tokens, web
from forum.errors import NotFound
from forum.mail import actions
from forum.mail.queries import (
    letters_given_up,
    letters_given_up_count,
    letters_sent,
    paused_members,
    waiting_letters,
)
from forum.members.queries import my_profile
from forum.transports import parse_smtp_url
from forum.web import csrf, me

bp = Blueprint("mail", __name__)
A_DAY = timedelta(days=1)


@bp.get("/administration/mail")
def index() -> str:
    """What becomes of mail."""
    number, oldest, said = waiting_letters(me())
    return render_template(
        "mail/index.html",
        server=_server(),
        settings=web.settings(),
        number=number,
        oldest=oldest,
        said=said,
        sent=letters_sent(me(), A_DAY),
        lost=letters_given_up(me()),
        lost_count=letters_given_up_count(me()),
        paused=paused_members(me()),
    )


def _server() -> str:
    """The mail server without its user and password; nothing when mail goes to a folder.

    When FORUM_SMTP_URL cannot be read, what is wrong with it.
    """
    if not web.settings().smtp_url:
        return ""
    try:
        where = parse_smtp_url(web.settings().smtp_url)
    except ValueError as error:
        return str(error)
    return f"{where.host}:{where.port}"


@bp.post("/administration/mail/test")
def test() -> Response:
    """Send the administrator a letter, to see whether mail arrives."""
    actions.write_test(my_profile(me()))
    flash(_("An e-mail to you is on its way. Look here again in a minute."), "message")
    return web.see_other(url_for("mail.index"))


@bp.post("/administration/mail/again")
def send_all_again() -> Response:
    """Try once more to send all letters that were given up."""
    number = actions.send_all_again(me())
    flash(
        ngettext("One e-mail is tried again.", "%(num)s e-mails are tried again.", number),
        "message",
    )
    return web.see_other(url_for("mail.index"))


@bp.post("/administration/mail/<int:letter_id>/again")
def send_again(letter_id: int) -> Response:
    """Try once more to send a letter that was given up."""
    actions.send_again(me(), letter_id)
    flash(_("The e-mail is tried again."), "message")
    return web.see_other(url_for("mail.index"))


@bp.route("/mail/stop/<int:member_id>/<kind>/<seal>", methods=["GET", "POST"])
def stop(member_id: int, kind: str, seal: str) -> str:
    """End letters of a kind, from the letter itself: by a press, or by the mail program alone (RFC 8058)."""
    if not tokens.is_sealed("stop", f"{member_id}:{kind}", seal):
        raise NotFound()
    if request.method == "POST":
        actions.stop(me(), member_id, kind)
    words = {"kind": kind, "is_done": request.method == "POST"}
    return render_template("mail/stop.html", **words)


csrf.exempt(stop)  # the mail program has no page that could hold a token; the seal is the proof
