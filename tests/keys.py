"""A passkey in software (WebAuthn): valid answers of a browser, and manipulated ones."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url as b64

from forum.passkeys import Site

SITE = Site("http://localhost", "Interurban")
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40  # flags of authenticator data (WebAuthn, 6.1)


class SoftwarePasskey:
    """A P-256 key pair with a signature counter; `count=None` for one without a counter.

    `is_verifying`: it states that it has verified the user (PIN or biometrics).
    """

    def __init__(self, *, is_verifying: bool = True, count: int | None = 0) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.handle = b64(secrets.token_bytes(32))
        self.is_verifying, self.count = is_verifying, count

    def register(self, challenge: str, **change: Any) -> str:
        """The answer to `navigator.credentials.create`; `change` manipulates it."""
        data = (
            self._authenticator_data(ATTESTED, change)
            + bytes(16)
            + len(self.id).to_bytes(2, "big")
            + self.id
        )
        made = {"fmt": "none", "attStmt": {}, "authData": data + self._cose_public_key()}
        client = _client_data("webauthn.create", challenge, change)
        return self._answer(
            {"clientDataJSON": b64(client), "attestationObject": b64(cbor2.dumps(made))}
        )

    def authenticate(self, challenge: str, **change: Any) -> str:
        """The answer to `navigator.credentials.get`.

        `change` manipulates it: signer, flags, count, host, handle, or fields of the client data under `said`.
        """
        if self.count is not None:
            self.count += 1
        client = _client_data("webauthn.get", challenge, change)
        data = self._authenticator_data(0, change)
        signer = change.get("signer", self.private)
        signature = signer.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": change.get("handle", self.handle),
            }
        )

    def _answer(self, response: dict[str, Any]) -> str:
        said = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key"}
        return json.dumps({**said, "response": response})

    def _authenticator_data(self, flags: int, change: dict[str, Any]) -> bytes:
        host = sha256(change.get("host", SITE.host).encode()).digest()
        flags |= change.get("flags", PRESENT | (VERIFIED if self.is_verifying else 0))
        return host + bytes([flags]) + change.get("count", self.count or 0).to_bytes(4, "big")

    def _cose_public_key(self) -> bytes:
        point = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _client_data(kind: str, challenge: str, change: dict[str, Any]) -> bytes:
    said = {"type": kind, "challenge": challenge, "origin": SITE.origin, "crossOrigin": False}
    return json.dumps(said | change.get("said", {})).encode()
