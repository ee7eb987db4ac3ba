"""Pages for letters between members: writing and reporting them, and choosing whether to get any."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.contact import actions, queries
from forum.contact.forms import ContactForm, ContactSettingsForm, HostsForm
from forum.members import actions as members
from forum.members.queries import my_profile
from forum.moderation.forms import ReportForm
from forum.ratelimits import by_person, limiter
from forum.web import me

bp = Blueprint("contact", __name__)


@bp.route("/members/<handle>/contact", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"])
def contact(handle: str) -> ResponseReturnValue:
    """Write to a member."""
    member = queries.member_to_contact(me(), handle)
    form = ContactForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("contact/contact.html", form=form, member=member), status

    def deed() -> AnyResponse:
        text = form.text.data or ""
        actions.contact(my_profile(me()), member.id, text, form.copy.data)
        return web.done(
            _("Your e-mail to %(name)s is on its way.", name=member.name),
            url_for("front.profile", handle=member.handle),
        )

    return webforms.process(form, page, deed)


@bp.route("/agendas/hosts/tell", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"])
def tell_hosts() -> ResponseReturnValue:
    """Write to the hosts of all agendas, or of some."""
    agendas = queries.agendas_to_tell(me())
    form = HostsForm(agendas=[agenda.id for agenda in agendas])
    form.agendas.choices = [(agenda.id, agenda.title) for agenda in agendas]

    def page(status: int = 200) -> ResponseReturnValue:
        hosts = {agenda.id: queries.others_among(me(), agenda.hosts) for agenda in agendas}
        context = {"form": form, "agendas": agendas, "hosts": hosts}
        return render_template("contact/hosts.html", **context), status

    def deed() -> AnyResponse:
        chosen, text = form.agendas.data or [], form.text.data or ""
        number = actions.tell_hosts(my_profile(me()), chosen, text)
        message = ngettext(
            "Your e-mail to %(num)s host is on its way.",
            "Your e-mail to %(num)s hosts is on its way.",
            number,
        )
        return web.done(message, url_for("agendas.index"))

    return webforms.process(form, page, deed)


@bp.route("/letters/<int:letter_id>/report", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"])
def report(letter_id: int) -> ResponseReturnValue:
    """Report a letter that one received."""
    letter = queries.letter_to(me(), letter_id)
    form = ReportForm()

    def page(status: int = 200) -> ResponseReturnValue:
        is_to_host = letter.delivery is not None and letter.delivery.kind == queries.TO_HOSTS
        context = {"form": form, "letter": letter, "is_to_host": is_to_host}
        return render_template("contact/report.html", **context), status

    def deed() -> AnyResponse:
        actions.report(me(), letter_id, form.reason.data, form.text.data or "")
        thanks = _("Thank you. The moderators will look at it, and you will hear from them.")
        return web.done(thanks, url_for("front.home"))

    return webforms.process(form, page, deed)


@bp.route("/settings/contact", methods=["GET", "POST"])
def take_letters() -> ResponseReturnValue:
    """Choose whether other members may write one letters."""
    member = my_profile(me())
    form = ContactSettingsForm(data={"takes_letters": member.takes_letters})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("contact/settings.html", form=form, member=member), status

    def deed() -> AnyResponse:
        members.take_letters(member, form.takes_letters.data)
        return web.done(_("Saved."), url_for("contact.take_letters"))

    return webforms.process(form, page, deed)
