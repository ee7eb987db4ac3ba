"""Addresses of pictures and files as people paste them: which of them are links, and what the text becomes that uses them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forum.illustrations import MAX_SHOWN, USED, Illustration, line_of, names_in
from forum.markdown import MAX_SOURCE
from forum.markup import write
from forum.pastedlinks import pasted_links, with_used
from tests.test_illustrations import (
    FILE,
    FILE_PATH,
    HOME,
    NAME,
    PATH,
    PICTURES,
    PIECES,
)

WORDS = {FILE: "The kerb", NAME: ""}
BARE = HOME + FILE_PATH
PICTURE = HOME + PATH
USING = f"[The kerb]({FILE_PATH})"


def using(source, words=WORDS):
    return with_used(source, pasted_links(source, HOME), words)


def in_references(address):
    return "".join(f"&#{ord(sign)};" for sign in address)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (BARE, USING),
        (f"<{BARE}>", USING),
        (f"See {BARE}.", f"See {USING}."),
        (f"(see **{BARE}**), {BARE}!", f"(see **{USING}**), {USING}!"),
        (f"- {BARE}\n- {BARE}", f"- {USING}\n- {USING}"),
        (f"| a |\n|---|\n| {BARE} |", f"| a |\n|---|\n| {USING} |"),
        (BARE.replace("https", "http"), USING),
        (BARE.replace("forum.example", "FORUM.example"), USING),
        (f"[a][b]\n\n[b]: {BARE}", f"[a][b]\n\n[b]: {FILE_PATH}"),
        (f"[a]({BARE} 't')", f"[a]({FILE_PATH} 't')"),
        (f"\\<{BARE}>", f"\\<{USING}>"),
        (PICTURE, f"[{PICTURE}]({PATH}{USED})"),
        (f"[a plan]({PICTURE})", f"[a plan]({PATH}{USED})"),
        (f"[a plan](<{PATH}>)", f"[a plan](<{PATH}{USED}>)"),
    ],
)
def test_an_address_becomes_a_link_that_uses_its_file(typed, kept):
    assert using(typed) == kept and using(kept) == kept
    assert set(names_in(kept)) <= {FILE, NAME} and names_in(kept)


@pytest.mark.parametrize(
    "source",
    [
        f"`{BARE}`",
        f"    {BARE}",
        f"```\n{BARE}\n```",
        f"> {BARE}",
        f"> [Ana](/posts/1)\n> <{BARE}>",
        f"[a {BARE}](/x)",
        f"![a {BARE}](/x)",
        f"!{BARE}",
        f"!<{BARE}>",
        f"{BARE}?x",
        f"{BARE}x",
        f"https://other.example{FILE_PATH}",
        f"https://other.example/?to={BARE}",
        f"[a](//forum.example{FILE_PATH})",
        f"Say {FILE_PATH}",
        f"{BARE.replace('files', 'FILES')}",
        f"![A plan]({PATH}) [large]({PATH}) {PICTURE}",
        f"![A plan][b] [large][b]\n\n[b]: {PATH}",
        line_of(FILE, "a"),
        BARE.replace("0123", "3210"),
        "a" * (MAX_SOURCE - len(BARE)) + " " + BARE,
        f"[a]({in_references(PATH)}) ![b]({PATH})",
        f"![a]({in_references(PATH)}) `{PATH}`",
        f"[a]({in_references(PATH.replace('0123456789abcdef', 'f' * 16))}) `{PATH}`",
    ],
)
def test_all_else_stays_as_it_was_typed(source):
    assert using(source) == source


def test_the_words_of_a_file_are_words():
    source = using(BARE, {FILE: "A ] wide *lane* [, | `60`"})
    assert write(source).pictures == [Illustration(FILE, "A ] wide *lane* [, | `60`")]


def test_a_link_to_a_picture_says_how_large_it_is():
    html = write(using(f"[a *plan*]({PICTURE})")).html
    assert html == (
        f'<p><a class="file" href="{PATH}">a <em>plan</em> <small dir="ltr">'
        "(WebP · 1600&nbsp;×&nbsp;1200)</small></a></p>\n"
    )


def test_a_linked_picture_that_a_reader_does_not_see_is_told_in_words(app):
    with app.test_request_context():
        text = write(f"[the plan]({PATH}{USED})", unseen={NAME})
    assert text.html == "<p><em>Picture: the plan</em></p>\n" and not text.pictures


def test_no_link_takes_the_place_of_what_a_text_shows():
    source = BARE + f"\n\n![A plan]({PATH})" * MAX_SHOWN + f"\n\n![b]({PATH.replace('0', '1')})"
    assert set(names_in(using(source))) >= set(names_in(source))


@example([f"[a]({PICTURE}) <{BARE}> {BARE}, ![b]({PATH})"])
@example([f"[a][b] ![c][b]\n\n[b]: {PICTURE}"])
@given(st.lists(PIECES | PICTURES | st.sampled_from([f" {BARE} ", f"<{PICTURE}>"]), max_size=20))
def test_any_text_keeps_what_it_showed(parts):
    source = "".join(parts)
    changed = using(source)
    text = write(changed)
    assert (
        set(names_in(source))
        <= set(names_in(changed))
        == {picture.name for picture in text.pictures}
    )
    assert {*names_in(changed)} - {*names_in(source)} <= WORDS.keys()
    assert text.html.count("<img") + text.html.count('class="file"') == len(text.pictures)
