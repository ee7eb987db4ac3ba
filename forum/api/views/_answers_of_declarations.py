"""Declarations as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable

from forum.api import models
from forum.api.views._addresses import address, address_of, api_address
from forum.api.views._answers_of_members import agenda_reference, city
from forum.declarations.models import Declaration, Signature


def declaration(found: Declaration) -> models.Declaration:
    """A declaration that is no draft, with its agenda loaded."""
    return models.Declaration(
        id=found.id,
        title=found.title,
        url=address_of(found.address),
        api_url=api_address("declaration", declaration_id=found.id),
        agenda=agenda_reference(found.agenda),
        language=found.language,
        state=found.state,
        opened_at=found.opened_at or found.created_at,
        frozen_at=found.frozen_at,
        sign_until=found.sign_until,
        adopted_at=found.adopted_at,
        withdrawn_at=found.withdrawn_at,
        sha256=found.digest or None,
        signatures_count=found.signatures_count,
    )


def whole_declaration(
    found: Declaration, signatures: Iterable[Signature]
) -> models.WholeDeclaration:
    """A declaration with its text and its signatures."""
    return models.WholeDeclaration(
        **vars(declaration(found)),
        source=found.source,
        html=found.html,
        withdrawn_because=found.withdrawn_reason or None,
        signatures=[_signature(signature) for signature in signatures],
    )


def _signature(found: Signature) -> models.Signature:
    slug = found.organisation.slug
    page = address("front.organisation", slug=slug)
    return models.Signature(
        organisation=models.Reference(found.organisation_name, slug, page),
        city=city(found.city) if found.city else None,
        name=found.name,
        position=found.position or None,
        signed_at=found.signed_at,
        reservation=found.reservation or None,
        language=found.language if found.reservation else None,
    )
