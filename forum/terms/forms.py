"""The forms for writing terms of use and for agreeing to them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from forum import markup
from forum.clock import now
from forum.history.queries import fingerprint
from forum.members.forms import at_most, language_choices, one_line
from forum.terms.actions import MAX_CHANGE_LENGTH, MAX_LENGTH, TermsText
from forum.terms.models import Terms
from forum.terms.queries import terms_fields
from forum.web import whole_number
from forum.webforms import CHOOSE_DAY, Form
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
    valid_from = DateField(_("In force from"), [DataRequired(CHOOSE_DAY)])
    needs_consent = BooleanField(_("Members have to agree before they write again"), default=True)

    @classmethod
    def of(cls, terms: Terms | None, *, is_upcoming: bool, **options: Any) -> TermsForm:
        """The form with an upcoming version, or with a copy of the latest one, if there is any, as a new version."""
        options["seen"] = fingerprint(terms_fields(terms))
        if terms is None:
            return cls(valid_from=now().date(), **options)
        if is_upcoming:
            options |= {"change": terms.change, "needs_consent": terms.needs_consent}
            options["valid_from"] = terms.valid_from.date()
        return cls(source=terms.source, language=terms.language, **options)

    @property
    def text(self) -> TermsText:
        """What was typed, as the action takes it: in force from the beginning of its day, in UTC."""
        day = self.valid_from.data or now().date()
        return TermsText(
            text=markup.write(self.source.data or "", self.language.data, has_pictures=False),
            valid_from=datetime.combine(day, time(), UTC),
            change=self.change.data or "",
            needs_consent=self.needs_consent.data,
        )


class AgreeForm(Form):
    """Agreeing to the version that the page showed."""

    number = HiddenField()

    @property
    def agreed(self) -> int:
        """The number of that version; 0 when the form does not say."""
        return whole_number(self.number.data or "", 5) or 0
