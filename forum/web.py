"""What every door needs: who asks, forms, headers, error pages that give the text back, and the words of pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from babel import support
from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import Babel, get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature
from markupsafe import Markup
from sqlalchemy.exc import OperationalError, PendingRollbackError, SQLAlchemyError
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, IntegerField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # not in the stubs
from wtforms.i18n import messages_path
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import TextInput

from forum import logs
from forum.db import db, has_acted, now
from forum.errors import Busy, Conflict, Forbidden, Invalid, Refusal
from forum.markup import tidy
from forum.pagecache import DEPENDS_ON
from forum.permissions import VISITOR, Person
from forum.settings import Settings
from forum.templating import is_current

if TYPE_CHECKING:
    from forum.members.models import Member

MAX_BODY = 2 * 1024 * 1024  # a full practice in a script of three bytes a letter, percent-encoded
CONFLICT, REFUSED, TOO_MANY = 409, 422, 429
Answer = str | AnyResponse | tuple[str, int]
Meanwhile = Sequence[tuple[str, str]]  # fields by their labels, with what they say by now
MAX_ID = 2**31 - 1
RETRY_SECONDS = "5"  # after which it is worth asking a database again that was too busy
WINDOW = "60"  # seconds to wait when a limit does not say how many
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
NEVER_KEPT = {
    "csrf_token",
    "password",
    "current_password",
    "new_password",
    "kept_action",
    "code",
    "credential",
}
TEXTS = {
    "about",
    "body",
    "introduction",
    "note",
    "quotation",
    "reason",
    "sentence",
    "source",
    "summary",
    "text",
    "title",
    "why",
}
KEPT_PREFIX = "kept:"
UNSHOWN = ("HiddenField", "CSRFTokenField")
LAST_PLACE = 9_999
NUL = "\x00"
PROVED = timedelta(minutes=15)  # so long one need not show again who one is

babel = Babel()
csrf = CSRFProtect()
login = LoginManager()


@dataclass(eq=False, repr=False)  # two are one by their token, and no log may hold that
class SignedIn(UserMixin):
    """Who is signed in, for Flask-Login: its id is the token of the session kept on the server.

    `unread`, if it is known, is how many notices they have not read; those about the queue do not count.
    """

    member: Member
    token: str
    session_id: int = 0
    proved_at: datetime | None = None
    how: str = ""
    unread: int | None = None

    def get_id(self) -> str:
        """The token that the cookie holds."""
        return self.token


class Cookies(SecureCookieSessionInterface):
    """Signed cookies whose age is not asked for: the session on the server says how long it lasts.

    With a clock that was set back every cookie would come from the future, count as forged, and be replaced: whoever
    looked at a page meanwhile would stay signed out when the clock is right again.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds, or nothing when it is not signed by us."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        try:
            held = serializer.loads(cookie) if cookie else {}
        except BadSignature:
            held = {}
        return self.session_class(held)


def me() -> Person:
    """The person who asks: a member, or `VISITOR`."""
    signed_in = current_user._get_current_object()
    return cast(Person, signed_in.member) if isinstance(signed_in, SignedIn) else VISITOR


def by_member() -> str:
    """The key of a rate limit that counts what each member does, wherever they do it."""
    return f"member {me().id}"


def my_token() -> str:
    """The token of the session of whoever is signed in."""
    return cast(SignedIn, current_user).token


def my_unread() -> int | None:
    """`SignedIn.unread` of whoever asks; None when it is not known, or may be old because this request did a deed."""
    return None if has_acted() or not me().is_member else cast(SignedIn, current_user).unread


def is_proved() -> bool:
    """Whether whoever is signed in has shown of late who they are."""
    proved_at = cast(SignedIn, current_user).proved_at
    return proved_at is not None and proved_at > now() - PROVED


def prove_first(after: str = "") -> AnyResponse:
    """Ask who it is before something that a stranger at an open screen must not do; `after` that goes on there."""
    return see_other(url_for("accounts.prove", next=after or request.path))


