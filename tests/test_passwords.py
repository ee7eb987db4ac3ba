"""Passwords are hashed with Argon2id, and checked in the same way when there is no account."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from forum import passwords


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace hashing by a quick stand-in; returns a list of the hashes that passwords were compared with."""
    held: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            held.append(str(hash))
            return bool(super().verify(hash, password))

    monkeypatch.setattr(passwords, "HASHER", Counting(1, 8, 1))
    passwords._decoy.cache_clear()
    return held


def test_a_hash_fits_its_password_alone() -> None:
    made = passwords.hash_password("seven quiet trams")
    assert made.startswith("$argon2id$") and made != passwords.hash_password("seven quiet trams")
    assert passwords.verify_password(made, "seven quiet trams")
    for other in ("seven quiet tram", "Seven quiet trams", "seven quiet trams ", "", "x" * 10_000):
        assert not passwords.verify_password(made, other)


def test_without_an_account_as_much_is_done(calls: list[str]) -> None:
    assert not passwords.verify_password(None, "seven quiet trams")
    assert not passwords.verify_password(None, "nobody has this account")
    assert len(calls) == 2 and calls[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")


def test_what_is_no_hash_fits_nothing() -> None:
    assert not passwords.verify_password("no hash", "no hash")
    assert not passwords.verify_password("", "nobody has this account")


def test_an_older_way_of_hashing_is_known() -> None:
    assert not passwords.is_outdated(passwords.hash_password("a"))
    assert passwords.is_outdated(PasswordHasher(2, 8, 1).hash("a"))


def test_the_way_of_today_is_strong_enough() -> None:
    strong = PasswordHasher()
    assert strong.memory_cost >= 19_456 and strong.time_cost >= 2


def test_a_random_code_is_hashed_more_lightly_and_compared_alike() -> None:
    kept = passwords.hash_code("4kxqp7m2hwd9")
    assert kept.startswith("$argon2id$") and kept != passwords.hash_code("4kxqp7m2hwd9")
    assert passwords.verify_password(kept, "4kxqp7m2hwd9")
    assert not passwords.verify_password(kept, "4kxqp7m2hwd8")


# The commonest leaked passwords of eight characters or more, and common variations of them
GUESSED_FIRST = """
12345678 123456789 1234567890 0123456789 0987654321 987654321 87654321 11111111 00000000 88888888 12341234 123123123
123321123 11223344 112233445566 147258369 159357456 159753456 19850412 12041985 04121985 20240101
password password1 password123 Password! Password2024 passwordpassword p@ssw0rd P@ssword1 passw0rd passwort1 motdepasse
contraseña bonjour1 soleil123 hola1234 hallo123 пароль123 changeme letmein1 welcome1 welcome123 administrator
administrador adminadmin admin123 root1234 test1234 testtest guest123 login123 secret123
1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 q1w2e3r4 qazwsxedc zaq12wsx a1b2c3d4 qwerty123 qwertyui qwertyuiop qwertzuiop
azertyui azerty123 qsdfghjklm wxcvbn123 asdfghjkl asdf1234 asdasdasd qweqweqwe qweasdzxc zxcvbnm1 zxc12345 poiuytrewq
lkjhgfdsa qwer1234 1234qwer 1234abcd abc12345 abcd1234 abcdefgh aa123456 a123456789 123456abc йцукен123 aaaaaaaa
michelle jennifer jonathan samantha victoria charlotte elizabeth alexander christian michael1 jessica1 daniel123
barcelona liverpool manchester juventus london123 berlin2024 amsterdam1 football baseball metallica minecraft superman
starwars trustno1 pokemon1 computer internet whatever iloveyou iloveyou1 sunshine princess butterfly chocolate
sweetheart babygirl spiderman batman123 dragon123 monkey123 shadow123 master123 summer2024 Winter2023! nintendo
playstation mercedes corvette samsung1 google123 facebook interurban2024 interurban-22 correcthorsebatterystaple
"""


@pytest.mark.parametrize("password", GUESSED_FIRST.split())
def test_what_many_use_is_guessed_first(password: str) -> None:
    assert len(password) >= 8
    assert passwords.is_guessed_first(password) and passwords.is_guessed_first(password.upper())


@pytest.mark.parametrize(
    "password",
    [
        *("seven quiet trams", "kelder-fiets-groen", "w7Gq!p2x", "x9v2m4k8", "73915264", "marmotte grise 8"),
        *("!?§$%&/()=", "🚲🚋🌳🏙️🚲🌉🛤️🚏", "トラムは静かに走る", "bicycle-lanes-42", "\ud800 lone", "copper lantern"),
    ],
)  # fmt: skip
def test_what_few_use_is_not(password: str) -> None:
    assert not passwords.is_guessed_first(password)


def test_the_list_holds_more_than_the_three_thousand_that_are_asked_for() -> None:
    """ASVS 5.0, 6.2.4 asks for the 3,000 commonest passwords that are long enough."""
    assert sum(len(password.decode()) >= 8 for password in passwords._common().split()) > 8_000
