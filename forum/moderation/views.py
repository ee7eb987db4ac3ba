"""The doors of the moderation room: reporting, the queue, the deeds, the log, the statement of reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, current_app, flash, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.queries import agendas, get_agenda
from forum.claims.models import Claim
from forum.claims.queries import Key, claims_of_others
from forum.db import now
from forum.dialogue.actions import Part
from forum.dialogue.models import Post
from forum.dialogue.queries import written
from forum.errors import Conflict, Invalid, NotFound
from forum.library.queries import get_case, get_practice, own_withheld
from forum.markup import Written
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import (
    REASON_NAMES,
    AskForm,
    BackForm,
    GroundForm,
    HolderForm,
    IllegalForm,
    LotForm,
    MergeForm,
    MoveForm,
    NoteForm,
    ReasonForm,
    ReportForm,
    SeenForm,
    SplitForm,
    StaffNoteForm,
    TimeForm,
    WordForm,
    WordsForm,
)
from forum.moderation.models import Decision
from forum.moderation.queries import Thing
from forum.ratelimits import limiter
from forum.rules.queries import Ready, Rules, in_force, ready_text, ready_texts
from forum.web import REFUSED, Answer, me

bp = Blueprint("moderation", __name__)

TAKEN = 409
LANDED = "landed"  # in the browser: where a moderator came to after deciding, and when that was


# Reporting


@bp.route("/topics/<int:topic_id>/report", methods=["GET", "POST"])
def report_topic(topic_id: int) -> Answer:
    """Report a topic."""
    return _report("topic", topic_id)


@bp.route("/posts/<int:post_id>/report", methods=["GET", "POST"])
def report_post(post_id: int) -> Answer:
    """Report a post."""
    return _report("post", post_id)


@bp.route("/cases/<slug>/report", methods=["GET", "POST"])
def report_case(slug: str) -> Answer:
    """Report a case."""
    return _report("case", get_case(me(), slug).id)


@bp.route("/practices/<slug>/report", methods=["GET", "POST"])
def report_practice(slug: str) -> Answer:
    """Report a practice."""
    return _report("practice", get_practice(me(), slug).id)


@bp.route("/marks/<int:mark_id>/report", methods=["GET", "POST"])
def report_note(mark_id: int) -> Answer:
    """Report what somebody says who tried it."""
    return _report("mark", mark_id)


@bp.route("/follow-ups/<int:follow_up_id>/report", methods=["GET", "POST"])
def report_follow_up(follow_up_id: int) -> Answer:
    """Report what happened next of a question."""
    return _report("followup", follow_up_id)


@bp.route("/members/<handle>/report", methods=["GET", "POST"])
def report_member(handle: str) -> Answer:
    """Report a profile."""
    return _report("member", get_member(me(), handle).id)


def _account() -> str:
    return f"member {me().id}"


def _report(kind: str, item_id: int) -> Answer:
    """The form of a member, or of anybody else for what is illegal."""
    return _report_as_member(kind, item_id) if me().is_member else _report_illegal(kind, item_id)


@limiter.limit("5 per hour; 20 per day", methods=["POST"])
def _report_illegal(kind: str, item_id: int) -> Answer:
    thing = queries.thing_to_report_as_illegal(me(), kind, item_id)
    form = IllegalForm()

    def page(status: int = 200) -> Answer:
        words = {"form": form, "thing": thing, "place": web.absolute(thing.address)}
        return render_template("moderation/report_illegal.html", **words), status

    def deed() -> AnyResponse:
        report = actions.report_illegal(me(), thing.kind, thing.item_id, form.notice)
        return web.see_other(url_for("moderation.receipt", secret=report.number))

    return webforms.process(form, page, deed)


@limiter.limit("10 per minute; 60 per day", key_func=_account, methods=["POST"])
def _report_as_member(kind: str, item_id: int) -> Answer:
    thing = queries.thing_to_report(me(), kind, item_id)
    form = ReportForm()
    mine = queries.my_report(me(), thing) if request.method == "GET" else None

    def page(status: int = 200) -> Answer:
        words = {"form": form, "thing": thing, "mine": mine, "reasons": REASON_NAMES}
        return render_template("moderation/report.html", **words), status

    def deed() -> AnyResponse:
        reason, text = form.reason.data, form.text.data or ""
        actions.report(me(), thing.kind, thing.item_id, reason, text)
        thanks = _("Thank you. The moderators will look at it, and you will hear from them.")
        flash(thanks, "message")
        return web.see_other(web.safe_next(thing.address))

    return webforms.process(form, page, deed)


@bp.get("/reports")
def reports() -> Answer:
    """What became of one's own reports; whoever has no account asks by the number of the receipt."""
    if number := _typed_number(web.text("number")):
        return web.see_other(url_for("moderation.receipt", secret=number))
    if not me().is_member:
        return render_template("moderation/ask_receipt.html")
    mine = queries.my_reports(me(), web.number("page"))
    words = {"page": mine, "reasons": REASON_NAMES, "over": queries.taken_back(mine.items)}
    return render_template("moderation/reports.html", **words)


