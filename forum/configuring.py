"""Flask as the forum uses it: configuration of Flask and its extensions, checks before each request, and template globals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, Request, Response, abort, g, has_request_context, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import Babel, Domain, format_decimal
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature
from markupsafe import Markup
from rjsmin import jsmin
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.security import safe_join

from forum import locales, web
from forum.clock import month_in_words
from forum.columns import MAX_ID
from forum.mentions import with_mentions_apart
from forum.pagecache import THEMES
from forum.pages import capped, counted
from forum.plaintext import excerpt, prose
from forum.sentfiles import ENDINGS
from forum.settings import Settings
from forum.templating import TemplateEnvironment

# Strings and addresses are matched as well, so that what looks like a comment within them is none
COMMENTS_OF_STYLES = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\burl\([^"')]*\))|/\*.*?\*/""", re.DOTALL
)
# Bytes: enough for a full practice, percent-encoded, at three bytes a letter
MAX_BODY = 2 * 1024 * 1024
# Bytes, at the addresses where pictures and files are uploaded: enough for a photograph from a phone. A file may have
# more
MAX_PICTURE_BODY = 12 * 1024 * 1024
AROUND_FILE = 100_000  # bytes that a form with a file has beside it, and a little more, so that a sentence refuses one
UPLOAD_PATHS = PICTURES_PATH, MARK_PATH, PROFILE_PATH = (
    "/pictures",
    "/administration/mark",
    "/settings",
)
MAX_FORM_FIELDS = 1_000  # of any form: the longest forms set the order of many rows
NUL = "\x00"
# HTML before and after the token of a form
TOKEN_FIELD = Markup('<input type="hidden" name="csrf_token" value="')
FIELD_END = Markup('">')
babel = Babel()
csrf = CSRFProtect()
login = LoginManager()


class LateRule(Rule):
    """A URL rule whose functions that build addresses are compiled when the first address is built.

    Werkzeug compiles two functions for each rule at the start. For 320 rules that took three quarters of
    `create_app`, and a process builds the addresses of only a few of them.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            compiled = super(LateRule, self)._compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", compiled)
            built: tuple[str, str] = compiled(**values)
            return built

        return build


def _short_style(style: str) -> str:
    """A style sheet without its comments and indentation; strings and addresses stay as they are."""
    bare = COMMENTS_OF_STYLES.sub(lambda found: found[1] or "", style)
    return "\n".join(line.strip() for line in bare.splitlines() if line.strip())


SHORTENED = {".js": (jsmin, "text/javascript"), ".css": (_short_style, "text/css")}


class Forum(Flask):
    """Flask with its own Jinja environment, without support for async views, and with `HEAD` answered as `GET`."""

    jinja_environment = TemplateEnvironment
    url_rule_class = LateRule

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request. `HEAD` is answered as `GET` without the content (RFC 9110, 9.3.2), so that no view acts on it.

        Names of hosts have no case (RFC 9110, 4.2.3), but Werkzeug compares them with those that may be asked for.
        """
        if host := environ.get("HTTP_HOST"):
            environ["HTTP_HOST"] = host.lower()
        if environ["REQUEST_METHOD"] != "HEAD":
            return super().wsgi_app(environ, start_response)
        asked = environ | {"REQUEST_METHOD": "GET", web.IS_HEAD: True}
        parts = super().wsgi_app(asked, start_response)
        if close := getattr(parts, "close", None):
            close()
        return []

    def send_static_file(self, filename: str) -> Any:
        """A file of `static/`; scripts and styles without their comments and indentation, which saves a sixth of their size."""
        path = safe_join(str(self.static_folder), filename)
        shortened = SHORTENED.get(Path(filename).suffix)
        if not shortened or not path or not Path(path).is_file():
            return super().send_static_file(filename)
        shorten, mimetype = shortened
        answer = Response(shorten(Path(path).read_text("utf-8")), mimetype=mimetype)
        answer.add_etag()
        return answer.make_conditional(request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view is a coroutine, and Flask would check that at each request."""
        return func


def init_app(app: Flask, settings: Settings) -> None:
    """Configure an application: Flask's settings, its extensions, checks of each request, and what templates know."""
    app.extensions["settings"] = settings
    app.config.update(_config(settings))
    app.url_map.converters["int"] = IdConverter
    app.request_class = BoundedRequest
    app.session_interface = AgelessSessionInterface()
    babel.init_app(app, locale_selector=_wanted_locale)
    babel.domain_instance = Catalogues()
    app.before_request(_refuse_long_address)
    app.before_request(_refuse_cross_site)
    csrf.init_app(app)
    login.init_app(app)
    login.session_protection = None  # type: ignore[assignment]  # Flask-Login documents None as off
    app.before_request(_drop_nul)
    app.context_processor(_template_context)
    _tell_templates(app, settings)


def _tell_templates(app: Flask, settings: Settings) -> None:
    """Set the globals and filters of templates: globals, because imported macros do not see what a context processor gives."""
    environment = cast(TemplateEnvironment, app.jinja_env)
    environment.wanted_locale = web.locale
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        token_field=_token_field,
        here=web.here,
        values_here=web.values_here,
        page_here=web.page_here,
        undo_offered=web.undo_offered,
        provider_elsewhere=web.provider_elsewhere,
        takes_mail=web.takes_mail,
        theme_colors=web.THEME_COLORS,
        fonts=Path(app.static_folder or "", "fonts.css").is_file(),
        site_url=settings.url,
        takes_pictures=settings.pictures_mb > 0,
        takes_files=settings.most_of_file > 0,
        file_mb=settings.file_mb,
        file_endings=f",{ENDINGS}" if settings.most_of_file else "",
    )
    environment.filters.update(
        capped=capped,
        counted=counted,
        decimal=format_decimal,
        excerpt=excerpt,
        prose=prose,
        month=month_in_words,
        tag=locales.tag,
        mentions_apart=with_mentions_apart,
    )


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


