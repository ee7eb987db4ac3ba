"""Signing a declaration for one's organisation, and taking that back."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.declarations import actions, queries
from forum.declarations.forms import PressForm, SignForm
from forum.declarations.models import Declaration, Signature
from forum.declarations.views._shared import bp
from forum.members.queries import languages
from forum.plaintext import tidy
from forum.ratelimits import changing
from forum.web import me


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
