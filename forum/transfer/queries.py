"""Looking up what a content file refers to, and reading an export in batches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import joinedload, selectinload, undefer_group

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda, MemberTheme, Theme
from forum.agendas.queries import themes_by_id, visible_agendas
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import shown_commitments
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import TRIED, Mark, Poll, PollOption, Post, Topic, TopicTheme
from forum.dialogue.queries import (
    is_readable,
    unreadable_by,
    visible_posts,
    visible_topics,
    with_links_home,
)
from forum.glossary.models import Entry
from forum.library.models import (
    Case,
    CaseFigure,
    CaseParagraph,
    CaseTheme,
    Practice,
    PracticeTheme,
    Reading,
)
from forum.library.queries import intentions_of, visible_cases, visible_practices, visible_readings
from forum.meetings.models import Meeting
from forum.meetings.queries import visible_meetings
from forum.members.models import City, CityName, EarlierHandle, Mandate, Member, Organisation
from forum.members.queries import city_by_name, visible_members
from forum.parallels.models import Translation
from forum.parallels.queries import shown_translations, with_originals
from forum.permissions import AUDIENCES, MEMBERS, PUBLIC, Person
from forum.pictures.models import WHOLE, Picture, PictureFile
from forum.pictures.queries import portions_of
from forum.plaintext import fold
from forum.quotes import cited_in_source, withhold_in_source
from forum.transfer.models import (
    Author,
    ExportedDiscussion,
    ExportedPoll,
    ExportedPost,
    ExportedTopic,
    Story,
    Tried,
    Wanted,
)

TOPICS_PER_QUERY = 100
POST_ADDRESS = re.compile(r"/posts/(\d{1,12})")
IDS_PER_QUERY = 500
CITY_ID = re.compile(r" *[0-9]{1,9} *")  # the GeoNames id of a city


def post_saying(words: str) -> Post:
    """The first post whose text has these words; there must be one."""
    query = select(Post).where(Post.source.contains(words, autoescape=True)).order_by(Post.id)
    return db.session.scalars(query.limit(1)).one()


def cities_by_label(names: Iterable[str]) -> dict[str, City]:
    """The cities by labels such as `Surat, IN`; those that are not found are left out."""
    found = {written: _city(written) for written in set(names)}
    return {written: city for written, city in found.items() if city}


def _city(written: str) -> City | None:
    name, _comma, country = written.rpartition(",")
    if CITY_ID.fullmatch(country):
        return db.session.get(City, int(country))
    return city_by_name(name.strip() or country.strip(), country.strip().upper() if name else None)


def organisation_ids() -> dict[str, int]:
    """The ids of all organisations by slug."""
    rows = db.session.execute(select(Organisation.slug, Organisation.id))
    return {row[0]: row[1] for row in rows}


def agenda_by_slug(slug: str) -> Agenda | None:
    """The agenda with a slug, or None; none that was deleted."""
    return db.session.scalar(select(Agenda).filter_by(slug=slug, deleted_at=None))


def cases_by_slug(slugs: Iterable[str]) -> dict[str, Case]:
    """The cases with these slugs, by slug."""
    return {
        case.slug: case for case in db.session.scalars(select(Case).where(Case.slug.in_(slugs)))
    }


def practices_by_slug(slugs: Iterable[str]) -> dict[str, Practice]:
    """The practices with these slugs, by slug."""
    found = db.session.scalars(select(Practice).where(Practice.slug.in_(slugs)))
    return {practice.slug: practice for practice in found}


def slugs_of(kind: str) -> Sequence[str]:
    """The slugs of all cases, or of all practices."""
    return db.session.scalars(select(Case.slug if kind == "case" else Practice.slug)).all()


def figures_of_case(slug: str) -> Sequence[tuple[str, str]]:
    """Label and unit of each figure of the case with this slug."""
    of_case = select(CaseFigure.label, CaseFigure.unit).join(Case, Case.id == CaseFigure.case_id)
    rows = db.session.execute(of_case.where(Case.slug == slug).order_by(CaseFigure.position))
    return [(label, unit) for label, unit in rows]


def paragraph_keys(case_id: int) -> Sequence[str]:
    """The keys of the paragraphs of a case, in order."""
    query = select(CaseParagraph.key).where(CaseParagraph.case_id == case_id)
    return db.session.scalars(query.order_by(CaseParagraph.position)).all()


def opening_post(topic_id: int) -> Post:
    """The post that opens a topic."""
    query = select(Post).filter_by(topic_id=topic_id, number=1).options(joinedload(Post.author))
    return db.session.scalars(query).one()


def author_of_topic(topic_id: int) -> Member:
    """The member who opened a topic."""
    query = select(Member).join(Topic, Topic.author_id == Member.id).where(Topic.id == topic_id)
    return db.session.scalars(query).one()


def counts() -> dict[str, int]:
    """How many members, agendas, topics and so on there are, by name, for a command to print."""
    tables = {"members": Member, "agendas": Agenda, "topics": Topic, "posts": Post}
    return {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in (
            tables
            | {"cases": Case, "practices": Practice, "pictures": Picture, "expressions": Entry}
        ).items()
    }


# For an export: what the reader may see, in batches


def agendas_to_write(reader: Person) -> Sequence[Agenda]:
    """The visible agendas in order, with their hosts."""
    whole = selectinload(Agenda.hosts), undefer_group("findings")
    return db.session.scalars(visible_agendas(reader).options(*whole)).all()


def posts_to_write(reader: Person) -> int:
    """About how many posts an export has to write."""
    numbers = visible_topics(reader).with_only_columns(func.sum(Topic.posts_count))
    return int(db.session.scalar(numbers) or 0)


def themes_used_on(reader: Person, agenda: Agenda) -> list[str]:
    """The names of all themes of an agenda's topics, cases and practices, sorted."""
    about: tuple[tuple[Any, Any, Any, Any], ...] = (
        (visible_topics(reader), Topic, TopicTheme, TopicTheme.topic_id),
        (visible_cases(reader), Case, CaseTheme, CaseTheme.case_id),
        (visible_practices(reader), Practice, PracticeTheme, PracticeTheme.practice_id),
    )
    ids: set[int] = set()
    for shown, thing, row, thing_id in about:
        found = shown.join(row, thing_id == thing.id).where(thing.agenda_id == agenda.id)
        ids.update(db.session.scalars(found.with_only_columns(row.theme_id).distinct()))
    return sorted(theme.name for theme in themes_by_id(ids))


