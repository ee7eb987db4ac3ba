"""The data about one member: a select, or a record, for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from forum.accounts.models import Token
from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Statement, TakenName, Theme
from forum.agendas.queries import is_said_by
from forum.appeals.models import Appeal
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import COLUMNS as KEPT_COLUMNS
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import visible_commitments
from forum.contact.models import ContactLetter
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue import models as dialogue
from forum.dialogue.models import (
    AllRead,
    Draft,
    Held,
    Mark,
    Mention,
    Poll,
    PollOption,
    PollVote,
    Post,
    Topic,
)
from forum.dialogue.queries import is_readable, visible_topics
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.glossary.models import Entry, Proposal
from forum.history.models import Version
from forum.identities.models import Identity
from forum.illustrations import FOLDERS
from forum.invitations.models import Arrival, Invitation
from forum.library.models import Case, Intention, Practice, Reading
from forum.library.queries import visible_cases, visible_practices, visible_readings
from forum.mail.models import Delivery
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries import visible_meetings
from forum.members.models import (
    City,
    Ignore,
    Mandate,
    Member,
    MemberLanguage,
    Organisation,
    Session,
)
from forum.members.queries import earlier_handles
from forum.moderation.models import Decision, Report, StaffNote, heading_of
from forum.notifications.models import QUEUE_KINDS, Notice, NoticeChoice, Watch, said_in
from forum.notifications.queries import settings_of
from forum.parallels.models import Translation
from forum.parallels.queries import is_written_by
from forum.pictures.models import Picture
from forum.queue.models import EntryNote
from forum.reach import opened_to
from forum.rights.models import Record
from forum.rules.models import said_of_ground, said_of_rule
from forum.screening.models import Rule
from forum.searches.models import KeptSearch
from forum.sentences import said
from forum.terms.models import Consent, Terms

FOLDER, FILES_FOLDER = "pictures/", "files/"  # of the bytes themselves, in the ZIP file
# Columns with words of the forum itself
SAID = {
    "hidden_reason": said_of_ground,
    "rule_name": said_of_rule,
    "rule_sentence": said_of_rule,
}


def plain_record(row: Any) -> Record:
    """A row for the file: without the columns whose names begin with `key_`, and with the forum's sentences translated."""
    known = {name: value for name, value in row._mapping.items() if not name.startswith("key_")}
    return {
        name: json_value(SAID[name](value) if value and name in SAID else value)
        for name, value in known.items()
    }


def json_value(value: Any) -> Any:
    """A value for JSON; moments in UTC in ISO 8601 format."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def account_of(member: Member) -> Record:
    names = """handle handle_changed_at email role joined_at posts_count waiting_count drafts_count locale takes_letters address_generation terms_due_at
    mail_paused_at mail_paused_why silenced_until suspended_until hidden_at leaving_at leaving_how factor_at held_at credentials_at"""
    came_by = select(Arrival.invitation_id).where(Arrival.member_id == member.id)
    return {name: json_value(getattr(member, name)) for name in names.split()} | {
        "earlier_handles": list(earlier_handles(member.id)),
        "invited_by": _name_of(Member, member.invited_by_id),
        "invitation_id": db.session.scalar(came_by),
    }


def profile_of(member: Member) -> Record:
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
        "is_voice": member.organisation_id is not None and member.is_voice_now,
        "voice_until": json_value(member.voice_until),
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


def columns_of(model: Any, names: str) -> list[Any]:
    return [getattr(model, name) for name in names.split()]


def rows_of_mandates(member: Member) -> Select[Any]:
    kept = columns_of(Mandate, "since last_day ended_at ended_why")
    found = select(Organisation.name.label("organisation"), *kept).join(Mandate.organisation)
    return found.where(Mandate.member_id == member.id)


def rows_of_sessions(member: Member) -> Select[Any]:
    kept = columns_of(Session, "device how created_at seen_at proved_at ended_at")
    return select(*kept).where(Session.member_id == member.id)


def rows_of_topics(member: Member) -> Select[Any]:
    kept = columns_of(
        Topic,
        "id kind title language audience created_at hidden_at hidden_reason removed_at deleted_at locked_at locked_reason locked_until slowed_at slow_until slow_minutes slow_reason merged_into_id",
    )
    query = select(*kept, _agenda(member), Organisation.name.label("for_organisation"))
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    query = query.outerjoin(Organisation, Organisation.id == Topic.organisation_id)
    return query.where(Topic.author_id == member.id)


def _title(member: Member) -> ColumnElement[str]:
    """The title of a topic as the member may see it: empty for somebody else's hidden topic, or one on an agenda in preparation."""
    is_open = and_(Topic.hidden_at.is_(None), opened_to(member, Topic.agenda_id))
    is_shown = or_(Topic.id.is_(None), Topic.author_id == member.id, is_open)
    return case((is_shown, Topic.title), else_="").label("topic")


