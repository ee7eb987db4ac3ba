"""The current request: who asks, what the query string says, addresses, and the settings of the application."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from babel import Locale
from babel.support import NullTranslations
from flask import (
    Flask,
    Request,
    abort,
    current_app,
    flash,
    g,
    has_request_context,
    redirect,
    request,
    url_for,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import Babel, Domain, format_decimal, get_locale
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from forum import locales
from forum.clock import month_in_words, now
from forum.columns import MAX_ID
from forum.deeds import has_acted
from forum.keptpages import DEPENDS_ON
from forum.pagecache import THEMES
from forum.pages import capped
from forum.permissions import VISITOR, Person
from forum.plaintext import excerpt, prose, tidy
from forum.settings import Settings
from forum.templating import TemplateEnvironment

if TYPE_CHECKING:
    from forum.members.models import Member

MAX_BODY = 2 * 1024 * 1024  # bytes: a full practice, percent-encoded, at three bytes a letter
# Bytes, at the one address that takes files: a photograph as a telephone makes it
MAX_PICTURE_BODY = 12 * 1024 * 1024
PICTURES_PATH = "/pictures"
MAX_FORM_FIELDS = 1_000  # of any form: the longest are those that put many rows in order
NO_CONTENT, MOVED_PERMANENTLY, SEE_OTHER = 204, 301, 303
FORBIDDEN, CONFLICT, REFUSED, TOO_MANY = 403, 409, 422, 429
LARGEST_NUMBER = 999_999_999  # of nine digits, which `whole_number` takes
NUL = "\x00"
PROOF_LIFETIME = timedelta(minutes=15)  # for which members need not prove again who they are

babel = Babel()
csrf = CSRFProtect()
login = LoginManager()


@dataclass(eq=False, repr=False)  # two are equal by their token (UserMixin), which no log may show
class SessionUser(UserMixin):
    """The user object of Flask-Login: a member in one session, whose id is the token of the session on the server.

    `proved_at` is when they last proved who they are, `how` by what they signed in. `unread` is the number of their unread
    notices, None if it is unknown.
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


class AgelessSessionInterface(SecureCookieSessionInterface):
    """Signed cookies whose age is not checked: the session on the server says how long it lasts.

    After a clock was set back, every cookie would come from the future, count as forged, and be replaced. Whoever opened a
    page meanwhile would stay signed out when the clock is right again.
    """

    digest_method = staticmethod(sha256)  # Flask's is SHA-1 (ASVS 5.0, 11.4.1)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The content of the cookie; an empty session if there is none or its signature is wrong."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        try:
            content = serializer.loads(cookie) if cookie else {}
        except BadSignature:
            content = {}
        return self.session_class(content)


class BoundedFormParser(FormDataParser):
    """Refuses (413) a form of more fields than `max_form_parts`, however it is encoded; Werkzeug counts those of multipart alone.

    So pages that show a form again, or give its text back, are never much larger than what was sent.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        """Parse a form; its fields are counted before they are read."""
        if mimetype == "application/x-www-form-urlencoded" and self.max_form_parts is not None:
            body = stream.read()
            if body.count(b"&") >= self.max_form_parts:
                raise RequestEntityTooLarge()
            stream = BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class BoundedRequest(Request):
    """Flask's request, whose form has a bounded number of fields."""

    form_data_parser_class = BoundedFormParser

    @property
    def max_content_length(self) -> int | None:
        """How many bytes a body may have: more where pictures are taken."""
        is_picture = self.path == PICTURES_PATH and self.mimetype == "multipart/form-data"
        return MAX_PICTURE_BODY if is_picture else super().max_content_length

    @max_content_length.setter
    def max_content_length(self, most: int | None) -> None:
        self._max_content_length = most


# Who asks


def me() -> Person:
    """The person who asks: a member, or `VISITOR`."""
    user = current_user._get_current_object()
    return cast(Person, user.member) if isinstance(user, SessionUser) else VISITOR


def my_token() -> str:
    """The token of the session of the member who asks; only for views that a visitor cannot reach."""
    return cast(SessionUser, current_user).token


def my_unread() -> int | None:
    """`SessionUser.unread` of the person who asks.

    None when it is unknown, or may be outdated because this request has executed an action.
    """
    if has_acted() or not me().is_member:
        return None
    return cast(SessionUser, current_user).unread


