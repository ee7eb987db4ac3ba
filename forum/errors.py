"""The ways in which a deed or a look-up can fail, each with a sentence for the person who asked."""

from __future__ import annotations


class Refusal(Exception):
    """Something was not done. `message` says why in words for the person; `status` is the HTTP answer."""

    status = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    """It does not exist, or the person may not know that it does (404).

    `thing` is the kind and the number of what a moderator hides, for the page that says so.
    """

    status = 404

    def __init__(self, message: str = "", thing: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.thing = thing


class Forbidden(Refusal):
    """The person sees it but may not do this (403)."""

    status = 403


class Invalid(Refusal):
    """What was typed cannot be taken (422). `field` names the form field the sentence belongs to."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Conflict(Refusal):
    """Somebody else was faster: the thing has changed since the person looked at it (409)."""

    status = 409


class Busy(Refusal):
    """The database could not take the write in time (503). Nothing was saved; trying again helps."""

    status = 503
