"""Deeds of members and on members: joining, signing in, profiles, roles, suspensions; organisations."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from forum.confusables import skeleton
from forum.db import EVERYTHING as EVERY_PAGE
from forum.db import FEDERATION, action, db, delete_batch, flush_unique, now, touches
from forum.errors import Conflict, Invalid, NotFound
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import Written
from forum.members import queries
from forum.members.actions._names import plain
from forum.members.models import (
    City,
    Federation,
    FormerHandle,
    Ignore,
    Member,
    MemberLanguage,
    Organisation,
    Session,
)
from forum.permissions import (
    ADMINISTRATOR,
    MEMBER,
    ROLES,
    SYSTEM,
    Person,
    administers,
    require,
)
from forum.tokens import kept_hash

MOST_SESSIONS = 50
MOST_LANGUAGES = 10
# What a profile says, beside its languages
SAID = [
    "name",
    "position",
    "helps_with",
    "about",
    "about_html",
    "organisation_id",
    "city_id",
    "language",
]
MOST_IGNORED = 500
LONGEST_HANDLE = 40
# What the forum is called and what it is for, which every page says
LONGEST_NAME, LONGEST_TAGLINE = 80, 300
# Rows that are deleted at once, so that those who write meanwhile wait for a moment only.
PORTION = 500
KEPT_SESSIONS = timedelta(days=30)  # after they are over
COOLING_OFF = timedelta(days=14)
WAYS = NAMELESS, EVERYTHING = ("nameless", "everything")  # what of somebody's words stays
FORMER = "Former member"
# What of a row says who somebody was: texts, and the rest.
EMPTIED = [
    "password_hash",
    "position",
    "helps_with",
    "about",
    "about_html",
    "folded",
    "sort_key",
    "name_skeleton",
    "mail_paused_why",
]
CLEARED = [
    "organisation_id",
    "city_id",
    "mail_paused_at",
    "suspended_until",
    "silenced_until",
    "hidden_at",
    "terms_due_at",
    "factor_at",
    "held_at",
    "credentials_at",
    "invited_by_id",
]
KINDS_OF_ORGANISATION = ("city", "institute", "company", "association", "partner")
RESERVED_WORDS = """
about account admin administration administrator agendas all anonymous api appearance cases
cities contact deleted directory edit everybody everyone feed feeds former forum guest help
home host join login logout me member members moderation moderator moderators new nobody none
notices null organisations posts practices privacy readings root rules search secretariat
settings sign-in sign-out signin signout staff static suggest support system team topics undefined
visitor webmaster
"""
RESERVED = frozenset(RESERVED_WORDS.split())
KEPT_JOINERS = "\u200c\u200d"  # some scripts need them within a word
KINDS_OF_ADDRESS = re.compile(
    r"://|www\.|\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|app|dev)\b", re.I
)
HANDLE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Joining:
    """What somebody says who joins. Without a handle it is made from the name."""

    name: str
    email: str
    password_hash: str
    position: str = ""
    organisation_id: int | None = None
    city_id: int | None = None
    language: str = "en"
    languages: tuple[str, ...] = ()
    handle: str | None = None
    invited_by_id: int | None = None
    # May be called as the forum is: an administrator adds somebody who runs it.
    is_official: bool = False


@dataclass(frozen=True)
class Profile:
    """What a member says about themselves; `languages` best first."""

    name: str
    position: str = ""
    organisation_id: int | None = None
    city_id: int | None = None
    language: str = "en"
    languages: tuple[str, ...] = ()
    helps_with: str = ""
    about: Written | None = None


@dataclass(frozen=True)
class OrganisationText:
    """What is said of an organisation. Without a slug a new one gets it from the name."""

    name: str
    kind: str
    city_id: int | None = None
    representative_id: int | None = None
    seats: int | None = None
    website: str = ""
    about: str = ""
    slug: str | None = None


# The federation


@action
def found_federation(
    administrator: Person,
    name: str,
    tagline: str = "",
    is_demo: bool = False,
    contact_email: str = "",
) -> Federation:
    """Give the forum its name. Raises `Conflict` when it has one, `Invalid` for a name or a sentence that is too long."""
    require(administrator.can.administer())
    if queries.federation():
        raise Conflict(_("This forum has been set up already."))
    federation = Federation(
        name=_line_of(LONGEST_NAME, name, "name"),
        tagline=_line_of(LONGEST_TAGLINE, tagline, "tagline"),
        is_demo=is_demo,
        contact_email=contact_email,
    )
    db.session.add(federation)
    return federation


@action
def set_up(administrator: Person, name: str, tagline: str, first: Joining) -> Member:
    """Found the forum and make the account of its first administrator, in one."""
    found_federation(administrator, name, tagline, contact_email=first.email)
    return add_member(administrator, first, ADMINISTRATOR)


@action
def describe_federation(
    administrator: Person, *, seen: str | None = None, **words: str
) -> Federation:
    """Give the forum another `name`, `tagline` or `contact_email`; what is not said stays. Raises `Invalid`.

    Every process says so at once, and what was said before is kept. `seen` is the `fingerprint` of what the forum said
    of itself when the form was opened; `Conflict` when it says other things now.
    """
    known = queries.federation_to_change(administrator)
    before = queries.federation_fields(known)
    after = {
        "name": _line_of(LONGEST_NAME, words.get("name", known.name), "name"),
        "tagline": _line_of(LONGEST_TAGLINE, words.get("tagline", known.tagline), "tagline"),
        "contact_email": words.get("contact_email", known.contact_email),
    }
    if not any(map(str.isalnum, after["name"])):
        raise Invalid(_("Give the forum a name."), "name")
    if after == before:
        touches()
        return known
    refuse_unseen(seen, before)
    touches(EVERY_PAGE, FEDERATION)
    keep_version(administrator, FEDERATION, known.id, before)
    for name, value in after.items():
        setattr(known, name, value)
    return known


# Joining and signing in


@action
def fitting_name(_doer: Person, typed: str) -> str:
    """A name as it would be kept; raises `Invalid` for one that nobody may have, or that looks like a moderator's."""
    touches()
    _refuse_lookalike(typed)
    return _name(typed)