def _agenda(member: Member) -> ColumnElement[str]:
    """The title of an agenda as the member may see it: empty while others prepare it."""
    is_shown = or_(Agenda.id.is_(None), opened_to(member, Agenda.id))
    return case((is_shown, Agenda.title), else_="").label("agenda")


def rows_of_posts(member: Member) -> Select[Any]:
    names = """id topic_id number source language paragraph created_at edited_at hidden_at hidden_reason
    removed_at deleted_at useful_count same_here_count tried_count note_source note_language note_at edit_asked_at
    edit_answered_at"""
    query = select(*columns_of(Post, names), _title(member))
    query = query.add_columns(Organisation.name.label("for_organisation"))
    query = query.join(Topic, Topic.id == Post.topic_id)
    query = query.outerjoin(Organisation, Organisation.id == Post.organisation_id)
    return query.where(Post.author_id == member.id)


def rows_of_held(member: Member) -> Select[Any]:
    names = """id deed kind title source language audience paragraph poll rule sentence created_at decided_at refused_at
    reason"""
    query = select(*columns_of(Held, names), _agenda(member), _title(member))
    query = query.add_columns(Held.became_id.label("post_id"), Held.themes.label("key_themes"))
    query = query.add_columns(Organisation.name.label("for_organisation"))
    query = query.join(Agenda, Agenda.id == Held.agenda_id)
    query = query.outerjoin(Organisation, Organisation.id == Held.organisation_id)
    query = query.outerjoin(Topic, Topic.id == Held.topic_id)
    return query.where(Held.author_id == member.id)


