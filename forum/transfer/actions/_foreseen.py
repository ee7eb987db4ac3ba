"""What files will have made that are loaded before another one: their names, so that no file is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forum.library.models import PUBLISHED
from forum.library.queries import FIGURE_PARTS
from forum.markdown import paragraphs
from forum.members.models import Member, Organisation
from forum.transfer.models import AgendaFile, PeopleFile

LABEL, UNIT = map(FIGURE_PARTS.index, ("label", "unit"))


@dataclass
class Foreseen:
    """What the forum will hold once some files are loaded, by which a file loaded after them is checked.

    `people` are by each of their handles, `organisations` by slug; both are no rows. `agendas` says by slug whether
    one will be archived. `cases` has the number of their paragraphs and their figures, `practices` whether they are
    published.
    """

    people: dict[str, Member] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    agendas: dict[str, bool] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)
    themes: set[str] = field(default_factory=set)
    cases: dict[str, tuple[int, Sequence[tuple[str, str]]]] = field(default_factory=dict)
    practices: dict[str, bool] = field(default_factory=dict)

    def add_people(self, file: PeopleFile) -> None:
        """Add the organisations, members and themes of a people file."""
        for values in file.organisations:
            if slug := values.get("slug"):
                self.organisations[slug] = Organisation(slug=slug, name=values["title"])
        for values in file.members:
            there = self.organisations.get(values.get("organisation", ""))
            member = Member(handle=values.get("handle", ""), name=values["title"])
            # Whose voices are known is loaded last, so until then everybody writes for their organisation
            member.organisation_id, member.is_voice = (0 if there else None), there is not None
            for handle in filter(None, (member.handle, *values.get("earlier_handles", ()))):
                self.people[handle] = member
            self.themes.update(values.get("helps_with", ()))

    def add(self, file: AgendaFile) -> None:
        """Add what an agenda file makes."""
        slug, is_closed = file.agenda.get("slug"), bool(file.agenda.get("archived"))
        if slug and (file.is_new or is_closed):
            self.agendas[slug] = is_closed
        if file.is_new and "title" in file.agenda:
            self.titles.add(file.agenda["title"])
        self.themes.update(file.agenda.get("new_themes", ()))
        for values in file.cases:
            if slug := values.get("slug"):
                figures = [(row[LABEL], row[UNIT]) for row in values.get("figure", ())]
                self.cases[slug] = len(paragraphs(values["text"])), figures
        for values in file.practices:
            if slug := values.get("slug"):
                self.practices[slug] = values.get("state", PUBLISHED) == PUBLISHED
