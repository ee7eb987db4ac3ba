"""Views of the house rules and their versions, of ready texts, and of the recourse outside of the forum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import responses, web, webforms
from forum.history.queries import fingerprint
from forum.members.views import federation
from forum.rules import actions, queries
from forum.rules.forms import DEED_NAMES, ReadyTextForm, RecourseForm, RulesForm
from forum.rules.models import Recourse, said_of_ground, said_of_rule
from forum.rules.queries import Rules
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("rules", __name__)
bp.add_app_template_global(said_of_ground)
bp.add_app_template_global(said_of_rule)


@bp.get("/rules")
def index() -> ResponseReturnValue:
    """The house rules in force."""
    return _page(queries.in_force())


@bp.get("/rules/<int:number>")
def version(number: int) -> ResponseReturnValue:
    """One version of the house rules."""
    return _page(queries.rules_version(number))


def _page(rules: Rules) -> ResponseReturnValue:
    context = {"rules": rules, "holds": queries.in_force(), "versions": queries.versions()}
    page = make_response(render_template("rules/index.html", ahead=queries.upcoming(), **context))
    return responses.changes_by_itself(page)


@bp.get("/rules.md")
def markdown() -> ResponseReturnValue:
    """The house rules in force, as Markdown."""
    return _markdown(queries.in_force())


@bp.get("/rules/<int:number>.md")
def version_markdown(number: int) -> ResponseReturnValue:
    """One version of the house rules, as Markdown."""
    return _markdown(queries.rules_version(number))


def _markdown(rules: Rules) -> ResponseReturnValue:
    title = _("House rules")
    facts = {
        "title": title,
        "forum": federation().name,
        "version": rules.number,
        "language": rules.language,
        "change": rules.change,
        "valid_from": rules.valid_from,
        "valid_until": queries.end_of(rules.number),
        "url": web.absolute(url_for("rules.version", number=rules.number)),
    }
    listed = (f"{rule.number}. **{rule.name}**\n\n   {rule.sentence}" for rule in rules.rules)
    return responses.markdown(facts, "\n\n".join((f"# {title}", *listed)))


@bp.route("/administration/rules", methods=["GET", "POST"])
def write() -> ResponseReturnValue:
    """Write the next version of the house rules."""
    versions = queries.rules_to_write(me())
    ahead = queries.upcoming()
    form = RulesForm.of(versions[0], is_upcoming=ahead is not None)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "versions": versions, "ahead": ahead, "holds": queries.in_force()}
        return render_template("rules/write.html", **context, meanwhile=meanwhile), status

    def latest() -> RulesForm:
        nonlocal versions, ahead
        versions, ahead = queries.rules_to_write(me()), queries.upcoming()
        return RulesForm.of(versions[0], is_upcoming=True, formdata=None)

    def deed() -> ResponseReturnValue:
        written = actions.write_rules(me(), form.text, seen=form.seen.data)
        saved = _(
            "Version %(number)s of the house rules is saved. The members will be told.",
            number=written.number,
        )
        return web.done(saved, url_for("rules.write"))

    return webforms.process(form, page, deed, latest=latest)


# Recourse outside of the forum


@bp.app_template_global()
def recourses() -> Sequence[Recourse]:
    """The recourses that statements of reasons name, on pages and in letters."""
    return queries.recourses()


@bp.route("/administration/recourse", methods=["GET", "POST"])
def name_recourses() -> ResponseReturnValue:
    """Name the body for disputes and the authority to which members can turn."""
    form = RecourseForm.of(queries.recourses_to_name(me()))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        before = queries.recourse_versions(me())
        context = {"form": form, "before": before, "meanwhile": meanwhile}
        return render_template("rules/recourse.html", **context), status

    def deed() -> AnyResponse:
        actions.name_recourses(me(), form.named, seen=form.seen.data)
        return web.done(
            _("Saved. Statements of reasons name it from now on."), url_for("rules.name_recourses")
        )

    def latest() -> RecourseForm:
        return RecourseForm.of(queries.recourses_to_name(me()), formdata=None)

    return webforms.process(form, page, deed, latest=latest)


# Ready texts


@bp.get("/moderation/texts")
def texts() -> ResponseReturnValue:
    """The ready texts."""
    context = {"texts": queries.ready_texts(me()), "rules": queries.in_force(), "deeds": DEED_NAMES}
    return render_template("rules/texts.html", **context)


@bp.route("/moderation/texts/new", methods=["GET", "POST"])
def new_text() -> ResponseReturnValue:
    """Write a new ready text."""
    rules = queries.rules_for_text(me())
    return _text_page(ReadyTextForm(deed="hide"), rules)


@bp.route("/moderation/texts/<int:number>", methods=["GET", "POST"])
def edit_text(number: int) -> ResponseReturnValue:
    """Change a ready text."""
    rules = queries.rules_for_text(me())
    form = ReadyTextForm.of(queries.ready_text(me(), number))
    return _text_page(form, rules, number)


def _text_page(form: ReadyTextForm, rules: Rules, number: int | None = None) -> ResponseReturnValue:
    form.offer_rules(rules)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "number": number, "meanwhile": meanwhile}
        return render_template("rules/text.html", **context), status

    def deed() -> AnyResponse:
        actions.write_text(me(), form.wording, number, seen=form.seen.data)
        return web.done(_("The text is saved."), url_for("rules.texts"))

    latest = None if number is None else partial(_latest_text, number)
    return webforms.process(form, page, deed, latest=latest)


def _latest_text(number: int) -> ReadyTextForm:
    form = ReadyTextForm.of(queries.ready_text(me(), number), formdata=None)
    form.offer_rules(queries.rules_for_text(me()))
    return form


@bp.route("/moderation/texts/<int:number>/delete", methods=["GET", "POST"])
def delete_text(number: int) -> ResponseReturnValue:
    """Delete a ready text."""
    queries.rules_for_text(me())
    text = queries.ready_text(me(), number)
    if request.method == "GET":
        seen = fingerprint(queries.text_fields(text))
        return render_template("rules/delete.html", text=text, seen=seen)
    actions.delete_text(me(), number, seen=request.form.get("seen"))
    return web.done(_("The text is deleted."), url_for("rules.texts"))
