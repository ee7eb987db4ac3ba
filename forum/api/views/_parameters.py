"""The parameters of the endpoints."""

from __future__ import annotations

from forum.api.queries import ACTIVE, NEWEST, OLDEST, ORDERS
from forum.columns import MAX_ID
from forum.commitments.models import STATES
from forum.declarations.models import TOLD_STATES
from forum.dialogue.models import KINDS, OUTCOMES
from forum.dialogue.queries import KINDS_OF_TOPICS
from forum.library.forms import KIND_NAMES, SIZE_NAMES
from forum.library.queries import EVIDENCE
from forum.openapi import Parameter
from forum.search.queries import KINDS as FOUND_KINDS
from forum.webforms import lazy_text as _

AGENDA = Parameter("agenda", _("The last part of the address of an agenda."))
AGENDAS = Parameter("agenda", AGENDA.meaning, several=True)
THEME = Parameter("theme", _("The last part of the address of a theme."))
THEMES = Parameter("theme", THEME.meaning, several=True)
LANGUAGE = Parameter("language", _("A language, by its code: fr."))
LANGUAGES = Parameter("language", LANGUAGE.meaning, several=True)
COUNTRIES = Parameter("country", _("A country, by its code of two letters: FI."), several=True)
TRIED = Parameter(
    "tried",
    _("What became of it in a city that tried it. Its size and country are of the same city."),
    choices=OUTCOMES,
    several=True,
)
TRIED_SIZES = Parameter(
    "tried_size", _("How large a city is that tried it."), choices=tuple(SIZE_NAMES), several=True
)
TRIED_COUNTRIES = Parameter(
    "tried_country", _("The country of a city that tried it, by its code: FI."), several=True
)
TRIED_CITIES = Parameter(
    "tried_city", _("The last part of the address of a city that tried it."), several=True
)
TRIALS = (TRIED, TRIED_SIZES, TRIED_COUNTRIES, TRIED_CITIES)
KIND = Parameter("kind", _("What kind."), choices=KINDS)
ORDER = Parameter("order", _("In which order."), choices=ORDERS, default=ACTIVE)
ORDER_OF_POSTS = Parameter("order", ORDER.meaning, choices=(NEWEST, OLDEST), default=NEWEST)
CURSOR = Parameter("cursor", _("Where to go on: the address in “next” has it."))
AFTER = Parameter("after", _("The number of the last post that you have."), most=MAX_ID)
SLUG = Parameter("slug", _("The last part of its address."), is_in_path=True)
IN_LANGUAGE = Parameter("language", _("The code of the language, such as fr."), is_in_path=True)
VERSION = Parameter("number", _("The number of a version."), most=MAX_ID, is_in_path=True)
TOPIC_ID = Parameter("topic_id", _("The number of a topic."), most=MAX_ID, is_in_path=True)
POST_ID = Parameter("post_id", _("The number of a post."), most=MAX_ID, is_in_path=True)
KINDS_OF_CASES = Parameter("kind", KIND.meaning, choices=tuple(KIND_NAMES), several=True)
PROOF = Parameter("evidence", _("How well the result is proven."), choices=EVIDENCE, several=True)
FAILED = Parameter("failed", _("Only those that say what did not work."), choices=("yes",))
CONFIRMED = Parameter(
    "confirmed",
    _(
        "Whether its author has said recently that it is still true, or was asked and has not answered."
    ),
    choices=("yes", "no"),
)
STATE = Parameter("state", _("How far it has come."), choices=TOLD_STATES)
BEFORE = Parameter("before", _("The number of the last declaration that you have."), most=MAX_ID)
DECLARATION_ID = Parameter(
    "declaration_id", _("The number of a declaration."), most=MAX_ID, is_in_path=True
)
COMMITMENT_ID = Parameter(
    "commitment_id", _("The number of a commitment."), most=MAX_ID, is_in_path=True
)
STATE_OF_COMMITMENT = Parameter("state", STATE.meaning, choices=STATES)
LAST_COMMITMENT = Parameter(
    "before", _("The number of the last commitment that you have."), most=MAX_ID
)
SHOWN = Parameter(
    "show",
    _("Those that come, or those that are over."),
    choices=("coming", "past"),
    default="coming",
)
KINDS_FOUND = Parameter(
    "kind", KIND.meaning, choices=(*KINDS_OF_TOPICS.names, *FOUND_KINDS), several=True
)
WORDS = Parameter(
    "q",
    _(
        "The words to look for. A phrase stands in quotation marks, and what has a word after a hyphen is left out."
    ),
)
FROM = Parameter("from", _("The first day (UTC) on which it was written: 2026-11-30."), is_day=True)
TO = Parameter("to", _("The last day (UTC) on which it was written: 2026-11-30."), is_day=True)
EXACT = Parameter("exact", _("Only these words, without other names."), choices=("1",))
PART_OF_NAME = Parameter("q", _("A part of a name, in any language."))
