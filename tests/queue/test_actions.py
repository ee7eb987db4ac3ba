"""Claiming, writing notes, deciding; overdue entries are notified once to the right people, even if the worker is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.actions import archive
from forum.appeals.actions import appeal
from forum.candidates.actions import approve, refuse
from forum.claims.models import Claim, queue_path
from forum.claims.queries import active_claim
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import delete, hide_topic, reply
from forum.dialogue.queries import get_post
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import write
from forum.members.actions import appoint
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import open_reports
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.notifications.queries import is_of_queue
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions, queries
from forum.queue.actions import Choice
from forum.queue.commands import tell_overdue
from forum.queue.models import EntryNote, Overdue
from tests.queue.conftest import asks

HALF_AN_HOUR = timedelta(minutes=31)
TWO_DAYS = timedelta(hours=49)


def holder(key: tuple[str, int]) -> str | None:
    claim = active_claim(key)
    return claim.member.name if claim else None


# Claiming


def test_whoever_is_at_it_is_named_to_the_second(people: Any, reported: Any) -> None:
    key = ("post", reported.first.id)
    actions.claim(people.host, *key)
    with pytest.raises(
        Conflict, match=r"Hana Virtanen has been working on this since \d\d:\d\d UTC"
    ):
        actions.claim(people.moderator, *key)
    assert holder(key) == "Hana Virtanen"
    kept = active_claim(key)
    actions.claim(people.moderator, *key, people.host.id)
    assert holder(key) == "Mona Berg"
    assert active_claim(key) is kept  # which did not go on naming the host
    with pytest.raises(Conflict, match="Mona Berg"):  # another moderator has claimed it since
        actions.claim(people.administrator, *key, people.host.id)


def test_a_claim_ends_by_hand_by_deciding_and_by_itself(people: Any, reported: Any) -> None:
    key = ("post", reported.first.id)
    actions.claim(people.host, *key)
    actions.release(people.moderator, *key)  # one cannot release the claim of somebody else
    assert holder(key)
    actions.release(people.host, *key)
    assert holder(key) is None
    actions.claim(people.host, *key)
    with at(now() + HALF_AN_HOUR):
        assert holder(key) is None
        actions.claim(people.moderator, *key)
        assert holder(key) == "Mona Berg"
        actions.decide(people.moderator, *key, Choice("keep"))
    assert db.session.scalar(select(func.count()).select_from(Claim)) == 0


def test_two_who_decide_the_same_do_it_once(people: Any, reported: Any) -> None:
    key = ("post", reported.first.id)
    actions.claim(people.host, *key)
    with pytest.raises(Conflict, match="Hana Virtanen has been working on this"):
        actions.decide(people.moderator, *key, Choice("hide", Reasons("Rule 2.", 2), 0))
    assert not get_post(VISITOR, reported.first.id).is_gone
    actions.decide(
        people.moderator, *key, Choice("hide", Reasons("Rule 2.", 2), 0, holder=people.host.id)
    )
    with pytest.raises(Conflict, match="Another moderator has decided"):
        actions.decide(people.host, *key, Choice("keep", Reasons(""), 0))
    assert get_post(VISITOR, reported.first.id).is_gone


# Notes


def test_notes_are_read_by_who_may_decide(people: Any, reported: Any) -> None:
    key = ("post", reported.first.id)
    actions.write_note(people.host, *key, "  I know him. ")
    actions.write_note(people.moderator, *key, "So do I.")
    for reader in (people.host, people.administrator):
        notes = queries.opened_entry(reader, *key).notes
        assert [note.text for note in notes] == ["I know him.", "So do I."]
    for text in ("", " \n", "x" * 2_001):
        with pytest.raises(Invalid):
            actions.write_note(people.host, *key, text)


DEEDS: dict[str, Callable[[Any, str, int], Any]] = {
    "claim": actions.claim,
    "release": actions.release,
    "note": lambda who, kind, item: actions.write_note(who, kind, item, "A note."),
    "decide": lambda who, kind, item: actions.decide(who, kind, item, Choice("keep")),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_who_may_do_what_at_an_entry(people: Any, reported: Any, candidate: Any, deed: str) -> None:
    theirs, central = ("post", reported.first.id), ("candidate", candidate.id)
    for person in (people.ana, people.ben, reported.other_host, VISITOR):
        for key in (theirs, central, ("member", people.ben.id)):
            with pytest.raises(Forbidden):
                DEEDS[deed](person, *key)
    for key in (central, ("member", people.ben.id)):
        with pytest.raises(Forbidden):
            DEEDS[deed](people.host, *key)
    DEEDS[deed](people.host, *theirs)


# Deciding


def test_somebody_is_let_in_or_refused_in_the_queue(
    people: Any, candidate: Any, letters: Any
) -> None:
    make_notices(SYSTEM)
    assert open_notices() > 0
    key = ("candidate", candidate.id)
    with pytest.raises(Invalid):
        actions.decide(people.moderator, *key, Choice("refuse"))
    with pytest.raises(Invalid):
        actions.decide(people.moderator, *key, Choice("hide", Reasons("No.", 2)))
    assert actions.decide(people.moderator, *key, Choice("approve")) == "Nora Lind"
    assert get_member(SYSTEM, "nora-lind") and letters()[-1].to == "nora@city.example"
    with pytest.raises(Conflict):
        actions.decide(people.administrator, *key, Choice("approve"))
    assert open_notices() == 0
    other = asks("Olaf Berg", "olaf@city.example")
    actions.decide(
        people.moderator, "candidate", other.id, Choice("refuse", Reasons("Who are you?"))
    )
    assert "Who are you?" in letters()[-1].text


def test_who_knows_of_a_claim_decides_about_somebody_all_the_same(
    people: Any, candidate: Any
) -> None:
    key = ("candidate", candidate.id)
    actions.claim(people.administrator, *key)
    for deed in (
        lambda: actions.decide(people.moderator, *key, Choice("approve")),
        lambda: approve(people.moderator, candidate.id),
        lambda: refuse(people.moderator, candidate.id, "Who are you?"),
    ):
        with pytest.raises(Conflict, match="has been working on this"):
            deed()
    actions.decide(people.moderator, *key, Choice("approve", holder=people.administrator.id))
    assert get_member(SYSTEM, "nora-lind") and holder(key) is None


def test_who_was_decided_about_while_the_list_was_read_is_skipped(
    people: Any, candidate: Any, reported: Any
) -> None:
    entries = [
        entry for entry in queries.queue_entries(people.moderator) if entry.kind == "candidate"
    ]
    opened = queries.first_opened_entry(people.moderator, entries, {})
    assert opened is not None and opened.key == ("candidate", candidate.id)
    refuse(people.administrator, candidate.id, "Who are you?")
    assert queries.first_opened_entry(people.moderator, entries, {}) is None


def open_notices() -> int:
    query = select(func.count(Notice.id)).where(is_of_queue(Notice), Notice.read_at.is_(None))
    return db.session.scalar(query) or 0


def test_decided_elsewhere_its_notices_are_read(people: Any, candidate: Any) -> None:
    other = asks("Olaf Berg", "olaf@city.example")
    make_notices(SYSTEM)
    approve(people.moderator, candidate.id)
    refuse(people.moderator, other.id, "Who are you?")
    assert open_notices() == 0


def test_what_is_odd_is_decided_or_refused_in_words(people: Any, reported: Any) -> None:
    """Entries whose post was deleted, whose topic is hidden or lost its first post, or whose agenda is archived."""
    moderation.report(people.chitra, "topic", reported.topic.id, "rules")
    delete(people.ben, reported.first.id)
    archive(people.moderator, reported.agenda.id)
    hide_topic(SYSTEM, reported.topic.id)
    opened = queries.opened_entry(people.host, "post", reported.first.id)
    assert opened.about.deeds == ["keep"]
    actions.write_note(people.host, "post", reported.first.id, "It is gone.")
    actions.claim(people.host, "post", reported.first.id)
    with pytest.raises(Conflict):
        actions.decide(
            people.host, "post", reported.first.id, Choice("hide", Reasons("Rule 2.", 2))
        )
    actions.decide(people.host, "post", reported.first.id, Choice("keep"))
    assert open_reports("post", reported.first.id) == []
    assert queries.opened_entry(people.host, "topic", reported.topic.id).about.deeds == [
        "keep",
        "restore",
        "remove",
    ]
    actions.decide(people.host, "topic", reported.topic.id, Choice("restore"))


# Overdue entries


def notices_of(person: Any, words: str) -> int:
    make_notices(SYSTEM)
    query = select(Notice).where(Notice.member_id == person.id, Notice.kind == "urgent")
    return sum(words in notice.words for notice in db.session.scalars(query))


def tell() -> int:
    return tell_overdue(SYSTEM)


def test_after_two_days_the_moderators_and_after_four_the_administrators_are_told_once(
    people: Any, reported: Any, candidate: Any
) -> None:
    start = now()
    with at(start + timedelta(hours=46)):
        assert tell() == 0
    with at(start + TWO_DAYS):
        assert tell() == 4 and tell() == 0
        assert notices_of(people.moderator, "two days") == 4
        assert notices_of(people.host, "two days") == 2  # the entries on the host's agenda
        assert (
            notices_of(people.administrator, "days") == notices_of(reported.other_host, "days") == 0
        )
        assert notices_of(people.ana, "days") == notices_of(people.ben, "days") == 0
    with at(start + TWO_DAYS + timedelta(hours=47)):
        assert tell() == 0
    with at(start + TWO_DAYS + TWO_DAYS):
        assert tell() == 4 and tell() == 0
        assert notices_of(people.administrator, "four days") == 4
        assert notices_of(people.moderator, "four days") == 0
    with at(start + 5 * TWO_DAYS):
        assert tell() == 0


def test_what_is_decided_is_told_no_more_and_waits_anew_when_it_is_reported_anew(
    people: Any, reported: Any
) -> None:
    start, key = now(), ("post", reported.first.id)
    with at(start + TWO_DAYS):
        tell()
        moderation.decide(people.moderator, *key, "keep")
        assert tell() == 0
        moderation.report(people.moderator, *key, "rules")
    with at(start + TWO_DAYS + timedelta(hours=47)):
        assert tell() == 0
    with at(start + 2 * TWO_DAYS):
        tell()
    row = db.session.get_one(Overdue, key, populate_existing=True)
    assert row.escalated_at is None


def test_the_queue_is_walked_through_before_the_deed(
    people: Any, reported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read before the transaction, which reads only the overdue entries, and does not begin when there are none."""
    with at(now() + TWO_DAYS):
        keys = queries.entries_to_tell(SYSTEM, 10)
        assert sorted(kind for kind, _id in keys) == ["member", "post", "practice"]
        assert queries.entries_to_tell(SYSTEM, 2) == keys[:2]
        moderation.decide(people.moderator, "post", reported.first.id, "keep")
        assert actions.tell_overdue(SYSTEM, keys) == 2
        with monkeypatch.context() as patch:
            patch.delattr(actions, "tell_overdue")
            assert tell() == 0
        assert actions.tell_overdue(SYSTEM, keys) == 0
    assert queries.overdue_rows().keys() == {key for key in keys if key[0] != "post"}
    moderation.decide(people.moderator, "member", people.ben.id, "keep")
    tell()
    assert [kind for kind, _id in queries.overdue_rows()] == []


