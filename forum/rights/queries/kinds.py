"""The kinds of data that are stored about a member, with their records in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_

from forum.accounts.models import Token
from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.agendas.models import Statement
from forum.appeals.models import Appeal
from forum.contact.models import ContactLetter
from forum.db import db
from forum.dialogue import models as dialogue
from forum.dialogue.models import AllRead, Held, Mark, Mention, Post, Revision, Topic
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.history.models import Version
from forum.identities.models import Identity
from forum.invitations.models import Invitation
from forum.library.models import Case, Practice, PracticeSection
from forum.mail.models import Delivery
from forum.members.models import Ignore, Member, Session
from forum.moderation.models import Decision, Report, StaffNote
from forum.notifications.models import Notice, Watch
from forum.queue.models import EntryNote
from forum.rights.models import Kind, Record
from forum.rights.queries._rows import (
    account_of,
    columns_of,
    plain_record,
    profile_of,
    rows_of_all_read,
    rows_of_appeals,
    rows_of_asked,
    rows_of_asking,
    rows_of_authenticators,
    rows_of_availability,
    rows_of_cases,
    rows_of_consents,
    rows_of_decided,
    rows_of_decisions,
    rows_of_edits,
    rows_of_follow_ups,
    rows_of_held,
    rows_of_identities,
    rows_of_ignored,
    rows_of_invitations,
    rows_of_letters,
    rows_of_marks,
    rows_of_mentions,
    rows_of_notice_settings,
    rows_of_notices,
    rows_of_passkeys,
    rows_of_places,
    rows_of_posts,
    rows_of_practices,
    rows_of_queue_notes,
    rows_of_received,
    rows_of_recovery_codes,
    rows_of_reports,
    rows_of_rules,
    rows_of_sent,
    rows_of_sessions,
    rows_of_staff_notes,
    rows_of_staff_notes_written,
    rows_of_statements,
    rows_of_tokens,
    rows_of_topics,
    rows_of_watches,
    versions_of,
)
from forum.screening.models import Rule
from forum.terms.models import Consent

BATCH = 200  # records


def records(member: Member, kind: Kind) -> Iterator[list[Record]]:
    """The records of one kind in batches. Between two of them neither rows nor a transaction are held."""
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
    """A `Kind.batch` of a select, in the order of the key columns.

    Each row becomes a record of its columns, or what `record` makes of it; `more` adds to the records of a batch.
    """

    def batch(member: Member, after: Any) -> tuple[list[Record], Any]:
        keys = [column.label(f"key_{number}") for number, column in enumerate(key)]
        wanted = query(member).add_columns(*keys).order_by(*key).limit(BATCH)
        rows = db.session.execute(wanted.where(_is_after(key, after)) if after else wanted).all()
        made = [(record or plain_record)(row) for row in rows]
        if more:
            more(rows, made)
        last = tuple(rows[-1][-len(key) :]) if len(rows) == BATCH else None
        return made, last

    return batch


def _is_after(key: Sequence[Any], after: Sequence[Any]) -> ColumnElement[bool]:
    if len(key) == 1:
        is_after: ColumnElement[bool] = key[0] > after[0]
        return is_after
    return tuple_(*key) > tuple_(*after)


def _one(record: Callable[[Member], Record]) -> Callable[[Member, Any], tuple[list[Record], Any]]:
    return lambda member, _after: ([record(member)], None)


def _with_versions(rows: Sequence[Any], made: list[Record]) -> None:
    """Add their earlier versions to posts."""
    earlier: dict[int, list[Record]] = {row.id: [] for row in rows}
    kept = columns_of(Revision, "post_id title source written_at replaced_at withdrawn_at")
    query = select(*kept).where(Revision.post_id.in_(earlier)).order_by(Revision.id)
    for revision in db.session.execute(query):
        plain = plain_record(revision)
        earlier[plain.pop("post_id")].append(plain)
    for one in made:
        one["earlier_versions"] = earlier[one["id"]]


def _with_sections(rows: Sequence[Any], made: list[Record]) -> None:
    """Add their sections and earlier versions to practices."""
    ids = [row.id for row in rows]
    parts = select(PracticeSection.practice_id, PracticeSection.name, PracticeSection.source)
    found: dict[int, Record] = {row_id: {} for row_id in ids}
    in_order = parts.where(PracticeSection.practice_id.in_(ids)).order_by(PracticeSection.position)
    for row in db.session.execute(in_order):
        found[row.practice_id][row.name] = row.source
    earlier = versions_of("practice", ids)
    for one in made:
        one |= {"sections": found[one["id"]], "earlier_versions": earlier[one["id"]]}


TIMES = {
    "created_at": "when it was written or made",
    "hidden_at": "since when a moderator hides it",
    "removed_at": "since when it is hidden without a word in its place",
    "deleted_at": "when you deleted it, or a moderator let it wait again; nothing of the text is kept here then",
    "replaced_at": "when another text took its place",
}
LANGUAGE = {"language": "the language it is written in, as an ISO 639 code"}
AUDIENCE = {"audience": "who may read it: public, or members"}
ABOUT_DECISION = {
    "id": "the number of the decision, as in /moderation/decisions/7",
    "deed": "what was decided: keep, hide, lock …",
    "kind": "what it was about: post, topic, case, practice, member, mark or followup (what happened next)",
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
        _one(account_of),
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
        _one(profile_of),
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
        _paged(rows_of_sessions, Session.id),
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
        _paged(rows_of_topics, Topic.id),
        {
            "id": "its number, as in /topics/7",
            "kind": "experience, question, practice or case",
            "title": "its title",
            "agenda": "the agenda it stands on",
            "for_organisation": "the organisation you wrote it for, if any",
            "hidden_reason": "why it is hidden",
            "locked_at": "when moderators locked it, if they did",
            "locked_reason": "why it is locked",
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
        _paged(rows_of_posts, Post.id, more=_with_versions),
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
        _paged(rows_of_held, Held.id),
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
        _paged(rows_of_rules, Rule.id),
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
        _paged(rows_of_marks, Mark.post_id, Mark.kind),
        {
            "post_id": "the number of the post",
            "topic": "the title of its topic, unless it is of somebody else and hidden",
            "kind": "useful, same here, tried it, or taken back (you took it back while a moderator hides your sentence)",
            "outcome": "what became of trying it: kept, adapted or stopped",
            "note": "your sentence about it",
            "city": "your city that day",
            "created_at": "when you gave it",
            "hidden_at": "since when a moderator hides your sentence",
            "hidden_reason": "why it is hidden",
        },
    ),
    Kind(
        "practices",
        "Practices",
        "The practices that you shared, in every state.",
        (("practice", "author_id"),),
        _paged(rows_of_practices, Practice.id, more=_with_sections),
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
            "hidden_reason": "why it is hidden",
            "caught_by": "the rule before publication that it met when you handed it in",
            "featured_at": "since when it stands first in the library",
            **LANGUAGE,
            **AUDIENCE,
            **{
                name: TIMES[name]
                for name in ("created_at", "hidden_at", "removed_at", "deleted_at")
            },
        },
    ),
    Kind(
        "cases",
        "Cases",
        "The cases that you added to an agenda as its host.",
        (("topic", "author_id"),),
        _paged(rows_of_cases, Case.id),
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
            "hidden_reason": "why it is hidden",
            **LANGUAGE,
            **{name: TIMES[name] for name in ("created_at", "hidden_at", "removed_at")},
        },
    ),
    Kind(
        "statements",
        "Statements",
        "What is quoted of you on an agenda.",
        (("statement", "member_id"),),
        _paged(rows_of_statements, Statement.id),
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
        _paged(rows_of_edits, Version.id),
        {
            "kind": "what you changed: agenda, statement, case, practice, reading, theme, organisation, recourse or federation (what the forum is called)",
            "item_id": "its number",
            "replaced_at": "when you changed it",
        },
    ),
    Kind(
        "reports",
        "Reports",
        "What you reported to the moderators.",
        (("report", "reporter_id"),),
        _paged(rows_of_reports, Report.id),
        {
            "id": "its number",
            "number": "the number of its receipt",
            "kind": "what you reported: post, topic, case, practice, member, mark, followup (what happened next) or letter",
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
        _paged(rows_of_decisions, Decision.id),
        ABOUT_DECISION,
    ),
    Kind(
        "decided",
        "Decisions by you",
        "What you decided as a moderator or host.",
        (("decision", "moderator_id"),),
        _paged(rows_of_decided, Decision.id),
        ABOUT_DECISION,
    ),
    Kind(
        "appeals",
        "Appeals",
        "Where you asked another moderator to look again.",
        (("appeal", "appellant_id"),),
        _paged(rows_of_appeals, Appeal.id),
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
        _paged(rows_of_staff_notes, StaffNote.id),
        {"id": "its number", "text": "the note", "written_at": "when it was written"},
    ),
    Kind(
        "notes-by-you",
        "Notes about members by you",
        "What you noted about members for other moderators.",
        (("staff_note", "author_id"),),
        _paged(rows_of_staff_notes_written, StaffNote.id),
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
        _paged(rows_of_ignored, Ignore.ignored_id),
        {"name": "who it is", "since": "since when"},
    ),
    Kind(
        "queue-notes",
        "Notes in the queue",
        "What you noted for other moderators about what waits in the queue.",
        (("entry_note", "author_id"),),
        _paged(rows_of_queue_notes, EntryNote.id),
        {
            "id": "its number",
            "kind": "what the note is about: post, topic, case, practice, member, mark, followup (what happened next), letter or candidate",
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
        _paged(rows_of_notices, Notice.id),
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
        _one(rows_of_notice_settings),
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
        _paged(rows_of_watches, Watch.subject, Watch.subject_id),
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
        _paged(rows_of_mentions, Mention.post_id),
        {"post_id": "the number of the post"},
    ),
    Kind(
        "reading",
        "How far you have read",
        "One line for each topic that you have read in.",
        (("place", "member_id"),),
        _paged(rows_of_places, dialogue.Place.topic_id),
        {
            "topic_id": "the number of the topic",
            "topic": "its title, unless it is of somebody else and hidden",
            "number": "the place of the last post that you have read",
        },
    ),
    Kind(
        "all-read",
        "Marked as read",
        "Of which dialogues you marked all topics as read, and when.",
        (("all_read", "member_id"),),
        _paged(rows_of_all_read, AllRead.agenda_id),
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
        _paged(rows_of_asked, AdviceRequest.topic_id),
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
        _paged(rows_of_asking, AdviceRequest.topic_id, AdviceRequest.member_id),
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
        _paged(rows_of_availability, Availability.member_id),
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
        _paged(rows_of_follow_ups, FollowUp.topic_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title",
            "deed": "what you did",
            "outcome": "whether it worked: yes, partly, no or not yet tried",
            "text": "what you told",
            "told_at": "when you told it",
            "edited_at": "when you last changed it",
            "hidden_at": TIMES["hidden_at"],
            "hidden_reason": "why it is hidden",
            **LANGUAGE,
        },
    ),
    Kind(
        "passkeys",
        "Passkeys",
        "The keys with which you sign in, without what proves them.",
        (("passkey", "member_id"),),
        _paged(rows_of_passkeys, Passkey.id),
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
        _paged(rows_of_authenticators, Authenticator.id),
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
        _paged(rows_of_recovery_codes, RecoveryCode.id),
        {"created_at": "when it was made", "used_at": "when it was used"},
    ),
    Kind(
        "identities",
        "Accounts elsewhere",
        "The accounts of elsewhere with which you sign in.",
        (("identity", "member_id"),),
        _paged(rows_of_identities, Identity.id),
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
        _paged(rows_of_invitations, Invitation.id),
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
        _paged(rows_of_letters, Delivery.id),
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
        _paged(rows_of_sent, ContactLetter.id),
        {"id": "its number", "to": "to whom", "text": "the text", "sent_at": "when you sent it"},
    ),
    Kind(
        "letters-received",
        "Letters from other members",
        "What other members wrote to you in the last 30 days.",
        (("contact_letter", "recipient_id"),),
        _paged(rows_of_received, ContactLetter.id),
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
        _paged(rows_of_tokens, Token.id),
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
        _paged(rows_of_consents, Consent.number),
        {
            "number": "the version",
            "how": "whether you agreed when joining or when asked",
            "agreed_at": "when you agreed",
            "valid_from": "from when on the version is in force",
        },
    ),
)
# Columns that name a member and are not handed out, each with the reason
LEFT_OUT: dict[tuple[str, str], str] = {
    ("topic", "answered_by_id"): "It repeats who wrote a post, and the post is in.",
    ("report", "author_id"): "Who reports you stays unknown; what was decided about it is in.",
    ("appeal", "decider_id"): "It is the appeal of somebody else; what you took back is in.",
    ("ignored_member", "ignored_id"): "Who ignores you stays unknown.",
    ("claim", "member_id"): "It waits for half an hour at most, and says at what you are.",
    ("report", "email"): "It is of somebody who has no account.",
    (
        "event",
        "actor_id",
    ): "It is kept as long as a notice made of it, and repeats a deed of yours, which is in.",
    (
        "event",
        "recipients",
    ): "It is kept as long as a notice made of it, and repeats who has one; yours are in.",
    (
        "notice",
        "actor_id",
    ): "It is a line in the inbox of somebody else; the deed it tells of is in.",
    ("event", "but"): "It repeats who was told of the deed by another notice; yours are in.",
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