@action
def require_seat(_doer: Person, organisation_id: int | None) -> None:
    """Raise `Invalid` when an organisation has no free seat now."""
    touches()
    known = _known(Organisation, organisation_id, "organisation")
    if known is not None:
        _require_seat(known)


@action
def add_member(administrator: Person, joining: Joining, role: str) -> Member:
    """Make an account for somebody else, with a role."""
    require(administrator.can.administer())
    member = join(SYSTEM, replace(joining, is_official=role != MEMBER))
    return appoint(administrator, member.handle, role)


@action
def join(visitor: Person, joining: Joining) -> Member:
    """Make an account. Raises `Invalid` when the address or a wished handle is taken."""
    require(visitor.can.join())
    member = _new_member(joining)
    db.session.add(member)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise _taken_meanwhile(error) from error
    _set_languages(member, joining.languages or (joining.language,))
    db.session.flush()
    return member


def _new_member(joining: Joining) -> Member:
    if queries.is_email_taken(joining.email):
        raise Invalid(_("There is an account with this address. Sign in instead."), "email")
    if not joining.is_official:
        _refuse_lookalike(joining.name)
    handle = _new_handle(joining)
    member = Member(
        handle=handle,
        handle_skeleton=skeleton(handle),
        email=queries.normalised_email(joining.email),
        password_hash=joining.password_hash,
        role=MEMBER,
        joined_at=now(),
        invited_by_id=joining.invited_by_id,
        terms_due_at=queries.terms_from(),
    )
    _describe(member, joining)
    return member


def _taken_meanwhile(error: IntegrityError) -> Invalid:
    if "email" in str(error.orig):
        return Invalid(_("There is an account with this address. Sign in instead."), "email")
    return Invalid(_("Somebody joined at the same moment. Send the form once more."), "name")


