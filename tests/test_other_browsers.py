"""Style sheet and scripts work in browsers other than that of the tests: Firefox from 115 on, Safari from 16.4 on."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"
STYLE = re.sub(r"/\*.*?\*/", "", (STATIC / "style.css").read_text(), flags=re.S)
WITHOUT_LIGHT_DARK = re.findall(r"@supports not \(color: light-dark.*?\n\}", STYLE, re.S)
# What scripts may use only with a check (`?.`), and what they must not use
TO_ASK_FOR = r"AbortSignal\.timeout|checkVisibility|isConditionalMediationAvailable|\.aria\w+\.\w+"
UNKNOWN = r"groupBy|withResolvers|Promise\.try|canParse|fromBase64|setHTMLUnsafe|showPopover|/[dgimsuy]*v[dgimsuy]*[;,)]"


def selectors(written: str) -> list[str]:
    """Split a list of selectors at commas outside of brackets."""
    found, depth = [""], 0
    for sign in written:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found


def test_where_no_colour_can_have_two_values_all_are_light() -> None:
    (fallback,) = WITHOUT_LIGHT_DARK
    assert "color-scheme: light;" in fallback  # otherwise fields and dialogs would be dark there
    light = dict(re.findall(r"--(\w+): light-dark\((#\w+), #\w+\)", STYLE))
    assert len(light) > 20 and dict(re.findall(r"--(\w+): (#\w+)", fallback)) == light


def test_a_selector_that_is_not_known_takes_no_other_with_it() -> None:
    lists = [selectors(rule) for rule in re.findall(r"([^{};]+)\{", STYLE) if "@" not in rule]
    assert len(lists) > 500
    mixed = [parts for parts in lists if len({":has(" in part for part in parts}) > 1]
    # An unknown selector inside :is() is ignored alone
    assert [parts for parts in mixed if not any(":is(" in p for p in parts if ":has(" in p)] == []


def test_distances_are_not_inherited_without_a_registered_property() -> None:
    assert "@property" not in STYLE
    readers = re.findall(r"\n\.(\w+) \{[^}]*gap: var\(--g,", STYLE)
    (reset,) = re.findall(r"\n([^{\n]+) \{ --g: initial \}", STYLE)
    assert {f".{name}" for name in readers} == set(reset.split(", "))


def test_what_speaks_of_a_sign_stands_after_one_without_words() -> None:
    for rule in re.findall(r"\{([^{}]*)\}", STYLE):
        for sign in re.findall(r"content: ([^;/]+) / ", rule):
            assert f"content: {sign};" in rule.partition(f"content: {sign} /")[0], rule


def test_marks_hang_only_where_nothing_cuts_them_off() -> None:
    """Safari moves a quotation mark at the beginning of a line into the margin, where scrolling tables and code cut it off."""
    hanging = re.findall(r"([^{}]+)\{[^}]*hanging-punctuation", STYLE)
    assert [rule.strip() for rule in hanging] == [".prose > :is(p, h2, h3, h4, h5)"]


def test_a_text_in_a_list_begins_at_its_own_side() -> None:
    """Firefox and Safari give list items `text-align: match-parent`: Arabic ones would be at the left on an English page."""
    assert "\nli { text-align: inherit }" in STYLE


def test_scripts_ask_before_they_use_what_is_new() -> None:
    for path in STATIC.glob("*.js"):
        script = path.read_text()
        assert re.findall(rf"(?:{TO_ASK_FOR})\(", script) == [], path
        assert re.findall(UNKNOWN, script) == [], path
