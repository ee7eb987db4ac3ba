"""Founding the forum, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy import delete

from forum import locales
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.illustrations import size_of
from forum.members import queries
from forum.members.actions._names import checked_line
from forum.members.actions._profile import Joining
from forum.members.actions.joining import add_member
from forum.members.models import Federation, FederationMark, Member
from forum.permissions import Person, require
from forum.principals import ADMINISTRATOR
from forum.shrinking import PICTURE, Shrunk
from forum.versions import EVERYTHING as EVERY_SCOPE
from forum.versions import FEDERATION

# Characters; every page shows both
MAX_FORUM_NAME, MAX_TAGLINE = 80, 300
# Pixels of the longer side of the forum's own mark, enough for sharp edges wherever it is shown; and how many times as
# long as the other it may be, so that the name has room beside it
MAX_MARK, MAX_MARK_RATIO = 256, 4


@action
def found_federation(
    administrator: Person,
    name: str,
    tagline: str = "",
    is_demo: bool = False,
    contact_email: str = "",
    *,
    tagline_locale: str = "",
    taglines: Mapping[str, str] | None = None,
) -> Federation:
    """Give the forum its name. Raises `Conflict` when it has one, `Invalid` for an overlong name or tagline.

    The languages of the tagline are those of `describe_federation`.
    """
    require(administrator.can.administer())
    if queries.federation_if_there():
        raise Conflict(_("This forum has been set up already."))
    federation = Federation(
        name=checked_line(MAX_FORUM_NAME, name, "name"),
        tagline=checked_line(MAX_TAGLINE, tagline, "tagline"),
        is_demo=is_demo,
        contact_email=contact_email,
        tagline_locale=tagline_locale,
        taglines=_checked_taglines(taglines or {}),
    )
    db.session.add(federation)
    return federation


@action
def set_up(
    administrator: Person, name: str, tagline: str, first: Joining, *, tagline_locale: str = ""
) -> Member:
    """Found the forum and make the account of its first administrator, in one transaction.

    `tagline_locale` is the language of the tagline, a locale of the interface; the first one where it is empty.
    """
    found_federation(
        administrator, name, tagline, contact_email=first.email, tagline_locale=tagline_locale
    )
    return add_member(administrator, first, ADMINISTRATOR)


@action
def describe_federation(
    administrator: Person,
    *,
    seen: str | None = None,
    tagline_locale: str = "",
    taglines: Mapping[str, str] | None = None,
    **words: str,
) -> Federation:
    """Change the forum's `name`, `tagline` or `contact_email`; fields that are not given stay.

    `tagline_locale` is the language of the tagline, a locale of the interface, and `taglines` is what the tagline is in
    others, by locale: an empty one is taken away, and those that are not given stay.

    All processes show the new values at once, and the former fields are kept as a version. `seen` is the
    `fingerprint` of the fields when the form was opened: `Conflict` when they have changed since. Raises `Invalid`
    for an empty or too long name.
    """
    known = queries.federation_to_change(administrator)
    before, locale = queries.federation_fields(known), tagline_locale or known.tagline_locale
    others = {**known.taglines, **_checked_taglines(taglines or {})}
    others = {name: said for name, said in others.items() if said and name != locale}
    values = {
        "name": checked_line(MAX_FORUM_NAME, words.get("name", known.name), "name"),
        "tagline": checked_line(MAX_TAGLINE, words.get("tagline", known.tagline), "tagline"),
        "contact_email": words.get("contact_email", known.contact_email),
    }
    if not any(map(str.isalnum, values["name"])):
        raise Invalid(_("Give the forum a name."), "name")
    if (values | queries.tagline_fields(others), locale) == (before, known.tagline_locale):
        touches()
        return known
    refuse_unseen(seen, before)
    touches(EVERY_SCOPE, FEDERATION)
    keep_version(administrator, FEDERATION, known.id, before)
    for name, value in values.items():
        setattr(known, name, value)
    known.tagline_locale, known.taglines = locale, others
    return known


def _checked_taglines(taglines: Mapping[str, str]) -> dict[str, str]:
    """What the tagline is in other languages, without invisible characters; raises `Invalid` for an overlong one."""
    return {
        locale: checked_line(MAX_TAGLINE, said, queries.tagline_field(locale))
        for locale, said in taglines.items()
        if locale in locales.known()
    }


@action
def use_mark(administrator: Person, made: Shrunk) -> Federation:
    """Give the forum a mark of its own in place of the present one: a picture made by `shrink` with `MAX_MARK`.

    Who replaced which is kept, without the picture. Raises `Invalid` if one of its sides is too long for the masthead.
    """
    known = queries.federation_to_change(administrator)
    longer, shorter = sorted(size_of(made.name), reverse=True)
    if longer > MAX_MARK_RATIO * shorter:
        raise Invalid(
            _(
                "One side of this picture is more than four times as long as the other. Choose one that is nearer to a square."
            ),
            PICTURE,
        )
    _replace_mark(administrator, known, made)
    return known


@action
def use_usual_mark(administrator: Person) -> Federation:
    """Show the usual mark again, and delete the forum's own."""
    known = queries.federation_to_change(administrator)
    _replace_mark(administrator, known, None)
    return known


def _replace_mark(administrator: Person, known: Federation, made: Shrunk | None) -> None:
    touches(EVERY_SCOPE, FEDERATION)
    if made or known.mark:
        keep_version(administrator, queries.MARK_HISTORY, known.id, {"mark": known.mark})
    db.session.execute(delete(FederationMark))
    known.mark = made.name if made else ""
    if made:
        db.session.add(FederationMark(federation_id=known.id, data=made.whole))


@action
def close_first_steps(administrator: Person) -> None:
    """Close the list of the first steps of a new forum for everybody, done or not."""
    touches()
    known = queries.federation_to_change(administrator)
    known.first_steps_closed_at = known.first_steps_closed_at or now()


@action
def open_first_steps(administrator: Person) -> None:
    """Show the list of first steps again, as long as they are not done."""
    touches()
    queries.federation_to_change(administrator).first_steps_closed_at = None
