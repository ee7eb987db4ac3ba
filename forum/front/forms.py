"""The form in which members say which themes they can help with, and the days between which a search finds texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext
from wtforms import SelectMultipleField

from forum.agendas.models import Theme
from forum.search.queries import Period
from forum.webforms import Form
from forum.webforms import lazy_text as _


class ThemesForm(Form):
    """A checkbox for each theme."""

    themes = SelectMultipleField(_("Themes"), coerce=int, validate_choice=True)

    def offer(self, themes: Iterable[Theme]) -> None:
        """Set the themes that can be chosen."""
        self.themes.choices = [(theme.id, theme.name) for theme in themes]


@dataclass(frozen=True)
class TypedDays:
    """The first and the last day of a search, as they stand in its address; empty for none."""

    first: str = ""
    last: str = ""

    @property
    def period(self) -> Period | None:
        """The period; None if nothing can be found in it (`error` says why)."""
        first, last = day_of(self.first), day_of(self.last)
        is_possible = self.is_read and not (first and last and first > last)
        return Period(first, last) if is_possible else None

    @property
    def is_read(self) -> bool:
        """Whether each of them that was typed is a day."""
        return all(day_of(typed) for typed in (self.first, self.last) if typed)

    @property
    def error(self) -> str:
        """What is wrong with them, or nothing."""
        for typed in (self.first, self.last):
            if typed and not day_of(typed):
                return gettext("“%(day)s” is no day. Type one as 2026-11-30.", day=typed)
        if self.period is None:
            return gettext("The first day is after the last one.")
        return ""


def day_of(typed: str) -> date | None:
    """The day that a text names (ISO 8601), or None."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
