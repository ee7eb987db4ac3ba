"""A planned forum written by the deeds of the rooms, one after another: what bulk filling is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forum.db import at, db
from forum.dialogue import actions as dialogue
from forum.filling.forms import Plan
from forum.filling.models import (
    END,
    NEWS_SINCE,
    Choosing,
    Deed,
    Editing,
    Frame,
    Hiding,
    Marking,
    Saying,
    Someone,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import members_by_handle
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices, read_until, set_watching_replies
from forum.permissions import MEMBER, SYSTEM


def join_all(plan: Plan, organisations: Sequence[int]) -> None:
    """Let everybody join."""
    for known in plan.people:
        place = known.organisation
        joining = members.Joining(
            name=known.name,
            email=f"{known.handle}@example.org",
            password_hash="no hash",
            position=known.position,
            organisation_id=None if place is None else organisations[place],
            city_id=known.city_id,
            languages=(known.language, "en"),
        )
        with at(known.joined_at):
            members.join(SYSTEM, joining)
        if known.role != MEMBER:
            members.appoint(SYSTEM, known.handle, known.role)
        member = members_by_handle([known.handle])[0]
        set_watching_replies(member, False)
        with at(NEWS_SINCE):
            dialogue.read_all(member)


def play(plan: Plan, frame: Frame) -> list[str]:
    """Do everything that is planned, each at its time, the worker following at once; says what was done."""
    done = []
    for deed in plan.deeds(frame.last_ids["topic"], frame.last_ids["post"]):
        with at(deed.at):
            DEEDS[type(deed)](deed, frame)
            make_notices(SYSTEM)
        db.session.commit()
        db.session.expunge_all()
        done.append(kind_of(deed))
    with at(END):
        read_until(SYSTEM, NEWS_SINCE)
    db.session.commit()
    return done


def kind_of(deed: Deed) -> str:
    """What a deed is, and of a post what is special about it."""
    if not isinstance(deed, Saying):
        return type(deed).__name__ + (f" {deed.kind}" if isinstance(deed, Marking) else "")
    special = [deed.talk.audience, deed.talk.kind, "quote" * bool(deed.quoted)]
    return " ".join(["Saying", *special, "organisation" * deed.for_organisation])


def whole(known: Someone) -> Member:
    return db.session.get_one(Member, known.id)


def say(saying: Saying, frame: Frame) -> None:
    """Open a topic or reply, with the HTML that `markup` makes of the whole source."""
    talk, author = saying.talk, whole(saying.author)
    text = write(saying.text.source, saying.text.language)
    if saying.number > 1:
        reply = dialogue.reply(author, talk.id, text, for_organisation=saying.for_organisation)
        assert (reply.id, reply.number) == (saying.id, saying.number)
        return
    new = dialogue.NewTopic(
        kind=talk.kind,
        title=talk.title,
        text=text,
        themes=[frame.themes[place] for place in talk.themes],
        audience=talk.audience,
        for_organisation=saying.for_organisation,
    )
    topic = dialogue.open_topic(author, frame.agendas[talk.agenda], new)
    assert topic.id == talk.id


def mark(given: Marking, _frame: Frame) -> None:
    member = whole(given.member)
    dialogue.mark(member, given.saying.id, given.kind, given.outcome, given.note)


def edit(change: Editing, _frame: Frame) -> None:
    text = change.saying.last_text
    dialogue.edit(whole(change.saying.author), change.saying.id, write(text.source, text.language))


def hide(hiding: Hiding, _frame: Frame) -> None:
    saying = hiding.saying
    moderation.decide(whole(hiding.moderator), "post", saying.id, "hide", Reasons(saying.reason, 6))


def choose(choice: Choosing, _frame: Frame) -> None:
    talk = choice.saying.talk
    dialogue.choose_answer(whole(talk.author), talk.id, choice.saying.id)


DEEDS: dict[type, Any] = {Saying: say, Marking: mark, Editing: edit, Hiding: hide, Choosing: choose}
