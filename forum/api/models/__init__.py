"""What the JSON API answers: a class for each kind of thing, of which its description (OpenAPI) is made, too.

Addresses are whole: `url` is of the page that people read, `api_url` of the same thing here. `html` is safe to print; its links to
pages of the forum begin with a slash.
"""

from __future__ import annotations

from forum.api.models.agendas import Agenda, Forum, Statement, WholeAgenda
from forum.api.models.binding import HouseRule, Rules, RulesVersion, Terms, TermsVersion
from forum.api.models.commitments import Commitment, EarlierDay, Milestone, WholeCommitment
from forum.api.models.declarations import Declaration, Signature, WholeDeclaration
from forum.api.models.dialogue import Marks, Option, Poll, Post, Topic
from forum.api.models.finding import Hit
from forum.api.models.glossary import Expression, Wording
from forum.api.models.library import (
    Case,
    Figure,
    Intention,
    Link,
    Paragraph,
    Practice,
    Reading,
    Section,
    Trial,
    WholeCase,
    WholePractice,
)
from forum.api.models.meetings import Meeting
from forum.api.models.members import Author, City, HomeCity, Organisation, Reference
from forum.api.models.parallels import InLanguage, TranslatedFigure, TranslatedPart, Translation
from forum.api.models.problems import Problem

__all__ = [
    "Agenda",
    "Author",
    "Case",
    "City",
    "Commitment",
    "Declaration",
    "EarlierDay",
    "Expression",
    "Figure",
    "Forum",
    "Hit",
    "HomeCity",
    "HouseRule",
    "InLanguage",
    "Intention",
    "Link",
    "Marks",
    "Meeting",
    "Milestone",
    "Option",
    "Organisation",
    "Paragraph",
    "Poll",
    "Post",
    "Practice",
    "Problem",
    "Reading",
    "Reference",
    "Rules",
    "RulesVersion",
    "Section",
    "Signature",
    "Statement",
    "Terms",
    "TermsVersion",
    "Topic",
    "TranslatedFigure",
    "TranslatedPart",
    "Translation",
    "Trial",
    "WholeAgenda",
    "WholeCase",
    "WholeCommitment",
    "WholeDeclaration",
    "WholePractice",
    "Wording",
]