def later(text: str, **words: Any) -> str:
    """A text of a form, translated when it is shown. Forms import it as `_`."""
    return cast(str, lazy_gettext(text, **words))


class Form(FlaskForm):
    """A form whose texts are free of what no database keeps, and whose field ids are their names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # Flask-WTF has no types

    def hidden_tag(self, *fields: Any) -> Markup:
        """The fields that nobody sees, and with them who it is that writes."""
        return cast(Markup, super().hidden_tag(*fields)) + _written_as()  # type: ignore[no-untyped-call]  # Flask-WTF has no types

    class Meta(FlaskForm.Meta):
        """Cleans the text of every field, and lets no browser cut off what is pasted into one."""

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """Bind a field; a text field cleans what was typed before its own filters see it."""
            if pairs := unbound_field.kwargs.get("choices"):
                pairs = pairs() if callable(pairs) else pairs
                options = {**options, "choices": [_choice(pair) for pair in pairs]}
            field = unbound_field.bind(form=form, **options)
            if isinstance(field, StringField):
                field.filters = (_clean, *(field.filters or ()))
            return field

        def render_field(self, field: Any, render_kw: Any) -> Markup:
            """Write a field out; a script says how much of its text is too long, and the answer does."""
            words = {**render_kw, "maxlength": False}
            if field.flags.maxlength and not isinstance(field, HiddenField):
                words["data-most"] = field.flags.maxlength
            return super().render_field(field, words)

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Take what a form has sent, and nothing of a body in JSON, whose values may be of any type."""
            if request.is_json:
                return None
            return super().wrap_formdata(form, formdata)  # type: ignore[no-untyped-call]  # Flask-WTF has no types

        def get_translations(self, _form: Any) -> WordsOfForms:
            """The words of WTForms itself; Flask-WTF would read them from the disk for each form."""
            return _words_of_forms(str(get_locale()))


def _written_as() -> Markup:
    """Goes along with a text, so that it is offered to nobody else who is signed in when it arrives."""
    field = Markup('<input type="hidden" name="written_as" value="{}">')
    return field.format(me().id) if me().is_member else Markup("")


class WordsOfForms:
    """What WTForms says by itself: ours where its own words do not tell what to do."""

    def __init__(self, theirs: support.NullTranslations) -> None:
        self.theirs = theirs

    def gettext(self, words: str) -> str:
        """A sentence."""
        ours = TOLD_BY_FORMS.get(words)
        return str(ours) if ours else self.theirs.gettext(words)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """A sentence about a number of things."""
        ours = TOLD_BY_FORMS.get(one)
        return str(ours) if ours else self.theirs.ngettext(one, many, number)


ONE_OF_THE_LIST = lazy_gettext("Choose one from the list, which may have changed.")
SOME_OF_THE_LIST = lazy_gettext("One of these is not in the list any more. Choose again.")
TOLD_BY_FORMS = {
    "Not a valid choice.": ONE_OF_THE_LIST,
    "Invalid Choice: could not coerce.": ONE_OF_THE_LIST,
    "'%(value)s' is not a valid choice for this field.": SOME_OF_THE_LIST,
    "Invalid choice(s): one or more data inputs could not be coerced.": SOME_OF_THE_LIST,
    "Not a valid integer value.": lazy_gettext("Enter a whole number, such as 12."),
    "Not a valid date value.": lazy_gettext("Enter a date, such as 2026-06-05."),
}


@lru_cache
def _words_of_forms(locale: str) -> WordsOfForms:
    return WordsOfForms(support.Translations.load(messages_path(), [locale], "wtforms"))


def _choice(pair: Any) -> Any:
    """A (value, label) as WTForms wants it from version 3.3 on."""
    return SelectChoice(*pair) if isinstance(pair, tuple) else pair


def _clean(value: Any) -> Any:
    return tidy(value) if isinstance(value, str) else value


