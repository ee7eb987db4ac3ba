"""Opening topics, replying, editing and deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from flask import flash, get_template_attribute, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from forum import markup, web, webforms
from forum.agendas.queries import themes
from forum.dialogue import actions, queries
from forum.dialogue.forms import PROMPTS, EditForm, EditTopicForm, PollForm, ReplyForm, TopicForm
from forum.dialogue.models import POSTS_PER_PAGE, Held, PollText, Post, Revision, Topic
from forum.dialogue.queries import PostRow, TopicFilter, TopicRow
from forum.dialogue.views._shared import (
    answer_form,
    answer_held,
    bp,
    flash_doubt,
    held_address,
    is_for_organisation,
    offer_organisation,
    own_organisation,
    posting,
    preview_of,
    previewed,
    rendered,
    theme_boxes,
    theme_ids,
    topic_changes,
)
from forum.dialogue.views.drafts import go_on_with_draft, keep_form, windows_of_form
from forum.errors import Conflict
from forum.members.models import Member
from forum.members.queries import language_names
from forum.pages import pages_for
from forum.quotes import quote
from forum.ratelimits import changing, previewing
from forum.web import CONFLICT, me
from forum.webforms import changing_with_preview

MAX_LATEST = 4


@bp.route("/agendas/<slug>/topics/new", methods=["GET", "POST"])
@posting
def open_topic(slug: str) -> ResponseReturnValue:
    """Open a topic: an experience or a question."""
    agenda = queries.agenda_to_open(me(), slug)
    kind = web.choice("kind", tuple(PROMPTS), "experience")
    form = TopicForm(kind=kind, language=me().language)
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    offer_organisation(form, me().name, own_organisation())
    go_on_with_draft(form, agenda_id=agenda.id)

    def page(status: int = 200) -> ResponseReturnValue:
        chosen = form.kind.data if form.kind.data in PROMPTS else kind
        like = TopicFilter(agenda_id=agenda.id, kind=chosen)
        return render_template(
            "dialogue/open_topic.html",
            form=form,
            agenda=agenda,
            preview=preview_of(form),
            prompts=PROMPTS,
            theme_choices=theme_boxes(form),
            latest=queries.first_topics(me(), like, MAX_LATEST),
        ), status

    def deed() -> AnyResponse:
        new = form.text(rendered(form), theme_ids(form), is_for_organisation(form))
        key = form.submission_key.data
        opened = actions.open_topic(me(), agenda.id, new, key, windows=windows_of_form())
        if isinstance(opened, Held):
            return answer_held(opened, url_for("dialogue.held", held_id=opened.id))
        return _answer_posted(
            opened, _published_message(new.kind), new.text, lambda: queries.first_post(opened)
        )

    return answer_form(form, page, deed, lambda: keep_form(form, agenda_id=agenda.id))


@bp.route("/topics/<int:topic_id>/reply", methods=["GET", "POST"])
@posting
def reply(topic_id: int) -> ResponseReturnValue:
    """Reply to a topic, or comment on its case or practice."""
    topic = queries.topic_to_reply(me(), topic_id)
    writer = writer_of(topic)
    form = _reply_form(writer)
    go_on_with_draft(form, topic_id=topic_id)
    writer = writer._replace(paragraph=form.paragraph.data or "")

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template(
            "dialogue/reply.html",
            form=form,
            topic=topic,
            writer=writer,
            preview=preview_of(form),
            latest=_latest_posts(topic),
            again_at=queries.reply_again_at(me(), topic),
        ), status

    def deed() -> AnyResponse:
        text = rendered(form)
        post = actions.reply(
            me(),
            topic.id,
            text,
            form.submission_key.data,
            paragraph=form.paragraph.data,
            for_organisation=is_for_organisation(form),
            windows=windows_of_form(),
        )
        if isinstance(post, Held):
            return answer_held(post, held_address(topic, post))
        said = _("Your comment is published.") if topic.home else _("Your reply is published.")
        return _answer_posted(post, said, text, lambda: post)

    return answer_form(form, page, deed, lambda: keep_form(form, topic_id=topic.id))


def _latest_posts(topic: TopicRow) -> list[PostRow]:
    """The posts that a reply probably refers to: the latest ones on the last page of a topic."""
    posts = queries.posts_in(me(), topic, pages_for(topic.posts_count, POSTS_PER_PAGE)).items
    first = 2 if topic.home else 1  # the text of a case or practice is read on its own page
    shown = [post for post in posts if post.number >= first and not post.is_gone]
    return [post for post in shown if post.author_id not in me().ignored][-MAX_LATEST:]


def _published_message(kind: str) -> str:
    """What became of a topic, in the word of the button that was pressed."""
    if kind == "question":
        return _("Your question is published.")
    return _("Your experience is published.")


def _answer_posted(
    posted: Topic | Post, said: str, text: markup.Written, post: Callable[[], Post]
) -> AnyResponse:
    """Show what was posted, and say so; or that it was posted before. `post` returns the post with the text."""
    if posted.is_duplicate:
        flash(_("You have posted this already. Here it is."), "message")
    else:
        flash(said, "message")
        flash_doubt(text, post)
    return web.see_other(posted.address)


class Writer(NamedTuple):
    """Everything on which the fields of an empty reply form depend, as values: the key by which their HTML is cached.

    The topic is not included, so a member's fields are the same below all topics with the same audience.
    """

    is_comment: bool
    audience: str
    is_in_preparation: bool
    name: str
    city: str
    organisation: str
    language: str
    paragraph: str
    quotation: str
    locale: str  # of the labels


def writer_of(topic: Topic | TopicRow) -> Writer:
    """What the fields of the reader's empty form below a topic depend on."""
    person = me()
    city = person.city if isinstance(person, Member) else None
    return Writer(
        is_comment=bool(topic.home),
        audience=topic.audience,
        is_in_preparation=topic.agenda.opened_at is None,
        name=person.name,
        city=city.name if city else "",
        organisation=own_organisation(),
        language=person.language,
        paragraph=web.text("paragraph", 12),
        quotation=_quotation() if request.method == "GET" else "",
        locale=web.locale(),
    )


