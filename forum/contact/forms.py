"""What may be typed into a letter to another member."""

from __future__ import annotations

from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.contact.actions import LENGTHS
from forum.webforms import Form
from forum.webforms import lazy_text as _


class ContactForm(Form):
    """A letter to a member."""

    text = TextAreaField(
        _("Your e-mail"),
        [
            DataRequired(_("Write 20 to 3,000 characters.")),
            Length(LENGTHS[0], LENGTHS[-1], _("Write 20 to 3,000 characters.")),
        ],
    )
    copy = BooleanField(_("Send me a copy"))


class TakesForm(Form):
    """Whether one wants letters of other members."""

    takes_letters = BooleanField(_("Members may write to me on my profile"))
