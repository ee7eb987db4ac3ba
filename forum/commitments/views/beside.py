"""What pages of other rooms show of commitments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for

from forum.commitments import queries
from forum.commitments.forms import STATE_NAMES
from forum.commitments.models import Commitment
from forum.commitments.queries import NextMilestone
from forum.commitments.views._shared import bp
from forum.declarations.models import Declaration
from forum.library.models import Case, Practice
from forum.members.models import Organisation
from forum.web import me

SIDE_MILESTONES = 3  # beside the page of an agenda


@bp.app_template_global()
def commitment_states() -> dict[str, Any]:
    """The labels of the states of a commitment."""
    return dict(STATE_NAMES)


@bp.app_template_global()
def milestones_next(agenda_id: int) -> list[NextMilestone]:
    """For the page of an agenda: the next milestones there that its reader sees."""
    return queries.next_milestones(me(), SIDE_MILESTONES, agenda_id)


@bp.app_template_global()
def commitments_from(declaration: Declaration) -> Sequence[Commitment]:
    """For the page of a declaration: the commitments that follow from it."""
    return queries.commitments_from(me(), declaration)


@bp.app_template_global()
def commitments_copying(page: Practice | Case) -> Sequence[Commitment]:
    """For the page of a practice or a case: the commitments that copy it."""
    return queries.commitments_copying(me(), page)


@bp.app_template_global()
def way_to_commit(path: str) -> str:
    """The address to publish that an organisation copies the practice or case at a path; empty for readers who speak for none."""
    if not queries.speaks_for_any(me()):
        return ""
    kind, slug = path.strip("/").split("/")
    endpoint = "commitments.publish_commitment"
    if kind == "practices":
        return url_for(endpoint, practice=slug)
    return url_for(endpoint, case=slug)


@bp.app_template_global()
def signatories_to_commit(declaration: Declaration) -> list[Organisation]:
    """For the page of an adopted declaration: signatories for which the reader may publish commitments."""
    return queries.signatories_to_commit(me(), declaration)
