"""Writing a planned forum: what it stands on by the deeds of the rooms, its people and its dialogue as rows in bulk.

Here, and nowhere else, rows of other rooms are written without their deeds (see docs/decisions.md). What the
deeds would leave is written down in `Book`; tests/filling replays plans by the deeds and compares every row.
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
from forum.confusables import skeleton
from forum.db import Base, action, at, db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import CountKey
from forum.drawings import PATTERNS
from forum.filling.models import (
    END,
    NAME,
    NEWS_SINCE,
    SETTING,
    START,
    Choosing,
    Deed,
    Editing,
    Frame,
    Hiding,
    Marking,
    Page,
    Row,
    Saying,
    Someone,
    Talk,
)
from forum.library import actions as library
from forum.markup import excerpt, slugify, write
from forum.members import actions as members
from forum.members.models import PALETTES, Member
from forum.members.queries import folded_and_sort_key
from forum.moderation.actions import AUTHOR_MESSAGES
from forum.moderation.models import OWN
from forum.moderation.queries import first_words
from forum.notifications.actions import make_notices, read_until
from forum.notifications.models import NEVER
from forum.permissions import PUBLIC, Person, require
from forum.phrases import Phrases
from forum.rules.queries import first_rules
from forum.search.queries import searchable

if TYPE_CHECKING:
    from forum.filling.forms import Plan

# In the order in which rows refer to one another; all but two have numbers of their own.
WRITTEN = ("topic", "topic_theme", "post", "quote", "mark", "revision", "document", "decision")
TABLES = (*WRITTEN, "event", "notice")
NUMBERED = frozenset(TABLES) - {"topic_theme", "quote"}
ROWS = 500  # so many to a statement, or each would be noted as a slow one
# SQLite keeps so much of its indexes at hand while it fills, and takes its log into the file so seldom: about a
# quarter less is written to the disk then.
MEMORY_KB, LOG_PAGES = 200_000, 60_000
# They watch nothing by themselves: with a hundred who wrote before, each post would be told a hundred times.
UNMOVED = {"digest_every": "daily", "digest_hour": 7, "time_zone": "UTC", "watches_replies": False}
HAS_READ = {"agenda_id": 0, "until": NEWS_SINCE}
SECTIONS = ("challenge", "done", "resources", "failure", "lessons")
_folded = lru_cache(20_000)(searchable)


# What the dialogue stands on


@action
def found(system: Person, plan: Plan, password_hashes: Mapping[int, str]) -> None:
    """Make an empty database a forum that is marked as a trial, with its members, agendas and library.

    `password_hashes` are those of the members who can sign in, by id; 0 has the one of all others.
    """
    with at(SETTING):
        members.load_cities(system, plan.cities)
        members.found_federation(system, NAME, plan.shape.tagline, is_demo=True)
        _add_members(plan, _organisations(system, plan), password_hashes)
        themes = agendas.themes_named(system, plan.themes)
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
    _number_on({"member": len(rows)})
    _insert("notice_settings", [{"member_id": known.id, **UNMOVED} for known in plan.people])
    _insert("all_read", [{"member_id": known.id, **HAS_READ} for known in plan.people])


def _member(known: Someone, organisations: Sequence[int], password_hash: str) -> Row:
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
    moderator = _whole(plan.people[1])
    for place, title in enumerate(plan.agendas):
        chance = Random(f"{plan.shape.seed} agenda {place}")
        phrases = plan.texts.phrases("en", chance)
        authors = [_whole(plan.people[number]) for number in chance.sample(range(3, 10), 3)]
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


def _whole(known: Someone) -> Member:
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
def add(system: Person, page: Page) -> None:
    """Write one page of the book: everything on it, or nothing."""
    require(system.can.administer())
    _remember_more()
    for table in TABLES:
        _insert(table, page.rows[table])
    _set("topic", page.counters)
    _set("topic", page.answers)
    _set("notice", page.grown)
    dialogue.count_topics(system, page.shelves)
    _count_up(page.posts_by_author)
    for agenda_id, moment in page.active.items():
        agendas.note_activity(system, agenda_id, moment, topics=page.topics_by_agenda[agenda_id])
    _number_on(page.last_ids)


BROKEN = 4  # the number of the rule that hidden posts break


class Book:
    """Writes down deeds in order of time, as the rows that the deeds of the rooms would leave of them.

    The worker has made each notice at once, and all but the latest are read. What a post will be in the end
    it is from the beginning: hidden, edited, marked so many times. The rest comes at its time.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.ids = dict(frame.last_ids)
        self.page = Page(TABLES)
        self._rule = first_rules()[BROKEN - 1]  # what moderators name
        self._documents: dict[int, int] = {}  # the numbers of the topics' own
        self._marked: dict[int, Row] = {}  # by post, the notice that tells of its marks
        self._writers: dict[type, Callable[[Any], None]] = {
            Saying: self._say,
            Marking: self._mark,
            Editing: self._edit,
            Hiding: self._hide,
            Choosing: self._choose,
        }

    def write(self, deeds: Iterable[Deed]) -> Page:
        """A page with some deeds, which follow those on the pages before."""
        self.page = Page(TABLES)
        for deed in deeds:
            self._writers[type(deed)](deed)
        for topic in self.page.rows["topic"]:
            topic.update(self.page.counters.pop(topic["id"]))
        self.page.last_ids = {name: self.ids[name] for name in NUMBERED}
        return self.page

    def _say(self, saying: Saying) -> None:
        agenda_id = self.frame.agendas[saying.talk.agenda]
        if saying.number == 1:
            self._open(saying, agenda_id)
        self._count(saying, agenda_id)
        self._post(saying)
        self._document(saying, agenda_id)
        self._tell_of(saying)

    def _open(self, saying: Saying, agenda_id: int) -> None:
        talk = saying.talk
        topic = {
            "kind": talk.kind,
            "agenda_id": agenda_id,
            "author_id": talk.author.id,
            "organisation_id": self._organisation(saying),
            "title": talk.title,
            "slug": slugify(talk.title, "topic"),
            "excerpt": excerpt(saying.last_text.plain),
            "language": talk.language,
            "audience": talk.audience,
            "created_at": saying.at,
        }
        self._add("topic", topic)
        rows = [{"topic_id": talk.id, "theme_id": self.frame.themes[n]} for n in talk.themes]
        self.page.rows["topic_theme"] += rows
        self.page.topics_by_agenda[agenda_id] += talk.audience == PUBLIC
        self.page.shelves[self._shelf(talk, talk.kind == "question")] += 1

    def _shelf(self, talk: Talk, is_waiting: bool) -> CountKey:
        place = (self.frame.agendas[talk.agenda], talk.kind, talk.audience, talk.language)
        return (*place, False, is_waiting)

    def _count(self, saying: Saying, agenda_id: int) -> None:
        talk, page = saying.talk, self.page
        page.active[agenda_id] = saying.at
        is_counted = talk.audience == PUBLIC and saying.hidden_at is None
        page.posts_by_author[saying.author.id] += is_counted
        page.counters[talk.id] = {
            "posts_count": talk.posts_count,
            "replies_count": talk.replies_count,
            "active_at": saying.at,
        }

    def _post(self, saying: Saying) -> None:
        said = saying.last_text
        post = {
            "topic_id": saying.talk.id,
            "number": saying.number,
            "author_id": saying.author.id,
            "organisation_id": self._organisation(saying),
            "source": said.source,
            "html": said.html,
            "html_version": said.html_version,
            "language": said.language,
            "useful_count": saying.useful_count,
            "same_here_count": saying.same_here_count,
            "tried_count": saying.tried_count,
            "created_at": saying.at,
            "edited_at": saying.edited_at,
            "hidden_at": saying.hidden_at,
            "hidden_reason": self._rule.label if saying.reason else "",
        }
        self._add("post", post)
        if saying.quoted:
            quote = {"post_id": saying.id, "quoted_id": saying.quoted.id}
            self.page.rows["quote"].append(quote)

    def _organisation(self, saying: Saying) -> int | None:
        place = saying.author.organisation if saying.for_organisation else None
        return None if place is None else self.frame.organisations[place]

    def _document(self, saying: Saying, agenda_id: int) -> None:
        """The opening is found as the topic, a reply as itself."""
        talk, plain, byline = saying.talk, saying.last_text.plain, saying.author.byline
        is_topic = saying.number == 1
        slug = self.page.rows["topic"][-1]["slug"] if is_topic else ""
        document = {
            "kind": "topic" if is_topic else "post",
            "item_id": talk.id if is_topic else saying.id,
            "parent_id": None if is_topic else self._documents[talk.id],
            "agenda_id": agenda_id,
            "address": f"/topics/{talk.id}-{slug}" if is_topic else f"/posts/{saying.id}",
            "title": talk.title,
            "body": plain,
            "folded_title": _folded(talk.title) if is_topic else "",
            "folded_body": _words(plain, byline, "" if is_topic else talk.title),
            "byline": byline,
            "language": saying.last_text.language,
            "audience": talk.audience,
            "written_at": saying.at,
            "hidden_at": saying.hidden_at,
        }
        number = self._add("document", document)
        if is_topic:
            self._documents[talk.id] = number

    def _mark(self, mark: Marking) -> None:
        given = {
            "post_id": mark.saying.id,
            "member_id": mark.member.id,
            "kind": mark.kind,
            "outcome": mark.outcome,
            "note": mark.note,
            "city_id": mark.member.city_id,
            "created_at": mark.at,
        }
        self._add("mark", given)
        told = [mark.saying.author]
        self._tell("mark", mark.member, told, mark.saying, moment=mark.at, words=mark.note)

    def _edit(self, edit: Editing) -> None:
        saying = edit.saying
        revision = {
            "post_id": saying.id,
            "title": saying.talk.title if saying.number == 1 else "",
            "source": saying.text.source,
            "written_at": saying.at,
            "replaced_at": edit.at,
        }
        self._add("revision", revision)

    def _choose(self, choice: Choosing) -> None:
        saying = choice.saying
        answer: Row = {"answer_id": saying.id, "answered_by_id": saying.author.id}
        answer["answered_at"] = choice.at
        self.page.answers[saying.talk.id] = answer
        self.page.shelves[self._shelf(saying.talk, True)] -= 1
        self.page.shelves[self._shelf(saying.talk, False)] += 1
        self._tell("answer", saying.talk.author, [saying.author], saying, moment=choice.at)

    def _hide(self, hiding: Hiding) -> None:
        saying = hiding.saying
        decision = {
            "moderator_id": hiding.moderator.id,
            "deed": "hide",
            "kind": "post",
            "item_id": saying.id,
            "agenda_id": self.frame.agendas[saying.talk.agenda],
            "author_id": saying.author.id,
            "title": first_words(saying.text.source),
            "address": f"/posts/{saying.id}",
            "reason": saying.reason,
            "rule": self._rule.number,
            "rule_name": self._rule.name,
            "rule_sentence": self._rule.sentence,
            "law": "",
            "source": OWN,
            "is_automated": False,
            "is_excused": False,
            "before": {"words": "", "state": "shown"},
            "decided_at": hiding.at,
        }
        address = f"/moderation/decisions/{self._add('decision', decision)}"
        words = f"{AUTHOR_MESSAGES['hide']()} {saying.reason}"
        title = str(decision["title"])
        event = _event("decision", None, address, hiding.at, title=title, text=words)
        self._note(event, hiding.moderator, [saying.author])

    def _tell_of(self, saying: Saying) -> None:
        what: Row = {"moment": saying.at, "words": saying.text.plain}
        told = [saying.quoted.author] if saying.quoted else []
        self._tell("quote", saying.author, told, saying, **what)
        if saying.number > 1 and saying.talk.author not in told:
            self._tell("reply", saying.author, [saying.talk.author], saying, **what)

    def _tell(
        self,
        kind: str,
        doer: Someone,
        told: Iterable[Someone],
        saying: Saying,
        *,
        moment: datetime,
        words: str = "",
    ) -> None:
        event = _event(
            kind,
            doer.id,
            f"/posts/{saying.id}",
            moment,
            title=saying.talk.title,
            text=words,
            topic_id=saying.talk.id,
            post_id=saying.id,
            hidden_at=saying.hidden_at,
        )
        self._note(event, doer, told)

    def _note(self, event: Row, doer: Someone, told: Iterable[Someone]) -> None:
        """What the worker has made of an event: a notice for everybody it concerns but the doer."""
        concerned = sorted({member.id for member in told} - {doer.id})
        if not concerned:
            return
        moment = event["created_at"]
        work = {"recipients": concerned, "due_at": moment, "attempts": 0, "done_at": moment}
        event_id = self._add("event", {**event, "but": [], "reached": 0, **work})
        read_at = END if moment < NEWS_SINCE else None
        for member_id in concerned:
            whose = {"event_id": event_id, "member_id": member_id, "read_at": read_at}
            self._tell_one({**event, **whose, "others": 0, "way": NEVER})

    def _tell_one(self, notice: Row) -> None:
        """One more notice, or a mark more in the one about the same post: all are unread until the end."""
        if notice["kind"] != "mark":
            self._add("notice", notice)
        elif grown := self._marked.get(notice["post_id"]):
            more = {name: notice[name] for name in ("actor_id", "text") if notice[name]}
            grown |= {**more, "others": grown["others"] + 1}
            self.page.grown[grown["id"]] = grown
        else:
            self._add("notice", notice)
            kept = ("id", "actor_id", "text", "others")
            self._marked[notice["post_id"]] = {name: notice[name] for name in kept}

    def _add(self, table: str, row: Row) -> int:
        """Put a row down under the next number of its table."""
        self.ids[table] += 1
        row["id"] = self.ids[table]
        self.page.rows[table].append(row)
        return self.ids[table]


