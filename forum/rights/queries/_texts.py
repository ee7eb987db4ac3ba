"""What a member has written: topics, posts, marks, practices, cases, statements, and edits of pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from forum.agendas.models import Statement
from forum.db import db
from forum.dialogue.models import Draft, Held, Mark, Post, Revision, Topic
from forum.history.models import Version
from forum.library.models import Case, Practice, PracticeSection
from forum.rights.models import Kind, Record
from forum.rights.queries._rows import (
    columns_of,
    plain_record,
    rows_of_cases,
    rows_of_drafts,
    rows_of_edits,
    rows_of_held,
    rows_of_marks,
    rows_of_posts,
    rows_of_practices,
    rows_of_rules,
    rows_of_statements,
    rows_of_topics,
    versions_of,
)
from forum.rights.queries._shared import AUDIENCE, LANGUAGE, in_batches, times
from forum.screening.models import Rule


def _add_versions(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their earlier versions to posts."""
    earlier: dict[int, list[Record]] = {row.id: [] for row in rows}
    kept = columns_of(Revision, "post_id title source written_at replaced_at withdrawn_at")
    query = select(*kept).where(Revision.post_id.in_(earlier)).order_by(Revision.id)
    for revision in db.session.execute(query):
        plain = plain_record(revision)
        earlier[plain.pop("post_id")].append(plain)
    for record in records:
        record["earlier_versions"] = earlier[record["id"]]


