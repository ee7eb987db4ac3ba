"""The doors of the dialogue: lists of topics, a topic's pages, and the deeds of those who write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from flask import (
    Blueprint,
    flash,
    get_template_attribute,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from forum import markup, web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import agendas, get_agenda, themes, themes_by_slug
from forum.db import theme_scope, topic_scope, without_waiting
from forum.dialogue import actions, queries
from forum.dialogue.forms import (
    MYSELF,
    ORGANISATION,
    PROMPTS,
    EditForm,
    EditTopicForm,
    ReplyForm,
    TopicForm,
    TriedForm,
)
from forum.dialogue.models import (
    KINDS,
    POSTS_PER_PAGE,
    TRIED,
    Held,
    Mark,
    Post,
    Revision,
    Topic,
)
from forum.dialogue.queries import ORDERS, PostRow, ReadingState, TopicFilter, TopicRow
from forum.diffs import changes
from forum.errors import Busy, Conflict, NotFound
from forum.members.models import Member
from forum.members.queries import languages
from forum.notifications.models import THEME, TOPIC, Notice
from forum.notifications.queries import level_of
from forum.notifications.views import set_level
from forum.pages import Page, pages_for
from forum.ratelimits import address as sent_from
from forum.ratelimits import limiter
from forum.screening.queries import is_newcomer
from forum.web import CONFLICT, Answer, me

bp = Blueprint("dialogue", __name__)
SEE_OTHER, MOVED_PERMANENTLY = 303, 301  # HTTP status codes
MAX_LATEST = 4
MAX_HOURS = 48  # a longer wait is said in days


def _rate_limit_key() -> str:
    return web.by_member() if me().is_member else f"address {sent_from()}"


def _was_accepted(response: AnyResponse) -> bool:
    return response.status_code == SEE_OTHER


def _is_trial() -> bool:
    """Whether a form only asks for a preview or for a heading in the text, so that nothing is stored."""
    return "preview" in request.form or "prompt" in request.form


def _posting_limit() -> str:
    """The rate limit for writing: lower for new members."""
    is_slow = request.method == "POST" and is_newcomer(me())
    return "3 per minute; 10 per hour" if is_slow else "5 per minute; 30 per hour"


posting = limiter.shared_limit(
    _posting_limit,
    scope="posting",
    key_func=_rate_limit_key,
    methods=["POST"],
    exempt_when=_is_trial,
    deduct_when=_was_accepted,
)
changing = limiter.shared_limit(
    "30 per minute; 300 per hour",
    scope="changing",
    key_func=_rate_limit_key,
    methods=["POST"],
    exempt_when=_is_trial,
)
previewing = limiter.limit("60 per minute", key_func=_rate_limit_key)


# Lists


@bp.get("/topics")
def index() -> Answer:
    """The dialogue of all agendas."""
    return _list(None)


@bp.get("/agendas/<slug>/topics")
def topics(slug: str) -> Answer:
    """The dialogue of one agenda."""
    return _list(get_agenda(me(), slug))


def _list(agenda: Agenda | None) -> Answer:
    wanted = _filter_from_query(agenda)
    names = {theme.slug: theme.name for theme in themes()}
    counts = _counts(wanted, names)
    total = counts.get(wanted.kind, 0) if wanted.kind else sum(counts.values())
    address = _address_of_list(agenda, wanted)
    page = _page_of_topics(wanted, total)
    return render_template(
        "dialogue/topics.html",
        agenda=agenda,
        agendas=[] if agenda else agendas(me()),
        wanted=wanted,
        counts=counts,
        page=page,
        theme_names=list(names.items()),
        languages=languages(),
        address=address,
        active=_active_filters(wanted, names, address),
        **_reader_context(page.items, wanted),
    )


def _counts(wanted: TopicFilter, names: dict[str, str]) -> dict[str, int]:
    """The numbers on the tabs. A value that is not offered finds nothing, and the database is not asked for it."""
    is_theme_known = not wanted.theme or wanted.theme in names
    is_language_known = not wanted.language or wanted.language in dict(languages())
    if not (is_theme_known and is_language_known):
        return {}
    return queries.counts_by_kind(
        me(), wanted if wanted.kind in KINDS else replace(wanted, kind="")
    )


def _page_of_topics(wanted: TopicFilter, total: int) -> Page[TopicRow]:
    return queries.topics(me(), wanted, web.number("page"), total) if total else Page([], 1, 1, 0)


def _reader_context(topics: Sequence[TopicRow], wanted: TopicFilter) -> dict[str, Any]:
    """What depends on the reader in a list: new posts, and whether they watch the theme by which it is filtered."""
    theme = next(iter(themes_by_slug([wanted.theme])), None) if wanted.theme else None
    level = level_of(me(), THEME, theme.id) if theme else ""
    return {"news": queries.new_posts_in(me(), topics), "theme": theme, "level": level}


@bp.post("/topics/read-all")
@changing
def read_all() -> Answer:
    """Take all that has been written for read."""
    return _read_all(None, url_for("dialogue.index"))


@bp.post("/agendas/<slug>/topics/read-all")
@changing
def read_agenda(slug: str) -> Answer:
    """Take all that has been written on one agenda for read."""
    return _read_all(get_agenda(me(), slug).id, url_for("dialogue.topics", slug=slug))


def _read_all(agenda_id: int | None, address: str) -> AnyResponse:
    actions.read_all(me(), agenda_id)
    flash(_("All topics are marked as read."), "message")
    return web.see_other(address)


def _active_filters(
    wanted: TopicFilter, names: dict[str, str], address: Callable[..., str]
) -> list[tuple[str, str]]:
    """The filters in force: what each says, and the address of the list without it. Known kinds have tabs instead."""
    language = dict(languages()).get(wanted.language, wanted.language)
    kind = "" if wanted.kind in KINDS else wanted.kind
    chosen = (
        ("kind", kind),
        ("theme", names.get(wanted.theme, wanted.theme)),
        ("language", language),
    )
    return [(text, address(**{name: ""})) for name, text in chosen if text]


def _filter_from_query(agenda: Agenda | None) -> TopicFilter:
    return TopicFilter(
        agenda_id=agenda.id if agenda else None,
        kind=web.text("kind", 100),
        order=web.choice("order", ORDERS, "active"),
        theme=web.text("theme", 100),
        language=web.text("language", 100),
    )


def _address_of_list(agenda: Agenda | None, wanted: TopicFilter) -> Callable[..., str]:
    """The address of the same list with another kind, order, theme or language."""
    now = {
        "kind": wanted.kind,
        "order": "" if wanted.order == "active" else wanted.order,
        "theme": wanted.theme,
        "language": wanted.language,
    }

    def address(**other: str) -> str:
        words: dict[str, Any] = {name: value or None for name, value in (now | other).items()}
        if agenda is None:
            return url_for("dialogue.index", **words)
        return url_for("dialogue.topics", slug=agenda.slug, **words)

    return address


# A topic


@bp.get("/topics/<int:id>")
@bp.get("/topics/<int:id>-<slug>")
def topic(id: int, slug: str = "") -> Answer:
    """One page of a topic. Redirects from a slug that is not (or no longer) its own, and to the page of its home."""
    try:
        found = queries.get_topic_row(me(), id)
    except NotFound:
        return _redirect_after_merge(id)
    if found.home or found.slug != slug:
        return _redirect_permanently(found.address)
    web.depends_on(topic_scope(id), *(theme_scope(theme.id) for theme in found.themes))
    words = discussion(found)
    data = _structured_data(found, words["answer"])
    words |= _participants(words["posts"]) | {"canonical": _canonical(words)}
    words["regrouped"] = queries.moved_posts_in(me(), found, words["posts"])
    return render_template("dialogue/topic.html", **words, data=data)


def _redirect_after_merge(topic_id: int) -> AnyResponse:
    """Redirect from a merged topic to where its posts are now: `?post=` names one, `?page=` the first of a page."""
    first = (web.number("page") - 1) * POSTS_PER_PAGE + 1
    try:
        address = queries.address_after_merge(me(), topic_id, web.number("post", first))
    except NotFound:
        raise queries.why_not_shown(me(), topic_id) from None
    response = redirect(address, MOVED_PERMANENTLY)
    response.headers["Cache-Control"] = "no-cache"  # a merger can be undone for ten minutes
    return response


def _participants(posts: Page[PostRow]) -> dict[str, Any]:
    """Who wrote on a page of a topic, and from which cities."""
    people = {post.author_id: post.author for post in posts.items if not post.is_gone}
    cities = dict.fromkeys(person.city.name for person in people.values() if person.city)
    return {"people": list(people.values()), "cities": list(cities)}


def _redirect_permanently(address: str) -> AnyResponse:
    query = request.query_string.decode("ascii", "replace")
    response = redirect(f"{address}?{query}" if query else address, MOVED_PERMANENTLY)
    response.headers["Cache-Control"] = "no-cache"  # a topic may get its old name back
    return response


def _canonical(words: dict[str, Any]) -> str:
    number = words["posts"].number
    address = web.absolute(quote(request.path))
    return f"{address}?page={number}" if number > 1 else address


def discussion(topic: Topic | TopicRow) -> dict[str, Any]:
    """The variables of `dialogue/_discussion.html`: a page of posts, the reader's marks, a composer.

    The topic must be one that the reader was found to see, with its agenda loaded. The pages of cases and practices call
    this for their topics. Notes how far the reader has read, and their notices about the topic as read.
    """
    reader = me()
    posts = queries.posts_in(reader, topic, web.number("page"))
    answer = _answer_of(topic, posts)
    reading = queries.reading_state(
        reader, topic, [*posts.items, answer] if answer else posts.items
    )
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
        "writer": _writer(topic) if reader.can.reply(topic) else None,
        **_held_context(topic, posts),
    }


def _held_context(topic: Topic | TopicRow, posts: Page[PostRow]) -> dict[str, Any]:
    """The reader's own held texts, which the last page shows below the last post."""
    texts = queries.my_held_in(me(), topic) if posts.number >= posts.pages else []
    return {"held_texts": texts, "usual": usual_wait() if texts else ""}


