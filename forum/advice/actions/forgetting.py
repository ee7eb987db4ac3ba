"""What becomes of the advice of a member who has left."""

from __future__ import annotations

from sqlalchemy import delete, update

from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.advice.queries import topic_ids_of
from forum.db import db
from forum.deeds import action
from forum.permissions import Person, require


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool) -> None:
    """Delete the requests to a member who has left, and their availability.

    Requests made by the member stay with the question, as do their follow-ups; with `is_silent` these are deleted as
    well.
    """
    require(system.can.administer())
    for model in (AdviceRequest, Availability):
        db.session.execute(delete(model).where(model.member_id == member_id))
    passed = update(AdviceRequest).where(AdviceRequest.passed_to_id == member_id)
    db.session.execute(passed.values(passed_to_id=None))
    if is_silent:
        db.session.execute(delete(AdviceRequest).where(AdviceRequest.asker_id == member_id))
        db.session.execute(delete(FollowUp).where(FollowUp.topic_id.in_(topic_ids_of(member_id))))
