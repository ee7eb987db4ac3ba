"""Reading the glossary: the index, an entry, its history, and all of it as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web
from forum.agendas.queries import themes
from forum.errors import NotFound
from forum.glossary import queries
from forum.glossary.models import Entry
from forum.glossary.queries import IndexFilter, KnownEntry
from forum.glossary.views._shared import bp, readers_language
from forum.history.views import edit_to_read
from forum.members.queries import language_name, language_names, languages
from forum.sheets import delimiter_in, long_sheet
from forum.web import me

MAX_TYPED = 100  # characters
MAX_ON_THEME = 60  # entries on the page of a theme
MAX_CALLED = 5  # entries that have a proposed name already


@bp.get("/glossary")
def index() -> ResponseReturnValue:
    """The entries by letter, in the language of the page or in a chosen one."""
    web.depends_on()
    known_themes = {theme.slug: theme for theme in themes()}
    used = queries.languages_used()
    offered = [(code, name) for code, name in languages() if code in used]
    theme = known_themes.get(web.choice("theme", known_themes))
    language = web.choice("language", used)
    wanted = IndexFilter(web.text("q", MAX_TYPED), language, theme.id if theme else None)
    in_language = language or readers_language()
    found = queries.index(wanted, in_language, web.number("page"))
    return render_template(
        "glossary/index.html",
        wanted=wanted,
        theme=theme,
        themes=list(known_themes.values()),
        languages=offered,
        language_names=language_names(),
        found=found,
        in_language=in_language,
        meanings=queries.meanings_of([entry.id for entry in found.page.items], in_language),
        has_entries=queries.has_entries(),
    )


@bp.get("/glossary.csv")
def table() -> Response:
    """The whole glossary as a table: a line for each entry in each of its languages."""
    web.depends_on()
    names: list[object] = [
        _("Entry"),
        _("Language"),
        _("Name"),
        _("Other names"),
        _("Meaning"),
        _("Source"),
        _("Themes"),
        _("Address"),
    ]
    return long_sheet("glossary", chain([[names]], _lines()), delimiter_in(web.locale()))


def _lines() -> Iterator[list[list[object]]]:
    own_names = language_names()
    for entries in queries.all_entries():
        yield [
            [
                entry.slug,
                own_names.get(wording.language, wording.language),
                wording.name,
                "; ".join(wording.other_names),
                wording.meaning,
                entry.source,
                "; ".join(theme.name for theme in entry.themes if theme.removed_at is None),
                web.absolute(f"/glossary/{entry.slug}"),
            ]
            for entry in entries
            for wording in entry.wordings
        ]


@bp.get("/glossary/<slug>")
def entry(slug: str) -> ResponseReturnValue:
    """An entry: its names and meanings, and the newest texts that use one of the names."""
    try:
        found = queries.get_entry(slug)
    except NotFound:
        return _after_removal(slug)
    wordings = queries.ordered_wordings(found, readers_language())
    explained = [wording for wording in wordings if wording.meaning]
    return render_template(
        "glossary/entry.html",
        entry=found,
        wordings=wordings,
        explained=explained,
        homonyms=queries.homonyms(found),
        texts=queries.texts_naming(me(), found),
        language_names=language_names(),
        in_language=readers_language(),
        data=_data(found, wordings),
        canonical=web.canonical(),
    )


def _after_removal(slug: str) -> ResponseReturnValue:
    """The redirect from a removed entry to the one that replaced it, or to the index."""
    place = queries.place_of_removed(slug)
    return web.see_other(
        url_for("glossary.entry", slug=place) if place else url_for("glossary.index")
    )


def _data(entry: Entry, wordings: list[Any]) -> dict[str, Any]:
    """Structured data (schema.org/DefinedTerm): what an entry is called in all languages, and what it means."""
    said = [
        {"@language": wording.language, "@value": name}
        for wording in wordings
        for name in wording.names
    ]
    meant = [
        {"@language": wording.language, "@value": wording.meaning}
        for wording in wordings
        if wording.meaning
    ]
    return {
        "@context": "https://schema.org",
        "@type": "DefinedTerm",
        "@id": web.canonical(),
        "name": said[0],
        "alternateName": said[1:],
        "description": meant,
        "url": web.canonical(),
        "dateModified": entry.updated_at.isoformat(),
        "inDefinedTermSet": web.absolute(url_for("glossary.index")),
    }


@bp.get("/glossary/<slug>/history")
def history(slug: str) -> ResponseReturnValue:
    """What an entry said before."""
    found = queries.get_entry(slug)
    edits = queries.entry_edits(found)
    title = queries.ordered_wordings(found, readers_language())[0]
    context = {"entry": found, "edits": edits, "chosen": edit_to_read(edits), "title": title}
    return render_template("glossary/history.html", **context)


@bp.app_template_global()
def glossary_of_theme(theme_id: int) -> list[KnownEntry]:
    """For the pages of themes: the entries on a theme."""
    return queries.entries_on_theme(theme_id, readers_language(), MAX_ON_THEME)


@bp.app_template_global()
def glossary_called(typed: str) -> list[KnownEntry]:
    """For moderators who read what is proposed: the entries that have this name already."""
    return queries.entries_called(typed, MAX_CALLED)


@bp.app_template_global()
def language_label(code: str) -> str:
    """The name of a language in the language of the page."""
    return language_name(code)


@bp.app_template_global()
def glossary_language() -> str:
    """The language of the names that the glossary shows first."""
    return readers_language()
