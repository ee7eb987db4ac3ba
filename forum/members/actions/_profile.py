"""The data of a new account and of a profile, and the columns that both set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete, insert

from forum.confusables import skeleton
from forum.db import db
from forum.errors import Invalid
from forum.markup import Written
from forum.members import queries
from forum.members.actions._mandates import end_mandates_of
from forum.members.actions._names import clean_name
from forum.members.actions._rows import checked_id
from forum.members.models import MOVED_ON, PROFILE_LINES, City, Member, MemberLanguage, Organisation
from forum.plaintext import single_line
from forum.shrinking import Shrunk

MAX_LANGUAGES = 10


@dataclass(frozen=True)
class Joining:
    """The data of a new account. Without a handle one is made from the name."""

    name: str
    email: str
    password_hash: str
    position: str = ""
    organisation_id: int | None = None
    city_id: int | None = None
    language: str = "en"
    languages: tuple[str, ...] = ()
    handle: str | None = None
    locale: str | None = None  # the language of the pages on which somebody joined
    invited_by_id: int | None = None
    # Whether the name may resemble the forum's, because an administrator adds somebody who runs it
    is_official: bool = False


@dataclass(frozen=True)
class Profile:
    """What a member says about themselves; `languages` are ISO 639 codes, the best first.

    `portrait` is a new picture, made by `shrink` with `PORTRAIT_SIZE`, or None; `drops_portrait` is whether the present
    one goes. Else it stays.
    """

    name: str
    position: str = ""
    organisation_id: int | None = None
    city_id: int | None = None
    language: str = "en"
    languages: tuple[str, ...] = ()
    helps_with: str = ""
    about: Written | None = None
    portrait: Shrunk | None = None
    drops_portrait: bool = False


def describe(member: Member, said: Joining | Profile) -> None:
    """Write name, position, organisation, city and language into a member's row, and update the columns for searching them."""
    member.name = clean_name(said.name)
    member.name_skeleton = skeleton(member.name)
    member.position = single_line(said.position)[:200]
    _take_seat(member, checked_id(Organisation, said.organisation_id, "organisation"))
    member.city_id = checked_id(City, said.city_id, "city")
    member.language = said.language if said.language in queries.language_names() else "en"
    words = " ".join(getattr(member, name) or "" for name in PROFILE_LINES)
    member.folded, member.sort_key = queries.folded_and_sort_key(words)


def _take_seat(member: Member, organisation_id: int | None) -> None:
    """Let a member belong to an organisation; a member who already belongs to it keeps the seat."""
    if organisation_id is not None and organisation_id != member.organisation_id:
        organisation = queries.lock_organisation(organisation_id)
        refuse_without_seat(organisation)
        member.is_voice = organisation is None or not organisation.names_voices
    if organisation_id is None:
        member.is_voice = True  # where nobody is named, all its members may write for it
    if member.organisation_id not in (None, organisation_id):
        end_mandates_of([member.id], MOVED_ON)
        member.voice_until = None
    member.organisation_id = organisation_id


def refuse_without_seat(organisation: Organisation | None) -> None:
    """Raise `Invalid` with the name of the representative when all seats of a locked organisation are taken."""
    if organisation is None or organisation.seats is None:
        return
    if queries.seats_taken(organisation.id) < organisation.seats:
        return
    words = {"organisation": organisation.name}
    speaker = organisation.representative
    if speaker is None or not speaker.has_page:
        raise Invalid(_("All seats of %(organisation)s are taken.", **words), "organisation")
    sentence = _(
        "All seats of %(organisation)s are taken. Ask %(name)s, who represents it.",
        **words,
        name=speaker.name,
    )
    raise Invalid(sentence, "organisation")


def set_languages(member: Member, codes: Iterable[str]) -> bool:
    """Replace the languages that a member writes (best first); returns whether they differ from before."""
    known = [code for code in dict.fromkeys(codes) if code in queries.language_names()]
    if queries.languages_spoken(member.id) == known[:MAX_LANGUAGES]:
        return False
    db.session.execute(delete(MemberLanguage).where(MemberLanguage.member_id == member.id))
    for position, code in enumerate(known[:MAX_LANGUAGES]):
        row = {"member_id": member.id, "language": code, "position": position}
        db.session.execute(insert(MemberLanguage).values(row))
    return True
