"""Forms of the house rules, the ready texts, and the recourse outside of the forum."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext
from wtforms import (
    DateField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.validators import DataRequired, ValidationError

from forum.clock import now
from forum.history.queries import fingerprint
from forum.members.forms import at_most, language_choices, one_line
from forum.plaintext import single_line
from forum.rules.actions import (
    MAX_ADDRESS,
    MAX_CHANGE,
    MAX_HINT,
    MAX_NAME,
    MAX_RECOURSE_NAME,
    MAX_TEXT,
    RecourseText,
    RulesText,
    Wording,
)
from forum.rules.models import RECOURSES, Recourse
from forum.rules.queries import OfferedText, Rules, recourse_fields, rules_fields, text_fields
from forum.webforms import CHOOSE_DAY, Form
from forum.webforms import lazy_text as _

MAX_SOURCE = 30_000  # characters of all rules together
PARTS = ("name", "address", "sentence")  # of a recourse
DEED_NAMES = {
    "hide": _("Hide"),
    "remove": _("Remove"),
    "ask_to_edit": _("Ask the author to edit"),
    "lock": _("Lock"),
    "slow": _("Slow down"),
    "send_back": _("Return to the author"),
    "warn": _("Warn"),
    "silence": _("Silence"),
    "suspend": _("Suspend"),
    "warn_reporter": _("Warn about reports"),
    "suspend_reports": _("Take no reports"),
}


class RulesForm(Form):
    """A version of the house rules. Each rule is a line with its name and lines with its sentences; empty lines separate rules.

    `seen` is the fingerprint of the latest version when the form was opened.
    """

    seen = HiddenField()
    rules = TextAreaField(
        _("The rules"),
        [
            DataRequired(_("Write at least one rule.")),
            at_most(MAX_SOURCE),
        ],
    )
    language = SelectField(_("Language of the text"), choices=language_choices, default="en")
    change = StringField(
        _("What is new, in a sentence"),
        [DataRequired(_("Say in a sentence what is new.")), at_most(MAX_CHANGE)],
        [one_line],
    )
    valid_from = DateField(_("In force from"), [DataRequired(CHOOSE_DAY)])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The rules as pairs of a name and its sentences."""
        lines = [line.strip() for line in (self.rules.data or "").splitlines()]
        blocks = "\n".join(lines).strip().split("\n\n")
        parts = [block.strip().partition("\n") for block in blocks if block.strip()]
        return [(name, single_line(sentences)) for name, _end, sentences in parts]

    @classmethod
    def of(cls, rules: Rules, *, is_upcoming: bool, **options: Any) -> RulesForm:
        """The form with an upcoming version, or with a copy of the latest one as a new version."""
        known: dict[str, Any] = {"valid_from": now().date()}
        if is_upcoming and rules.valid_from:
            known = {"valid_from": rules.valid_from.date(), "change": rules.change}
        return cls(
            rules="\n\n".join(f"{rule.name}\n{rule.sentence}" for rule in rules.rules),
            language=rules.language,
            seen=fingerprint(rules_fields(rules)),
            **known,
            **options,
        )

    @property
    def text(self) -> RulesText:
        """What was typed, as the action takes it: in force from the beginning of its day, in UTC."""
        begin = datetime.combine(self.valid_from.data or now().date(), time(), UTC)
        return RulesText(self.pairs, begin, self.change.data or "", self.language.data)


