"""What the person who runs the server asks: whether the schema is ours, whether the forum can serve, and what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Executable,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    inspect,
    join,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
    text,
    true,
    union_all,
)
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import aliased

from forum.agendas.models import AgendaHost
from forum.copies import last_aside
from forum.db import Base, db, is_locked, without_waiting
from forum.dialogue.models import Held, Post, Quote, Topic
from forum.dialogue.queries import DERIVED_COLUMNS, is_readable, is_unreadable_from, wrong_counts
from forum.library.models import Case, Practice, Reading
from forum.library.queries import PUBLISHED
from forum.members.models import Ignore, Member
from forum.migrating import FOLDER, revisions
from forum.moderation.models import Report
from forum.notifications.models import Event, Notice
from forum.notifications.queries import TRIES
from forum.permissions import PUBLIC, Person, require
from forum.search.models import Document, Retitling
from forum.search.queries import documents_with_stale_words
from forum.upkeep.models import Check, Fault

FTS = "document_fts"
INDEXED = table("document_fts_docsize", column("id"))  # a row for each document in the index
A_DEED = timedelta(minutes=1)
VERSIONS = table("alembic_version", column("version_num"))
WRITE_NOTHING = text("UPDATE alembic_version SET version_num = version_num WHERE 0")
TAKES_WRITES = text("SELECT NOT current_setting('transaction_read_only')::bool")
SchemaState = Literal["ours", "older", "newer", "none"]


def schema_state(connection: Connection | None = None) -> SchemaState:
    """How the database's schema stands to this code: two quick queries, so that it can be asked often.

    `ours`: made for each other. `older`: migrations are to be run. `newer`: a newer version of the code has been
    here, or another program. `none`: no migration has ever run.
    """
    versions = _versions(connection or db.session.connection())
    if not versions:
        return "none"
    heads, known = revisions()
    if versions == heads:
        return "ours"
    return "older" if versions <= known else "newer"


def wrong_schema() -> str:
    """Why the forum cannot work with its database, in a sentence; empty when it can. Holds no connection."""
    with db.engine.connect() as connection:
        state = schema_state(connection)
    return WRONG[state] if state != "none" else moved_away() or WRONG[state]


def moved_away() -> str:
    """That an empty database is empty because the forum has gone to another one, in a sentence; empty when it has not."""
    url = db.engine.url
    aside = last_aside(Path(url.database or "")) if url.get_backend_name() == "sqlite" else None
    if aside is None:
        return ""
    return (
        f"The database is empty. The forum was moved to another one, and its old file is {aside}. "
        "Set FORUM_DATABASE_URL to where it lives now."
    )


WRONG: dict[SchemaState, str] = {
    "ours": "",
    "older": "The database is of an older version of the forum. Run `flask db upgrade` first.",
    "newer": "The database is of a newer version of the forum. Install that version, or restore a backup.",
    "none": "The database is empty. Run `flask db upgrade` first.",
}


def _versions(connection: Connection) -> frozenset[str]:
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.scalars(select(VERSIONS.c.version_num)))


def known_revisions() -> frozenset[str]:
    """The revisions of the schema that this code knows, from which it can upgrade."""
    return revisions()[1]


def version() -> str:
    """The version of the forum."""
    with (FOLDER.parent / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def is_writable() -> bool:
    """Whether rows can be written: neither the file nor the server is read-only. Changes nothing and waits for nobody.

    A database that somebody else is writing to at this moment can be written.
    """
    try:
        with without_waiting(), db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.execution_options(is_writing=True).execute(WRITE_NOTHING)
                return True
            return bool(connection.scalar(TAKES_WRITES))
    except OperationalError as error:
        return is_locked(error)


# Checking what is written: `flask check`. Every check is one pass in the database, read as a stream.


def checks() -> list[Check]:
    """All there is to check in this database, in the order in which it is worth knowing."""
    is_sqlite = db.session.connection().dialect.name == "sqlite"
    return [
        *(_of_sqlite() if is_sqlite else _of_postgresql()),
        *(
            _kept(model, column, truth)
            for model in DERIVED_COLUMNS
            for column, truth in DERIVED_COLUMNS[model].items()
        ),
        Check("topics without a beginning", _without_opening),
        Check("topics in lists", _wrong_shelves, "shelves"),
        Check("agendas that members host", _wrong_hosting, "hosts"),
        Check("members that members ignore", _wrong_ignoring, "ignored"),
        Check("practices adapted in a circle", _circles),
        Check("notices about what is hidden", _notices_of_hidden, "notices"),
        Check("quotes of what is hidden", _quotes_of_hidden, "quotes"),
        *(Check(f"search: {kind}", partial(_documents, kind), "documents") for kind in WRITTEN),
        Check("search: documents of nothing", _strays, "strays"),
        Check("search: words", _of_other_words, "documents"),
    ]


NOT_CHECKED = {
    "sqlite": "Not checked: each word of the full-text index against the documents, because nobody could "
    "write meanwhile. `flask backup` checks it in its copy, and `--fix` mends it.",
    "postgresql": "Not checked: damaged pages, and indexes against their tables. pg_amcheck does it, which "
    "comes with PostgreSQL and needs its extension amcheck.",
}


def not_checked(has_mended: bool = False) -> str:
    """A sentence that says what this database's checks leave out; none where whoever mends has looked at all."""
    kind = db.session.connection().dialect.name
    return "" if has_mended and kind == "sqlite" else NOT_CHECKED[kind]