def _note_read(topic: Topic | TopicRow, posts: Page[PostRow], reading: ReadingState) -> None:
    last = posts.items[-1].number if posts.items else 0
    if me().is_member and (reading.has_notices or last > reading.place):
        with (
            suppress(Busy),
            without_waiting(),
        ):  # never delay a reader for this: the next visit notes it
            actions.read(me(), topic.id, last)


def _answer_of(topic: Topic | TopicRow, posts: Page[PostRow]) -> PostRow | None:
    for post in posts.items:
        if post.id == topic.answer_id:
            return None if post.is_gone else post
    return queries.answer_of(me(), topic)


def _structured_data(topic: TopicRow, answer: PostRow | None) -> dict[str, Any] | None:
    """Structured data (schema.org): a DiscussionForumPosting, or a QAPage with the answer. None for what is not public."""
    if topic.hidden_at or topic.unseen_at or topic.audience != "public":
        return None
    said = {
        "text": topic.excerpt or topic.title,
        "datePublished": topic.created_at.isoformat(),
        "author": _structured_person(topic.author),
    }
    if topic.kind != "question":
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
        **said,
    }
    if answer:
        question["acceptedAnswer"] = _structured_answer(answer)
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


@bp.post("/topics/<int:id>/watch")
@changing
def watch(id: int) -> Answer:
    """Watch or mute a topic, or neither any longer."""
    return set_level(TOPIC, id, queries.get_topic(me(), id).address)


