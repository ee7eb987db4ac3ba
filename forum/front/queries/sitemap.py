"""The sitemap: the addresses of all pages that visitors may read, in files of a bounded size."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, String, case, cast, func, literal, null, select, text, union_all

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.commitments.models import Commitment
from forum.commitments.queries import shown_commitments
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import Topic
from forum.dialogue.queries import indexable_topics
from forum.glossary.models import Entry
from forum.glossary.queries import visible_entries
from forum.library.models import Case, Practice
from forum.library.queries import published_practices, visible_cases
from forum.meetings.models import Meeting
from forum.meetings.queries import visible_meetings
from forum.members.models import City, Member, Organisation
from forum.members.queries import home_cities, visible_members
from forum.pages import pages_for
from forum.parallels.models import Translation
from forum.parallels.queries import shown_translations
from forum.permissions import VISITOR

MAX_ADDRESSES = 50_000  # in one file, by sitemaps.org
MAX_KINDS = 16  # more than there are, because the first file has the cities, too
IDS_PER_SITEMAP_FILE = MAX_ADDRESSES // MAX_KINDS  # of each kind
INFO_PAGES = ("/help", "/rules", "/privacy", "/accessibility", "/contact")
LIST_PAGES = (
    *("/agendas", "/topics", "/cases", "/practices", "/readings", "/members", "/cities"),
    *("/declarations", "/commitments", "/meetings", "/glossary"),
)


def _numbered(prefix: str, item_id: Any, slug: Any) -> Any:
    """The path of something whose address has its number and its slug."""
    return literal(prefix) + cast(item_id, String) + "-" + slug


# The paths, in SQL
_AGENDA, _CASE = "/agendas/" + Agenda.slug, "/cases/" + Case.slug
_PRACTICE = "/practices/" + Practice.slug
_TOPIC = _numbered("/topics/", Topic.id, Topic.slug)
_MEETING = _numbered("/meetings/", Meeting.id, Meeting.slug)
_DECLARATION = _numbered("/declarations/", Declaration.id, Declaration.slug)
_COMMITMENT = _numbered("/commitments/", Commitment.id, Commitment.slug)
_MEMBER, _ORGANISATION = "/members/" + Member.handle, "/organisations/" + Organisation.slug
_ENTRY = "/glossary/" + Entry.slug


class SitemapEntry(NamedTuple):
    """One address in the sitemap, and when the page last changed, if that is known."""

    path: str
    changed_at: datetime | None


def sitemap_pages() -> int:
    """The number of files of the sitemap; each contains the things with ids in a range of `IDS_PER_SITEMAP_FILE`."""
    last = [select(func.max(part.id)).scalar_subquery() for part in _sections()]
    numbers = db.session.execute(select(*last)).one()
    return pages_for(max(number or 0 for number in numbers), IDS_PER_SITEMAP_FILE)


def sitemap_page(number: int) -> list[SitemapEntry]:
    """The entries of one file of the sitemap; the first also has the fixed pages and the cities."""
    first, last = (number - 1) * IDS_PER_SITEMAP_FILE + 1, number * IDS_PER_SITEMAP_FILE
    parts = [part.with_ids_between(first, last) for part in _sections()]
    parts += [_city_section()] if number == 1 else []
    listed = union_all(*(part.as_select(at) for at, part in enumerate(parts)))
    rows = db.session.execute(listed.order_by(text("part"), text("id")))
    fixed = _fixed_entries() if number == 1 else []
    return fixed + [SitemapEntry(row.path, row.changed_at) for row in rows]


def _fixed_entries() -> list[SitemapEntry]:
    return [SitemapEntry(path, None) for path in ("/", *LIST_PAGES, *INFO_PAGES)]


class SitemapSection(NamedTuple):
    """The things of one kind in the sitemap."""

    query: Select[Any]
    id: Any
    path: Any
    changed_at: Any

    def with_ids_between(self, first: int, last: int) -> SitemapSection:
        """Only those with ids in a range, including both ends."""
        return self._replace(query=self.query.where(self.id.between(first, last)))

    def as_select(self, number: int) -> Select[Any]:
        """A SELECT of path and time of change, marked with the number of the section, for a UNION."""
        columns = (literal(number).label("part"), self.id.label("id"), self.path.label("path"))
        query = self.query.order_by(None)
        return query.with_only_columns(*columns, self.changed_at.label("changed_at"))


def _sections() -> list[SitemapSection]:
    cases, practices = visible_cases(VISITOR), published_practices(VISITOR)
    wrote = visible_members(VISITOR).where(Member.posts_count > 0)
    return [
        SitemapSection(visible_agendas(VISITOR), Agenda.id, _AGENDA, Agenda.active_at),
        SitemapSection(cases, Case.id, _CASE, Case.updated_at),
        SitemapSection(practices, Practice.id, _PRACTICE, Practice.updated_at),
        _translation_section(),
        SitemapSection(visible_meetings(VISITOR), Meeting.id, _MEETING, Meeting.updated_at),
        SitemapSection(_topics(), Topic.id, _TOPIC, Topic.active_at),
        _declaration_section(),
        SitemapSection(
            shown_commitments(VISITOR), Commitment.id, _COMMITMENT, Commitment.updated_at
        ),
        SitemapSection(wrote, Member.id, _MEMBER, null()),
        SitemapSection(select(Organisation), Organisation.id, _ORGANISATION, null()),
        SitemapSection(visible_entries(), Entry.id, _ENTRY, Entry.updated_at),
    ]


def _topics() -> Select[Any]:
    """The topics with a page of their own."""
    return indexable_topics().where(Topic.home.is_(None))


def _translation_section() -> SitemapSection:
    query = shown_translations(VISITOR)
    query = query.outerjoin(Practice, Practice.id == Translation.practice_id)
    query = query.outerjoin(Case, Case.id == Translation.case_id)
    original = case((Case.id.is_(None), _PRACTICE), else_=_CASE)
    changed_at = func.coalesce(Translation.edited_at, Translation.created_at)
    return SitemapSection(
        query, Translation.id, original + "/in/" + Translation.language, changed_at
    )


def _declaration_section() -> SitemapSection:
    """Declarations change with each step, of which a later one may be empty."""
    steps = (Declaration.withdrawn_at, Declaration.adopted_at, Declaration.frozen_at)
    changed_at = func.coalesce(*steps, Declaration.edited_at, Declaration.opened_at)
    return SitemapSection(visible_declarations(VISITOR), Declaration.id, _DECLARATION, changed_at)


def _city_section() -> SitemapSection:
    """The cities with members. Their ids are GeoNames ids, so they are not split into ranges."""
    here = [city.id for city in home_cities(VISITOR)]
    return SitemapSection(
        select(City).where(City.id.in_(here)), City.id, "/cities/" + City.slug, null()
    )
