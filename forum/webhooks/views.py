"""The views of webhooks, for administrators."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forum import ciphers, web, webforms
from forum.agendas.queries import all_agendas
from forum.history.queries import fingerprint
from forum.web import me
from forum.webforms import ChangedFields
from forum.webhooks import actions, queries
from forum.webhooks.forms import FORMAT_NAMES, KIND_NAMES, WebhookForm
from forum.webhooks.models import SECRET_CIPHER, Webhook

bp = Blueprint("webhooks", __name__)
PATH = "/administration/webhooks"


@bp.get(PATH)
def index() -> str:
    """All webhooks, and their state."""
    found = queries.webhooks(me())
    return render_template(
        "webhooks/index.html",
        webhooks=found,
        is_full=len(found) >= actions.MAX_WEBHOOKS,
        most=actions.MAX_WEBHOOKS,
        formats=FORMAT_NAMES,
        changes=queries.changes(me()),
    )


@bp.route(f"{PATH}/new", methods=["GET", "POST"])
def add_webhook() -> ResponseReturnValue:
    """Add a webhook."""
    queries.webhooks(me())
    return _webhook_page(None)


@bp.get(f"{PATH}/<int:webhook_id>")
def webhook(webhook_id: int) -> str:
    """One webhook, and its last deliveries."""
    found = queries.get_webhook(me(), webhook_id)
    deliveries = queries.last_deliveries(me(), found)
    return render_template(
        "webhooks/webhook.html",
        webhook=found,
        deliveries=deliveries,
        titles=queries.titles_of(me(), deliveries),
        formats=FORMAT_NAMES,
        kinds=KIND_NAMES,
    )


@bp.route(f"{PATH}/<int:webhook_id>/edit", methods=["GET", "POST"])
def edit_webhook(webhook_id: int) -> ResponseReturnValue:
    """Change a webhook."""
    return _webhook_page(queries.get_webhook(me(), webhook_id))


def _webhook_page(found: Webhook | None) -> ResponseReturnValue:
    form = WebhookForm.of(found) if found else WebhookForm()
    agendas = webforms.titled_choices(all_agendas(me()))
    form.agenda.choices = [(0, _("All agendas")), *agendas]

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        is_allowed = bool(web.settings().webhook_networks)
        shown: dict[str, Any] = {"form": form, "webhook": found, "kinds": KIND_NAMES}
        shown |= {"meanwhile": meanwhile}
        return render_template("webhooks/write.html", **shown, is_open=is_allowed), status

    def deed() -> Response:
        allowed = web.settings().webhook_networks
        if found is None:
            added = actions.add_webhook(me(), form.text, allowed)
            return _done(
                _("The webhook is added. Send a trial to see whether it arrives."), added.id
            )
        actions.edit_webhook(me(), found.id, form.text, allowed, seen=form.seen.data)
        return _done(_("The webhook is changed."), found.id)

    latest = partial(_latest_webhook, found.id) if found else None
    return webforms.process(form, page, deed, checks=[_check_address], latest=latest)


def _latest_webhook(webhook_id: int) -> WebhookForm:
    return WebhookForm.of(queries.get_webhook(me(), webhook_id), formdata=None)


def _check_address(form: WebhookForm) -> None:
    if form.address.data and form.address.data.strip():
        queries.checked_address(form.address.data, web.settings().webhook_networks)


def _done(message: str, webhook_id: int) -> Response:
    return web.done(message, url_for("webhooks.webhook", webhook_id=webhook_id))


@bp.route(f"{PATH}/<int:webhook_id>/secret", methods=["GET", "POST"])
def renew_secret(webhook_id: int) -> ResponseReturnValue:
    """Show the secret of a webhook; make a new one (POST)."""
    found = queries.get_webhook(me(), webhook_id)
    if request.method == "POST":
        actions.renew_secret(me(), webhook_id)
        return web.done(
            _("There is a new secret. Enter it where the messages arrive."),
            url_for("webhooks.renew_secret", webhook_id=webhook_id),
        )
    try:
        secret = ciphers.unlock(SECRET_CIPHER, found.locked_secret)
    except ciphers.Unreadable:
        secret = ""
    return render_template("webhooks/secret.html", webhook=found, secret=secret)


@bp.post(f"{PATH}/<int:webhook_id>/try")
def try_webhook(webhook_id: int) -> Response:
    """Send a test delivery to a webhook."""
    actions.try_webhook(me(), webhook_id)
    return _done(_("A trial is on its way. Look here again in a few seconds."), webhook_id)


@bp.post(f"{PATH}/<int:webhook_id>/pause")
def pause_webhook(webhook_id: int) -> Response:
    """Pause a webhook."""
    actions.pause_webhook(me(), webhook_id)
    return _done(_("The webhook is paused: nothing is sent there."), webhook_id)


@bp.post(f"{PATH}/<int:webhook_id>/resume")
def resume_webhook(webhook_id: int) -> Response:
    """Resume a webhook."""
    actions.resume_webhook(me(), webhook_id)
    return _done(
        _("The webhook goes on. What has waited for less than three days is sent now."), webhook_id
    )


@bp.route(f"{PATH}/<int:webhook_id>/delete", methods=["GET", "POST"])
def delete_webhook(webhook_id: int) -> ResponseReturnValue:
    """Ask whether a webhook is to be deleted; delete it (POST)."""
    found = queries.get_webhook(me(), webhook_id)
    if request.method == "POST":
        actions.delete_webhook(me(), webhook_id, seen=request.form.get("seen"))
        return web.done(_("The webhook is deleted."), url_for("webhooks.index"))
    seen = fingerprint(queries.webhook_fields(found))
    return render_template("webhooks/delete.html", webhook=found, seen=seen)
