"""From Markdown to HTML and plain text: what is kept, what never passes, and that the work is bounded."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

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
from forum.mentions import handles_in, with_mentions_apart
from forum.plaintext import (
    _numbered,
    excerpt,
    first_free,
    fold,
    in_one_line,
    is_made_of,
    slugify,
    tidy,
)
from forum.quotes import (
    cited_in_html,
    cited_in_source,
    quote,
    quoted_posts,
    unname,
    with_local_quotes,
    withhold_in_html,
    withhold_in_source,
)
from forum.search.queries import mark
from tests.corpus import HOSTILE, stress_texts

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


def html(source: str) -> str:
    return str(markup.write(source).html).strip()


def elements(source: str) -> Iterator[Any]:
    """The elements and comments that a browser makes of HTML, without `html` and `body` around them."""
    tree = html5lib.parseFragment(html(source), treebuilder="etree", namespaceHTMLElements=False)
    return (element for element in tree.iter() if element.tag != "DOCUMENT_FRAGMENT")


# What is kept


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


# Quotations, excerpts, names in addresses


def test_quoting_a_post_and_finding_it_again() -> None:
    made = quote("Ana [the] <first>", 12, "> earlier\n\nNoise is **heard** last.\n\n- a\n")
    assert made.startswith("> [Ana the first](/posts/12)\n>\n> Noise is **heard** last.\n")
    assert "earlier" not in made and made.endswith("> - a\n\n")
    assert quoted_posts(made + "Indeed.") == [12]
    assert "cite" in html(made) and "Indeed." in html(made + "Indeed.")


def test_quoted_posts_are_few_different_and_known_to_the_databases() -> None:
    many = "\n\n".join(f"> [A](/posts/{number})" for number in [3, 3, *range(40)])
    assert quoted_posts(many) == [3, 0, 1, 2, *range(4, 20)]
    assert quoted_posts("> [A](/posts/999999999999)\n\n> [A](/posts/2147483648)") == []
    assert quoted_posts("[A](/posts/1) and `> [A](/posts/2)`") == []


def test_plain_words_are_those_of_the_author() -> None:
    source = "# Title\n\n> [Ana](/posts/1)\n>\n> quoted\n\n(*a*) **b**c &amp; `d`\ne ![plan](x)\n\n    code"
    assert markup.write(source).plain == "Title\n(a) bc & d e plan\ncode"
    assert markup.write("<b>a</b>").plain == "<b>a</b>"


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt("  a  b ") == "a b"
    assert excerpt("one two, three", 10) == "one two…"
    assert excerpt("x" * 50, 10) == "x" * 9 + "…"
    assert len(excerpt("word " * 100)) <= 200


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("## What we did\n\nWe asked.\n\nThey answered.", "What we did · We asked. They answered."),
        ("Bring:\n\n- a map\n- a pen", "Bring: a map · a pen"),
        ("一つ。\n\n二つ", "一つ。 二つ"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a · b · 1 · 2"),
        ("one\ntwo", "one two"),
        ("\n\n", ""),
    ],
)
def test_in_one_line_its_parts_are_told_apart(source: str, line: str) -> None:
    assert in_one_line(markup.write(source).plain) == line


def test_an_excerpt_is_no_markup_and_cuts_no_entity_in_two() -> None:
    source = "&lt;img src=x onerror=alert(1)&gt; <script>alert(1)</script>"
    plain = markup.write(source).plain
    assert plain.startswith("<img src=x onerror=alert(1)>")
    for length in range(2, 60):
        short = excerpt(plain, length)
        assert type(short) is str  # no `Markup`, so templates escape it
        assert plain.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Émile", "emile"),
        ("Ｍｅｄｅｌｌｉｎ", "medellin"),
        ("Straße", "strasse"),
        ("København Łódź", "kobenhavn lodz"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("ﬁ", "fi"),
        ("a\x00b\ud800", "a b"),
    ],
)
def test_fold_makes_one_of_what_people_type_differently(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Making Cities Quieter!", "making-cities-quieter"),
        ("  Émile_&_Łódź  ", "emile-łódź".replace("łódź", "lodz")),
        ("東京 2020", "東京-2020"),
        ("हिन्दी में", "हिन्दी-में"),
        ("한국", "한국"),
        ("../../etc", "etc"),
        ("<script>", "script"),
        ("?!", "text"),
        ("Πώς μετράτε τους θανάτους ΑΠΟ", "πως-μετρατε-τους-θανατους-απο"),
        ("❤️ 👨‍👩‍👧", "text"),
        ("Parks ❤️", "parks"),
        ("\u202e\x00\ud800", "text"),
    ],
)
def test_a_slug_has_letters_and_digits_of_any_script(text: str, slug: str) -> None:
    assert slugify(text) == slug


def free(wish: str, used: Collection[str], most: int = 60) -> tuple[str, int]:
    """The first free name, and how many queries it took to find it."""
    asked: list[Sequence[str]] = []

    def taken(names: Sequence[str]) -> Collection[str]:
        asked.append(names)
        return set(names) & set(used)

    return first_free(wish, taken, most), len(asked)


def test_the_first_free_name_is_found_by_few_questions() -> None:
    numbered = ["trams", *(f"trams-{number}" for number in range(2, 3_000))]
    assert free("trams", ["tram", "trams-2"]) == ("trams", 1)
    assert free("trams", ["trams", "trams-2", "trams-4"]) == ("trams-3", 1)
    assert free("trams", numbered) == ("trams-3000", 4)


def test_a_number_finds_room_in_a_name() -> None:
    long = "a" * 37 + "-bc"
    assert free(long, [], most=40) == (long, 1)
    # The hyphen at the end is removed before the number is added
    assert free(long, [long], most=40) == ("a" * 37 + "-2", 1)
    used = [long, *(_numbered(long, number, 40) for number in range(2, 100))]
    name, _asked = free(long, used, most=40)
    assert name == "a" * 36 + "-100"
    assert is_made_of(name, long, 40) and is_made_of(long, long, 40)
    for other in (long[:-1], f"{long}-2", name[1:], "a" * 36 + "-1", "a" * 36 + "-0100"):
        assert not is_made_of(other, long, 40), other


def test_a_slug_is_short() -> None:
    assert len(slugify("a" * 500)) == 60
    assert not slugify("a" * 59 + " b").endswith("-")


def test_paragraphs_are_the_blocks_of_a_text() -> None:
    source = "One\nline\n\n- a\n\n- b\n\n```\nc\n\nd\n```\n\n# e"
    assert paragraphs(source) == ["One\nline", "- a\n\n- b", "```\nc\n\nd\n```", "# e"]
    assert paragraphs("") == []


def test_the_key_of_a_paragraph_follows_from_its_words() -> None:
    assert paragraph_key("a  b\n c") == paragraph_key("a b c")
    assert paragraph_key("a b") != paragraph_key("a c")


def test_a_text_is_tidied() -> None:
    assert tidy("a\tb\x01\x08\x1b[2J\x7fc") == "a\tb[2Jc"
    assert tidy("\n\na\r\nb\rc\x00\ud800e\u0301\n") == "a\nb\nc\ufffd\u00e9"
    assert markup.write("a", "fi").language == "fi"


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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("> [Ana Prado](/posts/7)\n> Words.", "> [Former member](/posts/7)\n> Words."),
        (">[A. P.](/posts/7)", "> [Former member](/posts/7)"),
        ("> [Ben](/posts/8)\n\n[Ana](/posts/7)", "> [Ben](/posts/8)\n\n[Ana](/posts/7)"),
        ("Ask @ana-prado, or (@ana-prado).", "Ask Former member, or (Former member)."),
        ("@ana-prado-2 and x@ana-prado.example stay", "@ana-prado-2 and x@ana-prado.example stay"),
        ("See [Ana](/members/ana-prado).", "See Former member."),
        ("https://x.example/members/ana-prado#wrote", "https://x.example/members#wrote"),
        ("/members/ana-prado-2", "/members/ana-prado-2"),
    ],
)
def test_a_member_who_has_left_is_named_no_more(before: str, after: str) -> None:
    assert unname(before, {7}, ["ana-prado"], "Former member") == after


# Mentions


@pytest.mark.parametrize(
    ("source", "handles"),
    [
        ("Ask @ana-prado.", ["ana-prado"]),
        ("@Ana-Prado, @ben-okoth’s and @ana-prado!", ["ana-prado", "ben-okoth"]),
        ("(@ana) **@ben** _@eva_ ~~@zoe~~", ["ana", "ben", "eva", "zoe"]),
        ("| a | b |\n|---|---|\n| @ana | - @ben |", ["ana", "ben"]),
        ("Write to ana@example.org or <ana@example.org>.", []),
        ("`@ana` and\n\n    @ben\n\n```\n@eva\n```", []),
        ("[@ana](https://example.org) and https://example.org/@ben?by=@eva", []),
        ("> @ana said so", []),
        ("@@ana @ana@example.org @ana.example @ana/x @ana_prado @-ana @", []),
        ("@ana-", ["ana"]),
        ("\\@ana <b>@ben</b>", ["ana", "ben"]),
    ],
)
def test_who_is_mentioned(source: str, handles: list[str]) -> None:
    assert list(markup.write(source).mentions) == handles


def test_only_people_who_are_there_become_links() -> None:
    html = markup.write(
        "@Ana-Prado, @nobody, [@ana-prado](/x) `@ana-prado`", people={"ana-prado"}
    ).html
    assert html.count('<a href="/members/ana-prado">@Ana-Prado</a>') == 1
    assert html.count("<a ") == 2 and "@nobody" in html
    assert "<a" not in markup.write("@ana-prado").html
    quoted = markup.write("> @ana-prado said so", people={"ana-prado"})
    assert "/members/ana-prado" in quoted.html and not quoted.mentions


def test_of_those_whom_an_author_mentions_the_first_become_links() -> None:
    source = "> @dora\n\n@nobody @ana @ben `@cem` @ana\n\n- @cem @ben"
    html = markup.write(source, people={"ana", "ben", "cem", "dora"}, most=2).html
    assert [html.count(f"/members/{name}") for name in ("ana", "ben", "cem", "dora")] == [
        2,
        2,
        0,
        1,
    ]


@pytest.mark.usefixtures("no_collection")
def test_a_thousand_mentions_are_bounded_and_quick() -> None:
    many = " ".join(f"@p{number}" for number in range(1_000))
    assert len(markup.write(many).mentions) == 100 and len(handles_in(many)) == 100
    begun = time.process_time()
    html = markup.write("@ana " * 4_000, people={"ana"}).html
    markup.write("@" + "a-" * 9_999, people={"a"})
    markup.write("@a" * 9_999, people={"a"})
    assert time.process_time() - begun < 2
    assert 300 <= html.count("<a ") <= 400


# Hidden quotations


TWO = (
    quote("Ana <b>", 12, "First *words*.\n\n- a\n- b")
    + "Mine.\n\n"
    + quote("Ben", 13, "Others.")
    + "End."
)


def test_what_is_quoted_of_a_post_is_withheld() -> None:
    html = markup.write(TWO).html
    assert cited_in_html(html) == cited_in_source(TWO) == {12, 13}
    assert withhold_in_html(html, ()) == withhold_in_html(html, {99}) == html
    without = withhold_in_html(html, {12})
    assert "words" not in without and "<li>" not in without and "Others." in without
    assert '<a href="/posts/12">Ana  b</a>' in without or '<a href="/posts/12">Ana b</a>' in without
    assert "Mine." in without and "End." in without and without.count("[…]") == 1
    assert without.count("<blockquote") == without.count("</blockquote>") == 2
    assert withhold_in_html(without, {12}) == without and cited_in_html(without) == {
        12,
        13,
    }
    assert "Others." not in withhold_in_html(without, {12, 13})


QUOTES = [
    "> [A](/posts/12) words\nlazily words\n\nMine.",
    "> [A](/posts/12)\n>\n> > [B](/posts/13)\n> >\n> > words\n>\n> words\n\nMine.",
    ">[A](/posts/12)\n>```\n>words\n>```\n\nMine.",
    "- > [A](/posts/12)\n  > words\n\nMine.",
    " > [A](/posts/12)\n > words\n\nMine.",
    "> [A](/posts/12)\n> | words |\n> |---|\n> | words |\n\nMine.",
    "> [C](/posts/14)\n>\n> ours\n> [A](/posts/12)\n>\n> words\n\nMine.",
    "> [C](/posts/14)\n>\n> ours\n>\n> [A](/posts/12)\n>\n> words\n\nMine.",
    ">\n> [A](/posts/12)\n>\n> words\n\nMine.",
    '> [A](/posts/12)\n>\n> words <blockquote data-withheld="12">\n\nMine.',
    "> [A](/posts/12#a-place)\n>\n> words\n\nMine.",
    "> [A](/posts/12?page=2&x#y)\n>\n> words\n\nMine.",
    "> **[A](/posts/12)**\n>\n> words\n\nMine.",
    "> [A](</posts/12#)>)\n>\n> words\n\nMine.",
    '> [A](/posts/12#<"> "a title")\n>\n> words\n\nMine.',
    "- > ~~***[A](/posts/12#b)***~~ said:\n  > words\n\nMine.",
]


@pytest.mark.parametrize("source", [*QUOTES[:6], *QUOTES[7:]])
def test_however_it_is_quoted(source: str) -> None:
    html = markup.write(source).html
    without = withhold_in_html(html, {12})
    assert 12 in cited_in_html(html) & cited_in_source(source)
    assert "words" not in without and "Mine." in without
    assert without.count("<blockquote") == without.count("</blockquote>")
    left = withhold_in_source(source, {12})
    assert "words" not in left and "Mine." in left and "[…]" in left


def test_of_a_decorated_quote_the_plain_link_stays() -> None:
    source = "> **[A](/posts/12#b)**\n>\n> words"
    assert withhold_in_source(source, {12}) == "> [A](/posts/12#b) […]"
    left = withhold_in_html(markup.write(source).html, {12})
    assert '<p dir="auto"><a href="/posts/12#b">A</a></p>' in left and "strong" not in left
    assert unname(source, {12}, ["a"], "X") == "> **[X](/posts/12#b)**\n>\n> words"
    assert quoted_posts(source) == [12]


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("> [A](https://f.example/posts/3)", "> [A](/posts/3)"),
        ("> [A](http://F.example/posts/3#x)", "> [A](/posts/3#x)"),
        ("- > **[A](<https://f.example/posts/3>)**", "- > **[A](</posts/3>)**"),
        ("> https://f.example/posts/3", "> [https://f.example/posts/3](/posts/3)"),
        ("> <https://f.example/posts/3>\n> a", "> [https://f.example/posts/3](/posts/3)\n> a"),
        ("> [A][1]\n\n[1]: https://f.example/posts/3", "> [A][1]\n\n[1]: /posts/3"),
        ("> [A [b]]( https://f.example/posts/3 't')", "> [A [b]]( /posts/3 't')"),
        *(2 * (same,) for same in (
            "[A](https://f.example/posts/3)",
            "> [A](https://g.example/posts/3)",
            "> [A](https://f.example.org/posts/3)",
            "> https://f.example/posts/3x",
            "> see https://f.example/posts/3",
        )),
    ],
)  # fmt: skip
def test_a_whole_address_of_a_quoted_post_becomes_a_local_one(typed: str, local: str) -> None:
    assert with_local_quotes(typed, "https://f.example") == local


@pytest.mark.usefixtures("no_collection")
def test_looking_for_whole_addresses_takes_no_time() -> None:
    for piece in ("> ", "> [", "> *", ">](", "[a]: ", "> https://f.example/posts/3#", ">\n"):
        begun = time.process_time()
        with_local_quotes(piece * 5_000 + "/posts/", "https://f.example")
        quoted_posts(piece * 5_000)
        assert time.process_time() - begun < 1


def test_the_inner_quote_alone_is_withheld() -> None:
    source = "> [A](/posts/12)\n>\n> > [B](/posts/13)\n> >\n> > inner\n>\n> outer\n\nMine."
    without = withhold_in_html(markup.write(source).html, {13})
    assert "inner" not in without and "outer" in without and "Mine." in without
    assert "inner" not in withhold_in_source(source, {13})


def test_the_source_is_withheld_as_well() -> None:
    without = withhold_in_source(TWO, {12})
    assert "words" not in without and "- a" not in without
    assert "Mine." in without and "Others." in without and "[…]" in without
    assert withhold_in_source(TWO, ()) == TWO


def test_search_knows_no_words_of_others() -> None:
    text = markup.write(quote("Ana", 12, "Her words."))
    assert "words" not in text.plain and "words" not in markup.plain(text.source)


def test_a_quote_has_the_direction_of_its_own_words_and_not_of_the_name_above() -> None:
    source = "> [نور الدين](/posts/12)\n>\n> Hers.\n>\n> > שלי.\n\nMine."
    html = markup.write(source).html
    assert html.startswith(
        '<blockquote class="cite" dir="auto">\n<p dir="auto"><a href="/posts/12">نور الدين</a></p>\n<p>Hers.'
    )
    assert '<blockquote dir="auto">\n<p>שלי.</p>' in html
    assert cited_in_html(html) == cited_in_source(source) == {12}
    without = withhold_in_html(html, {12})
    assert "Hers" not in without and "Mine." in without and cited_in_html(without) == {12}
    assert '<p dir="auto">' not in markup.write("> [نور](/posts/12) Hers.").html
    assert "dir=" not in markup.write("> [Nour](/posts/12)\n>\n> Hers.").html


def test_a_mention_in_a_text_from_right_to_left_keeps_its_at_before_the_handle() -> None:
    linked = '<a href="/members/ana-prado" dir="ltr">@ana-prado</a>'
    for said in ("مرحبا {}!", "שלום {}, ברוך הבא", "> {} مرحبا"):
        source = said.format("@ana-prado")
        assert linked in markup.write(source, people={"ana-prado"}).html, said
        assert 'dir="ltr"' not in markup.write(source).html
    link = markup.write("مرحبا [@ana](/topics/1) @ben", people={"ben"}).html
    assert '<a href="/topics/1">@ana</a>' in link and link.count('dir="ltr"') == 1
    quoted = "> [نور](/posts/12)\n>\n> [@ana-prado](/members/ana-prado) مرحبا"
    assert linked in markup.write(quoted).html  # as what is chosen on a page is quoted
    for named in ("[Ana @home](/members/ana) مرحبا", "[نور](/members/nour)"):
        assert 'dir="ltr"' not in markup.write(named).html
    assert "dir=" not in markup.write("Hello @ana-prado!", people={"ana-prado"}).html


def test_a_mention_in_plain_text_from_right_to_left_stands_apart() -> None:
    apart = '<bdi dir="ltr">@ana-prado</bdi>'
    for said in ("مرحبا {}", "שלום, {}!", "{} <b>مرحبا</b>"):
        shown = with_mentions_apart(said.format("@ana-prado"))
        assert shown == Markup(said.replace("<", "&lt;").replace(">", "&gt;").format(apart)), said
    for same in ("", "Hello @ana & <b>", "مرحبا <b>", "مرحبا ana@example.org"):
        assert escape(with_mentions_apart(same)) == escape(same)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["ana"], '<bdi dir="ltr">@<mark>ana</mark>-prado</bdi>'),
        (["prado"], '<bdi dir="ltr">@ana-<mark>prado</mark></bdi>'),
        (["ana", "prado"], '<bdi dir="ltr">@<mark>ana</mark>-<mark>prado</mark></bdi>'),
        (["ana prado"], '<bdi dir="ltr">@<mark>ana-prado</mark></bdi>'),
        (["ana prado مرحبا"], "@<mark>ana-prado مرحبا</mark>"),  # the mark reaches beyond it
        (["مرحبا"], '<bdi dir="ltr">@ana-prado</bdi>'),
    ],
)
def test_the_sign_of_a_marked_mention_stays_before_it_in_texts_from_right_to_left(
    words: list[str], shown: str
) -> None:
    marked = mark("شكرا @ana-prado مرحبا & <b>", words)
    apart = str(with_mentions_apart(marked))
    assert shown in apart and apart.endswith("&amp; &lt;b&gt;")
    assert apart.replace('<bdi dir="ltr">', "").replace("</bdi>", "") == marked


def test_a_marked_address_is_no_mention() -> None:
    for said in ("شكرا info@localhost", "شكرا info@ana.example"):
        assert with_mentions_apart(mark(said, ["info"])) == mark(said, ["info"])


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
