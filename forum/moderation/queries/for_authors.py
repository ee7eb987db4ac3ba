"""The decisions that authors find beside their own texts, and these texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from forum.advice.models import FollowUp
from forum.commitments.models import Commitment
from forum.commitments.queries import with_milestones
from forum.db import db
from forum.declarations.models import Signature
from forum.dialogue.models import Mark, Post, Topic
from forum.moderation.models import Decision, Deed
from forum.moderation.queries._deeds import RESTRICTING_DEEDS, WITHHOLDING_DEEDS
from forum.moderation.queries._kinds import ATTACHED_KINDS, EDITABLE_KINDS, KINDS
from forum.moderation.queries._shared import is_about
from forum.moderation.queries.concerned import is_concerned
from forum.moderation.queries.decisions import get_decision
from forum.moderation.queries.effect import is_in_effect
from forum.parallels.models import Translation
from forum.parallels.queries import with_parts
from forum.permissions import Person

OwnText = Post | Mark | FollowUp | Signature | Commitment | Translation


def own_withheld_text(reader: Person, decision: Decision) -> OwnText | None:
    """The text that a decision hid, for its author; None for others, and once it is visible or deleted.

    For a topic it is the post that opens it.
    """
    if decision.author_id != reader.id:
        return None
    if decision.kind in ATTACHED_KINDS:
        model: Any = KINDS[decision.kind].attached
        is_it = (model.id == decision.item_id, model.hidden_at.is_not(None))
        added: OwnText | None = db.session.scalar(select(model).where(*is_it))
        if isinstance(added, Translation):
            return with_parts(added)
        return with_milestones(added) if isinstance(added, Commitment) else added
    if decision.kind not in EDITABLE_KINDS:
        return None
    is_hidden = or_(Post.hidden_at.is_not(None), Topic.hidden_at.is_not(None))
    query = select(Post).join(Post.topic).where(Post.author_id == reader.id, is_hidden)
    query = query.where(Post.deleted_at.is_(None))
    if decision.kind == "topic":
        return db.session.scalar(query.where(Topic.id == decision.item_id, Post.number == 1))
    return db.session.scalar(query.where(Post.id == decision.item_id))


def request_to_edit(reader: Person, post: Post) -> Decision | None:
    """The open request to edit a post, for its author; None for everybody else, or once the author has edited it."""
    is_open = post.edit_asked_at is not None and post.edit_answered_at is None
    if not is_open or post.author_id != reader.id:
        return None
    about = [and_(*is_about(Decision, "post", post.id))]
    if post.number == 1:
        about.append(and_(*is_about(Decision, "topic", post.topic_id)))
    query = select(Decision).where(or_(*about), Decision.deed == Deed.ASK_TO_EDIT)
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def restricting_decision(reader: Person, kind: str, item_id: int) -> Decision:
    """The decision that restricts a thing, for its author and the moderators of its agenda, else `NotFound`.

    It is the latest one in effect or, if there is none, the latest that was. For the opening post of a topic it is
    the decision about the topic when there is none about the post.
    """
    which = (*is_about(Decision, kind, item_id), Decision.deed.in_(RESTRICTING_DEEDS))
    found = _latest_in_effect(*which)
    if found is None and kind == "post":
        opened = select(Post.topic_id).where(Post.id == item_id, Post.number == 1)
        topic_id = db.session.scalar(opened)
        return restricting_decision(reader, "topic", topic_id or 0)
    return get_decision(reader, found.id if found else 0)


def why_hidden(reader: Person, kind: str, item_id: int) -> Decision | None:
    """The decision that withholds a thing, for readers concerned by it: its author, and the authors of texts in it.

    For a topic it is the decision about the opening post when there is none about the topic: without it the topic may
    be empty.
    """
    which = (*is_about(Decision, kind, item_id), Decision.deed.in_(WITHHOLDING_DEEDS))
    found = _latest_in_effect(*which)
    if found is None and kind == "topic":
        opening = select(Post.id).where(Post.topic_id == item_id, Post.number == 1)
        return why_hidden(reader, "post", db.session.scalar(opening) or 0)
    return found if found and is_concerned(reader, found) else None


def _latest_in_effect(*which: ColumnElement[bool]) -> Decision | None:
    """The latest of these decisions that is in effect, or else the latest of all; None when there is none."""
    query = select(Decision).where(*which).options(joinedload(Decision.agenda))
    decisions = db.session.scalars(query.order_by(Decision.id.desc())).all()
    in_effect = (decision for decision in decisions if is_in_effect(decision))
    return next(in_effect, decisions[0] if decisions else None)
