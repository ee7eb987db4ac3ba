"""Pictures and files in texts: which images and links are accepted, their HTML, and that nothing else passes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forum import markup
from forum.dialogue.models import Post
from forum.illustrations import (
    MAX_SHOWN,
    USED,
    Illustration,
    illustrations_in,
    kind_and_size,
    line_of,
    names_in,
    with_local_pictures,
)
from forum.markdown import MAX_SOURCE
from forum.markup import MAX_HTML, write

HOME = "https://forum.example"
NAME = "0123456789abcdef01234567-1600x1200"
SMALL_NAME = "0123456789abcdef01234567-320x200"
PATH = f"/pictures/{NAME}.webp"
OTHER = PATH.replace("0123", "3210")
FILE = "0123456789abcdef01234567-2100000.pdf"
FILE_PATH = f"/files/{FILE}"
CODED = "".join(f"&#{ord(c)};" for c in PATH)
ADDRESSES = [
    PATH,
    OTHER,
    HOME + PATH,
    PATH + USED,
    HOME.upper() + OTHER,
    f"<{PATH}>",
    f"{PATH} 't'",
    f"\n{PATH} ",
    FILE_PATH,
    HOME + FILE_PATH,
    FILE_PATH.replace("0123", "3210").replace("pdf", "csv"),
]
ODD = [
    FILE_PATH.replace("pdf", "html"),
    FILE_PATH.replace("-2100000", "-0"),
    f"{FILE_PATH}?x",
    f"//forum.example{FILE_PATH}",
    CODED,
    PATH.replace("0", "%30"),
    PATH.upper(),
    f"//forum.example{PATH}",
    f"{PATH}?x",
    "/pictures/",
]
# Pieces from which random texts are built: single characters and longer strings
MARKS = [
    *"![]()<>`\\a|#é\u0645",
    "](",
    "![a]",
    "![b]",
    "[b]",
    "[]",
    "**",
    "_",
    "~~",
    "@ana",
    "<!--",
    "-->",
]
LINES = [
    "\n",
    "\n\n",
    "\n> ",
    "> [x](/posts/1)\n",
    "\n```\n",
    "\n    ",
    "\n[b]: ",
    "\n\n| a | b |\n|---|---|\n| ",
]
PIECES = st.sampled_from(
    ADDRESSES + ODD + MARKS + LINES + [" ", "\x00", "\r\n", "\u200b", "\ufeff", "\ud800"]
)
PICTURES = st.builds(
    "{}[{}]({}){}".format,
    st.sampled_from(["!", "!", ""]),
    PIECES | st.just("a"),
    st.sampled_from(ADDRESSES * 3 + ODD),
    PIECES,
)
SHOWN = re.compile(r'(?:<img src|<a class="file" href)="/(?:pictures/([^"]+)\.webp|files/([^"]+))"')


def shown_in(html):
    """The names of the pictures and files that HTML shows."""
    return {picture or file for picture, file in SHOWN.findall(html)}


def test_a_picture_of_this_forum_is_shown_with_its_size_and_its_words():
    text = write(f"![A wide lane]({PATH})")
    assert f'<a href="{PATH}"><img src="{PATH}"' in text.html
    assert 'width="960" height="720" alt="A wide lane" loading="lazy"' in text.html
    assert f'srcset="/pictures/{NAME}-small.webp 640w, {PATH} 1600w"' in text.html
    assert [tuple(picture) for picture in text.pictures] == [(NAME, "A wide lane")]
    assert text.plain == "A wide lane"


def test_the_line_of_a_picture_keeps_all_words_about_it():
    alt = "A ] wide *lane* [, `60` _m_ & 2 < 3 \\"
    text = write(line_of(NAME, alt))
    assert [tuple(picture) for picture in text.pictures] == [(NAME, alt)]
    assert line_of(NAME) == f"![]({PATH})" and line_of(NAME, "A lane!") == f"![A lane!]({PATH})"


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1600, 720), (1600, 720)), ((800, 1600), (360, 720)), ((1, 1600), (1, 720))],
)
def test_a_tall_picture_is_shown_whole(size, shown):
    html = write(f"![A tower](/pictures/0123456789abcdef01234567-{size[0]}x{size[1]}.webp)").html
    assert f'width="{shown[0]}" height="{shown[1]}"' in html


def test_a_narrow_picture_has_one_version():
    assert "srcset" not in write(f"![A plan](/pictures/{SMALL_NAME}.webp)").html


def test_a_picture_in_a_link_leads_where_the_link_leads():
    html = write(f"[![A plan]({PATH})](https://example.org)").html
    assert html.count("<a ") == 1 and 'href="https://example.org"' in html and "<img" in html


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a.png",
        f"https://example.org{PATH}",
        f"//example.org{PATH}",
        PATH.replace("webp", "svg"),
        f"{PATH}?x=1",
        f"/pictures/{NAME}-small.webp",
        "/pictures/../static/mark.svg",
        PATH.replace("1600x1200", "0x1200"),
        PATH.replace("1600x1200", "16000x1200"),
        PATH.upper(),
        "data:image/webp;base64,AAAA",
    ],
)
def test_any_other_image_stays_a_link(address):
    text = write(f"![words]({address})")
    assert "<img" not in text.html and not text.pictures


def test_what_is_said_of_a_picture_is_text():
    html = write(f'![a "b" <c> `d` *e* &amp; f]({PATH})').html
    assert 'alt="a &#34;b&#34; &lt;c&gt; d e &amp; f"' in str(html).replace("&quot;", "&#34;")


def test_lists_and_letters_have_the_words_of_a_picture_without_their_markup():
    text = write(
        f"See ![a *wide* [lane](/x) &amp; ![`plan`](/y)]({PATH}), ![a **b**](https://e.org/c.png)"
    )
    assert text.plain == "See a wide lane & plan, a b"
    assert [picture.alt for picture in text.pictures] == ["a wide lane & plan"]


def test_a_quoted_picture_is_a_link_to_it():
    text = write(f"> [Ana](/posts/1)\n>\n> ![A plan]({PATH})\n\nI see.")
    assert "<img" not in text.html and f'<a href="{PATH}"' in text.html
    assert not text.pictures and names_in(text.source) == ()


def test_a_picture_that_a_reader_does_not_see_is_told_in_words():
    other = PATH.replace("0123", "3210")
    source = f"![A *plan* <b>]({PATH}) [![]({PATH})](https://example.org) ![A lane]({other})"
    text = write(source, unseen={NAME, "unknown"})
    assert "<em>Picture: A plan &lt;b&gt;</em>" in text.html and PATH not in text.html
    assert (
        '<a href="https://example.org" rel="nofollow ugc noopener"><em>Picture</em></a>'
        in text.html
    )
    assert [picture.alt for picture in text.pictures] == ["A lane"] and text.plain.endswith(
        "A lane"
    )


def test_a_text_shows_so_many_pictures_and_the_others_are_links():
    text = write(f"![A plan]({PATH})\n\n" * (MAX_SHOWN + 5))
    assert text.html.count("<img") == MAX_SHOWN == len(text.pictures)
    assert names_in(text.source) == (NAME,)


def test_the_first_picture_of_some_texts_is_found_in_their_html():
    other = PATH.replace("0123", "3210")
    texts = [
        write(f"Words, ![a map](https://example.org/a.png) and `![a]({other})`.").html,
        write(f'[![A "plan" <b> > & c]({PATH})](https://example.org) ![A lane]({other})').html,
    ]
    assert illustrations_in(texts)[0] == (NAME, 'A "plan" <b> > & c')
    assert illustrations_in(texts[:1]) == []


def test_in_code_a_picture_is_code():
    text = write(f"`![a]({PATH})`\n\n    ![a]({PATH})")
    assert "<img" not in text.html and names_in(text.source) == ()


def test_both_sanitisers_let_no_other_image_pass():
    evil = (
        '<img src="https://evil.example/a.png" onerror="x()" style="a" srcset="//evil.example 1w">'
        f'<img src="{PATH}" srcset="{PATH} 1w, https://evil.example 2w" class="x" id="y" usemap="#z">'
    )
    for clean in (markup._BLEACH.cleaner.clean, markup._NH3.clean):
        kept = clean(evil)
        assert "evil" not in kept and "onerror" not in kept and "style" not in kept
        assert f'src="{PATH}"' in kept and "usemap" not in kept and "srcset" not in kept


def test_a_copied_address_becomes_a_local_one():
    source = f"![a](https://forum.example{PATH}) ![b](http://FORUM.example{PATH}) [c](https://other.example{PATH})"
    local = with_local_pictures(source, "https://forum.example")
    assert local == f"![a]({PATH}) ![b]({PATH}) [c](https://other.example{PATH})"


def test_the_first_words_of_a_text_do_not_begin_with_the_sign_of_a_picture():
    post = Post(source=f"![A wide lane]({PATH}) and *more*")
    assert post.gist == "A wide lane and more"


def test_a_text_of_which_nobody_knows_who_reads_it_has_links_in_place_of_pictures():
    text = write(f"![A wide lane]({PATH})", has_pictures=False)
    assert "<img" not in text.html and f'<a href="{PATH}"' in text.html and not text.pictures


@example([f"![a]({PATH})"] * (MAX_SHOWN + 1) + [f"![b]({OTHER})"])
@example([f"[a]({FILE_PATH})"] * (MAX_SHOWN + 1) + [f"![b]({OTHER})"])
@example([f"[![a]({PATH})]({FILE_PATH}) <{HOME}{FILE_PATH}> [a][b]\n\n[b]: {FILE_PATH}"])
@example([f"![a][b] ![c]\n\n[b]: {PATH}\n[C]: <{OTHER}> 't'"])
@given(st.lists(PIECES | PICTURES, max_size=20))
def test_pages_show_those_pictures_that_search_notes_and_that_rights_are_asked_of(parts):
    source = with_local_pictures("".join(parts), HOME)
    text = write(source, people=("ana",))
    assert {picture.name for picture in text.pictures} == set(names_in(source))
    assert shown_in(text.html) == set(names_in(source)) == set(names_in(text.source))
    assert text.html.count("<img") + text.html.count('class="file"') == len(text.pictures)


def test_a_text_that_is_too_long_to_be_formatted_has_the_pictures_that_it_names():
    """Otherwise the author's right to show them would not be checked."""
    text = write(f"![a]({PATH})\n\n" + "[a](//b)" * 2_400)
    assert len(text.source) <= MAX_SOURCE and "<a" not in text.html and len(text.html) < MAX_HTML
    assert [picture.name for picture in text.pictures] == [NAME] == [*names_in(text.source)]


