"""Views of the administration: all members, the forum's name and contact, its first steps."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.members import actions, queries
from forum.members.forms import GROUP_NAMES, ROLE_NAMES, FederationForm
from forum.members.views._shared import bp
from forum.web import me
from forum.webforms import ChangedFields


@bp.get("/administration")
def administer() -> ResponseReturnValue:
    """Redirect to the first page of the administration, which says for whom it is."""
    return redirect(url_for("members.administration"))


@bp.get("/administration/members")
def administration() -> ResponseReturnValue:
    """All members, with a search by name or e-mail address, or a group of them."""
    words, group = web.text("q"), web.choice("group", queries.GROUPS)
    page = queries.administered_members(me(), words, web.number("page"), group)
    groups = [
        (name, web.here(group=value or None, page=None), value == group, None)
        for value, name in GROUP_NAMES.items()
    ]
    web.note_look("e-mail addresses of members")
    shown = {"page": page, "words": words, "group": group, "groups": groups}
    return render_template("members/administration.html", **shown, roles=ROLE_NAMES)


@bp.route("/administration/forum", methods=["GET", "POST"])
def describe_federation() -> ResponseReturnValue:
    """Edit the forum's name, tagline and contact address."""
    known = queries.federation_to_describe(me())
    form = FederationForm.of(known, web.settings().locales)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        before = queries.federation_versions(me())
        return render_template(
            "members/federation.html",
            form=form,
            tagline_language=queries.language_name(form.tagline_locale),
            meanwhile=meanwhile,
            before=before,
            closed_at=known.first_steps_closed_at,
        ), status

    def deed() -> ResponseReturnValue:
        said = {name: form[name].data or "" for name in ("name", "tagline", "contact_email")}
        actions.describe_federation(
            me(),
            seen=form.seen.data,
            tagline_locale=form.tagline_locale,
            taglines=form.taglines(),
            **said,
        )
        return web.done(
            _("Saved. Every page says so from now on."), url_for("members.describe_federation")
        )

    return webforms.process(form, page, deed, latest=_latest_federation)


def _latest_federation() -> FederationForm:
    known = queries.federation_to_describe(me())
    return FederationForm.of(known, web.settings().locales, formdata=None)


@bp.post("/administration/first-steps/close")
def close_first_steps() -> AnyResponse:
    """Hide the first steps on the home page."""
    actions.close_first_steps(me())
    return web.done(_("The list is closed. It can be opened again under “Name and contact”."), "/")


@bp.post("/administration/first-steps/open")
def open_first_steps() -> AnyResponse:
    """Show the first steps on the home page again."""
    actions.open_first_steps(me())
    return web.done(
        _("The list is open again. The home page shows it as long as something is left to do."), "/"
    )
