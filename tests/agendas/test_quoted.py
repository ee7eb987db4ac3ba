"""Members who are quoted on an agenda are notified, and can remove their name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions, queries
from forum.agendas.actions import AgendaText, StatementText
from forum.agendas.models import Agenda, Statement
from forum.db import db
from forum.dialogue.actions import open_agenda, prepare_agenda
from forum.errors import Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.markup import write
from forum.members.actions import found_federation, hide_profile, ignore
from forum.notifications.actions import make_notices
from forum.notifications.models import DEFAULT_WAYS, Notice
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM, VISITOR

pytestmark = pytest.mark.usefixtures("app")
WORDS = "We plant first."


def said(**changes: Any) -> StatementText:
    fields: dict[str, Any] = {"name": "Ben Okoth", "quotation": WORDS, "handle": "ben-okoth"}
    return StatementText(**{**fields, **changes})


def told(member: Any, kind: str = "statement") -> list[tuple[str, str]]:
    """The address and the text of the notices of a kind that a member finds."""
    while make_notices(SYSTEM):
        pass
    mine = (Notice.member_id == member.id, Notice.kind == kind, Notice.hidden_at.is_(None))
    found = db.session.scalars(select(Notice).where(*mine).order_by(Notice.id))
    return [(notice.address, notice.text) for notice in found]


@pytest.fixture
def statement(people: Any, agenda: Agenda) -> Statement:
    return actions.write_statement(people.host, agenda.id, said())


def test_who_is_quoted_is_told_where(people: Any, agenda: Agenda, statement: Statement) -> None:
    address = f"/agendas/quieter#statement-{statement.id}"
    assert told(people.ben) == [(address, WORDS)]
    assert DEFAULT_WAYS["statement"] == "at once"
    actions.write_statement(people.host, agenda.id, said())
    changed = said(organisation="City of Kisumu")
    actions.write_statement(people.host, agenda.id, changed, statement.id)
    # Neither the same form sent twice nor a changed organisation notifies again
    assert len(told(people.ben)) == 1


def test_other_words_and_another_member_are_news(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    told(people.ben)
    actions.write_statement(people.host, agenda.id, said(quotation="We dig."), statement.id)
    assert [words for _address, words in told(people.ben)] == ["We dig."]
    other = said(quotation="We dig.", handle="ana-prado")
    actions.write_statement(people.host, agenda.id, other, statement.id)
    assert (told(people.ben), len(told(people.ana))) == ([], 1)
    actions.remove_statement(people.host, agenda.id, statement.id)
    assert told(people.ana) == [] and not unread_count(people.ana)


def test_nobody_is_told_of_what_they_wrote_in_their_own_name(people: Any, agenda: Agenda) -> None:
    mine = said(name="Hana Virtanen", handle=people.host.handle)
    actions.write_statement(people.host, agenda.id, mine)
    assert told(people.host) == []


def test_who_ignores_the_host_is_told_all_the_same(people: Any, agenda: Agenda) -> None:
    ignore(people.ben, people.host.id)
    actions.write_statement(people.host, agenda.id, said())
    assert len(told(people.ben)) == 1


def test_on_an_agenda_in_preparation_they_are_told_once_it_is_open(people: Any) -> None:
    parks = actions.write_agenda(
        people.moderator, AgendaText("Parks", write("Trees."), is_open=False)
    )
    made = actions.write_statement(people.moderator, parks.id, said())
    assert told(people.ben) == []
    with pytest.raises(NotFound):
        actions.take_name_away(people.ben, parks.id, made.id)
    open_agenda(people.moderator, parks.id)
    assert len(told(people.ben)) == 1
    prepare_agenda(people.moderator, parks.id)
    assert told(people.ben) == []


def test_a_member_takes_the_own_name_away(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    actions.write_statement(
        people.host, agenda.id, said(role_title="Planner", organisation="Kisumu"), statement.id
    )
    for _turn in range(2):
        actions.take_name_away(people.ben, agenda.id, statement.id)
    (shown,) = queries.statements_of(agenda)
    assert (shown.name, shown.role_title, shown.organisation) == ("A member", "", "")
    assert (shown.member_id, shown.quotation) == (None, WORDS)
    assert told(people.ben) == []
    assert [text for _address, text in told(people.host, "unnamed")] == [WORDS]
    kept = versions_of("statement", statement.id)
    assert (kept[0].editor_handle, kept[0].fields["name"]) == ("ben-okoth", "Ben Okoth")
    assert len(kept) == 2  # pressing the button twice is one change
    edits = queries.edits_of(queries.get_agenda(VISITOR, "quieter"), people.host)
    assert edits[0].version.editor_name == "Ben Okoth"


@pytest.mark.parametrize("is_silent", [True, False])
def test_of_who_took_the_name_away_and_leaves_it_is_kept_that_there_is_no_name(
    people: Any, agenda: Agenda, statement: Statement, is_silent: bool
) -> None:
    actions.take_name_away(people.ben, agenda.id, statement.id)
    actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=is_silent)
    db.session.refresh(statement)
    assert (statement.refused_by_id, statement.name, statement.quotation) == (
        None,
        "A member",
        WORDS,
    )
    assert bool(versions_of("statement", statement.id)) != is_silent
    for again in (said(name="Ben Okoth", handle=""), said(name="Anybody", handle="ana-prado")):
        with pytest.raises(Invalid, match="has taken the name away"):
            actions.write_statement(people.host, agenda.id, again, statement.id)
        with pytest.raises(Invalid, match="has taken the name away"):
            actions.write_statement(people.host, agenda.id, again)


def name_another(people: Any, agenda: Agenda, statement: Statement) -> StatementText:
    """Ben removes his name from a statement, and the host names Ana there; returns what the host has written."""
    actions.take_name_away(people.ben, agenda.id, statement.id)
    other = said(name="Ana Prado", handle="ana-prado")
    actions.write_statement(people.host, agenda.id, other, statement.id)
    return other


def test_who_was_named_there_afterwards_stays_when_the_first_one_leaves(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    name_another(people, agenda, statement)
    actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=False)
    changed = said(name="Ana Prado", handle="ana-prado", role_title="Engineer")
    made = actions.write_statement(people.host, agenda.id, changed, statement.id)
    assert (made.name, made.role_title, made.refused_at) == ("Ana Prado", "Engineer", None)


def test_the_name_is_said_in_the_language_of_the_statement(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    french = said(quotation="Plantons.", language="fr")
    made = actions.write_statement(people.host, agenda.id, french)
    assert actions.take_name_away(people.ben, agenda.id, made.id).name == "Un membre"
    unknown = actions.write_statement(
        people.host, agenda.id, said(quotation="Tayo.", language="tl")
    )
    assert actions.take_name_away(people.ben, agenda.id, unknown.id).name == "A member"


def test_only_who_is_quoted_takes_the_name_away(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    for person in (VISITOR, people.ana, people.host, people.administrator):
        with pytest.raises(Forbidden):
            actions.take_name_away(person, agenda.id, statement.id)
    other = actions.write_agenda(people.moderator, AgendaText("Other", write("Text.")))
    with pytest.raises(Forbidden):
        actions.take_name_away(people.ben, other.id, statement.id)


def test_only_the_member_can_restore_a_removed_name(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    actions.take_name_away(people.ben, agenda.id, statement.id)
    for curator in (people.host, people.administrator):
        named = ["BEN  okoth", "Bén Okoth", "BenOkoth", "ben-okoth", "@ben.okoth"]
        tries = [(said(), "handle"), *((said(name=name, handle=""), "name") for name in named)]
        for again, field in tries:
            with pytest.raises(Invalid, match="has taken the name away") as refused:
                actions.write_statement(curator, agenda.id, again, statement.id)
            assert refused.value.field == field
    with pytest.raises(Invalid):  # also refused in a new statement with the same words
        actions.write_statement(people.host, agenda.id, said())
    actions.remove_statement(people.host, agenda.id, statement.id)
    with pytest.raises(Invalid):
        actions.write_statement(people.host, agenda.id, said())
    # Other words may name Ben, who is then notified
    actions.write_statement(people.host, agenda.id, said(quotation="We water."))
    assert len(told(people.ben)) == 1


def test_a_statement_remembers_all_who_have_taken_their_names_away(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    ana = said(name="Ana Prado", handle="ana-prado")
    mine = said(name="Hana Virtanen", handle=people.host.handle)
    everybody = ((people.ben, None), (people.ana, ana), (people.host, mine))
    for member, words in everybody:
        if words:
            actions.write_statement(people.moderator, agenda.id, words, statement.id)
        actions.take_name_away(member, agenda.id, statement.id)
    others = (said(), ana, mine, said(name="Bén Okoth", handle=""))
    for again in others:
        for number in (statement.id, None):
            with pytest.raises(Invalid, match="has taken the name away"):
                actions.write_statement(people.moderator, agenda.id, again, number)
    back = actions.write_statement(people.host, agenda.id, mine, statement.id)
    assert (back.member_id, back.refused_by_id) == (people.host.id, people.ana.id)
    for again in (said(), ana):  # linking herself does not allow other names to return
        with pytest.raises(Invalid, match="has taken the name away"):
            actions.write_statement(people.moderator, agenda.id, again, statement.id)
    assert queries.ids_of_taken(back) == {people.ana.id, people.ben.id}
    assert queries.is_taken_away(["Ben Okoth"], WORDS)


def test_of_one_of_several_who_leaves_it_is_kept_that_there_is_no_name(
    people: Any, agenda: Agenda, statement: Statement
) -> None:
    ana = name_another(people, agenda, statement)
    actions.take_name_away(people.ana, agenda.id, statement.id)
    actions.forget_member(SYSTEM, people.ben.id, "A former member", is_silent=False)
    db.session.refresh(statement)
    assert queries.ids_of_taken(statement) == {people.ana.id, None}
    for again in (ana, said(name="Ben Okoth", handle=""), said(name="Anybody", handle="")):
        with pytest.raises(Invalid, match="has taken the name away"):
            actions.write_statement(people.host, agenda.id, again, statement.id)
    actions.forget_member(SYSTEM, people.ana.id, "A former member", is_silent=True)
    assert queries.ids_of_taken(queries.statement_by_id(statement.id)) == {None}


def test_who_moderates_may_stand_there_again_by_the_own_hand(people: Any, agenda: Agenda) -> None:
    mine = said(name="Hana Virtanen", handle=people.host.handle)
    made = actions.write_statement(people.moderator, agenda.id, mine)
    actions.take_name_away(people.host, agenda.id, made.id)
    # The only host did it, so the moderators are notified
    assert len(told(people.moderator, "unnamed")) == 1 and told(people.host, "unnamed") == []
    with pytest.raises(Invalid):
        actions.write_statement(people.moderator, agenda.id, mine, made.id)
    again = actions.write_statement(people.host, agenda.id, mine, made.id)
    assert (again.member_id, again.refused_at) == (people.host.id, None)


def test_one_press_on_the_page_of_the_agenda_is_enough(
    people: Any, agenda: Agenda, statement: Statement, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Interurban")
    for number in range(3):  # enough statements that later ones are folded
        first = said(name="Ana", quotation=f"No. {number}", handle="")
        actions.write_statement(people.host, agenda.id, first)
    order = [statement_there.id for statement_there in queries.statements_of(agenda)]
    actions.order_statements(people.host, agenda.id, [*order[1:], order[0]])
    press = f"/agendas/quieter/statements/{statement.id}/take-name-away"
    browsers = {name: sign_in(getattr(people, name)) for name in ("ben", "ana", "host")}
    pages = {name: browser.get("/agendas/quieter").text for name, browser in browsers.items()}
    assert [name for name, page in pages.items() if press in page] == ["ben"]
    assert re.search(r"<details class=\"mt5\" open>", pages["ben"])
    assert browsers["ana"].post(press).status_code == 403
    answer = browsers["ben"].post(press)
    assert answer.headers["Location"].endswith(f"/agendas/quieter#statement-{statement.id}")
    page = browsers["ben"].get("/agendas/quieter").text
    assert press not in page and "Your name is taken away" in page
    assert "Ben Okoth</" not in page.partition('id="take"')[2].partition("</section>")[0]
    assert browsers["ben"].post(press.replace(str(statement.id), "9" * 30)).status_code == 404


def test_who_is_hidden_can_take_the_name_away(
    people: Any, agenda: Agenda, statement: Statement, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Interurban")
    hide_profile(people.moderator, people.ben.id)
    press = f"/agendas/quieter/statements/{statement.id}/take-name-away"
    browser = sign_in(people.ben)
    assert press in browser.get("/agendas/quieter").text
    assert browser.post(press).status_code == 303


def test_the_form_of_the_host_keeps_what_was_typed(
    people: Any, agenda: Agenda, statement: Statement, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Interurban")
    actions.take_name_away(people.ben, agenda.id, statement.id)
    form = {"name": "Ben Okoth", "quotation": "<b>Water</b> first.", "language": "en"}
    sent = sign_in(people.host).post(
        f"/agendas/quieter/statements/{statement.id}/edit", data=form | {"handle": "ben-okoth"}
    )
    assert sent.status_code == 422 and "has taken the name away" in sent.text
    assert "&lt;b&gt;Water&lt;/b&gt; first." in sent.text
