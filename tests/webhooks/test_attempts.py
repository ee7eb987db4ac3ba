"""How often, and when, a delivery is tried; when it is paused, and to what network."""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from forum import jobs, outbound
from forum.clock import at, now
from forum.commands import tasks_of_worker
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.notifications import actions as notifications
from forum.notifications.models import Event
from forum.outbound import FORBIDDEN, SILENT
from forum.permissions import SYSTEM
from forum.webhooks import actions, commands
from forum.webhooks.actions import RETRY_DELAYS
from forum.webhooks.models import FAILING, GONE, UNREADABLE
from forum.webhooks.queries import is_any_due, next_delivery
from tests.webhooks.conftest import ADDRESS, deliveries, known, work

MINUTE = timedelta(minutes=1)

# How often, and when, it is tried


def test_a_thing_is_noted_once_for_each_webhook(receiver, add, ask, people):
    add(name="One")
    add(name="Two")
    topic = ask()
    assert actions.note_what_is_new(SYSTEM) == 1
    assert actions.note_what_is_new(SYSTEM) == 0
    event = db.session.scalars(db.select(Event).where(Event.topic_id == topic.id)).one()
    event.untold_at = now()  # as if another worker had noted the same at this moment
    db.session.commit()
    actions.note_what_is_new(SYSTEM)
    assert len(deliveries()) == 2
    work()
    work()
    assert len(receiver.got) == 2
    assert len({headers["webhook-id"] for _address, _body, headers in receiver.got}) == 2


