"""What screening rules look for in a text: hosts, words even if disguised, and repetitions."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2s
from urllib.parse import unquote

from markupsafe import Markup

from forum.confusables import skeleton, without_invisible
from forum.markup import VERSION, Written
from forum.plaintext import fold, normalized
from forum.quotes import unname

HREF = re.compile(r'href="([^"]*)"')
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
# An address with a scheme or a host; browsers read http:host as http://host
OUTSIDE = re.compile(r'href="(?!mailto:)(?:[a-z][a-z0-9+.-]*:|//)', re.IGNORECASE)
DOTS = re.compile("[.\u3002\uff0e\uff61]")  # characters that IDNA treats as the dot of a host
# Possessive, and only from the beginning of a word: a long word without a dot is scanned only once.
HOST = re.compile(r"(?<![\w-])[\w-]++(?:[.\u3002\uff0e\uff61][\w-]++)+")
WORD = re.compile(r"\w+")
# What browsers show from right to left, whatever its letters are (RLO, until the direction changes again)
TURNED = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069\n]+)")
# A tag in the HTML of `markup`: of attributes, which may contain a >, the quotation marks are sure
TAG = re.compile(r'<(?P<end>/?)(?P<name>\w+)(?P<attributes>(?:[^>"]|"[^"]*")*+)>')
TITLE = re.compile(r' title="([^"]*)"')
ALT = re.compile(r' alt="([^"]*)"')
MAX_LABELS, MAX_LABEL_LENGTH = 10, 63  # of a host: labels from the end, and the characters of each
MAX_HOSTS = 1_000  # of one text; those of links come first, and markup allows fewer links
MAX_DISGUISED = 2_000  # words with several scripts that are examined
MIN_COMPARED_LENGTH = 60  # characters; shorter texts such as "Thank you!" are often repeated
# Scripts without spaces between words, where a word can begin and end anywhere
GAPLESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")


@dataclass(frozen=True)
class ScreenedText:
    """A text with its title, prepared for screening rules."""

    text: Written
    title: str = ""

    @cached_property
    def addresses(self) -> list[str]:
        """The targets of its links, unescaped as a browser does it."""
        return [unquote(html.unescape(target)) for target in HREF.findall(self.text.html)]

    @property
    def has_outside_links(self) -> bool:
        """Whether a link leads to another site."""
        return OUTSIDE.search(self.text.html) is not None

    @property
    def has_pictures(self) -> bool:
        """Whether it shows pictures."""
        return bool(self.text.pictures)

    @cached_property
    def hosts(self) -> set[str]:
        """The hosts in its links and in its words, each with its parent domains."""
        found: set[str] = set()
        for number, host in enumerate(self._host_candidates()):
            if number >= MAX_HOSTS:
                break
            found |= set(with_parents(host))
        return found

    def _host_candidates(self) -> Iterator[str]:
        for text in (*self.addresses, self.title, self.text.plain, *self._beside):
            yield from HOST.findall(text)
            # With and without ignored characters, which may separate a word from a host
            if not text.isascii():
                yield from HOST.findall(_mapped(text))

    @cached_property
    def _beside(self) -> tuple[str, str]:
        """What it shows and its plain text leaves out: titles of links and words in quotes; and apart, words of quoted posts."""
        return _beside_plain(self.text.html)

    @cached_property
    def _own_words(self) -> str:
        parts = (self.title, self.text.plain, self._beside[0], *self.addresses)
        shown = "\n".join(parts)
        turned = (found[1][::-1] for found in TURNED.finditer(shown))
        return folded("\n".join((shown, *turned)))

    @cached_property
    def words(self) -> str:
        """All words that it shows, and link targets, as one `folded` line."""
        quoted = folded(self._beside[1])
        return f"{self._own_words} {quoted}" if quoted else self._own_words

    @cached_property
    def _disguised(self) -> set[str]:
        """The skeletons (`confusables`) of the words that mix letters of several scripts."""
        mixed = (word for word in WORD.findall(self.words) if _is_mixed(word))
        return {skeleton(word) for word, _number in zip(mixed, range(MAX_DISGUISED), strict=False)}

    def contains(self, word: str) -> bool:
        """Whether it contains a word or a phrase as whole words."""
        # The key of a rule is folded again, because earlier versions left more characters in it
        word = folded(word)
        if word in self.words and _whole_word(word).search(self.words):
            return True
        if not self._disguised:
            return False
        return skeleton(word) in self._disguised or (" " in word and self._contains_disguised(word))

    def _contains_disguised(self, words: str) -> bool:
        """Whether it contains a phrase with words that are disguised with letters of other scripts."""
        parts = (f"(?:{re.escape(word)}|{re.escape(skeleton(word))})" for word in words.split())
        return re.search(rf"(?<!\w){' '.join(parts)}(?!\w)", self._unmasked) is not None

    @cached_property
    def _unmasked(self) -> str:
        """The words, with each word that mixes letters of several scripts replaced by its skeleton."""
        left = iter(range(MAX_DISGUISED))

        def look(found: re.Match[str]) -> str:
            is_one = _is_mixed(found[0]) and next(left, None) is not None
            return skeleton(found[0]) if is_one else found[0]

        return WORD.sub(look, self.words)

    @property
    def fingerprint(self) -> str:
        """A hash of its letters and digits, ignoring case and spacing; empty for a short text.

        Words of quoted posts do not count: many may answer the same post with a few words.
        """
        same = "".join(WORD.findall(self._own_words))
        return (
            blake2s(same.encode(), digest_size=16).hexdigest()
            if len(same) >= MIN_COMPARED_LENGTH
            else ""
        )


def _beside_plain(markup: str) -> tuple[str, str]:
    """Titles of links and words in quotes, in the HTML of a text, and those in quotes of posts; `Written.plain` has none of them.

    Blocks are in lines of their own there, so that no tag stands between two words.
    """
    if "<blockquote" not in markup and " title=" not in markup:
        return "", ""
    quotes: tuple[list[str], list[str]] = ([], [])  # of anything, and of posts
    others: list[str] = []
    depth, is_of_post, position = 0, False, 0
    for tag in TAG.finditer(markup):
        if depth:
            quotes[is_of_post].append(markup[position : tag.start()])
            others += ALT.findall(tag["attributes"])
        others += TITLE.findall(tag["attributes"])
        position = tag.end()
        if tag["name"] == "blockquote":
            if depth == 0:
                is_of_post = 'class="cite"' in tag["attributes"]
            depth += -1 if tag["end"] else 1
    own = "\n".join(("".join(quotes[False]), *others))
    return html.unescape(own), html.unescape("".join(quotes[True]))


def combine(texts: Iterable[Written], title: str = "") -> ScreenedText:
    """Several texts of one thing, as one for screening rules."""
    known = list(texts)
    html = Markup("\n").join(text.html for text in known)
    plain = "\n".join(text.plain for text in known)
    pictures = [picture for text in known for picture in text.pictures]
    return ScreenedText(Written("", html, VERSION, plain, pictures=pictures), title)


def from_plain_text(*lines: str) -> ScreenedText:
    """A text without Markdown, in lines; URLs in it count as links, as mail programs treat them."""
    text = "\n".join(lines)
    links = (
        Markup('<a href="{}"></a>').format(_with_scheme(address))
        for address in ADDRESS.findall(text)
    )
    return ScreenedText(Written(text, Markup("").join(links), VERSION, text))


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def folded(text: str) -> str:
    """A text as words are compared: `fold`ed, with single spaces, without invisible characters, and rings around letters."""
    if not text.isascii():
        text = without_invisible(text)
        text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Me"))
    return " ".join(fold(text).split())


def _is_mixed(word: str) -> bool:
    return not word.isascii() and any("a" <= sign <= "z" for sign in word)


def _whole_word(word: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if _is_spaced_letter(word[0]) else ""
    after = r"(?!\w)" if _is_spaced_letter(word[-1]) else ""
    return re.compile(before + re.escape(word) + after)


def replace_name(text: str, name: str, former: str) -> str:
    """Replace a name by `former` wherever it is not part of a longer word."""

    def replace(found: re.Match[str]) -> str:
        around = text[: found.start()][-1:] + name[0], name[-1] + text[found.end() :][:1]
        return found[0] if any(map(_is_inside_word, around)) else former

    return re.sub(re.escape(name), replace, text) if name else text


@dataclass(frozen=True)
class KnownAs:
    """The names of a member who has left, and `former`, which replaces them."""

    name: str
    handles: Collection[str]
    former: str

    @property
    def words(self) -> tuple[str, ...]:
        """All of its words that a text may contain: the name and the handles."""
        return self.name, *self.handles


def without_member(text: str, known: KnownAs) -> str:
    """A text without a member's name, and without the handles in mentions and links to the profile."""
    return unname(replace_name(text, known.name, known.former), (), known.handles, known.former)


