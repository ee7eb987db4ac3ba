"""Adding, correcting and removing translations, and what follows when an original changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import SentForm
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import fingerprint, versions_of
from forum.library.actions import (
    delete_practice,
    hide_practice,
    restore_practice,
    wait_again,
    write_case,
)
from forum.library.queries import practice_by_id
from forum.members.actions import silence
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.parallels import actions, queries
from forum.parallels.models import FigureWords, TranslatedPart, Translation
from forum.permissions import MEMBERS, PUBLIC, SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.search.models import Document
from forum.search.queries import Query, find
from tests.parallels.conftest import CASE, FIGURES, PRACTICE, changed, in_french

WHY = Reasons("It sells felt.", 2)


def told(member):
    make_notices(SYSTEM)
    mine = select(Notice).where(Notice.member_id == member.id, Notice.kind == "translation")
    return [
        notice for notice in db.session.scalars(mine) if not notice.read_at and not notice.hidden_at
    ]


def documents():
    found = select(Document).where(Document.kind.like("transl%")).order_by(Document.kind)
    return {document.kind: document for document in db.session.scalars(found)}


def test_one_is_added_once_in_each_language(people, practice):
    made = actions.add_translation(people.ben, "practice", practice.id, in_french(), SentForm("k1"))
    again = actions.add_translation(
        people.ben, "practice", practice.id, in_french(), SentForm("k1")
    )
    assert made.id == again.id
    with pytest.raises(Invalid, match="meanwhile") as error:
        actions.add_translation(people.chitra, "practice", practice.id, in_french())
    assert error.value.field == "language"
    for language in ("en", "xx", ""):
        text = in_french(language=language or "fr")
        with pytest.raises(Invalid):
            actions.add_translation(people.ben, "practice", practice.id, text)
    with pytest.raises(Invalid):
        actions.add_translation(people.ben, "practice", practice.id, in_french(title=" "))
    assert [n.address for n in told(people.ana)] == ["/practices/felt/in/fr"]
    assert told(people.ben) == []


def test_who_may_not_write_translates_nothing(people, practice, translation):
    silence(people.moderator, people.chitra.id, now() + timedelta(days=2))
    for doer in (people.chitra, VISITOR):
        with pytest.raises(Forbidden):
            actions.add_translation(doer, "practice", practice.id, in_french(language="es"))
        with pytest.raises(Forbidden):
            actions.correct_translation(doer, translation.id, in_french(title="X"))
        with pytest.raises(Forbidden):
            actions.remove_translation(doer, translation.id)


def test_every_member_corrects_it_and_what_it_said_is_kept(people, translation):
    seen = fingerprint(translation.said)
    saved = actions.correct_translation(
        people.chitra, translation.id, in_french(title="Feutre"), SentForm(seen=seen)
    )
    assert (saved.title, saved.translator_id) == ("Feutre", people.ben.id)
    (version,) = versions_of("translation", translation.id)
    assert version.fields["title"] == "Du feutre sous les rails"
    assert version.editor_name == people.chitra.name
    with pytest.raises(Conflict):
        actions.correct_translation(
            people.ben, translation.id, in_french(title="Rails"), SentForm(seen=seen)
        )


def test_the_translator_is_told_once_until_it_is_up_to_date(people, practice, translation):
    assert actions.look_after_translations(SYSTEM) == 0
    with at(now() + timedelta(hours=1)):
        changed(people.ana, practice, sentence="A city lays thick felt.")
        assert actions.look_after_translations(SYSTEM) == 1
        assert [n.address for n in told(people.ben)] == ["/practices/felt/in/fr"]
    with at(now() + timedelta(hours=2)):
        changed(people.ana, practice, sentence="A city lays thin felt.")
        actions.look_after_translations(SYSTEM)
        assert len(told(people.ben)) == 1
        found = queries.translation_by_id(people.ben, translation.id)
        assert queries.changed_texts(people.ben, found) == {"sentence"}
        first = queries.first_change(found)
        assert first.version_id is not None and first.at < now()
        actions.confirm_translation(people.chitra, translation.id)
        assert told(people.ben) == []
        found = queries.translation_by_id(people.ben, translation.id)
        assert queries.changed_texts(people.ben, found) == set()


def test_a_change_of_no_text_tells_nobody(people, practice, translation):
    with at(now() + timedelta(hours=1)):
        changed(people.ana, practice, cost="EUR 4 a metre")
        actions.look_after_translations(SYSTEM)
    assert told(people.ben) == []


def test_nobody_is_told_what_an_original_says_that_is_withdrawn(people, practice, translation):
    with at(now() + timedelta(hours=1)):
        wait_again(people.moderator, practice.id)
        changed(people.ana, practice, title="Ask Ingrid at home")
        assert actions.look_after_translations(SYSTEM) == 0
        moderation.publish(people.moderator, practice.id)
        hide_practice(people.moderator, practice.id, "A rule.")
        assert actions.look_after_translations(SYSTEM) == 0
        assert told(people.ben) == []
        restore_practice(people.moderator, practice.id)
        changed(people.ana, practice, title="Thick felt")
        assert actions.look_after_translations(SYSTEM) == 1
        assert [notice.title for notice in told(people.ben)] == ["Thick felt"]


def test_figures_are_called_otherwise_in_another_language(people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    streets, cities = (
        FigureWords("Streets|lanes", "km", "Rues|voies"),
        FigureWords("Cities", "cities", "Villes", "villes"),
    )
    text = in_french(parts={}, figures=[cities, streets, FigureWords("Cities", "cities", "")])
    made = actions.add_translation(people.ben, "case", case.id, text)
    assert (
        made.said["figures"]
        == "Cities | cities | Villes | villes\nStreets\\|lanes | km | Rues\\|voies"
    )
    assert queries.named_figures(made)["Cities", "cities"] == cities
    assert "Villes: 75 villes" in documents()["translation"].body
    assert actions.correct_translation(people.ben, made.id, in_french(parts={}, figures=[streets]))
    (version,) = versions_of("translation", made.id)
    assert version.fields["figures"].startswith("Cities | cities | Villes")
    with at(now() + timedelta(hours=1)):
        longer = replace(FIGURES[1], value="80")
        write_case(people.host, agenda.id, replace(CASE, figures=(longer, FIGURES[0])), case.id)
        found = queries.translation_by_id(VISITOR, made.id)
        assert set(queries.named_figures(found)) == {("Streets|lanes", "km")}
        assert queries.changed_texts(VISITOR, found) == {
            "figures"
        }  # the order of the figures has changed
        write_case(people.host, agenda.id, replace(CASE, figures=(longer,)), case.id)
        found = queries.translation_by_id(VISITOR, made.id)
        assert queries.named_figures(found) == {}
        assert queries.first_change(found).version_id is not None
        known = [FigureWords("Cities", "cities", "Villes")]
        actions.correct_translation(people.chitra, made.id, in_french(parts={}, figures=known))
        assert queries.translation_by_id(VISITOR, made.id).figure_words == [*known, streets]
        write_case(people.host, agenda.id, replace(CASE, figures=(longer, FIGURES[0])), case.id)
        # The translated name returns with its figure
        found = queries.translation_by_id(VISITOR, made.id)
        assert queries.named_figures(found)["Streets|lanes", "km"] == streets
    actions.remove_translation(people.ben, made.id)
    assert made.figures == []


def test_search_finds_a_figure_with_its_present_value(people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    unit = FigureWords("Cities", "cities", "", "villes")
    text = in_french(parts={}, figures=[unit, FigureWords("Streets|lanes", "km", "Rues")])
    actions.add_translation(people.ben, "case", case.id, text)
    assert "Rues: 7 km\nCities: 75 villes" in documents()["translation"].body
    with at(now() + timedelta(hours=1)):
        figures = (FIGURES[0], replace(FIGURES[1], value="80"))
        write_case(people.host, agenda.id, replace(CASE, figures=figures), case.id)
        actions.look_after_translations(SYSTEM)
    assert "Cities: 80 villes" in documents()["translation"].body


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ([FigureWords("Parks", "ha", "Parcs")], "no such figure"),
        ([FigureWords("Cities", "cities", name) for name in ("A", "B")], "one name"),
        ([FigureWords("Cities", "cities", "V" * 251)], "250"),
    ],
)
def test_what_figures_cannot_be_called(people, agenda, figures, why):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    with pytest.raises(Invalid, match=why) as error:
        actions.add_translation(people.ben, "case", case.id, in_french(parts={}, figures=figures))
    assert error.value.field == "figures"


def test_rules_read_what_figures_are_called(people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    text = in_french(parts={}, figures=[FigureWords("Cities", "cities", "Casino")])
    with pytest.raises(Invalid):
        actions.add_translation(people.ben, "case", case.id, text)


def test_what_its_original_withholds_is_withheld(people, practice, translation):
    assert {document.audience for document in documents().values()} == {PUBLIC}
    changed(people.ana, practice, failure_audience=MEMBERS)
    found = queries.translation_by_id(VISITOR, translation.id)
    assert [part.name for part in queries.shown_parts(VISITOR, found)] == ["challenge", "lessons"]
    assert "failure" not in queries.said_to(VISITOR, found)
    assert "failure" in queries.said_to(people.chitra, found)
    assert documents()["translated_failure"].audience == MEMBERS
    assert documents()["translation"].audience == PUBLIC
    changed(people.ana, practice, audience=MEMBERS)
    assert {document.audience for document in documents().values()} == {MEMBERS}
    with pytest.raises(NotFound):
        queries.translation_by_id(VISITOR, translation.id)
    assert queries.languages_of(VISITOR, practice_by_id(people.ana, practice.id)) == []


def test_what_was_written_for_members_stays_with_them_until_somebody_compares(people, practice):
    changed(people.ana, practice, audience=MEMBERS, sentence="Ask Ingrid at her home.")
    made = actions.add_translation(
        people.ben, "practice", practice.id, in_french(sentence="Demandez à Ingrid.")
    )
    changed(people.ana, practice)
    with pytest.raises(NotFound):
        queries.translation_by_id(VISITOR, made.id)
    assert {document.audience for document in documents().values()} == {MEMBERS}
    actions.correct_translation(people.ben, made.id, in_french())
    found = queries.translation_by_id(VISITOR, made.id)
    assert found.sentence == "Une ville pose du feutre."
    assert {document.audience for document in documents().values()} == {PUBLIC}
    assert queries.edits_of(VISITOR, found) == []
    assert len(queries.edits_of(people.ben, found)) == 1


def test_search_finds_it_again_when_its_original_is_for_everybody_again(
    people, practice, translation
):
    """It is found at once, not only after the worker's next run."""
    for hours, name in enumerate(("failure_audience", "audience"), 1):
        with at(now() + timedelta(hours=hours)):
            changed(people.ana, practice, **{name: MEMBERS})
            is_all = name == "audience"
            kept = {
                document.kind for document in documents().values() if document.audience == MEMBERS
            }
            assert kept == {"translated_failure", *(["translation"] if is_all else [])}
            changed(people.ana, practice)
            assert {document.audience for document in documents().values()} == {PUBLIC}
            actions.look_after_translations(SYSTEM)
        assert {document.audience for document in documents().values()} == {PUBLIC}
        assert told(people.ben) == []


