"""The views of declarations: reading, drafting, consultation, signing, inviting, adopting, withdrawing."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import markup, web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import curated_agendas
from forum.clock import now
from forum.declarations import actions, queries
from forum.declarations.forms import (
    STATE_NAMES,
    DeclarationForm,
    FreezeForm,
    InviteForm,
    OpenForm,
    PressForm,
    SignForm,
    WithdrawForm,
)
from forum.declarations.models import STATES, Declaration, Signature, digest_of
from forum.declarations.queries import DeclarationFilter
from forum.dialogue.actions import TITLE_LENGTHS
from forum.errors import Invalid
from forum.history.models import Version
from forum.history.queries import fingerprint
from forum.history.views import edit_to_read, fill_from_version
from forum.members.queries import country_names, languages
from forum.pages import ngettext
from forum.plaintext import excerpt, tidy
from forum.ratelimits import changing
from forum.savedfiles import saved_file
from forum.versions import topic_scope
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview

bp = Blueprint("declarations", __name__)


@bp.app_template_global()
def declaration_states() -> dict[str, Any]:
    """The labels of the states of a declaration."""
    return dict(STATE_NAMES)


# Reading


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


# Drafting


@bp.route("/agendas/<slug>/declarations/new", methods=["GET", "POST"])
@changing_with_preview
def new(slug: str) -> ResponseReturnValue:
    """Draft a declaration on an agenda, which may replace a withdrawn one (`?replaces=<id>`)."""
    agenda = queries.agenda_to_draft_on(me(), slug)
    replaced = queries.withdrawn_on(me(), agenda.id, web.number("replaces", 0))
    form = DeclarationForm(language=agenda.language)
    if replaced and request.method == "GET":
        form = DeclarationForm.of(replaced, seen="")
    return _write(form, agenda, None, replaced=replaced)


@bp.route("/declarations/<int:declaration_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit(declaration_id: int) -> ResponseReturnValue:
    """Change the text of a declaration until it is frozen."""
    found = queries.declaration_to_curate(me(), declaration_id, "edit")
    form = DeclarationForm.of(found)
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
            preview=form.written.html if webforms.is_preview() else None,
        ), status

    def deed() -> ResponseReturnValue:
        text = form.text(replaced.id if replaced else None)
        known = found.id if found else None
        saved = actions.write_declaration(me(), agenda.id, text, known, seen=form.seen.data)
        done = _("Your changes are saved.") if found else _("The draft is saved.")
        return web.done(done, saved.address)

    latest = partial(_latest, found.id) if found else None
    return webforms.process(form, page, deed, latest=latest)


def _latest(declaration_id: int) -> DeclarationForm:
    found = queries.declaration_to_curate(me(), declaration_id, "edit")
    return DeclarationForm.of(found, formdata=None)


# Consultation


@bp.route("/declarations/<int:declaration_id>/open", methods=["GET", "POST"])
@changing
def open_declaration(declaration_id: int) -> ResponseReturnValue:
    """Open a draft for consultation, with or without a question to the members."""
    found = queries.declaration_to_curate(me(), declaration_id, "open")
    form = OpenForm(
        title=_question_about(found.title),
        text=_(
            "Please read the draft: [%(title)s](%(address)s)\n\nWhat should change before cities and institutes are asked to sign it? What is missing, and what could you not sign?",
            title=found.title,
            address=found.address,
        ),
    )

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"declaration": found, "form": form}
        return render_template("declarations/open.html", **context), status

    def deed() -> ResponseReturnValue:
        texts = markup.PlainTexts({found.source: markup.plain(found.source)})
        question = form.question(me(), me().language)
        opened = actions.open_declaration(me(), found.id, texts, question)
        return web.done(_("The declaration is open for consultation."), opened.address)

    return webforms.process(form, page, deed)


def _question_about(title: str) -> str:
    """A title for the topic, within its limit: of a long title only the beginning is used."""
    longest = TITLE_LENGTHS[-1]
    whole = _("What should change in “%(title)s”?", title=title)
    if len(whole) <= longest:
        return whole
    beginning = excerpt(title, longest - (len(whole) - len(title)))
    return _("What should change in “%(title)s”?", title=beginning)


@bp.route("/declarations/<int:declaration_id>/freeze", methods=["GET", "POST"])
@changing
def freeze(declaration_id: int) -> ResponseReturnValue:
    """Freeze the text of a declaration and open it for signature."""
    found = queries.declaration_to_curate(me(), declaration_id, "freeze")
    seen = fingerprint(queries.declaration_fields(found))
    form = FreezeForm(digest=digest_of(found.source), seen=seen)

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"declaration": found, "form": form}
        return render_template("declarations/freeze.html", **context), status

    def deed() -> ResponseReturnValue:
        day = form.sign_until.data or now().date()
        shown = {"digest": form.digest.data or "", "seen": form.seen.data}
        frozen = actions.freeze(me(), found.id, day, **shown)
        return web.done(_("The text is frozen. Organisations can sign it."), frozen.address)

    return webforms.process(form, page, deed)


# Signing


@bp.route("/declarations/<int:declaration_id>/sign", methods=["GET", "POST"])
@changing
def sign(declaration_id: int) -> ResponseReturnValue:
    """Sign a declaration for an organisation: a form, then a confirmation page with what is signed."""
    found = queries.get_declaration(me(), declaration_id)
    if "confirmed" in request.form and (signed := _sent_twice(found)):
        return _signed(found, signed)
    able = queries.organisations_to_sign_for(me(), found)
    # The one of several organisations whose link was pressed
    linked = web.number("organisation", 0) or None
    form = SignForm(digest=found.digest, language=me().language, organisation=linked)
    form.organisation.choices = [(organisation.id, organisation.name) for organisation in able]
    form.language.choices = languages()

    def page(status: int = 200, *, looks_again: bool = False) -> ResponseReturnValue:
        chosen = next(
            (organisation for organisation in able if organisation.id == form.organisation.data),
            None,
        )
        return render_template(
            "declarations/look.html" if looks_again and chosen else "declarations/sign.html",
            declaration=found,
            form=form,
            able=able,
            chosen=chosen,
        ), status

    def deed() -> ResponseReturnValue:
        if "confirmed" not in request.form:
            return page(looks_again=True)
        signature = actions.sign(me(), found.id, form.organisation.data, form.signing)
        return _signed(found, signature)

    return webforms.process(form, page, deed, is_first_step="back" in request.form)


def _signed(found: Declaration, signature: Signature) -> ResponseReturnValue:
    done = _("You have signed for %(organisation)s.", organisation=signature.organisation_name)
    return web.done(done, f"{found.address}#signatures")


def _sent_twice(found: Declaration) -> Signature | None:
    """The reader's own signature that the same form made a moment ago, with the same words; or None."""
    organisation, typed = request.form.get("organisation", ""), request.form.get("reservation", "")
    own = (part.signature for part in queries.own_part(me(), found) if part.signature)
    mine = (
        signature
        for signature in own
        if signature.member_id == me().id and str(signature.organisation_id) == organisation
    )
    return next((signature for signature in mine if signature.words == tidy(typed).strip()), None)


