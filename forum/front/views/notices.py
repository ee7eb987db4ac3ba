"""Notices: the inbox, which of them are mailed, and what a member watches."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.advice.queries import questions_to_advise_on
from forum.dialogue.models import Mark
from forum.dialogue.queries import telling_marks
from forum.front import queries
from forum.front.views._shared import bp
from forum.members.queries import locale_names
from forum.notifications import actions as notices
from forum.notifications.forms import NoticesForm, ways_as_fields
from forum.notifications.models import MUTED, TOLD, WAITING, WATCHING, Notice
from forum.notifications.queries import entries, settings_of, unread_by_part, ways_of
from forum.notifications.queries import inbox as notices_of
from forum.notifications.views import unmute
from forum.permissions import Person
from forum.ratelimits import changing
from forum.searches.queries import told_searches
from forum.web import me

# The paths of the forms with which something is watched or muted
DOOR_OF_WATCHING = re.compile(r"/(topics/[0-9]+|(agendas|cities|members|themes)/[^/?#\s]+)/watch")


@bp.get("/notices")
def inbox() -> str:
    """The inbox, or its unread notices: notices that ask for something first."""
    is_unread = request.args.get("show") == "unread"
    asked = questions_to_advise_on(me())
    found = notices_of(me(), web.number("page"), asked, is_unread=is_unread, is_joined=True)
    parts = {WAITING: found.waiting, TOLD: found.told}
    groups = {name: entries(me(), notices, is_unread=is_unread) for name, notices in parts.items()}
    return render_template(
        "front/notices.html",
        page=found.page,
        groups=groups,
        is_unread=is_unread,
        unread=unread_by_part(me()),
        marks=_marks_told(found.page.items),
        told=told_searches(me(), found.page.items),
        languages=queries.languages_told(me(), found.page.items),
        about_me=queries.told_about_oneself(me(), found.page.items),
    )


def _marks_told(notices: Sequence[Notice]) -> dict[tuple[int, int], Mark]:
    """The marks that notices are about, by post and member."""
    pairs = ((notice.post_id, notice.actor_id) for notice in notices if notice.kind == "mark")
    return telling_marks((post, member) for post, member in pairs if post and member)


@bp.route("/settings/notices", methods=["GET", "POST"])
@changing
def settings_notices() -> ResponseReturnValue:
    """Which notices are mailed, and when; what the member watches and mutes."""
    member, ways = me(), ways_of(me())
    settings = settings_of(member.id)
    form = NoticesForm(obj=settings, **ways_as_fields(ways)).for_somebody(member.is_curator)
    _offer_locales(form, member)

    def page(status: int = 200) -> ResponseReturnValue:
        shown = render_template(
            "front/settings_notices.html",
            form=form,
            settings=settings,
            watched=queries.watched(member, web.number("page")),
            gone=len(queries.watches_of_gone(member)),
        )
        return shown, status

    def deed() -> ResponseReturnValue:
        when = form.digest_every.data, form.digest_hour.data, form.time_zone.data
        notices.choose(member, form.ways, *when, locale=form.locale.data if form.locale else None)
        return web.done(_("Your choice of notices is saved."), url_for("front.settings_notices"))

    return webforms.process(form, page, deed)


def _offer_locales(form: NoticesForm, member: Person) -> None:
    """Let a member choose the language of e-mails, if the forum has several."""
    offered = web.settings().locales
    if len(offered) == 1:
        del form.locale
        return
    form.locale.choices = locale_names(offered)
    if form.locale.data is None:
        form.locale.data = web.offered_locale(member.locale)


@bp.post("/settings/notices/watch-replies")
@changing
def watch_replies() -> ResponseReturnValue:
    """Choose whether to watch topics in which one writes."""
    notices.set_watching_replies(me(), request.form.get("on") == "1")
    return web.done(
        _("Saved. This applies to what you write from now on."), url_for("front.settings_notices")
    )


@bp.post("/settings/notices/clear")
@changing
def clear_watches() -> ResponseReturnValue:
    """Stop watching and muting everything that is no longer readable."""
    notices.clear_watches(me(), queries.watches_of_gone(me()))
    return web.done(
        _("Cleared. You still watch and mute what you can read, as before."),
        url_for("front.settings_notices") + "#watched",
    )


@bp.post("/settings/notices/end")
@changing
def unwatch() -> ResponseReturnValue:
    """Stop watching or muting something, even if it is no longer visible."""
    subject_id = web.whole_number(request.form.get("subject_id", "")) or 0
    subject, back = request.form.get("subject", ""), url_for("front.settings_notices") + "#watched"
    if request.form.get("level") == MUTED:
        return unmute(subject, subject_id, back, _way_back(back))
    notices.unwatch(me(), subject, subject_id)
    return web.done(_("You neither watch nor mute this any longer."), back, _way_back(back))


def _way_back(back: str) -> web.Undo | None:
    """How the next page lets a member watch or mute again what has just gone from the list; None if the form does not say."""
    door, level = request.form.get("door", "")[:300], request.form.get("level", "")
    if level not in (WATCHING, MUTED) or not DOOR_OF_WATCHING.fullmatch(door):
        return None
    return web.Undo(door, {"level": level, "next": back})
