"""The record of processing says for how long things are kept as the code keeps them, and names every line on looks."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from forum import locales
from tests.test_looks import PAGES

RECORD = (Path(__file__).parent.parent / "docs" / "processing.md").read_text()
PERIOD = re.compile(r"(\d+) days?[^|;()]*\(`([\w.]+):(\w+)`\)")


def test_periods_are_those_of_the_code() -> None:
    found = PERIOD.findall(RECORD)
    assert len(found) == len(re.findall(r"`[\w.]+:[A-Z_]+`", RECORD)) > 15
    for days, module, name in found:
        assert getattr(import_module(module), name) == timedelta(days=int(days)), name


def test_what_the_privacy_page_names_is_in_the_record() -> None:
    source = (Path(__file__).parent.parent / "forum/front/views/about.py").read_text()
    constants = set(
        re.findall(r"[.: (]([A-Z]\w*(?:KEPT|RETENTION|LIMIT|AGE|OFF|WINDOW)\w*),?$", source, re.M)
    )
    assert constants and constants <= {name for _days, _module, name in PERIOD.findall(RECORD)}


def test_every_line_about_a_look_is_in_the_record() -> None:
    for _page, said in PAGES:
        words = re.sub(r"\{\w+\}", "N", said)
        assert f"`{words}`" in RECORD, words


def test_counts_are_kept_as_long_as_the_record_says() -> None:
    """By IP address an hour, and reports without an account a day; what else is counted for longer is counted by account."""
    forum = Path(__file__).parent.parent / "forum"
    longer = [
        (file.relative_to(forum).as_posix(), line)
        for file in forum.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r'"[^"]*\d+( per |/)(day|month)"', line)
    ]
    of_accounts = ("accounts/views/_devices", "factors/views/verifying", "mail/commands/opening")
    reporting = "moderation/views/reporting.py"
    assert {name for name, _line in longer} == {*(f"{name}.py" for name in of_accounts), reporting}
    (by_address,) = [
        line for name, line in longer if name == reporting and "key_func=by_person" not in line
    ]
    assert "20 per day" in by_address
    assert "counts by IP address an hour, of reports without an account and the others a day" in (
        RECORD
    )
    privacy = (forum.parent / "templates" / "front" / "privacy.html").read_text()
    assert "for at most an hour, and reports of illegal content for at most a day" in privacy


def test_the_privacy_page_names_every_cookie() -> None:
    top = Path(__file__).parent.parent
    named = re.findall(r"“(\w+)”", (top / "templates" / "front" / "privacy.html").read_text())
    views = (top / "forum" / "members" / "views" / "appearance.py").read_text()
    devices = (top / "forum" / "accounts" / "views" / "_devices.py").read_text()
    chosen = re.findall(r'_set_cookie\(answer, "(\w+)"', views)
    (device,) = re.findall(r'^DEVICE_COOKIE = "(\w+)"', devices, re.M)
    assert {*chosen, locales.COOKIE, device, "session"} <= set(named)