def test_search_opens_nothing_that_was_translated_for_members(people, practice, translation):
    changed(people.ana, practice, failure_audience=MEMBERS)
    actions.correct_translation(people.ben, translation.id, in_french(title="Du feutre"))
    changed(people.ana, practice)
    assert documents()["translation"].audience == PUBLIC
    assert documents()["translated_failure"].audience == MEMBERS
    actions.confirm_translation(people.ben, translation.id)
    assert documents()["translated_failure"].audience == PUBLIC


def test_search_finds_it_as_soon_as_its_original_is_shown_again(people, practice, translation):
    """Also after a removal is undone, and when the original is published again."""

    def is_found() -> bool:
        return bool(find(VISITOR, Query("feutre")).texts)

    assert is_found()
    for deed in ("hide", "remove"):
        moderation.decide(people.host, "practice", practice.id, deed, Reasons("No.", 2))
        assert not is_found()
        moderation.decide(people.host, "practice", practice.id, "restore")
        assert is_found()


def test_search_knows_what_did_not_work_as_long_as_the_original_says_it(
    people, practice, translation
):
    without = {name: text for name, text in PRACTICE.sections.items() if name != "failure"}
    for hours, sections in enumerate((without, PRACTICE.sections), 1):
        with at(now() + timedelta(hours=hours)):
            changed(people.ana, practice, sections=sections)
            actions.look_after_translations(SYSTEM)
        assert ("translated_failure" in documents()) is ("failure" in sections)


