"""What members do in the race."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from forum.appeals import actions as appeals
from forum.bookmarks.actions import bookmark
from forum.clock import at, now
from forum.db import db
from forum.declarations import actions as declarations
from forum.declarations.models import Declaration, Signature
from forum.dialogue import actions as dialogue
from forum.dialogue.models import CHOSEN_KINDS, Poll, PollOption, PollText, Post, Topic
from forum.library import actions as library
from forum.library.models import CaseParagraph, Practice
from forum.members.actions.leaving import LEAVING_WAYS
from forum.members.models import Organisation
from forum.moderation.models import Decision
from forum.notifications import actions as notifications
from forum.rights import actions as rights
from forum.rights.commands import carry_on
from tests.trials.races_ground import ADMINISTRATOR, HOSTS, LEAVING, MEMBERS
from tests.trials.races_racer import Racer

AUDIENCES = ("public", "public", "members")
WRITERS = (*MEMBERS, *HOSTS)


def _agenda(r: Racer) -> int:
    return int(r.values[r.rng.choice(("agenda_id", "agenda_id", "other_id"))])


def _open_topic(r: Racer) -> object:
    new = dialogue.NewTopic(
        r.rng.choice(CHOSEN_KINDS),
        f"About {r.course.next_word()}",
        r.text(r.rng.choice((0, 1, 3))),
        audience=r.rng.choice(AUDIENCES),
        poll=r.rng.choice((None, PollText("Which one?", ("This", "That")))),
    )
    return dialogue.open_topic(r.person(*WRITERS), _agenda(r), new)


def _reply(r: Racer) -> object:
    text = r.text(r.rng.choice((0, 1, 3)))
    return dialogue.reply(r.person(*WRITERS), r.topic(), text)


def _edit(r: Racer) -> object:
    post, text = r.post(), r.text(r.rng.choice((0, 1, 3)))
    changes = dialogue.TopicChanges()
    if post.number == 1 and r.rng.random() < 0.6:
        title = f"Now of {r.course.next_word()}"
        changes = dialogue.TopicChanges(title, audience=r.rng.choice(AUDIENCES))
    return dialogue.edit(r.author_of(post), post.id, text, changes)


def _delete(r: Racer) -> object:
    post = r.post(Post.number > 1)
    return dialogue.delete(r.author_of(post), post.id)


def _mark(r: Racer) -> object:
    kind, note = r.rng.choice((("useful", ""), ("same here", ""), ("tried it", "It helped.")))
    outcome = "kept" if note else None
    return dialogue.mark(r.person(*WRITERS), r.post().id, kind, outcome, note)


def _unmark(r: Racer) -> object:
    return dialogue.unmark(r.person(*WRITERS), r.post().id, r.rng.choice(("useful", "tried it")))


def _choose_answer(r: Racer) -> object:
    topic = db.session.get_one(Topic, r.topic(Topic.kind == "question"))
    query = select(Post.id).where(Post.topic_id == topic.id, Post.number > 1)
    chosen = r.one_of(query.order_by(Post.id)) if r.rng.random() < 0.7 else None
    return dialogue.choose_answer(r.author_of(topic), topic.id, chosen)


def _change_kind(r: Racer) -> object:
    topic = db.session.get_one(Topic, r.topic())
    return dialogue.change_kind(r.author_of(topic), topic.id, r.rng.choice(CHOSEN_KINDS))


def _bookmark(r: Racer) -> object:
    post = r.post()
    return bookmark(r.author_of(post), "post", post.id)


def _watch(r: Racer) -> object:
    watch = r.rng.choice((notifications.watch, notifications.unwatch))
    return watch(r.person(*WRITERS), "topic", r.topic())


def _vote(r: Racer) -> object:
    poll = r.one_of(select(Poll).order_by(Poll.id))
    options = select(PollOption.id).where(PollOption.poll_id == poll.id)
    return dialogue.vote(r.person(*WRITERS), poll.post_id, [r.one_of(options)])


def _unvote(r: Racer) -> object:
    return dialogue.unvote(r.person(*WRITERS), r.one_of(select(Poll.post_id)))


def _close_poll(r: Racer) -> object:
    post = db.session.get_one(Post, r.one_of(select(Poll.post_id).order_by(Poll.post_id)))
    return dialogue.close_poll(r.author_of(post), post.id)


def _set_poll(r: Racer) -> object:
    post = r.post(Post.number == 1)
    words = PollText("Which is worse?", ("This", "That", r.course.next_word()))
    return dialogue.set_poll(r.author_of(post), post.id, words)


def _write_practice(r: Racer) -> object:
    title = f"A practice of {r.course.next_word()}"
    sections = {"done": "We did it.", "failure": "It rained in."}
    text = library.PracticeText(title, "Said in one sentence.", sections=sections)
    return library.write_and_submit(r.person(*WRITERS), _agenda(r), text)


def _edit_practice(r: Racer) -> object:
    practice = r.one_of(select(Practice).order_by(Practice.id))
    sections = {"done": f"We did {r.course.next_word()}."}
    text = library.PracticeText(practice.title, "Said once more.", sections=sections)
    return library.write_practice(r.author_of(practice), practice.agenda_id, text, practice.id)


def _delete_practice(r: Racer) -> object:
    practice = r.one_of(select(Practice).where(Practice.deleted_at.is_(None)))
    return library.delete_practice(r.author_of(practice), practice.id)


def _comment(r: Racer) -> object:
    topics = select(Practice.topic_id).where(Practice.topic_id.is_not(None))
    where = r.rng.choice((r.values["case_topic"], r.one_of(topics.order_by(Practice.id))))
    paragraphs = select(CaseParagraph.key).where(CaseParagraph.case_id == r.values["case_id"])
    key = r.rng.choice((None, r.one_of(paragraphs.order_by(CaseParagraph.position))))
    return dialogue.reply(r.person(*WRITERS), where, r.text(1), paragraph=key)


def _sign(r: Racer) -> object:
    text = r.one_of(select(Declaration).where(Declaration.digest.is_not(None)))
    city = r.one_of(select(Organisation.id).where(Organisation.slug == r.values["signing_city"]))
    signing = declarations.Signing(text.digest, f"Not {r.course.next_word()}.")
    return declarations.sign(r.person(ADMINISTRATOR), text.id, city, signing)


def _take_signature_back(r: Racer) -> object:
    signed = r.one_of(select(Signature))
    member = r.person(ADMINISTRATOR)
    return declarations.take_signature_back(member, signed.declaration_id, signed.id)


def _appeal(r: Racer) -> object:
    query = select(Decision).where(Decision.author_id.is_not(None)).order_by(Decision.id.desc())
    decision = r.one_of(query.limit(12))
    return appeals.appeal(r.author_of(decision), decision.id, f"No, {r.course.next_word()}.")


def _leave(r: Racer) -> object:
    member = r.person(*LEAVING)
    return rights.leave(member, member.id, r.rng.choice(LEAVING_WAYS))


def _stay(r: Racer) -> object:
    member = r.person(*LEAVING)
    return rights.stay(member, member.id)


def _depart(_r: Racer) -> object:
    """The worker ends the account of who has left, and goes on with what they wrote, step by step."""
    with at(now() + timedelta(days=15)):
        return carry_on()


# How often each is done, next to the others
WRITING: dict[str, tuple[int, Callable[[Racer], object]]] = {
    "open a topic": (3, _open_topic),
    "reply": (10, _reply),
    "edit": (10, _edit),
    "delete": (3, _delete),
    "mark": (4, _mark),
    "unmark": (2, _unmark),
    "choose an answer": (4, _choose_answer),
    "change the kind": (2, _change_kind),
    "bookmark": (2, _bookmark),
    "watch": (2, _watch),
    "vote": (3, _vote),
    "take a vote back": (1, _unvote),
    "close a poll": (1, _close_poll),
    "set a poll": (2, _set_poll),
    "write a practice": (2, _write_practice),
    "edit a practice": (2, _edit_practice),
    "delete a practice": (1, _delete_practice),
    "comment": (3, _comment),
    "sign": (2, _sign),
    "take a signature back": (1, _take_signature_back),
    "appeal": (3, _appeal),
    "leave": (1, _leave),
    "stay": (3, _stay),
    "depart": (2, _depart),
}
# What whoever is silenced may do all the same; and whoever is suspended
QUIET = {
    "delete", "unmark", "bookmark", "watch", "choose an answer", "close a poll", "delete a practice",
    "take a signature back", "appeal", "leave", "stay", "depart",
}  # fmt: skip
OUTSIDE = {"appeal", "leave", "stay", "depart"}
