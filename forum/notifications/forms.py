"""The form for choosing how each kind of notice is mailed, and when the digest comes."""

from __future__ import annotations

from wtforms import RadioField, SelectField

from forum.notifications.models import AT_ONCE, DEFAULT_WAYS, DIGEST, NEVER
from forum.notifications.queries import time_zones
from forum.webforms import Form
from forum.webforms import lazy_text as _

WAY_NAMES = {AT_ONCE: _("At once"), DIGEST: _("In the digest"), NEVER: _("Not at all")}
# The label of each kind, in the order of the page
KIND_NAMES = {
    "reply": _("Somebody replies to you"),
    "quote": _("Somebody quotes you"),
    "mention": _("Somebody mentions you"),
    "advice": _("Somebody asks you for advice"),
    "followup": _("What happened next is asked about a question of yours"),
    "answer": _("A reply is chosen as the answer, yours or to your question"),
    "mark": _("Somebody marks what you wrote"),
    "topic": _("A new topic in what you watch"),
    "post": _("A new reply in a topic you watch"),
    "published": _("Your practice is published"),
    "returned": _("Your practice is returned to you"),
    "decision": _("A moderator decides about something of yours"),
    "report": _("A moderator answers your report"),
    "rules": _("The house rules change"),
    "queue": _("Something waits for you in moderation"),
    "host": _("You become the host of an agenda"),
    "unanswered": _("A question on your agenda has no answer"),
}
FREQUENCY_NAMES = {"daily": _("Every day"), "weekly": _("Every week"), "never": _("Never")}


class NoticesForm(Form):
    """How a member wants to be notified; the loop below adds a field `way_…` for each kind."""

    digest_every = SelectField(
        _("How often the digest comes"), choices=list(FREQUENCY_NAMES.items())
    )
    digest_hour = SelectField(
        _("At what time"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    time_zone = SelectField(
        _("In which time zone"), choices=lambda: [(name, name) for name in time_zones()]
    )

    @property
    def ways(self) -> dict[str, str]:
        """The chosen way of each kind."""
        return {
            kind: self[_field_name(kind)].data for kind in DEFAULT_WAYS if _field_name(kind) in self
        }

    def for_somebody(self, is_curator: bool) -> NoticesForm:
        """The form itself, without the kinds that only moderators get when the person is none."""
        if not is_curator:
            del self[_field_name("queue")], self[_field_name("unanswered")]
        return self


def _field_name(kind: str) -> str:
    return f"way_{kind}"


def ways_as_fields(ways: dict[str, str]) -> dict[str, str]:
    """Ways by kind, as values by field name."""
    return {_field_name(kind): way for kind, way in ways.items()}


for _kind, _label in KIND_NAMES.items():
    setattr(NoticesForm, _field_name(_kind), RadioField(_label, choices=list(WAY_NAMES.items())))
