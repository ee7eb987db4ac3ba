"""`flask rerender | reindex`: rebuilds HTML, and search documents, from the stored texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from forum.agendas import actions as agendas
from forum.commitments import actions as commitments
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import render_with_mentions
from forum.library import actions as library
from forum.markup import PlainTexts, Written, plain, write
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.parallels import actions as parallels
from forum.permissions import SYSTEM, Person
from forum.search import actions as search
from forum.terms import actions as terms
from forum.upkeep import queries
from forum.upkeep.commands._shared import bp, refusals_end_command

# Texts, and documents, per transaction: few, so that others who write meanwhile wait only for a moment.
RERENDER_BATCH_SIZE, REINDEX_BATCH_SIZE = 200, 50
RERENDER: dict[str, Callable[[Person, Mapping[Any, Written]], int]] = {
    "posts": dialogue.rerender,
    "notes of moderators": dialogue.rerender_notes,
    "paragraphs of cases": library.rerender_paragraphs,
    "parts of practices": library.rerender_sections,
    "introductions of agendas": agendas.rerender,
    "findings of agendas": agendas.rerender_findings,
    "declarations": declarations.rerender,
    "commitments": commitments.rerender,
    "parts of translations": parallels.rerender,
    "meetings": meetings.rerender_meetings,
    "what came of meetings": meetings.rerender_outcomes,
    "profiles": members.rerender,
    "terms of use": terms.rerender,
}
KINDS_WITH_MENTIONS = ("posts", "notes of moderators")  # texts in which handles become links
KINDS_WITH_PICTURES = (
    "posts",
    "paragraphs of cases",
    "parts of practices",
    "parts of translations",
)
# Posts first, with their topics: search ranks only the newest documents, which should include the library.
REINDEX: dict[str, Callable[[Person, Sequence[int], PlainTexts], None]] = {
    "post": dialogue.reindex,
    "case": library.reindex_cases,
    "practice": library.reindex_practices,
    "reading": library.reindex_readings,
    "meeting": meetings.reindex_meetings,
    "declaration": declarations.reindex_declarations,
    "commitment": commitments.reindex_commitments,
    "translation": parallels.reindex_translations,
}


@bp.cli.command("rerender")
def rerender() -> None:
    """Make all HTML anew that an older version of the forum has made. May be stopped and started again."""
    total = sum(map(queries.outdated_count, RERENDER))
    with (
        refusals_end_command(),
        click.progressbar(length=total, label="Making HTML anew", show_pos=True) as bar,
    ):
        done = {kind: _rerender(kind, bar.update) for kind in RERENDER}
    made = ", ".join(f"{kind} {number:,}" for kind, number in done.items() if number)
    all_made = f"Texts made anew: {sum(done.values()):,} ({made})."
    click.echo(all_made if made else "All HTML is of today. Nothing was done.")


def _rerender(kind: str, note: Callable[[int], None]) -> int:
    """Render outside of the transactions; their actions skip texts that were changed meanwhile. Returns how many were done."""
    done, made = 0, render_with_mentions if kind in KINDS_WITH_MENTIONS else write
    for sources in queries.outdated(kind, RERENDER_BATCH_SIZE):
        texts = {
            key: replace(made(source, has_pictures=kind in KINDS_WITH_PICTURES), source=source)
            for key, source in sources.items()
        }
        done += RERENDER[kind](SYSTEM, texts)
        note(len(texts))
    return done


@bp.cli.command("reindex")
def reindex() -> None:
    """Make all that search knows anew from what is written, and let it forget what is gone."""
    before, total = queries.documents_count(), sum(map(queries.indexed_count, REINDEX))
    with (
        refusals_end_command(),
        click.progressbar(length=total, label="Making documents anew", show_pos=True) as bar,
    ):
        _forget(queries.stray_documents())
        for kind in REINDEX:
            _reindex(kind, bar.update)
        # Rewriting a document removes no stale words from a damaged index.
        search.mend_index(SYSTEM)
    click.echo(f"Search knows {queries.documents_count():,} documents. Before it knew {before:,}.")


def _forget(strays: Sequence[tuple[str, int]]) -> None:
    for start in range(0, len(strays), REINDEX_BATCH_SIZE):
        search.reindex(SYSTEM, dict.fromkeys(strays[start : start + REINDEX_BATCH_SIZE]))


def _reindex(kind: str, note: Callable[[int], None]) -> None:
    for ids in queries.indexed_ids(kind, REINDEX_BATCH_SIZE):
        reindex_batch(kind, ids)
        note(len(ids))


def reindex_batch(kind: str, ids: Sequence[int]) -> None:
    """Rebuild the documents of some things of a kind; for opening posts also those of their topics."""
    sources = queries.sources_of(kind, ids)
    REINDEX[kind](SYSTEM, ids, PlainTexts((source, plain(source)) for source in sources))
