"""What may be typed in the dialogue: topics, replies, edits, marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, ValidationError

from forum import webforms
from forum.confusables import visible
from forum.dialogue.actions import MAX_NOTE_LENGTH, TITLE_LENGTHS, NewTopic
from forum.dialogue.models import MAX_THEMES, TYPED, Mark, PollText
from forum.dialogue.queries import SUBMISSION_KEY_LENGTH, poll_fingerprint
from forum.formrows import TableField, column_of
from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.markup import Written
from forum.members.forms import LanguageList, language_choices, one_line
from forum.permissions import MEMBERS, PUBLIC
from forum.webforms import Form, lazy_number
from forum.webforms import lazy_text as _

MYSELF, ORGANISATION = "myself", "organisation"
KIND_NAMES = {"experience": _("Experience"), "question": _("Question")}  # labels of `CHOSEN_KINDS`
AUDIENCE_NAMES = {PUBLIC: _("Everyone"), MEMBERS: _("Members only")}
OUTCOME_NAMES = {
    "kept": _("We kept it"),
    "adapted": _("We adapted it"),
    "stopped": _("We stopped it"),
}
AS_IT_IS = "same"
LASTS_NAMES = {
    "": _("until I close it"),
    "week": _("for a week"),
    "month": _("for a month"),
}
# Headings that a button adds to the text, by kind of topic
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
    """Who can read a topic, or what stands on a page of its own."""
    choices = list(AUDIENCE_NAMES.items())
    return RadioField(_("Who can read it"), choices=choices, default=PUBLIC)


def themes_field() -> SelectMultipleField:
    """The themes of a topic; the view sets the choices, the action checks how many are chosen."""
    return SelectMultipleField(_("Themes"), choices=[], render_kw={"most": MAX_THEMES})


def language_field() -> SelectField:
    """The language that a text is written in."""
    return SelectField(_("Language of the text"), choices=language_choices, widget=LanguageList())


def question_field() -> StringField:
    """The question of a poll; it and the options are empty where there is no poll."""
    return StringField(_("Question of the poll"), filters=[one_line])


def options_field() -> TextAreaField:
    """The options of a poll, in lines."""
    return TextAreaField(_("Options"), filters=[_visible_lines])


def _visible_lines(text: str | None) -> str:
    """A filter of a field: lines without invisible characters that no spelling needs, as `one_line` for a single line."""
    return "\n".join(map(visible, (text or "").split("\n")))


def multiple_field() -> BooleanField:
    """Whether several options of a poll can be chosen."""
    return BooleanField(_("Everybody can choose several options"))


def lasts_field() -> SelectField:
    """Until when votes are counted."""
    return SelectField(_("Votes are counted"), choices=list(LASTS_NAMES.items()), default="")


def _data_of(poll: PollText | None) -> dict[str, Any]:
    """What the fields of a poll hold for one that is there; nothing without one."""
    if poll is None:
        return {}
    lasts = AS_IT_IS if poll.closes_at else poll.lasts
    data = {"question": poll.question, "options": "\n".join(poll.options), "lasts": lasts}
    return {**data, "is_multiple": poll.is_multiple}


class _WithPoll(Form):
    """A form with the fields of a poll, which its subclasses declare at the right position."""

    before: PollText | None = None

    def poll(self) -> PollText | None:
        """The poll that was typed, if any."""
        question, options = self["question"].data or "", self["options"].data or ""
        if not (question.strip() or options.strip()):
            return None
        is_left = self["lasts"].data == AS_IT_IS
        return PollText(
            question,
            options.split("\n"),
            bool(self["is_multiple"].data),
            lasts="" if is_left else self["lasts"].data or "",
            closes_at=self.before.closes_at if is_left and self.before else None,
        ).tidied

    def begin_with(self, before: PollText | None) -> None:
        """Fill in an existing poll, unless the form was sent, and offer to leave its end as it is."""
        if before is None:
            return
        self.offer_end_of(before)
        if not self.is_submitted():  # type: ignore[no-untyped-call]  # Flask-WTF has no types
            for name, data in _data_of(before).items():
                self[name].data = data

    def offer_end_of(self, before: PollText | None) -> None:
        """Offer to leave the end of an existing poll as it is, if it has one."""
        self.before = before
        if before and before.closes_at:
            lasts: Any = self["lasts"]
            lasts.choices = [(AS_IT_IS, _("as long as they are now")), *LASTS_NAMES.items()]

    def validate_question(self, field: StringField) -> None:
        """Add the error of the question, if a poll was typed."""
        self._refuse(field)

    def validate_options(self, field: TextAreaField) -> None:
        """Add the error of the options, if a poll was typed."""
        self._refuse(field)

    def _refuse(self, field: StringField) -> None:
        poll = self.poll()
        if why := poll and poll.faults.get(field.name):
            raise ValidationError(why)


class PollForm(_WithPoll):
    """The poll below a topic's first text, on a page of its own. `seen` is the fingerprint of the poll that the form was opened with."""

    seen = HiddenField()
    question = question_field()
    options = options_field()
    is_multiple = multiple_field()
    lasts = lasts_field()

    @classmethod
    def of(cls, poll: PollText | None, **options: Any) -> PollForm:
        """The form with the poll that is there, if any."""
        form = cls(seen=poll_fingerprint(poll), **_data_of(poll), **options)
        form.offer_end_of(poll)
        return form


