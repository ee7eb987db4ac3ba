"""Titles are spoken in their own languages (WCAG 2.2, 3.1.2), on pages of a forum with texts in several."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict, deque
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from forum.agendas.models import Agenda
from forum.appeals import actions as appeals
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.library.models import Case, Practice, Reading
from forum.markup import write
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.parallels.models import Translation
from forum.permissions import SYSTEM
from tests.conftest import signed_in
from tests.demos import load_demo
from tests.forums import Forum, forums
from tests.spoken import misspoken, runs_of

pytestmark = [pytest.mark.sqlite_only, pytest.mark.thorough]  # pages are the same on both
TITLED = (Topic, Practice, Reading, Agenda, Meeting, Declaration, Commitment, Translation)
SHORTEST = 12  # characters of a title; shorter ones may be words of a page
MAX_ALIKE = 2  # addresses that differ only in what they are about
LINK = re.compile(r'<a [^>]*href="([^"]*)"')
BEGINNINGS = (
    "/",
    "/notices",
    "/moderation",
    "/moderation/log",
    "/search?q=kerb",
    "/search?q=suelo",
)


def test_words_in_two_languages_are_two_pieces() -> None:
    page = '<html lang="en"><p>In <b lang="fr">Sol <i>public</i></b>, <a lang="fr">ici</a> <option>x</option></p>'
    assert runs_of(page) == [
        ("In ", "en"),
        ("Sol public", "fr"),
        (", ", "en"),
        ("ici", "fr"),
        (" x", "en"),
    ]
    assert misspoken(page, {"Sol public": "fr"}) == set()
    assert misspoken(page, {"Sol public": "es"}) == {("Sol public", "es", "fr")}


def titles() -> dict[str, str]:
    """The language of each title that is in one only."""
    known: dict[str, set[str]] = defaultdict(set)
    for model in (*TITLED, Case):
        title = getattr(model, "title", None) or getattr(model, "name")  # noqa: B009  # of a case
        for words, language in db.session.execute(select(title, model.language)):
            known[words].add(language)
    return {
        words: next(iter(languages))
        for words, languages in known.items()
        if len(languages) == 1 and len(words) >= SHORTEST
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo, and what moderators did about texts of other languages than those of its pages."""
    with forums("sqlite://", tmp_path_factory) as make:
        made = make("spoken", is_sqlite=True, is_demo=True)
        for file in load_demo(tmp_path_factory).glob("demo.sqlite*"):
            shutil.copy(file, made.data / file.name.replace("demo", "forum"))
        with made.app.test_request_context():
            mark_agendas()
            moderate()
        yield made


def mark_agendas() -> None:
    """Let the agendas, which are all in English, pass for texts of several languages, where notices name them, too."""
    agendas = db.session.scalars(select(Agenda).order_by(Agenda.position)).unique().all()
    for agenda, language in zip(agendas, ("fr", "es", "de"), strict=True):
        agenda.language = language
        for told in (Event, Notice):
            db.session.execute(
                update(told).where(told.title == agenda.title).values(language=language)
            )
    db.session.commit()


def moderate() -> None:
    """Hide a text, report others, and let the author of the first one appeal."""
    people = db.session.scalars(select(Member).order_by(Member.id)).all()
    moderator, reporter, other = (
        next(person for person in people if person.is_moderator),
        *[person for person in people if not person.is_moderator and not person.hosted][:2],
    )
    query = select(Topic).where(Topic.language != "en", Topic.home.is_(None))
    shown = query.where(Topic.hidden_at.is_(None), Topic.author_id != moderator.id)
    first, *topics = db.session.scalars(shown.order_by(Topic.id)).unique()
    assert len({topic.language for topic in (first, *topics)}) > 1
    for topic in topics:
        reader = reporter if topic.author_id != reporter.id else other
        moderation.report(reader, "topic", topic.id, "rules")
        dialogue.reply(reader, topic.id, write("A word about kerbs."))
    author = db.session.get_one(Member, first.author_id)
    decision = moderation.decide(moderator, "topic", first.id, "hide", Reasons("Rude.", 2))
    appeals.appeal(author, decision.id, "It was kind.")
    make_notices(SYSTEM)


def walk(browser: FlaskClient, known: dict[str, str]) -> tuple[Counter[str], dict[str, set[Any]]]:
    """How many pages spoke a title of each language, and the pages that speak one wrongly."""
    waiting, seen = deque(BEGINNINGS), {*BEGINNINGS}
    alike, spoken, wrong = Counter[str](), Counter[str](), {}
    while waiting:
        address = waiting.popleft()
        answer = browser.get(address)
        if "text/html" not in answer.content_type:
            continue
        if faults := misspoken(answer.text, known):
            wrong[address] = faults
        spoken.update({language for words, language in known.items() if words in answer.text})
        for found in dict.fromkeys([*LINK.findall(answer.text), answer.location or ""]):
            there = urlsplit(urljoin(address, unescape(found)))
            target = f"{there.path}?{there.query}" if there.query else there.path
            kind = re.sub(r"^(/[^/]+/)[^/]+|\d+", r"\1#", there.path)
            is_here = there.netloc in ("", "localhost") and there.scheme != "mailto"
            if is_here and target not in seen and alike[kind] < MAX_ALIKE:
                seen.add(target)
                alike[kind] += 1
                waiting.append(target)
    return spoken, wrong


@pytest.mark.parametrize("who", ["visitor", "author", "moderator"])
def test_every_title_is_spoken_in_its_own_language(demo: Forum, who: str) -> None:
    with demo.app.test_request_context():
        known = titles()
        people = db.session.scalars(select(Member).order_by(Member.id)).all()
        moderators = [person for person in people if person.is_moderator]
        writers = {*db.session.scalars(select(Topic.author_id).where(Topic.language != "en"))}
        author = next(
            person for person in people if not person.is_moderator and person.id in writers
        )
        whose = {"author": author, "moderator": moderators[0]}
        browser = signed_in(demo.app, whose[who]) if who in whose else demo.app.test_client()
    spoken, wrong = walk(browser, known)
    assert not wrong
    assert {"en", "fr", "es", "ar"} <= {language for language, pages in spoken.items() if pages > 3}
