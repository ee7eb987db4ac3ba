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

from forum.agendas.actions import write_theme
from forum.clock import now
from forum.glossary.actions import EntryText, WordingText, write_entry
from forum.invitations.actions import EntranceText, set_entrance
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM
from forum.rules.actions import RecourseText, RulesText, name_recourses, write_rules
from forum.screening.actions import RuleText, change_rule, make_rule, set_newness
from forum.screening.queries import newness
from forum.terms.actions import TermsText, write_terms
from forum.webforms import Form, Row
from forum.webhooks.actions import WebhookText, add_webhook, edit_webhook

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


VIEWS = re.compile(r"forum\.\w+\.views(\.\w+)?")
# Hidden fields with what the page of a form has shown: a fingerprint, a number of a version, or the last decision
SHOWN = {"seen", "read", "digest", "terms", "remind_shown"}
# The forms without one, by why they need none
UNSEEN = {
    "It is about oneself, or what nobody else changes": """
        accounts.ConfirmForm accounts.EmailForm accounts.HandleForm accounts.NewPasswordForm
        accounts.PasswordForm accounts.SignInForm advice.AvailabilityForm advice.FollowUpForm
        advice.PassOnForm advice.PostponeForm contact.ContactSettingsForm dialogue.TriedForm
        factors.CodeForm factors.NameForm factors.NewPasskeyForm factors.ProofForm
        factors.SecondForm front.ThemesForm library.IntentionForm members.PersonForm
        members.ProfileForm
        notifications.NoticesForm rights.LeaveForm searches.SearchForm""",
    "It adds something to what is there": """
        advice.AskForm appeals.AppealForm contact.ContactForm contact.HostsForm
        declarations.InviteForm dialogue.PollForm dialogue.ReplyForm dialogue.TopicForm
        glossary.ProposalForm invitations.InvitationForm moderation.FlaggerForm
        moderation.IllegalForm moderation.NoteForm moderation.ReportForm moderation.StaffNoteForm
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
        commitments.MoveForm commitments.ReachForm glossary.RemoveForm""",
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
