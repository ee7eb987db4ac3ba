"""Stored sentences are shown in the language of the reader, whatever the language of the member who caused them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select, update

from forum.accounts.actions import appoint, tell_of_new_browser
from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.appeals.actions import appeal, decide_appeal
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import SplitTarget, delete, reply
from forum.factors.actions import warn_owner
from forum.mail.actions import write_letter
from forum.mail.commands import compose
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.members.actions import choose_locale
from forum.members.models import BROWSER_ON_SYSTEM, Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.notifications.models import NOTICE_KINDS, Event, Notice
from forum.permissions import SYSTEM
from forum.queue.commands import tell_overdue
from forum.rules.actions import RulesText, write_rules
from forum.rules.models import said_of_ground, said_of_rule
from forum.rules.queries import default_rules
from forum.sentences import plural_sentence, sentence
from tests.conftest import signed_in
from tests.datasets import dataset_fixture
from tests.moderation.conftest import REASONS, Things, known_things, notices_of

pytestmark = pytest.mark.usefixtures("recognising_all")
Sentences = tuple[
    Member, list[Any], str
]  # the readers, the stored sentences, and the members' words in them
ODD = 'Tra%ms & "<b>rails</b>" %(agenda)s مدن'  # the title of an agenda


@pytest.fixture
@dataset_fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    """Something of each kind on one agenda."""
    return known_things(app, people, agenda)


def hide(people: Any, things: Things) -> Sentences:
    moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    return people.ben, [sentence("Hidden by the moderators.")], "It is rude."


def hide_several(people: Any, things: Things) -> Sentences:
    posts = [things.first.id, reply(people.ben, things.topic.id, write("Again.")).id]
    moderation.decide_all(people.moderator, things.topic.id, posts, "hide", REASONS)
    said = plural_sentence("And one more text of yours.", "And %(num)s more texts of yours.", 1)
    return people.ben, [sentence("Hidden by the moderators."), said], "It is rude."


def keep_what_was_deleted(people: Any, things: Things) -> Sentences:
    moderation.report(people.ana, "post", things.first.id, "rules")
    delete(people.ben, things.first.id)
    moderation.decide(people.moderator, "post", things.first.id, "keep")
    return people.ana, [sentence("a post"), sentence("Its author has deleted it.")], ""


def answer_a_report(people: Any, things: Things) -> Sentences:
    moderation.report(people.ana, "post", things.first.id, "rules")
    moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    return people.ana, [sentence("a post"), sentence("Hidden: it broke the rules.")], ""


def take_back_after_it_was_read(people: Any, things: Things) -> Sentences:
    moderation.report(people.ana, "post", things.first.id, "rules")
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    notices_of(people.ana)
    db.session.execute(update(Notice).values(read_at=now()))
    db.session.commit()
    moderation.undo(people.moderator, hidden.id)
    return people.ana, [sentence("a post"), sentence("The decision is taken back.")], ""


def move(people: Any, things: Things) -> Sentences:
    odd = write_agenda(people.moderator, AgendaText(ODD, write("Text."), slug="odd"))
    moderation.move(people.moderator, things.topic.id, odd.id, Reasons("It is about %s."))
    return people.ana, [sentence("Moved to “%(agenda)s”.", agenda=odd.title)], "It is about %s."


def retitle(people: Any, things: Things) -> Sentences:
    before = things.topic.title
    moderation.retitle(people.moderator, things.topic.id, ODD, [], Reasons("Clearer."))
    return people.ana, [sentence("The title was “%(title)s”.", title=before)], "Clearer."


def change_kind(people: Any, things: Things) -> Sentences:
    moderation.change_kind(people.moderator, things.topic.id, "question", Reasons("You ask."))
    return people.ana, [sentence("Made a question.")], "You ask."


def split(people: Any, things: Things) -> Sentences:
    part = SplitTarget("Bells at night", "question", things.agenda.id)
    moderation.split(people.moderator, things.topic.id, [things.first.id], part, REASONS)
    return people.ben, [sentence("What you wrote is in this topic now.")], "It is rude."


def hide_a_page(people: Any, things: Things) -> Sentences:
    reply(people.ben, things.case.topic_id, write("A comment."))
    moderation.decide(people.moderator, "case", things.case.id, "hide", REASONS)
    hidden = sentence("It is hidden, and your comments with it.")
    return people.ben, [sentence("A page that you commented on"), hidden], ""


def answer_an_appeal(people: Any, things: Things) -> Sentences:
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    asked = appeal(people.ben, hidden.id, "It was a joke.")
    decide_appeal(people.administrator, asked.id, "upheld", "It was not.")
    stays = sentence("Your appeal was looked at by another moderator. The decision stays.")
    return people.ben, [stays], "It was not."


def make_a_moderator(people: Any, things: Things) -> Sentences:
    appoint(people.administrator, people.ben.handle, "moderator")
    return people.ben, [sentence("You are a moderator now")], ""


def make_an_administrator(people: Any, things: Things) -> Sentences:
    appoint(people.administrator, people.ben.handle, "administrator")
    return people.administrator, [sentence("There is a new administrator")], ""


def refuse_factors(people: Any, things: Things) -> Sentences:
    warn_owner(people.ben)
    return people.ben, [sentence("Many codes or passkeys were refused")], ""


def sign_in_elsewhere(people: Any, things: Things) -> Sentences:
    tell_of_new_browser(people.ben, DEVICE, is_guessed=False)
    return people.ben, [sentence("Somebody signed in in a new browser"), DEVICE], ""


def guess_a_password(people: Any, things: Things) -> Sentences:
    tell_of_new_browser(people.ben, DEVICE, is_guessed=True)
    return people.ben, [sentence("Somebody signed in after many wrong passwords"), DEVICE], ""


def change_the_rules(people: Any, things: Things) -> Sentences:
    text = RulesText([("Be kind", "Always.")], now(), "Kindness counts.")
    write_rules(people.administrator, text)
    return people.ben, [sentence("The house rules change")], "Kindness counts."


def wait_for_two_days(people: Any, things: Things) -> Sentences:
    moderation.report(people.ana, "post", things.first.id, "rules")
    with at(now() + timedelta(hours=49)):
        tell_overdue(SYSTEM)
        notices_of(people.host)
    return people.host, [sentence("Nobody has decided this for two days.")], ""


def letter_of(people: Any) -> Any:
    """The stored sentence that is the title of an e-mail from Ben."""
    return sentence("An e-mail from %(name)s", name=people.ben.name)


def report_a_letter(people: Any, things: Things) -> Sentences:
    """Chitra reports an e-mail from Ben; the notice to the moderator is a stored sentence."""
    moderation.report_letter(people.ana, 7, people.ben, "You fool.", reason="rules")
    return people.moderator, [letter_of(people)], ""


def leave_a_letter_for_two_days(people: Any, things: Things) -> Sentences:
    moderation.report_letter(people.ana, 7, people.ben, "You fool.", reason="rules")
    with at(now() + timedelta(hours=49)):
        tell_overdue(SYSTEM)
        notices_of(people.moderator)
    said = [letter_of(people), sentence("Nobody has decided this for two days.")]
    return people.moderator, said, ""


PATHS: tuple[Callable[[Any, Things], Sentences], ...] = (
    hide,
    hide_several,
    keep_what_was_deleted,
    answer_a_report,
    take_back_after_it_was_read,
    move,
    retitle,
    change_kind,
    split,
    hide_a_page,
    answer_an_appeal,
    make_a_moderator,
    make_an_administrator,
    refuse_factors,
    sign_in_elsewhere,
    guess_a_password,
    change_the_rules,
    wait_for_two_days,
    report_a_letter,
    leave_a_letter_for_two_days,
)
LANGUAGES = [("en", "fr"), ("fr", "en"), ("fr", "es")]


def plain(page: str) -> str:
    """The visible text of a page or e-mail."""
    return " ".join(unescape(page.replace("<bdi>", "").replace("</bdi>", "")).split())


def letters_to(member: Member, locale: str, forum: Flask) -> Iterator[str]:
    """An e-mail about the member's latest notice, and a digest with it, in the member's language."""
    choose_locale(member, locale)
    theirs = select(Notice).where(Notice.member_id == member.id, Notice.sentences.is_not(None))
    latest = db.session.scalars(theirs.order_by(Notice.id.desc())).all()[0]
    words = {"notice": latest.id, "notices": [latest.id], "path": latest.address}
    kinds = ["digest", *(["notice"] if NOTICE_KINDS[latest.kind].label else [])]
    ids = [
        write_letter(SYSTEM, kind, member.email, words, member_id=member.id).id for kind in kinds
    ]
    for letter in deliveries_by_id(ids):
        with forum.app_context():
            made = compose(letter, forum.extensions["settings"])
        assert made, letter.kind
        yield plain(made.html)


@pytest.mark.parametrize(("doer", "reader"), LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_a_notice_speaks_the_language_of_its_reader(
    several: Flask,
    people: Any,
    things: Things,
    path: Callable[[Any, Things], Sentences],
    doer: str,
    reader: str,
) -> None:
    with force_locale(doer):
        member, sentences, words = path(people, things)
    notices_of(member)
    page = signed_in(several, member).get("/notices", headers={"Accept-Language": reader}).text
    for text in (plain(page), *letters_to(member, reader, several)):
        for said_sentence in sentences:
            with force_locale(reader):
                assert plain(str(said_sentence)) in text, str(said_sentence)
            with force_locale(doer):
                assert plain(str(said_sentence)) not in text, str(said_sentence)
        assert words in text
    assert "<b>rails" not in page


def data_of(browser: FlaskClient, said: dict[str, str]) -> dict[str, Any]:
    """The files of "everything about me", by name."""
    archive = ZipFile(BytesIO(browser.post("/settings/data", headers=said).data))
    return {name: json.loads(archive.read(name)) for name in archive.namelist() if "json" in name}


DEVICE = BROWSER_ON_SYSTEM.put_in(browser="Firefox", system="Linux")
ON_TOPICS = (move, retitle, change_kind)


@pytest.mark.parametrize(("doer", "reader"), LANGUAGES)
@pytest.mark.parametrize("path", ON_TOPICS)
def test_the_log_the_decision_and_the_file_about_oneself_speak_the_language_of_their_reader(
    several: Flask,
    people: Any,
    things: Things,
    path: Callable[[Any, Things], Sentences],
    doer: str,
    reader: str,
) -> None:
    with force_locale(doer):
        member, (one,), words = path(people, things)
    decision = db.session.scalars(select(Decision)).one()
    assert decision.reason == words
    with force_locale(reader):
        whole = f"{one} {words}"
    said = {"Accept-Language": reader}
    browser, spoken = signed_in(several, member), signed_in(several, people.moderator)
    pages = [
        browser.get(f"/moderation/decisions/{decision.id}", headers=said).text,
        spoken.get("/moderation/log", headers=said).text,
        spoken.get(f"/moderation/decisions/{decision.id}", headers=said).text,
    ]
    for page in pages:
        assert plain(whole) in plain(page)
        assert "<b>rails" not in page
    notices_of(member)
    told = data_of(browser, said)
    assert whole in [decision["reason"] for decision in told["decisions.json"]]
    assert whole in [notice["text"] for notice in told["notices.json"]]


@pytest.mark.parametrize(("doer", "reader"), LANGUAGES)
def test_a_reported_letter_is_called_by_the_language_of_each_who_reads(
    several: Flask, people: Any, things: Things, doer: str, reader: str
) -> None:
    """In the queue, the log, the decision, the reporter's list and "everything about me"."""
    with force_locale(doer):
        moderation.report_letter(people.ana, 7, people.ben, "You fool.", reason="rules")
        elsewhere = str(letter_of(people))
    with force_locale(reader):
        called = str(letter_of(people))
    said = {"Accept-Language": reader}
    moderator, reporter = signed_in(several, people.moderator), signed_in(several, people.ana)
    pages = [moderator.get(f"/moderation{path}", headers=said).text for path in ("", "/letter/7")]
    with force_locale(doer):
        decided = moderation.decide(people.moderator, "letter", 7, "keep")
    paths = ("/moderation/log", f"/moderation/decisions/{decided.id}")
    pages += [moderator.get(path, headers=said).text for path in paths]
    for page in map(plain, pages):
        assert called in page and elsewhere not in page
    assert called in [report["title"] for report in data_of(reporter, said)["reports.json"]]


