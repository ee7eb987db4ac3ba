"""The languages of the interface: which one a request gets, and whether the catalogues are complete and safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from flask import Flask, render_template
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import select
from werkzeug.test import Client

from forum import locales
from forum.accounts.actions import give_address
from forum.agendas.models import Agenda
from forum.app import create_app
from forum.clock import at
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.emails import Letter, message
from forum.environment import WrongSetting
from forum.freshness import VersionCache
from forum.mail.actions import write_letter, write_test
from forum.mail.commands import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.members.actions import KEEP_NAMELESS, choose_locale
from forum.members.models import Member
from forum.pagecache import PageCache
from forum.permissions import SYSTEM
from forum.rights.actions import leave
from forum.settings import from_environment
from forum.templating import _date_in_words
from tests.conftest import People, put_into_session
from tests.pagecache.conftest import Counting
from tests.pseudo import extracted
from tests.rights.conftest import gone

OFFERED = ("en", "es", "fr", "pt_BR")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|&\w+;|[<>&]")
MIN_TRANSLATED = 0.95  # of the messages of a language that the forum offers


@pytest.mark.parametrize(
    ("chosen", "accepted", "wanted"),
    [
        ("", "", "en"),
        ("", "fr", "fr"),
        ("", "fr-CA,en;q=0.5", "fr"),
        ("", "ja, es;q=0.8, en;q=0.9", "en"),
        ("", "pt-BR", "pt_BR"),
        ("", "ja", "en"),
        ("", "fr" + ",fr" * 100, "en"),
        ("", "\x00;;q=x", "en"),
        ("es", "fr", "es"),
        ("xx", "fr", "fr"),
        ("../../etc", "", "en"),
    ],
)
def test_a_request_gets_what_was_chosen_or_what_its_browser_reads(
    chosen: str, accepted: str, wanted: str
) -> None:
    assert locales.best(chosen, accepted, OFFERED) == wanted


def test_the_first_language_is_for_who_reads_none_of_them() -> None:
    assert locales.best("", "ja", ("fr", "en")) == "fr"
    assert locales.best("", "en", ("fr",)) == "fr"


def test_a_setting_names_the_languages(tmp_path: Path) -> None:
    def offered(written: str) -> tuple[str, ...]:
        environ = {"FORUM_DATA": str(tmp_path), "FORUM_LANGUAGES": written}
        return from_environment(environ).locales

    assert offered("") == locales.known() and locales.known()[0] == "en"
    assert offered("fr, en fr") == ("fr", "en")
    with pytest.raises(WrongSetting, match="names tlh, of which there is no translation"):
        offered("en tlh")


# Pages


def language_of(answer: Any) -> str:
    found = re.search(r'<html lang="([\w-]+)"', answer.text)
    assert found
    return found[1]


@pytest.mark.usefixtures("people")
def test_a_page_is_in_the_language_of_its_reader(several: Flask) -> None:
    reader = several.test_client()
    assert language_of(reader.get("/join")) == "en"
    page = reader.get("/join", headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert language_of(page) == "fr" and "S’inscrire" in page.text
    chosen = reader.post("/appearance", data={"locale": "es", "next": "/join"})
    assert chosen.headers["Location"] == "/join" and "language=es" in chosen.headers["Set-Cookie"]
    again = reader.get("/join", headers={"Accept-Language": "fr"})
    assert language_of(again) == "es" and "Registrarse" in again.text
    assert re.search(r'<option value="es" lang="es" selected>Español</option>', again.text)


def test_only_a_language_that_the_forum_offers_is_kept(several: Flask) -> None:
    reader = several.test_client()
    for language in ("tlh", "", "en", "<script>"):  # also not "en", which is the language already
        answer = reader.post("/appearance", data={"locale": language})
        assert answer.status_code == 303 and "Set-Cookie" not in answer.headers, language
    dark = reader.post("/appearance", data={"theme": "dark", "locale": "fr"})
    assert len(dark.headers.getlist("Set-Cookie")) == 2
    assert "theme" not in str(reader.post("/appearance", data={"locale": "es"}).headers)


def test_where_there_is_one_language_nobody_is_asked(client: FlaskClient) -> None:
    page = client.get("/join", headers={"Accept-Language": "fr"})
    assert language_of(page) == "en" and 'name="locale"' not in page.text.split("<footer")[1]
    assert "Accept-Language" not in page.headers["Vary"]


def test_caches_on_the_way_learn_on_what_a_page_depends(several: Flask) -> None:
    assert "Accept-Language" in several.test_client().get("/join").headers["Vary"]
    assert "Accept-Language" in several.test_client().get("/nowhere").headers["Vary"]


def test_a_kept_page_is_kept_for_each_language() -> None:
    rendered = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        rendered.append(environ["HTTP_ACCEPT_LANGUAGE"])
        page = rendered[-1].encode()
        vary = ("Vary", "Cookie, Accept-Language")
        length = ("Content-Length", str(len(page)))
        start_response(
            "200 OK", [("Cache-Control", "no-cache"), ("ETag", page.hex()), vary, length]
        )
        return [page]

    cache = PageCache(application, VersionCache(Counting()), 1, offered_locales=("en", "fr"))
    for language, shown in (("fr", "fr"), ("en", "en"), ("fr-BE", "fr"), ("ja", "en")):
        page = Client(cache).get("/rules", headers={"Accept-Language": language})
        assert page.text == shown
        assert page.headers["Vary"] == "Cookie, Accept-Language, Accept-Encoding"
    assert rendered == ["fr", "en"]


def test_errors_are_in_the_language_of_the_reader(several: Flask) -> None:
    answer = several.test_client().get("/topics/999", headers={"Accept-Language": "fr"})
    assert answer.status_code == 404 and language_of(answer) == "fr"
    assert "There is no" not in answer.text


def test_what_a_language_lacks_is_english(several: Flask) -> None:
    with several.test_request_context(headers={"Accept-Language": "fr"}):
        assert gettext("A sentence that nobody has ever written.").endswith("written.")
        assert ngettext("%(num)s goose of it", "%(num)s geese of it", 2) == "2 geese of it"


@pytest.mark.usefixtures("app")
def test_templates_of_a_language_are_compiled_apart(several: Flask, tmp_path: Path) -> None:
    for locale in ("fr", "en", "fr"):
        with several.test_request_context(), force_locale(locale):
            page = render_template("errors/error.html", status=404, message="", is_bare=True)
            assert f'lang="{locale}"' in page


def test_who_has_left_is_named_in_the_language_of_the_reader(
    several: Flask, people: People, agenda: Agenda
) -> None:
    opened = open_topic(people.ana, agenda.id, NewTopic("experience", "Trams", write("Loud.")))
    reply(people.ana, opened.id, write("Still."))
    gone(people.ana, "nameless")
    for door in (opened.address, "/agendas/quieter", "/topics"):
        page = several.test_client().get(door, headers={"Accept-Language": "fr"}).text
        assert "Ancien membre" in page, door
        shown = re.sub(r'data-name="[^"]*"|<script.*?</script>', "", page, flags=re.DOTALL)
        assert "Former member" not in shown, door


# E-mails


def letter_of(several: Flask, delivery_id: int) -> Letter:
    with several.app_context():
        (row,) = deliveries_by_id([delivery_id])
        letter = compose(row, several.extensions["settings"])
    assert letter
    return letter


def test_a_letter_is_in_the_language_of_its_recipient(several: Flask, people: People) -> None:
    choose_locale(people.administrator, "fr")
    letter = letter_of(several, write_test(people.administrator).id)
    assert letter.language == "fr" and '<html lang="fr"' in letter.html
    assert message(letter)["Content-Language"] == "fr"
    choose_locale(people.administrator, "en")
    assert letter_of(several, write_test(people.administrator).id).language == "en"


def test_who_has_chosen_nothing_gets_letters_in_the_language_of_the_forum(
    app: Flask, tmp_path: Path, people: People
) -> None:
    french = create_app(replace(app.extensions["settings"], locales=("fr", "en"), data=tmp_path))
    assert people.administrator.locale is None
    assert letter_of(french, write_test(people.administrator).id).language == "fr"


def test_who_has_no_account_gets_letters_in_the_language_of_the_page(
    several: Flask, people: People
) -> None:
    with force_locale("es"):
        letter = write_letter(people.ana, "unknown", "eva@city.example", {"path": "/join"})
    assert letter_of(several, letter.id).language == "es"
    told = write_letter(people.ana, "unknown", "eva@city.example", {"path": "/join"}, locale="fr")
    assert letter_of(several, told.id).language == "fr"


def test_a_former_address_is_told_in_the_language_of_the_member(
    several: Flask, people: People
) -> None:
    """The person who changes the address may use another language."""
    choose_locale(people.ana, "fr")
    with force_locale("es"):
        give_address(SYSTEM, people.ana.handle, "ana@harbour.example")
    row = db.session.scalar(select(Delivery).where(Delivery.kind == "address_given"))
    assert row and row.address == "ana@example.org"
    assert letter_of(several, row.id).language == "fr"


def test_english_days_are_those_of_the_cldr() -> None:
    for month in range(1, 13):
        day = date(2026, month, month)
        assert locales.day_in_words(day, "en") == format_date(day, "d MMMM yyyy", "en")
    assert locales.day_in_words(day, "es") == "12 de diciembre de 2026"


def test_home_and_a_topic_in_english_do_without_the_data_of_babel(
    client: FlaskClient, agenda: Agenda, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are loaded with the first page that names a country or says a number as its language does."""
    topic = open_topic(
        people.ana, agenda.id, NewTopic("experience", "Trams at night", write("Quiet."))
    )

    def no_data(name: str, **_more: Any) -> Any:
        raise AssertionError(name)

    monkeypatch.setattr("babel.localedata.get_locale_data", no_data)
    locales.parsed.cache_clear()
    _date_in_words.cache_clear()
    for address in ("/", f"/topics/{topic.id}-{topic.slug}"):
        assert "<time" in client.get(address).text
    with pytest.raises(AssertionError, match="es"):
        locales.is_leftward("es")


