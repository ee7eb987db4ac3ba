"""What the views of the dialogue share: the blueprint, rate limits for writing, and parts of forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from flask import Blueprint, flash, get_template_attribute, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, markup, web, webforms
from forum.agendas.queries import themes_by_slug
from forum.dialogue import queries
from forum.dialogue.actions import NO_CHANGES, TopicChanges
from forum.dialogue.forms import (
    MYSELF,
    ORGANISATION,
    PROMPTS,
    EditForm,
    EditTopicForm,
    ReviseTopicForm,
    TopicForm,
)
from forum.dialogue.models import MAX_MENTIONED, MAX_OPTIONS, POSTS_PER_PAGE, Held, Post, Topic
from forum.dialogue.queries import TopicRow
from forum.members.models import Member
from forum.members.queries import language_names
from forum.members.views import flash_language_doubt
from forum.pages import pages_for
from forum.ratelimits import by_person, limiter
from forum.screening.queries import is_newcomer
from forum.web import SEE_OTHER, me

bp = Blueprint("dialogue", __name__)
MAX_NAMED = 5  # unknown handles that a preview names
MAX_HOURS = 48  # a longer wait is expressed in days


def _was_accepted(response: AnyResponse) -> bool:
    return response.status_code == SEE_OTHER


def _posting_limit() -> str:
    """The rate limit for writing: lower for new members."""
    is_slow = request.method == "POST" and is_newcomer(me())
    return "3 per minute; 10 per hour" if is_slow else "5 per minute; 30 per hour"


# Trials are exempt in views that do everything in `webforms.process`, which limits trials itself and runs no action
# for them.
posting = limiter.shared_limit(
    _posting_limit,
    scope="posting",
    key_func=by_person,
    methods=["POST"],
    exempt_when=webforms.is_trial,
    deduct_when=_was_accepted,
)


def answer_held(held: Held, address: str) -> AnyResponse:
    """Redirect to a held text, with a message that it waits for a moderator."""
    said = _("Your text waits until a moderator has read it. Here it is.")
    again = _("You have sent this already. It waits until a moderator has read it. Here it is.")
    flash(again if held.is_duplicate else said, "info")
    return web.see_other(address)


def held_address(topic: Topic | TopicRow, held: Held) -> str:
    """The address at which the author sees a held reply, below the last post."""
    last = pages_for(topic.posts_count, POSTS_PER_PAGE)
    return f"{topic.address}{f'?page={last}' if last > 1 else ''}#waiting-{held.id}"


def usual_wait() -> str:
    """How long a text usually waits, in words; empty if too few were decided to know."""
    wait = queries.usual_wait()
    if wait is None:
        return ""
    hours = max(1, round(wait.total_seconds() / 3600))
    if hours <= MAX_HOURS:
        return ngettext("usually %(num)s hour", "usually %(num)s hours", hours)
    return ngettext("usually %(num)s day", "usually %(num)s days", round(hours / 24))


def answer_form(
    form: webforms.Form,
    page: Callable[[int], ResponseReturnValue],
    deed: Callable[[], ResponseReturnValue],
    keep: Callable[[], ResponseReturnValue] | None = None,
) -> ResponseReturnValue:
    """Like `webforms.process`; but first a heading whose button was pressed is added to the text."""
    _put_prompt(form)
    return webforms.process(form, page, deed, keep=keep)


def _put_prompt(form: Any) -> None:
    """Append the heading whose button was pressed to the text; for browsers without a script."""
    heading = request.form.get("prompt", "")
    if any(heading == prompt for prompts in PROMPTS.values() for prompt in prompts):
        form.source.data = f"{form.source.data or ''}\n\n## {heading}\n\n".lstrip()


def preview_of(form: Any) -> Markup | None:
    """The HTML of the text in a form if its preview button was pressed, as `previewed` returns it."""
    if not webforms.is_preview():
        return None
    text = rendered(form)
    return previewed(text) + _preview_of_poll(form, text.language)


def _preview_of_poll(form: Any, language: str) -> Markup:
    """The poll in a form that has one, as it will be shown; with as many options as can be published, in a known language."""
    poll = form.poll() if isinstance(form, TopicForm | ReviseTopicForm) else None
    if not poll:
        return Markup("")
    asked = get_template_attribute("dialogue/_poll.html", "asked")
    shown = replace(poll, options=poll.options[:MAX_OPTIONS])
    return cast(Markup, asked(shown, language if language in language_names() else ""))


def previewed(text: markup.Written) -> Markup:
    """The HTML of a text, followed by hints if it mentions unknown handles, or more members than are notified."""
    count, nobody = queries.count_mentioned(text), queries.handles_of_nobody(text)
    said = []
    if count > MAX_MENTIONED:
        said.append(
            _(
                "This text mentions %(count)s members. Only the first %(most)s are told, and only their names become links.",
                count=count,
                most=MAX_MENTIONED,
            )
        )
    if nobody:
        said.append(_about_nobody(nobody))
    language = locales.tag(web.locale())  # not that of the text
    return text.html + Markup("").join(
        Markup('<p class="meta" lang="{}">{}</p>').format(language, hint) for hint in said
    )


def _about_nobody(handles: Sequence[str]) -> str:
    names = ", ".join(f"@{handle}" for handle in handles[:MAX_NAMED])
    if handles[MAX_NAMED:]:
        return _(
            "Some names belong to no member, such as %(names)s. They stay plain text.", names=names
        )
    return ngettext(
        "No member is called %(names)s. It stays plain text.",
        "No members are called %(names)s. They stay plain text.",
        len(handles),
        names=names,
    )


def rendered(form: Any) -> markup.Written:
    """The text in a form, as it is stored."""
    return queries.render_with_mentions(form.source.data or "", form.language.data or "en", me())


def flash_doubt(text: markup.Written, post: Callable[[], Post]) -> None:
    """Tell the author when a text that was just published seems to be in another language than the marked one.

    `post` returns the post with this text; it is called only then.
    """

    def address(language: str) -> str:
        return url_for("dialogue.edit", post_id=post().id, language=language)

    flash_language_doubt(text.plain, text.language, address)


def offer_organisation(form: Any, name: str, organisation: str) -> None:
    """Add the choice to write for the organisation `name`, if there is one, to a form."""
    if organisation:
        own = (MYSELF, _("Myself, %(name)s", name=name))
        form.writes_for.choices = [own, (ORGANISATION, organisation)]
    else:
        del form.writes_for


def own_organisation() -> str:
    """The name of the organisation that the reader may write for; empty when there is none."""
    person = me()
    organisation = person.organisation if isinstance(person, Member) else None
    return organisation.name if organisation and person.is_voice_now else ""


def is_for_organisation(form: Any) -> bool:
    """Whether the choice that `offer_organisation` added was ticked.

    Also when it is no longer offered since the form was opened: then the action refuses it, and the text is given
    back.
    """
    if "writes_for" in form:
        return bool(form.writes_for.data == ORGANISATION)
    return request.form.get("writes_for") == ORGANISATION


def theme_boxes(form: Any) -> list[tuple[Any, str, None]]:
    """The themes as (value, label, hint), for the checkbox macro."""
    choices = form.themes.choices if "themes" in form else []
    return [(value, name, None) for value, name in choices]


def topic_changes(form: EditForm) -> TopicChanges:
    """What a form changes in a topic besides the text; nothing unless it is for the post that opens one."""
    if not isinstance(form, EditTopicForm):
        return NO_CHANGES
    return TopicChanges(form.title.data, theme_ids(form), form.audience.data)


def theme_ids(form: Any) -> list[int]:
    """The ids of the themes that were chosen."""
    return [theme.id for theme in themes_by_slug(form.themes.data or [])]
