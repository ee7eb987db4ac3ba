"""Drafting, opening, freezing, adopting and withdrawing declarations; signing them, and inviting others to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import day_in_words, now
from forum.db import db, flush_unique, store_html
from forum.declarations.models import (
    DRAFT,
    Declaration,
    InvitedOrganisation,
    Signature,
    digest_of,
)
from forum.declarations.queries import (
    REMIND_BEFORE,
    all_organisation_ids,
    count_signatures,
    count_told,
    declaration_fields,
    declaration_to_change,
    declarations_by_id,
    declarations_over,
    declarations_to_index,
    fields_to_keep,
    get_reservation,
    has_hidden_reservation,
    invitations_taken_back_by,
    invitations_to_change,
    invitations_to_remind,
    same_draft,
    signature_to_change,
    signatures_for,
    signatures_of_member,
    signers_of,
    speaker_ids,
    uninvited_ids,
    unsigned_ids,
    withdrawn_on,
)
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.errors import Conflict, Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import PlainTexts, Written
from forum.matches import from_plain_text
from forum.members.models import Member, Organisation
from forum.members.queries import language_names, lock_organisation, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    note_event_for_watchers,
    read_outdated,
)
from forum.notifications.models import AGENDA
from forum.notifications.queries import members_told
from forum.permissions import Person, require
from forum.plaintext import single_line, slugify
from forum.screening.actions import refuse_caught
from forum.search import actions as search
from forum.sentences import Sentence, sentence
from forum.versions import EVERYTHING

MAX_TITLE, MAX_REASON, MAX_RESERVATION = 200, 2_000, 1_000
MAX_SIGNING_TIME = timedelta(days=731)
BATCH_SIZE = 100  # declarations that one transaction handles


@dataclass(frozen=True)
class DeclarationText:
    """What a declaration says. `replaces_id` is the withdrawn declaration that a new one replaces, if any."""

    title: str
    text: Written
    replaces_id: int | None = None


@dataclass(frozen=True)
class Signing:
    """What an organisation signs: the text with this digest, with an optional reservation in plain text."""

    digest: str
    reservation: str = ""
    language: str = "en"


@action
def write_declaration(
    drafter: Person,
    agenda_id: int,
    text: DeclarationText,
    declaration_id: int | None = None,
    *,
    seen: str | None = None,
) -> Declaration:
    """Draft a declaration, or change one; versions since its consultation began are kept.

    `seen` is the `fingerprint` of the fields when the form was opened: `Conflict` when they have changed since. The
    same draft sent twice is one.
    """
    _check_text(text)
    if declaration_id is None:
        return _draft(drafter, agenda_id, text)
    declaration = declaration_to_change(drafter, declaration_id)
    require(drafter.can.curate_declaration(declaration, "edit"))
    before, kept = declaration_fields(declaration), fields_to_keep(declaration)
    _fill(declaration, text)
    if declaration_fields(declaration) != before:
        refuse_unseen(seen, before)
        declaration.edited_at = now()
        if declaration.state != DRAFT:
            keep_version(drafter, "declaration", declaration.id, kept)
            search.index(drafter, _entry(declaration, text.text.plain))
    return declaration


def _draft(drafter: Person, agenda_id: int, text: DeclarationText) -> Declaration:
    lock_writer(drafter)
    agenda = agenda_by_id(drafter, agenda_id)
    require(drafter.can.draft_declaration(agenda))
    title = single_line(text.title)
    if known := same_draft(agenda_id, drafter.id, title, text.text.source):
        return known
    declaration = Declaration(
        agenda_id=agenda_id, agenda=agenda, author_id=drafter.id, created_at=now()
    )
    if text.replaces_id and withdrawn_on(drafter, agenda_id, text.replaces_id):
        declaration.replaces_id = text.replaces_id
    _fill(declaration, text)
    db.session.add(declaration)
    db.session.flush()
    return declaration


def _entry(declaration: Declaration, plain: str) -> search.Entry:
    """The search document of a declaration, which exists from its consultation on; `plain` is its plain text."""
    return search.Entry(
        kind="declaration",
        item_id=declaration.id,
        address=declaration.address,
        title=declaration.title,
        body=plain,
        written_at=declaration.opened_at or declaration.created_at,
        agenda_id=declaration.agenda_id,
        language=declaration.language,
    )


def _check_text(text: DeclarationText) -> None:
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if not text.text.source.strip():
        raise Invalid(_("Write a text."), "body")


def _fill(declaration: Declaration, text: DeclarationText) -> None:
    declaration.title = single_line(text.title)
    declaration.slug = slugify(declaration.title, "declaration")
    declaration.source, declaration.html = text.text.source, text.text.html
    declaration.html_version = text.text.html_version
    declaration.language = text.text.language


@action
def open_declaration(
    curator: Person, declaration_id: int, texts: PlainTexts, question: NewTopic | None = None
) -> Declaration:
    """Open a draft for consultation: everybody who sees its agenda can read it, and watchers of the agenda are notified.

    With a `question` a topic is opened in the curator's name, and linked from the page. `texts` are plain texts by
    source, which should include that of the draft.
    """
    lock_writer(curator)
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "open"))
    lock_to_write_on(curator, declaration.agenda_id)
    declaration.opened_at = now()
    if question is not None:
        topic = dialogue.open_topic(curator, declaration.agenda_id, question)
        declaration.topic_id = topic.id if isinstance(topic, Topic) else None
    db.session.flush()
    told = count_told(declaration.agenda_id)
    agendas.note_declarations(curator, declaration.agenda_id, told)
    search.index(curator, _entry(declaration, texts[declaration.source]), is_new=True)
    _tell_watchers(curator, declaration, sentence("It is open for consultation."))
    return declaration


@action
def freeze(
    curator: Person,
    declaration_id: int,
    sign_until: date,
    *,
    digest: str | None = None,
    seen: str | None = None,
) -> Declaration:
    """Freeze the text of a declaration, so that organisations can sign it until the end of a day.

    `digest` is that of the text that the person has seen, `seen` the fingerprint of the fields, because the title is
    frozen, too: `Conflict` when they have changed.
    """
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "freeze"))
    present = digest_of(declaration.source)
    if digest is not None and digest != present:
        raise Conflict(_("This text has changed since you opened the form."))
    refuse_unseen(seen, declaration_fields(declaration))
    today = now().date()
    if not today <= sign_until <= today + MAX_SIGNING_TIME:
        last = day_in_words(today + MAX_SIGNING_TIME)
        raise Invalid(_("Choose a day from today on and until %(last)s.", last=last), "sign_until")
    keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    declaration.frozen_at, declaration.sign_until = now(), sign_until
    declaration.digest = present
    return declaration


@action
def adopt(curator: Person, declaration_id: int) -> Declaration:
    """Adopt a declaration: nobody signs any more, and no signature is taken back."""
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "adopt"))
    keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    _adopt(curator, declaration)
    return declaration


def _adopt(doer: Person, declaration: Declaration) -> None:
    declaration.adopted_at = now()
    db.session.flush()
    signers = signers_of(declaration.id)
    said = sentence("It is adopted.")
    _end_invitations(doer, declaration)
    _tell_watchers(doer, declaration, said, but=signers)
    note_event(doer, _notice(declaration, said), signers, is_named=False)


@action
def withdraw(curator: Person, declaration_id: int, reason: str) -> Declaration:
    """Withdraw a declaration with a reason; its page stays and says so, and its signers are told."""
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "withdraw"))
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        most = MAX_REASON
        raise Invalid(_("Write between 1 and %(most)s characters.", most=most), "reason")
    if declaration.state != DRAFT:
        keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    declaration.withdrawn_at, declaration.withdrawn_reason = now(), reason
    hide_told(curator, "signing", declaration.address)
    told = _notice(declaration, sentence("It was withdrawn."), reason)
    note_event(curator, told, signers_of(declaration.id))
    return declaration


def _tell_watchers(
    doer: Person, declaration: Declaration, said: Sentence, but: Collection[int] = ()
) -> None:
    subjects = [(AGENDA, declaration.agenda_id)]
    note_event_for_watchers(doer, _notice(declaration, said), subjects, but)


def _notice(declaration: Declaration, said: Sentence, text: str = "") -> NoticeText:
    return NoticeText(
        "declaration",
        declaration.address,
        declaration.title,
        text,
        before=[said],
        language=declaration.language,
    )


# Signing


@action
def sign(
    member: Person,
    declaration_id: int,
    organisation_id: int,
    signing: Signing,
    *,
    is_screened: bool = True,
) -> Signature:
    """Sign a declaration for an organisation, in the member's own name and office as they are now.

    Raises `Conflict` when it has signed already, or the text is not that of `signing`. A reservation that a rule
    catches is refused, because there is no queue for it. Imports are not screened (`is_screened`).
    """
    # Locked in the same order as when an organisation chooses its voices
    organisation = lock_organisation(organisation_id)
    lock_writer(member)
    declaration = declaration_to_change(member, declaration_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    require(member.can.sign(declaration, organisation))
    if signing.digest != declaration.digest:
        raise Conflict(_("This is not the text that you have read. Read it once more, then sign."))
    if known := signatures_for(declaration, [organisation]).get(organisation.id):
        raise _signed_already(known)
    signature = _signature(db.session.get_one(Member, member.id), declaration, organisation)
    _reserve(member, declaration, signature, signing, is_screened=is_screened)
    db.session.add(signature)
    flush_unique(_signed_already(signature))
    _count(declaration)
    _end_invitation(member, declaration, organisation.id)
    touches(EVERYTHING)
    return signature


def _signature(signer: Member, declaration: Declaration, organisation: Organisation) -> Signature:
    return Signature(
        declaration_id=declaration.id,
        declaration=declaration,
        organisation_id=organisation.id,
        organisation=organisation,
        member_id=signer.id,
        name=signer.name,
        position=signer.position,
        organisation_name=organisation.name,
        city_id=organisation.city_id,
        signed_at=now(),
    )


def _reserve(
    member: Person,
    declaration: Declaration,
    signature: Signature,
    signing: Signing,
    *,
    is_screened: bool,
) -> None:
    words = signing.reservation.strip()
    known = language_names()
    signature.language = signing.language if signing.language in known else declaration.language
    signature.words = words
    if not words:
        return
    if len(words) > MAX_RESERVATION:
        most = MAX_RESERVATION
        raise Invalid(_("Write at most %(most)s characters.", most=most), "reservation")
    if has_hidden_reservation(declaration.id, signature.organisation_id):
        hidden = _(
            "Moderators have hidden a reservation of this organisation. Sign without one, or appeal against their decision."
        )
        raise Invalid(hidden, "reservation")
    if is_screened:
        refuse_caught(member, declaration.agenda_id, from_plain_text(words), "reservation")


def _signed_already(signature: Signature) -> Conflict:
    words = {"organisation": signature.organisation_name}
    return Conflict(_("%(organisation)s has signed this declaration already.", **words))


def _end_invitation(member: Person, declaration: Declaration, organisation_id: int) -> None:
    """Withdraw invitation notices from its speakers, except those who also speak for another invited organisation."""
    asked = {*speaker_ids(unsigned_ids(declaration.id))}
    outdated = [
        speaker_id for speaker_id in speaker_ids([organisation_id]) if speaker_id not in asked
    ]
    read_outdated(member, "signing", [declaration.address], outdated)


def _count(declaration: Declaration) -> None:
    db.session.flush()
    declaration.signatures_count = count_signatures(declaration.id)


@action
def take_signature_back(member: Person, declaration_id: int, signature_id: int) -> Declaration:
    """Take the signature of one's organisation back; it is deleted, unless a decision about its reservation needs it."""
    declaration = declaration_to_change(member, declaration_id)
    signature = signature_to_change(declaration_id, signature_id)
    require(member.can.take_signature_back(signature))
    if signature.hidden_at:
        signature.withdrawn_at = now()
    else:
        db.session.delete(signature)
    _count(declaration)
    return declaration