@bp.get("/posts/<int:id>")
def post(id: int) -> Answer:
    """Where a post is shown: the page of its topic, and its number there."""
    return redirect(queries.get_post(me(), id).address)


# Writing


@bp.route("/agendas/<slug>/topics/new", methods=["GET", "POST"])
@posting
def open_topic(slug: str) -> Answer:
    """Open a topic: an experience or a question."""
    agenda = queries.agenda_to_open(me(), slug)
    kind = web.choice("kind", tuple(PROMPTS), "experience")
    form = TopicForm(kind=kind, language=me().language, submission_key=webforms.submission_key())
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    _offer_organisation(form, me().name, _organisation())

    def page(status: int = 200) -> Answer:
        chosen = form.kind.data if form.kind.data in PROMPTS else kind
        like = TopicFilter(agenda_id=agenda.id, kind=chosen)
        words = {"form": form, "agenda": agenda, "preview": _preview(form), "prompts": PROMPTS}
        words |= {"theme_choices": _theme_boxes(form)}
        latest = queries.first_topics(me(), like, MAX_LATEST)
        return render_template("dialogue/open_topic.html", **words, latest=latest), status

    def deed() -> AnyResponse:
        opened = actions.open_topic(me(), agenda.id, _new_topic(form), form.submission_key.data)
        if isinstance(opened, Held):
            return _answer_held(opened, url_for("dialogue.held", id=opened.id))
        flash(
            _already_posted_message() if opened.is_duplicate else _("Your topic is published."),
            "message",
        )
        return web.see_other(opened.address)

    return _answer(form, page, deed)


