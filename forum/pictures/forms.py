"""What may be sent as a picture or a file."""

from __future__ import annotations

from wtforms import FileField, StringField
from wtforms.validators import Length

from forum.members.forms import one_line
from forum.webforms import FormWithFile
from forum.webforms import lazy_text as _

MAX_ALT = 300  # characters


class PictureForm(FormWithFile):
    """A picture or a file, and its description."""

    picture = FileField(_("Picture or file"))
    alt = StringField(
        _("What it shows, or what it is"),
        [Length(max=MAX_ALT, message=_("Shorten it to %(most)s characters.", most=MAX_ALT))],
        [one_line],
    )