@action
def hide_reservation(moderator: Person, signature_id: int, reason: str) -> Signature:
    """Hide the reservation of a signature; the signature itself stays and counts."""
    signature = _reservation_to_decide(moderator, signature_id)
    if signature.hidden_at is None:
        signature.hidden_at, signature.hidden_reason = now(), reason.strip()
    return signature


@action
def restore_reservation(moderator: Person, signature_id: int) -> Signature:
    """Show a reservation again; if its signature was taken back meanwhile, it is deleted."""
    signature = _reservation_to_decide(moderator, signature_id)
    if signature.withdrawn_at:
        db.session.delete(signature)
    elif signature.hidden_at is not None:
        signature.hidden_at, signature.hidden_reason = None, ""
    return signature


def _reservation_to_decide(moderator: Person, signature_id: int) -> Signature:
    """A signature with a reservation, its declaration locked, for a moderator of the agenda."""
    declaration_id = get_reservation(moderator, signature_id).declaration_id
    declaration = declaration_to_change(moderator, declaration_id)
    require(moderator.can.moderate(declaration.agenda_id))
    return get_reservation(moderator, signature_id)


# Inviting


@action
def invite(curator: Person, declaration_id: int, organisation_ids: Collection[int] | None) -> int:
    """Invite organisations (None: all) to sign; their speakers are told. Returns how many were invited.

    Organisations that were already invited or have signed are left out; an invitation that was taken back is renewed.
    """
    touches()
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "invite"))
    wanted = all_organisation_ids() if organisation_ids is None else organisation_ids
    invited = uninvited_ids(declaration_id, wanted)
    again = invitations_to_change(declaration_id, invited)
    for invitation in again:
        invitation.invited_at, invitation.reminded_at = now(), None
        invitation.taken_back_at = invitation.taken_back_by_id = None
    for organisation_id in {*invited} - {invitation.organisation_id for invitation in again}:
        db.session.add(
            InvitedOrganisation(
                declaration_id=declaration_id, organisation_id=organisation_id, invited_at=now()
            )
        )
    flush_unique()
    _ask_to_sign(curator, declaration, invited)
    return len(invited)


