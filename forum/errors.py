"""The exceptions of actions and queries, each with a sentence for the person who asked."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class Refusal(Exception):
    """The base class: something was refused. `message` says why, for the person; `status` is the HTTP status."""

    status = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    """The thing does not exist, or the person may not know that it does (404).

    `thing` is (kind, id) of something that a moderator has hidden, for the page that says so.
    """

    status = 404

    def __init__(self, message: str = "", thing: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.thing = thing

    @classmethod
    def hidden(cls, sentence: str, reason: str, thing: tuple[str, int]) -> NotFound:
        """The `NotFound` for something that moderators have hidden: `sentence` says so, then follows the reason, if any."""
        return cls(f"{sentence} {reason.rstrip('.')}." if reason else sentence, thing)


def or_not_found(row: T | None, message: object = "") -> T:
    """The row, or `NotFound` when it is None. `message` may be a lazy string, which costs nothing when there is a row."""
    if row is None:
        raise NotFound(str(message))
    return row


class Forbidden(Refusal):
    """The person may see the thing but not do this (403).

    `thing` is (kind, id) of something that a moderator has hidden, if that is the reason.
    """

    status = 403

    def __init__(self, message: str = "", thing: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.thing = thing


class Invalid(Refusal):
    """What was typed is invalid (422). `field` names the form field that the sentence is about."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Conflict(Refusal):
    """The thing has changed since the person looked at it (409)."""

    status = 409


class TooSoon(Refusal):
    """The action may be done only once in a while (429); `seconds` is the time until it may be done again."""

    status = 429

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Busy(Refusal):
    """The database was locked for too long (503). Nothing was saved; trying again helps."""

    status = 503
