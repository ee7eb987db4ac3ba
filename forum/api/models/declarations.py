"""Declarations and their signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from forum.api.models.members import City, Reference
from forum.declarations.models import TOLD_STATES as DECLARATION_STATES


@dataclass(frozen=True)
class Declaration:
    """A joint declaration. `sha256` is that of its text once it is frozen, `signatures_count` how many organisations have signed."""

    id: int
    title: str
    url: str
    api_url: str
    agenda: Reference
    language: str
    state: Annotated[str, DECLARATION_STATES]
    opened_at: datetime
    frozen_at: datetime | None
    sign_until: date | None
    adopted_at: datetime | None
    withdrawn_at: datetime | None
    sha256: str | None
    signatures_count: int


@dataclass(frozen=True)
class Signature:
    """An organisation has signed: who did so for it, as they were that day, and under which reservation; null for none."""

    organisation: Reference
    city: City | None
    name: str
    position: str | None
    signed_at: datetime
    reservation: str | None
    language: str | None


@dataclass(frozen=True)
class WholeDeclaration(Declaration):
    """A declaration with its text (`source` is what `sha256` is of), and the first thousand signatures.

    `withdrawn_because` is why it was withdrawn.
    """

    source: str
    html: str
    withdrawn_because: str | None
    signatures: list[Signature]
