"""Converting rows into the responses of the API (`models`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import url_for

from forum import web
from forum.agendas.models import Agenda, Statement, Theme
from forum.api import models
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import Copied
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Mark, Post, Topic
from forum.dialogue.queries import PollRow, polls_below
from forum.glossary.models import Entry
from forum.library.models import Case, Intention, Practice, PracticeSection, Reading
from forum.meetings.models import Meeting
from forum.members.models import City, Member, Organisation
from forum.parallels.models import Translation
from forum.parallels.queries import ShownPart, named_figures
from forum.permissions import VISITOR
from forum.search.models import Document
from forum.search.queries import Hit


def address(endpoint: str, **values: Any) -> str:
    """The absolute address of a page."""
    return web.absolute(url_for(endpoint, **values))


def address_of(path: str) -> str:
    """The absolute address of a path from a column, which is not percent-encoded."""
    return web.absolute(quote(path, safe="/?=&#"))


def api_address(endpoint: str, **values: Any) -> str:
    """The absolute address of an endpoint of the API."""
    return address(f"api.{endpoint}", **values)


def author(member: Member) -> models.Author | None:
    """The author of something, as in bylines; None for somebody who has left."""
    if member.left_at:
        return None
    if not member.has_page:
        return models.Author(member.name, None, None)
    return models.Author(member.name, member.handle, address("front.profile", handle=member.handle))


def agenda_reference(found: Agenda) -> models.Reference:
    """An agenda as others refer to it."""
    return models.Reference(found.title, found.slug, address("front.agenda", slug=found.slug))


def organisation_reference(found: Organisation | None) -> models.Reference | None:
    """The organisation for which something was written."""
    if found is None:
        return None
    return models.Reference(found.name, found.slug, address("front.organisation", slug=found.slug))


def themes(found: Iterable[Theme]) -> list[models.Reference]:
    """Themes, without those that are no longer in use."""
    return [theme(listed) for listed in found if listed.removed_at is None]


def theme(found: Theme) -> models.Reference:
    """A theme."""
    return models.Reference(found.name, found.slug, address("dialogue.index", theme=found.slug))


def city(found: City) -> models.City:
    """A city."""
    return models.City(
        id=found.id,
        name=found.name,
        slug=found.slug,
        url=address("front.city", slug=found.slug),
        country=found.country,
        latitude=found.latitude,
        longitude=found.longitude,
        population=found.population,
    )


def home_city(found: City, members: int) -> models.HomeCity:
    """A city from which so many members come."""
    return models.HomeCity(**vars(city(found)), members=members)


def organisation(found: Organisation, members: int) -> models.Organisation:
    """An organisation, of which so many are members."""
    return models.Organisation(
        name=found.name,
        slug=found.slug,
        url=address("front.organisation", slug=found.slug),
        kind=found.kind,
        city=city(found.city) if found.city else None,
        website=found.website or None,
        members=members,
    )


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


def topic(found: Topic, *, is_answered: bool) -> models.Topic:
    """A topic, with agenda, author, organisation and themes loaded."""
    return models.Topic(
        id=found.id,
        kind=found.kind,
        title=found.title,
        language=found.language,
        url=address_of(found.address),
        api_url=api_address("topic", topic_id=found.id),
        posts_url=api_address("posts_of_topic", topic_id=found.id),
        agenda=agenda_reference(found.agenda),
        author=author(found.author),
        organisation=organisation_reference(found.organisation),
        themes=themes(found.themes),
        replies=found.replies_count,
        is_answered=is_answered,
        created_at=found.created_at,
        active_at=found.active_at,
        locked_at=found.locked_at,
        slowed_at=found.slowed_at,
        slow_until=found.slow_until,
        slow_minutes=found.slow_minutes,
    )


def posts(found: Sequence[Post]) -> list[models.Post]:
    """Posts that visitors see, with the polls below them."""
    polls = polls_below(VISITOR, found)
    return [post(shown, polls.get(shown.id)) for shown in found]


def post(found: Post, asked: PollRow | None) -> models.Post:
    """A post, with its topic, author and organisation loaded."""
    return models.Post(
        id=found.id,
        topic_id=found.topic_id,
        number=found.number,
        url=address("dialogue.post", post_id=found.id),
        api_url=api_address("post", post_id=found.id),
        author=author(found.author),
        organisation=organisation_reference(found.organisation),
        language=found.language,
        html=found.html,
        note_html=found.note_html or None,
        paragraph=found.paragraph,
        is_answer=found.topic.answer_id == found.id,
        marks=models.Marks(found.useful_count, found.same_here_count, found.tried_count),
        poll=poll(asked) if asked else None,
        created_at=found.created_at,
        edited_at=found.edited_at,
    )


def poll(found: PollRow) -> models.Poll:
    """A poll."""
    return models.Poll(
        question=found.question,
        is_multiple=found.is_multiple,
        options=[models.Option(option.words, option.votes_count) for option in found.options],
        voters=found.voters_count,
        closes_at=found.closes_at,
        closed_at=found.closed_at,
    )


def case(found: Case, tried: Mapping[int, int]) -> models.Case:
    """A case, as lists have it. `tried` is in how many cities it was tried, by topic."""
    return models.Case(
        name=found.name,
        slug=found.slug,
        url=address("library.case", slug=found.slug),
        api_url=api_address("case", slug=found.slug),
        agenda=agenda_reference(found.agenda),
        kind=found.kind,
        status=found.status,
        since=found.since,
        reach=found.reach,
        summary=found.summary,
        language=found.language,
        places=[city(place) for place in found.places],
        cities_tried=tried.get(found.topic_id, 0),
        created_at=found.created_at,
        updated_at=found.updated_at,
        checked_on=found.checked_on,
    )


def trials(marks: Iterable[Mark]) -> list[models.Trial]:
    """Who tried something, with city and member loaded."""
    return [
        models.Trial(
            city=city(mark.city) if mark.city else None,
            outcome=mark.outcome or "",
            year=mark.created_at.year,
            note=mark.note,
            language=mark.language if mark.note else "",
        )
        for mark in marks
    ]


def intentions(wanted: Iterable[Intention]) -> list[models.Intention]:
    """Who wants to try something, with member and city loaded."""
    return [
        models.Intention(
            city=city(intention.city) if intention.city else None, until=intention.until
        )
        for intention in wanted
    ]


def whole_case(
    found: Case,
    marks: Sequence[Mark],
    wanted: Iterable[Intention],
    *,
    languages: Iterable[str],
) -> models.WholeCase:
    """A case with all that its page has."""
    return models.WholeCase(
        **vars(case(found, _cities_of(found.topic_id, marks))),
        themes=themes(found.themes),
        paragraphs=[
            models.Paragraph(paragraph.key, paragraph.html) for paragraph in found.paragraphs
        ],
        figures=[
            models.Figure(
                figure.label, figure.value, figure.unit, figure.as_at, figure.source, figure.address
            )
            for figure in found.figures
        ],
        links=[models.Link(link.label, link.address, link.kind) for link in found.links],
        tried=trials(marks),
        wanted=intentions(wanted),
        translations=in_languages(found, languages),
        topic_url=api_address("topic", topic_id=found.topic_id),
    )


def practice(found: Practice, tried: Mapping[int, int]) -> models.Practice:
    """A practice, as lists have it."""
    return models.Practice(
        title=found.title,
        slug=found.slug,
        url=address("library.practice", slug=found.slug),
        api_url=api_address("practice", slug=found.slug),
        agenda=agenda_reference(found.agenda),
        author=author(found.author),
        city=city(found.city) if found.city else None,
        sentence=found.sentence,
        link=found.link or None,
        evidence=found.evidence or None,
        cost=found.cost or None,
        started=found.started,
        language=found.language,
        cities_tried=tried.get(found.topic_id or 0, 0),
        is_featured=found.featured_at is not None,
        published_at=found.published_at,
        updated_at=found.updated_at,
        revisit_on=found.revisit_on,
        confirmed_on=found.confirmed_on,
        unconfirmed_at=found.unconfirmed_at,
    )


def whole_practice(
    found: Practice,
    sections: Iterable[PracticeSection],
    adapted_from: Practice | None,
    marks: Sequence[Mark],
    wanted: Iterable[Intention],
    *,
    languages: Iterable[str],
) -> models.WholePractice:
    """A practice with those of its sections, and the one that it was made from, that the reader may see."""
    source = None
    if adapted_from:
        page = address("library.practice", slug=adapted_from.slug)
        source = models.Reference(adapted_from.title, adapted_from.slug, page)
    return models.WholePractice(
        **vars(practice(found, _cities_of(found.topic_id, marks))),
        organisation=organisation_reference(found.organisation),
        themes=themes(found.themes),
        sections=[models.Section(section.name, section.html) for section in sections],
        adapted_from=source,
        tried=trials(marks),
        wanted=intentions(wanted),
        translations=in_languages(found, languages),
        topic_url=api_address("topic", topic_id=found.topic_id) if found.topic_id else None,
    )


def in_languages(found: Practice | Case, languages: Iterable[str]) -> list[models.InLanguage]:
    """The translations of a practice or case, as that lists them."""
    kind = "practice" if isinstance(found, Practice) else "case"
    return [
        models.InLanguage(
            language=code,
            url=address("parallels.translation", kind=kind, slug=found.slug, language=code),
            api_url=api_address(f"{kind}_in_language", slug=found.slug, language=code),
        )
        for code in languages
    ]


def translation(
    found: Translation, said: Mapping[str, str], parts: Iterable[ShownPart], since: datetime | None
) -> models.Translation:
    """A translation; `said` are its texts that the reader may see, `since` when its original has said something else."""
    original = found.original
    page = "practice" if isinstance(original, Practice) else "case"
    return models.Translation(
        language=found.language,
        title=found.title,
        sentence=said.get("sentence"),
        url=address_of(found.address),
        original_url=address(f"library.{page}", slug=original.slug),
        translator=author(found.translator) if found.translator else None,
        created_at=found.created_at,
        edited_at=found.edited_at,
        outdated_since=since,
        parts=[models.TranslatedPart(part.name, part.html, part.language) for part in parts],
        figures=[models.TranslatedFigure(*figure) for figure in named_figures(found).values()],
    )


def reading(found: Reading) -> models.Reading:
    """A best read, with its agenda loaded."""
    return models.Reading(
        id=found.id,
        title=found.title,
        authors=found.authors,
        year=found.year,
        kind=found.kind,
        link=found.link or None,
        why=found.why,
        language=found.language,
        agenda=agenda_reference(found.agenda),
    )


def expression(found: Entry) -> models.Expression:
    """An entry of the glossary, with names and themes loaded."""
    return models.Expression(
        slug=found.slug,
        url=address("glossary.entry", slug=found.slug),
        names=[
            models.Wording(
                wording.language, wording.name, list(wording.other_names), wording.meaning
            )
            for wording in found.wordings
        ],
        source=found.source,
        themes=themes(found.themes),
        updated_at=found.updated_at,
    )


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


def commitment(found: Commitment) -> models.Commitment:
    """A commitment, with its agenda and its organisation loaded."""
    whose = found.organisation
    page = address("front.organisation", slug=whose.slug)
    return models.Commitment(
        id=found.id,
        title=found.title,
        url=address_of(found.address),
        api_url=api_address("commitment", commitment_id=found.id),
        agenda=agenda_reference(found.agenda),
        organisation=models.Reference(whose.name, whose.slug, page),
        city=city(whose.city) if whose.city else None,
        language=found.language,
        state=found.state,
        published_at=found.published_at,
        last_day=found.last_day,
        next_on=found.next_on,
        kept_at=found.kept_at,
        ended_at=found.ended_at,
        peers_count=found.peers_count,
    )


def whole_commitment(
    found: Commitment,
    milestones: Iterable[Milestone],
    declaration: Declaration | None,
    copied: Copied | None,
) -> models.WholeCommitment:
    """A commitment with its text, its milestones, and where it comes from."""
    return models.WholeCommitment(
        **vars(commitment(found)),
        source=found.source,
        html=found.html,
        kept_words=found.kept_words or None,
        ended_because=found.ended_reason or None,
        declaration_url=address_of(declaration.address) if declaration else None,
        copied_url=address_of(copied.address) if copied else None,
        milestones=[_milestone(milestone) for milestone in milestones],
    )


def _milestone(found: Milestone) -> models.Milestone:
    return models.Milestone(
        text=found.words,
        day=found.day,
        reached_at=found.reached_at,
        reached_words=found.reached_words or None,
        given_up_at=found.given_up_at,
        given_up_because=found.given_up_reason or None,
        earlier_days=[
            models.EarlierDay(move.earlier, move.moved_on, move.reason) for move in found.moves
        ],
    )


def meeting(found: Meeting) -> models.Meeting:
    """A meeting, with its agenda and its city loaded; never the link by which one joins."""
    return models.Meeting(
        id=found.id,
        title=found.title,
        url=address_of(found.address),
        agenda=agenda_reference(found.agenda),
        language=found.language,
        html=str(found.html),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        time_zone=found.time_zone,
        place=found.place,
        city=city(found.city) if found.city else None,
        is_online=found.is_online,
        seats=found.seats,
        coming=found.coming_count,
        cancelled_at=found.cancelled_at,
        over_at=found.over_at,
        outcome_html=str(found.outcome_html),
        recording=found.recording or None,
    )


def hit(found: Hit) -> models.Hit:
    """What a search has found, without the marks in its text."""
    return models.Hit(
        kind=found.document.kind,
        title=found.document.title,
        url=address_of(found.document.address),
        api_url=_api_url(found.document),
        excerpt=found.snippet.striptags(),
        language=found.document.language,
        written_at=found.document.written_at,
    )


def _api_url(document: Document) -> str | None:
    if document.kind in ("topic", "post", "declaration", "commitment"):
        return api_address(document.kind, **{f"{document.kind}_id": document.item_id})
    if document.kind in ("case", "practice"):
        return api_address(document.kind, slug=document.address.rpartition("/")[2])
    return None


def _cities_of(topic_id: int | None, marks: Iterable[Mark]) -> Mapping[int, int]:
    """In how many cities something was tried, by its topic, in the format of lists."""
    return {topic_id or 0: len({mark.city_id for mark in marks if mark.city_id})}