@bp.route(
    "/declarations/<int:declaration_id>/signatures/<int:signature_id>/take-back",
    methods=["GET", "POST"],
)
@changing
def take_signature_back(declaration_id: int, signature_id: int) -> ResponseReturnValue:
    """Take the signature of one's organisation back."""
    found = queries.get_declaration(me(), declaration_id)
    signature = queries.signature_to_take_back(me(), found, signature_id)
    form = PressForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"declaration": found, "signature": signature, "form": form}
        return render_template("declarations/take_signature_back.html", **context), status

    def deed() -> ResponseReturnValue:
        actions.take_signature_back(me(), found.id, signature_id)
        return web.done(_("The signature is taken back."), found.address)

    return webforms.process(form, page, deed)


# Inviting, adopting, withdrawing


@bp.route("/declarations/<int:declaration_id>/invite", methods=["GET", "POST"])
@changing
def invite(declaration_id: int) -> ResponseReturnValue:
    """Invite organisations to sign: some of a country, or all, after a confirmation page; and see who has not signed yet."""
    found = queries.declaration_to_curate(me(), declaration_id, "invite")
    form = _invite_form(found)
    is_for_all = "all" in request.form
    asks = is_for_all and "confirmed" not in request.form  # all of them are notified at once

    def deed() -> ResponseReturnValue:
        wanted = None if is_for_all else form.organisations.data or []
        if wanted == []:
            raise Invalid(_("Tick at least one organisation."), "organisations")
        number = actions.invite(me(), found.id, wanted)
        done = ngettext(
            "%(num)s organisation is invited to sign.",
            "%(num)s organisations are invited to sign.",
            number,
        )
        done = done if number else _("All of these are invited or have signed")
        return web.done(done, _invite_address(found))

    page = partial(_invite_page, found, form, asks=asks)
    return webforms.process(form, page, deed, is_first_step=asks)


