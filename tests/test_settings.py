"""Settings come from the environment, and the secret key is created once and kept."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from forum import environment
from forum.environment import WrongSetting, why_no_database
from forum.settings import from_environment

KEY = "of-the-tests-" + "x" * 32


def test_without_settings_a_forum_runs_by_itself(tmp_path: Path) -> None:
    found = from_environment({"FORUM_DATA": str(tmp_path / "var")})
    assert found.database_url == f"sqlite:///{tmp_path}/var/forum.sqlite"
    assert found.url == "http://127.0.0.1:8000" and not found.is_https
    assert found.trusted_hosts == ("127.0.0.1", "localhost")
    assert found.limits and not found.is_demo and found.proxies == 0


def test_every_setting_can_be_given(tmp_path: Path) -> None:
    found = from_environment(
        {
            "FORUM_DATA": str(tmp_path),
            "FORUM_DEMO": "1",
            "FORUM_URL": "https://dialogue.example.org/",
            "FORUM_TRUSTED_HOSTS": "a.example, B.Example,",
            "FORUM_SECRET_KEY": KEY,
            "FORUM_PROXIES": "2",
            "FORUM_LIMITS": "0",
            "FORUM_FREE_MB": "250",
            "FORUM_FILE_MB": "25",
            "FORUM_MINIMUM_AGE": "16",
            "FORUM_LOG": "plain",
            "FORUM_SLOW_MS": "50",
            "FORUM_METRICS": "127.0.0.1:8001",
            "FORUM_WEBHOOK_NETWORKS": "10.1.0.0/16, fd00::/8,127.0.0.1",
        }
    )
    assert list(map(str, found.webhook_networks)) == ["10.1.0.0/16", "fd00::/8", "127.0.0.1/32"]
    assert (found.file_mb, found.most_of_file) == (25, 25_000_000)
    assert found.minimum_age == 16
    assert (found.free_mb, found.log, found.slow_ms) == (250, "plain", 50)
    assert found.metrics == "127.0.0.1:8001" and found.metrics_path == tmp_path / "metrics"
    assert found.url == "https://dialogue.example.org" and found.is_https
    assert found.trusted_hosts[0] == "dialogue.example.org"
    assert found.trusted_hosts[-2:] == ("a.example", "b.example")
    assert found.database_url.endswith("/demo.sqlite")
    assert (found.secret_key, found.proxies, found.limits) == (KEY, 2, False)
    assert not (tmp_path / "secret-key").exists()


@pytest.mark.parametrize("name", ["forum.sqlite", "var/forum.sqlite", "file:forum.sqlite?uri=true"])
def test_a_database_without_its_whole_path_is_refused(tmp_path: Path, name: str) -> None:
    """A relative path would mean another folder for the server than for `backup`, `restore` and `move-database`."""
    with pytest.raises(WrongSetting, match="needs its whole path"):
        from_environment({"FORUM_DATA": str(tmp_path), "FORUM_DATABASE_URL": f"sqlite:///{name}"})


def test_the_secret_key_is_random_kept_and_nobody_elses_to_read(tmp_path: Path) -> None:
    key = from_environment({"FORUM_DATA": str(tmp_path / "one")}).secret_key
    assert from_environment({"FORUM_DATA": str(tmp_path / "one")}).secret_key == key
    assert from_environment({"FORUM_DATA": str(tmp_path / "two")}).secret_key != key
    assert len(key) >= 64
    assert (tmp_path / "one" / "secret-key").stat().st_mode & 0o077 == 0


def test_an_empty_address_of_a_database_is_as_none(tmp_path: Path) -> None:
    """So that a line `FORUM_DATABASE_URL=` in a file of settings means the usual file."""
    none, empty = (
        from_environment({"FORUM_DATA": str(tmp_path), "FORUM_SECRET_KEY": KEY, **given})
        for given in ({}, {"FORUM_DATABASE_URL": ""})
    )
    assert none == empty and empty.has_usual_database
    assert empty.database_url == f"sqlite:///{tmp_path}/forum.sqlite"
    other = {"FORUM_DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite"}
    assert not from_environment({"FORUM_DATA": str(tmp_path), **other}).has_usual_database


def test_a_key_is_new_to_the_process_that_makes_it_alone(tmp_path: Path) -> None:
    assert not from_environment({"FORUM_DATA": str(tmp_path), "FORUM_SECRET_KEY": KEY}).has_new_key
    known = [from_environment({"FORUM_DATA": str(tmp_path)}).has_new_key for _time in range(2)]
    assert known == [True, False]


def test_workers_that_begin_together_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(environment.kept_key, [tmp_path / "secret-key"] * 16))
    assert len(keys) == 1


def test_a_key_of_another_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "secret-key"
    key.write_text("theirs")

    def refused(path: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(environment.Path, "read_text", refused)
    with pytest.raises(WrongSetting) as told:
        from_environment({"FORUM_DATA": str(tmp_path)})
    assert str(told.value) == (
        f"{key} cannot be used: Permission denied. It has to belong to the user that runs the forum."
    )


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may open, inside one that everybody may open (`tmp_path` itself is in a closed one)."""
    with TemporaryDirectory() as around:
        Path(around).chmod(0o755)
        folder = Path(around) / "closed"
        folder.mkdir(mode=0o700)
        (folder / "within").mkdir()
        yield folder
        folder.chmod(0o700)


