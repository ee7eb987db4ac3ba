"""The administrator's page about mail, members' addresses for new topics, and the address that unsubscribes from letters."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forum import tokens, web
from forum.agendas.queries import get_agenda
from forum.configuring import csrf
from forum.errors import NotFound
from forum.mail import actions
from forum.mail.forms import topic_address
from forum.mail.queries import (
    addressee,
    agenda_to_open_by_email,
    letters_given_up,
    letters_given_up_count,
    letters_sent,
    paused_members,
    paused_members_count,
    waiting_letters,
)
from forum.members import actions as members
from forum.members.queries import my_profile
from forum.notifications.models import AT_ONCE, NEVER, NOTICE_KINDS
from forum.notifications.queries import way_of_kind
from forum.pages import ngettext
from forum.ratelimits import changing
from forum.transports import parse_smtp_url
from forum.web import me

bp = Blueprint("mail", __name__)
ONE_DAY = timedelta(days=1)


@bp.get("/administration/mail")
def index() -> str:
    """The mail server, waiting letters, and letters that were given up."""
    number, oldest, said = waiting_letters(me())
    web.note_look("addresses of e-mails that did not arrive")
    return render_template(
        "mail/index.html",
        server=_server(),
        settings=web.settings(),
        number=number,
        oldest=oldest,
        said=said,
        sent=letters_sent(me(), ONE_DAY),
        lost=letters_given_up(me()),
        lost_count=letters_given_up_count(me()),
        paused=paused_members(me()),
        paused_count=paused_members_count(me()),
    )


def _server() -> str:
    """Host and port of the mail server; empty when mail goes to a folder, an error message when FORUM_SMTP_URL is invalid."""
    if not web.settings().smtp_url:
        return ""
    try:
        where = parse_smtp_url(web.settings().smtp_url)
    except ValueError as error:
        return str(error)
    return f"{where.host}:{where.port}"


@bp.post("/administration/mail/test")
def test() -> Response:
    """Send the administrator a test letter."""
    actions.write_test(my_profile(me()))
    said = (
        _("An e-mail to you is on its way. Look here again in a minute.")
        if web.settings().smtp_url
        else _("No mail server is set, so the e-mail does not reach you.")
    )
    return web.done(said, url_for("mail.index"))


@bp.post("/administration/mail/again")
def send_all_again() -> Response:
    """Send all letters again that were given up."""
    number = actions.send_all_again(me())
    return web.done(
        ngettext("One e-mail is tried again.", "%(num)s e-mails are tried again.", number),
        url_for("mail.index"),
    )


@bp.post("/administration/mail/<int:letter_id>/again")
def send_again(letter_id: int) -> Response:
    """Send a letter again that was given up."""
    actions.send_again(me(), letter_id)
    return web.done(_("The e-mail is tried again."), url_for("mail.index"))


@bp.get("/agendas/<slug>/by-email")
def by_email(slug: str) -> str:
    """The address to which a member sends new topics on an agenda, and what becomes of them."""
    _require_mailbox()
    agenda, member = agenda_to_open_by_email(me(), slug), my_profile(me())
    mailbox, generation = web.settings().reply_address, member.address_generation
    return render_template(
        "mail/by_email.html",
        agenda=agenda,
        email=member.email,
        address=topic_address(mailbox, member.id, agenda.id, generation),
    )


@bp.post("/agendas/<slug>/renew-addresses")
@changing
def renew_addresses(slug: str) -> Response:
    """Make new addresses on all agendas; those before are void."""
    _require_mailbox()
    get_agenda(me(), slug)  # whose page shows the new ones
    members.renew_addresses(my_profile(me()))
    said = _("Your addresses are new, on all agendas. Those before open no topics any more.")
    return web.done(said, url_for("mail.by_email", slug=slug))


def _require_mailbox() -> None:
    if not web.takes_mail():
        raise NotFound()


@bp.route("/mail/stop/<int:member_id>/<kind>/<seal>", methods=["GET", "POST"])
def stop(member_id: int, kind: str, seal: str) -> Response:
    """Unsubscribe from letters of a kind, by a button or by the mail program itself (RFC 8058); and a button that takes it back."""
    if not tokens.is_sealed("stop", f"{member_id}:{kind}", seal):
        raise NotFound()
    before, again = _way_before(member_id, kind), request.form.get("again", "")
    if again:
        actions.start(me(), member_id, kind, again)
    elif request.method == "POST":
        actions.stop(me(), member_id, kind)
    facts = NOTICE_KINDS.get(kind)
    state = {
        "is_over": addressee(member_id) is None,
        "label": facts and facts.label,
        "is_stopped": way_of_kind(member_id, kind) == NEVER,
        "is_again": bool(again),
        "before": before,
    }
    page = make_response(render_template("mail/stop.html", **state))
    page.headers["Cache-Control"] = "private, no-store"
    return page


def _way_before(member_id: int, kind: str) -> str:
    """How the letters came before they were stopped, as far as it is known: the button says it, when it is pressed or sent twice."""
    way = way_of_kind(member_id, kind)
    if way != NEVER:
        return way
    return request.form.get("before", "")[:20] or ("daily" if kind == "digest" else AT_ONCE)


csrf.exempt(stop)  # mail programs send no token; the seal in the address is the proof
