"""All that is kept about one member, in kinds and in portions, and the departures that are under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, tuple_
from sqlalchemy.orm import aliased

from forum.accounts.models import Token
from forum.advice.models import Asked, Availability, FollowUp
from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Statement, Theme
from forum.appeals.models import Appeal
from forum.contact.models import ContactLetter
from forum.db import db
from forum.dialogue import models as dialogue
from forum.dialogue.models import AllRead, Held, Mark, Mention, Post, Revision, Topic
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.history.models import Version
from forum.identities.models import Identity
from forum.invitations.models import Arrival, Invitation
from forum.library.models import Case, Practice, PracticeSection
from forum.mail.models import Delivery
from forum.members.models import City, Ignore, Member, MemberLanguage, Organisation, Session
from forum.moderation.models import Decision, Report, StaffNote
from forum.notifications.models import QUEUE, Notice, NoticeChoice, Watch
from forum.notifications.queries import settings_of
from forum.queue.models import EntryNote
from forum.rights.models import Departure, Kind, Record
from forum.screening.models import Rule
from forum.terms.models import Consent, Terms

BATCH = 200


# Leaving


@dataclass(frozen=True)
class Place:
    """How far a departure was when somebody looked: only who still finds it so goes on with it."""

    id: int
    member_id: int
    how: str
    name: str
    handle: str
    step: str
    position: int


def next_place() -> Place | None:
    """The departure that was begun first, and how far it is."""
    columns = [getattr(Departure, name) for name in Place.__dataclass_fields__]
    row = db.session.execute(select(*columns).order_by(Departure.id).limit(1)).first()
    return Place(*row) if row else None


def departure_at(place: Place) -> Departure | None:
    """A departure, held, if it is still where it was seen."""
    found = select(Departure).where(Departure.id == place.id).with_for_update(skip_locked=True)
    departure = db.session.scalar(found)
    names = ("member_id", "step", "position")  # the number may be that of a later departure
    is_there = departure and all(getattr(departure, n) == getattr(place, n) for n in names)
    return departure if is_there else None


# All that is kept about somebody


def records(member: Member, kind: Kind) -> Iterator[list[Record]]:
    """The records of one kind in portions. Between two of them nothing is held, neither rows nor a transaction."""
    key: Any = None
    while True:
        found, key = kind.batch(member, key)
        db.session.remove()
        if found:
            yield found
        if key is None:
            return


def _paged(
    query: Callable[[Member], Select[Any]],
    *key: Any,
    record: Callable[[Any], Record] | None = None,
    more: Callable[[Sequence[Any], list[Record]], None] | None = None,
) -> Callable[[Member, Any], tuple[list[Record], Any]]:
    """A batch after a key, in the order of the key, each row as a record of its columns (or as `record` makes it)."""

    def batch(member: Member, after: Any) -> tuple[list[Record], Any]:
        keys = [column.label(f"key_{number}") for number, column in enumerate(key)]
        wanted = query(member).add_columns(*keys).order_by(*key).limit(BATCH)
        rows = db.session.execute(wanted.where(_is_after(key, after)) if after else wanted).all()
        made = [(record or _plain)(row) for row in rows]
        if more:
            more(rows, made)
        last = tuple(rows[-1][-len(key) :]) if len(rows) == BATCH else None
        return made, last

    return batch


def _is_after(key: Sequence[Any], after: Sequence[Any]) -> ColumnElement[bool]:
    if len(key) == 1:
        return key[0] > after[0]  # type: ignore[no-any-return]  # any column
    return tuple_(*key) > tuple_(*after)


def _plain(row: Any) -> Record:
    return {
        name: said(value) for name, value in row._mapping.items() if not name.startswith("key_")
    }


def said(value: Any) -> Any:
    """A value as JSON holds it: moments in UTC, as ISO 8601 writes them."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def _one(record: Callable[[Member], Record]) -> Callable[[Member, Any], tuple[list[Record], Any]]:
    return lambda member, _after: ([record(member)], None)


def _account(member: Member) -> Record:
    names = """handle email role joined_at posts_count waiting_count takes_letters terms_due_at mail_paused_at mail_paused_why
    silenced_until suspended_until hidden_at leaving_at leaving_how factor_at held_at credentials_at"""
    came_by = select(Arrival.invitation_id).where(Arrival.member_id == member.id)
    return {name: said(getattr(member, name)) for name in names.split()} | {
        "invited_by": _name_of(Member, member.invited_by_id),
        "invitation_id": db.session.scalar(came_by),
    }


def _profile(member: Member) -> Record:
    plain = {
        name: getattr(member, name)
        for name in ("name", "position", "language", "helps_with", "about")
    }
    spoken = select(MemberLanguage.language).where(MemberLanguage.member_id == member.id)
    helps = select(Theme.name).join(MemberTheme).where(MemberTheme.member_id == member.id)
    hosts = select(Agenda.title).join(AgendaHost).where(AgendaHost.member_id == member.id)
    led = select(Organisation.name).where(Organisation.representative_id == member.id)
    return plain | {
        "organisation": _name_of(Organisation, member.organisation_id),
        "city": _name_of(City, member.city_id),
        "languages": _all(spoken.order_by(MemberLanguage.position)),
        "helps_with_themes": _all(helps.order_by(Theme.name)),
        "hosts": _all(hosts.order_by(Agenda.title)),
        "represents": _all(led.order_by(Organisation.name)),
    }


