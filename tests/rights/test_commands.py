"""Deleting members in portions: what stays, what goes, each once; and retention periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from forum.accounts.actions import ask_to_join, ask_to_sign_in
from forum.accounts.models import Candidate, Token
from forum.advice import actions as advice
from forum.agendas.models import Statement
from forum.agendas.queries import get_agenda
from forum.clock import at, now
from forum.columns import Base
from forum.contact import actions as contact
from forum.contact.models import ContactLetter
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Mark, Pace, Poll, PollVote, Post, Revision, Topic
from forum.dialogue.queries import first_post, last_post_id, render_with_mentions
from forum.errors import Forbidden, Invalid, NotFound
from forum.library import actions as library
from forum.library.models import Practice, Reading
from forum.mail.models import Delivery
from forum.markup import write
from forum.meetings.models import Meeting
from forum.members import actions as members
from forum.members.models import Member, Session
from forum.members.queries import get_member, member_by_email, taken_handles
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Report
from forum.notifications.actions import make_notices, read_all
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM, VISITOR
from forum.rights import actions, commands
from forum.rights.models import Departure
from forum.rights.queries import departure_in_state
from forum.search.queries import Query, find
from tests.rights.conftest import WORD, carry_out, gone, holding
from tests.soundness import faults

NAMES = ("prado", "ana@example.org")
# The columns with the last e-mail to a member who leaves; it is deleted a month later
LAST = {"delivery.address", "delivery.words"}


def row(model, key):
    return db.session.get_one(model, key, populate_existing=True)


def source_of(post_id):
    return row(Post, post_id).source


# Of others


@pytest.mark.parametrize("how", [members.DELETE_EVERYTHING, members.KEEP_NAMELESS])
def test_who_leaves_takes_nothing_of_others_along(people, lived, how):
    def rows():
        tables = Base.metadata.sorted_tables
        return {
            table.name: {str(row) for row in db.session.execute(select(table))} for table in tables
        }

    before = rows()
    del before["page_version"]  # counters, for caches
    new = members.join(VISITOR, members.Joining("Nora New", "nora@example.org", "a hash"))
    gone(new, how)
    after = rows()
    assert {name for name, found in before.items() if found - after[name]} == set()


# Without a name


def test_what_was_written_stays_without_the_name(people, lived, letters):
    texts = count_of(Post, Post.author_id == people.ana.id, Post.deleted_at.is_(None))
    member = gone(people.ana, "nameless")
    assert member.left_at and member.name == "Former member"
    assert count_of(Post, Post.author_id == member.id, Post.deleted_at.is_(None)) == texts
    for word in NAMES:
        assert holding(word) <= LAST, word
    assert faults() == []
    assert letters()[-1].subject.endswith("has ended")
    assert letters()[-1].to == "ana@example.org" and "stands there without" in letters()[-1].text
    with at(now() + timedelta(days=60)):
        db.session.get_one(Delivery, newest_letter()).sent_at = now() - timedelta(days=31)
        db.session.commit()
        commands.delete_expired()
    assert holding("ana@example.org") == set()


def newest_letter():
    return db.session.scalar(select(func.max(Delivery.id)))


def count_of(model, *which):
    return db.session.scalar(select(func.count()).select_from(model).where(*which))


def test_quotes_and_mentions_name_nobody(people, lived):
    gone(people.ana, "nameless")
    for post_id in (lived.quoting,):
        post = row(Post, post_id)
        assert post.source.startswith(f"> [Former member](/posts/{lived.post})")
        assert "Former member" in post.html and "I agree." in post.html
    revision = db.session.scalars(select(Revision).where(Revision.post_id == lived.quoted_once))
    assert revision.one().source.startswith("> [Former member](/posts/")
    assert source_of(lived.naming) == "Ask Former member, or Former member."


def test_search_finds_the_words_and_not_the_name(people, lived):
    assert find(VISITOR, Query("prado")).texts
    gone(people.ana, "nameless")
    assert find(VISITOR, Query("prado")).texts == 0
    assert find(VISITOR, Query(WORD)).texts > 2
    assert not find(VISITOR, Query("draft")).texts


def test_what_nobody_has_read_goes(people, lived):
    gone(people.ana, "nameless")
    states = {
        practice.state: practice.deleted_at
        for practice in db.session.scalars(
            select(Practice).where(Practice.author_id == people.ana.id)
        )
    }
    assert states["draft"] and states["published"] is None


def test_a_practice_that_waits_again_stays_with_what_others_said_of_it(people, lived):
    practice = row(Practice, lived.practice)
    reply = dialogue.reply(people.ben, practice.topic_id, write("We tried it, too."))
    library.wait_again(people.moderator, practice.id)
    gone(people.ana, "nameless")
    kept = row(Practice, lived.practice)
    assert kept.state == "submitted" and kept.deleted_at is None and kept.title
    assert row(Topic, kept.topic_id).deleted_at is None
    assert row(Post, reply.id).deleted_at is None
    library.publish(people.moderator, kept.id)
    assert row(Topic, kept.topic_id).hidden_at is None


def test_agendas_and_organisations_let_go(people, lived, agenda):
    gone(people.ana, "nameless")
    assert [host.name for host in get_agenda(SYSTEM, agenda.slug).hosts] == ["Hana Virtanen"]
    assert (
        count_of(Base.metadata.tables["organisation"], text("representative_id IS NOT NULL")) == 0
    )
    said = db.session.scalars(select(Statement)).one()
    assert (said.name, said.member_id) == ("Former member", None) and WORD in said.quotation


def test_what_one_added_and_announced_stays_without_oneself(people, lived):
    gone(people.host, "nameless")
    for column in (Reading.added_by_id, Meeting.announced_by_id):
        assert db.session.scalars(select(column)).all() == [None]


# With everything


def test_posts_go_and_leave_gaps(people, lived, letters):
    member = gone(people.ana)
    answered, alone = row(Topic, lived.answered), row(Topic, lived.alone)
    assert answered.deleted_at is None and answered.title == "Titel of Ana"
    assert row(Post, lived.quoting).deleted_at is None  # the post is Ben's
    assert alone.deleted_at and alone.title == ""
    assert row(Post, lived.post).deleted_at and source_of(lived.post) == ""
    assert row(Practice, lived.practice).deleted_at
    assert row(Topic, lived.case_topic).deleted_at is None
    assert count_of(Mark, Mark.member_id == member.id) == 0
    assert count_of(PollVote, PollVote.member_id == member.id) == 0
    assert set(db.session.scalars(db.select(Poll.voters_count))) == {0}
    assert member.posts_count == 0
    assert faults() == []
    assert "your posts" in letters()[-1].text


def test_a_title_goes_with_the_last_post_of_others(people, agenda, letters):
    new = dialogue.NewTopic("experience", f"{WORD} at night", write("We closed a street."))
    topic_id = dialogue.open_topic(people.ana, agenda.id, new).id
    reply = dialogue.reply(people.ben, topic_id, write("A rude reply."))
    dialogue.hide(people.moderator, reply.id, "Rule 2")
    pinned = moderation.pin(people.moderator, topic_id).id
    gone(people.ana)
    assert row(Decision, pinned).address == f"/topics/{topic_id}"
    kept = row(Topic, topic_id)
    # The title is kept for Ben's reply, in case the topic is restored
    assert kept.emptied_at and kept.title == f"{WORD} at night"
    gone(people.ben)
    assert row(Topic, topic_id).deleted_at
    assert holding(WORD) == set()


def test_who_has_quoted_their_own_posts_elsewhere_goes_with_all_of_them(people, agenda):
    asked = dialogue.NewTopic("question", "How loud?", write("How loud is it?"))
    theirs, other = (dialogue.open_topic(people.ben, agenda.id, asked).id for _number in "ab")
    first = dialogue.reply(people.ana, theirs, write(f"It was the {WORD}."))
    said = f"> [Ana Prado](/posts/{first.id}):\n> It was the {WORD}.\n\nAnd it still is."
    second = dialogue.reply(people.ana, other, render_with_mentions(said))
    db.session.expunge_all()  # as in the worker, which has read none of their topics before
    member = gone(people.ana)
    assert row(Post, first.id).deleted_at and row(Post, second.id).deleted_at
    assert member.posts_count == 0 and holding(WORD) == set() and faults() == []


def opened(author, agenda, title="How loud?"):
    new = dialogue.NewTopic("question", title, write("How loud is it?"))
    return dialogue.open_topic(author, agenda.id, new)


def test_titles_of_topics_that_were_deleted_or_merged_before_go_too(people, agenda):
    deleted, merged, emptied, target = (
        opened(who, agenda, title)
        for who, title in [(people.ana, f"{WORD} at night")] * 3 + [(people.ben, "Other")]
    )
    openings = [first_post(topic).id for topic in (deleted, merged, emptied)]
    dialogue.delete(people.ana, openings[0])
    dialogue.merge(people.moderator, merged.id, target.id)
    dialogue.delete(people.ana, openings[1])  # where it was moved
    dialogue.reply(people.ben, emptied.id, write("Loud."))
    dialogue.delete(people.ana, openings[2])
    dialogue.merge(people.moderator, emptied.id, target.id)
    assert "topic.title" in holding(WORD)
    gone(people.ana)
    assert holding(WORD) == set() and faults() == []


@pytest.mark.parametrize("how", ["nameless", "everything"])
@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_topic_whose_opening_was_deleted_before_is_not_found_by_the_name(
    people, agenda, how, is_hidden
):
    topic = opened(people.ana, agenda)
    dialogue.reply(people.ben, topic.id, write("Loud."))
    dialogue.delete(people.ana, first_post(topic).id)
    deleted_at = first_post(topic).deleted_at
    assert find(VISITOR, Query("prado")).texts
    if is_hidden:
        dialogue.hide_topic(people.moderator, topic.id, "Rude.")
    gone(people.ana, how)
    assert bool(find(VISITOR, Query("loud")).texts) != is_hidden
    if is_hidden:
        dialogue.restore_topic(people.moderator, topic.id)
    assert find(VISITOR, Query("prado")).texts == 0 and "document.byline" not in holding("prado")
    assert find(VISITOR, Query("loud")).texts and first_post(topic).deleted_at == deleted_at
    assert faults() == []


@pytest.mark.parametrize("is_shown", [True, False])
def test_no_question_says_that_what_happened_next_is_told_when_that_is_gone(
    people, agenda, is_shown
):
    asked = opened(people.ana, agenda)
    dialogue.reply(people.ben, asked.id, write("Loud."))
    told = advice.follow_up(people.ana, asked.id, advice.FollowUpText("We went.", "yes"))
    if not is_shown:
        moderation.decide(people.moderator, "followup", told.id, "hide", Reasons("Rude.", 2))
    gone(people.ana)
    assert row(Topic, asked.id).title  # Ben's reply is there
    # Which is refused where it is told
    moderation.change_kind(people.moderator, asked.id, "experience")


def test_no_word_is_left_but_what_others_quoted(people, lived):
    gone(people.ana)
    quotes = {"post.source", "post.html"}
    assert holding(WORD) <= quotes | {"revision.source"}
    assert {
        post.id for post in db.session.scalars(select(Post).where(Post.source.contains(WORD)))
    } == {lived.quoting}
    for word in NAMES:
        assert holding(word) <= LAST, word


def test_every_row_that_names_a_member_is_gone_or_kept_for_a_reason(people, lived):
    """A new table that names members fails here until it is listed what happens to its rows."""
    kept = {
        ("topic", "author_id"): "a gap",
        ("post", "author_id"): "a gap",
        ("practice", "author_id"): "a row without a text",
        ("declaration", "author_id"): "what others have signed",
        ("decision", "author_id"): "the law lets us keep what was decided",
        ("appeal", "appellant_id"): "the law lets us keep what was decided",
        ("decision", "moderator_id"): "the law lets us keep what was decided",
        ("report", "author_id"): "the record of decisions",
        ("report", "reporter_id"): "the record of decisions",
        ("topic", "answered_by_id"): "a post that is there",
        ("notice", "actor_id"): "of somebody else",
        ("event", "actor_id"): "of somebody else",
        ("member", "invited_by_id"): "of somebody else",
        ("entry_note", "author_id"): "the record of decisions",
        ("mandate", "member_id"): "the record of who wrote for an organisation",
        ("mandate", "named_by_id"): "the record of who wrote for an organisation",
    }
    member = gone(people.ana)
    left = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "member" for key in column.foreign_keys):
                query = select(func.count()).select_from(table).where(column == member.id)
                if db.session.scalar(query):
                    left.add((table.name, column.name))
    assert left <= kept.keys()
    assert ("decision", "author_id") in left and ("report", "reporter_id") in left


def test_decisions_stay_without_name(people, lived):
    member = gone(people.ana)
    about = list(db.session.scalars(select(Decision).where(Decision.author_id == member.id)))
    assert about and all(decision.title == "Former member" for decision in about)
    reasons = {decision.reason for decision in about if decision.reason}
    assert reasons == {
        "Former member & others (Former member): see the map.",
        "Former member is rude.",
        "Former member is right.",
        "Former member is loud.",
    }
    assert all(
        report.title == "Former member"
        for report in db.session.scalars(select(Report))
        if report.author_id == member.id
    )


@pytest.mark.parametrize("how", members.LEAVING_WAYS)
def test_what_moderators_said_of_a_locked_topic_names_nobody_who_has_left(
    people, agenda, client, how
):
    new = dialogue.NewTopic("question", "Why so loud?", write("Who measured?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write("We did."))
    settled = Reasons("Ana Prado and @ana-prado agree, see /members/ana-prado.")
    moderation.lock(people.moderator, topic.id, settled)
    unlocked = moderation.unlock(people.moderator, topic.id).id
    moderation.lock(people.moderator, topic.id, settled)
    moderation.undo(people.moderator, moderation.unlock(people.moderator, topic.id).id)
    make_notices(SYSTEM)
    gone(people.ana, how)
    for word in NAMES:
        assert holding(word) <= LAST, word
    assert "Reason: Former member and Former member agree, see /members." in client.get(
        topic.address
    ).get_data(as_text=True)
    assert row(Decision, unlocked).before is None


@pytest.mark.parametrize("how", members.LEAVING_WAYS)
def test_what_moderators_said_of_a_slow_topic_names_nobody_who_has_left(
    people, agenda, client, how
):
    new = dialogue.NewTopic("question", "Why so loud?", write("Who measured?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    other = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write("We did."))
    heated = Reasons("Ana Prado and @ana-prado quarrel, see /members/ana-prado.")
    for slowed in (topic, other):
        moderation.slow(people.moderator, slowed.id, Pace(60), heated)
    ended = moderation.unslow(people.moderator, topic.id).id
    merged = moderation.merge(people.moderator, other.id, topic.id)
    assert merged.kept["paces"]
    merged_id = merged.id
    make_notices(SYSTEM)
    gone(people.ana, how)
    for word in NAMES:
        assert holding(word) <= LAST, word
    said = "Reason: Former member and Former member quarrel, see /members."
    assert said in client.get(topic.address).get_data(as_text=True)
    assert row(Decision, ended).before is None and not row(Decision, merged_id).before["paces"]


def test_notices_of_the_member_and_about_the_member_go(people, lived):
    member = gone(people.ana)
    assert count_of(Notice, Notice.member_id == member.id) == 0
    assert count_of(Notice, Notice.actor_id == member.id) == 0
    assert count_of(Event, Event.actor_id == member.id) == 0


# Two weeks


@pytest.mark.parametrize("how", ["nameless", "everything"])
def test_an_account_can_be_opened_again_and_nothing_has_changed(people, lived, how, letters):
    before = {(post.id, post.source) for post in db.session.scalars(select(Post))}
    ana = row(Member, people.ana.id)
    actions.leave(ana, ana.id, how)
    letter = letters()[-1]
    assert letter.to == "ana@example.org" and "/settings/leave" in letter.text
    assert row(Member, ana.id).is_leaving and not row(Member, ana.id).is_member
    with at(now() + members.COOLING_OFF - timedelta(minutes=1)):
        assert carry_out() == 0
        actions.stay(row(Member, ana.id), ana.id)
    with at(now() + members.COOLING_OFF * 2):
        assert carry_out() == 0
    assert row(Member, ana.id).is_member and row(Member, ana.id).leaving_how == ""
    assert {(post.id, post.source) for post in db.session.scalars(select(Post))} == before


def test_asking_twice_gives_no_more_time(people):
    ana = people.ana
    first = actions.leave(ana, ana.id, "nameless").leaving_at
    with at(now() + timedelta(days=3)):
        assert actions.leave(SYSTEM, ana.id, "everything").leaving_at == first
    assert row(Member, ana.id).leaving_how == "everything"


def test_the_last_administrator_cannot_leave(people):
    adam = people.administrator
    with pytest.raises(Invalid, match="Somebody has to run the forum"):
        actions.leave(adam, adam.id, "nameless")
    members.appoint(SYSTEM, people.ben.handle, "administrator")
    actions.leave(adam, adam.id, "nameless")
    ben = row(Member, people.ben.id)
    # A member who leaves is no administrator any more
    with pytest.raises(Invalid, match="Somebody has to run the forum"):
        actions.leave(ben, ben.id, "nameless")


def test_nobody_closes_the_account_of_another(people):
    for doer in (VISITOR, people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.leave(doer, people.ana.id, "nameless")
    with pytest.raises(Invalid):
        actions.leave(people.ana, people.ana.id, "slowly")


def test_who_has_left_comes_back_with_the_same_address(people, lived):
    gone(people.ana)
    assert member_by_email("ana@example.org") is None and taken_handles(["ana-prado"])
    joining = members.Joining("Ana Prado", "ana@example.org", "no hash")
    again = members.join(VISITOR, joining)
    assert again.handle == "ana-prado-2" and again.posts_count == 0
    with pytest.raises(NotFound):
        get_member(VISITOR, "ana-prado")
    gone(again)
    assert members.join(VISITOR, joining).handle == "ana-prado-3"


# In portions


def test_a_kill_between_two_portions_loses_and_repeats_nothing(people, lived, monkeypatch, letters):
    """Each portion is one transaction: after a failure it is rolled back, and the next round repeats it."""
    monkeypatch.setattr(commands, "BATCH_SIZE", 1)
    monkeypatch.setattr(commands, "POSTS_SEARCHED_AT_ONCE", last_post_id() // 3 + 1)
    ana = row(Member, people.ana.id)
    actions.leave(ana, ana.id, "everything")
    real, calls = actions._advance, []

    def dies(system, departure, last):
        calls.append(departure.step)
        if len(calls) % 2:
            raise KeyboardInterrupt
        real(system, departure, last)

    monkeypatch.setattr(actions, "_advance", dies)
    with at(now() + members.COOLING_OFF):
        for _round in range(300):
            try:
                if not commands.carry_on():
                    break
            except KeyboardInterrupt:
                db.session.rollback()
    db.session.expire_all()
    assert len(calls) > 20 and set(calls) == set(actions.STEPS["everything"])
    assert count_of(Departure) == 0 and faults() == []
    assert holding(WORD) <= {"post.source", "post.html", "revision.source"}
    assert [letter.subject for letter in letters()].count(
        "Your account at Interurban has ended"
    ) == 1


def test_what_names_a_member_in_many_rows_goes_in_portions(people, lived, monkeypatch):
    """Portions are small, because nobody else can write meanwhile."""
    sizes = {"notes": [], "versions": [], "letters": []}
    monkeypatch.setattr(actions, "SMALL_ROWS_BATCH_SIZE", 1)
    monkeypatch.setattr(commands, "SMALL_ROWS_BATCH_SIZE", 1)
    monkeypatch.setattr(commands, "BATCH_SIZE", 1)

    def measured(name, deed, size_of):
        def measure(system, first, *rest):
            result = deed(system, first, *rest)
            sizes[name].append(size_of(first, result))
            return result

        return measure

    for room, deed, name, size_of in (
        (actions.dialogue, "reword_notes", "notes", lambda texts, _result: len(texts)),
        (actions.history, "unname", "versions", lambda ids, _result: len(ids)),
        (actions.contact, "forget_member", "letters", lambda _who, deleted: deleted),
    ):
        monkeypatch.setattr(room, deed, measured(name, getattr(room, deed), size_of))
    letters = count_of(ContactLetter)
    gone(people.ana, "nameless")
    assert sizes["letters"] == [1] * letters + [0] and letters > 1
    assert sizes["notes"] == [1, 0]
    assert len(sizes["versions"]) > 2 and set(sizes["versions"]) == {0, 1}
    for word in NAMES:
        assert holding(word) <= LAST, word


def test_of_two_workers_one_goes_on(people, lived):
    ana = row(Member, people.ana.id)
    actions.leave(ana, ana.id, "nameless")
    with at(now() + members.COOLING_OFF):
        commands.carry_on()
        place = commands.next_departure()
        commands.STEP_FUNCTIONS[place.step](place)
        after = commands.next_departure()
        # Another worker, which has read the same state
        commands.STEP_FUNCTIONS[place.step](place)
        assert commands.next_departure() == after != place
        # A worker that was stopped for long, and knows a departure whose id now belongs to another one
        assert (
            departure_in_state(after) and departure_in_state(replace(after, member_id=-1)) is None
        )


def test_a_post_that_is_edited_meanwhile_is_done_in_the_next_round(people, lived, monkeypatch):
    ana = row(Member, people.ana.id)
    actions.leave(ana, ana.id, "nameless")
    real, edited = commands.dialogue.render_with_mentions, []

    def slow(source, language="en", **_how):
        if "agree" in source and not edited:
            edited.append(source)
            ben = row(Member, people.ben.id)
            dialogue.edit(ben, lived.quoting, real(f"{source_of(lived.quoting)} Really."))
        return real(source, language)

    monkeypatch.setattr(commands.dialogue, "render_with_mentions", slow)
    with at(now() + members.COOLING_OFF):
        carry_out()
    assert edited and source_of(lived.quoting).endswith("I agree. Really.")
    assert source_of(lived.quoting).startswith("> [Former member]") and last_post_id()


# After its time


def test_sessions_are_deleted_thirty_days_after_they_are_over(people):
    ended = members.sign_in(people.ana, "Ended")
    members.sign_out(people.ana, ended)
    members.sign_in(people.ben, "Idle")
    kept = members.SESSION_RETENTION
    for days, left in (
        (kept - timedelta(1), 2),
        (kept + timedelta(1), 1),
        (2 * kept + timedelta(1), 0),
    ):
        with at(now() + days):
            commands.delete_expired()
        assert count_of(Session) == left, days


def test_read_notices_go_after_a_year_and_unread_ones_stay(people, agenda):
    topic = dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "Why?", write("Text."))
    )
    dialogue.reply(people.ben, topic.id, write("Because."))
    make_notices(SYSTEM)
    with at(now() + timedelta(days=400)):
        commands.delete_expired()
        # An unread notice is kept, and its event
        assert count_of(Notice) == 1 and count_of(Event) == 1
        read_all(people.ana)
    with at(now() + timedelta(days=400 + 364)):
        commands.delete_expired()
        assert count_of(Notice) == 1
    with at(now() + timedelta(days=400 + 366)):
        commands.delete_expired()
        assert count_of(Notice) == count_of(Event) == 0


def test_events_that_led_to_no_notice_go_after_a_month(people, agenda):
    topic = dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "Why?", write("Text."))
    )
    members.ignore(people.ana, people.ben.id)
    dialogue.reply(people.ben, topic.id, write("Because."))
    make_notices(SYSTEM)
    assert (count_of(Notice), count_of(Event)) == (0, 2)
    for days, left in ((29, 2), (31, 0)):
        with at(now() + timedelta(days=days)):
            commands.delete_expired()
        assert count_of(Event) == left, days


def test_candidates_and_tokens_go(people):
    ask_to_join(VISITOR, members.Joining("Eva Holm", "eva@city.example", "no hash"), "key")
    ask_to_sign_in(VISITOR, people.ana.email)
    with at(now() + timedelta(days=2, hours=20)):
        commands.delete_expired()
        # The link to sign in expired a day ago and is kept
        assert (count_of(Candidate), count_of(Token)) == (1, 1)
    with at(now() + timedelta(days=5)):
        commands.delete_expired()
        assert (count_of(Candidate), count_of(Token)) == (0, 0)


def test_a_request_to_join_with_the_same_address_goes_with_the_member(people):
    """With the letter about it, which contains the name; those of others stay."""
    for name, address in (("Eva Holm", "eva@city.example"), ("Nora New", "nora@example.org")):
        ask_to_join(VISITOR, members.Joining(name, address, "no hash"), "key")
    written = db.session.scalars(select(Delivery.id)).all()
    assert (count_of(Candidate), len(written)) == (2, 2)
    eva = members.join(VISITOR, members.Joining("Eva Holm", "eva@city.example", "no hash"))
    gone(eva)
    assert db.session.scalars(select(Candidate.name)).all() == ["Nora New"]
    kept = select(Delivery.address).where(Delivery.id.in_(written))
    assert db.session.scalars(kept).all() == ["nora@example.org"]


def test_letters_between_members_go_after_thirty_days(people):
    contact.contact(people.ana, people.ben.id, "A letter of some length, please.")
    for days, left in ((29, 1), (31, 0)):
        with at(now() + timedelta(days=days)):
            commands.delete_expired()
        assert count_of(ContactLetter) == count_of(Delivery) == left


def test_tidying_goes_on_in_portions(people, monkeypatch):
    for _number in range(7):
        members.sign_out(people.ana, members.sign_in(people.ana, "A test"))
        members.sign_in(people.ben, "Another")
    db.session.execute(Session.__table__.update().values(ended_at=now()))
    db.session.commit()
    forgotten = []
    monkeypatch.setattr(
        commands,
        "EXPIRY_ACTIONS",
        (lambda system: forgotten.append(members.forget_sessions(system, 3)) or forgotten[-1],),
    )
    number = count_of(Session)
    with at(now() + timedelta(days=31)):
        assert commands.delete_expired() == number
    assert max(forgotten) == 3 and count_of(Session) == 0


# At the terminal


def test_an_administrator_closes_and_opens_accounts_at_the_terminal(app, people):
    run = app.test_cli_runner().invoke
    closed = run(args=["members", "leave", "ana-prado", "--how", "everything"])
    assert closed.exit_code == 0 and "ends on" in closed.output
    assert row(Member, people.ana.id).leaving_how == "everything"
    assert run(args=["members", "stay", "ana-prado"]).exit_code == 0
    assert row(Member, people.ana.id).is_member
    assert run(args=["members", "leave", "nobody"]).exit_code == 1
    refused = run(args=["members", "leave", people.administrator.handle])
    assert refused.exit_code == 1 and "Somebody has to run the forum" in refused.output


def test_only_the_system_carries_out(people, lived):
    for deed in (actions.begin_departure, members.forget_sessions, contact.forget_old):
        with pytest.raises(Forbidden):
            deed(people.ben)
    with pytest.raises(Forbidden):
        members.depart(people.ben, people.ana.id)
