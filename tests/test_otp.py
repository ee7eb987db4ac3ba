"""One-time codes: those of an app (RFC 6238), and stored ones."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from forum import otp

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", of RFC 6238, appendix B


@pytest.mark.parametrize(
    ("second", "code"), [(1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    for away, fits in ((-61, False), (-30, True), (0, True), (30, True), (61, False)):
        moment = datetime.fromtimestamp(second + away, UTC)
        step = otp.matching_step(SECRET, code, moment)
        assert step == (second // 30 if fits else None), away
    assert otp.matching_step(SECRET, "287082", datetime.fromtimestamp(89, UTC)) == 1


@pytest.mark.parametrize(
    "code", ["", "28708", "2870820", "287 082", "２８７０８２", "-87082", "x", "\x00"]
)
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert otp.matching_step(SECRET, code, datetime.fromtimestamp(89, UTC)) is None


def test_a_secret_is_new_each_time_and_long() -> None:
    assert len({otp.new_secret() for _time in range(9)}) == 9
    assert len(otp.new_secret()) == 32  # 160 bits in base32, as RFC 4226 recommends


def test_an_app_reads_whose_code_it_is() -> None:
    address = otp.provisioning_uri(SECRET, "Cities & co: a+b", "eva+x@city.example")
    assert address.startswith("otpauth://totp/Cities%20%26%20co%3A%20a%2Bb:eva%2Bx%40city.example?")
    assert f"secret={SECRET}" in address and "issuer=Cities%20%26%20co%3A%20a%2Bb" in address


def test_the_picture_is_an_image_by_itself() -> None:
    picture = otp.qr_code(otp.provisioning_uri(SECRET, "Forum", "eva@city.example"))
    assert picture.startswith("data:image/svg+xml") and '"' not in picture and "<" not in picture
    assert "<svg" in unquote(picture) and "<script" not in unquote(picture)


def test_recovery_codes_are_ten_and_told_apart_by_their_number() -> None:
    codes = otp.recovery_codes()
    assert [otp.recovery_number(otp.normalised(code)) for code in codes] == list(range(10))
    assert len({code[1:] for code in codes + otp.recovery_codes()}) == 20
    assert not set("ilo01") & set("".join(code[1:] for code in codes))
    assert otp.normalised(" 4KXQ p7m2-hwd9\n") == "4kxqp7m2hwd9"
    for odd in ("", "123456", "xkxqp7m2hwd9", "٤kxqp7m2hwd9", "4kxqp7m2hwd9x"):
        assert otp.recovery_number(odd) is None, odd
