"""Writing agendas, statements and meetings."""

from __future__ import annotations

from collections.abc import Sequence

from forum.agendas.models import Agenda, Statement
from forum.meetings.models import Meeting
from forum.plaintext import join_parts
from forum.transfer.forms import schemas
from forum.transfer.forms._escaping import write_lines
from forum.transfer.forms._values_written import (
    Fields,
    importable_slug,
    write_day,
    write_moment,
    write_number,
    write_readers,
    yes_if,
)
from forum.transfer.forms._writing import SectionWriter


class AgendaWriter(SectionWriter):
    """The heads of an agenda's files, and what stands on its page."""

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
