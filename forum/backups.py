"""A backup: one file with the database, the secret key and a manifest, verified by restoring it once."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from forum.copies import Contents, Copier, Note
from forum.errors import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
# Files besides the database that cannot be recreated; losing the counters of the rate limits does no harm.
KEY = "secret-key"
DATA_FILES = (KEY, "demo-people.txt")
CHUNK_BYTES, SYNC_BYTES = 1 << 20, 8 << 20


@dataclass(frozen=True)
class Manifest:
    """The description of a backup, in the backup. `files` are its other files with their SHA-256."""

    format: int
    made_at: str
    version: str
    database: str
    schema: list[str]
    counts: dict[str, int]
    files: dict[str, str]


def make(
    copier: Copier, data: Path, target: Path, version: str, note: Note, *, secret_key: str
) -> tuple[Manifest, list[str]]:
    """Write a backup, verify it by restoring it, and only then move it to `target`.

    The file with the secret key is left out if it contains another key than `secret_key`, which then comes from
    FORUM_SECRET_KEY. Returns the manifest, and remarks about faults that can be repaired. Raises `Refusal`, and
    `OSError` when the disk is full; then an earlier backup at the target is unchanged.
    """
    with workshop(target) as folder:
        found = copier.copy(folder / copier.file, note)
        if not any(found.counts.values()):
            raise Refusal("The database is empty.")
        for name in DATA_FILES:
            if (data / name).exists() and (name != KEY or _has_content(data / name, secret_key)):
                shutil.copyfile(data / name, folder / name)
        manifest = _manifest(copier, found, version, folder)
        archive = folder / "archive"
        _pack(archive, folder, manifest)
        remarks = _verify(copier, archive, folder, found)
        archive.replace(target)
        synchronise(target.parent)
    return manifest, remarks


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A private folder beside the target in which to build it, locked for one process; remains of a killed process are deleted.

    The caller moves the finished file to the target. Raises `Refusal` while another process works there.
    """
    folder = target.with_name(f".{target.name}.partial")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        words = "Make it first, and let the user that runs the forum write there."
        raise Refusal(f"There is no folder {target.parent}. {words}") from None
    except PermissionError as error:  # of the folder around it
        raise PermissionError(error.errno, error.strerror, str(target.parent)) from error
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(f"Somebody writes {target} already: that is under way.") from None
        _sweep(folder)
        try:
            yield folder
        finally:
            _sweep(folder)
            with suppress(OSError):
                folder.rmdir()
    finally:
        os.close(held)


def abandoned(folder: Path) -> list[Path]:
    """The folders that killed backups and restores have left in `folder`: workshops that no process has locked."""
    return sorted(path for path in folder.glob(".*.partial") if not _is_in_use(path))


def delete_abandoned(folder: Path) -> None:
    """Delete the folders that `abandoned` finds."""
    for path in abandoned(folder):
        with suppress(Refusal), workshop(folder / path.name[1:].removesuffix(".partial")):
            pass  # entering deletes its content, and leaving the folder itself


