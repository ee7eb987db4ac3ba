"""Webhooks and their deliveries: which wait, what visitors may read of them, and the pages of administrators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from forum import ciphers
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import is_readable, visible_posts
from forum.errors import Invalid, or_not_found
from forum.history.models import Version
from forum.outbound import BadAddress, Network, Target, parse
from forum.permissions import VISITOR, Person, require
from forum.webhooks.models import ADDRESS_CIPHER, TRIAL, Webhook, WebhookDelivery

MAX_SHOWN = 20  # deliveries of a webhook, and changes of webhooks
KEPT = timedelta(days=30)  # of deliveries, whatever became of them
NO_SUCH = lazy_gettext("There is no such webhook, or it was deleted.")
HISTORY = "webhook"  # the kind of versions in the history that record changes


# For administrators


def checked_address(typed: str, allowed: Sequence[Network]) -> Target:
    """The parts of an address that an administrator typed; raises `Invalid` for one to which no webhook may lead."""
    try:
        return parse(typed.strip(), allowed)
    except BadAddress as error:
        sentences = {
            "https": _("The address has to begin with https://."),
            "port": _("The port has to be 443 or 8443."),
            "password": _("The address may hold no name and no password before an @."),
            "public": _("This is not an address on the public internet."),
        }
        example = _("Write an address such as https://chat.example.org/hooks/abc.")
        raise Invalid(sentences.get(error.why, example), "address") from error


def webhooks(administrator: Person) -> Sequence[Webhook]:
    """All webhooks by name, with their agendas."""
    require(administrator.can.administer())
    query = select(Webhook).options(joinedload(Webhook.agenda))
    return db.session.scalars(query.order_by(func.lower(Webhook.name), Webhook.id)).all()


def get_webhook(administrator: Person, webhook_id: int) -> Webhook:
    """One webhook with its agenda, or `NotFound`."""
    require(administrator.can.administer())
    query = select(Webhook).where(Webhook.id == webhook_id).options(joinedload(Webhook.agenda))
    return or_not_found(db.session.scalar(query), NO_SUCH)


def webhook_fields(webhook: Webhook) -> dict[str, Any]:
    """Where a webhook leads and what it is told of, as JSON values; without an address that the present key does not open."""
    try:
        address = ciphers.unlock(ADDRESS_CIPHER, webhook.locked_address)
    except ciphers.Unreadable:
        address = ""
    return {
        "name": webhook.name,
        "format": webhook.format,
        "address": address,
        "kinds": webhook.kinds,
        "agenda": webhook.agenda_id or 0,
    }


def webhook_to_change(administrator: Person, webhook_id: int) -> Webhook:
    """One webhook, locked for update; or `NotFound`."""
    require(administrator.can.administer())
    query = select(Webhook).where(Webhook.id == webhook_id).with_for_update()
    return or_not_found(db.session.scalar(query), NO_SUCH)


def webhooks_count() -> int:
    """How many webhooks there are."""
    return db.session.scalar(select(func.count(Webhook.id))) or 0


def last_deliveries(administrator: Person, webhook: Webhook) -> Sequence[WebhookDelivery]:
    """The last or waiting deliveries of a webhook, newest first; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    theirs = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    return db.session.scalars(theirs.order_by(WebhookDelivery.id.desc()).limit(MAX_SHOWN)).all()


def titles_of(
    administrator: Person, deliveries: Collection[WebhookDelivery]
) -> dict[int, tuple[str, str]]:
    """The titles of the posts of deliveries, each with its language, by post id, as far as visitors may read them."""
    require(administrator.can.administer())
    posts = _told_posts([delivery.post_id for delivery in deliveries if delivery.post_id])
    topics = {post.id: post.topic for post in db.session.scalars(posts)}
    return {post_id: (topic.title, topic.language) for post_id, topic in topics.items()}


