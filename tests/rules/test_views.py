"""The pages of the house rules: reading, versions, writing, ready texts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

from forum.clock import now
from forum.dialogue.actions import NewTopic, open_topic
from forum.markup import write
from forum.rules.actions import RulesText, write_rules


def test_everybody_reads_the_rules_and_what_they_said(client: Any, people: Any) -> None:
    page = client.get("/rules").text
    assert "6 rules for everybody" in page and "Be fair to people" in page
    rules = [("Be kind", "To <everybody>.")]
    write_rules(people.administrator, RulesText(rules, now(), "One is enough."))
    page = client.get("/rules").text
    assert "One rule for everybody" in page and "To &lt;everybody&gt;." in page
    assert "One is enough." in page and "/rules/0" in page
    assert "does not hold any more" in client.get("/rules/0").text
    ahead = RulesText([("Be brief", "Please.")], now() + timedelta(days=3), "Brief.")
    write_rules(people.administrator, ahead)
    assert "/rules/2" in client.get("/rules").text
    assert "not in force yet" in client.get("/rules/2").text
    assert client.get("/rules/3").status_code == 404


def test_an_administrator_writes_them(client: Any, sign_in: Any, people: Any) -> None:
    browser, address = sign_in(people.administrator), "/administration/rules"
    page = browser.get(address).text
    assert "Speak from your work\nWrite what you did" in page.replace("\r\n", "\n")
    day = f"{now():%Y-%m-%d}"
    said = {"change": "Shorter.", "valid_from": day, "language": "en"}
    rules = "Be kind\nTo everybody,\nalways.\n\n\n\nName sources\r\nPlease.\n"
    assert browser.post(address, data={"rules": rules, **said}).location == address
    page = client.get("/rules").text
    assert "To everybody, always." in page and "Name sources" in page
    for wrong in ({"rules": "A name alone"}, {"rules": " "}, {"rules": rules, "change": ""}):
        answer = browser.post(address, data={**said, **wrong})
        assert answer.status_code == 422, wrong
    kept = browser.post(address, data={**said, "rules": "A name alone"}).text
    assert "A name alone" in kept and "Give each rule a name and a sentence." in kept


def test_ready_texts_are_written_changed_and_deleted(sign_in: Any, people: Any) -> None:
    browser = sign_in(people.moderator)
    said = {"name": "Rude", "deed": "hide", "rule": "2", "text": "It is rude."}
    assert browser.post("/moderation/texts/new", data=said).location == "/moderation/texts"
    page = browser.get("/moderation/texts").text
    assert "It is rude." in page and "Be fair to people" in page
    last = browser.get("/moderation/texts/8").text
    assert "It is rude." in last
    other = {**said, "text": "It is very rude."}
    assert browser.post("/moderation/texts/8", data=other).status_code == 303
    assert "It is very rude." in browser.get("/moderation/texts").text
    assert browser.post("/moderation/texts/8", data={**said, "text": " "}).status_code == 422
    same = browser.post("/moderation/texts/new", data={**said, "name": "RUDE", "text": "So rude."})
    assert same.status_code == 422 and "So rude." in same.text
    assert same.text.count("There is a text of this name already.") == 2  # above, and at the field
    texts = browser.get("/moderation/texts").text
    assert 'href="/moderation/texts/8/delete" aria-label="Delete “Rude”"' in texts
    asked = browser.get("/moderation/texts/8/delete").text
    assert "It is very rude." in asked and "Delete the text</button>" in asked
    assert "It is very rude." in browser.get("/moderation/texts").text
    assert browser.post("/moderation/texts/8/delete").status_code == 303
    left = browser.get("/moderation/texts").text
    assert "very rude" not in left and "The text is deleted." in left
    assert browser.get("/moderation/texts/8/delete").status_code == 404
    assert browser.get("/moderation/texts/8").status_code == 404
    assert "New text" not in sign_in(people.host).get("/moderation/texts").text


def test_a_text_whose_rule_is_gone_cites_none(sign_in: Any, people: Any, agenda: Any) -> None:
    topic = open_topic(people.ben, agenda.id, NewTopic("experience", "A street", write("Quiet.")))
    rules = [(f"Rule number {number}", "New.") for number in range(1, 7)]
    write_rules(people.administrator, RulesText(rules, now(), "All are new."))
    browser = sign_in(people.moderator)
    page = browser.get("/moderation/texts").text
    assert "It was written under the rule “Do not sell”" in page
    answer = browser.post(f"/topics/{topic.id}/hide", data={"ready": "1"})
    assert answer.status_code == 422 and "What you wrote praises a product" in answer.text
    assert "Rule number 4" not in browser.get("/moderation/log").text


def test_typed_words_are_kept_beside_those_of_a_ready_text(
    sign_in: Any, people: Any, agenda: Any
) -> None:
    topic, browser, address, page = about_to_hide(sign_in, people, agenda)
    number = re.findall(r'name="ready" value="(\d+)"[^>]*>Advertisement<', page)[0]
    answer = browser.post(address, data={"ready": number, "reason": "My own words."})
    assert answer.status_code == 422
    assert "Your own words stand above those of the ready text." in answer.text
    both = reason_in(answer.text)
    assert both.startswith("My own words.\n\nWhat you wrote praises a product")
    assert topic.hidden_at is None
    again = browser.post(address, data={"ready": number, "reason": both})
    assert again.status_code == 422 and reason_in(again.text) == both, "not a second time below"
    assert browser.post(address, data={"rule": "4", "reason": both}).status_code == 303
    assert "My own words." in browser.get("/moderation/log").text


def test_the_words_of_a_ready_text_are_changed_before_anything_is_decided(
    sign_in: Any, people: Any, agenda: Any
) -> None:
    _topic, browser, address, page = about_to_hide(sign_in, people, agenda)
    number = re.findall(r'name="reword" value="(\d+)"[^>]*>[^<]*<bdi class="vh">: Adv', page)[0]
    answer = browser.post(address, data={"reword": number})
    assert answer.status_code == 200 and reason_in(answer.text).startswith("What you wrote praises")
    assert re.search(r"<textarea[^>]* autofocus", answer.text)
    assert 'class="err"' not in answer.text
    answer = browser.post(address, data={"reword": number, "reason": "Mine."})
    assert reason_in(answer.text).startswith("Mine.\n\nWhat you wrote praises")
    assert "A street" not in browser.get("/moderation/log").text


def about_to_hide(sign_in: Any, people: Any, agenda: Any) -> tuple[Any, Any, str, str]:
    """A topic, a moderator's browser, and the form for hiding the topic: its address and its page."""
    topic = open_topic(people.ben, agenda.id, NewTopic("experience", "A street", write("Quiet.")))
    browser, address = sign_in(people.moderator), f"/topics/{topic.id}/hide"
    return topic, browser, address, browser.get(address).text


def reason_in(page: str) -> str:
    """The value of the field for the reason."""
    found = re.search(r'<textarea[^>]* name="reason"[^>]*>(.*?)</textarea>', page, re.S)
    assert found
    return unescape(found[1]).replace("\r\n", "\n").strip()
