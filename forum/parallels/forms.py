"""Forms of translations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from forum.dialogue.forms import FormWithDraft
from forum.formrows import MAX_NUMBER, TableField
from forum.history.queries import fingerprint
from forum.library.forms import MAX_ROWS, MAX_SECTION, SECTION_NAMES, with_pictures_home
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.parallels.actions import (
    MAX_FIGURE_PART,
    MAX_SENTENCE,
    MAX_TITLE,
    PARTS,
    TranslationText,
)
from forum.parallels.models import (
    BODY,
    FIGURES,
    FigureWords,
    Translation,
    digest,
    in_lines,
)
from forum.parallels.queries import TYPED_FIELDS, figures_to_name
from forum.webforms import Row
from forum.webforms import lazy_text as _

PART_NAMES = {**SECTION_NAMES, BODY: _("Text"), FIGURES: _("What figures are called")}


def _part_field(name: str, most: int = MAX_SECTION) -> TextAreaField:
    return TextAreaField(PART_NAMES[name], [at_most(most)], [with_pictures_home])


class FigureWordsRow(Row):
    """The name of one figure: in the original, which identifies it, and in the translation."""

    of_label = HiddenField()
    of_unit = HiddenField()
    label = StringField(
        _("Name"), [at_most(MAX_FIGURE_PART)], [one_line], render_kw={"dir": "auto"}
    )
    unit = StringField(_("Unit"), [at_most(MAX_FIGURE_PART)], [one_line], render_kw={"dir": "auto"})


class TranslationForm(FormWithDraft):
    """The form of a translation, with a field for each text of its original.

    `seen` is the fingerprint of what it said when the form was opened, `signs` what its original said then.
    """

    typed = TYPED_FIELDS
    kept_hidden = ("seen", "signs")

    seen = HiddenField()
    signs = HiddenField()
    language = SelectField(
        _("Language of the translation"),
        [DataRequired(_("Choose the language of the translation."))],
        validate_choice=False,
    )
    title = StringField(
        _("Title"), [DataRequired(_("Translate the title.")), at_most(MAX_TITLE)], [one_line]
    )
    sentence = TextAreaField(_("In one sentence"), [at_most(MAX_SENTENCE)], [one_line])
    challenge = _part_field("challenge")
    done = _part_field("done")
    resources = _part_field("resources")
    results = _part_field("results")
    failure = _part_field("failure")
    lessons = _part_field("lessons")
    needs = _part_field("needs")
    body = _part_field(BODY, MAX_SOURCE)
    figures = TableField(PART_NAMES[FIGURES], FigureWordsRow, MAX_ROWS)

    @classmethod
    def of(cls, translation: Translation, **options: Any) -> TranslationForm:
        """The form with the present texts of a translation."""
        said = translation.said
        named = [figure._asdict() for figure in figures_to_name(translation, translation.original)]
        words = said | {"language": translation.language, FIGURES: named}
        return cls(seen=fingerprint(said), **words, **options)

    def ask_for(self, names: Collection[str], figures: Sequence[FigureWords]) -> None:
        """Leave out the fields of texts that the original does not have, but keep what was typed there while it had them.

        `figures` are those that the original has.
        """
        self._ask_for_figures([figure[:2] for figure in figures])
        for name in ("sentence", *PARTS):
            if name not in names and not any(map(str.strip, self[name].raw_data or ())):
                del self[name]

    def _ask_for_figures(self, asked: Sequence[tuple[str, str]]) -> None:
        typed = [FigureWords(**row) for row in self.figures.data]
        known = {figure[:2]: figure for figure in typed}
        rows = [known.get(key) or FigureWords(*key, "") for key in asked]
        rows += [figure for figure in typed if figure[:2] not in asked and any(figure[2:])]
        self.figures.show(_numbered(rows))
        if not rows:
            del self[FIGURES]

    @property
    def text(self) -> TranslationText:
        """What was typed, as the action takes it."""
        parts = {name: self[name].data or "" for name in PARTS if name in self}
        sentence = self["sentence"].data or "" if "sentence" in self else ""
        rows = self.figures.data if FIGURES in self else []
        return TranslationText(
            language=self.language.data or "",
            title=self.title.data or "",
            sentence=sentence,
            parts=parts,
            figures=[FigureWords(**row) for row in rows],
        )


def _numbered(rows: Sequence[FigureWords]) -> dict[int, dict[str, str]]:
    """The rows, numbered by their figures, so that a row keeps its number when other figures are added, removed or moved.

    A draft saved by the browser is thus restored into the right rows.
    """
    numbered: dict[int, dict[str, str]] = {}
    for row in rows:
        number = int(digest(in_lines([row[:2]])), 16) % MAX_NUMBER + 1
        while number in numbered:
            number = number % MAX_NUMBER + 1
        numbered[number] = row._asdict()
    return numbered