def _invite_form(found: Declaration) -> InviteForm:
    form = InviteForm()
    listed = queries.invitable(me(), found, _chosen_country())
    form.organisations.choices = [(row.organisation.id, row.organisation.name) for row in listed]
    return form


def _chosen_country() -> str:
    return web.choice("country", queries.countries_of_organisations())


def _invite_address(found: Declaration) -> str:
    return url_for(
        "declarations.invite", declaration_id=found.id, country=_chosen_country() or None
    )


def _invite_page(
    found: Declaration, form: InviteForm, status: int = 200, *, asks: bool = False
) -> ResponseReturnValue:
    names, country = country_names(), _chosen_country()
    countries = queries.countries_of_organisations()
    everywhere = queries.invitable(me(), found) if asks else []
    return render_template(
        "declarations/invite.html",
        declaration=found,
        form=form,
        listed=queries.invitable(me(), found, country),
        countries=[(code, names.get(code, code)) for code in countries],
        country=country,
        asked=[row for row in everywhere if not (row.is_invited or row.has_signed)],
        taken_back=queries.invitations_taken_back(me(), found),
    ), status


@bp.post("/declarations/<int:declaration_id>/take-invitations-back")
@changing
def take_invitations_back(declaration_id: int) -> ResponseReturnValue:
    """Take the invitations of organisations back that have not signed."""
    found = queries.declaration_to_curate(me(), declaration_id, "invite")
    form = _invite_form(found)

    def deed() -> ResponseReturnValue:
        wanted = form.organisations.data or []
        if not wanted:
            raise Invalid(_("Tick at least one organisation."), "organisations")
        number = actions.take_invitations_back(me(), found.id, wanted)
        done = ngettext(
            "%(num)s invitation is taken back.", "%(num)s invitations are taken back.", number
        )
        return web.done(done, _invite_address(found))

    return webforms.process(form, partial(_invite_page, found, form), deed)


@bp.route("/declarations/<int:declaration_id>/adopt", methods=["GET", "POST"])
@changing
def adopt(declaration_id: int) -> ResponseReturnValue:
    """Adopt a declaration before its last day is over."""
    found = queries.declaration_to_curate(me(), declaration_id, "adopt")
    form = PressForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"declaration": found, "form": form}
        return render_template("declarations/adopt.html", **context), status

    def deed() -> ResponseReturnValue:
        adopted = actions.adopt(me(), found.id)
        return web.done(_("The declaration is adopted."), adopted.address)

    return webforms.process(form, page, deed)


@bp.route("/declarations/<int:declaration_id>/withdraw", methods=["GET", "POST"])
@changing
def withdraw(declaration_id: int) -> ResponseReturnValue:
    """Withdraw a declaration with a reason."""
    found = queries.declaration_to_curate(me(), declaration_id, "withdraw")
    form = WithdrawForm()

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"declaration": found, "form": form}
        return render_template("declarations/withdraw.html", **context), status

    def deed() -> ResponseReturnValue:
        withdrawn = actions.withdraw(me(), found.id, form.reason.data or "")
        return web.done(_("The declaration is withdrawn."), withdrawn.address)

    return webforms.process(form, page, deed)
