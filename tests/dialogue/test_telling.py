"""Who is told of what was written, who is mentioned, and what is new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Quote, Topic
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import members_to_mention
from forum.notifications.actions import make_notices, watch
from forum.notifications.queries import inbox, visible_notices
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote
from tests.dialogue.conftest import LATER, events, fresh, new


def kinds(member: Any) -> list[str]:
    while make_notices(SYSTEM):
        pass
    return [notice.kind for notice in inbox(member).page.items]


def test_who_replies_watches_and_is_told_once_by_the_strongest_kind(
    people: Any, topic: Topic
) -> None:
    actions.reply(people.ben, topic.id, write("First."))
    assert kinds(people.ana) == ["reply"]
    actions.reply(people.chitra, topic.id, write("Second."))
    assert kinds(people.ana) == ["reply", "reply"]
    assert kinds(people.ben) == ["post"]
    first = queries.first_post(topic)
    actions.reply(people.chitra, topic.id, write(quote("Ana", first.id, "It took") + "Third."))
    assert kinds(people.ana) == ["quote", "reply", "reply"]
    assert kinds(people.ben) == ["post", "post"]
    assert kinds(people.chitra) == []


def test_who_mutes_a_topic_hears_no_more_of_it(people: Any, topic: Topic) -> None:
    for member in (people.ana, people.ben):
        watch(member, "topic", topic.id, "muted")
    actions.reply(people.ben, topic.id, write("First."))
    post = actions.reply(people.chitra, topic.id, write("Second."))
    assert kinds(people.ana) == kinds(people.ben) == []
    actions.reply(people.host, topic.id, write(quote("Chitra", post.id, "Second.") + "Third."))
    assert kinds(people.chitra) == ["quote"]


def test_no_notice_quotes_what_its_author_has_withdrawn(
    people: Any, agenda: Agenda, topic: Topic
) -> None:
    watch(people.chitra, "agenda", agenda.id)
    opened = actions.open_topic(people.ben, agenda.id, new(text="Call me on 1234."))
    reply = actions.reply(people.ben, topic.id, write("My number is 1234."))
    told = {"topic": people.chitra, "reply": people.ana}
    assert [kinds(member) for member in told.values()] == [["topic"], ["reply"]]
    for post in (queries.first_post(opened), reply):
        with at(now() + LATER):
            actions.edit(people.ben, post.id, write("Write to me."))
        (revision,) = queries.revisions_of(VISITOR, fresh(post))
        actions.withdraw(people.ben, revision.id)
    for kind, member in told.items():
        (notice,) = inbox(member).page.items
        assert (notice.kind, notice.text) == (kind, "Write to me.")


def test_nor_what_was_changed_without_a_trace_and_no_title_that_is_gone(
    people: Any, agenda: Agenda, topic: Topic
) -> None:
    watch(people.chitra, "agenda", agenda.id)
    opened = actions.open_topic(people.ben, agenda.id, new("Call 1234", "Call me on 1234."))
    reply = actions.reply(people.ben, topic.id, write("My number is 1234."))
    actions.reply(people.ana, opened.id, write("I do."))
    told = (people.chitra, people.ana, people.ben)
    assert [kinds(member) for member in told] == [["topic"], ["reply"], ["reply"]]
    opening = queries.first_post(opened)
    changes = actions.TopicChanges("Write to me")
    actions.edit(people.ben, opening.id, write("By post.", "fr"), changes)
    actions.edit(people.ben, reply.id, write("Write to me."))
    said = [(n.title, n.language, n.text) for member in told for n in inbox(member).page.items]
    assert said == [
        ("Write to me", "fr", "By post."),
        (topic.title, "en", "Write to me."),
        ("Write to me", "fr", "I do."),
    ]
    with at(now() + LATER):
        actions.edit(people.ben, opening.id, write("By post."), actions.TopicChanges("Send it"))
    assert [notice.title for notice in inbox(people.chitra).page.items] == ["Write to me"]
    (revision,) = queries.revisions_of(VISITOR, fresh(opening))
    actions.withdraw(people.ben, revision.id)
    assert [notice.title for notice in inbox(people.chitra).page.items] == ["Send it"]


def test_nor_once_it_is_shown_again_what_was_withdrawn_while_it_was_hidden(
    people: Any, topic: Topic
) -> None:
    reply = actions.reply(people.ben, topic.id, write("My number is 1234."))
    assert kinds(people.ana) == ["reply"]
    with at(now() + LATER):
        actions.edit(people.ben, reply.id, write("Write to me."))
    (revision,) = queries.revisions_of(VISITOR, fresh(reply))
    actions.hide(people.moderator, reply.id, "It is rude.")
    actions.withdraw(people.ben, revision.id)
    assert kinds(people.ana) == []
    actions.restore(people.moderator, reply.id)
    (notice,) = inbox(people.ana).page.items
    assert notice.text == "Write to me."


def test_a_new_topic_is_told_to_who_watches_its_agenda(people: Any, agenda: Agenda) -> None:
    watch(people.ben, "agenda", agenda.id)
    watch(people.chitra, "agenda", agenda.id)
    watch(people.chitra, "city", people.ana.city_id, "muted")
    topic = actions.open_topic(people.ana, agenda.id, new(audience="members"))
    assert (kinds(people.ben), kinds(people.chitra)) == (["topic"], [])
    actions.hide_topic(people.moderator, topic.id)
    assert kinds(people.ben) == []


def news(member: Any, *topics: Topic) -> list[tuple[int, int] | None]:
    found = queries.new_posts_in(member, [fresh(topic) for topic in topics])
    return [
        (found[topic.id].count, found[topic.id].number) if topic.id in found else None
        for topic in topics
    ]


def test_new_is_what_others_wrote_since_one_has_read(people: Any, topic: Topic) -> None:
    actions.read_all(people.ben)  # Ben has read the question itself
    soon = now() + timedelta(minutes=1)
    with at(soon):
        for text in ("Two.", "Three.", "Four."):
            actions.reply(people.ben, topic.id, write(text))
    assert news(people.ana, topic) == [(3, 2)]
    assert news(people.ben, topic) == news(VISITOR, topic) == news(SYSTEM, topic) == [None]
    actions.read(people.ana, topic.id, 3)
    # As when an earlier page is opened, or another device is behind
    actions.read(people.ana, topic.id, 2)
    assert news(people.ana, topic) == [(1, 4)]
    post = queries.posts_in(SYSTEM, fresh(topic), 1).items[3]
    actions.hide(people.moderator, post.id, "Rude.")
    assert news(people.ana, topic) == [None]


def test_all_is_read_at_once_everywhere_or_on_one_agenda(people: Any, topic: Topic) -> None:
    text = agendas.AgendaText("Other", write("Text."), slug="other")
    other = actions.open_topic(
        people.ben, agendas.write_agenda(people.moderator, text).id, new(title="Another one")
    )
    actions.read_all(people.host)
    soon = now() + timedelta(minutes=1)
    with at(soon):
        for asked in (topic, other):
            actions.reply(people.chitra, asked.id, write("Yes."))
    assert news(people.host, topic, other) == [(1, 2), (1, 2)]
    with at(soon):
        actions.read_all(people.host, topic.agenda_id)
    assert news(people.host, topic, other) == [None, (1, 2)]
    with at(soon + timedelta(minutes=1)):
        actions.read_all(people.host)
        actions.reply(people.chitra, other.id, write("Soon."))
    assert news(people.host, topic, other) == [None, None]
    with at(soon + timedelta(minutes=2)):
        actions.reply(people.chitra, other.id, write("Later."))
    assert news(people.host, topic, other) == [None, (1, 4)]


def test_what_was_written_before_somebody_joined_is_not_new(people: Any, topic: Topic) -> None:
    with at(now() - timedelta(days=1)):
        actions.reply(people.ben, topic.id, write("Yes."))
    assert news(people.ana, topic) == [None]


def test_very_many_new_posts_are_counted_to_a_hundred(people: Any, topic: Topic) -> None:
    soon = now() + timedelta(minutes=1)
    with at(soon):
        last = actions.reply(people.ben, topic.id, write("Yes."))
    row = {c.name: getattr(last, c.name) for c in Post.__table__.c if c.name != "id"}
    rows = [{**row, "number": number} for number in range(3, 301)]
    db.session.execute(insert(Post), rows)
    db.session.execute(update(Topic).where(Topic.id == topic.id).values(posts_count=300))
    db.session.commit()
    assert news(people.ana, topic) == [(100, 201)]
    actions.read(people.ana, topic.id, 40)
    assert news(people.ana, topic) == [(100, 41)]
    assert queries.NewPosts(100, 41).where == "?page=3#post-41"
    actions.read(people.ana, topic.id, 240)
    assert news(people.ana, topic) == [(60, 241)]


# Mentions


def mentioned(member: Any) -> list[str]:
    return [kind for kind in kinds(member) if kind == "mention"]


def test_who_is_mentioned_is_told_once_however_the_post_is_edited(
    people: Any, topic: Topic
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Ask @chitra-desai and @ben-okoth."))
    assert (mentioned(people.chitra), mentioned(people.ben)) == (["mention"], [])
    for text in ("Nobody.", "Ask @chitra-desai and @hana-virtanen.", "@hana-virtanen"):
        actions.edit(people.ben, reply.id, write(text))
    assert (mentioned(people.chitra), mentioned(people.host)) == (["mention"], ["mention"])


def test_who_is_quoted_is_told_once_however_the_post_is_edited(people: Any, topic: Topic) -> None:
    first = queries.first_post(topic)
    other = actions.reply(people.chitra, topic.id, write("It took us two years."))
    quoting_ana = quote("Ana", first.id, "It took") + "Yes."
    quoting_both = quoting_ana + "\n\n" + quote("Chitra", other.id, "It took us") + "No."
    reply = actions.reply(people.ben, topic.id, write(quoting_ana))
    for text in ("Nobody.", quoting_ana, "Nobody.", quoting_both, "Nobody.", quoting_both):
        actions.edit(people.ben, reply.id, write(text))
    told = [kinds(member).count("quote") for member in (people.ana, people.chitra)]
    assert told == [1, 1]


def test_an_edited_post_tells_no_more_members_of_quotations_than_a_new_one(
    people: Any, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.dialogue.actions._telling.MAX_QUOTED_POSTS", 1)
    first = queries.first_post(topic)
    other = actions.reply(people.chitra, topic.id, write("It took us two years."))
    reply = actions.reply(people.ben, topic.id, write(quote("Ana", first.id, "It took") + "Yes."))
    actions.edit(people.ben, reply.id, write(quote("Chitra", other.id, "It took us") + "No."))
    assert (kinds(people.ana).count("quote"), kinds(people.chitra).count("quote")) == (1, 0)


def test_a_mention_is_stronger_than_a_quotation_a_reply_and_watching(
    people: Any, topic: Topic
) -> None:
    first = queries.first_post(topic)
    source = quote("Ana", first.id, "It took") + "Do you know, @ana-prado?"
    actions.reply(people.ben, topic.id, write(source))
    assert kinds(people.ana) == ["mention"]
    assert db.session.get(Quote, (first.id + 1, first.id)) is not None


def test_a_muted_topic_still_tells_of_a_mention(people: Any, topic: Topic) -> None:
    watch(people.chitra, "topic", topic.id, "muted")
    actions.reply(people.ben, topic.id, write("Ask @chitra-desai."))
    assert kinds(people.chitra) == ["mention"]


def test_nobody_hidden_or_gone_is_mentioned(people: Any, topic: Topic) -> None:
    fresh(people.chitra).hidden_at = now()
    fresh(people.host).left_at = now()
    db.session.commit()
    text = queries.render_with_mentions("@chitra-desai @hana-virtanen @mona-berg @nobody")
    assert text.html.count("<a ") == 1 and "/members/mona-berg" in text.html
    actions.reply(people.ben, topic.id, text)
    assert (kinds(people.chitra), kinds(people.moderator)) == ([], ["mention"])
    assert not db.session.scalars(visible_notices(people.host)).all()


def test_a_post_tells_twenty_that_it_mentions_them_and_no_more(people: Any, topic: Topic) -> None:
    handles = []
    for number in range(25):
        joining = members.Joining(f"Person {number}", f"p{number}@example.org", "no hash")
        handles.append(members.join(SYSTEM, joining).handle)
    names = [f"@{handle}" for handle in handles]
    reply = actions.reply(people.ben, topic.id, write(" ".join(["@nobody-at-all", *names])))
    assert len(events("mention")[0].recipients) == 20
    html = queries.render_with_mentions(" ".join(["@nobody-at-all", *names])).html
    linked = [handle for handle in handles if f"/members/{handle}" in html]
    assert linked == handles[:20]
    told = {member.id for member in members_to_mention(linked)}
    assert told == set(events("mention")[0].recipients)
    actions.edit(people.ben, reply.id, write(" ".join(reversed(names))))
    assert len(events("mention")) == 1


def test_a_hidden_post_mentions_nobody(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Ask @chitra-desai."))
    assert kinds(people.chitra) == ["mention"]
    actions.hide(people.moderator, reply.id, "Rude.")
    assert kinds(people.chitra) == []


def test_what_only_members_read_stirs_no_agenda(people: Any, agenda: Agenda, topic: Topic) -> None:
    last = fresh(agenda).active_at
    with at(now() + timedelta(minutes=5)):
        inside = actions.open_topic(people.ben, agenda.id, new(audience="members"))
        other = actions.open_topic(people.ben, agenda.id, new("Also inside", audience="members"))
        actions.reply(people.ana, other.id, write("Among us."))
    assert fresh(agenda).active_at == last
    opening = queries.first_post(inside)
    with at(now() + timedelta(minutes=9)):
        actions.edit(
            people.ben,
            opening.id,
            write(opening.source),
            actions.TopicChanges("For all", audience="public"),
        )
    assert fresh(agenda).active_at == fresh(inside).active_at > last
    with at(now() + timedelta(minutes=10)):
        actions.reply(people.ben, topic.id, write("Here, too."))
    assert fresh(agenda).active_at == fresh(topic).active_at > fresh(inside).active_at
