"""Several workers at once, and an administrator who deletes a webhook: each delivery is sent once, without deadlocks.

They run in threads on a database of its own, in which commits are real.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.webhooks import actions, commands
from forum.webhooks.actions import WebhookText
from forum.webhooks.models import Webhook
from tests.races import a_topic, at_once, own, who
from tests.webhooks.conftest import ADDRESS, Receiver, deliveries

__all__ = ["own"]
ENOUGH = 30  # passes of each worker


def webhooks(number: int) -> list[int]:
    administrator = who("adam-de-wit")
    texts = [WebhookText(str(n), ADDRESS, "standard", ["reply"]) for n in range(number)]
    return [actions.add_webhook(administrator, text).id for text in texts]


def replies(number: int) -> None:
    topic_id = a_topic()
    for n in range(number):
        dialogue.reply(who("mona-berg"), topic_id, write(f"Tram {n} is loud."))


def worker() -> None:
    for _pass in range(ENOUGH):
        commands.deliver()
        db.session.remove()


def test_several_workers_send_each_thing_once(own: Flask, receiver: Receiver) -> None:
    webhooks(3)
    replies(6)
    db.session.remove()
    assert at_once(own, [worker] * 4) == ["done"] * 4
    worker()
    numbers = Counter(headers["webhook-id"] for _address, _body, headers in receiver.got)
    assert len(numbers) == 18 and set(numbers.values()) == {1}
    assert all(delivery.sent_at for delivery in deliveries())


def test_no_two_administrators_add_one_webhook_too_many(own: Flask) -> None:
    webhooks(actions.MAX_WEBHOOKS - 1)
    db.session.remove()

    def add() -> Any:
        return webhooks(1)

    said = at_once(own, [add] * 4)
    assert said.count("done") == 1
    assert db.session.scalar(select(func.count(Webhook.id))) == actions.MAX_WEBHOOKS


def test_what_is_deleted_while_several_workers_send_holds_up_nobody(
    own: Flask, receiver: Receiver
) -> None:
    first, second = webhooks(2)
    replies(6)
    db.session.remove()

    def delete() -> Any:
        return actions.delete_webhook(who("adam-de-wit"), first)

    assert at_once(own, [worker, delete, worker]) == ["done"] * 3
    worker()
    assert {delivery.webhook_id for delivery in deliveries()} == {second}
    assert all(delivery.sent_at for delivery in deliveries())
