"""The views of commitments: lists, one commitment, publishing and changing it, reporting progress, following it."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.queries import get_agenda
from forum.commitments import actions, queries
from forum.commitments.forms import (
    STATE_NAMES,
    CommitmentForm,
    MoveForm,
    ReachForm,
    ReasonForm,
)
from forum.commitments.models import STATES, Commitment, Milestone
from forum.commitments.queries import CommitmentFilter, Copied, NextMilestone
from forum.declarations.models import Declaration
from forum.errors import Conflict, Invalid, NotFound
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.library.models import Case, Practice
from forum.members.models import Organisation
from forum.members.queries import country_names, languages
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview

bp = Blueprint("commitments", __name__)
SIDE_MILESTONES = 3  # beside the page of an agenda


@bp.app_template_global()
def commitment_states() -> dict[str, Any]:
    """The labels of the states of a commitment."""
    return dict(STATE_NAMES)


@bp.app_template_global()
def milestones_next(agenda_id: int) -> list[NextMilestone]:
    """For the page of an agenda: the next milestones there that its reader sees."""
    return queries.next_milestones(me(), SIDE_MILESTONES, agenda_id)


@bp.app_template_global()
def commitments_from(declaration: Declaration) -> Any:
    """For the page of a declaration: the commitments that follow from it."""
    return queries.commitments_from(me(), declaration)


@bp.app_template_global()
def commitments_copying(page: Practice | Case) -> Any:
    """For the page of a practice or a case: the commitments that copy it."""
    return queries.commitments_copying(me(), page)


@bp.app_template_global()
def way_to_commit(path: str) -> str:
    """The address to publish that an organisation copies the practice or case at a path; empty for readers who speak for none."""
    if not queries.speaks_for_any(me()):
        return ""
    kind, slug = path.strip("/").split("/")
    endpoint = "commitments.publish_commitment"
    if kind == "practices":
        return url_for(endpoint, practice=slug)
    return url_for(endpoint, case=slug)


@bp.app_template_global()
def signatories_to_commit(declaration: Declaration) -> list[Organisation]:
    """For the page of an adopted declaration: signatories for which the reader may publish commitments."""
    return queries.signatories_to_commit(me(), declaration)


# Reading


@bp.get("/commitments")
def index() -> ResponseReturnValue:
    """The commitments by their next day, then those that are over; of an agenda, a state, a place or of all."""
    web.depends_on()
    places, names = queries.places_with_commitments(me()), country_names()
    wanted = CommitmentFilter(
        web.text("agenda"),
        web.choice("state", STATES),
        web.choice("country", places.countries),
        web.text("city"),
        web.text("organisation"),
        web.number("declaration", 0),
    )
    page = queries.commitments(me(), wanted, web.number("page"))
    return render_template(
        "commitments/index.html",
        page=page,
        wanted=wanted,
        agendas=queries.agendas_with_commitments(me()),
        countries=sorted((names.get(code, code), code) for code in places.countries),
        cities=places.cities,
        may_publish=queries.speaks_for_any(me()),
        canonical=web.canonical(page.number),
    )


@bp.get("/commitments/<int:commitment_id>")
@bp.get("/commitments/<int:commitment_id>-<slug>")
def commitment(commitment_id: int, slug: str = "") -> ResponseReturnValue:
    """A commitment: its text, its progress, and who follows it."""
    web.depends_on()
    found = queries.get_commitment(me(), commitment_id)
    if found.slug != slug:
        return web.moved_until_undone(found.address)
    return render_template(
        "commitments/commitment.html",
        commitment=found,
        milestones=queries.milestones_of(found),
        declaration=queries.declaration_of(me(), found),
        copied=queries.copied_by(me(), found),
        peers=queries.peers_of(found),
        is_peer=queries.is_peer(me(), found.id),
        canonical=None if found.hidden_at else web.absolute(found.address),
    )


@bp.get("/commitments/<int:commitment_id>/history")
def history(commitment_id: int) -> ResponseReturnValue:
    """The earlier versions of a commitment, and the history of its milestones."""
    web.depends_on()
    found = queries.get_commitment(me(), commitment_id)
    edits = queries.edits_of(found, STATE_NAMES)
    return render_template(
        "commitments/history.html", commitment=found, edits=edits, chosen=edit_to_read(edits)
    )


# Publishing and changing


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
    return web.choice("agenda", [slug for slug, _title in queries.open_agendas(me())])


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
    form.agenda.choices = [("", "–"), *queries.open_agendas(me())]
    offered = queries.declarations_to_follow(me())
    named = queries.declaration_of(me(), found) if found else None
    if named and named.id not in [declaration.id for declaration in offered]:
        offered = [named, *offered]
    form.declaration.choices = [
        (0, "–"),
        *((declaration.id, declaration.title) for declaration in offered),
    ]


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


# Progress


@bp.get("/commitments/<int:commitment_id>/milestones/<int:milestone_id>")
def milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Report on a milestone: reached, moved or given up."""
    found, step = _milestone(commitment_id, milestone_id)
    return _milestone_page(found, step, MoveForm(day=step.day))


