"""The kinds of sections of content files: which fields each has, as docs/content-format.md says it."""

from __future__ import annotations

from forum.agendas import forms as agendas
from forum.commitments import actions as commitments
from forum.declarations import actions as declarations
from forum.dialogue.actions import TITLE_LENGTHS
from forum.dialogue.models import MAX_QUESTION
from forum.drawings import PATTERNS
from forum.glossary import actions as glossary
from forum.library import forms as library
from forum.library.models import STATES
from forum.meetings import forms as meetings
from forum.members.models import PALETTES
from forum.parallels import actions as parallels
from forum.permissions import AUDIENCES
from forum.transfer.forms._sections import Schema
from forum.transfer.forms._values import (
    advice_request,
    any_moment,
    audience,
    copied,
    day,
    deed_day,
    entry_slug,
    entry_themes,
    existing_slug,
    figure,
    figure_words,
    follow_up,
    former_voice,
    language,
    languages,
    link,
    list_of,
    milestone,
    moment,
    moved,
    named_link,
    new_slug,
    new_themes,
    one_of,
    one_of_zones,
    other_terms,
    pace,
    past_day,
    poll_option,
    portrait,
    report,
    short,
    short_text,
    signature,
    slug,
    slugs,
    term,
    tried,
    uid,
    up_to,
    voice,
    wants,
    whole_number,
    year,
    yes_or_no,
)

POLL = {
    "poll": up_to(MAX_QUESTION),
    "poll several": yes_or_no,
    "poll until": any_moment,
    "poll closed": moment,
}
POLL_OPTIONS = {"poll option": poll_option}
MARKS = {"useful": list_of, "same here": list_of}
TRIED = {"tried": tried}
WANTS = {"wants": wants}
NEW_THEMES = {"new themes": new_themes}
PARTS = {
    "Challenge": "challenge",
    "What was done": "done",
    "Resources and cost": "resources",
    "Results": "results",
    "What did not work": "failure",
    "Lessons": "lessons",
    "What another city needs": "needs",
}

