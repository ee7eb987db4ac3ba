"""Small files for tests, as members send them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from forum.sentfiles import CONTENT_TYPES, OFFICE_KINDS

PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
CSV = "street;trees\nČeská;12\n".encode()
MAINS = {kind: main for main, kind in OFFICE_KINDS.items()}


def archive(entries: Mapping[str, str], how: int = ZIP_DEFLATED) -> bytes:
    """A ZIP file with some entries."""
    made = BytesIO()
    with ZipFile(made, "w", how) as file:
        for name, text in entries.items():
            # With the default date of 1980, so that the bytes are always the same
            file.writestr(ZipInfo(name), text, how)
    return made.getvalue()


def open_document(kind: str = "odt", **more: str) -> bytes:
    """An OpenDocument file; `more` are further entries."""
    return archive({"mimetype": CONTENT_TYPES[kind], "content.xml": "<a/>", **more})


def office(kind: str = "docx", main: str = "", more_told: str = "", **more: str) -> bytes:
    """A Word, Excel or PowerPoint file; `main` is the content type of its main part, `more` are further entries.

    `more_told` is the declaration of another part.
    """
    told = f'<Override PartName="/a.xml" ContentType="{main or MAINS[kind]}"/>'
    if more_told:
        told += f'<Override PartName="/b.bin" ContentType="{more_told}"/>'
    told = f"<Types>{told}</Types>"
    return archive({"[Content_Types].xml": told, "a.xml": "<a/>", **more})


def file_of(kind: str) -> bytes:
    """A file of a kind."""
    if kind in ("odt", "ods", "odp"):
        return open_document(kind)
    if kind in MAINS:
        return office(kind)
    return {"pdf": PDF, "geojson": b' {"type": "FeatureCollection", "features": []}'}.get(kind, CSV)