def test_a_letter_says_a_moment_in_its_own_language(several: Flask, people: People) -> None:
    choose_locale(people.ana, "fr")
    with force_locale("es"), at(datetime(2031, 6, 17, 22, 30, tzinfo=UTC)):
        leave(people.ana, people.ana.id, KEEP_NAMELESS)
    row = db.session.scalar(select(Delivery).where(Delivery.kind == "leaving"))
    assert row and "1er juillet 2031, 22:30 UTC" in " ".join(
        letter_of(several, row.id).text.split()
    )


def test_a_member_chooses_the_language_of_letters(
    several: Flask, people: People, reload_ana: Callable[[], Member]
) -> None:
    browser = several.test_client()
    put_into_session(browser, people.ana)
    page = browser.get("/settings/notices").text
    assert 'name="locale"' in page and re.search(r'<option selected value="en">English', page)
    data = {"digest_every": "weekly", "digest_hour": "7", "time_zone": "UTC"}
    ways = dict(re.findall(r'name="(way_\w+)" value="(\w+)" checked', page))
    saved = browser.post("/settings/notices", data=data | ways | {"locale": "fr"})
    assert saved.status_code == 303 and reload_ana().locale == "fr"
    refused = browser.post("/settings/notices", data=data | ways | {"locale": "tlh"})
    assert refused.status_code == 422 and reload_ana().locale == "fr"
    older = browser.post("/settings/notices", data=data | ways)  # a form without the field
    assert older.status_code == 303 and reload_ana().locale == "fr"


