"""A client of an OpenID provider: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0).

Requests go only to the issuer's own host, and take bounded time. A token is accepted if Authlib and joserfc find its
signature, issuer, audience, nonce and time correct.
"""

from __future__ import annotations

import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from forum import outbound
from forum.lazy import library
from forum.plaintext import on_one_line

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid profile email"
# Asymmetric signatures, which only the provider can make: never "none", nor HMAC with the shared client secret
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
TIMEOUT_SECONDS, MAX_RESPONSE_BYTES, CHUNK_BYTES = 5.0, 200_000, 8_192
IN_PATHS = "/%:@!$&'()*+,;=~-._?"  # characters that stay as they are in a path or a query
CLOCK_SKEW_SECONDS = 60  # by which the two clocks may differ
MAX_LINE, MAX_SUBJECT = 200, 255  # characters; the standard limits a subject to 255
MAX_LONG_LINE = 1_000  # characters that are read of what becomes a line
VISIBLE = re.compile("[!-~]+")  # ASCII
KEY_TYPES = ("RSA", "EC", "OKP")
PUBLIC_PARTS = ("kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y")
LOCAL = ("localhost", "127.0.0.1", "::1")
CACHE_SECONDS = 300.0
METADATA, KEYS = "metadata", "keys"  # what is cached of a provider
# Concurrent requests of a process, and how long further ones wait: a provider that hangs must not block readers.
MAX_CONCURRENT, WAIT_SECONDS = 2, 1.0

_slots = threading.BoundedSemaphore(MAX_CONCURRENT)
_cache: dict[tuple[Provider, str], tuple[float, Mapping[str, Any]]] = {}


class ProviderUnavailable(Exception):
    """The provider does not answer, or violates the standard; the person can only try again later."""


class InvalidResponse(Exception):
    """The response is not valid: it is forged, too old or for somebody else, or the person refused."""


@dataclass(frozen=True)
class Provider:
    """A provider, and the forum's credentials there."""

    issuer: str
    client_id: str
    client_secret: str = ""

    @property
    def is_safe(self) -> bool:
        """Whether nobody can intercept the connection: it uses HTTPS, or stays on this machine."""
        address = urlsplit(self.issuer)
        return address.scheme == "https" or address.hostname in LOCAL


@dataclass(frozen=True)
class Identity:
    """What the provider says about a person; `signed_in_at` in seconds since the epoch, 0 if it does not say."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    is_verified: bool = False
    signed_in_at: int = 0


def begin(provider: Provider, back: str, *, is_anew: bool = False) -> tuple[str, dict[str, str]]:
    """Begin to sign somebody in: the address to redirect to, and the values to keep in their session for `finish`.

    `back` is the redirect URI. `is_anew` asks the provider to authenticate the person again, even if they are signed
    in there. Raises `ProviderUnavailable`.
    """
    metadata = _metadata(provider)
    kept = {
        name: library("authlib.common.security").generate_token(48)
        for name in ("state", "nonce", "verifier")
    }
    query = {
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
        query |= {"prompt": "login", "max_age": "0"}
    endpoint = _endpoint(metadata, "authorization_endpoint")
    if urlsplit(endpoint).scheme != urlsplit(provider.issuer).scheme:
        raise ProviderUnavailable("its endpoint is not as safe as its name")
    address = library("authlib.common.urls").add_params_to_uri(endpoint, list(query.items()))
    return str(address), kept


def finish(
    provider: Provider, kept: Mapping[str, str], query: Mapping[str, str], back: str
) -> Identity:
    """The identity of a person who has come back, from the values of `begin` and the query of the redirect URI `back`.

    Raises `InvalidResponse` or `ProviderUnavailable`.
    """
    _check_callback(provider, kept, query)
    metadata = _metadata(provider)
    token = _token(provider, metadata, query["code"], kept["verifier"], back)
    claims = _claims(provider, metadata, token, kept["nonce"])
    about = claims if claims.get("email") else _userinfo(provider, metadata, token, claims)
    return Identity(
        issuer=provider.issuer,
        subject=claims["sub"],
        name=_single_line(claims.get("name") or about.get("name")),
        email=_email(about.get("email")),  # and of the same answer whether it is verified
        is_verified=about.get("email_verified") is True,
        signed_in_at=_timestamp(claims.get("auth_time")),
    )


def _check_callback(provider: Provider, kept: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Raise `InvalidResponse` unless the same browser comes back, from this provider (RFC 9207), with a code."""
    state = kept.get("state", "")
    if not state or not hmac.compare_digest(state.encode(), query.get("state", "").encode()):
        raise InvalidResponse("another state")
    if query.get("iss", provider.issuer) != provider.issuer:
        raise InvalidResponse("another issuer")
    if query.get("error") or not query.get("code"):
        raise InvalidResponse("refused there")


