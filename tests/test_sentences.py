"""Stored sentences: translated for the reader, and never an error."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from forum import locales
from forum.sentences import (
    Sentence,
    kept,
    plural_sentence,
    recognised,
    reworded,
    said,
    sentence,
    unkept,
)

HIDDEN = sentence("Hidden by the moderators.")
MOVED = sentence("Moved to “%(agenda)s”.", agenda="Water & <b>land</b>: 100 %(s")


@pytest.fixture(autouse=True)
def context(app: Flask) -> None:
    """Run inside an application context."""


def stored(*sentences: Sentence) -> Any:
    """Returns a function: a sentence after a round trip through its column."""
    return json.loads(json.dumps(kept(sentences)))


def gone(number: int) -> Sentence:
    return plural_sentence(
        "%(num)s post went to “%(title)s”.",
        "%(num)s posts went to “%(title)s”.",
        number,
        title="Rails",
    )


def test_a_sentence_is_said_in_the_language_of_whoever_reads() -> None:
    rows = stored(HIDDEN, MOVED)
    assert said(rows) == "Hidden by the moderators. Moved to “Water & <b>land</b>: 100 %(s”."
    with force_locale("fr"):
        assert said(rows).startswith("Masqué par la modération. ")
        assert "Water & <b>land</b>: 100 %(s" in said(rows)


def test_what_a_sentence_counts_has_the_forms_of_each_language() -> None:
    assert [said(stored(gone(n))) for n in (1, 2)] == [
        "1 post went to “Rails”.",
        "2 posts went to “Rails”.",
    ]
    assert str(gone(12_000)) == "12,000 posts went to “Rails”."
    with force_locale("fr"):
        one, two, none = (str(gone(n)) for n in (1, 2, 0))
    assert one.replace("1", "0") == none  # formatted as in French, not as in English
    assert one != two.replace("2", "1") and "Rails" in two


def test_a_sentence_is_what_it_was_when_it_comes_back() -> None:
    assert list(unkept(stored(HIDDEN, MOVED, gone(3)))) == [HIDDEN, MOVED, gone(3)]
    assert kept([]) is None and said(None) == "" and list(unkept(None)) == []
    assert stored(HIDDEN) == [{"message": "Hidden by the moderators."}]
    with pytest.raises(FrozenInstanceError):
        HIDDEN.message = "Shown."  # type: ignore[misc]  # what is tried


def test_what_no_catalogue_has_is_said_in_english() -> None:
    former = [{"message": "Sent to “%(place)s” by us.", "values": {"place": "Łódź"}}]
    for locale in ("en", "fr", "es"):
        with force_locale(locale):
            assert said(former) == "Sent to “Łódź” by us."


@pytest.mark.parametrize(
    "translated", ["Vers « %(place)s ».", "Vers « %(agenda)d ».", "Vers « %(agenda) »", "100 %"]
)
def test_values_that_do_not_fit_are_no_error(
    monkeypatch: pytest.MonkeyPatch, translated: str
) -> None:
    catalogue = type("Catalogue", (), {"gettext": lambda _self, _message: translated})()
    monkeypatch.setattr("forum.web.locales.translations", lambda _locale: catalogue)
    assert said(stored(MOVED)) == "Moved to “Water & <b>land</b>: 100 %(s”."
    lacking = Sentence(MOVED.message, (("elsewhere", "Water"),))
    assert said(stored(lacking)) == "Moved to “%(agenda)s”."


def test_a_page_escapes_what_is_put_in(app: Flask) -> None:
    page = app.jinja_env.from_string("{{ words }}").render(words=said(stored(MOVED)))
    assert page == "Moved to “Water &amp; &lt;b&gt;land&lt;/b&gt;: 100 %(s”."


def test_the_values_of_kept_sentences_can_be_changed() -> None:
    changed = reworded(stored(HIDDEN, gone(2)), lambda value: value.replace("Rails", "…"))
    assert said(changed) == "Hidden by the moderators. 2 posts went to “…”."
    assert reworded(None, str) is None


@pytest.mark.usefixtures("recognising_all")
def test_a_sentence_in_a_text_is_recognised_in_the_languages_of_the_forum() -> None:
    messages = HIDDEN.message, MOVED.message
    for locale in ("en", "fr", "es"):
        with force_locale(locale):
            hidden, moved = str(HIDDEN), str(MOVED)
        assert recognised(hidden, *messages) == HIDDEN
        assert recognised(moved, *messages) == MOVED
    assert recognised("Hidden by the moderators, too.", *messages) is None
    assert MOVED.in_english == "Moved to “Water & <b>land</b>: 100 %(s”."


@pytest.mark.usefixtures("recognising_all")
def test_for_what_is_recognised_no_catalogue_is_kept() -> None:
    """A cached catalogue would take 5 MB in each process, and recognising a sentence uses all catalogues."""
    locales.translations.cache_clear()
    assert recognised("No rule that any forum has.", HIDDEN.message) is None
    assert locales.translations.cache_info().currsize == 0


def test_for_what_is_recognised_no_catalogue_is_read_that_the_forum_does_not_need(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(locale: str) -> None:
        raise AssertionError(f"the catalogue of {locale} was read")

    monkeypatch.setattr(locales, "_catalogue", read)
    assert recognised("Hidden by the moderators.", HIDDEN.message) == HIDDEN
    assert recognised("Masqué par la modération.", HIDDEN.message) is None
