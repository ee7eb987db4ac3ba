"""Settings of notices, watched and muted topics, and requests for advice in the inbox."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from forum.advice import actions as advice
from forum.agendas.actions import archive, remove_theme, write_theme
from forum.agendas.queries import get_theme
from forum.clock import now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, get_topic
from forum.errors import Invalid
from forum.library import actions as library
from forum.markup import write
from forum.members.actions import Profile, edit_profile, found_federation, hide_profile
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notices
from forum.notifications.actions import make_notices
from forum.notifications.forms import KIND_GROUPS, KIND_NAMES
from forum.notifications.queries import inbox, level_of, settings_of, unread_count, ways_of
from forum.permissions import SYSTEM
from tests.everything import case_text, practice
from tests.screens import faults_in

SETTINGS = "/settings/notices"
GONE = "{} that you watched or muted can no longer be read."


@pytest.fixture
def topic(app: Any, people: Any, agenda: Any) -> Any:
    """A question of Ana's about trams."""
    found_federation(SYSTEM, "Quiet cities")
    theme = write_theme(people.moderator, "Trams")
    new = dialogue.NewTopic("question", "Why so loud?", write("Hm."), themes=[theme.id])
    return dialogue.open_topic(people.ana, agenda.id, new)


def pressed(text: str) -> list[str]:
    """The labels of the pressed buttons."""
    found = re.findall(r'aria-pressed="true">(?:<svg.*?</svg>)?\s*([^<]+)', text)
    return [words.strip() for words in found]


def test_what_is_chosen_is_kept_and_shown(topic: Any, people: Any, sign_in: Any) -> None:
    ben = sign_in(people.ben)
    text = ben.get(SETTINGS).text
    assert "Something waits for you in moderation" not in text
    assert (
        'name="way_reply" value="at once" checked aria-label="Somebody replies to you: At once"'
        in text
    )
    # Once as the label, three times in the names of its buttons
    assert text.count("Somebody replies to you") == 4
    chosen = {f"way_{kind}": way for kind, way in ways_of(people.ben).items() if kind != "queue"}
    digest = {"digest_every": "weekly", "digest_hour": "18", "time_zone": "Europe/Helsinki"}
    answer = ben.post(SETTINGS, data={**chosen, **digest, "way_reply": "never"})
    assert answer.status_code == 303
    assert ways_of(people.ben)["reply"] == "never"
    assert settings_of(people.ben.id).time_zone == "Europe/Helsinki"
    text = ben.get(SETTINGS).text
    assert 'name="way_reply" value="never" checked' in text
    assert '<option selected value="18">18:00</option>' in text
    assert "Something waits for you in moderation" in sign_in(people.host).get(SETTINGS).text


def test_the_kinds_stand_in_named_parts_below_the_digest(
    topic: Any, people: Any, sign_in: Any
) -> None:
    text = sign_in(people.ben).get(SETTINGS).text
    parts = re.findall(r'scope="rowgroup" colspan="4"><b>([^<]+)', text)
    assert parts[0] == "What others say to you" and "What you moderate" not in parts
    assert text.index('name="digest_every"') < text.index(f"<b>{parts[0]}"), "most need only this"
    assert "What you moderate" in sign_in(people.host).get(SETTINGS).text
    grouped = [kind for _label, kinds in KIND_GROUPS for kind in kinds]
    assert sorted(grouped) == sorted(KIND_NAMES), "each kind in one part"


@pytest.mark.parametrize(
    "wrong", [{"way_reply": "by pigeon"}, {"digest_hour": "25"}, {"time_zone": "Mars/North"}]
)
def test_what_cannot_be_chosen_is_said(topic: Any, people: Any, sign_in: Any, wrong: Any) -> None:
    chosen = {f"way_{kind}": way for kind, way in ways_of(people.ben).items()}
    digest = {"digest_every": "daily", "digest_hour": "7", "time_zone": "UTC"}
    answer = sign_in(people.ben).post(SETTINGS, data={**chosen, **digest, **wrong})
    assert answer.status_code == 422
    assert "One thing to correct" in answer.text
    assert ways_of(people.ben)["reply"] == "at once"


