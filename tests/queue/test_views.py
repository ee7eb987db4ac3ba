"""The pages of the queue: fifty entries without a script, claims, notes, filters, and who can read what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import update

from forum.appeals.actions import appeal
from forum.claims.models import Claim
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import reply
from forum.dialogue.models import Post
from forum.markup import write
from forum.moderation import actions as moderation
from forum.moderation import queries as moderation_queries
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.permissions import VISITOR
from forum.queue import actions
from forum.queue import queries as queue
from forum.queue.queries import MAX_LISTED
from forum.screening.actions import RuleText, make_rule

REASONS = Reasons("It is rude.", 2)


def entry_of(page: str) -> tuple[str, dict[str, str]]:
    """The address and the data of the decision form."""
    (form,) = re.findall(
        r'<form method="post" action="([^"]+/decide[^"]*)"(.*?)</form>', page, re.S
    )
    path, inside = form
    inputs = re.findall(r"<input[^>]*>", inside)
    said = [
        (re.findall(r' name="(\w+)"', field), re.findall(r' value="([^"]*)"', field))
        for field in inputs
    ]
    fields = [(*name, *value) for name, value in said if name and value]
    deeds = [value for name, value in fields if name == "deed"]
    hidden = {name: value for name, value in fields if name in ("seen", "holder")}
    return path.replace("&amp;", "&"), {**hidden, "deed": deeds[0]}


def test_who_reports_is_named_in_an_element_of_its_own(
    sign_in: Any, people: Any, things: Any, candidate: Any
) -> None:
    """Otherwise a name in a right-to-left script would move the city and the colon to the wrong side."""
    moderation.report(people.chitra, "post", things.first.id, "rules")
    said = ("Unlawful.", "ليلى حداد", "leila@example.org")
    notice = IllegalContentNotice(*said, is_in_good_faith=True)
    moderation.report_illegal(VISITOR, "post", things.first.id, notice)
    page = sign_in(people.moderator).get(f"/moderation/post/{things.first.id}").text
    assert f"<b><bdi>{people.chitra.name}</bdi>" in page
    assert "<b><bdi>ليلى حداد</bdi>, leila@example.org (without an account)</b>: " in page


def test_fifty_entries_are_decided_without_a_script(
    sign_in: Any, people: Any, things: Any, candidate: Any
) -> None:
    for number in range(48):
        post = reply(people.ben, things.topic.id, write(f"Odd, {number}."))
        moderation.report(people.ana, "post", post.id, "rules")
    browser = sign_in(people.moderator)
    assert queue.waiting_count(people.moderator) == 50
    page = browser.get("/moderation")
    for left in range(50, 0, -1):
        assert f"Moderation: {left} waiting" in page.text
        path, fields = entry_of(page.text)
        answer = browser.post(path, data=fields)
        assert answer.status_code == 303, answer.text
        page = browser.get(answer.location)
        assert re.search(r"Decided: [A-Z][^<.]+\. ", page.text), "it says what"
    assert "Nothing is waiting" in page.text
    assert queue.waiting_count(people.moderator) == 0


def test_an_entry_leads_to_what_can_be_done_about_its_author_and_back(
    sign_in: Any, people: Any, reported: Any
) -> None:
    entry = f"/moderation/post/{reported.first.id}"
    browser = sign_in(people.moderator)
    page = browser.get(entry).text
    for deed in ("warn", "silence", "suspend"):
        assert f'href="/members/{people.ben.handle}/{deed}?next={entry}"' in page
    door = f"/members/{people.ben.handle}/warn"
    form = {"rule": "2", "reason": "Question the work.", "next": entry}
    answer = browser.post(f"{door}?next={entry}", data=form)
    assert (answer.status_code, answer.location) == (303, entry)
    assert "1 earlier decision" in browser.get(entry).text
    assert door not in sign_in(people.host).get(entry).text


def test_deciding_reads_the_queue_once(
    sign_in: Any, people: Any, reported: Any, queries: Any
) -> None:
    browser = sign_in(people.moderator)
    door = f"/moderation/post/{reported.first.id}/decide"
    for fields, status in (({"deed": "hide"}, 422), ({"deed": "keep"}, 303)):
        with queries() as made:
            answer = browser.post(door, data=fields)
        assert answer.status_code == status, answer.text
        walks = [words for words in made.statements if "UNION ALL" in words]
        assert len(walks) == 1, walks


def test_titles_are_made_for_what_the_list_shows(
    sign_in: Any, people: Any, things: Any, queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in(people.host)
    with queries() as few:
        browser.get("/moderation")
    made: list[str] = []
    first_words = moderation_queries.first_words
    monkeypatch.setattr(
        moderation_queries, "first_words", lambda text: made.append(text) or first_words(text)
    )
    for number in range(70):
        reply(people.ben, things.topic.id, write(f"Odd, {number}."))
    db.session.execute(update(Post).where(Post.source.contains("Odd")).values(unseen_at=now()))
    db.session.commit()
    with queries() as many:
        page = browser.get("/moderation").text
    assert "Odd, 0." in page and "Moderation: 71 waiting" in page
    assert 50 < len(made) <= MAX_LISTED
    assert many.count <= few.count + 1


def test_the_second_is_told_and_keeps_the_text(sign_in: Any, people: Any, reported: Any) -> None:
    address = f"/moderation/post/{reported.first.id}"
    host, moderator = sign_in(people.host), sign_in(people.moderator)
    assert host.post(f"{address}/claim").location == f"{address}#entry"
    assert 'You have been working on this since <time datetime="' in host.get(address).text
    page = moderator.get(address).text
    assert (
        'Hana Virtanen has been working on this since <time datetime="' in page
        and "Take over from Hana Virtanen" in page
    )
    told = moderator.post(f"{address}/claim")
    assert told.status_code == 409 and "Hana Virtanen has been working on this since" in told.text
    typed = {"deed": "hide", "rule": "2", "reason": "Rule 2: it is rude.", "seen": "0"}
    told = moderator.post(f"{address}/decide", data=typed)
    assert told.status_code == 409 and "Rule 2: it is rude." in told.text
    _path, fields = entry_of(told.text)
    assert fields["holder"] == str(people.host.id)
    assert (
        moderator.post(
            f"{address}/decide", data={**fields, **typed, "seen": fields["seen"]}
        ).status_code
        == 303
    )
    late = host.post(f"{address}/decide", data=typed)
    assert late.status_code == 409 and "Another moderator has decided" in late.text
    assert db.session.query(Claim).count() == 0


def test_taking_over_by_the_button(sign_in: Any, people: Any, reported: Any) -> None:
    address = f"/moderation/post/{reported.first.id}"
    actions.claim(people.host, "post", reported.first.id)
    browser = sign_in(people.moderator)
    taken = browser.post(f"{address}/claim", data={"holder": people.host.id})
    assert taken.status_code == 303
    assert "Mona Berg has been working on this since" in sign_in(people.host).get(address).text
    assert "Mona Berg is working on this" in sign_in(people.host).get("/moderation").text
    assert browser.post(f"{address}/release").status_code == 303
    assert "working on this" not in browser.get(address).text.replace("I am working on this", "")


GROUND, FACTS = "Choose the rule or name the law.", "Say what happened. The author reads it."
LAW = "Name the law, and the article if you know it."


def faults(answer: Any) -> dict[str, str]:
    """The error messages of a refused form, by the ids of the fields."""
    assert answer.status_code == 422, answer.text
    said = re.findall(r'<p class="err" id="(\w+)-error">(.*?)</p>', answer.text, re.S)
    return {field: re.sub(r"<.*?>|Error: ", "", words).strip() for field, words in said}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"deed": "hide"}, {"rule": GROUND, "reason": FACTS}),
        ({"deed": "hide", "rule": "999"}, {"rule": GROUND, "reason": FACTS}),
        ({"deed": "remove", "rule": "law"}, {"law": LAW, "reason": FACTS}),
        ({"deed": "hide", "reason": "It is rude."}, {"rule": GROUND}),
        ({"deed": "hide", "rule": "2", "reason": " "}, {"reason": FACTS}),
        ({"deed": "ask_to_edit"}, {"reason": FACTS}),
        ({}, {"deed": "Choose a decision."}),
    ],
)
def test_all_that_a_decision_lacks_is_said_at_once(
    sign_in: Any, people: Any, reported: Any, typed: dict[str, str], said: dict[str, str]
) -> None:
    door = f"/moderation/post/{reported.first.id}/decide"
    answer = sign_in(people.moderator).post(door, data=typed)
    assert faults(answer) == said
    assert typed.get("reason", "") in answer.text
    assert sign_in(people.moderator).post(door, data={"deed": "keep"}).status_code == 303


def test_which_of_the_posts_in_context_it_is_about_is_not_said_by_a_line_alone(
    sign_in: Any, people: Any, reported: Any
) -> None:
    page = sign_in(people.moderator).get(f"/moderation/post/{reported.first.id}").text
    (said,) = re.findall(r'<li class="hit" aria-current="true">(.*?)</li>', page, re.S)
    assert reported.first.html in said


def test_a_line_of_the_list_is_a_link_of_its_title_alone(
    sign_in: Any, people: Any, reported: Any
) -> None:
    """Screen readers then read only the title as a link, and not all parts of the line."""
    page = sign_in(people.moderator).get("/moderation").text
    lines = page.partition('<ol class="q"')[2].partition("</ol>")[0]
    links = re.findall(r"<a .*?</a>", lines, re.DOTALL)
    assert len(links) == lines.count("<li") > 0
    assert all(
        re.fullmatch(r'<a [^>]*><b(?: lang="en")? dir="auto">[^<]+</b></a>', link) for link in links
    )


def test_decisions_are_not_called_wrong_before_one_is_asked_to_choose(
    sign_in: Any, people: Any, reported: Any
) -> None:
    browser, entry = sign_in(people.moderator), f"/moderation/post/{reported.first.id}"

    def choices(page: str) -> list[str]:
        (group,) = re.findall(r'<fieldset id="deed"(.*?)</fieldset>', page, re.S)
        attributes, _tag, inside = group.partition(">")
        return [attributes, *re.findall(r"<input[^>]*>", inside)]

    group, *radios = choices(browser.get(entry).text)
    assert "tabindex" not in group and len(radios) > 2
    assert not [radio for radio in radios if "required" in radio or "aria-invalid" in radio]
    group, *radios = choices(browser.post(f"{entry}/decide").text)
    # The target of the link in the error summary
    assert 'aria-describedby="deed-error" tabindex="-1"' in group
    assert all('aria-invalid="true"' in radio for radio in radios)


def test_answers_to_people_need_words_and_no_rule(
    sign_in: Any, people: Any, things: Any, candidate: Any
) -> None:
    decision = moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    appealed = appeal(people.ben, decision.id, "It was a joke.")
    browser = sign_in(people.moderator)
    answer = browser.post(f"/moderation/appeal/{appealed.id}/decide", data={"deed": "uphold"})
    assert faults(answer) == {"reason": "Answer in writing. The person who appealed reads it."}
    door = f"/moderation/candidate/{candidate.id}/decide"
    sentence = "Say why. The reason is sent to the person."
    assert faults(browser.post(door, data={"deed": "refuse"})) == {"reason": sentence}
    assert browser.post(door, data={"deed": "approve"}).status_code == 303


def test_an_answer_to_an_appeal_that_was_answered_meanwhile_is_given_back(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = moderation.decide(people.host, "post", things.first.id, "hide", REASONS)
    appealed = appeal(people.ben, decision.id, "It was a joke.")
    browser, door = sign_in(people.moderator), f"/moderation/appeal/{appealed.id}/decide"
    assert browser.post(door, data={"deed": "uphold", "reason": "It was not."}).status_code == 303
    late = browser.post(door, data={"deed": "reverse", "reason": "<b>It was.</b>"})
    assert late.status_code == 409 and late.text.count("&lt;b&gt;It was.&lt;/b&gt;") == 1
    assert "What you wrote" in late.text


@pytest.mark.parametrize("holder", ["", "0", "-1", "9" * 30, "x", "\x00"])
def test_an_odd_holder_is_nobody(sign_in: Any, people: Any, reported: Any, holder: str) -> None:
    actions.claim(people.host, "post", reported.first.id)
    address = f"/moderation/post/{reported.first.id}/claim"
    assert sign_in(people.moderator).post(address, data={"holder": holder}).status_code == 409


def test_notes_come_back_when_something_is_wrong(sign_in: Any, people: Any, reported: Any) -> None:
    address = f"/moderation/post/{reported.first.id}"
    browser = sign_in(people.host)
    long = "Long. " * 400
    answer = browser.post(f"{address}/note", data={"text": long})
    assert answer.status_code == 422 and long.strip() in answer.text
    assert browser.post(f"{address}/note", data={"text": "<b>Odd</b>"}).status_code == 303
    page = browser.get(address).text
    assert "&lt;b&gt;Odd&lt;/b&gt;" in page and "Hana Virtanen" in page


SECRETS = {
    "report": "hushreport",
    "visitor": "hushvisitor",
    "note": "hushnote",
    "person": "hushperson",
}


@pytest.fixture
def planted(people: Any, things: Any, candidate: Any) -> str:
    """Put secret words into reports by a member and a visitor, and into notes on an entry and a candidate; returns the entry."""
    moderation.report(people.ana, "post", things.first.id, "rules", SECRETS["report"])
    notice = IllegalContentNotice(
        SECRETS["visitor"], "Ines", "ines@x.example", is_in_good_faith=True
    )
    moderation.report_illegal(VISITOR, "post", things.first.id, notice)
    actions.write_note(people.host, "post", things.first.id, SECRETS["note"])
    actions.write_note(people.moderator, "candidate", candidate.id, SECRETS["person"])
    return f"/moderation/post/{things.first.id}"


def test_the_secrets_of_the_queue_are_seen_by_who_moderates_the_agenda(
    client: Any, sign_in: Any, people: Any, things: Any, candidate: Any, planted: str
) -> None:
    central = f"/moderation/candidate/{candidate.id}"
    looked = (planted, central, "/moderation", "/moderation/log", "/notices", "/reports")
    looked += (things.topic.address, "/members/ben-okoth", "/search?q=hushreport", "/settings")
    seen = {
        person.handle: {
            name
            for name, word in SECRETS.items()
            if any(word in sign_in(person).get(path).text for path in looked if "q=" not in path)
        }
        for person in (*vars(people).values(),)
    }
    theirs = {"report", "visitor", "note"}
    assert seen.pop("ana-prado") == {"report"}  # her own report, in the list of her reports
    assert seen.pop("hana-virtanen") == theirs
    assert seen.pop("mona-berg") == seen.pop("adam-de-wit") == theirs | {"person"}
    assert seen == {"ben-okoth": set(), "chitra-desai": set()}
    for path in looked:
        text = client.get(path).text
        sought = path.partition("q=")[2]
        assert not any(word in text for word in SECRETS.values() if word != sought), path


def test_the_list_says_why_something_is_urgent(sign_in: Any, people: Any, planted: str) -> None:
    page = sign_in(people.moderator).get("/moderation").text
    assert "Reported as illegal" in page and 'aria-current="true"' in page
    assert page.index("Reported as illegal") < page.index("Quiet asphalt")


def test_filters_are_kept_from_page_to_page(sign_in: Any, people: Any, reported: Any) -> None:
    address = f"/moderation/post/{reported.first.id}"
    browser = sign_in(people.moderator)
    filters = "agenda=quieter&kind=post"
    page = browser.get(f"{address}?{filters}").text
    assert f"{address}/claim?{filters}" in page.replace("&amp;", "&")
    assert browser.post(f"{address}/claim?{filters}").location.endswith(f"{filters}#entry")
    for odd in ("?age=x", "?kind=nonsense", "?agenda=%00", "?age=day&age=week", "?kind=candidate"):
        assert browser.get(f"/moderation{odd}").status_code in (200, 404), odd


def test_it_says_what_each_decision_does_before_one_is_taken(
    sign_in: Any, people: Any, things: Any, candidate: Any
) -> None:
    moderation.report(people.chitra, "post", things.first.id, "rules")
    browser = sign_in(people.moderator)
    page = browser.get(f"/moderation/post/{things.first.id}").text
    offered = re.findall(r' name="deed"[^>]* value="(\w+)"', page)
    explained = dict(
        re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page.split("What each decision does")[1])
    )
    assert list(explained) == ["Keep", "Hide", "Remove", "Ask to edit"]
    assert len(offered) == len(set(explained.values())) == 4, "each its own sentence"
    assert "in its place" in explained["Hide"].lower() and "nothing" in explained["Remove"]
    assert (
        "with “Undo”" in page and 'href="/moderation/log">Moderation log</a></p></details>' in page
    )
    asked = browser.get(f"/moderation/candidate/{candidate.id}")
    assert asked.status_code == 200 and "What each decision does" not in asked.text


def test_the_words_of_a_ready_text_are_read_before_one_press_sends_them(
    sign_in: Any, people: Any, things: Any
) -> None:
    moderation.report(people.chitra, "post", things.first.id, "rules")
    browser = sign_in(people.moderator)
    for path in (f"/moderation/post/{things.first.id}", f"/posts/{things.first.id}/hide"):
        ready = browser.get(path).text.split('id="ready"')[1].split("</section>")[0]
        assert re.search(
            r"Personal attack</button>.*?<q [^>]*>What you wrote speaks about a person", ready, re.S
        )


def test_a_mistaken_decision_leads_from_the_log_to_where_it_is_taken_back(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    browser = sign_in(people.moderator)
    page = browser.get(f"/moderation/decisions/{decision.id}").text
    way = f"/moderation/post/{things.first.id}"
    assert f'href="{way}">Decide about it again</a>' in page
    assert "<dt>Show again</dt><dd>It stands in its place again" in browser.get(way).text


def test_moderators_read_what_to_do_first_where_a_life_is_in_danger(
    sign_in: Any, people: Any, things: Any, candidate: Any
) -> None:
    moderation.report(people.chitra, "post", things.first.id, "rules")
    page = sign_in(people.moderator).get(f"/moderation/post/{things.first.id}").text
    (danger,) = re.findall(r'<details class="md" id="danger">.*?</details>', page, re.DOTALL)
    assert f"http://localhost/posts/{things.first.id}" in danger
    assert f"(@{things.first.author.handle})" in danger and "UTC" in danger
    assert page.index('id="danger"') < page.index('id="notes"')
    candidate_page = sign_in(people.moderator).get(f"/moderation/candidate/{candidate.id}").text
    assert 'id="notes"' in candidate_page and 'id="danger"' not in candidate_page


def test_who_decides_about_a_text_that_is_published_by_now_is_led_to_the_post(
    sign_in: Any, people: Any, things: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    held = reply(people.ben, things.topic.id, write("A casino."))
    address, browser = f"/moderation/held/{held.id}", sign_in(people.moderator)
    assert browser.get(address).status_code == 200
    post = moderation.approve(people.host, held.id)
    typed = {"deed": "refuse", "rule": "2", "reason": "It advertises a casino."}
    for door, data in (("decide", typed), ("note", {"text": "Read rule 2."}), ("claim", {})):
        answer = browser.post(f"{address}/{door}", data=data)
        assert answer.status_code == 404 and "<title>Error: " in answer.text
        assert "This text is published by now." in answer.text
        assert f'href="{post.address}">Go to the post</a>' in answer.text, post.address
        for words in data.values():
            assert len(words) < 10 or words in answer.text
    assert f'href="{post.address}">Go to the post</a>' in browser.get(address).text


def test_who_has_decided_in_another_window_is_told_so(
    sign_in: Any, people: Any, reported: Any
) -> None:
    address = f"/moderation/post/{reported.first.id}"
    browser = sign_in(people.moderator)
    typed = {"deed": "hide", "rule": "2", "reason": "Rule 2: it is rude.", "seen": "0"}
    assert browser.post(f"{address}/decide", data=typed).status_code == 303
    late = browser.post(f"{address}/decide", data=typed)
    assert late.status_code == 409 and "You have decided about this meanwhile" in late.text
    assert 'role="alert" tabindex="-1" autofocus' in late.text
