"""Challenges, which a browser signs with a passkey."""

from __future__ import annotations

import secrets

from forum import passkeys
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.factors import queries
from forum.factors.models import Challenge
from forum.passkeys import Answer, Refused, Site
from forum.permissions import Person
from forum.tokens import kept_hash


@action
def ask_for_passkey(person: Person, purpose: str, browser_key: str) -> bytes:
    """Store and return a random challenge for a browser to sign with a passkey, for one purpose.

    `browser_key` binds it to the browser. The challenge of a visitor may be answered with the passkey of any member.
    """
    touches()
    challenge = secrets.token_bytes(32)
    row = Challenge(purpose=purpose, member_id=person.id, browser_hash=kept_hash(browser_key))
    row.challenge_hash = kept_hash(passkeys.base64url(challenge))
    row.created_at, row.expires_at = now(), now() + queries.CHALLENGE_LIFETIME
    db.session.add(row)
    return challenge


@action
def spend_challenge(
    person: Person, purpose: str, text: str, browser_key: str, site: Site
) -> Answer:
    """Use up the challenge that an answer names, before the answer is verified, so that each challenge allows one attempt.

    Raises `Refused` when it was made for another purpose, person or browser, was used before, or is too old.
    """
    touches()
    said = passkeys.unverified_claims(text)
    row = queries.answered_challenge(person, purpose, said.challenge, browser_key)
    if row is None:
        raise Refused("the challenge is unknown, used or too old")
    row.used_at = now()
    return Answer(text, said.challenge, site)