def changes(administrator: Person) -> Sequence[Version]:
    """The last changes of webhooks, newest first, each with who made it; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    made = select(Version).where(Version.kind == HISTORY).order_by(Version.id.desc())
    return db.session.scalars(made.limit(MAX_SHOWN)).all()


# For the worker


def active_webhooks() -> Sequence[Webhook]:
    """The webhooks that are not paused; none of them can be deleted until the transaction ends."""
    active = select(Webhook).where(Webhook.paused_at.is_(None)).order_by(Webhook.id)
    return db.session.scalars(active.with_for_update(read=True, key_share=True)).all()


def told_posts(post_ids: Collection[int]) -> dict[int, Post]:
    """Those of the posts that visitors may read, by id, with topic and agenda."""
    found = _told_posts(post_ids).execution_options(populate_existing=True)
    return {post.id: post for post in db.session.scalars(found)}


def _told_posts(post_ids: Collection[int]) -> Select[Post]:
    """A select of those of the posts that visitors may read now."""
    found: Select[Post] = visible_posts(VISITOR).where(Post.id.in_(post_ids), *is_readable())
    return found


def is_waiting_for_review(post: Post) -> bool:
    """Whether moderators have not looked at it yet, until when the API and feeds do not have it either."""
    return bool(post.unseen_at or post.topic.unseen_at)


def topics_of(post_ids: Collection[int]) -> dict[int, Topic]:
    """The topics of posts by the id of the post, whoever may read them."""
    query = select(Post).where(Post.id.in_(post_ids)).options(joinedload(Post.topic))
    return {post.id: post.topic for post in db.session.scalars(query)}


def is_any_due() -> bool:
    """Whether a delivery can be tried now."""
    return db.session.scalar(_webhooks_with_due().limit(1)) is not None


def next_delivery() -> WebhookDelivery | None:
    """The next delivery to be tried, with its webhook, both locked for update; None for none.

    Among several webhooks, the one whose turn was longest ago is next; of its due deliveries, first a test, whose
    sender is looking at the page, and then the one waiting longest.
    """
    in_turn = _webhooks_with_due().order_by(
        Webhook.turn_at.is_not(None), Webhook.turn_at, Webhook.id
    )
    webhook = db.session.scalar(in_turn.limit(1).with_for_update(skip_locked=True))
    if webhook is None:
        return None
    due = (
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id, *_is_due())
        .options(joinedload(WebhookDelivery.webhook, innerjoin=True))
        .limit(1)
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    )
    # There is at most one test. With an ORDER BY it would be searched among all that wait
    trial: WebhookDelivery | None = db.session.scalar(due.where(*_is_trial()))
    if trial is not None:
        return trial
    longest = due.order_by(WebhookDelivery.due_at, WebhookDelivery.id)
    delivery: WebhookDelivery | None = db.session.scalar(longest)
    return delivery


def _webhooks_with_due() -> Select[Webhook]:
    """A select of the webhooks for which a delivery can be tried now, efficient however many deliveries wait."""
    due = select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == Webhook.id, *_is_due())
    found: Select[Webhook] = select(Webhook).where(
        Webhook.paused_at.is_(None),
        or_(Webhook.rests_until.is_(None), Webhook.rests_until <= now()),
        due.exists(),
    )
    return found


def _is_due() -> tuple[ColumnElement[bool], ...]:
    return (*_is_waiting(), WebhookDelivery.due_at <= now())


def _is_trial() -> tuple[ColumnElement[bool], ...]:
    # It has no post, so the index by post finds it
    return (WebhookDelivery.post_id.is_(None), WebhookDelivery.kind == TRIAL)


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    ended = (WebhookDelivery.sent_at, WebhookDelivery.given_up_at, WebhookDelivery.dropped_at)
    return tuple(moment.is_(None) for moment in ended)


def delivery_to_change(delivery_id: int) -> WebhookDelivery | None:
    """A delivery with its webhook, both locked for update; None when the webhook was deleted meanwhile.

    The webhook is locked first, in the same order as when it is deleted with its deliveries.
    """
    its_webhook = select(WebhookDelivery.webhook_id).where(WebhookDelivery.id == delivery_id)
    webhook = select(Webhook).where(Webhook.id == its_webhook.scalar_subquery())
    if db.session.scalar(webhook.with_for_update()) is None:
        return None
    found: WebhookDelivery | None = db.session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id)
        .options(joinedload(WebhookDelivery.webhook, innerjoin=True))
        .with_for_update(of=WebhookDelivery)
    )
    return found


def waiting_trial(webhook: Webhook) -> WebhookDelivery | None:
    """The trial of a webhook that is still to be sent, or None."""
    theirs = select(WebhookDelivery).where(
        WebhookDelivery.webhook_id == webhook.id, *_is_trial(), *_is_waiting()
    )
    return db.session.scalars(theirs.limit(1)).first()


def is_old() -> ColumnElement[bool]:
    """SQL condition: a delivery is past its retention time."""
    return WebhookDelivery.created_at < now() - KEPT


def is_stale(webhook: Webhook, before: datetime) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: a delivery has been waiting for a webhook since before a moment."""
    mine = WebhookDelivery.webhook_id == webhook.id
    return mine, WebhookDelivery.created_at < before, *_is_waiting()


def is_any_old() -> bool:
    """Whether there are deliveries past their retention time."""
    return db.session.scalar(select(WebhookDelivery.id).where(is_old()).limit(1)) is not None
