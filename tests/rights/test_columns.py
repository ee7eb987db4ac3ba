"""Everything about a member has all columns of the tables that refer to one, but those of which it is said here why not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Column, Select, Table, event
from sqlalchemy.sql import visitors

from forum.columns import Base
from forum.db import db
from forum.members.models import Member
from forum.rights.queries import KINDS, LEFT_OUT, records

# Columns whose names say why they are left out, in whatever table
OF_ITSELF = re.compile(
    r"""
    (.+_)?html(_version)?  # made from the source, which is in
    |slug|excerpt|position|html_version|folded|sort_key|name_skeleton  # made from the words, or an order on a page
    |submission_key|seen|sequence|uid|.*_hash|salt|locked_secret|last_step|credential_id|public_key|signatures
    |transports  # keys and secrets, which open something
    |.*_count|has_poll  # counted from what is there
    |look_on|look_at|looked_at|looked_up_to|seen_up_to|told_up_to|told_on|told_at|due_at|attempts|resumed_at|reminded_at
    |next_on|checked_at  # how far the worker is
    |language_of_title
    """,
    re.VERBOSE,
)
# Tables of which hardly a column is about the member
OF_OTHERS = {
    "organisation": "It belongs to the organisation; that the member represents it is in.",
    "screening_rule": "A rule for everybody; when an administrator made it is in.",
    "taken_name": "When a name was taken from a statement is told with the statement.",
}
WHY_NOT: dict[tuple[str, str], str] = {
    ("member", "password_hash"): "It opens the account.",
    ("member", "hosted"): "The agendas are in by name.",
    ("member", "ignored"): "They are in by name.",
    ("member", "left_at"): "Who has left has no file.",
    ("all_read", "former_until"): "What Undo brings back; what holds is in.",
    ("decision", "item_id"): "Its address is in.",
    ("decision", "agenda_id"): "Its address is in.",
    ("decision", "language"): "That of the title, for screen readers.",
    ("decision", "before"): "What undoing it needs.",
    ("decision", "order_id"): "Its page names the order; the source says that there was one.",
    ("delivery", "words"): "What the e-mail is made of; its text is in.",
    ("delivery", "locale"): "The language of the e-mail; its text is in.",
    ("earlier_handle", "replaced_at"): "When the last change was is in the account.",
    ("member_portrait", "name"): "Its address; the picture is in as a file.",
    ("member_portrait", "data"): "The picture is in as a file.",
    ("picture", "unused_at"): "When the worker deletes it.",
    ("picture", "agenda_id"): "The texts that show it are in with their agendas.",
    ("recovery_code", "number"): "Which of ten codes it is.",
    ("topic", "home"): "Whether a case or practice has it; these are in.",
    ("topic", "active_at"): "When the latest post there was written that anybody can read.",
    ("topic", "answered_at"): "The post that answers is in with its author.",
    ("topic", "followed_up_at"): "When the member told what happened next is in with the text.",
    ("topic", "follow_up_hidden_at"): "The decision is in.",
    ("topic", "unseen_at"): "That no moderator has looked yet.",
    ("topic", "pinned_at"): "Moderators place it in the lists.",
    ("topic", "told_all_at"): "Moderators told all members of it.",
    ("topic", "emptied_at"): "The worker empties what is deleted.",
    ("topic", "regrouped_at"): "Whether posts went from it or came.",
    ("appeal", "reversal_id"): "The decision about the appeal is in.",
    ("contact_letter", "delivery_id"): "The e-mail itself, which is among the e-mails.",
    ("declaration", "topic_id"): "Its discussion; what the member wrote there is in.",
    ("declaration", "replaces_id"): "Another declaration; that the member wrote it is in.",
    ("meeting", "updated_at"): "For calendars.",
    ("meeting", "over_at"): "Computed from when it ends.",
    ("meeting", "outcome_at"): "When anybody told what came of it.",
    ("meeting", "topic_id"): "Its discussion; what the member wrote there is in.",
    ("notice", "event_id"): "The deed that it was made of.",
    ("notice", "others"): "How many other people did the same.",
    ("notice", "language"): "That of the title, for screen readers.",
    ("notice", "topic_id"): "Its address is in.",
    ("notice", "post_id"): "Its address is in.",
    ("notice", "all_read_at"): "What Undo brings back; when it was read is in.",
    ("notice", "hidden_at"): "What it tells of is hidden.",
    ("post", "unseen_at"): "That no moderator has looked yet.",
    ("report", "name"): "Of reports by people without an account.",
    ("report", "confirmed_at"): "Of reports by people without an account.",
    ("report", "locale"): "Of reports by people without an account.",
    ("report", "item_id"): "Its address is in.",
    ("report", "agenda_id"): "Its address is in.",
    ("report", "language"): "That of the title, for screen readers.",
    ("bookmark", "remind_at"): "The day is in; this is its hour.",
    ("commitment", "declaration_id"): "What it follows from stands on its page.",
    ("commitment", "practice_id"): "What it follows from stands on its page.",
    ("commitment", "case_id"): "What it follows from stands on its page.",
    ("held", "post_id"): "The post of which it is an edit; its topic is in.",
    ("held", "rule_id"): "The rule is in by its words.",
    ("held", "decision_id"): "Why it was refused is in.",
    ("mark", "id"): "Its address is that of the post.",
    ("signature", "organisation_id"): "The organisation is in by its name that day.",
    ("token", "candidate_id"): "Of people who have no account yet.",
    ("translation", "audience"): "That of the original.",
    ("translation", "failure_audience"): "That of the original.",
    ("translation", "made_from"): "The state of the original.",
    ("translation", "deleted_at"): "Who may undo it has it; what is deleted is not in.",
}

Columns = set[tuple[str, str]]


def read_by_kind(member: Member) -> dict[str, Columns]:
    """The columns that the statements of each kind select; of a row that is loaded whole, those whose names are its fields."""
    read: dict[str, Columns] = {}

    def note(_connection: Any, statement: Any, *_more: Any) -> None:
        if isinstance(statement, Select):
            read[kind.name].update(selected(statement, kind.fields))

    event.listen(db.engine, "before_execute", note)
    try:
        for kind in KINDS:
            read[kind.name] = set(kind.columns)
            for _batch in records(member, kind):
                pass
    finally:
        event.remove(db.engine, "before_execute", note)
    for kind in KINDS:
        if kind.name in ("account", "profile"):  # of which the reader is loaded already
            read[kind.name] |= {("member", name) for name in kind.fields}
    return read


def selected(statement: Select[Any], fields: Collection[str]) -> Iterator[tuple[str, str]]:
    """The columns of tables in what a statement selects."""
    for part in statement._raw_columns:
        if isinstance(part, Table):
            yield from ((part.name, column.name) for column in part.columns if column.key in fields)
            continue
        for element in visitors.iterate(part):
            for column in getattr(element, "base_columns", ()):
                if isinstance(column, Column) and isinstance(column.table, Table):
                    yield column.table.name, column.name


def is_in(column: Column[Any], read: dict[str, Columns]) -> bool:
    """Whether a kind selects a column, or, for the id of another row, something of that row's table instead."""
    name = column.table.name
    targets = {key.column.table.name for key in column.foreign_keys} - {name}
    return any(
        (name, column.name) in some
        or ({of for of, _column in some} >= {name} and any(of in targets for of, _column in some))
        for some in read.values()
    )


