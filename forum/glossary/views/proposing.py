"""Proposing a name or a meaning of an entry, or a new entry."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.glossary import actions, queries
from forum.glossary.forms import ProposalForm
from forum.glossary.models import Entry
from forum.glossary.views._shared import bp, readers_language
from forum.members.queries import languages, my_profile
from forum.ratelimits import changing
from forum.web import me


@bp.route("/glossary/propose", methods=["GET", "POST"])
@changing
def propose_entry() -> ResponseReturnValue:
    """Propose an entry."""
    queries.require_proposing(me())
    return _propose(None)


@bp.route("/glossary/<slug>/propose", methods=["GET", "POST"])
@changing
def propose(slug: str) -> ResponseReturnValue:
    """Propose a name or a meaning of an entry."""
    queries.require_proposing(me())
    return _propose(queries.get_entry(slug))


@bp.post("/glossary/proposals/<int:proposal_id>/take-back")
@changing
def take_back(proposal_id: int) -> ResponseReturnValue:
    """Withdraw one's own proposal."""
    entry = actions.take_back(me(), proposal_id).entry
    here = url_for("glossary.entry", slug=entry.slug) if entry else url_for("glossary.index")
    return web.done(_("Your proposal is taken back. Nothing of it is kept."), here)


def _propose(entry: Entry | None) -> ResponseReturnValue:
    known = languages()
    language = web.choice("language", dict(known), readers_language())
    form = ProposalForm(language=language, name=web.text("name", actions.MAX_NAME))
    form.language.choices = [*known]
    wordings = queries.ordered_wordings(entry, readers_language()) if entry else []

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template(
            "glossary/propose.html",
            form=form,
            entry=entry,
            wordings=wordings,
            waiting=queries.own_waiting(me(), entry.id if entry else None),
            language_names=dict(known),
        ), status

    def deed() -> ResponseReturnValue:
        actions.propose(my_profile(me()), form.text, entry.id if entry else None)
        here = url_for("glossary.entry", slug=entry.slug) if entry else url_for("glossary.index")
        return web.done(
            _("Thank you. Moderators decide, and you are told what became of it."), here
        )

    return webforms.process(form, page, deed)
