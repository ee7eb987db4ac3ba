"""What a member wrote in the dialogue, and did there: topics, posts, drafts, pictures, marks, votes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from forum.agendas.models import Theme
from forum.db import db
from forum.dialogue.models import (
    Draft,
    Held,
    Mark,
    Poll,
    PollOption,
    PollVote,
    Post,
    Revision,
    Topic,
    TopicTheme,
)
from forum.glossary.models import Proposal
from forum.library.models import Intention
from forum.pictures.models import Picture
from forum.rights.models import Kind, Record
from forum.rights.queries._parts import names_by, parts_of
from forum.rights.queries._rows import columns_of, plain_record
from forum.rights.queries._rows_of_dialogue import (
    add_themes,
    rows_of_drafts,
    rows_of_held,
    rows_of_intentions,
    rows_of_marks,
    rows_of_pictures,
    rows_of_posts,
    rows_of_proposals,
    rows_of_rules,
    rows_of_topics,
    rows_of_votes,
)
from forum.rights.queries._shared import AUDIENCE, LANGUAGE, in_batches, times
from forum.screening.models import Rule


def _add_themes_of_topics(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the names of their themes, each in a row of its own; those of held texts are a list of ids (`add_themes`)."""
    themes = names_by(TopicTheme.topic_id, Theme, [row.id for row in rows])
    for record in records:
        record["themes"] = themes[record["id"]]