def _ask_to_sign(doer: Person, declaration: Declaration, organisation_ids: Collection[int]) -> None:
    day = declaration.sign_until
    said = sentence("The last day to sign is %(day)s.", day=day.isoformat() if day else "")
    notice = NoticeText(
        "signing",
        declaration.address,
        declaration.title,
        before=[said],
        language=declaration.language,
    )
    note_event(doer, notice, speaker_ids(organisation_ids))


@action
def take_invitations_back(
    curator: Person, declaration_id: int, organisation_ids: Collection[int]
) -> int:
    """Take back the invitations of organisations that have not signed; returns how many.

    Speakers who were told of the invitation are told that it is taken back; pending notifications are cancelled. The
    organisation can still sign, like any other.
    """
    touches()
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "invite"))
    wanted = unsigned_ids(declaration_id).intersection(organisation_ids)
    told = members_told("signing", declaration.address)
    for invitation in invitations_to_change(declaration_id, wanted):
        invitation.taken_back_at, invitation.taken_back_by_id = now(), curator.id
        db.session.flush()
        _end_invitation(curator, declaration, invitation.organisation_id)
        said = sentence(
            "The invitation of %(organisation)s to sign it is taken back.",
            organisation=invitation.organisation.name,
        )
        concerned = told.intersection(speaker_ids([invitation.organisation_id]))
        note_event(curator, _notice(declaration, said), concerned, is_named=False)
    return len(wanted)


