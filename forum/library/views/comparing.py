"""Two practices side by side, and the choice of the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from forum import web
from forum.dialogue.models import Mark
from forum.dialogue.queries import topic_if_there
from forum.library import queries
from forum.library.models import Practice, PracticeSection
from forum.library.queries import FAILURE, SECTIONS, PracticeFilter
from forum.library.views._facets import chosen_values, render_library, shown_facets
from forum.library.views._shared import bp, get_or_explain, tried_by_city, words_for_columns
from forum.members.models import City
from forum.plaintext import tidy
from forum.web import me


class Side(NamedTuple):
    """A practice with the parts of it that the reader may see, by name, and who tried it where."""

    practice: Practice
    parts: Mapping[str, PracticeSection]
    is_failure_withheld: bool
    tried: Sequence[tuple[City | None, list[Mark]]]


@bp.get("/practices/<slug>/compare")
def compare(slug: str) -> ResponseReturnValue:
    """A practice beside another one (`with`), part by part; without another, the list from which one is chosen."""
    first = get_or_explain(Practice, slug, queries.get_practice)
    chosen = tidy(request.args.get("with", ""))[:200]
    if chosen in ("", slug):
        return _choose(first)
    second = get_or_explain(Practice, chosen, queries.get_practice)
    sides = [_side(first), _side(second)]
    return render_template(
        "library/compare.html",
        sides=sides,
        names=[name for name in SECTIONS if any(_says(side, name) for side in sides)],
        canonical=_address_of_pair(first, second),
        **words_for_columns(),
    )


def _side(found: Practice) -> Side:
    return Side(
        found,
        {part.name: part for part in queries.sections_for(me(), found)},
        queries.is_failure_withheld(me(), found),
        tried_by_city(topic_if_there(me(), found.topic_id)),
    )


def _says(side: Side, name: str) -> bool:
    return name in side.parts or (name == FAILURE and side.is_failure_withheld)


def _address_of_pair(first: Practice, second: Practice) -> str:
    """The canonical address of a comparison, the same for both orders of the practices."""
    slug, other = sorted((first.slug, second.slug))
    return web.absolute(f"{url_for('library.compare', slug=slug)}?{urlencode({'with': other})}")


def _choose(first: Practice) -> ResponseReturnValue:
    wanted = PracticeFilter(**chosen_values(PracticeFilter), order="featured")
    page = queries.practices(me(), wanted, web.number("page"))
    origin = queries.adapted_from(me(), first)
    return render_library(
        "practices",
        shown_facets(queries.practice_choices(me(), wanted), wanted),
        address=url_for("library.compare", slug=first.slug),
        template="library/choose.html",
        practice=first,
        relatives=[*([origin] if origin else []), *queries.adapted_by(me(), first)],
        page=page,
        trials=queries.wanted_trials(
            (practice_row.topic_id for practice_row in page.items), wanted
        ),
    )
