"""How failing commands end: those called by a mail server tell it by their exit code whether to try again (sysexits.h)."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from forum.environment import WrongSetting

EX_USAGE, EX_TEMPFAIL, EX_NOPERM = 64, 75, 77  # exit codes of sysexits.h


class TryAgain(click.ClickException):
    """A temporary failure of a command called by a mail server, which will deliver the message again because of the exit code."""

    exit_code = EX_TEMPFAIL


class WrongUsage(click.UsageError):
    """Wrong arguments of a command called by a mail server, with the exit code for that."""

    exit_code = EX_USAGE


# What a disk says of itself, whichever file it is about
DISK_FAILURES = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
FAILURES: dict[str, type[click.ClickException]] = {"mail-in": TryAgain}
WRONG_USAGES: dict[str, type[click.UsageError]] = {"mail-in": WrongUsage}


def is_about_files(error: OSError) -> bool:
    """Whether an `OSError` is the fault of a file, folder or disk, and not a mistake of the program."""
    return error.filename is not None or error.errno in DISK_FAILURES


def said_of_files(error: OSError) -> str:
    """An `OSError` in a sentence: which file or folder, what is wrong with it, and for want of rights who asked."""
    where = f"{error.filename}: " if error.filename else ""
    who = f" This command runs as {_user()}." if isinstance(error, PermissionError) else ""
    return f"{where}{error.strerror or error}.{who}"


def _user() -> str:
    try:
        return f"the user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:  # as in containers
        return f"the user {os.geteuid()}"


@contextmanager
def wrong_settings_end_command(words: Sequence[str]) -> Iterator[None]:
    """Let a wrong setting end the command named in `words` (of a command line) with that command's exit code.

    Settings are read to make the application, before its commands are known.
    """
    try:
        yield
    except WrongSetting as error:
        for name, ending in FAILURES.items():
            if name in words:
                raise ending(error.message) from error
        raise
