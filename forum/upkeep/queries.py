"""Questions of the person who runs the server: the version of the schema, readiness, inconsistencies, figures."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
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

from forum.agendas.models import Agenda, AgendaHost
from forum.copies import last_aside
from forum.db import Base, db, is_locked, without_waiting
from forum.dialogue.models import Held, Post, Quote, Topic
from forum.dialogue.queries import (
    DERIVED_COLUMNS,
    is_readable,
    is_unreadable_from,
    unreadable_by,
    with_links_home,
    wrong_counts,
)
from forum.library.models import Case, CaseParagraph, Practice, PracticeSection, Reading
from forum.library.queries import FAILURE, PUBLISHED
from forum.markup import cited_in_source, shown_in_html, withheld_in_html
from forum.members.models import Ignore, Member
from forum.migrating import FOLDER, revisions
from forum.moderation.models import Report
from forum.notifications.models import Event, Notice
from forum.notifications.queries import MAX_ATTEMPTS
from forum.permissions import MEMBERS, PUBLIC, Person, require
from forum.search.models import Document, Retitling
from forum.search.queries import documents_with_stale_words
from forum.upkeep.models import Check, Fault

FTS_TABLE = "document_fts"
FTS_ROWS = table(
    "document_fts_docsize", column("id")
)  # FTS5's own table with a row for each indexed document
LONGEST_ACTION = timedelta(minutes=1)  # by which two times of the same action may differ
VERSIONS = table("alembic_version", column("version_num"))
WRITE_NOTHING = text("UPDATE alembic_version SET version_num = version_num WHERE 0")
IS_WRITABLE = text("SELECT NOT current_setting('transaction_read_only')::bool")
SchemaState = Literal["ours", "older", "newer", "none"]


def schema_state(connection: Connection | None = None) -> SchemaState:
    """The version of the database's schema compared with this code. Two quick queries, so it can be asked often.

    `ours`: they match. `older`: migrations have to be run. `newer`: a newer version of the code has migrated it, or
    another program. `none`: no migration has ever run.
    """
    versions = _versions(connection or db.session.connection())
    if not versions:
        return "none"
    heads, known = revisions()
    if versions == heads:
        return "ours"
    return "older" if versions <= known else "newer"


def schema_problem() -> str:
    """A sentence why the forum cannot work with its database, or an empty string. Keeps no connection."""
    with db.engine.connect() as connection:
        state = schema_state(connection)
    return (
        SCHEMA_PROBLEMS[state]
        if state != "none"
        else moved_away_problem() or SCHEMA_PROBLEMS[state]
    )


def moved_away_problem() -> str:
    """A sentence that the forum was moved from this SQLite file to another database, or an empty string."""
    url = db.engine.url
    aside = last_aside(Path(url.database or "")) if url.get_backend_name() == "sqlite" else None
    if aside is None:
        return ""
    return (
        f"The database is empty. The forum was moved to another one, and its old file is {aside}. "
        "Set FORUM_DATABASE_URL to where it lives now."
    )


SCHEMA_PROBLEMS: dict[SchemaState, str] = {
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
    """The migrations that this code has, from whose schema it can upgrade."""
    return revisions()[1]


def version() -> str:
    """The version of the forum."""
    with (FOLDER.parent / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def is_writable() -> bool:
    """Whether the database takes writes: neither the file nor the server is read-only. Changes nothing, waits for no lock.

    A database that is locked by another writer counts as writable.
    """
    try:
        with without_waiting(), db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.execution_options(is_writing=True).execute(WRITE_NOTHING)
                return True
            return bool(connection.scalar(IS_WRITABLE))
    except OperationalError as error:
        return is_locked(error)


# Consistency checks for `flask check`. Each is a single query, whose rows are streamed.


def checks() -> list[Check]:
    """All checks of this database, the most important first."""
    is_sqlite = db.session.connection().dialect.name == "sqlite"
    return [
        *(_sqlite_checks() if is_sqlite else _postgresql_checks()),
        *(
            _column_check(model, column, expected)
            for model in DERIVED_COLUMNS
            for column, expected in DERIVED_COLUMNS[model].items()
        ),
        Check("topics without a beginning", _without_opening),
        Check("topics in lists", _wrong_shelves, "shelves"),
        Check("agendas that members host", _wrong_hosted, "hosts"),
        Check("members that members ignore", _wrong_ignored, "ignored"),
        Check("practices adapted in a circle", _circular_adaptations),
        Check("notices about what is hidden", _notices_of_hidden, "notices"),
        Check("quotes of what is hidden", _quotes_of_hidden, "quotes"),
        Check("pages that quote what is hidden", _pages_quoting_hidden),
        *(
            Check(f"search: {kind}", partial(_wrong_documents, kind), "documents")
            for kind in INDEXED_KINDS
        ),
        Check("search: documents of nothing", _stray_documents, "strays"),
        Check("search: words", _documents_with_stale_words, "documents"),
    ]


NOT_CHECKED = {
    "sqlite": "Not checked: each word of the full-text index against the documents, because nobody could "
    "write meanwhile. `flask backup` checks it in its copy, and `--fix` mends it.",
    "postgresql": "Not checked: damaged pages, and indexes against their tables. pg_amcheck does it, which "
    "comes with PostgreSQL and needs its extension amcheck.",
}


def not_checked(has_mended: bool = False) -> str:
    """A sentence on what the checks of this database leave out; empty if mending has included it."""
    kind = db.session.connection().dialect.name
    return "" if has_mended and kind == "sqlite" else NOT_CHECKED[kind]


def faults_of(check: Check) -> Iterator[Fault]:
    """The faults that a check finds; a failing query is a fault too."""
    try:
        yield from check.faults()
    except DatabaseError as error:
        yield Fault("database", None, f"cannot be read here: {error.orig}")


def _stream(query: Executable) -> Iterator[Any]:
    yield from db.session.execute(query.execution_options(yield_per=1_000))


# The database itself


def _sqlite_checks() -> list[Check]:
    return [
        Check("pages and indexes", _damaged_pages),
        Check("keys", _broken_keys_in_sqlite),
        Check("full-text index", _full_text_differences, "index"),
    ]


def _damaged_pages() -> Iterator[Fault]:
    """What SQLite's own integrity check finds, without the full-text index, which has a check of its own."""
    for (words,) in _stream(text("PRAGMA integrity_check(1000)")):
        if words != "ok" and FTS_TABLE not in words:
            yield Fault("database", None, words)


