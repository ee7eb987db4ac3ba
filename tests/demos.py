"""The demo, which a command loads once for all tests that want a copy of it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def load_demo(folders: pytest.TempPathFactory) -> Path:
    """The folder with the demo, which the first worker of pytest-xdist loads while the others wait for it."""
    own = folders.getbasetemp()
    shared = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own
    made = shared / "demo"
    shared.joinpath("demo.lock").touch()
    with shared.joinpath("demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            part = shared / "demo.part"
            for command in (["db", "upgrade"], ["demo"]):
                environment = {**os.environ, "FORUM_DEMO": "1", "FORUM_DATA": str(part)}
                subprocess.run(
                    [*FLASK, *command], cwd=TOP, env=environment, check=True, capture_output=True
                )
            part.rename(made)
    return made
