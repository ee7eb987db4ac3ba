"""Whom the rate limits count as one."""

from __future__ import annotations

import pytest
from flask import Flask

from forum.rates import address


@pytest.mark.parametrize(
    ("sent_from", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::a:b:c:d", "2001:db8::"),
        ("2001:db8:0:0:9::", "2001:db8::"),
        ("::1", "::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("unix:", "nowhere"),
    ],
)
def test_a_network_of_ipv6_counts_as_one_however_it_is_written(
    app: Flask, sent_from: str, counted_as: str
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": sent_from}):
        assert address() == counted_as
