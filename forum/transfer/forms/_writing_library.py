"""Writing cases, practices, their translations, and readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forum.library.models import Case, Practice, PracticeSection, Reading
from forum.library.queries import FAILURE, LINK_PARTS
from forum.parallels.models import BODY, FigureWords, Translation
from forum.parallels.queries import named_figures
from forum.plaintext import join_parts
from forum.transfer.forms import schemas
from forum.transfer.forms._escaping import write_lines
from forum.transfer.forms._values_written import (
    Fields,
    importable_slug,
    is_readable,
    write_day,
    write_figure,
    write_number,
    write_parts,
    write_readers,
    write_themes,
    yes_if,
)
from forum.transfer.forms._writing import SectionWriter
from forum.transfer.forms.schemas import PARTS
from forum.transfer.models import Author, Tried, Wanted


class LibraryWriter(SectionWriter):
    """The sections of the library."""

    def case(self, case: Case, tried: Sequence[Tried], wanted: Sequence[Wanted]) -> str:
        """The section of a case, with who has tried it, or wants to."""
        places = sorted(case.places, key=lambda city: (city.name, city.id))
        fields: Fields = (
            ("slug", importable_slug(case.slug)),
            ("kind", case.kind),
            ("summary", self._text(case.summary)),
            ("since", write_number(case.since)),
            ("status", case.status),
            ("reach", case.reach),
            ("places", join_parts([self.cities[city.id] for city in places], ";")),
            ("themes", write_themes(theme.name for theme in case.themes if not theme.removed_at)),
            ("language", case.language),
            ("checked on", write_day(case.checked_on)),
            *(("figure", write_figure(figure)) for figure in case.figures),
            *(
                ("link", write_parts(getattr(link, name) for name in LINK_PARTS))
                for link in case.links
            ),
            *self._tried(tried),
            *self._wanted(wanted),
        )
        return self._section(3, case.name, schemas.CASE, fields, self._text(case.body))

    def practice(
        self,
        practice: Practice,
        sections: Sequence[PracticeSection],
        tried: Sequence[Tried],
        wanted: Sequence[Wanted],
        written: Mapping[int, str],
    ) -> str:
        """The section of a practice with its visible parts; `written` are the slugs of practices written before, by id."""
        names = {section.name for section in sections}
        author = Author.of(practice.author)
        fields: Fields = (
            ("slug", importable_slug(practice.slug)),
            ("by", self.people.of(author, practice.published_at)),
            ("sentence", self._text(practice.sentence)),
            ("link", practice.link),
            ("city", self._city(practice.city_id)),
            ("evidence", practice.evidence),
            ("cost", practice.cost),
            ("started", write_number(practice.started)),
            (
                "themes",
                write_themes(theme.name for theme in practice.themes if not theme.removed_at),
            ),
            ("language", practice.language),
            ("readers", write_readers(practice.audience)),
            (
                "did not work for",
                write_readers(practice.failure_audience) if FAILURE in names else None,
            ),
            ("published on", write_day(practice.published_at)),
            ("featured", yes_if(practice.featured_at)),
            ("revisit on", write_day(practice.revisit_on)),
            ("confirmed on", write_day(practice.confirmed_on)),
            ("adapted from", written.get(practice.adapted_from_id or 0)),
            *self._for(author, practice.organisation_id),
            *self._tried(tried),
            *self._wanted(wanted),
        )
        sources = {section.name: section.source for section in sections}
        return self._section(3, practice.title, schemas.PRACTICE, fields) + self._parts(sources)

    def translation(
        self, translation: Translation, said: Mapping[str, str], is_outdated: bool
    ) -> str:
        """The section of a translation; `said` are its texts by name, as far as they are for the readers of the file."""
        edited_at = translation.edited_at
        writer = ";".join(self.people.of_shown([translation.writer]))
        fields: Fields = (
            ("of", f"{translation.kind} {importable_slug(translation.original.slug)}"),
            ("by", ";".join(self.people.of_shown([translation.translator]))),
            ("language", translation.language),
            ("sentence", self._text(said.get("sentence", ""))),
            ("written on", write_day(translation.created_at.date())),
            ("corrected on", write_day(edited_at.date() if edited_at else None)),
            ("corrected by", writer if edited_at else ""),
            ("outdated", yes_if(is_outdated)),
            *(("figure", write_parts(words)) for words in self._named_figures(translation)),
        )
        body = self._text(said.get(BODY, ""))
        section = self._section(3, said["title"], schemas.TRANSLATION, fields, body)
        return section + self._parts(said)

    def _parts(self, texts: Mapping[str, str]) -> str:
        """The parts of a practice, each below its heading, of those that are among the texts."""
        return "".join(
            f"#### {title}\n{write_lines(self._text(texts[name]))}\n\n"
            for title, name in PARTS.items()
            if name in texts
        )

    def _named_figures(self, translation: Translation) -> Iterator[FigureWords]:
        """What figures are called, of those that the section of the case has, too: others would be refused with it."""
        figures = getattr(translation.original, "figures", ())
        there = {
            (figure.label, figure.unit)
            for figure in figures
            if is_readable(schemas.CASE, "figure", write_figure(figure))
        }
        for named, words in named_figures(translation).items():
            if named in there:
                yield words
            else:
                self.left_out["figure"] += 1

    def reading(self, reading: Reading) -> str:
        """The section of a best read."""
        fields: Fields = (
            ("authors", reading.authors),
            ("year", write_number(reading.year)),
            ("kind", reading.kind),
            ("link", reading.link),
            ("language", reading.language),
        )
        return self._section(3, reading.title, schemas.READING, fields, self._text(reading.why))
