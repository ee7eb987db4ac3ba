"""What people type into forms: mostly what the field asks for, now and then what nobody expects."""

from __future__ import annotations

import random
import re
from collections import deque
from datetime import timedelta

from forum.clock import now
from tests.screens import Field, Form
from tests.trials.site import PASSWORD
from tests.trials.wander_uploads import Upload, bad_files, good_files

MARKDOWN = (
    "Plain words about trams.",
    "**Bold**, *slanted*, ~~gone~~ and `code < tag & more`.",
    "# A heading\n\nText under it.\n\n## Another\n\nMore.",
    "- one\n- two\n  - inner\n\n1. first\n2. second",
    "> A quotation by nobody\n\nand an answer.",
    "| a | b |\n|---|---|\n| 1 | <b>2</b> |",
    "```python\nprint('<h1>no</h1>')\n```",
    "[A link](https://example.org/a?b=1&c=2) and https://example.org/bare_(x).",
    "![A picture](https://example.org/p.png)",
    "<script>alert(1)</script><h1>no heading</h1></main></div>",
    "Line one\\\nline two  \nline three\n\n---\n\nafter a rule",
    "A footnote[^1].\n\n[^1]: Which is none.",
    "[*" * 300,
)
SHORT_MARKDOWN = len(MARKDOWN) - 1  # without what is too long for reasons
LINES = (
    "A quiet street",
    "Trams & buses",
    "Ça marche",
    "“Quoted” 'twice'",
    "東京の騒音",
    "1 < 2 > 0",
)
ODD = (
    "", " ", "x" * 5_000, "word " * 3_000, "\u202eright to left\u202c", "שלום עולם", "مرحبا بالعالم",
    "a\x00b", "\x00", "\ud800", "\u200b\u200d", "💥" * 60, "-1", "0", "99999999999999999999", str(2**63),
    "1e9", "²", "0001-01-01", "1999-12-31", "9999-12-31", "<script>alert(1)</script>", "'\"><i>x</i>",
    "a\r\nb", "../../etc/passwd", "//example.org", "javascript:alert(1)", "' OR 1=1 --", "\t", "À\u0300" * 50,
)  # fmt: skip
DATES = ("2026-11-20", "2027-01-15", "2026-02-30", "1999-12-31", "2030-06-01")
DAY = re.compile(r"date|_on$|^on$|valid_from|revisit|^until$")
PAST = re.compile(r"(?:issued|received|confirmed|answered|said|checked)_on|since")
ADDRESSES = ("https://example.org/a", "https://example.org/b?c=1&d=2", "example.org")
NUMBERS = ("days", "posts", "first_posts", "seats", "uses")
YEARS = ("year", "started", "since")
PATTERNS = {  # fields of a form of their own
    "copied": ("/practices/quiet-asphalt", "/cases/a-case", ""),
    "value": ("zeppelin", "example.org", "3"),
    "rules": ("Be kind\nSpeak as among colleagues.\n\nSay who pays\nTell your interests.",),
    "domains": ("example.org", "example.org\nexample.net"),
}
NAMING_PEOPLE = ("handle", "members", "hosts", "person", "asked", "representative")
CITIES = ("Nowhere", "Tampere, Finland", "Nairobi", "東京", "Surat")
SHORT = ("sentence", "summary")
TRAP = "website"  # of the form to join, which only machines fill in
LATEST_POST, LATEST_TOPIC = 200, 40  # their numbers, or nearly
MAX_LINES = 40  # of pictures and files that are remembered


def encoded(value: str) -> bytes:
    """The bytes in which a value is sent, half surrogates too."""
    return value.encode("utf-8", "surrogatepass")


class Scribbler:
    """Chooses what is typed. Every longer text holds a word of its own, by which it is found again (`sign…`).

    `today` is the day of the walk; `lines` are those that show pictures in a text, as pages have offered them.
    """

    def __init__(self, rng: random.Random, addresses: list[str], handles: list[str]) -> None:
        self.rng = rng
        self.addresses, self.handles = addresses, handles
        self.lines: deque[str] = deque(maxlen=MAX_LINES)
        self.count, self.today = 0, now().date()
        self._is_careful = False

    def fill(self, form: Form) -> list[tuple[str, bytes]]:
        """The names and values with which a form is sent, in its order; of radio buttons one, or none.

        Every second form is filled in with care: all that is compulsory, and nothing odd.
        """
        self._is_careful = self.rng.random() < 0.5
        groups = {f.name: [o.value for o in form.fields if o.name == f.name] for f in form.fields}
        body: list[tuple[str, str | Upload]] = []
        for control in form.fields:
            if control.name == TRAP and any(field.name == "password" for field in form.fields):
                body.append((control.name, "" if self._is_careful else self.rng.choice(ODD)))
            elif control.kind == "file":
                body.append((control.name, self._file()))
            elif control.kind != "radio":
                body += [(control.name, value) for value in self._values(control)]
            elif values := groups.pop(control.name, None):
                is_chosen = self._is_careful or self.rng.random() < 0.9
                body += [(control.name, self.rng.choice(values))] * is_chosen
        return [
            (name, value if isinstance(value, Upload) else encoded(value)) for name, value in body
        ]

    def _share(self, usual: float, careful: float) -> float:
        return careful if self._is_careful else usual

    def _file(self) -> Upload:
        rng = self.rng
        if rng.random() < self._share(0.3, 0.1):
            return Upload()
        is_good = self._is_careful or rng.random() < 0.5
        return rng.choice(good_files() if is_good else bad_files())

    def _values(self, control: Field) -> list[str]:
        rng = self.rng
        if control.kind == "hidden" or control.is_fixed:
            return [control.value]
        if control.kind == "checkbox":
            is_on = (
                control.is_checked if rng.random() < 0.5 else rng.random() < self._share(0.5, 0.8)
            )
            return [control.value] if is_on else []
        if control.kind.startswith("select"):
            return self._choose(control)
        if control.value and rng.random() < 0.45:
            return [control.value]
        return [self._type(control)]

    def _choose(self, control: Field) -> list[str]:
        rng, options = self.rng, control.options
        if not options:
            return []
        if control.kind == "select-multiple":
            return rng.sample(options, rng.randint(0, min(3, len(options))))
        if control.chosen and rng.random() < 0.3:
            return control.chosen[:1]
        full = [option for option in options if option] or options
        return [rng.choice(full)]

    def _type(self, control: Field) -> str:
        rng = self.rng
        if control.kind == "password":
            return PASSWORD if self._is_careful or rng.random() < 0.95 else rng.choice(ODD)
        if not self._is_careful and rng.random() < 0.12:
            return rng.choice(ODD)
        if not control.is_required and rng.random() < self._share(0.3, 0.04):
            return ""
        if (known := self._known(control)) is not None:
            return known
        if control.kind == "textarea" and not (control.name in SHORT and self._is_careful):
            return self.text()
        self.count += 1
        sign = f"sign{self.count}x hush{self.count}x"
        return f"{rng.choice(LINES)} {sign if rng.random() < 0.6 else self.count}"

    def _known(self, control: Field) -> str | None:
        """What is typed into a field of a kind, or with a name, that asks for something; None for any other."""
        rng, name = self.rng, control.name
        if control.kind == "date" or DAY.search(name):
            return self._day(name)
        if control.kind == "url" or any(part in name for part in ("link", "url", "address")):
            return rng.choice(ADDRESSES[:2] if self._is_careful else ADDRESSES)
        if control.kind == "email" or "email" in name:
            return self._address()
        if name in YEARS:
            return rng.choice(("2020", "1999"))
        if control.kind == "number" or name in NUMBERS or name.startswith("place-"):
            return rng.choice(("1", "2", "3", "7", "30"))
        if name in PATTERNS:
            return rng.choice(PATTERNS[name])
        if name.endswith("_time"):  # the end is after the beginning
            return rng.choice(("17:00", "18:30") if name.startswith("end") else ("9:00", "10:30"))
        if name in ("target", "topic"):
            return f"/topics/{rng.randint(1, LATEST_TOPIC)}"
        if any(part in name for part in NAMING_PEOPLE):
            is_new = name == "handle" and control.value and rng.random() < 0.5  # one's own
            return f"somebody-{rng.randint(1, 999)}" if is_new else rng.choice(self.handles)
        if "city" in name or "place" in name:
            return rng.choice(CITIES[1:] if self._is_careful else CITIES)
        return None

    def _day(self, name: str) -> str:
        """A day soon, or long ago; of what has happened already a day in the past, and the last day is after the others."""
        if not self._is_careful and self.rng.random() < 0.5:
            return self.rng.choice(DATES)
        days = (
            (-30, -2, 0) if PAST.search(name) else (60,) if name == "last_day" else (1, 5, 20, 50)
        )
        return (self.today + timedelta(days=self.rng.choice(days))).isoformat()

    def text(self) -> str:
        """A longer text."""
        rng = self.rng
        self.count += 1
        known = MARKDOWN[:SHORT_MARKDOWN] if self._is_careful else MARKDOWN
        parts = [rng.choice(known) for _part in range(rng.choice((1, 1, 2, 3)))]
        if rng.random() < 0.2:
            parts.append(f"@{rng.choice(self.handles)}, what do you think?")
        if rng.random() < 0.2:
            parts.append(f"> [Ana Prado](/posts/{rng.randint(1, LATEST_POST)})\n>\n> What we did.")
        if rng.random() < 0.1:
            parts.append(rng.choice(ODD[5:8]))
        if self.lines and rng.random() < 0.15:
            parts.append(rng.choice(self.lines))
        rng.shuffle(parts)
        return "\n\n".join([f"sign{self.count}x hush{self.count}x", *parts])

    def _address(self) -> str:
        rng = self.rng
        if rng.random() < 0.6:
            return rng.choice(self.addresses)
        return f"new{rng.randint(1, 999)}@example.org"
