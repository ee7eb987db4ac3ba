"""Pages for the terms of use: reading the versions, agreeing, and writing the next one."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import responses, web, webforms
from forum.clock import now
from forum.errors import Conflict, or_not_found
from forum.members.queries import my_profile
from forum.members.views import federation
from forum.terms import actions, queries
from forum.terms.forms import AgreeForm, TermsForm
from forum.terms.models import Terms
from forum.web import CONFLICT, me
from forum.webforms import ChangedFields

bp = Blueprint("terms", __name__)
# In the browser's session: the due date of the consent that the member was asked for
ASKED_KEY = "terms"
# These pages never redirect to the question: they are the question, or lead to it
EXEMPT_ENDPOINTS = (
    "terms.",
    "rights.",
    "accounts.",
    "rules.",
    "front.privacy",
    "front.contact",
    "upkeep.",
    "static",
    # Scripts and pages request these, and old browsers do not mark such requests
    "members.mark",
    "members.mark_icon",
    "members.suggest",
    "members.cities_suggest",
)


@bp.before_app_request
def _ask_for_consent() -> AnyResponse | None:
    """Redirect a member to new terms, once after signing in; afterwards a line on each page reminds them."""
    is_page = request.method == "GET" and request.accept_mimetypes.accept_html
    is_shown = request.headers.get("Sec-Fetch-Dest", "document") == "document"  # not to a script
    is_exempt = (request.endpoint or "static").startswith(EXEMPT_ENDPOINTS)
    if is_exempt or not (is_page and is_shown):
        return None
    if not (me().is_member and me().owes_terms) or session.get(ASKED_KEY) == str(me().terms_due_at):
        return None
    session[ASKED_KEY] = str(me().terms_due_at)
    return web.see_other(url_for("terms.agree", next=request.full_path.rstrip("?")))


@bp.get("/terms")
def index() -> ResponseReturnValue:
    """The terms that are in force."""
    return _page(queries.in_force())


@bp.get("/terms/<int:number>")
def version(number: int) -> ResponseReturnValue:
    """One version of the terms."""
    return _page(queries.terms_of(number))


def _page(terms: Terms | None) -> ResponseReturnValue:
    context = {"terms": terms, "holds": queries.in_force(), "versions": queries.all_terms()}
    page = make_response(render_template("terms/index.html", now=now(), **context))
    return responses.changes_by_itself(page)


@bp.get("/terms.md")
def markdown() -> ResponseReturnValue:
    """The terms that are in force, as Markdown."""
    return _markdown(or_not_found(queries.in_force()))


@bp.get("/terms/<int:number>.md")
def version_markdown(number: int) -> ResponseReturnValue:
    """One version of the terms, as Markdown."""
    return _markdown(queries.terms_of(number))


def _markdown(terms: Terms) -> ResponseReturnValue:
    title = _("Terms of use")
    facts = {
        "title": title,
        "forum": federation().name,
        "version": terms.number,
        "language": terms.language,
        "change": terms.change,
        "valid_from": terms.valid_from,
        "valid_until": queries.end_of(terms.number),
        "url": web.absolute(url_for("terms.version", number=terms.number)),
    }
    return responses.markdown(facts, f"# {title}\n\n{terms.source}")


@bp.route("/terms/agree", methods=["GET", "POST"])
def agree() -> ResponseReturnValue:
    """Read the terms and agree, or see how to take one's data or leave."""
    terms = queries.terms_to_agree(me())
    if terms is None or not me().owes_terms:
        return web.see_other(web.safe_next(url_for("terms.index")))
    form = AgreeForm(data={"number": str(terms.number)})

    def page(status: int = 200) -> ResponseReturnValue:
        target = web.safe_next("")
        return render_template("terms/agree.html", form=form, terms=terms, target=target), status

    def deed() -> AnyResponse:
        actions.agree(my_profile(me()), form.agreed)
        return web.done(_("Thank you. You can write again."), web.safe_next())

    try:
        return webforms.process(form, page, deed)
    except Conflict as error:
        # They are newer than those that the page showed
        terms = or_not_found(queries.terms_to_agree(me()))
        webforms.refuse(form, error)
        form.number.data = str(terms.number)
        return page(CONFLICT)


@bp.route("/administration/terms", methods=["GET", "POST"])
def write() -> ResponseReturnValue:
    """Write the next version of the terms."""
    versions = queries.terms_to_write(me())
    ahead = queries.upcoming()
    form = TermsForm.of(next(iter(versions), None), is_upcoming=ahead is not None)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        preview = webforms.preview(form.source, has_pictures=False)
        return render_template(
            "terms/write.html",
            form=form,
            versions=versions,
            ahead=ahead,
            preview=preview,
            counts=queries.consents_count(),
            now=now(),
            meanwhile=meanwhile,
        ), status

    def latest() -> TermsForm:
        nonlocal versions, ahead
        versions, ahead = queries.terms_to_write(me()), queries.upcoming()
        return TermsForm.of(next(iter(versions), None), is_upcoming=True, formdata=None)

    def deed() -> ResponseReturnValue:
        written = actions.write_terms(me(), form.text, seen=form.seen.data)
        return web.done(
            _("Version %(number)s of the terms is saved.", number=written.number),
            url_for("terms.write"),
        )

    return webforms.process(form, page, deed, latest=latest)
