"""The blueprint of the members room, and the federation."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, g
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import FileStorage
from werkzeug.local import LocalProxy

from forum.errors import Invalid
from forum.members import queries
from forum.members.models import Federation
from forum.settings import MEGABYTE
from forum.shrinking import PICTURE
from forum.versions import FEDERATION, current_version

# Of a picture: the body may be longer (`configuring.MAX_PICTURE_BODY`), so that a sentence refuses a larger one, and what
# was typed with it is given back
MAX_BYTES = 12 * MEGABYTE

bp = Blueprint("members", __name__)


@bp.app_context_processor
def _template_variables() -> dict[str, Any]:
    return {"federation": LocalProxy(federation)}


def federation() -> Federation:
    """The federation whose forum this is; a placeholder before `flask setup`. Read once per request."""
    if "federation" not in g:
        unnamed = Federation(
            name="Interurban", tagline="", contact_email="", is_demo=False, mark="", taglines={}
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


def bytes_of(sent: FileStorage) -> bytes:
    """A picture that was sent. Raises `Invalid` if it is too large."""
    data = sent.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Invalid(_("This picture has more than 12 MB. Choose a smaller one."), PICTURE)
    return data
