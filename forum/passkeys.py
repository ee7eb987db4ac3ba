"""Passkeys as browsers speak of them (WebAuthn), over py_webauthn: what a browser is asked, and what its answer is worth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from forum.lazy import library

# Signs of an answer; the longest real ones have some 8,000 (with an attestation).
LONGEST = 20_000
TIMEOUT = 5 * 60 * 1000  # milliseconds
PORTS = {"http": 80, "https": 443}
# As browsers name the ways to a key (WebAuthn, 5.8.4).
TRANSPORTS = {"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"}


class Refused(Exception):
    """An answer proves nothing; the words are for the log, never for the person."""


@dataclass(frozen=True)
class Site:
    """Whose passkeys these are, always by FORUM_URL and never by what a browser says."""

    url: str
    name: str

    @property
    def host(self) -> str:
        """The name that passkeys are bound to (RP ID)."""
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        """The origin whose pages may ask for them, as browsers write it."""
        parts = urlsplit(self.url)
        port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{parts.scheme}://{host}{port}"

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers offer passkeys here: on a host with a name, by https or on this very machine."""
        try:
            ip_address(self.host)
        except ValueError:
            return self.url.startswith("https:") or self.host == "localhost"
        return False


@dataclass(frozen=True)
class Known:
    """What is kept of a passkey to know it again; the texts are base64url."""

    credential_id: str
    public_key: str
    sign_count: int = 0
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owner:
    """Whose a new passkey is: `handle` is what the key calls its owner (base64url), the others are what people read."""

    handle: str
    email: str
    name: str


@dataclass(frozen=True)
class Answer:
    """What a browser has answered, as text, to a challenge that was its own to answer."""

    text: str
    challenge: str
    site: Site


@dataclass(frozen=True)
class Said:
    """What an answer says before anything of it is proved."""

    credential_id: str
    challenge: str
    user_handle: str


def _webauthn() -> Any:
    """py_webauthn, which with what it needs takes 26 MB."""
    return library("webauthn")


def coded(raw: bytes) -> str:
    """Bytes as they travel between us and a browser (base64url)."""
    return str(_webauthn().helpers.bytes_to_base64url(raw))


# What a browser is asked


def to_register(
    site: Site, challenge: bytes, owner: Owner, known: Iterable[Known]
) -> dict[str, Any]:
    """Ask for a new passkey, of another key than those that are known; for signing in alone it must be able to."""
    asked = _webauthn().generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=owner.email,
        user_id=_webauthn().helpers.base64url_to_bytes(owner.handle),
        user_display_name=owner.name,
        challenge=challenge,
        timeout=TIMEOUT,
        authenticator_selection=_webauthn().helpers.structs.AuthenticatorSelectionCriteria(
            resident_key=_webauthn().helpers.structs.ResidentKeyRequirement.PREFERRED,
            user_verification=_webauthn().helpers.structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_described(one) for one in known],
    )
    return dict(_webauthn().helpers.options_to_json_dict(asked))


def to_show(
    site: Site, challenge: bytes, known: Iterable[Known], *, is_alone: bool
) -> dict[str, Any]:
    """Ask for a passkey: one of the known, or any. `is_alone`: nothing else shows who it is, so the key must."""
    wish = _webauthn().helpers.structs.UserVerificationRequirement
    asked = _webauthn().generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=[_described(one) for one in known],
        user_verification=wish.REQUIRED if is_alone else wish.PREFERRED,
    )
    return dict(_webauthn().helpers.options_to_json_dict(asked))


def _described(known: Known) -> Any:
    ways = [
        _webauthn().helpers.structs.AuthenticatorTransport(way)
        for way in known.transports
        if way in TRANSPORTS
    ]
    return _webauthn().helpers.structs.PublicKeyCredentialDescriptor(
        id=_webauthn().helpers.base64url_to_bytes(known.credential_id), transports=ways or None
    )


# What the answer is worth


def said_in(text: str) -> Said:
    """Which passkey an answer speaks of, and to which challenge; raises `Refused` for what is no answer at all."""
    try:
        held = _held(text)
        client_data = json.loads(
            _webauthn().helpers.base64url_to_bytes(held["response"]["clientDataJSON"])
        )
        handle = held["response"].get("userHandle") or ""
        return Said(str(held["id"]), str(client_data["challenge"]), str(handle))
    except Exception as error:  # whatever somebody has made up: bytes, numbers, lists
        raise Refused(f"unreadable: {error!r:.200}") from error


def registered(answer: Answer) -> tuple[Known, bool]:
    """A new passkey that the browser proves to have, and whether it is kept in several devices at once."""
    try:
        made = _webauthn().verify_registration_response(
            credential=_held(answer.text),
            expected_challenge=_webauthn().helpers.base64url_to_bytes(answer.challenge),
            expected_rp_id=answer.site.host,
            expected_origin=answer.site.origin,
        )
    except Exception as error:  # the library's own, and those of what it reads with
        raise Refused(f"registration: {error!r:.200}") from error
    ways = _held(answer.text)["response"].get("transports")
    known = Known(
        coded(made.credential_id),
        coded(made.credential_public_key),
        made.sign_count,
        tuple(way for way in TRANSPORTS if isinstance(ways, list) and way in ways),
    )
    return known, made.credential_backed_up


def shown(answer: Answer, known: Known, *, is_alone: bool) -> int:
    """How often the passkey says that it was used, when the answer proves that it is there; else raises `Refused`."""
    try:
        proved = _webauthn().verify_authentication_response(
            credential=_held(answer.text),
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


def _held(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise ValueError("too long")
    return dict(json.loads(text))
