"""The masthead, which every page has."""

from __future__ import annotations

from forum.front import queries
from forum.front.views._shared import bp
from forum.web import me, my_unread


@bp.app_template_global()
def masthead() -> queries.Masthead:
    """The counters of the masthead, which each page of a member prints once."""
    return queries.masthead(me(), my_unread())
