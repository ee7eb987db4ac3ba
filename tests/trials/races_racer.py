"""One person at a time who does something at random: who it is, at which thing, with which words, and how it came out."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.errors import Busy, Refusal
from forum.markup import Written, write
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from forum.transfer.models import FaultyFileError

DEADLOCK = "40P01"
SHOWN = 0.8  # the share of deeds at topics and posts that are not hidden
HOT = 5  # things of a kind that are changed again and again: the first and the latest ones
_this_thread = threading.local()


@dataclass(frozen=True)
class Done:
    """A deed that was done: by whom, and the moments (`time.monotonic`) when it began, committed and returned."""

    name: str
    doer: str
    began: float
    committed: float
    returned: float
    about: str = ""


@dataclass
class Course:
    """What all who race share."""

    values: dict[str, Any]  # of `races_ground.prepare`
    done: list[Done] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    running: dict[int, str] = field(default_factory=dict)  # the deeds of this moment, by thread
    lock: threading.Lock = field(default_factory=threading.Lock)
    words: int = 0

    def next_word(self) -> str:
        """A word that stands in no other text."""
        with self.lock:
            self.words += 1
            return f"word{self.words}x"

    def note(self, name: str, outcome: str, fault: str = "") -> None:
        """Count how a deed came out."""
        with self.lock:
            self.outcomes[name, outcome] += 1
            if fault:
                self.faults[f"{name}: {fault}"] += 1


class Racer:
    """Does deeds, one after the other, each as somebody else."""

    def __init__(self, course: Course, rng: random.Random) -> None:
        self.course, self.rng, self.values = course, rng, course.values
        self.doer = self.about = ""

    def do(self, name: str, deed: Callable[[Racer], object]) -> None:
        """Do one deed; whatever is no refusal by the forum is a fault."""
        self.doer = self.about = ""
        _this_thread.committed = 0.0
        self.course.running[threading.get_ident()] = name
        began = time.monotonic()
        try:
            deed(self)
        except FaultyFileError as error:
            self.course.note(name, type(error).__name__)
        except Refusal as error:
            is_deadlock = isinstance(error, Busy) and _sqlstate(error.__cause__) == DEADLOCK
            beside = f"a deadlock, beside {', '.join(sorted(self.course.running.values()))}"
            self.course.note(name, type(error).__name__, beside if is_deadlock else "")
        except Exception as error:
            self.course.note(name, "fault", told(error))
        else:
            committed, returned = _this_thread.committed, time.monotonic()
            if committed:
                done = Done(name, self.doer, began, committed, returned, self.about)
                self.course.done.append(done)
            self.course.note(name, "done" if committed else "nothing")
        finally:
            db.session.remove()

    def person(self, *handles: str) -> Member:
        """One of these people, who does the deed."""
        self.doer = self.rng.choice(handles)
        return get_member(SYSTEM, self.doer)

    def one_of(self, query: Any) -> Any:
        """One of the first and latest values of a query; the deed ends where there is none."""
        found = list(db.session.scalars(query))
        if not found:
            raise Nothing
        return self.rng.choice([*found[:HOT], *found[-HOT:]])

    def topic(self, *conditions: Any) -> int:
        """The id of a topic in the dialogue."""
        query = select(Topic.id).where(Topic.home.is_(None), Topic.deleted_at.is_(None))
        if self.rng.random() < SHOWN:
            query = query.where(Topic.hidden_at.is_(None))
        return int(self.one_of(query.where(*conditions).order_by(Topic.id)))

    def post(self, *conditions: Any) -> Post:
        """A post of such a topic."""
        query = select(Post).where(Post.topic_id == self.topic(), *conditions)
        if self.rng.random() < SHOWN:
            query = query.where(Post.hidden_at.is_(None), Post.deleted_at.is_(None))
        post = self.one_of(query.order_by(Post.id))
        assert isinstance(post, Post)
        return post

    def author_of(self, row: Any) -> Member:
        """Who wrote a post or opened a topic, and does the deed."""
        handle = db.session.scalar(select(Member.handle).where(Member.id == row.author_id))
        if not handle:
            raise Nothing
        return self.person(handle)

    def text(self, quotes: int = 0) -> Written:
        """Words of its own, now and then with quotations and the name of somebody."""
        parts = []
        for _number in range(quotes):
            post = self.post()
            first = post.source.rpartition("\n")[2]
            parts.append(f"> [Somebody](/posts/{post.id}):\n>\n> {first}")
        named = self.rng.choice(("", "", " @ben-okoth", " @mona-berg"))
        parts.append(f"So it is {self.course.next_word()}.{named}")
        return write("\n\n".join(parts))


class Nothing(Refusal):
    """There is nothing at the moment to which this can be done."""


def told(error: BaseException) -> str:
    """An exception in one line, with the last place in the forum where it passed."""
    where, trace = "", error.__traceback__
    while trace:
        path = trace.tb_frame.f_code.co_filename
        if "/forum/" in path:
            where = f" in {path.rpartition('/forum/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return (
        f"{type(error).__name__}{where}: {str(error).strip().splitlines()[0] if str(error) else ''}"
    )


def _sqlstate(error: BaseException | None) -> str:
    return str(getattr(error.orig, "sqlstate", "")) if isinstance(error, OperationalError) else ""


def note_commits() -> None:
    """Let each thread know when it began to commit what a deed wrote."""
    if not event.contains(Session, "before_commit", _note_commit):
        event.listen(Session, "before_commit", _note_commit)


def _note_commit(session: Session) -> None:
    if session.info.get("deed"):
        _this_thread.committed = time.monotonic()
