"""What may be typed about agendas, statements and themes."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional

from forum import markup
from forum.agendas.actions import AgendaText, StatementText
from forum.agendas.models import Agenda, Statement, Theme
from forum.agendas.queries import agenda_fields, statement_fields, theme_fields
from forum.drawings import PATTERNS
from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.members.models import PALETTES, Member
from forum.webforms import Form
from forum.webforms import lazy_text as _
from forum.webforms import lazy_word as pgettext

# Characters
MAX_LINE = 200
MAX_SUMMARY = 300
MAX_QUOTATION = 2_000
MAX_THEME = 80
PATTERN_NAMES = {
    "radial-harbour": _("Radial harbour"),
    "chamfered-blocks": _("Chamfered blocks"),
    "delta": _("Delta"),
    "old-town": _("Old town"),
    "green-fingers": _("Green fingers"),
    "civic-axis": _("Civic axis"),
}
PALETTE_NAMES = {
    "water": _("Water"),
    "rose": _("Rose"),
    "teal": _("Teal"),
    "sand": _("Sand"),
    "park": _("Park"),
    "heather": _("Heather"),
}


PREPARATION, OPEN = STATES = ("preparation", "open")
STATE_NAMES = {PREPARATION: _("In preparation"), OPEN: pgettext("agenda", "Open")}


class AgendaForm(Form):
    """An agenda: title, texts, language, colour, plan and hosts, and for a new one, who sees it.

    `seen` is the fingerprint of its fields when the form was opened.
    """

    seen = HiddenField()
    title = StringField(
        _("Title"), [DataRequired(_("Give the agenda a title.")), at_most(MAX_LINE)], [one_line]
    )
    summary = TextAreaField(
        _("Summary"), [DataRequired(_("Say in a sentence what it is about.")), at_most(MAX_SUMMARY)]
    )
    introduction = TextAreaField(
        _("Introduction"), [DataRequired(_("Write an introduction.")), at_most(MAX_SOURCE)]
    )
    findings = TextAreaField(_("What the dialogue has found so far"), [at_most(MAX_SOURCE)])
    language = SelectField(_("Language"))
    palette = RadioField(_("Colour"), choices=[(name, PALETTE_NAMES[name]) for name in PALETTES])
    pattern = RadioField(_("Plan"), choices=[(name, PATTERN_NAMES[name]) for name in PATTERNS])
    hosts = StringField(_("Hosts"), [at_most(1_000)], [one_line])
    state = RadioField(
        _("Who sees it"),
        choices=[(name, STATE_NAMES[name]) for name in STATES],
        default=PREPARATION,
    )

    @classmethod
    def of(cls, agenda: Agenda, **options: Any) -> AgendaForm:
        """The form with what an agenda says now; its hosts must be loaded."""
        words = agenda_fields(agenda)
        hosts = ", ".join(f"@{host.handle}" for host in agenda.hosts)
        return cls(**words | {"hosts": hosts, "seen": fingerprint(words)} | options)

    @property
    def text(self) -> AgendaText:
        """What was typed, as the action takes it."""
        language = self.language.data or "en"
        findings = (self.findings.data or "").strip()
        return AgendaText(
            title=self.title.data or "",
            introduction=markup.write(self.introduction.data or "", language, has_pictures=False),
            findings=markup.write(findings, language, has_pictures=False) if findings else None,
            summary=self.summary.data or "",
            palette=self.palette.data,
            pattern=self.pattern.data,
            is_open=self.is_open,
        )

    @property
    def is_open(self) -> bool:
        """Whether everybody is to see a new agenda at once."""
        return bool(self.state.data == OPEN)

    @property
    def handles(self) -> list[str]:
        """The entries between commas, each the handle or the full name of a member."""
        return (self.hosts.data or "").replace(";", ",").split(",")


class StatementForm(Form):
    """A member's take on an agenda, as it was said that day; `seen` as in `AgendaForm`."""

    seen = HiddenField()
    name = StringField(
        _("Name"), [DataRequired(_("Say who said it.")), at_most(MAX_LINE)], [one_line]
    )
    role_title = StringField(_("Position"), [at_most(MAX_LINE)], [one_line])
    organisation = StringField(_("Organisation"), [at_most(MAX_LINE)], [one_line])
    said_on = DateField(_("Date"), [Optional()])
    quotation = TextAreaField(
        _("Quotation"), [DataRequired(_("Write what the person said.")), at_most(MAX_QUOTATION)]
    )
    language = SelectField(_("Language"))
    handle = StringField(_("Member"), [at_most(MAX_LINE)], [one_line])

    @classmethod
    def of(cls, statement: Statement, speaker: Member | None, **options: Any) -> StatementForm:
        """The form filled with a statement, and with its member if `speaker_of` returns one."""
        names = ("name", "role_title", "organisation", "said_on", "quotation", "language")
        return cls(
            **{name: getattr(statement, name) for name in names},
            handle=f"@{speaker.handle}" if speaker else "",
            seen=fingerprint(statement_fields(statement)),
            **options,
        )

    @property
    def text(self) -> StatementText:
        """What was typed, as the action takes it."""
        return StatementText(
            name=self.name.data or "",
            quotation=self.quotation.data or "",
            role_title=self.role_title.data or "",
            organisation=self.organisation.data or "",
            said_on=self.said_on.data,
            language=self.language.data,
            handle=self.handle.data or "",
        )


class ThemeForm(Form):
    """The name of a theme; `seen` as in `AgendaForm`."""

    seen = HiddenField()
    name = StringField(
        _("Name"), [DataRequired(_("Give the theme a name.")), at_most(MAX_THEME)], [one_line]
    )

    @classmethod
    def of(cls, theme: Theme, **options: Any) -> ThemeForm:
        """The form with the present name of a theme."""
        return cls(name=theme.name, seen=fingerprint(theme_fields(theme)), **options)
