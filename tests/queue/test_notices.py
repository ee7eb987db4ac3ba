"""Every kind of entry has one address: notices link to it, e-mails describe it, and a decision marks all of them as read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.advice import actions as advice
from forum.appeals.actions import appeal
from forum.claims.models import EntryKey, queue_key, queue_path
from forum.clock import at, now
from forum.commitments import actions as commitments
from forum.db import db
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import TRIED, Held, Post
from forum.dialogue.queries import get_post, mark_given
from forum.glossary.actions import ProposalText, propose
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.library.models import Practice
from forum.mail.queries import queue_content
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import Joining, OrganisationText
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import choose_ways, make_notices, read
from forum.notifications.models import Event, Notice
from forum.notifications.queries import is_of_queue
from forum.parallels import actions as parallels
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions
from forum.queue.actions import Choice
from forum.queue.commands import tell_overdue
from forum.queue.queries import KINDS
from forum.screening import actions as screening
from forum.screening.actions import RuleText, make_rule
from tests.queue.conftest import asks, candidates_wait

REASONS = Reasons("It is rude.", 2)
Maker = Callable[[Any, Any], int]


def reported(kind: str, find: Callable[[Any, Any], int]) -> Maker:
    """Returns a function that makes an entry: Chitra reports the thing whose id `find` returns."""

    def make(people: Any, things: Any) -> int:
        item_id = find(people, things)
        moderation.report(people.chitra, kind, item_id, "rules")
        return item_id

    return make


def note_of_mark(people: Any, things: Any) -> int:
    dialogue.mark(people.ana, things.first.id, TRIED, "stopped", "Only fools.")
    given = mark_given(people.ana, things.first.id, TRIED)
    assert given
    return given.id


def follow_up(people: Any, things: Any) -> int:
    asked = dialogue.NewTopic("question", "How do we calm the street?", write("It is loud."))
    topic = dialogue.open_topic(people.ana, things.agenda.id, asked)
    dialogue.reply(people.ben, topic.id, write("Ask the trams."))
    return advice.follow_up(people.ana, topic.id, advice.FollowUpText("Only fools.", "yes")).id


def letter(people: Any, _things: Any) -> int:
    moderation.report_letter(people.ana, 7, people.ben, "You fool.", reason="rules")
    return 7


def held(people: Any, things: Any) -> int:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    return dialogue.reply(people.ana, things.topic.id, write("A casino for all.")).id


def first_post(people: Any, things: Any) -> int:
    screening.set_newness(SYSTEM, days=30, posts=1, first_posts=1)
    new = members.join(VISITOR, Joining("Nora Lind", "nora@city.example", "no hash"))
    return dialogue.reply(new, things.topic.id, write("I am new here.")).id


def appealed(people: Any, things: Any) -> int:
    decision = moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    return appeal(people.ben, decision.id, "It was a joke.").id


def candidate(people: Any, _things: Any) -> int:
    candidates_wait(people)
    return asks("Nora Lind", "nora@city.example").id


def reservation(people: Any, things: Any) -> int:
    made = declarations.write_declaration(
        people.host, things.agenda.id, declarations.DeclarationText("Quiet", write("We want it."))
    )
    declarations.open_declaration(people.host, made.id, PlainTexts())
    frozen = declarations.freeze(people.host, made.id, now().date() + timedelta(days=30))
    office = OrganisationText("Tram Office", "institute", representative_id=people.ana.id)
    body = members.write_organisation(people.moderator, office)
    signing = declarations.Signing(frozen.digest, "Only for fools.")
    return declarations.sign(people.ana, made.id, body.id, signing).id


def commitment(people: Any, things: Any) -> int:
    office = OrganisationText("Tram Office", "institute", representative_id=people.ana.id)
    body = members.write_organisation(people.moderator, office)
    day = now().date() + timedelta(days=30)
    steps = [commitments.Step("1 km", day)]
    text = commitments.CommitmentText("Felt", write("We will."), day, steps)
    return commitments.publish_commitment(people.ana, things.agenda.id, body.id, text).id


def translation(people: Any, things: Any) -> int:
    text = PracticeText("Felt", "Felt below rails.")
    made = library.write_practice(people.ben, things.agenda.id, text)
    made = library.publish(people.moderator, library.submit(people.ben, made.id).id)
    words = parallels.TranslationText("fr", "Du feutre")
    return parallels.add_translation(people.ana, "practice", made.id, words).id


def proposal(people: Any, _things: Any) -> int:
    return propose(people.ana, ProposalText("de", "Regen", "Wasser von oben.")).id


MAKERS: dict[str, Maker] = {
    "post": reported("post", lambda _people, things: things.first.id),
    "topic": reported("topic", lambda _people, things: things.topic.id),
    "case": reported("case", lambda _people, things: things.case.id),
    "practice": lambda _people, things: things.practice.id,  # the practice is submitted
    "member": reported("member", lambda people, _things: people.ben.id),
    "mark": reported("mark", note_of_mark),
    "followup": reported("followup", follow_up),
    "reservation": reported("reservation", reservation),
    "commitment": reported("commitment", commitment),
    "translation": reported("translation", translation),
    "letter": letter,
    "held": held,
    "appeal": appealed,
    "candidate": candidate,
    "proposal": proposal,
}
DEEDS = {
    "practice": "publish",
    "held": "approve",
    "appeal": "uphold",
    "candidate": "approve",
    "proposal": "accept",
}


def notices_about(key: EntryKey) -> Sequence[Notice]:
    while make_notices(SYSTEM):
        pass
    query = select(Notice).where(is_of_queue(Notice), Notice.read_at.is_(None))
    return [notice for notice in db.session.scalars(query) if queue_key(notice.address) == key]


@pytest.mark.parametrize("kind", KINDS)
def test_all_notices_of_an_entry_are_read_when_it_is_decided(
    people: Any, things: Any, kind: str
) -> None:
    key = kind, MAKERS[kind](people, things)
    assert {notice.heading for notice in notices_about(key)} - {""}
    assert queue_content(people.administrator, queue_path(*key)), "the letter can say what waits"
    with at(now() + timedelta(hours=49)):
        tell_overdue(SYSTEM)
        assert any("two days" in notice.words for notice in notices_about(key))
        actions.decide(
            people.administrator, *key, Choice(DEEDS.get(kind, "keep"), Reasons("So be it."))
        )
        assert notices_about(key) == []
    waiting = select(Event.address).where(is_of_queue(Event), Event.done_at.is_(None))
    assert queue_path(*key) not in db.session.scalars(waiting).all()


def test_an_appeal_is_claimed_whose_post_is_on_another_agenda_by_now(
    sign_in: Any, people: Any, things: Any
) -> None:
    key = "appeal", appealed(people, things)
    moderation.move(people.moderator, things.topic.id, things.other.id)
    browser = sign_in(people.administrator)
    for deed in ("claim", "note", "release"):
        db.session.expunge_all()  # the action must load its rows itself
        answer = browser.post(f"{queue_path(*key)}/{deed}", data={"text": "Let me look."})
        assert answer.status_code == 303, deed


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("is_erased", [True, False])
def test_nothing_leads_to_a_submitted_practice_that_its_author_has_deleted(
    people: Any, things: Any, is_told: bool, is_erased: bool
) -> None:
    key = "practice", things.practice.id
    assert not is_told or notices_about(key)
    if is_erased:
        library.erase_practices(SYSTEM, [things.practice.id])
    else:
        library.delete_practice(people.ben, things.practice.id)
    assert notices_about(key) == []


def test_what_was_reported_waits_when_its_author_has_deleted_it(people: Any, things: Any) -> None:
    key = "practice", things.practice.id
    library.publish(people.host, things.practice.id)
    moderation.report(people.chitra, *key, "rules")
    library.delete_practice(people.ben, things.practice.id)
    assert notices_about(key) and queue_content(people.administrator, queue_path(*key))


def test_every_notice_names_a_waiting_text_by_its_agenda_alone(people: Any, things: Any) -> None:
    key = "held", held(people, things)
    for hours in (0, 49, 98):
        with at(now() + timedelta(hours=hours)):
            tell_overdue(SYSTEM)
            notices = notices_about(key)
    assert any("four days" in notice.words for notice in notices)
    assert {notice.title for notice in notices} == {things.agenda.title}


@pytest.mark.parametrize(
    "path", ["/moderation", "/moderation/joining", "/moderation/post/7/x", "/topics/7"]
)
def test_other_paths_are_no_entries(path: str) -> None:
    assert queue_key(path) is None
    assert queue_key(queue_path("post", 7)) == ("post", 7)


def ways_of_notices(member: Any) -> list[str]:
    """The way in which a member's notices of the queue are mailed (at once, in digests), oldest first."""
    while make_notices(SYSTEM):
        pass
    theirs = select(Notice.way).where(Notice.member_id == member.id, is_of_queue(Notice))
    return list(db.session.scalars(theirs.order_by(Notice.id)))


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_appeal_is_mailed_at_once_of_what_waits(
    people: Any, things: Any, kind: str
) -> None:
    key = kind, MAKERS[kind](people, things)
    way = "at once" if kind == "appeal" else "digest"
    assert {notice.way for notice in notices_about(key)} == {way}