def _token(
    provider: Provider, metadata: Mapping[str, Any], code: str, verifier: str, back: str
) -> dict[str, Any]:
    """The token response for a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    methods = metadata.get("token_endpoint_auth_methods_supported")
    if not isinstance(methods, list) or not methods:
        methods = ["client_secret_basic"]  # which it has if it names none
    if provider.client_secret and "client_secret_basic" in methods:
        credentials = map(quote_plus, (provider.client_id, provider.client_secret))
        headers |= library("urllib3").make_headers(basic_auth=":".join(credentials))
    else:
        form["client_id"] = provider.client_id
        form |= {"client_secret": provider.client_secret} if provider.client_secret else {}
    endpoint = _endpoint(metadata, "token_endpoint")
    status, answer = _fetch(provider, "POST", endpoint, headers, urlencode(form))
    if answer.get("error") == "invalid_grant":
        raise InvalidResponse("the code is worth nothing")
    if status != 200 or not isinstance(answer.get("id_token"), str):
        raise ProviderUnavailable(
            f"it gave no token but {status}, {_single_line(answer.get('error')) or 'no reason'}"
        )
    return answer


def _claims(
    provider: Provider, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str
) -> dict[str, Any]:
    """The verified claims of the ID token; the provider's keys are fetched if none of the cached ones fits."""
    if keys := _cached(provider, KEYS):
        with suppress(InvalidResponse):  # the provider may have a new key
            return _verified_claims(provider, token, nonce, keys)
    keys = _get(provider, _endpoint(metadata, "jwks_uri"))
    claims = _verified_claims(provider, token, nonce, keys)
    _put_in_cache(provider, KEYS, keys)
    return claims


def _verified_claims(
    provider: Provider, token: Mapping[str, Any], nonce: str, keys: Mapping[str, Any]
) -> dict[str, Any]:
    """The claims of an ID token that one of the keys has signed; raises `InvalidResponse`."""
    required: Any = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    params = {"nonce": nonce, "client_id": provider.client_id}
    if isinstance(token.get("access_token"), str):
        params["access_token"] = token["access_token"]
    try:
        key_set = library("joserfc.jwk").KeySet.import_key_set({"keys": _public_keys(keys)})
        decoded = library("joserfc.jwt").decode(
            token["id_token"], key_set, algorithms=list(ALGORITHMS)
        )
        claims = library("authlib.oidc.core").CodeIDToken(
            decoded.claims, decoded.header, required, params
        )
        claims.validate(leeway=CLOCK_SKEW_SECONDS)
    except Exception as error:
        # Token and keys come from outside and may make a library fail in any way
        raise InvalidResponse(f"the token is not right: {type(error).__name__}") from error
    subject = claims["sub"]
    # No NUL: not every database keeps it
    is_name = isinstance(subject, str) and subject.isprintable()
    if not is_name or not 0 < len(subject) <= MAX_SUBJECT:
        raise InvalidResponse("the token names nobody")
    return dict(claims)


