"""Which pages of the forum a text links to."""

from __future__ import annotations

import pytest

from forum.pagelinks import MAX_PAGES, pages_linked

HOME = "https://forum.example"


@pytest.mark.parametrize(
    ("typed", "pages"),
    [
        ("[it](/topics/12-how-wide)", ["/topics/12"]),
        ("[it](/topics/12)", ["/topics/12"]),
        ("[it](/topics/12-how?page=2#post-21)", ["/topics/12"]),
        ("[it](/posts/3) and [it](/posts/3#x)", ["/posts/3"]),
        (f"{HOME}/practices/kerbs.", ["/practices/kerbs"]),
        (f"<{HOME}/cases/kerbs/in/fr>", ["/cases/kerbs"]),
        ("http://FORUM.example/cases/a?b#c, /cases/d", ["/cases/a"]),
        ("[a][b]\n\n[b]: /cases/%C3%A9t%C3%A9", ["/cases/été"]),
        ("- **[a](/cases/a)**\n- [b](/practices/b)", ["/cases/a", "/practices/b"]),
        ("> [Ana](/posts/3): so\n\nYes.", []),
        ("`[a](/cases/a)` ![a](/cases/a)", []),
        ("[a](https://other.example/cases/a) [b](//other.example/cases/b)", []),
        ("[a](/cases) [b](/cases/new) [c](/practices/kerbs/edit) [d](/topics/0-x)", []),
        (
            "[a](/topics/12345678901) [b](/topics/1x) [c](/cases/%00) [d](/cases/"
            + "a" * 201
            + ")",
            [],
        ),
        ("", []),
    ],
)
def test_pages_are_found_in_links_outside_of_quotes(typed: str, pages: list[str]) -> None:
    assert list(pages_linked(typed, HOME)) == pages


def test_a_text_links_to_so_many_pages_at_most() -> None:
    many = " ".join(f"[a](/topics/{number})" for number in range(1, 2 * MAX_PAGES))
    assert len(pages_linked(many, HOME)) == MAX_PAGES
