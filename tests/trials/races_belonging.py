"""What people do in the race to who belongs to the forum and to an organisation, and to declarations from the draft to the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from forum.accounts import actions as accounts
from forum.candidates.actions import JoinDetails
from forum.clock import now
from forum.declarations import actions as declarations
from forum.declarations.models import Declaration
from forum.invitations import actions as invitations
from forum.invitations.models import Invitation
from forum.markup import PlainTexts, write
from forum.members.actions import Joining, Profile
from forum.members.models import Member, Organisation
from forum.permissions import VISITOR
from forum.searches import actions as searches
from forum.searches.models import KeptSearch, Wanted
from tests.trials.races_ground import HOSTS, MEMBERS, MODERATORS
from tests.trials.races_racer import Racer

EVERYBODY = (*MEMBERS, *HOSTS)


def _invite(r: Racer) -> object:
    text = invitations.InvitationText(r.rng.choice((1, 2)), now() + timedelta(days=1))
    return invitations.invite(r.person(*MODERATORS), text)


def _end_invitation(r: Racer) -> object:
    made = r.one_of(select(Invitation.id).order_by(Invitation.id))
    return invitations.end_invitation(r.person(*MODERATORS), made)


def _join(r: Racer) -> object:
    """Somebody joins by an invitation that only one or two can use."""
    invitation = r.one_of(select(Invitation).order_by(Invitation.id))
    word = r.course.next_word()
    name = r.rng.choice(("Nora Lind", "Nora Lind", f"Nora {word}"))  # so that handles meet
    joining = Joining(name, f"{word}@example.org", "-")
    return accounts.join_proved(VISITOR, joining, word, JoinDetails(invitation=invitation))


def _organisation(r: Racer) -> int:
    wanted = select(Organisation.id).where(Organisation.slug == r.values["signing_city"])
    return int(r.one_of(wanted))


def _one_of_city(r: Racer, city: int) -> Member:
    """Somebody who belongs to an organisation."""
    found = r.one_of(select(Member).where(Member.organisation_id == city).order_by(Member.id))
    assert isinstance(found, Member)
    return found


def _belong(r: Racer) -> object:
    """Somebody goes over to the organisation that signs, or away from it."""
    member = r.person(*EVERYBODY)
    belongs = r.rng.choice((_organisation(r), _organisation(r), None))
    return accounts.edit_profile(member, Profile(name=member.name, organisation_id=belongs))


def _name_voices(r: Racer) -> object:
    city = _organisation(r)
    named = r.rng.choice(([_one_of_city(r, city).id], [], None))
    return invitations.choose_voices(r.person(*MODERATORS), city, named)


def _sign_for_city(r: Racer) -> object:
    """Who may have been named to write for it, or is no longer."""
    is_over = Declaration.adopted_at.is_not(None) | Declaration.withdrawn_at.is_not(None)
    frozen = select(Declaration).where(Declaration.frozen_at.is_not(None), ~is_over)
    text = r.one_of(frozen.order_by(Declaration.id))
    signing = declarations.Signing(text.digest, r.rng.choice(("", "Not at night.")))
    city = _organisation(r)
    return declarations.sign(r.person(_one_of_city(r, city).handle), text.id, city, signing)


def _declaration(r: Racer) -> Declaration:
    # Only those begun in the race: the others have to stay as they are, so that they can be signed to its end
    begun = select(Declaration).where(Declaration.title.like("Of word%")).order_by(Declaration.id)
    found = r.one_of(begun)
    assert isinstance(found, Declaration)
    return found


def _draft(r: Racer) -> object:
    text = declarations.DeclarationText(f"Of {r.course.next_word()}", write("We want it."))
    return declarations.write_declaration(r.person(*MODERATORS), r.values["agenda_id"], text)


def _edit_declaration(r: Racer) -> object:
    found = _declaration(r)
    text = declarations.DeclarationText(found.title, write(f"We want {r.course.next_word()}."))
    return declarations.write_declaration(r.person(*MODERATORS), found.agenda_id, text, found.id)


def _go_on_with_declaration(r: Racer) -> object:
    """The next step of a declaration, or its end."""
    found, moderator = _declaration(r), r.person(*MODERATORS)
    if r.rng.random() < 0.1:
        return declarations.withdraw(moderator, found.id, "Nobody wants it.")
    if found.opened_at is None:
        return declarations.open_declaration(moderator, found.id, PlainTexts())
    if found.frozen_at is None:
        return declarations.freeze(moderator, found.id, now().date() + timedelta(days=9))
    return declarations.adopt(moderator, found.id)


def _keep_search(r: Racer) -> object:
    return searches.keep(r.person(*EVERYBODY), Wanted(r.rng.choice(("trams", "felt", "word"))))


def _remove_search(r: Racer) -> object:
    kept = r.one_of(select(KeptSearch).order_by(KeptSearch.id))
    owner = r.one_of(select(Member.handle).where(Member.id == kept.member_id))
    return searches.remove(r.person(owner), kept.id)


BELONGING: dict[str, tuple[int, Callable[[Racer], object]]] = {
    "invite": (1, _invite),
    "end an invitation": (1, _end_invitation),
    "join": (3, _join),
    "belong to an organisation": (2, _belong),
    "name voices": (2, _name_voices),
    "sign for a city": (2, _sign_for_city),
    "draft a declaration": (1, _draft),
    "edit a declaration": (2, _edit_declaration),
    "go on with a declaration": (2, _go_on_with_declaration),
    "keep a search": (1, _keep_search),
    "remove a search": (1, _remove_search),
}
