"""The worker's tasks for webhooks: making deliveries, sending them, and deleting old ones."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask_babel import force_locale
from flask_babel import gettext as _

from forum import ciphers, web
from forum.api.views import PREFIX
from forum.clock import now
from forum.dialogue.models import Post
from forum.members.queries import forum_name
from forum.notifications.queries import untold_event_ids
from forum.outbound import FORBIDDEN, BadAddress, NoAnswer, post, signature
from forum.permissions import SYSTEM
from forum.webhooks import actions, queries
from forum.webhooks.models import (
    ADDRESS_CIPHER,
    CHAT,
    REPLY,
    SECRET_CIPHER,
    TRIAL,
    UNREADABLE,
    Webhook,
    WebhookDelivery,
)

JSON_TYPE = "application/json"
TYPES = {REPLY: "reply.posted", "practice": "practice.published", "case": "case.published"}
# What chat programs interpret as markup, mentions and links in a text, and similar characters that they do not
HARMLESS = str.maketrans(
    {
        **{"<": "‹", ">": "›", "[": "［", "]": "］", "@": "@\u200b", "#": "#\u200b"},
        **{"*": "∗", "_": "\uff3f", "~": "∼", "`": "ˋ", "|": "∣", "\\": "＼"},
    }
)
DOT_OF_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d])")


@dataclass(frozen=True)
class Told:
    """The content of a delivery: its `kind`, and what the format of the webhook needs."""

    kind: str
    data: Mapping[str, Any]
    title: str = ""
    agenda: str = ""
    url: str = ""


def deliver() -> int:
    """Make new deliveries, and send one of one webhook; returns how much was done.

    Only one is sent, because an address that does not answer takes seconds, and other tasks of the worker wait.
    """
    done = actions.note_what_is_new(SYSTEM) if untold_event_ids(1) else 0
    if not queries.is_any_due():
        return done
    delivery = actions.take_delivery(SYSTEM)
    if delivery is not None:
        _tell(delivery)
        done += 1
    return done


def forget_old() -> int:
    """Delete some old deliveries; returns how many."""
    return actions.forget_deliveries(SYSTEM) if queries.is_any_old() else 0


def _tell(delivery: WebhookDelivery) -> None:
    webhook, found = delivery.webhook, None
    if delivery.kind != TRIAL:
        found = queries.told_posts([delivery.post_id or 0]).get(delivery.post_id or 0)
        if found is None or not webhook.is_told(_kind(found), found.topic.agenda_id):
            actions.drop_delivery(SYSTEM, delivery.id)
            return
        if queries.is_waiting_for_review(found):
            actions.postpone_delivery(SYSTEM, delivery.id)
            return
    try:
        address, body, headers = _request(webhook, delivery, found)
        status = post(address, body, headers, web.settings().webhook_networks)
    except ciphers.Unreadable:
        actions.note_answer(SYSTEM, delivery.id, None, UNREADABLE)
    except NoAnswer as error:
        actions.note_answer(SYSTEM, delivery.id, None, error.why)
    except BadAddress:  # the allowed networks have changed since it was typed
        actions.note_answer(SYSTEM, delivery.id, None, FORBIDDEN)
    else:
        actions.note_answer(SYSTEM, delivery.id, status)


def _request(
    webhook: Webhook, delivery: WebhookDelivery, found: Post | None
) -> tuple[str, bytes, dict[str, str]]:
    """The address, the body and the headers of a delivery. Raises `Unreadable`."""
    address = ciphers.unlock(ADDRESS_CIPHER, webhook.locked_address)
    told = _told_of(found) if found else _trial()
    if webhook.format == CHAT:
        body = _json({"text": _chat_text(told)})
        return address, body, {"Content-Type": JSON_TYPE}
    kind = TYPES.get(told.kind, TRIAL if told.kind == TRIAL else "topic.opened")
    at = delivery.created_at.isoformat().replace("+00:00", "Z")
    body = _json({"type": kind, "timestamp": at, "data": told.data})
    secret = ciphers.unlock(SECRET_CIPHER, webhook.locked_secret)
    key = base64.b64decode(secret.removeprefix(actions.SECRET_PREFIX))
    # The time of this attempt, by which receivers refuse replayed requests
    seconds = int(now().timestamp())
    headers = {
        "Content-Type": JSON_TYPE,
        "webhook-id": delivery.number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(key, delivery.number, seconds, body),
    }
    return address, body, headers


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _kind(found: Post) -> str:
    """The present kind of a post, among those of webhooks: splitting its topic may have made it an opening post."""
    return found.topic.kind if found.number == 1 else REPLY


def _told_of(found: Post) -> Told:
    """The content about a post that visitors may read: its address, and of the texts by people only the title."""
    kind, topic = _kind(found), found.topic
    agenda_path = f"/agendas/{topic.agenda.slug}"
    path, number, collection = _place(found, kind)
    url = web.absolute(quote(path, safe="/"))
    data = {
        "id": number,
        "kind": kind,
        "title": topic.title,
        "language": found.language if kind == REPLY else topic.language,
        "url": url,
        "api_url": web.absolute(f"{PREFIX}/{collection}/{number}"),
        "agenda": {
            "title": topic.agenda.title,
            "slug": topic.agenda.slug,
            "url": web.absolute(quote(agenda_path)),
        },
    }
    return Told(kind, data, topic.title, topic.agenda.title, url)


def _place(found: Post, kind: str) -> tuple[str, int | str, str]:
    """The path of the page, the id of the thing in the API, and the collection there."""
    if kind == REPLY:
        return f"/posts/{found.id}", found.id, "posts"
    topic = found.topic
    if topic.home:
        _empty, collection, slug = topic.home.split("/", 2)
        return topic.home, slug, collection
    return topic.address, topic.id, "topics"


def _trial() -> Told:
    name, url = forum_name(), web.absolute("/")
    data = {"forum": name, "url": url, "api_url": web.absolute(f"{PREFIX}/")}
    return Told(TRIAL, data, title=name, url=url)


def _chat_text(told: Told) -> str:
    """One line for a chat room, in the forum's language, in which typed texts have no effect."""
    words = {"title": _harmless(told.title), "address": told.url}
    with force_locale(web.offered_locale(None)):
        if told.kind == TRIAL:
            return _("A trial of %(title)s: messages arrive here. %(address)s", **words)
        words["agenda"] = _harmless(told.agenda)
        sentences = {
            "question": _("New question in %(agenda)s: %(title)s – %(address)s", **words),
            "experience": _("New experience in %(agenda)s: %(title)s – %(address)s", **words),
            "practice": _("New practice in %(agenda)s: %(title)s – %(address)s", **words),
            "case": _("New case in %(agenda)s: %(title)s – %(address)s", **words),
            REPLY: _("New reply in %(agenda)s: %(title)s – %(address)s", **words),
        }
        return sentences[told.kind]


def _harmless(words: str) -> str:
    """A typed text without anything that a chat program interprets as markup, a mention or a link."""
    # They make links of www.example.org and, some of them, of example.org, too
    return DOT_OF_DOMAIN.sub(".\u200b", words.translate(HARMLESS).replace("://", ":\u200b//"))
