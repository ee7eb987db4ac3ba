"""Sessions, and what ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.errors import Conflict, Forbidden
from forum.members import actions, queries
from forum.members.models import Session
from forum.permissions import SYSTEM


def test_a_token_is_kept_as_its_hash_only(app, people):
    token = actions.sign_in(people.ana, "Firefox on Linux")
    kept = db.session.scalars(select(Session)).one()
    assert token not in (kept.token_hash, kept.device)
    assert kept.token_hash == queries.token_hash(token)
    assert queries.session_by_token(token).member.city.name == "Medellín"


def test_signing_out_ends_one_session(app, people):
    here, there = actions.sign_in(people.ana), actions.sign_in(people.ana)
    actions.sign_out(people.ana, here)
    assert queries.session_by_token(here) is None
    assert queries.session_by_token(there)


def test_nobody_ends_a_session_of_somebody_else(app, people):
    token = actions.sign_in(people.ana)
    actions.sign_out(people.ben, token)
    actions.end_session(people.ben, queries.session_by_token(token).id)
    actions.end_sessions(people.ben)
    assert queries.session_by_token(token)


def test_what_is_noted_of_one_session_is_of_no_other(app, people):
    here, there = actions.sign_in(people.ana), actions.sign_in(people.ana)
    of_ben = actions.sign_in(people.ben)
    before = queries.session_by_token(there), queries.session_by_token(of_ben)
    session_id = queries.session_by_token(here).id
    with at(now() + timedelta(hours=1)):
        actions.note_seen(people.ana, session_id)
        renewed = actions.note_proof(people.ana, session_id)
        assert queries.session_by_token(renewed).proved_at == now()
    assert queries.session_by_token(here) is None
    after = queries.session_by_token(there), queries.session_by_token(of_ben)
    for one, other in zip(before, after, strict=True):
        assert (one.id, one.seen_at, one.proved_at) == (other.id, other.seen_at, other.proved_at)


def test_nobody_notes_anything_of_a_session_of_somebody_else(app, people):
    token = actions.sign_in(people.ana)
    before = queries.session_by_token(token)
    with at(now() + timedelta(hours=1)):
        actions.note_seen(people.ben, before.id)
        actions.note_proof(people.ben, before.id)
    after = queries.session_by_token(token)
    assert (after.id, after.seen_at, after.proved_at) == (
        before.id,
        before.seen_at,
        before.proved_at,
    )


def test_a_session_ends_once(app, people):
    token = actions.sign_in(people.ana)
    actions.sign_out(people.ana, token)
    ended_at = db.session.scalars(select(Session.ended_at)).one()
    with at(now() + timedelta(days=20)):
        actions.end_sessions(people.ana)
    assert db.session.scalars(select(Session.ended_at)).one() == ended_at


def test_sessions_end_when_idle_or_too_old(app, people):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with at(start):
        token = actions.sign_in(people.ana)
        session_id = queries.session_by_token(token).id
    with at(start + timedelta(days=29)):
        assert queries.session_by_token(token)
    with at(start + timedelta(days=31)):
        assert queries.session_by_token(token) is None
    for day in range(20, 181, 20):
        with at(start + timedelta(days=day)):
            actions.note_seen(people.ana, session_id)
    with at(start + timedelta(days=179)):
        assert queries.session_by_token(token)
    with at(start + timedelta(days=181)):
        assert queries.session_by_token(token) is None


def test_sessions_do_not_pile_up(app, people):
    first = actions.sign_in(people.ana)
    for _number in range(actions.MAX_SESSIONS):
        with at(now() + timedelta(minutes=1)):
            actions.sign_in(people.ana)
    assert queries.session_by_token(first) is None
    assert len(queries.sessions_of(people.ana)) == actions.MAX_SESSIONS


def test_a_suspension_ends_sessions_at_once(app, people):
    token = actions.sign_in(people.ana)
    actions.suspend(people.moderator, people.ana.id, now() + timedelta(days=7))
    assert queries.session_by_token(token) is None
    with pytest.raises(Forbidden) as refused:
        actions.sign_in(queries.member_by_email("ana@example.org"))
    assert "suspended" in refused.value.message
    actions.unsuspend(people.moderator, people.ana.id)
    assert actions.sign_in(queries.member_by_email("ana@example.org"))


def test_a_new_password_ends_all_other_sessions(app, people):
    here, there = actions.sign_in(people.ana), actions.sign_in(people.ana)
    actions.change_password(people.ana, "new hash", here)
    assert queries.session_by_token(here)
    assert queries.session_by_token(there) is None
    assert queries.member_by_email("ana@example.org").password_hash == "new hash"


def test_what_was_verified_before_a_new_password_is_worth_nothing(app, people):
    before = people.ana.credentials
    actions.set_password(SYSTEM, people.ana.handle, "new hash")
    with pytest.raises(Conflict, match="Sign in again"):
        actions.sign_in(people.ana, verified=before)
    with pytest.raises(Conflict, match="Sign in again"):
        actions.change_password(people.ana, "hash of a thief", verified=before)
    actions.rehash_password(people.ana, before, "old words hashed anew")
    ana = queries.member_by_email("ana@example.org")
    assert ana.password_hash == "new hash"
    actions.set_password(SYSTEM, people.ben.handle, "new hash")
    actions.rehash_password(ana, ana.credentials, "new words hashed anew")
    assert queries.member_by_email("ben@example.org").password_hash == "new hash"
    assert queries.member_by_email("ana@example.org").password_hash == "new words hashed anew"
    assert actions.sign_in(ana, verified=ana.credentials)


def test_an_administrator_gives_a_new_password(app, people):
    token = actions.sign_in(people.ana)
    actions.set_password(people.administrator, "ana-prado", "new hash")
    assert queries.session_by_token(token) is None
    with pytest.raises(Forbidden):
        actions.set_password(people.moderator, "ana-prado", "hash")
