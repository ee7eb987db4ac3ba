"""Uploaded files: their kind, determined from the content, their title, and their bytes in portions."""

from __future__ import annotations

import codecs
import html
import re
import secrets
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from io import SEEK_END
from mimetypes import MimeTypes
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from flask_babel import gettext as _

from forum.errors import Invalid
from forum.illustrations import FILE_KINDS, bytes_of, kind_of
from forum.plaintext import normalized
from forum.settings import MEGABYTE

FIELD = "picture"  # the name of the form field, for pictures and files
# Bytes that are in memory at once, and in one row of the database. Offsets in a file are computed from it, so it must
# not change
PORTION = 262_144
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "geojson": "application/geo+json",
}
ENDINGS = ",".join(f".{kind}" for kind in FILE_KINDS)  # for the `accept` of a field
TEXT_KINDS = ("csv", "txt", "geojson")  # kinds that only the file name can tell apart
OPEN_KINDS = {CONTENT_TYPES[kind]: kind for kind in ("odt", "ods", "odp")}
# The type of its main part that an Office file declares
OFFICE_KINDS = {f"{CONTENT_TYPES[kind]}.main+xml": kind for kind in ("docx", "xlsx", "pptx")}
PDF_BEGINS, ZIP_BEGINS = b"%PDF-", b"PK\x03\x04"
PICTURE_BEGINS = re.compile(rb"\xff\xd8|\x89PNG|GIF8|RIFF....WEBP|....ftyp", re.DOTALL)
PICTURE_BYTES = 12
USUAL_TYPES = MimeTypes()
# Limits of a ZIP file. Only the entry that declares its type is unpacked
MAX_ENTRIES, MAX_DIRECTORY, MAX_TOLD = 10_000, 2_000_000, 500_000
ZIP_END, ZIP_END_BYTES, ZIP64_LOCATOR = b"PK\x05\x06", 22, b"PK\x06\x07"
ZIP_TAIL = 70_000  # bytes in which the end and what is before it stand: more than `zipfile` looks back, even with a comment
ODD_ZIP = (
    *(BadZipFile, OSError, ValueError, KeyError, IndexError, EOFError),
    *(RuntimeError, NotImplementedError, struct.error, zlib.error),
)
# Names of entries with macros: in an Office file, and in an OpenDocument file, or one within it
MACROS = re.compile(
    r"(?:^|[/\\])(?:vba[^/\\]*\.bin$|(?:macrosheets|basic|scripts)[/\\].)", re.IGNORECASE
)
# What an Office file declares if it has macros, wherever they are in it
MACROS_TOLD = re.compile("macroenabled|vbaproject|macrosheet")
CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")  # control characters, which no text contains
FORBIDDEN_IN_NAMES = re.compile(r'[<>:"/\\|?*]')  # in at least one operating system
# The only invisible characters that are kept, because some scripts need them
JOINERS = "\u200c\u200d"
MAX_TITLE = 100  # characters


class SentFile(NamedTuple):
    """A file as it is stored: a new name that nobody can guess, the title under which browsers save it, and its bytes."""

    name: str
    title: str
    stream: IO[bytes]

    @property
    def size(self) -> int:
        """The size in bytes."""
        return bytes_of(self.name)

    def portions(self) -> Iterator[bytes]:
        """The bytes, in portions."""
        return portions_of(self.stream)


def may_be_file(stream: IO[bytes], filename: str) -> bool:
    """Whether an upload is a file rather than a picture, even of a kind that is not accepted."""
    stream.seek(0)
    begins = stream.read(PICTURE_BYTES)
    if PICTURE_BEGINS.match(begins):
        return False
    usual = USUAL_TYPES.guess_type(filename)[0] or "image"
    is_told = begins.startswith((PDF_BEGINS, ZIP_BEGINS))
    return is_told or ending_of(filename) in CONTENT_TYPES or not usual.startswith("image")


def ending_of(filename: str) -> str:
    """The ending of a file name, without the full stop, in lower case."""
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def examine(stream: IO[bytes], filename: str, most: int) -> SentFile:
    """Check an uploaded file; returns it as one of the accepted kinds.

    Raises `Invalid` if it is of no accepted kind, has macros, or is larger than `most` bytes.
    """
    size = stream.seek(0, SEEK_END)
    if size > most:
        raise Invalid(
            _(
                "This file has more than %(most)s MB. Make it smaller, or put it elsewhere and link to it.",
                most=most // MEGABYTE,
            ),
            FIELD,
        )
    kind = _kind(stream, ending_of(filename))
    name = f"{secrets.token_hex(12)}-{size}.{kind}"
    return SentFile(name, title_of(filename, kind), stream)


