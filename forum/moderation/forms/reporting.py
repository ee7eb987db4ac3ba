"""What somebody says when they report something."""

from __future__ import annotations

import re

from flask_babel import gettext
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, ValidationError

from forum.members.actions import MAX_NAME
from forum.members.forms import EMAIL_PATTERN, MAX_EMAIL, at_most, one_line
from forum.moderation.actions import IllegalContentNotice
from forum.moderation.forms._decisions import LENGTH_LIMIT
from forum.moderation.models import ILLEGAL_REASON
from forum.webforms import Form
from forum.webforms import lazy_text as _

REASON_NAMES = {
    "rules": _("It breaks the rules"),
    "spam": _("It is spam or advertising"),
    "off topic": _("It does not belong here"),
    ILLEGAL_REASON: _("It is illegal"),
    "something else": _("Something else"),
}


class ReportForm(Form):
    """A member's report."""

    reason = RadioField(
        _("What is wrong?"), [DataRequired(_("Choose a reason."))], choices=[*REASON_NAMES.items()]
    )
    text = TextAreaField(_("In a sentence"), [LENGTH_LIMIT])


class IllegalForm(Form):
    """A notice of illegal content, with the fields that the law requires; no account is needed."""

    text = TextAreaField(
        _("Why is it illegal?"), [DataRequired(_("Say why it is illegal.")), LENGTH_LIMIT]
    )
    about_children = BooleanField(_("It is about the sexual abuse of children"))
    name = StringField(_("Your name"), [at_most(MAX_NAME)], [one_line])
    email = StringField(_("Your e-mail address"), [at_most(MAX_EMAIL)], [one_line])
    good_faith = BooleanField(
        _("I believe in good faith that what I say here is accurate and complete.")
    )

    def validate_name(self, field: StringField) -> None:
        """Require a name, unless the notice is about the abuse of children."""
        self._require_signature(field)

    def validate_email(self, field: StringField) -> None:
        """Require a valid e-mail address, with the same exception."""
        self._require_signature(field)
        if field.data and not re.match(EMAIL_PATTERN, field.data):
            raise ValidationError(gettext("Write an e-mail address such as name@city.example."))

    def validate_good_faith(self, field: BooleanField) -> None:
        """Require the box to be ticked."""
        if not field.data:
            message = gettext("Confirm that what you say is true as far as you know.")
            raise ValidationError(message)

    def _require_signature(self, field: StringField) -> None:
        if not self.about_children.data and not (field.data or "").strip():
            message = gettext("This is needed, unless it is about the abuse of children.")
            raise ValidationError(message)

    @property
    def notice(self) -> IllegalContentNotice:
        """The notice as the action expects it."""
        return IllegalContentNotice(
            text=self.text.data or "",
            name=self.name.data or "",
            email=self.email.data or "",
            is_in_good_faith=bool(self.good_faith.data),
            is_about_children=bool(self.about_children.data),
        )
