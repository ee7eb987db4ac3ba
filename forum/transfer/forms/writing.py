"""Writing content files: sections as `reading` reads them, without fields that it would refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forum.agendas.models import Agenda, Statement
from forum.clock import now
from forum.commitments.models import Commitment, Milestone, Move
from forum.declarations.models import Declaration, Signature
from forum.glossary.models import Entry
from forum.illustrations import is_file
from forum.library.models import Case, Practice, PracticeSection, Reading
from forum.library.queries import FAILURE, LINK_PARTS
from forum.meetings.models import Meeting
from forum.members.models import Mandate, Member, Organisation
from forum.parallels.models import BODY, FigureWords, Translation
from forum.parallels.queries import named_figures
from forum.plaintext import join_parts, on_one_line
from forum.transfer.forms import schemas
from forum.transfer.forms._escaping import write_lines
from forum.transfer.forms._links import number_quotes, with_absolute_links
from forum.transfer.forms._people import ExportedPeople, ExportedPerson
from forum.transfer.forms._sections import Schema
from forum.transfer.forms._values_written import (
    Fields,
    importable_slug,
    is_readable,
    poll_fields,
    write_day,
    write_figure,
    write_moment,
    write_number,
    write_pace,
    write_parts,
    write_readers,
    write_story,
    write_themes,
    yes_if,
)
from forum.transfer.forms.schemas import PARTS
from forum.transfer.models import (
    Author,
    Below,
    ExportedDiscussion,
    ExportedPost,
    ExportedTopic,
    Story,
    Tried,
    Wanted,
)

NOT_SHOWN = "[…]"  # replaces the text of an invisible opening post; in no language


@dataclass
class Writer:
    """Renders sections of content files. `left_out` counts, by name, the values that no file can contain.

    `address` is that of the forum; `cities` are the labels of cities, by id; `pictures` are the handles of those who added the
    pictures and files that have been written, by their names, and `titles` what the files are saved as.
    """

    address: str
    people: ExportedPeople
    cities: dict[int, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    # People

    def organisation(
        self, organisation: Organisation, mandates: Sequence[Mandate], *, is_for_members: bool
    ) -> str:
        """The section of an organisation in the people file, with its voices and, for members, former ones."""
        fields: Fields = (
            ("slug", organisation.slug),
            ("kind", organisation.kind),
            ("city", self._city(organisation.city_id)),
            ("representative", ";".join(self.people.of_shown([organisation.representative]))),
            ("seats", write_number(organisation.seats)),
            ("website", organisation.website),
            ("names who writes for it", yes_if(organisation.names_voices)),
            *(field for mandate in mandates for field in self._mandate(mandate, is_for_members)),
        )
        return self._section(
            2, organisation.name, schemas.ORGANISATION, fields, organisation.about or ""
        )

    def _mandate(self, mandate: Mandate, is_for_members: bool) -> Fields:
        """The field of a voice, present or former; none for hidden profiles, as on the organisation's page."""
        member, by, last = mandate.member, mandate.named_by, write_day(mandate.last_day) or ""
        if member.hidden_at or not (is_for_members or mandate.is_open):
            return []
        if not is_for_members:
            return [("writes for it", write_parts([self.people.of_member(member), "", "", last]))]
        named_by = self.people.of_member(by) if by and not by.hidden_at else ""
        rest = (write_moment(mandate.since) if mandate.since else "", named_by, last)
        handle = self.people.of_member(member)
        if mandate.is_open:
            return [("writes for it", write_parts([handle, *rest]))]
        ended = write_moment(mandate.ended_at or now())
        return [("has written for it", write_parts([handle, ended, mandate.why_ended, *rest]))]

    def member(self, member: Member, themes: Sequence[str], earlier: Sequence[str]) -> str:
        """The section of a member in the people file, with their profile; `earlier` are former handles."""
        organisation = member.organisation
        languages = [row.language for row in member.languages]
        fields: Fields = (
            ("handle", member.handle),
            ("earlier handles", join_parts(list(earlier), ";")),
            ("position", member.position),
            ("organisation", organisation.slug if organisation else None),
            ("city", self._city(member.city_id)),
            ("languages", None if languages == ["en"] else join_parts(languages, ";")),
            ("helps with", join_parts(list(themes), ";")),
            ("can help with", member.helps_with),
            ("portrait", member.portrait),
            ("joined on", write_day(member.joined_at)),
        )
        return self._section(2, member.name, schemas.MEMBER, fields, self._text(member.about))

    def former_member(self, named: ExportedPerson) -> str:
        """The section of somebody without a visible profile: only a name."""
        fields: Fields = (("handle", named.handle), ("joined on", write_day(named.since)))
        return self._section(2, named.name, schemas.MEMBER, fields)

    # Agendas and the library

    def agenda(self, agenda: Agenda, number: int, themes: Sequence[str]) -> str:
        """The head of the file of an agenda; `number` is its position in the order."""
        fields: Fields = (
            ("slug", importable_slug(agenda.slug)),
            ("palette", agenda.palette),
            ("pattern", agenda.pattern),
            ("summary", agenda.summary or agenda.title),
            ("order", str(number)),
            ("hosts", join_parts(self.people.of_shown(agenda.hosts), ";")),
            ("in preparation", yes_if(agenda.opened_at is None)),
            ("language", agenda.language),
            ("new themes", join_parts(list(themes), ";")),
        )
        text = self._text(agenda.introduction)
        return self._section(1, agenda.title, schemas.AGENDA, fields, text)

    def findings(self, agenda: Agenda) -> str:
        """The section with the findings of an agenda; empty if it has none."""
        if not agenda.findings:
            return ""
        written_on = write_day(agenda.findings_at.date() if agenda.findings_at else None)
        fields: Fields = (("written on", written_on),)
        text = self._text(agenda.findings)
        return self._section(2, "Findings", schemas.FINDINGS, fields, text)

    def dialogue(self, agenda: Agenda) -> str:
        """The head of a file of an agenda's dialogue. An archived agenda has a single one, because it closes the agenda."""
        fields: Fields = (
            ("slug", importable_slug(agenda.slug)),
            ("archived", yes_if(agenda.archived_at)),
        )
        return self._section(1, agenda.title, schemas.CONTINUATION, fields)

    def statement(self, statement: Statement) -> str:
        """The section of a statement."""
        fields: Fields = (
            ("position", statement.role_title),
            ("organisation", statement.organisation),
            ("said on", write_day(statement.said_on)),
            ("language", statement.language),
            ("member", ";".join(self.people.of_shown([statement.member]))),
            ("unnamed", yes_if(statement.refused_at and statement.member_id is None)),
        )
        text = self._text(statement.quotation)
        return self._section(3, statement.name, schemas.STATEMENT, fields, text)

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
        author = Author._make(getattr(practice.author, name) for name in Author._fields)
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
        parts = "".join(
            f"#### {title}\n{write_lines(self._text(sources[name]))}\n\n"
            for title, name in PARTS.items()
            if name in sources
        )
        return self._section(3, practice.title, schemas.PRACTICE, fields) + parts

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
        parts = "".join(
            f"#### {title}\n{write_lines(self._text(said[name]))}\n\n"
            for title, name in PARTS.items()
            if name in said
        )
        body = self._text(said.get(BODY, ""))
        return self._section(3, said["title"], schemas.TRANSLATION, fields, body) + parts

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

    def declaration(self, declaration: Declaration, signatures: Sequence[Signature]) -> str:
        """The section of a declaration. Its text is written unchanged, because it is the signed text."""
        author = Author._make(getattr(declaration.author, name) for name in Author._fields)
        course = ("opened", "frozen", "adopted", "withdrawn")
        days = {name: getattr(declaration, f"{name}_at") for name in course}
        fields: Fields = (
            ("by", self.people.of(author, declaration.opened_at)),
            ("language", declaration.language),
            *((f"{name} on", write_day(at.date() if at else None)) for name, at in days.items()),
            ("sign until", write_day(declaration.sign_until)),
            ("withdrawn because", self._text(declaration.withdrawn_reason)),
            ("digest", declaration.digest),
            *(("signature", self._signature(signature)) for signature in signatures),
        )
        source = declaration.source
        return self._section(3, declaration.title, schemas.DECLARATION, fields, source)

    def _signature(self, signature: Signature) -> str:
        handle = "".join(self.people.of_shown([signature.member]))
        said = (signature.reservation, signature.language) if signature.reservation else ("", "")
        who = (signature.name, signature.organisation_name, signature.position, handle)
        slug = importable_slug(signature.organisation.slug)
        return write_parts([slug, signature.signed_at.date().isoformat(), *who, *said])

    def commitment(
        self,
        commitment: Commitment,
        milestones: Sequence[Milestone],
        peers: Sequence[Member],
        comes_from: tuple[str, str],
    ) -> str:
        """The section of a commitment. `comes_from`: the title of a declaration, and what it copies; each may be empty."""
        moves = [
            ("moved", self._move(number, move))
            for number, milestone in enumerate(milestones, 1)
            for move in milestone.moves
        ]
        fields: Fields = (
            ("by", ";".join(self.people.of_shown([commitment.author]))),
            ("organisation", importable_slug(commitment.organisation.slug)),
            ("language", commitment.language),
            ("published on", write_day(commitment.published_at.date())),
            ("last day", write_day(commitment.last_day)),
            ("declaration", comes_from[0]),
            ("copies", comes_from[1]),
            ("kept on", write_day(commitment.kept_at.date() if commitment.kept_at else None)),
            ("kept with", self._line(commitment.kept_words)),
            ("given up on", write_day(commitment.ended_at.date() if commitment.ended_at else None)),
            ("given up because", self._line(commitment.ended_reason)),
            ("peers", join_parts(self.people.of_shown(peers), ";")),
            *(("milestone", self._milestone(milestone)) for milestone in milestones),
            *moves,
        )
        text = self._text(commitment.source)
        return self._section(3, commitment.title, schemas.COMMITMENT, fields, text)

    def _move(self, number: int, move: Move) -> str:
        reason = self._line(move.reason)
        return write_parts([str(number), str(move.earlier), str(move.moved_on), reason])

    def _milestone(self, milestone: Milestone) -> str:
        told_at = milestone.reached_at or milestone.given_up_at
        state = "reached" if milestone.reached_at else "given up" if milestone.given_up_at else ""
        said = self._line(milestone.reached_words or milestone.given_up_reason)
        day = told_at.date().isoformat() if told_at else ""
        return write_parts(
            [milestone.day.isoformat(), self._line(milestone.words), state, day, said]
        )

    def _line(self, text: str) -> str:
        return on_one_line(self._text(text))

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

    def meeting(self, meeting: Meeting) -> str:
        """The section of a meeting, without the link to join and without attendances."""
        fields: Fields = (
            ("begins", write_moment(meeting.starts_at)),
            ("ends", write_moment(meeting.ends_at)),
            ("time zone", meeting.time_zone),
            ("place", meeting.place),
            ("city", self._city(meeting.city_id)),
            ("online", yes_if(meeting.is_online)),
            ("seats", write_number(meeting.seats)),
            ("readers", write_readers(meeting.audience)),
            ("language", meeting.language),
            ("announced on", write_moment(meeting.created_at)),
            ("cancelled because", meeting.cancelled_reason),
            ("recording", meeting.recording),
            ("uid", meeting.uid),
        )
        whole = self._section(3, meeting.title, schemas.MEETING, fields, self._text(meeting.source))
        if not meeting.outcome:
            return whole
        return f"{whole}#### {schemas.OUTCOME}\n{write_lines(self._text(meeting.outcome))}\n\n"

    # The dialogue

    def topic(
        self,
        topic: ExportedTopic,
        opening: ExportedPost | None,
        themes: Sequence[str],
        below: Below,
        story: Story | None,
    ) -> str:
        """The section of a topic and its opening post; text and follow-up are left out if that post is not visible."""
        fields: Fields = (
            ("kind", topic.kind),
            ("by", self.people.of(topic.author, topic.created_at)),
            ("at", write_moment(topic.created_at)),
            ("language", topic.language),
            ("themes", write_themes(themes)),
            ("readers", write_readers(topic.audience)),
            *self._for(topic.author, topic.organisation_id),
            ("pinned", yes_if(topic.pinned_at)),
            ("all members told", write_moment(topic.told_all_at) if topic.told_all_at else None),
            ("locked", yes_if(topic.locked_at)),
            ("locked because", topic.locked_reason if topic.locked_at else None),
            ("locked until", write_day(topic.locked_until)),
            ("slow", write_pace(topic.pace) if topic.pace else None),
            ("slow because", topic.pace.reason if topic.pace else None),
            *poll_fields(below.poll),
            *self._tried(below.tried),
            ("followed up", write_story(story) if story and opening else None),
        )
        text = self._text(opening.source) if opening else NOT_SHOWN
        return self._section(3, topic.title, schemas.TOPIC, fields, text)

    def comments(self, discussed: ExportedDiscussion) -> str:
        """The heading above the comments on a case or practice."""
        return f"## Comments on {discussed.kind} {importable_slug(discussed.slug)}\n\n"

    def reply(
        self,
        post: ExportedPost,
        topic: ExportedTopic | ExportedDiscussion,
        numbers: Mapping[int, int],
        below: Below,
        latest: datetime,
    ) -> str:
        """The section of a reply or comment.

        `numbers` are those of the posts before it, by id; `latest` is the time of the newest of them.
        """
        language = topic.language if isinstance(topic, ExportedTopic) else None
        keys = topic.keys if isinstance(topic, ExportedDiscussion) else ()
        is_answer = isinstance(topic, ExportedTopic) and topic.answer_id == post.id
        place = keys.index(post.paragraph) + 1 if post.paragraph in keys else None
        at = write_moment(post.created_at)
        fields: Fields = (
            ("language", None if post.language == language else post.language),
            ("answer", yes_if(is_answer)),
            ("paragraph", write_number(place)),
            ("moved", yes_if(post.created_at < latest.replace(second=0))),
            *self._for(post.author, post.organisation_id),
            *poll_fields(below.poll),
            *self._tried(below.tried),
        )
        title = f"{self.people.of(post.author, post.created_at)}, {at}"
        text = number_quotes(post.source, numbers, self.address, self.pictures)
        return self._section(4, title, schemas.POST, fields, text)

    # The glossary

    def entry(self, entry: Entry) -> str:
        """The section of an entry of the glossary, with one for each of its languages."""
        names = {wording.language: wording.name for wording in entry.wordings}
        fields: Fields = (
            ("slug", importable_slug(entry.slug)),
            ("source", entry.source),
            (
                "themes",
                write_themes(theme.name for theme in entry.themes if theme.removed_at is None),
            ),
        )
        title = names.get("en") or entry.wordings[0].name
        whole = [self._section(2, title, schemas.ENTRY, fields)]
        for wording in entry.wordings:
            said: Fields = (("name", wording.name), ("also", join_parts(wording.other_names, ";")))
            whole.append(self._section(3, wording.language, schemas.WORDING, said, wording.meaning))
        return "".join(whole)

    # Pictures and files

    def picture(self, name: str) -> str:
        """The section of a picture or file that has been written."""
        schema = schemas.FILE if is_file(name) else schemas.PICTURE
        fields: Fields = [("by", self.pictures[name]), ("saved as", self.titles.get(name))]
        return self._section(3, name, schema, fields)

    # Shared by all sections

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