def cases_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Case]]:
    """The cases of an agenda in order, with everything that belongs to them, `size` at a time."""
    ordered = (Case.position, Case.id)
    everything = (Case.places, Case.themes, Case.figures, Case.links)
    found = visible_cases(reader).where(Case.agenda_id == agenda.id)
    return _in_batches(found, Case, ordered, everything, size)


def practices_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Practice]]:
    """The practices of an agenda, oldest first, with everything that belongs to them, `size` at a time."""
    everything = (Practice.themes, Practice.sections, Practice.author, Practice.city)
    found = visible_practices(reader).where(Practice.agenda_id == agenda.id)
    return _in_batches(found, Practice, (Practice.id,), everything, size)


def readings_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Reading]]:
    """The best reads of an agenda in order, `size` at a time."""
    found = visible_readings(reader).where(Reading.agenda_id == agenda.id)
    return _in_batches(found, Reading, (Reading.position, Reading.id), (), size)


def declarations_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Declaration]]:
    """The declarations of an agenda that are no drafts, in order, `size` at a time."""
    told = (Declaration.agenda_id == agenda.id, Declaration.opened_at.is_not(None))
    found = visible_declarations(reader).where(*told)
    return _in_batches(found, Declaration, (Declaration.id,), (Declaration.author,), size)


def signatures_to_write(declaration: Declaration) -> Sequence[Signature]:
    """The signatures of a declaration that are in force, in the order in which they were given."""
    mine = (Signature.declaration_id == declaration.id, Signature.withdrawn_at.is_(None))
    query = select(Signature).where(*mine).order_by(Signature.signed_at, Signature.id)
    loads = joinedload(Signature.organisation), joinedload(Signature.member)
    return db.session.scalars(query.options(*loads)).all()


def organisations_by_slug(slugs: Collection[str]) -> Sequence[Organisation]:
    """The organisations with these slugs."""
    return db.session.scalars(select(Organisation).where(Organisation.slug.in_(slugs))).all()


