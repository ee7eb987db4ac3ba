"""The blueprint of the members room, and the federation."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, g
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from forum.members import queries
from forum.members.models import Federation
from forum.versions import FEDERATION, current_version

bp = Blueprint("members", __name__)


@bp.app_context_processor
def _template_variables() -> dict[str, Any]:
    return {"federation": LocalProxy(federation)}


def federation() -> Federation:
    """The federation whose forum this is; a placeholder before `flask setup`. Read once per request."""
    if "federation" not in g:
        unnamed = Federation(
            name="Interurban", tagline="", contact_email="", is_demo=False, mark=""
        )
        g.federation = _cached_federation() or unnamed
    return cast(Federation, g.federation)


def _cached_federation() -> Federation | None:
    """The federation from the cache of this process, which is refreshed as soon as an action has changed it.

    When the database does not answer, the error page shows what was cached.
    """
    remembered = current_app.extensions
    known: queries.CachedFederation | None = remembered.get("federation")
    if known and known.version == current_version(FEDERATION):
        return known.federation
    try:
        found = queries.federation_to_cache()
    except SQLAlchemyError:
        if known is None:
            raise
        found = known
    if found:
        remembered["federation"] = found
    return found.federation if found else None
