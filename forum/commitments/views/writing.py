"""Publishing and changing a commitment."""

from __future__ import annotations

from functools import partial

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.queries import get_agenda
from forum.commitments import actions, queries
from forum.commitments.forms import CommitmentForm
from forum.commitments.models import Commitment
from forum.commitments.queries import Copied
from forum.commitments.views._shared import bp
from forum.declarations.models import Declaration
from forum.errors import Invalid, NotFound
from forum.history.models import Version
from forum.history.views import fill_from_version
from forum.members.models import Organisation
from forum.members.queries import languages
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.route("/commitments/new", methods=["GET", "POST"])
@changing_with_preview
def publish_commitment() -> ResponseReturnValue:
    """Publish what an organisation will do: on an agenda, after a declaration or a practice, if the address names one."""
    able = queries.organisations_to_commit_for(me())
    return _write(_new_form(able), None, able)


def _new_form(able: list[Organisation]) -> CommitmentForm:
    """A form filled as the address says; for a declaration, practice or case its agenda is chosen, too."""
    declaration, copied = _declaration_named(), _copied_named()
    organisation_id = web.number("organisation", 0)
    able_ids = [organisation.id for organisation in able]
    return CommitmentForm(
        organisation=organisation_id if organisation_id in able_ids else able_ids[0],
        agenda=_agenda_named() or _agenda_of(declaration) or _agenda_of(copied),
        declaration=declaration.id if declaration else 0,
        copied=copied.address if copied else "",
        language=me().language,
    )


def _declaration_named() -> Declaration | None:
    wanted = web.number("declaration", 0)
    offered = queries.declarations_to_follow(me())
    return next((declaration for declaration in offered if declaration.id == wanted), None)


def _copied_named() -> Copied | None:
    for kind in ("practice", "case"):
        if slug := web.text(kind):
            return queries.copied_at(me(), f"/{kind}s/{slug}")
    return None


def _agenda_named() -> str:
    return web.choice("agenda", [agenda.slug for agenda in queries.open_agendas(me())])


def _agenda_of(followed: Declaration | Copied | None) -> str:
    """The slug of the agenda of what a commitment follows from, if it is open."""
    if followed is None or not followed.agenda_id:
        return ""
    return queries.slug_of_agenda(me(), followed.agenda_id)


@bp.route("/commitments/<int:commitment_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_commitment(commitment_id: int) -> ResponseReturnValue:
    """Change what a commitment says, or add milestones to it."""
    found = queries.commitment_to_edit(me(), commitment_id)
    form = CommitmentForm.of(found, queries.copied_by(me(), found))
    version = fill_from_version(form, "commitment", found.id)
    if version:
        form.body.data = version.fields["source"]
    return _write(form, found, [found.organisation], version)


def _write(
    form: CommitmentForm,
    found: Commitment | None,
    able: list[Organisation],
    version: Version | None = None,
) -> ResponseReturnValue:
    _offer(form, able, found)
    known = queries.milestones_of(found) if found else ()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "commitments/write.html",
            form=form,
            commitment=found,
            able=able,
            known=known,
            meanwhile=meanwhile,
            version=version,
            preview=form.written.html if webforms.is_preview() else None,
        ), status

    def deed() -> ResponseReturnValue:
        if found is not None:
            saved = actions.edit_commitment(me(), found.id, form.text, seen=form.seen.data)
            return web.done(_("Your changes are saved."), saved.address)
        agenda_id = _agenda_id(form.agenda.data or "")
        made = actions.publish_commitment(me(), agenda_id, form.organisation.data, form.text)
        return web.done(_("The commitment is published."), made.address)

    latest = partial(_latest, found.id, able) if found else None
    return webforms.process(form, page, deed, latest=latest)


def _offer(form: CommitmentForm, able: list[Organisation], found: Commitment | None) -> None:
    """Set the choices of the form; present values of the commitment are always included."""
    form.language.choices = languages()
    form.organisation.choices = [(organisation.id, organisation.name) for organisation in able]
    agendas = webforms.titled_choices(queries.open_agendas(me()), "slug")
    form.agenda.choices = [("", "–"), *agendas]
    offered = queries.declarations_to_follow(me())
    named = queries.declaration_of(me(), found) if found else None
    if named and named.id not in [declaration.id for declaration in offered]:
        offered = [named, *offered]
    form.declaration.choices = [(0, "–"), *webforms.titled_choices(offered)]


def _agenda_id(slug: str) -> int:
    try:
        return get_agenda(me(), slug).id
    except NotFound:
        raise Invalid(_("Choose an agenda."), "agenda") from None


def _latest(commitment_id: int, able: list[Organisation]) -> CommitmentForm:
    found = queries.commitment_to_edit(me(), commitment_id)
    form = CommitmentForm.of(found, queries.copied_by(me(), found), formdata=None)
    _offer(form, able, found)
    return form