def test_nothing_is_lost_when_noting_fails(receiver, add, ask, monkeypatch):
    add()
    ask()

    def fail(*_args: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(actions, "note_told", fail)
        with pytest.raises(RuntimeError):
            commands.deliver()
    assert deliveries() == []
    work()
    assert len(receiver.got) == 1


def test_notices_are_made_of_the_same_events(receiver, add, ask, people):
    add()
    topic = ask()
    dialogue.reply(people.ben, topic.id, write("Trams."))
    notifications.make_notices(SYSTEM)
    notifications.make_notices(SYSTEM)
    assert db.session.scalar(db.select(db.func.count(Event.id)).where(Event.done_at.is_(None))) == 0
    work()
    assert receiver.types == ["topic.opened", "reply.posted"]


def test_a_worker_that_is_killed_while_it_sends_sends_again_under_the_same_number(
    receiver, add, ask
):
    add()
    ask()

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    receiver.before = kill
    with pytest.raises(Killed):
        work()
    db.session.rollback()
    receiver.before = lambda: None
    assert work() == 0, "others leave it alone for a while"
    work(actions.LEASE)
    assert len(receiver.got) == 1 and deliveries()[0].sent_at


def test_what_is_sent_and_not_marked_is_sent_again_under_the_same_number(
    receiver, add, ask, monkeypatch
):
    add()
    ask()

    class Killed(BaseException):
        pass

    def kill(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(actions, "note_answer", kill)
        with pytest.raises(Killed):
            work()
    db.session.rollback()
    work(actions.LEASE)
    first, second = (headers["webhook-id"] for _address, _body, headers in receiver.got)
    assert first == second
    assert receiver.got[0][1] == receiver.got[1][1]
    work(timedelta(days=1))
    assert len(receiver.got) == 2


def test_one_thing_is_sent_in_each_pass(receiver, add, ask):
    add()
    for number in range(3):
        ask(f"Question {number}")
    for sent in (1, 2, 3):
        assert commands.deliver()
        assert len(receiver.got) == sent


@pytest.mark.parametrize("answer", [500, 404, 302, SILENT, FORBIDDEN])
def test_what_is_not_taken_is_tried_again_ever_later_and_then_given_up(receiver, add, ask, answer):
    webhook, began = add(), now()
    receiver.answer = answer
    ask()
    minutes = [0, 1, 6, 36, 156, 636, 2076]
    for tried, minute in enumerate(minutes, 1):
        with at(began + minute * MINUTE - timedelta(seconds=1)):
            assert minute == 0 or work() == 0
        with at(began + minute * MINUTE + timedelta(seconds=tried)):
            work()
        assert len(receiver.got) == tried, minute
    (delivery,) = deliveries()
    assert (delivery.attempts, bool(delivery.given_up_at)) == (len(RETRY_DELAYS) + 1, True)
    assert (delivery.status, delivery.trouble) == (
        (answer, "") if isinstance(answer, int) else (None, answer)
    )
    work(timedelta(days=9))
    assert len(receiver.got) == len(minutes)
    assert known(webhook).failing_since and known(webhook).paused_at is None
    assert len({headers["webhook-id"] for _address, _body, headers in receiver.got}) == 1


def test_an_address_that_hangs_delays_others_little(receiver, add, ask, monkeypatch):
    hanging = add(name="Hangs", address="https://hangs.example/")
    add(name="Works")
    tried: list[str] = []

    def post(address: str, *_rest: Any) -> int:
        tried.append(address)
        if "hangs" in address:
            raise outbound.NoAnswer(SILENT)
        return 200

    monkeypatch.setattr(commands, "post", post)
    for number in range(10):
        ask(f"Question {number}")
    work()
    assert tried.count(ADDRESS) == 10 and len(tried) == 11, "ten wait for the first one"
    for minute in range(1, 120):
        work(minute * MINUTE)
    assert len(tried) <= 11 + 6, "and it is asked ever less"
    assert known(hanging).failures == len(tried) - 10


def test_what_arrives_ends_the_rest(receiver, add, ask):
    webhook = add()
    receiver.answer = 503
    for number in range(3):
        ask(f"Question {number}")
    work()
    assert len(receiver.got) == 1
    receiver.answer = 200
    work(MINUTE)
    assert known(webhook).failing_since is None and known(webhook).failures == 0
    assert sum(bool(delivery.sent_at) for delivery in deliveries()) == 3


def test_webhooks_take_turns(receiver, add, ask):
    for name in ("a", "b", "c"):
        add(name=name, address=f"https://{name}.example/")
    for number in range(3):
        ask(f"Question {number}")
    work()
    hosts = [address.split("/")[2][0] for address, _body, _headers in receiver.got]
    assert sorted(hosts[:3]) == ["a", "b", "c"] and hosts.count("a") == 3


@pytest.mark.sqlite_only  # reads SQLite's query plan, which does not depend on the number of rows
def test_what_is_next_is_found_without_walking_through_all_that_waits(add, ask, queries):
    add()
    ask()
    actions.note_what_is_new(SYSTEM)
    with queries() as made:
        assert is_any_due() and next_delivery()
    looks = []
    for statement in made.statements:
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = db.session.connection().exec_driver_sql(explain, (None,) * statement.count("?"))
        steps = [row[3] for row in plan]
        looks += [step.partition("INDEX ")[2] for step in steps if "webhook_delivery" in step]
    waiting = "ix_webhook_delivery_waiting (webhook_id=? AND due_at<?)"
    trials = "ix_webhook_delivery_webhook_id_post_id (webhook_id=? AND post_id=?)"
    assert looks == [waiting, waiting, trials, waiting]


def test_addresses_that_hang_leave_half_of_the_time_to_mail(receiver, add, ask, app, monkeypatch):
    clock, tried = [1_000.0], []
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])

    def hang() -> None:
        tried.append(clock[0])
        clock[0] += outbound.TIMEOUT_SECONDS

    receiver.answer, receiver.before = SILENT, hang
    for number in range(10):
        add(name=f"Number {number}")
    ask()
    task = tasks_of_worker(app, app.extensions["settings"])["webhooks"]
    while clock[0] < 1_050:
        task()
        clock[0] += jobs.BUSY_PAUSE_SECONDS
    between = [later - earlier for earlier, later in pairwise(tried)]
    assert len(tried) == 5 and min(between) >= 2 * outbound.TIMEOUT_SECONDS, tried


# When it is paused


def test_an_address_where_nothing_is_wanted_any_more_is_asked_no_more(receiver, add, ask):
    webhook = add()
    receiver.answer = 410
    ask()
    ask("And this?")
    work()
    work(timedelta(days=2))
    assert len(receiver.got) == 1
    assert (known(webhook).paused_why, bool(known(webhook).paused_at)) == (GONE, True)


