"""The sample files for operators fit the programs that read them, and each other."""

from __future__ import annotations

import configparser
import getpass
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from forum import configuring
from forum.commands import serve
from forum.copies import PostgresqlCopier
from forum.settings import from_environment
from tests.ports import free_port
from tests.trials.doors import NAME
from tests.trials.papers import FOLDER, SCALE, ScaleFiles, program, until
from tests.trials.parts import Nginx, certificate

ONE = SCALE.parent / "one-machine"
CONTAINER = SCALE.parent / "container"
ROOT = SCALE.parent.parent
ENVIRONMENTS = [ONE / "interurban.env", SCALE / "interurban.env"]
PATH = {"PATH": os.environ["PATH"]}
NGINX = [ONE / "nginx.conf", SCALE / "nginx.conf"]


def as_systemd_reads(file: Path) -> dict[str, str]:
    words = [shlex.split(line, comments=True) for line in file.read_text().splitlines()]
    return dict(word.split("=", 1) for line in words for word in line)


def names_of(paths: list[Path]) -> list[str]:
    return [path.parent.name for path in paths]


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=names_of(ENVIRONMENTS))
def test_settings_are_taken_and_mean_the_same_to_systemd_and_the_shell(
    file: Path, tmp_path: Path
) -> None:
    written = as_systemd_reads(file)
    script = f"set -a; . {shlex.quote(str(file))}; exec env"
    command = ["sh", "-c", script]
    told = subprocess.run(
        command, env=PATH, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    in_shell = dict(line.split("=", 1) for line in told.splitlines())
    assert written == {name: in_shell.get(name) for name in written}
    found = from_environment(written | {"FORUM_DATA": str(tmp_path)})
    assert found.is_https and found.proxies == 1
    assert found.database_url.startswith("postgresql://" if file.parent == SCALE else "sqlite://")


def test_the_unit_starts_the_server_where_each_machine_says() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string((SCALE / "interurban.service").read_text())
    service = unit["Service"]
    assert service["EnvironmentFile"] == "/etc/interurban.env"
    wanted = set(re.findall(r"\$\{(\w+)\}", service["ExecStart"]))
    for file in ENVIRONMENTS:
        assert wanted == {name for name in as_systemd_reads(file) if "FORUM_" not in name}
    words = shlex.split(re.sub(r"\$\{\w+\}", "1", service["ExecStart"]))
    assert words[:4] == [f"{FOLDER}/.venv/bin/flask", "--app", "wsgi", "serve"]
    serve.make_context("serve", words[4:])  # raises for unknown options


def instructions(name: str) -> list[str]:
    """What follows the instructions of this name in the Containerfile, each in one line."""
    text = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", text, re.M)


def test_an_image_takes_what_the_forum_runs_from() -> None:
    copied = [words.split() for words in instructions("COPY") if "--from" not in words]
    sources = {source for *named, _to in copied for source in named}
    assert all((ROOT / source).exists() for source in sources)
    assert sources > {"forum", "templates", "static", "migrations", "wsgi.py", "requirements.txt"}
    taken = (CONTAINER / "Containerfile.dockerignore").read_text()
    assert sources == set(re.findall(r"^!(.+)$", taken, re.M))


def test_a_container_starts_the_server_and_keeps_what_it_writes() -> None:
    command, volumes = (json.loads(instructions(name)[0]) for name in ("CMD", "VOLUME"))
    assert command[0] == "serve"
    serve.make_context("serve", command[1:])  # raises for unknown options
    assert dict(words.split("=") for words in instructions("ENV"))["FORUM_DATA"] == volumes[0]
    composed = (CONTAINER / "compose.yaml").read_text()
    mounted = re.findall(r"^ +- (\w+):(/\S+)$", composed, re.M)
    assert [place for _name, place in mounted] == volumes
    named = re.findall(r"^  (\w+):$", composed.partition("\nvolumes:\n")[2], re.M)
    assert [name for name, _place in mounted] == named


def test_a_container_is_given_files_by_its_input_and_keeps_its_volumes_in_each_release() -> None:
    """Docker copies nothing into a container whose own files cannot be written; volumes are called after the project."""
    composed = (CONTAINER / "compose.yaml").read_text()
    assert "read_only: true" in composed
    handbook = (ROOT / "docs" / "operating.md").read_text()
    assert not re.findall(r"docker compose cp \S+ forum:", handbook)
    project = re.search(r"^name: (\w+)$", composed, re.M)
    assert project and f"`{project[1]}_data`" in handbook


def test_a_container_is_asked_for_its_health(app: Flask) -> None:
    """At an address, and by a host name, that the forum answers."""
    address = re.search(r"http://localhost:8000(/\w+)", (CONTAINER / "compose.yaml").read_text())
    assert address
    assert app.test_client().get(address[1], base_url="http://localhost:8000").status_code == 200


def test_the_settings_of_a_container_are_taken(tmp_path: Path) -> None:
    """Docker takes what follows the sign as it stands, so quotes would be a part of it."""
    lines = (CONTAINER / "interurban.env").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert not any(set(value) & set("'\" ") for value in written.values())
    found = from_environment(written | {"FORUM_DATA": str(tmp_path)})
    assert found.is_https and found.proxies == 1


@pytest.mark.parametrize("file", NGINX, ids=names_of(NGINX))
def test_nginx_takes_its_configuration(file: Path, tmp_path: Path) -> None:
    nginx = program("nginx", "/usr/sbin")
    if not nginx:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
    certificate(tmp_path)
    files = ScaleFiles(tmp_path)
    text = files.filled(file.read_text())
    for port in (":443 ssl", ":80"):  # only root may listen at these ports
        text = text.replace(f"{files.network}1{port};", f"{files.network}1:10{port[1:]};")
    (tmp_path / "forum.conf").write_text(text)
    frame = f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ include {tmp_path}/forum.conf; }}"
    (tmp_path / "nginx.conf").write_text(frame)
    command = [nginx, "-t", "-q", "-c", f"{tmp_path}/nginx.conf"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert tried.returncode == 0 and "warn" not in tried.stderr, tried.stderr


@pytest.fixture(params=NGINX, ids=names_of(NGINX))
def front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., socket.socket]]:
    """nginx with one of the files, before a forum that does not answer: `front(address, head, method, path)` sends it a request.

    nginx takes the address from a header, as if it stood behind another proxy.
    """
    nginx = program("nginx", "/usr/sbin")
    if not nginx:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
    certificate(tmp_path)
    files = ScaleFiles(tmp_path)
    text = files.filled(request.param.read_text()).replace(":8000", f":{free_port()}")
    for port in (":443 ssl", ":80"):  # only root may listen at these ports
        text = text.replace(f"listen {files.network}1{port};", "")
    (tmp_path / "forum.conf").write_text(text)
    frame = Nginx.FRAME.replace("include /etc/nginx/mime.types;", "").replace(
        "conf.d/*.conf", "forum.conf"
    )
    places = " ".join(f"{name}_temp_path {tmp_path}/{name};" for name in Nginx.PLACES)
    places += " set_real_ip_from 127.0.0.1; real_ip_header X-Reader;"
    user = f" user {getpass.getuser()};" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(frame.format(folder=tmp_path, places=places, user=user))

    def send(address: str, head: str = "", method: str = "GET", path: str = "/") -> socket.socket:
        wire = socket.create_connection(("127.0.0.1", files.plain_port), timeout=30)
        head = f"Host: {NAME}\r\nX-Reader: {address}\r\nConnection: close\r\n{head}"
        wire.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        return wire

    with subprocess.Popen([nginx, "-c", f"{tmp_path}/nginx.conf"]) as process:
        until((tmp_path / "nginx.pid").exists, "nginx")
        yield send
        process.terminate()