def _all(query: Select[Any]) -> list[Any]:
    return list(db.session.scalars(query))


def _name_of(
    table: type[Organisation] | type[City] | type[Member], row_id: int | None
) -> str | None:
    return db.session.scalar(select(table.name).where(table.id == row_id)) if row_id else None


def _columns(model: Any, names: str) -> list[Any]:
    return [getattr(model, name) for name in names.split()]


def _sessions(member: Member) -> Select[Any]:
    kept = _columns(Session, "device how created_at seen_at proved_at ended_at")
    return select(*kept).where(Session.member_id == member.id)


def _topics(member: Member) -> Select[Any]:
    kept = _columns(
        Topic,
        "id kind title language audience created_at hidden_at hidden_reason removed_at deleted_at merged_into_id",
    )
    query = select(*kept, Agenda.title.label("agenda"), Organisation.name.label("for_organisation"))
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    query = query.outerjoin(Organisation, Organisation.id == Topic.organisation_id)
    return query.where(Topic.author_id == member.id)


def _title(member: Member) -> ColumnElement[str]:
    """The title of a topic; nothing of one by somebody else that a moderator hides."""
    is_shown = or_(Topic.hidden_at.is_(None), Topic.author_id == member.id)
    return case((is_shown, Topic.title), else_="").label("topic")


def _posts(member: Member) -> Select[Any]:
    names = """id topic_id number source language paragraph created_at edited_at hidden_at hidden_reason
    removed_at deleted_at useful_count same_here_count tried_count note_source note_language note_at edit_asked_at
    edit_answered_at"""
    query = select(*_columns(Post, names), _title(member))
    query = query.add_columns(Organisation.name.label("for_organisation"))
    query = query.join(Topic, Topic.id == Post.topic_id)
    query = query.outerjoin(Organisation, Organisation.id == Post.organisation_id)
    return query.where(Post.author_id == member.id)


def _with_versions(rows: Sequence[Any], made: list[Record]) -> None:
    """Give posts what they said before."""
    earlier: dict[int, list[Record]] = {row.id: [] for row in rows}
    kept = _columns(Revision, "post_id title source written_at replaced_at withdrawn_at")
    query = select(*kept).where(Revision.post_id.in_(earlier)).order_by(Revision.id)
    for revision in db.session.execute(query):
        plain = _plain(revision)
        earlier[plain.pop("post_id")].append(plain)
    for one in made:
        one["earlier_versions"] = earlier[one["id"]]


def _held(member: Member) -> Select[Any]:
    names = """id deed kind title source language audience paragraph rule sentence created_at decided_at refused_at
    reason"""
    query = select(*_columns(Held, names), Agenda.title.label("agenda"), Topic.title.label("topic"))
    query = query.add_columns(Held.became_id.label("post_id"))
    query = query.join(Agenda, Agenda.id == Held.agenda_id)
    query = query.outerjoin(Topic, Topic.id == Held.topic_id)
    return query.where(Held.author_id == member.id)


def _rules(member: Member) -> Select[Any]:
    kept = _columns(Rule, "sentence made_at off_at")
    return select(*kept).where(Rule.member_id == member.id)


def _marks(member: Member) -> Select[Any]:
    kept: list[Any] = [
        *_columns(Mark, "post_id kind outcome note created_at"),
        City.name.label("city"),
    ]
    query = select(*kept, _title(member)).outerjoin(City, City.id == Mark.city_id)
    query = query.join(Post, Post.id == Mark.post_id).join(Topic, Topic.id == Post.topic_id)
    return query.where(Mark.member_id == member.id)


def _practices(member: Member) -> Select[Any]:
    names = """id state title sentence link evidence cost started language audience failure_audience revisit_on
    created_at updated_at submitted_at published_at returned_at returned_reason featured_at hidden_at deleted_at"""
    query = select(*_columns(Practice, names), Agenda.title.label("agenda"))
    query = query.add_columns(
        City.name.label("city"), Organisation.name.label("for_organisation"), Practice.slug
    )
    query = query.join(Agenda, Agenda.id == Practice.agenda_id)
    query = query.outerjoin(City, City.id == Practice.city_id)
    query = query.outerjoin(Organisation, Organisation.id == Practice.organisation_id)
    return query.where(Practice.author_id == member.id)


def _with_sections(rows: Sequence[Any], made: list[Record]) -> None:
    """Give practices their parts, and what they said before."""
    ids = [row.id for row in rows]
    parts = select(PracticeSection.practice_id, PracticeSection.name, PracticeSection.source)
    found: dict[int, Record] = {row_id: {} for row_id in ids}
    in_order = parts.where(PracticeSection.practice_id.in_(ids)).order_by(PracticeSection.position)
    for row in db.session.execute(in_order):
        found[row.practice_id][row.name] = row.source
    earlier = _versions("practice", ids)
    for one in made:
        one |= {"sections": found[one["id"]], "earlier_versions": earlier[one["id"]]}


