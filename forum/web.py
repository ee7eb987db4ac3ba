"""The current request: who asks, what the query string says, where answers lead, and in which language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from flask import current_app, flash, redirect, request, url_for
from flask_babel import get_locale
from flask_login import UserMixin, current_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from forum import locales
from forum.clock import now
from forum.deeds import has_acted
from forum.keptpages import DEPENDS_ON
from forum.permissions import VISITOR, Person
from forum.plaintext import tidy
from forum.settings import Settings

if TYPE_CHECKING:
    from forum.members.models import Member

NO_CONTENT, MOVED_PERMANENTLY, SEE_OTHER = 204, 301, 303
FORBIDDEN, CONFLICT, REFUSED, TOO_MANY = 403, 409, 422, 429
LARGEST_NUMBER = 999_999_999  # of nine digits, which `whole_number` takes
# The paper of the style sheet, which bars of browsers take on
THEME_COLORS = {"light": "#fcfdfd", "dark": "#10181c"}
PROOF_LIFETIME = timedelta(minutes=15)  # for which members need not prove again who they are


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
    """The redirect (303) that follows a deed, to a page with a message that says what was done."""
    flash(message, "message")
    return see_other(address)


def moved_permanently(address: str) -> AnyResponse:
    """The redirect (301) from an address that is no longer that of a page, such as one with a former name in it."""
    return redirect(address, MOVED_PERMANENTLY)


def moved_until_undone(address: str) -> AnyResponse:
    """The redirect (301) from an address that may be that of a page again: browsers do not remember it, as they else would.

    A title may be changed back, and a merger of topics undone.
    """
    response = moved_permanently(address)
    response.headers["Cache-Control"] = "no-cache"
    return response


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


def values_here(without: str) -> list[tuple[str, str]]:
    """Names and values in the query of this page, for a form that keeps them; all but those with the name `without`."""
    return [(name, value) for name, value in request.args.items(multi=True) if name != without]


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


def locale() -> str:
    """The language of the interface for whoever reads; English for nobody, such as a command."""
    return str(get_locale() or locales.SOURCE)


def offered_locale(wanted: str | None) -> str:
    """The language of the interface for somebody who once chose `wanted`: that one, or that of the forum."""
    return locales.best(wanted or "", "", settings().locales)


def is_cross_site() -> bool:
    """Whether the browser says that a page of another site sends this request; an old browser may not say."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc not in (request.host, urlsplit(settings().url).netloc)
