"""A version of the house rules with its rules, the ready texts of moderators, and the recourse outside of the forum."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.sentences import recognised, sentence


class HouseRule(Base):
    """One rule of one version. Decisions refer to it by its `number` and keep its words, so it never changes."""

    __tablename__ = "house_rule"

    version: Mapped[int] = mapped_column(ForeignKey("rule_book.number"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)


class RuleBook(Base):
    """A version of the house rules, in force from `valid_from` until the next version is.

    `change` says in a sentence what is new. Version 0 has no row: it consists of the default rules, in the language of
    the page.
    """

    __tablename__ = "rule_book"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    valid_from: Mapped[datetime]
    written_at: Mapped[datetime]

    rules: Mapped[list[HouseRule]] = relationship(
        lazy="raise_on_sql", order_by=HouseRule.number, cascade="all, delete-orphan"
    )


class ReadyText(Base):
    """A prepared statement of reasons: the deed, the rule and the facts in words.

    `rule` is the number of a rule (0 for none) in the `version` of the rules that was in force when the text was
    written. Numbers 1 to 7 are the default texts, which are stored once the first of them is changed.
    """

    __tablename__ = "ready_text"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    deed: Mapped[str]
    rule: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]


BODY, AUTHORITY = RECOURSES = ("body", "authority")


class Recourse(Base):
    """Where one can turn outside of the forum against a decision; statements of reasons name it.

    `kind` is *body*, a certified body for out-of-court dispute settlement (EU Digital Services Act, article 21), or
    *authority*. A row with an empty name counts as none.
    """

    __tablename__ = "recourse"

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(Text, default="")
    sentence: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    changed_at: Mapped[datetime]


# The forum's own words about rules. Rows store them as texts, which are recognised in whatever language they were
# written.

# Names and sentences of the default rules
DEFAULT_RULES = (
    (
        sentence("Speak from your work"),
        sentence(
            "Write what you did, saw or know. Give the year, the place and the source of a figure. Say when you are not sure."
        ),
    ),
    (
        sentence("Be fair to people"),
        sentence(
            "Question the work, not the person. No insults, no threats, no contempt for any group. Most readers have English as a second language: ask before you judge a word."
        ),
    ),
    (
        sentence("Tell what failed, too"),
        sentence(
            "A failure told honestly is worth a success. Nobody may use it against the person or the city that told it."
        ),
    ),
    (
        sentence("Do not sell"),
        sentence(
            "Companies are welcome as colleagues. Name your employer when you speak of its products, and leave advertisements out. Texts written only to place a link are removed."
        ),
    ),
    (
        sentence("Keep what is private private"),
        sentence(
            "No personal data of residents or colleagues, no secrets of your office, nothing that members told you in confidence. What is marked “members only” stays among members."
        ),
    ),
    (
        sentence("Respect the law and the author"),
        sentence(
            "Nothing illegal. Quote briefly, name the author, link to the rest. Say so when a tool wrote a part of your text, and check its facts: you answer for them."
        ),
    ),
)
AGAINST_LAW = sentence("It is against the law.")
BROKEN_RULE = sentence("Rule %(number)s: %(name)s")
# The ready texts of a new forum: name, deed, number of the default rule (0 for none), text
DEFAULT_TEXTS = (
    (
        _("Advertisement"),
        "hide",
        4,
        _(
            "What you wrote praises a product or service and says little of a city’s experience. You can write again: what was done, where, what it cost and how it went."
        ),
    ),
    (
        _("Personal attack"),
        "hide",
        2,
        _(
            "What you wrote speaks about a person instead of the work. You can say the same about the work, without the person."
        ),
    ),
    (
        _("Personal data"),
        "hide",
        5,
        _(
            "What you wrote contains names, addresses or other data of people who are not public. You can write again without them."
        ),
    ),
    (
        _("Copied without its source"),
        "hide",
        6,
        _(
            "Most of the text is taken from somewhere else without saying so. You can write again with a short quotation, the author’s name and a link."
        ),
    ),
    (
        _("The same topic is there already"),
        "lock",
        0,
        _("The discussion goes on in another topic, so that nobody has to read both."),
    ),
    (
        _("Sources are missing"),
        "send_back",
        0,
        _("Please give the date and the source of each figure, and submit the practice again."),
    ),
    (
        _("What failed is missing"),
        "send_back",
        0,
        _(
            "Please tell what did not work, too, even if it is little. It is the part that other cities look for first."
        ),
    ),
)


def said_of_rule(words: str) -> str:
    """The name or the sentence of a rule: a default one in the present language, others as they were written."""
    default = recognised(words, *(sentence.message for pair in DEFAULT_RULES for sentence in pair))
    return str(default) if default else words


def rule_in_english(words: str) -> str:
    """The name or the sentence of a rule: a default one in English, for files that are the same for all readers."""
    default = recognised(words, *(sentence.message for pair in DEFAULT_RULES for sentence in pair))
    return default.in_english if default else words


def said_of_ground(words: str) -> str:
    """The stored reason why something is hidden, in the present language: against the law, or the rule that it broke."""
    ground = recognised(words, AGAINST_LAW.message, BROKEN_RULE.message) if words else None
    if ground is None:
        return words
    return str(ground.put_in(**{key: said_of_rule(str(value)) for key, value in ground.values}))