def _broken_keys_in_sqlite() -> Iterator[Fault]:
    for table_name, rowid, target, _number in _stream(text("PRAGMA foreign_key_check")):
        yield Fault(table_name, rowid, f"leads to a row of {target} that is not there")


def _full_text_differences() -> Iterator[Fault]:
    """Where the full-text index differs from the documents. Only reads, so that no writer has to wait."""
    for (words,) in _stream(text(f"PRAGMA integrity_check({FTS_TABLE})")):
        if words != "ok":
            yield Fault("full-text index", None, words)
    indexed, written = select(FTS_ROWS.c.id), select(Document.id)
    for what, rows in (
        ("is not in the full-text index", written.except_(indexed)),
        ("is in the full-text index and nowhere else", indexed.except_(written)),
    ):
        for (document_id,) in _stream(rows):
            yield Fault("document", document_id, what)


def _postgresql_checks() -> list[Check]:
    return [
        Check("pages that were read and did not add up", _checksum_failures),
        Check("indexes and keys that are switched off", _invalid_indexes_and_keys),
        Check("keys", _broken_keys),
        Check("numbers for new rows", _sequences_behind, "sequences"),
    ]


def _checksum_failures() -> Iterator[Fault]:
    failed = text(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
    )
    if number := db.session.scalar(failed):
        yield Fault("database", None, "pages whose checksum was wrong", number, 0)


def _invalid_indexes_and_keys() -> Iterator[Fault]:
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
            for column_name, target, *row in _stream(_dangling_keys(rows)):
                what = f"{column_name} leads to a row of {target} that is not there"
                yield Fault(rows.name, "/".join(map(str, row)), what)


@cache
def _dangling_keys(rows: Table) -> CompoundSelect[Any]:
    """The rows of a table whose foreign keys lead nowhere: column, target and primary key.

    One statement for all keys: building one for each takes longer than a small forum takes to answer.
    """
    broken = []
    for key in sorted(rows.foreign_keys, key=lambda key: key.parent.name):
        target = key.column.table.alias()
        has_parent = exists().where(target.c[key.column.name] == key.parent)
        named = literal(key.parent.name), literal(key.column.table.name)
        found = select(*named, *rows.primary_key)
        broken.append(found.where(key.parent.is_not(None), ~has_parent))
    return union_all(*broken)