def _new_handle(joining: Joining) -> str:
    if joining.handle is None:
        return _free(plain(joining.name)[:LONGEST_HANDLE].strip("-") or "person", _handle_is_free)
    handle = joining.handle
    if not HANDLE.fullmatch(handle) or len(handle) > LONGEST_HANDLE or _is_reserved(handle):
        raise Invalid(_("Choose a handle of letters a to z, digits and hyphens."), "handle")
    if not _handle_is_free(handle):
        raise Invalid(_("This handle is taken. Choose another one."), "handle")
    return handle


def _handle_is_free(handle: str) -> bool:
    return not _is_reserved(handle) and not queries.is_handle_taken(handle)


def _is_reserved(handle: str) -> bool:
    return skeleton(handle) in _reserved()


@cache
def _reserved() -> frozenset[str]:
    return frozenset(map(skeleton, RESERVED))


def _free(wish: str, is_free: Callable[[str], bool]) -> str:
    """The wish itself, or with the first number from 2 that makes it free."""
    candidates = (wish if number == 1 else f"{wish}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if is_free(candidate))


@action
def sign_in(member: Member, device: str = "", how: str = "") -> str:
    """Begin a session and hand back its token. The caller has checked who it is; `how` says by what."""
    touches()
    require(member.can.sign_in())
    _tidy_sessions(member)
    token = secrets.token_urlsafe(32)
    session = Session(member_id=member.id, token_hash=queries.token_hash(token))
    session.device, session.created_at, session.seen_at = _line(device)[:200], now(), now()
    session.how, session.proved_at = how, now()
    db.session.add(session)
    return token


def _tidy_sessions(member: Member) -> None:
    """Forget the sessions that are over, and end the oldest when there are very many."""
    open_ones = [session.id for session in queries.sessions_of(member)][: MOST_SESSIONS - 1]
    over = delete(Session).where(Session.member_id == member.id, Session.id.not_in(open_ones))
    db.session.execute(over)


@action
def note_seen(member: Member, session_id: int) -> None:
    """Note that a session is in use, so that it does not end for idleness."""
    touches()
    mine = Session.id == session_id, Session.member_id == member.id
    db.session.execute(update(Session).where(*mine).values(seen_at=now()))


@action
def renew_hash(member: Member, password_hash: str) -> None:
    """Keep the same password hashed in today's way. Sessions stay."""
    touches()
    member.password_hash = password_hash


@action
def sign_out(member: Member, token: str) -> None:
    """End the session of a token."""
    touches()
    _end(member, Session.token_hash == queries.token_hash(token))


@action
def end_session(member: Member, session_id: int) -> None:
    """End one of one's own sessions."""
    touches()
    _end(member, Session.id == session_id)


@action
def end_sessions(member: Member, but: str | None = None) -> None:
    """End all sessions of a member, but for the one of a token."""
    touches()
    _end(member, Session.token_hash != queries.token_hash(but or ""))


def _end(member: Member, which: ColumnElement[bool]) -> None:
    mine = Session.member_id == member.id, Session.ended_at.is_(None)
    db.session.execute(update(Session).where(*mine, which).values(ended_at=now()))


# Profile and password


@action
def edit_profile(member: Member, profile: Profile) -> bool:
    """Replace what a member says about themselves; says whether that is anything else than before."""
    queries.lock_member(member.id, may_write=True)
    require(member.can.edit_profile(member))
    before = [getattr(member, name) for name in SAID]
    if _name(profile.name) != member.name:
        _refuse_lookalike(profile.name, member)
    member.helps_with = profile.helps_with.strip()
    if profile.about is not None:
        member.about, member.about_html = profile.about.source, profile.about.html
        member.html_version = profile.about.html_version
    _describe(member, profile)
    speaks_others = _set_languages(member, profile.languages or (profile.language,))
    is_new = speaks_others or before != [getattr(member, name) for name in SAID]
    if not is_new:
        touches()
    return is_new


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store HTML made anew, by the member's id, where they still say the same of themselves. Says how many."""
    require(system.can.administer())
    return sum(_store_html(member_id, text) for member_id, text in texts.items())


def _store_html(member_id: int, text: Written) -> int:
    same = update(Member).where(Member.id == member_id, Member.about == text.source)
    made = same.values(about_html=text.html, html_version=text.html_version)
    return len(db.session.scalars(made.returning(Member.id)).all())


def _describe(member: Member, said: Joining | Profile) -> None:
    member.name = _name(said.name)
    member.name_skeleton = skeleton(member.name)
    member.position = _line(said.position)[:200]
    _take_seat(member, _known(Organisation, said.organisation_id, "organisation"))
    member.city_id = _known(City, said.city_id, "city")
    member.language = said.language if said.language in queries.language_names() else "en"
    words = f"{member.name} {member.position} {member.helps_with or ''}"
    member.folded, member.sort_key = queries.folded_and_sort_key(words)


def _take_seat(member: Member, organisation_id: int | None) -> None:
    """Let a member belong to an organisation. Whoever belongs to it already keeps the seat."""
    if organisation_id is not None and organisation_id != member.organisation_id:
        _require_seat(organisation_id)
    member.organisation_id = organisation_id


def _require_seat(organisation_id: int) -> None:
    """Raise `Invalid` when all seats of an organisation are taken, and say who can help."""
    organisation = queries.organisation_by_id(organisation_id)
    if organisation is None or organisation.seats is None:
        return
    if queries.seats_taken(organisation_id) < organisation.seats:
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


def _name(typed: str) -> str:
    """A name without what makes one look like another's, or like a link."""
    name = _visible(typed)
    if not any(c.isalpha() for c in name):
        raise Invalid(_("Write your name."), "name")
    if len(name) > 80 or _is_heaped(name):
        raise Invalid(_("Write a name of at most 80 characters."), "name")
    if KINDS_OF_ADDRESS.search(name) or any(c in name for c in "<>@/\\"):
        raise Invalid(_("Write a name, not an address."), "name")
    return name


def _refuse_lookalike(typed: str, member: Member | None = None) -> None:
    """Raise `Invalid` for a name under which one would be taken for a moderator or for the forum itself."""
    name = _name(typed)
    is_ours = (member is None or not member.is_moderator) and _is_the_forum(name)
    if is_ours or queries.is_lookalike_name(name, member.id if member else None):
        raise Invalid(
            _(
                "This looks like the name of the forum or of somebody else here. Choose another one, or write to us."
            ),
            "name",
        )


def _is_the_forum(name: str) -> bool:
    """Whether a name is made of the forum's own and of words such as “moderator” and nothing else."""
    known = queries.federation()
    own = known.name if known else ""
    ours = _reserved() | {skeleton(word) for word in own.split()}
    words = {skeleton(word) for word in re.split(r"[\W_]+", name)} - {""}
    return words <= ours or skeleton(name) in _reserved() | {skeleton(own)}


def _visible(text: str) -> str:
    return _line("".join(c for c in text if not _is_invisible(c)))


def _is_invisible(character: str) -> bool:
    is_kept = character in KEPT_JOINERS or character in "\n\t "
    return unicodedata.category(character) in ("Cf", "Cc", "Cs", "Co") and not is_kept


def _is_heaped(name: str) -> bool:
    """Whether signs are heaped on one letter until they cover other lines."""
    decomposed = unicodedata.normalize("NFD", name)
    marks = "".join("x" if unicodedata.category(c) == "Mn" else " " for c in decomposed)
    return "xxxxx" in marks


def _line(text: str) -> str:
    return " ".join(text.split())


def _line_of(most: int, text: str, field: str) -> str:
    """A line without signs that nobody sees, and that turn others around."""
    if len(line := _visible(text)) > most:
        raise Invalid(_("Write at most %(most)s characters.", most=most), field)
    return line


def _known(table: type[Organisation] | type[City], row_id: int | None, field: str) -> int | None:
    if row_id is not None and db.session.get(table, row_id) is None:
        raise Invalid(_("Choose one from the list."), field)
    return row_id


def _set_languages(member: Member, codes: Iterable[str]) -> bool:
    """Let a member speak these languages, the best first; says whether these are others than before."""
    known = [code for code in dict.fromkeys(codes) if code in queries.language_names()]
    if queries.languages_spoken(member.id) == known[:MOST_LANGUAGES]:
        return False
    db.session.execute(delete(MemberLanguage).where(MemberLanguage.member_id == member.id))
    for position, code in enumerate(known[:MOST_LANGUAGES]):
        row = {"member_id": member.id, "language": code, "position": position}
        db.session.execute(insert(MemberLanguage).values(row))
    return True


@action
def change_password(member: Member, password_hash: str, but_token: str | None = None) -> None:
    """Give a member a new password and end the sessions, but for the one of a token."""
    require(member.can.edit_profile(member))
    _give_password(member, password_hash, but_token)


@action
def reset_password(member: Member, password_hash: str) -> None:
    """Give a new password to who has shown by letter who they are, also while the account is closed; ends the sessions."""
    require(member.can.sign_in())
    _give_password(member, password_hash)


@action
def set_password(administrator: Person, handle: str, password_hash: str) -> None:
    """Give somebody who has lost it a new password; ends all their sessions."""
    require(administrator.can.administer())
    _give_password(_member_of_handle(handle), password_hash)


def _give_password(member: Member, password_hash: str, but_token: str | None = None) -> None:
    member.password_hash, member.credentials_at = password_hash, now()
    end_sessions(member, but_token)


@action
def note_proof(member: Member, session_id: int) -> str:
    """Note that the person of a session has just shown who they are; hands back its new token (ASVS 5.0, 7.2.4)."""
    touches()
    token = secrets.token_urlsafe(32)
    mine = Session.id == session_id, Session.member_id == member.id
    values = {"proved_at": now(), "token_hash": queries.token_hash(token)}
    db.session.execute(update(Session).where(*mine).values(values))
    return token


# The second factor, which the factors room keeps


@action
def note_factor(member: Member, *, is_there: bool) -> None:
    """Note that a member has a second factor, or none any more; what was sent by letter before is void."""
    touches()
    member.factor_at = (member.factor_at or now()) if is_there else None
    member.credentials_at = now()
    _hold(member)


@action
def require_factors(administrator: Member, *, is_required: bool) -> None:
    """Say whether those who moderate or administer need a second factor; the administrator who does so has one."""
    require(administrator.can.administer())
    touches()
    federation = queries.federation()
    if federation is None or (is_required and not administrator.factor_at):
        raise Invalid(_("Set up a passkey or codes for yourself first, or you lock yourself out."))
    federation.factors_required_at = now() if is_required else None
    db.session.flush()  # whoever appoints somebody in this moment waits for it
    without = update(Member).where(Member.factor_at.is_(None))
    db.session.execute(without.values(held_at=federation.factors_required_at))


def _hold(member: Member) -> None:
    """Let a member's rights over others wait for a second factor, or no more."""
    is_free = member.factor_at or not queries.are_factors_required()
    member.held_at = None if is_free else member.held_at or now()


# The address


@action
def change_address(system: Person, member_id: int, email: str) -> None:
    """Give a member another e-mail address, which somebody has shown to be theirs. Raises `Conflict` when it is taken."""
    require(system.can.administer())
    touches()
    member = _member(member_id)
    taken = _("This address belongs to another account.")
    if queries.is_email_taken(email):
        raise Conflict(taken)
    member.email = queries.normalised_email(email)
    member.mail_paused_at, member.mail_paused_why = None, ""
    flush_unique(Conflict(taken))


@action
def pause_mail(system: Person, member_id: int, address: str, why: str) -> None:
    """Send no more mail to an address that does not exist, until its member says that it does."""
    require(system.can.administer())
    touches()
    paused = update(Member).where(Member.id == member_id, Member.email == address)
    db.session.execute(paused.values(mail_paused_at=now(), mail_paused_why=why[:300]))


@action
def resume_mail(member: Member) -> None:
    """Send mail again: the member says that the address is right."""
    require(member.can.edit_profile(member))
    touches()
    member.mail_paused_at, member.mail_paused_why = None, ""


# Letters of others, and terms of use


@action
def take_letters(member: Member, wants: bool) -> None:
    """Say whether one wants letters that other members write on one's profile."""
    require(member.can.edit_profile(member))
    touches()
    member.takes_letters = wants


@action
def note_terms(administrator: Person, first: datetime | None, since: datetime | None) -> None:
    """Note since when new members have to agree to terms, and from when on everybody has to agree to new ones.

    Who has to agree already goes on having to.
    """
    require(administrator.can.administer())
    db.session.execute(update(Federation).values(terms_from=first))
    is_free = or_(Member.terms_due_at.is_(None), Member.terms_due_at > now())
    theirs = update(Member).where(Member.left_at.is_(None), is_free)
    db.session.execute(theirs.values(terms_due_at=since))


@action
def note_agreed(member: Member, next_due: datetime | None) -> None:
    """Note that a member has agreed to terms, and from when on they must have agreed to the next ones."""
    touches()
    db.session.get_one(Member, member.id).terms_due_at = next_due


# Ignoring


@action
def ignore(member: Member, other_id: int) -> None:
    """See and hear nothing of another member any more, but for what moderators decide. The other is not told."""
    touches()
    queries.lock_member(member.id, may_write=True)
    other = queries.member_by_id(member, other_id)
    require(member.can.ignore(other))
    if other.id in member.ignored:
        return
    if len(member.ignored) >= MOST_IGNORED:
        raise Invalid(_("You ignore as many members as one may. Let go of one first."))
    db.session.add(Ignore(member_id=member.id, ignored_id=other.id, since=now()))
    member.ignored = sorted({*member.ignored, other.id})


@action
def end_ignoring(member: Member, other_id: int) -> None:
    """See and hear another member again; who is not ignored, changes nothing."""
    touches()
    queries.lock_member(member.id, may_write=True)
    is_it = (Ignore.member_id == member.id, Ignore.ignored_id == other_id)
    db.session.execute(delete(Ignore).where(*is_it))
    member.ignored = [one for one in member.ignored if one != other_id]


@action
def mend_ignoring(system: Person, member_ids: Iterable[int]) -> None:
    """Let members keep whom they really ignore."""
    require(system.can.administer())
    touches()
    for member_id in sorted(member_ids):
        queries.lock_member(member_id, may_write=True)
        db.session.get_one(Member, member_id).ignored = queries.ignored_ids(member_id)


def _forget_ignoring(member_id: int) -> None:
    """Nobody ignores somebody who has left, and who has left ignores nobody."""
    for other in queries.members_ignoring(member_id):
        other.ignored = [one for one in other.ignored if one != member_id]
    is_theirs = or_(Ignore.member_id == member_id, Ignore.ignored_id == member_id)
    db.session.execute(delete(Ignore).where(is_theirs))


# Leaving


@action
def ask_to_leave(doer: Person, member_id: int, how: str) -> Member:
    """Close an account. In two weeks it ends, in one of the `WAYS`; until then it can be opened again."""
    touches()
    member = _member(member_id)
    require(doer.can.leave(member))
    if how not in WAYS:
        raise Invalid(_("Choose what becomes of what you wrote."), "how")
    if administers(member.role) and not queries.has_other_administrator(member.id):
        raise Invalid(_("Somebody has to run the forum. Appoint another administrator first."))
    if member.leaving_at is None:
        member.leaving_at = now() + COOLING_OFF
    member.leaving_how = how
    end_sessions(member)
    return member


@action
def stay(doer: Person, member_id: int) -> Member:
    """Open an account again that is closed and has not ended."""
    touches()
    member = _member(member_id)
    require(doer.can.stay(member))
    member.leaving_at, member.leaving_how = None, ""
    return member


@action
def stay_since(system: Person, member: Member, moment: datetime) -> None:
    """Open an account again that was closed since a moment, from which on somebody else may have been in it."""
    require(system.can.administer())
    touches()
    if member.leaving_at is not None and member.leaving_at - COOLING_OFF >= moment:
        stay(system, member.id)


@action
def depart(system: Person, member_id: int) -> None:
    """End an account: nothing in its row says any more who it was. The row stays, because posts and decisions lead to it.

    Its handle is never given again; its address is free for another account.
    """
    require(system.can.administer())
    member = _member(member_id)
    for handle in (member.handle, skeleton(member.handle)):
        db.session.merge(FormerHandle(handle_hash=kept_hash(handle)))
    for table in (MemberLanguage, Session):
        db.session.execute(delete(table).where(table.member_id == member_id))
    _forget_ignoring(member_id)
    led = update(Organisation).where(Organisation.representative_id == member_id)
    db.session.execute(led.values(representative_id=None))
    for name, value in _nobody(member_id).items():
        setattr(member, name, value)
    db.session.flush()


def _nobody(member_id: int) -> dict[str, object]:
    """What the row of a former member says. No handle and no address has this sign."""
    stays = {
        "handle": f"~{member_id}",
        "handle_skeleton": f"~{member_id}",
        "email": f"~{member_id}",
        "name": FORMER,
        "language": "en",
    }
    ends = {"role": MEMBER, "hosted": [], "ignored": [], "takes_letters": False, "left_at": now()}
    return {**dict.fromkeys(EMPTIED, ""), **dict.fromkeys(CLEARED), **stays, **ends}


@action
def forget_sessions(system: Person, limit: int = PORTION) -> int:
    """Delete some sessions that are over; says how many."""
    require(system.can.administer())
    touches()
    is_over = or_(
        Session.ended_at < now() - KEPT_SESSIONS,
        Session.seen_at < now() - queries.SESSION_IDLE_LIMIT - KEPT_SESSIONS,
        Session.created_at < now() - queries.SESSION_MAX_AGE - KEPT_SESSIONS,
    )
    return len(delete_batch(Session, limit, is_over))


# Roles and restrictions


@action
def appoint(administrator: Person, handle: str, role: str) -> Member:
    """Give a member a role. The last administrator keeps theirs."""
    require(administrator.can.administer())
    member = _member_of_handle(handle)
    if role not in ROLES:
        raise Invalid(_("Choose one from the list."), "role")
    is_last = administers(member.role) and not queries.has_other_administrator(member.id)
    if is_last and not administers(role):
        raise Invalid(
            _("Somebody has to run the forum. Appoint another administrator first."), "role"
        )
    member.role = role
    _hold(member)
    return member


@action
def note_hosting(moderator: Person, member_id: int, agenda_ids: Iterable[int]) -> None:
    """Note which agendas a member hosts; the agendas room says so, which holds the member before it looks."""
    require(moderator.can.curate_all())
    member = _member(member_id)
    member.hosted = sorted(set(agenda_ids))
    _hold(member)


@action
def note_posts(doer: Person, member_id: int, by: int) -> None:
    """Move the number of a member's posts; the dialogue says so.

    Who writes in the moment in which a moderator takes that right away is refused here, where the two meet.
    """
    _move_number(doer, member_id, by, posts_count=Member.posts_count + by)


@action
def note_waiting(doer: Person, member_id: int, by: int) -> None:
    """Move the number of a member's texts that wait or were refused; the dialogue says so, as with posts."""
    _move_number(doer, member_id, by, waiting_count=Member.waiting_count + by)


def _move_number(doer: Person, member_id: int, by: int, **moved: Any) -> None:
    """Move a number; when members move their own, ask once more whether they may write, by the row as it is now."""
    ends = (Member.suspended_until, Member.silenced_until)
    row = update(Member).where(Member.id == member_id).values(**moved).returning(*ends)
    now_known = db.session.execute(row).one_or_none()
    if by > 0 and doer.id == member_id and now_known:
        for end, value in zip(ends, now_known, strict=True):
            set_committed_value(doer, end.key, value)
        require(doer.can.write())


@action
def correct_posts(system: Person, member_id: int, number: int, waiting: int) -> None:
    """Set the numbers of a member's posts and waiting texts; the dialogue has counted them."""
    require(system.can.administer())
    counted = update(Member).where(Member.id == member_id)
    db.session.execute(counted.values(posts_count=number, waiting_count=waiting))


@action
def suspend(moderator: Person, member_id: int, until: datetime) -> None:
    """Close an account until a moment, and end its sessions."""
    queries.lock_member(member_id)
    member = _member(member_id)
    require(moderator.can.suspend(member))
    if until <= now():
        raise Invalid(_("Choose a moment in the future."), "until")
    member.suspended_until = until
    end_sessions(member)


@action
def unsuspend(moderator: Person, member_id: int) -> None:
    """Open an account again."""
    member = _member(member_id)
    require(moderator.can.suspend(member))
    member.suspended_until = None


@action
def silence(moderator: Person, member_id: int, until: datetime) -> None:
    """Take the right to write from a member until a moment; reading stays."""
    queries.lock_member(member_id)
    member = _member(member_id)
    require(moderator.can.suspend(member))
    if until <= now():
        raise Invalid(_("Choose a moment in the future."), "until")
    member.silenced_until = until


@action
def unsilence(moderator: Person, member_id: int) -> None:
    """Let a member write again."""
    member = _member(member_id)
    require(moderator.can.suspend(member))
    member.silenced_until = None


@action
def hide_profile(moderator: Person, member_id: int) -> None:
    """Hide a profile from everybody but moderators and the person."""
    require(moderator.can.curate_all())
    member = _member(member_id)
    member.hidden_at = member.hidden_at or now()


@action
def restore_profile(moderator: Person, member_id: int) -> None:
    """Show a hidden profile again."""
    require(moderator.can.curate_all())
    _member(member_id).hidden_at = None


def _member(member_id: int) -> Member:
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None or member.left_at:
        raise NotFound(_("There is no such member."))
    return member


def _member_of_handle(handle: str) -> Member:
    found = queries.members_by_handle([handle])
    if not found:
        raise NotFound(_("There is no member of this name."))
    return found[0]


# Organisations


@action
def write_organisation(
    moderator: Person,
    text: OrganisationText,
    organisation_id: int | None = None,
    *,
    seen: str | None = None,
) -> Organisation:
    """Make an organisation, or edit one and keep what was said of it before.

    `seen` is the `fingerprint` of what was said when the form was opened; `Conflict` when other things are said now.
    """
    require(moderator.can.curate_all())
    if text.kind not in KINDS_OF_ORGANISATION:
        raise Invalid(_("Choose one from the list."), "kind")
    if not _line(text.name):
        raise Invalid(_("Write the name of the organisation."), "name")
    if organisation_id is None:
        return _fill(_new_organisation(text), text)
    organisation = _kept(moderator, organisation_id)
    before = queries.organisation_fields(organisation)
    if queries.organisation_fields(_fill(organisation, text)) != before:
        refuse_unseen(seen, before)
    return organisation


def _new_organisation(text: OrganisationText) -> Organisation:
    wish = text.slug or plain(text.name)[:60].strip("-") or "organisation"
    if not HANDLE.fullmatch(wish):
        raise Invalid(_("Choose an address of letters a to z, digits and hyphens."), "slug")
    slug = _free(wish, lambda slug: slug != "new" and queries.is_slug_free(Organisation, slug))
    return Organisation(slug=slug, created_at=now())


def _kept(moderator: Person, organisation_id: int) -> Organisation:
    organisation = db.session.get(
        Organisation, organisation_id, populate_existing=True, with_for_update=True
    )
    if organisation is None:
        raise NotFound(_("There is no such organisation."))
    fields = queries.organisation_fields(organisation)
    keep_version(moderator, "organisation", organisation.id, fields)
    return organisation


def _fill(organisation: Organisation, text: OrganisationText) -> Organisation:
    if text.representative_id is not None:
        _member(text.representative_id)
    organisation.name, organisation.kind = _line(text.name)[:200], text.kind
    organisation.city_id = _known(City, text.city_id, "city")
    organisation.representative_id, organisation.seats = text.representative_id, text.seats
    organisation.website, organisation.about = text.website.strip(), text.about.strip()
    db.session.add(organisation)
    at_once = _(
        "Somebody made an organisation of this name at the same moment. Send the form once more."
    )
    flush_unique(Invalid(at_once, "name"))
    return organisation