@contextmanager
def as_another_user(folder: Path) -> Iterator[None]:
    """Run the block as a user who may not open the folder: root changes the user, others take their own right away."""
    folder.chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("key", ["", KEY])
def test_another_user_is_told_whose_the_folder_has_to_be(closed: Path, key: str) -> None:
    """The commonest mistake of operators is to run a command as another user than the server."""
    with as_another_user(closed), pytest.raises(WrongSetting) as told:
        from_environment({"FORUM_DATA": str(closed), "FORUM_SECRET_KEY": key})
    assert str(told.value) == (
        f"FORUM_DATA is {closed}, where nothing can be kept: Permission denied. "
        "It has to belong to the user that runs the forum."
    )


def test_a_database_in_a_folder_of_another_user_is_refused(closed: Path) -> None:
    url = f"sqlite:///{closed}/within/forum.sqlite"
    with as_another_user(closed):
        assert why_no_database(url) == (
            f"names a file in {closed}/within, which only another user may open"
        )


def test_an_empty_key_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.time, "sleep", lambda _seconds: None)
    (tmp_path / "secret-key").touch()
    with pytest.raises(WrongSetting, match="is empty"):
        from_environment({"FORUM_DATA": str(tmp_path)})


WEAK = ["a", "x" * 36, "abcdefg" * 6, "Rz4kQ8vN2mXw7Lp", "one-long-random-word-for-all-servers"]


@pytest.mark.parametrize("key", WEAK)
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        from_environment({"FORUM_DATA": str(tmp_path), "FORUM_SECRET_KEY": key})
    words = refused.value.message
    assert words.startswith("FORUM_SECRET_KEY can be guessed") and "token_urlsafe(48)" in words
    assert key == "a" or key not in words
    assert all(
        said in words for said in ("everybody out", "links in e-mails", "authenticator apps")
    )


@pytest.mark.parametrize(
    "key", ["abcdefghabcdefgh", "Rz4kQ8vN2mXw7LpT1sYc9g", "0f" * 8 + "17a3c5d9e2b4"]
)
def test_a_key_that_is_only_short_is_taken(tmp_path: Path, key: str) -> None:
    """For example `token_urlsafe(16)` has 128 bits, which is enough; replacing it would sign everybody out needlessly."""
    found = from_environment({"FORUM_DATA": str(tmp_path), "FORUM_SECRET_KEY": key})
    assert found.secret_key == key


def test_the_example_has_no_key() -> None:
    example = Path(__file__).parent.parent / "docs" / "scale" / "interurban.env"
    assert "FORUM_SECRET_KEY=" in example.read_text().splitlines()


def test_a_key_that_the_forum_has_made_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("short")
    assert from_environment({"FORUM_DATA": str(tmp_path)}).secret_key == "short"


