"""Files that members send: which kinds are accepted, by their content, and under which names they are saved."""

from __future__ import annotations

import re
import struct
import tracemalloc
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_BZIP2, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import Invalid
from forum.illustrations import FILE_KINDS, FILE_NAME
from forum.sentfiles import (
    CONTENT_TYPES,
    MAX_DIRECTORY,
    MAX_ENTRIES,
    MAX_TOLD,
    PORTION,
    examine,
    is_as_named,
    may_be_file,
    title_of,
)
from tests.samples_of_files import CSV, MAINS, PDF, archive, file_of, office, open_document
from tests.samples_of_pictures import picture

MOST = 10_000_000
NO_OFFICE, MACROS, NO_UTF8, NOTHING = "be read. Is it whole", "macros", "UTF-8", "nothing in this"
OTHER_KIND = "No file of this kind"
MACRO_MAIN = "application/vnd.ms-word.document.macroEnabled.main+xml"


def examined(data, filename="a"):
    return examine(BytesIO(data), filename, MOST)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_each_kind_is_told_by_what_a_file_holds(kind):
    data = file_of(kind)
    sent = examined(data, f"Kerb.{kind}")
    assert sent.name.endswith(f"-{len(data)}.{kind}") and sent.title == f"Kerb.{kind}"
    assert b"".join(sent.portions()) == data == b"".join(sent.portions())
    assert may_be_file(BytesIO(data), f"a.{kind}") and kind in CONTENT_TYPES
    assert is_as_named(sent.name, BytesIO(data))
    assert not is_as_named(sent.name, BytesIO(data + b"x"))


def test_names_cannot_be_guessed():
    assert len({examined(PDF).name for _ in range(9)}) == 9


@pytest.mark.parametrize(
    ("data", "filename", "kind"),
    [(PDF, "a.docx", "pdf"), (office("xlsx"), "a.pdf", "xlsx"), (open_document("ods"), "a", "ods")],
)
def test_the_ending_of_a_name_means_nothing_where_the_file_says_what_it_is(data, filename, kind):
    assert examined(data, filename).title == f"a.{kind}"


@pytest.mark.parametrize(
    ("data", "filename", "said"),
    [
        (b"", "a.csv", NOTHING),
        (b"\xef\xbb\xbf \n", "a.txt", NOTHING),
        (b"[1]", "a.geojson", NOTHING),
        (b"<p>Kerb</p>", "a.html", OTHER_KIND),
        (b"<svg/>", "a.svg", OTHER_KIND),
        (b"Kerb", "txt", OTHER_KIND),
        (b"MZ\x90\x00", "a.exe", OTHER_KIND),
        (b"MZ\x90\x00", "a.csv", NO_UTF8),
        ("Straße".encode("latin-1"), "a.csv", NO_UTF8),
        ("Straße".encode("utf-16"), "a.csv", NO_UTF8),
        ("Straße".encode()[:-2] + b"\xc3", "a.csv", NO_UTF8),
        (b"a\x00b", "a.txt", NO_UTF8),
        (b"\n%PDF-1.4", "a.pdf", OTHER_KIND),
        (archive({"a.txt": "Kerb"}), "a.docx", NO_OFFICE),
        (office()[:-30], "a.docx", NO_OFFICE),
        (b"PK\x03\x04", "a.docx", NO_OFFICE),
        (archive({"mimetype": f"{CONTENT_TYPES['odt']}-template"}), "a.ott", NO_OFFICE),
        (archive({"mimetype": "text/html"}), "a.odt", NO_OFFICE),
        (archive({"mimetype": CONTENT_TYPES["odt"]}, ZIP_BZIP2), "a.odt", NO_OFFICE),
        (office(main="application/vnd.ms-excel.sheet.binary.macroless"), "a.xlsb", NO_OFFICE),
        (office(**{"word/vbaProject.bin": "x"}), "a.docx", MACROS),
        (office(**{"word/VBADATA.BIN": "x"}), "a.docx", MACROS),
        (office(main=MACRO_MAIN), "a.docm", MACROS),
        (office(main=MACRO_MAIN.replace("E", "&#69;"), more_told=MAINS["docx"]), "a.docx", MACROS),
        (office(more_told="application/vnd.ms-office.vbaProject"), "a.docx", MACROS),
        (office(more_told="application/vnd.ms-excel.macrosheet+xml"), "a.xlsx", MACROS),
        (office(more_told=" " * MAX_TOLD + MACRO_MAIN), "a.docx", NO_OFFICE),
        (office(**{"word\\vbaProject.bin": "x"}), "a.docx", MACROS),
        (office("xlsx", **{"xl/macrosheets/sheet1.xml": "x"}), "a.xlsx", MACROS),
        (open_document(**{"Basic/Standard/Module1.xml": "x"}), "a.odt", MACROS),
        (open_document(**{"Object 1/Basic/Standard/Module1.xml": "x"}), "a.odt", MACROS),
        (open_document(**{"Scripts/python/a.py": "x"}), "a.odt", MACROS),
    ],
)
def test_anything_else_is_refused_with_a_sentence(data, filename, said):
    with pytest.raises(Invalid, match=said) as refused:
        examined(data, filename)
    assert refused.value.field == "picture"


