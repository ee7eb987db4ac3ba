"""What is common to all sections of content files that are written: no field that `reading` would refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from forum.plaintext import on_one_line
from forum.transfer.forms._escaping import write_lines
from forum.transfer.forms._links import with_absolute_links
from forum.transfer.forms._people import ExportedPeople
from forum.transfer.forms._sections import Schema
from forum.transfer.forms._values_written import Fields, is_readable, write_parts, yes_if
from forum.transfer.models import Author, Tried, Wanted

NOT_SHOWN = "[…]"  # replaces the text of an invisible opening post; in no language


@dataclass
class SectionWriter:
    """What all sections of content files need. `left_out` counts, by name, the values that no file can contain.

    `address` is that of the forum; `cities` are the labels of cities, by id; `pictures` are the handles of those who added the
    pictures and files that have been written, by their names, and `titles` what the files are saved as.
    """

    address: str
    people: ExportedPeople
    cities: dict[int, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def _section(
        self, level: int, title: str, schema: Schema, fields: Fields, text: str = ""
    ) -> str:
        text = text if text.strip() or schema.has_text is not True else NOT_SHOWN
        lines = [f"{'#' * level} {on_one_line(title) or NOT_SHOWN}"]
        lines += [f"- {name}: {value}" for name, value in self._readable_fields(schema, fields)]
        if text.strip():
            lines += ["", write_lines(text)]
        return "\n".join([*lines, "", ""])

    def _readable_fields(self, schema: Schema, fields: Fields) -> Iterable[tuple[str, str]]:
        """The fields with a value that `reading` accepts."""
        for name, text in fields:
            if not text or not (value := on_one_line(text)):
                continue
            if is_readable(schema, name, value):
                yield name, value
            else:
                self.left_out[name] += 1

    def _text(self, source: str | None) -> str:
        return with_absolute_links(source or "", self.address, self.pictures)

    def _city(self, city_id: int | None) -> str | None:
        return self.cities.get(city_id or 0)

    def _for(self, author: Author, organisation_id: int | None) -> Fields:
        """The field for a text on behalf of an organisation; a file can only express that for the author's present one."""
        is_theirs = author.has_page and organisation_id == author.organisation_id
        return [("on behalf of organisation", yes_if(organisation_id and is_theirs))]

    def _tried(self, tried: Sequence[Tried]) -> Fields:
        marks = [(self.people.of(row.member), row.outcome, row.note, row.language) for row in tried]
        return [("tried", write_parts(mark)) for mark in sorted(marks)]

    def _wanted(self, wanted: Sequence[Wanted]) -> Fields:
        said = [(self.people.of(row.member), f"{row.until:%Y-%m}") for row in wanted]
        return [("wants", write_parts(parts)) for parts in sorted(said)]