def has_proved() -> bool:
    """Whether the member who asks has proved who they are within `PROOF_LIFETIME`."""
    proved_at = cast(SessionUser, current_user).proved_at
    return proved_at is not None and proved_at > now() - PROOF_LIFETIME


def prove_first(after: str = "") -> AnyResponse:
    """Send a member to prove who they are, before what somebody else at an unlocked screen must not do.

    Afterwards they go on to the path `after`, by default this page.
    """
    return see_other(url_for("accounts.prove", next=after or request.path))


# The query string


def number(name: str, default: int = 1) -> int:
    """A whole number from the query string; the default if it is missing or anything else.

    One that is too long for `whole_number` is the largest, so that a list shows its last page.
    """
    typed = request.args.get(name, "")
    value = whole_number(typed)
    if value is None and typed.isascii() and typed.isdigit():
        return LARGEST_NUMBER
    return default if value is None else value


def whole_number(typed: str, digits: int = 9) -> int | None:
    """The whole number that a text of at most so many ASCII digits stands for; None for any other text."""
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= digits
    return int(typed) if is_number else None


def text(name: str, length: int = 200) -> str:
    """A tidied text from the query string, cut to a number of characters."""
    return tidy(request.args.get(name, "")).strip()[:length].strip()


def choice(name: str, choices: Iterable[str], default: str = "") -> str:
    """One of the choices from the query string; the default if it is missing or anything else."""
    value = request.args.get(name, "")
    return value if value in choices else default


# Addresses


def see_other(address: str) -> AnyResponse:
    """The redirect (303) that follows a deed."""
    return redirect(address, SEE_OTHER)


def done(message: str, address: str) -> AnyResponse:
    """The same, with a message on the page there that says what was done."""
    flash(message, "message")
    return see_other(address)


def moved_permanently(address: str) -> AnyResponse:
    """The redirect (301) from an address that is no longer that of a page, such as one with a former name in it."""
    return redirect(address, MOVED_PERMANENTLY)


def safe_next(fallback: str = "/") -> str:
    """The `next` of the request if it is an address on this site, else the fallback."""
    target = request.values.get("next", "")
    return target if is_local(target) else fallback


def is_local(target: str) -> bool:
    """Whether an address is a path on this site that no browser can read as another host."""
    is_plain = target.isprintable() and "\\" not in target and " " not in target
    path = target.partition("?")[0].partition("#")[0]
    return is_plain and path.startswith("/") and "//" not in path and "/." not in path


def absolute(path: str) -> str:
    """The public address of a path, from FORUM_URL and never from the request's Host header."""
    return settings().url + path


def canonical(number: int = 1) -> str:
    """The public address of this page of a list, or of what has comments, without anything else of the query."""
    address = absolute(quote(request.path))
    return f"{address}?page={number}" if number > 1 else address


def here(**changes: Any) -> str:
    """The path of this page with some values of its query changed; None removes one.

    `url_for` cannot do this: it would take a name such as `endpoint` in the query for one of its own parameters.
    """
    values = {**request.args.to_dict(flat=False), **changes}
    query = urlencode({k: v for k, v in values.items() if v is not None}, doseq=True)
    return quote(request.path) + (f"?{query}" if query else "")


def page_here() -> str:
    """The address to which to come back: this page, or where it answers a form, the nearest that can be opened."""
    address = request.full_path.rstrip("?")
    return address if request.method == "GET" else nearest_page(address)


def nearest_page(address: str) -> str:
    """The address if a page can be opened there, else that of the nearest one above: `/topics/7` for `/topics/7/watch`."""
    path = address.partition("?")[0]
    if _is_page(path):
        return address
    while path := path.rpartition("/")[0]:
        if _is_page(path):
            return path
    return url_for("front.home")


def _is_page(path: str) -> bool:
    try:
        return bool(path and current_app.url_map.bind("").match(unquote(path), method="GET"))
    except HTTPException:
        return False


# The application


def depends_on(*scopes: str) -> None:
    """Name the scopes (`deeds.touches`) that the page of this request depends on, besides `EVERYTHING`.

    A page that does not call this depends on all that visitors see. Without scopes it depends on nothing that a reply, an
    edit or a mark changes.
    """
    request.environ[DEPENDS_ON] = scopes


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def provider_elsewhere() -> str:
    """The name of the OpenID provider with whose accounts people may sign in; empty when there is none."""
    return settings().provider_name


