"""Writing what organisations sign and promise: declarations and commitments."""

from __future__ import annotations

from collections.abc import Sequence

from forum.commitments.models import Commitment, Milestone, Move
from forum.declarations.models import Declaration, Signature
from forum.members.models import Member
from forum.plaintext import join_parts, on_one_line
from forum.transfer.forms import schemas
from forum.transfer.forms._values_written import Fields, importable_slug, write_day, write_parts
from forum.transfer.forms._writing import SectionWriter
from forum.transfer.models import Author


class PromiseWriter(SectionWriter):
    """The sections of declarations and commitments."""

    def declaration(self, declaration: Declaration, signatures: Sequence[Signature]) -> str:
        """The section of a declaration. Its text is written unchanged, because it is the signed text."""
        author = Author.of(declaration.author)
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
