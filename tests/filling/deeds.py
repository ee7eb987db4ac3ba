"""A planned forum written with the actions of the rooms, one after another: the reference for filling in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forum.clock import at
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.filling.actions import BROKEN_RULE
from forum.filling.forms import Plan
from forum.filling.models import (
    END,
    NEWS_SINCE,
    Foundation,
    PlannedAnswer,
    PlannedDeed,
    PlannedEdit,
    PlannedHiding,
    PlannedMark,
    PlannedMember,
    PlannedPost,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import members_by_handle
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices, read_until, set_watching_replies
from forum.permissions import SYSTEM
from forum.principals import MEMBER


def join_all(plan: Plan, organisations: Sequence[int]) -> None:
    """Let everybody join."""
    for person in plan.people:
        place = person.organisation
        joining = members.Joining(
            name=person.name,
            email=f"{person.handle}@example.org",
            password_hash="no hash",
            position=person.position,
            organisation_id=None if place is None else organisations[place],
            city_id=person.city_id,
            languages=(person.language, "en"),
        )
        with at(person.joined_at):
            members.join(SYSTEM, joining)
        if person.role != MEMBER:
            members.appoint(SYSTEM, person.handle, person.role)
        member = members_by_handle([person.handle])[0]
        set_watching_replies(member, False)
        with at(NEWS_SINCE):
            dialogue.read_all(member)


def play(plan: Plan, foundation: Foundation) -> list[str]:
    """Do everything that is planned at its time, with the worker running after each step; returns what was done."""
    done = []
    for deed in plan.deeds(foundation.last_ids["topic"], foundation.last_ids["post"]):
        with at(deed.at):
            DEEDS[type(deed)](deed, foundation)
            make_notices(SYSTEM)
        db.session.commit()
        db.session.expunge_all()
        done.append(kind_of(deed))
    with at(END):
        read_until(SYSTEM, NEWS_SINCE)
    db.session.commit()
    return done


def kind_of(deed: PlannedDeed) -> str:
    """The kind of a planned deed, with the details of a post or mark."""
    if not isinstance(deed, PlannedPost):
        return type(deed).__name__ + (f" {deed.kind}" if isinstance(deed, PlannedMark) else "")
    special = [deed.topic.audience, deed.topic.kind, "quote" * bool(deed.quoted)]
    return " ".join(["PlannedPost", *special, "organisation" * deed.for_organisation])


def member_row(known: PlannedMember) -> Member:
    return db.session.get_one(Member, known.id)


def write_post(post: PlannedPost, foundation: Foundation) -> None:
    """Open a topic or reply, with the HTML that `markup` makes of the whole source."""
    topic, author = post.topic, member_row(post.author)
    text = write(post.text.source, post.text.language)
    if post.number > 1:
        made = dialogue.reply(author, topic.id, text, for_organisation=post.for_organisation)
        assert (made.id, made.number) == (post.id, post.number)
        return
    new = dialogue.NewTopic(
        kind=topic.kind,
        title=topic.title,
        text=text,
        themes=[foundation.themes[place] for place in topic.themes],
        audience=topic.audience,
        for_organisation=post.for_organisation,
    )
    made = dialogue.open_topic(author, foundation.agendas[topic.agenda], new)
    assert made.id == topic.id


def mark(given: PlannedMark, _frame: Foundation) -> None:
    member = member_row(given.member)
    dialogue.mark(member, given.post.id, given.kind, given.outcome, given.note)


def edit(change: PlannedEdit, _frame: Foundation) -> None:
    text = change.post.last_text
    dialogue.edit(member_row(change.post.author), change.post.id, write(text.source, text.language))


def hide(hiding: PlannedHiding, _frame: Foundation) -> None:
    post = hiding.post
    moderation.decide(
        member_row(hiding.moderator), "post", post.id, "hide", Reasons(post.reason, BROKEN_RULE)
    )


def choose(choice: PlannedAnswer, _frame: Foundation) -> None:
    topic = choice.post.topic
    dialogue.choose_answer(member_row(topic.author), topic.id, choice.post.id)


DEEDS: dict[type, Any] = {
    PlannedPost: write_post,
    PlannedMark: mark,
    PlannedEdit: edit,
    PlannedHiding: hide,
    PlannedAnswer: choose,
}
