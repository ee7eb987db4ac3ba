"""Earlier versions of a commitment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forum.commitments.models import Commitment
from forum.commitments.queries.single import milestones_of
from forum.history.queries import Edit, edits_between, versions_of


def commitment_fields(commitment: Commitment) -> dict[str, Any]:
    """The fields of a commitment by which a form detects changes."""
    copied = commitment.practice_id and f"practice {commitment.practice_id}"
    return {
        "title": commitment.title,
        "source": commitment.source,
        "language": commitment.language,
        "last_day": commitment.last_day.isoformat(),
        "declaration": str(commitment.declaration_id or ""),
        "copied": copied or (commitment.case_id and f"case {commitment.case_id}") or "",
    }


def fields_to_keep(commitment: Commitment) -> dict[str, Any]:
    """The fields of a commitment that its history stores and compares, with its milestones and its state."""
    kept = commitment_fields(commitment)
    lines = (milestone.line for milestone in milestones_of(commitment))
    return {
        **{name: kept[name] for name in ("title", "source", "language", "last_day")},
        "milestones": "\n".join(lines),
        "state": commitment.state,
    }


def edits_of(commitment: Commitment, state_names: Mapping[str, Any]) -> list[Edit]:
    """What was changed in a commitment, newest first; states by their names."""
    present = {commitment.id: fields_to_keep(commitment)}
    return edits_between(versions_of("commitment", commitment.id), present, state_names)
