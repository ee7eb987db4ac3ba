"""The forms for letters between members."""

from __future__ import annotations

from wtforms import BooleanField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.contact.actions import TEXT_LENGTHS
from forum.webforms import Form, lazy_number
from forum.webforms import lazy_text as _

MIN_LENGTH, MAX_LENGTH = TEXT_LENGTHS[0], TEXT_LENGTHS[-1]
WRONG_LENGTH = _(
    "Write %(least)s to %(most)s characters.", least=MIN_LENGTH, most=lazy_number(MAX_LENGTH)
)


class ContactForm(Form):
    """A letter to a member."""

    text = TextAreaField(
        _("Your e-mail"), [DataRequired(WRONG_LENGTH), Length(MIN_LENGTH, MAX_LENGTH, WRONG_LENGTH)]
    )
    copy = BooleanField(_("Send me a copy"))


class HostsForm(Form):
    """A letter to the hosts of some agendas."""

    text = TextAreaField(
        _("Your e-mail"), [DataRequired(WRONG_LENGTH), Length(MIN_LENGTH, MAX_LENGTH, WRONG_LENGTH)]
    )
    agendas = SelectMultipleField(
        _("Agendas"), [DataRequired(_("Choose at least one agenda."))], coerce=int
    )


class ContactSettingsForm(Form):
    """Whether other members may write one letters."""

    takes_letters = BooleanField(_("Members may write to me on my profile"))
