"""The host and origin of passkeys, derived from FORUM_URL as browsers write them."""

from __future__ import annotations

import pytest

from forum.passkeys import Refused, Site, unverified_claims


@pytest.mark.parametrize(
    ("url", "host", "origin", "has_passkeys"),
    [
        ("http://localhost:8000", "localhost", "http://localhost:8000", True),
        (
            "https://Dialogue.Example.org",
            "dialogue.example.org",
            "https://dialogue.example.org",
            True,
        ),
        ("https://example.org:443/forum", "example.org", "https://example.org", True),
        ("https://example.org:8443", "example.org", "https://example.org:8443", True),
        ("http://example.org", "example.org", "http://example.org", False),
        ("http://127.0.0.1:8000", "127.0.0.1", "http://127.0.0.1:8000", False),
        ("https://[::1]:8000", "::1", "https://[::1]:8000", False),
    ],
)
def test_a_site_is_what_browsers_call_it(
    url: str, host: str, origin: str, has_passkeys: bool
) -> None:
    site = Site(url, "Forum")
    assert (site.host, site.origin, site.has_passkeys) == (host, origin, has_passkeys)


@pytest.mark.parametrize("text", ["", "[", "{}", "7", '{"id": 1, "response": []}', "x" * 20_001])
def test_what_is_no_answer_says_nothing(text: str) -> None:
    with pytest.raises(Refused):
        unverified_claims(text)