@pytest.fixture
def reload_ana(app: Flask, people: People) -> Iterator[Callable[[], Member]]:
    """Read Ana's row again from the database."""

    def reload() -> Member:
        db.session.expire_all()
        return db.session.get_one(Member, people.ana.id)

    yield reload


# Catalogues


def catalogue(locale: str) -> Catalog:
    with (locales.FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def translated(locale: str) -> Iterator[tuple[Message, str]]:
    """Each translated message of a catalogue, with each of its forms."""
    for entry in catalogue(locale):
        if entry.id:
            yield from ((entry, said) for said in forms(entry.string) if said)


@pytest.mark.parametrize("locale", locales.known()[1:])
def test_a_translation_says_as_much_as_the_english(locale: str) -> None:
    for entry, said in translated(locale):
        english = forms(entry.id)
        lacking = {*PLACEHOLDER.findall(english[-1])} - {*PLACEHOLDER.findall(said)}
        assert lacking <= ({"%(num)s", "%(number)s"} if len(english) > 1 else set()), said
        foreign = {*PLACEHOLDER.findall(said)} - {*PLACEHOLDER.findall(english[-1])}
        assert not foreign and "%" not in PLACEHOLDER.sub("", said), said


@pytest.mark.parametrize("locale", locales.known()[1:])
def test_a_translation_brings_no_markup_of_its_own(locale: str) -> None:
    """Translations are not escaped, so their markup is trusted like that of templates."""
    for entry, said in translated(locale):
        assert sorted(MARKUP.findall(said)) == sorted(MARKUP.findall(forms(entry.id)[-1])), said


def test_no_french_line_begins_with_a_sign() -> None:
    """French has spaces before ; : ? ! and inside quotation marks, at which lines must not break (U+00A0)."""
    loose = [said for _, said in translated("fr") if re.search(r"[\w)”»] [:;?!»](?!\w)|« \S", said)]
    assert not loose, "put a no-break space there"


@pytest.mark.parametrize("locale", locales.known()[1:])
def test_a_language_that_is_offered_is_nearly_whole(locale: str) -> None:
    messages = [entry for entry in catalogue(locale) if entry.id]
    ready = [entry for entry in messages if all(forms(entry.string)) and not entry.fuzzy]
    assert len(ready) >= MIN_TRANSLATED * len(messages), f"{len(ready)} of {len(messages)}"


@pytest.mark.thorough
def test_catalogues_hold_the_words_of_the_code() -> None:
    """`make messages` puts new ones in and takes out those that are gone."""
    said = {(forms(entry.id), entry.context) for entry in extracted() if entry.id}
    for locale in locales.known()[1:]:
        known = {(forms(entry.id), entry.context) for entry in catalogue(locale) if entry.id}
        assert known == said, f"{locale}: run `make messages`: {sorted(known ^ said)[:5]}"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for compiled catalogues, of which this process has read none."""
    monkeypatch.setattr(locales, "_folder", tmp_path)
    locales.translations.cache_clear()
    yield tmp_path
    locales.translations.cache_clear()


def test_a_catalogue_is_compiled_once_for_all_processes(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shelf / "fr.ofanotherversion.mo").write_bytes(b"")
    (shelf / "es.ofthatlanguage.mo").write_bytes(b"")
    said = locales.translations("fr").gettext("Your profile")
    assert said != "Your profile"
    (kept,) = shelf.glob("fr.*")
    assert (shelf / "es.ofthatlanguage.mo").exists()
    locales.translations.cache_clear()
    monkeypatch.setattr(locales, "_compiled", lambda _locale: pytest.fail("compiled again"))
    assert locales.translations("fr").gettext("Your profile") == said
    assert kept.name.startswith("fr.") and kept.suffix == ".mo"


@pytest.mark.parametrize(
    "damage",
    [
        lambda _whole: b"",
        lambda _whole: b"\x00" * 100,
        lambda _whole: b"\xde\x12\x04\x95" + b"\xff" * 100,
        lambda whole: whole.replace(b"charset=utf-8", b"charset=\x00tf-8", 1),
        lambda whole: whole[:-4096] + bytes(4096),
    ],
)
def test_a_damaged_one_is_compiled_again(shelf: Path, damage: Callable[[bytes], bytes]) -> None:
    locales.translations("fr")
    (kept,) = shelf.glob("fr.*")
    whole = kept.read_bytes()
    assert damage(whole) != whole
    kept.write_bytes(damage(whole))
    locales.translations.cache_clear()
    assert locales.translations("fr").gettext("Your profile") != "Your profile"
    assert locales._read(kept), "kept anew; not by the byte, as the minute stands in it"


def test_no_unfinished_one_stays(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shelf / "fr.ofaprocessthatwaskilled.123").write_bytes(b"\xde")
    locales.translations("fr")
    assert [file.suffix for file in shelf.iterdir()] == [".mo"]
    (kept,) = shelf.iterdir()
    kept.unlink()

    def fail(_self: Path, _target: Path) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    locales.translations.cache_clear()
    assert locales.translations("fr").gettext("Your profile") != "Your profile"
    assert not list(shelf.iterdir())


def test_where_nothing_can_be_written_each_process_compiles_for_itself(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locales, "_folder", shelf / "is not there")
    assert locales.translations("fr").gettext("Your profile") != "Your profile"
