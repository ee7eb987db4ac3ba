"""The views of decisions about several posts at once.

The posts are selected on a separate page, so that ordinary pages contain nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue

from forum import web, webforms
from forum.moderation import actions, queries
from forum.moderation.forms import OptionalReasonForm, SplitForm, StatementForm
from forum.moderation.models import Deed, RegroupingBefore
from forum.moderation.queries import Thing
from forum.moderation.views._answers import (
    answer_here,
    bp,
    fill_from_ready_text,
    offer_orders,
    show_claims,
)
from forum.permissions import Person
from forum.rules.queries import OfferedText, in_force, ready_texts
from forum.web import REFUSED, me


@bp.get("/topics/<int:topic_id>/posts/select")
def select_posts(topic_id: int) -> ResponseReturnValue:
    """Select posts of a topic, page by page, and choose what to do with all of them."""
    topic, posts, first = queries.page_to_select(me(), topic_id, web.number("page"))
    chosen = _post_ids(request.args.getlist("post"))
    here = {post.id for post in posts.items}
    return render_template(
        "moderation/select.html",
        topic=topic,
        posts=posts,
        chosen=chosen,
        first=first,
        elsewhere=[post_id for post_id in chosen if post_id not in here],
    )


@bp.route("/topics/<int:topic_id>/posts/hide", methods=["GET", "POST"])
def hide_posts(topic_id: int) -> ResponseReturnValue:
    """Hide several posts of a topic."""
    return _batch_page(topic_id, Deed.HIDE)


@bp.route("/topics/<int:topic_id>/posts/remove", methods=["GET", "POST"])
def remove_posts(topic_id: int) -> ResponseReturnValue:
    """Remove several posts of a topic."""
    return _batch_page(topic_id, Deed.REMOVE)


@bp.route("/topics/<int:topic_id>/posts/restore", methods=["GET", "POST"])
def restore_posts(topic_id: int) -> ResponseReturnValue:
    """Show several posts of a topic again."""
    return _batch_page(topic_id, Deed.RESTORE)


def _batch_page(topic_id: int, word: str) -> ResponseReturnValue:
    topic, posts = _chosen_things(topic_id)
    form: StatementForm | OptionalReasonForm = (
        OptionalReasonForm() if word == Deed.RESTORE else StatementForm()
    )

    def deed(moderator: Person) -> str:
        ids = [post.item_id for post in posts]
        actions.decide_all(moderator, topic_id, ids, word, form.reasons)
        return topic.address

    return _batch_form_page(word, topic, posts, form, deed)


@bp.route("/topics/<int:topic_id>/posts/split", methods=["GET", "POST"])
def split(topic_id: int) -> ResponseReturnValue:
    """Split several posts of a topic off into a new one."""
    topic, posts = _chosen_things(topic_id)
    is_with_answer = topic.row.answer_id in [post.item_id for post in posts]
    kind = "experience" if is_with_answer else topic.row.kind  # an answer is not a question
    form = SplitForm(kind=kind, agenda=topic.agenda_id)
    there = queries.agendas_to_split_into(me(), topic.row)
    form.agenda.choices = webforms.titled_choices(there)

    def deed(moderator: Person) -> str:
        ids = [post.item_id for post in posts]
        decision = actions.split(moderator, topic_id, ids, form.part, form.reasons)
        return f"/topics/{RegroupingBefore.from_json(decision.kept).target_id}"

    return _batch_form_page(Deed.SPLIT, topic, posts, form, deed)


def _chosen_things(topic_id: int) -> tuple[Thing, list[Thing]]:
    """The topic and those of its posts that were selected, in their order."""
    topic = queries.topic_to_moderate(me(), topic_id)
    ids = _post_ids(request.values.getlist("post"))
    return topic, queries.posts_to_moderate(me(), topic_id, ids)


def _post_ids(typed: list[str]) -> list[int]:
    """The ids that were sent, each once; a value that is no id becomes 0, which no post has."""
    ids = [web.whole_number(text) or 0 for text in typed]
    return list(dict.fromkeys(ids))[: actions.MAX_POSTS_AT_ONCE + 1]


def _batch_form_page(
    word: str,
    topic: Thing,
    posts: list[Thing],
    form: StatementForm | OptionalReasonForm | SplitForm,
    deed: Callable[[Person], str],
) -> ResponseReturnValue:
    """The page of a deed over several posts, and once the form is complete, the deed itself."""
    ready: Sequence[OfferedText] = ()
    if isinstance(form, StatementForm):
        rules = in_force()
        form.offer_rules(rules)
        offer_orders(form)
        ready = ready_texts(me(), [word], rules)
        fill_from_ready_text(form)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        return render_template(
            "moderation/posts.html",
            word=word,
            topic=topic,
            posts=posts,
            form=form,
            ready=ready,
            late=late,
            claims=show_claims(form, posts, late),
        ), status

    if not posts:
        return page(REFUSED if request.method == "POST" else 200)
    return answer_here(form, posts, page, deed)
