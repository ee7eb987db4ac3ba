"""Adding, changing, pausing and deleting webhooks; noting what they are to be told, and what became of it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import update

from forum import ciphers
from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, WEBHOOKS, db, delete_batch, insert_into, serialize
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.notifications.actions import note_told
from forum.notifications.queries import untold_events
from forum.outbound import Network
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.webhooks.models import (
    ADDRESS_CIPHER,
    FAILING,
    FORMATS,
    GONE,
    KINDS,
    REPLY,
    SECRET_CIPHER,
    TRIAL,
    UNREADABLE,
    Webhook,
    WebhookDelivery,
)
from forum.webhooks.queries import (
    HISTORY,
    active_webhooks,
    checked_address,
    delivery_to_change,
    is_old,
    is_stale,
    next_delivery,
    topics_of,
    waiting_trial,
    webhook_fields,
    webhook_to_change,
    webhooks_count,
)

MAX_WEBHOOKS, MAX_NAME = 10, 80  # how many, and characters
SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
BATCH_SIZE = 100  # events for which one transaction makes deliveries
# After this time other workers take over the delivery of one that was killed
LEASE = timedelta(minutes=1)
RETRY_DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480, 1440))
# A failing webhook rests for so long, whatever waits for it, so that one that hangs does not delay the others
MAX_REST = timedelta(minutes=30)
FAILING_FOR = timedelta(days=5)  # of continuous failure, until it is paused
STALE_AFTER = timedelta(days=3)  # a chat room does not want all questions of a month at once
# Until it is checked again whether moderators have looked at a text
REVIEW_DELAY = timedelta(minutes=10)
# Statuses of HTTP: accepted; no longer wanted
OK, NO_LONGER = range(200, 300), 410


@dataclass(frozen=True)
class WebhookText:
    """A webhook as an administrator types it; `agenda_id` None means all agendas."""

    name: str
    address: str
    format: str
    kinds: Sequence[str]
    agenda_id: int | None = None


# For administrators


@action
def add_webhook(
    administrator: Person, text: WebhookText, allowed: Sequence[Network] = ()
) -> Webhook:
    """Add a webhook, which gets what is published from now on.

    `allowed` are the networks besides the public internet to which it may lead. Raises `Conflict` when there are
    `MAX_WEBHOOKS`, `Invalid` for a value that is refused.
    """
    touches()
    require(administrator.can.administer())
    serialize(WEBHOOKS)  # another administrator may add one at the same moment
    if webhooks_count() >= MAX_WEBHOOKS:
        raise Conflict(_("There can be at most %(most)s webhooks.", most=MAX_WEBHOOKS))
    webhook = Webhook(created_at=now(), locked_secret=_new_secret())
    _apply(administrator, webhook, text, allowed)
    db.session.add(webhook)
    db.session.flush()
    _log(administrator, webhook, "added")
    return webhook


@action
def edit_webhook(
    administrator: Person,
    webhook_id: int,
    text: WebhookText,
    allowed: Sequence[Network] = (),
    *,
    seen: str | None = None,
) -> Webhook:
    """Change a webhook; waiting deliveries go to the new address, if their kind is still chosen.

    `seen` is the fingerprint of what it was when the form was opened. Raises `Conflict` when it is something else
    since.
    """
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    before = webhook_fields(webhook)
    _apply(administrator, webhook, text, allowed)
    if webhook_fields(webhook) != before:
        refuse_unseen(seen, before)
        _log(administrator, webhook, "changed")
    # Also when nothing has changed: who saves it wants it to be tried again
    webhook.rests_until = None
    return webhook


@action
def pause_webhook(administrator: Person, webhook_id: int) -> Webhook:
    """Pause a webhook: it never gets what is published meanwhile; waiting deliveries wait until it is resumed."""
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    if webhook.paused_at is None:
        webhook.paused_at, webhook.paused_why = now(), ""
        _log(administrator, webhook, "paused")
    return webhook


@action
def resume_webhook(administrator: Person, webhook_id: int) -> Webhook:
    """Resume a webhook that an administrator or the forum has paused; deliveries older than `STALE_AFTER` are given up."""
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    if webhook.paused_at is not None:
        _revive(webhook)
        stale = update(WebhookDelivery).where(*is_stale(webhook, now() - STALE_AFTER))
        db.session.execute(stale.values(given_up_at=now()))
        _log(administrator, webhook, "resumed")
    return webhook


@action
def delete_webhook(administrator: Person, webhook_id: int, *, seen: str | None = None) -> None:
    """Delete a webhook with all its waiting deliveries.

    `seen` is the fingerprint of what it was on the page that asked. Raises `Conflict` when it is something else since.
    """
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    refuse_unseen(seen, webhook_fields(webhook), _("This webhook has changed. Look at it again."))
    _log(administrator, webhook, "deleted")
    db.session.delete(webhook)


@action
def renew_secret(administrator: Person, webhook_id: int) -> Webhook:
    """Give a webhook a new secret, with which everything is signed from now on."""
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    webhook.locked_secret = _new_secret()
    _log(administrator, webhook, "secret")
    return webhook


@action
def try_webhook(administrator: Person, webhook_id: int) -> WebhookDelivery:
    """Send a test delivery to a webhook; if one is waiting already, send that at once. Raises `Conflict` while it is paused."""
    touches()
    webhook = webhook_to_change(administrator, webhook_id)
    if webhook.paused_at:
        raise Conflict(_("This webhook is paused. Resume it first."))
    webhook.rests_until = None
    trial = waiting_trial(webhook)
    if trial is None:
        trial = WebhookDelivery(webhook_id=webhook.id, kind=TRIAL, **_new_row())
        db.session.add(trial)
    trial.due_at = now()
    db.session.flush()
    return trial


def _apply(
    administrator: Person, webhook: Webhook, text: WebhookText, allowed: Sequence[Network]
) -> None:
    webhook.name = single_line(text.name)
    if not webhook.name or len(webhook.name) > MAX_NAME:
        raise Invalid(_("Write a name of at most %(most)s characters.", most=MAX_NAME), "name")
    if text.format not in FORMATS:
        raise Invalid(_("Choose a format."), "format")
    webhook.format = text.format
    webhook.kinds = [kind for kind in KINDS if kind in text.kinds]
    if not webhook.kinds:
        raise Invalid(_("Choose at least one thing of which it is told."), "kinds")
    webhook.agenda_id = agenda_by_id(administrator, text.agenda_id).id if text.agenda_id else None
    webhook.host = checked_address(text.address, allowed).authority[:200]
    webhook.locked_address = ciphers.lock(ADDRESS_CIPHER, text.address.strip())


def _new_secret() -> str:
    """A new secret as the standard writes it, encrypted."""
    random = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return ciphers.lock(SECRET_CIPHER, SECRET_PREFIX + random)


def _revive(webhook: Webhook) -> None:
    webhook.paused_at, webhook.paused_why = None, ""
    _forget_failures(webhook)


def _log(administrator: Person, webhook: Webhook, deed: str) -> None:
    fields = {"deed": deed, "name": webhook.name, "host": webhook.host}
    keep_version(administrator, HISTORY, webhook.id, fields)


# For the worker


@action
def note_what_is_new(system: Person) -> int:
    """Make the deliveries of new topics and posts for each webhook; returns how many events it worked on.

    Each event is handled once, in one transaction with its deliveries, so that nothing is lost and nothing sent
    twice, whichever process is killed. A webhook does not get events from before it was added, because an import has
    its own dates.
    """
    require(system.can.administer())
    touches()
    events = untold_events(BATCH_SIZE)
    topics = topics_of([event.post_id for event in events if event.post_id])
    hooks = active_webhooks()
    rows: list[dict[str, object]] = []
    for event in events:
        topic = topics.get(event.post_id or 0)
        if topic is None:
            continue
        kind = topic.kind if event.kind == "topic" else REPLY
        rows += [
            {"webhook_id": hook.id, "post_id": event.post_id, "kind": kind, **_new_row()}
            for hook in hooks
            if hook.is_told(kind, topic.agenda_id) and event.created_at >= hook.created_at
        ]
    if rows:
        insert = insert_into(WebhookDelivery)
        db.session.execute(insert.on_conflict_do_nothing(), rows)
    note_told(system, events)
    return len(events)


def _new_row() -> dict[str, object]:
    number = f"msg_{secrets.token_urlsafe(18)}"
    return {"number": number, "created_at": now(), "due_at": now(), "attempts": 0, "trouble": ""}


@action
def take_delivery(system: Person) -> WebhookDelivery | None:
    """Take the next delivery to be tried; nobody else takes it within `LEASE`. None for none."""
    require(system.can.administer())
    touches()
    delivery = next_delivery()
    if delivery is not None:
        delivery.due_at = now() + LEASE
        delivery.webhook.turn_at = now()
    return delivery


@action
def drop_delivery(system: Person, delivery_id: int) -> None:
    """Record that there is nothing to send any more."""
    require(system.can.administer())
    touches()
    if delivery := delivery_to_change(delivery_id):
        delivery.dropped_at = now()


@action
def postpone_delivery(system: Person, delivery_id: int) -> None:
    """Postpone a delivery until moderators have looked at its text."""
    require(system.can.administer())
    touches()
    if delivery := delivery_to_change(delivery_id):
        delivery.due_at = now() + REVIEW_DELAY


@action
def note_answer(system: Person, delivery_id: int, status: int | None, trouble: str = "") -> None:
    """Record the response to a delivery: an HTTP `status`, or why there was none (`trouble`).

    A delivery that was not accepted is tried again after each of `RETRY_DELAYS`, and then given up. A webhook whose
    receiver no longer wants deliveries, that has failed for `FAILING_FOR`, or whose address the forum can no longer
    decrypt, is paused.
    """
    require(system.can.administer())
    touches()
    delivery = delivery_to_change(delivery_id)
    if delivery is None:
        return
    delivery.attempts += 1
    delivery.tried_at, delivery.status, delivery.trouble = now(), status, trouble
    if status in OK:
        delivery.sent_at = delivery.webhook.arrived_at = now()
        _forget_failures(delivery.webhook)
    else:
        _note_failure(delivery)


def _forget_failures(webhook: Webhook) -> None:
    webhook.failing_since, webhook.failures, webhook.rests_until = None, 0, None


def _note_failure(delivery: WebhookDelivery) -> None:
    webhook = delivery.webhook
    webhook.failing_since = webhook.failing_since or now()
    rest = RETRY_DELAYS[min(webhook.failures, len(RETRY_DELAYS) - 1)]
    webhook.failures += 1
    webhook.rests_until = now() + min(rest, MAX_REST)
    if delivery.status == NO_LONGER or delivery.attempts > len(RETRY_DELAYS):
        delivery.given_up_at = now()
    else:
        delivery.due_at = now() + RETRY_DELAYS[delivery.attempts - 1]
    why = _why_paused(delivery)
    if why and webhook.paused_at is None:
        webhook.paused_at, webhook.paused_why = now(), why


def _why_paused(delivery: WebhookDelivery) -> str:
    if delivery.status == NO_LONGER:
        return GONE
    if delivery.trouble == UNREADABLE:
        return UNREADABLE
    since = delivery.webhook.failing_since or now()
    return FAILING if now() - since >= FAILING_FOR else ""


@action
def forget_deliveries(system: Person) -> int:
    """Delete some old deliveries; returns how many."""
    require(system.can.administer())
    touches()
    return len(delete_batch(WebhookDelivery, DELETION_BATCH_SIZE, is_old()))