def add_themes(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the names of the themes of held texts."""
    ids = {number for row in rows for number in row.key_themes or ()}
    known = select(Theme.id, Theme.name).where(Theme.id.in_(ids))
    names = {row.id: row.name for row in db.session.execute(known)} if ids else {}
    for row, record in zip(rows, records, strict=True):
        record["themes"] = [
            names[theme_id] for theme_id in row.key_themes or () if theme_id in names
        ]


def rows_of_drafts(member: Member) -> Select[Any]:
    query = select(*columns_of(Draft, "id kind item_id fields saved_at"), _agenda(member))
    query = query.add_columns(_title(member))
    query = query.outerjoin(Agenda, Agenda.id == Draft.agenda_id)
    query = query.outerjoin(Topic, Topic.id == Draft.topic_id)
    return query.where(Draft.author_id == member.id)


def rows_of_pictures(member: Member) -> Select[Any]:
    address, file = (
        case(
            (Picture.name.contains("."), literal(files).concat(Picture.name)),
            else_=literal(pictures).concat(Picture.name).concat(".webp"),
        )
        for pictures, files in (FOLDERS, (FOLDER, FILES_FOLDER))
    )
    kept = columns_of(Picture, "id title size created_at used_at")
    query = select(*kept, address.label("address"), file.label("file"))
    return query.where(Picture.member_id == member.id)


def rows_of_rules(member: Member) -> Select[Any]:
    kept = columns_of(Rule, "sentence made_at off_at")
    return select(*kept).where(Rule.member_id == member.id)


def rows_of_marks(member: Member) -> Select[Any]:
    kept: list[Any] = [
        *columns_of(Mark, "post_id kind outcome language created_at hidden_at hidden_reason"),
        Mark.words.label("note"),
        City.name.label("city"),
    ]
    query = select(*kept, _title(member)).outerjoin(City, City.id == Mark.city_id)
    query = query.join(Post, Post.id == Mark.post_id).join(Topic, Topic.id == Post.topic_id)
    return query.where(Mark.member_id == member.id)


def rows_of_votes(member: Member) -> Select[Any]:
    title = _title(member)
    is_shown = and_(title != "", or_(Post.hidden_at.is_(None), Post.author_id == member.id))
    words = {"question": Poll.question, "option": PollOption.words}
    kept = (case((is_shown, column), else_="").label(name) for name, column in words.items())
    query = select(Poll.post_id, *kept, PollVote.created_at, title)
    query = query.join(PollOption, PollOption.id == PollVote.option_id)
    query = query.join(Poll, Poll.id == PollOption.poll_id)
    query = query.join(Post, Post.id == Poll.post_id).join(Topic, Topic.id == Post.topic_id)
    return query.where(PollVote.member_id == member.id)


def rows_of_proposals(member: Member) -> Select[Any]:
    names = "id language name meaning why caught_by created_at decided_at outcome reason"
    query = select(*columns_of(Proposal, names), Entry.slug.label("entry"))
    query = query.outerjoin(Entry, Entry.id == Proposal.entry_id)
    return query.where(Proposal.author_id == member.id)


def rows_of_practices(member: Member) -> Select[Any]:
    names = """id state title sentence link evidence cost started language audience failure_audience revisit_on
    confirmed_on asked_at unconfirmed_at created_at updated_at submitted_at published_at returned_at returned_reason caught_by featured_at hidden_at
    hidden_reason removed_at deleted_at"""
    origin = aliased(Practice)
    seen = visible_practices(member).with_only_columns(Practice.id).correlate(None)
    title = select(origin.title).where(origin.id == Practice.adapted_from_id, origin.id.in_(seen))
    adapted_from = title.correlate(Practice).scalar_subquery().label("adapted_from")
    query = select(*columns_of(Practice, names), _agenda(member), adapted_from)
    query = query.add_columns(
        City.name.label("city"), Organisation.name.label("for_organisation"), Practice.slug
    )
    query = query.join(Agenda, Agenda.id == Practice.agenda_id)
    query = query.outerjoin(City, City.id == Practice.city_id)
    query = query.outerjoin(Organisation, Organisation.id == Practice.organisation_id)
    return query.where(Practice.author_id == member.id)


def versions_of(kind: str, ids: Sequence[int]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {row_id: [] for row_id in ids}
    query = select(Version.item_id, Version.replaced_at, Version.fields)
    query = query.where(Version.kind == kind, Version.item_id.in_(ids)).order_by(Version.id)
    for row in db.session.execute(query):
        found[row.item_id].append({"replaced_at": json_value(row.replaced_at), **row.fields})
    return found


def rows_of_cases(member: Member) -> Select[Any]:
    kept = """id name kind reach since status summary body language checked_on created_at updated_at hidden_at
    hidden_reason removed_at"""
    query = select(*columns_of(Case, kept), _agenda(member), Case.slug)
    query = query.join(Agenda, Agenda.id == Case.agenda_id).join(Topic, Topic.id == Case.topic_id)
    return query.where(Topic.author_id == member.id)


def rows_of_readings(member: Member) -> Select[Any]:
    query = select(
        *columns_of(Reading, "id title authors year kind link why language created_at removed_at")
    )
    query = query.add_columns(_agenda(member)).join(Agenda, Agenda.id == Reading.agenda_id)
    return query.where(Reading.added_by_id == member.id)


def rows_of_meetings(member: Member) -> Select[Any]:
    kept = """id title source language starts_at ends_at time_zone place is_online join_link seats audience created_at
    cancelled_at cancelled_reason outcome recording"""
    query = select(*columns_of(Meeting, kept), _agenda(member), City.name.label("city"))
    query = query.join(Agenda, Agenda.id == Meeting.agenda_id)
    query = query.outerjoin(City, City.id == Meeting.city_id)
    return query.where(Meeting.announced_by_id == member.id)


def rows_of_statements(member: Member) -> Select[Any]:
    kept = "id name role_title organisation said_on quotation language removed_at"
    before = select(func.max(TakenName.taken_at)).where(
        TakenName.statement_id == Statement.id, TakenName.member_id == member.id
    )
    is_last = Statement.refused_by_id == member.id
    refused_at = case((is_last, Statement.refused_at), else_=before.scalar_subquery())
    query = select(*columns_of(Statement, kept), _agenda(member), refused_at.label("refused_at"))
    query = query.join(Agenda, Agenda.id == Statement.agenda_id)
    return query.where(is_said_by(member.id))


def rows_of_declarations(member: Member) -> Select[Any]:
    kept = """id title source language digest sign_until created_at edited_at opened_at frozen_at adopted_at withdrawn_at
    withdrawn_reason"""
    query = select(*columns_of(Declaration, kept), _agenda(member))
    query = query.join(Agenda, Agenda.id == Declaration.agenda_id)
    return query.where(Declaration.author_id == member.id)


def rows_of_signatures(member: Member) -> Select[Any]:
    kept = """id name position organisation_name language signed_at withdrawn_at hidden_at hidden_reason"""
    words = Signature.words.label("reservation")
    query = select(*columns_of(Signature, kept), words, Declaration.title.label("declaration"))
    query = query.add_columns(City.name.label("city"))
    query = query.outerjoin(City, City.id == Signature.city_id)
    query = query.join(Declaration, Declaration.id == Signature.declaration_id)
    return query.where(Signature.member_id == member.id)


def rows_of_commitments(member: Member) -> Select[Any]:
    kept = """id title source language last_day published_at updated_at kept_at kept_words ended_at ended_reason hidden_at
    hidden_reason"""
    organisation = Organisation.name.label("organisation")
    query = select(*columns_of(Commitment, kept), _agenda(member), organisation)
    query = query.join(Agenda, Agenda.id == Commitment.agenda_id).join(Commitment.organisation)
    return query.where(Commitment.author_id == member.id)


def rows_of_translations(member: Member) -> Select[Any]:
    kept = "id language title sentence figures created_at edited_at hidden_at hidden_reason"
    seen = visible_practices(member).with_only_columns(Practice.title)
    practice = seen.where(Practice.id == Translation.practice_id).correlate(Translation)
    known = visible_cases(member).with_only_columns(Case.name)
    case = known.where(Case.id == Translation.case_id).correlate(Translation)
    of = func.coalesce(practice.scalar_subquery(), case.scalar_subquery(), "").label("original")
    query = select(*columns_of(Translation, kept), of)
    return query.where(is_written_by(member.id), Translation.deleted_at.is_(None))


def rows_of_peers(member: Member) -> Select[Any]:
    seen = visible_commitments(member).with_only_columns(Commitment.title)
    title = seen.where(Commitment.id == Peer.commitment_id).correlate(Peer).scalar_subquery()
    kept = columns_of(Peer, "commitment_id followed_at")
    query = select(*kept, func.coalesce(title, "").label("title"))
    return query.where(Peer.member_id == member.id)


def rows_of_edits(member: Member) -> Select[Any]:
    kept = columns_of(Version, "kind item_id replaced_at")
    handles = [member.handle, *earlier_handles(member.id)]
    return select(*kept).where(Version.editor_handle.in_(handles))


def rows_of_reports(member: Member) -> Select[Any]:
    kept = columns_of(Report, "id number kind title address reason text created_at")
    query = select(*kept, Decision.deed.label("decision"), Decision.decided_at)
    query = query.outerjoin(Decision, Decision.id == Report.decision_id)
    return query.where(Report.reporter_id == member.id)


DECISION = """id deed kind title address reason rule rule_name rule_sentence law source is_automated is_excused until
undoes_id lot_id decided_at"""


def _decisions() -> Select[Any]:
    return select(*columns_of(Decision, DECISION), Decision.sentences.label("key_sentences"))


def say_in_decisions(rows: Sequence[Any], records: list[Record]) -> None:
    """Put the forum's sentences on what was done before the reasons of decisions, in the language of the file."""
    say_titles(rows, records)
    for row, record in zip(rows, records, strict=True):
        record["reason"] = f"{said(row.key_sentences)} {row.reason}".strip()


def say_titles(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the sentences that replace the titles of letters, in the language of the file."""
    for row, record in zip(rows, records, strict=True):
        record["title"] = str(heading_of(row.kind, row.title))


def rows_of_decisions(member: Member) -> Select[Any]:
    return _decisions().where(Decision.author_id == member.id)


def rows_of_decided(member: Member) -> Select[Any]:
    return _decisions().where(Decision.moderator_id == member.id)


def rows_of_appeals(member: Member) -> Select[Any]:
    kept = columns_of(Appeal, "id decision_id text created_at outcome answer decided_at")
    return select(*kept).where(Appeal.appellant_id == member.id)


def rows_of_staff_notes(member: Member) -> Select[Any]:
    kept = columns_of(StaffNote, "id text written_at")
    return select(*kept).where(StaffNote.member_id == member.id)


def rows_of_staff_notes_written(member: Member) -> Select[Any]:
    query = select(*columns_of(StaffNote, "id text written_at"), Member.name.label("about"))
    query = query.join(Member, Member.id == StaffNote.member_id)
    return query.where(StaffNote.author_id == member.id)


def rows_of_ignored(member: Member) -> Select[Any]:
    kept: list[Any] = [Member.name.label("name"), Ignore.since]
    query = select(*kept).join(Member, Member.id == Ignore.ignored_id)
    return query.where(Ignore.member_id == member.id)


def rows_of_queue_notes(member: Member) -> Select[Any]:
    kept = columns_of(EntryNote, "id kind item_id text written_at")
    return select(*kept).where(EntryNote.author_id == member.id)


def rows_of_notices(member: Member) -> Select[Any]:
    kept = columns_of(Notice, "id kind title text address created_at read_at way mailed_at")
    query = select(
        *kept, Member.name.label("by"), Notice.sentences.label("key_sentences")
    ).outerjoin(Member, Member.id == Notice.actor_id)
    is_open = or_(Member.id.is_(None), Member.hidden_at.is_(None))
    if not member.is_curator:
        query = query.where(Notice.kind.not_in(QUEUE_KINDS))
    return query.where(Notice.member_id == member.id, and_(Notice.hidden_at.is_(None), is_open))


def say_in_notices(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the forum's sentences to notices, in the language of the file."""
    for row, record in zip(rows, records, strict=True):
        record["title"] = row.title or said_in(row.key_sentences, "title")
        record["text"] = f"{said_in(row.key_sentences, 'text')} {row.text}".strip()


def rows_of_notice_settings(member: Member) -> Record:
    kept, chosen = settings_of(member.id), select(NoticeChoice.kind, NoticeChoice.way)
    mine = chosen.where(NoticeChoice.member_id == member.id).order_by(NoticeChoice.kind)
    names = ("digest_every", "digest_hour", "time_zone", "watches_replies")
    ways = {row.kind: row.way for row in db.session.execute(mine)}
    return {name: getattr(kept, name) for name in names} | {"ways": ways}


def rows_of_intentions(member: Member) -> Select[Any]:
    kept = columns_of(Intention, "topic_id until created_at asked_at")
    query = select(*kept, _title(member)).join(Topic, Topic.id == Intention.topic_id)
    return query.where(Intention.member_id == member.id)


def rows_of_watches(member: Member) -> Select[Any]:
    kept = columns_of(Watch, "subject subject_id level created_at")
    return select(*kept).where(Watch.member_id == member.id)


def rows_of_bookmarks(member: Member) -> Select[Any]:
    kind = case(*((column.is_not(None), name) for name, column in KEPT_COLUMNS.items()))
    number = func.coalesce(*KEPT_COLUMNS.values())
    query = select(Bookmark.id, kind.label("kind"), number.label("item_id"), _kept_title(member))
    return query.add_columns(Bookmark.note, Bookmark.remind_on, Bookmark.created_at).where(
        Bookmark.member_id == member.id
    )


def rows_of_searches(member: Member) -> Select[Any]:
    kept = columns_of(
        KeptSearch,
        "id name words kinds agenda_ids languages topic_id is_exact told came_at created_at",
    )
    return select(*kept).where(KeptSearch.member_id == member.id)


def _kept_title(member: Member) -> ColumnElement[str]:
    """The title of a bookmarked thing; empty when the member can no longer read it."""
    posts = visible_topics(member).join(Post, Post.topic_id == Topic.id).where(*is_readable())
    titles = (
        posts.with_only_columns(Topic.title).where(Post.id == Bookmark.post_id),
        visible_cases(member).with_only_columns(Case.name).where(Case.id == Bookmark.case_id),
        visible_practices(member)
        .with_only_columns(Practice.title)
        .where(Practice.id == Bookmark.practice_id),
        visible_readings(member)
        .with_only_columns(Reading.title)
        .where(Reading.id == Bookmark.reading_id),
    )
    shown = (title.correlate(Bookmark).scalar_subquery() for title in titles)
    return func.coalesce(*shown, "").label("title")


def rows_of_attendances(member: Member) -> Select[Any]:
    seen = visible_meetings(member).with_only_columns(Meeting.title)
    title = seen.where(Meeting.id == Attendance.meeting_id).correlate(Attendance).scalar_subquery()
    kept = columns_of(Attendance, "meeting_id way said_at waiting_at remind_at")
    query = select(*kept, func.coalesce(title, "").label("title"))
    return query.where(Attendance.member_id == member.id)


def rows_of_mentions(member: Member) -> Select[Any]:
    return select(Mention.post_id).where(Mention.member_id == member.id)


def rows_of_places(member: Member) -> Select[Any]:
    place = dialogue.Place
    query = select(*columns_of(place, "topic_id number"), _title(member))
    query = query.join(Topic, Topic.id == place.topic_id)
    return query.where(place.member_id == member.id)


def rows_of_all_read(member: Member) -> Select[Any]:
    return select(*columns_of(AllRead, "agenda_id until")).where(AllRead.member_id == member.id)


def rows_of_asked(member: Member) -> Select[Any]:
    kept = columns_of(AdviceRequest, "topic_id reasons asked_at declined_at postponed_at passed_at")
    query = select(*kept, _title(member), Member.name.label("by"))
    query = query.join(Topic, Topic.id == AdviceRequest.topic_id)
    return query.join(Member, Member.id == AdviceRequest.asker_id).where(
        AdviceRequest.member_id == member.id
    )


def rows_of_asking(member: Member) -> Select[Any]:
    kept = columns_of(AdviceRequest, "topic_id asked_at")
    query = select(*kept, _title(member), Member.name.label("asked"))
    query = query.join(Topic, Topic.id == AdviceRequest.topic_id)
    return query.join(Member, Member.id == AdviceRequest.member_id).where(
        AdviceRequest.asker_id == member.id
    )


def rows_of_availability(member: Member) -> Select[Any]:
    kept = columns_of(Availability, "muted_at away_until")
    return select(*kept).where(Availability.member_id == member.id)


def rows_of_follow_ups(member: Member) -> Select[Any]:
    kept = columns_of(
        FollowUp, "topic_id deed outcome text language told_at edited_at hidden_at hidden_reason"
    )
    query = select(*kept, Topic.title.label("topic")).join(Topic, Topic.id == FollowUp.topic_id)
    return query.where(Topic.author_id == member.id)


def rows_of_passkeys(member: Member) -> Select[Any]:
    kept = columns_of(Passkey, "name is_synced created_at used_at")
    return select(*kept).where(Passkey.member_id == member.id)


def rows_of_authenticators(member: Member) -> Select[Any]:
    kept = columns_of(Authenticator, "created_at confirmed_at used_at")
    return select(*kept).where(Authenticator.member_id == member.id)


def rows_of_recovery_codes(member: Member) -> Select[Any]:
    kept = columns_of(RecoveryCode, "created_at used_at")
    return select(*kept).where(RecoveryCode.member_id == member.id)


def rows_of_identities(member: Member) -> Select[Any]:
    kept = columns_of(Identity, "issuer subject label created_at")
    return select(*kept).where(Identity.member_id == member.id)


def rows_of_invitations(member: Member) -> Select[Any]:
    kept = columns_of(Invitation, "id note uses used created_at ends_at ended_at")
    query = select(*kept, Organisation.name.label("for_organisation"))
    query = query.outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
    return query.where(Invitation.maker_id == member.id)


def rows_of_letters(member: Member) -> Select[Any]:
    kept = columns_of(Delivery, "id kind address created_at sent_at given_up_at dropped_at why")
    return select(*kept).where(Delivery.member_id == member.id)


def rows_of_sent(member: Member) -> Select[Any]:
    query = select(*columns_of(ContactLetter, "id text sent_at"), Member.name.label("to"))
    query = query.join(Member, Member.id == ContactLetter.recipient_id)
    return query.where(ContactLetter.sender_id == member.id)


def rows_of_received(member: Member) -> Select[Any]:
    kept = columns_of(ContactLetter, "id text sent_at reported_at")
    query = select(*kept, Member.name.label("by"))
    query = query.join(Member, Member.id == ContactLetter.sender_id)
    return query.where(ContactLetter.recipient_id == member.id)


def rows_of_tokens(member: Member) -> Select[Any]:
    kept = columns_of(Token, "id purpose address created_at expires_at used_at")
    return select(*kept).where(Token.member_id == member.id)


def rows_of_consents(member: Member) -> Select[Any]:
    kept: list[Any] = [Consent.number, Consent.how, Consent.agreed_at, Terms.valid_from]
    query = select(*kept).join(Terms, Terms.number == Consent.number)
    return query.where(Consent.member_id == member.id)
