"""What may be typed about cases, practices and readings."""

from __future__ import annotations

from forum.library.forms._fields import (
    MAX_ADDRESS,
    MAX_LINE,
    MAX_READING_LINE,
    MAX_ROWS,
    MAX_SECTION,
    MAX_SENTENCE,
    MAX_SUMMARY,
    MAX_TITLE,
    MAX_WHY,
    use_own_links,
    with_pictures_home,
)
from forum.library.forms.cases import CaseForm
from forum.library.forms.names import (
    EVIDENCE_EXPLANATIONS,
    EVIDENCE_LEVELS,
    EVIDENCE_NAMES,
    KIND_NAMES,
    LINK_NAMES,
    OUTCOME_NAMES,
    READING_NAMES,
    SECTION_NAMES,
    SIZE_NAMES,
    STATE_NAMES,
    STATUS_NAMES,
)
from forum.library.forms.practices import IntentionForm, PracticeForm
from forum.library.forms.readings import ReadingForm

__all__ = [
    "EVIDENCE_EXPLANATIONS",
    "EVIDENCE_LEVELS",
    "EVIDENCE_NAMES",
    "KIND_NAMES",
    "LINK_NAMES",
    "MAX_ADDRESS",
    "MAX_LINE",
    "MAX_READING_LINE",
    "MAX_ROWS",
    "MAX_SECTION",
    "MAX_SENTENCE",
    "MAX_SUMMARY",
    "MAX_TITLE",
    "MAX_WHY",
    "OUTCOME_NAMES",
    "READING_NAMES",
    "SECTION_NAMES",
    "SIZE_NAMES",
    "STATE_NAMES",
    "STATUS_NAMES",
    "CaseForm",
    "IntentionForm",
    "PracticeForm",
    "ReadingForm",
    "use_own_links",
    "with_pictures_home",
]
