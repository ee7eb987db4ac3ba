"""The actions that curate agendas, statements and themes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions, queries
from forum.agendas.actions import AgendaText, StatementText
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.markup import write
from forum.members.actions import Joining, Profile, edit_profile, hide_profile, join, leave
from forum.members.queries import get_member, moderator_ids
from forum.notifications.actions import make_notices, read_all
from forum.notifications.models import Notice
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM, VISITOR

pytestmark = pytest.mark.usefixtures("app")


def text(title: str = "Making Cities Cooler", **changes: Any) -> AgendaText:
    fields: dict[str, Any] = {"title": title, "introduction": write("Shade is a service.")}
    return AgendaText(**{**fields, **changes})


def said(**changes: Any) -> StatementText:
    fields: dict[str, Any] = {"name": "Ines Moreau", "quotation": "We plant first."}
    return StatementText(**{**fields, **changes})


def test_a_moderator_makes_an_agenda_that_comes_last(people: Any, agenda: Agenda) -> None:
    made = actions.write_agenda(people.moderator, text(), hosts=["ana-prado"])
    assert made.slug == "making-cities-cooler"
    assert [listed.id for listed in queries.agendas(VISITOR)] == [agenda.id, made.id]
    assert get_member(SYSTEM, "ana-prado").hosted == [made.id]


def test_neither_members_nor_hosts_make_or_order_agendas(people: Any, agenda: Agenda) -> None:
    for person in (people.ana, people.host, VISITOR):
        for deed in (
            lambda who: actions.write_agenda(who, text()),
            lambda who: actions.order(who, [agenda.id]),
            lambda who: actions.set_hosts(who, agenda.id, []),
            lambda who: actions.write_theme(who, "Noise"),
        ):
            with pytest.raises(Forbidden):
                deed(person)


def test_a_host_archives_the_own_agenda_and_no_other(people: Any, agenda: Agenda) -> None:
    other = actions.write_agenda(people.moderator, text())
    assert actions.archive(people.host, agenda.id).archived_at
    assert actions.reopen(people.host, agenda.id).archived_at is None
    for person, agenda_id in ((people.ana, agenda.id), (people.host, other.id)):
        for deed in (actions.archive, actions.reopen):
            with pytest.raises(Forbidden):
                deed(person, agenda_id)


def test_a_host_edits_the_own_agenda_and_no_other(people: Any, agenda: Agenda) -> None:
    other = actions.write_agenda(people.moderator, text())
    actions.write_agenda(people.host, text("Quieter", summary="New"), agenda.id)
    assert queries.get_agenda(VISITOR, "quieter").title == "Quieter"
    for deed in (
        lambda: actions.write_agenda(people.host, text("Mine"), other.id),
        lambda: actions.write_statement(people.host, other.id, said()),
        lambda: actions.order_statements(people.host, other.id, []),
        lambda: actions.write_agenda(people.host, text("Quieter"), agenda.id, hosts=["ana-prado"]),
    ):
        with pytest.raises(Forbidden):
            deed()
    with pytest.raises(NotFound):
        actions.write_agenda(people.host, text("Nowhere"), 2**31 - 1)


def test_the_address_stays_when_the_title_changes(people: Any, agenda: Agenda) -> None:
    actions.write_agenda(people.moderator, text("Another name", slug="else"), agenda.id)
    assert queries.agenda_by_id(VISITOR, agenda.id).slug == "quieter"


def test_every_agenda_has_an_address_of_its_own(people: Any) -> None:
    slugs = [
        actions.write_agenda(people.moderator, text(title)).slug
        for title in ("New", "Order", "Floods!", "floods?", "水のまち", "!!!")
    ]
    assert slugs == ["new-2", "order-2", "floods", "floods-2", "水のまち", "agenda"]
    long = [actions.write_agenda(people.moderator, text("x" * 70 + end)).slug for end in ("a", "b")]
    assert long == ["x" * 60, "x" * 58 + "-2"]


def test_two_agendas_of_one_title_are_refused(people: Any, agenda: Agenda) -> None:
    made = actions.write_agenda(people.moderator, text())
    for agenda_id in (None, agenda.id):
        with pytest.raises(Invalid) as refused:
            actions.write_agenda(people.moderator, text(), agenda_id)
        assert refused.value.field == "title"
    assert actions.write_agenda(people.moderator, text(summary="Changed"), made.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"palette": "gold"}, "palette"),
        ({"pattern": "maze"}, "pattern"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_what_cannot_be_drawn_or_kept_is_refused(
    people: Any, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.write_agenda(people.moderator, text(**changes))
    assert refused.value.field == field


def test_what_an_agenda_said_before_is_kept(people: Any, agenda: Agenda) -> None:
    actions.write_agenda(people.moderator, text("Quieter", introduction=write("New.")), agenda.id)
    actions.write_agenda(people.moderator, text("Quieter", introduction=write("New.")), agenda.id)
    kept = versions_of("agenda", agenda.id)
    assert kept[0].fields["introduction"] == "Noise is heard last."
    assert len(kept) == 2  # setting the hosts kept one; saving without a change keeps none
    edits = queries.edits_of(queries.get_agenda(VISITOR, "quieter"), people.host)
    assert ("title", [("gone", "Making Cities "), ("same", "Quieter")]) in edits[0].differences


def test_an_unknown_host_is_refused_and_nothing_is_saved(people: Any, agenda: Agenda) -> None:
    with pytest.raises(Invalid) as refused:
        actions.write_agenda(people.moderator, text("Changed"), agenda.id, hosts=["nobody"])
    assert refused.value.field == "hosts"
    assert queries.agenda_by_id(VISITOR, agenda.id).title == "Making Cities Quieter"


def test_who_becomes_a_host_is_told_once(people: Any, agenda: Agenda) -> None:
    def told(member: Any) -> list[tuple[str, str]]:
        make_notices(SYSTEM)
        found = db.session.scalars(select(Notice).where(Notice.member_id == member.id))
        return [(notice.address, notice.title) for notice in found if notice.kind == "host"]

    hosts = [people.host.handle, people.ana.handle, people.moderator.handle]
    for _turn in range(2):
        actions.set_hosts(people.moderator, agenda.id, hosts)
    assert told(people.ana) == [("/agendas/quieter", "Making Cities Quieter")]
    # One was a host already, the other one set the hosts
    assert told(people.host) == told(people.moderator) == []
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle])
    # The notice of a removed host is hidden, and not mailed
    assert told(people.ana) and not unread_count(people.ana)
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle, people.ben.handle])
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle])
    # Although the worker ran only after Ben was removed again
    assert told(people.ben) and not unread_count(people.ben)


def test_who_is_no_host_any_more_is_told_if_they_knew_that_they_were(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser, both = sign_in(people.ana), [people.host.handle, people.ana.handle]
    actions.set_hosts(people.moderator, agenda.id, both)
    make_notices(SYSTEM)
    read_all(people.ana)
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle])
    make_notices(SYSTEM)
    page = browser.get("/notices").text
    assert "You are no longer a host of this agenda" in page and unread_count(people.ana) == 1
    assert 'id="hosts"' in browser.get("/agendas/quieter").text, "there the notice leads"
    actions.set_hosts(people.moderator, agenda.id, both)
    make_notices(SYSTEM)
    assert unread_count(people.ana) == 1, "that she hosts it again, and nothing else"


def test_who_becomes_a_host_of_an_agenda_in_preparation_reads_that_it_is(
    people: Any, agenda: Agenda
) -> None:
    prepared = actions.write_agenda(
        people.moderator, actions.AgendaText("Parks", write("Trees."), is_open=False)
    )
    for hosted in (agenda, prepared):
        actions.set_hosts(people.moderator, hosted.id, [people.ana.handle])
    make_notices(SYSTEM)
    theirs = select(Notice).where(Notice.member_id == people.ana.id, Notice.kind == "host")
    found = {notice.address: str(notice.words) for notice in db.session.scalars(theirs)}
    said = "It is in preparation until somebody opens it."
    assert found == {"/agendas/quieter": "", "/agendas/parks": said}


def test_no_notice_leads_former_hosts_to_an_agenda_in_preparation(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser, both = sign_in(people.ana), [people.host.handle, people.ana.handle]

    def addresses() -> list[str]:
        make_notices(SYSTEM)
        kept = select(Notice).where(Notice.member_id == people.ana.id, Notice.hidden_at.is_(None))
        return sorted(notice.address for notice in db.session.scalars(kept))

    actions.set_hosts(people.moderator, agenda.id, both)
    make_notices(SYSTEM)
    read_all(people.ana)
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle])
    assert addresses() == ["/agendas/quieter", "/agendas/quieter#hosts"]
    actions.prepare_agenda(people.moderator, agenda.id)
    assert addresses() == [] and "/agendas/quieter" not in browser.get("/notices").text
    actions.open_agenda(people.moderator, agenda.id)
    assert addresses() == ["/agendas/quieter", "/agendas/quieter#hosts"]


def test_who_stops_hosting_an_agenda_in_preparation_has_no_notice_that_leads_there(
    people: Any, agenda: Agenda
) -> None:
    actions.prepare_agenda(people.moderator, agenda.id)
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle, people.ana.handle])
    make_notices(SYSTEM)
    actions.set_hosts(people.moderator, agenda.id, [people.host.handle, people.ben.handle])
    make_notices(SYSTEM)
    shown = select(Notice.member_id).where(Notice.kind == "host", Notice.hidden_at.is_(None))
    assert db.session.scalars(shown).all() == [people.ben.id]


def test_who_stops_hosting_stops_moderating(people: Any, agenda: Agenda) -> None:
    actions.set_hosts(people.moderator, agenda.id, ["@ben-okoth", "ben-okoth", " "])
    assert [host.handle for host in queries.get_agenda(VISITOR, "quieter").hosts] == ["ben-okoth"]
    assert not get_member(SYSTEM, people.host.handle).can.moderate(agenda.id)
    assert get_member(SYSTEM, "ben-okoth").can.moderate(agenda.id)


def test_who_has_closed_the_account_is_told_of_no_queue(people: Any, agenda: Agenda) -> None:
    both = {people.moderator.id, people.host.id}
    assert both <= set(queries.curators_of(agenda.id))
    for member_id in both:
        leave(SYSTEM, member_id, "nameless")
    assert not both & {*queries.curators_of(agenda.id), *moderator_ids()}


def test_an_archived_agenda_moves_below_and_can_be_reopened(people: Any, agenda: Agenda) -> None:
    actions.archive(people.moderator, agenda.id)
    assert not queries.agendas(VISITOR)
    assert [listed.id for listed in queries.agendas(VISITOR, archived=True)] == [agenda.id]
    assert not people.ana.can.open_topic(queries.agenda_by_id(VISITOR, agenda.id))
    actions.reopen(people.moderator, agenda.id)
    assert queries.agendas(VISITOR)


def test_agendas_stand_in_the_order_that_was_chosen(people: Any, agenda: Agenda) -> None:
    second, third = (actions.write_agenda(people.moderator, text(name)) for name in ("B", "C"))
    actions.order(people.moderator, [third.id, 999, agenda.id])
    assert [listed.id for listed in queries.agendas(VISITOR)] == [third.id, agenda.id, second.id]


def test_a_statement_sent_twice_stands_once(people: Any, agenda: Agenda) -> None:
    whole = said(said_on=date(2026, 6, 5), handle="ben-okoth")
    made = actions.write_statement(people.host, agenda.id, whole)
    assert actions.write_statement(people.host, agenda.id, whole).id == made.id
    for other in (said(handle="ben-okoth"), said(said_on=date(2026, 6, 5))):
        actions.write_statement(people.host, agenda.id, other)
    assert len(queries.statements_of(agenda)) == 3
    actions.remove_statement(people.host, agenda.id, made.id)
    actions.write_statement(people.host, agenda.id, whole)
    assert len(queries.statements_of(agenda)) == 3


def test_a_statement_is_written_edited_ordered_and_removed(people: Any, agenda: Agenda) -> None:
    first = actions.write_statement(people.host, agenda.id, said(said_on=date(2026, 6, 5)))
    second = actions.write_statement(people.host, agenda.id, said(name="Bo", handle="ben-okoth"))
    actions.order_statements(people.host, agenda.id, [second.id, first.id])
    shown = queries.statements_of(agenda)
    assert [statement.name for statement in shown] == ["Bo", "Ines Moreau"]
    assert shown[0].member and shown[0].member.handle == "ben-okoth"
    actions.write_statement(people.host, agenda.id, said(quotation="We dig first."), first.id)
    assert versions_of("statement", first.id)[0].fields["said_on"] == "2026-06-05"
    actions.remove_statement(people.host, agenda.id, first.id)
    assert [statement.name for statement in queries.statements_of(agenda)] == ["Bo"]
    with pytest.raises(NotFound):
        actions.remove_statement(people.host, agenda.id, first.id)


def test_a_statement_leads_to_no_hidden_profile(people: Any, agenda: Agenda) -> None:
    made = actions.write_statement(people.host, agenda.id, said(handle="ben-okoth"))
    hide_profile(people.moderator, people.ben.id)
    db.session.expunge_all()
    assert queries.statements_of(agenda)[0].member is None
    assert queries.get_statement(agenda, made.id).member_id == people.ben.id


def test_a_statement_is_reached_through_its_own_agenda_only(people: Any, agenda: Agenda) -> None:
    other = actions.write_agenda(people.moderator, text())
    foreign = actions.write_statement(people.moderator, other.id, said())
    with pytest.raises(Forbidden):
        actions.write_statement(people.host, agenda.id, said(name="Mine"), foreign.id)
    with pytest.raises(Forbidden):
        actions.remove_statement(people.host, agenda.id, foreign.id)
    with pytest.raises(Invalid):
        actions.write_statement(people.host, agenda.id, said(handle="nobody"))


def test_a_renamed_theme_keeps_its_address(people: Any) -> None:
    theme = actions.write_theme(people.moderator, "Land value")
    actions.write_theme(people.moderator, "Value of land", theme.id)
    assert [(theme.slug, theme.name) for theme in queries.themes()] == [
        ("land-value", "Value of land")
    ]
    with pytest.raises(Invalid) as refused:
        actions.write_theme(people.moderator, "land VALUE")
    assert (
        "“Value of land” already has the address that this name would get" in refused.value.message
    )
    assert versions_of("theme", theme.id)[0].fields == {"name": "Land value"}


def test_no_two_themes_in_use_have_one_name(people: Any) -> None:
    theme, trees = (actions.write_theme(people.moderator, name) for name in ("Parking", "Trees"))
    actions.write_theme(people.moderator, "Kerbside", theme.id)
    for name, number in (("Kerbside", trees.id), (" kerbsidé", trees.id), ("Kerbside", None)):
        with pytest.raises(Invalid) as refused:
            actions.write_theme(people.moderator, name, number)
        assert refused.value.message == "There is a theme of this name already."
    assert [theme.name for theme in queries.themes()] == ["Kerbside", "Trees"]
    actions.write_theme(people.moderator, "KERBSIDE", theme.id)
    actions.remove_theme(people.moderator, theme.id)
    assert actions.write_theme(people.moderator, "Kerbside", trees.id).slug == "trees"


def test_a_removed_theme_is_gone_and_can_come_back(people: Any) -> None:
    theme = actions.write_theme(people.moderator, "Floods")
    actions.set_member_themes(people.ana, [theme.id, 999])
    actions.remove_theme(people.moderator, theme.id)
    assert not queries.themes() and not queries.themes_of_member(people.ana.id)
    assert actions.write_theme(people.moderator, "Floods").id == theme.id
    assert queries.themes_of_member(people.ana.id)


def test_themes_are_made_by_name_for_imports_alone(people: Any) -> None:
    made = actions.ensure_themes(SYSTEM, ["Floods", "floods ", "Ports"])
    assert {theme.slug for theme in made} == {"floods", "ports"}
    with pytest.raises(Forbidden):
        actions.ensure_themes(people.ana, ["Mine"])


def test_an_import_finds_a_renamed_theme_by_its_name_and_by_its_address(people: Any) -> None:
    theme = actions.write_theme(people.moderator, "Parking")
    actions.write_theme(people.moderator, "Kerbside", theme.id)
    assert actions.ensure_themes(SYSTEM, ["kerbside", "Parking"]) == [theme]
    trees = actions.write_theme(people.moderator, "Trees")
    actions.write_theme(people.moderator, "Parking", trees.id)
    assert actions.ensure_themes(SYSTEM, ["Parking", "Kerbside"]) == [trees, theme]


def test_a_member_chooses_and_unchooses_themes(people: Any) -> None:
    floods, ports = actions.ensure_themes(SYSTEM, ["Floods", "Ports"])
    actions.set_member_themes(people.ana, [floods.id, floods.id])
    actions.set_member_themes(people.ana, [ports.id])
    assert [theme.name for theme in queries.themes_of_member(people.ana.id)] == ["Ports"]
    with pytest.raises(Forbidden):
        actions.set_member_themes(VISITOR, [ports.id])  # type: ignore[arg-type]  # a visitor tries


def test_activity_only_moves_forward(agenda: Agenda) -> None:
    later = now() + timedelta(hours=1)
    actions.note_activity(SYSTEM, agenda.id, later)
    actions.note_activity(SYSTEM, agenda.id, later - timedelta(days=9))
    db.session.expire_all()
    fresh = queries.agenda_by_id(VISITOR, agenda.id)
    assert fresh.active_at == later


@pytest.mark.parametrize(
    "typed",
    [["Ana Prado", "ben-okoth"], ["ana-prado ben-okoth"], ["@ana-prado", " Ben Okoth ", ""]],
)
def test_hosts_are_named_by_handle_or_full_name(people: Any, typed: list[str]) -> None:
    made = actions.write_agenda(people.administrator, text(), hosts=typed)
    assert {host.handle for host in made.hosts} == {"ana-prado", "ben-okoth"}


def test_a_name_never_means_somebody_else_with_that_handle(people: Any, agenda: Agenda) -> None:
    ravi, other, kumar = (
        join(VISITOR, Joining(name, f"{at}@city.example", "-"))
        for at, name in enumerate(("Ravi", "Ravi", "Kumar"))
    )
    assert (ravi.handle, other.handle, kumar.handle) == ("ravi", "ravi-2", "kumar")

    def hosts(typed: str) -> list[str]:
        chosen = actions.set_hosts(people.administrator, agenda.id, [typed])
        return [host.handle for host in chosen.hosts]

    several = "“Ravi” is the name or the handle of several members"
    with pytest.raises(Invalid, match=several):
        hosts("Ravi")
    edit_profile(ravi, Profile("Sunil Rao"))
    with pytest.raises(Invalid, match=several):
        hosts("Ravi")
    with pytest.raises(Invalid, match="No member has"):
        hosts("Ravi Kumar")
    with pytest.raises(Invalid, match="No member has"):
        hosts("@Sunil Rao")
    assert hosts("@ravi") == hosts("Sunil Rao") == ["ravi"]
    assert hosts("ravi-2") == ["ravi-2"]
    assert hosts("kumar") == hosts("Kumar") == ["kumar"]