def test_five_days_of_nothing_but_failures_pause_it(receiver, add, ask):
    webhook, began = add(), now()
    receiver.answer = 500
    for day in range(7):
        with at(began + timedelta(days=day, minutes=1)):
            ask(f"Question {day}")
            work()
        assert bool(known(webhook).paused_at) == (day >= 5), day
    assert known(webhook).paused_why == FAILING
    number = len(receiver.got)
    work(timedelta(days=20))
    assert len(receiver.got) == number


def test_what_is_published_while_it_is_paused_is_never_told(receiver, add, ask, people):
    webhook = add()
    ask("Before")
    actions.note_what_is_new(SYSTEM)
    actions.pause_webhook(people.administrator, webhook.id)
    ask("Meanwhile")
    work()
    assert receiver.got == []
    actions.resume_webhook(people.administrator, webhook.id)
    ask("After")
    work()
    assert [body["data"]["title"] for body in receiver.bodies] == ["Before", "After"]


def test_what_has_waited_for_days_is_given_up_when_it_is_resumed(receiver, add, ask, people):
    """A chat room must not get a month of questions at once; other webhooks still get their deliveries."""
    webhook, other = add(), add(name="Another")
    ask("Long ago")
    actions.note_what_is_new(SYSTEM)
    with at(now() + timedelta(days=2)):
        ask("Lately")
        actions.note_what_is_new(SYSTEM)
    for paused in (webhook, other):
        actions.pause_webhook(people.administrator, paused.id)
    with at(now() + actions.STALE_AFTER + timedelta(hours=1)):
        actions.resume_webhook(people.administrator, webhook.id)
        work()
    assert [body["data"]["title"] for body in receiver.bodies] == ["Lately"]
    fates = {
        (delivery.webhook_id, bool(delivery.given_up_at))
        for delivery in deliveries()
        if not delivery.sent_at
    }
    assert fates == {(webhook.id, True), (other.id, False)}


def test_what_is_deleted_while_it_is_sent_leaves_nothing_behind(receiver, add, ask, people):
    webhook = add()
    ask()
    receiver.before = lambda: actions.delete_webhook(people.administrator, webhook.id)
    work()
    assert deliveries() == [] and len(receiver.got) == 1


def test_another_secret_key_pauses_it_with_a_reason(receiver, add, ask, app, monkeypatch):
    webhook = add()
    ask()
    monkeypatch.setitem(app.config, "SECRET_KEY", "another key of the tests")
    work()
    assert receiver.got == [] and known(webhook).paused_why == UNREADABLE


def test_old_deliveries_are_deleted(receiver, add, ask):
    add()
    ask()
    work()
    assert commands.forget_old() == 0
    with at(now() + timedelta(days=31)):
        assert commands.forget_old() == 1
    assert deliveries() == []


# To a program in one's own network


def test_a_network_that_the_server_allows_is_told(add, ask, people, app, monkeypatch):
    got: list[Any] = []

    @Request.application
    def receive(request: Request) -> Response:
        got.append((request.headers["webhook-id"], request.get_json()["type"]))
        return Response(status=202)

    server = make_server("127.0.0.1", 0, receive)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    local = (ipaddress.ip_network("127.0.0.0/8"),)
    allowing = replace(app.extensions["settings"], webhook_networks=local)
    monkeypatch.setitem(app.extensions, "settings", allowing)
    text = actions.WebhookText(
        "Own", f"http://127.0.0.1:{server.server_port}/in", "standard", ["question"]
    )
    webhook = actions.add_webhook(people.administrator, text, local)
    ask()
    work()
    server.shutdown()
    thread.join(30)
    assert got == [(deliveries()[0].number, "topic.opened")]
    assert deliveries()[0].status == 202
    monkeypatch.setitem(app.extensions, "settings", replace(allowing, webhook_networks=()))
    ask("And now?")
    work()
    assert deliveries()[1].trouble == FORBIDDEN and known(webhook).failures == 1
