"""Lists of topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.agendas.models import Agenda
from forum.agendas.queries import agendas, get_agenda, themes, themes_by_slug
from forum.dialogue import actions, queries
from forum.dialogue.models import KINDS
from forum.dialogue.queries import (
    ACTIVE,
    MINE,
    ORDERS,
    MyTopics,
    TopicCounts,
    TopicFilter,
)
from forum.dialogue.views._shared import bp
from forum.members.queries import languages, languages_spoken
from forum.notifications.models import THEME
from forum.notifications.queries import level_of
from forum.pages import Page
from forum.ratelimits import changing
from forum.web import me


@bp.get("/topics")
def index() -> ResponseReturnValue:
    """The dialogue of all agendas."""
    return _list(None)


@bp.get("/agendas/<slug>/topics")
def topics(slug: str) -> ResponseReturnValue:
    """The dialogue of one agenda."""
    return _list(get_agenda(me(), slug))


def _list(agenda: Agenda | None) -> ResponseReturnValue:
    wanted = filter_from_query(agenda)
    names = {theme.slug: theme.name for theme in themes()}
    mine = web.choice("mine", MINE) if me().is_member else ""
    found = _find(wanted, mine, names)
    counts, by_language = found.counts
    address = _address_of_list(agenda, wanted, mine)
    return render_template(
        "dialogue/topics.html",
        agenda=agenda,
        agendas=[] if agenda else agendas(me()),
        wanted=wanted,
        mine=mine,
        counts=counts,
        page=found.page,
        news=found.news,
        is_capped=found.is_capped,
        theme_names=list(names.items()),
        languages=_languages(by_language, wanted.language),
        address=address,
        active=_active_filters(wanted, names, address),
        **_theme_context(wanted),
    )


def _find(wanted: TopicFilter, mine: str, names: dict[str, str]) -> MyTopics:
    """The topics of a list, their counts and new posts: all topics, or (`mine`) some that concern the reader."""
    number = web.number("page")
    if mine:
        return queries.my_topics(me(), mine, wanted, number)
    counts = _counts(wanted, names)
    by_kind = counts.by_kind
    total = by_kind.get(wanted.kind, 0) if wanted.kind else sum(by_kind.values())
    page = queries.topics(me(), wanted, number, total) if total else Page([], 1, 1, 0)
    return MyTopics(page, counts, queries.new_posts_in(me(), page.items))


def _counts(wanted: TopicFilter, names: dict[str, str]) -> TopicCounts:
    """The numbers of topics. An unknown theme has none, and the database is not queried for it."""
    if wanted.theme and wanted.theme not in names:
        return TopicCounts({}, {})
    return queries.topic_counts(me(), wanted)


def _languages(counts: dict[str, int], chosen: str) -> list[tuple[str, str]]:
    """The languages of topics, with their counts, the reader's languages first; the chosen language is always included."""
    own = languages_spoken(me().id) if me().is_member else []
    found = [(code, name) for code, name in languages() if code in counts or code == chosen]
    found.sort(key=lambda language: own.index(language[0]) if language[0] in own else len(own))
    return [(code, f"{name} ({counts.get(code, 0)})") for code, name in found]


def _theme_context(wanted: TopicFilter) -> dict[str, Any]:
    """The theme by which a list is filtered, and whether the reader watches it."""
    theme = next(iter(themes_by_slug([wanted.theme])), None) if wanted.theme else None
    level = level_of(me(), THEME, theme.id) if theme else ""
    return {"theme": theme, "level": level}


@bp.post("/topics/read-all")
@changing
def read_all() -> ResponseReturnValue:
    """Mark everything as read."""
    return _read_all(None, url_for("dialogue.index"), url_for("dialogue.unread_all"))


@bp.post("/agendas/<slug>/topics/read-all")
@changing
def read_agenda(slug: str) -> ResponseReturnValue:
    """Mark everything on one agenda as read."""
    address, back = (url_for(f"dialogue.{name}", slug=slug) for name in ("topics", "unread_agenda"))
    return _read_all(get_agenda(me(), slug).id, address, back)


def _read_all(agenda_id: int | None, address: str, back: str) -> AnyResponse:
    until = actions.read_all(me(), agenda_id)
    undo = web.Undo(back, {"until": until.isoformat()})
    return web.done(_("All topics are marked as read."), address, undo)


@bp.post("/topics/unread-all")
@changing
def unread_all() -> ResponseReturnValue:
    """Take back that everything was marked as read."""
    return _unread_all(None, url_for("dialogue.index"))


@bp.post("/agendas/<slug>/topics/unread-all")
@changing
def unread_agenda(slug: str) -> ResponseReturnValue:
    """Take back that everything on one agenda was marked as read."""
    return _unread_all(get_agenda(me(), slug).id, url_for("dialogue.topics", slug=slug))


def _unread_all(agenda_id: int | None, address: str) -> AnyResponse:
    is_undone = actions.unread_all(me(), agenda_id, web.sent_moment("until"))
    message = _("The topics are as they were before.")
    return web.done(message if is_undone else web.nothing_undone(), address)


def _active_filters(
    wanted: TopicFilter, names: dict[str, str], address: Callable[..., str]
) -> list[tuple[str, str]]:
    """The filters by what was typed or chosen: the label of each, and the address of the list without it.

    Known kinds have tabs instead.
    """
    language = dict(languages()).get(wanted.language, wanted.language)
    kind = "" if wanted.kind in KINDS else wanted.kind
    chosen = (
        ("kind", kind),
        ("theme", names.get(wanted.theme, wanted.theme)),
        ("language", language),
    )
    return [(text, address(**{name: ""})) for name, text in chosen if text]


def filter_from_query(agenda: Agenda | None) -> TopicFilter:
    """Which topics the query string of a list asks for, of one agenda or of all."""
    return TopicFilter(
        agenda_id=agenda.id if agenda else None,
        kind=web.text("kind", 100),
        order=web.choice("order", ORDERS, ACTIVE),
        theme=web.text("theme", 100),
        language=web.text("language", 100),
    )


def _address_of_list(agenda: Agenda | None, wanted: TopicFilter, mine: str) -> Callable[..., str]:
    """The address of the same list with another kind, order, theme, language, or choice of own topics."""
    now = {
        "mine": mine,
        "kind": wanted.kind,
        "order": "" if wanted.order == ACTIVE else wanted.order,
        "theme": wanted.theme,
        "language": wanted.language,
    }

    def address(**other: str) -> str:
        words: dict[str, Any] = {name: value or None for name, value in (now | other).items()}
        if agenda is None:
            return url_for("dialogue.index", **words)
        return url_for("dialogue.topics", slug=agenda.slug, **words)

    return address


@bp.app_template_global()
def topics_by_agenda() -> dict[int, int]:
    """For the template of the agendas room, which is below this one: how many topics the list of each agenda has."""
    return queries.counts_by_agenda(me())


@bp.app_template_global()
def topics_by_theme() -> dict[int, queries.OnTheme]:
    """For the template of themes, in a room below: how many topics of each kind each theme's list has, and the latest."""
    return queries.topics_by_theme(me())
