"""Files for programs that manage literature: best reads, and a case or a practice as somebody cites it."""

from __future__ import annotations

from functools import partial

from flask import Response

from forum import references, web
from forum.library import queries
from forum.library.models import Case, Practice, Reading
from forum.library.queries import ReadingFilter
from forum.library.views._citing import case_cited, practice_cited
from forum.library.views._facets import chosen_values
from forum.library.views._shared import bp, get_or_explain
from forum.library.views.tables import portions
from forum.references import CONTENT_TYPE, Reference
from forum.savedfiles import long_file, saved_file
from forum.web import me

KINDS = {
    "book": references.BOOK,
    "report": references.REPORT,
    "article": references.ARTICLE,
    "website": references.WEBSITE,
    "film": references.FILM,
}


@bp.get("/readings.ris")
def readings_references() -> Response:
    """The best reads that a list shows, as references."""
    web.depends_on()
    reader, wanted = me(), ReadingFilter(**chosen_values(ReadingFilter))
    found = portions(partial(queries.readings_after, reader, wanted))
    parts = (references.ris(_of_reading(reading) for reading in batch) for batch in found)
    return long_file("readings.ris", CONTENT_TYPE, parts)


def _of_reading(reading: Reading) -> Reference:
    """A best read as a reference. "Why it matters" becomes a note, because an abstract would be its authors' own."""
    return Reference(
        kind=KINDS.get(reading.kind, references.OTHER),
        title=reading.title,
        authors=references.authors_in(reading.authors),
        year=reading.year,
        address=reading.link,
        language=reading.language,
        note=reading.why,
        keywords=(reading.agenda.title,),
    )


@bp.get("/practices/<slug>.ris")
def practice_reference(slug: str) -> Response:
    """A practice as a reference, for everybody who may read its page."""
    found = get_or_explain(Practice, slug, queries.get_practice)
    return _saved(f"practice-{found.id}", practice_cited(found))


@bp.get("/cases/<slug>.ris")
def case_reference(slug: str) -> Response:
    """A case as a reference, for everybody who may read its page."""
    found = get_or_explain(Case, slug, queries.get_case)
    return _saved(f"case-{found.id}", case_cited(found))


def _saved(name: str, cited: Reference) -> Response:
    return saved_file(f"{name}.ris", CONTENT_TYPE, references.ris([cited]))