@pytest.mark.parametrize("field", ["way_reply", "digest_every"])
def test_what_the_deed_refuses_is_said_beside_the_field(
    topic: Any, people: Any, sign_in: Any, monkeypatch: Any, field: str
) -> None:
    """For example when the kinds of notice have changed since the form was opened."""

    def refuse(*_args: Any, **_more: Any) -> None:
        raise Invalid("Not any more.", field)

    monkeypatch.setattr(notices, "choose", refuse)
    chosen = {f"way_{kind}": way for kind, way in ways_of(people.ben).items()}
    digest = {"digest_every": "daily", "digest_hour": "7", "time_zone": "UTC"}
    answer = sign_in(people.ben).post(SETTINGS, data={**chosen, **digest})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert "Not any more." in answer.text and 'value="weekly"' in answer.text


@pytest.mark.parametrize(
    ("door", "page"),
    [
        ("/topics/{id}/watch", "/topics/{id}-why-so-loud"),
        ("/agendas/quieter/watch", "/agendas/quieter"),
        ("/cities/medellin/watch", "/cities/medellin"),
        ("/themes/trams/watch", "/topics?theme=trams"),
    ],
)
def test_one_press_watches_another_mutes_and_the_same_again_ends_it(
    topic: Any, people: Any, sign_in: Any, client: Any, door: str, page: str
) -> None:
    door, page = door.format(id=topic.id), page.format(id=topic.id)
    ben = sign_in(people.ben)
    assert pressed(ben.get(page).text) == []
    for level, words in (("watching", {"Watch"}), ("muted", {"Mute"}), ("", set())):
        answer = ben.post(door, data={"level": level})
        assert (answer.status_code, answer.location) == (303, page)
        assert set(pressed(ben.get(page).text)) == words
        watched = ben.get(SETTINGS).text.partition('id="watched"')[2]
        assert (f'href="{page}"' in watched) == bool(level)
    assert ben.post(door, data={"level": "loudly"}).status_code == 422
    assert "Watch</button>" not in client.get(page).text
    assert client.post(door, data={"level": "watching"}).status_code == 403


@pytest.mark.parametrize("kind", ["topic", "case", "practice"])
def test_watching_begins_and_ends_near_the_title(
    kind: str, topic: Any, agenda: Any, people: Any, sign_in: Any, client: Any
) -> None:
    if kind == "case":
        case = library.write_case(people.moderator, agenda.id, case_text())
        topic_id, address = case.topic_id, f"/cases/{case.slug}"
    elif kind == "practice":
        made = practice(people, agenda, "Pumps")
        topic_id, address = made.topic_id, f"/practices/{made.slug}"
    else:
        topic_id, address = topic.id, topic.address
    ben, door = sign_in(people.ben), f"/topics/{topic_id}/watch"
    for level, offered, is_pressed, words in (
        ("", "watching", "false", "Watch"),
        ("watching", "", "true", "Watch"),
        ("muted", "unmuted", "true", "Mute"),
    ):
        ben.post(door, data={"level": level})
        text = ben.get(address).text.partition("<main")[2]
        head, _end, below = text.partition("</header>")
        button = f'formaction="{door}" name="level" value="{offered}" aria-pressed="{is_pressed}">'
        assert button in head and f" {words}</button>" in head, level
        assert pressed(head) == pressed(below), "below stands the same"
    assert f'formaction="{door}"' not in client.get(address).text


def test_what_is_out_of_reach_is_not_watched_but_can_be_ended(
    topic: Any, people: Any, sign_in: Any
) -> None:
    ben = sign_in(people.ben)
    ben.post(f"/topics/{topic.id}/watch", data={"level": "watching"})
    dialogue.hide_topic(people.moderator, topic.id)
    assert ben.post(f"/topics/{topic.id}/watch", data={"level": "muted"}).status_code == 404
    text = ben.get(SETTINGS).text
    assert GONE.format("1 thing") in text and "Why so loud?" not in text
    ben.post(f"{SETTINGS}/end", data={"subject": "topic", "subject_id": str(topic.id)})
    assert level_of(people.ben, "topic", topic.id) == ""
    assert ben.post(f"{SETTINGS}/end", data={"subject_id": "one"}).status_code == 303


