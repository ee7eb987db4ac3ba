"""Texts that a rule holds back: changed, withdrawn, approved and refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, PollText, Post, Topic
from forum.dialogue.queries import (
    TopicFilter,
    first_post,
    get_held,
    held_outcomes,
    my_held,
    posts_in,
    render_with_mentions,
    topics,
    usual_wait,
)
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.actions import OrganisationText, write_organisation
from forum.members.models import Member
from forum.notifications.models import Event
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote
from forum.screening.actions import RuleText, delete_rule, make_rule, set_newness
from tests.pictures.conftest import added

SENTENCE = "We read this word first."


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    return dialogue.open_topic(people.ben, agenda.id, new)


@pytest.fixture
def rule(people: Any, agenda: Agenda) -> Any:
    return make_rule(people.administrator, RuleText("word", "casino", SENTENCE))


@pytest.fixture
def waiting(people: Any, topic: Topic, rule: Any) -> Held:
    return dialogue.reply(
        people.ana, topic.id, render_with_mentions("A casino, @ben-okoth."), "key"
    )


def count(member: Member) -> int:
    return db.session.get_one(Member, member.id, populate_existing=True).waiting_count


def a_topic(people: Any, agenda: Agenda, title: str = "My casino", **more: Any) -> Any:
    new = dialogue.NewTopic("experience", title, write("What we did."), **more)
    return dialogue.open_topic(people.ana, agenda.id, new, "a key")


def test_a_reply_that_waits_is_no_post(people: Any, topic: Topic, waiting: Held) -> None:
    assert isinstance(waiting, Held)
    assert (waiting.state, waiting.rule, waiting.sentence) == ("waiting", "word: casino", SENTENCE)
    assert [post.number for post in posts_in(people.moderator, topic, 1).items] == [1]
    assert topic.replies_count == 0 and count(people.ana) == 1
    kinds = {event.kind: event for event in db.session.scalars(db.select(Event))}
    assert set(kinds) == {"queue"}  # no event for the mention
    assert kinds["queue"].address == f"/moderation/held/{waiting.id}"
    assert people.host.id in kinds["queue"].recipients and "casino" not in kinds["queue"].title


def test_the_same_form_waits_once(people: Any, topic: Topic, waiting: Held) -> None:
    again = dialogue.reply(
        people.ana, topic.id, render_with_mentions("A casino, @ben-okoth."), "key"
    )
    assert again.id == waiting.id and count(people.ana) == 1
    with pytest.raises(Invalid, match="another text"):
        dialogue.reply(people.ana, topic.id, write("Another casino."), "key")


def test_a_reply_is_published_with_all_that_follows(
    people: Any, topic: Topic, waiting: Held
) -> None:
    post = dialogue.approve(people.host, waiting.id, waiting.fingerprint)
    topic = db.session.get_one(Topic, topic.id, populate_existing=True)
    assert (post.author_id, post.number, topic.replies_count) == (people.ana.id, 2, 1)
    assert "/members/ben-okoth" in post.html
    assert count(people.ana) == 0 and people.ana.posts_count == 1
    kinds = {event.kind for event in db.session.scalars(db.select(Event))}
    assert kinds >= {"mention"}
    kept = db.session.get_one(Held, waiting.id)
    assert (kept.state, kept.source, kept.became_id) == ("approved", "", post.id)
    again = dialogue.reply(
        people.ana, topic.id, render_with_mentions("A casino, @ben-okoth."), "key"
    )
    assert again.id == post.id


def test_it_is_published_once(people: Any, waiting: Held) -> None:
    dialogue.approve(people.host, waiting.id)
    for deed in (
        lambda: dialogue.approve(people.moderator, waiting.id),
        lambda: dialogue.refuse(people.moderator, waiting.id, "No."),
        lambda: dialogue.take_back(people.ana, waiting.id),
        lambda: dialogue.revise(people.ana, waiting.id, write("Other.")),
    ):
        with pytest.raises(Conflict, match="published by now"):
            deed()
    assert db.session.scalar(db.select(db.func.count()).select_from(Post)) == 2


def test_a_topic_waits_and_is_opened(people: Any, agenda: Agenda, rule: Any) -> None:
    theme = agendas.write_theme(people.moderator, "Noise")
    held = a_topic(people, agenda, themes=[theme.id], audience="members")
    assert held.state == "waiting" and topics(people.moderator, TopicFilter()).total == 0
    assert a_topic(people, agenda).id == held.id
    post = dialogue.approve(people.moderator, held.id)
    opened = topics(people.moderator, TopicFilter(theme=theme.slug)).items[0]
    assert (opened.title, opened.audience, opened.author_id) == (
        "My casino",
        "members",
        people.ana.id,
    )
    assert post.number == 1


def test_an_edit_waits_beside_what_it_says(people: Any, topic: Topic, rule: Any) -> None:
    post = dialogue.reply(people.ana, topic.id, write("We did."))
    held = dialogue.edit(people.ana, post.id, write("We did a casino."))
    assert held.deed == "edit" and post.source == "We did."
    second = dialogue.edit(people.ana, post.id, write("We did two casino."))
    assert second.id == held.id and count(people.ana) == 1
    edited = dialogue.approve(people.host, held.id)
    assert (edited.id, edited.source) == (post.id, "We did two casino.")
    same = dialogue.edit(people.ana, post.id, write("We did two casino."))
    assert isinstance(same, Post)  # the same text needs no second approval


def test_an_edit_of_what_was_changed_otherwise_is_not_published(
    people: Any, topic: Topic, rule: Any
) -> None:
    post = dialogue.reply(people.ana, topic.id, write("We did."))
    held = dialogue.edit(people.ana, post.id, write("A casino."))
    dialogue.edit(people.ana, post.id, write("We did it."))
    with pytest.raises(Conflict, match="another way"):
        dialogue.approve(people.host, held.id)
    revised = dialogue.revise(people.ana, held.id, write("Still a casino."))
    assert dialogue.approve(people.host, revised.id).source == "Still a casino."


def test_a_title_alone_can_be_held(people: Any, agenda: Agenda, rule: Any) -> None:
    topic = a_topic(people, agenda, "My town")
    first = posts_in(people.ana, topic, 1).items[0]
    held = dialogue.edit(
        people.ana, first.id, write("What we did."), dialogue.TopicChanges("My casino")
    )
    assert held.title == "My casino" and topic.title == "My town"
    dialogue.approve(people.moderator, held.id)
    assert db.session.get_one(Topic, topic.id).title == "My casino"


def test_refused_it_stays_with_its_author(people: Any, topic: Topic, waiting: Held) -> None:
    held = dialogue.refuse(people.host, waiting.id, "Rule 2.")
    assert (held.state, held.reason, count(people.ana)) == ("refused", "Rule 2.", 1)
    assert [held.id for held in my_held(people.ana)] == [waiting.id]
    with pytest.raises(Conflict, match="already"):
        dialogue.refuse(people.moderator, waiting.id, "No.")
    again = dialogue.revise(people.ana, waiting.id, write("A harmless text."))
    assert again.state == "waiting"  # a moderator has to see it, although no rule matches any more
    assert dialogue.approve(people.moderator, waiting.id).source == "A harmless text."


def test_a_refusal_can_be_reversed(people: Any, waiting: Held) -> None:
    dialogue.refuse(people.host, waiting.id, "Rule 2.")
    assert dialogue.approve(people.moderator, waiting.id).number == 2


def test_without_what_was_held_back_it_appears_at_once(
    people: Any, topic: Topic, waiting: Held
) -> None:
    posted = dialogue.revise(people.ana, waiting.id, write("A house."))
    assert isinstance(posted, Post) and (posted.number, posted.source) == (2, "A house.")
    assert count(people.ana) == 0 and db.session.get(Held, waiting.id) is None


def test_a_first_topic_that_appears_at_once_is_looked_at(
    people: Any, agenda: Agenda, rule: Any
) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=2)
    waiting = a_topic(people, agenda)
    changes = dialogue.TopicChanges("My house")
    posted = dialogue.revise(people.ana, waiting.id, write("What we did."), changes)
    assert isinstance(posted, Post) and posted.unseen_at == posted.topic.unseen_at
    assert posted.unseen_at is not None and posted.topic.title == "My house"


LONG = (
    "We closed the street at night, and measured how loud it was before and after that for a year."
)


@pytest.fixture
def same_text(people: Any) -> Any:
    return make_rule(people.administrator, RuleText("same text", "2", "Said before."))


def test_who_corrects_a_text_sends_no_copy_of_it(
    people: Any, agenda: Agenda, topic: Topic, same_text: Any
) -> None:
    mine = dialogue.reply(people.ana, topic.id, write(LONG))
    for text in (LONG.replace(",", ";"), LONG.upper(), LONG):
        assert isinstance(dialogue.edit(people.ana, mine.id, write(text)), Post)
    new = dialogue.NewTopic("experience", "A street at night", write(f"{LONG} Then it was quiet."))
    opening = first_post(dialogue.open_topic(people.ana, agenda.id, new))
    edited = dialogue.edit(
        people.ana, opening.id, new.text, dialogue.TopicChanges("A Street at Night")
    )
    assert isinstance(edited, Post) and edited.topic.title == "A Street at Night"


def test_who_corrects_a_text_that_mentions_and_quotes_sends_no_copy_of_it(
    people: Any, topic: Topic, same_text: Any
) -> None:
    linked = "See [the plan](https://city.example/plan)."
    quoted = dialogue.reply(people.ben, topic.id, write(linked))
    said = f"{quote('Ben Okoth', quoted.id, linked)}{LONG} What do you say, @ben-okoth?"
    mine = dialogue.reply(people.ana, topic.id, render_with_mentions(said))
    corrected = render_with_mentions(said.replace("night,", "night;"))
    assert isinstance(dialogue.edit(people.ana, mine.id, corrected), Post)
    dialogue.hide(people.host, quoted.id, "Not so.")  # this hides the quotation with its link, too
    again = dialogue.edit(people.ana, mine.id, render_with_mentions(said))
    assert isinstance(again, Post) and "plan" not in again.html


def test_who_corrects_what_waits_sends_no_copy_of_it(
    people: Any, topic: Topic, rule: Any, same_text: Any
) -> None:
    held = dialogue.reply(people.ana, topic.id, render_with_mentions(f"{LONG} In a casino."))
    assert isinstance(held, Held) and held.rule == rule.name
    delete_rule(people.administrator, rule.id)
    assert isinstance(dialogue.revise(people.ana, held.id, write(f"{LONG}; in a casino!")), Post)


def test_a_copy_that_waits_goes_on_waiting_when_it_is_sent_unchanged(
    people: Any, topic: Topic, same_text: Any
) -> None:
    assert isinstance(dialogue.reply(people.ana, topic.id, write(LONG)), Post)
    copy = dialogue.reply(people.ana, topic.id, write(LONG))
    for text in (LONG, LONG.upper(), LONG):
        revised = dialogue.revise(people.ana, copy.id, write(text))
        assert isinstance(revised, Held) and revised.sentence == "Said before."
    assert dialogue.approve(people.host, copy.id).number == 3


def test_copies_that_another_rule_held_back_do_not_appear_one_by_one(
    people: Any, topic: Topic, rule: Any, same_text: Any
) -> None:
    copies = [dialogue.reply(people.ana, topic.id, write(f"{LONG} In a casino.")) for _ in "ab"]
    assert {copy.rule for copy in copies} == {rule.name}
    delete_rule(people.administrator, rule.id)
    for copy in copies:
        revised = dialogue.revise(people.ana, copy.id, write(f"{LONG}; in a casino!"))
        assert isinstance(revised, Held) and revised.sentence == "Said before."


def test_who_turns_another_text_into_a_copy_sends_it_again(
    people: Any, topic: Topic, same_text: Any
) -> None:
    dialogue.reply(people.ana, topic.id, write(LONG))
    other = dialogue.reply(people.ana, topic.id, write("A harmless text."))
    held = dialogue.edit(people.ana, other.id, write(LONG))
    assert isinstance(held, Held) and held.sentence == "Said before."


def test_a_moderator_decides_about_what_was_read(people: Any, waiting: Held) -> None:
    read = waiting.fingerprint
    dialogue.revise(people.ana, waiting.id, write("Two casino."))
    for deed in (
        lambda: dialogue.approve(people.host, waiting.id, read),
        lambda: dialogue.refuse(people.host, waiting.id, "No.", read),
    ):
        with pytest.raises(Conflict, match="changed this text"):
            deed()
    with pytest.raises(Conflict, match="since you opened"):
        dialogue.revise(people.ana, waiting.id, write("Three."), seen=read)


def test_taken_back_nothing_is_left(people: Any, waiting: Held) -> None:
    dialogue.take_back(people.ana, waiting.id)
    assert count(people.ana) == 0 and db.session.scalars(db.select(Held)).all() == []
    with pytest.raises(NotFound, match="taken this text back"):
        dialogue.approve(people.host, waiting.id)
    open_events = db.select(Event).where(Event.kind == "queue", Event.done_at.is_(None))
    assert db.session.scalars(open_events).all() == []


def test_others_neither_see_nor_touch_it(people: Any, agenda: Agenda, waiting: Held) -> None:
    for person in (people.ben, people.chitra, VISITOR):
        with pytest.raises(NotFound):
            get_held(person, waiting.id)
        for deed in (dialogue.take_back, dialogue.approve):
            with pytest.raises((NotFound, Forbidden)):
                deed(person, waiting.id)
    for deed in (
        lambda: dialogue.take_back(people.moderator, waiting.id),
        lambda: dialogue.revise(people.moderator, waiting.id, write("Mine.")),
        lambda: dialogue.approve(people.ana, waiting.id),
        lambda: dialogue.refuse(people.ana, waiting.id, "No."),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_a_host_of_another_agenda_finds_nothing(people: Any, waiting: Held) -> None:
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    agendas.set_hosts(people.moderator, other.id, [people.chitra.handle])
    db.session.refresh(people.chitra)
    for deed in (dialogue.approve, get_held):
        with pytest.raises(NotFound):
            deed(people.chitra, waiting.id)


# What may happen while a text waits


def _lock(people: Any, topic: Topic) -> None:
    dialogue.lock(people.moderator, topic.id)


def _hide(people: Any, topic: Topic) -> None:
    dialogue.hide_topic(people.moderator, topic.id)


def _delete(people: Any, topic: Topic) -> None:
    dialogue.delete(people.ben, posts_in(people.ben, topic, 1).items[0].id)


def _archive(people: Any, topic: Topic) -> None:
    agendas.archive(people.moderator, topic.agenda_id)


def _member(**values: Any) -> Any:
    def change(people: Any, _topic: Topic) -> None:
        for name, value in values.items():
            setattr(db.session.get_one(Member, people.ana.id), name, value)
        db.session.commit()

    return change


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (_lock, "locked"),
        (_hide, "gone"),
        (_delete, "gone"),
        (_archive, "archived"),
        (_member(suspended_until=now() + timedelta(days=9)), "suspended"),
        (_member(silenced_until=now() + timedelta(days=9)), "may not write at the moment"),
        (_member(leaving_at=now() + timedelta(days=9)), "closed the account"),
        (_member(terms_due_at=now() - timedelta(days=9)), "terms of use"),
    ],
)
def test_what_cannot_appear_now_is_said_and_can_be_refused(
    people: Any, topic: Topic, waiting: Held, happens: Any, sentence: str
) -> None:
    happens(people, topic)
    with pytest.raises(Conflict, match=sentence):
        dialogue.approve(people.moderator, waiting.id)
    assert get_held(people.moderator, waiting.id).state == "waiting"
    assert dialogue.refuse(people.moderator, waiting.id, "Too late.").state == "refused"


def test_a_reply_for_members_that_waits_does_not_appear_in_public(
    people: Any, agenda: Agenda, rule: Any
) -> None:
    new = dialogue.NewTopic("experience", "Among us", write("What we did."), audience="members")
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    opening, audience = first_post(topic), dialogue.TopicChanges(audience="public")
    own = dialogue.edit(
        people.ana,
        opening.id,
        render_with_mentions("A casino."),
        dialogue.TopicChanges(audience="public"),
    )
    held = dialogue.reply(people.ben, topic.id, render_with_mentions("A casino, too."))
    with pytest.raises(Invalid, match="for members only"):
        dialogue.edit(people.ana, opening.id, write("What we did."), audience)
    dialogue.refuse(people.moderator, held.id, "No.")
    with pytest.raises(Invalid, match="for members only"):
        dialogue.edit(people.ana, opening.id, write("What we did."), audience)
    dialogue.take_back(people.ben, held.id)
    assert dialogue.approve(people.moderator, own.id).topic.audience == "public"


def test_a_topic_is_not_opened_on_an_archived_agenda(
    people: Any, agenda: Agenda, rule: Any
) -> None:
    held = a_topic(people, agenda)
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Conflict, match="archived"):
        dialogue.approve(people.moderator, held.id)


def test_an_edit_of_what_was_hidden_is_not_published(people: Any, topic: Topic, rule: Any) -> None:
    post = dialogue.reply(people.ana, topic.id, write("We did."))
    held = dialogue.edit(people.ana, post.id, write("A casino."))
    dialogue.hide(people.moderator, post.id, "Rule 1.")
    with pytest.raises(Conflict, match="hidden"):
        dialogue.approve(people.moderator, held.id)


def test_a_reply_to_what_was_put_into_another_topic_waits_there(
    people: Any, agenda: Agenda, topic: Topic, rule: Any
) -> None:
    new = dialogue.NewTopic("question", "Why so very loud?", write("Trams are very loud."))
    other = dialogue.open_topic(people.chitra, agenda.id, new)
    dialogue.merge(people.moderator, other.id, topic.id)
    held = dialogue.reply(people.ana, other.id, render_with_mentions("A casino."))
    assert isinstance(held, Held) and held.topic_id == topic.id
    assert dialogue.approve(people.moderator, held.id).topic_id == topic.id


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_change_of_a_post_goes_with_it(
    people: Any, topic: Topic, rule: Any, is_refused: bool
) -> None:
    post = dialogue.reply(people.ana, topic.id, write("A house."))
    held = dialogue.edit(people.ana, post.id, render_with_mentions("A casino."))
    if is_refused:
        dialogue.refuse(people.moderator, held.id, "No.")
    assert count(people.ana) == 1
    dialogue.delete(people.ana, post.id)
    assert db.session.get(Held, held.id) is None and count(people.ana) == 0
    assert not my_held(people.ana)


def test_it_waits_where_its_topic_has_been_moved_to(
    people: Any, topic: Topic, waiting: Held
) -> None:
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    dialogue.move(people.moderator, topic.id, other.id)
    with pytest.raises(NotFound):
        dialogue.approve(people.host, waiting.id)
    assert dialogue.approve(people.moderator, waiting.id).number == 2


def test_who_left_the_organisation_does_not_write_for_it(
    people: Any, topic: Topic, rule: Any
) -> None:
    city = write_organisation(people.moderator, OrganisationText("Tampere", "city"))
    _member(organisation_id=city.id)(people, topic)
    db.session.refresh(people.ana)
    held = dialogue.reply(people.ana, topic.id, write("A casino."), for_organisation=True)
    other = dialogue.reply(people.ana, topic.id, write("My casino."), for_organisation=True)
    assert dialogue.approve(people.host, held.id).organisation_id == city.id
    _member(organisation_id=None)(people, topic)
    assert dialogue.approve(people.host, other.id).organisation_id is None


def test_a_rule_that_is_gone_leaves_what_it_held(people: Any, waiting: Held, rule: Any) -> None:
    delete_rule(people.administrator, rule.id)
    kept = get_held(people.ana, waiting.id)
    assert (kept.rule, kept.sentence, kept.state) == ("word: casino", SENTENCE, "waiting")


# Counts, and held texts that are done


def test_how_long_one_waits_is_reckoned_from_the_last_decisions(
    people: Any, topic: Topic, rule: Any
) -> None:
    assert usual_wait() is None
    moment = now()
    for hours in (1, 5, 30):
        with at(moment):
            held = dialogue.reply(people.ana, topic.id, write(f"A casino of {hours}."))
        with at(moment + timedelta(hours=hours)):
            dialogue.refuse(people.host, held.id, "No.")
    assert usual_wait() == timedelta(hours=5)


def test_what_became_of_them_is_counted_by_rule(
    people: Any, topic: Topic, waiting: Held, rule: Any
) -> None:
    ids = [
        dialogue.reply(people.ana, topic.id, write(f"A casino of {number}.")).id
        for number in range(3)
    ]
    dialogue.approve(people.host, ids[0])
    dialogue.refuse(people.host, ids[1], "No.")
    dialogue.take_back(people.ana, ids[2])
    fate = held_outcomes([rule.id])[rule.id]
    assert (fate.held, fate.waiting, fate.approved, fate.refused) == (3, 1, 1, 1)


def test_refused_texts_are_deleted_after_half_a_year(people: Any, waiting: Held) -> None:
    dialogue.refuse(people.host, waiting.id, "No.")
    assert dialogue.forget_refused(SYSTEM) == 0
    with at(now() + dialogue.KEPT_REFUSED + timedelta(days=1)):
        assert dialogue.forget_refused(SYSTEM) == 1
        assert dialogue.forget_refused(SYSTEM) == 0
    kept = db.session.get_one(Held, waiting.id)
    assert (kept.source, kept.reason, kept.state, count(people.ana)) == ("", "", "refused", 0)
    with pytest.raises(Conflict, match="after its time"):
        dialogue.approve(people.moderator, waiting.id)


def test_who_leaves_leaves_nothing_that_waits(people: Any, waiting: Held) -> None:
    dialogue.forget_held(SYSTEM, people.ana.id)
    assert db.session.scalars(db.select(Held)).all() == [] and count(people.ana) == 0


def test_the_number_on_the_member_is_mended(people: Any, waiting: Held) -> None:
    _member(waiting_count=7)(people, None)
    dialogue.mend_members(SYSTEM, [people.ana.id])
    assert count(people.ana) == 1


# First posts


@pytest.fixture
def newcomers(people: Any) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=2)


def test_first_posts_appear_and_ask_for_a_look(people: Any, agenda: Agenda, newcomers: Any) -> None:
    topic = a_topic(people, agenda, "My town")
    reply = dialogue.reply(people.ana, topic.id, write("One more thing."))
    third = dialogue.reply(people.ana, topic.id, write("And another."))
    assert topic.unseen_at and reply.unseen_at and third.unseen_at is None
    first = posts_in(people.ana, topic, 1).items[0]
    dialogue.look_at(people.host, first.id)
    assert db.session.get_one(Topic, topic.id, populate_existing=True).unseen_at is None
    with pytest.raises(Forbidden):
        dialogue.look_at(people.ben, reply.id)
    dialogue.hide(people.host, reply.id, "Rule 1.")
    assert db.session.get_one(Post, reply.id).unseen_at is None


def test_nobody_looks_at_first_posts_of_moderators(
    people: Any, agenda: Agenda, newcomers: Any
) -> None:
    for person in (people.host, people.moderator):
        new = dialogue.NewTopic("experience", "My town", write("What we did."))
        assert dialogue.open_topic(person, agenda.id, new).unseen_at is None


def test_members_only_posts_are_first_posts_as_well(
    people: Any, agenda: Agenda, newcomers: Any
) -> None:
    topic = a_topic(people, agenda, "My town", audience="members")
    posts = [dialogue.reply(people.ana, topic.id, write(f"Thing {n}.")) for n in range(2)]
    assert topic.unseen_at and [post.unseen_at is None for post in posts] == [False, True]


def test_a_poll_put_in_afterwards_is_looked_at(people: Any, agenda: Agenda, newcomers: Any) -> None:
    topic = a_topic(people, agenda, "My town")
    first = posts_in(people.ana, topic, 1).items[0]

    def is_looked_at() -> bool:
        now_is = db.session.get_one(Post, first.id, populate_existing=True)
        shown = db.session.get_one(Topic, topic.id, populate_existing=True)
        assert (now_is.unseen_at is None) == (shown.unseen_at is None)
        return now_is.unseen_at is None

    dialogue.look_at(people.host, first.id)
    dialogue.set_poll(people.ana, first.id, PollText("Which?", ("Trees", "Bollards")))
    assert not is_looked_at()
    dialogue.look_at(people.host, first.id)
    dialogue.set_poll(people.ana, first.id, PollText("Which?", ("Trees", "Bollards"), lasts="week"))
    assert is_looked_at(), "the same words"
    dialogue.set_poll(people.ana, first.id, PollText("Which?", ("Trees", "Buy now")))
    assert not is_looked_at()
    dialogue.look_at(people.host, first.id)
    set_newness(people.administrator, days=0, posts=0, first_posts=0)
    dialogue.set_poll(people.ana, first.id, PollText("Which?", ("Trees", "Benches")))
    assert is_looked_at(), "nobody is new"


def test_a_first_link_put_in_afterwards_is_looked_at(
    people: Any, agenda: Agenda, newcomers: Any
) -> None:
    topic = a_topic(people, agenda, "My town")
    first = posts_in(people.ana, topic, 1).items[0]
    dialogue.look_at(people.host, first.id)
    dialogue.edit(
        people.ana, first.id, write("What we did, again."), dialogue.TopicChanges("My town")
    )
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at is None
    dialogue.edit(
        people.ana, first.id, write("See https://a.example."), dialogue.TopicChanges("My town")
    )
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at
    dialogue.look_at(people.host, first.id)
    dialogue.edit(
        people.ana, first.id, write("Or https://b.example."), dialogue.TopicChanges("My town")
    )
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at is None
    dialogue.look_again(people.host, first.id)
    dialogue.delete(people.ana, first.id)
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at is None


def test_a_first_picture_put_in_afterwards_is_looked_at(
    people: Any, agenda: Agenda, newcomers: Any
) -> None:
    topic = a_topic(people, agenda, "My town")
    first = posts_in(people.ana, topic, 1).items[0]
    dialogue.look_at(people.host, first.id)
    one, another = (added(people.ana) for _time in range(2))
    shown = write(f"![A lane]({one.address})")
    dialogue.edit(people.ana, first.id, shown, dialogue.TopicChanges("My town"))
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at
    dialogue.look_at(people.host, first.id)
    both = write(f"![A lane]({one.address}) ![Another]({another.address})")
    dialogue.edit(people.ana, first.id, both, dialogue.TopicChanges("My town"))
    assert db.session.get_one(Post, first.id, populate_existing=True).unseen_at is None


def test_what_a_moderator_has_approved_needs_no_look(
    people: Any, topic: Topic, rule: Any, newcomers: Any
) -> None:
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    assert dialogue.approve(people.host, held.id).unseen_at is None
