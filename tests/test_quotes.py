"""Quotations of posts: found in a text, and withheld when the post is hidden."""

from __future__ import annotations

import time

import pytest

from forum import markup
from forum.markdown import MAX_SOURCE
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
from tests.markups import html


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


@pytest.mark.usefixtures("no_collection")
def test_taking_out_a_name_takes_no_time() -> None:
    """Whoever names a member decides how long it takes to take out the name when the member leaves."""
    for piece in ("[", "[a ", "![", "> [", "@a", "/members/a"):
        text = piece * (MAX_SOURCE // len(piece))
        begun = time.process_time()
        for _post in range(10):
            unname(text, {12}, ["a"], "X")
        assert time.process_time() - begun < 2


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
