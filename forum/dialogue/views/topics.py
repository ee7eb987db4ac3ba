"""The page of a topic."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.dialogue import actions, queries
from forum.dialogue.models import POSTS_PER_PAGE, Post, Topic
from forum.dialogue.queries import PostRow, ReadingState, TopicRow
from forum.dialogue.views._shared import bp, usual_wait
from forum.dialogue.views.writing import writer_of
from forum.engines import without_waiting
from forum.errors import Busy, NotFound
from forum.notifications.models import TOPIC
from forum.notifications.views import set_level
from forum.pages import MAX_PAGE, Page, capped, clamp
from forum.pictures.views import picture_to_share
from forum.ratelimits import changing
from forum.versions import theme_scope, topic_scope
from forum.web import me


# Above the one without a hyphen, which addresses are built with
@bp.get("/topics/<int:topic_id>-")
@bp.get("/topics/<int:topic_id>")
@bp.get("/topics/<int:topic_id>-<slug>")
def topic(topic_id: int, slug: str = "") -> ResponseReturnValue:
    """One page of a topic. Redirects from a wrong or former slug, and to the page of its home.

    Some programs end a link in plain text at the first letter that is not ASCII, so a slug may be missing after its hyphen.
    """
    try:
        found = queries.get_topic_row(me(), topic_id)
    except NotFound:
        return _redirect_after_merge(topic_id)
    if found.home or found.slug != slug:
        return _redirect_to_own(found.address)
    web.depends_on(topic_scope(topic_id), *(theme_scope(theme.id) for theme in found.themes))
    context = discussion(found)
    pictured = _picture_to_share(found, context["posts"])
    data = _structured_data(found, context["answer"], pictured)
    context |= _participants(context["posts"]) | {
        "canonical": web.canonical(context["posts"].number)
    }
    context["regrouped"] = queries.moved_posts_in(me(), found, context["posts"])
    return render_template("dialogue/topic.html", **context, data=data, picture_to_share=pictured)


@bp.app_template_global()
def speaking_of(address: str, topic_id: int | None) -> Sequence[queries.Speaking]:
    """The topics that link to a page, for its page: see `queries.speaking_of`."""
    return queries.speaking_of(me(), address, topic_id)


def _redirect_after_merge(topic_id: int) -> AnyResponse:
    """Redirect from a merged topic to where its posts are now: `?post=` names a post, `?page=` the first post of a page."""
    first = (clamp(web.number("page"), MAX_PAGE) - 1) * POSTS_PER_PAGE + 1
    try:
        address = queries.address_after_merge(me(), topic_id, web.number("post", first))
    except NotFound:
        raise queries.why_not_shown(me(), topic_id) from None
    return web.moved_until_undone(address)


def _participants(posts: Page[PostRow]) -> dict[str, Any]:
    """The authors on a page of a topic, and their cities."""
    people = {post.author_id: post.author for post in posts.items if not post.is_gone}
    cities = dict.fromkeys(person.city for person in people.values() if person.city)
    return {"people": list(people.values()), "cities": list(cities)}


def _redirect_to_own(address: str) -> AnyResponse:
    """Redirect to the present address of a topic, and to the same page of it."""
    query = request.query_string.decode("ascii", "replace")
    return web.moved_until_undone(f"{address}?{query}" if query else address)


def discussion(topic: Topic | TopicRow, beside: Sequence[Post] = ()) -> dict[str, Any]:
    """The variables of `dialogue/_discussion.html`: a page of posts, the reader's marks and bookmarks, and a reply form.

    The topic must be one that the reader was found to see, with its agenda loaded. Views of cases and practices call
    this for their topics; `beside` are posts that such a page shows elsewhere, for which it also needs marks and
    bookmarks. It also records how far the reader has read, and marks notices about the topic as read.
    """
    reader = me()
    posts = queries.posts_in(reader, topic, web.number("page"))
    answer = _answer_of(topic, posts)
    shown = [*posts.items, *beside, *([answer] if answer else ())]
    reading = queries.reading_state(reader, topic, shown)
    has_more = reading.place < topic.posts_count
    news = queries.new_posts_in(reader, [topic]).get(topic.id) if has_more else None
    _note_read(topic, posts, reading)
    return {
        "topic": topic,
        "posts": posts,
        "answer": answer,
        "news": news,
        "level": reading.level,
        "my_marks": reading.marks,
        "polls": queries.polls_below(reader, posts.items),
        "my_bookmarks": reading.kept,
        "writer": writer_of(topic) if reading.may_reply else None,
        "again_at": reading.again_at,
        **_held_context(topic, posts),
    }


def _held_context(topic: Topic | TopicRow, posts: Page[PostRow]) -> dict[str, Any]:
    """The reader's own held texts, which the last page shows below the last post."""
    texts = queries.my_held_in(me(), topic) if posts.number >= posts.pages else []
    return {"held_texts": texts, "usual": usual_wait() if texts else ""}


def _note_read(topic: Topic | TopicRow, posts: Page[PostRow], reading: ReadingState) -> None:
    last = posts.items[-1].number if posts.items else 0
    if me().is_member and not web.is_head() and (reading.has_notices or last > reading.place):
        # A browser that is refused the page in advance asks again when somebody opens it: then it is read
        if web.is_prefetched():
            abort(web.UNAVAILABLE)
        # Never delay a reader for this: the next visit records it
        with suppress(Busy), without_waiting():
            actions.read(me(), topic.id, last)


