"""ZIP files made while they are sent: nothing of one is kept, on the disk or in memory, but the part under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZipFile

Files = Iterable[tuple[str, Iterable[bytes]]]  # each with its name and its content in parts


class _Pipe:
    """What the ZIP file is written into, and taken out of again; it cannot go back, which `zipfile` minds."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.length = 0

    def write(self, part: bytes) -> int:
        """Take a part in."""
        self.parts.append(bytes(part))
        self.length += len(part)
        return len(part)

    def tell(self) -> int:
        """How much came in so far."""
        return self.length

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """What came in since the last time."""
        taken, self.parts = b"".join(self.parts), []
        return taken


def zipped(files: Files) -> Iterator[bytes]:
    """The parts of a ZIP file of these files, in order."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            with archive.open(name, "w") as file:
                for part in content:
                    file.write(part)
                    if ready := pipe.take():
                        yield ready
    yield pipe.take()