def test_a_version_tells_visitors_nothing_of_what_did_not_work(people, practice, translation):
    changed(people.ana, practice, failure_audience=MEMBERS)
    parts = {"challenge": "Bruit.", "failure": "Elle a gelé."}
    actions.correct_translation(people.ben, translation.id, in_french(parts=parts))
    found = queries.translation_by_id(VISITOR, translation.id)
    (edit,) = queries.edits_of(VISITOR, found)
    assert "gelé" not in str((edit.said, edit.differences))
    (edit,) = queries.edits_of(people.chitra, found)
    assert "gelé" in str(edit.differences)


def test_it_is_hidden_and_found_with_its_original(people, practice, translation):
    hide_practice(people.moderator, practice.id, "A rule.")
    with pytest.raises(NotFound):
        queries.translation_by_id(people.ben, translation.id)
    restore_practice(people.moderator, practice.id)
    assert queries.translation_by_id(VISITOR, translation.id)


def test_moderators_hide_it_with_a_reason(people, practice, translation):
    told(people.ana)
    moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    for reader in (VISITOR, people.ana, people.chitra):
        with pytest.raises(NotFound):
            queries.translation_by_id(reader, translation.id)
        original = practice_by_id(reader, practice.id)
        assert queries.languages_of(reader, original) == []
        with pytest.raises(NotFound, match="hidden this translation"):
            queries.get_translation(reader, original, "fr")
    assert told(people.ana) == []
    assert queries.translation_by_id(people.ben, translation.id).hidden_reason
    assert all(document.hidden_at for document in documents().values())
    with pytest.raises(Forbidden):
        actions.correct_translation(people.ben, translation.id, in_french(title="X"))
    with pytest.raises(Invalid):
        actions.add_translation(people.ana, "practice", practice.id, in_french())
    moderation.decide(people.host, "translation", translation.id, "restore")
    assert queries.translation_by_id(VISITOR, translation.id)
    assert len(told(people.ana)) == 1


