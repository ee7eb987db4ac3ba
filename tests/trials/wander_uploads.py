"""The files that wanderers send: small pictures and documents, some broken; and a form with files as browsers send it."""

from __future__ import annotations

from functools import cache

from werkzeug.datastructures import Headers
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartEncoder, Preamble

from tests.samples_of_files import PDF, file_of
from tests.samples_of_pictures import picture

BOUNDARY = b"what-stands-between-two-fields"
ESCAPES = {"\r": "%0D", "\n": "%0A", '"': "%22"}  # in the names of files
MULTIPART = f"multipart/form-data; boundary={BOUNDARY.decode()}"


class Upload(bytes):
    """The content of a file that is chosen in a form, with its name; without either where none is."""

    filename: str

    def __new__(cls, content: bytes = b"", filename: str = "") -> Upload:
        """Name some content."""
        made = super().__new__(cls, content)
        made.filename = filename
        return made


@cache
def good_files() -> tuple[Upload, ...]:
    """Small pictures and files of kinds that the forum takes."""
    return (
        Upload(picture("PNG"), "street.png"),
        Upload(picture("JPEG", (90, 200)), "Ça marche.JPG"),
        Upload(picture("WEBP", (64, 64), "RGBA"), "mark.webp"),
        Upload(PDF, "Cross-section “of” the kerb.pdf"),
        Upload(file_of("csv"), "trees.csv"),
    )


@cache
def bad_files() -> tuple[Upload, ...]:
    """Files that are broken, or not what their names say, and names that nobody expects."""
    return (
        Upload(b"", "empty.png"),
        Upload(picture("PNG")[:40], "cut-off.png"),
        Upload(picture("PNG"), "picture.pdf"),
        Upload(PDF, "text.png"),
        Upload(PDF[:9], "half.pdf"),
        Upload(b"PK\x03\x04nothing", "empty.docx"),
        Upload(b"<svg onload='alert(1)'/>", "drawing.svg"),
        Upload(picture("PNG", (4_000, 2)), "line.png"),
        Upload(PDF, f"../../{'long' * 90}\u202e\r\n.pdf"),
    )


def in_parts(body: list[tuple[str, bytes]]) -> bytes:
    """The body of a form with files."""
    encoder = MultipartEncoder(BOUNDARY)
    sent = [encoder.send_event(Preamble(data=b""))]
    for name, value in body:
        sent.append(encoder.send_event(_head(name, value)))
        sent.append(encoder.send_event(Data(data=value, more_data=False)))
    return b"".join([*sent, encoder.send_event(Epilogue(data=b""))])


def _head(name: str, value: bytes) -> Field | File:
    if isinstance(value, Upload):
        filename = value.filename
        for letter, sent in ESCAPES.items():
            filename = filename.replace(letter, sent)
        return File(name=name, filename=filename, headers=Headers())
    return Field(name=name, headers=Headers())
