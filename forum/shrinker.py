"""A separate program: reads a picture from its input and writes it again, without any metadata.

`shrinking.shrink` runs it for each picture, `shrinking.take` for one that a forum has made, and `shrinking.icon_of` for
the icon of a mark. Pictures from
strangers are decoded here and nowhere else, in a process that can write no file and has little memory and time, so
that a picture that breaks a decoder breaks nothing else (ASVS 5.0, 5.2).
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from typing import NoReturn

from PIL import Image, ImageCms, ImageColor, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = 50_000_000
MAX_MEMORY, MAX_SECONDS = 800_000_000, 15  # bytes, and seconds of processor time of this process
# Scans of a JPEG; a progressive one has about ten. Each takes time for all pixels, however few bytes it has
MAX_SCANS, SCAN = 100, b"\xff\xda"
QUALITY = 80
# Of a square: the most bytes, and the qualities in which it is tried, until it has no more
SQUARE_BYTES, SQUARE_QUALITIES = 12_000, (80, 65, 50, 35, 20, 5)
NO_PICTURE, TOO_MANY_PIXELS = 3, 4  # exit codes
# The chunks of a picture's file that this program has made; and the bit that marks transparency
CHUNKS, IS_TRANSPARENT = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH"), 0x10
RESIZABLE = ("RGB", "RGBA", "L", "LA", "CMYK")  # modes in which pixels can be interpolated


def main(
    largest: int, small_width: int, has_small_from: int, is_made: int = 0, is_square: int = 0
) -> None:
    """Read a picture, write a line of JSON with its size and the lengths of what follows: the picture, and its small version.

    `largest` is the longest side in pixels, `has_small_from` the width from which there is a small version. A picture
    that `is_made` must be one that this program has written; it is not encoded again, because it would lose quality
    each time. One that `is_square` is cut to the square in its middle, and has `SQUARE_BYTES` at most.
    """
    _limit()
    data = sys.stdin.buffer.read()
    picture = _opened(data, largest)
    if is_made:
        chunks = _chunks(data)
        if max(picture.size) > largest or not set(chunks) <= set(CHUNKS):
            _end(NO_PICTURE)
        if is_square and (picture.width != picture.height or len(data) > SQUARE_BYTES):
            _end(NO_PICTURE)
        is_drawn = b"VP8L" in chunks
    else:
        is_drawn = picture.format in ("PNG", "GIF")
    if is_square:
        picture = _middle(picture)
    if picture.mode in RESIZABLE:  # first, so that the next steps need little memory
        picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    whole = _plain(picture)
    whole.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    if is_made:
        made = data
    elif is_square:
        whole, made = _square(whole)
    else:
        made = _encoded(whole, is_drawn)
    parts = [made]
    if whole.width >= has_small_from:
        height = max(1, round(whole.height * small_width / whole.width))
        small = whole.resize((small_width, height), Image.Resampling.LANCZOS)
        parts.append(_encoded(small, is_drawn))
    head = {"width": whole.width, "height": whole.height, "lengths": list(map(len, parts))}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(parts))


def icon(side: int, within: int, ground: str) -> None:
    """Read a picture, and write it as PNG: a square with sides of so many pixels, in whose middle it fills `within`, on a ground."""
    _limit()
    picture = _plain(_opened(sys.stdin.buffer.read(), within)).convert("RGBA")
    fitted = ImageOps.contain(picture, (within, within), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (side, side), ImageColor.getrgb(ground))
    square.paste(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2), fitted)
    made = io.BytesIO()
    square.save(made, "PNG", optimize=True)
    sys.stdout.buffer.write(made.getvalue())


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _opened(data: bytes, largest: int) -> Image.Image:
    """The first frame of a picture; ends the program if the bytes are no picture, or it is too large."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            _end(TOO_MANY_PIXELS)
        if picture.format in ("JPEG", "MPO") and data.count(SCAN) > MAX_SCANS:
            _end(NO_PICTURE)
        picture.draft("RGB", (largest, largest))  # a much larger JPEG is decoded at a smaller size
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError):
        _end(NO_PICTURE)
    return picture


def _chunks(data: bytes) -> list[bytes]:
    """The names of the chunks of a WebP file; with an invalid name for anything besides a still picture."""
    names, place = [], 12
    kind, length = struct.unpack("<4sI", data[:8])
    is_whole = (kind, length, data[8:12]) == (b"RIFF", len(data) - 8, b"WEBP")
    while is_whole and place < len(data):
        name, length = struct.unpack("<4sI", data[place : place + 8])
        if name == b"VP8X" and data[place + 8] & ~IS_TRANSPARENT:
            is_whole = False
        names.append(name)
        place += 8 + length + length % 2
    return names if is_whole and place == len(data) else [b"more"]


def _end(code: int) -> NoReturn:
    raise SystemExit(code)


def _middle(picture: Image.Image) -> Image.Image:
    """The largest square around the centre, which is the same one however the picture is rotated."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _plain(picture: Image.Image) -> Image.Image:
    """The picture as it is meant to be seen: rotated as the camera says, in sRGB, with its transparency and nothing else."""
    upright = ImageOps.exif_transpose(picture)
    profile = upright.info.get("icc_profile")
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    if upright.mode == "I;16":
        upright = upright.convert("I").point([value // 256 for value in range(65_536)], "L")
    plain = _in_srgb(upright, profile, mode) if profile else upright.convert(mode)
    # Copied into a new image, which has no metadata
    clean = Image.new(plain.mode, plain.size)
    clean.paste(plain)
    return clean


def _in_srgb(picture: Image.Image, profile: bytes, mode: str) -> Image.Image:
    """Without this, colours of a wider colour space would look pale."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode == "CMYK":
            mode = "RGB"
        elif picture.mode != mode:
            picture = picture.convert(mode)
        made = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
        return made or picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture.convert(mode)


def _encoded(picture: Image.Image, is_drawn: bool) -> bytes:
    """The bytes of a picture as WebP; lossless for drawings and screenshots, if that is as small."""
    lossy = _webp(picture, quality=QUALITY)
    if not is_drawn:
        return lossy
    exact = _webp(picture, lossless=True, quality=60)
    return exact if len(exact) <= 1.3 * len(lossy) else lossy


def _square(picture: Image.Image) -> tuple[Image.Image, bytes]:
    """A square and its bytes as WebP, in the best quality in which it has at most `SQUARE_BYTES`.

    If none is that small, as of mere noise, the square becomes smaller.
    """
    for quality in SQUARE_QUALITIES:
        made = _webp(picture, quality=quality)
        if len(made) <= SQUARE_BYTES:
            return picture, made
    half = picture.width // 2
    return _square(picture.resize((half, half), Image.Resampling.LANCZOS))


def _webp(picture: Image.Image, **how: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, "WEBP", method=4, **how)
    return made.getvalue()


if __name__ == "__main__":
    if sys.argv[1] == "icon":
        icon(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        main(*map(int, sys.argv[1:6]))
