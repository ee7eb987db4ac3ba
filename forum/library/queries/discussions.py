"""The topic that belongs to a case or a practice: its opening post, its comments, who tried it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, func, select, union
from sqlalchemy.orm import joinedload

from forum.db import db, execute_core
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.dialogue.queries import first_post, is_readable, topic_if_there
from forum.errors import or_not_found
from forum.library.models import Case, CaseParagraph, Intention
from forum.library.queries._facets import TRIAL_FACETS, CaseFilter, PracticeFilter, trial_conditions
from forum.library.queries._shared import is_tried_mark
from forum.library.queries._visibility import visible_cases
from forum.members.models import City, Member
from forum.permissions import Person
from forum.reachcache import cached_statement

MAX_TRIALS_SHOWN = 3  # shown with an item of a list


def opening_post_id(reader: Person, topic_id: int | None) -> int:
    """The id of the post that opens a topic, or `NotFound` when the reader may not see the topic."""
    topic = or_not_found(topic_if_there(reader, topic_id))
    return first_post(topic).id


def paragraph_of(reader: Person, topic_id: int, key: str) -> CaseParagraph | None:
    """The paragraph, by its key, of the case that a topic belongs to; None if the reader sees no such case or paragraph."""
    cases = visible_cases(reader).where(Case.topic_id == topic_id).with_only_columns(Case.id)
    mine = select(CaseParagraph).where(CaseParagraph.case_id.in_(cases))
    return db.session.scalar(mine.where(CaseParagraph.key == key))


def commented_paragraphs(topic_id: int, keys: Iterable[str]) -> set[str]:
    """Which of these paragraphs of a case, by key, have comments, even hidden ones and those that wait for a moderator."""
    asked = [*keys]
    posted, waiting = (
        select(comment.paragraph).where(comment.topic_id == topic_id, comment.paragraph.in_(asked))
        for comment in (Post, Held)
    )
    return {key for key in db.session.scalars(union(posted, waiting)) if key}


class Interest(NamedTuple):
    """The reactions to a case or a practice: from how many cities comments come, and whether anybody wants to try it."""

    cities: int
    is_wanted: bool


def interest_in(topic: Topic) -> Interest:
    """The reactions to the case or practice of a topic."""
    query = select(func.count(Member.city_id.distinct())).join(Post, Post.author_id == Member.id)
    comments = query.where(Post.topic_id == topic.id, Post.number > 1, *is_readable())
    wanted = exists().where(Intention.topic_id == topic.id)
    row = db.session.execute(select(comments.scalar_subquery(), wanted)).one()
    return Interest(*row)


def places_of_cases(reader: Person, topic_ids: Iterable[int]) -> dict[int, str]:
    """The names of the cities of these topics' cases: {topic id: "Medellín, Vienna"}."""
    wanted = list(topic_ids)
    if not wanted:
        return {}
    names: dict[int, list[str]] = {}
    for topic_id, name in execute_core(_places_of_cases(reader), {"topic_ids": wanted}):
        names.setdefault(topic_id, []).append(name)
    return {topic_id: ", ".join(cities) for topic_id, cities in names.items()}


@cached_statement
def _places_of_cases(reader: Person) -> Select[int, str]:
    about = Case.topic_id.in_(bindparam("topic_ids", expanding=True))
    found = visible_cases(reader).where(about).join(Case.places)
    return found.with_only_columns(Case.topic_id, City.name).order_by(City.name)


def tried_counts(topic_ids: Iterable[int | None]) -> dict[int, int]:
    """In how many cities the cases and practices of these topics were tried: {topic id: number}; without zeros."""
    wanted = [topic_id for topic_id in topic_ids if topic_id]
    rows: Any = execute_core(_tried_counts_query(), {"topic_ids": wanted}) if wanted else ()
    return dict(tuple(row) for row in rows)


@cache
def _tried_counts_query() -> Select[Any]:
    counted: tuple[Any, Any] = (Post.topic_id, func.count(Mark.city_id.distinct()))
    query: Select[Any] = select(*counted)
    query = query.join(Mark, is_tried_mark(Post.id)).where(Post.number == 1)
    about = Post.topic_id.in_(bindparam("topic_ids", expanding=True))
    return query.where(about).group_by(Post.topic_id)


class Trials(NamedTuple):
    """The newest "tried it" marks on a case or a practice that have what a filter wants, and how many more have it."""

    marks: list[Mark]
    more: int


def wanted_trials(
    topic_ids: Iterable[int | None], wanted: CaseFilter | PracticeFilter
) -> dict[int, Trials]:
    """The trials by which a filter finds the cases or practices of these topics, as `trials_in`.

    Empty if the filter does not ask for trials.
    """
    is_asked = any(getattr(wanted, name) for name in TRIAL_FACETS)
    return trials_in(topic_ids, wanted) if is_asked else {}


def trials_in(
    topic_ids: Iterable[int | None],
    wanted: CaseFilter | PracticeFilter,
    limit: int = MAX_TRIALS_SHOWN,
) -> dict[int, Trials]:
    """Trials of the cases or practices of these topics that have what a filter wants: {topic id: trials}.

    Member and city are loaded. The topics must be ones that the reader was found to see.
    """
    ids = [topic_id for topic_id in topic_ids if topic_id]
    if not ids:
        return {}
    newest: Any = {"partition_by": Post.topic_id}
    newest["order_by"] = (Mark.created_at.desc(), Mark.id.desc())
    numbered: tuple[Any, ...] = (
        Mark.id.label("id"),
        Post.topic_id.label("topic_id"),
        func.row_number().over(**newest).label("place"),
        func.count().over(partition_by=Post.topic_id).label("total"),
    )
    query = select(*numbered).select_from(Post).join(Mark, is_tried_mark(Post.id))
    query = query.outerjoin(City, City.id == Mark.city_id).where(*trial_conditions(wanted))
    rows = query.where(Post.number == 1, Post.topic_id.in_(ids)).subquery()
    found = select(Mark, rows.c.topic_id, rows.c.total).join(rows, rows.c.id == Mark.id)
    found = found.where(rows.c.place <= limit).order_by(rows.c.topic_id, rows.c.place)
    found = found.options(joinedload(Mark.member), joinedload(Mark.city))
    trials: dict[int, Trials] = {}
    for mark, topic_id, total in db.session.execute(found):
        trials.setdefault(topic_id, Trials([], max(total - limit, 0))).marks.append(mark)
    return trials