def _answer_of(topic: Topic | TopicRow, posts: Page[PostRow]) -> PostRow | None:
    for post in posts.items:
        if post.id == topic.answer_id:
            return None if post.is_gone else post
    return queries.answer_of(topic)


def _picture_to_share(topic: TopicRow, posts: Page[PostRow]) -> dict[str, Any] | None:
    """The first picture of the post that opens a public topic, on the page with that post."""
    if not topic.is_indexable:
        return None
    opening = (post.html for post in posts.items if post.number == 1 and not post.is_gone)
    return picture_to_share(opening)


def _structured_data(
    topic: TopicRow, answer: PostRow | None, pictured: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Structured data (schema.org) for search engines: a DiscussionForumPosting, or a QAPage with the answer.

    They refuse a QAPage without an answer, so a question that waits for its own is a posting like any other.
    """
    if not topic.is_indexable:
        return None
    said = {
        "text": topic.excerpt or topic.title,
        "datePublished": topic.created_at.isoformat(),
        "author": _structured_person(topic.author),
    }
    if pictured:
        said["image"] = pictured["url"]
    if topic.kind != "question" or answer is None:
        return {
            "@context": "https://schema.org",
            "@type": "DiscussionForumPosting",
            "headline": topic.title,
            "url": web.absolute(topic.address),
            "inLanguage": topic.language,
            "commentCount": topic.replies_count,
            **said,
        }
    question = {
        "@type": "Question",
        "name": topic.title,
        "answerCount": topic.replies_count,
        "acceptedAnswer": _structured_answer(answer),
        **said,
    }
    return {"@context": "https://schema.org", "@type": "QAPage", "mainEntity": question}


def _structured_answer(answer: PostRow) -> dict[str, Any]:
    return {
        "@type": "Answer",
        "text": answer.gist,
        "url": web.absolute(answer.address),
        "datePublished": answer.created_at.isoformat(),
        "upvoteCount": answer.useful_count,
        "author": _structured_person(answer.author),
    }


def _structured_person(member: Any) -> dict[str, str]:
    person = {"@type": "Person", "name": member.name}
    if member.has_page:
        person["url"] = web.absolute(url_for("front.profile", handle=member.handle))
    return person


@bp.get("/topics/<int:topic_id>/useful")
def most_useful(topic_id: int) -> ResponseReturnValue:
    """The replies of a topic that most members marked as useful, in full: a summary of a long topic."""
    reader = me()
    try:
        found = queries.get_topic_row(reader, topic_id)
    except NotFound:
        target_id = queries.topic_after_merge(reader, topic_id).id
        return web.moved_until_undone(url_for("dialogue.most_useful", topic_id=target_id))
    web.depends_on(topic_scope(topic_id))
    posts = queries.most_useful_in(found)
    reading = queries.reading_state(reader, found, posts)
    return render_template(
        "dialogue/useful.html",
        topic=found,
        posts=posts,
        my_marks=reading.marks,
        my_bookmarks=reading.kept,
        polls=queries.polls_below(reader, posts),
    )


@bp.get("/topics/<int:topic_id>/whole")
def whole(topic_id: int) -> ResponseReturnValue:
    """A topic of several pages in one piece, up to `POSTS_ON_LONG_PAGE` posts, to be read in one go or printed."""
    reader = me()
    try:
        found = queries.get_topic_row(reader, topic_id)
    except NotFound:
        target_id = queries.topic_after_merge(reader, topic_id).id
        return web.moved_until_undone(url_for("dialogue.whole", topic_id=target_id))
    web.depends_on(topic_scope(topic_id))
    posts = queries.many_posts_in(reader, found, web.number("page"))
    reading = queries.reading_state(reader, found, posts.items)
    _note_read(found, posts, reading)
    return render_template(
        "dialogue/whole.html",
        topic=found,
        posts=posts,
        my_marks=reading.marks,
        my_bookmarks=reading.kept,
        polls=queries.polls_below(reader, posts.items),
    )


@bp.get("/topics/<int:topic_id>/news")
def news(topic_id: int) -> ResponseReturnValue:
    """What others have written in a topic after the post number `after`, as a sentence and an address, for a script.

    The address is that of a post: an address with the page's own path would not reload the page.
    """
    found = queries.get_topic_row(me(), topic_id)
    web.depends_on(topic_scope(topic_id))
    later = queries.posts_after(me(), found, web.number("after"))
    if later is None:
        return jsonify({})
    address = url_for("dialogue.post", post_id=later.first_id)
    return jsonify(words=_news_words(found, later.count), address=address)


def _news_words(topic: TopicRow, count: int) -> str:
    if count == 1:
        return _("Go to the new comment") if topic.home else _("Go to the new post")
    if topic.home:
        return _("Go to the first of %(num)s new comments", num=capped(count))
    return _("Go to the first of %(num)s new posts", num=capped(count))


@bp.post("/topics/<int:topic_id>/watch")
@changing
def watch(topic_id: int) -> ResponseReturnValue:
    """Watch or mute a topic, or neither any longer."""
    return set_level(TOPIC, topic_id, queries.get_topic(me(), topic_id).address)


@bp.get("/posts/<int:post_id>")
def post(post_id: int) -> ResponseReturnValue:
    """Redirect to the page of the topic that shows a post."""
    return redirect(queries.get_post(me(), post_id).address)
