"""Forms of editing: sent as they are, nothing is refused or changed; and what was accepted stands there afterwards."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from tests.screens import Field, Form
from tests.trials.scribbles import encoded
from tests.trials.wander_secrets import SIGN
from tests.trials.wander_uploads import Upload

# The rules of addresses at which a thing is edited that is there already
EDITING = re.compile(
    r".*(/edit|/outcome|/change|/voices)|/bookmarks/<int:bookmark_id>/note"
    r"|/settings(/notices|/themes|/contact|/advice)?"
    r"|/administration/(forum|joining|recourse|factors|screening(/<int:rule_id>)?)"
    r"|/moderation/(texts|orders)/<int:\w+>"
)
# Rather about the change than about the thing; languages move up where one is left out, and a day is shown as it is near
NOT_KEPT = (
    "note",
    "reason",
    "change",
    "second_language",
    "third_language",
    "remind",
    "drops_portrait",
)
# What counts in some cases only, as the agenda of a rule of screening, and may be gone in others
DEPENDING = ("agenda", "voices")
CHOSEN = ("checkbox", "radio", "select", "select-multiple")
ROW = re.compile(r"[-_]\d+\b")  # of a table or list, whose rows move when one is left out
UNSENT = ("password", "file")
Body = list[tuple[str, bytes]]


def is_editing(rule: str) -> bool:
    """Whether forms that are sent to such an address edit what is there."""
    return EDITING.fullmatch(rule) is not None


def untouched(form: Form) -> Body:
    """The names and values with which a browser sends a form in which nothing was changed."""
    body = [(field.name, value) for field in form.fields for value in _present(field)]
    files = {field.name for field in form.fields if field.kind == "file"}
    return [(name, Upload() if name in files else encoded(value)) for name, value in body]


def _present(field: Field) -> Iterator[str]:
    if field.kind in ("checkbox", "radio"):
        yield from [field.value] * field.is_checked
    elif field.kind == "select":
        yield from (field.chosen or field.options)[:1]
    elif field.kind == "select-multiple":
        yield from field.chosen
    else:
        yield field.value


def differences(sent: Body, form: Form, *, is_untouched: bool) -> list[str]:
    """What a form shows otherwise than it was sent. Of texts that were changed those are compared that have a word of their own."""
    told, shown = _by_name(sent), _by_name(untouched(form))
    fields = {field.name: field for field in form.fields if _is_kept(field)}
    return [
        f"{name}: {sorted(told[name])} is {sorted(shown[name])}"
        for name, field in sorted(fields.items())
        if (is_untouched or _stays(field, told[name])) and sorted(told[name]) != sorted(shown[name])
    ]


def _stays(field: Field, sent: list[str]) -> bool:
    """Whether what was chosen or typed in a field must stand in it afterwards."""
    if field.name in DEPENDING or ROW.search(field.name):
        return False
    if field.kind in CHOSEN:
        return bool(sent) or field.kind != "radio"
    return any(SIGN.search(value) for value in sent)


def _is_kept(field: Field) -> bool:
    return field.kind not in ("hidden", *UNSENT) and field.name not in NOT_KEPT


def _by_name(body: Body) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in body:
        found[name].append(_squeezed(value.decode("utf-8", "replace")))
    return found


def _squeezed(text: str) -> str:
    """A text without what a field may lose: space at its ends, kinds of space, characters that are not to be seen."""
    seen = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", seen).split())
