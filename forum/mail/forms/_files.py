"""How many files a person attached to a message."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from forum.mail.forms._headers import HEADER_ERRORS, header_of

# What programs attach automatically: signatures, encrypted messages, keys, visiting cards, and Outlook's formatting
ATTACHED_BY_PROGRAMS = {
    *("application/pgp-signature", "application/pgp-keys", "application/pgp-encrypted"),
    *("application/pkcs7-signature", "application/x-pkcs7-signature"),
    *("application/pkcs7-mime", "application/x-pkcs7-mime"),
    *("application/ms-tnef", "application/vnd.ms-tnef"),
    *("text/vcard", "text/x-vcard", "text/directory"),
}
# The names of such files, in case a server on the way has lost the type
NAMES_BY_PROGRAMS = {"winmail.dat", "smime.p7m", "smime.p7s"}
UNKNOWN_TYPE = "application/octet-stream"
# Smaller pictures belong to a signature: icons anywhere, logos within the text. A photograph or a screenshot that
# somebody pastes into the text is larger.
MAX_ICON, MAX_LOGO = 10_000, 100_000


def attached_files(message: EmailMessage) -> int:
    """How many files a person attached to a message, without what programs add and pictures in signatures."""
    text, found = message.get_body(("plain", "html")), 0
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop()
        if _content_type(part).startswith("multipart/") and part.is_multipart():
            waiting += part.get_payload()
        elif part is not text:  # a message inside counts as one file
            found += _is_attached(part)
    return found


def _is_attached(part: Any) -> bool:
    kind = _content_type(part)
    if kind in ATTACHED_BY_PROGRAMS:
        return False
    if kind == UNKNOWN_TYPE and _file_name(part).lower() in NAMES_BY_PROGRAMS:
        return False
    if kind.startswith("text/"):  # the same text in another format, unless it is a file
        return "attachment" in header_of(part, "Content-Disposition").lower()[:20] or bool(
            _file_name(part)
        )
    if kind.startswith("image/"):
        return _size(part) >= (MAX_LOGO if _is_within_text(part) else MAX_ICON)
    return True


def _content_type(part: Any) -> str:
    try:
        return str(part.get_content_type())
    except HEADER_ERRORS:
        return UNKNOWN_TYPE


def _file_name(part: Any) -> str:
    """The file name of a part; empty when it has none, or an unreadable one."""
    try:
        return str(part.get_filename() or "")
    except HEADER_ERRORS:
        return ""


def _is_within_text(part: Any) -> bool:
    """Whether a picture is inside the text of a message, which refers to it by its Content-ID (RFC 2392)."""
    is_attached = header_of(part, "Content-Disposition").lower().startswith("attachment")
    return bool(header_of(part, "Content-ID")) and not is_attached


def _size(part: Any) -> int:
    """About how many bytes a part has."""
    content = part.get_payload()
    size = len(content) if isinstance(content, str) else 0
    is_base64 = header_of(part, "Content-Transfer-Encoding").strip().lower() == "base64"
    return size * 3 // 4 if is_base64 else size
