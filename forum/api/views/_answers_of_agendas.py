"""Agendas and statements as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable

from forum.agendas.models import Agenda, Statement
from forum.api import models
from forum.api.views._addresses import address, api_address
from forum.api.views._answers_of_members import author


def agenda(found: Agenda) -> models.Agenda:
    """An agenda, as lists have it."""
    return models.Agenda(
        title=found.title,
        slug=found.slug,
        url=address("front.agenda", slug=found.slug),
        api_url=api_address("agenda", slug=found.slug),
        summary=found.summary,
        language=found.language,
        created_at=found.created_at,
        active_at=found.active_at,
        archived_at=found.archived_at,
    )


def whole_agenda(found: Agenda, statements: Iterable[Statement]) -> models.WholeAgenda:
    """An agenda with what members say of it."""
    return models.WholeAgenda(
        **vars(agenda(found)),
        html=found.introduction_html,
        findings_html=found.findings_html,
        findings_at=found.findings_at,
        hosts=[shown for host in found.hosts if host.has_page and (shown := author(host))],
        statements=[statement(quoted) for quoted in statements],
    )


def statement(found: Statement) -> models.Statement:
    """A statement; its member must be loaded."""
    return models.Statement(
        id=found.id,
        name=found.name,
        position=found.role_title,
        organisation=found.organisation,
        author=author(found.member) if found.member else None,
        said_on=found.said_on,
        quotation=found.quotation,
        language=found.language,
    )