def test_what_was_taken_off_the_list_by_mistake_is_watched_again_with_one_press(
    topic: Any, agenda: Any, people: Any, sign_in: Any
) -> None:
    ben, levels = sign_in(people.ben), ("watching", "muted")
    others = "/agendas/quieter", "/cities/medellin", "/themes/trams", "/members/ana-prado"
    doors = (f"/topics/{topic.id}", *others)
    for number, door in enumerate(doors):
        ben.post(f"{door}/watch", data={"level": levels[number % 2]})
    rows = re.findall(r'<form method="post" action="/settings/notices/end">.*?</form>', ben.get(SETTINGS).text, re.S)  # fmt: skip
    assert len(rows) == len(doors)
    for row in rows:
        fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', row))
        before = level_of(people.ben, fields["subject"], int(fields["subject_id"]))
        assert ben.post(f"{SETTINGS}/end", data=fields).location == f"{SETTINGS}#watched"
        assert level_of(people.ben, fields["subject"], int(fields["subject_id"])) == ""
        page = ben.get(SETTINGS).text
        undo = page.partition('aria-describedby="told"')[0].rpartition("<form ")[2]
        door = re.findall(r'action="([^"]+)"', undo)[0]
        undo = page.partition('aria-describedby="told"')[2].partition("</form>")[0]
        back = dict(re.findall(r'name="(\w+)" value="([^"]+)"', undo))
        assert door == fields["door"] and "data-undo" in undo
        assert ben.post(door, data=back).location == f"{SETTINGS}#watched"
        assert level_of(people.ben, fields["subject"], int(fields["subject_id"])) == before
    for odd in ("https://x.example/topics/1/watch", "/topics/1/delete", "//x/watch", "x" * 9_999):
        fields = {"subject": "topic", "subject_id": "1", "level": "watching", "door": odd}
        ben.post(f"{SETTINGS}/end", data=fields)
        assert "data-undo" not in ben.get(SETTINGS).text, odd


def test_what_is_gone_is_counted_and_cleared_by_one_press(
    topic: Any, agenda: Any, people: Any, sign_in: Any
) -> None:
    ben, others, theme_id = sign_in(people.ben), [], get_theme("trams").id
    for title in ("Deleted", "Hidden"):
        new = dialogue.NewTopic("experience", title, write("Yes."))
        others.append(dialogue.open_topic(people.ana, agenda.id, new).id)
    for door in (*(f"/topics/{topic_id}" for topic_id in (topic.id, *others)), "/agendas/quieter"):
        ben.post(f"{door}/watch", data={"level": "watching"})
    ben.post("/themes/trams/watch", data={"level": "muted"})
    dialogue.delete(people.ana, first_post(get_topic(people.ana, others[0])).id)
    dialogue.hide_topic(people.moderator, others[1])
    remove_theme(people.moderator, theme_id)
    page = ben.get(SETTINGS).text
    assert GONE.format("3 things") in page and "Stop muting" not in page
    assert page.count("Stop watching<") == 2 and "Why so loud?" in page
    dialogue.restore_topic(people.moderator, others[1])
    page = ben.get(SETTINGS).text
    assert GONE.format("2 things") in page and ">Hidden</a>" in page
    assert ben.post(f"{SETTINGS}/clear").status_code == 303
    page = ben.get(SETTINGS).text
    assert "can no longer be read" not in page and page.count("Stop watching<") == 3
    assert level_of(people.ben, "theme", theme_id) == ""


def test_what_is_watched_is_called_what_it_is(
    topic: Any, agenda: Any, people: Any, sign_in: Any
) -> None:
    case = library.write_case(people.moderator, agenda.id, case_text())
    made = practice(people, agenda, "Pumps")
    ben = sign_in(people.ben)
    for topic_id in (topic.id, case.topic_id, made.topic_id):
        ben.post(f"/topics/{topic_id}/watch", data={"level": "watching"})
    for door in ("/agendas/quieter", "/cities/medellin", "/themes/trams", "/members/ana-prado"):
        ben.post(f"{door}/watch", data={"level": "watching"})
    kinds = re.findall(r'<p class="meta dot"><span>(\w+)</span>', ben.get(SETTINGS).text)
    assert sorted(kinds) == ["Agenda", "Case", "City", "Member", "Practice", "Theme", "Topic"]