WRONG = [
    ("FORUM_DATABASE_URL", "nonsense"),
    ("FORUM_DATABASE_URL", "mysql://ana:secret@x"),
    ("FORUM_DATABASE_URL", "postgresql+psycopg2://x"),
    ("FORUM_DATABASE_URL", "postgresql://ana:secret@x:many/x"),
    ("FORUM_DATABASE_URL", "sqlite://"),
    ("FORUM_DATABASE_URL", "sqlite:///:memory:"),
    ("FORUM_DATABASE_URL", "sqlite:////no-such-folder/forum.sqlite"),
    ("FORUM_DATABASE_URL", "sqlite:////tmp"),
    ("FORUM_DATABASE_URL", "postgresql://ana:secret@127.0.0.1/x?bad=1"),
    ("FORUM_DATABASE_URL", "sqlite:////forum.sqlite?mode=ro"),
    ("FORUM_DATABASE_URL", "sqlite:////forum.sqlite?timeout=secret"),
    ("FORUM_DATA", "/proc/forum"),
    ("FORUM_DATA", "/proc"),
    ("FORUM_DATA", __file__),
    ("FORUM_URL", "dialogue.example.org"),
    ("FORUM_URL", "https://[dialogue"),
    ("FORUM_URL", "https://dialogue.example.org/forum"),
    ("FORUM_URL", "https://dialogue.example.org?x=1"),
    ("FORUM_URL", "https://ana@dialogue.example.org"),
    ("FORUM_URL", "https://dialogue.example.org:99999"),
    ("FORUM_URL", "https://dialogue example.org"),
    ("FORUM_URL", 'https://a"b.example'),
    ("FORUM_URL", "https://dialogue.example.org;x"),
    ("FORUM_URL", "https://a..b"),
    ("FORUM_URL", "https://.example.org"),
    ("FORUM_URL", "https://a_b.example.org"),
    ("FORUM_URL", "https://[::1]:8000"),
    ("FORUM_URL", "https://*"),
    ("FORUM_TRUSTED_HOSTS", "a.example, https://www.example.org/"),
    ("FORUM_DEMO", "true"),
    ("FORUM_ONE_MACHINE", "yes"),
    ("FORUM_LIMITS", "no"),
    ("FORUM_SMTP_URL", "mail.example.org:587"),
    ("FORUM_SMTP_URL", "smtp://ana:secret@mail.example.org:x"),
    ("FORUM_IMAP_URL", "pop://ana:secret@mail.example.org"),
    ("FORUM_REPLY_ADDRESS", "reply"),
    ("FORUM_REPLY_ADDRESS", "@mail.example.org"),
    ("FORUM_OIDC_ISSUER", "id.example.org"),
    ("FORUM_WEBHOOK_NETWORKS", "10.0.0.1/8"),
    ("FORUM_PROXIES", "two"),
    ("FORUM_PROXIES", "٣"),
    ("FORUM_FREE_MB", "9" * 23),
    ("FORUM_PAGE_CACHE_MB", "16 MB"),
    ("FORUM_FREE_MB", "-1"),
    ("FORUM_FILE_MB", "901"),
    ("FORUM_MINIMUM_AGE", "100"),
    ("FORUM_MINIMUM_AGE", "sixteen"),
    ("FORUM_SLOW_MS", "0.5"),
    ("FORUM_MAIL_FROM", "nonsense"),
    ("FORUM_MAIL_FROM", "<>"),
    ("FORUM_MAIL_FROM", '"Interurban <forum@example.org>"'),
    ("FORUM_MAIL_FROM", "the forum@example.org"),
    ("FORUM_MAIL_FROM", "fórum@example.org"),
    ("FORUM_MAIL_FROM", ".forum@example.org"),
    ("FORUM_MAIL_FROM", "forum@example..org"),
    ("FORUM_REPLY_ADDRESS", "re ply@mail.example.org"),
    ("FORUM_VALKEY_URL", "nonsense"),
    ("FORUM_VALKEY_URL", "redis://127.0.0.1"),
    ("FORUM_VALKEY_URL", "valkey://:secret@127.0.0.1:99999"),
    ("FORUM_VALKEY_URL", "valkey://:secret@127.0.0.1/abc"),
    ("FORUM_METRICS", "nonsense"),
    ("FORUM_METRICS", "127.0.0.1:٣"),
    ("FORUM_METRICS", "127.0.0.1:99999"),
    ("FORUM_METRICS", "127.0.0.1:"),
]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        (" https://dialogue.example.org \n", "https://dialogue.example.org"),
        ("HTTPS://dialogue.example.org?", "https://dialogue.example.org"),
        ("https://münchen.example:8443//", "https://münchen.example:8443"),
    ],
)
def test_the_address_of_the_forum_is_kept_as_links_need_it(
    tmp_path: Path, written: str, url: str
) -> None:
    found = from_environment({"FORUM_DATA": str(tmp_path), "FORUM_URL": written})
    assert (found.url, found.is_https) == (url, True)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_in_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        from_environment({"FORUM_DATA": str(tmp_path), name: value})
    words = refused.value.message
    assert words.startswith(name) and words.endswith(".") and "\n" not in words
    assert "secret" not in words


@pytest.mark.parametrize(
    "written", ["Interurban <forum@example.org>", '"Inter, urban" <forum@example.org>']
)
def test_mail_may_come_from_an_address_with_a_name(tmp_path: Path, written: str) -> None:
    found = from_environment({"FORUM_DATA": str(tmp_path), "FORUM_MAIL_FROM": written})
    assert found.mail_from == "forum@example.org"