def is_explained(column: Column[Any]) -> bool:
    """Whether a reason is known why a column is left out."""
    name = (column.table.name, column.name)
    known = name in LEFT_OUT or name in WHY_NOT or column.table.name in OF_OTHERS
    return known or OF_ITSELF.fullmatch(column.name) is not None


def tables_about_members() -> Iterator[Table]:
    """The tables that refer to members, without those whose rows are left out as a whole (`LEFT_OUT`)."""
    for table in Base.metadata.sorted_tables:
        naming = [
            (table.name, column.name)
            for column in table.columns
            if any(key.column.table.name == "member" for key in column.foreign_keys)
        ]
        if table.name == "member" or not LEFT_OUT.keys() >= set(naming):
            yield table


def test_every_column_of_a_table_that_refers_to_members_is_in_or_there_is_a_reason(
    people: Any, lived: Any
) -> None:
    """A new column fails here until it is read for the file, or a reason is given in `WHY_NOT`."""
    read: dict[str, Columns] = {}
    for member in (people.ana, people.moderator, people.host):
        for name, some in read_by_kind(member).items():
            read.setdefault(name, set()).update(some)
    columns = [column for table in tables_about_members() for column in table.columns]
    out = [column for column in columns if not is_in(column, read)]
    missing = [str(column) for column in out if not is_explained(column)]
    assert not missing, f"read them in `rights/queries/`, or say in WHY_NOT why not: {missing}"
    left = {(column.table.name, column.name) for column in out}
    assert WHY_NOT.keys() <= left, "a reason for what is in, or is not there"


# Tables whose rows belong to a row of a table above, and of which no column is needed
PARTS_LEFT_OUT = {
    "care": "How far the worker is with a topic.",
    "case_paragraph": "The body of the case, which is in, paragraph by paragraph.",
    "file_portion": "The file is in as a file.",
    "picture_file": "The picture is in as a file.",
    "quote": "Which posts a text quotes; the text is in.",
    "trace": "Where a post was before moderators moved it.",
}
WHY_NOT_OF_PARTS = {
    ("milestone", "reminded_before_at"): "How far the worker is.",
    ("milestone", "reminded_after_at"): "How far the worker is.",
}


def parts_of_members() -> Iterator[Table]:
    """The tables that refer to no member, but to a table that does, or to such a part."""
    within = {table.name for table in tables_about_members()}
    for table in Base.metadata.sorted_tables:  # what others refer to comes before them
        targets = {key.column.table.name for key in table.foreign_keys}
        if "member" not in targets and targets & (within - OF_OTHERS.keys()):
            within.add(table.name)
            yield table


def test_what_belongs_to_such_a_row_in_a_table_of_its_own_is_in_too(
    people: Any, lived: Any
) -> None:
    """The milestones of a commitment, the themes of a topic: a new table fails here until it is read, or said why not."""
    read: dict[str, Columns] = {}
    for member in (people.ana, people.host):
        for name, some in read_by_kind(member).items():
            read.setdefault(name, set()).update(some)
    tables = list(parts_of_members())
    assert PARTS_LEFT_OUT.keys() <= {table.name for table in tables}
    out = [
        column
        for table in tables
        if table.name not in PARTS_LEFT_OUT
        for column in table.columns
        if column.name != "id" and not is_in(column, read) and not is_explained(column)
    ]
    missing = {(column.table.name, column.name) for column in out}
    assert missing == WHY_NOT_OF_PARTS.keys()
