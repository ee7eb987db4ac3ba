"""What may be typed about a best read."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from forum.history.queries import fingerprint
from forum.library.actions import ReadingText
from forum.library.forms._fields import (
    MAX_READING_LINE,
    MAX_WHY,
    YearField,
    address_validators,
    required_text,
)
from forum.library.forms.names import READING_NAMES
from forum.library.models import Reading
from forum.library.queries import reading_fields
from forum.members.forms import at_most, one_line, whole_address
from forum.webforms import Form
from forum.webforms import lazy_text as _


class ReadingForm(Form):
    """A best read; `seen` as in `CaseForm`."""

    seen = HiddenField()
    title = StringField(
        _("Title"), required_text(_("Write the title."), MAX_READING_LINE), [one_line]
    )
    authors = StringField(
        _("Authors"), required_text(_("Say who wrote it."), MAX_READING_LINE), [one_line]
    )
    year = YearField(_("Year"), [Optional()])
    kind = SelectField(_("Kind"), choices=list(READING_NAMES.items()))
    link = StringField(_("Link"), address_validators(), [one_line, whole_address])
    why = TextAreaField(_("Why it matters"), [at_most(MAX_WHY)])
    language = SelectField(_("Language"), default="en")

    @classmethod
    def of(cls, reading: Reading, **options: Any) -> ReadingForm:
        """The form with what a best read says now."""
        names = ("title", "authors", "year", "kind", "link", "why", "language")
        words = {name: getattr(reading, name) for name in names}
        return cls(**words, seen=fingerprint(reading_fields(reading)), **options)

    @property
    def text(self) -> ReadingText:
        """What was typed, as the action takes it."""
        return ReadingText(
            title=self.title.data or "",
            authors=self.authors.data or "",
            year=self.year.data,
            kind=self.kind.data,
            link=self.link.data or "",
            why=self.why.data or "",
            language=self.language.data,
        )
