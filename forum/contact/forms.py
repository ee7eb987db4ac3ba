"""The forms for letters between members."""

from __future__ import annotations

from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.contact.actions import TEXT_LENGTHS
from forum.webforms import Form
from forum.webforms import lazy_text as _


class ContactForm(Form):
    """A letter to a member."""

    text = TextAreaField(
        _("Your e-mail"),
        [
            DataRequired(_("Write 20 to 3,000 characters.")),
            Length(TEXT_LENGTHS[0], TEXT_LENGTHS[-1], _("Write 20 to 3,000 characters.")),
        ],
    )
    copy = BooleanField(_("Send me a copy"))


class ContactSettingsForm(Form):
    """Whether other members may write one letters."""

    takes_letters = BooleanField(_("Members may write to me on my profile"))