def test_who_adds_one_again_and_again_tells_the_author_once_a_day(people, practice, translation):
    assert len(told(people.ana)) == 1
    for _time in range(3):
        actions.remove_translation(people.ben, translation.id)
        assert told(people.ana) == []
        translation = actions.add_translation(people.ben, "practice", practice.id, in_french())
        assert len(told(people.ana)) == 1
    mine = select(Notice).where(Notice.member_id == people.ana.id, Notice.kind == "translation")
    assert len(db.session.scalars(mine).all()) == 1 and told(people.ben) == []
    actions.remove_translation(people.ben, translation.id)
    by_chitra = actions.add_translation(people.chitra, "practice", practice.id, in_french())
    assert [notice.actor_id for notice in told(people.ana)] == [people.chitra.id]
    with at(now() + timedelta(days=2)):
        actions.remove_translation(people.chitra, by_chitra.id)
        actions.add_translation(people.chitra, "practice", practice.id, in_french())
        assert len(told(people.ana)) == 1
        assert len(db.session.scalars(mine).all()) == 3


def test_who_wrote_one_of_both_removes_it(people, practice, translation):
    with pytest.raises(Forbidden):
        actions.remove_translation(people.chitra, translation.id)
    actions.correct_translation(people.chitra, translation.id, in_french(title="Feutre"))
    actions.remove_translation(people.ana, translation.id)
    with pytest.raises(NotFound):
        queries.translation_by_id(people.ben, translation.id)
    assert versions_of("translation", translation.id) == [] and documents() == {}
    assert db.session.scalars(select(TranslatedPart)).all() == []
    again = actions.add_translation(people.ben, "practice", practice.id, in_french())
    assert again.id != translation.id


def test_a_deleted_practice_takes_its_translations_with_it(people, practice, translation):
    delete_practice(people.ana, practice.id)
    assert documents() == {}
    with pytest.raises(NotFound):
        queries.translation_by_id(people.ben, translation.id)
    assert actions.look_after_translations(SYSTEM) == 1
    row = db.session.get(Translation, translation.id)
    assert (row.title, row.sentence, bool(row.deleted_at)) == ("", "", True)
    assert db.session.scalars(select(TranslatedPart)).all() == []
    assert actions.look_after_translations(SYSTEM) == 0


def test_search_finds_it_again_when_its_practice_is_published_again(people, practice, translation):
    from_before = set(documents())
    wait_again(people.moderator, practice.id)
    assert documents() == {}
    moderation.publish(people.moderator, practice.id)
    assert set(documents()) == from_before


def test_a_case_is_translated_too(people, case):
    text = in_french(title="Rues de liège", parts={"body": "Ils ont pavé de liège."})
    made = actions.add_translation(people.ben, "case", case.id, text)
    assert made.address == "/cases/cork/in/fr"
    assert [n.address for n in told(people.host)] == [made.address]
    (part,) = queries.shown_parts(VISITOR, queries.translation_by_id(VISITOR, made.id))
    assert "liège" in part.html
    with pytest.raises(Forbidden):
        actions.remove_translation(people.ana, made.id)
