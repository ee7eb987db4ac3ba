"""Markdown to HTML: what is kept, what never passes, and how much work it may make."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum import markdown, markup
from forum.markdown import (
    MAX_CELLS,
    MAX_LINKS,
    MAX_SOURCE,
    _max_cells,
    paragraph_key,
    paragraphs,
    parser_for,
)
from forum.plaintext import excerpt, fold, slugify, tidy, words_in
from forum.quotes import quote, quoted_posts
from tests.corpus import HOSTILE, stress_texts
from tests.markups import html

SCHEME = re.compile(r"[\x00-\x20]*([a-zA-Z][a-zA-Z0-9+.-]*):")
CLASSES = {"td": {"n"}, "th": {"n"}, "div": {"tw"}, "blockquote": {"cite"}}
ATTRIBUTES = {
    "dir",
    "href",
    "title",
    "rel",
    "start",
    "class",
    "scope",
    "role",
    "tabindex",
    "aria-label",
}
ANY_CHANGE = st.text(st.characters(), max_size=400)
MARKDOWN = st.text(
    st.sampled_from("ab \n\t>#*_`~[]()!<&;:/|-=+1.\\\"'\x00\u0300\ud800é"), max_size=400
)


def elements(source: str) -> Iterator[Any]:
    """The elements and comments that a browser makes of HTML, without `html` and `body` around them."""
    tree = html5lib.parseFragment(html(source), treebuilder="etree", namespaceHTMLElements=False)
    return (element for element in tree.iter() if element.tag != "DOCUMENT_FRAGMENT")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One\nparagraph\n\nand another", "<p>One\nparagraph</p>\n<p>and another</p>"),
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        (
            "> a\n> > b",
            "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>",
        ),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("```py\na < b\n```", '<pre tabindex="0"><code>a &lt; b\n</code></pre>'),
        ("    a", '<pre tabindex="0"><code>a\n</code></pre>'),
        ("\\*a\\* &amp; &copy; 1 < 2", "<p>*a* &amp; © 1 &lt; 2</p>"),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
        ("Æ 東京 שלום", "<p>Æ 東京 שלום</p>"),
    ],
)
def test_commonmark_is_kept(source: str, expected: str) -> None:
    assert html(source) == expected


def test_links_to_elsewhere_say_so_and_links_to_here_do_not() -> None:
    rel = 'rel="nofollow ugc noopener"'
    assert (
        html("[a](https://e.org/ 't')") == f'<p><a href="https://e.org/" title="t" {rel}>a</a></p>'
    )
    assert html("[a](/topics/7)") == '<p><a href="/topics/7">a</a></p>'
    assert rel in html("[a](//e.org/)") and "/%5Ce.org" in html("[a](/\\e.org)")
    assert html("<me@e.org>") == f'<p><a href="mailto:me@e.org" {rel}>me@e.org</a></p>'


def test_bare_addresses_become_links_without_the_signs_that_follow() -> None:
    assert ">https://e.org/a?b=1</a>).</p>" in html("(see https://e.org/a?b=1).")
    assert html("`https://e.org`") == "<p><code>https://e.org</code></p>"
    assert html("[at https://e.org](/a)") == '<p><a href="/a">at https://e.org</a></p>'
    assert "<a" not in html("ftp://e.org javascript://e.org e.org")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://e.org/wiki/Cork_(city)", "https://e.org/wiki/Cork_(city)"),
        ("https://e.org/wiki/Frankfurt_(Oder).", "https://e.org/wiki/Frankfurt_(Oder)"),
        ("(see https://e.org/wiki/Cork_(city))", "https://e.org/wiki/Cork_(city)"),
        ("(https://e.org/a).)", "https://e.org/a"),
        ("https://e.org/a?b[]=1&c={d}", "https://e.org/a?b[]=1&c={d}"),
        ("[https://e.org/a[1]].", "https://e.org/a[1]"),
        ("https://e.org/wiki/L'Aquila,", "https://e.org/wiki/L'Aquila"),
        ("'https://e.org/a'.", "https://e.org/a"),
        ("**https://e.org/a_(b)**", "https://e.org/a_(b)"),
        ("https://e.org/a)(b", "https://e.org/a)(b"),
        ("https://e.org/a(b", "https://e.org/a(b"),
    ],
)
def test_brackets_and_apostrophes_of_a_bare_address_belong_to_it(text: str, address: str) -> None:
    made = unescape(html(text))
    assert re.findall('<a href="([^"]+)"[^>]*>([^<]+)</a>', made) == [(address, address)]
    assert re.sub("<[^>]+>", "", made) == text.strip("*")


def test_an_image_becomes_a_link_to_it() -> None:
    assert "<img" not in html("![Plan](https://e.org/p.png)")
    assert 'href="https://e.org/p.png"' in html("![Plan](https://e.org/p.png)")
    assert ">Plan</a>" in html("![Plan](https://e.org/p.png)")


def test_headings_begin_below_those_of_the_page_and_leave_no_level_out() -> None:
    levels = re.findall(r"<h(\d)>", html("# a\n\n### b\n\n## c\n\n###### d\n\n# e\n\nf\n===\n"))
    assert levels == ["3", "4", "4", "5", "3", "3"]
    assert re.findall(r"<h(\d)>", html("###### a\n\n# b")) == ["3", "3"]


def test_a_table_can_be_scrolled_by_key_and_sets_figures_to_the_right() -> None:
    made = html("| City | Cost |\n|---|--:|\n| Surat | 7 |")
    assert made.startswith('<div class="tw" role="region" tabindex="0" aria-label="Table"><table>')
    assert '<th scope="col">City</th>' in made and '<th class="n" scope="col">Cost</th>' in made
    assert '<td>Surat</td>\n<td class="n">7</td>' in made
    assert "style" not in made


def test_the_corner_without_words_is_no_heading() -> None:
    made = html("| | A |\n|---|---|\n| x | 1 |")
    assert made.count("<th") - made.count("<thead") == 1 and "<td></td>" in made


def test_a_table_stands_in_a_quote_and_in_a_list() -> None:
    assert "<td>" in html("> | a | b |\n> |---|---|\n> | c | d |")
    assert "<td>" in html("- | a | b |\n  |---|---|\n  | c | d |")


def test_a_quotation_of_a_post_is_told_from_other_quotations() -> None:
    assert '<blockquote class="cite">' in html("> [Ana](/posts/12)\n>\n> said this")
    assert "cite" not in html("> [Ana](https://e.org/posts/12)\n>\n> said this")


def test_plain_words_are_those_of_the_author() -> None:
    source = "# Title\n\n> [Ana](/posts/1)\n>\n> quoted\n\n(*a*) **b**c &amp; `d`\ne ![plan](x)\n\n    code"
    assert markup.write(source).plain == "Title\n(a) bc & d e plan\ncode"
    assert markup.write("<b>a</b>").plain == "<b>a</b>"


def test_paragraphs_are_the_blocks_of_a_text() -> None:
    source = "One\nline\n\n- a\n\n- b\n\n```\nc\n\nd\n```\n\n# e"
    assert paragraphs(source) == ["One\nline", "- a\n\n- b", "```\nc\n\nd\n```", "# e"]
    assert paragraphs("") == []


def test_the_key_of_a_paragraph_follows_from_its_words() -> None:
    assert paragraph_key("a  b\n c") == paragraph_key("a b c")
    assert paragraph_key("a b") != paragraph_key("a c")


# What never passes


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) >= 300


@pytest.mark.parametrize("around", ["{}", "> {}", "- {}", "a {} b", "| {} |\n|--|\n| {} |", "# {}"])
def test_nothing_that_runs_passes(around: str) -> None:
    for text in HOSTILE:
        source = around.replace("{}", text)
        for element in elements(source):
            assert element.tag in markup.TAGS | {"tbody"}, (source, element.tag)
            for name, value in element.attrib.items():
                assert name in ATTRIBUTES, (source, name)
                if name == "href":
                    scheme = SCHEME.match(value)
                    assert not scheme or scheme[1].lower() in markup.SCHEMES, (source, value)
                if name == "class":
                    assert set(value.split()) <= CLASSES[element.tag], (source, value)


def test_the_two_cleaners_agree_and_have_nothing_left_to_do() -> None:
    for text in HOSTILE:
        made = markup._clean(markup._render(tidy(text))[1])
        assert markup._clean(made) == made, text
        assert markup._NH3.clean(made) == made, text


def test_each_cleaner_alone_would_hold() -> None:
    """The parser lets no HTML through. Here it is replaced, so that each cleaner is tested alone."""
    unsafe = re.compile(
        r"<[^>]*\son\w+\s*=|<(script|iframe|object|style|form|base|meta|svg|math)\b"
    )
    # An image without an attribute shows nothing
    foreign = re.compile(r"<img\b(?! src=\"/pictures/|>)")
    for text in HOSTILE:
        for clean in (markup._BLEACH.cleaner.clean, markup._NH3.clean, markup._clean):
            assert not unsafe.search(clean(tidy(text))), text
            assert not foreign.search(clean(tidy(text))), text


# Bounds


@pytest.mark.usefixtures("no_collection")
def test_the_most_hostile_text_is_written_with_bounded_work() -> None:
    """Two seconds of CPU time are many times what each text takes; the real bound is on the amount of work."""
    for name, text in stress_texts(MAX_SOURCE).items():
        begun = time.process_time()
        written = markup.write(text)
        assert time.process_time() - begun < 2, name
        # A text of one escaped character, shown as plain text
        escaped = 8 * len(written.source)
        assert len(written.html) <= max(markup.MAX_HTML, escaped), name
        assert written.html.count("<td") + written.html.count("<th") <= MAX_CELLS + 60, name


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("length", [MAX_SOURCE // 2, MAX_SOURCE, 60_000])
def test_what_is_made_of_the_source_is_bounded_too(length: int) -> None:
    for name, text in stress_texts(length).items():
        begun = time.process_time()
        quoted_posts(text), slugify(text[:1_000]), excerpt(text)
        quote("A", 1, text), _max_cells(text), markdown.BARE_LINK.findall(text)
        assert time.process_time() - begun < 1, name


def test_the_tree_is_bounded() -> None:
    names = (
        "quotes",
        "lists in quotes",
        "stars and lines",
        "a ladder of lists",
        "links in emphasis",
    )
    for name in names:
        source = stress_texts(MAX_SOURCE)[name]
        tokens = parser_for(source).parse(source)
        assert sum(1 + len(token.children or []) for token in tokens) <= 25_000, name
        assert max(token.level for token in tokens) <= 2 * 20 + 2, name


def test_what_is_too_much_is_shown_as_it_was_typed() -> None:
    wide = "|a" * 60 + "|\n" + "|-" * 60 + "|\n" + "|b\n" * 60
    assert "<td" not in html(wide) and "|a|a" in html(wide)
    assert html("a\n\n\n<b>" + " x" * MAX_SOURCE).startswith("<p>a</p>\n<p>&lt;b&gt; x")
    assert html("[" * 6_000) == f"<p>{'[' * 6_000}</p>"
    many = html("https://e.org/a " * 1_000)
    assert many.count("<a ") <= MAX_LINKS + 1_000 and len(many) <= markup.MAX_HTML


def test_a_text_of_white_space_makes_no_work() -> None:
    assert html(" \n" * 1_100) == ""


@given(st.one_of(ANY_CHANGE, MARKDOWN))
@settings(max_examples=300)
def test_any_text_is_written(source: str) -> None:
    written = markup.write(source)
    assert unicodedata.is_normalized("NFC", written.source)
    assert "\x00" not in written.source + written.html + written.plain
    written.html.encode(), written.plain.encode(), written.source.encode()
    assert markup.write(written.source) == written
    for element in elements(source):
        assert element.tag in markup.TAGS
        assert not [name for name in element.attrib if name not in ATTRIBUTES]
    paragraphs(source), quoted_posts(source), fold(source)
    assert slugify(source).encode()
    assert len(excerpt(written.plain, 50)) <= 50


def test_texts_written_at_the_same_moment_stay_apart() -> None:
    """bleach's cleaner is not thread-safe, so each thread must get its own result."""
    sources = [f"Text {number}: **{'a' * number}**" for number in range(1, 9)]
    wanted = [markup.write(source) for source in sources]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(sources)) as pool:
            together = list(pool.map(markup.write, sources * 20))
    finally:
        sys.setswitchinterval(interval)
    assert together == wanted * 20


