"""An empty list offers each next step once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

LISTS = [
    "/",
    "/practices",
    "/practices?agenda=nowhere",
    "/practices/mine",
    "/cases",
    "/cases?kind=network",
    "/readings",
    "/readings?kind=book",
    "/meetings",
    "/meetings?when=past",
    "/declarations",
    "/declarations?state=open",
    "/commitments",
    "/commitments?state=kept",
    "/glossary",
    "/glossary?q=zeppelin",
    "/themes",
    "/topics",
    "/agendas",
    "/agendas/quieter/topics",
    "/members?q=zeppelin",
    "/organisations",
    "/searches",
    "/bookmarks",
    "/invitations",
]
LINK = re.compile(r'<a\b[^>]*\bclass="btn[^"]*"[^>]*>', re.DOTALL)


@pytest.mark.parametrize("role", ["visitor", "ana", "host", "administrator"])
@pytest.mark.parametrize("is_open", [False, True])
def test_each_step_is_offered_once(client, sign_in, people, request, role, is_open):
    if is_open:
        request.getfixturevalue("agenda")
    browser = client if role == "visitor" else sign_in(getattr(people, role))
    for path in LISTS:
        page = browser.get(path)
        if page.status_code != 200:
            continue
        main = page.text.partition("<main")[2].partition("</main>")[0]
        ways = Counter(re.findall(r'href="([^"]*)"', " ".join(LINK.findall(main))))
        assert not [way for way, times in ways.items() if times > 1], path