def _words(plain: str, *more: str) -> str:
    """What search is told of a text, line by line: the lines of many texts are the same."""
    return " ".join(filter(None, map(_folded, (*plain.split("\n"), *more))))


def _event(
    kind: str,
    actor_id: int | None,
    address: str,
    moment: datetime,
    *,
    title: str,
    text: str,
    topic_id: int | None = None,
    post_id: int | None = None,
    hidden_at: datetime | None = None,
) -> Row:
    """What an event and its notices have in common."""
    return {
        "kind": kind,
        "actor_id": actor_id,
        "title": title,
        "text": excerpt(text, 400),
        "address": address,
        "topic_id": topic_id,
        "post_id": post_id,
        "created_at": moment,
        "hidden_at": hidden_at,
    }


# Rows


def _insert(table: str, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), ROWS):
        db.session.execute(insert(Base.metadata.tables[table]), rows[start : start + ROWS])


def _set(table: str, values: Mapping[int, Row]) -> None:
    """Give rows new values, by id."""
    if values:
        known = Base.metadata.tables[table]
        change = update(known).where(known.c.id == bindparam("key"))
        db.session.execute(change, [{"key": key, **row} for key, row in values.items()])


def _count_up(author_posts: Mapping[int, int]) -> None:
    """What `members.note_posts` does, for many members at once."""
    more = [{"key": key, "more": number} for key, number in author_posts.items() if number]
    known = Base.metadata.tables["member"]
    change = update(known).where(known.c.id == bindparam("key"))
    if more:
        db.session.execute(change.values(posts_count=known.c.posts_count + bindparam("more")), more)


def _number_on(last_ids: Mapping[str, int]) -> None:
    """Let PostgreSQL number the next rows after those that came with their numbers; SQLite does so by itself."""
    if db.engine.dialect.name == "postgresql":
        after = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
        numbers = [{"name": name, "number": number} for name, number in last_ids.items() if number]
        db.session.execute(after, numbers)


def _remember_more() -> None:
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text(f"PRAGMA cache_size=-{MEMORY_KB}"))
        db.session.execute(text(f"PRAGMA wal_autocheckpoint={LOG_PAGES}"))