class Place(IntegerField):
    """A place in an order. No field for numbers in HTML: browsers do not show there again what is none."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a place such as 3."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(str(IN_PLACE.message)) from None


IN_PLACE = NumberRange(1, LAST_PLACE, later("Enter a place from 1 to %(most)s.", most=LAST_PLACE))


class OrderForm(Form):
    """A number beside each of some rows (fields `place-<id>`): the place that the row is to have.

    What moves up stands before what it meets; a row without a number stays where it is.
    """

    ids: Sequence[int] = ()

    @classmethod
    def of(cls, ids: Sequence[int]) -> OrderForm:
        """The form of these rows, which are in order now."""
        names = [f"place-{item_id}" for item_id in ids]
        places = dict(zip(names, range(1, len(ids) + 1), strict=True))
        fields = {name: Place(validators=[Optional(), IN_PLACE]) for name in names}
        return cast(OrderForm, type("OrderForm", (cls,), {**fields, "ids": ids})(data=places))

    @property
    def wished(self) -> list[int]:
        """The ids in the order of the numbers."""

        def place(item: tuple[int, int]) -> tuple[int, int]:
            now, item_id = item
            wanted = self[f"place-{item_id}"].data or now
            return wanted, (wanted > now) - (wanted < now)

        return [item_id for _now, item_id in sorted(enumerate(self.ids, 1), key=place)]


def refuse(form: FlaskForm, error: Refusal) -> None:
    """Put a refusal beside the field it speaks of, or above the form."""
    field = getattr(error, "field", "")
    if field == "submission_key":  # it has posted another text, so this one needs its own
        form[field].data = submission_key()
        form.form_errors.append(error.message)
    elif field in form:
        form[field].errors = [*form[field].errors, error.message]
    else:
        form.form_errors.append(error.message)


def answer(
    form: FlaskForm,
    page: Callable[[int], Answer],
    deed: Callable[[], Answer],
    *,
    is_trial: bool = False,
) -> Answer:
    """Show a form, show it again with what to put right (422), or do its deed.

    `page` draws the form with a status; a trial (a preview, a prompt) only shows what came so far.
    """
    if request.method == "GET" or is_trial:
        return page(200)
    if not form.validate():
        return page(REFUSED)
    try:
        return deed()
    except Invalid as error:
        refuse(form, error)
        return page(REFUSED)


def meanwhile(form: Any, error: Conflict, now: Any) -> Meanwhile:
    """Refuse a form because its row has changed, and say where the row says other things by now (`now`: its form).

    Sent once more, the form has seen that.
    """
    refuse(form, error)
    form.seen.data = now.seen.data
    fields = [one for one in form if one.type not in UNSHOWN and one.name != "city_id"]
    return [
        (str(one.label.text), _in_field(one, now[one.name].data))
        for one in fields
        if _in_field(one, one.data) != _in_field(one, now[one.name].data)
    ]


def _in_field(field: Any, data: Any) -> str:
    """What a field shows for some data: whether a box is ticked, the words of a choice, else the text."""
    if isinstance(data, bool):
        return _("Yes") if data else _("No")
    if not getattr(field, "choices", None):
        return "" if data is None else str(data)
    chosen = data if isinstance(data, list) else [data]
    return ", ".join(str(one.label.text) for one in field if one.data in chosen)


def submission_key() -> str:
    """A new key for a form that must post only once."""
    return secrets.token_urlsafe(12)


def number(name: str, default: int = 1) -> int:
    """A whole number from the query string; anything else counts as the default."""
    value = whole_number(request.args.get(name, ""))
    return default if value is None else value


def whole_number(typed: str, digits: int = 9) -> int | None:
    """The whole number that a text is, in at most so many digits; None for any other text."""
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= digits
    return int(typed) if is_number else None


def text(name: str, length: int = 200) -> str:
    """A text from the query string, cut to a length."""
    return tidy(request.args.get(name, "")).strip()[:length].strip()


def choice(name: str, choices: Iterable[str], default: str = "") -> str:
    """One of the choices from the query string; anything else counts as the default."""
    value = request.args.get(name, "")
    return value if value in choices else default


def depends_on(*scopes: str) -> None:
    """Name what the page that is being made depends on, when that is less than everything that visitors see.

    Without scopes the page depends on nothing that a reply, an edit or a mark changes, but only on deeds that touch
    `EVERYTHING`.
    """
    request.environ[DEPENDS_ON] = scopes


def see_other(address: str) -> AnyResponse:
    """The answer to a deed that was done: go and look (303)."""
    return redirect(address, 303)


def safe_next(fallback: str = "/") -> str:
    """Where to go afterwards: the `next` of the request if it stays on this site, else the fallback."""
    target = request.values.get("next", "")
    return target if _is_local(target) else fallback


def _is_local(target: str) -> bool:
    """A path of this site: one slash, signs that print, and nothing that a browser reads as a host."""
    is_plain = target.isprintable() and "\\" not in target and " " not in target
    path = target.partition("?")[0].partition("#")[0]
    return is_plain and path.startswith("/") and "//" not in path and "/." not in path


def absolute(path: str) -> str:
    """The public address of a path, from FORUM_URL and never from what the browser says."""
    return settings().url + path


def here(**changes: Any) -> str:
    """The path of this page with other values in its query; None leaves a name out.

    Never `url_for`, to which a name such as `endpoint` in the query would be an option of its own.
    """
    values = {**request.args.to_dict(flat=False), **changes}
    query = urlencode({k: v for k, v in values.items() if v is not None}, doseq=True)
    return quote(request.path) + (f"?{query}" if query else "")


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def provider_elsewhere() -> str:
    """What the provider is called with whose accounts people may sign in; nothing when there is none."""
    return settings().provider_name


def cookie_name(name: str) -> str:
    """What a cookie is called."""
    return f"{settings().cookie_prefix}{name}"


# Answers in another form than a page


def kept_action() -> str:
    """Where a text that is being given back was going, when it stays on this site; else nothing."""
    target = request.form.get("kept_action", "")
    return target if _is_local(target) else ""


def kept_fields() -> list[tuple[str, str]]:
    """What was typed into the form that came, but for passwords and tokens."""
    return [
        (name.removeprefix(KEPT_PREFIX), tidy(value))
        for name, value in request.form.items(multi=True)
        if name not in NEVER_KEPT
        and (name.startswith(KEPT_PREFIX) or not request.form.get("kept_action"))
    ]


def resend_page(action: str, why: str, status: int) -> Response:
    """The page that gives a text back and offers to send it again; to nobody but who wrote it."""
    instead = url_for("front.home") if status == 404 else _page_above(action)
    words = {"action": action, "instead": instead, "kept": kept_fields(), "why": why}
    if _is_anothers(kept_fields()):
        status = 403
        page = render_template("errors/anothers.html", **words)
    else:
        page = render_template("errors/resend.html", status=status, **words)
    return current_app.make_response((page, status))


def _is_anothers(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether somebody else was signed in when the form that holds these fields was opened."""
    author = dict(fields).get("written_as")
    return me().is_member and author is not None and author != str(me().id)


