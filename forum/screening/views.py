"""Views of the rules before publication, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.queries import all_agendas
from forum.history.queries import fingerprint
from forum.markup import write
from forum.matches import ScreenedText
from forum.pages import ngettext
from forum.screening import actions, queries
from forum.screening.forms import KIND_NAMES, DomainsForm, NewnessForm, RuleForm, TryForm
from forum.screening.models import Rule
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("screening", __name__)


@bp.route("/administration/screening", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """The rules, and who counts as new."""
    form = NewnessForm.of(queries.newness_to_edit(me()))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        kind, words = web.choice("kind", KIND_NAMES), web.text("q", 100)
        rules = queries.rules(me(), kind, words, web.number("page"))
        shown: dict[str, Any] = {"form": form, "meanwhile": meanwhile}
        shown |= {"page": rules, "kind": kind, "words": words, "kinds": KIND_NAMES}
        return render_template("screening/index.html", **shown), status

    def deed() -> AnyResponse:
        numbers = [field.data or 0 for field in (form.days, form.posts, form.first_posts)]
        actions.set_newness(me(), *numbers, seen=form.seen.data)
        return _saved(_("Saved."))

    def latest() -> NewnessForm:
        return NewnessForm.of(queries.newness_to_edit(me()), formdata=None)

    return webforms.process(form, page, deed, latest=latest)


def _saved(message: str) -> AnyResponse:
    return web.done(message, web.safe_next(url_for("screening.index")))


@bp.route("/administration/screening/new", methods=["GET", "POST"])
def make_rule() -> ResponseReturnValue:
    """Make a rule."""
    queries.newness_to_edit(me())
    return _rule_page(None)


@bp.route("/administration/screening/<int:rule_id>", methods=["GET", "POST"])
def change_rule(rule_id: int) -> ResponseReturnValue:
    """Change a rule."""
    return _rule_page(queries.get_rule(me(), rule_id))


def _rule_page(rule: Rule | None) -> ResponseReturnValue:
    form = RuleForm.of(rule) if rule else RuleForm()
    form.agenda.choices = [("", "–"), *webforms.titled_choices(all_agendas(me()))]

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "rule": rule, "meanwhile": meanwhile}
        return render_template("screening/rule.html", **context), status

    def deed() -> AnyResponse:
        if rule is None:
            actions.make_rule(me(), form.text)
            return _saved(_("The rule holds from now on."))
        actions.change_rule(me(), rule.id, form.text, seen=form.seen.data)
        return _saved(_("The rule is changed."))

    latest = partial(_latest_rule, rule.id) if rule else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_rule(rule_id: int) -> RuleForm:
    return RuleForm.of(queries.get_rule(me(), rule_id), formdata=None)


@bp.post("/administration/screening/<int:rule_id>/switch")
def switch_rule(rule_id: int) -> ResponseReturnValue:
    """Switch a rule on (`on=1`) or off, and go back to where the list was."""
    is_on = request.form.get("on") == "1"
    actions.switch_rule(me(), rule_id, is_on=is_on)
    return _saved(_("The rule holds again.") if is_on else _("The rule does not hold any more."))


@bp.route("/administration/screening/<int:rule_id>/delete", methods=["GET", "POST"])
def delete_rule(rule_id: int) -> ResponseReturnValue:
    """Ask whether a rule is to be deleted; delete it (POST)."""
    rule = queries.get_rule(me(), rule_id)
    if request.method == "GET":
        seen = fingerprint(queries.rule_fields(rule))
        return render_template("screening/delete.html", rule=rule, seen=seen)
    actions.delete_rule(me(), rule_id, seen=request.form.get("seen"))
    return _saved(_("The rule is deleted. What it has held back goes on waiting."))


@bp.route("/administration/screening/domains", methods=["GET", "POST"])
def import_domains() -> ResponseReturnValue:
    """Make a rule for each domain of a list."""
    queries.newness_to_edit(me())
    form = DomainsForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("screening/domains.html", form=form), status

    def deed() -> AnyResponse:
        lines = (form.domains.data or "").split("\n")
        new, wrong = actions.import_domains(me(), lines, form.sentence.data or "")
        message = ngettext("%(num)s domain is new.", "%(num)s domains are new.", new)
        if wrong:
            skipped = ngettext(
                "%(num)s line holds no domain and was skipped.",
                "%(num)s lines hold no domain and were skipped.",
                wrong,
            )
            message = f"{message} {skipped}"
        return _saved(message)

    return webforms.process(form, page, deed)


@bp.route("/administration/screening/try", methods=["GET", "POST"])
def try_text() -> ResponseReturnValue:
    """Show which rules would hold a text back. Nothing is stored."""
    queries.newness_to_edit(me())
    form = TryForm()
    form.agenda.choices = webforms.titled_choices(all_agendas(me()))

    def page(status: int = 200, found: Sequence[Rule] | None = None) -> ResponseReturnValue:
        return render_template("screening/try.html", form=form, found=found), status

    def deed() -> ResponseReturnValue:
        said = ScreenedText(write(form.source.data or ""), form.title.data or "")
        is_new = form.who.data == "new"
        return page(found=queries.matching_rules(me(), form.agenda.data, said, is_by_new=is_new))

    return webforms.process(form, page, deed)
