"""Forms of the rules before publication: one rule, a list of domains, who counts as new, a text to try."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.widgets import TextInput

from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.screening.actions import MAX_SENTENCE, MAX_VALUE, RuleText
from forum.screening.models import USUAL_SENTENCE, Newness, Rule
from forum.screening.queries import newness_fields, rule_fields
from forum.webforms import Form, lazy_number
from forum.webforms import lazy_text as _

KIND_NAMES = {
    "links": _("Links, pictures and files of new members"),
    "word": _("A word"),
    "domain": _("A domain"),
    "same text": _("The same text again"),
    "agenda": _("An agenda on approval"),
    "member": _("A member on approval"),
}
MAX_LIST = 400_000  # characters of a list of domains


def sentence_field() -> StringField:
    """The sentence that the author of a held text reads."""
    limits = [
        DataRequired(_("Write a sentence for the author.")),
        Length(
            max=MAX_SENTENCE,
            message=_("Write at most %(most)s characters.", most=MAX_SENTENCE),
        ),
    ]
    return StringField(_("What the author reads"), limits, default=lambda: str(USUAL_SENTENCE))


def number_field(label: str, most: int) -> IntegerField:
    """A number from 0 to `most`, in a text field: a browser empties a number field that is shown again with something else."""
    message = _("Write a number from 0 to %(most)s.", most=most)
    limits = [InputRequired(message), NumberRange(0, most, message=message)]
    return IntegerField(label, limits, widget=TextInput())


class RuleForm(Form):
    """A rule: what it looks for, and what the author reads. `seen` is the fingerprint of both when the form was opened."""

    seen = HiddenField()
    kind = RadioField(
        _("What is held back?"),
        [DataRequired(_("Choose a kind of rule."))],
        choices=[*KIND_NAMES.items()],
        default="word",
    )
    value = StringField(
        _("Word, domain, handle or number"),
        [
            Length(
                max=MAX_VALUE,
                message=_("Write at most %(most)s characters.", most=MAX_VALUE),
            )
        ],
    )
    agenda = SelectField(_("Agenda"), choices=[], validate_choice=False)
    sentence = sentence_field()

    @classmethod
    def of(cls, rule: Rule, **options: Any) -> RuleForm:
        """The form with what a rule says now; its member and agenda must be loaded."""
        return cls(
            kind=rule.kind,
            value=rule.member.handle if rule.member else rule.value,
            agenda=str(rule.agenda_id or ""),
            sentence=rule.sentence,
            seen=fingerprint(rule_fields(rule)),
            **options,
        )

    @property
    def chosen_value(self) -> str:
        """The value for the chosen kind of rule: the id of the agenda, or what was typed."""
        return str((self.agenda if self.kind.data == "agenda" else self.value).data or "")

    @property
    def text(self) -> RuleText:
        """What was typed, as the action takes it."""
        return RuleText(self.kind.data, self.chosen_value, self.sentence.data or "")


class NewnessForm(Form):
    """Who counts as new. `seen` is the fingerprint of the numbers when the form was opened."""

    seen = HiddenField()
    days = number_field(_("Days since joining"), 365)
    posts = number_field(_("Published posts"), 100)
    first_posts = number_field(_("First posts that a moderator looks at"), 20)

    @classmethod
    def of(cls, known: Newness, **options: Any) -> NewnessForm:
        """The form with the numbers that hold now."""
        fields = newness_fields(known)
        return cls(**fields, seen=fingerprint(fields), **options)


class DomainsForm(Form):
    """A list of domains."""

    domains = TextAreaField(
        _("Domains, one on a line"),
        [
            DataRequired(_("Write at least one domain.")),
            Length(max=MAX_LIST, message=_("Send the list in parts.")),
        ],
    )
    sentence = sentence_field()


class TryForm(Form):
    """A text to try."""

    agenda = SelectField(_("Agenda"), choices=[], coerce=int)
    who = RadioField(
        _("Who writes it?"),
        choices=[("new", _("A new member")), ("known", _("Another member"))],
        default="new",
    )
    title = StringField(_("Title"), [Length(max=300)])
    source = TextAreaField(
        _("Text"),
        [
            DataRequired(_("Write a text.")),
            Length(
                max=MAX_SOURCE,
                message=_("Shorten the text to %(most)s characters.", most=lazy_number(MAX_SOURCE)),
            ),
        ],
    )
