"""What may be typed about entries of the glossary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired

from forum.formrows import TableField
from forum.glossary.actions import (
    MAX_LANGUAGES,
    MAX_MEANING,
    MAX_NAME,
    MAX_OTHERS,
    MAX_SOURCE,
    MAX_WHY,
    EntryText,
    ProposalText,
    WordingText,
)
from forum.glossary.models import Entry
from forum.glossary.queries import entry_fields, wording_row
from forum.history.queries import fingerprint
from forum.members.forms import at_most, one_line
from forum.members.queries import languages
from forum.plaintext import SEMICOLON, split_parts
from forum.webforms import Form, Row
from forum.webforms import lazy_text as _

OF_A_MEMBER = {"dir": "auto"}
MAX_OTHERS_TYPED = MAX_OTHERS * (MAX_NAME + 2)


def language_choices() -> list[tuple[str, str]]:
    """The choices of languages, preceded by the choice of none."""
    return [("", "–"), *languages()]


class WordingRow(Row):
    """The names of an entry in one language, and its meaning in that language."""

    language = SelectField(
        _("Language"), [DataRequired(_("Choose a language."))], choices=language_choices
    )
    name = StringField(
        _("Name"),
        [DataRequired(_("Give the name.")), at_most(MAX_NAME)],
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    others = StringField(
        _("Other names, with semicolons between them"),
        [at_most(MAX_OTHERS_TYPED)],
        [one_line],
        render_kw=OF_A_MEMBER,
    )
    meaning = TextAreaField(
        _("Meaning"), [at_most(MAX_MEANING)], [one_line], render_kw={**OF_A_MEMBER, "rows": 3}
    )


class EntryForm(Form):
    """An entry: its names and meanings by language, its source and themes.

    `seen` is the fingerprint of what it said when the form was opened.
    """

    seen = HiddenField()
    wordings = TableField(_("Names and meanings"), WordingRow, MAX_LANGUAGES)
    source = StringField(_("Source"), [at_most(MAX_SOURCE)], [one_line], render_kw=OF_A_MEMBER)
    themes = SelectMultipleField(_("Themes"), coerce=int)

    @classmethod
    def of(cls, entry: Entry, **options: Any) -> EntryForm:
        """The form with what an entry says now."""
        return cls(
            wordings=[wording_row(wording) for wording in entry.wordings],
            source=entry.source,
            themes=[theme.id for theme in entry.themes if theme.removed_at is None],
            seen=fingerprint(entry_fields(entry)),
            **options,
        )

    @property
    def text(self) -> EntryText:
        """What was typed, as the action takes it."""
        wordings = [
            WordingText(row["language"], row["name"], other_names(row["others"]), row["meaning"])
            for row in self.wordings.data
        ]
        return EntryText(wordings, self.source.data or "", self.themes.data or [])


class ProposalForm(Form):
    """What a member proposes in one language, and why."""

    language = SelectField(_("Language"), [DataRequired(_("Choose a language."))])
    name = StringField(_("Name"), [at_most(MAX_NAME)], [one_line], render_kw=OF_A_MEMBER)
    meaning = TextAreaField(
        _("Meaning"), [at_most(MAX_MEANING)], [one_line], render_kw={**OF_A_MEMBER, "rows": 3}
    )
    why = TextAreaField(
        _("Why, and where it is said so"), [at_most(MAX_WHY)], render_kw={**OF_A_MEMBER, "rows": 3}
    )

    @property
    def text(self) -> ProposalText:
        """What was typed, as the action takes it."""
        said = (self.name.data, self.meaning.data, self.why.data)
        return ProposalText(self.language.data, *(words or "" for words in said))


def other_names(typed: str) -> tuple[str, ...]:
    """The names that stand between semicolons."""
    return tuple(name for name in split_parts(SEMICOLON, typed) if name)


class RemoveForm(Form):
    """The entry that replaces a removed one, if any. `seen` is the fingerprint of what the removed one says."""

    seen = HiddenField()
    into = SelectField(_("Entry that takes its place"), coerce=int)

    @classmethod
    def of(cls, entry: Entry) -> RemoveForm:
        """The form with which an entry is removed."""
        return cls(seen=fingerprint(entry_fields(entry)))

    def offer(self, others: Sequence[tuple[int, str]]) -> None:
        """Offer these entries, and none."""
        self.into.choices = [(0, "–"), *others]
