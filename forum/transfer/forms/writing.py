"""Writing content files: each thing as `reading` reads it, and nothing that it would not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from forum.agendas.models import Agenda, Statement
from forum.library.models import Case, Practice, PracticeSection, Reading
from forum.library.queries import FAILURE, FIGURE, LINK
from forum.markup import MAX_SOURCE, paragraph_key, slugify
from forum.members.models import Member, Organisation
from forum.permissions import PUBLIC
from forum.transfer.forms import reading as shapes
from forum.transfer.forms._signs import joined, on_one_line, write_lines
from forum.transfer.forms.reading import PARTS, Shape
from forum.transfer.models import Author, Discussed, Opened, Said, Story, Tried

NOT_SHOWN = (
    "[…]"  # what a post said that opens a topic and is not shown; it says no words of a language
)
QUOTE = re.compile(r"^> ?\[[^\]\n]{1,300}\]\(/posts/([0-9]{1,12})\)[ \t]*$(?:\n>[ \t]*$)?", re.M)
NUMBER = re.compile(r"^\\*> #[0-9]+[ \t]*$", re.M)
OF_THIS_FORUM = re.compile(r"\]\(/(?=(?:posts|topics)/)")
Fields = Sequence[tuple[str, str | None]]


def with_numbers(source: str, numbers: Mapping[int, int], address: str) -> str:
    """A reply whose quotes of earlier posts of its topic name them by number; other posts by their whole address."""
    source = NUMBER.sub(lambda found: f"\\{found[0]}", source)

    def numbered(found: re.Match[str]) -> str:
        number = numbers.get(int(found[1]))
        return found[0] if number is None else f"> #{number}"

    return _with_addresses(QUOTE.sub(numbered, source), address)


def _with_addresses(source: str, address: str) -> str:
    """Links to posts and topics get the forum's address, because numbers are others elsewhere; unless it gets too long."""
    whole = OF_THIS_FORUM.sub(f"]({address}/", source)
    return whole if len(whole) <= MAX_SOURCE else source


@dataclass
class Named:
    """Somebody whom the files name: by which handle, by what name, and since when at least."""

    handle: str
    name: str
    has_page: bool
    since: datetime | None = None
    is_written: bool = False


@dataclass
class Names:
    """By which handle the files call people: their own; who has left or whose profile is hidden has a made one.

    `former` and `hidden` begin those, and no handle of a member does. `named` are all who were named, by id.
    """

    former: str
    hidden: str
    named: dict[int, Named] = field(default_factory=dict)

    def of(self, author: Author, moment: datetime | None = None) -> str:
        """The handle of somebody who has said something at a moment."""
        named = self.named.get(author.id)
        if named is None:
            made = f"{self.former if author.left_at else self.hidden}{author.id}"
            handle = author.handle if author.has_page else made
            named = Named(handle, author.name, author.has_page)
            self.named[author.id] = named
        if moment and not (named.since and named.since <= moment):
            named.since = moment
        return named.handle

    def of_member(self, member: Member) -> str:
        """The handle of a member."""
        return self.of(Author._make(getattr(member, name) for name in Author._fields))

    def is_to_write(self, member_id: int) -> bool:
        """Whether somebody is to be written as the profile says, now; of whom another handle was made is not."""
        named = self.named.get(member_id)
        if named is None:
            return True
        named.is_written = True
        return named.has_page

    def without_page(self) -> list[Named]:
        """Who was named and has no profile to show."""
        gone = [named for _id, named in sorted(self.named.items()) if not named.has_page]
        for named in gone:
            named.is_written = True
        return gone

    def not_written(self) -> list[Named]:
        """Who was named and has not been written since."""
        return [named for named in self.named.values() if not named.is_written]

    def of_shown(self, members: Iterable[Member | None]) -> list[str]:
        """The handles of those of some members whose profiles everybody sees."""
        return sorted(self.of_member(member) for member in members if member and member.has_page)


