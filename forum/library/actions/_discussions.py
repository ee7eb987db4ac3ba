"""What the topic of a case or a practice copies from its page."""

from __future__ import annotations

from forum.dialogue.actions import PageOfTopic
from forum.library.models import Case, Practice
from forum.markup import Written
from forum.permissions import PUBLIC


def page_of_case(case: Case, opening: Written) -> PageOfTopic:
    """`opening` is the summary of the case as rendered, with which its topic begins."""
    themes = [theme.id for theme in case.themes]
    return PageOfTopic(case.name, opening, case.agenda_id, PUBLIC, themes)


def page_of_practice(practice: Practice, opening: Written) -> PageOfTopic:
    """`opening` is the sentence of the practice as rendered, with which its topic begins."""
    themes = [theme.id for theme in practice.themes]
    return PageOfTopic(practice.title, opening, practice.agenda_id, practice.audience, themes)
