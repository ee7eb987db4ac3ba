"""What may be typed about declarations and their signatures."""

from __future__ import annotations

from flask_babel import lazy_pgettext
from wtforms import (
    DateField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired

from forum.declarations.actions import LONGEST_REASON, LONGEST_RESERVATION, LONGEST_TITLE
from forum.declarations.models import ADOPTED, CONSULTATION, DRAFT, OPEN, WITHDRAWN
from forum.dialogue.actions import TITLE_LENGTHS
from forum.dialogue.forms import language_field
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.webforms import Form
from forum.webforms import lazy_text as _

STATE_NAMES = {
    DRAFT: lazy_pgettext("declaration", "Draft"),
    CONSULTATION: lazy_pgettext("declaration", "In consultation"),
    OPEN: lazy_pgettext("declaration", "Open for signature"),
    ADOPTED: lazy_pgettext("declaration", "Adopted"),
    WITHDRAWN: lazy_pgettext("declaration", "Withdrawn"),
}


class DeclarationForm(Form):
    """The title and the text of a declaration. `seen` is the fingerprint of what it said when the form was opened."""

    seen = HiddenField()
    title = StringField(
        _("Title"),
        [DataRequired(_("Give the declaration a title.")), at_most(LONGEST_TITLE)],
        [one_line],
    )
    body = TextAreaField(_("Text"), [DataRequired(_("Write a text.")), at_most(MAX_SOURCE)])
    language = language_field()


class OpenForm(Form):
    """The question that opens the consultation in the dialogue; empty where there is to be none."""

    title = StringField(_("Title of the topic"), [at_most(TITLE_LENGTHS[-1])], [one_line])
    text = TextAreaField(_("What members are asked"), [at_most(MAX_SOURCE)])


class FreezeForm(Form):
    """Until when organisations sign. `digest` is that of the text that the page shows, `seen` the fingerprint of the fields."""

    digest = HiddenField()
    seen = HiddenField()
    sign_until = DateField(
        _("The last day to sign"), [InputRequired(_("Choose a day, such as 2027-01-15."))]
    )


class SignForm(Form):
    """For which organisation a member signs the text of this `digest`, and with which reservation."""

    digest = HiddenField()
    organisation = SelectField(_("Organisation"), coerce=int)
    reservation = TextAreaField(_("Reservation"), [at_most(LONGEST_RESERVATION)])
    language = language_field()


class InviteForm(Form):
    """Which organisations are invited to sign."""

    organisations = SelectMultipleField(_("Organisations"), coerce=int)


class WithdrawForm(Form):
    """Why a declaration is withdrawn."""

    reason = TextAreaField(
        _("Reason"), [DataRequired(_("Write the reason.")), at_most(LONGEST_REASON)]
    )


class PressForm(Form):
    """A page that asks once more, and has nothing to fill in."""