def _end_invitations(doer: Person, declaration: Declaration) -> None:
    """Withdraw all pending requests to sign."""
    hide_told(doer, "signing", declaration.address)


# The worker


@action
def look_after(system: Person, limit: int = BATCH_SIZE) -> int:
    """Adopt declarations after their last day, and remind invited organisations a week before it; returns how many.

    Rows that are due are locked and updated in the transaction that writes the events, so each notice is sent once.
    """
    require(system.can.administer())
    touches()
    over = declarations_over(now().date(), limit)
    for declaration in over:
        _adopt(system, declaration)
        touches(EVERYTHING)
    return len(over) + _remind(system, limit)


def _remind(system: Person, limit: int) -> int:
    """Organisations invited during that last week know the day, and are not reminded."""
    due = invitations_to_remind(now().date(), limit)
    late: dict[int, list[int]] = {}
    for invitation in due:
        invitation.reminded_at = now()
        declaration = db.session.get_one(Declaration, invitation.declaration_id)
        if (
            declaration.sign_until
            and invitation.invited_at.date() < declaration.sign_until - REMIND_BEFORE
        ):
            late.setdefault(declaration.id, []).append(invitation.organisation_id)
    for declaration_id, organisation_ids in late.items():
        _ask_to_sign(system, db.session.get_one(Declaration, declaration_id), organisation_ids)
    return len(due)


