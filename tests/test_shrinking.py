"""Uploaded pictures are made small and clean in a process of its own, and no other file passes as one."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from forum import shrinker, shrinking
from forum.errors import Busy, Invalid
from forum.illustrations import ADDRESS, LARGEST, SMALL, address_of
from forum.shrinker import MAX_SCANS, SCAN
from forum.shrinking import shrink, take
from tests.samples_of_pictures import opened, picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_a_large_photograph_becomes_smaller_and_has_a_small_version():
    made = shrink(picture("JPEG", (4000, 3000)))
    whole, small = opened(made.whole), opened(made.small)
    assert whole.format == small.format == "WEBP"
    assert (whole.size, small.size) == ((LARGEST, 1200), (SMALL, 480))
    assert made.name.endswith("-1600x1200") and ADDRESS.fullmatch(address_of(made.name))


def test_a_small_picture_keeps_its_size_and_has_one_version():
    made = shrink(picture(size=(300, 200)))
    assert opened(made.whole).size == (300, 200) and made.small == b""


def test_the_same_picture_gets_another_name_each_time():
    data = picture()
    assert shrink(data).name != shrink(data).name


def test_nothing_comes_along_that_a_camera_wrote():
    exif = Image.Exif()
    exif[0x010E] = "taken at my home"
    exif[0x0112] = 6  # rotated by 90 degrees
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)  # the place where it was taken
    data = picture("JPEG", (40, 20), exif=exif, icc_profile=SRGB, comment=b"my comment")
    made = shrink(data)
    whole = opened(made.whole)
    assert whole.size == (20, 40), "turned as the camera says"
    assert not whole.getexif() and "icc_profile" not in whole.info
    assert b"home" not in made.whole and b"comment" not in made.whole and b"home" in data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats_that_are_taken(kind):
    assert opened(shrink(picture(kind)).whole).size == (40, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_colours_however_they_are_written(mode):
    assert opened(shrink(picture(mode=mode)).whole).size == (40, 30)


def test_colours_for_print():
    assert opened(shrink(picture("JPEG", mode="CMYK")).whole).mode == "RGB"


def test_what_is_transparent_stays_so():
    made = BytesIO()
    Image.new("RGBA", (20, 20), (200, 0, 0, 0)).save(made, "PNG")
    assert opened(shrink(made.getvalue()).whole).convert("RGBA").getpixel((5, 5))[3] == 0


def test_of_an_animation_the_first_picture_stays():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    whole = opened(shrink(made.getvalue()).whole)
    assert getattr(whole, "n_frames", 1) == 1
    red, _green, blue = whole.convert("RGB").getpixel((5, 5))
    assert red > 200 > blue


NOT_PICTURES = {
    "nothing": b"",
    "words": b"Hello",
    "drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page": b"<!doctype html><script>alert(1)</script>",
    "document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
    "cut off": picture("JPEG", (900, 900))[:700],
    "damaged": picture()[:40] + b"\xff" * 40 + picture()[80:],
    "begins like one": b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
    "of a format that nobody needs": picture("TIFF"),
    "windows": picture("BMP"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
}


@pytest.mark.parametrize("data", NOT_PICTURES.values(), ids=NOT_PICTURES)
def test_what_is_no_picture_is_refused_with_a_sentence(data):
    with pytest.raises(Invalid, match="no picture that can be read") as refused:
        shrink(data)
    assert refused.value.field == "picture"


def test_a_script_behind_a_picture_is_gone():
    made = shrink(picture("GIF") + b"/*<script>alert(1)</script>*/")
    assert b"script" not in made.whole


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    idat = b"IDAT" + zlib.compress(b"\0" * 10_000)
    bomb += struct.pack(">I", len(idat) - 4) + idat + struct.pack(">I", zlib.crc32(idat))
    with pytest.raises(Invalid, match="50 million pixels"):
        shrink(bomb)


def test_a_picture_that_comes_into_view_without_end_is_refused():
    """Each scan of a few bytes costs time for all pixels: a JPEG of 200 kB kept a processor at work for 15 seconds."""
    data = picture("JPEG", (64, 64), progressive=True)
    scan = data[data.rindex(SCAN) : -2]
    assert shrink(data[:-2] + scan * 20 + data[-2:]).whole
    with pytest.raises(Invalid, match="no picture that can be read"):
        shrink(data[:-2] + scan * MAX_SCANS + data[-2:])


def test_a_program_that_hangs_is_ended(monkeypatch, tmp_path):
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(shrinking, "PROGRAM", str(tmp_path / "hangs.py"))
    monkeypatch.setattr(shrinking, "MAX_WAIT", 0.3)
    with pytest.raises(Invalid):
        shrink(picture())
    monkeypatch.undo()
    assert shrink(picture()).whole, "and its place is free again"


def test_when_too_many_are_at_work_one_comes_again(monkeypatch):
    monkeypatch.setattr(shrinking, "MAX_WAIT", 0.4)
    assert shrinking.AT_ONCE.acquire() and shrinking.AT_ONCE.acquire()
    try:
        with pytest.raises(Busy):
            shrink(picture())
    finally:
        shrinking.AT_ONCE.release(2)


# Pictures that the forum has made itself


@pytest.mark.parametrize(
    ("kind", "size", "mode"),
    [
        ("JPEG", (1_200, 900), "RGB"),
        ("PNG", (1_200, 900), "RGBA"),
        ("PNG", (30, 20), "RGB"),
    ],
)
def test_a_picture_that_was_made_stays_as_it_is(kind, size, mode):
    made = shrink(picture(kind, size, mode))
    taken = take(made.name, made.whole)
    assert taken.name == made.name and taken.whole == made.whole
    assert bool(taken.small) == bool(made.small)
    if made.small:
        assert opened(taken.small).size == opened(made.small).size == (SMALL, 480)


def _with_chunk(data, name, content):
    chunk = name + struct.pack("<I", len(content)) + content
    return data[:4] + struct.pack("<I", len(data) + len(chunk) - 8) + data[8:] + chunk


def _exif():
    exif = Image.Exif()
    exif[0x010E] = "taken at my home"
    return exif


PLAIN = picture("WEBP")
NOT_MADE = {
    "another size": ("-41x30", PLAIN),
    "a photograph": ("-40x30", picture("JPEG")),
    "nothing": ("-40x30", b""),
    "no picture": ("-40x30", b"RIFF\x04\0\0\0WEBP"),
    "more than a forum makes": ("-1601x9", picture("WEBP", (1_601, 9))),
    "what a camera wrote": ("-40x30", picture("WEBP", exif=_exif())),
    "a profile of colours": ("-40x30", picture("WEBP", icc_profile=SRGB)),
    "a chunk of its own": ("-40x30", _with_chunk(PLAIN, b"note", b"hi")),
    "a script behind it": ("-40x30", PLAIN + b"<script>"),
    "half of it": ("-40x30", PLAIN[:-4]),
}


@pytest.mark.parametrize(("size", "data"), NOT_MADE.values(), ids=NOT_MADE)
def test_what_no_forum_has_made_is_not_taken(size, data):
    assert take(f"{'a' * 24}{size}", data) is None


def test_moving_pictures_are_not_taken():
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    data = BytesIO()
    frames[0].save(data, "WEBP", save_all=True, append_images=frames[1:])
    assert take(f"{'a' * 24}-40x30", data.getvalue()) is None


def test_the_program_and_who_runs_it_mean_the_same():
    codes = shrinker.NO_PICTURE, shrinker.TOO_MANY_PIXELS
    assert codes == (shrinking.NO_PICTURE, shrinking.TOO_MANY_PIXELS)
    assert shrinking.MAX_MEGAPIXELS * 1_000_000 == shrinker.MAX_PIXELS
