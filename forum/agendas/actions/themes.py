"""Themes: writing and removing them, and those that a member follows."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from forum.agendas.actions._shared import check_length
from forum.agendas.models import MemberTheme, Theme
from forum.agendas.queries import (
    member_themes,
    theme_by_id,
    theme_called,
    theme_fields,
    theme_of_slug,
    themes_by_id,
)
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.plaintext import slugify


@action
def write_theme(
    moderator: Person, name: str, theme_id: int | None = None, *, seen: str | None = None
) -> Theme:
    """Make a theme, or rename one; its slug stays. `seen` as in `write_agenda`.

    Raises `Invalid` for the name of another theme in use, and for a new name whose address belongs to a renamed
    theme.
    """
    require(moderator.can.curate_all())
    if theme_id is None:
        return _new_theme(name)
    theme = theme_by_id(theme_id)
    if theme.name != name:
        check_length(name, "name")
        _refuse_name_of_another(name, theme)
        refuse_unseen(seen, theme_fields(theme))
        keep_version(moderator, "theme", theme.id, theme_fields(theme))
        theme.name = name
    return theme


@action
def remove_theme(moderator: Person, theme_id: int) -> None:
    """Take a theme out of use; what was written on it stays."""
    require(moderator.can.curate_all())
    theme = theme_by_id(theme_id)
    keep_version(moderator, "theme", theme.id, theme_fields(theme))
    theme.removed_at = now()


@action
def ensure_themes(doer: Person, names: Iterable[str]) -> list[Theme]:
    """The themes with these names or addresses; missing ones are created. For imports."""
    require(doer.can.curate_all())
    found = {slugify(name, "theme"): name.strip() for name in names}
    meant = (
        theme_called(name) or _theme_in_use(slug) or _new_theme(name)
        for slug, name in found.items()
    )
    return list(dict.fromkeys(meant))


@action
def set_member_themes(member: Person, theme_ids: Iterable[int]) -> None:
    """Set the themes that a member can help with to exactly these."""
    lock_member(member.id, may_write=True)
    require(member.can.write())
    chosen = {theme.id for theme in themes_by_id(theme_ids)}
    before = {row.theme_id: row for row in member_themes(member.id)}
    if chosen == before.keys():
        touches()
        return
    for theme_id in before.keys() - chosen:
        db.session.delete(before[theme_id])
    for theme_id in sorted(chosen - before.keys()):
        db.session.add(MemberTheme(member_id=member.id, theme_id=theme_id))


def _theme_in_use(slug: str) -> Theme | None:
    theme = theme_of_slug(slug)
    return theme if theme and theme.removed_at is None else None


def _new_theme(name: str) -> Theme:
    name = name.strip()
    check_length(name, "name")
    _refuse_name_of_another(name, None)
    slug = slugify(name, "theme")
    if theme := _theme_in_use(slug):
        has_address = _(
            "The theme “%(name)s” already has the address that this name would get. Choose another name.",
            name=theme.name,
        )
        raise Invalid(has_address, "name")
    theme = theme_of_slug(slug)
    if theme is None:
        theme = Theme(slug=slug, name=name)
        db.session.add(theme)
    theme.name, theme.removed_at = name, None
    flush_unique(Invalid(_("There is a theme of this name already."), "name"))
    return theme


def _refuse_name_of_another(name: str, theme: Theme | None) -> None:
    known = theme_called(name)
    if known and known is not theme:
        raise Invalid(_("There is a theme of this name already."), "name")