def _new_topic(form: TopicForm) -> actions.NewTopic:
    return actions.NewTopic(
        kind=form.kind.data,
        title=form.title.data or "",
        text=_rendered(form),
        themes=_theme_ids(form),
        audience=form.audience.data,
        for_organisation=_is_for_organisation(form),
    )


@bp.route("/topics/<int:id>/reply", methods=["GET", "POST"])
@posting
def reply(id: int) -> Answer:
    """Reply to a topic, or comment on the case or practice that it belongs to."""
    topic = queries.topic_to_reply(me(), id)
    writer = _writer(topic)
    form = _reply_form(writer, submission_key=webforms.submission_key())

    def page(status: int = 200) -> Answer:
        words = {"form": form, "topic": topic, "writer": writer, "preview": _preview(form)}
        return render_template("dialogue/reply.html", **words), status

    def deed() -> AnyResponse:
        post = actions.reply(
            me(),
            topic.id,
            _rendered(form),
            form.submission_key.data,
            paragraph=form.paragraph.data,
            for_organisation=_is_for_organisation(form),
        )
        if isinstance(post, Held):
            return _answer_held(post, _held_address(topic, post))
        said = _("Your comment is published.") if topic.home else _("Your reply is published.")
        flash(_already_posted_message() if post.is_duplicate else said, "message")
        return web.see_other(post.address)

    return _answer(form, page, deed)


def _already_posted_message() -> str:
    return _("You have posted this already. Here it is.")


class Writer(NamedTuple):
    """All that an empty form for a reply depends on, as values, so that its HTML can be cached by them."""

    topic_id: int
    home: str | None
    audience: str
    name: str
    city: str
    organisation: str
    language: str
    paragraph: str
    quotation: str


def _writer(topic: Topic | TopicRow) -> Writer:
    person = me()
    city = person.city if isinstance(person, Member) else None
    return Writer(
        topic_id=topic.id,
        home=topic.home,
        audience=topic.audience,
        name=person.name,
        city=city.name if city else "",
        organisation=_organisation(),
        language=person.language,
        paragraph=web.text("paragraph", 12),
        quotation=_quotation() if request.method == "GET" else "",
    )


@bp.app_template_global()
def empty_composer(writer: Writer, focus: bool = False) -> Markup:
    """The HTML of an empty form for a reply, without tokens, since templates cache it."""
    form = _reply_form(writer, meta={"csrf": False})
    macro = get_template_attribute("dialogue/_composer.html", "reply_form")
    return cast(Markup, macro(form, writer, focus=focus))


def _reply_form(writer: Writer, **more: Any) -> ReplyForm:
    form = ReplyForm(language=writer.language, paragraph=writer.paragraph, **more)
    if writer.quotation:
        form.source.data = writer.quotation  # not cleaned: it ends in an empty line
    if writer.home:
        form.source.label.text = _("Your comment")
    _offer_organisation(form, writer.name, writer.organisation)
    return form


def _quotation() -> str:
    """The quotation that a composer begins with, when the address asks for one; an empty line ends it."""
    quoted = queries.posts_to_quote(me(), [web.number("quote", 0)])
    return "".join(
        markup.quote(post.author.name, post.id, queries.shown_source(post)) for post in quoted
    )


@bp.route("/posts/<int:id>/edit", methods=["GET", "POST"])
@changing
def edit(id: int) -> Answer:
    """Change one's post. When it has changed since the form was opened, both texts are shown."""
    post = queries.post_to_edit(me(), id)
    form = _edit_form(post)

    def page(status: int = 200, now: Post | None = None) -> Answer:
        words = {"form": form, "post": post, "preview": _preview(form), "now": now}
        words |= {"theme_choices": _theme_boxes(form)}
        return render_template("dialogue/edit.html", **words), status

    def deed() -> Answer:
        try:
            edited = _edit(id, form)
        except Conflict as error:
            webforms.refuse(form, error)
            now = queries.post_to_edit(me(), id)
            form.seen.data = now.fingerprint
            return page(CONFLICT, now)
        if isinstance(edited, Held):
            return _answer_held(edited, url_for("dialogue.held", id=edited.id))
        flash(_("Your changes are published."), "message")
        return web.see_other(queries.get_post(me(), id).address)

    return _answer(form, page, deed)


