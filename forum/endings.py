"""How failing commands end: those called by a mail server tell it by their exit code whether to try again (sysexits.h)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from forum.settings import WrongSetting

EX_USAGE, EX_TEMPFAIL, EX_NOPERM = 64, 75, 77  # exit codes of sysexits.h


class TryAgain(click.ClickException):
    """A temporary failure of a command called by a mail server, which will deliver the message again because of the exit code."""

    exit_code = EX_TEMPFAIL


class WrongUsage(click.UsageError):
    """Wrong arguments of a command called by a mail server, with the exit code for that."""

    exit_code = EX_USAGE


FAILURES: dict[str, type[click.ClickException]] = {"mail-in": TryAgain}
WRONG_USAGES: dict[str, type[click.UsageError]] = {"mail-in": WrongUsage}


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
