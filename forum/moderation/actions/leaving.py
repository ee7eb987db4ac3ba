"""Removing the names of members who have left from reports and decisions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sqlalchemy import ColumnElement, Text, case, cast, delete, literal, or_, update

from forum.claims.models import queue_path
from forum.db import db
from forum.deeds import action
from forum.matches import KnownAs, replace_name, without_member
from forum.moderation.models import (
    Decision,
    Deed,
    RegroupingBefore,
    Report,
    StaffNote,
    TitleBefore,
    TrustedFlagger,
)
from forum.moderation.queries import (
    KINDS,
    decisions_naming,
    decisions_of_deeds,
    reported_keys,
)
from forum.notifications.actions import retitle_queue
from forum.permissions import Person, require
from forum.sentences import reworded

KINDS_TITLED_BY_NAME = ("member", "letter")  # a profile, and "An e-mail from …"
# Deeds that keep words of moderators, which readers saw, so that they can be undone
DEEDS_WITH_WORDS = (Deed.NOTE, Deed.UNNOTE, Deed.UNLOCK, Deed.UNSLOW)


@action
def unname(system: Person, member_id: int, known: KnownAs, *, is_silent: bool) -> None:
    """Remove the name and the handles of a member who has left from decisions and reports, which stay.

    They are replaced in titles, addresses and reasons. Former notes below the member's posts, and former reasons why
    a topic of theirs was locked or slow, are deleted, and so is that the member was a trusted flagger. With `is_silent`, these are deleted as well: titles made from
    the member's texts (also titles that moderators replaced), addresses with words of such titles, the texts of the
    member's own reports, and the staff notes that the member wrote.
    """
    require(system.can.administer())
    for model in (Decision, Report):
        theirs = update(model).where(model.author_id == member_id)
        named = theirs.where(model.kind.in_(KINDS_TITLED_BY_NAME))
        db.session.execute(named.values(title=known.former, address=""))
        if is_silent:
            titled = theirs.where(model.kind.not_in(KINDS_TITLED_BY_NAME))
            db.session.execute(titled.values(title=known.former, address=_without_words(model)))
    kinds = tuple(KINDS) if is_silent else KINDS_TITLED_BY_NAME
    addresses = [queue_path(*key) for key in reported_keys(member_id, kinds)]
    retitle_queue(system, addresses, known.former)
    is_obsolete = StaffNote.member_id == member_id
    if is_silent:
        own_reports = update(Report).where(Report.reporter_id == member_id)
        db.session.execute(own_reports.values(text=""))
        is_obsolete = or_(is_obsolete, StaffNote.author_id == member_id)
    db.session.execute(delete(StaffNote).where(is_obsolete))
    db.session.execute(delete(TrustedFlagger).where(TrustedFlagger.member_id == member_id))
    _forget_words_before(member_id, known.former, is_silent=is_silent)
    for decision in decisions_naming(member_id, known.words):
        decision.reason = without_member(decision.reason, known)
        decision.sentences = reworded(decision.sentences, partial(without_member, known=known))


def _without_words(model: type[Decision | Report]) -> ColumnElement[str]:
    """SQL: the address of a row without the words of a title: with the id instead, or empty if the address has no id."""
    by_number = literal("/topics/") + cast(model.item_id, Text)
    return case((model.kind == "post", model.address), (model.kind == "topic", by_number), else_="")


def _forget_words_before(member_id: int, former: str, *, is_silent: bool) -> None:
    """Delete former notes and lock reasons from decisions, and with `is_silent` former titles: they cannot be undone any more."""
    for decision in decisions_of_deeds(member_id, DEEDS_WITH_WORDS):
        decision.before = None
    for decision in decisions_of_deeds(member_id, (Deed.MERGE,)):
        if decision.before:
            before = RegroupingBefore.from_json(decision.before)
            decision.before = replace(before, paces=()).to_json()
    for decision in decisions_of_deeds(member_id, (Deed.RETITLE,)) if is_silent else ():
        if decision.before:
            title = TitleBefore.from_json(decision.before).title
            decision.reason = replace_name(decision.reason, title, former)
            rename = partial(replace_name, name=title, former=former)
            decision.sentences = reworded(decision.sentences, rename)
            decision.before = None
