"""ZIP files that are created while they are sent: only the current part is in memory, and nothing on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

Files = Iterable[tuple[str, Iterable[bytes]]]  # each with its name and its content in parts
# How the names of files end that cannot be made smaller
PACKED = (".webp", ".pdf", ".odt", ".ods", ".odp", ".docx", ".xlsx", ".pptx")


class _Pipe:
    """An unseekable file object for `zipfile`, from which the written bytes are taken."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.length = 0

    def write(self, part: bytes) -> int:
        """Append bytes."""
        self.parts.append(bytes(part))
        self.length += len(part)
        return len(part)

    def tell(self) -> int:
        """How many bytes were written in all."""
        return self.length

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def close(self) -> None:
        """Do nothing: there is no file."""

    def take(self) -> bytes:
        """The bytes that were written since the last call."""
        taken, self.parts = b"".join(self.parts), []
        return taken


def zipped(files: Files) -> Iterator[bytes]:
    """The parts of a ZIP file of these files, in order."""
    pipe = _Pipe()
    with ZipFile(pipe, "w") as archive:
        for name, content in files:
            entry = ZipInfo(name)
            entry.compress_type = ZIP_STORED if name.endswith(PACKED) else ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                for part in content:
                    file.write(part)
                    if ready := pipe.take():
                        yield ready
    yield pipe.take()
