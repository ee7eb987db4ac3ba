"""Merging topics, and several moderators at once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.appeals.actions import appeal, decide_appeal
from forum.dialogue import actions as dialogue
from forum.dialogue.models import POSTS_PER_PAGE
from forum.dialogue.queries import get_post, get_topic, merged_topic_to_change, posts_in
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM, VISITOR
from tests.moderation.conftest import REASONS, found, notices_of, part, reading, shown, split, undo

pytestmark = pytest.mark.usefixtures("sound")


def test_a_topic_is_put_into_another(client: Any, people: Any, things: Any, other: Any) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    target = get_topic(VISITOR, other.id)
    assert (target.posts_count, target.replies_count) == (5, 4)
    assert shown(VISITOR, other.id) == [1, 2, 3, 4, 5]
    page = client.get(target.address).get_data(as_text=True)
    assert page.index("squeal") < page.index("3 posts came from") < page.index("bells</em> off")
    assert things.topic.title in page
    with pytest.raises(NotFound):
        get_topic(people.moderator, things.topic.id)
    for address, place in (
        (things.topic.address, "#post-3"),
        (f"/topics/{things.topic.id}", "#post-3"),
        (f"{things.topic.address}?post=2", "#post-4"),
        (f"/posts/{things.second.id}", "#post-5"),
    ):
        answer = client.get(address)
        assert answer.location == f"{target.address}{place}", address
    for asked in ("page=200000000", "page=999999999", "post=999999999", "page=-200000000"):
        answer = client.get(f"{things.topic.address}?{asked}")
        place = "#post-3" if asked.startswith("page=-") else ""
        assert (answer.status_code, answer.location) == (301, f"{target.address}{place}"), asked
    feed = client.get(f"/topics/{things.topic.id}/feed.atom")
    assert (feed.status_code, feed.location) == (301, f"/topics/{other.id}/feed.atom")
    assert feed.headers["Cache-Control"] == "no-cache"
    assert found("bells") == 1


def test_what_is_too_long_to_be_put_into_another_is_not_read_to_say_so(
    people: Any, things: Any, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "forum.dialogue.actions.regrouping"
    monkeypatch.setattr(f"{where}.MAX_MERGED_POSTS", 2)
    read = []
    monkeypatch.setattr(f"{where}.posts_to_move", lambda *_args, **_more: read.append(1))
    with pytest.raises(Invalid, match="more than 1,000 posts"):
        actions.merge(people.host, things.topic.id, other.id)
    assert not read
    monkeypatch.undo()
    monkeypatch.setattr(f"{where}.MAX_MERGED_POSTS", 2)
    dialogue.delete(people.chitra, things.second.id)  # what is deleted does not count
    actions.merge(people.host, things.topic.id, other.id)


def test_undoing_a_merger_reads_only_what_was_moved(
    people: Any, things: Any, other: Any, queries: Any
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    with queries() as made:
        undo(people.host)
    (read,) = [s for s in made.statements if "post.number > " in s and "ORDER BY post.id" in s]
    assert "member" in read  # with the authors
    assert shown(VISITOR, other.id) == [1, 2]


def test_a_merged_group_is_counted_once_on_whichever_pages_it_is(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    for number in range(3, POSTS_PER_PAGE):
        dialogue.reply(people.ana, other.id, write(f"Number {number}."))
    new = split(people.host, things, things.second)
    actions.merge(people.host, things.topic.id, other.id)
    actions.merge(people.host, new.id, other.id)
    address = get_topic(VISITOR, other.id).address
    first, second = (client.get(f"{address}?page={n}").get_data(as_text=True) for n in (1, 2))
    lines = [re.findall(r"(Continued: )?(\d) posts? came from", text) for text in (first, second)]
    assert lines == [[("", "2")], [("Continued: ", "2"), ("", "1")]]
    assert re.search(r"2 posts came from [^(]*\(<time[^>]*>[^<]+</time>\)</p>", second)


def test_notices_watches_and_places_follow_a_merged_topic(
    people: Any, things: Any, other: Any
) -> None:
    dialogue.read(people.chitra, things.topic.id, 3)
    dialogue.read(people.chitra, other.id, 2)
    dialogue.read(people.ana, things.topic.id, 3)
    notices_of(people.ana)
    actions.merge(people.host, things.topic.id, other.id)
    target = get_topic(VISITOR, other.id)
    assert {n.topic_id for n in notices_of(people.ana) if n.kind in ("reply", "post")} == {other.id}
    assert reading(people.chitra, target).level == "watching"
    assert reading(people.chitra, target).place == 5
    assert reading(people.ana, target).place == 0  # Ana has not read the posts before hers
    (said,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert said.words.startswith("Your topic is part of another one now. Put into “Quiet trams”.")


def test_merging_is_undone(client: Any, people: Any, things: Any, other: Any) -> None:
    dialogue.read(people.chitra, other.id, 2)
    before = get_topic(VISITOR, things.topic.id)
    counts = before.posts_count, before.replies_count, before.active_at, before.address
    actions.merge(people.host, things.topic.id, other.id)
    undo(people.host)
    topic, target = get_topic(VISITOR, things.topic.id), get_topic(VISITOR, other.id)
    assert (topic.posts_count, topic.replies_count, topic.active_at, topic.address) == counts
    assert shown(VISITOR, topic.id) == [1, 2, 3]
    assert (target.posts_count, target.replies_count) == (2, 1)
    assert client.get(topic.address).status_code == 200
    assert found("bells") == 1
    assert reading(people.chitra, target).level == ""
    assert dialogue.reply(people.ana, other.id, write("Number three.")).number == 3


def test_an_answer_chosen_since_goes_with_its_post(people: Any, things: Any, agenda: Any) -> None:
    new = dialogue.NewTopic("question", "How loud?", write("How loud is it?"))
    target = dialogue.open_topic(people.ana, agenda.id, new)
    actions.merge(people.host, things.topic.id, target.id)
    dialogue.choose_answer(people.ana, target.id, things.second.id)
    undo(people.host)
    assert get_topic(VISITOR, target.id).answer_id is None


def test_a_merged_topic_is_held_for_who_moderates_it_alone(
    people: Any, things: Any, other: Any
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    for doer in (SYSTEM, people.moderator, people.host):
        assert merged_topic_to_change(doer, things.topic.id).id == things.topic.id
    for doer in (people.ana, people.chitra, VISITOR):
        with pytest.raises(NotFound):
            merged_topic_to_change(doer, things.topic.id)


def test_a_merge_stays_when_somebody_wrote_since(people: Any, things: Any, other: Any) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    dialogue.reply(people.ben, other.id, write("Oh."))
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, other.id) == [1, 2, 3, 4, 5, 6]


def test_a_reply_to_a_merged_topic_is_not_lost(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    post = dialogue.reply(people.chitra, things.topic.id, write("In the same moment."))
    assert (post.topic_id, post.number) == (other.id, 6)
    words = {"source": "From an old page.", "language": "en", "writes_for": "myself"}
    answer = sign_in(people.ana).post(f"/topics/{things.topic.id}/reply", data=words)
    assert answer.status_code == 303 and answer.location.endswith("#post-7")


def test_topics_are_merged_one_after_another(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    new = split(people.host, things, things.second)
    actions.merge(people.host, new.id, other.id)
    actions.merge(people.host, other.id, things.topic.id)
    assert shown(VISITOR, things.topic.id) == [1, 2, 4, 5, 6]
    for address in (new.address, other.address, f"/posts/{things.second.id}"):
        location = client.get(address).location
        assert location.startswith(things.topic.address), address
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "went to" not in page and "3 posts came from" in page


def test_what_is_hidden_and_deleted_stays_so_in_the_other_topic(
    people: Any, things: Any, other: Any
) -> None:
    opening = posts_in(VISITOR, things.topic, 1).items[0]
    actions.decide(people.host, "post", opening.id, "hide", REASONS)
    dialogue.delete(people.ben, things.first.id)
    actions.merge(people.host, things.topic.id, other.id)
    assert get_topic(VISITOR, other.id).replies_count == 2
    assert [p.is_gone for p in posts_in(VISITOR, get_topic(VISITOR, other.id), 1).items] == [
        False,
        False,
        True,
        False,
    ]
    assert found("bells") == 0
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]


def test_an_answer_is_kept_where_the_kinds_fit(people: Any, agenda: Any, other: Any) -> None:
    def question(title: str) -> Any:
        new = dialogue.NewTopic("question", title, write("How?"))
        return dialogue.open_topic(people.ana, agenda.id, new)

    one, two = question("How loud?"), question("How loud is it?")
    answer = dialogue.reply(people.ben, one.id, write("Very."))
    dialogue.choose_answer(people.ana, one.id, answer.id)
    actions.merge(people.host, one.id, two.id)
    assert get_topic(VISITOR, two.id).answer_id == answer.id
    undo(people.host)
    assert get_topic(VISITOR, two.id).answer_id is None
    assert get_topic(VISITOR, one.id).answer_id == answer.id
    actions.merge(people.host, one.id, other.id)
    assert get_topic(VISITOR, other.id).answer_id is None


def test_merging_is_refused_in_words(people: Any, agenda: Any, things: Any, other: Any) -> None:
    for_members = dialogue.NewTopic("experience", "Ours", write("For us."), audience="members")
    kept = dialogue.open_topic(people.ana, agenda.id, for_members)
    elsewhere = dialogue.open_topic(
        people.ana, things.other.id, dialogue.NewTopic("experience", "There", write("There."))
    )
    topic_id = things.topic.id
    for refusal, source_id, target_id in (
        (Invalid, topic_id, topic_id),
        (NotFound, topic_id, 2**31 - 1),
        (Invalid, topic_id, things.case.topic_id),
        (Invalid, things.case.topic_id, topic_id),
        (Invalid, kept.id, topic_id),
        (Invalid, topic_id, kept.id),
        (Forbidden, topic_id, elsewhere.id),
        (Forbidden, elsewhere.id, topic_id),
    ):
        with pytest.raises(refusal):
            actions.merge(people.host, source_id, target_id)
    actions.merge(people.host, topic_id, other.id)
    with pytest.raises(NotFound):
        actions.merge(people.host, topic_id, other.id)
    with pytest.raises(NotFound):
        actions.merge(people.host, other.id, topic_id)


def test_who_leaves_takes_the_title_of_a_merged_topic_along(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    title = str(things.topic.title)
    actions.merge(people.host, things.topic.id, other.id)
    assert title in client.get(other.address).get_data(as_text=True)
    opening = posts_in(VISITOR, get_topic(VISITOR, other.id), 1).items[2]
    dialogue.delete_posts(SYSTEM, [opening.id])
    assert title not in client.get(other.address).get_data(as_text=True)


# Several at once


def test_several_posts_are_hidden_with_one_message_for_each_author(
    people: Any, things: Any
) -> None:
    third = dialogue.reply(people.ben, things.topic.id, write("Rude again."))
    ids = [things.first.id, things.second.id, third.id]
    decisions = actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    assert len({decision.lot_id for decision in decisions}) == 1
    (bens,) = [n for n in notices_of(people.ben) if n.kind == "decision"]
    assert bens.words == "Hidden by the moderators. And one more text of yours. It is rude."
    (hers,) = [n for n in notices_of(people.chitra) if n.kind == "decision"]
    assert hers.words == "Hidden by the moderators. It is rude."
    assert get_topic(VISITOR, things.topic.id).replies_count == 0
    mine = queries.others_in_lot(people.ben, decisions[0])
    assert [decision.item_id for decision in mine] == [third.id]


def test_several_are_taken_back_at_once_or_not_at_all(people: Any, things: Any) -> None:
    ids = [things.first.id, things.second.id]
    actions.decide_all(people.host, things.topic.id, ids, "remove", REASONS)
    actions.decide(people.moderator, "post", things.first.id, "restore")
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2]
    actions.decide(people.moderator, "post", things.second.id, "restore")
    actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    undo(people.host)
    assert not [p for p in posts_in(VISITOR, things.topic, 1).items if p.is_gone]
    actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    actions.decide_all(people.host, things.topic.id, ids, "restore")
    assert not [p for p in posts_in(VISITOR, things.topic, 1).items if p.is_gone]


def test_one_of_several_is_given_back_after_an_appeal(people: Any, things: Any) -> None:
    ids = [things.first.id, things.second.id]
    decisions = actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    said = appeal(people.ben, decisions[0].id, "It was a quotation.")
    decide_appeal(people.moderator, said.id, "reversed", "So it was.")
    gone = [post.number for post in posts_in(VISITOR, things.topic, 1).items if post.is_gone]
    assert gone == [3]


def test_a_whole_topic_goes_with_all_its_posts(people: Any, things: Any) -> None:
    ids = [post.id for post in posts_in(VISITOR, things.topic, 1).items]
    actions.decide_all(people.host, things.topic.id, ids, "remove", REASONS)
    with pytest.raises(NotFound):
        get_topic(people.ana, things.topic.id)
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]


def test_ids_of_other_topics_are_refused_as_a_whole(people: Any, things: Any, other: Any) -> None:
    theirs = dialogue.open_topic(
        people.ana, things.other.id, dialogue.NewTopic("experience", "There", write("There."))
    )
    foreign = posts_in(VISITOR, theirs, 1).items[0].id
    ours = posts_in(VISITOR, other, 1).items[1].id
    for extra in (foreign, ours, 0, 2**31 - 1):
        for deed in ("hide", "remove"):
            with pytest.raises(NotFound):
                ids = [things.first.id, extra]
                actions.decide_all(people.host, things.topic.id, ids, deed, REASONS)
    with pytest.raises(Forbidden):
        actions.decide_all(people.host, theirs.id, [foreign], "hide", REASONS)
    for ids, deed, reasons in (
        ([], "hide", REASONS),
        ([things.first.id], "burn", REASONS),
        ([things.first.id], "hide", Reasons("No ground.")),
        (list(range(1, 102)), "hide", REASONS),
    ):
        with pytest.raises(Invalid):
            actions.decide_all(people.host, things.topic.id, ids, deed, reasons)
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    with pytest.raises(Conflict):
        ids = [things.second.id, things.first.id]
        actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    assert not get_post(VISITOR, things.second.id).is_gone


@pytest.mark.parametrize("who", ["ana", "chitra"])
def test_members_and_other_hosts_regroup_nothing(
    people: Any, things: Any, other: Any, who: str
) -> None:
    person = getattr(people, who)
    topic_id, ids = things.topic.id, [things.first.id]
    for deed in (
        lambda: actions.split(person, topic_id, ids, part(things)),
        lambda: actions.merge(person, topic_id, other.id),
        lambda: actions.decide_all(person, topic_id, ids, "hide", REASONS),
        lambda: dialogue.split(person, topic_id, ids, part(things)),
        lambda: dialogue.merge(person, topic_id, other.id),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_posts_are_ticked_page_by_page_without_a_script(
    sign_in: Any, people: Any, things: Any
) -> None:
    for number in range(20):
        dialogue.reply(people.ben, things.topic.id, write(f"Number {number}."))
    browser, topic = sign_in(people.host), f"/topics/{things.topic.id}"
    assert f"{topic}/posts/select" in browser.get(things.topic.address).get_data(as_text=True)
    page = browser.get(f"{topic}/posts/select").get_data(as_text=True)
    assert page.count('type="checkbox"') == 20 and "A rude answer to all." in page
    page = browser.get(f"{topic}/posts/select?page=2&post={things.first.id}")
    assert "1 more is ticked on another page" in page.get_data(as_text=True)
    chosen = f"post={things.first.id}&post={things.second.id}"
    for deed in ("hide", "remove", "split", "restore"):
        page = browser.get(f"{topic}/posts/{deed}?{chosen}")
        assert page.status_code == 200 and "A kind answer." in page.get_data(as_text=True), deed
        assert browser.get(f"{topic}/posts/{deed}").status_code == 200
        assert browser.get(f"{topic}/posts/{deed}?post=x&post=999999").status_code == 404
    ids = {"post": [str(things.first.id), str(things.second.id)]}
    answer = browser.post(f"{topic}/posts/hide", data={**ids, "reason": "Rude.", "rule": ""})
    assert answer.status_code == 422
    answer = browser.post(f"{topic}/posts/hide", data={**ids, "reason": "Rude.", "rule": "2"})
    assert answer.status_code == 303 and len(queries.decision_log(people.host).items) == 2
    assert browser.post(f"{topic}/posts/restore", data=ids).status_code == 303
    words = {**ids, "title": "Of bells", "kind": "question", "agenda": str(things.agenda.id)}
    answer = browser.post(f"{topic}/posts/split", data=words)
    assert answer.status_code == 303
    assert "Of bells" in browser.get(browser.get(answer.location).location).get_data(as_text=True)


def test_a_topic_is_merged_by_its_address(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/merge"
    assert address in browser.get(things.topic.address).get_data(as_text=True)
    for wrong in ("", "x", "/posts/3", "https://example.org", "99999", str(things.topic.id)):
        answer = browser.post(address, data={"target": wrong})
        assert answer.status_code == 422, wrong
    typed = {"target": f"http://localhost{other.address}?page=1"}
    asked = browser.post(address, data=typed)
    assert asked.status_code == 200 and f">{other.title}</a>" in asked.text
    assert f'name="shown" type="hidden" value="{other.id}"' in asked.text
    assert "Is it the right one?" in asked.text
    assert browser.get(things.topic.address).status_code == 200, "nothing is done yet"
    mistyped = browser.post(address, data={"target": str(other.id), "shown": "1"})
    assert mistyped.status_code == 200 and f">{other.title}</a>" in mistyped.text
    answer = browser.post(address, data={**typed, "shown": str(other.id)})
    assert answer.status_code == 303
    assert browser.get(answer.location).location.startswith(other.address)


def test_who_merges_into_what_was_merged_meanwhile_reads_where_it_is(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    browser = sign_in(people.host)
    asked = {"target": str(other.id), "shown": str(other.id)}
    actions.merge(people.moderator, other.id, things.topic.id)
    answer = browser.post(f"/topics/{things.topic.id}/merge", data=asked)
    assert answer.status_code == 422
    assert f"That topic was put into “{things.topic.title}” meanwhile." in answer.text
    assert "no such topic" not in answer.text


def test_a_topic_to_merge_into_is_found_among_many_for_another_audience_and_those_that_nobody_reads(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    def opened(title: str, **more: Any) -> Any:
        new = dialogue.NewTopic("experience", title, write("There."), **more)
        return dialogue.open_topic(people.host, things.agenda.id, new)

    one, wanted = (opened(f"Trams by {n}", audience="members") for n in ("day", "night"))
    hidden, gone, merged = (opened(f"Trams {n}", audience="members") for n in ("A", "B", "C"))
    for number in range(22):
        opened(f"Night trams to the sea {number}")
    actions.decide(people.moderator, "topic", hidden.id, "hide", REASONS)
    dialogue.delete(people.host, posts_in(SYSTEM, gone, 1).items[0].id)
    actions.merge(people.host, merged.id, one.id)
    page = sign_in(people.host).post(f"/topics/{one.id}/merge", data={"target": "night trams sea"})
    assert re.findall(r'name="like"[^>]*value="(\d+)"', page.text) == [str(wanted.id)]


def test_titles_of_topics_to_merge_into_are_in_their_languages(
    sign_in: Any, people: Any, things: Any
) -> None:
    new = dialogue.NewTopic("experience", "Trams de nuit", write("Par ici.", "fr"))
    dialogue.open_topic(people.host, things.agenda.id, new)
    address = f"/topics/{things.topic.id}/merge"
    page = sign_in(people.host).post(address, data={"target": "trams nuit"})
    assert '<bdi lang="fr">Trams de nuit</bdi>' in page.text


def test_an_old_topic_to_merge_into_is_found_by_the_common_words_of_its_title(
    monkeypatch: Any, sign_in: Any, people: Any, things: Any
) -> None:
    monkeypatch.setattr("forum.search.queries.alike.MAX_ALIKE_HITS", 3)

    def opened(title: str) -> str:
        new = dialogue.NewTopic("experience", title, write("There."))
        return str(dialogue.open_topic(people.host, things.agenda.id, new).id)

    old = opened("Night trams")
    newer = [opened(f"Night trams: {word} hours of them") for word in ("two", "five")]
    apart = [opened(f"{word} hours") for word in ("Night", "Tram") for _n in range(4)]
    page = sign_in(people.host).post(
        f"/topics/{things.topic.id}/merge", data={"target": "The night tram"}
    )
    offered = re.findall(r'name="like"[^>]*value="(\d+)"', page.text)
    assert offered[:3] == [old, newer[0], newer[1]] and not {*apart}.intersection(offered[:3])


def test_a_topic_to_merge_into_is_offered_or_found_by_words(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/merge"
    elsewhere = dialogue.NewTopic("experience", f"{other.title} elsewhere", write("There."))
    dialogue.open_topic(people.ana, _agenda_of_others(people), elsewhere)

    def offered(**data: str) -> list[str]:
        page = browser.post(address, data=data).text if data else browser.get(address).text
        return re.findall(r'name="like"[^>]*value="(\d+)"', page)

    assert str(things.topic.id) not in offered()
    assert offered(target=other.title) == [str(other.id)]
    assert offered(target="Nothing of that kind") == []
    long = f"{'a' * 200} {other.title}"
    assert offered(target=long) == [], "only the beginning is looked for"
    assert long in browser.post(address, data={"target": long}).text
    assert ">The other topic</label>" in browser.post(address, data={"target": "Nowhere"}).text
    for words in (other.title, f"{other.id} {other.title}"):
        answer = browser.post(address, data={"target": words, "reason": "Twice."})
        assert answer.status_code == 200 and "Topics were found by these words." in answer.text
        assert "<title>Error" not in answer.text and "Twice." in answer.text
    assert browser.get(things.topic.address).status_code == 200, "nothing is done yet"
    answer = browser.post(address, data={"target": "Nowhere"})
    assert answer.status_code == 422 and "has such words. Try others" in answer.text
    answer = browser.post(address, data={"target": ""})
    assert answer.status_code == 422
    answer = browser.post(address, data={"like": str(other.id), "target": other.title})
    assert answer.status_code == 303
    assert browser.get(answer.location).location.startswith(other.address)


def _agenda_of_others(people: Any) -> int:
    text = agendas.AgendaText("Elsewhere", write("Text."), slug="elsewhere")
    return agendas.write_agenda(people.moderator, text).id


def test_comments_on_a_case_are_decided_about_together(
    sign_in: Any, people: Any, things: Any
) -> None:
    said = [dialogue.reply(people.ben, things.case.topic_id, write("Buy!")).id for _n in range(2)]
    browser = sign_in(people.host)
    address = f"/topics/{things.case.topic_id}/posts"
    assert f"{address}/select" in browser.get("/cases/night-council").get_data(as_text=True)
    page = browser.get(f"{address}/select").get_data(as_text=True)
    assert page.count('type="checkbox"') == 2 and "Split off" not in page
    data = {"post": [str(post_id) for post_id in said], "reason": "Shop.", "rule": "2"}
    answer = browser.post(f"{address}/remove", data=data)
    assert (answer.status_code, answer.location) == (303, "/cases/night-council")
    assert shown(VISITOR, things.case.topic_id) == [1]


@pytest.mark.parametrize("deed", ["hide", "members only"])
def test_what_was_changed_since_for_readers_is_not_taken_back(
    people: Any, things: Any, deed: str
) -> None:
    new = split(people.host, things, things.second)
    if deed == "hide":
        actions.decide(people.moderator, "topic", new.id, "hide", REASONS)
    else:
        words = write("A kind answer.")
        dialogue.edit(
            people.chitra,
            things.second.id,
            words,
            dialogue.TopicChanges(new.title, audience="members"),
        )
    with pytest.raises(Conflict):
        undo(people.host)
