"""An OpenID provider, asked in bounded time: Authorization Code with PKCE, state and nonce (OpenID Connect Core 1.0).

Only the issuer's own host is asked. The provider's word counts when its signature, issuer, audience, nonce and time
are right, by Authlib and joserfc.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from forum.lazy import library

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid profile email"
# Signatures that only the provider can make; never "none", and no secret that both sides know.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
SECONDS, LARGEST, PART = 5.0, 200_000, 8_192
LEEWAY = 60  # seconds by which the clocks may differ
LINE, SUBJECT = 200, 255  # signs; the standard allows a subject no more
LOCAL = ("localhost", "127.0.0.1", "::1")
KEPT_SECONDS = 300.0
ITSELF, KEYS = "itself", "keys"  # what is kept of a provider
AT_ONCE, WAITS_SECONDS = (
    2,
    1.0,
)  # so many of a process ask at once, so that a provider that hangs holds up no reader

_asking = threading.BoundedSemaphore(AT_ONCE)
_kept: dict[tuple[Provider, str], tuple[float, Mapping[str, Any]]] = {}


class Away(Exception):
    """The provider does not answer, or not as a provider does: the person can only try again later."""


class Unproved(Exception):
    """What came back does not prove anything: forged, too old, meant for somebody else, or refused by the person."""


@dataclass(frozen=True)
class Provider:
    """Where people sign in, and how the provider knows us."""

    issuer: str
    client_id: str
    client_secret: str = ""

    @property
    def is_safe(self) -> bool:
        """Whether nobody on the way can read along: by https, or on this machine."""
        where = urlsplit(self.issuer)
        return where.scheme == "https" or where.hostname in LOCAL


@dataclass(frozen=True)
class Said:
    """What the provider says of a person."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    is_verified: bool = False
    signed_in_at: int = 0


def begin(provider: Provider, back: str, *, is_anew: bool = False) -> tuple[str, dict[str, str]]:
    """Where to send somebody, and what their browser has to keep until they come back to the address `back`.

    `is_anew` asks the provider for a sign-in of this moment, to show who sits at the screen.
    """
    known = _known(provider)
    kept = {
        name: library("authlib.common.security").generate_token(48)
        for name in ("state", "nonce", "verifier")
    }
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": SCOPE,
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": library("authlib.oauth2.rfc7636").create_s256_code_challenge(
            kept["verifier"]
        ),
        "code_challenge_method": "S256",
    }
    if is_anew:
        asked |= {"prompt": "login", "max_age": "0"}
    door = _address(known, "authorization_endpoint")
    if urlsplit(door).scheme != urlsplit(provider.issuer).scheme:
        raise Away("its door is not as safe as its name")
    address = library("authlib.common.urls").add_params_to_uri(door, list(asked.items()))
    return str(address), kept


def finish(provider: Provider, kept: Mapping[str, str], came: Mapping[str, str], back: str) -> Said:
    """What the provider says of whoever has come back. Raises `Unproved` or `Away`."""
    _check_way(provider, kept, came)
    known = _known(provider)
    token = _token(provider, known, came["code"], kept["verifier"], back)
    claims = _claims(provider, known, token, kept["nonce"])
    told = (
        claims if claims.get("email") else {**_userinfo(provider, known, token, claims), **claims}
    )
    return Said(
        issuer=provider.issuer,
        subject=claims["sub"],
        name=_line(told.get("name")),
        email=_line(told.get("email")),
        is_verified=told.get("email_verified") is True,
        signed_in_at=_second(claims.get("auth_time")),
    )


def _check_way(provider: Provider, kept: Mapping[str, str], came: Mapping[str, str]) -> None:
    """Whether who comes back is who went, from this provider (RFC 9207), and said yes there."""
    state = kept.get("state", "")
    if not state or not hmac.compare_digest(state.encode(), came.get("state", "").encode()):
        raise Unproved("another state")
    if came.get("iss", provider.issuer) != provider.issuer:
        raise Unproved("another issuer")
    if came.get("error") or not came.get("code"):
        raise Unproved("refused there")