def test_what_nobody_has_decided_for_two_days_is_mailed_at_once(people: Any, things: Any) -> None:
    moderation.report(people.chitra, "post", things.first.id, "rules")
    with at(now() + timedelta(hours=49)):
        tell_overdue(SYSTEM)
        assert ways_of_notices(people.moderator)[-1] == "at once"


def test_what_may_be_illegal_is_mailed_at_once_even_if_it_waits_already(
    people: Any, things: Any
) -> None:
    for person, reason in ((people.chitra, "rules"), (people.ana, "illegal")):
        moderation.report(person, "post", things.first.id, reason)
    by_visitor = moderation.IllegalContentNotice("Stolen.", "Ines", "ines@x.example", True)
    moderation.report_illegal(VISITOR, "post", things.first.id, by_visitor)
    assert ways_of_notices(people.moderator)[-2:] == ["digest", "at once"], "told once of each"
    moderation.report_illegal(VISITOR, "post", things.second.id, by_visitor)
    assert ways_of_notices(people.moderator)[-1] == "at once"


def test_the_notice_that_it_may_be_illegal_says_so(people: Any, things: Any) -> None:
    """It differs from the notice of an earlier report with another reason."""
    key = "post", things.first.id
    moderation.report(people.chitra, *key, "rules")
    moderation.report(people.ana, *key, "illegal")
    told = {notice.kind: notice.words for notice in notices_about(key)}
    assert told == {"queue": "", "urgent": "Somebody reports it as illegal."}


