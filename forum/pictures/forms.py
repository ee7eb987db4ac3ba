"""What may be sent as a picture or a file."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import FileField, StringField
from wtforms.validators import Length

from forum.members.forms import one_line
from forum.webforms import Form
from forum.webforms import lazy_text as _

MAX_ALT = 300
PICTURE = "picture"  # the name of the field with the file
ACCEPTED = "image/jpeg,image/png,image/webp,image/avif,image/gif"  # and the endings of files


class PictureForm(Form):
    """A picture or a file, and its description."""

    picture = FileField(_("Picture or file"))
    alt = StringField(
        _("What it shows, or what it is"),
        [Length(max=MAX_ALT, message=_("Shorten it to %(most)s characters.", most=MAX_ALT))],
        [one_line],
    )

    class Meta(Form.Meta):
        """Unlike other forms, this one takes a file."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Read the fields, and one file: a file in place of a text field is ignored."""
            if request.method != "POST":
                return None
            sent = request.files.getlist(PICTURE)
            files = MultiDict[str, FileStorage]((PICTURE, file) for file in sent)
            return CombinedMultiDict([files, request.form])
