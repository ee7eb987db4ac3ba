"""The configuration files of docs/scale adapted to a trial, and programs that are started with them and killed."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.ports import free_port
from tests.trials.doors import NAME
from tests.trials.site import TOP, commands_below, end

SCALE = TOP / "docs/scale"
NETWORK = "10.0.0."
FOLDER = "/srv/interurban"
PATIENCE = 30.0  # seconds for a part to start or to end


class ScaleFiles:
    """The files of docs/scale with the addresses, passwords and paths of this trial."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # All addresses 127.… are this machine; a random network, which no other trial is likely to use
        self.network = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(200) + 20}."
        self.plain_port = free_port()
        self.words = {
            NETWORK: self.network,
            "FORUM_SECRET_KEY=": f"FORUM_SECRET_KEY={secrets.token_urlsafe(40)}",
            "database-password": secrets.token_urlsafe(12),
            "valkey-password": secrets.token_urlsafe(12),
            "/var/log/nginx": str(folder),
            "/var/lib/nginx": str(folder),
            f"/etc/letsencrypt/live/{NAME}": str(folder),
            # The clients of the trials speak no TLS: they come in by a door beside it
            "listen 443 ssl;": f"listen {self.network}1:443 ssl; listen 127.0.0.1:{self.plain_port};",
            "listen 80;": f"listen {self.network}1:80;",
            "    listen [::]:443 ssl;\n": "",
            "    listen [::]:80;\n": "",
        }

    def filled_in(self, name: str) -> str:
        """The text of a file of docs/scale with the values of this trial."""
        return self.filled(SCALE.joinpath(name).read_text())

    def filled(self, text: str) -> str:
        """A text with the values of this trial."""
        for of_docs, of_trial in self.words.items():
            text = text.replace(of_docs, of_trial)
        return text

    def pg_hba(self) -> str:
        """The line for pg_hba.conf, which stands in a comment of postgresql.conf."""
        lines = self.filled_in("postgresql.conf").splitlines()
        [line] = [line.lstrip("# ") for line in lines if line.startswith("#     host ")]
        return line

    def settings(self, machine: int, **more: str) -> dict[str, str]:
        """The file interurban.env of one of the servers, with other settings on top."""
        lines = self.filled_in("interurban.env").splitlines()
        told = dict(
            word.split("=", 1) for line in lines for word in shlex.split(line, comments=True)
        )
        own = {"LISTEN": self.address(machine), "FORUM_DATA": str(self.folder / f"data-{machine}")}
        return told | own | {"WORKERS": "2", "FORUM_LOG": "plain"} | more

    def address(self, machine: int) -> str:
        """The address of a machine of this trial."""
        return f"{self.network}{machine}"


def program(name: str, *places: str) -> str:
    """The path of an installed program; empty if it is not installed."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places])) or ""


def until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until a condition holds; returns the seconds. Raises `AssertionError` when it takes too long."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - begun


class Program:
    """A program that is started, killed with all its child processes, and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, command: list[str], log: str, user: str | None = None, **more: str) -> None:
        """Start the program; its output goes to a file."""
        self.process = subprocess.Popen(
            command,
            cwd=TOP,
            env={k: v for k, v in os.environ.items() if "FORUM_" not in k} | more,
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / log).open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
        )

    def kill(self) -> None:
        """kill -9 for the program and all its processes; returns when they are gone."""
        assert self.process
        pids = [self.process.pid, *commands_below(self.process.pid)]
        for pid in pids:
            end(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(map(_is_alive, pids)), "the end of what was killed")
        self.process = None

    def stop(self) -> None:
        """End the program as a service manager does: SIGTERM, and patience."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