def _versions(kind: str, ids: Sequence[int]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {row_id: [] for row_id in ids}
    query = select(Version.item_id, Version.replaced_at, Version.fields)
    query = query.where(Version.kind == kind, Version.item_id.in_(ids)).order_by(Version.id)
    for row in db.session.execute(query):
        found[row.item_id].append({"replaced_at": said(row.replaced_at), **row.fields})
    return found


def _cases(member: Member) -> Select[Any]:
    kept = "id name kind reach since status summary body language checked_on created_at updated_at hidden_at"
    query = select(*_columns(Case, kept), Agenda.title.label("agenda"), Case.slug)
    query = query.join(Agenda, Agenda.id == Case.agenda_id).join(Topic, Topic.id == Case.topic_id)
    return query.where(Topic.author_id == member.id)


def _statements(member: Member) -> Select[Any]:
    kept = "id name role_title organisation said_on quotation language removed_at"
    query = select(*_columns(Statement, kept), Agenda.title.label("agenda"))
    query = query.join(Agenda, Agenda.id == Statement.agenda_id)
    return query.where(Statement.member_id == member.id)


def _edits(member: Member) -> Select[Any]:
    kept = _columns(Version, "kind item_id replaced_at")
    return select(*kept).where(Version.editor_handle == member.handle)


def _reports(member: Member) -> Select[Any]:
    kept = _columns(Report, "id number kind title address reason text created_at")
    query = select(*kept, Decision.deed.label("decision"), Decision.decided_at)
    query = query.outerjoin(Decision, Decision.id == Report.decision_id)
    return query.where(Report.reporter_id == member.id)


DECISION = """id deed kind title address reason rule rule_name rule_sentence law source is_automated is_excused until
undoes_id lot_id decided_at"""


def _decisions(member: Member) -> Select[Any]:
    return select(*_columns(Decision, DECISION)).where(Decision.author_id == member.id)


def _decided(member: Member) -> Select[Any]:
    return select(*_columns(Decision, DECISION)).where(Decision.moderator_id == member.id)


def _appeals(member: Member) -> Select[Any]:
    kept = _columns(Appeal, "id decision_id text created_at outcome answer decided_at")
    return select(*kept).where(Appeal.appellant_id == member.id)


def _staff_notes(member: Member) -> Select[Any]:
    kept = _columns(StaffNote, "id text written_at")
    return select(*kept).where(StaffNote.member_id == member.id)


def _staff_notes_written(member: Member) -> Select[Any]:
    query = select(*_columns(StaffNote, "id text written_at"), Member.name.label("about"))
    query = query.join(Member, Member.id == StaffNote.member_id)
    return query.where(StaffNote.author_id == member.id)


def _ignored(member: Member) -> Select[Any]:
    kept: list[Any] = [Member.name.label("name"), Ignore.since]
    query = select(*kept).join(Member, Member.id == Ignore.ignored_id)
    return query.where(Ignore.member_id == member.id)


def _queue_notes(member: Member) -> Select[Any]:
    kept = _columns(EntryNote, "id kind item_id text written_at")
    return select(*kept).where(EntryNote.author_id == member.id)


def _notices(member: Member) -> Select[Any]:
    actor = aliased(Member)
    kept = _columns(Notice, "id kind title text address created_at read_at way mailed_at")
    query = select(*kept, actor.name.label("by")).outerjoin(actor, actor.id == Notice.actor_id)
    is_open = or_(actor.id.is_(None), actor.hidden_at.is_(None))
    if not member.is_curator:
        query = query.where(Notice.kind != QUEUE)
    return query.where(Notice.member_id == member.id, and_(Notice.hidden_at.is_(None), is_open))


def _notice_settings(member: Member) -> Record:
    kept, chosen = settings_of(member.id), select(NoticeChoice.kind, NoticeChoice.way)
    mine = chosen.where(NoticeChoice.member_id == member.id).order_by(NoticeChoice.kind)
    names = ("digest_every", "digest_hour", "time_zone", "watches_replies")
    ways = {row.kind: row.way for row in db.session.execute(mine)}
    return {name: getattr(kept, name) for name in names} | {"ways": ways}


def _watches(member: Member) -> Select[Any]:
    kept = _columns(Watch, "subject subject_id level created_at")
    return select(*kept).where(Watch.member_id == member.id)


def _mentions(member: Member) -> Select[Any]:
    return select(Mention.post_id).where(Mention.member_id == member.id)


def _places(member: Member) -> Select[Any]:
    place = dialogue.Place
    query = select(*_columns(place, "topic_id number"), _title(member))
    query = query.join(Topic, Topic.id == place.topic_id)
    return query.where(place.member_id == member.id)


def _all_read(member: Member) -> Select[Any]:
    return select(*_columns(AllRead, "agenda_id until")).where(AllRead.member_id == member.id)


def _asked(member: Member) -> Select[Any]:
    kept = _columns(Asked, "topic_id reasons asked_at declined_at postponed_at passed_at")
    query = select(*kept, _title(member), Member.name.label("by"))
    query = query.join(Topic, Topic.id == Asked.topic_id)
    return query.join(Member, Member.id == Asked.asker_id).where(Asked.member_id == member.id)


def _asking(member: Member) -> Select[Any]:
    kept = _columns(Asked, "topic_id asked_at")
    query = select(*kept, _title(member), Member.name.label("asked"))
    query = query.join(Topic, Topic.id == Asked.topic_id)
    return query.join(Member, Member.id == Asked.member_id).where(Asked.asker_id == member.id)


def _availability(member: Member) -> Select[Any]:
    kept = _columns(Availability, "muted_at away_until")
    return select(*kept).where(Availability.member_id == member.id)


def _follow_ups(member: Member) -> Select[Any]:
    kept = _columns(FollowUp, "topic_id deed outcome text language told_at edited_at")
    query = select(*kept, Topic.title.label("topic")).join(Topic, Topic.id == FollowUp.topic_id)
    return query.where(Topic.author_id == member.id)


def _passkeys(member: Member) -> Select[Any]:
    kept = _columns(Passkey, "name is_synced created_at used_at")
    return select(*kept).where(Passkey.member_id == member.id)


def _authenticators(member: Member) -> Select[Any]:
    kept = _columns(Authenticator, "created_at confirmed_at used_at")
    return select(*kept).where(Authenticator.member_id == member.id)


def _recovery_codes(member: Member) -> Select[Any]:
    kept = _columns(RecoveryCode, "created_at used_at")
    return select(*kept).where(RecoveryCode.member_id == member.id)


def _identities(member: Member) -> Select[Any]:
    kept = _columns(Identity, "issuer subject label created_at")
    return select(*kept).where(Identity.member_id == member.id)


def _invitations(member: Member) -> Select[Any]:
    kept = _columns(Invitation, "id note uses used created_at ends_at ended_at")
    query = select(*kept, Organisation.name.label("for_organisation"))
    query = query.outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
    return query.where(Invitation.maker_id == member.id)


def _letters(member: Member) -> Select[Any]:
    kept = _columns(Delivery, "id kind address created_at sent_at given_up_at dropped_at why")
    return select(*kept).where(Delivery.member_id == member.id)


def _sent(member: Member) -> Select[Any]:
    query = select(*_columns(ContactLetter, "id text sent_at"), Member.name.label("to"))
    query = query.join(Member, Member.id == ContactLetter.recipient_id)
    return query.where(ContactLetter.sender_id == member.id)


def _received(member: Member) -> Select[Any]:
    kept = _columns(ContactLetter, "id text sent_at reported_at")
    query = select(*kept, Member.name.label("by"))
    query = query.join(Member, Member.id == ContactLetter.sender_id)
    return query.where(ContactLetter.recipient_id == member.id)


def _tokens(member: Member) -> Select[Any]:
    kept = _columns(Token, "id purpose address created_at expires_at used_at")
    return select(*kept).where(Token.member_id == member.id)


def _consents(member: Member) -> Select[Any]:
    kept: list[Any] = [Consent.number, Consent.how, Consent.agreed_at, Terms.valid_from]
    query = select(*kept).join(Terms, Terms.number == Consent.number)
    return query.where(Consent.member_id == member.id)


TIMES = {
    "created_at": "when it was written or made",
    "hidden_at": "since when a moderator hides it",
    "removed_at": "since when it is hidden without a word in its place",
    "deleted_at": "when you deleted it; nothing of the text is kept then",
    "replaced_at": "when another text took its place",
}
LANGUAGE = {"language": "the language it is written in, as an ISO 639 code"}
AUDIENCE = {"audience": "who may read it: public, or members"}
ABOUT_DECISION = {
    "id": "the number of the decision, as in /moderation/decisions/7",
    "deed": "what was decided: keep, hide, lock …",
    "kind": "what it was about: post, topic, case, practice or member",
    "title": "its title or first words",
    "address": "where it stands",
    "reason": "what happened, in the statement of reasons",
    "rule": "the number of the house rule it names, 0 for none",
    "rule_name": "the name of the rule, as it was",
    "rule_sentence": "what the rule said",
    "law": "the law it names instead",
    "source": "what led to it: own initiative, report, rule or appeal",
    "is_automated": "whether a machine pointed it out",
    "is_excused": "whether it was advertising in bulk, which needs no reasons",
    "until": "until when it holds",
    "undoes_id": "the number of the decision that it takes back",
    "lot_id": "the number of the first of several decisions that were one deed",
    "decided_at": "when it was decided",
}

KINDS: tuple[Kind, ...] = (
    Kind(
        "account",
        "Account",
        "What the forum needs to let you in.",
        (("member", "id"), ("member", "invited_by_id"), ("arrival", "member_id")),
        _one(_account),
        {
            "handle": "your name in addresses",
            "email": "your e-mail address",
            "role": "what you may do: member, moderator or administrator",
            "joined_at": "when you joined",
            "posts_count": "how many of your posts everybody may read",
            "waiting_count": "how many of your texts wait for a moderator, or were refused",
            "takes_letters": "whether other members may write you letters",
            "terms_due_at": "from when on you must have agreed to new terms of use to write",
            "mail_paused_at": "since when no mail is sent to you, because it came back",
            "mail_paused_why": "what the mail server said then",
            "silenced_until": "until when you may not write",
            "suspended_until": "until when your account is closed by a moderator",
            "hidden_at": "since when a moderator hides your profile",
            "leaving_at": "when your account ends, if you have asked for that",
            "leaving_how": "what becomes of your posts then",
            "factor_at": "since when you have a second factor",
            "held_at": "since when your rights as moderator, host or administrator wait for one",
            "credentials_at": "when your password, passkeys, codes or address were last changed",
            "invited_by": "who invited you, if you came by an invitation",
            "invitation_id": "the number of that invitation",
        },
    ),
    Kind(
        "profile",
        "Profile",
        "What you say about yourself, and what you do for the federation.",
        (
            ("member_language", "member_id"),
            ("member_theme", "member_id"),
            ("agenda_host", "member_id"),
            ("organisation", "representative_id"),
        ),
        _one(_profile),
        {
            "name": "your name",
            "position": "your position",
            "organisation": "your organisation",
            "city": "your city",
            "language": "the language you write in first",
            "languages": "all languages you write in, the best first",
            "helps_with": "what you can help others with",
            "helps_with_themes": "the themes you can help with",
            "about": "what you say about yourself, in Markdown",
            "hosts": "the agendas you host",
            "represents": "the organisations you represent",
        },
    ),
    Kind(
        "sessions",
        "Where you are signed in",
        "One line for each browser.",
        (("session", "member_id"),),
        _paged(_sessions, Session.id),
        {
            "device": "kind of browser and of computer",
            "how": "by what you signed in",
            "created_at": "when you signed in",
            "seen_at": "when it was last used, to the hour",
            "proved_at": "when you last showed there who you are",
            "ended_at": "when it ended",
        },
    ),
    Kind(
        "topics",
        "Topics",
        "The topics that you opened; their first text is among the posts.",
        (("topic", "author_id"),),
        _paged(_topics, Topic.id),
        {
            "id": "its number, as in /topics/7",
            "kind": "experience, question, practice or case",
            "title": "its title",
            "agenda": "the agenda it stands on",
            "for_organisation": "the organisation you wrote it for, if any",
            "hidden_reason": "why it is hidden",
            "merged_into_id": "the number of the topic that its posts were put into, if they were",
            **LANGUAGE,
            **AUDIENCE,
            **{
                name: TIMES[name]
                for name in ("created_at", "hidden_at", "removed_at", "deleted_at")
            },
        },
    ),
    Kind(
        "posts",
        "Posts",
        "What you wrote, with what it said before.",
        (("post", "author_id"),),
        _paged(_posts, Post.id, more=_with_versions),
        {
            "id": "its number, as in /posts/7",
            "topic_id": "the number of its topic",
            "topic": "the title of its topic, unless it is of somebody else and hidden",
            "number": "its place in the topic",
            "source": "the text, in Markdown",
            "paragraph": "the paragraph of a case that it comments on, if any",
            "for_organisation": "the organisation you wrote it for, if any",
            "edited_at": "when you last changed it, later than 15 minutes after posting",
            "hidden_reason": "why it is hidden",
            "useful_count": "how many readers found it useful",
            "same_here_count": "how many readers face the same",
            "tried_count": "how many readers tried it",
            "earlier_versions": "what it said before: title, source, written_at, replaced_at, withdrawn_at",
            "note_source": "what the moderators say below it, in Markdown",
            "note_language": "the language of that",
            "note_at": "when they said so",
            "edit_asked_at": "when they asked you to change it",
            "edit_answered_at": "when you changed it then",
            **LANGUAGE,
            **{
                name: TIMES[name]
                for name in ("created_at", "hidden_at", "removed_at", "deleted_at")
            },
        },
    ),
    Kind(
        "waiting",
        "Texts that waited",
        "What you wrote that a rule held back until a moderator had read it. What is published has its text among the posts.",
        (("held", "author_id"),),
        _paged(_held, Held.id),
        {
            "id": "its number, as in /waiting/7",
            "deed": "what becomes of it: open_topic, reply or edit",
            "kind": "of a topic: experience or question",
            "title": "of a topic: its title",
            "agenda": "the agenda it belongs to",
            "topic": "the title of the topic it belongs to",
            "post_id": "the number of the post it has become",
            "source": "the text, in Markdown",
            "paragraph": "the paragraph of a case that it comments on, if any",
            "rule": "the rule that held it back",
            "sentence": "what the rule says to you",
            "decided_at": "when a moderator decided about it",
            "refused_at": "when it was refused",
            "reason": "why it was refused",
            "created_at": "when you sent it",
            **LANGUAGE,
            **AUDIENCE,
        },
    ),
    Kind(
        "on-approval",
        "Rules about you",
        "Whether a moderator reads what you write before it is published.",
        (("screening_rule", "member_id"),),
        _paged(_rules, Rule.id),
        {
            "sentence": "what the rule says to you",
            "made_at": "when it was made",
            "off_at": "since when it does not hold",
        },
    ),
    Kind(
        "marks",
        "Marks",
        "What you said to posts of others with one press.",
        (("mark", "member_id"),),
        _paged(_marks, Mark.post_id, Mark.kind),
        {
            "post_id": "the number of the post",
            "topic": "the title of its topic, unless it is of somebody else and hidden",
            "kind": "useful, same here, or tried it",
            "outcome": "what became of trying it: kept, adapted or stopped",
            "note": "your sentence about it",
            "city": "your city that day",
            "created_at": "when you gave it",
        },
    ),
    Kind(
        "practices",
        "Practices",
        "The practices that you shared, in every state.",
        (("practice", "author_id"),),
        _paged(_practices, Practice.id, more=_with_sections),
        {
            "id": "its number",
            "slug": "its name in addresses, as in /practices/quiet-asphalt",
            "state": "draft, submitted, published or returned",
            "title": "its title",
            "sentence": "what it is, in a sentence",
            "link": "a link to more",
            "agenda": "the agenda it stands on",
            "city": "the city",
            "for_organisation": "the organisation you wrote it for, if any",
            "evidence": "how well the result is proven",
            "cost": "what it cost",
            "started": "the year it began",
            "failure_audience": "who may read what did not work",
            "revisit_on": "when you want to look at it again",
            "sections": "its parts in Markdown, by name",
            "earlier_versions": "what it said before, each with replaced_at",
            "updated_at": "when it was last changed",
            "submitted_at": "when you handed it in",
            "published_at": "when it was published",
            "returned_at": "when a moderator returned it",
            "returned_reason": "why",
            "featured_at": "since when it stands first in the library",
            **LANGUAGE,
            **AUDIENCE,
            **{name: TIMES[name] for name in ("created_at", "hidden_at", "deleted_at")},
        },
    ),
    Kind(
        "cases",
        "Cases",
        "The cases that you added to an agenda as its host.",
        (("topic", "author_id"),),
        _paged(_cases, Case.id),
        {
            "id": "its number",
            "slug": "its name in addresses, as in /cases/quiet-harbour",
            "name": "its name",
            "kind": "network, city project or programme",
            "agenda": "the agenda it stands on",
            "reach": "how far it reaches",
            "since": "the year it began",
            "status": "whether it is running",
            "summary": "what it is, in short",
            "body": "the text, in Markdown",
            "checked_on": "when its facts were checked",
            "updated_at": "when it was last changed",
            **LANGUAGE,
            **{name: TIMES[name] for name in ("created_at", "hidden_at")},
        },
    ),
    Kind(
        "statements",
        "Statements",
        "What is quoted of you on an agenda.",
        (("statement", "member_id"),),
        _paged(_statements, Statement.id),
        {
            "id": "its number",
            "agenda": "the agenda it stands on",
            "name": "your name as it stands there",
            "role_title": "your position that day",
            "organisation": "your organisation that day",
            "said_on": "when you said it",
            "quotation": "the words",
            "removed_at": "when it was taken from the page",
            **LANGUAGE,
        },
    ),
    Kind(
        "edits",
        "Edits of pages",
        "Which pages of agendas, cases and the like you changed, and when.",
        (("version", "editor_handle"),),
        _paged(_edits, Version.id),
        {
            "kind": "what you changed: agenda, statement, case, practice, reading, theme or organisation",
            "item_id": "its number",
            "replaced_at": "when you changed it",
        },
    ),
    Kind(
        "reports",
        "Reports",
        "What you reported to the moderators.",
        (("report", "reporter_id"),),
        _paged(_reports, Report.id),
        {
            "id": "its number",
            "number": "the number of its receipt",
            "kind": "what you reported: post, topic, case, practice, member or letter",
            "title": "its title or first words",
            "address": "where it stands",
            "reason": "the reason you chose",
            "text": "what you said about it",
            "created_at": "when you reported it",
            "decision": "what was decided",
            "decided_at": "when it was decided",
        },
    ),
    Kind(
        "decisions",
        "Decisions about you",
        "What moderators decided about what you wrote.",
        (("decision", "author_id"),),
        _paged(_decisions, Decision.id),
        ABOUT_DECISION,
    ),
    Kind(
        "decided",
        "Decisions by you",
        "What you decided as a moderator or host.",
        (("decision", "moderator_id"),),
        _paged(_decided, Decision.id),
        ABOUT_DECISION,
    ),
    Kind(
        "appeals",
        "Appeals",
        "Where you asked another moderator to look again.",
        (("appeal", "appellant_id"),),
        _paged(_appeals, Appeal.id),
        {
            "id": "its number",
            "decision_id": "the number of the decision",
            "text": "what you said",
            "created_at": "when you appealed",
            "outcome": "upheld: the decision stays; reversed: it was taken back",
            "answer": "what you were answered",
            "decided_at": "when you were answered",
        },
    ),
    Kind(
        "moderators-notes",
        "Notes of the moderators about you",
        "What moderators noted about you for each other, without who wrote it.",
        (("staff_note", "member_id"),),
        _paged(_staff_notes, StaffNote.id),
        {"id": "its number", "text": "the note", "written_at": "when it was written"},
    ),
    Kind(
        "notes-by-you",
        "Notes about members by you",
        "What you noted about members for other moderators.",
        (("staff_note", "author_id"),),
        _paged(_staff_notes_written, StaffNote.id),
        {
            "id": "its number",
            "about": "about whom",
            "text": "the note",
            "written_at": "when you wrote it",
        },
    ),
    Kind(
        "ignored",
        "Whom you ignore",
        "Members of whom you want to see and hear nothing.",
        (("ignored_member", "member_id"),),
        _paged(_ignored, Ignore.ignored_id),
        {"name": "who it is", "since": "since when"},
    ),
    Kind(
        "queue-notes",
        "Notes in the queue",
        "What you noted for other moderators about what waits in the queue.",
        (("entry_note", "author_id"),),
        _paged(_queue_notes, EntryNote.id),
        {
            "id": "its number",
            "kind": "what the note is about: post, topic, case, practice, member, letter or candidate",
            "item_id": "its number",
            "text": "the note",
            "written_at": "when you wrote it",
        },
    ),
    Kind(
        "notices",
        "Notices",
        "The lines in your inbox that you can see there.",
        (("notice", "member_id"),),
        _paged(_notices, Notice.id),
        {
            "id": "its number",
            "kind": "what it tells of",
            "title": "the title of what it is about",
            "text": "its text",
            "address": "where it leads",
            "by": "who caused it, where the notice says so",
            "created_at": "when it was made",
            "read_at": "when you read it",
            "way": "how you are told of it by mail: at once, digest or never",
            "mailed_at": "when it went out by mail",
        },
    ),
    Kind(
        "notice-settings",
        "How you are told",
        "How you want to be told of what happens.",
        (("notice_choice", "member_id"), ("notice_settings", "member_id")),
        _one(_notice_settings),
        {
            "digest_every": "how often your digest comes: daily, weekly or never",
            "digest_hour": "at which hour of your day",
            "time_zone": "the time zone of your day",
            "watches_replies": "whether you watch the topics that you write in",
            "ways": "the kinds of notices for which you chose a way, each with it",
        },
    ),
    Kind(
        "watches",
        "What you watch and mute",
        "Agendas, topics, cities and themes of which you want to hear, or do not.",
        (("watch", "member_id"),),
        _paged(_watches, Watch.subject, Watch.subject_id),
        {
            "subject": "agenda, topic, city or theme",
            "subject_id": "its number",
            "level": "watching or muted",
            "created_at": "since when",
        },
    ),
    Kind(
        "mentions",
        "Mentions",
        "The posts that mention you, or did.",
        (("mention", "member_id"),),
        _paged(_mentions, Mention.post_id),
        {"post_id": "the number of the post"},
    ),
    Kind(
        "reading",
        "How far you have read",
        "One line for each topic that you have read in.",
        (("place", "member_id"),),
        _paged(_places, dialogue.Place.topic_id),
        {
            "topic_id": "the number of the topic",
            "topic": "its title, unless it is of somebody else and hidden",
            "number": "the place of the last post that you have read",
        },
    ),
    Kind(
        "all-read",
        "Taken for read",
        "What you took for read at once.",
        (("all_read", "member_id"),),
        _paged(_all_read, AllRead.agenda_id),
        {
            "agenda_id": "the number of the agenda; 0 for all of them",
            "until": "all that was written until then is read",
        },
    ),
    Kind(
        "asked",
        "Asked for advice",
        "The questions about which you were asked, and what you said to it.",
        (("asked", "member_id"),),
        _paged(_asked, Asked.topic_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title, unless it is of somebody else and hidden",
            "by": "who asked you",
            "reasons": "why you were asked: each a kind, its words and a number",
            "asked_at": "when you were asked",
            "declined_at": "when you said: not me",
            "postponed_at": "when you said: not now",
            "passed_at": "when you passed it on",
        },
    ),
    Kind(
        "asking",
        "Whom you asked",
        "The members whom you asked for advice.",
        (("asked", "asker_id"),),
        _paged(_asking, Asked.topic_id, Asked.member_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title, unless it is of somebody else and hidden",
            "asked": "whom you asked",
            "asked_at": "when you asked",
        },
    ),
    Kind(
        "being-asked",
        "Being asked",
        "Whether you want to be asked for advice.",
        (("availability", "member_id"),),
        _paged(_availability, Availability.member_id),
        {
            "muted_at": "since when you do not want to be asked at all",
            "away_until": "until when you do not want to be asked",
        },
    ),
    Kind(
        "follow-ups",
        "What happened next",
        "What you told of what became of your questions.",
        (("topic", "author_id"),),
        _paged(_follow_ups, FollowUp.topic_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title",
            "deed": "what you did",
            "outcome": "whether it worked: yes, partly, no or not yet tried",
            "text": "what you told",
            "told_at": "when you told it",
            "edited_at": "when you last changed it",
            **LANGUAGE,
        },
    ),
    Kind(
        "passkeys",
        "Passkeys",
        "The keys with which you sign in, without what proves them.",
        (("passkey", "member_id"),),
        _paged(_passkeys, Passkey.id),
        {
            "name": "what you call it",
            "is_synced": "whether it is kept in several devices at once",
            "created_at": "when you made it",
            "used_at": "when you last signed in with it",
        },
    ),
    Kind(
        "authenticators",
        "Apps that show codes",
        "That you have set up an app for codes, without what they are made of.",
        (("authenticator", "member_id"),),
        _paged(_authenticators, Authenticator.id),
        {
            "created_at": "when you began to set it up",
            "confirmed_at": "when a code confirmed it",
            "used_at": "when you last signed in with a code",
        },
    ),
    Kind(
        "recovery-codes",
        "Recovery codes",
        "That you have recovery codes, and which are used; never the codes.",
        (("recovery_code", "member_id"),),
        _paged(_recovery_codes, RecoveryCode.id),
        {"created_at": "when it was made", "used_at": "when it was used"},
    ),
    Kind(
        "identities",
        "Accounts elsewhere",
        "The accounts of elsewhere with which you sign in.",
        (("identity", "member_id"),),
        _paged(_identities, Identity.id),
        {
            "issuer": "the provider",
            "subject": "its number for you",
            "label": "your address or name there",
            "created_at": "when you linked it",
        },
    ),
    Kind(
        "invitations",
        "Invitations",
        "The invitations that you made, without what makes them work.",
        (("invitation", "maker_id"),),
        _paged(_invitations, Invitation.id),
        {
            "id": "its number",
            "note": "your note",
            "for_organisation": "the organisation you invite for, if any",
            "uses": "how many people may join with it",
            "used": "how many did",
            "created_at": "when you made it",
            "ends_at": "until when it works",
            "ended_at": "when it was ended",
        },
    ),
    Kind(
        "letters",
        "Letters of the forum",
        "Which letters were sent to you. What they say is in your mailbox.",
        (("delivery", "member_id"),),
        _paged(_letters, Delivery.id),
        {
            "id": "its number",
            "kind": "what it was about",
            "address": "where it went",
            "created_at": "when it was written",
            "sent_at": "when your mail server took it",
            "given_up_at": "when it was given up",
            "dropped_at": "when there was no more use in it",
            "why": "what the mail server said",
        },
    ),
    Kind(
        "letters-sent",
        "Letters to other members",
        "What you wrote on other members' profiles in the last 30 days.",
        (("contact_letter", "sender_id"),),
        _paged(_sent, ContactLetter.id),
        {"id": "its number", "to": "to whom", "text": "the text", "sent_at": "when you sent it"},
    ),
    Kind(
        "letters-received",
        "Letters from other members",
        "What other members wrote to you in the last 30 days.",
        (("contact_letter", "recipient_id"),),
        _paged(_received, ContactLetter.id),
        {
            "id": "its number",
            "by": "who wrote it",
            "text": "the text",
            "sent_at": "when it was sent",
            "reported_at": "when you reported it",
        },
    ),
    Kind(
        "tokens",
        "Links of letters",
        "Which links were sent to you, without what makes them work.",
        (("token", "member_id"),),
        _paged(_tokens, Token.id),
        {
            "id": "its number",
            "purpose": "what the link was for",
            "address": "the address it speaks of",
            "created_at": "when it was made",
            "expires_at": "until when it works",
            "used_at": "when it was used",
        },
    ),
    Kind(
        "consents",
        "Consents",
        "Which versions of the terms of use you agreed to.",
        (("consent", "member_id"),),
        _paged(_consents, Consent.number),
        {
            "number": "the version",
            "how": "whether you agreed when joining or when asked",
            "agreed_at": "when you agreed",
            "valid_from": "from when on the version is in force",
        },
    ),
)

# Columns that name a member and are not in what is handed out, each with the reason.
LEFT_OUT: dict[tuple[str, str], str] = {
    ("topic", "answered_by_id"): "It repeats who wrote a post, and the post is in.",
    ("report", "author_id"): "Who reports you stays unknown; what was decided about it is in.",
    ("appeal", "decider_id"): "It is the appeal of somebody else; what you took back is in.",
    ("ignored_member", "ignored_id"): "Who ignores you stays unknown.",
    ("claim", "member_id"): "It waits for half an hour at most, and says at what you are.",
    ("report", "email"): "It is of somebody who has no account.",
    ("event", "actor_id"): "It waits for some seconds until the notices of it are made.",
    (
        "event",
        "recipients",
    ): "It waits for some seconds until the notices of it are made; those are in.",
    (
        "notice",
        "actor_id",
    ): "It is a line in the inbox of somebody else; the deed it tells of is in.",
    ("event", "but"): "It waits for some seconds until the notices of it are made.",
    ("asked", "passed_to_id"): "It is of who passed the question on; that you were asked is in.",
    (
        "challenge",
        "member_id",
    ): "It waits for some minutes until a passkey answers, and says nothing.",
    ("half_session", "member_id"): "It waits for some minutes until you show your second factor.",
    ("candidate", "email"): "It is of somebody who has no account yet.",
    ("candidate", "invited_by_id"): "It is of somebody who has no account yet.",
    (
        "delivery",
        "address",
    ): "Letters to you are in; a letter to an address without an account is of nobody.",
    ("member", "email"): "It is in the account.",
    ("member", "handle_skeleton"): "It is what your handle looks like, to find others like it.",
    ("passkey", "user_handle"): "It is a random number by which your passkeys know you.",
    ("federation", "contact_email"): "It is the address of the forum.",
    ("version", "editor_name"): "It is your name, beside each of your edits.",
    (
        "text_trace",
        "author_id",
    ): "It is a hash of a text that you sent, kept for a week to find it again.",
    (
        "screening_rule",
        "made_by_id",
    ): "It is a rule for everybody, which you made as an administrator.",
    ("former_handle", "handle_hash"): "It is of people who have left.",
    ("departure", "member_id"): "It is of people who have left.",
    ("departure", "handle"): "It is of people who have left.",
    ("departure", "address"): "It is of people who have left.",
}
