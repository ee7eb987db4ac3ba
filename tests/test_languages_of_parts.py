"""Parts of a page say in which language they are, so that a screen reader reads them with the right voice (WCAG 3.1.2)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post
from forum.markup import write

SAID = "Nous avons peint la rue."
PROSE = re.compile(r'<div class="prose"( lang="\w+")? dir="auto"><p>Nous')
# The fields of forms with a preview, by the address of the form
FORMS = {
    "/agendas/quieter/topics/new": "source",
    "/topics/{topic}/reply": "source",
    "/posts/{post}/edit": "source",
    "/posts/{post}/note": "source",
    "/agendas/quieter/cases/new": "body",
    "/practices/new?agenda=quieter": "challenge",
    "/agendas/new": "introduction",
    "/agendas/quieter/meetings/new": "source",
    "/agendas/quieter/declarations/new": "body",
    "/administration/terms": "source",
    "/settings": "about",
}


@pytest.mark.parametrize("address", FORMS)
def test_a_preview_is_in_the_language_that_was_chosen(
    sign_in: Any, people: Any, agenda: Agenda, address: str
) -> None:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    topic = dialogue.open_topic(people.administrator, agenda.id, new)
    form = {FORMS[address]: SAID, "language": "fr", "preview": "1"}
    address = address.format(topic=topic.id, post=first_post(topic).id)
    shown = sign_in(people.administrator).post(address, data=form)
    assert shown.status_code == 200
    assert PROSE.findall(shown.text) == [' lang="fr"']


def test_what_the_forum_says_in_a_preview_is_in_the_language_of_the_page(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    form = {"source": f"{SAID} @nobody-here", "language": "fr", "preview": "1"}
    form |= {"question": "Pourquoi ?", "options": "Oui\nNon", "kind": "question"}
    shown = sign_in(people.ana).post("/agendas/quieter/topics/new", data=form).text
    assert '<p class="meta" lang="en">No member is called @nobody-here.' in shown
    assert '<p class="meta xs" lang="en">One option can be chosen.' in shown


@pytest.mark.parametrize(
    "address",
    [
        "/administration/screening/new",
        "/administration/screening/try",
        "/administration/webhooks/new",
        "/agendas/villes-calmes/cases/new",
        "/agendas/quieter/topics/move?topic={topic}",
        "/moderation/log",
        "/moderation",
        "/practices/new",
        "/topics/{topic}/move",
    ],
)
def test_titles_of_agendas_in_a_list_are_in_their_languages(
    sign_in: Any, people: Any, agenda: Agenda, address: str
) -> None:
    write_agenda(people.administrator, AgendaText("Villes calmes", write("Moins.", "fr")))
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    page = sign_in(people.administrator).get(address.format(topic=topic.id))
    assert page.status_code == 200
    (option,) = re.findall(r"<option([^>]*)>Villes calmes</option>", page.text)
    assert 'lang="fr"' in option


def test_titles_in_the_names_of_fields_are_in_their_languages(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    write_agenda(people.administrator, AgendaText("Villes <calmes>", write("Moins.", "fr")))
    page = sign_in(people.administrator).get("/agendas/order")
    assert '>Place of <bdi lang="fr">Villes &lt;calmes&gt;</bdi></label>' in page.text
