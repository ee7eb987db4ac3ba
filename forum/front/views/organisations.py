"""The page of an organisation."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from forum import web
from forum.commitments.queries import commitments_of_organisation
from forum.declarations.queries import signatures_by
from forum.front import queries
from forum.front.views._maps import mini_map
from forum.front.views._shared import MEMBERS_SHOWN, bp
from forum.library.queries import practices_by, practices_tried_by
from forum.members.forms import KIND_NAMES
from forum.members.queries import (
    get_organisation,
    mandates_of,
    members_of_organisation,
    number_in_organisation,
    voices_of,
)
from forum.web import me


@bp.get("/organisations/<slug>")
def organisation(slug: str) -> ResponseReturnValue:
    """An organisation: its members, what they wrote, which practices they share and tried."""
    reader = me()
    organisation = get_organisation(slug)
    mandates, mandates_count = mandates_of(reader, organisation)
    return render_template(
        "front/organisation.html",
        organisation=organisation,
        kinds=KIND_NAMES,
        members=members_of_organisation(reader, organisation.id, MEMBERS_SHOWN),
        members_count=number_in_organisation(reader, organisation.id),
        written=queries.contributions_in_organisation(reader, organisation, web.number("page")),
        practices=practices_by(reader, organisation_id=organisation.id),
        tried=practices_tried_by(reader, organisation_id=organisation.id),
        voices=voices_of(reader, organisation),
        mandates=mandates,
        mandates_count=mandates_count,
        signatures=signatures_by(reader, organisation.id),
        commitments=commitments_of_organisation(reader, organisation.id),
        spot=mini_map(organisation.city),
    )