def _cut_key(key: str | None) -> str:
    return (key or "")[:SUBMISSION_KEY_LENGTH]


class FormWithDraft(Form):
    """A form whose content is saved as a draft. The same submission key posts only once; `drafted` says what its page has seen."""

    submission_key = HiddenField(filters=[_cut_key], default=webforms.submission_key)
    drafted = HiddenField()
    kept_hidden: ClassVar[tuple[str, ...]] = ()  # hidden fields that a draft has, too
    typed: ClassVar[tuple[str, ...]] = TYPED  # if none of these has words, there is nothing to save

    @property
    def has_words(self) -> bool:
        """Whether there is anything to save."""
        words = [self[name].data for name in self.typed if name in self]
        words += [
            cell.data
            for table in self
            if isinstance(table, TableField)
            for cell in table.cells
            if column_of(cell.name) in self.typed
        ]
        return any(str(word or "").strip() for word in words)


class ReplyForm(FormWithDraft):
    """A reply, or a comment on a case or practice."""

    kept_hidden = ("paragraph",)
    paragraph = HiddenField()
    source = text_field(_("Your reply"))
    language = language_field()
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)


class TopicForm(FormWithDraft, _WithPoll):
    """A new topic. Only title and text are compulsory."""

    kind = kind_field(_("What kind of contribution is it?"))
    title = title_field()
    source = text_field(_("Text"))
    question = question_field()
    options = options_field()
    is_multiple = multiple_field()
    lasts = lasts_field()
    themes = themes_field()
    language = language_field()
    audience = audience_field()
    writes_for = RadioField(_("I write for"), choices=[(MYSELF, _("Myself"))], default=MYSELF)

    def text(
        self, written: Written, theme_ids: Sequence[int], is_for_organisation: bool
    ) -> NewTopic:
        """What was typed, as the action takes it; `written` is the text of the form, rendered."""
        return NewTopic(
            kind=self.kind.data,
            title=self.title.data or "",
            text=written,
            themes=theme_ids,
            audience=self.audience.data,
            for_organisation=is_for_organisation,
            poll=self.poll(),
        )


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
    """What became of trying what a post tells. `seen` is the fingerprint of what the form was opened with."""

    seen = HiddenField()
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
    language = language_field()

    @classmethod
    def of(cls, given: Mark | None, language: str, **options: Any) -> TriedForm:
        """The form with what was said before; a sentence whose language is not known is in `language`, the reader's own."""
        known: dict[str, Any] = {"outcome": given.outcome, "note": given.note} if given else {}
        known["seen"] = fingerprint(given.fields if given else {})
        language = (given.language if given else "") or language
        return cls(**known, language=language, **options)


class ReviseTopicForm(EditTopicForm, _WithPoll):
    """A new topic that waits or was refused, with its poll."""

    question = question_field()
    options = options_field()
    is_multiple = multiple_field()
    lasts = lasts_field()
