"""Declarations with secret words, for the test of leaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from forum.clock import now
from forum.declarations import actions
from forum.declarations.models import Signature
from forum.markup import PlainTexts, write
from forum.members.actions import OrganisationText, write_organisation


def declared(people: Any, agenda: Any, drafter: Any, secret: Callable[[str], str]) -> Signature:
    """A reservation of Ana's city in one declaration of a member, who is drafting another one."""
    text = actions.DeclarationText("Quiet nights", write("We want them."))
    made = actions.write_declaration(drafter, agenda.id, text)
    actions.open_declaration(drafter, made.id, PlainTexts())
    made = actions.freeze(drafter, made.id, now().date() + timedelta(days=30))
    draft = actions.DeclarationText(secret("manifesto"), write(secret("manifesto")))
    actions.write_declaration(drafter, agenda.id, draft)
    text_of_city = OrganisationText("Quiet City", "city", representative_id=people.ana.id)
    city = write_organisation(people.moderator, text_of_city)
    return actions.sign(
        people.ana, made.id, city.id, actions.Signing(made.digest, secret("objected"))
    )