@pytest.mark.parametrize(
    ("network", "neighbour"),
    [("10.1.2.3", "10.1.2.4"), ("2001:db8::{}:2:3:4", "2001:db8:0:1::1"),
     ("2001:db8:5:6:{}::1", "2001:db8:5:7::1")],
    ids=["IPv4", "IPv6", "IPv6 in full"],
)  # fmt: skip
def test_nginx_takes_up_sixty_requests_of_one_network(
    front: Callable[..., socket.socket], network: str, neighbour: str
) -> None:
    def says(address: str) -> str:
        with front(address).makefile(newline="") as answer:
            return answer.read()

    slow = []
    for number in range(1, 61):
        head = "Content-Length: 9\r\nExpect: 100-continue\r\n"
        slow.append(front(network.format(number), head, "POST"))
        assert b" 100 " in slow[-1].recv(100)  # nginx now waits for the body
    refused = says(network.format(99))
    assert refused.startswith("HTTP/1.1 503 ") and "\r\nRetry-After: 3\r\n" in refused
    assert "Too many requests at once come from your network." in refused
    assert "The forum did not answer." in says(neighbour)
    slow.pop().close()
    until(lambda: "The forum did not answer." in says(network.format(99)), "one who is let in")
    for wire in slow:
        wire.close()


