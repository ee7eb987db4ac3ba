"""Which of the words that were typed nobody may find on a page: told from the rows themselves, not from the queries of the forum."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from forum.columns import Base
from forum.db import db

SIGN = re.compile(r"\bhush\d+x")
PUBLIC, MEMBERS, NOBODY = "public", "members", "nobody"
# What is said in confidence, or not published yet
CONFIDENTIAL = {
    "appeal": ("text", "answer"),
    "bookmark": ("note",),
    "candidate": ("profile", "answers", "refused_why"),
    "contact_letter": ("text",),
    "draft": ("fields",),
    "entry_note": ("text",),
    "held": ("title", "source"),
    "invitation": ("note",),
    "kept_search": ("name", "words"),
    "report": ("text", "name"),
    "staff_note": ("text",),
}
# What everybody reads: a word that stands there, too, is no secret
OPEN = (
    "organisation",
    "theme",
    "terms",
    "rule_book",
    "house_rule",
    "federation",
    "recourse",
    "entrance",
)
Row = dict[str, Any]


@dataclass
class Secrets:
    """The signs of texts by who may read them."""

    by_reach: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def put(self, reach: str, values: Iterable[Any]) -> None:
        """Note that some values may be read by these."""
        for value in values:
            if isinstance(value, str | dict | list):
                self.by_reach[reach].update(SIGN.findall(str(value)))

    @property
    def from_visitors(self) -> set[str]:
        """What no visitor may find."""
        return (self.by_reach[NOBODY] | self.by_reach[MEMBERS]) - self.by_reach[PUBLIC]

    @property
    def from_members(self) -> set[str]:
        """What no member may find who has nothing to do with it."""
        return self.by_reach[NOBODY] - self.by_reach[PUBLIC] - self.by_reach[MEMBERS]


def secrets() -> Secrets:
    """Read all texts of the forum."""
    rows = {table.name: list(_rows(table.name)) for table in Base.metadata.sorted_tables}
    found = Secrets()
    shut = {row["id"] for row in rows["agenda"] if row["opened_at"] is None}
    for table, columns in CONFIDENTIAL.items():
        for row in rows[table]:
            found.put(NOBODY, (row[column] for column in columns))
    homes = _library(found, rows, shut)
    _translations(found, rows, shut)
    _of_organisations(found, rows, shut)
    _dialogue(found, rows, shut, homes)
    for row in rows["agenda"]:
        found.put(NOBODY if row["id"] in shut else PUBLIC, row.values())
    for table in ("statement", "reading"):
        for row in rows[table]:
            is_gone = row["agenda_id"] in shut or row["removed_at"]
            found.put(NOBODY if is_gone else PUBLIC, row.values())
    for row in rows["member"]:
        said = (row["position"], row["helps_with"], row["about"])
        found.put(NOBODY if row["hidden_at"] or row["left_at"] else PUBLIC, said)
        found.put(PUBLIC, (row["name"],))
    for table in OPEN:
        for row in rows[table]:
            found.put(PUBLIC, row.values())
    return found


def _library(found: Secrets, rows: dict[str, list[Row]], shut: set[int]) -> dict[int, str]:
    """Cases and practices; returns who may read the topics of these, by topic."""
    homes: dict[int, str] = {}
    for row in rows["case"]:
        homes[row["topic_id"]] = reach = _reach_of_case(row, shut)
        found.put(reach, row.values())
        for table in ("case_figure", "case_link", "case_paragraph"):
            for part in rows[table]:
                if part["case_id"] == row["id"]:
                    found.put(reach, part.values())
    for row in rows["practice"]:
        reach = _reach_of_practice(row, shut)
        if row["topic_id"]:
            homes[row["topic_id"]] = reach
        found.put(reach, row.values())
        for section in rows["practice_section"]:
            if section["practice_id"] == row["id"]:
                found.put(_reach_of_part(section, row, reach), (section["source"],))
    return homes


def _reach_of_case(row: Row, shut: set[int]) -> str:
    is_gone = row["hidden_at"] or row["removed_at"] or row["agenda_id"] in shut
    return NOBODY if is_gone else PUBLIC


def _reach_of_practice(row: Row, shut: set[int]) -> str:
    is_gone = row["hidden_at"] or row["removed_at"] or row["deleted_at"]
    is_out = row["published_at"] and not is_gone and row["agenda_id"] not in shut
    return (row["audience"] if is_out else NOBODY) or PUBLIC


def _reach_of_part(part: Row, whole: Row, reach: str) -> str:
    """Who may read a part of a practice or of its translation, which has this reach."""
    is_for_members = part["name"] == "failure" and whole.get("failure_audience") == MEMBERS
    return _narrower(reach, MEMBERS if is_for_members else PUBLIC)


def _translations(found: Secrets, rows: dict[str, list[Row]], shut: set[int]) -> None:
    """Translations are for nobody who may not read the original."""
    reaches: dict[str, Callable[[Row, set[int]], str]] = {
        "case": _reach_of_case,
        "practice": _reach_of_practice,
    }
    originals = {(kind, row["id"]): row for kind in reaches for row in rows[kind]}
    for row in rows["translation"]:
        kind = "case" if row["case_id"] else "practice"
        original = originals[kind, row[f"{kind}_id"]]
        own = NOBODY if row["hidden_at"] or row["deleted_at"] else row["audience"]
        reach = _narrower(own, reaches[kind](original, shut))
        found.put(reach, (row["title"], row["sentence"], row["figures"]))
        for part in rows["translated_part"]:
            if part["translation_id"] == row["id"]:
                within = (_reach_of_part(part, whole, reach) for whole in (row, original))
                found.put(_narrower(*within), (part["source"],))


def _of_organisations(found: Secrets, rows: dict[str, list[Row]], shut: set[int]) -> None:
    """Declarations, once they are in consultation, commitments and meetings."""
    for row in rows["declaration"]:
        is_out = row["opened_at"] and row["agenda_id"] not in shut
        found.put(PUBLIC if is_out else NOBODY, (row["title"], row["source"]))
    for row in rows["commitment"]:
        is_gone = row["hidden_at"] or row["agenda_id"] in shut
        said = (row["title"], row["source"], row["kept_words"], row["ended_reason"])
        found.put(NOBODY if is_gone else PUBLIC, said)
    for row in rows["meeting"]:
        reach = NOBODY if row["agenda_id"] in shut else row["audience"]
        found.put(reach, (row["title"], row["source"], row["outcome"]))


def _dialogue(
    found: Secrets, rows: dict[str, list[Row]], shut: set[int], homes: dict[int, str]
) -> None:
    """Topics, posts, what became of them, and what was said about them."""
    reach_of: dict[int, str] = {}
    for row in rows["topic"]:
        is_hidden = row["hidden_at"] or row["removed_at"] or row["agenda_id"] in shut
        home = homes.get(row["id"], PUBLIC)
        own = NOBODY if is_hidden or row["deleted_at"] else row["audience"]
        reach_of[row["id"]] = _narrower(own, home)
        found.put(reach_of[row["id"]], (row["title"], row["excerpt"], row["locked_reason"]))
        # A line above the posts of a merged topic says what it was called.
        if row["merged_into_id"] and not is_hidden:
            found.put(_narrower(row["audience"], home), (row["title"],))
    reach_of_post = {}
    for row in rows["post"]:
        is_gone = row["hidden_at"] or row["deleted_at"] or row["removed_at"]
        reach = NOBODY if is_gone else reach_of[row["topic_id"]]
        reach_of_post[row["id"]] = reach
        found.put(reach, (row["source"], row["note_source"]))
    for row in rows["revision"]:
        found.put(reach_of_post[row["post_id"]], (row["source"], row["title"]))
    for row in rows["mark"]:
        found.put(NOBODY if row["hidden_at"] else reach_of_post[row["post_id"]], (row["note"],))
    for row in rows["follow_up"]:
        found.put(NOBODY if row["hidden_at"] else reach_of[row["topic_id"]], (row["text"],))


def _narrower(one: str, other: str) -> str:
    order = (PUBLIC, MEMBERS, NOBODY)
    return max(one, other, key=order.index)


def _rows(name: str) -> Iterator[Row]:
    table = Base.metadata.tables[name]
    if name in ("city", "city_name"):
        return
    for row in db.session.execute(select(table)).mappings():
        yield {str(column): value for column, value in row.items()}


def places_of(word: str) -> list[str]:
    """The rows that hold a word, for whoever reads of a fault."""
    return [
        f"{table.name} {row.get('id', '')}".strip()
        for table in Base.metadata.sorted_tables
        for row in _rows(table.name)
        if word in str(row)
    ]
