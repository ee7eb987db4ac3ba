"""What may be typed of a translation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from forum.history.queries import fingerprint
from forum.library.forms import MAX_SECTION, SECTION_NAMES, with_pictures_home
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.parallels.actions import LONGEST_SENTENCE, LONGEST_TITLE, PARTS, TranslationText
from forum.parallels.models import BODY, Translation
from forum.webforms import Form
from forum.webforms import lazy_text as _

PART_NAMES = {**SECTION_NAMES, BODY: _("Text")}


def _part_field(name: str, most: int = MAX_SECTION) -> TextAreaField:
    return TextAreaField(PART_NAMES[name], [at_most(most)], [with_pictures_home])


class TranslationForm(Form):
    """A translation, with a field for each text that its original has.

    `seen` is the fingerprint of what it said when the form was opened, `signs` what its original said then.
    """

    submission_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField()
    signs = HiddenField()
    language = SelectField(
        _("Language of the translation"),
        [DataRequired(_("Choose the language of the translation."))],
        validate_choice=False,
    )
    title = StringField(
        _("Title"), [DataRequired(_("Translate the title.")), at_most(LONGEST_TITLE)], [one_line]
    )
    sentence = TextAreaField(_("In one sentence"), [at_most(LONGEST_SENTENCE)], [one_line])
    challenge = _part_field("challenge")
    done = _part_field("done")
    resources = _part_field("resources")
    results = _part_field("results")
    failure = _part_field("failure")
    lessons = _part_field("lessons")
    needs = _part_field("needs")
    body = _part_field(BODY, MAX_SOURCE)

    @classmethod
    def of(cls, translation: Translation, **options: Any) -> TranslationForm:
        """The form with what a translation says now."""
        said = translation.said
        return cls(seen=fingerprint(said), language=translation.language, **said, **options)

    def ask_for(self, names: Collection[str]) -> None:
        """Leave out the fields of texts that the original does not have, but keep what was typed there while it had them."""
        for name in ("sentence", *PARTS):
            if name not in names and not any(map(str.strip, self[name].raw_data or ())):
                del self[name]

    @property
    def text(self) -> TranslationText:
        """What was typed, as the action takes it."""
        parts = {name: self[name].data or "" for name in PARTS if name in self}
        sentence = self["sentence"].data or "" if "sentence" in self else ""
        return TranslationText(self.language.data or "", self.title.data or "", sentence, parts)