def faults_of(check: Check) -> Iterator[Fault]:
    """What a check finds; that it cannot be made is a fault as well, and the worst."""
    try:
        yield from check.faults()
    except DatabaseError as error:
        yield Fault("database", None, f"cannot be read here: {error.orig}")


def _stream(query: Executable) -> Iterator[Any]:
    yield from db.session.execute(query.execution_options(yield_per=1_000))


# The database itself


def _of_sqlite() -> list[Check]:
    return [
        Check("pages and indexes", _damages),
        Check("keys", _broken_keys_of_sqlite),
        Check("full-text index", _unindexed, "index"),
    ]


def _damages() -> Iterator[Fault]:
    """What SQLite finds, full-text index included, except for its words: see `_words_differ`."""
    for (words,) in _stream(text("PRAGMA integrity_check(1000)")):
        if words != "ok" and FTS not in words:
            yield Fault("database", None, words)


def _broken_keys_of_sqlite() -> Iterator[Fault]:
    for table_name, rowid, target, _number in _stream(text("PRAGMA foreign_key_check")):
        yield Fault(table_name, rowid, f"leads to a row of {target} that is not there")


def _unindexed() -> Iterator[Fault]:
    """Where the full-text index and the documents part. Reads only, so that nobody waits."""
    for (words,) in _stream(text(f"PRAGMA integrity_check({FTS})")):
        if words != "ok":
            yield Fault("full-text index", None, words)
    indexed, written = select(INDEXED.c.id), select(Document.id)
    for what, rows in (
        ("is not in the full-text index", written.except_(indexed)),
        ("is in the full-text index and nowhere else", indexed.except_(written)),
    ):
        for (document_id,) in _stream(rows):
            yield Fault("document", document_id, what)


def _of_postgresql() -> list[Check]:
    return [
        Check("pages that were read and did not add up", _checksum_failures),
        Check("indexes and keys that are switched off", _switched_off),
        Check("keys", _broken_keys),
        Check("numbers for new rows", _sequences_behind, "sequences"),
    ]


def _checksum_failures() -> Iterator[Fault]:
    failed = text(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
    )
    if number := db.session.scalar(failed):
        yield Fault("database", None, "pages whose checksum was wrong", number, 0)