def test_moderators_who_have_chosen_keep_their_choice(people: Any, things: Any) -> None:
    choose_ways(people.moderator, {"queue": "at once", "urgent": "never"})
    moderation.report(people.chitra, "post", things.first.id, "rules")
    moderation.report(people.ana, "post", things.first.id, "illegal")
    assert ways_of_notices(people.moderator)[-2:] == ["at once", "never"]


STAYING_DEEDS: dict[str, Callable[[Any, Any], object]] = {
    "pin": lambda host, topic: moderation.pin(host, topic.id),
    "lock": lambda host, topic: moderation.lock(host, topic.id, REASONS),
    "retitle": lambda host, topic: moderation.retitle(host, topic.id, "A better title", []),
}


@pytest.mark.parametrize("reason", ["rules", "illegal"])
@pytest.mark.parametrize("deed", STAYING_DEEDS)
def test_a_deed_that_answers_no_report_leaves_its_notices(
    people: Any, things: Any, deed: str, reason: str
) -> None:
    topic = things.first.topic
    key = "topic", topic.id
    moderation.report(people.chitra, *key, reason)
    STAYING_DEEDS[deed](people.host, topic)
    assert people.moderator.id in {notice.member_id for notice in notices_about(key)}
    moderation.decide(people.host, *key, "keep")
    assert notices_about(key) == []


def test_a_note_leaves_the_notices_of_a_reported_or_first_post(people: Any, things: Any) -> None:
    key = "post", things.first.id
    moderation.report(people.chitra, *key, "rules")
    moderation.note(people.host, things.first.id, write("Please see rule 2."))
    assert notices_about(key)
    key = "post", first_post(people, things)
    moderation.note(people.host, key[1], write("Welcome."))
    assert notices_about(key)


@pytest.mark.parametrize("is_told", [True, False])
def test_no_author_ends_the_notice_that_a_text_may_be_illegal(
    people: Any, things: Any, is_told: bool
) -> None:
    key = "post", first_post(people, things)
    post = get_post(SYSTEM, key[1])
    assert not is_told or notices_about(key)
    moderation.report(people.chitra, *key, "illegal")
    assert not is_told or notices_about(key)
    dialogue.delete(post.author, post.id)
    assert {notice.kind for notice in notices_about(key)} == {"urgent"}
    assert queue_content(people.moderator, queue_path(*key))


@pytest.mark.parametrize(("reason", "kind"), [("rules", "queue"), ("illegal", "urgent")])
def test_what_was_decided_waits_again_when_that_is_undone(
    people: Any, things: Any, reason: str, kind: str
) -> None:
    key = "post", things.first.id
    moderation.report(people.chitra, *key, reason)
    kept = moderation.decide(people.host, *key, "keep")
    assert notices_about(key) == []
    moderation.undo(people.host, kept.id)
    told = {notice.member_id: notice.kind for notice in notices_about(key)}
    assert told[people.moderator.id] == kind and people.host.id not in told