def _page_above(action: str) -> str:
    """The page of what a form speaks of: `/topics/7` of a form that goes to `/topics/7/reply`."""
    pages = current_app.url_map.bind("")
    address = action.partition("?")[0].rpartition("/")[0]
    while address:
        try:
            pages.match(unquote(address), method="GET")
            return address
        except HTTPException:
            address = address.rpartition("/")[0]
    return url_for("front.home")


def come_again(error: HTTPException) -> str:
    """When a limit lets somebody go on, in the words that say the same as Retry-After."""
    seconds = int(error.get_response().headers.get("Retry-After", WINDOW))
    minutes = ceil(seconds / 60)
    if seconds < 120:
        return ngettext("Try again in %(num)s second.", "Try again in %(num)s seconds.", seconds)
    if minutes < 120:
        return ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes)
    hours = ceil(minutes / 60)
    return ngettext("Try again in %(num)s hour.", "Try again in %(num)s hours.", hours)


def init_app(app: Flask, settings: Settings) -> None:
    """Give an application the ways of this house at its doors."""
    app.extensions["settings"] = settings
    app.config.update(_config(settings))
    app.url_map.converters["int"] = Id
    babel.init_app(app, default_locale="en", default_timezone="UTC")
    app.before_request(_refuse_strangers)
    app.session_interface = Cookies()
    csrf.init_app(app)
    login.init_app(app)
    login.session_protection = None  # type: ignore[assignment]  # Flask-Login documents None as off
    app.before_request(_refuse_odd_addresses)
    app.after_request(_finish)
    app.jinja_env.globals.update(here=here)  # so that imported macros know it too
    app.jinja_env.globals.update(provider_elsewhere=provider_elsewhere)
    app.jinja_env.globals.update(fonts=Path(app.static_folder or "", "fonts.css").is_file())
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_words)
    _register_errors(app)