def _switched_off() -> Iterator[Fault]:
    for name, what in _stream(
        text(
            """SELECT indexrelid::regclass::text, 'is not valid' FROM pg_index WHERE NOT indisvalid
            UNION ALL SELECT conname, 'is not validated' FROM pg_constraint WHERE NOT convalidated"""
        )
    ):
        yield Fault("index or key", name, what)


def _broken_keys() -> Iterator[Fault]:
    for rows in Base.metadata.sorted_tables:
        if rows.foreign_keys:
            for column_name, target, *row in _stream(_leading_nowhere(rows)):
                what = f"{column_name} leads to a row of {target} that is not there"
                yield Fault(rows.name, "/".join(map(str, row)), what)


@cache
def _leading_nowhere(rows: Table) -> CompoundSelect[Any]:
    """One statement for all keys of a table: building one for each takes longer than a small forum takes to answer."""
    broken = []
    for key in sorted(rows.foreign_keys, key=lambda key: key.parent.name):
        target = key.column.table.alias()
        is_there = exists().where(target.c[key.column.name] == key.parent)
        named = literal(key.parent.name), literal(key.column.table.name)
        found = select(*named, *rows.primary_key)
        broken.append(found.where(key.parent.is_not(None), ~is_there))
    return union_all(*broken)


def _sequences_behind() -> Iterator[Fault]:
    for row_name, _sequence, given, last in sequences_behind():
        yield Fault(row_name, None, "last number given", given, last)


def sequences_behind() -> list[tuple[str, str, int, int]]:
    """Where PostgreSQL would number new rows like old ones: table, sequence, last number given, last number there."""
    named = text("SELECT pg_get_serial_sequence(:rows, 'id')")
    found = []
    for rows in Base.metadata.sorted_tables:
        if "id" in rows.c and (name := db.session.scalar(named, {"rows": f'"{rows.name}"'})):
            last = db.session.scalar(select(func.max(rows.c.id))) or 0
            given = db.session.scalar(select(literal_column("last_value")).select_from(text(name)))
            if given is not None and given < last:
                found.append((rows.name, name, given, last))
    return found


# What rows keep of other rows


def _kept(model: Any, column: Any, truth: Any) -> Check:
    name = f"{model.__tablename__}.{column.key}"
    return Check(name, partial(_wrong, model, column, truth), model.__tablename__)


def _wrong(model: Any, column: Any, truth: Any) -> Iterator[Fault]:
    wrong = select(model.id, column, truth).where(column.is_distinct_from(truth))
    for item_id, has, should in _stream(wrong):
        if not _is_moment_alike(has, should):
            yield Fault(model.__tablename__, item_id, column.key, has, should)


def _is_moment_alike(has: Any, should: Any) -> bool:
    """A deed asks for the time more than once, so that what it writes may be some seconds apart."""
    are_moments = isinstance(has, datetime) and isinstance(should, datetime)
    return are_moments and abs(has - should) < A_DEED


def _without_opening() -> Iterator[Fault]:
    """Topics whose first post is gone from its table; one that was merged has none, and deeds keep all others."""
    opening = exists().where(Post.topic_id == Topic.id, Post.number == 1)
    for (topic_id,) in _stream(select(Topic.id).where(Topic.merged_into_id.is_(None), ~opening)):
        yield Fault("topic", topic_id, "has lost the post that opens it")


def _wrong_shelves() -> Iterator[Fault]:
    for key, has, should in wrong_counts():
        yield Fault("topic_count", "/".join(map(str, key)), "number", has, should)


def _wrong_hosting() -> Iterator[Fault]:
    hosting: dict[int, list[int]] = {}
    for member_id, agenda_id in _stream(select(AgendaHost.member_id, AgendaHost.agenda_id)):
        hosting.setdefault(member_id, []).append(agenda_id)
    is_hosting = or_(cast(Member.hosted, Text) != "[]", Member.id.in_(hosting))
    for member_id, hosted in _stream(select(Member.id, Member.hosted).where(is_hosting)):
        if hosted != (should := sorted(hosting.get(member_id, []))):
            yield Fault("member", member_id, "hosted", hosted, should)


