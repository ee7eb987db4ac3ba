"""Drafting a declaration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.declarations import actions, queries
from forum.declarations.forms import DeclarationForm
from forum.declarations.models import Declaration
from forum.declarations.views._shared import bp
from forum.dialogue.models import Draft
from forum.dialogue.queries import BegunText
from forum.dialogue.views import (
    begun_here,
    go_on_with_draft,
    keep_form,
    sent_form,
)
from forum.history.models import Version
from forum.history.views import fill_from_version
from forum.members.queries import languages
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.app_template_global()
def begun_declarations(drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of the reader's own drafts that are of declarations, by the id of the draft."""
    return queries.begun_declarations(me(), drafts)


@bp.route("/agendas/<slug>/declarations/new", methods=["GET", "POST"])
@changing_with_preview
def new(slug: str) -> ResponseReturnValue:
    """Draft a declaration on an agenda, which may replace a withdrawn one (`?replaces=<id>`)."""
    agenda = queries.agenda_to_draft_on(me(), slug)
    replaced = queries.withdrawn_on(me(), agenda.id, web.number("replaces", 0))
    form = DeclarationForm(language=agenda.language)
    if replaced and request.method == "GET":
        form = DeclarationForm.of(replaced, seen="", replaces=replaced.id)
    go_on_with_draft(form, kind=queries.NEW, item_id=agenda.id)
    return _write(form, agenda, None, replaced=replaced)


@bp.route("/declarations/<int:declaration_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit(declaration_id: int) -> ResponseReturnValue:
    """Change the text of a declaration until it is frozen."""
    found = queries.declaration_to_curate(me(), declaration_id, "edit")
    form = DeclarationForm.of(found)
    go_on_with_draft(form, kind=queries.CHANGES, item_id=found.id)
    version = fill_from_version(form, "declaration", found.id)
    form.body.data = form.body.data or (version.fields.get("source") if version else "")
    return _write(form, found.agenda, found, version=version)


def _write(
    form: DeclarationForm,
    agenda: Agenda,
    found: Declaration | None,
    *,
    version: Version | None = None,
    replaced: Declaration | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "declarations/edit.html",
            form=form,
            agenda=agenda,
            declaration=found,
            replaced=replaced,
            meanwhile=meanwhile,
            version=version,
            begun=begun_here(form, *_place(agenda, found)),
            preview=form.written.html if webforms.is_preview() else None,
        ), status

    def deed() -> ResponseReturnValue:
        text = form.text(replaced.id if replaced else None)
        known = found.id if found else None
        saved = actions.write_declaration(me(), agenda.id, text, known, sent_form(form))
        done = _("Your changes are saved.") if found else _("The draft is saved.")
        return web.done(done, saved.address)

    place = {"agenda_id": agenda.id, "declaration_id": found.id if found else None}
    keep = partial(keep_form, form, actions.keep_declaration_draft, _sent_to, **place)
    latest = partial(_latest, found.id) if found else None
    return webforms.process(form, page, deed, keep=keep, latest=latest)


def _place(agenda: Agenda, found: Declaration | None) -> tuple[str, int]:
    """What a draft of this form is for, as `dialogue.keep_form_draft` stores it."""
    return (queries.CHANGES, found.id) if found else (queries.NEW, agenda.id)


def _sent_to(_key: str) -> None:
    """Declarations do not know with which key they were sent."""


def _latest(declaration_id: int) -> DeclarationForm:
    found = queries.declaration_to_curate(me(), declaration_id, "edit")
    return DeclarationForm.of(found, formdata=None)
