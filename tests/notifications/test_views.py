"""The inbox in a browser."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import Any

import pytest

from forum.clock import DOUBLE_PRESS, at, now
from forum.dialogue.actions import NewTopic, mark, open_topic, reply, unmark
from forum.dialogue.queries import first_post
from forum.library import actions as library
from forum.markup import write
from forum.members.actions import found_federation
from forum.notifications.actions import (
    NoticeText,
    hide_notices,
    make_notices,
    note_event,
    read,
    read_decisions,
    read_outdated,
    read_queue,
    read_topic,
    watch,
)
from forum.notifications.forms import KIND_NAMES
from forum.notifications.models import ACTIONABLE_KINDS, DEFAULT_WAYS
from forum.notifications.queries import inbox, unread_count
from forum.permissions import SYSTEM
from tests.everything import case_text, practice


@pytest.fixture
def told(people: Any) -> Any:
    found_federation(SYSTEM, "Interurban")
    note_event(people.ben, NoticeText("reply", "/topics/1", "A reply", topic_id=1), [people.ana.id])
    note_event(
        people.ben,
        NoticeText("mark", "/posts/2", "A mark", post_id=2),
        [people.ana.id, people.ben.id],
    )
    note_event(
        people.moderator,
        NoticeText("decision", "/posts/2", "Hidden", text="Rule 2", post_id=2),
        [people.ana.id],
        is_named=False,
    )
    make_notices(SYSTEM)
    return people


def test_what_waits_stands_before_what_is_told(told: Any, sign_in: Any, queries: Any) -> None:
    browser = sign_in(told.ana)
    page = browser.get("/notices").text
    assert (
        page.index("Waiting for you")
        < page.index("A reply")
        < page.index("For your information")
        < page.index("A mark")
    )
    assert "Rule 2" in page
    assert told.moderator.name not in page
    with queries() as made:
        browser.get("/notices")
    assert made.count <= 9


def test_the_unread_can_be_shown_alone(told: Any, sign_in: Any, queries: Any) -> None:
    browser = sign_in(told.ana)
    read(told.ana, inbox(told.ana).told[0].id)
    every, unread = browser.get("/notices").text, browser.get("/notices?show=unread").text
    tab = re.compile(
        r'<a href="([^"]*)"( aria-current="page")?>(All|Unread <span class="n">2</span>)'
    )
    assert [bool(found[2]) for found in tab.finditer(every)] == [True, False]
    assert [bool(found[2]) for found in tab.finditer(unread)] == [False, True]
    assert [found[1] for found in tab.finditer(every)] == ["/notices", "/notices?show=unread"]
    assert "A mark" in every and "A mark" not in unread
    assert "Waiting for you" in unread and "A reply" in unread and "Rule 2" in unread
    with queries() as made:
        browser.get("/notices?show=unread")
    assert made.count <= 8
    browser.post("/notices/read-all")
    assert "All notices are read" in browser.get("/notices?show=unread").text
    assert not tab.search(browser.get("/notices").text)


def test_what_is_unread_has_pages_of_its_own(told: Any, sign_in: Any) -> None:
    for number in range(31):
        note_event(SYSTEM, NoticeText("rules", f"/rules/{number}", "Rules"), [told.ana.id])
    make_notices(SYSTEM)
    page = sign_in(told.ana).get("/notices?show=unread&page=2").text
    assert "Unread notices, page 2" in page and "Page 2 of 2" in page
    assert 'href="/notices?show=unread"' in page.partition('class="pager')[2]


def test_opening_a_notice_reads_it(told: Any, sign_in: Any) -> None:
    browser = sign_in(told.ana)
    notice_id = inbox(told.ana).page.items[0].id
    answer = browser.post(f"/notices/{notice_id}/read")
    assert (answer.status_code, answer.location) == (303, "/posts/2")
    assert unread_count(told.ana) == 2
    browser.post("/notices/read-all")
    assert unread_count(told.ana) == 0


def test_marking_all_as_read_can_be_undone_on_the_page_that_follows(
    told: Any, sign_in: Any
) -> None:
    browser = sign_in(told.ana)
    first, *others = inbox(told.ana).page.items
    browser.post(f"/notices/{first.id}/read")
    for data, number in (({"part": "waiting"}, 1), ({}, 2)):
        browser.post("/notices/read-all", data=data)
        assert unread_count(told.ana) == len(others) - number
        page = browser.get("/notices").text
        form = page.partition('action="/notices/unread-all"')[2].partition("</form>")[0]
        assert "Undo</button>" in form and 'name="all_read_at"' in form
        assert "/notices/unread-all" not in browser.get("/notices").text, "it is offered once"
        sent = {**data, "all_read_at": re.search(r'name="all_read_at" value="([^"]+)"', form)[1]}  # type: ignore[index]
        assert sign_in(told.ben).post("/notices/unread-all", data=sent).status_code == 303
        assert unread_count(told.ana) == len(others) - number
        assert browser.post("/notices/unread-all", data=sent).status_code == 303
        assert unread_count(told.ana) == len(others)
        assert "The notices are as they were before." in browser.get("/notices").text

        assert {notice.id for notice in inbox(told.ana, is_unread=True).page.items} == {other.id for other in others}  # fmt: skip


def test_a_second_press_leaves_what_the_first_has_marked_to_be_undone(
    told: Any, sign_in: Any
) -> None:
    browser, unread = sign_in(told.ana), unread_count(told.ana)
    for _press in range(2):
        browser.post("/notices/read-all")
    form = browser.get("/notices").text.partition('action="/notices/unread-all"')[2]
    (moment,) = re.findall(r'name="all_read_at" value="([^"]+)"', form)
    browser.post("/notices/unread-all", data={"all_read_at": moment})
    assert unread_count(told.ana) == unread > 0
    browser.get("/notices")
    start = now()
    for number in range(2):
        with at(start + 2 * number * DOUBLE_PRESS):
            browser.post("/notices/read-all")
        is_offered = "/notices/unread-all" in browser.get("/notices").text
        assert is_offered == (number == 0), "nothing was marked"


def test_two_presses_of_which_the_browser_breaks_off_the_answer_to_the_first_can_be_undone(
    told: Any, sign_in: Any
) -> None:
    unread = unread_count(told.ana)
    sign_in(told.ana).post("/notices/read-all")
    browser = sign_in(told.ana)  # has not got what the session says after the first press
    browser.post("/notices/read-all")
    shown = browser.get("/notices").text
    assert shown.count("All notices are marked as read.") == 1
    (moment,) = re.findall(r'name="all_read_at" value="([^"]+)"', shown)
    browser.post("/notices/unread-all", data={"all_read_at": moment})
    assert unread_count(told.ana) == unread > 0


def undo_offered(browser: Any) -> dict[str, str]:
    """The hidden fields of the form that takes back what the last press has done; none without a form."""
    form = browser.get("/notices").text.partition('action="/notices/unread-all"')[2]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))


def still_read(member: Any) -> set[str]:
    return {notice.heading for notice in inbox(member).page.items if notice.read_at}


def test_what_was_opened_by_itself_just_before_a_press_or_in_its_second_stays_read(
    told: Any, sign_in: Any
) -> None:
    browser, start = sign_in(told.ana), now()
    reply, mark = (
        next(notice.id for notice in inbox(told.ana).page.items if notice.heading == heading)
        for heading in ("A reply", "A mark")
    )
    with at(start):
        for opened in (mark, reply):
            browser.post(f"/notices/{opened}/read")
        browser.post("/notices/read-all", data={"part": "told"})
        assert not undo_offered(browser), "it has marked nothing"
        browser.post("/notices/read-all", data={"part": "waiting"})
        browser.post("/notices/unread-all", data=undo_offered(browser))
    assert still_read(told.ana) == {"A reply", "A mark"}


def test_a_press_for_one_part_is_undone_alone_in_the_second_of_that_for_the_other(
    told: Any, sign_in: Any
) -> None:
    browser = sign_in(told.ana)
    with at(now()):
        browser.post("/notices/read-all", data={"part": "told"})
        browser.get("/notices")
        browser.post("/notices/read-all", data={"part": "waiting"})
        browser.post("/notices/unread-all", data=undo_offered(browser))
    assert still_read(told.ana) == {"A mark"}


def test_both_of_two_presses_are_undone_with_a_new_notice_between_them(
    told: Any, sign_in: Any
) -> None:
    browser, start = sign_in(told.ana), now()
    for seconds, title in ((0, "First"), (9, "Second"), (12, "Third")):
        with at(start + timedelta(seconds=seconds)):
            note_event(told.ben, NoticeText("reply", "/topics/2", title), [told.ana.id])
            make_notices(SYSTEM)
            browser.post("/notices/read-all", data={"part": "waiting"})
            offered = undo_offered(browser)
        if title == "Second":
            both = offered
    browser.post("/notices/unread-all", data=both)
    assert still_read(told.ana) == {"Third"}, "that press was one of its own"
    browser.post("/notices/unread-all", data=offered)
    assert still_read(told.ana) == set()


def test_what_a_press_has_marked_and_was_opened_again_since_stays_read(
    told: Any, sign_in: Any
) -> None:
    browser = sign_in(told.ana)
    browser.post("/notices/read-all", data={"part": "told"})
    offered = undo_offered(browser)
    browser.post("/notices/unread-all", data=offered)
    (mark,) = (notice.id for notice in inbox(told.ana).page.items if notice.heading == "A mark")
    browser.post(f"/notices/{mark}/read")
    browser.post("/notices/unread-all", data=offered)
    assert still_read(told.ana) == {"A mark"}
    assert "There was nothing more to undo." in browser.get("/notices").text


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "2026-11-30",
        "2026-11-30T10:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:00:00-09:00",
        "0" * 5_000,
    ],
)
def test_an_odd_moment_undoes_nothing(told: Any, sign_in: Any, odd: str) -> None:
    browser = sign_in(told.ana)
    browser.post("/notices/read-all")
    for door in ("/notices/unread-all", "/topics/unread-all"):
        answer = browser.post(door, data={"all_read_at": odd, "until": odd, "before": odd})
        assert answer.status_code == 303
        assert "There was nothing more to undo." in browser.get("/notices").text
    assert unread_count(told.ana) == 0


@pytest.fixture
def pages(people: Any, agenda: Any) -> Any:
    """The topics of a discussion, a case and a practice, with replies by Ben of which Ana is notified."""
    found_federation(SYSTEM, "Interurban")
    case = library.write_case(people.moderator, agenda.id, case_text())
    ids = [open_topic(people.ana, agenda.id, NewTopic("question", "Why so loud?", write("Hm."))).id]
    ids += [case.topic_id, practice(people, agenda, "Pumps").topic_id]
    for topic_id in ids:
        watch(people.ana, "topic", topic_id)
        reply(people.ben, topic_id, write("Old rails."))
    while make_notices(SYSTEM):
        pass
    return ids


def test_links_lead_to_what_reads_its_notices_and_buttons_to_the_rest(
    pages: Any, people: Any, sign_in: Any
) -> None:
    """A link, unlike a button, can be opened in a new tab."""
    note_event(SYSTEM, NoticeText("rules", "/rules/1", "Other rules"), [people.ana.id])
    note_event(
        SYSTEM,
        NoticeText("followup", f"/topics/{pages[0]}/follow-up", "And then?", topic_id=pages[0]),
        [people.ana.id],
    )
    make_notices(SYSTEM)
    browser, told = sign_in(people.ana), inbox(people.ana).page.items
    page = browser.get("/notices").text
    for notice in told:
        reads_itself = notice.address.startswith("/posts/")
        assert (f'form="read-{notice.id}"' in page) != reads_itself, notice.address
        assert (f'<a href="{notice.address}" ' in page) == reads_itself
        if reads_itself:
            assert browser.get(browser.get(notice.address).location).status_code == 200
            unread = [line for line in inbox(people.ana).page.items if not line.read_at]
            assert notice.topic_id not in [line.topic_id for line in unread], notice.address
    assert [line.kind for line in unread] == ["rules"]


BUTTONS = re.compile(r'name="part" value="(\w+)">.*?Mark all as read')


@pytest.mark.parametrize(
    ("part", "other", "left", "said"),
    [
        ("told", "waiting", 2, "All notices for your information are marked as read."),
        ("waiting", "told", 1, "All notices that waited for you are marked as read."),
    ],
)
def test_each_part_of_the_inbox_is_marked_as_read_alone(
    told: Any, sign_in: Any, part: str, other: str, left: int, said: str
) -> None:
    browser = sign_in(told.ana)
    assert BUTTONS.findall(browser.get("/notices").text) == ["waiting", "told"]
    assert browser.post("/notices/read-all", data={"part": part}).status_code == 303
    assert unread_count(told.ana) == left
    page = browser.get("/notices").text
    assert said in page and BUTTONS.findall(page) == [other]


def test_nobody_reads_the_notices_of_others(told: Any, sign_in: Any, client: Any) -> None:
    notice_id = inbox(told.ana).page.items[0].id
    assert sign_in(told.ben).post(f"/notices/{notice_id}/read").status_code == 404
    assert client.post(f"/notices/{notice_id}/read").status_code == 403
    assert client.get("/notices").status_code == 303
    assert "A reply" not in sign_in(told.ben).get("/notices").text


def test_notices_about_hidden_things_go_but_the_decision_stays(told: Any, sign_in: Any) -> None:
    hide_notices(told.moderator, post_id=2)
    page = sign_in(told.ana).get("/notices").text
    assert "A mark" not in page
    assert "Rule 2" in page


def test_an_empty_inbox_says_what_will_be_there(people: Any, sign_in: Any) -> None:
    assert "Nothing yet" in sign_in(people.chitra).get("/notices").text


def test_every_kind_has_its_words(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    for kind in DEFAULT_WAYS:
        note_event(
            people.ben, NoticeText(kind, "/posts/2", f"Title of {kind}"), [people.moderator.id]
        )
    make_notices(SYSTEM)
    browser = sign_in(people.moderator)
    page = browser.get("/notices").text
    plain = re.sub(r"<[^>]+>", " ", page + browser.get("/notices?page=2").text)
    for kind in DEFAULT_WAYS:
        assert re.search(rf"\w[:\w]* +Title of {kind}\b", " ".join(plain.split())), kind
    waiting = page[page.index("Waiting for you") : page.index("For your information")]
    assert {kind for kind in DEFAULT_WAYS if f"Title of {kind}<" in waiting} == set(
        ACTIONABLE_KINDS
    )
    assert set(KIND_NAMES) == set(DEFAULT_WAYS) - {"role", "security", "search weekly"}, (
        "which have letters of their own, or follow the choice for another kind"
    )


def test_a_grown_notice_says_how_many_there_are(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Interurban")
    for member in (people.ben, people.chitra, people.host):
        note_event(member, NoticeText("mark", "/posts/2", "Loud", post_id=2), [people.ana.id])
        make_notices(SYSTEM)
    page = " ".join(sign_in(people.ana).get("/notices").text.split())
    assert 'Hana Virtanen</b> and 2 others marked your post in <button class="as-link"' in page
    assert "Notices, 1 unread" in page


@pytest.fixture
def topic(people: Any, agenda: Any) -> Any:
    found_federation(SYSTEM, "Interurban")
    return open_topic(people.ana, agenda.id, NewTopic("experience", "Loud trams", write("A text.")))


def inbox_of(browser: Any, shown: str = "") -> str:
    page = re.sub(r"<[^>]+>", " ", browser.get(f"/notices{shown}").text)
    return " ".join(page.split())


@pytest.mark.parametrize(
    ("kind", "outcome", "said"),
    [
        ("useful", None, "finds your post useful in Loud trams"),
        ("same here", None, "faces the same as you in Loud trams"),
        ("tried it", "kept", "tried what you describe in Loud trams and kept it"),
        ("tried it", "adapted", "tried what you describe in Loud trams and adapted it"),
        ("tried it", "stopped", "tried what you describe in Loud trams and stopped"),
    ],
)
def test_a_notice_says_which_mark_it_was(
    topic: Any, people: Any, sign_in: Any, queries: Any, kind: str, outcome: str, said: str
) -> None:
    opening = first_post(topic).id
    mark(people.ben, opening, "useful")
    mark(people.ben, opening, kind, outcome, "We did." if outcome else "")
    make_notices(SYSTEM)
    browser = sign_in(people.ana)
    assert f"{people.ben.name} {said}" in inbox_of(browser)
    with queries() as made:
        browser.get("/notices")
    assert made.count <= 9
    for given in {"useful", kind}:
        unmark(people.ben, opening, given)
    assert "Loud trams" not in inbox_of(browser) or "marked your post in" in inbox_of(browser)


def test_posts_of_a_watched_topic_share_a_line_until_they_are_read(
    topic: Any, people: Any, sign_in: Any
) -> None:
    watch(people.host, "topic", topic.id)
    written = [
        reply(author, topic.id, write(f"Words {number}."))
        for number, author in enumerate([people.ben, people.ben, people.chitra])
    ]
    make_notices(SYSTEM)
    browser = sign_in(people.host)
    said = f"{people.chitra.name} and 1 other wrote 3 posts in a topic that you watch: Loud trams"
    assert said in inbox_of(browser) and inbox_of(browser).count("Loud trams") == 1
    first = inbox(people.host).page.items[-1]
    assert first.address == f"/posts/{written[0].id}"
    link = f'<a href="{first.address}" lang="en" dir="auto">Loud trams</a>'
    assert link in browser.get("/notices").text
    browser.get(topic.address)
    reply(people.ben, topic.id, write("More words."))
    make_notices(SYSTEM)
    now_said = inbox_of(browser)
    assert f"{people.ben.name} wrote in a topic that you watch: Loud trams" in now_said
    assert said in now_said


def test_a_busy_topic_does_not_fill_the_pages_of_the_inbox(
    topic: Any, people: Any, sign_in: Any, queries: Any
) -> None:
    note_event(people.ben, NoticeText("rules", "/rules", "Rules"), [people.host.id])
    watch(people.host, "topic", topic.id)
    for number in range(31):
        reply(people.ben, topic.id, write(f"Words {number}."))
    while make_notices(SYSTEM):
        pass
    browser = sign_in(people.host)
    for _read in range(2):
        page = inbox_of(browser)
        assert "wrote 31 posts in a topic that you watch: Loud trams" in page
        assert "New rules for everybody who writes here" in page and "Page 1 of" not in page
        with queries() as made:
            browser.get("/notices")
        assert made.count <= 11
        browser.get(f"{topic.address}?page=2")


def test_only_the_newest_notices_share_lines(
    topic: Any, people: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["forum.notifications.queries.inbox"], "MAX_JOINED", 3)
    watch(people.host, "topic", topic.id)
    for number in range(5):
        reply(people.ben, topic.id, write(f"Words {number}."))
    make_notices(SYSTEM)
    browser = sign_in(people.host)
    for shown in ("", "?show=unread"):
        page = inbox_of(browser, shown)
        assert "wrote 3 posts in a topic that you watch: Loud trams" in page
        assert page.count("wrote in a topic that you watch: Loud trams") == 2


def test_a_notice_is_spoken_in_the_languages_of_what_it_quotes(
    people: Any, agenda: Any, sign_in: Any
) -> None:
    opened = NewTopic("question", "Wie laut ist leise?", write("Hm.", "de"))
    topic = open_topic(people.ana, agenda.id, opened)
    reply(people.ben, topic.id, write("Trop fort.", "fr"))
    note_event(people.ben, NoticeText("rules", "/rules", "Rules"), [people.ana.id])
    make_notices(SYSTEM)
    browser = sign_in(people.ana)
    page = browser.get("/notices").text
    assert 'lang="de" dir="auto">Wie laut ist leise?</a>' in page
    assert re.search(r'<q[^>]* lang="fr" dir="auto">Trop fort.</q>', page)
    assert 'dir="auto">Rules</button>' in page and 'lang="en" dir="auto">Rules' not in page
    watched = browser.get("/settings/notices").text.partition('id="watched"')[2]
    assert 'lang="de" dir="auto">Wie laut ist leise?</a>' in watched
    report = browser.get(f"/topics/{topic.id}/report")
    assert report.status_code == 403
    page = sign_in(people.chitra).get(f"/topics/{topic.id}/report").text
    assert 'lang="de" dir="auto">Wie laut ist leise?</a>' in page


def test_replies_in_a_topic_share_a_line_apart_from_other_notices_about_it(
    topic: Any, people: Any, sign_in: Any
) -> None:
    for author, words in ((people.ben, "Yes."), (people.chitra, "No."), (people.ben, "Perhaps.")):
        reply(author, topic.id, write(words))
    mark(people.chitra, first_post(topic).id, "useful")
    other = open_topic(people.ana, topic.agenda_id, NewTopic("experience", "Trees", write("Hm.")))
    reply(people.ben, other.id, write("Oaks."))
    make_notices(SYSTEM)
    browser = sign_in(people.ana)
    said = inbox_of(browser)
    assert f"{people.ben.name} and 1 other wrote 3 replies in Loud trams" in said
    assert f"{people.ben.name} replied in Trees" in said
    assert f"{people.chitra.name} finds your post useful in Loud trams" in said
    assert said.count("Loud trams") == 2 and "Perhaps." in said and "Yes." not in said
    browser.get(topic.address)
    reply(people.ben, topic.id, write("Yes, indeed."))
    make_notices(SYSTEM)
    said = inbox_of(browser)
    assert f"{people.ben.name} replied in Loud trams Yes, indeed." in said
    assert "wrote 3 replies in Loud trams" in said


@pytest.mark.parametrize(
    "end",
    [
        lambda reader, told: read(reader, told.id),
        lambda reader, told: read_topic(reader, told.topic_id),
        lambda _reader, told: read_queue(SYSTEM, told.address),
        lambda _reader, _told: read_decisions(SYSTEM, [4]),
        lambda reader, told: read_outdated(SYSTEM, told.kind, [told.address], [reader.id]),
    ],
    ids=["opened", "read in its topic", "decided by another", "no longer in effect", "outdated"],
)
def test_what_was_read_or_is_over_since_a_press_stays_read_when_that_is_undone(
    people: Any, sign_in: Any, end: Any
) -> None:
    """In another tab, or by somebody else: nobody is told again, or by mail, of what no longer waits."""
    moderator = people.moderator
    waits = NoticeText("queue", "/moderation/post/2", "It waits", topic_id=1)
    note_event(people.ben, waits, [moderator.id])
    note_event(people.ben, NoticeText("reply", "/topics/2", "It is new"), [moderator.id])
    decided = NoticeText("decision", "/posts/3", "It is hidden", topic_id=3)
    note_event(people.ben, decided, [moderator.id], decision_id=4, is_named=False)
    make_notices(SYSTEM)
    browser = sign_in(moderator)
    browser.post("/notices/read-all", data={"part": "waiting"})
    told = {notice.heading: notice for notice in inbox(moderator).page.items}
    for heading in ("It waits", "It is hidden"):
        end(moderator, told[heading])
    browser.post("/notices/unread-all", data=undo_offered(browser))
    still = still_read(moderator)
    assert "It is new" not in still and still & {"It waits", "It is hidden"}, told
