"""Who is mentioned in a text, and how a mention is shown."""

from __future__ import annotations

import time

import pytest
from markupsafe import Markup, escape

from forum import markup
from forum.mentions import handles_in, with_mentions_apart
from forum.quotes import unname
from forum.search.queries import mark


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


def test_a_mention_in_a_text_from_right_to_left_keeps_its_at_before_the_handle() -> None:
    linked = '<a href="/members/ana-prado" dir="ltr">@ana-prado</a>'
    for said in ("مرحبا {}!", "שלום {}, ברוך הבא", "> {} مرحبا"):
        source = said.format("@ana-prado")
        assert linked in markup.write(source, people={"ana-prado"}).html, said
        unknown = '<bdi dir="ltr">@ana-prado</bdi>'
        assert unknown in markup.write(source).html, "nobody has it, or not yet"
        assert unknown in markup.write(source, people={"ben"}).html
        assert "@ana-prado" in markup.write(source).plain or said.startswith(">")
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