def _is_in_use(workshop: Path) -> bool:
    held = os.open(workshop, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


def _sweep(folder: Path) -> None:
    for made in folder.iterdir():
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()


def _manifest(copier: Copier, found: Contents, version: str, folder: Path) -> Manifest:
    files = {file.name: _digest(file) for file in sorted(folder.iterdir())}
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(FORMAT, made_at, version, copier.kind, found.schema, found.counts, files)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(archive: Path, folder: Path, manifest: Manifest) -> None:
    """Write the archive, the manifest first; uncompressed for PostgreSQL, whose dumps are compressed already."""
    words = json.dumps(asdict(manifest), indent=1).encode()
    with archive.open("xb") as file:
        archive.chmod(0o600)
        with _writing(SyncingWriter(file), is_compressed=manifest.database == "sqlite") as tar:
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(words)
            tar.addfile(entry, io.BytesIO(words))
            for name in manifest.files:
                tar.add(folder / name, name)
                (folder / name).unlink()
        file.flush()
        os.fsync(file.fileno())


class SyncingWriter:
    """A file that is synced every few megabytes: syncing it all at once would delay the commits of others."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.waiting = 0

    def write(self, piece: bytes) -> int:
        """Write bytes, and sync the file if enough of them are unsynced."""
        self.waiting += len(piece)
        if self.waiting > SYNC_BYTES:
            self.file.flush()
            os.fdatasync(self.file.fileno())
            self.waiting = 0
        return self.file.write(piece)

    def flush(self) -> None:
        """Flush Python's buffer."""
        self.file.flush()


@contextmanager
def _writing(file: Any, is_compressed: bool) -> Iterator[tarfile.TarFile]:
    if not is_compressed:
        with tarfile.open(fileobj=file, mode="w|") as tar:
            yield tar
        return
    with gzip.GzipFile("", "wb", 1, file) as small, tarfile.open(fileobj=small, mode="w|") as tar:
        yield tar


def _verify(copier: Copier, archive: Path, folder: Path, found: Contents) -> list[str]:
    """Restore the database from the archive, and compare it with what was copied; returns remarks."""
    unpack(archive, folder)
    restored, remarks = copier.examine(folder / copier.file)
    if restored != found:
        raise Refusal("The copy does not hold what the database held.")
    return remarks


def synchronise(path: Path) -> None:
    """Sync a file, or a folder after renames in it, so that a power failure cannot undo them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unpack(source: Path, folder: Path) -> Manifest:
    """Extract a backup into a folder and check every file against the manifest; raises `Refusal`."""
    try:
        with source.open("rb") as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            manifest = _read_manifest(tar)
            while entry := tar.next():
                _extract(tar, entry, folder, manifest)
    except (tarfile.TarError, EOFError, zlib.error, KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{source} is not a backup, or it is damaged.") from error
    if missing := [name for name in manifest.files if not (folder / name).exists()]:
        raise Refusal(f"{source} is damaged: it has lost {', '.join(missing)}.")
    return manifest


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    entry = tar.next()
    if entry is None or entry.name != MANIFEST or not (file := tar.extractfile(entry)):
        raise ValueError("no manifest")
    found = json.load(file)
    # First, because a newer format may have other fields
    if found["format"] != FORMAT:
        raise Refusal(NEWER.format(version=found.get("version", "unknown")))
    manifest = Manifest(**found)
    if not set(manifest.files) <= {"forum.sqlite", "forum.dump", *DATA_FILES}:
        raise ValueError("names that no backup has")
    return manifest


def _extract(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, manifest: Manifest
) -> None:
    file, digest = tar.extractfile(entry), hashlib.sha256()
    if file is None or entry.name not in manifest.files:
        raise ValueError("a file that the manifest does not name")
    with (folder / entry.name).open("xb") as plain:
        (folder / entry.name).chmod(0o600)
        out = SyncingWriter(plain)
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
            out.write(piece)
    if digest.hexdigest() != manifest.files[entry.name]:
        raise Refusal(f"{entry.name} in the backup is damaged: its checksum is wrong.")


def put_back(
    copier: Copier, data: Path, source: Path, known: frozenset[str], *, keeps_key: bool = True
) -> Manifest:
    """Restore a backup into an empty database. Raises `Refusal`; nothing has changed then.

    `known` are the schema revisions that this code knows. With `keeps_key` a different secret key in the data folder
    is renamed instead of overwritten.
    """
    refuse_filled(copier)
    with workshop(data / "restore") as folder:
        manifest = unpack(source, folder)
        if manifest.database != copier.kind:
            raise Refusal(OTHER_KIND.format(theirs=manifest.database, ours=copier.kind))
        if not set(manifest.schema) <= known:
            raise Refusal(NEWER.format(version=manifest.version))
        if copier.examine(folder / copier.file)[0].counts != manifest.counts:
            raise Refusal("The backup does not hold what its manifest says.")
        with _replaced_files(folder, data, keeps_key=keeps_key):
            copier.put_back(folder / copier.file)
    return manifest


def refuse_filled(copier: Copier) -> None:
    """Raise `Refusal` if the database holds anything, over which nothing is restored."""
    if rows := sum(copier.contents().counts.values()):
        raise Refusal(f"The database holds {rows:,} rows already: {PUT_ASIDE}.")


def holds_key(data: Path, secret_key: str) -> bool:
    """Whether the key file in a data folder contains this secret key."""
    return _has_content(data / KEY, secret_key)


def _has_content(file: Path, words: str) -> bool:
    return file.read_text().strip() == words


PUT_ASIDE = "put it aside first, with all its parts, as docs/operating.md says below Restore"
NEWER = (
    "This backup was made by a newer version of the forum ({version}). Install that one, and restore it there. "
    "The file is as it was."
)
OTHER_KIND = (
    "This is a backup of {theirs}, and FORUM_DATABASE_URL is {ours}. Restore it to {theirs} first; "
    "`flask move-database` moves it then."
)


@contextmanager
def _replaced_files(folder: Path, data: Path, *, keeps_key: bool) -> Iterator[None]:
    """Restore the files besides the database; undone if the code inside, which restores the database, raises.

    They come first, so that a restored database always has its key, and a restore that was killed before can be
    repeated.
    """
    with ExitStack() as undo:
        for name in DATA_FILES:
            if (folder / name).exists():
                _replace_file(folder / name, data / name, undo, is_kept=keeps_key and name == KEY)
        synchronise(data)
        yield
        undo.pop_all()


def _replace_file(file: Path, place: Path, undo: ExitStack, *, is_kept: bool) -> None:
    """Replace a file. With `is_kept` a different existing one is renamed, because a forum may have used that key."""
    new = place.with_name(f"{place.name}.new")
    undo.callback(new.unlink, missing_ok=True)
    shutil.copyfile(file, new)
    new.chmod(0o600)
    synchronise(new)
    if not place.exists():
        undo.callback(place.unlink, missing_ok=True)
    elif is_kept and not _has_content(place, new.read_text().strip()):
        aside = place.with_name(f"{place.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        place.rename(aside)
        undo.callback(aside.replace, place)
    else:
        undo.callback(place.write_bytes, place.read_bytes())
    new.replace(place)