def test_lists_and_tables_have_the_direction_of_their_own_words() -> None:
    text = "In English.\n\n- عنصر\n- one\n\n1. first\n\n| שם | 1 |\n|---|---|\n| a | 2 |"
    html = markup.write(text).html
    assert [
        tag in html for tag in ('<ul dir="auto">', '<ol dir="auto">', '<table dir="auto">')
    ] == [
        True,
        True,
        True,
    ]
    assert (
        "dir=" not in markup.write("In English.\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |").html
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# A\n\nB *c* __d__ `e` ~~f~~", "A\n\nB c d e ~~f~~"),
        ("a\nb  \nc\\\nd", "a\nb\nc\nd"),
        ("[a](https://x.example) <https://y.example> https://z.example/a_b_c", None),
        ("![A square](/pictures/1.webp)", "A square (/pictures/1.webp)"),
        ("- a\n  - b\n- c\n\nd", "- a\n  - b\n- c\n\nd"),
        ("3. a\n\n   b\n4. c", "3. a\n\n   b\n\n4. c"),
        ("a\n\n> b\n>\n> - c\n> - d\n\ne", "a\n\n> b\n>\n> - c\n> - d\n\ne"),
        ("```\nx = 1\n  y\n```\n***\nz", "    x = 1\n      y\n\n* * *\n\nz"),
        ("| a | b |\n|---|---|\n| 1 | |\n| | *2* |", "a · b\n1\n2"),
        ("2 * 3 * 4, snake_case, @ana-prado, #5", "2 * 3 * 4, snake_case, @ana-prado, #5"),
        ("سطر **أول**\n\n> اقتباس", "سطر أول\n\n> اقتباس"),
        ("", ""),
    ],
)
def test_a_text_reads_in_a_letter_as_people_write_letters(source: str, said: str | None) -> None:
    links = "a (https://x.example) https://y.example https://z.example/a_b_c"
    assert markdown.readable(source) == (links if said is None else said)


@given(st.text(alphabet="ab12 \n\t#*_>-.|:`~[]()!\\<&ش", max_size=120))
@settings(max_examples=300, deadline=None)
def test_a_letter_loses_no_words_of_a_text(source: str) -> None:
    assert set(words_in(markup.write(source).plain)) <= set(words_in(markdown.readable(source)))


@pytest.mark.usefixtures("no_collection")
def test_a_text_made_to_keep_the_parser_busy_is_soon_in_a_letter() -> None:
    for name, text in stress_texts(8_000).items():
        began = time.process_time()
        markdown.readable(text)
        assert time.process_time() - began < 3, name
