"""A declaration as a row: checked, filled, counted, found by search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries import count_signatures
from forum.errors import Invalid
from forum.markup import Written
from forum.plaintext import single_line, slugify
from forum.search import actions as search

MAX_TITLE, MAX_REASON, MAX_RESERVATION = 200, 2_000, 1_000  # characters
MAX_SIGNING_TIME = timedelta(days=731)


@dataclass(frozen=True)
class DeclarationText:
    """What a declaration says. `replaces_id` is the withdrawn declaration that a new one replaces, if any."""

    title: str
    text: Written
    replaces_id: int | None = None


def declaration_entry(declaration: Declaration, plain: str) -> search.Entry:
    """The search document of a declaration, which exists from its consultation on; `plain` is its plain text."""
    return search.Entry(
        kind="declaration",
        item_id=declaration.id,
        address=declaration.address,
        title=declaration.title,
        body=plain,
        written_at=declaration.opened_at or declaration.created_at,
        agenda_id=declaration.agenda_id,
        language=declaration.language,
    )


def check_text(text: DeclarationText) -> None:
    """Raise `Invalid`, for the field of the form, without a title or a text."""
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if not text.text.source.strip():
        raise Invalid(_("Write a text."), "body")


def fill(declaration: Declaration, text: DeclarationText) -> None:
    """Set the columns that a text gives."""
    declaration.title = single_line(text.title)
    declaration.slug = slugify(declaration.title, "declaration")
    declaration.source, declaration.html = text.text.source, text.text.html
    declaration.html_version = text.text.html_version
    declaration.language = text.text.language


def count_signers(declaration: Declaration) -> None:
    """Store how many organisations have signed, after one has or has taken its signature back."""
    db.session.flush()
    declaration.signatures_count = count_signatures(declaration.id)