class Id(IntegerConverter):
    """A number in an address, in the digits 0 to 9 and never larger than the databases' own."""

    regex = "[0-9]+"

    def __init__(self, map: Any, **options: Any) -> None:
        super().__init__(map, max=options.pop("max", MAX_ID), **options)


def _config(settings: Settings) -> dict[str, Any]:
    prefix = settings.cookie_prefix
    return {
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY,
        "MAX_FORM_PARTS": 500,
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=180),  # the session on the server ends sooner
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
        "BABEL_DEFAULT_LOCALE": "en",
    }


def _words() -> dict[str, Any]:
    cookie = request.cookies.get(cookie_name("theme"), "")
    return {
        "me": me(),
        "appearance": cookie if cookie in ("light", "dark") else "",
        "canonical": "" if _has_secret() else absolute(quote(request.path)),
        "absolute": absolute,
        "submission_key": submission_key,
    }


def _has_secret() -> bool:
    """Whether the address holds the secret of a letter, which no link repeats."""
    return "secret" in (request.view_args or {})


def _refuse_strangers() -> None:
    """Take no form from a page of another site, and offer nothing of it to be sent again.

    Its browser has left our cookie at home, so that the answer could also end the reader's session.
    """
    if request.method == "POST" and _is_from_elsewhere():
        abort(403)


