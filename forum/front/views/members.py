"""Members: their profiles, the directory, and what they can help with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.actions import set_member_themes
from forum.agendas.queries import all_agendas, themes, themes_of_member
from forum.front import queries
from forum.front.forms import ThemesForm
from forum.front.views._maps import mini_map
from forum.front.views._shared import MAX_QUERY_LENGTH, bp
from forum.illustrations import size_of
from forum.library.forms import SIZE_NAMES
from forum.library.queries import practices_by, practices_tried_by, practices_wanted_by
from forum.members.models import Member
from forum.members.queries import (
    DirectoryFilter,
    get_member,
    handles_to_moderate,
    home_cities,
    languages,
    languages_of_members,
    my_profile,
    names_of_organisations,
    number_in_city,
)
from forum.members.queries import directory as directory_of
from forum.notifications.models import AUTHOR
from forum.notifications.queries import level_of
from forum.notifications.views import set_level
from forum.ratelimits import by_person, changing, limiter
from forum.versions import member_scope
from forum.web import me


@bp.get("/members/<handle>")
def profile(handle: str) -> ResponseReturnValue:
    """A member: who they are, what they help with, what others made of it, what they wrote and tried."""
    reader = me()
    member = get_member(reader, handle)
    if member.handle != handle:
        return web.moved_permanently(url_for("front.profile", handle=member.handle))
    web.depends_on(member_scope(member.id))
    wanted = web.choice("wrote", queries.CONTRIBUTIONS)
    written = queries.contributions_of_member(reader, member, web.number("page"), wanted)
    if wanted and not (written.items or queries.contributions_of_member(reader, member, 1).items):
        wanted = ""  # nothing can be narrowed
    return render_template(
        "front/profile.html",
        member=member,
        earlier=handles_to_moderate(reader, member),
        languages=_language_names(spoken.language for spoken in member.languages),
        themes=themes_of_member(member.id),
        recognition=queries.recognition(reader, member),
        wrote=wanted,
        written=written,
        practices=practices_by(reader, member_id=member.id),
        tried=practices_tried_by(reader, member_id=member.id),
        wanted=practices_wanted_by(reader, member_id=member.id),
        neighbours=number_in_city(reader, member.city_id) if member.city_id else 0,
        spot=mini_map(member.city),
        picture_to_share=_picture_to_share(member),
        level=level_of(reader, AUTHOR, member.id) if reader.id != member.id else "",
        hosted=[agenda for agenda in all_agendas(reader) if agenda.id in member.hosted]
        if member.hosted
        else [],
    )


def _picture_to_share(member: Member) -> dict[str, Any] | None:
    """The member's picture for links to the profile on other sites (Open Graph), if visitors see it."""
    if not member.portrait or not member.has_page:
        return None
    width, height = size_of(member.portrait)
    address = web.absolute(member.portrait_address)
    return {"url": address, "width": width, "height": height, "alt": member.name}


@bp.post("/members/<handle>/watch")
@changing
def watch_member(handle: str) -> ResponseReturnValue:
    """Watch what a member opens and publishes, or stop doing so. The member is not told."""
    member = get_member(me(), handle)
    return set_level(AUTHOR, member.id, url_for("front.profile", handle=member.handle))


def _language_names(codes: Iterable[str]) -> list[str]:
    names = dict(languages())
    return [names.get(code, code) for code in codes]


@bp.get("/members")
def directory() -> ResponseReturnValue:
    """The members, filtered by name, city and its size, organisation, language and what they can help with."""
    web.depends_on()
    reader = me()
    cities, organisations = home_cities(reader), names_of_organisations(reader)
    sizes = {city.size for city in cities}
    choices = {
        "city": [(city.slug, city.label) for city in cities],
        "size": [(size, name) for size, name in SIZE_NAMES.items() if size in sizes],
        "organisation": [(slug, name) for _id, slug, name in organisations],
        "language": languages_of_members(reader),
        "theme": [(theme.slug, theme.name) for theme in queries.themes_offered(reader)],
    }
    chosen = {name: web.text(name) for name in choices}
    chosen["words"] = web.text("words", MAX_QUERY_LENGTH)
    city_ids = {city.slug: city.id for city in cities}
    organisation_ids = {slug: number for number, slug, _name in organisations}
    wanted = _directory_filter(chosen, city_ids, organisation_ids)
    return render_template(
        "front/directory.html",
        page=directory_of(reader, wanted, web.number("page")),
        chosen=chosen,
        choices=choices,
        language_names=dict(languages()),
    )


def _directory_filter(
    chosen: Mapping[str, str], city_ids: Mapping[str, int], organisation_ids: Mapping[str, int]
) -> DirectoryFilter:
    """The filter for the values in the address, with ids by slug; an unknown value finds nobody."""
    city, organisation, theme = chosen["city"], chosen["organisation"], chosen["theme"]
    return DirectoryFilter(
        words=chosen["words"],
        city_id=city_ids.get(city, 0) if city else None,
        organisation_id=organisation_ids.get(organisation, 0) if organisation else None,
        language=chosen["language"],
        size=chosen["size"],
        ids=queries.helpers_with(theme) if theme else None,
    )


@bp.route("/settings/themes", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=by_person, methods=["POST"])
def settings_themes() -> ResponseReturnValue:
    """The themes that a member can help with."""
    member = my_profile(me())
    known = themes()
    form = ThemesForm(themes=[theme.id for theme in themes_of_member(member.id)])
    form.offer(known)

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("front/settings_themes.html", form=form, themes=known), status

    def deed() -> ResponseReturnValue:
        set_member_themes(member, form.themes.data or [])
        return web.done(
            _("What you can help with is saved."), url_for("front.profile", handle=member.handle)
        )

    return webforms.process(form, page, deed)
