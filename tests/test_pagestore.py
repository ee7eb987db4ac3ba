"""Pages that the processes of one server share."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from forum import pagestore
from forum.pagestore import MAX_BYTES, SLOTS, PageStore, StoredPage, _process_identity, open_store

PLAIN = [("Content-Type", "text/html; charset=utf-8"), ("Vary", "Cookie, Accept-Encoding")]
PAGE = StoredPage(
    PLAIN,
    'W/"1"',
    ("topic 7", "everything"),
    {"everything": 3},
    {"br": ([*PLAIN, ("X", "é")], b"\n\x00\xff"), "": (PLAIN, b"")},
)
KEY = ("/topics", "kind=question", "localhost", "http", "")


def test_what_one_has_put_there_another_finds(tmp_path: Path) -> None:
    PageStore(tmp_path / "pages" / "7").put(KEY, PAGE)
    other = PageStore(tmp_path / "pages" / "7")
    assert other.get(KEY) == PAGE
    assert other.get((*KEY[:4], "dark")) is None
    other.put(KEY, PAGE._replace(etag="another"))
    found = other.get(KEY)
    assert found and found.etag == "another"
    assert other.folder.stat().st_mode & 0o077 == 0


def test_of_two_pages_in_one_place_the_last_is_there(tmp_path: Path) -> None:
    one = PageStore(tmp_path)
    keys = [(f"/topics/{number}",) for number in range(SLOTS + 1)]
    for key in keys:
        one.put(key, PAGE)
    found = [key for key in keys if one.get(key)]
    assert keys[-1] in found and 1 < len(found) <= SLOTS
    assert len(list(tmp_path.iterdir())) == len(found)


def test_a_page_that_is_large_is_not_laid_out(tmp_path: Path) -> None:
    PageStore(tmp_path).put(KEY, PAGE._replace(encoded={"": (PLAIN, b"x" * (MAX_BYTES + 1))}))
    assert PageStore(tmp_path).get(KEY) is None


def test_what_is_not_a_whole_page_is_not_there(tmp_path: Path) -> None:
    one = PageStore(tmp_path)
    one.put(KEY, PAGE)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    head, _sign, bodies = whole.partition(b"\n")
    parts = json.loads(head)
    odd = [b"", head, whole[:-1], whole + b"x", whole[: len(head) // 2], b"[" * 100_000 + whole]
    for number in range(1, len(parts)):
        for value in (None, 3, "x", [], [[None]], {}):
            changed = [*parts[:number], value, *parts[number + 1 :]]
            odd.append(b"\n".join([json.dumps(changed).encode(), bodies]))
    for written in [*odd, b"[3]", b"3", b"[" + b"[" * 100_000]:
        path.write_bytes(written)
        found = one.get(KEY)
        assert found is None or found.encoded == PAGE.encoded, written[:200]
    path.write_bytes(whole)
    assert one.get(KEY) == PAGE


def test_without_room_there_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = PageStore(tmp_path / "file")
    one.put(KEY, PAGE)
    assert one.get(KEY) is None
    full = PageStore(tmp_path / "full")
    full.put(KEY, PAGE)
    (path,) = full.folder.iterdir()
    path.unlink()
    path.mkdir()  # a folder, which no file can replace
    full.put(KEY, PAGE)
    assert full.get(KEY) is None and list(full.folder.iterdir()) == [path]


def test_the_pages_of_a_server_go_when_it_has_gone(tmp_path: Path) -> None:
    own = open_store(tmp_path)
    assert own and own.folder.name.startswith(f"{os.getppid()}-")
    own.put(KEY, PAGE)
    server, _dot, state = own.folder.name.partition(".")
    gone = server.replace(str(os.getppid()), "999999999", 1)
    begun_again = f"{os.getppid()}-1-{server.partition('-')[2]}"
    neighbour = f"{_process_identity(os.getpid())}.{state}"
    for name in (
        f"{gone}.{state}",
        f"{begun_again}.{state}",
        f"{server}.older",
        neighbour,
        "notes",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "007").touch()
    again = open_store(tmp_path)
    assert again and again.get(KEY) == PAGE, "a process that is started again finds them"
    left = {folder.name for folder in tmp_path.iterdir()}
    assert left == {own.folder.name, neighbour, "notes"}


def test_other_code_has_another_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    (code / "templates").mkdir(parents=True)
    page = code / "templates" / "page.html"
    page.write_text("One")
    monkeypatch.setattr(pagestore, "TOP", code)
    folders = []
    for words in ("One", "Another", None):
        if words:
            page.write_text(words)
        else:
            (code / "templates" / "__pycache__").mkdir()
            (code / "templates" / "__pycache__" / "page.pyc").write_bytes(b"made by Python")
        again = open_store(tmp_path / "pages")
        assert again
        folders.append(again.folder)
    assert folders[0] != folders[1] == folders[2]


def test_where_nothing_tells_whose_child_one_is_there_is_no_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagestore, "PROC", tmp_path / "nowhere")
    assert open_store(tmp_path) is None


def test_a_parent_of_any_name_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes, own = tmp_path / "proc", tmp_path / "proc" / str(os.getppid())
    own.mkdir(parents=True)
    (processes / "sys/kernel/random").mkdir(parents=True)
    (processes / "sys/kernel/random/boot_id").write_text("boot\n")
    monkeypatch.setattr(pagestore, "PROC", processes)
    (own / "stat").write_bytes(b"7 (a \xc3) S" + b" 1" * 18 + b" 99 0")
    again = open_store(tmp_path / "pages")
    assert again and again.folder.name.startswith(f"{os.getppid()}-99-boot.")
    (own / "stat").write_bytes(b"")
    assert open_store(tmp_path / "pages") is None


def test_folders_of_libraries_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's Python lists a folder that does not exist."""
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path / "nowhere"), str(tmp_path)])
    assert open_store(tmp_path / "pages")
