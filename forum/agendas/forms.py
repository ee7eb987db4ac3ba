"""What may be typed about agendas, statements and themes."""

from __future__ import annotations

from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional

from forum.drawings import PATTERNS
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.members.models import PALETTES
from forum.webforms import Form
from forum.webforms import lazy_text as _
from forum.webforms import lazy_word as pgettext

LINE = 200
SUMMARY = 300
QUOTATION = 2_000
THEME = 80
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
    """An agenda: what it is called and says, its language, colour, plan and hosts, and of a new one, who sees it.

    `seen` is the fingerprint of what it said when the form was opened.
    """

    seen = HiddenField()
    title = StringField(
        _("Title"), [DataRequired(_("Give the agenda a title.")), at_most(LINE)], [one_line]
    )
    summary = TextAreaField(
        _("Summary"), [DataRequired(_("Say in a sentence what it is about.")), at_most(SUMMARY)]
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

    @property
    def is_open(self) -> bool:
        """Whether everybody is to see a new agenda at once."""
        return bool(self.state.data == OPEN)

    @property
    def handles(self) -> list[str]:
        """What was typed between commas, each the handle or the full name of a member."""
        return (self.hosts.data or "").replace(";", ",").split(",")


class StatementForm(Form):
    """A member's take on an agenda, as it was said that day; `seen` as in `AgendaForm`."""

    seen = HiddenField()
    name = StringField(_("Name"), [DataRequired(_("Say who said it.")), at_most(LINE)], [one_line])
    role_title = StringField(_("Position"), [at_most(LINE)], [one_line])
    organisation = StringField(_("Organisation"), [at_most(LINE)], [one_line])
    said_on = DateField(_("Date"), [Optional()])
    quotation = TextAreaField(
        _("Quotation"), [DataRequired(_("Write what the person said.")), at_most(QUOTATION)]
    )
    language = SelectField(_("Language"))
    handle = StringField(_("Member"), [at_most(LINE)], [one_line])


class ThemeForm(Form):
    """The name of a theme; `seen` as in `AgendaForm`."""

    seen = HiddenField()
    name = StringField(
        _("Name"), [DataRequired(_("Give the theme a name.")), at_most(THEME)], [one_line]
    )
