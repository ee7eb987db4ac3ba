"""Data of moderation: reports, decisions, appeals and notes of moderators, and ignored members."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from forum.appeals.models import Appeal
from forum.members.models import Ignore
from forum.moderation.models import Decision, Report, StaffNote, TrustedFlagger
from forum.queue.models import EntryNote
from forum.rights.models import Kind
from forum.rights.queries._rows_of_moderation import (
    rows_of_appeals,
    rows_of_decided,
    rows_of_decisions,
    rows_of_ignored,
    rows_of_queue_notes,
    rows_of_reports,
    rows_of_staff_notes,
    rows_of_staff_notes_written,
    rows_of_trust,
    say_in_decisions,
    say_titles,
)
from forum.rights.queries._shared import in_batches

DECISION_FIELDS = {
    "id": _("the number of the decision, as in /moderation/decisions/7"),
    "deed": _("what was decided: keep, hide, lock …"),
    "kind": _(
        "what it was about: post, topic, case, practice, member, mark, followup (what happened next), reservation, commitment or translation"
    ),
    "title": _("its title or first words"),
    "address": _("where it stands"),
    "reason": _("what happened, in the statement of reasons"),
    "rule": _("the number of the house rule it names, 0 for none"),
    "rule_name": _("the name of the rule, as it was"),
    "rule_sentence": _("what the rule said"),
    "law": _("the law it names instead"),
    "source": _("what led to it: own initiative, report, rule, appeal, order or last day"),
    "is_automated": _("whether a machine pointed it out"),
    "is_excused": _("whether it was advertising in bulk, which needs no reasons"),
    "until": _("until when it holds"),
    "undoes_id": _("the number of the decision that it takes back"),
    "lot_id": _("the number of the first of several decisions that were one deed"),
    "decided_at": _("when it was decided"),
}
MODERATION_KINDS: tuple[Kind, ...] = (
    Kind(
        "reports",
        _("Reports"),
        _("What you reported to the moderators."),
        (("report", "reporter_id"),),
        in_batches(rows_of_reports, Report.id, add_to=say_titles),
        {
            "id": _("its number"),
            "number": _("the number of its receipt"),
            "source": _("as what you reported it: member or trusted flagger"),
            "kind": _(
                "what you reported: post, topic, case, practice, member, mark, followup (what happened next), reservation, commitment, translation or letter"
            ),
            "title": _("its title or first words"),
            "address": _("where it stands"),
            "reason": _("the reason you chose"),
            "text": _("what you said about it"),
            "created_at": _("when you reported it"),
            "decision": _("what was decided"),
            "decided_at": _("when it was decided"),
        },
    ),
    Kind(
        "trusted-flagger",
        _("Trusted flagger"),
        _("The bodies for which you report illegal content as a trusted flagger."),
        (("trusted_flagger", "member_id"),),
        in_batches(rows_of_trust, TrustedFlagger.id),
        {
            "id": _("its number"),
            "name": _("the body"),
            "coordinator": _("who gave it the status"),
            "field": _("for what"),
            "since": _("since when"),
            "until": _("the last day, if there is one"),
            "named_at": _("when an administrator wrote it down here"),
            "ended_at": _("when an administrator ended it"),
        },
    ),
    Kind(
        "decisions",
        _("Decisions about you"),
        _("What moderators decided about what you wrote."),
        (("decision", "author_id"),),
        in_batches(rows_of_decisions, Decision.id, add_to=say_in_decisions),
        DECISION_FIELDS,
    ),
    Kind(
        "decided",
        _("Decisions by you"),
        _("What you decided as a moderator or host."),
        (("decision", "moderator_id"),),
        in_batches(rows_of_decided, Decision.id, add_to=say_in_decisions),
        DECISION_FIELDS,
    ),
    Kind(
        "appeals",
        _("Appeals"),
        _("Where you asked another moderator to look again."),
        (("appeal", "appellant_id"),),
        in_batches(rows_of_appeals, Appeal.id),
        {
            "id": _("its number"),
            "decision_id": _("the number of the decision"),
            "text": _("what you said"),
            "created_at": _("when you appealed"),
            "outcome": _("upheld: the decision stays; reversed: it was taken back"),
            "answer": _("what you were answered"),
            "decided_at": _("when you were answered"),
        },
    ),
    Kind(
        "moderators-notes",
        _("Notes of the moderators about you"),
        _("What moderators noted about you for each other, without who wrote it."),
        (("staff_note", "member_id"),),
        in_batches(rows_of_staff_notes, StaffNote.id),
        {"id": _("its number"), "text": _("the note"), "written_at": _("when it was written")},
    ),
    Kind(
        "notes-by-you",
        _("Notes about members by you"),
        _("What you noted about members for other moderators."),
        (("staff_note", "author_id"),),
        in_batches(rows_of_staff_notes_written, StaffNote.id),
        {
            "id": _("its number"),
            "about": _("who it is about"),
            "text": _("the note"),
            "written_at": _("when you wrote it"),
        },
    ),
    Kind(
        "ignored",
        _("Members you ignore"),
        _("Members you want to see and hear nothing of."),
        (("ignored_member", "member_id"),),
        in_batches(rows_of_ignored, Ignore.ignored_id),
        {"name": _("who it is"), "since": _("since when")},
    ),
    Kind(
        "queue-notes",
        _("Notes in the queue"),
        _("What you noted for other moderators about what waits in the queue."),
        (("entry_note", "author_id"),),
        in_batches(rows_of_queue_notes, EntryNote.id),
        {
            "id": _("its number"),
            "kind": _(
                "what the note is about: post, topic, case, practice, member, mark, followup (what happened next), reservation, commitment, translation, letter or candidate"
            ),
            "item_id": _("its number"),
            "text": _("the note"),
            "written_at": _("when you wrote it"),
        },
    ),
)