def _sequences_behind() -> Iterator[Fault]:
    for row_name, _sequence, given, last in sequences_behind():
        yield Fault(row_name, None, "last number given", given, last)


def sequences_behind() -> list[tuple[str, str, int, int]]:
    """Where PostgreSQL would reuse existing ids: table, sequence, last number given, highest id."""
    named = text("SELECT pg_get_serial_sequence(:rows, 'id')")
    found = []
    for rows in Base.metadata.sorted_tables:
        if "id" in rows.c and (name := db.session.scalar(named, {"rows": f'"{rows.name}"'})):
            last = db.session.scalar(select(func.max(rows.c.id))) or 0
            given = db.session.scalar(select(literal_column("last_value")).select_from(text(name)))
            if given is not None and given < last:
                found.append((rows.name, name, given, last))
    return found


# Columns that repeat what other rows say


def _column_check(model: Any, column: Any, expected: Any) -> Check:
    name = f"{model.__tablename__}.{column.key}"
    return Check(name, partial(_wrong_values, model, column, expected), model.__tablename__)


def _wrong_values(model: Any, column: Any, expected: Any) -> Iterator[Fault]:
    wrong = select(model.id, column, expected).where(column.is_distinct_from(expected))
    for item_id, has, should in _stream(wrong):
        if not _are_close_moments(has, should):
            yield Fault(model.__tablename__, item_id, column.key, has, should)


def _are_close_moments(has: Any, should: Any) -> bool:
    """Whether both are times and nearly the same: an action asks for the time more than once."""
    are_moments = isinstance(has, datetime) and isinstance(should, datetime)
    return are_moments and abs(has - should) < LONGEST_ACTION


def _without_opening() -> Iterator[Fault]:
    """Topics without a row for their first post. Only merged topics have none; deleted posts keep their rows."""
    opening = exists().where(Post.topic_id == Topic.id, Post.number == 1)
    for (topic_id,) in _stream(select(Topic.id).where(Topic.merged_into_id.is_(None), ~opening)):
        yield Fault("topic", topic_id, "has lost the post that opens it")


def _wrong_shelves() -> Iterator[Fault]:
    for key, has, should in wrong_counts():
        yield Fault("topic_count", "/".join(map(str, key)), "number", has, should)


def _wrong_hosted() -> Iterator[Fault]:
    yield from _wrong_id_lists(Member.hosted, AgendaHost.member_id, AgendaHost.agenda_id)


def _wrong_ignored() -> Iterator[Fault]:
    yield from _wrong_id_lists(Member.ignored, Ignore.member_id, Ignore.ignored_id)


def _wrong_id_lists(column: Any, member_id: Any, listed_id: Any) -> Iterator[Fault]:
    """Members whose column of ids differs from the rows of another table that say the same."""
    expected: dict[int, list[int]] = {}
    for key, other_id in _stream(select(member_id, listed_id)):
        expected.setdefault(key, []).append(other_id)
    has_any = or_(cast(column, Text) != "[]", Member.id.in_(expected))
    for key, has in _stream(select(Member.id, column).where(has_any)):
        if has != (should := sorted(expected.get(key, []))):
            yield Fault("member", key, column.key, has, should)


def _circular_adaptations() -> Iterator[Fault]:
    """Practices that were adapted from themselves, over others."""
    steps = select(Practice.id, Practice.adapted_from_id.label("above")).cte(recursive=True)
    further = select(steps.c.id, Practice.adapted_from_id).join(
        Practice, Practice.id == steps.c.above
    )
    steps = steps.union(further)
    for (practice_id,) in _stream(select(steps.c.id).where(steps.c.id == steps.c.above)):
        yield Fault("practice", practice_id, "is adapted, in the end, from itself")