# Requests


class BoundedFormParser(FormDataParser):
    """Refuses (413) a form of more fields than `max_form_parts` in any encoding.

    Werkzeug counts the fields of multipart forms only. This bounds the size of pages that show a form again, or give its text back.
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
        rest, fields, files = super().parse(stream, mimetype, content_length, options)
        # Nothing reads a field without a name
        named = [field for field in fields.items(multi=True) if field[0] is not None]
        return rest, self.cls(named), files


class BoundedRequest(Request):
    """Flask's request, whose form has a bounded number of fields."""

    form_data_parser_class = BoundedFormParser

    @property
    def max_content_length(self) -> int | None:
        """How many bytes a body may have: more where pictures and files are uploaded."""
        is_file = self.path in UPLOAD_PATHS and self.mimetype == "multipart/form-data"
        return max_file_body(web.settings()) if is_file else super().max_content_length

    @max_content_length.setter
    def max_content_length(self, most: int | None) -> None:
        self._max_content_length = most


def max_file_body(settings: Settings) -> int:
    """How many bytes a body with a picture or file may have."""
    return max(MAX_PICTURE_BODY, settings.most_of_file + AROUND_FILE)


class IdConverter(IntegerConverter):
    """A converter for ids in addresses: ASCII digits only, and no larger than the databases' ids."""

    regex = "[0-9]+"

    def __init__(self, rules: Any, **options: Any) -> None:
        super().__init__(rules, max=options.pop("max", MAX_ID), **options)


def _refuse_long_address() -> None:
    """Refuse (414) an address that no page has, before anything of it is repeated."""
    if web.is_too_long():
        abort(web.TOO_LONG)


def _refuse_cross_site() -> None:
    """Refuse (403) a form that is sent by a page of another site, before its text could be given back.

    The browser has not sent our cookies along (SameSite), so the response could even end the reader's session.
    """
    if request.method == "POST" and web.is_cross_site():
        abort(web.FORBIDDEN)


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


# Cookies


class AgelessSessionInterface(SecureCookieSessionInterface):
    """Signed cookies whose age is not checked: the session on the server decides how long it lasts.

    If the server's clock is set back, all cookies seem to come from the future: they would count as forged and be
    replaced, and everybody who opens a page meanwhile would stay signed out after the clock is right again.
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


# Languages


class Catalogues(Domain):
    """The translations of the interface."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Flask-Babel has no types

    def get_translations(self) -> NullTranslations:
        """The translations in the language of the reader."""
        return locales.translations(web.locale())


def _wanted_locale() -> Locale:
    """The language of the interface in this request; outside of a request, such as in the worker, that of the forum."""
    offered = web.settings().locales
    if len(offered) == 1 or not has_request_context():
        return locales.parsed(offered[0])
    chosen = request.cookies.get(web.cookie_name(locales.COOKIE), "")
    accepted = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return locales.parsed(locales.best(chosen, accepted, offered))


# What templates know


def _template_context() -> dict[str, Any]:
    theme = request.cookies.get(web.cookie_name("theme"), "")
    return {
        "me": web.me(),
        "appearance": theme if theme in THEMES else "",
        "canonical": ""
        if _has_secret() or web.is_too_long()
        else web.absolute(quote(request.path)),
        "absolute": web.absolute,
    }


def _token_field() -> Markup:
    """The hidden field with the CSRF token, for forms that have only buttons.

    A page has several such forms, and Flask-WTF would read its configuration again for each.
    """
    token: str = g.get("csrf_token") or generate_csrf()
    return TOKEN_FIELD + token + FIELD_END


def _has_secret() -> bool:
    """Whether the address contains the secret of a letter, which no link may repeat."""
    return "secret" in (request.view_args or {})
