"""Several topics of an agenda are locked, moved or given a theme at once; pages say before and after what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held
from forum.dialogue.queries import get_topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.models import Practice
from forum.markup import write
from forum.moderation import actions, queries
from forum.moderation.actions import MAX_TOPICS_AT_ONCE, Reasons
from forum.moderation.models import Decision, Deed
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.screening.actions import RuleText, make_rule
from tests.moderation.conftest import notices_of, undo, words
from tests.moderation.test_on_the_page import AT_IT, holder_in, land, undo_in

pytestmark = pytest.mark.usefixtures("sound")
WHY = Reasons("They go on elsewhere.")


@pytest.fixture
def topics(people: Any, agenda: Any, things: Any) -> list[Any]:
    """Three topics of an agenda: two by Ana, one of them locked already, and one by Ben."""
    made = [things.topic]
    for author, title in ((people.ana, "Quiet trams"), (people.ben, "Quiet ferries")):
        new = dialogue.NewTopic("question", title, write(f"What of {title}?"))
        made.append(dialogue.open_topic(author, agenda.id, new))
    actions.lock(people.moderator, made[1].id, Reasons("Enough."))
    return made


def ids(topics: list[Any]) -> list[int]:
    return [topic.id for topic in topics]


def state(topic: Any) -> tuple[int, bool, list[str]]:
    """The agenda of a topic, whether it is locked, and its themes."""
    now = get_topic(SYSTEM, topic.id)
    return now.agenda_id, now.locked_at is not None, [theme.name for theme in now.themes]


def latest_id() -> int:
    return db.session.scalars(select(Decision.id).order_by(Decision.id.desc())).first() or 0


def test_those_that_are_open_are_locked_and_each_author_is_told_once(
    people: Any, agenda: Any, topics: list[Any]
) -> None:
    new = dialogue.NewTopic("experience", "Quiet bikes", write("They are."))
    topics.append(dialogue.open_topic(people.ben, agenda.id, new))
    made = actions.lock_several(people.host, agenda.id, ids(topics), WHY)
    assert [decision.item_id for decision in made.decisions] == ids(topics[:1] + topics[2:])
    assert len({decision.lot_id for decision in made.decisions}) == 1
    assert [(choice.topic_id, choice.why) for choice in made.left] == [(topics[1].id, "locked")]
    assert all(state(topic)[1] for topic in topics)
    (told,) = [n for n in notices_of(people.ben) if n.kind == "decision"]
    assert "And one more text of yours." in told.words and "They go on elsewhere." in told.words
    log = queries.decision_log(people.host, queries.LogFilter(deed=Deed.LOCK), 1)
    assert {decision.item_id for decision in log.items} >= set(ids(topics))


def test_they_go_to_another_agenda_with_what_waits_and_come_back(
    people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    make_rule(people.administrator, RuleText("word", "pills", sentence="We look first."))
    held = dialogue.reply(people.ana, topics[2].id, write("Buy pills."))
    assert isinstance(held, Held)
    stays = dialogue.NewTopic("question", "Quiet bikes", write("Buy pills, too."))
    staying = dialogue.open_topic(people.ana, agenda.id, stays)
    made = actions.move_several(people.moderator, agenda.id, ids(topics), things.other.id)
    assert not made.left and {state(topic)[0] for topic in topics} == {things.other.id}
    assert db.session.get_one(Held, held.id, populate_existing=True).agenda_id == things.other.id
    assert db.session.get_one(Held, staying.id, populate_existing=True).agenda_id == agenda.id
    undo(people.moderator)
    assert {state(topic)[0] for topic in topics} == {agenda.id}


def test_they_get_a_theme_unless_they_have_it_or_as_many_as_they_can(
    people: Any, agenda: Any, topics: list[Any]
) -> None:
    noise, *others = (agendas.write_theme(people.moderator, name).id for name in "NABCDE")
    title = str(topics[2].title)
    actions.retitle(people.host, topics[1].id, str(topics[1].title), [noise])
    actions.retitle(people.host, topics[0].id, str(topics[0].title), others)
    made = actions.theme_several(people.host, agenda.id, ids(topics), noise, WHY)
    assert {(choice.topic_id, choice.why) for choice in made.left} == {
        (topics[0].id, "full"),
        (topics[1].id, "themed"),
    }
    assert state(topics[2])[2] == ["N"] and get_topic(VISITOR, topics[2].id).title == title
    undo(people.host)
    assert state(topics[2])[2] == []


def test_a_topic_of_a_page_is_locked_but_goes_with_its_page(
    people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    actions.publish(people.moderator, things.practice.id)
    page_id = db.session.get_one(Practice, things.practice.id).topic_id
    assert page_id
    theme = agendas.write_theme(people.moderator, "Noise").id
    for deed, more in ((actions.move_several, things.other.id), (actions.theme_several, theme)):
        with pytest.raises(Conflict):
            deed(people.moderator, agenda.id, [page_id], more)
    made = actions.lock_several(people.moderator, agenda.id, [page_id, topics[0].id], WHY)
    assert not made.left


def test_what_was_chosen_and_is_gone_meanwhile_is_left_out(
    people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    actions.move(people.moderator, topics[0].id, things.other.id)
    chosen = [*ids(topics), 0, 2**31 - 1, 2**40]
    made = actions.lock_several(people.moderator, agenda.id, chosen, WHY)
    assert [decision.item_id for decision in made.decisions] == [topics[2].id]
    assert sorted(choice.why for choice in made.left) == ["gone"] * 4 + ["locked"]
    assert not state(topics[0])[1]


def test_nothing_is_done_by_whom_it_is_not_or_with_what_is_missing(
    people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    chosen, other = ids(topics), things.other.id
    theme = agendas.write_theme(people.moderator, "Noise").id
    refused: list[tuple[type[Exception], Callable[[], object]]] = [
        (Invalid, lambda: actions.lock_several(people.host, agenda.id, [], WHY)),
        (Invalid, lambda: actions.lock_several(people.host, agenda.id, chosen, Reasons())),
        (Invalid, lambda: actions.lock_several(people.host, agenda.id, range(1, 52), WHY)),
        (Invalid, lambda: actions.theme_several(people.host, agenda.id, chosen, 0)),
        (Invalid, lambda: actions.move_several(people.host, agenda.id, chosen, agenda.id)),
        (Forbidden, lambda: actions.move_several(people.host, agenda.id, chosen, other)),
        (NotFound, lambda: actions.move_several(people.host, agenda.id, chosen, 2**31 - 1)),
        (Conflict, lambda: actions.lock_several(people.host, agenda.id, chosen[1:2], WHY)),
    ]
    for person in (people.ana, people.chitra):
        refused += [
            (Forbidden, lambda p=person: actions.lock_several(p, agenda.id, chosen, WHY)),
            (Forbidden, lambda p=person: actions.move_several(p, agenda.id, chosen, other)),
            (Forbidden, lambda p=person: actions.theme_several(p, agenda.id, chosen, theme)),
        ]
    before, latest = [state(topic) for topic in topics], latest_id()
    for error, deed in refused:
        with pytest.raises(error):
            deed()
    assert [state(topic) for topic in topics] == before and latest_id() == latest


def test_they_are_ticked_locked_and_undone_without_a_script(
    sign_in: Any, people: Any, agenda: Any, topics: list[Any]
) -> None:
    browser, here = sign_in(people.host), f"/agendas/{agenda.slug}/topics"
    assert f"{here}/select" in words(browser.get(here))
    page = words(browser.get(f"{here}/select?kind=question"))
    assert page.count('type="checkbox"') == 2 and 'name="kind" value="question"' in page
    page = words(browser.get(f"{here}/select?all=1"))
    assert page.count(" checked>") == 3
    chosen = [("topic", topic.id) for topic in topics]
    page = words(browser.get(f"{here}/lock", query_string=chosen))
    assert "Lock 2 topics" in page and "It is locked already." in page
    data = {"topic": ids(topics)}
    answer = browser.post(f"{here}/lock", data=data)
    assert answer.status_code == 422 and "Say why" in answer.text
    answer = browser.post(f"{here}/lock", data={**data, "reason": "They go on elsewhere."})
    assert answer.status_code == 303
    page = land(browser, answer)
    assert (
        page.request.path.startswith(f"{here}/decided/")
        and "These stayed as they were" in page.text
    )
    assert "Quiet ferries" in page.text and "It is locked already." in page.text
    address, fields = undo_in(page.text) or ("", {})
    decided = f"{page.request.path}?{page.request.query_string.decode()}"
    assert land(browser, browser.post(address, data=fields)).status_code == 200
    after = words(browser.get(decided))
    assert not state(topics[2])[1] and "Taken back on" in after
    # What is above them is what holds now
    assert 'id="changed" class="h4">Locked</h2>' in page.text
    assert 'id="changed" class="h4">Taken back: Locked</h2>' in after


def test_topics_are_ticked_in_the_list_from_which_somebody_comes(
    sign_in: Any, people: Any, agenda: Any, topics: list[Any]
) -> None:
    """With its order, by which the same page has other topics, and which leaves out what is answered."""
    browser, here = sign_in(people.host), f"/agendas/{agenda.slug}/topics"
    page = words(browser.get(f"{here}?order=unanswered"))
    assert f'href="{here}/select?order=unanswered"' in page
    page = words(browser.get(f"{here}/select?order=unanswered"))
    assert page.count('type="checkbox"') == 1 and 'name="order" value="unanswered"' in page
    assert f'href="{here}/select"' in browser.get(f"{here}?order=active").text


def test_the_page_says_what_would_happen_once_the_theme_is_known(
    sign_in: Any, people: Any, agenda: Any, topics: list[Any]
) -> None:
    noise = agendas.write_theme(people.moderator, "Noise")
    actions.retitle(people.host, topics[1].id, str(topics[1].title), [noise.id])
    browser, address = sign_in(people.host), f"/agendas/{agenda.slug}/topics/theme"
    data = {"topic": ids(topics), "theme": noise.slug}
    page = browser.post(address, data=data)
    assert page.status_code == 200 and "given the theme “Noise”" in page.text
    assert "It has this theme already." in page.text and state(topics[0])[2] == []
    assert browser.post(address, data={**data, "theme": "", "shown": ""}).status_code == 422
    page = land(browser, browser.post(address, data={**data, "shown": noise.slug}))
    assert state(topics[0])[2] == ["Noise"] and "It has this theme already." in page.text
    again = {**data, "shown": noise.slug, "reason": "It is loud."}
    page = browser.post(address, data=again)
    assert page.status_code == 409 and "Nothing was changed." in page.text
    log = words(browser.get("/moderation/log?deed=retitle"))
    assert "The theme “Noise” was given to it." in log


def test_whoever_moderates_no_other_agenda_moves_nothing(
    sign_in: Any, people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    address, chosen = f"/agendas/{agenda.slug}/topics/move", [("topic", topics[0].id)]
    page = words(sign_in(people.host).get(address, query_string=chosen))
    assert "There is no other agenda that you moderate." in page
    assert "<h1>Select topics</h1>" in page and "These will be moved" not in page
    browser = sign_in(people.moderator)
    page = words(browser.get(address, query_string=chosen))
    assert "Move 1 topic" in page and "Other" in page
    sent = {"topic": ids(topics), "agenda": things.other.id, "reason": "It is of trams."}
    page = land(browser, browser.post(address, data=sent))
    assert "Moved to “Other”." in page.text and undo_in(page.text)


def test_more_than_can_be_done_at_once_and_nothing_are_refused(
    sign_in: Any, people: Any, agenda: Any, topics: list[Any]
) -> None:
    browser, here = sign_in(people.host), f"/agendas/{agenda.slug}/topics"
    many = [("topic", topics[0].id + number) for number in range(MAX_TOPICS_AT_ONCE + 20)]
    page = browser.get(f"{here}/lock", query_string=many)
    assert page.status_code == 200 and "Choose at most 50 topics at once." in page.text
    assert "<h1>Select topics</h1>" in page.text and "These will be locked" not in page.text
    data = {"topic": [number for _name, number in many], "reason": "Enough."}
    assert browser.post(f"{here}/lock", data=data).status_code == 422
    for word in ("lock", "move", "theme"):
        assert "No topic is ticked." in browser.get(f"{here}/{word}").text
        assert browser.post(f"{here}/{word}", data={"topic": "x"}).status_code in (409, 422)
        assert browser.post(f"{here}/{word}").status_code == 422
    for number in ("0", "1x", str(2**31), "999999"):
        assert browser.get(f"{here}/decided/{number}").status_code == 404


def test_the_page_afterwards_says_nothing_of_others(
    sign_in: Any, people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    new = dialogue.NewTopic("experience", "A secret of trams", write("Words."), audience="members")
    foreign = dialogue.open_topic(people.ana, things.other.id, new)
    theirs = actions.lock(people.chitra, foreign.id, WHY)
    made = actions.lock_several(people.host, agenda.id, ids(topics), WHY)
    address = f"/agendas/{agenda.slug}/topics/decided"
    browser = sign_in(people.host)
    assert browser.get(f"{address}/{theirs.id}").status_code in (403, 404)
    odd = f"/{made.decisions[0].id}?left={foreign.id}.locked&left=x&left=1.<b>&left=.&left={2**40}.gone"
    page = browser.get(address + odd)
    assert (
        page.status_code == 200 and "A secret of trams" not in page.text and "<b>" not in page.text
    )
    assert sign_in(people.ben).get(address + odd).status_code == 403


def test_the_page_afterwards_is_of_no_other_deed(
    sign_in: Any, people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    """The topics of who is cleared as spam are removed together, on agendas of other hosts, too."""
    new = dialogue.NewTopic("experience", "A secret of trams", write("Words."), audience="members")
    elsewhere = dialogue.open_topic(people.ben, things.other.id, new)
    for topic in (topics[2], elsewhere):
        dialogue.reply(people.ana, topic.id, write("So it is."))
    actions.clear_spam(people.moderator, people.ben.id)
    of_topic = (Decision.kind == "topic", Decision.deed == Deed.REMOVE)
    made = db.session.scalars(select(Decision).where(*of_topic).order_by(Decision.id)).all()
    assert [removal.item_id for removal in made] == [topics[2].id, elsewhere.id]
    page = sign_in(people.host).get(f"/agendas/{agenda.slug}/topics/decided/{made[0].id}")
    assert page.status_code == 404 and "A secret of trams" not in page.text


def test_a_claim_of_another_moderator_is_shown_first(
    sign_in: Any, people: Any, agenda: Any, topics: list[Any]
) -> None:
    actions.report(people.chitra, "topic", topics[0].id, "rules")
    queue.claim(people.host, "topic", topics[0].id)
    browser, address = sign_in(people.moderator), f"/agendas/{agenda.slug}/topics/lock"
    data = {"topic": ids(topics), "reason": "Enough."}
    page = browser.post(address, data=data)
    assert page.status_code == 409 and AT_IT in page.text and not state(topics[0])[1]
    data["holder"] = holder_in(page.text)
    assert browser.post(address, data=data).status_code == 303
    assert state(topics[0])[1]