def _notices_of_hidden() -> Iterator[Fault]:
    """Notices about content that readers may not see, except decisions, whose reason the author must be able to read."""
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
    """Posts that show a quote of something hidden, or withhold one of something that is visible again."""
    quoted, there = aliased(Post), aliased(Topic)
    is_gone = is_unreadable_from(quoted, there, Topic.id, Topic.audience)
    html = cast(Post.html, Text)
    possibly_wrong = (
        select(Quote.post_id, Quote.quoted_id, is_gone, html)
        .join(quoted, quoted.id == Quote.quoted_id)
        .join(there, there.id == quoted.topic_id)
        .join(Post, Post.id == Quote.post_id)
        .join(Post.topic)
        .where(or_(is_gone, html.contains("data-withheld=")))
        .order_by(Quote.post_id)
    )
    last = 0
    for post_id, quoted_id, gone, words in _stream(possibly_wrong):
        is_wrong = quoted_id in (shown_in_html(words) if gone else withheld_in_html(words))
        if is_wrong and post_id != last:
            last = post_id
            yield Fault("post", post_id, "quotes what readers may not see, or not what they may")


def _pages_quoting_hidden() -> Iterator[Fault]:
    """Pages whose texts quote what their readers may not see. Who edits them decides what to write instead."""
    for kind, (key, source, audience, shown) in SHOWN_TEXTS.items():
        texts = select(key, source, audience).where(source.contains("/posts/"), shown)
        named = {
            item_id
            for item_id, words, readers in _stream(texts)
            if unreadable_by(readers, cited_in_source(with_links_home(words)))
        }
        for item_id in sorted(named):
            yield Fault(kind, item_id, "quotes a post that its readers may not see")


# Formatted texts that are not posts: the id of their page, their source, its readers, and whether anybody sees it
SHOWN_TEXTS: dict[str, tuple[Any, Any, Any, ColumnElement[bool]]] = {
    "agenda": (Agenda.id, Agenda.introduction, literal(PUBLIC), true()),
    "case": (
        Case.id,
        CaseParagraph.source,
        literal(PUBLIC),
        and_(CaseParagraph.case_id == Case.id, Case.hidden_at.is_(None)),
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
        ),
    ),
    "member": (Member.id, Member.about, literal(PUBLIC), Member.hidden_at.is_(None)),
    "note on post": (
        Post.id,
        Post.note_source,
        Topic.audience,
        and_(Post.topic_id == Topic.id, *is_readable()),
    ),
}


# The documents of search


NOT_HIDDEN, FOR_EVERYBODY = null(), literal(PUBLIC)


@dataclass(frozen=True)
class Indexed:
    """What the documents of one kind should say, as columns of `rows`. Those rows have a document for which `has_document` is true."""

    rows: Any
    item_id: Any
    has_document: Any
    title: Any
    agenda_id: Any
    hidden_at: Any = NOT_HIDDEN
    audience: Any = FOR_EVERYBODY


INDEXED_KINDS = {
    "topic": Indexed(
        Topic,
        Topic.id,
        Topic.deleted_at.is_(None),
        case((Topic.home.is_(None), Topic.title), else_=""),
        Topic.agenda_id,
        Topic.hidden_at,
        Topic.audience,
    ),
    "post": Indexed(
        join(Post, Topic, Topic.id == Post.topic_id),
        Post.id,
        and_(Post.number > 1, Post.deleted_at.is_(None), Topic.deleted_at.is_(None)),
        Topic.title,
        Topic.agenda_id,
        Post.hidden_at,
        Topic.audience,
    ),
    "case": Indexed(Case, Case.id, true(), Case.name, Case.agenda_id, Case.hidden_at),
    "practice": Indexed(
        Practice,
        Practice.id,
        and_(Practice.state == PUBLISHED, Practice.deleted_at.is_(None)),
        Practice.title,
        Practice.agenda_id,
        Practice.hidden_at,
        Practice.audience,
    ),
    "reading": Indexed(
        Reading, Reading.id, Reading.removed_at.is_(None), Reading.title, Reading.agenda_id
    ),
}


def _wrong_documents(kind: str) -> Iterator[Fault]:
    """Things without a document, and documents that differ from the thing."""
    for item_id, document_id, *values in _stream(_differing_documents(kind, INDEXED_KINDS[kind])):
        if document_id is None:
            yield Fault(kind, item_id, "is not known to search")
            continue
        for name, has, should in zip(COMPARED, values[::2], values[1::2], strict=False):
            if has != should:
                yield Fault(kind, item_id, f"{name} in search", has, should)


COMPARED = ("hidden", "audience", "agenda", "title", "topic")  # "topic" only for posts