def _is_from_elsewhere() -> bool:
    """Whether the browser says that a page of another site sends this; an old browser may not say."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc not in (request.host, urlsplit(settings().url).netloc)


def _refuse_odd_addresses() -> None:
    """Answer 404 to an address with a NUL in it, and drop every NUL from what was typed: no database takes one."""
    if NUL in request.path:
        abort(404)
    request.args = _without_nul(request.args)
    if request.method == "POST":
        request.form = _without_nul(request.form)


def _without_nul(typed: Any) -> Any:
    pairs = [*typed.items(multi=True)]
    if not any(NUL in part for pair in pairs for part in pair):
        return typed
    return ImmutableMultiDict(
        (name.replace(NUL, ""), value.replace(NUL, "")) for name, value in pairs
    )


def _finish(response: Response) -> Any:
    there = {name.lower() for name, _value in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in there:
            response.headers.add(name, value)
    if settings().is_https:
        response.headers.setdefault(
            "Strict-Transport-Security", "max-age=63072000; includeSubDomains"
        )
    if request.endpoint == "static" and response.status_code < 400:
        return _file(response)
    response.vary.add("Cookie")
    if request.method == "POST" and _is_from_elsewhere():
        session.modified = False  # sends no cookie
    _note_published(response)
    return _cacheable(response) if _is_for_everybody(response) else _private(response)


def _file(response: Response) -> Response:
    """A file is kept for ever under the name of its content, and of no other.

    While a new version comes to one server after the other, an old one may be asked for what it does not have yet.
    """
    name = (request.view_args or {}).get("filename", "")
    kept = is_current(name, request.args.get("v", ""))
    response.headers["Cache-Control"] = (
        f"public, {'max-age=31536000, immutable' if kept else 'no-cache'}"
    )
    return response


def _note_published(response: Response) -> None:
    """Tell the next page that a text is saved, so that the browser's own copy may go.

    A form without a submission key is named by its path, when the browser says that it keeps a copy.
    """
    if request.method != "POST" or response.status_code != 303 or "preview" in request.form:
        return
    key = request.form.get("submission_key") or ("drafted" in request.form and quote(request.path))
    if key and me().is_member:
        flash(key[:100], "published")


def _is_for_everybody(response: Response) -> bool:
    is_reading = request.method in ("GET", "HEAD") and response.status_code == 200
    return (
        is_reading and not me().is_member and not g.get("csrf_token") and not response.is_streamed
    )


def _cacheable(response: Response) -> AnyResponse:
    response.headers.setdefault("Cache-Control", "no-cache")
    response.add_etag()
    return response.make_conditional(request)


def _private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _register_errors(app: Flask) -> None:
    app.register_error_handler(CSRFError, _token_refused)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(SecurityError, _host_refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(PendingRollbackError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def _token_refused(_error: CSRFError) -> Response:
    why = _("This page was open for too long, or you were signed out meanwhile.")
    return resend_page(_action(), why, 400)


def _action() -> str:
    here = request.full_path.rstrip("?")
    return kept_action() or (here if _is_local(here) else "")


def _host_refused(_error: SecurityError) -> Response:
    """The request asks for another host than ours: no page, since its links would not be ours either."""
    return Response(
        _("This is not the address of a forum that lives here."), 400, mimetype="text/plain"
    )


def _refused(error: Refusal) -> AnyResponse:
    if isinstance(error, Forbidden) and request.method == "GET" and not me().is_member:
        return see_other(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    message = error.message or (
        _("Please wait a moment and try again.") if isinstance(error, Busy) else ""
    )
    return _answer(error.status, message, getattr(error, "thing", None))


def http_error(error: HTTPException) -> AnyResponse:
    """The page of an error, for a door that has no page of its own for it; with the text that came, if there is one."""
    response = error.get_response()
    if error.code is None or error.code < 400:
        return response
    answer = _answer(error.code, _too_much(error) if error.code == TOO_MANY else "")
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    if error.code == TOO_MANY:
        answer.headers.setdefault("Retry-After", WINDOW)
    return answer


def _too_much(error: HTTPException) -> str:
    return f"{_('Too much was sent in a short time.')} {come_again(error)}"


def _database_error(error: SQLAlchemyError) -> AnyResponse:
    """The database does not answer, or is full or locked: say so, with the page of it if that can be had.

    A template may swallow the first error of a connection that was cut; the next query says that it is gone.
    """
    current_app.logger.error("database: %s", getattr(error, "orig", error))
    try:
        db.session.rollback()
        return _refused(Busy())
    except SQLAlchemyError:
        answer = _bare_page(503)
        answer.headers["Retry-After"] = RETRY_SECONDS
        return answer


def _unexpected(error: Exception) -> AnyResponse:
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    current_app.logger.exception(
        "a mistake at %s", request.endpoint
    )  # an address may name a person
    return _bare_page(500)


def _bare_page(status: int) -> Response:
    # Not by render_template, whose words ask the database who it is: that may be what has failed.
    template = current_app.jinja_env.get_template("errors/error.html")
    number = logs.request_id()
    page = template.render(status=status, message="", is_bare=True, number=number)
    return current_app.make_response((page, status))


def _answer(status: int, message: str, thing: tuple[str, int] | None = None) -> Response:
    """The error page; when the form that came holds a text, the page that gives it back.

    `thing` is what the page would be about if it were not hidden.
    """
    if (
        request.method == "POST"
        and status not in (400, 413, 500)
        and not _is_from_elsewhere()
        and _holds_text(kept_fields())
    ):
        return _again_soon(resend_page(_action(), message, status))
    page = render_template("errors/error.html", status=status, message=message, thing=thing)
    return _again_soon(current_app.make_response((page, status)))


def _holds_text(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether somebody would be sorry to lose what a form holds."""
    return any(len(value) > 20 or (name in TEXTS and value.strip()) for name, value in fields)


def _again_soon(answer: Response) -> Response:
    if answer.status_code == 503:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer
