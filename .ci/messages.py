"""Bring the catalogues of translations up to date with the words of the code (`make messages`).

Every catalogue gets the messages that are new, in the order of the files that have them, and keeps its translations. What the
code no longer says goes. A message that was only changed a little keeps its old translation, marked as *fuzzy*: the forum shows
English until somebody has looked at it and taken the mark away. `python .ci/messages.py pt_BR` begins a new catalogue.
"""

import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

TOP = Path(__file__).resolve().parent.parent
CATALOGUES = TOP / "forum" / "translations"
SOURCES = [("forum/**.py", "python"), ("templates/**", "jinja2")]
MIN_LIKENESS = 0.85  # of a message that keeps the translation of an earlier one; Babel takes 0.6
HEADER = r"""# The words of the forum in another language; see docs/translating.md.
msgid ""
msgstr ""
"Language: {locale}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_text": None,
    "sentence": None,
    "plural_sentence": (1, 2),
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


def main(new: list[str]) -> None:
    """Update all catalogues, and begin those of new locales."""
    said = extracted()
    for locale in new:
        file_of(locale).parent.mkdir(parents=True, exist_ok=True)
        write(Catalog(locale=Locale.parse(locale)), locale)
    for file in sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po")):
        locale = file.parts[-3]
        with file.open("rb") as source:
            catalogue = read_po(source, locale=locale)
        catalogue.update(said, update_header_comment=False)
        catalogue.obsolete.clear()
        for message in catalogue:
            if message.fuzzy and message.previous_id and not is_alike(message):
                message.string, message.flags = "", message.flags - {"fuzzy"}
            if not message.fuzzy:
                message.previous_id = []
            # What a former run wrote of what was said before, which Babel reads as a comment
            message.user_comments = [line for line in message.user_comments if line[:1] != "|"]
        write(catalogue, locale)
        messages = [message for message in catalogue if message.id]
        ready = [
            message for message in messages if is_translated(message.string) and not message.fuzzy
        ]
        sys.stdout.write(f"{locale}: {len(ready)} of {len(messages)} are translated\n")


def is_alike(message: Message) -> bool:
    """Whether a message says nearly what the one said whose translation it was given."""
    before, present = message.previous_id[0], message.id
    words = present if isinstance(present, str) else present[0]
    return SequenceMatcher(None, before, words).ratio() >= MIN_LIKENESS


def extracted() -> Catalog:
    """All messages of the code and the templates, with the files that have them."""
    catalogue = Catalog(fuzzy=False)
    found = extract_from_dir(
        TOP,
        method_map=SOURCES,
        options_map={"templates/**": {"silent": "false"}},
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda folder: (
            not Path(folder).name.startswith((".", "_", "node_modules"))
        ),
    )
    for file, _line, message, comments, context in sorted(found, key=lambda text: text[:2]):
        if message not in ("", ("", "")):
            catalogue.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalogue


def is_translated(string: str | Sequence[str] | None) -> bool:
    """Whether a message has its words in another language, all of its forms."""
    forms = [string] if isinstance(string, str) else string or [""]
    return all(forms)


def write(catalogue: Catalog, locale: str) -> None:
    """Write a catalogue, alike for everybody who does: without dates, names of people and numbers of lines."""
    with file_of(locale).open("wb") as file:
        file.write(HEADER.format(locale=locale, plurals=catalogue.plural_forms).encode())
        write_po(
            file,
            catalogue,
            width=0,
            omit_header=True,
            ignore_obsolete=True,
            include_lineno=False,
            include_previous=True,
        )


def file_of(locale: str) -> Path:
    """The file of a catalogue."""
    return CATALOGUES / locale / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    main(sys.argv[1:])
