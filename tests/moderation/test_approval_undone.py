"""Undoing an approval: the published text waits again and everything is as before, unless somebody has reacted to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forum.advice.actions import FollowUpText, follow_up, withdraw_follow_up
from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import posts_in, render_with_mentions, wrong_counts
from forum.errors import Conflict, NotFound
from forum.members.actions import LEAVING_WAYS, depart, leave
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.actions._undoings import UNDOINGS
from forum.moderation.models import Deed
from forum.moderation.queries import DEEDS, UNDOABLE_DEEDS, latest_undoable_decision, review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import waiting_count
from forum.screening.actions import RuleText, make_rule
from forum.search.queries import Query, find
from tests.datasets import all_rows

REASONS = Reasons("It is advertising.", 2)
# Tables that may differ: decisions, hidden notices and their events, held texts, versions of cached pages
BESIDE = {"decision", "event", "notice", "page_version", "held"}
YOUNG = timedelta(minutes=3)


@pytest.fixture
def rule(people: Any) -> Any:
    return make_rule(people.administrator, RuleText("word", "casino", "We read this first."))


def reply_held(people: Any, things: Any) -> Held:
    text = render_with_mentions(f"A casino, @ben-okoth.\n\n> [@ben](/posts/{things.first.id})")
    return dialogue.reply(people.ana, things.topic.id, text, "key")


def topic_held(people: Any, things: Any) -> Held:
    theme = agendas.write_theme(people.moderator, "Noise")
    new = dialogue.NewTopic(
        "question",
        "My casino",
        render_with_mentions("Who has a casino, @ben-okoth?"),
        themes=[theme.id],
    )
    return dialogue.open_topic(people.ana, things.agenda.id, new, "key")


def edit_held(people: Any, things: Any) -> Held:
    return dialogue.edit(people.ben, things.first.id, render_with_mentions("A casino, @ana-prado."))


def title_held(people: Any, things: Any) -> Held:
    opening = posts_in(people.ana, things.topic, 1).items[0].id
    text, themes = (
        render_with_mentions("Of a casino.", "fr"),
        [agendas.write_theme(people.moderator, "N").id],
    )
    return dialogue.edit(
        people.ana, opening, text, dialogue.TopicChanges("The casino", themes=themes)
    )


def named_held(people: Any, things: Any) -> Held:
    """The edit of a text that names somebody and quotes, as another text does, too."""
    mine, _other = (
        dialogue.reply(
            author,
            things.topic.id,
            render_with_mentions(
                f"See @{named.handle}.\n\n> [@ben](/posts/{things.first.id})\n\nYes."
            ),
        )
        for author, named in ((people.ana, people.chitra), (people.host, people.moderator))
    )
    return dialogue.edit(people.ana, mine.id, render_with_mentions("A casino, @ben-okoth."))


HELD = (reply_held, topic_held, edit_held, title_held, named_held)


def rows_but(things: Any, held: Held) -> dict[str, Any]:
    """All rows of the database except emptied ones; and the ids that were given."""
    db.session.flush()
    rows = {name: list(found.values()) for name, found in all_rows().items() if name not in BESIDE}
    gone = {post.id for post in db.session.scalars(db.select(Post).where(Post.source == ""))}
    empty = {topic.id for topic in db.session.scalars(db.select(Topic).where(Topic.title == ""))}
    rows["post"] = [dict(row) for row in rows["post"] if row["id"] not in gone]
    rows["topic"] = [
        {**row, "posts_count": None} for row in rows["topic"] if row["id"] not in empty
    ]
    rows["document"] = [{**row, "id": None, "parent_id": None} for row in rows["document"]]
    rows["topic_count"] = [row for row in rows["topic_count"] if row["number"]]
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


def columns_of(held_id: int) -> dict[str, Any]:
    held = db.session.get_one(Held, held_id, populate_existing=True)
    return {column.name: getattr(held, column.key) for column in Held.__table__.columns}


def found(words: str) -> int:
    return find(VISITOR, Query(words)).texts


def now_is_later() -> Any:
    return at(now() + YOUNG)


@pytest.mark.parametrize("make", HELD)
def test_after_undoing_an_approval_all_is_as_it_was(
    people: Any, things: Any, rule: Any, make: Any
) -> None:
    held = make(people, things)
    make_notices(SYSTEM)
    db.session.expunge_all()
    before, waited = rows_but(things, held), columns_of(held.id)
    with now_is_later():
        decision = actions.approve(people.host, held.id)
        assert rows_but(things, held) != before
        assert (
            mine := latest_undoable_decision(people.host)
        ) is not None and mine.id == decision.id
        undone = actions.undo(people.host, decision.id)
    assert (undone.deed, undone.kind, undone.title) == ("undo", "held", decision.title)
    db.session.expunge_all()
    assert columns_of(held.id) == waited
    after = rows_but(things, held)
    assert {name for name in before if before[name] != after[name]} == set()
    assert wrong_counts() == [] and waiting_count(people.host) >= 1
    assert review_context(people.host, "held", held.id).deeds == ["approve", "refuse"]


@pytest.mark.parametrize("make", HELD)
def test_what_was_told_of_it_is_out_of_sight(
    people: Any, things: Any, rule: Any, make: Any
) -> None:
    held = make(people, things)
    with now_is_later():
        decision = actions.approve(people.host, held.id)
        make_notices(SYSTEM)
        actions.undo(people.host, decision.id)
    for model in (Event, Notice):
        seen = model.hidden_at.is_(None), model.kind.in_(("mention", "quote", "reply", "topic"))
        words = db.session.scalars(db.select(model).where(*seen)).all()
        assert [word for word in words if "casino" in word.text.lower()] == []
    told = db.session.scalars(db.select(Event).where(Event.kind == "decision")).all()
    assert [notice.text for notice in told] == []  # nobody had read the notice of the publication


@pytest.mark.parametrize("kind", ["post", "topic"])
def test_what_was_told_of_an_edit_stays_out_of_sight_when_it_is_hidden_and_shown_again(
    people: Any, things: Any, rule: Any, kind: str
) -> None:
    held = edit_held(people, things)
    decision = actions.approve(people.host, held.id)
    make_notices(SYSTEM)
    actions.undo(people.host, decision.id)
    thing = things.first if kind == "post" else things.topic
    for deed in ("hide", "restore"):
        actions.decide(people.host, kind, thing.id, deed, REASONS)
    make_notices(SYSTEM)
    for model in (Event, Notice):
        assert not db.session.scalars(db.select(model).where(model.kind == "mention")).all()


def test_what_else_was_told_of_the_edited_text_since_stays(
    people: Any, agenda: Any, things: Any, rule: Any
) -> None:
    new = dialogue.NewTopic("question", "How loud?", render_with_mentions("How loud is it?"))
    question = dialogue.open_topic(people.ana, agenda.id, new)
    answer = dialogue.reply(people.ben, question.id, render_with_mentions("Very."))
    held = dialogue.edit(people.ben, answer.id, render_with_mentions("A casino."))
    decision = actions.approve(people.host, held.id)
    dialogue.choose_answer(people.ana, question.id, answer.id)
    actions.undo(people.host, decision.id)
    (told,) = db.session.scalars(db.select(Event).where(Event.kind == "answer")).all()
    assert told.hidden_at is None


@pytest.mark.parametrize("make", HELD)
def test_approved_again_it_is_published_again(
    people: Any, things: Any, rule: Any, make: Any
) -> None:
    held = make(people, things)
    first = actions.approve(people.host, held.id)
    actions.undo(people.host, first.id)
    assert found("casino") == 0
    again = actions.approve(people.moderator, held.id)
    assert (again.deed, waiting_count(people.host)) == ("approve", 1)
    kept = db.session.get_one(Held, held.id, populate_existing=True)
    post = db.session.get_one(Post, kept.became_id)
    assert "casino" in post.source.lower() and post.deleted_at is None
    assert found("casino") >= 1


def test_what_was_refused_before_is_refused_again(people: Any, things: Any, rule: Any) -> None:
    held = reply_held(people, things)
    actions.refuse(people.host, held.id, REASONS)
    waited = columns_of(held.id)
    actions.undo(people.moderator, actions.approve(people.moderator, held.id).id)
    assert columns_of(held.id) == waited and held.state == "refused"


def answered(people: Any, things: Any, post: Post) -> None:
    dialogue.reply(people.chitra, post.topic_id, render_with_mentions("Where?"))


def marked(people: Any, things: Any, post: Post) -> None:
    dialogue.mark(people.chitra, post.id, "useful")


def quoted(people: Any, things: Any, post: Post) -> None:
    elsewhere = dialogue.NewTopic("question", "And here?", render_with_mentions("Words."))
    topic = dialogue.open_topic(people.chitra, things.agenda.id, elsewhere)
    said = f"> [@one](/posts/{post.id})\n> Words.\n\nIndeed."
    dialogue.reply(people.chitra, topic.id, render_with_mentions(said))


def edited(people: Any, things: Any, post: Post) -> None:
    dialogue.edit(
        db.session.get_one(type(people.ana), post.author_id),
        post.id,
        render_with_mentions("Other."),
    )


def edited_and_held(people: Any, things: Any, post: Post) -> None:
    author = db.session.get_one(type(people.ana), post.author_id)
    dialogue.edit(author, post.id, render_with_mentions("Another casino."))


def deleted(people: Any, things: Any, post: Post) -> None:
    dialogue.delete(db.session.get_one(type(people.ana), post.author_id), post.id)


def hidden(people: Any, things: Any, post: Post) -> None:
    kind, item_id = ("topic", post.topic_id) if post.number == 1 else ("post", post.id)
    actions.decide(people.moderator, kind, item_id, "hide", REASONS)


def noted(people: Any, things: Any, post: Post) -> None:
    actions.note(people.moderator, post.id, render_with_mentions("See the rules."))


def reported(people: Any, things: Any, post: Post) -> None:
    actions.report(people.chitra, "post", post.id, "spam")


TAKEN_UP = {
    answered: "written in the topic",
    marked: "marked, quoted or edited",
    quoted: "marked, quoted or edited",
    edited: "changed",
    edited_and_held: "marked, quoted or edited",
    deleted: "changed, hidden or deleted",
    hidden: "Another moderator",
    noted: "Another moderator",
    reported: "reported it since",
}


@pytest.mark.parametrize("make", HELD)
@pytest.mark.parametrize("take_up", TAKEN_UP)
def test_taken_up_it_stays(
    people: Any, things: Any, rule: Any, make: Any, take_up: Callable[..., None]
) -> None:
    held = make(people, things)
    with now_is_later():
        decision = actions.approve(people.host, held.id)
    post = db.session.get_one(Post, db.session.get_one(Held, held.id).became_id)
    with at(now() + YOUNG * 2):
        take_up(people, things, post)
        db.session.expunge_all()
        before = all_rows()
        with pytest.raises(Conflict, match=TAKEN_UP[take_up]):
            actions.undo(people.host, decision.id)
    db.session.expunge_all()
    assert all_rows() == before


def test_an_approval_is_undone_within_ten_minutes_by_who_approved(
    people: Any, things: Any, rule: Any
) -> None:
    held = reply_held(people, things)
    decision = actions.approve(people.host, held.id)
    with pytest.raises(Conflict, match="no longer"):
        actions.undo(people.moderator, decision.id)
    with at(now() + timedelta(minutes=11)), pytest.raises(Conflict, match="no longer"):
        actions.undo(people.host, decision.id)


def test_readers_see_no_trace_and_moderators_a_line(
    people: Any, things: Any, rule: Any, sign_in: Any
) -> None:
    decision = actions.approve(people.host, (held := reply_held(people, things)).id)
    post_id = db.session.get_one(Held, held.id).became_id
    browser = sign_in(people.host)
    answer = browser.post(f"/moderation/decisions/{decision.id}/undo")
    assert answer.headers["Location"].startswith(f"/moderation/held/{held.id}")
    page = browser.get(things.topic.address).get_data(as_text=True)
    assert "Number 4 waits for a moderator again" in page
    reader = sign_in(people.chitra)
    assert "Number 4" not in reader.get(things.topic.address).get_data(as_text=True)
    assert reader.get(f"/posts/{post_id}").status_code == 404
    assert "casino" in sign_in(people.ana).get(f"/waiting/{held.id}").get_data(as_text=True)


def test_of_who_has_left_nothing_waits(people: Any, things: Any, rule: Any) -> None:
    decision = actions.approve(people.host, reply_held(people, things).id)
    leave(people.ana, people.ana.id, LEAVING_WAYS[0])
    depart(SYSTEM, people.ana.id)
    with pytest.raises((Conflict, NotFound)):
        actions.undo(people.host, decision.id)


def test_every_deed_that_is_told_can_be_undone() -> None:
    # The last three are not undone: one chooses the writers of an organisation again, or makes the empty agenda again,
    # and what all members were told they know
    others = {Deed.UNDO, Deed.REVERSE, Deed.CHOOSE_VOICES, Deed.DELETE_AGENDA, Deed.TELL_ALL}
    assert set(DEEDS) == set(Deed) == {*UNDOABLE_DEEDS, *others}
    # These change nothing but reports, so there is nothing to undo
    undone = set(UNDOABLE_DEEDS) - {Deed.KEEP, Deed.WARN, Deed.WARN_REPORTER}
    missing = sorted(undone - set(UNDOINGS))
    assert not missing, f"say in UNDOINGS (`actions/_undoings.py`) what takes them back: {missing}"


def test_what_happened_next_told_since_keeps_the_reply_to_it(
    people: Any, agenda: Any, rule: Any
) -> None:
    """Without the only reply, a question that nobody has answered would tell how its answer went."""
    new = dialogue.NewTopic("question", "How loud?", render_with_mentions("How loud is it?"))
    question = dialogue.open_topic(people.ana, agenda.id, new)
    held = dialogue.reply(people.ben, question.id, render_with_mentions("As a casino."))
    decision = actions.approve(people.host, held.id)
    with now_is_later():
        follow_up(people.ana, question.id, FollowUpText("We measured it.", "yes"))
        with pytest.raises(Conflict, match="has written in the topic since"):
            actions.undo(people.host, decision.id)
        withdraw_follow_up(people.ana, question.id)
        actions.undo(people.host, decision.id)