def _differing_documents(kind: str, of: Indexed) -> Select[Any]:
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
        rows = rows.outerjoin(
            Retitling, and_(*follows)
        )  # the worker has not given it the new title yet
        is_due = Retitling.document_id.is_not(None)
        pairs[3] = (Document.title, case((is_due, Document.title), else_=of.title))
    differs = [has.is_distinct_from(should) for has, should in pairs]
    return rows.add_columns(*(side for pair in pairs for side in pair)).where(
        of.has_document, or_(Document.id.is_(None), *differs)
    )


def _stray_documents() -> Iterator[Fault]:
    """Documents of things that do not exist or should have none."""
    for kind, of in INDEXED_KINDS.items():
        leads = select(of.item_id).select_from(of.rows).where(of.item_id == Document.item_id)
        stray = select(Document.item_id).where(
            Document.kind == kind, ~leads.where(of.has_document).correlate(Document).exists()
        )
        for (item_id,) in _stream(stray):
            yield Fault(kind, item_id, "is known to search and gone")


def _documents_with_stale_words() -> Iterator[Fault]:
    for kind, item_id in documents_with_stale_words():
        yield Fault(kind, item_id, "is known to search by other words than those of its text")


def opening_post_ids(topic_ids: Sequence[int]) -> list[int]:
    """The ids of the opening posts of topics."""
    opening = select(Post.id).where(Post.topic_id.in_(topic_ids), Post.number == 1)
    return list(db.session.scalars(opening.order_by(Post.id)))


def missing_ids(kind: str, ids: Sequence[int]) -> list[int]:
    """Those of the ids that no row of a kind has, not even a deleted one."""
    item_id = INDEXED_KINDS[kind].item_id
    found = set(db.session.scalars(select(item_id).where(item_id.in_(ids))))
    return sorted(set(ids) - found)


def subjects_of_notices(notice_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The ids of the topics, and of the posts, that notices are about."""
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
    """How much waits for the worker (and since when), what it has given up, and what waits for moderators."""

    events: int
    oldest_at: datetime | None
    given_up: int
    reports: int
    practices: int
    texts: int


def waiting() -> Waiting:
    """How much waits, in one query."""
    open_event = select(func.count()).select_from(Event).where(Event.done_at.is_(None))
    due = (Event.hidden_at.is_(None), Event.attempts < MAX_ATTEMPTS)
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
        open_event.where(Event.attempts >= MAX_ATTEMPTS),
        reports,
        practices,
        select(func.count()).select_from(Held).where(Held.decided_at.is_(None)),
    )
    return Waiting(*db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def is_file_gone() -> bool:
    """Whether the SQLite file was deleted or moved: writes then go to a file without a name, and are lost."""
    url = db.engine.url
    name = url.database or ""
    is_file = url.get_backend_name() == "sqlite" and name not in ("", ":memory:")
    return is_file and not name.startswith("file:") and not Path(name).exists()


def database_size() -> tuple[str, int]:
    """The database's name with its version, and its size on disk in bytes."""
    version, size = db.session.execute(SIZE_QUERIES[db.session.get_bind().dialect.name]).one()
    return str(version), int(size)


SIZE_QUERIES = {
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
    """What happened in each month since a moment: figure → month (`2026-11`) → number; months without any are left out.

    Counts everything written, also what was hidden or deleted since. Four queries, of which the longest reads the posts
    since then; older ones are not read.
    """
    require(administrator.can.administer())
    written, answers = _month_of(Post.created_at), Topic.answer_id == Post.id
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
        "members": _counts_by_month(Member.joined_at, Member.joined_at >= since),
        "topics": _counts_by_month(
            Topic.created_at, Topic.active_at >= since, Topic.created_at >= since
        ),
        "answers": _as_dict(answered.group_by(written)),
    }


def _counts_by_month(moment: Any, *which: Any) -> dict[str, int]:
    month = _month_of(moment)
    return _as_dict(select(month, func.count()).where(*which).group_by(month))


def _as_dict(query: Any) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _month_of(moment: Any) -> Any:
    """The month of a moment as `2026-11`, in the cheapest way for each database."""
    if db.session.get_bind().dialect.name == "sqlite":
        return func.substr(moment, 1, 7)
    return func.to_char(func.timezone(text("'UTC'"), moment), text("'YYYY-MM'"))
