"""Checking an agenda file: all faults that can be found before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from forum.agendas.queries import agendas_titled, themes, themes_by_slug
from forum.members.queries import members_by_any_handle
from forum.plaintext import slugify
from forum.transfer.actions._checks_of_declarations import (
    check_commitments,
    check_declarations,
    check_origins,
)
from forum.transfer.actions._checks_of_dialogue import (
    check_order,
    check_polls,
    check_posts,
    check_topics,
)
from forum.transfer.actions._checks_of_library import (
    check_comments,
    check_practices,
    check_translations,
)
from forum.transfer.actions._checks_of_people import (
    all_sections,
    check_said_once,
    handles_in,
    near_miss,
    nobody_called,
)
from forum.transfer.actions._checks_of_pictures import check_pictures
from forum.transfer.actions._foreseen import Foreseen
from forum.transfer.actions._loading import Loading
from forum.transfer.models import AgendaFile, FaultyFileError, Originals
from forum.transfer.queries import agenda_by_slug, cases_by_slug, cities_by_label, practices_by_slug

NO_CITY = (
    "no city is called “{}”; write its name and the code of its country, such as “Surat, IN”. "
    "Smaller places are known after `flask cities load --more`"
)
ONLY_NEW = "; what the forum has is edited on its page"
NOTHING_FORESEEN = Foreseen()
TO_ADD = "; to add to it, give only its title and its slug, and the sections that are new"


def check_agenda_file(
    file: AgendaFile, elsewhere: Originals, foreseen: Foreseen = NOTHING_FORESEEN
) -> Loading:
    """Look up the members and cities of a file. Raises `FaultyFileError` with all faults found before anything is written.

    `foreseen` is what files will have made that are loaded before it: then the file is only checked.
    """
    handles = {handle for handle, _line in handles_in(file)}
    people = {handle: foreseen.people[handle] for handle in handles & foreseen.people.keys()}
    people |= members_by_any_handle(handles)
    cities = cities_by_label(city for city, _line in _cities_in(file))
    pictures = {values["title"] for values in file.pictures}
    faults = list(file.faults)
    loading = Loading(
        people,
        cities,
        file.comments,
        faults=faults,
        pictures=pictures,
        elsewhere=elsewhere,
        foreseen=foreseen,
    )
    nobody = nobody_called(handles - people.keys(), foreseen)
    for handle, line in handles_in(file):
        loading.expect(handle in people, line, nobody.get(handle, ""))
    for city, line in _cities_in(file):
        loading.expect(city in cities, line, NO_CITY.format(city))
    for check in CHECKS:
        check(file, loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return loading


def _cities_in(file: AgendaFile) -> Iterator[tuple[str, int]]:
    for values in [*file.cases, *file.practices, *file.meetings]:
        yield from values.values_of("places", "city")


def _check_agenda(file: AgendaFile, loading: Loading) -> None:
    values = file.agenda
    if (slug := values.get("slug")) is None:
        return
    existing, line = agenda_by_slug(slug), values.line_of("slug")
    is_there, foreseen = existing or slug in loading.foreseen.agendas, loading.foreseen
    if file.is_new:
        loading.expect(not is_there, line, f"there is an agenda “{slug}” already{TO_ADD}")
        title = values["title"]
        is_free = not agendas_titled(title) and title not in foreseen.titles
        loading.expect(is_free, values.line, f"there is an agenda with the title “{title}” already")
    else:
        loading.expect(is_there, line, f"there is no agenda “{slug}” to add to")
        is_open = not (existing and existing.archived_at) and not foreseen.agendas.get(slug)
        loading.expect(is_open, line, f"the agenda “{slug}” is archived")


def _check_themes(file: AgendaFile, loading: Loading) -> None:
    """A theme must exist or be listed as new, so that a typing mistake creates none."""
    said = [word for values in all_sections(file) for word in values.values_of("themes")]
    names = {theme.name for theme in themes()} | set(file.agenda.get("new_themes", ()))
    names |= loading.foreseen.themes
    known = {slugify(name, "theme") for name in names}
    known |= {theme.slug for theme in themes_by_slug({slugify(name, "theme") for name, _ in said})}
    for name, line in said:
        loading.expect(slugify(name, "theme") in known, line, _no_theme(name, names))


def _no_theme(name: str, names: Collection[str]) -> str:
    meant = near_miss(get_close_matches(name, names, 1))
    return (
        f"no theme is called “{name}”{meant}; list a new one in “- new themes: …” below the title"
    )


def _check_slugs(file: AgendaFile, loading: Loading) -> None:
    for kind, entries, by_slug, foreseen in (
        ("case", file.cases, cases_by_slug, loading.foreseen.cases.keys()),
        ("practice", file.practices, practices_by_slug, loading.foreseen.practices.keys()),
    ):
        own = [slug for values in entries for slug in values.values_of("slug")]
        there, above = {*by_slug(slug for slug, _line in own), *foreseen}, set[str]()
        for slug, line in own:
            loading.expect(slug not in there, line, f"there is a {kind} “{slug}” already{ONLY_NEW}")
            loading.expect(slug not in above, line, f"two {kind}s have the slug “{slug}”")
            above.add(slug)


CHECKS = (
    _check_agenda,
    _check_themes,
    _check_slugs,
    check_said_once,
    check_practices,
    check_comments,
    check_translations,
    check_topics,
    check_order,
    check_pictures,
    check_posts,
    check_polls,
    check_declarations,
    check_commitments,
    check_origins,
)