def commitments_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Commitment]]:
    """The visible commitments of an agenda, in order, `size` at a time."""
    found = shown_commitments(reader).where(Commitment.agenda_id == agenda.id)
    loads = (Commitment.author, Commitment.organisation)
    return _in_batches(found, Commitment, (Commitment.id,), loads, size)


def translations_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Translation]]:
    """The translations of an agenda's practices and cases, in order, with their originals, `size` at a time.

    Translations for members only whose original is for everybody are left out, because a file cannot express that.
    """
    practices = select(Practice.id).where(Practice.agenda_id == agenda.id)
    cases = select(Case.id).where(Case.agenda_id == agenda.id)
    here = or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases))
    loads = (Translation.translator, Translation.writer, Translation.parts)
    found = shown_translations(reader).where(here)
    for batch in _in_batches(found, Translation, (Translation.id,), loads, size):
        yield [
            translation
            for translation in with_originals(reader, batch)
            if translation.audience == PUBLIC
            or getattr(translation.original, "audience", PUBLIC) == MEMBERS
        ]


def peers_to_write(commitment: Commitment) -> Sequence[Member]:
    """The followers of a commitment."""
    query = select(Member).join(Peer, Peer.member_id == Member.id)
    return db.session.scalars(query.where(Peer.commitment_id == commitment.id)).all()


def commitments_called(
    agenda: str, organisation: str, title: str, published_at: datetime
) -> list[int]:
    """The ids of the commitments with this title and moment of an organisation on an agenda, both by slug."""
    found = select(Commitment.id).join(Commitment.agenda).join(Commitment.organisation)
    there = (Agenda.slug == agenda, Organisation.slug == organisation)
    is_it = (Commitment.title == title, Commitment.published_at == published_at)
    return list(db.session.scalars(found.where(*there, *is_it).order_by(Commitment.id)))


def declarations_titled(titles: Collection[str] | None = None) -> Sequence[str]:
    """The titles of all declarations that are no drafts, or those among some titles that one has."""
    found = select(Declaration.title).where(Declaration.opened_at.is_not(None))
    found = found if titles is None else found.where(Declaration.title.in_(titles))
    return db.session.scalars(found).all()


def declaration_called(reader: Person, title: str) -> Declaration | None:
    """The newest declaration with this title that is no draft, if the reader finds one."""
    told = (Declaration.title == title, Declaration.opened_at.is_not(None))
    found = visible_declarations(reader).where(*told).order_by(Declaration.id.desc())
    return db.session.scalars(found.limit(1)).first()


def meetings_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Meeting]]:
    """The meetings of an agenda, the earliest first, `size` at a time."""
    found = visible_meetings(reader).where(Meeting.agenda_id == agenda.id)
    return _in_batches(found, Meeting, (Meeting.starts_at, Meeting.id), (Meeting.city,), size)


def _in_batches(
    found: Select[Any], model: Any, ordered: Sequence[Any], loads: Sequence[Any], size: int
) -> Iterator[Sequence[Any]]:
    """Rows with their relationships, `size` at a time. Only the ids of all rows are held in memory."""
    ids = db.session.scalars(found.with_only_columns(model.id).order_by(*ordered)).all()
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        rows = found.where(model.id.in_(batch)).options(*map(selectinload, loads))
        yield sorted(db.session.scalars(rows), key=lambda row: batch.index(row.id))


_AUTHOR_COLUMNS = [getattr(Member, name) for name in Author._fields]
_TOPIC_COLUMNS = [getattr(Topic, name) for name in ExportedTopic._fields[:-1]]
_DISCUSSION_COLUMNS: list[Any] = [Topic.id, Topic.audience]
_POST_COLUMNS = [getattr(Post, name) for name in ExportedPost._fields[:-1]]


def topics_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[list[ExportedTopic]]:
    """The topics of an agenda's dialogue, oldest first, in lists of topics with at most `size` posts, or one larger topic."""
    key = (Topic.created_at, Topic.id)
    query = visible_topics(reader).where(Topic.agenda_id == agenda.id, Topic.home.is_(None))
    query = query.with_only_columns(*_TOPIC_COLUMNS, *_AUTHOR_COLUMNS).join(Topic.author)
    query = query.order_by(*key).limit(TOPICS_PER_QUERY)
    rows = db.session.execute(query).all()
    while rows:
        few: list[ExportedTopic] = []
        for row in rows:
            topic = ExportedTopic._make(
                (*row[: len(_TOPIC_COLUMNS)], Author._make(row[len(_TOPIC_COLUMNS) :]))
            )
            if few and sum(earlier.posts_count for earlier in few) + topic.posts_count > size:
                yield few
                few = []
            few.append(topic)
        yield few
        following = query.where(tuple_(*key) > (few[-1].created_at, few[-1].id))
        rows = db.session.execute(following).all()


