"""The fields and limits that several forms of the library have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Optional, Regexp, StopValidation

from forum.clock import now
from forum.illustrations import with_local_pictures
from forum.library.actions import VALID_YEARS
from forum.library.forms.names import LINK_NAMES
from forum.members.forms import at_most, one_line, whole_address
from forum.permissions import Person
from forum.pictures.queries import with_own_links
from forum.web import settings
from forum.webforms import Form, Row
from forum.webforms import lazy_text as _

# Characters
MAX_LINE = 200
MAX_TITLE = 100
MAX_SENTENCE = 200
MAX_SUMMARY = 400
MAX_ADDRESS = 1_000
MAX_SECTION = 8_000
MAX_READING_LINE = 400  # of the title or the authors of a best read
MAX_WHY = 800
OFFERED_MONTHS = (1, 3, 6, 12, 24)  # choices for the end of an intention
MAX_WORDS = 1_000  # characters of a source, or of a link's text
MAX_ROWS = 40
# Attributes of fields in rows
OF_A_MEMBER = {"dir": "auto"}
OF_AN_ADDRESS = {"inputmode": "url", "dir": "ltr"}


class YearField(IntegerField):
    """A field for a year, whose error message says how to write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a year such as 2024."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        if typed and self.data not in VALID_YEARS:
            raise ValueError(gettext("Enter a year, such as 2024."))


def not_over(_form: Any, day: Any) -> None:
    """A validator that refuses a day in the past, unless it is the day that the field had before."""
    if day.data and day.data != day.object_data and day.data < now().date():
        raise StopValidation(gettext("Choose today or a day that is still ahead."))


def address_validators() -> list[Any]:
    """The validators of an optional field for the address of a page."""
    message = _("Enter a whole address, such as https://example.org.")
    return [Optional(), at_most(MAX_ADDRESS), Regexp(r"https?://[^\s/]+\S*$", message=message)]


def with_pictures_home(value: Any) -> Any:
    """A filter of a field: pictures of this forum get local addresses, even if browsers copied absolute ones."""
    return with_local_pictures(value, settings().url) if isinstance(value, str) else value


def use_own_links(author: Person, form: Form, names: Iterable[str]) -> None:
    """Let the texts that an author typed in some fields use those of their pictures and files to which they link."""
    for name in names:
        if name in form and form[name].data:
            form[name].data = with_own_links(author, form[name].data)


def required_text(message: str, max_length: int) -> list[Any]:
    """The validators of a required text; `message` says that it is missing."""
    return [DataRequired(message), at_most(max_length)]


class LinkRow(Row):
    """A link of a case for further reading."""

    label = StringField(
        _("Text"),
        required_text(_("Say what the link leads to."), MAX_WORDS),
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    address = StringField(
        _("Address"),
        [DataRequired(_("Give the address.")), *address_validators()],
        [one_line, whole_address],
        render_kw=OF_AN_ADDRESS,
    )
    kind = SelectField(_("Kind"), choices=list(LINK_NAMES.items()), default="site")


def as_row(item: Any, names: Iterable[str]) -> dict[str, str]:
    return {name: getattr(item, name) for name in names}
