"""Writing a planned forum: agendas and library with the actions of the rooms, members and dialogue as rows in bulk.

Here, and nowhere else, rows of other rooms are written without their actions (see docs/decisions.md). `BatchWriter`
knows which rows the actions would leave; tests/filling replays plans with the actions and compares every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, text, update

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at
from forum.columns import Base
from forum.confusables import skeleton
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import CountKey
from forum.drawings import PATTERNS
from forum.filling.models import (
    AGENDAS_AT,
    END,
    NAME,
    NEWS_SINCE,
    START,
    Foundation,
    PlannedAnswer,
    PlannedDeed,
    PlannedEdit,
    PlannedHiding,
    PlannedMark,
    PlannedMember,
    PlannedPost,
    PlannedTopic,
    Row,
    RowBatch,
)
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.models import PALETTES, Member
from forum.members.queries import folded_and_sort_key
from forum.moderation.models import OWN, Deed, ThingBefore
from forum.moderation.queries import DEEDS, first_words
from forum.notifications.actions import make_notices, read_until
from forum.notifications.models import NEVER, kept_sentences
from forum.permissions import PUBLIC, Person, require
from forum.phrases import Phrases
from forum.plaintext import excerpt, slugify
from forum.rules.queries import default_rules
from forum.search.queries import searchable

if TYPE_CHECKING:
    from forum.filling.forms import Plan

# In the order of their foreign keys; all but two have an id.
WRITTEN = ("topic", "topic_theme", "post", "quote", "mark", "revision", "document", "decision")
TABLES = (*WRITTEN, "event", "notice")
NUMBERED = frozenset(TABLES) - {"topic_theme", "quote"}
ROWS_PER_STATEMENT = 500  # a larger statement would be logged as slow
# While filling, SQLite gets a larger cache and fewer checkpoints of its write-ahead log: about a quarter less is
# written to disk.
CACHE_KB, WAL_CHECKPOINT_PAGES = 200_000, 60_000
# Members do not watch what they write in: with a hundred authors, each post would cause a hundred notices.
NOTICE_SETTINGS = {
    "digest_every": "daily",
    "digest_hour": 7,
    "time_zone": "UTC",
    "watches_replies": False,
}
READ_UNTIL = {"agenda_id": 0, "until": NEWS_SINCE}
SECTIONS = ("challenge", "done", "resources", "failure", "lessons")
_cached_searchable = lru_cache(20_000)(searchable)


# Everything before the dialogue


@action
def set_up_forum(system: Person, plan: Plan, password_hashes: Mapping[int, str]) -> None:
    """Write the federation, marked as a demo, and its members, agendas and library into an empty database.

    `password_hashes` are those of the members who can sign in, by member id; 0 has the one of all others.
    """
    with at(AGENDAS_AT):
        members.load_cities(system, plan.cities)
        members.found_federation(system, NAME, plan.shape.tagline, is_demo=True)
        _add_members(plan, _organisations(system, plan), password_hashes)
        themes = agendas.ensure_themes(system, plan.themes)
        _write_agendas(plan, [theme.id for theme in themes])
        while make_notices(system):
            pass
        read_until(system, START)


def _organisations(system: Person, plan: Plan) -> list[int]:
    texts = (
        members.OrganisationText(known.name, known.kind, known.city_id)
        for known in plan.organisations
    )
    return [members.write_organisation(system, known).id for known in texts]


def _add_members(plan: Plan, organisations: Sequence[int], hashes: Mapping[int, str]) -> None:
    rows = [_member(known, organisations, hashes.get(known.id, hashes[0])) for known in plan.people]
    _insert("member", rows)
    spoken = {known.id: dict.fromkeys((known.language, "en")) for known in plan.people}
    _insert(
        "member_language",
        [
            {"member_id": member_id, "language": language, "position": position}
            for member_id, languages in spoken.items()
            for position, language in enumerate(languages)
        ],
    )
    _advance_sequences({"member": len(rows)})
    _insert(
        "notice_settings", [{"member_id": known.id, **NOTICE_SETTINGS} for known in plan.people]
    )
    _insert("all_read", [{"member_id": known.id, **READ_UNTIL} for known in plan.people])


def _member(known: PlannedMember, organisations: Sequence[int], password_hash: str) -> Row:
    organisation = known.organisation
    folded, sort_key = folded_and_sort_key(f"{known.name} {known.position}")
    return {
        "id": known.id,
        "handle": known.handle,
        "name": known.name,
        "email": f"{known.handle}@example.org",
        "password_hash": password_hash,
        "role": known.role,
        "hosted": [],
        "position": known.position,
        "organisation_id": None if organisation is None else organisations[organisation],
        "city_id": known.city_id,
        "folded": folded,
        "sort_key": sort_key,
        "name_skeleton": skeleton(known.name),
        "handle_skeleton": skeleton(known.handle),
        "joined_at": known.joined_at,
    }


def _write_agendas(plan: Plan, themes: Sequence[int]) -> None:
    """Every agenda with what its page shows: introduction, statements, cases, practices, readings."""
    moderator = _member_row_of(plan.people[1])
    for place, title in enumerate(plan.agendas):
        chance = Random(f"{plan.shape.seed} agenda {place}")
        phrases = plan.texts.phrases("en", chance)
        authors = [_member_row_of(plan.people[number]) for number in chance.sample(range(3, 10), 3)]
        introduction = agendas.AgendaText(
            title=title,
            introduction=write("\n\n".join(phrases.paragraph() for _part in range(3))),
            summary=phrases.sentence(),
            palette=PALETTES[place % len(PALETTES)],
            pattern=PATTERNS[place % len(PATTERNS)],
        )
        agenda = agendas.write_agenda(moderator, introduction, hosts=[authors[0].handle])
        for number, author in enumerate(authors):
            theme = [themes[(place + number) % len(themes)]]
            _write_library(moderator, author, agenda, theme, phrases)


def _member_row_of(known: PlannedMember) -> Member:
    return db.session.get_one(Member, known.id)


def _write_library(
    moderator: Member, author: Member, agenda: Agenda, themes: Sequence[int], phrases: Phrases
) -> None:
    """One statement, one case, one practice and one reading."""
    said = agendas.StatementText(
        author.name, phrases.sentence(), author.position, handle=author.handle
    )
    agendas.write_statement(moderator, agenda.id, said)
    body = "\n\n".join(phrases.paragraph() for _part in range(4))
    case = library.CaseText(
        phrases.title(False), "city project", phrases.sentence(), body, theme_ids=themes
    )
    library.write_case(moderator, agenda.id, case)
    practice = library.PracticeText(
        phrases.title(False),
        phrases.sentence(),
        city_id=author.city_id,
        theme_ids=themes,
        sections={name: phrases.paragraph() for name in SECTIONS},
    )
    written = library.write_practice(author, agenda.id, practice)
    library.submit(author, written.id)
    library.publish(moderator, written.id)
    reading = library.ReadingText(phrases.title(False), author.name, 2018, why=phrases.sentence())
    library.write_reading(moderator, agenda.id, reading)


# The dialogue


@action
def write_batch(system: Person, batch: RowBatch) -> None:
    """Write one batch, in a single transaction."""
    require(system.can.administer())
    _enlarge_sqlite_buffers()
    for table in TABLES:
        _insert(table, batch.rows[table])
    _update_by_id("topic", batch.counters)
    _update_by_id("topic", batch.answers)
    _update_by_id("notice", batch.changed_notices)
    dialogue.count_topics(system, batch.list_counts)
    _add_to_posts_counts(batch.posts_by_author)
    for agenda_id, moment in batch.active_at.items():
        agendas.note_activity(system, agenda_id, moment)
    _advance_sequences(batch.last_ids)


BROKEN_RULE = 4  # the number of the house rule that hidden posts break


class BatchWriter:
    """Turns planned deeds, in order of time, into the rows that the actions of the rooms would leave.

    It is as if the worker had made each notice at once; all but the latest are read. A post has its final state from
    the beginning: hidden, edited, with all its marks. Everything else happens at its time.
    """

    def __init__(self, foundation: Foundation) -> None:
        self.foundation = foundation
        self.ids = dict(foundation.last_ids)
        self.batch = RowBatch(TABLES)
        self._rule = default_rules()[BROKEN_RULE - 1]  # that moderators name as the reason
        self._documents: dict[int, int] = {}  # the ids of the topics' documents, by topic id
        self._mark_notices: dict[int, Row] = {}  # the notice about the marks of a post, by post id
        self._writers: dict[type, Callable[[Any], None]] = {
            PlannedPost: self._write_post,
            PlannedMark: self._mark,
            PlannedEdit: self._edit,
            PlannedHiding: self._hide,
            PlannedAnswer: self._choose,
        }

    def write(self, deeds: Iterable[PlannedDeed]) -> RowBatch:
        """The rows of some deeds, which follow those of the batches before."""
        self.batch = RowBatch(TABLES)
        for deed in deeds:
            self._writers[type(deed)](deed)
        for topic in self.batch.rows["topic"]:
            topic.update(self.batch.counters.pop(topic["id"]))
        self.batch.last_ids = {name: self.ids[name] for name in NUMBERED}
        return self.batch

    def _write_post(self, post: PlannedPost) -> None:
        agenda_id = self.foundation.agendas[post.topic.agenda]
        if post.number == 1:
            self._add_topic_row(post, agenda_id)
        self._count_post(post, agenda_id)
        self._add_post_row(post)
        self._add_document_row(post, agenda_id)
        self._notify_of_post(post)

    def _add_topic_row(self, post: PlannedPost, agenda_id: int) -> None:
        topic = post.topic
        row = {
            "kind": topic.kind,
            "agenda_id": agenda_id,
            "author_id": topic.author.id,
            "organisation_id": self._organisation(post),
            "title": topic.title,
            "slug": slugify(topic.title, "topic"),
            "excerpt": excerpt(post.last_text.plain),
            "language": topic.language,
            "audience": topic.audience,
            "created_at": post.at,
        }
        self._add("topic", row)
        themes = [
            {"topic_id": topic.id, "theme_id": self.foundation.themes[n]} for n in topic.themes
        ]
        self.batch.rows["topic_theme"] += themes
        self.batch.list_counts[self._shelf_of(topic, topic.kind == "question")] += 1

    def _shelf_of(self, topic: PlannedTopic, is_waiting: bool) -> CountKey:
        place = (self.foundation.agendas[topic.agenda], topic.kind, topic.audience, topic.language)
        return (*place, False, is_waiting)

    def _count_post(self, post: PlannedPost, agenda_id: int) -> None:
        topic, batch = post.topic, self.batch
        batch.active_at[agenda_id] = post.at
        is_counted = topic.audience == PUBLIC and post.hidden_at is None
        batch.posts_by_author[post.author.id] += is_counted
        batch.counters[topic.id] = {
            "posts_count": topic.posts_count,
            "replies_count": topic.replies_count,
            "active_at": post.at,
        }

    def _add_post_row(self, post: PlannedPost) -> None:
        text = post.last_text
        row = {
            "topic_id": post.topic.id,
            "number": post.number,
            "author_id": post.author.id,
            "organisation_id": self._organisation(post),
            "source": text.source,
            "html": text.html,
            "html_version": text.html_version,
            "language": text.language,
            "useful_count": post.useful_count,
            "same_here_count": post.same_here_count,
            "tried_count": post.tried_count,
            "created_at": post.at,
            "edited_at": post.edited_at,
            "hidden_at": post.hidden_at,
            "hidden_reason": self._rule.label if post.reason else "",
        }
        self._add("post", row)
        if post.quoted:
            quote = {"post_id": post.id, "quoted_id": post.quoted.id}
            self.batch.rows["quote"].append(quote)

    def _organisation(self, post: PlannedPost) -> int | None:
        place = post.author.organisation if post.for_organisation else None
        return None if place is None else self.foundation.organisations[place]

    def _add_document_row(self, post: PlannedPost, agenda_id: int) -> None:
        """The document of the topic for its first post, and one of its own for a reply."""
        topic, plain, byline = post.topic, post.last_text.plain, post.author.byline
        is_topic = post.number == 1
        slug = self.batch.rows["topic"][-1]["slug"] if is_topic else ""
        document = {
            "kind": "topic" if is_topic else "post",
            "item_id": topic.id if is_topic else post.id,
            "parent_id": None if is_topic else self._documents[topic.id],
            "agenda_id": agenda_id,
            "address": f"/topics/{topic.id}-{slug}" if is_topic else f"/posts/{post.id}",
            "title": topic.title,
            "body": plain,
            "folded_title": _cached_searchable(topic.title) if is_topic else "",
            "folded_body": _folded_words(plain, byline, "" if is_topic else topic.title),
            "byline": byline,
            "language": post.last_text.language,
            "audience": topic.audience,
            "written_at": post.at,
            "hidden_at": post.hidden_at,
        }
        number = self._add("document", document)
        if is_topic:
            self._documents[topic.id] = number

    def _mark(self, mark: PlannedMark) -> None:
        given = {
            "post_id": mark.post.id,
            "member_id": mark.member.id,
            "kind": mark.kind,
            "outcome": mark.outcome,
            "note": mark.note,
            "language": "",
            "city_id": mark.member.city_id,
            "created_at": mark.at,
        }
        self._add("mark", given)
        recipients = [mark.post.author]
        self._notify("mark", mark.member, recipients, mark.post, moment=mark.at, words=mark.note)

    def _edit(self, edit: PlannedEdit) -> None:
        post = edit.post
        revision = {
            "post_id": post.id,
            "title": post.topic.title if post.number == 1 else "",
            "source": post.text.source,
            "written_at": post.at,
            "replaced_at": edit.at,
        }
        self._add("revision", revision)

    def _choose(self, choice: PlannedAnswer) -> None:
        post = choice.post
        answer: Row = {"answer_id": post.id, "answered_by_id": post.author.id}
        answer["answered_at"] = choice.at
        self.batch.answers[post.topic.id] = answer
        self.batch.list_counts[self._shelf_of(post.topic, True)] -= 1
        self.batch.list_counts[self._shelf_of(post.topic, False)] += 1
        self._notify("answer", post.topic.author, [post.author], post, moment=choice.at)

    def _hide(self, hiding: PlannedHiding) -> None:
        post = hiding.post
        decision = {
            "moderator_id": hiding.moderator.id,
            "deed": Deed.HIDE,
            "kind": "post",
            "item_id": post.id,
            "agenda_id": self.foundation.agendas[post.topic.agenda],
            "author_id": post.author.id,
            "title": first_words(post.text.source),
            "language": post.last_text.language,
            "address": f"/posts/{post.id}",
            "sentences": None,
            "reason": post.reason,
            "rule": self._rule.number,
            "rule_name": self._rule.name,
            "rule_sentence": self._rule.sentence,
            "law": "",
            "source": OWN,
            "is_automated": False,
            "is_excused": False,
            "before": ThingBefore("shown").to_json(),
            "decided_at": hiding.at,
        }
        decision_id = self._add("decision", decision)
        address = f"/moderation/decisions/{decision_id}"
        event = _event(
            "decision",
            None,
            address,
            hiding.at,
            title=str(decision["title"]),
            language=post.last_text.language,
            text=post.reason,
        )
        event["sentences"] = kept_sentences(text=DEEDS[Deed.HIDE].for_author)
        self._add_event(event, hiding.moderator, [post.author], decision_id)

    def _notify_of_post(self, post: PlannedPost) -> None:
        details: Row = {"moment": post.at, "words": post.text.plain}
        quoted_authors = [post.quoted.author] if post.quoted else []
        self._notify("quote", post.author, quoted_authors, post, **details)
        if post.number > 1 and post.topic.author not in quoted_authors:
            self._notify("reply", post.author, [post.topic.author], post, **details)

    def _notify(
        self,
        kind: str,
        doer: PlannedMember,
        recipients: Iterable[PlannedMember],
        post: PlannedPost,
        *,
        moment: datetime,
        words: str = "",
    ) -> None:
        event = _event(
            kind,
            doer.id,
            f"/posts/{post.id}",
            moment,
            title=post.topic.title,
            language=post.topic.language,
            text=words,
            topic_id=post.topic.id,
            post_id=post.id,
            hidden_at=post.hidden_at,
        )
        self._add_event(event, doer, recipients)

    def _add_event(
        self,
        event: Row,
        doer: PlannedMember,
        recipients: Iterable[PlannedMember],
        decision_id: int | None = None,
    ) -> None:
        """Add an event that the worker has handled: a notice for each recipient except the doer."""
        recipient_ids = sorted({member.id for member in recipients} - {doer.id})
        if not recipient_ids:
            return
        moment = event["created_at"]
        work = {"recipients": recipient_ids, "due_at": moment, "attempts": 0, "done_at": moment}
        work |= {"but": [], "reached": 0, "decision_id": decision_id}
        event_id = self._add("event", {**event, **work})
        read_at = END if moment < NEWS_SINCE else None
        for member_id in recipient_ids:
            whose = {"event_id": event_id, "member_id": member_id, "read_at": read_at}
            self._add_notice({**event, **whose, "others": 0, "way": NEVER})

    def _add_notice(self, notice: Row) -> None:
        """Add a notice, or count a mark in the one about the same post, since all are unread until the end."""
        if notice["kind"] != "mark":
            self._add("notice", notice)
        elif existing := self._mark_notices.get(notice["post_id"]):
            more = {name: notice[name] for name in ("actor_id", "text") if notice[name]}
            existing |= {**more, "others": existing["others"] + 1}
            self.batch.changed_notices[existing["id"]] = existing
        else:
            self._add("notice", notice)
            kept = ("id", "actor_id", "text", "others")
            self._mark_notices[notice["post_id"]] = {name: notice[name] for name in kept}

    def _add(self, table: str, row: Row) -> int:
        """Add a row with the next id of its table; returns the id."""
        self.ids[table] += 1
        row["id"] = self.ids[table]
        self.batch.rows[table].append(row)
        return self.ids[table]


def _folded_words(plain: str, *more: str) -> str:
    """The folded words of a text for search, line by line, because many texts share lines and lines are cached."""
    return " ".join(filter(None, map(_cached_searchable, (*plain.split("\n"), *more))))


def _event(
    kind: str,
    actor_id: int | None,
    address: str,
    moment: datetime,
    *,
    title: str,
    language: str,
    text: str,
    topic_id: int | None = None,
    post_id: int | None = None,
    hidden_at: datetime | None = None,
) -> Row:
    """The columns that an event and its notices share."""
    return {
        "kind": kind,
        "actor_id": actor_id,
        "title": title,
        "language": language,
        "text": excerpt(text, 400),
        "sentences": None,
        "address": address,
        "topic_id": topic_id,
        "post_id": post_id,
        "created_at": moment,
        "hidden_at": hidden_at,
    }


# Rows


def _insert(table: str, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        db.session.execute(
            insert(Base.metadata.tables[table]), rows[start : start + ROWS_PER_STATEMENT]
        )


def _update_by_id(table: str, values: Mapping[int, Row]) -> None:
    """Give rows new values; `values` are by id."""
    if values:
        known = Base.metadata.tables[table]
        change = update(known).where(known.c.id == bindparam("key"))
        db.session.execute(change, [{"key": key, **row} for key, row in values.items()])


def _add_to_posts_counts(author_posts: Mapping[int, int]) -> None:
    """Do what `members.note_posts` does, for many members at once."""
    more = [{"key": key, "more": number} for key, number in author_posts.items() if number]
    known = Base.metadata.tables["member"]
    change = update(known).where(known.c.id == bindparam("key"))
    if more:
        db.session.execute(change.values(posts_count=known.c.posts_count + bindparam("more")), more)


def _advance_sequences(last_ids: Mapping[str, int]) -> None:
    """Let PostgreSQL give higher ids to the next rows than to those inserted with ids; SQLite does so by itself."""
    if db.engine.dialect.name == "postgresql":
        after = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
        numbers = [{"name": name, "number": number} for name, number in last_ids.items() if number]
        db.session.execute(after, numbers)


def _enlarge_sqlite_buffers() -> None:
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text(f"PRAGMA cache_size=-{CACHE_KB}"))
        db.session.execute(text(f"PRAGMA wal_autocheckpoint={WAL_CHECKPOINT_PAGES}"))