def _add_sections(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their sections and earlier versions to practices."""
    ids = [row.id for row in rows]
    parts = select(PracticeSection.practice_id, PracticeSection.name, PracticeSection.source)
    found: dict[int, Record] = {row_id: {} for row_id in ids}
    in_order = parts.where(PracticeSection.practice_id.in_(ids)).order_by(PracticeSection.position)
    for row in db.session.execute(in_order):
        found[row.practice_id][row.name] = row.source
    earlier = versions_of("practice", ids)
    for record in records:
        key = record["id"]
        record |= {"sections": found[key], "earlier_versions": earlier[key]}


TEXT_KINDS: tuple[Kind, ...] = (
    Kind(
        "topics",
        "Topics",
        "The topics that you opened; their first text is among the posts.",
        (("topic", "author_id"),),
        in_batches(rows_of_topics, Topic.id),
        {
            "id": "its number, as in /topics/7",
            "kind": "experience, question, practice or case",
            "title": "its title",
            "agenda": "the agenda it stands on, unless others prepare it",
            "for_organisation": "the organisation you wrote it for, if any",
            "hidden_reason": "why it is hidden",
            "locked_at": "when moderators locked it, if they did",
            "locked_reason": "why it is locked",
            "merged_into_id": "the number of the topic that its posts were put into, if they were",
            **LANGUAGE,
            **AUDIENCE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "posts",
        "Posts",
        "What you wrote, with what it said before.",
        (("post", "author_id"),),
        in_batches(rows_of_posts, Post.id, add_to=_add_versions),
        {
            "id": "its number, as in /posts/7",
            "topic_id": "the number of its topic",
            "topic": "the title of its topic, unless it is of somebody else and hidden or in preparation",
            "number": "its place in the topic",
            "source": "the text, in Markdown",
            "paragraph": "the paragraph of a case that it comments on, if any",
            "for_organisation": "the organisation you wrote it for, if any",
            "edited_at": "when you last changed it, later than 15 minutes after posting",
            "hidden_reason": "why it is hidden",
            "useful_count": "how many readers found it useful",
            "same_here_count": "how many readers face the same",
            "tried_count": "how many readers tried it",
            "earlier_versions": "what it said before: title, source, written_at, replaced_at, withdrawn_at",
            "note_source": "what the moderators say below it, in Markdown",
            "note_language": "the language of that",
            "note_at": "when they said so",
            "edit_asked_at": "when they asked you to change it",
            "edit_answered_at": "when you changed it then",
            **LANGUAGE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "waiting",
        "Texts that waited",
        "What you wrote that a rule held back until a moderator had read it. What is published has its text among the posts.",
        (("held", "author_id"),),
        in_batches(rows_of_held, Held.id),
        {
            "id": "its number, as in /waiting/7",
            "deed": "what becomes of it: open_topic, reply or edit",
            "kind": "of a topic: experience or question",
            "title": "of a topic: its title",
            "agenda": "the agenda it belongs to, unless others prepare it",
            "topic": "the title of the topic it belongs to",
            "post_id": "the number of the post it has become",
            "source": "the text, in Markdown",
            "paragraph": "the paragraph of a case that it comments on, if any",
            "rule": "the rule that held it back",
            "sentence": "what the rule says to you",
            "decided_at": "when a moderator decided about it",
            "refused_at": "when it was refused",
            "reason": "why it was refused",
            "created_at": "when you sent it",
            **LANGUAGE,
            **AUDIENCE,
        },
    ),
    Kind(
        "drafts",
        "Drafts",
        "What you have begun to write and not published.",
        (("draft", "author_id"),),
        in_batches(rows_of_drafts, Draft.id),
        {
            "id": "its number",
            "agenda": "of a new topic: the agenda it is for, unless others prepare it",
            "topic": "of a reply: the title of the topic it is for",
            "fields": "what the form holds: the name and the value of each field; window is a number for where it was typed last, and how often it was sent from there",
            "saved_at": "when it was last kept",
        },
    ),
    Kind(
        "on-approval",
        "Rules about you",
        "Whether a moderator reads what you write before it is published.",
        (("screening_rule", "member_id"),),
        in_batches(rows_of_rules, Rule.id),
        {
            "sentence": "what the rule says to you",
            "made_at": "when it was made",
            "off_at": "since when it does not hold",
        },
    ),
    Kind(
        "marks",
        "Marks",
        "What you said to posts of others with one press.",
        (("mark", "member_id"),),
        in_batches(rows_of_marks, Mark.post_id, Mark.kind),
        {
            "post_id": "the number of the post",
            "topic": "the title of its topic, unless it is of somebody else and hidden or in preparation",
            "kind": "useful, same here, tried it, or taken back (you took it back while a moderator hides your sentence)",
            "outcome": "what became of trying it: kept, adapted or stopped",
            "note": "your sentence about it",
            "city": "your city that day",
            "created_at": "when you gave it",
            "hidden_at": "since when a moderator hides your sentence",
            "hidden_reason": "why it is hidden",
        },
    ),
    Kind(
        "practices",
        "Practices",
        "The practices that you shared, in every state.",
        (("practice", "author_id"),),
        in_batches(rows_of_practices, Practice.id, add_to=_add_sections),
        {
            "id": "its number",
            "slug": "its name in addresses, as in /practices/quiet-asphalt",
            "state": "draft, submitted, published or returned",
            "title": "its title",
            "sentence": "what it is, in a sentence",
            "link": "a link to more",
            "agenda": "the agenda it stands on, unless others prepare it",
            "city": "the city",
            "for_organisation": "the organisation you wrote it for, if any",
            "evidence": "how well the result is proven",
            "cost": "what it cost",
            "started": "the year it began",
            "failure_audience": "who may read what did not work",
            "revisit_on": "when you want to look at it again",
            "sections": "its parts in Markdown, by name",
            "earlier_versions": "what it said before, each with replaced_at",
            "updated_at": "when it was last changed",
            "submitted_at": "when you handed it in",
            "published_at": "when it was published",
            "returned_at": "when a moderator returned it",
            "returned_reason": "why",
            "hidden_reason": "why it is hidden",
            "caught_by": "the rule before publication that it met when you handed it in",
            "featured_at": "since when it stands first in the library",
            **LANGUAGE,
            **AUDIENCE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "cases",
        "Cases",
        "The cases that you added to an agenda as its host.",
        (("topic", "author_id"),),
        in_batches(rows_of_cases, Case.id),
        {
            "id": "its number",
            "slug": "its name in addresses, as in /cases/quiet-harbour",
            "name": "its name",
            "kind": "network, city project or programme",
            "agenda": "the agenda it stands on, unless others prepare it",
            "reach": "how far it reaches",
            "since": "the year it began",
            "status": "whether it is running",
            "summary": "what it is, in short",
            "body": "the text, in Markdown",
            "checked_on": "when its facts were checked",
            "updated_at": "when it was last changed",
            "hidden_reason": "why it is hidden",
            **LANGUAGE,
            **times("created_at", "hidden_at", "removed_at"),
        },
    ),
    Kind(
        "statements",
        "Statements",
        "What is quoted of you on an agenda.",
        (("statement", "member_id"),),
        in_batches(rows_of_statements, Statement.id),
        {
            "id": "its number",
            "agenda": "the agenda it stands on, unless others prepare it",
            "name": "your name as it stands there",
            "role_title": "your position that day",
            "organisation": "your organisation that day",
            "said_on": "when you said it",
            "quotation": "the words",
            "removed_at": "when it was taken from the page",
            **LANGUAGE,
        },
    ),
    Kind(
        "edits",
        "Edits of pages",
        "Which pages of agendas, cases and the like you changed, and when.",
        (("version", "editor_handle"),),
        in_batches(rows_of_edits, Version.id),
        {
            "kind": "what you changed: agenda, statement, case, practice, reading, theme, organisation, recourse or federation (what the forum is called)",
            "item_id": "its number",
            "replaced_at": "when you changed it",
        },
    ),
)