def test_what_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(Invalid, match="more than 10 MB"):
        examined(PDF + b" " * MOST)


def test_a_letter_that_two_portions_share_is_a_letter():
    data = b"a" * (PORTION - 1) + "é".encode() + b"a" * PORTION
    assert list(map(len, examined(data, "a.txt").portions())) == [PORTION, PORTION, 1]


def test_an_archive_that_says_too_much_is_not_read():
    """Reading each of these would take too much memory or time."""
    many = archive({f"{number}": "" for number in range(MAX_ENTRIES + 1)})
    with pytest.raises(Invalid, match=NO_OFFICE):
        examined(many)
    whole = bytearray(office())
    struct.pack_into("<L", whole, whole.rfind(b"PK\x05\x06") + 12, MAX_DIRECTORY + 1)
    with pytest.raises(Invalid, match=NO_OFFICE):
        examined(bytes(whole))
    end = office()
    at = end.rfind(b"PK\x05\x06")
    with pytest.raises(Invalid, match=NO_OFFICE):
        examined(end[:at] + b"PK\x06\x07" + bytes(16) + end[at:])


@pytest.mark.parametrize("length", [0, 65_515, 65_516, 65_535, 65_536])
def test_no_comment_moves_the_long_directory_of_an_archive_out_of_sight(length):
    whole = office()
    at = whole.rfind(b"PK\x05\x06")
    entries, size, start = struct.unpack_from("<H2L", whole, at + 10)
    directory = struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, entries, entries, size, start)
    located = b"PK\x06\x06" + directory + b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
    comment = struct.pack("<H", min(length, 65_535)) + bytes(length)
    with pytest.raises(Invalid, match=NO_OFFICE):
        examined(whole[:at] + located + whole[at:-2] + comment)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_says_two_things_is_no_office_file():
    made = BytesIO(office(main=MACRO_MAIN))
    with ZipFile(BytesIO(office())) as other, ZipFile(made, "a") as file:
        file.writestr("[Content_Types].xml", other.read("[Content_Types].xml"))
    with pytest.raises(Invalid, match=NO_OFFICE):
        examined(made.getvalue(), "a.docx")


def test_a_bomb_is_not_unpacked():
    bomb = office(**{"word/document.xml": "0" * 300_000_000})
    assert len(bomb) < 1_000_000
    large = archive({"mimetype": "0" * 300_000_000})
    tracemalloc.start()
    try:
        assert examined(bomb).name.endswith(".docx")
        with pytest.raises(Invalid, match=NO_OFFICE):
            examined(large)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000


def test_a_bomb_that_says_it_is_small_is_not_unpacked_either():
    for name in ("mimetype", "[Content_Types].xml"):
        bomb = archive({name: "a" * 40_000_000})
        large, small = struct.pack("<L", 40_000_000), struct.pack("<L", 1_000)
        assert bomb.count(large) == 2
        tracemalloc.start()
        try:
            with pytest.raises(Invalid):
                examined(bomb.replace(large, small), "a.docx")
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.txt", "a", "a.docx"]))
def test_any_bytes_are_taken_or_refused(data, filename):
    for begins in (b"", b"%PDF-", b"PK\x03\x04"):
        try:
            sent = examined(begins + data, filename)
        except Invalid:
            continue
        assert is_as_named(sent.name, sent.stream)


def test_an_archive_with_any_fault_is_taken_or_refused():
    data = office()
    for at in range(len(data)):
        spoilt = data[:at] + bytes([data[at] ^ 0xFF, 0xFF]) + data[at + 2 :]
        with suppress(Invalid):
            assert examined(spoilt, "a.docx").name.endswith("docx")


def test_a_picture_is_taken_for_one():
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "AVIF"):
        assert not may_be_file(BytesIO(picture(kind)), "a.pdf")
    for filename in ("a.png", "a.heic", "a.svg", "picture", ""):
        assert not may_be_file(BytesIO(b"none"), filename)
    for filename in ("a.html", "a.doc", "a.exe", "a.mp4", "a.docx"):
        assert may_be_file(BytesIO(b"none"), filename)


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("Cross-section of the kerb.pdf", "Cross-section of the kerb.pdf"),
        ("C:\\Users\\ana\\Tender 2026.PDF", "Tender 2026.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("a.b.docx", "a.b.pdf"),
        ("v1.2", "v1.2.pdf"),
        (".pdf", "file.pdf"),
        ("", "file.pdf"),
        ('a"\r\nX-Evil: 1;.pdf', "a X-Evil 1;.pdf"),
        ("report\u202efdp.exe", "reportfdp.exe.pdf"),
        ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),
        ("Cafe\u0301.pdf", "Café.pdf"),
        (" . . .pdf", "file.pdf"),
        ("\u200c\u200d.pdf", "file.pdf"),
        ("x" * 500 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_a_file_is_saved_under_a_name_that_every_system_can_have(filename, title):
    assert title_of(filename, "pdf") == title


def test_the_name_in_addresses_has_a_form_of_its_own():
    assert re.fullmatch(FILE_NAME, examined(CSV, "a.csv").name)
