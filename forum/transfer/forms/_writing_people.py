"""Writing the people file: organisations and members."""

from __future__ import annotations

from collections.abc import Sequence

from forum.clock import now
from forum.members.models import Mandate, Member, Organisation
from forum.plaintext import join_parts
from forum.transfer.forms import schemas
from forum.transfer.forms._people import ExportedPerson
from forum.transfer.forms._values_written import (
    Fields,
    write_day,
    write_moment,
    write_number,
    write_parts,
    yes_if,
)
from forum.transfer.forms._writing import SectionWriter
from forum.transfer.models import usual_language


class PeopleWriter(SectionWriter):
    """The sections of the people file."""

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
        languages = [row.language for row in member.languages] or ["en"]
        is_usual = member.language == usual_language(languages)
        fields: Fields = (
            ("handle", member.handle),
            ("earlier handles", join_parts(list(earlier), ";")),
            ("position", member.position),
            ("organisation", organisation.slug if organisation else None),
            ("city", self._city(member.city_id)),
            ("language", None if is_usual else member.language),
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
