"""The steps of a declaration: opening it to the dialogue, freezing its text, adopting and withdrawing it."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import markup, web, webforms
from forum.clock import now
from forum.declarations import actions, queries
from forum.declarations.forms import FreezeForm, OpenForm, PressForm, WithdrawForm
from forum.declarations.models import digest_of
from forum.declarations.views._shared import bp
from forum.dialogue.actions import TITLE_LENGTHS
from forum.history.queries import fingerprint
from forum.plaintext import excerpt
from forum.ratelimits import changing
from forum.web import me


@bp.route("/declarations/<int:declaration_id>/open", methods=["GET", "POST"])
@changing
def open_declaration(declaration_id: int) -> ResponseReturnValue:
    """Open a draft for consultation, with or without a question to the members."""
    found = queries.declaration_to_curate(me(), declaration_id, "open")
    form = OpenForm(
        seen=fingerprint(queries.declaration_fields(found)),
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
        opened = actions.open_declaration(me(), found.id, texts, question, seen=form.seen.data)
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
