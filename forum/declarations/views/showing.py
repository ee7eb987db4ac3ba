"""Declarations: lists, pages, texts as they were signed, signatures, histories."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from forum import web
from forum.agendas.queries import curated_agendas
from forum.declarations import queries
from forum.declarations.forms import STATE_NAMES
from forum.declarations.models import STATES
from forum.declarations.queries import DeclarationFilter
from forum.declarations.views._shared import bp
from forum.history.views import edit_to_read
from forum.savedfiles import saved_file
from forum.versions import topic_scope
from forum.web import me


@bp.app_template_global()
def declaration_states() -> dict[str, Any]:
    """The labels of the states of a declaration."""
    return dict(STATE_NAMES)


@bp.get("/declarations")
def index() -> ResponseReturnValue:
    """All declarations, newest first, of one agenda or in one state if the address says so."""
    web.depends_on()
    wanted = DeclarationFilter(web.text("agenda"), web.choice("state", STATES))
    listed, older = queries.declarations(me(), wanted, web.number("before", 0) or None)
    return render_template(
        "declarations/index.html",
        declarations=listed,
        older=older,
        wanted=wanted,
        agendas=queries.agendas_with_declarations(me()),
        curated=curated_agendas(me()),
    )


@bp.get("/declarations/<int:declaration_id>")
@bp.get("/declarations/<int:declaration_id>-<slug>")
def declaration(declaration_id: int, slug: str = "") -> ResponseReturnValue:
    """A declaration: its text, and who has signed it."""
    found = queries.get_declaration(me(), declaration_id)
    if found.slug != slug:
        return web.moved_until_undone(found.address)
    topic = queries.consultation_topic(me(), found)
    web.depends_on(*([topic_scope(found.topic_id)] if found.topic_id else []))
    return render_template(
        "declarations/declaration.html",
        declaration=found,
        topic=topic,
        signatures=queries.signatures_of(found),
        replaces=queries.replaced_one(me(), found),
        replacement=queries.replaced_by(me(), found),
        canonical=web.absolute(found.address) if found.opened_at else None,
        mine=queries.own_part(me(), found),
        invited=queries.count_unsigned(me(), found),
    )


@bp.get("/declarations/<int:declaration_id>/text.md")
def text(declaration_id: int) -> Response:
    """The text of a declaration as its author wrote it, as a file: its SHA-256 is the one on the page."""
    web.depends_on()
    found = queries.get_declaration(me(), declaration_id)
    name = f"declaration-{found.id}.md"
    return saved_file(name, "text/markdown; charset=utf-8", found.source.encode())


@bp.get("/declarations/<int:declaration_id>/signatures")
def signatures(declaration_id: int) -> ResponseReturnValue:
    """Who has signed a declaration, page by page."""
    web.depends_on()
    found = queries.get_declaration(me(), declaration_id)
    page = queries.signatures_page(found, web.number("page"))
    return render_template("declarations/signatures.html", declaration=found, page=page)


@bp.get("/declarations/<int:declaration_id>/history")
def history(declaration_id: int) -> ResponseReturnValue:
    """The earlier versions of a declaration, since it was opened for consultation."""
    web.depends_on()
    found = queries.get_declaration(me(), declaration_id)
    edits = queries.edits_of(found, declaration_states())
    return render_template(
        "declarations/history.html", declaration=found, edits=edits, chosen=edit_to_read(edits)
    )