def _edit_form(post: Post) -> EditForm:
    words = {"source": post.source, "language": post.language, "seen": post.fingerprint}
    if post.number > 1:
        return EditForm(**words)
    topic = post.topic
    slugs = [theme.slug for theme in topic.themes]
    form = EditTopicForm(**words, title=topic.title, audience=topic.audience, themes=slugs)
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    return form


def _edit(post_id: int, form: EditForm) -> Post | Held:
    if isinstance(form, EditTopicForm):
        words = {"themes": _theme_ids(form), "audience": form.audience.data}
        title = form.title.data
        return actions.edit(me(), post_id, _rendered(form), title, seen=form.seen.data, **words)
    return actions.edit(me(), post_id, _rendered(form), seen=form.seen.data)


@bp.route("/posts/<int:id>/delete", methods=["GET", "POST"])
@changing
def delete(id: int) -> Answer:
    """Ask, and then delete one's post."""
    post = queries.post_to_delete(me(), id)
    if request.method == "GET":
        return render_template("dialogue/delete.html", post=post)
    agenda, address = post.topic.agenda, post.address
    deleted = actions.delete(me(), id)
    flash(_("Your text is deleted."), "message")
    if deleted.topic.deleted_at:
        return web.see_other(url_for("dialogue.topics", slug=agenda.slug))
    return web.see_other(address)


# Texts that a rule holds back


def _answer_held(held: Held, address: str) -> AnyResponse:
    """Redirect to a text that a rule holds back, with a message that it waits."""
    said = _("Your text waits until a moderator has read it. Here it is.")
    again = _("You have sent this already. It waits until a moderator has read it. Here it is.")
    flash(again if held.is_duplicate else said, "info")
    return web.see_other(address)


def _held_address(topic: Topic | TopicRow, held: Held) -> str:
    """The address at which the author sees a reply that waits, below the last post."""
    last = pages_for(topic.posts_count, POSTS_PER_PAGE)
    return f"{topic.address}{f'?page={last}' if last > 1 else ''}#waiting-{held.id}"


def usual_wait() -> str:
    """How long a text usually waits, in words; empty while too few were decided to tell."""
    wait = queries.usual_wait()
    if wait is None:
        return ""
    hours = max(1, round(wait.total_seconds() / 3600))
    if hours <= MAX_HOURS:
        return ngettext("usually %(num)s hour", "usually %(num)s hours", hours)
    return ngettext("usually %(num)s day", "usually %(num)s days", round(hours / 24))


@bp.get("/waiting")
def waiting() -> Answer:
    """One's own texts that wait for a moderator, or were refused."""
    texts = queries.my_held(me())
    return render_template("dialogue/waiting.html", texts=texts, usual=usual_wait())


@bp.get("/waiting/<int:id>")
def held(id: int) -> Answer:
    """One text that waits or was refused; once it is published, the post that it has become."""
    became = queries.published_post_id(me(), id) if me().is_member else None
    if became is not None:
        return web.see_other(url_for("dialogue.post", id=became))
    words = {"held": queries.get_my_held(me(), id), "usual": usual_wait()}
    return render_template("dialogue/held.html", **words)


@bp.route("/waiting/<int:id>/revise", methods=["GET", "POST"])
@posting
def revise(id: int) -> Answer:
    """Change a text that waits or was refused, and send it again."""
    text = queries.held_to_revise(me(), id)
    form = _revise_form(text)

    def page(status: int = 200) -> Answer:
        words = {"form": form, "held": text, "preview": _preview(form)}
        return render_template(
            "dialogue/revise.html", **words, theme_choices=_theme_boxes(form)
        ), status

    def deed() -> Answer:
        revised = _revise(id, form)
        if isinstance(revised, Held):
            return _answer_held(revised, url_for("dialogue.held", id=id))
        flash(_("Your text is published."), "message")
        return web.see_other(queries.get_post(me(), revised.id).address)

    return _answer(form, page, deed)


