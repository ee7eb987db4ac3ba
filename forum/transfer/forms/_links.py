"""Links in written texts: quotes by the number of their post, and absolute addresses of what another forum does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from forum.illustrations import ANY_PATH, may_show
from forum.markdown import MAX_SOURCE
from forum.quotes import quote_heads

QUOTE = re.compile(r"^> ?\[[^\]\n]{1,300}\]\(/posts/([0-9]{1,12})\)[ \t]*$(?:\n>[ \t]*$)?", re.M)
QUOTED_NUMBER = re.compile(r"^\\*> #[0-9]+[ \t]*$", re.M)
# Links in a text, and their reference definitions
INTERNAL_LINK = re.compile(
    r"(\]\([ \t]*<?|^[ \t>]{0,40}\[[^\]\n]{1,300}\]:[ \t]*<?)/(?=(?:posts|topics)/)", re.M
)
PICTURE_LINK = re.compile(
    rf"(\]\([ \t]*<?|^[ \t>]{{0,40}}\[[^\]\n]{{1,300}}\]:[ \t]*<?)(?={ANY_PATH})", re.M
)


def number_quotes(
    source: str, numbers: Mapping[int, int], address: str, pictures: Collection[str] = ()
) -> str:
    """A reply in which quotes of earlier posts of its topic are `> #2`, and other internal links are absolute.

    `numbers` are the numbers of the earlier posts, by id; `address` is that of the forum, `pictures` as in `Writer`.
    """
    source = QUOTED_NUMBER.sub(lambda found: f"\\{found[0]}", source)

    def numbered(found: re.Match[str]) -> str:
        number = numbers.get(int(found[1]))
        return found[0] if number is None else f"> #{number}"

    source = _number_other_heads(QUOTE.sub(numbered, source), numbers)
    return with_absolute_links(source, address, pictures)


def _number_other_heads(source: str, numbers: Mapping[int, int]) -> str:
    """Number the posts above quotes whose link was written in another form, which only parsing the text finds."""
    lines = source.split("\n")
    for start, end, post_id in reversed(quote_heads(source) if numbers else []):
        if post_id in numbers:
            is_apart = end < len(lines) and lines[end].strip() == ">"
            lines[start : end + is_apart] = [f"> #{numbers[post_id]}"]
    return "\n".join(lines)


def with_absolute_links(source: str, address: str, pictures: Collection[str]) -> str:
    """Make links to posts and topics absolute, because ids differ in another forum, unless the text gets too long.

    The same for pictures and files that the export does not have: they are gone, or nobody who reads it sees them.
    """

    def at_home(found: re.Match[str]) -> str:
        name = found[2] or found[3]
        return found[0] if name in pictures else f"{found[1]}{address}"

    whole = INTERNAL_LINK.sub(rf"\g<1>{address}/", source)
    if may_show(whole):
        whole = PICTURE_LINK.sub(at_home, whole)
    return whole if len(whole) <= MAX_SOURCE else source
