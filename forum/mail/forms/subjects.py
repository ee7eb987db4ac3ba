"""What the subject of a message becomes: the title of a topic, and its kind."""

from __future__ import annotations

import re

from forum.members.forms import one_line

# Words that mail programs put before the subject of an answer, and of a message that is passed on. Where languages use
# the same one for both (VS), it counts as passed on, so that nothing is cut. Of one or two letters some stand at the beginning
# of titles, too ("r: a language"), so that these are taken in capitals alone, as programs write them.
ANSWERED = (
    "re|aw|antw|antwort|sv|odp|odg|ynt|yan|rép|res|resp|rif|vá|atb|ats|bls"
    "|(?-i:R)|(?-i:TL)"  # Italian, Vietnamese
    "|απ|σχετ|одг|отв|ответ|відп|回复|回覆|回復|答复|答覆|返信|회신|답장|תגובה|השב|رد|پاسخ|ตอบ|ตอบกลับ"
)
PASSED_ON = (
    "fwd|fw|wg|tr|rv|enc|pd|vb|vs|doorst|ilt|reenv|továbbítás|prosl|proslj|posr|trs|yml"
    "|(?-i:I)|(?-i:VL)|(?-i:FS)|(?-i:CT)"  # Italian, Finnish, Icelandic, Vietnamese
    "|πρθ|προώθ|пер|转发|轉寄|轉發|転送|ส่งต่อ|전달|הועבר|إعادة توجيه"
)
_SIGN = r" ?(?:\[\d{1,3}\]|\(\d{1,3}\)|\d{1,3})?\s?[:：]\s*"
# Some programs put brackets around the whole subject of what is passed on
SUBJECT_PREFIX = re.compile(
    rf"(?:(?P<answered>{ANSWERED})|{PASSED_ON}){_SIGN}|\[(?:{PASSED_ON}){_SIGN}(?P<within>.*)\]$",
    re.I,
)
# What Pine and its like put behind it instead (RFC 5256), in letters of either case
PASSED_ON_SUFFIX = "(fwd)"
CONTROL_SIGNS = re.compile("[\x00-\x1f\x7f-\x9f]")
QUESTION_MARKS = ("?", "؟", "？")
# The Greek question mark looks like a semicolon, and Unicode normalises it to one
GREEK_QUESTION_MARK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]['’\"”»)\s]*;$")
AFTER_QUESTION_MARK = "!！\"'”’»›」』)）]】 .…\u200e\u200f"


def title_of(subject: str) -> tuple[str, bool]:
    """The title that a subject becomes, without what mail programs put before and behind it, and whether the message is an answer.

    It is one line without control signs and invisible characters; how long it is, is not judged here. The first word
    tells what was done last: an answer that is passed on is no answer.
    """
    title = _without_suffix(one_line(CONTROL_SIGNS.sub(" ", subject)))
    first = prefix = SUBJECT_PREFIX.match(title)
    while prefix:
        title = _without_suffix((prefix["within"] or title[prefix.end() :]).strip())
        prefix = SUBJECT_PREFIX.match(title)
    return title, bool(first and first["answered"])


def is_said_passed_on(subject: str) -> bool:
    """Whether a subject ends as that of a message that is passed on. So may an answer to one: its text tells which it is."""
    title = str(one_line(CONTROL_SIGNS.sub(" ", subject)))
    return title.lower().endswith(PASSED_ON_SUFFIX)


def _without_suffix(title: str) -> str:
    while title.lower().endswith(PASSED_ON_SUFFIX):
        title = title[: -len(PASSED_ON_SUFFIX)].rstrip()
    return title


def kind_of(title: str) -> str:
    """The kind of a topic with this title: a question when it ends with a question mark, else an experience."""
    end = title.rstrip(AFTER_QUESTION_MARK)
    is_question = end.endswith(QUESTION_MARKS) or bool(GREEK_QUESTION_MARK.search(end))
    return "question" if is_question else "experience"