def _token(
    provider: Provider, known: Mapping[str, Any], code: str, verifier: str, back: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if provider.client_secret and "client_secret_basic" in ways:
        words = map(quote_plus, (provider.client_id, provider.client_secret))
        headers |= library("urllib3").make_headers(basic_auth=":".join(words))
    else:
        form["client_id"] = provider.client_id
        form |= {"client_secret": provider.client_secret} if provider.client_secret else {}
    status, answer = _ask(
        provider, "POST", _address(known, "token_endpoint"), headers, urlencode(form)
    )
    if answer.get("error") == "invalid_grant":
        raise Unproved("the code is worth nothing")
    if status != 200 or not isinstance(answer.get("id_token"), str):
        raise Away(f"it gave no token but {status}, {_line(answer.get('error')) or 'no reason'}")
    return answer


def _claims(
    provider: Provider, known: Mapping[str, Any], token: Mapping[str, Any], nonce: str
) -> dict[str, Any]:
    """What the signed token says, once everything about it is right."""
    if keys := _kept_of(provider, KEYS):
        with suppress(Unproved):  # it may sign with a new key since then
            return _right(provider, token, nonce, keys)
    keys = _read(provider, _address(known, "jwks_uri"))
    claims = _right(provider, token, nonce, keys)
    _keep(provider, KEYS, keys)
    return claims


def _right(
    provider: Provider, token: Mapping[str, Any], nonce: str, keys: Mapping[str, Any]
) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed."""
    wanted: Any = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    about = {"nonce": nonce, "client_id": provider.client_id}
    if isinstance(token.get("access_token"), str):
        about["access_token"] = token["access_token"]
    try:
        key_set = library("joserfc.jwk").KeySet.import_key_set(keys)
        read = library("joserfc.jwt").decode(
            token["id_token"], key_set, algorithms=list(ALGORITHMS)
        )
        claims = library("authlib.oidc.core").CodeIDToken(read.claims, read.header, wanted, about)
        claims.validate(leeway=LEEWAY)
    except (
        Exception
    ) as error:  # whatever a stranger's token or key breaks in a library, it proves nothing
        raise Unproved(f"the token is not right: {type(error).__name__}") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT:
        raise Unproved("the token names nobody")
    return dict(claims)


def _userinfo(
    provider: Provider,
    known: Mapping[str, Any],
    token: Mapping[str, Any],
    claims: Mapping[str, Any],
) -> Mapping[str, Any]:
    """What the provider tells beside the token, of the same person."""
    if "userinfo_endpoint" not in known or not token.get("access_token"):
        return {}
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    status, told = _ask(provider, "GET", _address(known, "userinfo_endpoint"), headers)
    if status != 200:
        return {}
    if told.get("sub") != claims["sub"]:
        raise Unproved("it speaks of somebody else")
    return told


def _second(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _line(value: Any) -> str:
    return " ".join(value.split())[:LINE] if isinstance(value, str) else ""


# Asking


def _known(provider: Provider) -> Mapping[str, Any]:
    """What the provider says of itself; it has to be who we take it for."""
    if not provider.is_safe:
        raise Away("it is not asked without https")
    if known := _kept_of(provider, ITSELF):
        return known
    known = _read(provider, provider.issuer.rstrip("/") + DISCOVERY)
    if known.get("issuer") != provider.issuer:
        raise Away("it calls itself otherwise")
    _keep(provider, ITSELF, known)
    return known


def _address(known: Mapping[str, Any], name: str) -> str:
    """One of the provider's addresses, when it is one."""
    address = known.get(name)
    try:
        is_one = isinstance(address, str) and address.isprintable() and urlsplit(address).netloc
    except ValueError:
        is_one = False
    if not is_one:
        raise Away(f"it names no {name}")
    return str(address)


def _read(provider: Provider, address: str) -> Mapping[str, Any]:
    status, answer = _ask(provider, "GET", address)
    if status != 200:
        raise Away(f"it answers {status}")
    return answer


def _keep(provider: Provider, what: str, answer: Mapping[str, Any]) -> None:
    """Keep for a while what was right, and is the same for everybody."""
    _kept[provider, what] = (time.monotonic() + KEPT_SECONDS, answer)


def _kept_of(provider: Provider, what: str) -> Mapping[str, Any] | None:
    until, answer = _kept.get((provider, what), (0.0, None))
    return answer if time.monotonic() < until else None


def _ask(
    provider: Provider,
    method: str,
    address: str,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of an answer; nothing is asked of another host, and nowhere is gone on to."""
    if urlsplit(address)[:2] != urlsplit(provider.issuer)[:2]:
        raise Away("it sends us to another host")
    if not _asking.acquire(timeout=WAITS_SECONDS):
        raise Away("others wait for it already")
    try:
        return _asked(method, address, {"Accept": "application/json", **(headers or {})}, body)
    finally:
        _asking.release()


def _asked(
    method: str, address: str, headers: Mapping[str, str], body: str | None
) -> tuple[int, dict[str, Any]]:
    until = time.monotonic() + SECONDS
    try:
        with library("urllib3").PoolManager(num_pools=1) as pool:
            answer = pool.request(
                method,
                address,
                headers=headers,
                body=body,
                timeout=library("urllib3").Timeout(total=SECONDS),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return answer.status, _json(_within(answer, until))
            finally:
                answer.close()
    except (library("urllib3").exceptions.HTTPError, OSError) as error:
        raise Away(type(error).__name__) from error


def _within(answer: Any, until: float) -> bytes:
    """The whole answer, as long as it is small and comes in time."""
    read = b""
    while part := answer.read1(PART):
        read += part
        if len(read) > LARGEST or time.monotonic() > until:
            raise Away("it says too much, or too slowly")
    return read


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Away("it does not answer in JSON") from error
    if not isinstance(said, dict):
        raise Away("it does not answer with an object")
    return said