@bp.app_template_global()
def empty_composer(writer: Writer, focus: bool = False) -> Markup:
    """The HTML of the fields of an empty reply form, without tokens, because templates cache it."""
    form = _reply_form(writer, meta={"csrf": False})
    macro = get_template_attribute("dialogue/_composer.html", "reply_fields")
    return cast(Markup, macro(form, writer, focus=focus))


def _reply_form(writer: Writer, **more: Any) -> ReplyForm:
    form = ReplyForm(language=writer.language, paragraph=writer.paragraph, **more)
    if writer.quotation:
        form.source.data = writer.quotation  # not tidied, because it ends in an empty line
    if writer.is_comment:
        form.source.label.text = _("Your comment")
    offer_organisation(form, writer.name, writer.organisation)
    return form


def _quotation() -> str:
    """The quotation that the reply begins with, if the address asks for one; an empty line ends it."""
    quoted = queries.posts_to_quote(me(), [web.number("quote", 0)])
    return "".join(quote(post.author.name, post.id, queries.shown_source(post)) for post in quoted)


@bp.route("/posts/<int:post_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit(post_id: int) -> ResponseReturnValue:
    """Change one's post. If it has changed since the form was opened, both texts are shown."""
    post = queries.post_to_edit(me(), post_id)
    version = _version_to_edit(post)
    form = _edit_form(post, version)

    def page(status: int = 200, now: Post | None = None) -> ResponseReturnValue:
        return _edit_page(form, post, status, now=now, version=version)

    def deed() -> ResponseReturnValue:
        text = rendered(form)
        try:
            edited = actions.edit(me(), post_id, text, topic_changes(form), seen=form.seen.data)
        except Conflict as error:
            webforms.refuse(form, error)
            now = queries.post_to_edit(me(), post_id)
            form.seen.data = queries.fingerprint_of(now)
            return page(CONFLICT, now)
        if isinstance(edited, Held):
            return answer_held(edited, url_for("dialogue.held", held_id=edited.id))
        flash(_("Your changes are published."), "message")
        flash_doubt(text, lambda: edited)
        return web.see_other(queries.get_post(me(), post_id).address)

    return answer_form(form, page, deed)


def edit_late(post_id: int, why: str) -> ResponseReturnValue:
    """The form of a post with what was typed before the post was there, and with what the post says."""
    post = queries.post_to_edit(me(), post_id)
    form = _edit_form(post, None)
    form.seen.data = queries.fingerprint_of(post)
    webforms.refuse(form, Conflict(why))
    return _edit_page(form, post, CONFLICT, now=post, late_poll=_late_poll(post), has_waited=True)


def _late_poll(post: Post) -> PollText | None:
    """The poll that was typed into the form of a new topic after the topic was there; None if it is the one that was published."""
    typed = PollForm().poll()
    if typed is None:
        return None
    published = queries.poll_if_there(post)
    return None if published and published.text.lines == typed.lines else typed


def _edit_page(
    form: EditForm,
    post: Post,
    status: int,
    *,
    now: Post | None = None,
    version: Revision | None = None,
    late_poll: PollText | None = None,
    has_waited: bool = False,
) -> ResponseReturnValue:
    return render_template(
        "dialogue/edit.html",
        has_waited=has_waited,
        late_poll=late_poll,
        form=form,
        post=post,
        preview=preview_of(form),
        now=now,
        theme_choices=theme_boxes(form),
        version=version,
    ), status


def _version_to_edit(post: Post) -> Revision | None:
    """The earlier version that the form is filled with, if the address names one (`?version=<id>`)."""
    if request.method != "GET" or "version" not in request.args:
        return None
    return queries.get_revision(me(), post, web.number("version", 0))


def _edit_form(post: Post, version: Revision | None) -> EditForm:
    words: dict[str, Any] = {
        "source": post.source,
        "language": web.choice("language", language_names(), post.language),
        "seen": queries.fingerprint_of(post),
    }
    if version:
        words["source"] = version.source
    if post.number > 1:
        return EditForm(**words)
    topic = post.topic
    # A version from before the post opened a topic has no title
    words["title"] = (version and version.title) or topic.title
    slugs = [theme.slug for theme in topic.themes]
    form = EditTopicForm(**words, audience=topic.audience, themes=slugs)
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    return form


@bp.route("/posts/<int:post_id>/delete", methods=["GET", "POST"])
@changing
def delete(post_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then delete one's post."""
    post = queries.post_to_delete(me(), post_id)
    if request.method == "GET":
        return render_template("dialogue/delete.html", post=post)
    agenda, address = post.topic.agenda, post.address
    topic = actions.delete(me(), post_id).topic
    if topic.deleted_at or topic.hidden_at:
        address = url_for("dialogue.topics", slug=agenda.slug)
    return web.done(_("Your text is deleted."), address)


@bp.post("/preview")
@previewing
def preview() -> ResponseReturnValue:
    """The preview of a text, as a fragment of HTML."""
    queries.require_writer(me())
    source = request.form.get("source", "")
    text = queries.render_with_mentions(source, author=me())
    return render_template("dialogue/_preview.html", preview=previewed(text))
