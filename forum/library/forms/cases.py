"""What may be typed about a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from wtforms import (
    DateField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from forum.dialogue.forms import FormWithDraft
from forum.formrows import TableField
from forum.history.queries import fingerprint
from forum.library.actions import MAX_PARAGRAPHS, CaseText, FigureText, LinkText
from forum.library.forms._fields import (
    MAX_LINE,
    MAX_ROWS,
    MAX_SUMMARY,
    MAX_WORDS,
    OF_A_MEMBER,
    OF_AN_ADDRESS,
    LinkRow,
    YearField,
    address_validators,
    as_row,
    required_text,
    with_pictures_home,
)
from forum.library.forms.names import KIND_NAMES, STATUS_NAMES
from forum.library.models import Case
from forum.library.queries import FIGURE_PARTS, LINK_PARTS, TYPED_FIELDS_OF_CASES, case_fields
from forum.markdown import MAX_SOURCE, paragraphs
from forum.members.forms import at_most, one_line, whole_address
from forum.webforms import Row
from forum.webforms import lazy_text as _


class FigureRow(Row):
    """A figure of a case, with its date and source."""

    label = StringField(
        _("What is counted"),
        required_text(_("Say what is counted."), MAX_LINE),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    value = StringField(
        _("Value"),
        required_text(_("Give the value."), MAX_LINE),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    unit = StringField(_("Unit"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)
    as_at = StringField(_("Date"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)
    source = StringField(_("Source"), [at_most(MAX_WORDS)], [one_line], render_kw=OF_A_MEMBER)
    address = StringField(
        _("Address of the source"),
        address_validators(),
        [one_line, whole_address],
        render_kw=OF_AN_ADDRESS,
    )


class PlaceRow(Row):
    """A city of a case."""

    city = StringField(_("City"), [at_most(MAX_LINE)], [one_line], render_kw=OF_A_MEMBER)


class CaseForm(FormWithDraft):
    """A case example: its facts, its text, and tables of figures, links and places.

    `seen` is the fingerprint of the case when the form was opened.
    """

    typed = TYPED_FIELDS_OF_CASES
    kept_hidden = ("seen",)

    seen = HiddenField()
    name = StringField(_("Name"), required_text(_("Give the case a name."), MAX_LINE), [one_line])
    agenda = SelectField(_("Agenda"), validate_choice=True)
    kind = SelectField(_("Kind"), choices=list(KIND_NAMES.items()))
    status = SelectField(_("Status"), choices=list(STATUS_NAMES.items()))
    since = YearField(_("Since"), [Optional()])
    reach = StringField(_("Reach"), [at_most(MAX_LINE)], [one_line])
    summary = TextAreaField(
        _("Summary"),
        required_text(_("Say in a sentence or two what it is."), MAX_SUMMARY),
        [one_line],
    )
    body = TextAreaField(
        _("Text"),
        required_text(_("Write the text of the case."), MAX_SOURCE),
        [with_pictures_home],
    )
    language = SelectField(_("Language"), default="en")
    checked_on = DateField(_("Facts checked on"), [Optional()])
    places = TableField(_("Places"), PlaceRow, MAX_ROWS)
    figures = TableField(_("Figures"), FigureRow, MAX_ROWS)
    links = TableField(_("Links"), LinkRow, MAX_ROWS)
    themes = SelectMultipleField(_("Themes"), coerce=int)

    @classmethod
    def of(cls, case: Case, **options: Any) -> CaseForm:
        """The form with what a case says now."""
        names = ("name", "kind", "status", "since", "reach", "summary", "body", "language")
        words = {name: getattr(case, name) for name in (*names, "checked_on")}
        return cls(
            **words,
            seen=fingerprint(case_fields(case)),
            agenda=case.agenda.slug,
            places=[{"city": f"{city.name}, {city.country}"} for city in case.places],
            figures=[as_row(figure, FIGURE_PARTS) for figure in case.figures],
            links=[as_row(link, LINK_PARTS) for link in case.links],
            themes=[theme.id for theme in case.themes],
            **options,
        )

    def validate_body(self, field: TextAreaField) -> None:
        """Refuse more than `MAX_PARAGRAPHS`."""
        if len(paragraphs(field.data or "")) > MAX_PARAGRAPHS:
            message = gettext("Write at most %(most)s paragraphs.", most=MAX_PARAGRAPHS)
            raise ValidationError(message)

    def text(self, city_ids: Sequence[int]) -> CaseText:
        """What was typed, as the action expects it."""
        return CaseText(
            name=self.name.data or "",
            kind=self.kind.data,
            summary=self.summary.data or "",
            body=self.body.data or "",
            reach=self.reach.data or "",
            since=self.since.data,
            status=self.status.data,
            language=self.language.data,
            checked_on=self.checked_on.data,
            city_ids=city_ids,
            theme_ids=self.themes.data or (),
            figures=[FigureText(**row) for row in self.figures.data],
            links=[LinkText(**row) for row in self.links.data],
        )
