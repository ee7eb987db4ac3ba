"""Writing, publishing and hiding cases, practices and readings, with all consequences."""

from __future__ import annotations

from forum.library.actions._paragraphs import moved_paragraphs
from forum.library.actions._rows import RESERVED_SLUGS, VALID_YEARS
from forum.library.actions._texts import (
    CaseText,
    FigureText,
    LinkText,
    PracticeText,
    ReadingText,
    rendered_texts,
)
from forum.library.actions.cases import (
    MAX_PARAGRAPHS,
    hide_case,
    order_cases,
    remove_case,
    restore_case,
    write_case,
)
from forum.library.actions.confirming import ask_whether_true, confirm_practice
from forum.library.actions.drafts import keep_case_draft, keep_practice_draft
from forum.library.actions.intentions import (
    MAX_MONTHS_AHEAD,
    ask_about_intentions,
    forget_intentions,
    give_up,
    intend,
)
from forum.library.actions.mending import (
    mend_discussion,
    reindex_cases,
    reindex_practices,
    reindex_readings,
    rerender_paragraphs,
    rerender_sections,
)
from forum.library.actions.practices import (
    delete_practice,
    erase_practices,
    submit,
    write_and_submit,
    write_practice,
)
from forum.library.actions.publishing import (
    feature,
    hide_practice,
    publish,
    remove_practice,
    restore_practice,
    send_back,
    unfeature,
    wait_again,
)
from forum.library.actions.readings import (
    forget_curator,
    order_readings,
    remove_reading,
    write_reading,
)

__all__ = [
    "MAX_MONTHS_AHEAD",
    "MAX_PARAGRAPHS",
    "RESERVED_SLUGS",
    "VALID_YEARS",
    "CaseText",
    "FigureText",
    "LinkText",
    "PracticeText",
    "ReadingText",
    "ask_about_intentions",
    "ask_whether_true",
    "confirm_practice",
    "delete_practice",
    "erase_practices",
    "feature",
    "forget_curator",
    "forget_intentions",
    "give_up",
    "hide_case",
    "hide_practice",
    "intend",
    "keep_case_draft",
    "keep_practice_draft",
    "mend_discussion",
    "moved_paragraphs",
    "order_cases",
    "order_readings",
    "publish",
    "reindex_cases",
    "reindex_practices",
    "reindex_readings",
    "remove_case",
    "remove_practice",
    "remove_reading",
    "rendered_texts",
    "rerender_paragraphs",
    "rerender_sections",
    "restore_case",
    "restore_practice",
    "send_back",
    "submit",
    "unfeature",
    "wait_again",
    "write_and_submit",
    "write_case",
    "write_practice",
    "write_reading",
]