def test_a_text_that_cannot_be_made_has_the_pictures_that_it_names(monkeypatch):
    def fail(*_args):
        raise RecursionError

    monkeypatch.setattr(markup, "_adapt_tokens", fail)
    text = write(f"![a]({PATH})")
    assert "<img" not in text.html and [*names_in(text.source)] == [NAME] == [text.pictures[0].name]


def test_a_link_to_a_file_says_its_kind_and_size_behind_its_words():
    text = write(f"See the [*Cross-section* of the kerb]({FILE_PATH}).")
    assert text.html == (
        f'<p>See the <a class="file" href="{FILE_PATH}"><em>Cross-section</em> of the kerb'
        ' <small dir="ltr">(PDF · 2.1&nbsp;MB)</small></a>.</p>\n'
    )
    assert text.pictures == [Illustration(FILE, "Cross-section of the kerb")]
    assert text.plain == "See the Cross-section of the kerb."


def test_the_line_of_a_file_is_a_link_with_words():
    assert line_of(FILE, "Kerb [A]") == rf"[Kerb \[A\]]({FILE_PATH})"
    assert write(line_of(FILE, "Kerb [A]")).pictures == [Illustration(FILE, "Kerb [A]")]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1, "1\xa0kB"),
        (999_499, "999\xa0kB"),
        (999_500, "1.0\xa0MB"),
        (9_949_999, "9.9\xa0MB"),
        (9_950_000, "10\xa0MB"),
    ],
)
def test_the_size_of_a_file_is_said_in_kilobytes_or_megabytes(size, said):
    assert kind_and_size(f"{'0' * 24}-{size}.geojson") == f"GeoJSON · {said}"


