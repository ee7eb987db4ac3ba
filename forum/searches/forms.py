"""The form of a kept search."""

from __future__ import annotations

from wtforms import RadioField, StringField

from forum.members.forms import at_most, one_line
from forum.searches.models import DAILY, MAX_NAME_LENGTH, NEVER, WEEKLY
from forum.webforms import Form
from forum.webforms import lazy_text as _

FREQUENCY_NAMES = {
    DAILY: _("Each day, if there is something new"),
    WEEKLY: _("Once a week, in the digest"),
    NEVER: _("Not at all"),
}


class SearchForm(Form):
    """The name of a search, and how often its owner is notified of new texts."""

    name = StringField(_("Name"), [at_most(MAX_NAME_LENGTH)], [one_line])
    told = RadioField(_("Tell me of new texts"), choices=list(FREQUENCY_NAMES.items()))