def _wrong_ignoring() -> Iterator[Fault]:
    ignoring: dict[int, list[int]] = {}
    for member_id, ignored_id in _stream(select(Ignore.member_id, Ignore.ignored_id)):
        ignoring.setdefault(member_id, []).append(ignored_id)
    does = or_(cast(Member.ignored, Text) != "[]", Member.id.in_(ignoring))
    for member_id, ignored in _stream(select(Member.id, Member.ignored).where(does)):
        if ignored != (should := sorted(ignoring.get(member_id, []))):
            yield Fault("member", member_id, "ignored", ignored, should)


def _circles() -> Iterator[Fault]:
    """Practices that were adapted, in the end, from themselves."""
    steps = select(Practice.id, Practice.adapted_from_id.label("above")).cte(recursive=True)
    further = select(steps.c.id, Practice.adapted_from_id).join(
        Practice, Practice.id == steps.c.above
    )
    steps = steps.union(further)
    for (practice_id,) in _stream(select(steps.c.id).where(steps.c.id == steps.c.above)):
        yield Fault("practice", practice_id, "is adapted, in the end, from itself")


def _notices_of_hidden() -> Iterator[Fault]:
    """Notices that tell of what readers may not see. Decisions stay, so that authors can read the reason."""
    is_gone = or_(
        exists().where(Post.id == Notice.post_id, ~and_(*is_readable())),
        exists().where(
            Topic.id == Notice.topic_id,
            or_(Topic.hidden_at.is_not(None), Topic.deleted_at.is_not(None)),
        ),
    )
    shown = select(Notice.id).where(Notice.hidden_at.is_(None), Notice.kind != "decision", is_gone)
    for (notice_id,) in _stream(shown):
        yield Fault("notice", notice_id, "tells of something that is hidden")


