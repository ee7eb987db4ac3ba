"""Notes of moderators, for all and for each other."""

from __future__ import annotations

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.dialogue.forms import language_field
from forum.moderation.actions import MAX_REASON_LENGTH
from forum.moderation.forms._decisions import LENGTH_LIMIT, ClaimAwareForm
from forum.webforms import Form
from forum.webforms import lazy_text as _


class StaffNoteForm(Form):
    """A note about a member for the other moderators."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), LENGTH_LIMIT])


class NoteForm(ClaimAwareForm):
    """A note of the moderators below a post. `read` is the fingerprint of the note that the page showed."""

    read = HiddenField()
    source = TextAreaField(
        _("Note by the moderators"),
        [
            DataRequired(_("Write a text.")),
            Length(
                max=MAX_REASON_LENGTH,
                message=_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH),
            ),
        ],
    )
    language = language_field()
