"""Telling an author that their text seems to be in another language than the marked one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import flash
from flask_babel import gettext as _
from markupsafe import Markup

from forum import markup
from forum.languages import reads_like
from forum.members import queries
from forum.members.views._shared import bp


class LanguageDoubt(NamedTuple):
    """A text seems to be in another language than the one it is marked with.

    `likely` is the code of that language; `offer` is the label of a button or link that marks the text with it.
    """

    likely: str
    sentence: str
    offer: str


@bp.app_template_global()
def language_doubt_of(source: str | None, marked: str) -> LanguageDoubt | None:
    """`language_doubt` for a text in Markdown, as a form has it."""
    return language_doubt(markup.plain(source or ""), marked)


def language_doubt(plain: str, marked: str) -> LanguageDoubt | None:
    """What to tell the author of a plain text about its mark; None when nothing is certain, or the mark is right."""
    likely = reads_like(plain, marked)
    if likely is None:
        return None
    names = {"marked": queries.language_name(marked), "likely": queries.language_name(likely)}
    said = _("It is marked as %(marked)s and reads like %(likely)s.", **names)
    return LanguageDoubt(likely, said, _("Mark it as %(likely)s", likely=names["likely"]))


def flash_language_doubt(plain: str, marked: str, edit_address: Callable[[str], str]) -> None:
    """Tell the author of a saved text the result of `language_doubt`, with a link to the form with that language chosen.

    `edit_address` returns the form's address for the code of a language.
    """
    if doubt := language_doubt(plain, marked):
        link = Markup('<a href="{}">{}</a>').format(edit_address(doubt.likely), doubt.offer)
        flash(Markup("{} {}").format(doubt.sentence, link), "info")
