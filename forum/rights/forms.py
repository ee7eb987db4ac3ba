"""The form for leaving."""

from __future__ import annotations

from wtforms import RadioField
from wtforms.validators import DataRequired

from forum.members.actions import DELETE_EVERYTHING, KEEP_NAMELESS
from forum.webforms import Form
from forum.webforms import lazy_text as _

WAY_NAMES = {
    KEEP_NAMELESS: _("The posts stay, without the name"),
    DELETE_EVERYTHING: _("The posts go as well"),
}
WAY_NOTES = {
    KEEP_NAMELESS: _(
        "“Former member” stands above them, above published practices and above what others quoted. The answers that others got stay. Pictures that no text shows are deleted."
    ),
    DELETE_EVERYTHING: _(
        "Posts, practices, pictures and marks are deleted. Where others have replied, a gap stays, so that their words do too."
    ),
}


class LeaveForm(Form):
    """What becomes of the texts of a member who leaves."""

    how = RadioField(
        _("What becomes of what was written?"),
        [DataRequired(_("Choose what becomes of what was written."))],
        choices=[*WAY_NAMES.items()],
    )