@pytest.mark.parametrize(
    ("path", "size", "answer"),
    [
        ("/topics/7/reply", configuring.MAX_BODY, b" 100 "),
        ("/topics/7/reply", configuring.MAX_BODY + 1, b" 413 "),
        *((path, configuring.MAX_PICTURE_BODY, b" 100 ") for path in configuring.UPLOAD_PATHS),
        *((path, configuring.MAX_PICTURE_BODY + 1, b" 413 ") for path in configuring.UPLOAD_PATHS),
        (f"{configuring.PICTURES_PATH}/7/delete", configuring.MAX_BODY + 1, b" 413 "),
    ],
)
def test_nginx_takes_bodies_as_large_as_the_forum_does(
    front: Callable[..., socket.socket], path: str, size: int, answer: bytes
) -> None:
    head = f"Content-Length: {size}\r\nExpect: 100-continue\r\n"
    with front("10.1.2.3", head, "POST", path) as wire:
        assert answer in wire.recv(100)


@pytest.mark.parametrize("file", NGINX, ids=names_of(NGINX))
def test_nginx_keeps_what_never_changes_and_asks_for_all_else_as_browsers_do(file: Path) -> None:
    """For responses that it may cache, nginx does not pass on `Range` and `If-None-Match`."""
    text = file.read_text()
    places = re.findall(r"location (\S+) \{([^}]*)\}", text)
    assert [path for path, inside in places if "proxy_cache " in inside] == ["/static/"]
    assert text.count("proxy_cache ") == 1


@pytest.mark.parametrize("file", NGINX, ids=names_of(NGINX))
def test_nginx_drops_headers_that_the_forum_would_take_for_its_own(file: Path) -> None:
    """Granian gives `X_Forwarded_For` the name of `X-Forwarded-For`, and only one of the two counts."""
    assert not re.search("underscores_in_headers|ignore_invalid_headers", file.read_text())
    told = (ROOT / "docs" / "operating.md").read_text()
    assert "`request_header -*_*`" in told, "other web servers have to be told to"


def test_both_configurations_of_nginx_are_the_same_but_for_who_answers() -> None:
    one, several = ({*path.read_text().splitlines()} for path in NGINX)
    more = {line.strip() for line in one - several if not line.lstrip().startswith("#")}
    assert more == {
        """'"$upstream_status" $upstream_cache_status $request_id';""",
        "proxy_pass http://127.0.0.1:8000;",
    }


def test_a_backup_may_be_tried_in_the_database_that_it_makes(tmp_path: Path) -> None:
    files = ScaleFiles(tmp_path)
    _host, databases, role, *_more = files.pg_hba().split()
    url = files.settings(11)["FORUM_DATABASE_URL"]
    copier = PostgresqlCopier(make_url(url), "pg_dump")
    assert databases.split(",") == [copier.name, copier._scratch().name]
    assert f"CREATE ROLE {role} LOGIN CREATEDB" in files.filled_in("database.sql")


