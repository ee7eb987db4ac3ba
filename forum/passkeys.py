"""Passkeys (WebAuthn), with py_webauthn: the options for a browser, and the verification of its response."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from forum.lazy import library

# Characters; the longest real responses have about 8,000 (with an attestation).
MAX_ANSWER_LENGTH = 20_000
BASE64URL = re.compile("[A-Za-z0-9_-]+=*")
TIMEOUT_MS = 5 * 60 * 1000
DEFAULT_PORTS = {"http": 80, "https": 443}
# The values of AuthenticatorTransport (WebAuthn, 5.8.4)
TRANSPORTS = {"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"}


class Refused(Exception):
    """A response is invalid; the message is for the log, never for the person."""


@dataclass(frozen=True)
class Site:
    """The relying party: from FORUM_URL, and never from what a browser says."""

    url: str
    name: str

    @property
    def host(self) -> str:
        """The host name that passkeys are bound to (RP ID)."""
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        """The origin whose pages may ask for passkeys, as browsers write it."""
        parts = urlsplit(self.url)
        port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{parts.scheme}://{host}{port}"

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers support passkeys here: on a host with a name over HTTPS, or on localhost."""
        try:
            ip_address(self.host)
        except ValueError:
            return self.url.startswith("https:") or self.host == "localhost"
        return False


@dataclass(frozen=True)
class Credential:
    """What is stored of a passkey; id and public key in base64url."""

    credential_id: str
    public_key: str
    sign_count: int = 0
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owner:
    """The owner of a new passkey: `handle` is the user handle (base64url); e-mail address and name are for people."""

    handle: str
    email: str
    name: str


@dataclass(frozen=True)
class Answer:
    """The JSON with which a browser has responded to a challenge."""

    text: str
    challenge: str
    site: Site


@dataclass(frozen=True)
class UnverifiedClaims:
    """The claims of a response, before any of them is verified."""

    credential_id: str
    challenge: str
    user_handle: str


def _webauthn() -> Any:
    """py_webauthn, loaded when it is first needed: with its dependencies it takes 26 MB."""
    return library("webauthn")


def base64url(raw: bytes) -> str:
    """Bytes in base64url without padding, as browsers take and send them."""
    return str(_webauthn().helpers.bytes_to_base64url(raw))


# Options for the browser


def registration_options(
    site: Site, challenge: bytes, owner: Owner, known: Iterable[Credential]
) -> dict[str, Any]:
    """The options (JSON) for a new passkey, on another authenticator than those of `known`; discoverable if possible."""
    asked = _webauthn().generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=owner.email,
        user_id=_webauthn().helpers.base64url_to_bytes(owner.handle),
        user_display_name=owner.name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=_webauthn().helpers.structs.AuthenticatorSelectionCriteria(
            resident_key=_webauthn().helpers.structs.ResidentKeyRequirement.PREFERRED,
            user_verification=_webauthn().helpers.structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_descriptor(passkey) for passkey in known],
    )
    return dict(_webauthn().helpers.options_to_json_dict(asked))


def authentication_options(
    site: Site, challenge: bytes, known: Iterable[Credential], *, is_alone: bool
) -> dict[str, Any]:
    """The options (JSON) for signing in with one of the passkeys `known`, or with any if there are none.

    `is_alone`: the passkey is the only factor, so that the authenticator must verify the user.
    """
    wish = _webauthn().helpers.structs.UserVerificationRequirement
    asked = _webauthn().generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[_descriptor(passkey) for passkey in known],
        user_verification=wish.REQUIRED if is_alone else wish.PREFERRED,
    )
    return dict(_webauthn().helpers.options_to_json_dict(asked))


def _descriptor(known: Credential) -> Any:
    ways = [
        _webauthn().helpers.structs.AuthenticatorTransport(way)
        for way in known.transports
        if way in TRANSPORTS
    ]
    return _webauthn().helpers.structs.PublicKeyCredentialDescriptor(
        id=_webauthn().helpers.base64url_to_bytes(known.credential_id), transports=ways or None
    )


# Verification of the answer


def unverified_claims(text: str) -> UnverifiedClaims:
    """Which passkey and which challenge a response names; raises `Refused` if it is malformed."""
    try:
        held = _parse(text)
        client_data = _client_data(held)
        handle = held["response"].get("userHandle") or ""
        said = UnverifiedClaims(str(held["id"]), str(client_data["challenge"]), str(handle))
    except Exception as error:  # anybody can send anything: bytes, numbers, lists
        raise Refused(f"unreadable: {error!r:.200}") from error
    # What is no base64url, such as a NUL, could not even be looked for in every database
    if not BASE64URL.fullmatch(said.credential_id) or not BASE64URL.fullmatch(said.challenge):
        raise Refused("an id or a challenge that nobody was given")
    return said


def verify_registration(answer: Answer) -> tuple[Credential, bool]:
    """The new passkey, and whether it is synced to several devices; raises `Refused` if the response is invalid."""
    try:
        made = _webauthn().verify_registration_response(
            credential=_parse_unframed(answer.text),
            expected_challenge=_webauthn().helpers.base64url_to_bytes(answer.challenge),
            expected_rp_id=answer.site.host,
            expected_origin=answer.site.origin,
        )
    except Exception as error:  # exceptions of the library, and of the parsers that it uses
        raise Refused(f"registration: {error!r:.200}") from error
    ways = _parse(answer.text)["response"].get("transports")
    known = Credential(
        base64url(made.credential_id),
        base64url(made.credential_public_key),
        made.sign_count,
        tuple(way for way in TRANSPORTS if isinstance(ways, list) and way in ways),
    )
    return known, made.credential_backed_up


def verify_authentication(answer: Answer, known: Credential, *, is_alone: bool) -> int:
    """The passkey's new signature counter; raises `Refused` if the response is invalid."""
    try:
        proved = _webauthn().verify_authentication_response(
            credential=_parse_unframed(answer.text),
            expected_challenge=_webauthn().helpers.base64url_to_bytes(answer.challenge),
            expected_rp_id=answer.site.host,
            expected_origin=answer.site.origin,
            credential_public_key=_webauthn().helpers.base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=is_alone,
        )
    except Exception as error:  # as above
        raise Refused(f"assertion: {error!r:.200}") from error
    return int(proved.new_sign_count)


def _parse_unframed(text: str) -> dict[str, Any]:
    """What was answered in a page of the forum's own, and in no frame of another site.

    The library leaves that to us (Web Authentication, 7.1 and 7.2: `crossOrigin`); browsers that respect our headers
    show no page of ours in such a frame.
    """
    held = _parse(text)
    if _client_data(held).get("crossOrigin"):
        raise ValueError("in a frame of another site")
    return held


def _client_data(held: dict[str, Any]) -> dict[str, Any]:
    raw = _webauthn().helpers.base64url_to_bytes(held["response"]["clientDataJSON"])
    return dict(json.loads(raw))


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_ANSWER_LENGTH:
        raise ValueError("too long")
    return dict(json.loads(text))
