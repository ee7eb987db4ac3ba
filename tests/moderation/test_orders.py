"""Orders of courts and authorities: written down, followed by decisions, told to authors, answered and counted."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.clock import at, now
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import fingerprint
from forum.mail.commands import write_notice_letters
from forum.mail.commands.composing import compose
from forum.mail.models import Delivery
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.register.queries import Period, entries, figures
from forum.web import settings
from tests.moderation.conftest import (
    REASON_FIELDS,
    an_order,
    notices_of,
    report_of_these_months,
    undo,
    words,
)

A_DAY = timedelta(days=1)
REDRESS = "Appeal to the High Court within four weeks."


def typed(**more: Any) -> dict[str, str]:
    """What the form for `an_order` sends."""
    said = {**vars(an_order()), **more}
    texts = {name: "" if value is None else str(value) for name, value in said.items()}
    return texts | {"seen": texts.get("seen", "")}


def hide(people: Any, things: Any, order_id: int | None = None, **more: Any) -> Any:
    why = Reasons("A court has found it illegal.", law="Penal code, 266", order_id=order_id)
    return actions.decide(people.moderator, "post", things.first.id, "hide", why, **more)


def test_moderators_alone_read_and_write_orders(sign_in: Any, people: Any, things: Any) -> None:
    order = actions.write_order(people.moderator, an_order())
    for person in (people.ana, people.host):
        with pytest.raises(Forbidden):
            actions.write_order(person, an_order())
        assert sign_in(person).get("/moderation/orders").status_code == 403
        assert sign_in(person).get(f"/moderation/orders/{order.id}").status_code == 403
        assert queries.orders_to_follow(person) is None
    page = words(sign_in(people.moderator).get("/moderation/orders"))
    assert "District Court, 12 O 34/26" in page and "Denmark" in page and "Nothing yet" in page
    assert "/moderation/orders" not in words(sign_in(people.host).get("/moderation/log"))


def test_an_order_is_written_down_and_answered_on_one_page(sign_in: Any, people: Any) -> None:
    browser = sign_in(people.moderator)
    refused = browser.post("/moderation/orders/new", data=typed(authority="", state=""))
    assert refused.status_code == 422
    assert "Name the court or the authority." in words(refused)
    assert "Choose the country of the authority." in words(refused)
    saved = browser.post("/moderation/orders/new", data=typed(kind="information"))
    assert saved.location == "/moderation/orders"
    (order,) = queries.orders(people.moderator).items
    assert (order.kind, order.state, order.effect, order.answered_on) == (
        *("information", "DK", ""),
        None,
    )
    seen = fingerprint(queries.order_fields(order))
    answered = typed(kind="information", effect="not followed", effect_on=now().date(), seen=seen)
    refused = browser.post(f"/moderation/orders/{order.id}", data=answered)
    assert "Say why the order was not followed." in words(refused)
    answered |= {"answer": "There is no such member.", "answered_on": str(now().date())}
    assert browser.post(f"/moderation/orders/{order.id}", data=answered).status_code == 303
    page = words(browser.get("/moderation/orders"))
    assert "It was not followed" in page and "answered on" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"law": ""}, "law"),
        ({"kind": "request"}, "kind"),
        ({"authority": "x" * 201}, "authority"),
        ({"about": "x" * 2_001}, "about"),
        ({"issued_on": 1}, "issued_on"),
        ({"received_on": -1}, "received_on"),
        ({"until_on": -1}, "until_on"),
        ({"confirmed_on": -1}, "confirmed_on"),
        ({"effect": "given"}, "effect_on"),
        ({"effect_on": 0}, "effect"),
    ],
)
def test_what_cannot_be_written_down(people: Any, change: dict[str, Any], field: str) -> None:
    today = now().date()
    said = {
        name: today + value * A_DAY if isinstance(value, int) else value
        for name, value in change.items()
    }
    with pytest.raises(Invalid) as refusal:
        actions.write_order(people.moderator, replace(an_order(), **said))
    assert refusal.value.field == field


def test_an_order_that_is_sent_twice_is_written_down_once(sign_in: Any, people: Any) -> None:
    browser = sign_in(people.moderator)
    assert browser.post("/moderation/orders/new", data=typed()).status_code == 303
    again = browser.post("/moderation/orders/new", data=typed())
    assert again.status_code == 422 and "This order is written down already." in words(again)
    (order,) = queries.orders(people.moderator).items
    actions.write_order(people.moderator, an_order(authority="Other Court"))
    actions.write_order(people.moderator, an_order(kind="information"))
    actions.write_order(people.moderator, an_order(answer="Done."), order.id)
    assert len(queries.orders(people.moderator).items) == 3


def test_countries_stand_in_the_order_of_their_names_in_the_language_of_the_page(
    sign_in: Any, people: Any
) -> None:
    page = words(sign_in(people.moderator).get("/moderation/orders/new"))
    names = [
        page.index(f">{name}</option>") for name in ("Afghanistan", "Åland Islands", "Albania")
    ]
    assert names == sorted(names)
    for no_country in ("Unknown Region", "Eurozone", "Pseudo-Accents"):
        assert no_country not in page


def test_who_was_signed_out_meanwhile_gets_what_was_typed_back_with_its_names(client: Any) -> None:
    sent = typed(redress=REDRESS, answer="Hidden.")
    page = words(client.post("/moderation/orders/new", data=sent))
    for called, said in (
        ("About", "/topics/7"),
        ("What can be done against it, as it says", REDRESS),
        ("Your answer", "Hidden."),
    ):
        field = page.partition(f">{called}</label>")[2].partition("</textarea>")[0]
        assert field.endswith(said), called


def test_an_order_is_deleted_unless_a_decision_has_followed_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    mistaken = actions.write_order(people.moderator, an_order(reference="1"))
    followed = actions.write_order(people.moderator, an_order())
    hide(people, things, followed.id)
    browser, orders = sign_in(people.moderator), "/moderation/orders"
    assert f'href="{orders}/{mistaken.id}/delete"' in words(browser.get(f"{orders}/{mistaken.id}"))
    asked = unescape(words(browser.get(f"{orders}/{mistaken.id}/delete")))
    assert "Delete “District Court, 1”" in asked and "cannot be taken back" in asked
    stays = words(browser.get(f"{orders}/{followed.id}/delete"))
    assert "so it stays written down" in stays and 'class="btn stop"' not in stays
    refused = browser.post(f"{orders}/{followed.id}/delete")
    assert refused.status_code == 409 and "so it stays written down" in words(refused)
    assert browser.post(f"{orders}/{mistaken.id}/delete").location == orders
    assert browser.post(f"{orders}/{mistaken.id}/delete").status_code == 404
    assert [order.id for order in queries.orders(people.moderator).items] == [followed.id]


def test_an_order_that_a_decision_has_followed_demands_what_it_demanded(
    people: Any, things: Any
) -> None:
    order = actions.write_order(people.moderator, an_order())
    hide(people, things, order.id)
    seen = fingerprint(queries.order_fields(order))
    with pytest.raises(Invalid) as refusal:
        changed = an_order(kind="information")
        actions.write_order(people.moderator, changed, order.id, seen=seen)
    assert refusal.value.field == "kind"
    actions.write_order(people.moderator, an_order(answer="Hidden."), order.id, seen=seen)


def test_two_who_change_an_order_do_not_overwrite_each_other(people: Any) -> None:
    order = actions.write_order(people.moderator, an_order())
    seen = fingerprint(queries.order_fields(order))
    changed = an_order(answer="Done.")
    actions.write_order(people.administrator, changed, order.id, seen=seen)
    actions.write_order(people.moderator, changed, order.id, seen=seen)  # says nothing else
    with pytest.raises(Conflict):
        actions.write_order(people.moderator, an_order(answer="Other."), order.id, seen=seen)


def test_the_author_is_told_who_ordered_it_and_what_can_be_done(
    sign_in: Any, people: Any, things: Any
) -> None:
    order = actions.write_order(people.moderator, an_order(redress=REDRESS, territory="Denmark"))
    made = hide(people, things, order.id)
    assert (made.source, made.order_id, made.law) == ("order", order.id, "Penal code, 266")
    assert f"/moderation/decisions/{made.id}" in {n.address for n in notices_of(people.ben)}
    notices = unescape(words(sign_in(people.ben).get("/notices")))
    assert "It was ordered by: District Court, 12 O 34/26." in notices
    assert f"Against the order you can do this: {REDRESS}" in notices
    with at(now() + timedelta(hours=1)):
        write_notice_letters()
    his = select(Delivery).where(Delivery.member_id == people.ben.id)
    letters = db.session.scalars(his.options(joinedload(Delivery.member)))
    (letter,) = [compose(letter, settings()) for letter in letters]
    by_mail = " ".join(letter.text.split())
    assert "It was ordered by: District Court, 12 O 34/26." in by_mail and REDRESS in by_mail
    page = words(sign_in(people.ben).get(f"/moderation/decisions/{made.id}"))
    for said in ("District Court", "12 O 34/26", "Denmark", REDRESS, "an order of an authority"):
        assert said in page, said
    assert "/moderation/orders" not in page and "/topics/7" not in page
    page = words(sign_in(people.host).get(f"/moderation/decisions/{made.id}"))
    assert "12 O 34/26" in page and REDRESS in page
    assert "/moderation/orders" not in page and "/topics/7" not in page
    seen = words(sign_in(people.moderator).get(f"/moderation/orders/{order.id}"))
    assert f'href="/moderation/decisions/{made.id}"' in seen
    assert f'name="effect_on" type="date" value="{made.decided_at.date()}"' in seen


def test_a_decision_follows_only_an_order_against_content(people: Any, things: Any) -> None:
    order = actions.write_order(people.moderator, an_order(kind="information"))
    with pytest.raises(NotFound):
        hide(people, things, order.id)
    with pytest.raises(NotFound):
        hide(people, things, 999)
    assert queries.orders_to_follow(people.moderator) == []


def test_the_page_that_decides_offers_orders_once_it_is_asked_and_keeps_what_was_typed(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, door = sign_in(people.moderator), f"/posts/{things.first.id}/hide"
    asked = {"reason": "A court has found", "rule": "2", "seen": "0", "ordered": "1"}
    none_yet = words(browser.post(door, data=asked))
    assert "No order against content is written down yet." in none_yet
    assert "Write down an order first" in none_yet and 'name="order"' not in none_yet
    order = actions.write_order(people.moderator, an_order())
    page = words(browser.get(door))
    assert 'name="ordered"' in page and 'name="order"' not in page
    host = sign_in(people.host)
    assert 'name="order' not in words(host.get(door)) + words(host.post(door, data=asked))
    answer = browser.post(door, data=asked)
    page = words(answer)
    assert answer.status_code == 200 and "A court has found</textarea>" in page
    assert '<option selected value="2">' in page and 'name="ordered"' not in page
    assert f'<option value="{order.id}">District Court, 12 O 34/26</option>' in page
    form = {**REASON_FIELDS, "rule": "", "reason": "A court has found it illegal.", "seen": "0"}
    assert "Choose the rule or name the law." in words(browser.post(door, data=form))
    unknown = browser.post(door, data={**form, "rule": "2", "order": "999"})
    assert unknown.status_code == 422
    assert browser.post(door, data={**form, "order": str(order.id)}).status_code == 303
    (made,) = queries.decisions_by_order(people.moderator, order)
    assert (made.rule, made.law, made.source) == (0, "Penal code, 266", "order")


def test_the_queue_offers_them_too(sign_in: Any, people: Any, things: Any) -> None:
    order = actions.write_order(people.moderator, an_order())
    actions.report(people.ana, "post", things.first.id, "illegal")
    browser, entry = sign_in(people.moderator), f"/moderation/post/{things.first.id}"
    assert 'name="ordered"' in words(browser.get(entry))
    asked = {"deed": "hide", "reason": "A court.", "seen": "0", "ordered": "1"}
    page = words(browser.post(f"{entry}/decide", data=asked))
    assert f'<option value="{order.id}">' in page and "A court.</textarea>" in page
    form = {"deed": "hide", "rule": "", "order": str(order.id), "reason": "A court.", "seen": "0"}
    assert browser.post(f"{entry}/decide", data=form).status_code == 303
    assert [made.deed for made in queries.decisions_by_order(people.moderator, order)] == ["hide"]


def test_what_is_kept_follows_no_order_that_is_still_chosen_in_the_queue(
    sign_in: Any, people: Any, things: Any
) -> None:
    order = actions.write_order(people.moderator, an_order())
    actions.report(people.ana, "post", things.first.id, "illegal")
    form = {"deed": "keep", "rule": "", "order": str(order.id), "reason": "", "seen": "0"}
    door = f"/moderation/post/{things.first.id}/decide"
    assert sign_in(people.moderator).post(door, data=form).status_code == 303
    made = queries.latest_of("post", things.first.id, ["keep"])
    assert made is not None and (made.source, made.law, made.order_id) == ("report", "", None)


def test_the_register_and_the_report_count_orders_and_name_nobody(
    client: Any, people: Any, things: Any
) -> None:
    with at(now() - 4 * A_DAY):
        first = an_order(confirmed_on=now().date() + A_DAY)
        text = replace(first, effect="given", effect_on=now().date() + 3 * A_DAY, answer="Hidden.")
    order = actions.write_order(people.moderator, text)
    later = an_order(
        kind="information", state="FI", confirmed_on=now().date(), effect="not followed"
    )
    actions.write_order(
        people.moderator, replace(later, effect_on=now().date(), answer="No such member.")
    )
    hide(people, things, order.id)
    today = now().date()
    days, before = Period(today - 10 * A_DAY, today), Period(today - 10 * A_DAY, today - 5 * A_DAY)
    counted = figures(days, days).orders
    assert counted.by_state == {("content", "DK"): 1, ("information", "FI"): 1}
    assert counted.by_effect == {"given": 1, "not followed": 1}
    assert (counted.days_to_confirm, counted.days_to_effect) == (0.5, 3)
    assert figures(days, before).orders.by_state == {}
    (entry,) = entries().items
    assert (entry.source, entry.eu_source) == ("order", "")
    report = unescape(report_of_these_months(client))
    register = unescape(words(client.get("/transparency/decisions")))
    assert "To act against content, Denmark" in report and "It was not followed" in report
    assert "that their order had come in: 1 day." in report  # days are known, no hours
    assert "orders were followed: 3 days." in report
    assert "an order of an authority" in register
    lines = [*csv.reader(StringIO(report_of_these_months(client, ".csv")))]
    assert ["orders", "content", "DK", "1"] in lines
    assert ["orders", "median days to effect", "", "3"] in lines
    for said in ("District Court", "12 O 34", "Penal code", "No such member"):
        assert said not in report and said not in register, said


def test_what_followed_an_order_can_be_taken_back_and_is_then_no_effect_of_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    order = actions.write_order(people.moderator, an_order())
    made = hide(people, things, order.id)
    undo(people.moderator)
    assert not queries.is_in_effect(made)
    assert queries.decisions_by_order(people.moderator, order) == [made]
    page = words(sign_in(people.moderator).get(f"/moderation/orders/{order.id}"))
    assert "Taken back on" in page
    assert 'name="effect_on" type="date" value=""' in page
