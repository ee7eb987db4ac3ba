"""`TemplateEnvironment` folds constant parts, and the output is the same as without folding."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from babel.support import NullTranslations
from flask import Flask, render_template, render_template_string, url_for
from jinja2 import nodes

from forum import folding
from forum.assets import version_of
from forum.folding import ConstantFolder
from forum.templating import MacroCache, TemplateEnvironment, cache_bytecode


def calls_left(app: Flask, source: str) -> list[str]:
    """The names of functions that the compiled template still calls."""
    tree = app.jinja_env._parse(source, "page.html", None)
    called = [call.node for call in tree.find_all(nodes.Call)]
    return [node.name for node in called if isinstance(node, nodes.Name)]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ _('Sign in') }}", "Sign in"),
        ("{{ _('100 %% of <b>it</b>') }}", "100 % of <b>it</b>"),
        ("{{ _('By %(name)s', name=name) }}", "By &lt;i&gt;"),
        (
            "{{ pgettext('button', 'Report <b>%(name)s</b>', name=name) }}",
            "Report <b>&lt;i&gt;</b>",
        ),
        ("{{ ngettext('%(num)s city', '%(num)s cities', many) }}", "3 cities"),
        ("{{ ngettext('%(num)s city', '%(num)s cities', many * 4000) }}", "12,000 cities"),
        ("{{ ngettext('%(num)s of %(name)s', 'No', one, name=name) }}", "1 of &lt;i&gt;"),
        ("{{ _('A') if many > 1 else _('B') }}", "A"),
        ("{{ url_for('dialogue.index') }}", "/topics"),
        ("{{ url_for('dialogue.edit', post_id=many) }}", "/posts/3/edit"),
        ("{{ url_for('front.profile', handle=odd) }}", "/members/a/b%20c%3F&amp;"),
        ("{{ url_for('dialogue.index', theme='a&b') }}", "/topics?theme=a%26b"),
    ],
)
def test_a_folded_template_prints_what_it_says(app: Flask, source: str, shown: str) -> None:
    words = {"name": "<i>", "many": 3, "one": 1, "odd": "a/b c?&"}
    with app.test_request_context():
        assert render_template_string(source, **words) == shown


def test_a_folded_address_is_the_address(app: Flask) -> None:
    with app.test_request_context():
        for odd in ("plain", "a/b", "ä ö", "%", "+", "a'b", "東京", "."):
            folded = render_template_string("{{ url_for('front.profile', handle=h) }}", h=odd)
            assert folded.replace("&#39;", "'") == url_for("front.profile", handle=odd)


@pytest.mark.parametrize(
    "words",
    ["plain", "a/b?c=d&e", "ä ö", "100 %", "a+b", "it's", "東京", "", None, ["a", "b c"], 7],
)
def test_a_folded_query_is_the_query(app: Flask, words: Any) -> None:
    source = "{{ url_for('dialogue.reply', topic_id=3, quote=words, again=9) }}"
    with app.test_request_context():
        folded = render_template_string(source, words=words)
        asked = url_for("dialogue.reply", topic_id=3, quote=words, again=9)
    assert unescape(folded) == asked


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("{{ _('Sign in') }}{{ icon('bell') }}{{ asset('style.css') }}", []),
        ("{{ pgettext('button', 'Report') }}{{ pgettext('reading', words) }}", ["pgettext"]),
        ("{{ url_for('dialogue.edit', post_id=post.id) }}", []),
        ("{{ _(words) }}{{ icon(name) }}", ["_", "icon"]),
        ("{{ url_for('dialogue.index', theme=theme) }}", ["_query"]),
        ("{{ url_for('dialogue.index', _external=true) }}", ["url_for"]),
        ("{{ url_for(endpoint) }}{{ url_for('dialogue.topic', **words) }}", ["url_for"] * 2),
    ],
)
def test_only_what_depends_on_the_page_is_left_to_it(
    app: Flask, source: str, left: list[str]
) -> None:
    assert calls_left(app, source) == left


def test_a_word_is_folded_as_it_is_meant(app: Flask) -> None:
    class Spoken(NullTranslations):
        def upgettext(self, context: str, message: str) -> str:
            return f"{message} ({context})"

    templates = app.jinja_env
    assert isinstance(templates, TemplateEnvironment)
    other = templates.overlay()
    other.translations = Spoken()
    assert other.from_string("{{ pgettext('button', 'Report') }}").render() == "Report (button)"
    assert other.from_string("{{ _('Report') }}").render() == "Report"


def test_plain_text_is_not_folded_into_html(app: Flask) -> None:
    templates = app.jinja_env
    assert isinstance(templates, TemplateEnvironment)
    tree = ConstantFolder(templates, False).visit(nodes.Template([nodes.Output([_word()])]))
    assert list(tree.find_all(nodes.Call))


def test_no_line_of_a_page_ends_within_the_french_word_for_a_bookmark(app: Flask) -> None:
    assert folding.unbroken("Marque-page, marque-pages, page-marque") == (
        "Marque\N{NON-BREAKING HYPHEN}page, marque\N{NON-BREAKING HYPHEN}pages, page-marque"
    )


def test_no_line_of_a_page_ends_within_a_french_verb_and_its_pronoun() -> None:
    hyphen = "\N{NON-BREAKING HYPHEN}"
    for words in (
        "Envoyez-le",
        "Dites-le-nous",
        "Est-ce vrai ? Qu’est-ce ?",
        "celles-ci, celui-là",
        "jusque-là",
        "Connectez-vous par e-mail",
    ):
        assert folding.unbroken(words) == words.replace("-", hyphen)
    for words in ("rez-de-chaussée", "test-cells", "sign-in", "envoyez -le"):
        assert hyphen not in folding.unbroken(words)


def test_no_line_of_a_page_ends_within_the_word_for_mail(app: Flask) -> None:
    templates = app.jinja_env
    said = templates.from_string(
        "{{ _('E-mails go out.') }} {{ _('%(name)s has no e-mail', name='re-mail') }} "
        "{{ ngettext('%(num)s e-mail', '%(num)s e-mails', 2) }}"
    ).render()
    hyphen = "\N{NON-BREAKING HYPHEN}"
    assert said == f"E{hyphen}mails go out. re-mail has no e{hyphen}mail 2 e{hyphen}mails"


def _word() -> nodes.Call:
    return nodes.Call(nodes.Name("_", "load"), [nodes.Const("Hello")], [], None, None)


def test_a_piece_is_made_once_for_the_same_values() -> None:
    made: list[tuple[int, str]] = []

    def macro(number: int, words: str) -> str:
        made.append((number, words))
        return f"<b>{words}</b>"

    pieces = MacroCache(1_000)
    for words in ("one", "one", "other", "one"):
        assert pieces(macro, 1, words) == f"<b>{words}</b>"
    assert made == [(1, "one"), (1, "other")]


def test_pieces_take_no_more_room_than_they_may() -> None:
    made: list[int] = []

    def macro(number: int) -> str:
        made.append(number)
        return "x" * 100

    pieces = MacroCache(1_000)
    for number in range(100):
        pieces(macro, number)
        pieces(macro, 0)  # what is used often stays in the cache
    assert made.count(0) == 1 and len(made) == 100
    assert len({**pieces.young, **pieces.old}) <= 22


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "source",
    [
        "{% macro say(what) %}{{ what }} {{ words }}{% endmacro %}{{ say('It is') }}",
        "{% from 'dialogue/_notes.html' import note_acts with context %}It is {{ words }}",
        "{% import 'dialogue/_notes.html' as notes with context %}It is {{ words }}",
        "{% include 'dialogue/_notes.html' %}It is {{ words }}",
        "{% block said %}{% include 'dialogue/_notes.html' %}It is {{ words }}{% endblock %}",
    ],
)
def test_a_page_lets_go_of_what_it_was_made_of(app: Flask, source: str) -> None:
    """Memory of a page must be freed at once; a macro in a reference cycle would keep it until garbage is collected."""

    class Words:
        pass

    words = Words()
    known = ref(words)
    with app.test_request_context():
        assert "It is" in render_template_string(source, words=words)
    del words
    assert known() is None


def test_what_all_templates_know_is_known_to_those_that_are_loaded(app: Flask) -> None:
    with app.test_request_context():
        template = app.jinja_env.from_string("{{ told_later }}")
        app.jinja_env.globals["told_later"] = "by a room above"
        try:
            assert template.render() == "by a room above"
        finally:
            del app.jinja_env.globals["told_later"]


def test_an_asset_is_named_by_its_content(app: Flask) -> None:
    with app.test_request_context():
        address = render_template_string("{{ asset('style.css') }}")
        assert address.startswith("/static/style.css?v=") and not address.endswith("v=0")
        assert render_template_string("{{ asset(name) }}", name="style.css") == address
        assert render_template_string("{{ asset('nothing.css') }}") == "/static/nothing.css?v=0"


def test_compiled_templates_are_kept_until_what_they_hold_has_changed(
    app: Flask, tmp_path: Path
) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (static / "style.css").write_text("a {}")
    kept = tmp_path / "kept"
    printed = []
    for style in ("a {}", "a {}", "b {}"):
        (static / "style.css").write_text(style)
        version_of.cache_clear()
        again = Flask("again", template_folder=str(tmp_path), static_folder=str(static))
        again.jinja_environment = TemplateEnvironment  # type: ignore[assignment]
        cache_bytecode(again, kept)
        (tmp_path / "page.html").write_text("{{ asset('style.css') }}")
        with again.app_context():
            printed.append(render_template("page.html"))
        names = {path.name for path in kept.iterdir()}
        assert len(names) == 1, "what an older one has left is cleared away"
    assert printed[0] == printed[1] != printed[2]
    assert kept.stat().st_mode & 0o077 == 0
    version_of.cache_clear()


def test_a_full_disk_keeps_no_compiled_template_and_shows_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jinja2.bccache.Bucket.write_bytecode", full)
    again = Flask("again", template_folder=str(tmp_path))
    again.jinja_environment = TemplateEnvironment  # type: ignore[assignment]
    cache_bytecode(again, tmp_path / "kept")
    (tmp_path / "page.html").write_text("words")
    with again.app_context():
        assert render_template("page.html") == "words"


@pytest.mark.parametrize(
    ("value", "words", "shown"),
    [
        (
            datetime(2026, 3, 1, 9, 5, 59, tzinfo=UTC),
            "moment",
            '<time datetime="2026-03-01T09:05Z">1\N{NO-BREAK SPACE}March 2026, 09:05 UTC</time>',
        ),
        (
            datetime(2026, 3, 1, 9, 5, tzinfo=UTC),
            "date",
            '<time datetime="2026-03-01T09:05Z">1\N{NO-BREAK SPACE}March 2026</time>',
        ),
        (
            date(2026, 12, 31),
            "date",
            '<time datetime="2026-12-31">31\N{NO-BREAK SPACE}December 2026</time>',
        ),
    ],
)
def test_days_and_moments_are_said_in_words(
    app: Flask, value: date, words: str, shown: str
) -> None:
    assert app.jinja_env.from_string(f"{{{{ value | {words} }}}}").render(value=value) == shown


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("fr", "1er\N{NO-BREAK SPACE}mars 2026"),
        ("es", "1\N{NO-BREAK SPACE}de marzo de 2026"),
        ("de", "1.\N{NO-BREAK SPACE}März 2026"),
    ],
)
def test_a_day_stays_on_the_line_of_its_month(app: Flask, locale: str, shown: str) -> None:
    environment = app.jinja_env.overlay()
    environment.locale = locale
    assert f">{shown}</time>" in environment.day(date(2026, 3, 1))