class RuleAwareForm(Form):
    """A form with a field `rule`, in which one of the house rules is chosen by its number.

    `rules_number` is that of the version of which the page offered the rules: in another version the same number is
    another rule, so that a rule chosen on an older page has to be chosen again.
    """

    rules_number = HiddenField()
    has_lost_rule = False  # whether a rule of another version was chosen

    def note_rules(self, rules: Rules) -> None:
        """Note which rules are offered now, and forget the choice of a rule of another version."""
        chosen, shown = self["rule"].data, self.rules_number.data
        self.rules_number.data = str(rules.number)
        is_rule = str(chosen or "").isdigit()
        if is_rule and shown and shown != self.rules_number.data:
            self["rule"].data, self.has_lost_rule = self["rule"].default, True

    def refuse_lost_rule(self) -> None:
        """Raise `ValidationError` when a rule has to be chosen again, and nothing else is chosen."""
        if self.has_lost_rule and self["rule"].data == self["rule"].default:
            raise ValidationError(
                gettext("The house rules have changed meanwhile. Choose the rule again.")
            )


class ReadyTextForm(RuleAwareForm):
    """A ready text: its deed, its rule and its words. `seen` is the fingerprint of what it said when the form was opened."""

    seen = HiddenField()
    name = StringField(
        _("Name"), [DataRequired(_("Give the text a name.")), at_most(MAX_NAME)], [one_line]
    )
    deed = RadioField(
        _("For which deed?"), [DataRequired(_("Choose a deed."))], choices=[*DEED_NAMES.items()]
    )
    rule = SelectField(_("Rule"), coerce=int, default=0)
    text = TextAreaField(
        _("What happened, and what to do now"),
        [DataRequired(_("Write the text.")), at_most(MAX_TEXT)],
    )

    def offer_rules(self, rules: Rules) -> None:
        """Offer these rules, and none."""
        self.note_rules(rules)
        offered = [(rule.number, f"{rule.number}. {rule.name}") for rule in rules.rules]
        self.rule.choices = [(0, gettext("No rule")), *offered]

    def validate_rule(self, _field: Field) -> None:
        """Refuse a rule of another version."""
        self.refuse_lost_rule()

    @classmethod
    def of(cls, ready: OfferedText, **options: Any) -> ReadyTextForm:
        """The form with what a ready text says now."""
        fields = text_fields(ready)
        return cls(**fields, seen=fingerprint(fields), **options)

    @property
    def wording(self) -> Wording:
        """What was typed, as the action takes it."""
        return Wording(self.name.data or "", self.deed.data, self.rule.data, self.text.data or "")


def name_field() -> StringField:
    """The name of a recourse."""
    return StringField(_("Name"), [at_most(MAX_RECOURSE_NAME)], [one_line])


def address_field() -> URLField:
    """The web address of a recourse."""
    return URLField(_("Address on the web"), [at_most(MAX_ADDRESS)], [one_line])


def sentence_field() -> StringField:
    """The sentence about a recourse."""
    return StringField(
        _("What members should know, in a sentence"), [at_most(MAX_HINT)], [one_line]
    )


class RecourseForm(Form):
    """The recourse outside of the forum: fields of the dispute body, fields of the authority.

    `seen` is the fingerprint of what was named when the form was opened.
    """

    seen = HiddenField()
    body_name = name_field()
    body_address = address_field()
    body_sentence = sentence_field()
    authority_name = name_field()
    authority_address = address_field()
    authority_sentence = sentence_field()
    language = SelectField(_("Language of the sentences"), choices=language_choices, default="en")

    @classmethod
    def of(cls, known: Mapping[str, Recourse], **options: Any) -> RecourseForm:
        """The form with what is named now, by kind, in the language of the first that is."""
        languages = (recourse.language for recourse in known.values() if recourse.name)
        said = {
            f"{kind}_{part}": getattr(recourse, part)
            for kind, recourse in known.items()
            for part in PARTS
        }
        seen = fingerprint(recourse_fields(known))
        return cls(**said, language=next(languages, "en"), seen=seen, **options)

    @property
    def named(self) -> dict[str, RecourseText]:
        """The recourses by kind."""
        return {kind: self._named(kind) for kind in RECOURSES}

    def _named(self, kind: str) -> RecourseText:
        parts = {part: self[f"{kind}_{part}"].data or "" for part in PARTS}
        return RecourseText(**parts, language=self.language.data)