def decide_practice(deed: str) -> Callable[[Any, int], Any]:
    def decision(moderator: Any, practice_id: int) -> Any:
        if deed == "publish":
            return moderation.publish(moderator, practice_id)
        return moderation.send_back(moderator, practice_id, REASONS)

    return decision


def clear_author_of(find: Callable[[int], Any]) -> Callable[[Any, int], Any]:
    return lambda moderator, item_id: moderation.clear_spam(moderator, find(item_id).author_id)


def reported_post(people: Any, things: Any) -> int:
    """A reported post; returns its id."""
    moderation.report(people.chitra, "post", things.first.id, "rules")
    return int(things.first.id)


UNDONE: list[tuple[str, Maker, Callable[[Any, int], Any]]] = [
    ("held", held, moderation.approve),
    ("held", held, lambda moderator, item_id: moderation.refuse(moderator, item_id, REASONS)),
    ("held", held, clear_author_of(lambda item_id: db.session.get_one(Held, item_id))),
    ("practice", MAKERS["practice"], decide_practice("publish")),
    ("practice", MAKERS["practice"], decide_practice("send_back")),
    (
        "practice",
        MAKERS["practice"],
        lambda moderator, item_id: moderation.decide(
            moderator, "practice", item_id, "hide", REASONS
        ),
    ),
    (
        "practice",
        MAKERS["practice"],
        clear_author_of(lambda item_id: db.session.get_one(Practice, item_id)),
    ),
    ("post", reported_post, clear_author_of(lambda item_id: db.session.get_one(Post, item_id))),
]


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize(("kind", "make", "decide"), UNDONE)
def test_what_waits_again_waits_in_the_inboxes_of_the_others_as_before(
    people: Any, things: Any, kind: str, make: Maker, decide: Any, is_told: bool
) -> None:
    key = kind, make(people, things)
    if is_told:
        told = {
            notice.id for notice in notices_about(key) if notice.member_id != people.moderator.id
        }
    decision = decide(people.moderator, key[1])
    assert notices_about(key) == []
    with at(now() + timedelta(minutes=9)):
        moderation.undo(people.moderator, decision.id)
        waiting = notices_about(key)
    assert len({notice.member_id for notice in waiting}) == len(waiting) > 0, "each once"
    assert people.moderator.id not in {notice.member_id for notice in waiting}
    if is_told:
        assert {notice.id for notice in waiting} == told


@pytest.mark.parametrize("way", ["unsuspend", "restore"])
def test_texts_that_wait_again_when_a_member_is_shown_again_wait_in_the_inboxes(
    people: Any, things: Any, way: str
) -> None:
    key = "held", held(people, things)
    assert notices_about(key)
    author_id = db.session.get_one(Held, key[1]).author_id
    moderation.clear_spam(people.moderator, author_id)
    assert notices_about(key) == []
    if way == "unsuspend":
        moderation.unsuspend(people.moderator, author_id, shows_again=True)
    else:
        moderation.restore_profile(people.moderator, author_id, shows_again=True)
    waiting = {notice.member_id for notice in notices_about(key)}
    assert people.host.id in waiting and people.moderator.id not in waiting


def test_what_was_read_before_the_decision_stays_read(people: Any, things: Any) -> None:
    key = "practice", things.practice.id
    (theirs,) = (notice for notice in notices_about(key) if notice.member_id == people.host.id)
    read(people.host, theirs.id)
    with at(now() + timedelta(hours=1)):
        published = moderation.publish(people.moderator, things.practice.id)
        moderation.undo(people.moderator, published.id)
        assert people.host.id not in {notice.member_id for notice in notices_about(key)}


def test_what_waits_no_more_is_not_brought_back(people: Any, things: Any) -> None:
    key = "topic", things.topic.id
    moderation.report(people.chitra, *key, "rules")
    assert notices_about(key)
    moderation.decide(people.host, *key, "keep")
    pinned = moderation.pin(people.host, things.topic.id)
    moderation.undo(people.host, pinned.id)
    assert notices_about(key) == []


def test_a_first_post_waits_again_when_the_look_at_it_is_undone(people: Any, things: Any) -> None:
    key = "post", first_post(people, things)
    moderation.undo(people.host, moderation.decide(people.host, *key, "keep").id)
    assert notices_about(key)