AGENDA = Schema(
    {
        "slug": new_slug,
        "palette": one_of(*PALETTES),
        "pattern": one_of(*PATTERNS),
        "order": whole_number,
        "hosts": list_of,
        "archived": yes_or_no,
        "in preparation": yes_or_no,
        "language": language,
        "summary": up_to(agendas.MAX_SUMMARY),
        **NEW_THEMES,
    },
    required=("slug", "palette", "pattern", "summary"),
)
CONTINUATION = Schema(
    {"slug": existing_slug, "archived": yes_or_no, **NEW_THEMES}, required=("slug",), has_text=False
)
FINDINGS = Schema({"written on": deed_day})
STATEMENT = Schema(
    {
        "position": short,
        "organisation": short,
        "said on": past_day,
        "language": language,
        "member": slug,
        "unnamed": yes_or_no,
    },
    max_text=agendas.MAX_QUOTATION,
)
CASE = Schema(
    {
        "slug": new_slug,
        "kind": one_of("network", "city project", "programme"),
        "since": year,
        "status": one_of("running", "ended", "renamed"),
        "reach": short,
        "places": list_of,
        "themes": list_of,
        "language": language,
        "checked on": past_day,
        "summary": up_to(library.MAX_SUMMARY),
    },
    {"figure": figure, "link": named_link, **TRIED, **WANTS},
    required=("slug", "kind", "summary"),
)
PRACTICE = Schema(
    {
        "slug": new_slug,
        "by": slug,
        "city": short,
        "sentence": up_to(library.MAX_SENTENCE),
        "link": link,
        "evidence": one_of("told", "counted", "measured", "studied"),
        "cost": short,
        "started": year,
        "themes": list_of,
        "language": language,
        "readers": audience,
        "did not work for": audience,
        "state": one_of(*STATES),
        "published on": deed_day,
        "returned because": short_text,
        "featured": yes_or_no,
        "revisit on": day,
        "confirmed on": deed_day,
        "adapted from": existing_slug,
        "on behalf of organisation": yes_or_no,
        **MARKS,
    },
    {**TRIED, **WANTS},
    required=("slug", "by", "sentence"),
    has_text=False,
    title_lengths=range(1, library.MAX_TITLE + 1),
)
READING = Schema(
    {
        "authors": up_to(library.MAX_READING_LINE),
        "year": year,
        "kind": one_of("book", "report", "article", "website", "film"),
        "link": link,
        "language": language,
    },
    required=("authors",),
    has_text=None,
    title_lengths=range(1, library.MAX_READING_LINE + 1),
    max_text=library.MAX_WHY,
)
MEETING = Schema(
    {
        "begins": any_moment,
        "ends": any_moment,
        "time zone": one_of_zones,
        "place": up_to(meetings.MAX_PLACE),
        "city": short,
        "online": yes_or_no,
        "seats": whole_number,
        "readers": one_of(*AUDIENCES),
        "language": language,
        "announced on": moment,
        "cancelled because": up_to(meetings.MAX_REASON),
        "recording": link,
        "uid": uid,
    },
    required=("begins", "ends"),
    title_lengths=range(1, meetings.MAX_TITLE + 1),
)
OUTCOME = "What came of it"
TOPIC = Schema(
    {
        "kind": one_of("experience", "question"),
        "by": slug,
        "at": moment,
        "language": language,
        "themes": list_of,
        "readers": audience,
        "on behalf of organisation": yes_or_no,
        "pinned": yes_or_no,
        "all members told": moment,
        "locked": yes_or_no,
        "locked because": short_text,
        "locked until": day,
        "slow": pace,
        "slow because": short_text,
        "followed up": follow_up,
        **POLL,
        **MARKS,
    },
    {**TRIED, **POLL_OPTIONS, "report": report, "asked": advice_request},
    required=("kind", "by", "at"),
    title_lengths=TITLE_LENGTHS,
)
POST = Schema(
    {
        "language": language,
        "answer": yes_or_no,
        "paragraph": whole_number,
        "moved": yes_or_no,
        "on behalf of organisation": yes_or_no,
        **POLL,
        **MARKS,
    },
    {**TRIED, **POLL_OPTIONS, "report": report},
)
ENTRY = Schema(
    {"slug": entry_slug, "source": up_to(glossary.MAX_SOURCE), "themes": entry_themes},
    required=("slug",),
    has_text=False,
)
WORDING = Schema(
    {"name": term, "also": other_terms},
    required=("name",),
    has_text=None,
    max_text=glossary.MAX_MEANING,
)
DECLARATION = Schema(
    {
        "by": slug,
        "language": language,
        "opened on": deed_day,
        "frozen on": deed_day,
        "sign until": day,
        "adopted on": deed_day,
        "withdrawn on": deed_day,
        "withdrawn because": up_to(declarations.MAX_REASON),
        "digest": up_to(64),
    },
    {"signature": signature},
    required=("by", "opened on"),
)
COMMITMENT = Schema(
    {
        "by": slug,
        "organisation": existing_slug,
        "language": language,
        "published on": deed_day,
        "last day": day,
        "declaration": up_to(declarations.MAX_TITLE),
        "copies": copied,
        "kept on": deed_day,
        "kept with": up_to(commitments.MAX_REASON),
        "given up on": deed_day,
        "given up because": up_to(commitments.MAX_REASON),
        "peers": list_of,
    },
    {"milestone": milestone, "moved": moved},
    required=("organisation", "published on", "last day", "milestone"),
    title_lengths=range(1, commitments.MAX_TITLE + 1),
)
TRANSLATION = Schema(
    {
        "of": copied,
        "by": slug,
        "language": language,
        "sentence": up_to(parallels.MAX_SENTENCE),
        "written on": deed_day,
        "corrected on": deed_day,
        "corrected by": slug,
        "outdated": yes_or_no,
    },
    {"figure": figure_words},
    required=("of", "language", "written on"),
    has_text=None,
    title_lengths=range(1, parallels.MAX_TITLE + 1),
)
PICTURE = Schema({"by": slug}, required=("by",), has_text=False)
FILE = Schema({"by": slug, "saved as": short}, required=("by",), has_text=False)
ORGANISATION = Schema(
    {
        "slug": slug,
        "kind": one_of("city", "institute", "company", "association", "partner"),
        "city": short,
        "representative": slug,
        "seats": whole_number,
        "website": link,
        "names who writes for it": yes_or_no,
    },
    {"writes for it": voice, "has written for it": former_voice},
    required=("slug", "kind"),
    has_text=None,
)
MEMBER = Schema(
    {
        "handle": slug,
        "earlier handles": slugs,
        "position": short,
        "organisation": slug,
        "city": short,
        "language": language,
        "languages": languages,
        "role": one_of("member", "moderator", "administrator"),
        "helps with": list_of,
        "can help with": short_text,
        "portrait": portrait,
        "joined on": deed_day,
    },
    required=("handle",),
    has_text=None,
)
