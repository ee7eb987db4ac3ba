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
    """It does not exist, or the person may not know that it does (404).

    `thing` is the kind and the id of what a moderator has hidden, for the page that says so.
    """

    status = 404

    def __init__(self, message: str = "", thing: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.thing = thing

    @classmethod
    def hidden(cls, sentence: str, reason: str, thing: tuple[str, int]) -> NotFound:
        """What to raise for what moderators have hidden: `sentence` says that, and the reason follows if there is one."""
        return cls(f"{sentence} {reason.rstrip('.')}." if reason else sentence, thing)


def or_not_found(row: T | None, message: object = "") -> T:
    """What a query has found; raises `NotFound` for None, with a message (a lazy one, if it should cost nothing else)."""
    if row is None:
        raise NotFound(str(message))
    return row


class Forbidden(Refusal):
    """The person sees it but may not do this (403).

    `thing` is the kind and the id of what a moderator has hidden, if that is why.
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
    """Somebody else was faster: what the person wants to change has changed since they looked at it (409)."""

    status = 409


class TooSoon(Refusal):
    """Something may be done only once in a while (429); `seconds` is how long it takes until it may be done again."""

    status = 429

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Busy(Refusal):
    """The database was locked for too long (503). Nothing was saved; trying again helps."""

    status = 503
