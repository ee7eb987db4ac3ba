"""What may be sent as a picture or a file."""

from __future__ import annotations

from wtforms import FileField, StringField

from forum.members.forms import at_most, one_line
from forum.webforms import FormWithFile
from forum.webforms import lazy_text as _

MAX_ALT = 300  # characters


class PictureForm(FormWithFile):
    """A picture or a file, and its description."""

    picture = FileField(_("Picture or file"))
    alt = StringField(_("What it shows, or what it is"), [at_most(MAX_ALT)], [one_line])