# From files


@dataclass(frozen=True)
class Course:
    """The course of a declaration in a file: who drafted it, and when it reached which state."""

    author_id: int
    opened_at: datetime | None
    frozen_at: datetime | None = None
    adopted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    sign_until: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class KnownSignature:
    """A signature in a file: the columns of `Signature`."""

    organisation_id: int
    city_id: int | None
    member_id: int | None
    name: str
    position: str
    organisation_name: str
    signed_at: datetime
    words: str
    language: str


@action
def load_declaration(
    curator: Person,
    agenda_id: int,
    text: DeclarationText,
    course: Course,
    signatures: Collection[KnownSignature] = (),
) -> Declaration:
    """Add a declaration from a file with its whole course and its signatures, and notify nobody."""
    _check_text(text)
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.draft_declaration(agenda))
    declaration = Declaration(
        agenda_id=agenda_id,
        agenda=agenda,
        author_id=course.author_id,
        created_at=course.opened_at or now(),
        opened_at=course.opened_at,
        frozen_at=course.frozen_at,
        adopted_at=course.adopted_at,
        withdrawn_at=course.withdrawn_at,
        withdrawn_reason=course.reason,
        sign_until=course.sign_until,
    )
    _fill(declaration, text)
    if course.frozen_at:
        declaration.digest = digest_of(declaration.source)
    db.session.add(declaration)
    db.session.flush()
    if declaration.opened_at:
        search.index(curator, _entry(declaration, text.text.plain), is_new=True)
    for known in signatures:
        db.session.add(Signature(declaration_id=declaration.id, **vars(known)))
    _count(declaration)
    agendas.note_declarations(curator, agenda_id, count_told(agenda_id))
    return declaration


# For members who have left, and for maintenance


@action
def forget_member(system: Person, member_id: int, former: str) -> None:
    """Remove the name and the position of a member who has left from the signatures that they gave.

    The signatures and their reservations stay, however the member leaves, because they belong to their organisations.
    """
    require(system.can.administer())
    for invitation in invitations_taken_back_by(member_id):
        invitation.taken_back_by_id = None
    for signature in signatures_of_member(member_id):
        signature.member_id, signature.name, signature.position = None, former, ""


@action
def mend_declarations(system: Person, declaration_ids: Collection[int]) -> None:
    """Recount the signatures of declarations."""
    require(system.can.administer())
    for declaration in declarations_by_id(declaration_ids).values():
        _count(declaration)


@action
def mend_agendas(system: Person, agenda_ids: Collection[int]) -> None:
    """Recount the declarations of agendas."""
    require(system.can.administer())
    for agenda_id in sorted(agenda_ids):
        agendas.note_declarations(system, agenda_id, count_told(agenda_id))


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by declaration id, where the text still has that source; returns the number of declarations."""
    require(system.can.administer())
    return store_html(Declaration.source, Declaration.html, Declaration.html_version, texts)


@action
def reindex_declarations(system: Person, declaration_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of declarations; a draft has none. `texts` are plain texts by source."""
    require(system.can.administer())
    things: dict[search.Thing, search.Known | None] = {}
    for declaration in declarations_to_index(declaration_ids):
        entry = _entry(declaration, texts[declaration.source]) if declaration.opened_at else None
        things["declaration", declaration.id] = (entry, None) if entry else None
    search.reindex(system, things)
