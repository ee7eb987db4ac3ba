"""Pages that the processes of one server lay out for one another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forum import shelf
from forum.shelf import LARGEST, PLACES, Shelf, Shelved, _server, shelf_in

PLAIN = [("Content-Type", "text/html; charset=utf-8"), ("Vary", "Cookie, Accept-Encoding")]
PAGE = Shelved(
    'W/"1"',
    ("topic 7", "everything"),
    {"everything": 3},
    {"rendered": (PLAIN, b"<p>\n\xc3\xa9</p>"), "br": ([*PLAIN, ("X", "é")], b"\n\x00\xff")},
)
KEY = ("/topics", "kind=question", "localhost", "http", "")


def test_what_one_has_put_there_another_finds(tmp_path: Path) -> None:
    Shelf(tmp_path / "pages" / "7").put(KEY, PAGE)
    other = Shelf(tmp_path / "pages" / "7")
    assert other.get(KEY) == PAGE
    assert other.get((*KEY[:4], "dark")) is None
    other.put(KEY, PAGE._replace(etag="another"))
    found = other.get(KEY)
    assert found and found.etag == "another"
    assert other.folder.stat().st_mode & 0o077 == 0


def test_of_two_pages_in_one_place_the_last_is_there(tmp_path: Path) -> None:
    one = Shelf(tmp_path)
    keys = [(f"/topics/{number}",) for number in range(PLACES + 1)]
    for key in keys:
        one.put(key, PAGE)
    found = [key for key in keys if one.get(key)]
    assert keys[-1] in found and 1 < len(found) <= PLACES
    assert len(list(tmp_path.iterdir())) == len(found)


def test_a_page_that_is_large_is_not_laid_out(tmp_path: Path) -> None:
    Shelf(tmp_path).put(KEY, PAGE._replace(forms={"rendered": (PLAIN, b"x" * (LARGEST + 1))}))
    assert Shelf(tmp_path).get(KEY) is None


@pytest.mark.parametrize("written", [b"", b"[1]\n", b"3\n", b"{\n", b"[1, 2, 3, 4, 5]\nx"])
def test_what_nobody_can_read_is_not_there(tmp_path: Path, written: bytes) -> None:
    one = Shelf(tmp_path)
    one.put(KEY, PAGE)
    (place,) = tmp_path.iterdir()
    place.write_bytes(written)
    assert one.get(KEY) is None


def test_without_room_there_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = Shelf(tmp_path / "file")
    one.put(KEY, PAGE)
    assert one.get(KEY) is None
    full = Shelf(tmp_path / "full")
    full.put(KEY, PAGE)
    (place,) = full.folder.iterdir()
    place.unlink()
    place.mkdir()  # nothing can take its place
    full.put(KEY, PAGE)
    assert full.get(KEY) is None and list(full.folder.iterdir()) == [place]


def test_the_pages_of_a_server_go_when_it_has_gone(tmp_path: Path) -> None:
    own = shelf_in(tmp_path)
    assert own and own.folder.name.startswith(f"{os.getppid()}-")
    own.put(KEY, PAGE)
    server, _dot, state = own.folder.name.partition(".")
    gone = server.replace(str(os.getppid()), "999999999", 1)
    begun_again = f"{os.getppid()}-1-{server.partition('-')[2]}"
    neighbour = f"{_server(os.getpid())}.{state}"
    for name in (
        f"{gone}.{state}",
        f"{begun_again}.{state}",
        f"{server}.older",
        neighbour,
        "notes",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "007").touch()
    again = shelf_in(tmp_path)
    assert again and again.get(KEY) == PAGE, "a process that is started again finds them"
    left = {folder.name for folder in tmp_path.iterdir()}
    assert left == {own.folder.name, neighbour, "notes"}


def test_other_code_has_another_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    (code / "templates").mkdir(parents=True)
    page = code / "templates" / "page.html"
    page.write_text("One")
    monkeypatch.setattr(shelf, "TOP", code)
    folders = []
    for words in ("One", "Another", None):
        if words:
            page.write_text(words)
        else:
            (code / "templates" / "page.pyc").write_bytes(b"made by Python")
        again = shelf_in(tmp_path / "pages")
        assert again
        folders.append(again.folder)
    assert folders[0] != folders[1] == folders[2]


def test_where_nothing_tells_whose_child_one_is_there_is_no_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "PROCESSES", tmp_path / "nowhere")
    assert shelf_in(tmp_path) is None