def _add_versions(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their earlier versions, and the polls below them, to posts."""
    ids = [row.id for row in rows]
    names = "title source written_at replaced_at withdrawn_at"
    earlier, polls = parts_of(Revision.post_id, names, ids, Revision.id), _polls_below(ids)
    for record in records:
        record["earlier_versions"] = earlier[record["id"]]
        record["poll"] = polls.get(record["id"])


def _polls_below(post_ids: Sequence[int]) -> dict[int, Record]:
    """The polls below posts, by post id, with how many chose each option."""
    found: dict[int, Record] = {}
    kept = columns_of(Poll, "question is_multiple created_at closes_at closed_at")
    query = select(*kept, Poll.post_id.label("key_of"), PollOption.words.label("key_words"))
    query = query.add_columns(PollOption.votes_count.label("key_votes"))
    query = query.join(PollOption, PollOption.poll_id == Poll.id).where(Poll.post_id.in_(post_ids))
    for row in db.session.execute(query.order_by(Poll.id, PollOption.position)):
        poll = found.setdefault(row.key_of, plain_record(row) | {"options": {}})
        poll["options"][row.key_words] = row.key_votes
    return found


DIALOGUE_KINDS: tuple[Kind, ...] = (
    Kind(
        "topics",
        _("Topics"),
        _("The topics that you opened; their first text is among the posts."),
        (("topic", "author_id"),),
        in_batches(rows_of_topics, Topic.id, add_to=_add_themes_of_topics),
        {
            "id": _("its number, as in /topics/7"),
            "kind": _("experience, question, practice or case"),
            "title": _("its title"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "themes": _("its themes"),
            "for_organisation": _("the organisation you wrote it for, if any"),
            "hidden_reason": _("why it is hidden"),
            "locked_at": _("when moderators locked it, if they did"),
            "locked_reason": _("why it is locked"),
            "locked_until": _("the last day on which it is locked, if that is said"),
            "slowed_at": _("since when each member can write there only once in a while, if so"),
            "slow_until": _("until when that is so, if it has an end"),
            "slow_minutes": _("in how many minutes each member can write once"),
            "slow_reason": _("why that is so"),
            "merged_into_id": _(
                "the number of the topic that its posts were put into, if they were"
            ),
            **LANGUAGE,
            **AUDIENCE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "posts",
        _("Posts"),
        _("What you wrote, with what it said before."),
        (("post", "author_id"),),
        in_batches(rows_of_posts, Post.id, add_to=_add_versions),
        {
            "id": _("its number, as in /posts/7"),
            "topic_id": _("the number of its topic"),
            "topic": _(
                "the title of its topic, unless it is of somebody else and hidden or in preparation"
            ),
            "number": _("its place in the topic"),
            "source": _("the text, in Markdown"),
            "paragraph": _("the paragraph of a case that it comments on, if any"),
            "for_organisation": _("the organisation you wrote it for, if any"),
            "edited_at": _("when you last changed it, later than 15 minutes after posting"),
            "hidden_reason": _("why it is hidden"),
            "useful_count": _("how many readers found it useful"),
            "same_here_count": _("how many readers face the same"),
            "tried_count": _("how many readers tried it"),
            "earlier_versions": _(
                "what it said before: title, source, written_at, replaced_at, withdrawn_at"
            ),
            "poll": _(
                "the poll below it: question, whether one may choose several options, created_at, closes_at, closed_at, and options with their numbers of votes"
            ),
            "note_source": _("what the moderators say below it, in Markdown"),
            "note_language": _("the language of that"),
            "note_at": _("when they said so"),
            "edit_asked_at": _("when they asked you to change it"),
            "edit_answered_at": _("when you changed it then"),
            **LANGUAGE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "waiting",
        _("Texts that waited"),
        _(
            "What you wrote that a rule held back until a moderator had read it. What is published has its text among the posts."
        ),
        (("held", "author_id"),),
        in_batches(rows_of_held, Held.id, add_to=add_themes),
        {
            "id": _("its number, as in /waiting/7"),
            "deed": _("what becomes of it: open_topic, reply or edit"),
            "kind": _("of a topic: experience or question"),
            "title": _("of a topic: its title"),
            "agenda": _("the agenda it belongs to, unless others prepare it"),
            "topic": _("the title of the topic it belongs to"),
            "themes": _("of a topic: its themes"),
            "for_organisation": _("the organisation you wrote it for, if any"),
            "post_id": _("the number of the post it has become"),
            "source": _("the text, in Markdown"),
            "paragraph": _("the paragraph of a case that it comments on, if any"),
            "poll": _("the poll of a topic, as you typed it"),
            "rule": _("the rule that held it back"),
            "sentence": _("what the rule says to you"),
            "decided_at": _("when a moderator decided about it"),
            "refused_at": _("when it was refused"),
            "reason": _("why it was refused"),
            "created_at": _("when you sent it"),
            **LANGUAGE,
            **AUDIENCE,
        },
    ),
    Kind(
        "drafts",
        _("Drafts"),
        _("What you have begun to write and not published."),
        (("draft", "author_id"),),
        in_batches(rows_of_drafts, Draft.id),
        {
            "id": _("its number"),
            "agenda": _("of a new topic: the agenda it is for, unless others prepare it"),
            "topic": _("of a reply: the title of the topic it is for"),
            "kind": _(
                "practice, case, translation or declaration, with the word for what something new is on or of; empty for a topic or a reply"
            ),
            "item_id": _(
                "the number of what it changes, or of what something new is on or of; empty for a new practice or case"
            ),
            "fields": _(
                "what the form holds: the name and the value of each field; window is a number for where it was typed last, and how often it was sent from there"
            ),
            "saved_at": _("when it was last kept"),
        },
    ),
    Kind(
        "pictures",
        _("Pictures and files"),
        _(
            "The pictures and files that you added. They themselves are in the folders “pictures” and “files”."
        ),
        (("picture", "member_id"),),
        in_batches(rows_of_pictures, Picture.id),
        {
            "id": _("its number"),
            "address": _("its address in texts"),
            "title": _("of a file: the name that others save it under"),
            "file": _("the picture or file, in this ZIP file"),
            "size": _("how many bytes it takes, a picture with a small version for telephones"),
            "created_at": _("when you added it"),
            "used_at": _("when a text first showed it"),
        },
    ),
    Kind(
        "on-approval",
        _("Rules about you"),
        _("Whether a moderator reads what you write before it is published."),
        (("screening_rule", "member_id"),),
        in_batches(rows_of_rules, Rule.id),
        {
            "sentence": _("what the rule says to you"),
            "made_at": _("when it was made"),
            "off_at": _("since when it does not hold"),
        },
    ),
    Kind(
        "marks",
        _("Marks"),
        _("What you said to posts of others with one press."),
        (("mark", "member_id"),),
        in_batches(rows_of_marks, Mark.post_id, Mark.kind),
        {
            "post_id": _("the number of the post"),
            "topic": _(
                "the title of its topic, unless it is of somebody else and hidden or in preparation"
            ),
            "kind": _(
                "useful, same here, tried it, or taken back (you took it back while a moderator hides your sentence)"
            ),
            "outcome": _("what became of trying it: kept, adapted or stopped"),
            "note": _("your sentence about it"),
            "language": _("the language of the sentence, if that is known"),
            "city": _("your city that day"),
            "created_at": _("when you gave it"),
            "hidden_at": _("since when a moderator hides your sentence"),
            "hidden_reason": _("why it is hidden"),
        },
    ),
    Kind(
        "intentions",
        _("What you want to try"),
        _("Practices and cases of which you said that you want to try them."),
        (("intention", "member_id"),),
        in_batches(rows_of_intentions, Intention.topic_id),
        {
            "topic_id": _("the number of its topic"),
            "topic": _("its title, unless it is of somebody else and hidden or in preparation"),
            "until": _("the last day of the month by which you want to have tried it"),
            "created_at": _("when you said so first"),
            "asked_at": _("when you were asked what became of it"),
        },
    ),
    Kind(
        "glossary_proposals",
        _("Proposals for the glossary"),
        _("Names, meanings and entries that you proposed, and what became of them."),
        (("glossary_proposal", "author_id"),),
        in_batches(rows_of_proposals, Proposal.id),
        {
            "id": _("its number"),
            "entry": _("the last part of the address of its entry; empty while it has none"),
            "name": _("the name that you proposed"),
            "meaning": _("the meaning that you proposed"),
            "why": _("why"),
            "caught_by": _("the rule before publication that it met"),
            "decided_at": _("when a moderator decided, or you took it back"),
            "outcome": _(
                "accepted, refused or taken back by you, which empties it; empty while it waits"
            ),
            "reason": _("what the moderator answered"),
            **LANGUAGE,
            **times("created_at"),
        },
    ),
    Kind(
        "votes",
        _("Votes in polls"),
        _("What you chose in polls. Nobody else is shown it."),
        (("poll_vote", "member_id"),),
        in_batches(rows_of_votes, PollVote.option_id),
        {
            "post_id": _("the number of the post above the poll"),
            "topic": _(
                "the title of its topic, unless it is of somebody else and hidden or in preparation"
            ),
            "question": _("the question, unless it is hidden like that"),
            "option": _("the option that you chose, unless it is hidden like that"),
            "created_at": _("when you chose it"),
        },
    ),
)
