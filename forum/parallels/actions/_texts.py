"""What a member writes as a translation, and its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from forum.errors import Invalid
from forum.illustrations import names_in
from forum.library.queries import SECTIONS
from forum.markup import PlainTexts, Written, write
from forum.matches import combine, from_plain_text
from forum.members.queries import language_names
from forum.parallels.models import BODY, FIGURES, FigureWords, Translation
from forum.parallels.queries import Original, all_texts, figures_of, names_since, translation_in
from forum.permissions import Person
from forum.pictures import actions as pictures
from forum.plaintext import single_line, tidy
from forum.screening.actions import refuse_caught
from forum.screening.queries import Sending

# Some languages need more letters than that of the original
MAX_TITLE, MAX_SENTENCE, MAX_FIGURE_PART = 250, 500, 250  # characters
PARTS = (*SECTIONS, BODY)


@dataclass(frozen=True)
class TranslationText:
    """What a member writes: the title, the sentence or summary, the parts in Markdown by name, and what figures are called.

    All but the title may be empty. It renders its Markdown when it is created, so create it before an action. `written` are the parts that are not empty.
    """

    language: str
    title: str
    sentence: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[FigureWords] = ()
    opening: Written = field(init=False)
    written: Mapping[str, Written] = field(init=False)

    def __post_init__(self) -> None:
        sources = {name: tidy(self.parts.get(name, "")) for name in PARTS}
        written = {
            name: write(text, self.language) for name, text in sources.items() if text.strip()
        }
        object.__setattr__(self, "opening", write(self.sentence, self.language))
        object.__setattr__(self, "written", written)
        object.__setattr__(
            self, "figures", [figure for figure in self.figures if figure.label or figure.unit]
        )

    @property
    def plain(self) -> PlainTexts:
        """The plain texts of the sentence and the parts, by source."""
        parts = {text.source: text.plain for text in self.written.values()}
        return PlainTexts({self.sentence: self.opening.plain, **parts})


def show_pictures(member: Person, translation: Translation, text: TranslationText) -> None:
    """Record which pictures a translation shows. Allowed are those of the original and those that the member may show."""
    original = translation.original
    known = [text_ for texts in (all_texts(original), translation.said) for text_ in texts.values()]
    before = {name for text in known for name in names_in(text)}
    for name, written in text.written.items():
        pictures.show(member, written.pictures, original.agenda_id, before, name)


def screen_translation(
    member: Person, translation: Translation, text: TranslationText, sending: Sending
) -> None:
    words = [word for figure in text.figures for word in (figure.label, figure.unit)]
    texts = [text.opening, *text.written.values(), from_plain_text(*words).text]
    said = combine(texts, text.title)
    refuse_caught(member, translation.agenda_id, said, "title", sending)


def check_translation(text: TranslationText, original: Original) -> None:
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if len(text.sentence) > MAX_SENTENCE:
        most = MAX_SENTENCE
        raise Invalid(_("Write at most %(most)s characters.", most=most), "sentence")
    if text.opening.pictures:
        raise Invalid(
            _("Only words go here. Put the picture or file into the text below."), "sentence"
        )
    known = all_texts(original)
    for name in filter(None, ("sentence" if text.sentence.strip() else "", *text.written)):
        if name not in known:
            raise Invalid(_("The original has no such part any more. Leave this empty."), name)
    _check_figures(text, original)


def _check_figures(text: TranslationText, original: Original) -> None:
    known, said = figures_of(original), [figure[:2] for figure in text.figures]
    if not set(said) <= set(known):
        raise Invalid(_("The original has no such figure any more. Leave this empty."), FIGURES)
    if len(said) != len(set(said)):
        raise Invalid(_("Each figure has one name."), FIGURES)
    for figure in text.figures:
        if max(map(len, figure[2:])) > MAX_FIGURE_PART:
            raise Invalid(_("Write at most %(most)s characters.", most=MAX_FIGURE_PART), FIGURES)


def refuse_unread(signs: str, original: Original) -> None:
    if names_since(signs, original):
        raise Invalid(
            _(
                "The original has changed since you opened the form. Compare both, and send it again."
            )
        )


def check_language(text: TranslationText, original: Original) -> None:
    if text.language not in language_names() or text.language == original.language:
        raise Invalid(_("Choose one from the list."), "language")
    if translation_in(original, text.language):
        said = _("This page has a translation into this language meanwhile. Correct that one.")
        raise Invalid(said, "language")
