"""The pages of translations."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.library.actions import FigureText, hide_practice, write_case
from forum.library.queries import opening_post_id, practice_by_id
from forum.markup import write
from forum.members.actions import Profile, edit_profile
from forum.parallels import actions
from forum.parallels.models import FigureWords
from forum.permissions import MEMBERS
from tests.library.conftest import TAMPERE
from tests.parallels.conftest import CASE, FIGURES, PRACTICE, changed, in_french

FORM = {
    "language": "fr",
    "title": "Du feutre",
    "sentence": "Une ville pose du feutre.",
    "challenge": "Les trams *rugissaient*.",
    "failure": "",
    "lessons": "",
}


def words_of(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def hidden_in(page, name: str) -> str:
    return re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page.text)[0]


# Reading


def test_a_page_says_in_which_languages_it_can_be_read(client, people, practice, translation):
    actions.add_translation(
        people.ben, "practice", practice.id, in_french(language="ar", title="لباد")
    )
    page = client.get("/practices/felt").text
    links = re.findall(r'<a href="([^"]+)" hreflang="(\w+)" lang="(\w+)" dir="(\w+)">', page)
    assert sorted(links) == [
        ("/practices/felt/in/ar", "ar", "ar", "rtl"),
        ("/practices/felt/in/fr", "fr", "fr", "ltr"),
    ]
    places = [page.index(words) for words in ("<h1", "In other languages:", "EUR 3 a metre")]
    # The links to languages are below the title and above the facts
    assert places == sorted(places)
    alternates = re.findall(
        r'rel="alternate" hreflang="([\w-]+)" href="[^"]*?(/[^/"]*/felt[^"]*)"', page
    )
    assert sorted(alternates) == [
        ("ar", "/practices/felt/in/ar"),
        ("en", "/practices/felt"),
        ("fr", "/practices/felt/in/fr"),
        ("x-default", "/practices/felt"),
    ]


def test_a_page_without_translations_says_nothing_of_them(client, practice):
    page = client.get("/practices/felt").text
    assert "In other languages" not in page and "hreflang" not in page


def test_the_language_of_the_reader_comes_first(client, people, practice, translation):
    actions.add_translation(people.ben, "practice", practice.id, in_french(language="es"))
    for language, first in (("es", "es"), ("fr", "fr")):
        client.set_cookie("language", language)
        page = client.get("/practices/felt", headers={"Accept-Language": language}).text
        codes = re.findall(r'<a href="/practices/felt/in/(\w+)" hreflang', page)
        assert codes[0] == first or len(codes) == 2


def test_a_translation_is_shown_as_its_original_is(client, practice, translation):
    page = client.get("/practices/felt/in/fr")
    assert '<h1 lang="fr" dir="ltr">Du feutre sous les rails</h1>' in page.text
    assert "Les trams <strong>rugissaient</strong>." in page.text
    said = words_of(page)
    assert "Translated by Ben" in said and "Read the original ( English )" in said
    assert "EUR 3 a metre" in said  # values that are not text stay as in the original
    assert 'lang="en" dir="auto"><p>Wait.</p>' in page.text and "Not translated yet" in said
    assert re.search(r'rel="canonical" href="[^"]+/practices/felt/in/fr"', page.text)
    assert '"inLanguage": "fr"' in page.text and "translationOfWork" in page.text
    assert 'href="/practices/felt#replies"' in page.text
    assert client.get("/practices/felt/in/es").status_code == 404
    assert client.get("/practices/nothing/in/fr").status_code == 404


def test_right_to_left_is_written_so(client, people, practice):
    text = in_french(language="ar", title="Tampere لباد", parts={"challenge": "Tampere ضجيج"})
    actions.add_translation(people.ben, "practice", practice.id, text)
    page = client.get("/practices/felt/in/ar").text
    assert '<h1 lang="ar" dir="rtl">' in page and '<div class="prose" lang="ar" dir="rtl">' in page


def test_what_is_for_members_is_shown_to_them(client, sign_in, people, practice, translation):
    changed(people.ana, practice, failure_audience=MEMBERS)
    assert "a gelé" not in client.get("/practices/felt/in/fr").text
    assert "a gelé" in sign_in(people.chitra).get("/practices/felt/in/fr").text
    changed(people.ana, practice, audience=MEMBERS)
    assert client.get("/practices/felt/in/fr").status_code == 404
    assert client.get("/practices/felt/in/fr/history").status_code == 404
    hide_practice(people.moderator, practice.id, "No felt.")
    page = sign_in(people.chitra).get("/practices/felt/in/fr")
    assert page.status_code == 404 and "No felt." in page.text


def test_it_says_when_its_original_has_changed(client, sign_in, people, practice, translation):
    with at(now() + timedelta(days=1)):
        changed(people.ana, practice, sentence="A city lays thick felt.")
        page = client.get("/practices/felt/in/fr")
        assert "The original has changed since" in words_of(page)
        assert re.search(r'href="/practices/felt/history#version-\d+"', page.text)
        assert "It is still right" not in page.text
        browser = sign_in(people.chitra)
        page = browser.get("/practices/felt/in/fr")
        assert "It is still right" in page.text
        form = browser.get("/practices/felt/in/fr/edit")
        assert form.text.count("Changed since") == 1
        assert "Your change is shown at once." in form.text and "to begin with" not in form.text
        browser.post("/practices/felt/in/fr/confirm")
        assert "has changed since" not in browser.get("/practices/felt/in/fr").text


def test_pages_make_few_statements(client, queries, practice, translation, case, people):
    actions.add_translation(people.ben, "case", case.id, in_french(parts={"body": "Ils ont pavé."}))
    counted = []
    for path in ("/practices/felt", "/practices/felt/in/fr", "/cases/cork", "/cases/cork/in/fr"):
        client.get(path)
        with queries() as made:
            client.get(f"{path}?x=1")
        counted.append(made.count)
    assert counted == [12, 9, 16, 12]


def test_it_shows_where_the_original_was_tried_without_the_words(
    client, people, practice, translation, case
):
    topic_id = practice_by_id(people.ana, practice.id).topic_id
    for member, outcome in ((people.chitra, "kept"), (people.ben, "stopped")):
        dialogue.mark(member, opening_post_id(member, topic_id), "tried it", outcome, "Too *cold*.")
    dialogue.reply(people.chitra, topic_id, write("We have felt."))
    page = client.get("/practices/felt/in/fr").text
    assert 'href="/practices/felt#tried">2 cities</a><small>1 kept it, 1 stopped</small>' in page
    assert 'href="/practices/felt#replies"' in page and "1 comment<" in page
    side = page.partition('id="tried"')[2].partition("</section>")[0]
    assert side.count("<li>") == 2 and "Chitra" in side and "Kept" in side
    assert "cold" not in page
    dialogue.hide_topic(people.moderator, topic_id, "No.")
    page = client.get("/practices/felt/in/fr").text
    assert "No city yet" in page and "#replies" not in page


def test_a_case_in_another_language_shows_its_places_and_figures(client, people, agenda):
    text = replace(CASE, city_ids=(TAMPERE,), figures=(FigureText("Streets", "7", "km"),))
    case = write_case(people.host, agenda.id, text)
    actions.add_translation(people.ben, "case", case.id, in_french(parts={"body": "Ils ont pavé."}))
    page = client.get("/cases/cork/in/fr").text
    assert re.search(r'href="/cities/[^"]+">Tampere, Finland<', page)
    untranslated = (
        '<dt lang="en" dir="auto">Streets</dt><dd><bdi>7</bdi> <span lang="en" dir="auto">km'
    )
    assert untranslated in page and untranslated in client.get("/cases/cork").text


def test_figures_are_called_in_the_language_of_the_page(client, sign_in, people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    browser = sign_in(people.ben)
    form = browser.get("/cases/cork/translate").text
    assert 'of_label" type="hidden" value="Cities"' in form
    names = {
        f"figures-{n}-of_{part}": getattr(figure, part)
        for n, figure in enumerate(FIGURES, 1)
        for part in ("label", "unit")
    }
    data = {
        "language": "fr",
        "title": "Liège",
        "figures-2-label": "Villes <b>",
        "figures-2-unit": "villes",
    } | names
    sent = browser.post("/cases/cork/translate", data=data | {"title": ""})
    assert sent.status_code == 422 and 'value="Villes &lt;b&gt;"' in sent.text
    assert browser.post("/cases/cork/translate", data=data).status_code == 303
    page = client.get("/cases/cork/in/fr").text
    assert (
        '<dt lang="fr" dir="auto">Villes &lt;b&gt;</dt><dd><bdi>75</bdi> <span lang="fr" dir="auto">villes'
        in page
    )
    assert '<dt lang="en" dir="auto">Streets|lanes</dt>' in page
    data |= {
        "figures-2-label": "Cités",
        "seen": hidden_in(browser.get("/cases/cork/in/fr/edit"), "seen"),
    }
    assert browser.post("/cases/cork/in/fr/edit", data=data).status_code == 303
    assert "<ins>Cités" in client.get("/cases/cork/in/fr/history").text
    page = sign_in(people.moderator).get("/cases/cork/in/fr/history").text
    way = re.findall(r'href="(/cases/cork/in/fr/edit\?version=\d+)"', page)[0]
    assert 'value="Villes &lt;b&gt;"' in sign_in(people.moderator).get(way).text
    write_case(people.host, agenda.id, replace(CASE, figures=FIGURES[:1]), case.id)
    sent = browser.post("/cases/cork/in/fr/edit", data=data)
    assert sent.status_code == 422 and 'value="Cités"' in sent.text
    assert "no such figure any more" in sent.text
    data |= {"figures-2-label": "", "figures-2-unit": ""}
    data |= {"seen": hidden_in(browser.get("/cases/cork/in/fr/edit"), "seen")}
    assert browser.post("/cases/cork/in/fr/edit", data=data).status_code == 303


def test_a_kept_name_comes_back_to_its_figure(sign_in, people, agenda):
    """Browsers keep drafts by the names of fields, so these must not depend on the position of a figure."""
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    browser, named = sign_in(people.ben), []
    for figures in (FIGURES, FIGURES[::-1], FIGURES[1:]):
        write_case(people.host, agenda.id, replace(CASE, figures=figures), case.id)
        form = browser.get("/cases/cork/translate").text
        named.append(re.findall(r'name="(figures-[0-9]+)-of_label" [^>]*value="Cities"', form))
        assert len(set(re.findall(r"figures-[0-9]+-of_label", form))) == len(figures)
    assert named[0] == named[1] == named[2] and len(named[0]) == 1


def test_a_unit_that_says_what_the_name_says_is_not_said_in_another_language(
    client, people, agenda
):
    case = write_case(
        people.host, agenda.id, replace(CASE, figures=(FigureText("Cities", "75", "cities"),))
    )
    text = in_french(parts={}, figures=[FigureWords("Cities", "cities", "Villes")])
    actions.add_translation(people.ben, "case", case.id, text)
    page = client.get("/cases/cork/in/fr").text
    assert ">Villes</dt><dd><bdi>75</bdi>" in page and ">cities<" not in page


def test_the_history_shows_the_bars_in_names_as_one_reads_them(sign_in, people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    made = None
    for label in ("Rues|voies", "Voies|rues"):
        named = FigureWords("Streets|lanes", "km", label)
        text = in_french(parts={}, figures=[named])
        if made:
            actions.correct_translation(people.ben, made.id, text)
        else:
            made = actions.add_translation(people.ben, "case", case.id, text)
    browser = sign_in(people.moderator)
    page = browser.get("/cases/cork/in/fr/history").text
    assert "Streets|lanes | km | " in words_of(browser.get("/cases/cork/in/fr/history"))
    assert "\\|" not in page
    way = re.findall(r'href="(/cases/cork/in/fr/edit\?version=\d+)"', page)[0]
    assert 'value="Rues|voies"' in browser.get(way).text


# Writing


def test_a_member_translates_with_the_original_beside(sign_in, people, practice):
    browser = sign_in(people.ben)
    page = browser.get("/practices/felt")
    assert 'href="/practices/felt/translate"' in page.text
    form = browser.get("/practices/felt/translate")
    assert "Trams **roared**." in form.text and 'name="needs"' not in form.text
    assert 'value="en"' not in form.text
    key = hidden_in(form, "submission_key")
    missing = browser.post("/practices/felt/translate", data=FORM | {"title": ""})
    assert missing.status_code == 422 and "rugissaient" in missing.text
    preview = browser.post("/practices/felt/translate", data=FORM | {"preview": "1"})
    assert "<em>rugissaient</em>" in preview.text
    assert '<div class="prose" lang="fr" dir="auto">' in preview.text
    for _twice in range(2):
        sent = browser.post("/practices/felt/translate", data=FORM | {"submission_key": key})
        assert sent.location.endswith("/practices/felt/in/fr")
    other = sign_in(people.chitra).post("/practices/felt/translate", data=FORM)
    assert other.status_code == 422 and "rugissaient" in other.text


def test_the_first_of_ones_languages_that_it_lacks_is_chosen(sign_in, people, practice):
    edit_profile(people.ben, Profile(people.ben.name, languages=("en", "fr", "sv", "es")))
    browser = sign_in(people.ben)
    assert chosen_in(browser) == "fr"
    actions.add_translation(people.chitra, "practice", practice.id, in_french())
    assert chosen_in(browser) == "sv"
    assert chosen_in(browser, "?language=es") == "es"
    edit_profile(people.ben, Profile(people.ben.name, languages=("en",)))
    assert chosen_in(browser) == ""


def chosen_in(browser, query: str = "") -> str:
    page = browser.get(f"/practices/felt/translate{query}").text
    field = page.partition('name="language"')[2].partition("</select>")[0]
    return re.findall(r'<option selected value="([^"]*)"', field)[0]


def test_all_that_a_translation_lacks_is_said_at_once(sign_in, people, practice):
    data = FORM | {"title": "", "language": ""}
    refused = sign_in(people.ben).post("/practices/felt/translate", data=data)
    assert refused.status_code == 422 and "2 things to correct" in refused.text
    assert "Translate the title." in refused.text
    assert 'href="#language">Choose the language of the translation.</a>' in refused.text


def test_visitors_are_offered_no_form(client, practice, translation):
    assert "/translate" not in client.get("/practices/felt").text
    assert client.get("/practices/felt/translate").status_code in (302, 303)
    assert client.get("/practices/felt/in/fr/edit").status_code in (302, 303)


def test_the_second_of_two_editors_gets_both_texts(sign_in, people, practice, translation):
    seen = hidden_in(sign_in(people.chitra).get("/practices/felt/in/fr/edit"), "seen")
    actions.correct_translation(people.ben, translation.id, in_french(title="Sous les rails"))
    sent = sign_in(people.chitra).post("/practices/felt/in/fr/edit", data=FORM | {"seen": seen})
    assert sent.status_code == 409
    assert "Sous les rails" in sent.text and "Du feutre" in sent.text
    seen = hidden_in(sent, "seen")
    sent = sign_in(people.chitra).post("/practices/felt/in/fr/edit", data=FORM | {"seen": seen})
    assert sent.status_code == 303


def test_what_changed_while_somebody_translated_is_shown_before_it_counts(
    sign_in, people, practice
):
    changed(people.ana, practice, audience=MEMBERS)
    browser = sign_in(people.ben)
    signs = hidden_in(browser.get("/practices/felt/translate"), "signs")
    changed(people.ana, practice, sentence="Everybody reads this.")
    sent = browser.post("/practices/felt/translate", data=FORM | {"signs": signs})
    assert sent.status_code == 422 and "has changed since you opened the form" in sent.text
    assert "rugissaient" in sent.text and "Everybody reads this." in sent.text
    assert sent.text.count("Changed since") == 1
    signs = hidden_in(sent, "signs")
    sent = browser.post("/practices/felt/translate", data=FORM | {"signs": signs})
    assert sent.status_code == 303
    changed(people.ana, practice, sentence="And this.")
    sent = browser.post("/practices/felt/in/fr/edit", data=FORM | {"signs": signs})
    assert sent.status_code == 422 and sent.text.count("Changed since") == 1


def test_what_was_typed_of_a_part_that_has_gone_is_given_back(sign_in, people, practice):
    sections = {name: text for name, text in PRACTICE.sections.items() if name != "lessons"}
    changed(people.ana, practice, sections=sections)
    browser = sign_in(people.ben)
    sent = browser.post("/practices/felt/translate", data=FORM | {"lessons": "Attendez."})
    assert sent.status_code == 422 and "Attendez." in sent.text
    assert "The original has no such part any more. Leave this empty." in sent.text
    assert browser.post("/practices/felt/translate", data=FORM).status_code == 303


def test_what_was_typed_for_a_translation_that_is_removed_is_given_back(
    sign_in, people, practice, translation
):
    browser = sign_in(people.chitra)
    signs = hidden_in(browser.get("/practices/felt/in/fr/edit"), "signs")
    actions.remove_translation(people.ana, translation.id)
    sent = browser.post("/practices/felt/in/fr/edit", data=FORM | {"signs": signs})
    assert sent.status_code == 404 and "rugissaient" in sent.text
    shown = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", sent.text)
    # The fingerprint is sent in a hidden field
    assert shown and not any(signs in text for text in shown)


def test_a_button_that_is_older_than_the_original_confirms_nothing(
    sign_in, people, practice, translation
):
    with at(now() + timedelta(days=1)):
        changed(people.ana, practice, sentence="A city lays thick felt.")
        browser = sign_in(people.chitra)
        signs = hidden_in(browser.get("/practices/felt/in/fr"), "signs")
        changed(people.ana, practice, sentence="A city lays no felt.")
        sent = browser.post("/practices/felt/in/fr/confirm", data={"signs": signs})
        assert sent.status_code == 409 and "has changed once more" in sent.text
        assert "is safe" not in sent.text  # no message about a kept text, because nothing was typed
        assert "has changed since" in browser.get("/practices/felt/in/fr").text


def test_a_correction_is_in_the_language_of_its_page(client, sign_in, people, translation):
    browser = sign_in(people.chitra)
    sent = browser.post("/practices/felt/in/fr/edit", data=FORM | {"language": "ar"})
    assert sent.location.endswith("/practices/felt/in/fr")
    assert "<em>rugissaient</em>" in client.get("/practices/felt/in/fr").text


def test_an_original_that_is_given_the_language_of_a_translation_has_one_page_in_it(
    client, people, practice, translation
):
    changed(people.ana, practice, language="fr")
    page = client.get("/practices/felt").text
    assert "In other languages" not in page and "hreflang" not in page
    assert client.get("/practices/felt/in/fr").status_code == 200
    actions.add_translation(people.ben, "practice", practice.id, in_french(language="es"))
    page = client.get("/practices/felt").text
    alternates = re.findall(r'rel="alternate" hreflang="([\w-]+)"', page)
    assert sorted(alternates) == ["es", "fr", "x-default"]


def test_some_go_back_to_an_earlier_version(sign_in, people, practice, translation):
    actions.correct_translation(people.chitra, translation.id, in_french(title="Liège"))
    page = sign_in(people.ana).get("/practices/felt/in/fr/history")
    way = re.findall(r'href="(/practices/felt/in/fr/edit\?version=\d+)"', page.text)[0]
    assert 'value="Du feutre sous les rails"' in sign_in(people.ana).get(way).text
    for member in (people.ben, people.host, people.moderator):
        assert sign_in(member).get(way).status_code == 200
    assert way not in sign_in(people.chitra).get("/practices/felt/in/fr/history").text
    assert sign_in(people.chitra).get(way).status_code == 403


def test_it_is_removed_after_a_question(sign_in, people, practice, translation):
    browser = sign_in(people.ana)
    assert "Remove this translation?" in browser.get("/practices/felt/in/fr/delete").text
    assert sign_in(people.chitra).get("/practices/felt/in/fr/delete").status_code == 403
    assert browser.post("/practices/felt/in/fr/delete").location.endswith("/practices/felt")
    assert browser.get("/practices/felt/in/fr").status_code == 404


def test_who_removes_one_that_was_corrected_since_is_asked_once_more(
    sign_in, people, practice, translation
):
    browser = sign_in(people.ana)
    seen = hidden_in(browser.get("/practices/felt/in/fr/delete"), "seen")
    actions.correct_translation(people.chitra, translation.id, in_french(title="Feutre posé"))
    sent = browser.post("/practices/felt/in/fr/delete", data={"seen": seen})
    assert sent.status_code == 409 and "has changed since you opened" in sent.text
    asked = browser.get("/practices/felt/in/fr/delete")
    assert "Feutre posé" in asked.text
    browser.post("/practices/felt/in/fr/delete", data={"seen": hidden_in(asked, "seen")})
    assert browser.get("/practices/felt/in/fr").status_code == 404


def test_search_leads_to_the_page_in_that_language(client, practice, translation):
    page = client.get("/search?q=feutre")
    assert 'href="/practices/felt/in/fr"' in page.text
    page = client.get("/search?q=feutre&language=fr")
    assert 'href="/practices/felt/in/fr"' in page.text
    assert 'href="/practices/felt/in/fr' in client.get("/search?q=colle").text


def test_a_case_has_its_translations_too(client, sign_in, people, case):
    browser = sign_in(people.ben)
    assert 'href="/cases/cork/translate"' in browser.get("/cases/cork").text
    data = {"language": "fr", "title": "Rues de liège", "sentence": "", "body": "Du **liège**."}
    assert browser.post("/cases/cork/translate", data=data).location.endswith("/cases/cork/in/fr")
    page = client.get("/cases/cork/in/fr")
    assert "Du <strong>liège</strong>." in page.text and "Streets of cork." in page.text
    assert 'href="/cases/cork/in/fr"' in client.get("/cases/cork").text


def test_what_stays_with_members_is_opened_with_one_press(client, sign_in, people, practice):
    changed(people.ana, practice, audience=MEMBERS)
    actions.add_translation(people.ben, "practice", practice.id, in_french())
    changed(people.ana, practice)
    assert client.get("/practices/felt/in/fr").status_code == 404
    browser = sign_in(people.chitra)
    assert "only members read all of it" in browser.get("/practices/felt/in/fr").text
    browser.post("/practices/felt/in/fr/confirm")
    assert client.get("/practices/felt/in/fr").status_code == 200
    assert "only members read all of it" not in browser.get("/practices/felt/in/fr").text
