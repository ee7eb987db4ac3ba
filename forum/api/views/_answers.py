"""Converting rows into the responses of the API (`models`): what the endpoints use of the files for each subject."""

from __future__ import annotations

from forum.api.views._addresses import address, api_address
from forum.api.views._answers_of_agendas import agenda, whole_agenda
from forum.api.views._answers_of_binding import rules, rules_version, terms, terms_version
from forum.api.views._answers_of_commitments import commitment, whole_commitment
from forum.api.views._answers_of_declarations import declaration, whole_declaration
from forum.api.views._answers_of_dialogue import posts, topic
from forum.api.views._answers_of_glossary import expression
from forum.api.views._answers_of_library import (
    case,
    practice,
    reading,
    whole_case,
    whole_practice,
)
from forum.api.views._answers_of_meetings import meeting
from forum.api.views._answers_of_members import home_city, organisation, themes
from forum.api.views._answers_of_parallels import translation
from forum.api.views._answers_of_search import hit

__all__ = [
    "address",
    "agenda",
    "api_address",
    "case",
    "commitment",
    "declaration",
    "expression",
    "hit",
    "home_city",
    "meeting",
    "organisation",
    "posts",
    "practice",
    "reading",
    "rules",
    "rules_version",
    "terms",
    "terms_version",
    "themes",
    "topic",
    "translation",
    "whole_agenda",
    "whole_case",
    "whole_commitment",
    "whole_declaration",
    "whole_practice",
]