def test_one_press_switches_off_that_one_watches_what_one_writes_in(
    topic: Any, people: Any, sign_in: Any
) -> None:
    ben = sign_in(people.ben)
    assert "Watch what I write in" in pressed(ben.get(SETTINGS).text)
    ben.post(f"{SETTINGS}/watch-replies", data={"on": "0"})
    assert pressed(ben.get(SETTINGS).text) == []
    dialogue.reply(people.ben, topic.id, write("Yes."))
    assert level_of(people.ben, "topic", topic.id) == ""
    ben.post(f"{SETTINGS}/watch-replies", data={"on": "1"})
    dialogue.reply(people.ben, topic.id, write("Yes, indeed."))
    assert level_of(people.ben, "topic", topic.id) == "watching"


def test_who_watches_a_city_an_agenda_and_a_theme_is_told_once(
    topic: Any, people: Any, agenda: Any, sign_in: Any
) -> None:
    ben = sign_in(people.ben)
    for door in ("/agendas/quieter", "/cities/medellin", "/themes/trams"):
        ben.post(f"{door}/watch", data={"level": "watching"})
    themes = [get_theme("trams").id]
    new = dialogue.NewTopic("question", "And at night?", write("Hm."), themes=themes)
    dialogue.open_topic(people.ana, agenda.id, new)
    make_notices(SYSTEM)
    assert [notice.title for notice in inbox(people.ben).page.items] == ["And at night?"]
    assert [notice.kind for notice in inbox(people.ben).page.items] == ["topic"]


# Watching a member


def test_one_press_watches_a_member_and_the_same_again_ends_it(
    topic: Any, people: Any, sign_in: Any, client: Any
) -> None:
    door, page = "/members/ana-prado/watch", "/members/ana-prado"
    ben = sign_in(people.ben)
    for level, words in (("watching", ["Watch"]), ("", [])):
        answer = ben.post(door, data={"level": level})
        assert (answer.status_code, answer.location) == (303, page)
        assert pressed(ben.get(page).text) == words
        watched = ben.get(SETTINGS).text.partition('id="watched"')[2]
        assert (f'href="{page}"' in watched) == bool(level)
    # Members are not muted but ignored
    assert ben.post(door, data={"level": "muted"}).status_code == 422
    assert "Watch</button>" not in client.get(page).text
    assert client.post(door, data={"level": "watching"}).status_code == 403
    ana = sign_in(people.ana)
    assert "Watch</button>" not in ana.get(page).text
    assert ana.post(door, data={"level": "watching"}).status_code == 403
    assert ana.post("/members/nobody/watch", data={"level": "watching"}).status_code == 404


def test_who_watches_a_member_hears_of_what_they_open_and_publish(
    topic: Any, people: Any, agenda: Any, sign_in: Any
) -> None:
    sign_in(people.ben).post("/members/ana-prado/watch", data={"level": "watching"})
    dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "And now?", write("Hm."))
    )
    dialogue.open_topic(
        people.chitra, agenda.id, dialogue.NewTopic("question", "So?", write("Hm."))
    )
    practice(people, agenda, "Pumps")
    make_notices(SYSTEM)
    told = [(notice.kind, notice.title) for notice in inbox(people.ben).page.items]
    assert sorted(told) == [("topic", "And now?"), ("topic", "Pumps")]
    # The notice of the publication; nobody watches Ana
    assert inbox(people.ana).page.items[0].title == "Pumps"


def test_who_is_ignored_is_not_heard_of(topic: Any, people: Any, agenda: Any, sign_in: Any) -> None:
    ben = sign_in(people.ben)
    ben.post("/members/ana-prado/watch", data={"level": "watching"})
    ben.post("/members/ana-prado/ignore")
    dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "And now?", write("Hm."))
    )
    make_notices(SYSTEM)
    assert inbox(people.ben).page.items == []


