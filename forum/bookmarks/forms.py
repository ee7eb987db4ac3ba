"""What may be typed about a bookmark."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import Length

from forum.bookmarks.models import MAX_NOTE_LENGTH
from forum.members.forms import one_line
from forum.webforms import Form
from forum.webforms import lazy_text as _


class NoteForm(Form):
    """Why one keeps something."""

    note = StringField(
        _("Your note"),
        [
            Length(
                max=MAX_NOTE_LENGTH,
                message=_("Shorten it to %(most)s characters.", most=MAX_NOTE_LENGTH),
            )
        ],
        [one_line],
    )
