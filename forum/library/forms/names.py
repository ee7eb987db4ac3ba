"""The names of what a field of the library offers to choose."""

from __future__ import annotations

from forum.library.models import DRAFT, PUBLISHED, RETURNED, SUBMITTED
from forum.library.queries import EVIDENCE
from forum.webforms import lazy_text as _
from forum.webforms import lazy_word as pgettext

KIND_NAMES = {
    "network": _("City network"),
    "city project": _("City project"),
    "programme": _("Programme"),
}
STATUS_NAMES = {"running": _("Running"), "ended": _("Ended"), "renamed": _("Renamed")}
LINK_NAMES = {
    "site": _("Website"),
    "report": pgettext("reading", "Report"),
    "article": _("Article"),
    "data": _("Data"),
}
READING_NAMES = {
    "book": _("Book"),
    "report": pgettext("reading", "Report"),
    "article": _("Article"),
    "website": _("Website"),
    "film": _("Film"),
}
EVIDENCE_NAMES = {
    "told": _("Told"),
    "counted": _("Counted by us"),
    "measured": _("Measured before and after"),
    "studied": _("Studied by others"),
}
EVIDENCE_LEVELS = {name: level for level, name in enumerate(EVIDENCE, 1)}  # 1 is the weakest
EVIDENCE_EXPLANATIONS = {
    "told": _("People who took part say so. Nobody has counted."),
    "counted": _("We have counted something, such as visits or homes, and name the figures."),
    "measured": _("The same was measured before and after, in the same way."),
    "studied": _("Somebody from outside, such as a university, has looked at it and published it."),
}
OUTCOME_NAMES = {
    "kept": _("Kept"),
    "adapted": _("Adapted"),
    "stopped": _("Stopped"),
}
SIZE_NAMES = {
    "town": _("Under 50,000 people"),
    "small": _("50,000 to 250,000"),
    "medium": _("250,000 to 1 million"),
    "large": _("1 to 5 million"),
    "largest": _("More than 5 million"),
}
SECTION_NAMES = {
    "challenge": _("Challenge"),
    "done": _("What was done"),
    "resources": _("Resources and cost"),
    "results": _("Results"),
    "failure": _("What did not work"),
    "lessons": _("Lessons"),
    "needs": _("What another city needs"),
}
STATE_NAMES = {
    DRAFT: _("Draft"),
    SUBMITTED: _("Waiting for a moderator"),
    RETURNED: pgettext("practice", "Returned"),
    PUBLISHED: pgettext("practice", "Published"),
}