def test_sentences_and_what_people_wrote_each_have_their_direction(
    people: Any, things: Things, sign_in: Any
) -> None:
    arabic = "انظر القاعدة"
    moderation.change_kind(people.moderator, things.topic.id, "question", Reasons(arabic))
    notices_of(people.ana)
    page = sign_in(people.ana).get("/notices").text
    assert f'dir="auto">Made a question. <bdi>{arabic}</bdi></q>' in page


def test_what_was_written_before_is_shown_as_it_was(
    several: Flask, people: Any, things: Things
) -> None:
    """Rows from former releases contain the sentence as plain text."""
    move(people, things)
    notices_of(people.ana)
    former = {"text": "Moved to “Odd”. It is late.", "sentences": None}
    for model in (Event, Notice):
        db.session.execute(update(model).values(former))
    reason = {"reason": former["text"], "sentences": None}
    db.session.execute(update(Decision).values(reason))
    db.session.commit()
    browser, said = signed_in(several, people.ana), {"Accept-Language": "fr"}
    decision_id = db.session.scalars(select(Decision.id)).one()
    for path in ("/notices", f"/moderation/decisions/{decision_id}"):
        assert "Moved to “Odd”. It is late." in browser.get(path, headers=said).text


# What is shown in place of a hidden text

GROUNDS = {"rule": Reasons("It is rude.", 2), "law": Reasons("It is rude.", law="§ 130 StGB")}
KEPT_GROUNDS = {"rule": "Rule 2: Be fair to people", "law": "It is against the law."}
SAID_GROUNDS = {
    ("rule", "en"): "Rule 2: Be fair to people",
    ("rule", "fr"): "Règle 2 : Soyez juste envers les personnes",
    ("law", "en"): "It is against the law.",
    ("law", "fr"): "C’est contraire à la loi.",
}


