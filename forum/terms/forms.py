"""The forms for writing terms of use and for agreeing to them."""

from __future__ import annotations

from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from forum.members.forms import at_most, language_choices, one_line
from forum.terms.actions import MAX_CHANGE_LENGTH, MAX_LENGTH
from forum.web import whole_number
from forum.webforms import Form
from forum.webforms import lazy_text as _


class TermsForm(Form):
    """One version of the terms. `seen` is the fingerprint of the latest version when the form was opened."""

    seen = HiddenField()
    source = TextAreaField(
        _("Terms of use"),
        [
            DataRequired(_("Write the terms.")),
            at_most(MAX_LENGTH),
        ],
    )
    language = SelectField(_("Language of the text"), choices=language_choices, default="en")
    change = StringField(_("What is new, in a sentence"), [at_most(MAX_CHANGE_LENGTH)], [one_line])
    valid_from = DateField(
        _("In force from"), [DataRequired(_("Choose a day, such as 2027-01-31."))]
    )
    needs_consent = BooleanField(_("Members have to agree before they write again"), default=True)


class AgreeForm(Form):
    """Agreeing to the version that the page showed."""

    number = HiddenField()

    @property
    def agreed(self) -> int:
        """The number of that version; 0 when the form does not say."""
        return whole_number(self.number.data or "", 5) or 0