def posts_in_topics(
    reader: Person, agenda: Agenda, topics: Mapping[int, str], size: int
) -> Iterator[list[ExportedPost]]:
    """The posts of topics of an agenda, ordered by topic and number; those of a single topic in batches of `size`.

    `topics` has the audience of each topic, by id. Quotes that this audience may not read are withheld.
    """
    whole = visible_posts(reader).whereclause
    query = select(*_POST_COLUMNS, *_AUTHOR_COLUMNS).join(Post.topic).join(Post.author)
    query = query.where(whole if whole is not None else true(), Post.topic_id.in_(topics))
    query = query.where(*is_readable()).order_by(Post.topic_id, Post.number)
    last = 0
    while rows := db.session.execute(_next_batch(query, last, len(topics), size)).all():
        yield _withhold_unseen_quotes([_exported_post(row) for row in rows], topics, agenda)
        if len(topics) > 1 or len(rows) < size:
            break
        last = rows[-1].number


def _next_batch(query: Select[Any], last: int, topics: int, size: int) -> Select[Any]:
    return query if topics > 1 else query.where(Post.number > last).limit(size)


def _exported_post(row: Sequence[Any]) -> ExportedPost:
    return ExportedPost._make((*row[: len(_POST_COLUMNS)], Author._make(row[len(_POST_COLUMNS) :])))


def _withhold_unseen_quotes(
    posts: list[ExportedPost], topics: Mapping[int, str], agenda: Agenda
) -> list[ExportedPost]:
    posts = [post._replace(source=with_links_home(post.source)) for post in posts]
    named = {post.id: _possibly_cited_in(post.source) for post in posts if "/posts/" in post.source}
    everything = {post_id for ids in named.values() for post_id in ids}
    unseen = {
        audience: unreadable_by(audience, everything, here_agenda_id=agenda.id)
        for audience in AUDIENCES
    }
    for place, post in enumerate(posts):
        if named.get(post.id, set()) & (hidden := unseen.get(topics[post.topic_id], set())):
            hidden = cited_in_source(post.source) & hidden
            posts[place] = post._replace(source=withhold_in_source(post.source, hidden))
    return posts


def _possibly_cited_in(source: str) -> set[int]:
    """The ids of posts that a text may quote. Parsing takes a millisecond, so plain addresses are found without it."""
    if "&" in source or "\\" in source:  # an address may be escaped
        return cited_in_source(source)
    return {int(number) for number in POST_ADDRESS.findall(source)}