def _revise_form(held: Held) -> EditForm:
    words = {"source": held.source, "language": held.language, "seen": held.fingerprint}
    if not held.title:
        return EditForm(**words)
    slugs = [theme.slug for theme in themes() if theme.id in (held.themes or ())]
    form = EditTopicForm(**words, title=held.title, audience=held.audience, themes=slugs)
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    return form


def _revise(held_id: int, form: EditForm) -> Post | Held:
    words: dict[str, Any] = {"seen": form.seen.data}
    if isinstance(form, EditTopicForm):
        words |= {"themes": _theme_ids(form), "audience": form.audience.data}
        words |= {"title": form.title.data}
    return actions.revise(me(), held_id, _rendered(form), **words)


@bp.post("/waiting/<int:id>/take-back")
@changing
def take_back(id: int) -> Answer:
    """Take back a text that waits or was refused."""
    actions.take_back(me(), id)
    flash(_("Your text is taken back. Nothing of it is kept."), "message")
    return web.see_other(url_for("dialogue.waiting"))


@bp.app_template_global()
def marks_told(notices: Sequence[Notice]) -> dict[tuple[int, int], Mark]:
    """For the template of the notices, whose room is below this one: the marks of which they tell, by post and member."""
    pairs = ((one.post_id, one.actor_id) for one in notices if one.kind == "mark")
    return queries.telling_marks((post, member) for post, member in pairs if post and member)


@bp.app_template_global()
def topics_by_agenda() -> dict[int, int]:
    """For the template of the agendas room, which is below this room: how many topics the list of each agenda has."""
    return queries.counts_by_agenda(me())


@bp.app_template_global()
def held_outcomes(rule_ids: Sequence[int]) -> dict[int, queries.HeldOutcomes]:
    """For the template of the screening room, which is below this room: what became of the texts that rules held back."""
    return queries.held_outcomes(rule_ids)


@bp.post("/preview")
@previewing
def preview() -> Answer:
    """What a text will look like, as a piece of a page."""
    queries.require_writer(me())
    source = request.form.get("source", "")
    return render_template(
        "dialogue/_preview.html", preview=queries.render_with_mentions(source).html
    )


# Earlier versions


@bp.get("/posts/<int:id>/history")
def history(id: int) -> Answer:
    """What a post said before, one version compared with the next."""
    post = queries.post_to_compare(me(), id)
    revisions = queries.revisions_of(me(), post)
    chosen = _chosen_version(revisions)
    words = {"post": post, "revisions": revisions, "chosen": chosen}
    return render_template(
        "dialogue/history.html", **words, pieces=_differences(post, revisions, chosen)
    )


def _chosen_version(revisions: Sequence[Revision]) -> Revision | None:
    """The version that the address names, else the newest that can be read."""
    readable = [revision for revision in revisions if not revision.withdrawn_at]
    wanted = web.number("version", 0)
    named = [revision for revision in readable if revision.id == wanted]
    return next(iter(named or readable), None)


def _differences(
    post: Post, revisions: Sequence[Revision], chosen: Revision | None
) -> list[tuple[str, str]]:
    """The chosen version compared with the next one that can be read; the last is the post itself."""
    if chosen is None:
        return []
    later = [r for r in revisions if r.id > chosen.id and not r.withdrawn_at]
    title = post.topic.title if post.number == 1 else ""
    last = (later[-1].title, later[-1].source) if later else (title, post.source)
    before = (chosen.title, queries.with_links_home(chosen.source))
    after = (last[0], queries.with_links_home(last[1]))
    quoted = markup.cited_in_source(before[1]) | markup.cited_in_source(after[1])
    unseen = queries.unreadable_posts(post.topic, quoted)
    return changes(_full_text(*before, unseen), _full_text(*after, unseen))


def _full_text(title: str, source: str, unseen: Collection[int]) -> str:
    source = markup.withhold_in_source(source, unseen)
    return f"{title}\n\n{source}" if title else source


@bp.post("/revisions/<int:id>/withdraw")
@changing
def withdraw(id: int) -> Answer:
    """Take back what one's post said before."""
    post = actions.withdraw(me(), id)
    flash(_("The earlier version is withdrawn."), "message")
    return web.see_other(url_for("dialogue.history", id=post.id))


# Marks and answers


