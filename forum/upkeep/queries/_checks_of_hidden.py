"""Checks that nothing shows hidden content: notices, quotes in posts, quotes on pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from forum.agendas.models import Agenda
from forum.dialogue.models import Post, Quote, Topic
from forum.dialogue.queries import is_readable, is_unreadable_from, unreadable_by, with_links_home
from forum.library.models import PUBLISHED, Case, CaseParagraph, Practice, PracticeSection
from forum.library.queries import FAILURE
from forum.members.models import Member
from forum.notifications.models import Notice
from forum.permissions import MEMBERS, PUBLIC
from forum.quotes import cited_in_source, shown_in_html, withheld_in_html
from forum.reach import is_on_open_agenda
from forum.upkeep.models import BY_HAND, Check, Fault
from forum.upkeep.queries._shared import stream


def hidden_checks() -> list[Check]:
    return [
        Check("notices about what is hidden", _notices_of_hidden, "notices"),
        Check("quotes of what is hidden", _quotes_of_hidden, "quotes"),
        Check("pages that quote what is hidden", _pages_quoting_hidden, BY_HAND),
    ]


def _notices_of_hidden() -> Iterator[Fault]:
    """Notices about content that readers may not see, except decisions, whose reason the author must be able to read."""
    for (notice_id,) in stream(_shown_notices_of_hidden()):
        yield Fault("notice", notice_id, "tells of something that is hidden")


@cache
def _shown_notices_of_hidden() -> Select[Any]:
    # Old notices that quote the question but do not name its post, see `hide_notices`
    is_early = (Notice.post_id.is_(None), Notice.kind == "advice")
    is_asked_in = and_(*is_early, Post.topic_id == Notice.topic_id, Post.number == 1)
    is_gone = or_(
        exists().where(Post.id == Notice.post_id, ~and_(*is_readable())),
        exists().where(is_asked_in, ~and_(*is_readable())),
        exists().where(
            Topic.id == Notice.topic_id,
            or_(Topic.hidden_at.is_not(None), Topic.deleted_at.is_not(None)),
        ),
    )
    return select(Notice.id).where(Notice.hidden_at.is_(None), Notice.kind != "decision", is_gone)


def _quotes_of_hidden() -> Iterator[Fault]:
    """Posts that show a quote of something hidden, or withhold one of something that is visible again."""
    last = 0
    for post_id, quoted_id, gone, words in stream(_possibly_wrong_quotes()):
        is_wrong = quoted_id in (shown_in_html(words) if gone else withheld_in_html(words))
        if is_wrong and post_id != last:
            last = post_id
            yield Fault("post", post_id, "quotes what readers may not see, or not what they may")


@cache
def _possibly_wrong_quotes() -> Executable:
    quoted, there = aliased(Post), aliased(Topic)
    is_gone = is_unreadable_from(quoted, there, Topic.id, Topic.audience, Topic.agenda_id)
    html = cast(Post.html, Text)
    return (
        select(Quote.post_id, Quote.quoted_id, is_gone, html)
        .join(quoted, quoted.id == Quote.quoted_id)
        .join(there, there.id == quoted.topic_id)
        .join(Post, Post.id == Quote.post_id)
        .join(Post.topic)
        .where(or_(is_gone, html.contains("data-withheld=")))
        .order_by(Quote.post_id)
    )


def _pages_quoting_hidden() -> Iterator[Fault]:
    """Pages whose texts quote something that their readers may not see. Their editors decide what to write instead."""
    for kind in SHOWN_TEXTS:
        named = {
            item_id
            for item_id, words, readers in stream(_quoting_texts(kind))
            if unreadable_by(readers, cited_in_source(with_links_home(words)))
        }
        for item_id in sorted(named):
            yield Fault(kind, item_id, "quotes a post that its readers may not see: edit it")


@cache
def _quoting_texts(kind: str) -> Select[Any]:
    key, source, audience, shown = SHOWN_TEXTS[kind]
    return select(key, source, audience).where(source.contains("/posts/"), shown)


# Formatted texts other than posts: the id of their page, their source, their audience, and whether anybody sees them
SHOWN_TEXTS: dict[str, tuple[Any, Any, Any, ColumnElement[bool]]] = {
    "agenda": (Agenda.id, Agenda.introduction, literal(PUBLIC), Agenda.opened_at.is_not(None)),
    "findings of agenda": (
        Agenda.id,
        Agenda.findings,
        literal(PUBLIC),
        Agenda.opened_at.is_not(None),
    ),
    "case": (
        Case.id,
        CaseParagraph.source,
        literal(PUBLIC),
        and_(
            CaseParagraph.case_id == Case.id,
            Case.hidden_at.is_(None),
            is_on_open_agenda(Case.agenda_id),
        ),
    ),
    "practice": (
        Practice.id,
        PracticeSection.source,
        case(
            (
                and_(PracticeSection.name == FAILURE, Practice.failure_audience == MEMBERS),
                literal(MEMBERS),
            ),
            else_=Practice.audience,
        ),
        and_(
            PracticeSection.practice_id == Practice.id,
            Practice.state == PUBLISHED,
            Practice.hidden_at.is_(None),
            Practice.deleted_at.is_(None),
            is_on_open_agenda(Practice.agenda_id),
        ),
    ),
    "member": (Member.id, Member.about, literal(PUBLIC), Member.hidden_at.is_(None)),
    "note on post": (
        Post.id,
        Post.note_source,
        Topic.audience,
        and_(Post.topic_id == Topic.id, *is_readable(), is_on_open_agenda(Topic.agenda_id)),
    ),
}