def themes_of_topics(topic_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the themes of topics, by topic id."""
    return _theme_names_by(TopicTheme.topic_id, TopicTheme, topic_ids)


def themes_of_members(member_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the themes that members can help with, by member id."""
    return _theme_names_by(MemberTheme.member_id, MemberTheme, member_ids)


def handles_before(member_ids: Collection[int]) -> dict[int, list[str]]:
    """The handles that members had before the present one, sorted, by member id."""
    found: dict[int, list[str]] = {}
    query = select(EarlierHandle.member_id, EarlierHandle.handle).order_by(EarlierHandle.handle)
    for member_id, handle in db.session.execute(
        query.where(EarlierHandle.member_id.in_(member_ids))
    ):
        found.setdefault(member_id, []).append(handle)
    return found


def _theme_names_by(key: Any, row: Any, ids: Collection[int]) -> dict[int, list[str]]:
    query = select(key, Theme.name).join(Theme, Theme.id == row.theme_id)
    found: dict[int, list[str]] = {}
    for key_id, name in db.session.execute(query.where(key.in_(ids), Theme.removed_at.is_(None))):
        found.setdefault(key_id, []).append(name)
    return {key_id: sorted(names) for key_id, names in found.items()}


def tried_of(post_ids: Collection[int]) -> dict[int, list[Tried]]:
    """The "tried it" marks of posts, by post id, as pages show them: without hidden profiles and notes."""
    query = _tried_marks(Mark.post_id).where(Mark.post_id.in_(post_ids))
    return _tried_by_key(query) if post_ids else {}


def tried_of_topics(topic_ids: Collection[int]) -> dict[int, list[Tried]]:
    """The marks “tried it” of the visible posts that open topics, by topic id, as pages show them."""
    query = _tried_marks(Post.topic_id).join(Post, Post.id == Mark.post_id)
    query = query.where(Post.topic_id.in_(topic_ids), Post.number == 1, *is_readable())
    return _tried_by_key(query) if topic_ids else {}


def _tried_marks(key: Any) -> Select[Any]:
    note = case((Mark.hidden_at.is_(None), Mark.words), else_="")
    language = case((Mark.hidden_at.is_(None), Mark.language), else_="")
    query = select(key, Mark.outcome, note, language, *_AUTHOR_COLUMNS).join(Mark.member)
    return query.where(Mark.kind == TRIED, Member.hidden_at.is_(None))


def _tried_by_key(query: Select[Any]) -> dict[int, list[Tried]]:
    found: dict[int, list[Tried]] = {}
    for key, outcome, note, language, *author in db.session.execute(query):
        found.setdefault(key, []).append(Tried(Author._make(author), outcome or "", note, language))
    return found


def wanted_of(topic_ids: Collection[int]) -> dict[int, list[Wanted]]:
    """Who wants to try the cases and practices of topics, by topic id, as pages show it."""
    found: dict[int, list[Wanted]] = {}
    for intention in intentions_of(topic_ids) if topic_ids else ():
        author = Author._make(getattr(intention.member, name) for name in Author._fields)
        found.setdefault(intention.topic_id, []).append(Wanted(author, intention.until))
    return found


def option_ids(post_id: int) -> Sequence[int]:
    """The ids of the options of the poll below a post, in order."""
    query = select(PollOption.id).join(Poll, Poll.id == PollOption.poll_id)
    query = query.where(Poll.post_id == post_id).order_by(PollOption.position)
    return db.session.scalars(query).all()


def polls_of(post_ids: Collection[int]) -> dict[int, ExportedPoll]:
    """The polls below posts, by post id."""
    names = [name for name in ExportedPoll._fields if name != "options"]
    query = select(Poll.post_id, PollOption.words, *(getattr(Poll, name) for name in names))
    query = query.join(PollOption, PollOption.poll_id == Poll.id).where(Poll.post_id.in_(post_ids))
    found: dict[int, ExportedPoll] = {}
    for post_id, words, *asked in (
        db.session.execute(query.order_by(Poll.id, PollOption.position)) if post_ids else ()
    ):
        before = found.get(post_id) or ExportedPoll(*asked)
        found[post_id] = before._replace(options=(*before.options, words))
    return found


def stories_of(topic_ids: Collection[int]) -> dict[int, Story]:
    """What the authors of questions reported on what happened next, by topic id, as pages show it."""
    columns = [getattr(FollowUp, name) for name in Story._fields]
    query = select(FollowUp.topic_id, *columns).where(FollowUp.topic_id.in_(topic_ids))
    query = query.join(Topic, Topic.id == FollowUp.topic_id)
    query = query.where(FollowUp.hidden_at.is_(None), Topic.followed_up_at.is_not(None))
    return {row[0]: Story._make(row[1:]) for row in db.session.execute(query)}


def discussions_to_write(reader: Person, agenda: Agenda) -> list[ExportedDiscussion]:
    """The cases and practices of an agenda that have comments, in the order of the agenda file."""
    is_shown = visible_topics(reader).whereclause
    where = (is_shown if is_shown is not None else true(), Topic.replies_count > 0)
    cases = visible_cases(reader).where(Case.agenda_id == agenda.id).join(Case.topic)
    of_case = cases.where(*where).order_by(Case.position, Case.id)
    rows = db.session.execute(
        of_case.with_only_columns(Case.slug, *_DISCUSSION_COLUMNS, Case.id)
    ).all()
    keys = _paragraph_keys_of([row[3] for row in rows])
    found = [
        ExportedDiscussion("case", slug, topic_id, audience, keys.get(case_id, ()))
        for slug, topic_id, audience, case_id in rows
    ]
    practices = visible_practices(reader).where(Practice.agenda_id == agenda.id)
    of_practice = practices.join(Practice.topic).where(*where).order_by(Practice.id)
    others = db.session.execute(of_practice.with_only_columns(Practice.slug, *_DISCUSSION_COLUMNS))
    return [*found, *(ExportedDiscussion("practice", *row[:3]) for row in others.all())]


def _paragraph_keys_of(case_ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(CaseParagraph.case_id, CaseParagraph.key).order_by(CaseParagraph.position)
    found: dict[int, list[str]] = {}
    for start in range(0, len(case_ids), IDS_PER_QUERY):
        is_here = CaseParagraph.case_id.in_(case_ids[start : start + IDS_PER_QUERY])
        for case_id, key in db.session.execute(query.where(is_here)):
            found.setdefault(case_id, []).append(key)
    return found


class PictureToWrite(NamedTuple):
    """A picture or file, who added it, and its bytes in parts; `title` is what a file is saved as."""

    name: str
    title: str | None
    author: Author
    parts: Iterable[bytes]


def pictures_to_write(names: Collection[str]) -> Iterator[PictureToWrite]:
    """The pictures and files with some names, as far as there are such, one at a time."""
    is_whole = and_(PictureFile.picture_id == Picture.id, PictureFile.version == WHOLE)
    columns = (Picture.id, Picture.size, Picture.title, PictureFile.data)
    query = select(*columns, *_AUTHOR_COLUMNS).select_from(Picture)
    query = query.outerjoin(PictureFile, is_whole).join(Picture.member)
    for name in sorted(names):
        if row := db.session.execute(query.where(Picture.name == name)).first():
            number, size, title, data = row[:4]
            parts = [data] if data else portions_of(number, 0, size)
            yield PictureToWrite(name, title, Author._make(row[4:]), parts)


def mandates_to_write(organisation_ids: Collection[int]) -> Mapping[int, Sequence[Mandate]]:
    """Who was named to write for organisations, by the id of each, with the members and who named them."""
    if not organisation_ids:
        return {}
    people = joinedload(Mandate.member), joinedload(Mandate.named_by)
    found: dict[int, list[Mandate]] = {}
    here = select(Mandate).where(Mandate.organisation_id.in_(organisation_ids))
    for mandate in db.session.scalars(here.options(*people).order_by(Mandate.id)):
        found.setdefault(mandate.organisation_id, []).append(mandate)
    return found


def organisations_to_write() -> Sequence[Organisation]:
    """All organisations with city and representative."""
    loads = joinedload(Organisation.city), joinedload(Organisation.representative)
    return db.session.scalars(select(Organisation).options(*loads).order_by(Organisation.id)).all()


def members_to_write(reader: Person, size: int) -> Iterator[Sequence[Member]]:
    """The members whose profiles a reader may see, by name, with what the profiles show, `size` at a time."""
    key = (Member.sort_key, Member.id)
    loads = joinedload(Member.city), joinedload(Member.organisation), selectinload(Member.languages)
    query = visible_members(reader).order_by(*key).limit(size).options(*loads)
    rows = db.session.scalars(query).all()
    while rows:
        yield rows
        following = query.where(tuple_(*key) > (rows[-1].sort_key, rows[-1].id))
        rows = db.session.scalars(following).all()


def has_handle_beginning_with(beginning: str) -> bool:
    """Whether any member's handle begins with this."""
    begins = exists().where(Member.handle.startswith(beginning, autoescape=True))
    return bool(db.session.scalar(select(begins)))


def city_labels(cities: Iterable[City]) -> dict[int, str]:
    """The labels of cities in a file, by id: `Surat, IN`, with the GeoNames id if that would mean another city."""
    wanted = {city.id: (" ".join(fold(city.name).split())[:200], city) for city in cities}
    names = {folded for folded, _city in wanted.values()}
    query = select(CityName.folded, City.country, City.id).join(City, City.id == CityName.city_id)
    query = query.where(CityName.folded.in_(names)).order_by(City.population, City.id.desc())
    meant = {(row[0], row[1]): row[2] for row in db.session.execute(query)} if names else {}
    return {
        city_id: f"{city.name}, {city.country}"
        + ("" if meant.get((folded, city.country)) == city_id else f", {city_id}")
        for city_id, (folded, city) in wanted.items()
    }