def test_mail_names_a_host_of_any_script_in_ascii(tmp_path: Path) -> None:
    """Headers of e-mails must be ASCII."""
    environ = {"FORUM_DATA": str(tmp_path), "FORUM_URL": "https://dialog.münchen.example"}
    found = from_environment(environ)
    assert found.host == "dialog.xn--mnchen-3ya.example"
    assert found.mail_from == "forum@dialog.xn--mnchen-3ya.example"
    found = from_environment({**environ, "FORUM_MAIL_FROM": "rat@münchen.example"})
    assert found.mail_from == "rat@xn--mnchen-3ya.example"


def test_what_is_set_to_nothing_is_not_set(tmp_path: Path) -> None:
    numbers = ("PROXIES", "PAGE_CACHE_MB", "SLOW_MS", "DEMO", "ONE_MACHINE", "LIMITS")
    others = ("URL", "DATABASE_URL", "LOG", "METRICS", "MAIL_FROM", "VALKEY_URL", "SMTP_URL")
    further = ("IMAP_URL", "REPLY_ADDRESS", "OIDC_ISSUER", "TRUSTED_HOSTS")
    empty = {f"FORUM_{name}": "" for name in (*numbers, *others, *further)}
    key = {"FORUM_DATA": str(tmp_path), "FORUM_SECRET_KEY": KEY}
    assert from_environment({**empty, **key}) == from_environment(key)


ENDING = [
    ({"FORUM_PROXIES": "two"}, "FORUM_PROXIES is two, and should be a whole number such as 0."),
    (
        {"FORUM_DATA": "/proc", "FORUM_SECRET_KEY": KEY},
        "FORUM_DATA is /proc, where nothing can be kept: No such file or directory.",
    ),
]


@pytest.mark.parametrize(("given", "words"), ENDING)
def test_a_command_ends_with_the_sentence_and_nothing_else(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    environ = {**os.environ, "FORUM_DATA": str(tmp_path), **given}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "check"]
    ended = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"Error: {words}\n")


def test_what_a_forum_keeps_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """With a umask that lets everybody read new files."""
    data = tmp_path / "new" / "forum"
    environ = {**os.environ, "FORUM_DATA": str(data), "FORUM_DEMO": "", "FORUM_DATABASE_URL": ""}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, env=environ, umask=0o022, capture_output=True, check=True, timeout=120)
    found = {path.relative_to(data).as_posix(): path for path in (data, *data.rglob("*"))}
    assert {".", "forum.sqlite", "secret-key"} <= found.keys()
    assert {name: oct(file.stat().st_mode) for name, file in found.items() if is_open(file)} == {}


def is_open(path: Path) -> bool:
    return path.stat().st_mode & 0o077 != 0


def test_the_folder_is_nobody_elses_however_the_forum_is_begun(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        from_environment({"FORUM_DATA": str(tmp_path / "new")})
    finally:
        os.umask(before)
    assert not is_open(tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FORUM_MAILFROM", "FORUM_MAIL_FROM"),
        ("FORUM_SECRET_KEYS", "FORUM_SECRET_KEY"),
        ("FORUM_TRUSTED_HOST", "FORUM_TRUSTED_HOSTS"),
    ],
)
def test_a_misspelt_setting_is_not_left_out_without_a_word(
    tmp_path: Path, name: str, meant: str
) -> None:
    with pytest.raises(WrongSetting, match=f"{name} is no setting. Did you mean {meant}[?]"):
        from_environment({"FORUM_DATA": str(tmp_path), name: "x"})


def test_names_that_belong_to_others_are_left_alone(tmp_path: Path) -> None:
    names = ("FORUM_NAME", "FORUM_TEST_ALL", "FORUM_SHOTS", "MAILFROM", "FORUM_")
    # Set by Kubernetes for services
    names += (
        "FORUM_PORT",
        "FORUM_DATABASE_PORT",
        "FORUM_SERVICE_HOST",
    )
    assert from_environment({"FORUM_DATA": str(tmp_path)} | dict.fromkeys(names, "x"))


def test_a_misspelt_name_without_a_value_counts_as_not_set(tmp_path: Path) -> None:
    assert from_environment({"FORUM_DATA": str(tmp_path), "FORUM_MAILFROM": ""})


@pytest.mark.parametrize(("given", "missing"), [("ISSUER", "CLIENT_ID"), ("CLIENT_ID", "ISSUER")])
def test_half_a_provider_is_refused(tmp_path: Path, given: str, missing: str) -> None:
    with pytest.raises(WrongSetting, match=f"FORUM_OIDC_{missing} is missing"):
        from_environment({"FORUM_DATA": str(tmp_path), f"FORUM_OIDC_{given}": "https://id.example"})
