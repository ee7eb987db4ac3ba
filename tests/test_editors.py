"""Two people edit the same text in the same minute: the second reads both versions before one replaces the other."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from wtforms import HiddenField
from wtforms.fields.core import UnboundField

from forum.advice.actions import FollowUpText, follow_up
from forum.agendas.actions import (
    AgendaText,
    StatementText,
    write_agenda,
    write_statement,
    write_theme,
)
from forum.bookmarks.actions import bookmark
from forum.bookmarks.actions import note as note_bookmark
from forum.bookmarks.queries import bookmark_of
from forum.clock import now
from forum.dialogue.actions import NewTopic, mark, open_topic, reply
from forum.dialogue.queries import first_post
from forum.errors import Conflict
from forum.glossary.actions import EntryText, WordingText, write_entry
from forum.invitations.actions import EntranceText, set_entrance
from forum.library.actions import CaseText, ReadingText, write_case, write_reading
from forum.markup import write
from forum.members import actions as members
from forum.moderation.actions import note, write_order
from forum.permissions import SYSTEM
from forum.rules.actions import RecourseText, RulesText, name_recourses, write_rules
from forum.screening.actions import RuleText, change_rule, make_rule, set_newness
from forum.screening.queries import newness
from forum.terms.actions import TermsText, write_terms
from forum.webforms import Form, Row
from forum.webhooks.actions import WebhookText, add_webhook, edit_webhook
from tests.moderation.conftest import an_order

AHEAD = now() + timedelta(days=9)
DAY = AHEAD.date().isoformat()
ORGANISATION = {"kind": "city", "website": "https://city.example", "about": "A harbour."}
RULES = {"language": "en", "change": "Shorter.", "valid_from": DAY}
JOINING = {"mode": "approval", "inviters": "moderators"}
TERMS = {"language": "en", "change": "Kinder.", "valid_from": DAY, "needs_consent": "y"}
RECOURSE = {"body_address": "https://bench.example/", "language": "en"}
WEBHOOK = {"format": "chat", "address": "https://chat.example/in", "kinds": "question"}
WEBHOOK |= {"agenda": "0"}
# The address, the other fields, the tested field, its value, and the values that two people want.
PAGES = {
    "an organisation": ("/organisations/harbour/edit", ORGANISATION, "name", "Harbour", "Port {}"),
    "a theme": ("/themes/noise/edit", {}, "name", "Noise", "Noise of {}"),
    "rules to come": ("/administration/rules", RULES, "rules", "Be kind", "Be kind\nTo {}."),
    "who may join": ("/administration/joining", JOINING, "welcome_1", "Welcome.", "Welcome, {}."),
    "a recourse": ("/administration/recourse", RECOURSE, "body_name", "Bench", "Bench of {}"),
    "a webhook": ("/administration/webhooks/{}/edit", WEBHOOK, "name", "Hall", "Hall of {}"),
    "terms to come": ("/administration/terms", TERMS, "source", "Be kind.", "Be kind to {}."),
}


PLACES = {
    "agendas": "/agendas/order",
    "statements": "/agendas/quieter/statements",
    "cases": "/agendas/quieter/cases/order",
    "readings": "/agendas/quieter/readings/order",
}


VIEWS = re.compile(r"forum\.\w+\.views(\.\w+)?")
# Hidden fields with what the page of a form has shown: a fingerprint, a number of a version, or the last decision
SHOWN = {"seen", "read", "digest", "terms", "remind_shown"}
# The forms without one, by why they need none
UNSEEN = {
    "It is about oneself, or what nobody else changes": """
        accounts.ConfirmForm accounts.EmailForm accounts.HandleForm accounts.NewPasswordForm
        accounts.PasswordForm accounts.SignInForm advice.AvailabilityForm
        advice.PassOnForm advice.PostponeForm contact.ContactSettingsForm
        factors.CodeForm factors.NameForm factors.NewPasskeyForm factors.ProofForm
        factors.SecondForm front.ThemesForm library.IntentionForm members.PersonForm
        notifications.NoticesForm rights.LeaveForm searches.SearchForm""",
    "It adds something to what is there": """
        advice.AskForm appeals.AppealForm contact.ContactForm contact.HostsForm
        declarations.InviteForm dialogue.ReplyForm dialogue.TopicForm
        glossary.ProposalForm invitations.InvitationForm moderation.FlaggerForm
        moderation.IllegalForm moderation.ReportForm moderation.StaffNoteForm
        pictures.PictureForm queue.NoteForm screening.DomainsForm""",
    "It stores nothing": "screening.TryForm",
    "It chooses one value, which whoever presses has before their eyes": """
        factors.RequiredForm members.MarkForm members.RoleForm moderation.ChangeKindForm
        moderation.GiveThemeForm""",
    "What it leads to is refused when it is so already, and can be undone": """
        moderation.LockEndForm moderation.MergeForm moderation.OptionalReasonForm
        moderation.RestoreForm moderation.SplitForm""",
    "The thing itself stays as it was written; its state is asked again": """
        appeals.AnswerForm candidates.AnswerForm commitments.ReasonForm declarations.WithdrawForm
        meetings.ReasonForm""",
    "What was there before is kept in the history": """
        commitments.ReachForm""",
}


@pytest.fixture(autouse=True)
def written(app: Flask, people: Any) -> int:
    """One text of each kind; the rules and terms are not in force yet. Returns the id of the webhook."""
    members.found_federation(SYSTEM, "Interurban")
    members.write_organisation(SYSTEM, members.OrganisationText("Harbour", "city"))
    write_theme(SYSTEM, "Noise")
    write_rules(people.administrator, RulesText([("Be kind", "Always.")], AHEAD, "Shorter."))
    write_terms(people.administrator, TermsText(write("Be kind."), AHEAD, "Kinder."))
    set_entrance(people.administrator, EntranceText("approval", welcomes=("Welcome.",)))
    bench = RecourseText("Bench", "https://bench.example/")
    name_recourses(people.administrator, {"body": bench})
    hall = WebhookText("Hall", "https://chat.example/in", "chat", ["question"])
    return add_webhook(people.administrator, hall).id


def seen_in(page: str) -> str:
    (tag,) = re.findall(r'<input[^>]*name="seen"[^>]*>', page)
    return re.findall(r'value="([^"]*)"', tag)[0]


@pytest.mark.parametrize("page", PAGES)
def test_the_second_one_loses_no_words(
    page: str, sign_in: Callable[[Any], Any], people: Any, written: int
) -> None:
    address, rest, field, before, wish = PAGES[page]
    address = address.format(written)
    one, two = (sign_in(people.administrator) for _who in range(2))
    opened = one.get(address).text
    assert before in opened
    forms = [{**rest, field: wish.format(who), "seen": seen_in(opened)} for who in ("one", "two")]
    assert two.post(address, data=forms[1]).status_code == 303
    answer = one.post(address, data=forms[0])
    assert answer.status_code == 409 and "<title>Error: " in answer.text, answer.text
    assert "This text has changed since you opened the form." in answer.text
    assert answer.text.count("What it says now: ") == 1
    for form in forms:
        assert form[field].split("\n")[-1] in answer.text
    again = {**forms[0], "seen": seen_in(answer.text)}
    assert one.post(address, data=again).status_code == 303
    assert one.post(address, data=again).status_code == 303, "pressed twice"
    assert forms[0][field].split("\n")[-1] in one.get(address).text


def test_rules_that_somebody_else_has_put_in_force_meanwhile_are_not_written_over(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    address, today = "/administration/rules", now().date().isoformat()
    browser = sign_in(people.administrator)
    form = {**RULES, "seen": seen_in(browser.get(address).text)}
    write_rules(people.administrator, RulesText([("Be brief", "Often.")], now(), "Two."))
    answer = browser.post(address, data={**form, "rules": "Be kind\nTo all.", "valid_from": today})
    assert answer.status_code == 409 and "You write version 2." in answer.text
    assert "Be brief" in answer.text and "To all." in answer.text


def test_a_box_says_in_words_whether_it_is_ticked(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    browser, address = sign_in(people.administrator), "/administration/terms"
    form = {**TERMS, "source": "Be kind.", "seen": seen_in(browser.get(address).text)}
    write_terms(people.administrator, TermsText(write("Be kind."), AHEAD, "Kinder.", False))
    answer = browser.post(address, data=form)
    assert answer.status_code == 409
    said = re.sub(r"\s+", " ", answer.text)
    assert "What it says now: Members have to agree before they write again" in said
    assert re.search(r"<textarea[^>]*readonly[^>]*> No</textarea>", said)


def test_a_rule_before_publication_is_not_written_over(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    rule = make_rule(people.administrator, RuleText("word", "casino", "A moderator reads it."))
    browser, address = sign_in(people.administrator), f"/administration/screening/{rule.id}"
    form = {"kind": "word", "value": "casino", "sentence": "It waits."}
    form["seen"] = seen_in(browser.get(address).text)
    narrower = RuleText("word", "casino bonus", "A moderator reads it.")
    change_rule(people.administrator, rule.id, narrower)
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and "casino bonus" in answer.text
    assert "It waits." in answer.text and "What it says now: Agenda" not in answer.text
    form["seen"] = seen_in(answer.text)
    assert browser.post(address, data=form).status_code == 303
    assert browser.post(address, data=form).status_code == 303, "pressed twice"


def test_who_counts_as_new_is_not_written_over(sign_in: Callable[[Any], Any], people: Any) -> None:
    browser, address = sign_in(people.administrator), "/administration/screening"
    form = {"days": "30", "posts": "3", "first_posts": "2"}
    form["seen"] = seen_in(browser.get(address).text)
    set_newness(people.administrator, 21, 3, 2)
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and newness().days == 21
    said = re.sub(r"\s+", " ", answer.text)
    assert "What it says now: Days since joining" in said and said.count("What it says now: ") == 1
    form["seen"] = seen_in(answer.text)
    assert browser.post(address, data=form).status_code == 303
    assert browser.post(address, data=form).status_code == 303, "pressed twice"
    assert newness().days == 30


def test_where_a_webhook_leads_is_not_written_over(
    sign_in: Callable[[Any], Any], people: Any, written: int
) -> None:
    """Its address stands in the database encrypted, each time in another way."""
    browser, address = sign_in(people.administrator), f"/administration/webhooks/{written}/edit"
    opened = seen_in(browser.get(address).text)
    moved = WebhookText("Hall", "https://chat.example/moved", "chat", ["question"])
    edit_webhook(people.administrator, written, moved)
    answer = browser.post(address, data=WEBHOOK | {"name": "Hall", "seen": opened})
    assert answer.status_code == 409 and "https://chat.example/moved" in answer.text
    same = WEBHOOK | {"name": "Hall", "address": moved.address, "seen": opened}
    assert browser.post(address, data=same).status_code == 303, "which says the same"


def forms_below(form: type[Form]) -> Iterator[type[Form]]:
    """The classes made from one, but for those that are made while a page is."""
    for child in form.__subclasses__():
        if getattr(sys.modules[child.__module__], child.__name__, None) is child:
            yield from (child, *forms_below(child))


def forms_of_pages() -> dict[str, type[Form]]:
    """All forms by room and name, without the parts of which others are made and the rows of their tables.

    Nor those that put rows in order (`orderforms`): their fields are the rows that there are.
    """
    views = [module for name, module in sys.modules.items() if VIEWS.fullmatch(name)]
    used = [value for module in views for value in vars(module).values()]
    return {
        f"{form.__module__.split('.')[1]}.{form.__name__}": form
        for form in forms_below(Form)
        if form.__module__.startswith("forum.")
        and not issubclass(form, Row)
        and (form in used or not [*forms_below(form)])
    }


def fields_of(form: type[Form]) -> dict[str, bool]:
    """The names of the fields of a form, and whether they are hidden."""
    known = {name: getattr(form, name) for name in dir(form)}
    return {
        name: issubclass(field.field_class, HiddenField)
        for name, field in known.items()
        if isinstance(field, UnboundField)
    }


def test_each_form_says_what_its_page_has_shown_or_needs_not(app: Flask) -> None:
    """Else somebody changes, signs, accepts or deletes what another has changed since the page was read."""
    unseen = {
        name
        for name, form in forms_of_pages().items()
        if not all(fields_of(form).values()) and not SHOWN & {*fields_of(form)}
    }
    listed = [name for names in UNSEEN.values() for name in names.split()]
    assert sorted(unseen) == sorted(listed)


def test_of_a_table_only_the_rows_that_differ_are_told_in_words(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    words = [WordingText("de", "Regenwasser"), WordingText("en", "stormwater", meaning="Rain.")]
    entry = write_entry(people.moderator, EntryText(words))
    browser, address = sign_in(people.moderator), f"/glossary/{entry.slug}/edit"
    cells = {"wordings-1-language": "de", "wordings-1-name": "Regen"}
    cells |= {"wordings-2-language": "en", "wordings-2-name": "stormwater"}
    form = {**cells, "wordings-2-meaning": "Rain.", "source": "A law"}
    form["seen"] = seen_in(browser.get(address).text)
    words[0] = WordingText("de", "Niederschlag")
    write_entry(people.moderator, EntryText(words), entry.id)
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and "Not saved yet" in answer.text
    assert "One thing to correct" not in answer.text
    (told,) = re.findall(r"<textarea[^>]*readonly[^>]*>\s*(.*?)</textarea>", answer.text, re.S)
    assert told == "Deutsch | Niederschlag"
    assert "What it says now: Source</b><br>none" in answer.text
    assert answer.text.index("</h1>") < answer.text.index("It was saved meanwhile")


def test_what_one_says_of_oneself_in_two_windows_is_not_written_over(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    browser, address = sign_in(people.ana), "/settings"
    known = {"name": "Ana Prado", "position": "", "city": "Medellín, Colombia", "language": "en"}
    form = known | {"about": "I plan trams.", "seen": seen_in(browser.get(address).text)}
    members.edit_profile(
        people.ana,
        members.Profile("Ana Prado", "Listener", city_id=people.ana.city_id, languages=("en",)),
    )
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and "I plan trams." in answer.text
    told = re.findall(r"<textarea[^>]*readonly[^>]*>\s*(.*?)</textarea>", answer.text, re.S)
    assert told == ["Listener"] and "What it says now: About you</b><br>none" in answer.text
    profile = browser.get("/members/ana-prado").text
    assert "Listener" in profile and "I plan trams." not in profile
    again = form | {"seen": seen_in(answer.text)}
    assert browser.post(address, data=again).status_code == 303
    assert browser.post(address, data=again).status_code == 303, "pressed twice"
    assert "I plan trams." in browser.get(address).text


@pytest.mark.parametrize("kind", PLACES)
def test_an_order_is_not_written_over(
    sign_in: Callable[[Any], Any], people: Any, agenda: Any, kind: str
) -> None:
    host, address = people.moderator, PLACES[kind]
    for name in ("One", "Two", "Three"):
        if kind == "agendas":
            write_agenda(host, AgendaText(name, write("Text.")))
        elif kind == "statements":
            write_statement(host, agenda.id, StatementText(name, "We listen."))
        elif kind == "cases":
            write_case(host, agenda.id, CaseText(name, "network", "Short.", "Text."))
        else:
            write_reading(host, agenda.id, ReadingText(name, "Somebody"))
    one, two = (sign_in(host) for _who in range(2))
    fields = places_in(one.get(address).text)
    ids = [name for name in fields if name != "shown"]
    first, second, *_rest = ids[-3:]
    # One moves the last row up, two changes the two before it
    ahead = fields | {ids[-1]: fields[first]}
    behind = fields | {first: fields[second]}
    assert two.post(address, data=ahead).status_code == 303
    moved = [*ids[:-3], ids[-1], first, second]
    assert order_in(one.get(address).text) == moved
    assert two.post(address, data=ahead).status_code == 303, "pressed twice"
    assert order_in(one.get(address).text) == moved
    late = one.post(address, data=behind)
    assert late.status_code == 409 and "Not saved yet" in late.text
    assert order_in(late.text) == moved == order_in(one.get(address).text)
    again = places_in(late.text)
    assert {name: again[name] for name in ids} == {name: behind[name] for name in ids}
    assert one.post(address, data=again).status_code == 303
    assert order_in(one.get(address).text) == [*ids[:-3], second, first, ids[-1]]


def places_in(page: str) -> dict[str, str]:
    """The fields of a form that puts rows in order."""
    tags = re.findall(r'<input[^>]* name="(?:place-[0-9]+|shown)"[^>]*>', page)
    named = {re.findall(r' name="([^"]+)"', tag)[0]: tag for tag in tags}
    return {name: re.findall(r' value="([^"]*)"', tag)[0] for name, tag in named.items()}


def order_in(page: str) -> list[str]:
    return [name for name in places_in(page) if name != "shown"]


def test_a_note_below_a_post_is_not_written_over(
    sign_in: Callable[[Any], Any], people: Any, agenda: Any
) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Why?", write("So loud.")))
    post = first_post(topic)
    note(people.moderator, post.id, write("Please see rule 2."))
    browser, address = sign_in(people.moderator), f"/posts/{post.id}/note"
    (read,) = re.findall(r'name="read"[^>]* value="([^"]+)"', browser.get(address).text)
    note(people.administrator, post.id, write("It is measured in rule 3."))
    form = {"source": "Please see rule 2, too.", "language": "en", "read": read}
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and "It is measured in rule 3.</textarea>" in answer.text
    assert "Please see rule 2, too." in answer.text
    assert "Another moderator has changed the note" in answer.text
    (read,) = re.findall(r'name="read"[^>]* value="([^"]+)"', answer.text)
    assert browser.post(address, data=form | {"read": read}).status_code == 303
    assert "Please see rule 2, too." in browser.get(topic.address).text


def test_an_order_of_an_authority_is_not_deleted_unread(
    sign_in: Callable[[Any], Any], people: Any
) -> None:
    order = write_order(people.moderator, an_order())
    browser, address = sign_in(people.moderator), f"/moderation/orders/{order.id}/delete"
    seen = seen_in(browser.get(address).text)
    write_order(people.administrator, an_order(answer="We did it."), order.id)
    answer = browser.post(address, data={"seen": seen})
    assert answer.status_code == 409 and f'href="/moderation/orders/{order.id}"' in answer.text
    assert (
        browser.post(address, data={"seen": seen_in(browser.get(address).text)}).status_code == 303
    )


def test_a_note_of_ones_own_is_not_written_over_in_another_window(
    sign_in: Callable[[Any], Any], people: Any, agenda: Any
) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("experience", "Felt", write("We put felt.")))
    post, browser = first_post(topic), sign_in(people.ben)
    address = f"/posts/{post.id}/mark"
    form = {"kind": "tried it", "outcome": "kept", "language": "en"}
    form["seen"] = seen_in(browser.post(address, data={"kind": "tried it"}).text)
    mark(people.ben, post.id, "tried it", "kept", "It is quiet.")
    answer = browser.post(address, data=form | {"note": "It lasts."})
    assert answer.status_code == 409 and "It is quiet.</textarea>" in answer.text
    assert 'value="It lasts."' in answer.text
    again = form | {"note": "It lasts.", "seen": seen_in(answer.text)}
    assert browser.post(address, data=again).status_code == 303
    assert browser.post(address, data=again).status_code == 303, "pressed twice"
    bookmark(people.ben, "post", post.id)
    kept = bookmark_of(people.ben, "post", post.id)
    assert kept is not None
    address = f"/bookmarks/{kept.id}/note"
    seen = seen_in(browser.get(address).text)
    note_bookmark(people.ben, kept.id, "For the council.")
    answer = browser.post(address, data={"note": "For Ana.", "seen": seen})
    assert answer.status_code == 409 and "For the council.</textarea>" in answer.text
    assert 'value="For Ana."' in answer.text
    again = {"note": "For Ana.", "seen": seen_in(answer.text)}
    assert browser.post(address, data=again).status_code == 303
    assert browser.post(address, data=again).status_code == 303, "pressed twice"


def test_of_those_who_write_for_an_organisation_it_is_said_that_they_have_changed(
    people: Any,
) -> None:
    organisation = members.write_organisation(
        SYSTEM, members.OrganisationText("Tram works", "city")
    )
    with pytest.raises(Conflict, match="Those who write for this organisation have changed"):
        members.choose_voices(people.administrator, organisation.id, [], seen="before")


def test_what_happened_next_is_not_written_over_in_another_window(
    sign_in: Callable[[Any], Any], people: Any, agenda: Any
) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Why?", write("So loud.")))
    reply(people.ben, topic.id, write("Ask the trams."))
    browser, address = sign_in(people.ana), f"/topics/{topic.id}/follow-up"
    form = {"outcome": "yes", "language": "en", "seen": seen_in(browser.get(address).text)}
    follow_up(people.ana, topic.id, FollowUpText("We put felt on it.", "partly", "It rained."))
    answer = browser.post(address, data=form | {"deed": "We asked.", "text": ""})
    assert answer.status_code == 409 and "We put felt on it.</textarea>" in answer.text
    assert "It rained.</textarea>" in answer.text and "We asked." in answer.text
    again = form | {"deed": "We asked.", "text": "", "seen": seen_in(answer.text)}
    assert browser.post(address, data=again).status_code == 303
    assert browser.post(address, data=again).status_code == 303, "pressed twice"
    assert "We asked." in browser.get(topic.address).text


def seen_on(page: Any) -> str:
    """The fingerprint that a page carries of what it has shown."""
    [seen] = re.findall(r'name="seen"[^>]* value="([^"]+)"', page.text)
    return str(seen)


def test_nobody_deletes_a_webhook_that_is_another_by_now(people: Any, sign_in: Any) -> None:
    told = WebhookText("Hall", "https://chat.example/in", "chat", ["question"])
    webhook = add_webhook(people.administrator, told)
    browser, path = sign_in(people.administrator), f"/administration/webhooks/{webhook.id}/delete"
    seen = seen_on(browser.get(path))
    other = WebhookText("Harbour", "https://chat.example/quay", "chat", ["question"])
    edit_webhook(people.administrator, webhook.id, other)
    late = browser.post(path, data={"seen": seen})
    assert late.status_code == 409 and "This webhook has changed. Look at it again." in late.text
    assert "Harbour" in browser.get("/administration/webhooks").text
    assert browser.post(path, data={"seen": seen_on(browser.get(path))}).status_code == 303


def test_nobody_deletes_a_rule_that_says_something_else_by_now(people: Any, sign_in: Any) -> None:
    rule = make_rule(people.administrator, RuleText("word", "casino", "A moderator looks."))
    browser, path = sign_in(people.administrator), f"/administration/screening/{rule.id}/delete"
    seen = seen_on(browser.get(path))
    change_rule(people.administrator, rule.id, RuleText("word", "lottery", "A moderator looks."))
    late = browser.post(path, data={"seen": seen})
    assert late.status_code == 409 and "This rule has changed. Look at it again." in late.text
    assert "lottery" in browser.get("/administration/screening").text
    assert browser.post(path, data={"seen": seen_on(browser.get(path))}).status_code == 303


def test_nobody_removes_an_entry_that_says_something_else_by_now(people: Any, sign_in: Any) -> None:
    entry = write_entry(
        people.moderator, EntryText([WordingText("en", "kerb", (), "The edge of a street.")])
    )
    browser, path = sign_in(people.moderator), f"/glossary/{entry.slug}/remove"
    seen = seen_on(browser.get(path))
    other = WordingText("en", "kerb", ("curb",), "The edge of a street.")
    write_entry(people.moderator, EntryText([other]), entry.id)
    late = browser.post(path, data={"seen": seen, "into": "0"})
    assert late.status_code == 409 and "This entry has changed. Look at it again." in late.text
    again = {"seen": seen_on(browser.get(path)), "into": "0"}
    assert browser.post(path, data=again).status_code == 303