@bp.post("/posts/<int:id>/mark")
@changing
def mark(id: int) -> Answer:
    """Say something to a post with one press, or take it back. A script gets the new count."""
    kind = request.form.get("kind", "")
    post = queries.post_to_mark(me(), id)
    given = queries.mark_given(me(), id, kind)
    if not _is_wanted(kind, given):
        return _marked(actions.unmark(me(), id, kind), kind, is_on=False)
    if kind == TRIED:
        return _tried(post, given)
    return _marked(actions.mark(me(), id, kind), kind, is_on=True)


def _is_wanted(kind: str, given: Mark | None) -> bool:
    """Whether the mark is given (again) or taken back; a second press takes back all but "tried it"."""
    if "take_back" in request.form or request.form.get("on") == "0":
        return False
    return request.form.get("on") == "1" or given is None or kind == TRIED


def _tried(post: Post, given: Mark | None) -> Answer:
    """Ask what became of it, beginning with what was said before; then note it."""
    is_said = "outcome" in request.form
    form = TriedForm() if is_said else TriedForm(formdata=None, obj=given)

    def page(status: int = 200) -> Answer:
        words: dict[str, Any] = {"form": form, "post": post, "given": given}
        return render_template("dialogue/tried.html", **words), status

    def deed() -> AnyResponse:
        marked = actions.mark(me(), post.id, TRIED, form.outcome.data, form.note.data or "")
        return _marked(marked, TRIED, is_on=True)

    return webforms.process(form, page, deed, is_trial=not is_said)


def _marked(post: Post, kind: str, is_on: bool) -> AnyResponse:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(on=is_on, count=post.count_of(kind))
    return web.see_other(post.address)


@bp.get("/posts/<int:id>/marks")
def marks(id: int) -> Answer:
    """Who tried what a post tells, and what became of it, by city."""
    post = queries.get_post(me(), id)
    tried = queries.tried_in(post.topic_id, post.number)
    return render_template("dialogue/marks.html", post=post, tried=tried)


@bp.post("/topics/<int:id>/answer")
@changing
def choose_answer(id: int) -> Answer:
    """Choose the answer to a question, or with an empty `post` take the choice back."""
    chosen = request.form.get("post", "")
    topic = actions.choose_answer(me(), id, _row_id(chosen) if chosen else None)
    flash(_("The answer is chosen.") if chosen else _("The question has no answer now."), "message")
    return web.see_other(topic.address)


# What the forms have in common


def _answer(
    form: webforms.Form, page: Callable[[int], Answer], deed: Callable[[], Answer]
) -> Answer:
    """As `webforms.process`, with previews; a heading that was asked for is put into the text first."""
    _put_prompt(form)
    return webforms.process(form, page, deed, is_trial=_is_trial())


def _put_prompt(form: Any) -> None:
    """Append the heading whose button was pressed to the text, for browsers without a script."""
    heading = request.form.get("prompt", "")
    if any(heading == known for prompts in PROMPTS.values() for known in prompts):
        form.source.data = f"{form.source.data or ''}\n\n## {heading}\n\n".lstrip()


def _preview(form: Any) -> Markup | None:
    if "preview" not in request.form:
        return None
    return _rendered(form).html


def _rendered(form: Any) -> markup.Written:
    return queries.render_with_mentions(form.source.data or "", form.language.data or "en")


def _offer_organisation(form: Any, name: str, organisation: str) -> None:
    """Let a member write for the organisation, when there is one."""
    if organisation:
        own = (MYSELF, _("Myself, %(name)s", name=name))
        form.writes_for.choices = [own, (ORGANISATION, organisation)]
    else:
        del form.writes_for


def _organisation() -> str:
    person = me()
    organisation = person.organisation if isinstance(person, Member) else None
    return organisation.name if organisation else ""


def _is_for_organisation(form: Any) -> bool:
    return "writes_for" in form and form.writes_for.data == ORGANISATION


def _theme_boxes(form: Any) -> list[tuple[str, str, None]]:
    """The themes as (value, label, hint), as the macro for checkboxes takes them."""
    choices = form.themes.choices if "themes" in form else []
    return [(slug, name, None) for slug, name in choices]


def _theme_ids(form: Any) -> list[int]:
    return [theme.id for theme in themes_by_slug(form.themes.data or [])]


def _row_id(typed: str) -> int:
    """An id from a form; 0, which no row has, for anything else."""
    return web.whole_number(typed) or 0
