"""What a text holds that a rule may look for: hosts of links, words however they are disguised, the whole text again."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2s
from urllib.parse import unquote

from markupsafe import Markup

from forum.confusables import skeleton
from forum.markup import VERSION, Written, fold

HREF = re.compile(r'href="([^"]*)"')
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
OUTSIDE = re.compile(r'href="(?:https?:)?//', re.IGNORECASE)
DOTS = re.compile("[.\u3002\uff0e\uff61]")  # what browsers take for the dot of a host, IDNA says
# Begins at no other place of a word, and gives nothing back: a long word without a dot is read once.
HOST = re.compile(r"(?<![\w-])[\w-]++(?:[.\u3002\uff0e\uff61][\w-]++)+")
WORD = re.compile(r"\w+")
LABELS, LABEL = 10, 63  # labels of a host that are looked at, from its end, and signs of each
MOST_HOSTS = 1_000  # of one text; those of links come first, and markup allows fewer links
MOST_DISGUISED = 2_000  # words of mixed letters that are looked at
SHORTEST = 60  # signs of a text that is worth comparing with others: "Thank you!" is said by many
# Scripts that leave no gap between words: a word begins and ends anywhere there.
GAPLESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")


@dataclass(frozen=True)
class Said:
    """A text with its title, as rules look at it."""

    text: Written
    title: str = ""

    @cached_property
    def addresses(self) -> list[str]:
        """Where its links lead, as a browser reads them."""
        return [unquote(html.unescape(found)) for found in HREF.findall(self.text.html)]

    @property
    def has_outside_links(self) -> bool:
        """Whether a link leads away from the forum."""
        return OUTSIDE.search(self.text.html) is not None

    @cached_property
    def hosts(self) -> set[str]:
        """The hosts that it names, in links and beside them, each with all that it is a part of."""
        found: set[str] = set()
        for number, host in enumerate(self._named()):
            if number >= MOST_HOSTS:
                break
            found |= set(with_parents(host))
        return found

    def _named(self) -> Iterator[str]:
        for text in (*self.addresses, self.title, self.text.plain):
            yield from HOST.findall(text)

    @cached_property
    def words(self) -> str:
        """Title, words and addresses as they are compared: folded, in one line, without signs that nobody sees."""
        return folded("\n".join((self.title, self.text.plain, *self.addresses)))

    @cached_property
    def _disguised(self) -> set[str]:
        """What the words look like that mix letters of several scripts."""
        mixed = (word for word in WORD.findall(self.words) if _is_mixed(word))
        return {skeleton(word) for word, _number in zip(mixed, range(MOST_DISGUISED), strict=False)}

    def holds(self, word: str) -> bool:
        """Whether it holds a word or words, `folded` already, from border to border."""
        if word in self.words and _bordered(word).search(self.words):
            return True
        if not self._disguised:
            return False
        return skeleton(word) in self._disguised or (" " in word and self._holds_disguised(word))

    def _holds_disguised(self, words: str) -> bool:
        """Whether it holds several words of which some mix letters of several scripts."""
        parts = (f"(?:{re.escape(one)}|{re.escape(skeleton(one))})" for one in words.split())
        return re.search(rf"(?<!\w){' '.join(parts)}(?!\w)", self._unmasked) is not None

    @cached_property
    def _unmasked(self) -> str:
        """The words, but those that mix letters of several scripts as what they look like."""
        left = iter(range(MOST_DISGUISED))

        def look(found: re.Match[str]) -> str:
            is_one = _is_mixed(found[0]) and next(left, None) is not None
            return skeleton(found[0]) if is_one else found[0]

        return WORD.sub(look, self.words)

    @property
    def key(self) -> str:
        """The same for the same text, whatever its case and spacing; nothing for one that is short."""
        same = "".join(WORD.findall(self.words))
        return blake2s(same.encode(), digest_size=16).hexdigest() if len(same) >= SHORTEST else ""


def together(texts: Iterable[Written], title: str = "") -> Said:
    """Several texts of one thing, as rules look at it."""
    known = list(texts)
    html = Markup("\n").join(text.html for text in known)
    return Said(Written("", html, VERSION, "\n".join(text.plain for text in known)), title)


def plainly(*lines: str) -> Said:
    """A text without Markdown, as it was typed; addresses in it count as links, as mail programs take them."""
    text = "\n".join(lines)
    links = (Markup('<a href="{}"></a>').format(_whole(found)) for found in ADDRESS.findall(text))
    return Said(Written(text, Markup("").join(links), VERSION, text))


def _whole(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def folded(text: str) -> str:
    """A text as words are compared: folded, with single gaps, without signs that nobody sees."""
    if not text.isascii():
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(fold(text).split())


def _is_mixed(word: str) -> bool:
    return not word.isascii() and any("a" <= sign <= "z" for sign in word)


def _bordered(word: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if _has_border(word[0]) else ""
    after = r"(?!\w)" if _has_border(word[-1]) else ""
    return re.compile(before + re.escape(word) + after)


def unnamed(text: str, name: str, former: str) -> str:
    """A text with something else in place of a name: of the whole name, not of a longer word that holds it."""

    def put(found: re.Match[str]) -> str:
        around = text[: found.start()][-1:] + name[0], name[-1] + text[found.end() :][:1]
        return found[0] if any(map(_is_within_a_word, around)) else former

    return re.sub(re.escape(name), put, text) if name else text


def _is_within_a_word(two: str) -> bool:
    """Whether no word ends between two signs; a mark upon a letter belongs to the letter's word."""
    return len(two) == 2 and all(
        _has_border(sign) or unicodedata.category(sign).startswith("M") for sign in two
    )


def _has_border(sign: str) -> bool:
    is_of_word = sign.isalnum() or sign == "_"
    return is_of_word and not unicodedata.name(sign, "").startswith(GAPLESS)


def with_parents(host: str) -> Iterable[str]:
    """A host as it is compared, and the hosts that it is a part of: www.evil.example, evil.example, example."""
    labels = [_label(label) for label in DOTS.split(host)[-LABELS:]]
    return [".".join(labels[at:]) for at in range(len(labels))]


def _label(label: str) -> str:
    """A label in Unicode, folded as IDNA does it; one that is no IDNA stays as it is."""
    label = unicodedata.normalize("NFKC", label[:LABEL]).casefold()
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label
    return unicodedata.normalize("NFKC", label).casefold()


def domain_of(typed: str) -> str:
    """The domain in what somebody typed: a domain or a whole address. Empty when there is none."""
    typed = typed.strip().removeprefix("*").strip(". \t")
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", typed, flags=re.IGNORECASE)
    host = re.split(r"[/?#\\]", host.rpartition("@")[2])[0]
    host = re.sub(r":\d+$", "", host).strip(".")
    if not re.fullmatch(r"[\w-]+(?:[.\u3002\uff0e\uff61][\w-]+)*", host):
        return ""
    return next(iter(with_parents(host)))