def _is_inside_word(two: str) -> bool:
    """Whether two characters belong to the same word; a combining mark belongs to the word of its letter."""
    return len(two) == 2 and all(
        _is_spaced_letter(sign) or unicodedata.category(sign).startswith("M") for sign in two
    )


def _is_spaced_letter(sign: str) -> bool:
    is_of_word = sign.isalnum() or sign == "_"
    return is_of_word and not unicodedata.name(sign, "").startswith(GAPLESS)


def with_parents(host: str) -> Iterable[str]:
    """A host, normalised, and its parent domains: www.evil.example, evil.example, example."""
    labels = [_label(label) for label in DOTS.split(host)[-MAX_LABELS:]]
    return [".".join(labels[at:]) for at in range(len(labels))]


def _mapped(text: str) -> str:
    """A text with hosts as browsers read them: compatible forms unified, ignored characters removed (UTS #46)."""
    return normalized("NFKC", without_invisible(text)).casefold()


def _label(label: str) -> str:
    """A label of a host in Unicode, folded as IDNA does it; an invalid `xn--` label stays as it is."""
    label = normalized("NFKC", label[:MAX_LABEL_LENGTH]).casefold()
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label
    return normalized("NFKC", label).casefold()


def domain_of(typed: str) -> str:
    """The domain in a typed text, which may be a domain or a URL; empty when there is none."""
    typed = _mapped(typed).strip().removeprefix("*").strip(". \t")
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", typed, flags=re.IGNORECASE)
    host = re.split(r"[/?#\\]", host.rpartition("@")[2])[0]
    host = re.sub(r":\d+$", "", host).strip(".")
    if not re.fullmatch(r"[\w-]+(?:[.\u3002\uff0e\uff61][\w-]+)*", host):
        return ""
    return next(iter(with_parents(host)))