@dataclass
class Writer:
    """Writes the sections of files. `left_out` counts, by name, the fields that no file takes as they are.

    `address` is that of the forum; `cities` are how cities are written, by id.
    """

    address: str
    names: Names
    cities: dict[int, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    # People

    def organisation(self, organisation: Organisation) -> str:
        """An organisation of the people file."""
        fields: Fields = (
            ("slug", organisation.slug),
            ("kind", organisation.kind),
            ("city", self._city(organisation.city_id)),
            ("representative", ";".join(self.names.of_shown([organisation.representative]))),
            ("seats", _number(organisation.seats)),
            ("website", organisation.website),
        )
        return self._section(
            2, organisation.name, shapes.ORGANISATION, fields, organisation.about or ""
        )

    def member(self, member: Member, themes: Sequence[str]) -> str:
        """A member of the people file, as the profile says."""
        organisation = member.organisation
        languages = [row.language for row in member.languages]
        fields: Fields = (
            ("handle", member.handle),
            ("position", member.position),
            ("organisation", organisation.slug if organisation else None),
            ("city", self._city(member.city_id)),
            ("languages", None if languages == ["en"] else joined(languages, ";")),
            ("helps with", joined(list(themes), ";")),
            ("can help with", member.helps_with),
            ("joined on", _day(member.joined_at)),
        )
        return self._section(2, member.name, shapes.MEMBER, fields, self._text(member.about))

    def other(self, named: Named) -> str:
        """Somebody in the people file of whom the files say no more than a name."""
        fields: Fields = (("handle", named.handle), ("joined on", _day(named.since)))
        return self._section(2, named.name, shapes.MEMBER, fields)

    # Agendas and the library

    def agenda(self, agenda: Agenda, number: int, themes: Sequence[str]) -> str:
        """The head of the file of an agenda, which is the `number`th."""
        fields: Fields = (
            ("slug", fitting(agenda.slug)),
            ("palette", agenda.palette),
            ("pattern", agenda.pattern),
            ("summary", agenda.summary or agenda.title),
            ("order", str(number)),
            ("hosts", joined(self.names.of_shown(agenda.hosts), ";")),
            ("language", agenda.language),
            ("new themes", joined(list(themes), ";")),
        )
        text = self._text(agenda.introduction)
        return self._section(1, agenda.title, shapes.AGENDA, fields, text)

    def dialogue(self, agenda: Agenda) -> str:
        """The head of a file that goes on with an agenda; one that is archived has a single such file."""
        fields: Fields = (
            ("slug", fitting(agenda.slug)),
            ("archived", _yes(agenda.archived_at)),
        )
        return self._section(1, agenda.title, shapes.MORE, fields)

    def statement(self, statement: Statement) -> str:
        """What somebody says on an agenda."""
        fields: Fields = (
            ("position", statement.role_title),
            ("organisation", statement.organisation),
            ("said on", _day(statement.said_on)),
            ("language", statement.language),
            ("member", ";".join(self.names.of_shown([statement.member]))),
        )
        text = self._text(statement.quotation)
        return self._section(3, statement.name, shapes.STATEMENT, fields, text)

    def case(self, case: Case) -> str:
        """A case."""
        places = sorted(case.places, key=lambda city: (city.name, city.id))
        fields: Fields = (
            ("slug", fitting(case.slug)),
            ("kind", case.kind),
            ("summary", self._text(case.summary)),
            ("since", _number(case.since)),
            ("status", case.status),
            ("reach", case.reach),
            ("places", joined([self.cities[city.id] for city in places], ";")),
            ("themes", _themes(theme.name for theme in case.themes if not theme.removed_at)),
            ("language", case.language),
            ("checked on", _day(case.checked_on)),
            *(("figure", _parts(getattr(one, name) for name in FIGURE)) for one in case.figures),
            *(("link", _parts(getattr(one, name) for name in LINK)) for one in case.links),
        )
        return self._section(3, case.name, shapes.CASE, fields, self._text(case.body))

    def practice(
        self,
        practice: Practice,
        sections: Sequence[PracticeSection],
        tried: Sequence[Tried],
        written: Mapping[int, str],
    ) -> str:
        """A practice with the sections that are shown; `written` are the slugs of those that stand before, by id."""
        names = {section.name for section in sections}
        author = Author._make(getattr(practice.author, name) for name in Author._fields)
        fields: Fields = (
            ("slug", fitting(practice.slug)),
            ("by", self.names.of(author, practice.published_at)),
            ("sentence", self._text(practice.sentence)),
            ("link", practice.link),
            ("city", self._city(practice.city_id)),
            ("evidence", practice.evidence),
            ("cost", practice.cost),
            ("started", _number(practice.started)),
            ("themes", _themes(theme.name for theme in practice.themes if not theme.removed_at)),
            ("language", practice.language),
            ("readers", _readers(practice.audience)),
            ("did not work for", _readers(practice.failure_audience) if FAILURE in names else None),
            ("published on", _day(practice.published_at)),
            ("featured", _yes(practice.featured_at)),
            ("revisit on", _day(practice.revisit_on)),
            ("adapted from", written.get(practice.adapted_from_id or 0)),
            *self._for(author, practice.organisation_id),
            *self._tried(tried),
        )
        said = {section.name: section.source for section in sections}
        parts = "".join(
            f"#### {title}\n{write_lines(self._text(said[name]))}\n\n"
            for title, name in PARTS.items()
            if name in said
        )
        return self._section(3, practice.title, shapes.PRACTICE, fields) + parts

    def reading(self, reading: Reading) -> str:
        """A best read."""
        fields: Fields = (
            ("authors", reading.authors),
            ("year", _number(reading.year)),
            ("kind", reading.kind),
            ("link", reading.link),
            ("language", reading.language),
        )
        return self._section(3, reading.title, shapes.READING, fields, self._text(reading.why))

    # The dialogue

    def topic(
        self,
        topic: Opened,
        opening: Said | None,
        themes: Sequence[str],
        tried: Sequence[Tried],
        story: Story | None,
    ) -> str:
        """A topic with its opening post; of one that is not shown it says neither the text nor what became of it."""
        fields: Fields = (
            ("kind", topic.kind),
            ("by", self.names.of(topic.author, topic.created_at)),
            ("at", _moment(topic.created_at)),
            ("language", topic.language),
            ("themes", _themes(themes)),
            ("readers", _readers(topic.audience)),
            *self._for(topic.author, topic.organisation_id),
            ("pinned", _yes(topic.pinned_at)),
            ("locked", _yes(topic.locked_at)),
            ("locked because", topic.locked_reason if topic.locked_at else None),
            *self._tried(tried),
            ("followed up", _followed_up(story) if story and opening else None),
        )
        text = self._text(opening.source) if opening else NOT_SHOWN
        return self._section(3, topic.title, shapes.TOPIC, fields, text)

    def comments(self, discussed: Discussed) -> str:
        """The heading above the comments on a case or a practice."""
        return f"## Comments on {discussed.kind} {fitting(discussed.slug)}\n\n"

    def reply(
        self,
        post: Said,
        topic: Opened | Discussed,
        numbers: Mapping[int, int],
        tried: Sequence[Tried],
        latest: datetime,
    ) -> str:
        """A reply or comment; `numbers` are those of the posts before it, of which the `latest` is of a moment."""
        language = topic.language if isinstance(topic, Opened) else "en"
        keys = topic.keys if isinstance(topic, Discussed) else ()
        is_answer = isinstance(topic, Opened) and topic.answer_id == post.id
        place = keys.index(post.paragraph) + 1 if post.paragraph in keys else None
        at = _moment(post.created_at)
        fields: Fields = (
            ("language", None if post.language == language else post.language),
            ("answer", _yes(is_answer)),
            ("paragraph", _number(place)),
            ("moved", _yes(post.created_at < latest.replace(second=0))),
            *self._for(post.author, post.organisation_id),
            *self._tried(tried),
        )
        title = f"{self.names.of(post.author, post.created_at)}, {at}"
        text = with_numbers(post.source, numbers, self.address)
        return self._section(4, title, shapes.POST, fields, text)

    # What all have in common

    def _section(self, level: int, title: str, shape: Shape, fields: Fields, text: str = "") -> str:
        text = text if text.strip() or shape.has_text is not True else NOT_SHOWN
        lines = [f"{'#' * level} {on_one_line(title) or NOT_SHOWN}"]
        lines += [f"- {name}: {value}" for name, value in self._taken(shape, fields)]
        if text.strip():
            lines += ["", write_lines(text)]
        return "\n".join([*lines, "", ""])

    def _taken(self, shape: Shape, fields: Fields) -> Iterable[tuple[str, str]]:
        """The fields that say something and can be read again."""
        for name, said in fields:
            if not said or not (value := on_one_line(said)):
                continue
            try:
                (shape.once.get(name) or shape.many[name])(value)
            except ValueError:
                self.left_out[name] += 1
            else:
                yield name, value

    def _text(self, source: str | None) -> str:
        return _with_addresses(source or "", self.address)

    def _city(self, city_id: int | None) -> str | None:
        return self.cities.get(city_id or 0)

    def _for(self, author: Author, organisation_id: int | None) -> Fields:
        """That somebody writes for the organisation that they still belong to; no file says that of another."""
        is_theirs = author.has_page and organisation_id == author.organisation_id
        return [("on behalf of organisation", _yes(organisation_id and is_theirs))]

    def _tried(self, tried: Sequence[Tried]) -> Fields:
        said = [(self.names.of(one.member), one.outcome, one.note) for one in tried]
        return [("tried", _parts(one)) for one in sorted(said)]


def fitting(slug: str) -> str:
    """An address as a file takes it: one that was numbered because it is long is another."""
    if slugify(slug, "") == slug:
        return slug
    return f"{slugify(slug, '')[:48].strip('-')}-{paragraph_key(slug)[:6]}"


def _parts(said: Iterable[str]) -> str:
    """A value of parts; empty ones at its end are left out."""
    parts = list(map(on_one_line, said))
    while parts and not parts[-1]:
        parts.pop()
    return joined(parts, "|")


def _followed_up(story: Story) -> str:
    return _parts((_moment(story.told_at), story.outcome, story.deed, story.text))


def _themes(names: Iterable[str]) -> str:
    return joined(sorted(names), ";")


def _readers(audience: str) -> str | None:
    return None if audience == PUBLIC else audience


def _day(day: date | datetime | None) -> str | None:
    return f"{day:%Y-%m-%d}" if day else None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def _yes(truth: object) -> str | None:
    return "yes" if truth else None