@bp.get("/reports/<secret>")
@limiter.limit("60 per hour")
def receipt(secret: str) -> Answer:
    """What became of a report, for whoever knows the number of its receipt; not what it was about."""
    report = queries.get_receipt(me(), _typed_number(secret))
    words = {"report": report, "is_over": report.decision_id in queries.taken_back([report])}
    page = current_app.make_response(render_template("moderation/receipt.html", **words))
    page.headers["Cache-Control"] = "private, no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def _typed_number(typed: str) -> str:
    """A number as it may be typed: in small letters, with spaces."""
    plain = "".join(sign for sign in typed.upper() if sign.isalnum())[:10]
    return f"{plain[:5]}-{plain[5:]}" if plain else ""


# Ready texts, for the forms of this room and of the queue


def ready_for(deeds: Sequence[str], held: Rules | None = None) -> list[Ready]:
    """The ready texts for one of some deeds; `held` are the rules in force, where they are known already."""
    texts = ready_texts(me(), held=held)
    return [text for text in texts if text.deed.replace(" ", "_") in deeds]


def fill(form: GroundForm | WordsForm) -> None:
    """Put in the words of a ready text: the one whose button was pressed, or that the address names."""
    number = _pressed() if request.method == "POST" else web.number("ready", 0)
    if number:
        form.fill(ready_text(me(), number))