def _public_keys(keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The public part of those keys that may sign a token.

    A private part has no place here (RFC 7517, 9.2), and a library would look for its primes: that can take seconds.
    """
    found = keys.get("keys")
    return [
        {name: value for name, value in key.items() if name in PUBLIC_PARTS}
        for key in (found if isinstance(found, list) else [])
        if isinstance(key, dict) and key.get("kty") in KEY_TYPES
    ]


def _userinfo(
    provider: Provider,
    metadata: Mapping[str, Any],
    token: Mapping[str, Any],
    claims: Mapping[str, Any],
) -> dict[str, Any]:
    """What the provider's UserInfo endpoint, if it has one, says about the person of the token."""
    access = token.get("access_token")
    # One that cannot stand in a header is none (RFC 6750, 2.1)
    if "userinfo_endpoint" not in metadata or not (
        isinstance(access, str) and VISIBLE.fullmatch(access)
    ):
        return {}
    headers = {"Authorization": f"Bearer {access}"}
    status, about = _fetch(provider, "GET", _endpoint(metadata, "userinfo_endpoint"), headers)
    if status != 200:
        return {}
    if about.get("sub") != claims["sub"]:
        raise InvalidResponse("it speaks of somebody else")
    return about


def _timestamp(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _single_line(value: Any) -> str:
    return on_one_line(value[:MAX_LONG_LINE])[:MAX_LINE] if isinstance(value, str) else ""


def _email(value: Any) -> str:
    """An e-mail address; empty if it would have to be changed to be one, because it might become somebody else's."""
    line = _single_line(value)
    return line if line and line.isprintable() and line == value.strip() else ""


# Requests to the provider


def _metadata(provider: Provider) -> Mapping[str, Any]:
    """The provider's metadata (OpenID Connect Discovery 1.0), which must name the issuer that was asked."""
    if not provider.is_safe:
        raise ProviderUnavailable("it is not asked without https")
    if cached := _cached(provider, METADATA):
        return cached
    metadata = _get(provider, provider.issuer.rstrip("/") + DISCOVERY)
    if metadata.get("issuer") != provider.issuer:
        raise ProviderUnavailable("it calls itself otherwise")
    _put_in_cache(provider, METADATA, metadata)
    return metadata


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    """A URL from the provider's metadata; raises `ProviderUnavailable` if it is missing or no URL."""
    address = metadata.get(name)
    try:
        is_url = isinstance(address, str) and address.isprintable() and _has_host(address)
    except ValueError:
        is_url = False
    if not is_url:
        raise ProviderUnavailable(f"it names no {name}")
    return str(address)


def _has_host(address: str) -> bool:
    parts = urlsplit(address)
    # Reading the port raises `ValueError` if it is none
    return bool(parts.netloc) and parts.port != 0


def _get(provider: Provider, address: str) -> Mapping[str, Any]:
    status, answer = _fetch(provider, "GET", address)
    if status != 200:
        raise ProviderUnavailable(f"it answers {status}")
    return answer


def _put_in_cache(provider: Provider, what: str, answer: Mapping[str, Any]) -> None:
    """Cache a valid answer that is the same for everybody, for `CACHE_SECONDS`."""
    _cache[provider, what] = (time.monotonic() + CACHE_SECONDS, answer)


def _cached(provider: Provider, what: str) -> Mapping[str, Any] | None:
    until, answer = _cache.get((provider, what), (0.0, None))
    return answer if time.monotonic() < until else None


def _fetch(
    provider: Provider,
    method: str,
    address: str,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of a response. Requests to other hosts are refused, and redirects not followed."""
    if urlsplit(address)[:2] != urlsplit(provider.issuer)[:2]:
        raise ProviderUnavailable("it sends us to another host")
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise ProviderUnavailable("others wait for it already")
    try:
        return _request(method, address, {"Accept": "application/json", **(headers or {})}, body)
    finally:
        _slots.release()


def _request(
    method: str, address: str, headers: Mapping[str, str], body: str | None
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of a response, whatever is sent slowly: handshake, header or body."""
    until = time.monotonic() + TIMEOUT_SECONDS
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    path = quote(parts.path or "/", safe=IN_PATHS)
    query = f"?{quote(parts.query, safe=IN_PATHS)}" if parts.query else ""
    told = {"Host": parts.netloc, "User-Agent": outbound.AGENT, "Connection": "close", **headers}
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_SECONDS) as plain,
            outbound.ended(plain, until),
            outbound.secured(plain, parts.scheme, host) as connection,
        ):
            # Not urllib3: its connections cannot be ended from outside in the middle of a header
            asking = library("http.client").HTTPConnection(host, port)
            asking.sock = connection
            asking.request(method, path + query, body, told)
            answer = asking.getresponse()
            return answer.status, _parse_object(_read_body(answer, until))
    except (OSError, ValueError, library("http.client").HTTPException) as error:
        raise ProviderUnavailable(type(error).__name__) from error


def _read_body(answer: Any, until: float) -> bytes:
    """The body of a response; raises `ProviderUnavailable` if it is too large, or not there at the time `until`."""
    body = b""
    while chunk := answer.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES or time.monotonic() > until:
            raise ProviderUnavailable("it says too much, or too slowly")
    if (
        time.monotonic() > until
    ):  # then the connection was ended here, and what came may be half of it
        raise ProviderUnavailable("it says too much, or too slowly")
    return body


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailable("it does not answer in JSON") from error
    if not isinstance(value, dict):
        raise ProviderUnavailable("it does not answer with an object")
    return value
