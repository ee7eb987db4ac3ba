"""Which members to propose for a question, each with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, union_all
from sqlalchemy.orm import joinedload, selectinload

from forum.advice.models import AdviceRequest
from forum.advice.queries._candidates import Evidence, candidates, points_for, tie_break
from forum.advice.queries._reasons import Reason, kilometres, size_of
from forum.advice.queries._words import is_named, matching_words, stem_of
from forum.advice.queries.availability import AskStatus, ask_statuses
from forum.agendas.queries import themes
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.members.models import City, Member
from forum.members.queries import language_names
from forum.permissions import Person
from forum.search.queries import words_of

MAX_PROPOSED = 5
MAX_CANDIDATES = 120  # members whose rows are read, to choose those to propose
WROTE_HERE = 200  # posts of the question that are searched for members who already take part
MAX_THEMES = 5
NEAR_KM = 300
# Points subtracted from a member who does not write in the language of the question
OTHER_LANGUAGE_PENALTY = 2.5


@dataclass
class Proposal:
    """A member who may be asked, with the reasons, and the score by which proposals are ordered."""

    member: Member
    reasons: list[Reason]
    score: float


def proposals(asker: Person, topic: Topic, limit: int = MAX_PROPOSED) -> list[Proposal]:
    """The members who can help best with a question and may be asked now, each with the reasons; empty if the asker may not ask.

    Candidates are gathered through indexes; the best `MAX_CANDIDATES` are read and ranked here. Members who were
    asked often in recent weeks rank lower. A hash of question and member decides between equals, so that nobody
    always comes first.
    """
    if not asker.can.ask(topic):
        return []
    names = _themes_of(topic)
    city = _city_of(topic.author_id)
    found, tried = candidates(asker, topic, names, city)
    best = sorted(found, key=lambda id: (-found[id].weight, tie_break(topic.id, id)))[
        :MAX_CANDIDATES
    ]
    people = [member for member in _members_by_id(best) if member.can.advise(topic)]
    for member in people:
        found[member.id].tried_in_city = tried.get(member.city_id or 0)
    taken = _already_involved(topic, [member.id for member in people])
    statuses = ask_statuses(member.id for member in people)
    made = [
        _proposal(member, found[member.id], topic, city, statuses[member.id])
        for member in people
        if member.id not in taken and statuses[member.id].may_be_asked
    ]
    made.sort(key=lambda proposal: (-proposal.score, tie_break(topic.id, proposal.member.id)))
    return made[:limit]


def _themes_of(topic: Topic) -> dict[int, str]:
    """The themes of a question and those that its title names, at most `MAX_THEMES`: {id: name}."""
    said = [stem_of(word) for word in words_of(topic.title)]
    own = [theme for theme in topic.themes if not theme.removed_at]
    named = [theme for theme in themes() if is_named(theme.name, said)]
    return {theme.id: theme.name for theme in [*own, *named][:MAX_THEMES]}


def _city_of(member_id: int) -> City | None:
    return db.session.scalar(select(City).join(Member).where(Member.id == member_id))


def _members_by_id(ids: Sequence[int]) -> Sequence[Member]:
    """Those of these members whose profiles are visible to others, with the columns that a page shows, by id."""
    known = select(Member).where(
        Member.id.in_(ids), Member.left_at.is_(None), Member.hidden_at.is_(None)
    )
    shown = (joinedload(Member.city), joinedload(Member.organisation))
    return db.session.scalars(known.options(*shown, selectinload(Member.languages))).all()


def _already_involved(topic: Topic, ids: Sequence[int]) -> set[int]:
    """Which of these members already know the question: they were asked, or wrote one of its first `WROTE_HERE` posts."""
    asked = select(AdviceRequest.member_id).where(AdviceRequest.topic_id == topic.id)
    wrote = select(Post.author_id).where(Post.topic_id == topic.id, Post.number <= WROTE_HERE)
    known = union_all(asked, wrote.where(Post.author_id.in_(ids)))
    return set(db.session.scalars(known))


def _proposal(
    member: Member, evidence: Evidence, topic: Topic, city: City | None, status: AskStatus
) -> Proposal:
    languages = _by_language(member, topic.language)
    scored = [
        *_by_words(member, evidence),
        *_by_deeds(evidence),
        *_by_city(member.city, city),
        *languages,
    ]
    score = sum(points for points, _reason in scored) - status.burden
    score -= 0 if languages else OTHER_LANGUAGE_PENALTY
    return Proposal(member, [reason for _points, reason in scored], score)


def _by_words(member: Member, evidence: Evidence) -> list[tuple[float, Reason]]:
    made = []
    if themes := sorted(set(evidence.themes)):
        made.append((2.0 + len(themes), Reason("theme", ", ".join(themes))))
    said = {stem_of(word) for name in themes for word in words_of(name)}
    stems = [(stem, is_common) for stem, is_common in evidence.stems if stem not in said]
    for kind, text, most in (("helps", member.helps_with, 3.0), ("position", member.position, 1.5)):
        met = matching_words(text, stems)
        if met and not (kind == "position" and made):
            points = min(2, sum(0.4 if is_common else 1 for is_common in met.values()))
            made.append((most * points, Reason(kind, ", ".join(met))))
    return made


def _by_deeds(evidence: Evidence) -> list[tuple[float, Reason]]:
    made = []
    if evidence.answered:
        theme, number = _most(evidence.answered)
        made.append((1 + points_for(evidence.answered), Reason("answered", theme, number)))
    if evidence.tried:
        title, address, language, is_of_theme = evidence.tried
        reason = Reason("tried", title, 0, address, language)
        made.append((2.5 if is_of_theme else 0.75, reason))
    elif evidence.tried_in_city and evidence.tried_in_city.is_of_theme:
        title, address, language, _is_of_theme = evidence.tried_in_city
        made.append((1.0, Reason("city", title, 0, address, language)))
    if evidence.wrote and not evidence.answered:
        theme, number = _most(evidence.wrote)
        made.append((points_for(evidence.wrote) / 2, Reason("wrote", theme, number)))
    return made


def _most(counted: Counter[str]) -> tuple[str, int]:
    """The theme with the highest count, and that count; the agenda ("") only when there is no theme."""
    return max(counted.items(), key=lambda item: (bool(item[0]), item[1], item[0]))


def _by_city(city: City | None, other: City | None) -> list[tuple[float, Reason]]:
    if city is None or other is None or city.id == other.id:
        return []
    made = []
    size = size_of(city)
    if size == size_of(other):
        made.append((1.0, Reason("size", city.name, size)))
    distance = kilometres(city, other)
    if distance <= NEAR_KM:
        made.append((1.0, Reason("near", city.name, max(10, round(distance, -1)))))
    elif city.country == other.country:
        made.append((0.75, Reason("country", city.name, 0)))
    return made


def _by_language(member: Member, language: str) -> list[tuple[float, Reason]]:
    spoken = {member.language, *(language.language for language in member.languages)}
    name = language_names().get(language, language)
    return [(0.5, Reason("language", name))] if language in spoken else []