@pytest.mark.parametrize("address", [FILE_PATH.upper(), f"{FILE_PATH}#x", *ODD[:4]])
def test_any_other_link_stays_a_plain_one(address):
    text = write(f"[a]({address})")
    assert "<small" not in text.html and not text.pictures and not names_in(text.source)


def test_a_quoted_link_to_a_file_is_a_plain_one():
    text = write(f"> [a](/posts/1)\n>\n> [The kerb]({FILE_PATH})")
    assert f'<a href="{FILE_PATH}">The kerb</a>' in text.html and not text.pictures


def test_a_file_that_a_reader_does_not_see_is_told_in_words(app):
    with app.test_request_context():
        text = write(f"The [*old* kerb]({FILE_PATH}), [b](/x)", unseen={FILE})
    assert (
        text.html == '<p>The <em>File: <em>old</em> kerb</em>, <a href="/x">b</a></p>\n'
        and not text.pictures
    )


def test_nobody_writes_the_marks_of_files_by_hand():
    text = write(f'<a class="file" href="/x">a</a> <small dir="ltr">(PDF)</small> {FILE_PATH}')
    assert "<a" not in text.html and "<small" not in text.html


def test_a_text_of_which_nobody_knows_who_reads_it_has_plain_links_to_files():
    text = write(f"[The kerb]({FILE_PATH})", has_pictures=False)
    assert text.html == f'<p><a href="{FILE_PATH}">The kerb</a></p>\n' and not text.pictures


def test_of_many_links_so_many_are_links_to_files():
    text = write(f"[a]({FILE_PATH}) " * 300 + "[a](/b)" * 700)
    assert len(text.pictures) == MAX_SHOWN and text.html.count("<small") == MAX_SHOWN