@pytest.mark.parametrize(("doer", "reader"), [("en", "fr"), ("fr", "en")])
@pytest.mark.parametrize("ground", GROUNDS)
def test_why_something_is_hidden_is_said_in_the_language_of_the_page(
    several: Flask, people: Any, things: Things, ground: str, doer: str, reader: str
) -> None:
    with force_locale(doer):
        for kind, thing in (("post", things.first), ("case", things.case)):
            moderation.decide(people.moderator, kind, thing.id, "hide", GROUNDS[ground])
    visitor, said = several.test_client(), {"Accept-Language": reader}
    words = SAID_GROUNDS[ground, reader]
    assert words in plain(visitor.get(things.topic.address, headers=said).text)
    assert words in plain(visitor.get(f"/cases/{things.case.slug}", headers=said).text)
    with force_locale(doer):
        moderation.decide(people.moderator, "topic", things.topic.id, "hide", GROUNDS[ground])
    assert words in plain(visitor.get(things.topic.address, headers=said).text)
    archive = data_of(signed_in(several, people.ben), said)
    (hidden,) = [post for post in archive["posts.json"] if post["id"] == things.first.id]
    assert plain(hidden["hidden_reason"]) == words


@pytest.mark.parametrize("written", ["en", "fr"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_a_ground_stored_in_another_language_is_shown_in_that_of_the_page(
    app: Flask, ground: str, written: str
) -> None:
    with force_locale(written):
        kept = said_of_ground(KEPT_GROUNDS[ground])
    for reader in ("en", "fr"):
        with force_locale(reader):
            assert plain(said_of_ground(kept)) == SAID_GROUNDS[ground, reader]


def test_the_rules_that_an_administrator_wrote_stay_in_their_words(app: Flask) -> None:
    with force_locale("fr"):
        assert plain(said_of_ground("Rule 3: No noise: none")) == "Règle 3 : No noise: none"
        assert said_of_rule("No noise: none") == "No noise: none"
        assert said_of_ground("") == said_of_rule("") == ""
        assert said_of_ground("Written by hand.") == "Written by hand."


@pytest.mark.parametrize(("doer", "reader"), [("en", "fr"), ("fr", "en")])
def test_a_default_rule_is_in_the_language_of_the_page_where_a_decision_names_it(
    several: Flask, people: Any, things: Things, doer: str, reader: str
) -> None:
    with force_locale(doer):
        hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    with force_locale(reader):
        rule = default_rules()[1]
    said, browser = {"Accept-Language": reader}, signed_in(several, people.ben)
    page = plain(browser.get(f"/moderation/decisions/{hidden.id}", headers=said).text)
    assert f"<b>2. {rule.name}.</b> {plain(rule.sentence)}" in page
    for path in (f"/moderation/decisions/{hidden.id}/appeal", "/transparency/decisions"):
        assert f"2. {rule.name}" in plain(browser.get(path, headers=said).text), path
    (row,) = data_of(browser, said)["decisions.json"]
    assert (row["rule_name"], row["rule_sentence"]) == (rule.name, rule.sentence)