def is_as_named(name: str, stream: IO[bytes]) -> bool:
    """Whether an imported file has the kind and the size that its name states."""
    if stream.seek(0, SEEK_END) != bytes_of(name):
        return False
    try:
        return _kind(stream, kind_of(name)) == kind_of(name)
    except Invalid:
        return False


def title_of(filename: str, kind: str) -> str:
    """The title under which browsers save a file: the sender's file name, without characters that are forbidden somewhere."""
    last = normalized("NFC", filename.replace("\\", "/").rpartition("/")[2])
    stem = last.rpartition(".")[0] if ending_of(last) in CONTENT_TYPES else last
    seen = (c for c in stem if c in JOINERS or c.isspace() or unicodedata.category(c)[0] != "C")
    words = FORBIDDEN_IN_NAMES.sub(" ", "".join(seen)).split()
    return f"{' '.join(words)[:MAX_TITLE].strip(f' .{JOINERS}') or 'file'}.{kind}"


def portions_of(stream: IO[bytes]) -> Iterator[bytes]:
    """All bytes of a stream, in portions."""
    stream.seek(0)
    return iter(partial(stream.read, PORTION), b"")


def _kind(stream: IO[bytes], ending: str) -> str:
    """The kind of a file; raises `Invalid` if it is not accepted."""
    stream.seek(0)
    begins = stream.read(len(PDF_BEGINS))
    if begins == PDF_BEGINS:
        return "pdf"
    if begins.startswith(ZIP_BEGINS):
        return _kind_of_zip(stream)
    _require_text(stream, ending)
    return ending


def _kind_of_zip(stream: IO[bytes]) -> str:
    kind = ""
    if _is_short_zip(stream):
        with suppress(*ODD_ZIP), ZipFile(stream) as archive:
            kind = _kind_told(archive)
    if not kind:
        raise Invalid(
            _(
                "This is no OpenDocument, Word, Excel or PowerPoint file that can be read. Is it whole, and without a password?"
            ),
            FIELD,
        )
    return kind


def _is_short_zip(stream: IO[bytes]) -> bool:
    """Whether the directory of a ZIP file is short: it is read as a whole, and a long one could fill the memory."""
    size = stream.seek(0, SEEK_END)
    stream.seek(max(0, size - ZIP_TAIL))
    tail = stream.read()
    at = tail.rfind(ZIP_END)
    if at < 0 or len(tail) - at < ZIP_END_BYTES:
        return False
    entries, directory = struct.unpack_from("<HL", tail, at + 10)
    is_large = tail[max(0, at - 20) : at].startswith(ZIP64_LOCATOR)
    return not is_large and entries <= MAX_ENTRIES and directory <= MAX_DIRECTORY


def _kind_told(archive: ZipFile) -> str:
    """The kind that an archive declares for itself; empty if it declares none, or has two entries of one name."""
    names = archive.namelist()
    if len(set(names)) < len(names):  # programs differ in which of the two they read
        return ""
    if "mimetype" in names:
        kind = OPEN_KINDS.get(_told(archive, "mimetype").strip(), "")
        is_program = False
    elif "[Content_Types].xml" in names:
        told = html.unescape(_told(archive, "[Content_Types].xml"))
        kind = next((kind for main, kind in OFFICE_KINDS.items() if f'"{main}"' in told), "")
        is_program = MACROS_TOLD.search(told.lower()) is not None
    else:
        return ""
    if is_program or any(map(MACROS.search, names)):
        raise Invalid(
            _("This file has macros, which are programs. Save it without them, and add it again."),
            FIELD,
        )
    return kind


def _told(archive: ZipFile, name: str) -> str:
    entry = archive.getinfo(name)
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or entry.file_size > MAX_TOLD:
        return ""
    with archive.open(entry) as file:
        # With a number: without one everything is unpacked, however small the entry says that it is
        return file.read(MAX_TOLD).decode("utf-8", "replace")


def _require_text(stream: IO[bytes], ending: str) -> None:
    """Raise `Invalid` unless a file is text of the kind that its ending states; read in portions."""
    if ending not in TEXT_KINDS:
        raise Invalid(
            _(
                "No file of this kind can be added. Choose a PDF, an OpenDocument, Word, Excel or PowerPoint file (.odt, .ods, .odp, .docx, .xlsx, .pptx), a table as CSV, plain text or GeoJSON."
            ),
            FIELD,
        )
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    begins = ""
    with suppress(UnicodeDecodeError):
        for portion in portions_of(stream):
            text = decoder.decode(portion)
            if CONTROLS.search(text):
                break
            begins = begins or text.lstrip()[:1]
        else:
            decoder.decode(b"", final=True)
            if begins and (ending != "geojson" or begins == "{"):
                return
            raise Invalid(_("There is nothing in this file that could be read."), FIELD)
    raise Invalid(
        _("This text is not in UTF-8. Save it once more, and choose UTF-8 as its encoding."), FIELD
    )
