"""The form in which members say which themes they can help with."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import SelectMultipleField

from forum.agendas.models import Theme
from forum.webforms import Form
from forum.webforms import lazy_text as _


class ThemesForm(Form):
    """A checkbox for each theme."""

    themes = SelectMultipleField(_("Themes"), coerce=int, validate_choice=True)

    def offer(self, themes: Iterable[Theme]) -> None:
        """Set the themes that can be chosen."""
        self.themes.choices = [(theme.id, theme.name) for theme in themes]
