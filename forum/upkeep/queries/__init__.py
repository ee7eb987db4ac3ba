"""Queries for the person who runs the server: versions, the database, inconsistencies, texts to rebuild, figures."""

from __future__ import annotations

from forum.upkeep.queries._checks_of_database import sequences_behind
from forum.upkeep.queries.checks import checks, faults_of, not_checked
from forum.upkeep.queries.database import database_size, is_file_gone, is_writable
from forum.upkeep.queries.figures import months, pictures_kept, quietest_agendas, waiting
from forum.upkeep.queries.mending import missing_ids, opening_post_ids, subjects_of_notices
from forum.upkeep.queries.rebuilding import (
    documents_count,
    indexed_count,
    indexed_ids,
    outdated,
    outdated_count,
    sources_of,
    stray_documents,
)
from forum.upkeep.queries.versions import (
    SCHEMA_PROBLEMS,
    known_revisions,
    schema_problem,
    schema_state,
    version,
)

__all__ = [
    "SCHEMA_PROBLEMS",
    "checks",
    "database_size",
    "documents_count",
    "faults_of",
    "indexed_count",
    "indexed_ids",
    "is_file_gone",
    "is_writable",
    "known_revisions",
    "missing_ids",
    "months",
    "not_checked",
    "opening_post_ids",
    "outdated",
    "outdated_count",
    "pictures_kept",
    "quietest_agendas",
    "schema_problem",
    "schema_state",
    "sequences_behind",
    "sources_of",
    "stray_documents",
    "subjects_of_notices",
    "version",
    "waiting",
]