def _pressed() -> int:
    """The number of the ready text whose button was pressed; 0 for none."""
    typed = request.form.get("ready", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


# Deeds that restrict: a small page asks for the reason


@bp.route("/topics/<int:topic_id>/lock", methods=["GET", "POST"])
def lock(topic_id: int) -> Answer:
    """Lock a topic."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = WordsForm()
    return _deed_page(
        "lock", thing, form, lambda why: actions.lock(me(), topic_id, why, seen=form.seen_id)
    )


@bp.route("/topics/<int:topic_id>/move", methods=["GET", "POST"])
def move(topic_id: int) -> Answer:
    """Move a topic to another agenda."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = MoveForm()
    there = [agenda for agenda in agendas(me()) if agenda.id != thing.agenda_id]
    form.agenda.choices = [(a.id, a.title) for a in there if me().can.move(thing.row, a)]
    return _deed_page(
        "move", thing, form, lambda why: actions.move(me(), topic_id, form.agenda.data, why)
    )


@bp.route("/topics/<int:topic_id>/hide", methods=["GET", "POST"])
def hide_topic(topic_id: int) -> Answer:
    """Hide a topic."""
    return _hide(queries.thing_to_moderate(me(), "topic", topic_id))


@bp.route("/posts/<int:post_id>/hide", methods=["GET", "POST"])
def hide(post_id: int) -> Answer:
    """Hide a post."""
    return _hide(queries.thing_to_moderate(me(), "post", post_id))


@bp.route("/cases/<slug>/hide", methods=["GET", "POST"])
def hide_case(slug: str) -> Answer:
    """Hide a case."""
    return _hide(queries.case_to_moderate(me(), slug))


@bp.route("/practices/<slug>/hide", methods=["GET", "POST"])
def hide_practice(slug: str) -> Answer:
    """Hide a practice."""
    return _hide(queries.practice_to_moderate(me(), slug))


@bp.route("/members/<handle>/hide", methods=["GET", "POST"])
def hide_profile(handle: str) -> Answer:
    """Hide a profile."""
    return _hide(queries.member_to_moderate(me(), handle))


def _hide(thing: Thing, word: str = "hide") -> Answer:
    form = ReasonForm()

    def deed(why: Reasons) -> Decision:
        return actions.decide(me(), thing.kind, thing.item_id, word, why, seen=form.seen_id)

    return _deed_page(word, thing, form, deed)


@bp.route("/topics/<int:topic_id>/remove", methods=["GET", "POST"])
def remove_topic(topic_id: int) -> Answer:
    """Remove a topic."""
    return _hide(queries.thing_to_moderate(me(), "topic", topic_id), "remove")


@bp.route("/cases/<slug>/remove", methods=["GET", "POST"])
def remove_case(slug: str) -> Answer:
    """Remove a case."""
    return _hide(queries.case_to_moderate(me(), slug), "remove")


@bp.route("/practices/<slug>/remove", methods=["GET", "POST"])
def remove_practice(slug: str) -> Answer:
    """Remove a practice."""
    return _hide(queries.practice_to_moderate(me(), slug), "remove")


@bp.route("/posts/<int:post_id>/remove", methods=["GET", "POST"])
def remove(post_id: int) -> Answer:
    """Remove a post."""
    return _hide(queries.thing_to_moderate(me(), "post", post_id), "remove")


@bp.route("/posts/<int:post_id>/ask-to-edit", methods=["GET", "POST"])
def ask_to_edit(post_id: int) -> Answer:
    """Ask the author to change a post."""
    thing = queries.thing_to_moderate(me(), "post", post_id)
    form = AskForm()

    def deed(why: Reasons) -> Decision:
        return actions.ask_to_edit(me(), thing.kind, thing.item_id, why, seen=form.seen_id)

    return _deed_page("ask_to_edit", thing, form, deed)


@bp.app_template_global()
def request_to_edit(post: Post) -> Decision | None:
    """What the moderators asked the reader to change in a post of the reader's, while that is not done."""
    return queries.request_to_edit(me(), post)


@bp.app_template_global()
def is_for_another(kind: str, item_id: int, deed: str = "restore") -> bool:
    """Whether another moderator has decided about something of the reader's own what this deed would end."""
    return queries.is_for_another(me(), kind, item_id, deed)


@bp.route("/posts/<int:post_id>/note", methods=["GET", "POST"])
def note(post_id: int) -> Answer:
    """Say something below a post."""
    thing = queries.thing_to_moderate(me(), "post", post_id)
    form = NoteForm(source=_note_of(thing), language=me().language)

    def page(status: int = 200) -> Answer:
        preview = _note(form).html if "preview" in request.form else None
        words = {"thing": thing, "form": form, "preview": preview}
        return render_template("moderation/note.html", **words), status

    def deed() -> AnyResponse:
        return _done(actions.note(me(), post_id, _note(form)))

    return webforms.process(form, page, deed, is_trial="preview" in request.form)


def _note_of(thing: Thing) -> str:
    return thing.row.note_source if thing.kind == "post" and thing.row is not None else ""


def _note(form: NoteForm) -> Written:
    return written(form.source.data or "", form.language.data or "en")


@bp.route("/practices/<slug>/send-back", methods=["GET", "POST"])
def send_back(slug: str) -> Answer:
    """Return a submitted practice to its author."""
    thing = queries.practice_to_moderate(me(), slug)
    form = WordsForm()

    def deed(why: Reasons) -> Decision:
        return actions.send_back(me(), thing.item_id, why, seen=form.seen_id)

    return _deed_page("send_back", thing, form, deed)


@bp.route("/members/<handle>/suspend", methods=["GET", "POST"])
def suspend(handle: str) -> Answer:
    """Suspend a member."""
    thing = queries.member_to_suspend(me(), handle)
    form = TimeForm()

    def deed(why: Reasons) -> Decision:
        return actions.suspend(me(), thing.item_id, form.end, why)

    return _deed_page("suspend", thing, form, deed)


@bp.route("/members/<handle>/silence", methods=["GET", "POST"])
def silence(handle: str) -> Answer:
    """Silence a member."""
    thing = queries.member_to_suspend(me(), handle)
    form = TimeForm()

    def deed(why: Reasons) -> Decision:
        return actions.silence(me(), thing.item_id, form.end, why)

    return _deed_page("silence", thing, form, deed)


@bp.route("/members/<handle>/warn", methods=["GET", "POST"])
def warn(handle: str) -> Answer:
    """Warn a member."""
    thing = queries.member_to_suspend(me(), handle)
    return _deed_page(
        "warn", thing, ReasonForm(), lambda why: actions.warn(me(), thing.item_id, why)
    )


@bp.route("/agendas/<slug>/archive", methods=["GET", "POST"])
def archive(slug: str) -> Answer:
    """Archive an agenda."""
    thing = queries.agenda_to_moderate(me(), get_agenda(me(), slug).id)
    return _deed_page(
        "archive", thing, WordForm(), lambda why: actions.archive(me(), thing.item_id, why)
    )


@bp.route("/agendas/<slug>/reopen", methods=["GET", "POST"])
def reopen(slug: str) -> Answer:
    """Reopen an archived agenda."""
    thing = queries.agenda_to_moderate(me(), get_agenda(me(), slug).id)
    return _deed_page(
        "reopen", thing, WordForm(), lambda why: actions.reopen(me(), thing.item_id, why)
    )


# Several posts at once: they are ticked on a page of their own, so that ordinary pages carry nothing of it


@bp.get("/topics/<int:topic_id>/posts/select")
def select_posts(topic_id: int) -> Answer:
    """Tick posts of a topic, page by page, and choose what is done to all of them."""
    topic, posts, first = queries.page_to_select(me(), topic_id, web.number("page"))
    chosen = _chosen_posts(request.args.getlist("post"))
    here = {post.id for post in posts.items}
    words = {"topic": topic, "posts": posts, "chosen": chosen, "first": first}
    words["elsewhere"] = [post_id for post_id in chosen if post_id not in here]
    return render_template("moderation/select.html", **words)


def _chosen_posts(typed: list[str]) -> list[int]:
    """The ids among what was sent; what is no id stands for a post that there is not."""
    ids = [int(t) if t.isascii() and t.isdigit() and len(t) < 10 else 0 for t in typed]
    return list(dict.fromkeys(ids))[: actions.MOST_AT_ONCE + 1]


@bp.route("/topics/<int:topic_id>/posts/hide", methods=["GET", "POST"])
def hide_posts(topic_id: int) -> Answer:
    """Hide several posts of a topic."""
    return _lot(topic_id, "hide")


@bp.route("/topics/<int:topic_id>/posts/remove", methods=["GET", "POST"])
def remove_posts(topic_id: int) -> Answer:
    """Remove several posts of a topic."""
    return _lot(topic_id, "remove")


@bp.route("/topics/<int:topic_id>/posts/restore", methods=["GET", "POST"])
def restore_posts(topic_id: int) -> Answer:
    """Show several posts of a topic again."""
    return _lot(topic_id, "restore")


def _lot(topic_id: int, word: str) -> Answer:
    topic, posts = _ticked(topic_id)
    form: GroundForm | WordForm = WordForm() if word == "restore" else LotForm()

    def deed() -> str:
        ids = [post.item_id for post in posts]
        actions.decide_all(me(), topic_id, ids, word, form.reasons)
        return topic.address

    return _posts_page(word, topic, posts, form, deed)


def _ticked(topic_id: int) -> tuple[Thing, list[Thing]]:
    """The topic and the posts that were ticked, in their order; all of them are of it."""
    topic = queries.topic_to_moderate(me(), topic_id)
    ids = _chosen_posts(request.values.getlist("post"))
    return topic, queries.posts_to_moderate(me(), topic_id, ids)


@bp.route("/topics/<int:topic_id>/posts/split", methods=["GET", "POST"])
def split(topic_id: int) -> Answer:
    """Let several posts of a topic be a topic of their own."""
    topic, posts = _ticked(topic_id)
    form = SplitForm(kind=topic.row.kind, agenda=topic.agenda_id)
    form.agenda.choices = [
        (a.id, a.title)
        for a in agendas(me())
        if a.id == topic.agenda_id or me().can.split(topic.row, a)
    ]

    def deed() -> str:
        part = Part(form.title.data or "", form.kind.data, form.agenda.data)
        ids = [post.item_id for post in posts]
        decision = actions.split(me(), topic_id, ids, part, form.reasons)
        return f"/topics/{(decision.before or {})['target']}"

    return _posts_page("split", topic, posts, form, deed)


def _posts_page(
    word: str,
    topic: Thing,
    posts: list[Thing],
    form: GroundForm | WordForm | SplitForm,
    deed: Callable[[], str],
) -> Answer:
    """The small page of a deed over several posts, and the deed once all is said."""
    ready: list[Ready] = []
    if isinstance(form, GroundForm):
        held = in_force()
        form.offer_rules(held.rules)
        ready = ready_for([word], held)
        fill(form)

    def page(status: int = 200, late: str = "") -> Answer:
        words = {"word": word, "topic": topic, "posts": posts, "form": form, "ready": ready}
        words |= {"late": late, "claims": _told_who(form, posts, late)}
        return render_template("moderation/posts.html", **words), status

    if not posts:
        return page(REFUSED if request.method == "POST" else 200)
    return _answer_here(form, posts, page, deed)


@bp.route("/topics/<int:topic_id>/merge", methods=["GET", "POST"])
def merge(topic_id: int) -> Answer:
    """Put a topic into another."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = MergeForm()

    def page(status: int = 200, late: str = "") -> Answer:
        words = {"thing": thing, "form": form, "late": late}
        words["claims"] = _told_who(form, [thing], late)
        return render_template("moderation/merge.html", **words), status

    def deed() -> str:
        try:
            actions.merge(me(), topic_id, form.target_id, form.reasons)
        except NotFound:
            raise Invalid(_("There is no such topic that you can see."), "target") from None
        return f"/topics/{topic_id}"

    return _answer_here(form, [thing], page, deed)


# Deciding on the page of a thing: who is at it in the queue is asked for, and one lands where it can be undone


def _answer_here(
    form: HolderForm,
    things: Sequence[Thing],
    page: Callable[..., Answer],
    deed: Callable[[], str],
) -> Answer:
    """The page of a deed, or the deed, which says where to go then; whoever comes second is told, with all that was typed."""

    def done() -> AnyResponse:
        return _done_at(actions.decide_here(me(), _keys(things), form.holder_ids, deed))

    try:
        return webforms.process(form, page, done)
    except Conflict as error:
        return page(TAKEN, error.message)


def _keys(things: Sequence[Thing]) -> list[Key]:
    return [(thing.kind, thing.item_id) for thing in things]


def _told_who(form: HolderForm, things: Sequence[Thing], late: str) -> Sequence[Claim]:
    """Who else is at some things. The page tells it, and its form says that it has."""
    found = claims_of_others(me(), _keys(things))
    if request.method == "GET" or late:
        form.holder.data = ",".join(str(claim.member_id) for claim in found)
    return found


def _done_at(address: str) -> AnyResponse:
    flash(_("Done, and written down in the moderation log."), "message")
    session[LANDED] = ["", now().timestamp()]
    return web.see_other(address)


@bp.app_template_global()
def to_undo() -> Decision | None:
    """The reader's latest decision, on the page where the reader has landed after it, while it can be taken back."""
    address, decided_at = session.get(LANDED, (None, 0.0))
    if address is None or decided_at < (now() - queries.UNDO).timestamp():
        return None
    if not address and request.method == "GET":
        session[LANDED] = [request.path, decided_at]
    is_here = address in ("", request.path) and request.blueprint != "queue"
    return queries.my_latest(me()) if is_here and me().can.see_queue() else None


def _deed_page(
    word: str,
    thing: Thing,
    form: GroundForm | WordsForm | MoveForm | WordForm,
    deed: Callable[[Reasons], Decision],
) -> Answer:
    """The small page of a deed, and the deed once its reasons are given."""
    if isinstance(form, SeenForm) and request.method == "GET":
        form.seen.data = str(queries.latest_decision(thing.kind, thing.item_id))
    ready: list[Ready] = []
    held = in_force() if isinstance(form, GroundForm | WordsForm) else None
    if held and isinstance(form, GroundForm):
        form.offer_rules(held.rules)
    if isinstance(form, GroundForm | WordsForm):
        ready = ready_for([word], held)
        fill(form)

    def page(status: int = 200, late: str = "") -> Answer:
        if late and isinstance(form, SeenForm):
            form.seen.data = str(queries.latest_decision(thing.kind, thing.item_id))
        words = {"word": word, "thing": thing, "form": form, "ready": ready, "late": late}
        words["claims"] = _told_who(form, [thing], late)
        return render_template("moderation/deed.html", **words), status

    def done() -> str:
        return web.safe_next(deed(form.reasons).address)

    return _answer_here(form, [thing], page, done)


def _done(decision: Decision) -> AnyResponse:
    return _done_at(web.safe_next(decision.address))


# Deeds that give back: a button is enough


@bp.post("/topics/<int:topic_id>/unlock")
def unlock(topic_id: int) -> Answer:
    """Unlock a topic."""
    return _done(actions.unlock(me(), topic_id))


@bp.post("/topics/<int:topic_id>/pin")
def pin(topic_id: int) -> Answer:
    """Pin a topic."""
    return _done(actions.pin(me(), topic_id))


@bp.post("/topics/<int:topic_id>/unpin")
def unpin(topic_id: int) -> Answer:
    """Unpin a topic."""
    return _done(actions.unpin(me(), topic_id))


@bp.post("/topics/<int:topic_id>/restore")
def restore_topic(topic_id: int) -> Answer:
    """Show a hidden topic again."""
    return _restore(queries.thing_to_moderate(me(), "topic", topic_id))


@bp.post("/posts/<int:post_id>/restore")
def restore(post_id: int) -> Answer:
    """Show a hidden post again."""
    return _restore(queries.thing_to_moderate(me(), "post", post_id))


@bp.post("/posts/<int:post_id>/unnote")
def unnote(post_id: int) -> Answer:
    """Take away what the moderators say below a post."""
    return _done(actions.unnote(me(), post_id))


@bp.post("/cases/<slug>/restore")
def restore_case(slug: str) -> Answer:
    """Show a hidden case again."""
    return _restore(queries.case_to_moderate(me(), slug))


@bp.post("/practices/<slug>/restore")
def restore_practice(slug: str) -> Answer:
    """Show a hidden practice again."""
    return _restore(queries.practice_to_moderate(me(), slug))


@bp.route("/members/<handle>/restore", methods=["GET", "POST"])
def restore_profile(handle: str) -> Answer:
    """Show a hidden profile again, and what was cleared away with it."""
    thing = queries.member_to_moderate(me(), handle)

    def deed(shows_again: bool) -> Decision:
        return actions.decide(me(), "member", thing.item_id, "restore", shows_again=shows_again)

    return _give_back("restore", thing, deed)


def _give_back(word: str, thing: Thing, deed: Callable[[bool], Decision]) -> Answer:
    """A button is enough, unless texts were cleared away: then a page says that they stay hidden, and offers to show them."""
    form = BackForm()
    cleared = queries.cleared_of(me(), thing.item_id)

    def page(status: int = 200, late: str = "") -> Answer:
        words = {"word": word, "thing": thing, "form": form, "cleared": cleared, "late": late}
        words["claims"] = _told_who(form, [thing], late)
        return render_template("moderation/back.html", **words), status

    def done() -> str:
        return web.safe_next(deed(bool(cleared and form.shows_again.data)).address)

    if request.method == "POST" and cleared and "asked" not in request.form:
        form.shows_again.data = True
        return page()
    return _answer_here(form, [thing], page, done)


def _restore(thing: Thing) -> Answer:
    return _press(
        _("Show again"), thing, lambda: actions.decide(me(), thing.kind, thing.item_id, "restore")
    )


def _press(word: str, thing: Thing, deed: Callable[[], Decision]) -> Answer:
    """The deed of a button; where another moderator is at the thing, a page tells it and has the button once more."""
    form = HolderForm()
    try:
        return _done(actions.decide_here(me(), _keys([thing]), form.holder_ids, deed))
    except Conflict as error:
        if not (claims := _told_who(form, [thing], error.message)):
            raise
        words = {"word": word, "thing": thing, "form": form, "claims": claims}
        return render_template("moderation/press.html", **words, late=error.message), TAKEN


@bp.post("/practices/<slug>/publish")
def publish(slug: str) -> Answer:
    """Publish a submitted practice."""
    thing = queries.practice_to_moderate(me(), slug)
    return _press(_("Publish"), thing, lambda: actions.publish(me(), thing.item_id))


@bp.post("/practices/<slug>/feature")
def feature(slug: str) -> Answer:
    """Put a practice first in the library."""
    return _done(actions.feature(me(), queries.practice_to_moderate(me(), slug).item_id))


@bp.post("/practices/<slug>/unfeature")
def unfeature(slug: str) -> Answer:
    """Let a practice stand in the library like any other."""
    return _done(actions.unfeature(me(), queries.practice_to_moderate(me(), slug).item_id))


@bp.post("/members/<handle>/unsilence")
def unsilence(handle: str) -> Answer:
    """Let a silenced member write again."""
    return _done(actions.unsilence(me(), queries.member_to_suspend(me(), handle).item_id))


@bp.post("/members/<handle>/clear-spam")
def clear_spam(handle: str) -> Answer:
    """Undo all that an advertiser did."""
    decision = actions.clear_spam(me(), queries.member_to_suspend(me(), handle).item_id)
    hidden = len((decision.before or {}).get("hidden", ()))
    flash(
        ngettext(
            "%(num)s text is removed, and the account closed.",
            "%(num)s texts are removed, and the account closed.",
            hidden,
        ),
        "message",
    )
    session[LANDED] = ["", now().timestamp()]
    return web.see_other(url_for("moderation.decision", decision_id=decision.id))


@bp.route("/members/<handle>/unsuspend", methods=["GET", "POST"])
def unsuspend(handle: str) -> Answer:
    """Open a suspended account again, and show what was cleared away with it."""
    thing = queries.member_to_suspend(me(), handle)

    def deed(shows_again: bool) -> Decision:
        return actions.unsuspend(me(), thing.item_id, shows_again=shows_again)

    return _give_back("unsuspend", thing, deed)


# What moderators know of a member


@bp.route("/members/<handle>/notes", methods=["GET", "POST"])
def notes(handle: str) -> Answer:
    """Read what moderators have noted about a member, and note something."""
    member = get_member(me(), handle)
    noted = queries.staff_notes(me(), member)
    form = StaffNoteForm()

    def page(status: int = 200) -> Answer:
        words = {"form": form, "member": member, "notes": noted}
        return render_template("moderation/notes.html", **words), status

    def deed() -> AnyResponse:
        actions.write_staff_note(me(), member.id, form.text.data or "")
        return web.see_other(url_for("moderation.notes", handle=handle))

    return webforms.process(form, page, deed)


@bp.post("/members/<handle>/notes/<int:note_id>/remove")
def remove_note(handle: str, note_id: int) -> Answer:
    """Remove a note about a member."""
    actions.remove_staff_note(me(), note_id)
    flash(_("The note is removed."), "message")
    return web.see_other(url_for("moderation.notes", handle=handle))


# What was decided


@bp.get("/moderation/log")
def log() -> Answer:
    """The moderation log."""
    agenda = web.text("agenda")
    decisions = queries.log(me(), agenda, web.number("page"))
    words = {"page": decisions, "agenda": agenda, "agendas": queries.moderated_agendas(me())}
    return render_template("moderation/log.html", **words)


@bp.get("/moderation/decisions/<int:decision_id>")
def decision(decision_id: int) -> Answer:
    """What was decided about somebody's text, under which rule, and what the author can do."""
    found = queries.get_decision(me(), decision_id)
    words = {"decision": found, "holds": queries.holds(found), "restricting": queries.RESTRICTING}
    words |= {"text": queries.own_text(me(), found), "file": queries.file_of(me(), found)}
    words["lot"] = queries.of_same_lot(me(), found)
    words["page"] = own_withheld(me(), found.item_id) if found.kind == "practice" else None
    return render_template("moderation/decision.html", **words)


@bp.get("/posts/<int:post_id>/why")
def why(post_id: int) -> Answer:
    """The latest decision that restricts a post, for its author and for who moderates its agenda."""
    return _why("post", post_id)


@bp.app_template_global()
def why_hidden(kind: str, item_id: int) -> str:
    """Where a reader whom it concerns reads why something is hidden; nothing for others."""
    found = queries.why_hidden(me(), kind, item_id)
    return url_for("moderation.decision", decision_id=found.id) if found else ""


@bp.get("/practices/<slug>/why")
def why_practice(slug: str) -> Answer:
    """The same of a practice that was returned or hidden."""
    return _why("practice", get_practice(me(), slug).id)


@bp.get("/marks/<int:mark_id>/why")
def why_note(mark_id: int) -> Answer:
    """The same of what somebody says who tried it."""
    return _why("mark", mark_id)


@bp.get("/follow-ups/<int:follow_up_id>/why")
def why_follow_up(follow_up_id: int) -> Answer:
    """The same of what happened next of a question."""
    return _why("followup", follow_up_id)


def _why(kind: str, item_id: int) -> Answer:
    found = queries.why_restricted(me(), kind, item_id)
    return web.see_other(url_for("moderation.decision", decision_id=found.id))