# The scripts


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder in place of the root folder: settings, a release whose `flask` prints its arguments, and both scripts."""
    release, programs = tmp_path / "srv/interurban", tmp_path / "bin"
    (release / ".venv/bin").mkdir(parents=True)
    programs.mkdir()
    (tmp_path / "interurban.env").write_text('FORUM_URL=https://a.example\nFORUM_X="b & c"\n')
    write_script(release / ".venv/bin/flask", 'echo "$PWD $FORUM_URL $FORUM_X $*"')
    write_script(programs / "id", "echo interurban")
    for script in ("interurban", "interurban-mail-in"):
        text = (ONE / script).read_text()
        text = text.replace("/etc/interurban.env", f"{tmp_path}/interurban.env")
        text = text.replace("/usr/local/bin", str(programs)).replace("/srv", f"{tmp_path}/srv")
        (programs / script).write_text(text)
        (programs / script).chmod(0o755)
    return tmp_path


def write_script(path: Path, words: str) -> None:
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)


def call(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{machine}/bin{os.pathsep}{PATH['PATH']}"}
    command = [f"{machine}/bin/{words[0]}", *words[1:]]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_command_is_given_in_the_release_with_the_settings(machine: Path) -> None:
    told = call(machine, "interurban", "backup", "/a file").stdout
    assert told == f"{machine}/srv/interurban https://a.example b & c --app wsgi backup /a file\n"


def test_a_command_of_another_user_is_given_as_the_forum(machine: Path) -> None:
    write_script(machine / "bin/id", "echo root")
    write_script(machine / "bin/runuser", 'echo "$*"')
    told = call(machine, "interurban", "check").stdout
    assert told == f"-u interurban -- {machine}/bin/interurban check\n"


def test_a_message_is_handed_in_with_its_recipient(machine: Path) -> None:
    told = call(machine, "interurban-mail-in", "reply+r7@mail.example.org").stdout
    assert told.endswith(" --app wsgi mail-in --recipient reply+r7@mail.example.org\n")


@pytest.mark.parametrize("missing", ["interurban.env", "srv"])
def test_a_message_comes_again_while_the_forum_is_not_in_its_place(
    machine: Path, missing: str
) -> None:
    path = machine / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert call(machine, "interurban-mail-in", "reply+r7@mail.example.org").returncode == 75


def test_the_backup_of_each_night_is_given_by_the_forum() -> None:
    [line] = [
        line for line in (ONE / "interurban.cron").read_text().splitlines() if "* * *" in line
    ]
    _time, user, command = re.split(r" {2,}", line.replace("15 3 * * *", "at"), maxsplit=2)
    assert user == "interurban"
    echo = command.replace("/usr/local/bin/interurban", "echo").replace("\\%", "%")
    told = subprocess.run(
        ["sh", "-c", echo.partition(" >")[0]],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert re.fullmatch(r"backup /var/backups/interurban/day-[1-7]\.backup\n", told.stdout)


# The commands of the handbook

HANDBOOK = [ONE.parent / "operating.md", ONE.parent / "scale.md", ONE / "interurban.cron"]
SPAN = re.compile(r"`([^`\n]+)`")


def commands_in(file: Path) -> list[list[str]]:
    """The arguments of each `interurban …` in a document, in backticks or at the beginning of a line."""
    text = file.read_text().replace("/usr/local/bin/interurban", "\ninterurban")
    lines = [*SPAN.findall(text), *text.splitlines()]
    return [line.split()[1:] for line in lines if re.match(r"interurban [a-z]", line)]


@pytest.mark.parametrize("file", HANDBOOK, ids=lambda file: file.name)
def test_the_forum_has_the_commands_and_options_of_the_handbook(file: Path, app: Flask) -> None:
    given = commands_in(file)
    assert given
    for words in given:
        command = list(takewhile(re.compile(r"[a-z][a-z-]*").fullmatch, words))
        told = app.test_cli_runner().invoke(args=[*command, "--help"])
        assert told.exit_code == 0, words
        options = [word for word in words if word.startswith("--")]
        assert [option for option in options if f"{option} " not in told.output] == [], words
