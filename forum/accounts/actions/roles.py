"""Adding members, and giving roles."""

from __future__ import annotations

from forum.deeds import action
from forum.mail.actions import drop_outdated, write_letter
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import administrators, member_to_appoint
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import SYSTEM, Person
from forum.principals import MEMBER, administers, moderates
from forum.sentences import sentence

# The page to which the notice of a new role links
MODERATION, ADMINISTRATION = "/moderation", "/administration"


@action
def add_member(administrator: Person, joining: Joining, role: str) -> Member:
    """Make an account for somebody else with `members.add_member`, and tell the same people of its role as `appoint` does."""
    member = members.add_member(administrator, joining, role)
    _tell_of_role(administrator, member, MEMBER)
    return member


@action
def appoint(administrator: Person, handle: str, role: str) -> Member:
    """Give a member a role with `members.appoint`, and tell them.

    All other administrators are told of a new one. So is the administrator who did it, because somebody else may be
    using that account.
    """
    before = member_to_appoint(administrator, handle).role
    member = members.appoint(administrator, handle, role)
    _tell_of_role(administrator, member, before)
    return member


def _tell_of_role(doer: Person, member: Member, before: str) -> None:
    """Tell everybody concerned about a member's new role; nobody when it is the same as `before`."""
    if before != member.role:
        _tell_member(member, before)
        if administers(member.role):
            _tell_administrators(doer, member)


def _tell_member(member: Member, before: str) -> None:
    """Tell a member, by a notice and by a letter that cannot be switched off, which role they now have or have lost.

    Older notices and letters about their role are marked as read or dropped, so that only the present role is news.
    """
    profile = f"/members/{member.handle}"
    if administers(member.role):
        title, page = sentence("You are an administrator now"), ADMINISTRATION
    elif moderates(member.role):
        title, page = sentence("You are a moderator now"), MODERATION
    elif administers(before):
        title, page = sentence("You are no longer an administrator"), profile
    else:
        title, page = sentence("You are no longer a moderator"), profile
    words = {
        "name": member.name,
        "administers": administers(member.role),
        "moderates": moderates(member.role),
        "administered": administers(before),
        "has_factor": member.factor_at is not None,
    }
    drop_outdated(SYSTEM, "role", member.id)
    write_letter(SYSTEM, "role", member.email, words, member_id=member.id)
    read_outdated(SYSTEM, "role", [MODERATION, ADMINISTRATION, profile], [member.id])
    note_event(SYSTEM, NoticeText("role", page, title), [member.id])


def _tell_administrators(doer: Person, member: Member) -> None:
    """Tell all other administrators, by a letter and a notice, that the member is now one, and who gave the role.

    Neither stores a name, so that no name remains of a member who has left: names are looked up when the letter is
    sent.
    """
    others = [administrator for administrator in administrators() if administrator.id != member.id]
    for administrator in others:
        words = {"who_id": member.id, "by_id": doer.id}
        write_letter(
            SYSTEM, "administrator_made", administrator.email, words, member_id=administrator.id
        )
    page = "/administration/members?group=administrators"
    notice = NoticeText("role", page, sentence("There is a new administrator"))
    note_event(SYSTEM, notice, [administrator.id for administrator in others])