def cookie_name(name: str) -> str:
    """The full name of a cookie, with the prefix that browsers check (`__Host-`) where HTTPS is used."""
    return f"{settings().cookie_prefix}{name}"


def init_app(app: Flask, settings: Settings) -> None:
    """Configure an application: Flask's settings, its extensions, checks of each request, and what templates know."""
    app.extensions["settings"] = settings
    app.config.update(_config(settings))
    app.url_map.converters["int"] = IdConverter
    babel.init_app(app, locale_selector=_wanted_locale)
    babel.domain_instance = Catalogues()
    cast(TemplateEnvironment, app.jinja_env).wanted_locale = locale
    app.before_request(_refuse_cross_site)
    app.request_class = BoundedRequest
    app.session_interface = AgelessSessionInterface()
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = _csrf_token
    login.init_app(app)
    login.session_protection = None  # type: ignore[assignment]  # Flask-Login documents None as off
    app.before_request(_drop_nul)
    has_fonts = Path(app.static_folder or "", "fonts.css").is_file()
    # As globals, because imported macros do not see what a context processor gives
    app.jinja_env.globals.update(here=here, page_here=page_here, fonts=has_fonts)
    app.jinja_env.globals.update(provider_elsewhere=provider_elsewhere)
    app.jinja_env.globals.update(takes_pictures=settings.pictures_mb > 0)
    app.jinja_env.filters.update(
        capped=capped,
        decimal=format_decimal,
        excerpt=excerpt,
        prose=prose,
        month=month_in_words,
        tag=locales.tag,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_template_context)


class IdConverter(IntegerConverter):
    """A number in an address: ASCII digits only, and no larger than the databases' ids."""

    regex = "[0-9]+"

    def __init__(self, map: Any, **options: Any) -> None:
        super().__init__(map, max=options.pop("max", MAX_ID), **options)


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY,
        "MAX_FORM_PARTS": MAX_FORM_FIELDS,
        "SESSION_COOKIE_NAME": f"{settings.cookie_prefix}session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=180),  # the session on the server ends sooner
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
        "BABEL_DEFAULT_LOCALE": settings.locales[0],
    }


class Catalogues(Domain):
    """The translations of the interface."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Flask-Babel has no types

    def get_translations(self) -> NullTranslations:
        """Those in the language of the reader."""
        return locales.translations(locale())


def locale() -> str:
    """The language of the interface for whoever reads; English for nobody, such as a command."""
    return str(get_locale() or locales.SOURCE)


def offered_locale(wanted: str | None) -> str:
    """The language of the interface for somebody who once chose `wanted`: that one, or that of the forum."""
    return locales.best(wanted or "", "", settings().locales)


def _wanted_locale() -> Locale:
    """The language of the interface in this request; outside of one, such as in the worker, that of the forum."""
    offered = settings().locales
    if len(offered) == 1 or not has_request_context():
        return locales.parsed(offered[0])
    chosen = request.cookies.get(cookie_name(locales.COOKIE), "")
    accepted = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return locales.parsed(locales.best(chosen, accepted, offered))


def _template_context() -> dict[str, Any]:
    theme = request.cookies.get(cookie_name("theme"), "")
    return {
        "me": me(),
        "appearance": theme if theme in THEMES else "",
        "canonical": "" if _has_secret() else absolute(quote(request.path)),
        "absolute": absolute,
    }


def _csrf_token() -> str:
    """The token of a page's forms, of which a page has several: Flask-WTF reads its configuration again for each."""
    return cast(str, g.get("csrf_token") or generate_csrf())


def _has_secret() -> bool:
    """Whether the address holds the secret of a letter, which no link may repeat."""
    return "secret" in (request.view_args or {})


def _refuse_cross_site() -> None:
    """Refuse (403) a form that a page of another site sends, before its text could be given back.

    The browser has not sent our cookie along (SameSite), so that the answer could even end the reader's session.
    """
    if request.method == "POST" and is_cross_site():
        abort(FORBIDDEN)


def is_cross_site() -> bool:
    """Whether the browser says that a page of another site sends this request; an old browser may not say."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc not in (request.host, urlsplit(settings().url).netloc)


def _drop_nul() -> None:
    """Answer 404 to a path with a NUL in it, and drop NULs from query and form: no database stores one."""
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