def test_a_profile_that_is_hidden_cannot_be_watched_any_more(
    topic: Any, people: Any, sign_in: Any
) -> None:
    ben = sign_in(people.ben)
    ben.post("/members/ana-prado/watch", data={"level": "watching"})
    hide_profile(people.moderator, people.ana.id)
    text = ben.get(SETTINGS).text
    assert GONE.format("1 thing") in text and "Ana Prado" not in text
    assert ben.post("/members/ana-prado/watch", data={"level": "watching"}).status_code == 404


def test_nobody_watches_a_member_who_has_left(topic: Any, people: Any, sign_in: Any) -> None:
    sign_in(people.ben).post("/members/ana-prado/watch", data={"level": "watching"})
    notices.forget_member(SYSTEM, people.ana.id, is_silent=False)
    assert level_of(people.ben, "author", people.ana.id) == ""


# Requests for advice in the inbox


def waiting(browser: Any) -> str:
    """The text of the inbox below “Waiting for you”."""
    page = " ".join(re.sub(r"<[^>]+>", " ", browser.get("/notices").text).split())
    found = re.search(r"Waiting for you(.*?)(For your information|$)", page)
    return found[1] if found else ""


@pytest.fixture
def asked(topic: Any, people: Any, sign_in: Any) -> Any:
    """The browser of Ben, whom Ana asks for advice about trams; he has opened her question."""
    advice.ask(people.ana, topic.id, [people.ben.handle])
    make_notices(SYSTEM)
    ben = sign_in(people.ben)
    assert "asks you for advice: Why so loud?" in waiting(ben) and unread_count(people.ben) == 1
    ben.get(topic.address)
    assert unread_count(people.ben) == 0
    return ben


def test_a_request_for_advice_waits_also_when_it_is_read(
    asked: Any, people: Any, topic: Any, sign_in: Any, queries: Any
) -> None:
    assert "asks you for advice: Why so loud?" in waiting(asked)
    asked.post("/notices/read-all")
    with queries() as made:
        assert "asks you for advice: Why so loud?" in waiting(asked)
    assert made.count <= 8
    assert asked.get("/notices").text.count("Why so loud?") == 1
    dialogue.reply(people.chitra, topic.id, write("Old rails."))
    make_notices(SYSTEM)
    sign_in(people.ana).get(topic.address)
    assert "Why so loud?" not in waiting(sign_in(people.ana)), "other notices wait until read"


ENDS = {
    "answered": lambda people, topic: dialogue.reply(people.ben, topic.id, write("Rails.")),
    "not me": lambda people, topic: advice.decline(people.ben, topic.id),
    "not now": lambda people, topic: advice.postpone(
        people.ben, topic.id, now() + timedelta(days=9)
    ),
    "passed on": lambda people, topic: advice.pass_on(people.ben, topic.id, people.chitra.handle),
    "another answer is chosen": lambda people, topic: dialogue.choose_answer(
        people.ana, topic.id, dialogue.reply(people.chitra, topic.id, write("Curves.")).id
    ),
    "locked": lambda people, topic: dialogue.lock(people.moderator, topic.id, "Enough."),
    "hidden": lambda people, topic: dialogue.hide_topic(people.moderator, topic.id),
    "archived": lambda people, topic: archive(people.moderator, topic.agenda_id),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_request_for_advice_waits_until_something_is_done_about_it(
    asked: Any, people: Any, topic: Any, end: str
) -> None:
    ENDS[end](people, topic)
    assert "asks you for advice" not in waiting(asked)
    assert ("Why so loud?" in asked.get("/notices").text) == (end != "hidden")


def test_a_request_whose_answer_is_deleted_waits_again(asked: Any, people: Any, topic: Any) -> None:
    post = dialogue.reply(people.ben, topic.id, write("Rails."))
    assert waiting(asked) == ""
    dialogue.delete(people.ben, post.id)
    assert "asks you for advice: Why so loud?" in waiting(asked)


# Requests that need no answer any more


def told(browser: Any) -> str:
    """What is listed below “Waiting for you” after the worker has made all notices."""
    while make_notices(SYSTEM):
        pass
    return waiting(browser)


def test_a_return_waits_until_the_practice_is_submitted_again(
    topic: Any, agenda: Any, people: Any, sign_in: Any
) -> None:
    text = library.PracticeText("Pumps", "It is said in one sentence.")
    made, ana = library.write_practice(people.ana, agenda.id, text), sign_in(people.ana)
    library.submit(people.ana, made.id)
    moderation.send_back(people.moderator, made.id, Reasons("Name the street."))
    assert "A moderator returned your practice: Pumps Name the street." in told(ana)
    library.submit(people.ana, made.id)
    assert "returned" not in told(ana)
    returned = moderation.send_back(people.moderator, made.id, Reasons("Name the year."))
    assert "Name the year." in told(ana)
    moderation.undo(people.moderator, returned.id)
    assert "Name the year." not in told(ana)


def test_a_decision_waits_until_another_ends_it(topic: Any, people: Any, sign_in: Any) -> None:
    post = dialogue.reply(people.ben, topic.id, write("You fools."))
    ben, rude = sign_in(people.ben), Reasons("It is rude.", 2)
    hidden, removed = "Hidden by the moderators.", "Removed by the moderators."
    for deed, waits, is_over in (
        ("hide", hidden, "Shown again."),
        ("remove", removed, hidden),
        ("restore", "Shown again.", removed),
    ):
        moderation.decide(people.moderator, "post", post.id, deed, rude)
        inbox_of_ben = told(ben)
        assert waits in inbox_of_ben and is_over not in inbox_of_ben, deed
    assert hidden in " ".join(ben.get("/notices").text.split()), "it can be read further down"
    asked = moderation.ask_to_edit(people.moderator, "post", post.id, Reasons("Be kind."))
    assert "The moderators ask you to change this." in told(ben)
    moderation.undo(people.moderator, asked.id)
    assert "ask you to change this" not in told(ben)


def test_a_decision_about_oneself_is_not_about_somebody_of_that_name(
    topic: Any, people: Any, sign_in: Any
) -> None:
    moderation.decide(people.moderator, "member", people.ana.id, "hide", Reasons("No name.", 1))
    make_notices(SYSTEM)
    ana = sign_in(people.ana)
    page = ana.get("/notices").text
    assert 'dir="auto">A moderator decided about you</button>' in page
    assert "decided about <" not in page
    edit_profile(people.ana, Profile("Ana Duarte"))
    assert ana.get("/notices").text.count("A moderator decided about you") == 1
    own = ana.get(f"/members/{people.ana.handle}").text.partition("<h1>")[0]
    assert "hidden this profile" in own and '<a href="/notices">The reason, and how' in own
    theirs = sign_in(people.moderator).get(f"/members/{people.ana.handle}").text
    assert "hidden this profile" in theirs and "The reason, and how" not in theirs


def test_a_decision_about_a_topic_that_bears_ones_name_is_about_that(
    topic: Any, people: Any, agenda: Any, sign_in: Any
) -> None:
    new = dialogue.NewTopic("experience", people.ana.name, write("I begin."))
    own = dialogue.open_topic(people.ana, agenda.id, new)
    moderation.decide(people.moderator, "topic", own.id, "hide", Reasons("No.", 1))
    make_notices(SYSTEM)
    page = sign_in(people.ana).get("/notices").text
    assert "A moderator decided about <button" in page and "decided about you" not in page


def test_what_a_deed_did_and_what_one_is_told_are_not_called_alike(
    topic: Any, people: Any, sign_in: Any
) -> None:
    dialogue.reply(people.ben, topic.id, write("At night."))
    moderation.warn(people.moderator, people.ana.id, Reasons("It was rude.", 2))
    make_notices(SYSTEM)
    browser = sign_in(people.ana)
    browser.post("/notices/read-all", data={"part": "waiting"})
    page = browser.get("/notices").text
    assert "For your information" in page and 'id="told"' in page
    assert faults_in(page) == []


def test_a_warning_waits_whatever_comes_after_it(topic: Any, people: Any, sign_in: Any) -> None:
    ben, rude = sign_in(people.ben), Reasons("It is rude.", 2)
    moderation.warn(people.moderator, people.ben.id, rude)
    moderation.silence(people.moderator, people.ben.id, now() + timedelta(days=1), rude)
    assert "A warning." in told(ben) and "You may not write" in told(ben)
    moderation.unsilence(people.moderator, people.ben.id)
    assert "A warning." in told(ben) and "You may not write" not in told(ben)
