"""What may be typed in the dialogue: topics, replies, edits, marks."""

from __future__ import annotations

from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length

from forum.dialogue.actions import MAX_NOTE_LENGTH, TITLE_LENGTHS
from forum.dialogue.models import MAX_THEMES, TYPED
from forum.markdown import MAX_SOURCE
from forum.members.forms import LanguageList, language_choices, one_line
from forum.permissions import MEMBERS, PUBLIC
from forum.webforms import Form, lazy_number
from forum.webforms import lazy_text as _

MYSELF, ORGANISATION = "myself", "organisation"
KIND_NAMES = {"experience": _("Experience"), "question": _("Question")}  # of `CHOSEN_KINDS`
AUDIENCE_NAMES = {PUBLIC: _("Everyone"), MEMBERS: _("Members only")}
OUTCOME_NAMES = {
    "kept": _("We kept it"),
    "adapted": _("We adapted it"),
    "stopped": _("We stopped it"),
}
# Headings that a press puts into the text of each kind
PROMPTS = {
    "experience": (_("What we did"), _("What happened"), _("What we would change")),
    "question": (_("Our situation"), _("What we have tried"), _("What we want to know")),
}


def text_field(label: str) -> TextAreaField:
    """A text in Markdown that may not be empty."""
    return TextAreaField(
        label,
        [
            DataRequired(_("Write a text.")),
            Length(
                max=MAX_SOURCE,
                message=_("Shorten the text to %(most)s characters.", most=lazy_number(MAX_SOURCE)),
            ),
        ],
    )


def title_field(label: str = _("Title")) -> StringField:
    """The title of a topic."""
    least, most = TITLE_LENGTHS[0], TITLE_LENGTHS[-1]
    message = _("Enter a title of %(least)s to %(most)s characters.", least=least, most=most)
    return StringField(
        label, [DataRequired(message), Length(least, most, message=message)], [one_line]
    )


def kind_field(label: str) -> RadioField:
    """Which kind of topic it is, of those that an author chooses."""
    return RadioField(label, choices=list(KIND_NAMES.items()), default="experience")


def audience_field() -> RadioField:
    """Who can read a topic."""
    choices = list(AUDIENCE_NAMES.items())
    return RadioField(_("Who can read it"), choices=choices, default=PUBLIC)


def themes_field() -> SelectMultipleField:
    """The themes of a topic; the view says which there are, the action how many there may be."""
    return SelectMultipleField(_("Themes"), choices=[], render_kw={"most": MAX_THEMES})


def language_field() -> SelectField:
    """The language that a text is written in."""
    return SelectField(_("Language of the text"), choices=language_choices, widget=LanguageList())


class _FormWithDraft(Form):
    """A form that the forum keeps as a draft. The same submission key posts once; `drafted` says what its page has seen."""

    submission_key = HiddenField()
    drafted = HiddenField()

    @property
    def has_words(self) -> bool:
        """Whether there is anything to keep."""
        return any(self[name].data.strip() for name in TYPED if name in self and self[name].data)


class ReplyForm(_FormWithDraft):
    """A reply, or a comment on a case or practice."""

    paragraph = HiddenField()
    source = text_field(_("Your reply"))
    language = language_field()
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)


class TopicForm(_FormWithDraft):
    """A new topic. Only title and text are compulsory."""

    kind = kind_field(_("What kind of contribution is it?"))
    title = title_field()
    source = text_field(_("Text"))
    themes = themes_field()
    language = language_field()
    audience = audience_field()
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)


class EditForm(Form):
    """A post to change. `seen` is the fingerprint of the text that the form was opened with."""

    seen = HiddenField()
    source = text_field(_("Text"))
    language = language_field()


class EditTopicForm(EditForm):
    """The post that opens a topic, with what belongs to the topic."""

    title = title_field()
    themes = themes_field()
    audience = audience_field()


class TriedForm(Form):
    """What became of trying what a post tells."""

    outcome = RadioField(
        _("What became of it?"),
        [DataRequired(_("Say what became of it: kept, adapted or stopped."))],
        choices=list(OUTCOME_NAMES.items()),
    )
    note = StringField(
        _("Why, in one sentence"),
        [
            Length(
                max=MAX_NOTE_LENGTH,
                message=_("Shorten the sentence to %(most)s characters.", most=MAX_NOTE_LENGTH),
            )
        ],
        [one_line],
    )