def test_killed_in_the_middle_it_is_told_once(
    people: Any, reported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at(now() + TWO_DAYS):
        calls = 0

        def killed(*args: Any, **words: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise KeyboardInterrupt
            note(*args, **words)

        note = actions.note_event
        with monkeypatch.context() as patch:
            patch.setattr(actions, "note_event", killed)
            with pytest.raises(KeyboardInterrupt):
                tell()
        assert notices_of(people.moderator, "two days") == 0
        assert tell() == 3
        assert notices_of(people.moderator, "two days") == 3


def test_where_administrators_alone_moderate_they_are_told_at_once(
    people: Any, reported: Any
) -> None:
    appoint(SYSTEM, people.moderator.handle, "member")
    with at(now() + TWO_DAYS):
        tell()
        # Only the one about the profile; the host handles the others
        assert notices_of(people.administrator, "two days") == 1


def test_who_cannot_answer_an_appeal_does_not_hear_that_it_waits(
    people: Any, reported: Any
) -> None:
    """The host made the decision, so only the administrator can answer the appeal."""
    appoint(SYSTEM, people.moderator.handle, "member")
    hidden = moderation.decide(people.host, "post", reported.first.id, "hide", Reasons("No.", 2))
    path = queue_path("appeal", appeal(people.ben, hidden.id, "It was kind.").id)
    with at(now() + TWO_DAYS):
        tell()
        make_notices(SYSTEM)
        found = db.session.scalars(select(Notice).where(Notice.address == path))
        told = {notice.member_id for notice in found if "two days" in notice.words}
        assert told == {people.administrator.id}


def test_of_an_appeal_that_nobody_can_answer_the_administrators_hear(
    people: Any, reported: Any
) -> None:
    appoint(SYSTEM, people.moderator.handle, "member")
    own = reply(people.host, reported.topic.id, write("The host says something hard."))
    reasons = Reasons("No.", 2)
    hidden = moderation.decide(people.administrator, "post", own.id, "hide", reasons)
    path = queue_path("appeal", appeal(people.host, hidden.id, "It was kind.").id)
    for days in ("two days", "four days"):
        with at(now() + (TWO_DAYS if days == "two days" else 2 * TWO_DAYS)):
            tell()
            make_notices(SYSTEM)
            found = db.session.scalars(select(Notice).where(Notice.address == path))
            told = {notice.member_id for notice in found if days in notice.words}
            assert told == {people.administrator.id}


def test_whose_own_text_it_is_hears_of_no_overdue_report(people: Any, reported: Any) -> None:
    """The host may not decide about the host's own text, so only the administrator is notified."""
    appoint(SYSTEM, people.moderator.handle, "member")
    own = reply(people.host, reported.topic.id, write("The host says something hard."))
    moderation.report(people.ana, "post", own.id, "rules")
    with at(now() + TWO_DAYS):
        tell()
        where = Notice.member_id == people.host.id, Notice.address.contains(f"post/{own.id}")
        make_notices(SYSTEM)
        assert db.session.scalar(select(func.count(Notice.id)).where(*where)) == 0
        # This report, and the one about the profile
        assert notices_of(people.administrator, "two days") == 2


def test_only_the_system_tells_and_forgets(people: Any, reported: Any) -> None:
    for deed in (tell_overdue, actions.forget_old):
        with pytest.raises(Forbidden):
            deed(people.moderator)
    with pytest.raises(Forbidden):
        actions.tell_overdue(people.moderator, [("post", reported.first.id)])


# Entries that are done


def test_notes_go_after_a_year_and_those_about_candidates_with_them(
    people: Any, reported: Any, candidate: Any
) -> None:
    actions.write_note(people.moderator, "post", reported.first.id, "About a post.")
    actions.write_note(people.moderator, "candidate", candidate.id, "About Nora.")
    assert actions.forget_old(SYSTEM) == 0
    actions.decide(people.moderator, "candidate", candidate.id, Choice("refuse", Reasons("No.")))
    assert actions.forget_old(SYSTEM) == 1
    assert [note.text for note in db.session.scalars(select(EntryNote))] == ["About a post."]
    with at(now() + actions.KEPT_NOTES + timedelta(days=1)):
        assert actions.forget_old(SYSTEM) == 1