def _milestone(commitment_id: int, milestone_id: int) -> tuple[Commitment, Milestone]:
    found = queries.commitment_to_tell_of(me(), commitment_id)
    return found, queries.milestone_in(found, milestone_id)


def _milestone_page(
    found: Commitment, step: Milestone, form: Any, status: int = 200
) -> ResponseReturnValue:
    """The page with its three forms: the submitted one beside two empty ones.

    It has no forms once somebody has reported on the milestone; then the submitted text is given back.
    """
    if status == web.REFUSED and not step.is_open:
        raise Conflict(_("What became of this milestone is told already."))
    fresh = {"reach": ReachForm, "move": MoveForm, "give_up": ReasonForm}
    forms: dict[str, Any] = {
        name: form if isinstance(form, kind) else kind(formdata=None)
        for name, kind in fresh.items()
    }
    context = {"commitment": found, "milestone": step, "forms": forms, "sent": form}
    return render_template("commitments/milestone.html", **context), status


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/reach")
@changing
def reach_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Say that a milestone is reached."""
    found, step = _milestone(commitment_id, milestone_id)
    form = ReachForm()

    def deed() -> ResponseReturnValue:
        actions.reach_milestone(me(), found.id, step.id, form.sentence.data or "")
        return web.done(_("The milestone is reached."), found.address)

    return webforms.process(form, partial(_milestone_page, found, step, form), deed)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/move")
@changing
def move_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Move a milestone to another day, with the reason."""
    found, step = _milestone(commitment_id, milestone_id)
    form = MoveForm()

    def deed() -> ResponseReturnValue:
        actions.move_milestone(
            me(), found.id, step.id, form.day.data or step.day, form.note.data or ""
        )
        return web.done(_("The milestone has another day now."), found.address)

    return webforms.process(form, partial(_milestone_page, found, step, form), deed)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/reopen")
@changing
def reopen_milestone(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Take back what was told of a milestone."""
    found, step = _milestone(commitment_id, milestone_id)
    actions.reopen_milestone(me(), found.id, step.id)
    return web.done(_("The milestone is open again."), step.told_at)


@bp.post("/commitments/<int:commitment_id>/milestones/<int:milestone_id>/give-up")
@changing
def give_milestone_up(commitment_id: int, milestone_id: int) -> ResponseReturnValue:
    """Give a milestone up, with what stopped it."""
    found, step = _milestone(commitment_id, milestone_id)
    form = ReasonForm()

    def deed() -> ResponseReturnValue:
        actions.give_milestone_up(me(), found.id, step.id, form.reason.data or "")
        return web.done(_("The milestone is given up, and the page says why."), found.address)

    return webforms.process(form, partial(_milestone_page, found, step, form), deed)


@bp.route("/commitments/<int:commitment_id>/keep", methods=["GET", "POST"])
@changing
def keep_commitment(commitment_id: int) -> ResponseReturnValue:
    """Say that a commitment is kept."""
    found, form = queries.commitment_to_tell_of(me(), commitment_id), ReachForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"commitment": found, "form": form, "milestones": queries.milestones_of(found)}
        return render_template("commitments/keep.html", **context), status

    def deed() -> ResponseReturnValue:
        actions.keep_commitment(me(), found.id, form.sentence.data or "")
        return web.done(_("The commitment is kept."), found.address)

    return webforms.process(form, page, deed)


@bp.route("/commitments/<int:commitment_id>/end", methods=["GET", "POST"])
@changing
def end_commitment(commitment_id: int) -> ResponseReturnValue:
    """Give a commitment up, with what stopped it."""
    found, form = queries.commitment_to_tell_of(me(), commitment_id), ReasonForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("commitments/end.html", commitment=found, form=form), status

    def deed() -> ResponseReturnValue:
        actions.end_commitment(me(), found.id, form.reason.data or "")
        return web.done(_("The commitment is given up, and its page says why."), found.address)

    return webforms.process(form, page, deed)


# Followers ("peers")


@bp.post("/commitments/<int:commitment_id>/follow")
@changing
def follow_commitment(commitment_id: int) -> ResponseReturnValue:
    """Follow the commitment of another organisation."""
    found = actions.follow_commitment(me(), commitment_id)
    done = _("You follow this commitment, and are told how it goes on.")
    return web.done(done, f"{found.address}#peers")


@bp.post("/commitments/<int:commitment_id>/unfollow")
@changing
def unfollow_commitment(commitment_id: int) -> ResponseReturnValue:
    """Follow a commitment no more."""
    found = actions.unfollow_commitment(me(), commitment_id)
    return web.done(_("You no longer follow this commitment."), f"{found.address}#peers")