def _quotes_of_hidden() -> Iterator[Fault]:
    """Posts that show as a quote what readers may not see any more, or withhold what they may see again."""
    quoted, there = aliased(Post), aliased(Topic)
    is_gone = is_unreadable_from(quoted, there, Topic.id, Topic.audience)
    of_it = cast(Quote.quoted_id, Text)
    shown = literal('<blockquote class="cite">\n<p><a href="/posts/').concat(of_it).concat('">')
    withheld = literal('<blockquote class="cite" data-withheld="').concat(of_it).concat('">')
    html = cast(Post.html, Text)
    wrong = (
        select(Quote.post_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .join(there, there.id == quoted.topic_id)
        .join(Post, Post.id == Quote.post_id)
        .join(Post.topic)
        .where(or_(and_(is_gone, html.contains(shown)), and_(~is_gone, html.contains(withheld))))
    )
    for (post_id,) in _stream(wrong.distinct()):
        yield Fault("post", post_id, "quotes what readers may not see, or not what they may")


# What search knows


NEVER, EVERYBODY = null(), literal(PUBLIC)


@dataclass(frozen=True)
class Searched:
    """What search should know of the things of one kind, as columns of `rows`; those that `is_there` have a document."""

    rows: Any
    item_id: Any
    is_there: Any
    title: Any
    agenda_id: Any
    hidden_at: Any = NEVER
    audience: Any = EVERYBODY


WRITTEN = {
    "topic": Searched(
        Topic,
        Topic.id,
        Topic.deleted_at.is_(None),
        case((Topic.home.is_(None), Topic.title), else_=""),
        Topic.agenda_id,
        Topic.hidden_at,
        Topic.audience,
    ),
    "post": Searched(
        join(Post, Topic, Topic.id == Post.topic_id),
        Post.id,
        and_(Post.number > 1, Post.deleted_at.is_(None), Topic.deleted_at.is_(None)),
        Topic.title,
        Topic.agenda_id,
        Post.hidden_at,
        Topic.audience,
    ),
    "case": Searched(Case, Case.id, true(), Case.name, Case.agenda_id, Case.hidden_at),
    "practice": Searched(
        Practice,
        Practice.id,
        and_(Practice.state == PUBLISHED, Practice.deleted_at.is_(None)),
        Practice.title,
        Practice.agenda_id,
        Practice.hidden_at,
        Practice.audience,
    ),
    "reading": Searched(
        Reading, Reading.id, Reading.removed_at.is_(None), Reading.title, Reading.agenda_id
    ),
}


def _documents(kind: str) -> Iterator[Fault]:
    """Things without a document, and documents that do not say what the thing says of itself."""
    for item_id, document_id, *values in _stream(_compared(kind, WRITTEN[kind])):
        if document_id is None:
            yield Fault(kind, item_id, "is not known to search")
            continue
        for name, has, should in zip(TOLD, values[::2], values[1::2], strict=False):
            if has != should:
                yield Fault(kind, item_id, f"{name} in search", has, should)


TOLD = ("hidden", "audience", "agenda", "title", "topic")  # the last one of posts alone


def _compared(kind: str, of: Searched) -> Select[Any]:
    parent = aliased(Document)
    is_of_topic = and_(parent.kind == "topic", parent.item_id == Topic.id)
    pairs = [
        (Document.hidden_at.is_not(None), of.hidden_at.is_not(None)),
        (Document.audience, of.audience),
        (Document.agenda_id, of.agenda_id),
        (Document.title, of.title),
    ]
    rows = select(of.item_id, Document.id).select_from(of.rows)
    rows = rows.outerjoin(Document, and_(Document.kind == kind, Document.item_id == of.item_id))
    if kind == "post":
        rows = rows.outerjoin(parent, is_of_topic)
        pairs.append((Document.parent_id, parent.id))
        follows = (Retitling.document_id == Document.parent_id, Retitling.reached < Document.id)
        rows = rows.outerjoin(Retitling, and_(*follows))  # the worker is still to say the new title
        is_due = Retitling.document_id.is_not(None)
        pairs[3] = (Document.title, case((is_due, Document.title), else_=of.title))
    differs = [has.is_distinct_from(should) for has, should in pairs]
    return rows.add_columns(*(side for pair in pairs for side in pair)).where(
        of.is_there, or_(Document.id.is_(None), *differs)
    )


def _strays() -> Iterator[Fault]:
    """Documents that lead to nothing, or to something that is gone."""
    for kind, of in WRITTEN.items():
        leads = select(of.item_id).select_from(of.rows).where(of.item_id == Document.item_id)
        stray = select(Document.item_id).where(
            Document.kind == kind, ~leads.where(of.is_there).correlate(Document).exists()
        )
        for (item_id,) in _stream(stray):
            yield Fault(kind, item_id, "is known to search and gone")


def _of_other_words() -> Iterator[Fault]:
    for kind, item_id in documents_with_stale_words():
        yield Fault(kind, item_id, "is known to search by other words than those of its text")


def openings_of(topic_ids: Sequence[int]) -> list[int]:
    """The ids of the posts that open topics."""
    opening = select(Post.id).where(Post.topic_id.in_(topic_ids), Post.number == 1)
    return list(db.session.scalars(opening.order_by(Post.id)))


def missing(kind: str, ids: Sequence[int]) -> list[int]:
    """Those of the ids under which there is nothing of a kind, not even something that is gone."""
    item_id = WRITTEN[kind].item_id
    found = set(db.session.scalars(select(item_id).where(item_id.in_(ids))))
    return sorted(set(ids) - found)


def told_of(notice_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The ids of the topics and of the posts that notices tell of."""
    about = (
        select(func.coalesce(what, 0))
        .where(Notice.id.in_(notice_ids), what.is_not(None))
        .distinct()
        for what in (Notice.topic_id, Notice.post_id)
    )
    topics, posts = (sorted(db.session.scalars(query)) for query in about)
    return topics, posts


# Figures


class Waiting(NamedTuple):
    """What waits for the worker (and since when), what the worker has given up, what waits for moderators."""

    events: int
    oldest_at: datetime | None
    given_up: int
    reports: int
    practices: int
    texts: int


def waiting() -> Waiting:
    """How much waits; one query over what is not done."""
    open_event = select(func.count()).select_from(Event).where(Event.done_at.is_(None))
    due = (Event.hidden_at.is_(None), Event.attempts < TRIES)
    oldest = select(func.min(Event.due_at)).where(Event.done_at.is_(None), *due)
    reports = select(func.count()).select_from(Report).where(Report.decision_id.is_(None))
    practices = (
        select(func.count())
        .select_from(Practice)
        .where(
            Practice.state == "submitted",
            Practice.deleted_at.is_(None),
            Practice.hidden_at.is_(None),
        )
    )
    parts = (
        open_event.where(*due),
        oldest,
        open_event.where(Event.attempts >= TRIES),
        reports,
        practices,
        select(func.count()).select_from(Held).where(Held.decided_at.is_(None)),
    )
    return Waiting(*db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def is_file_gone() -> bool:
    """Whether SQLite's file is no longer in its place: what is written then goes to one without a name."""
    url = db.engine.url
    name = url.database or ""
    is_file = url.get_backend_name() == "sqlite" and name not in ("", ":memory:")
    return is_file and not name.startswith("file:") and not Path(name).exists()


def database_size() -> tuple[str, int]:
    """The database's name with its version, and its bytes on the disk."""
    version, size = db.session.execute(SIZES[db.session.get_bind().dialect.name]).one()
    return str(version), int(size)


SIZES = {
    "sqlite": text(
        "SELECT 'SQLite ' || sqlite_version(), page_count * page_size"
        " FROM pragma_page_count(), pragma_page_size()"
    ),
    "postgresql": text(
        "SELECT 'PostgreSQL ' || current_setting('server_version'),"
        " pg_database_size(current_database())"
    ),
}


def months(administrator: Person, since: datetime) -> dict[str, dict[str, int]]:
    """What happened in each month since a moment: figure → month (`2026-11`) → how many; months of none are left out.

    Counted is what was written, whatever became of it since. Four queries, of which the longest reads the posts
    since then; what is older is not looked at.
    """
    require(administrator.can.administer())
    written, answers = _month(Post.created_at), Topic.answer_id == Post.id
    posts = select(written, func.count(), func.count(Post.author_id.distinct()))
    rows = db.session.execute(posts.where(Post.created_at >= since).group_by(written)).all()
    answered = (
        select(written, func.count())
        .join(Topic, answers)
        .where(Topic.active_at >= since, Topic.kind == "question", Post.created_at >= since)
    )
    return {
        "posts": {month: count for month, count, _authors in rows},
        "authors": {month: authors for month, _count, authors in rows},
        "members": _by_month(Member.joined_at, Member.joined_at >= since),
        "topics": _by_month(Topic.created_at, Topic.active_at >= since, Topic.created_at >= since),
        "answers": _pairs(answered.group_by(written)),
    }


def _by_month(moment: Any, *which: Any) -> dict[str, int]:
    month = _month(moment)
    return _pairs(select(month, func.count()).where(*which).group_by(month))


def _pairs(query: Any) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _month(moment: Any) -> Any:
    """The month of a moment, as `2026-11`, in the cheapest way of each database."""
    if db.session.get_bind().dialect.name == "sqlite":
        return func.substr(moment, 1, 7)
    return func.to_char(func.timezone(text("'UTC'"), moment), text("'YYYY-MM'"))
