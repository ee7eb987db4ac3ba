"""The pages of the agendas room: reading, curating in the browser, the plans."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas import actions, queries
from forum.agendas.actions import StatementText, ensure_themes
from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.actions import NewTopic, hide_topic, open_topic, reply
from forum.library.actions import CaseText, write_case
from forum.markup import write
from forum.members.actions import found_federation, hide_profile
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR

WHOLE = {
    "title": "Making Cities Cooler",
    "summary": "Shade in every street.",
    "introduction": "Shade is a **service**.",
    "language": "en",
    "palette": "park",
    "pattern": "delta",
}
HOSTILE = [
    "<script>x</script>",
    "\x00\ud800".encode("utf-8", "surrogatepass"),
    "x" * 30_000,
    "9" * 50,
]


def words(response: Any) -> str:
    return str(response.get_data(as_text=True))


def test_the_list_shows_open_agendas_and_archived_ones(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    old = actions.write_agenda(
        people.moderator, actions.AgendaText("Old", write("Text."), palette="rose")
    )
    actions.archive(people.moderator, old.id)
    page = words(client.get("/agendas"))
    assert page.index("Making Cities Quieter") < page.index("Archived") < page.index("/agendas/old")
    assert "/agendas/plans.svg?v=" in page and "#quieter" in page
    assert "csrf_token" not in page and "New agenda" not in page


def test_lists_cost_few_queries(
    client: FlaskClient, people: Any, agenda: Agenda, sign_in: Any, queries: Any
) -> None:
    found_federation(SYSTEM, "Interurban")
    client.get("/agendas")
    with queries() as made:
        client.get("/agendas")
    assert made.count <= 3, made.statements
    with queries() as made:
        client.get("/themes")
    assert made.count <= 2, made.statements
    browser = sign_in(people.moderator)
    for address in ("edit", "statements", "history", "statements/new"):
        with queries() as made:
            assert browser.get(f"/agendas/quieter/{address}").status_code == 200
        assert made.count <= 9, made.statements


def test_the_plans_are_one_picture_that_may_be_kept(client: FlaskClient, agenda: Agenda) -> None:
    page = words(client.get("/agendas"))
    address = page.split('href="/agendas/plans.svg')[1].split("#")[0]
    plans = client.get(f"/agendas/plans.svg{address}")
    assert plans.mimetype == "image/svg+xml" and 'id="quieter"' in words(plans)
    assert "immutable" in plans.headers["Cache-Control"]
    for guess in ("", "?v=", "?v=other"):
        assert "immutable" not in client.get(f"/agendas/plans.svg{guess}").headers["Cache-Control"]
    assert words(client.get("/agendas/patterns.svg")).count("<symbol") == 6


def test_the_address_of_the_plans_follows_a_change(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    def address() -> str:
        return words(client.get("/agendas")).split("plans.svg?v=")[1][:10]

    before = address()
    changed = actions.AgendaText("Quieter", write("Text."), pattern="delta")
    actions.write_agenda(people.moderator, changed, agenda.id)
    assert address() != before


def test_a_moderator_makes_an_agenda_in_the_browser(sign_in: Any, people: Any) -> None:
    browser = sign_in(people.moderator)
    assert 'name="pattern"' in words(browser.get("/agendas/new"))
    typed = {**WHOLE, "hosts": "ana-prado, @ben-okoth", "state": "open"}
    answer = browser.post("/agendas/new", data=typed)
    assert answer.status_code == 303 and answer.location == "/agendas/making-cities-cooler"
    made = queries.get_agenda(VISITOR, "making-cities-cooler")
    assert [host.handle for host in made.hosts] == ["ana-prado", "ben-okoth"]
    assert (made.palette, made.pattern) == ("park", "delta")
    assert "The agenda is open." in words(browser.get(answer.location))
    edit = words(browser.get(f"{answer.location}/edit"))
    assert 'value="@ana-prado, @ben-okoth"' in edit and "Shade is a **service**." in edit
    assert "<strong>service</strong>" in made.introduction_html


def test_a_new_agenda_is_in_preparation_unless_the_form_says_otherwise(
    client: FlaskClient, sign_in: Any, people: Any
) -> None:
    browser = sign_in(people.moderator)
    form = words(browser.get("/agendas/new"))
    chosen = re.findall(r'<input checked[^>]* name="state"[^>]* value="(\w+)"', form)
    assert chosen == ["preparation"] and "Only hosts and moderators see it" in form
    assert browser.post("/agendas/new", data=WHOLE).status_code == 303
    made = queries.get_agenda(SYSTEM, "making-cities-cooler")
    assert made.opened_at is None and client.get("/agendas/making-cities-cooler").status_code == 404
    assert 'name="state"' not in words(browser.get("/agendas/making-cities-cooler/edit"))
    changed = {**WHOLE, "summary": "Shade.", "state": "open"}
    assert browser.post("/agendas/making-cities-cooler/edit", data=changed).status_code in (
        303,
        409,
    )
    assert client.get("/agendas/making-cities-cooler").status_code == 404


def test_a_preview_saves_nothing(sign_in: Any, people: Any) -> None:
    answer = sign_in(people.moderator).post("/agendas/new", data={**WHOLE, "preview": "1"})
    assert answer.status_code == 200 and "<strong>service</strong>" in words(answer)
    assert not queries.agendas(VISITOR)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "Give the agenda a title."),
        ({"title": "x" * 201}, "Write at most 200 characters."),
        ({"introduction": "x" * 20_001}, "Write at most 20,000 characters."),
        ({"hosts": "nobody"}, "No member has the handle or name “nobody”."),
        ({"palette": "gold"}, "Choose one from the list"),
        ({"pattern": "maze"}, "Choose one from the list"),
        ({"language": "xx"}, "Choose one from the list"),
        ({"state": "half open"}, "Choose one from the list"),
    ],
)
def test_a_refused_agenda_keeps_what_was_typed(
    sign_in: Any, people: Any, changes: dict[str, str], said: str
) -> None:
    typed = {**WHOLE, **changes}
    answer = sign_in(people.moderator).post("/agendas/new", data=typed)
    assert answer.status_code == 422 and said in words(answer)
    assert "Shade in every street." in words(answer) and not queries.agendas(VISITOR)


def test_the_right_to_curate_is_asked_at_every_door(
    client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda
) -> None:
    other = actions.write_agenda(people.moderator, actions.AgendaText("Other", write("Text.")))
    statement = actions.write_statement(
        people.moderator, other.id, StatementText("Ines", "We plant.")
    )
    theme = actions.write_theme(people.moderator, "Trees")
    foreign = [
        "/agendas/other/edit",
        "/agendas/other/history",
        "/agendas/other/statements",
        "/agendas/other/statements/new",
        f"/agendas/other/statements/{statement.id}/edit",
        f"/agendas/other/statements/{statement.id}/remove",
    ]
    central = ["/agendas/new", "/agendas/order", "/themes/new"]
    central += [f"/themes/{theme.slug}/{deed}" for deed in ("edit", "remove")]
    browsers = {person: sign_in(getattr(people, person)) for person in ("ana", "host")}
    for address in foreign + central:
        assert client.get(address).status_code == 303
        refused = 405 if address.endswith("history") else 403
        assert client.post(address, data=WHOLE).status_code == refused, address
        for browser in browsers.values():
            assert browser.get(address).status_code == 403, address
            assert browser.post(address, data=WHOLE).status_code == refused, address
    own = f"/agendas/quieter/statements/{statement.id}/edit"
    assert browsers["host"].get(own).status_code == 404
    assert browsers["host"].get("/agendas/quieter/edit").status_code == 200
    assert 'name="hosts"' not in words(browsers["host"].get("/agendas/quieter/edit"))


def seen_in(page: str) -> str:
    """The value of the hidden field with the fingerprint, whatever the order of the attributes."""
    (tag,) = re.findall(r'<input[^>]*name="seen"[^>]*>', page)
    return re.findall(r'value="([^"]*)"', tag)[0]


def test_two_who_edit_an_agenda_lose_no_words(sign_in: Any, people: Any, agenda: Agenda) -> None:
    host, moderator = sign_in(people.host), sign_in(people.moderator)
    path = "/agendas/quieter/edit"
    form = {**WHOLE, "seen": seen_in(words(host.get(path)))}
    theirs = {**form, "title": "Making Cities Calm", "hosts": people.host.handle}
    assert moderator.post(path, data=theirs).status_code == 303
    answer = host.post(path, data={**form, "palette": "rose"})
    page = words(answer)
    assert answer.status_code == 409 and "has changed since" in page and 'class="sum"' in page
    assert "<title>Error: Edit" in page and "Making Cities Calm" in page
    assert "What it says now: Colour" in page and "What it says now: Summary" not in page
    assert queries.get_agenda(VISITOR, "quieter").title == "Making Cities Calm"
    again = {**form, "palette": "rose", "seen": seen_in(page)}
    assert host.post(path, data=again).status_code == 303
    assert host.post(path, data=again).status_code == 303, "pressed twice"
    assert queries.get_agenda(VISITOR, "quieter").title == WHOLE["title"]


def test_two_who_choose_hosts_see_each_others_choice(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    first, second = sign_in(people.moderator), sign_in(people.moderator)
    path = "/agendas/quieter/edit"
    text = {**WHOLE, "hosts": people.host.handle}
    assert first.post(path, data=text).status_code == 303
    form = {**text, "seen": seen_in(words(first.get(path)))}
    both = f"{people.host.handle}, ana-prado"
    assert first.post(path, data={**form, "hosts": both}).status_code == 303
    answer = second.post(path, data={**form, "hosts": "ben-okoth"})
    assert answer.status_code == 409 and "What it says now: Hosts" in words(answer)
    assert len(queries.get_agenda(VISITOR, "quieter").hosts) == 2, "nothing was changed"


def test_two_who_edit_a_statement_lose_no_words(sign_in: Any, people: Any, agenda: Agenda) -> None:
    said = StatementText("Ines", "We plant.", handle="ana-prado")
    kept = actions.write_statement(people.host, agenda.id, said)
    host, moderator = sign_in(people.host), sign_in(people.moderator)
    path = f"/agendas/quieter/statements/{kept.id}/edit"
    form = {"name": "Ines", "quotation": "We plant.", "language": "en", "handle": "ana-prado"}
    form["seen"] = seen_in(words(host.get(path)))
    assert moderator.post(path, data={**form, "quotation": "We plant trees."}).status_code == 303
    answer = host.post(path, data={**form, "role_title": "Mayor"})
    page = words(answer)
    assert answer.status_code == 409 and "We plant trees." in page and 'value="Mayor"' in page
    assert "<title>Error: Edit the statement" in page and 'class="sum"' in page
    again = {**form, "role_title": "Mayor", "seen": seen_in(page)}
    assert host.post(path, data=again).status_code == 303


def test_a_host_cannot_choose_hosts_by_a_forged_form(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    browser = sign_in(people.host)
    forged = browser.post("/agendas/quieter/edit", data={**WHOLE, "hosts": "ana-prado"})
    assert forged.status_code == 403
    assert queries.get_agenda(VISITOR, "quieter").title == "Making Cities Quieter"
    assert browser.post("/agendas/quieter/edit", data=WHOLE).status_code == 303
    assert get_member(SYSTEM, people.host.handle).hosted == [agenda.id]


def test_agendas_are_put_in_order_by_numbers(sign_in: Any, people: Any, agenda: Agenda) -> None:
    made = [
        actions.write_agenda(people.moderator, actions.AgendaText(name, write("Text.")))
        for name in ("B", "C")
    ]
    b, c = (written.id for written in made)
    browser = sign_in(people.moderator)
    places = {f"place-{agenda.id}": "1", f"place-{b}": "", f"place-{c}": "1", "place-77": "1"}
    assert 'value="3"' in words(browser.get("/agendas/order"))
    assert browser.post("/agendas/order", data=places).status_code == 303
    assert [listed.id for listed in queries.agendas(VISITOR)] == [c, agenda.id, b]
    refuses_odd_places(browser, "/agendas/order", f"place-{b}")
    assert [listed.id for listed in queries.agendas(VISITOR)] == [c, agenda.id, b]


def refuses_odd_places(browser: Any, address: str, name: str) -> None:
    for odd in ("abc", "-1", "0", str(2**63), "1.5", "<b>", "1" * 5_000):
        answer = browser.post(address, data={name: odd})
        page = words(answer)
        assert answer.status_code == 422 and "Enter a place from 1 to 9999." in page, odd
        assert f'href="#{name}"' in page and "<title>Error:" in page
        (field,) = re.findall(rf'<input[^>]* id="{name}"[^>]*>', page)
        assert f'value="{escape(odd)}"' in field and 'aria-invalid="true"' in field


def test_statements_are_put_in_order_by_numbers(sign_in: Any, people: Any, agenda: Agenda) -> None:
    browser, address = sign_in(people.host), "/agendas/quieter/statements"
    for name in ("Ines", "Bo"):
        typed = {"name": name, "quotation": "We plant.", "language": "fr", "said_on": "2026-06-05"}
        browser.post(f"{address}/new", data=typed)
    ines, bo = queries.statements_of(agenda)
    refuses_odd_places(browser, address, f"place-{bo.id}")
    assert browser.post(address, data={f"place-{bo.id}": "1"}).status_code == 303
    assert [statement.name for statement in queries.statements_of(agenda)] == ["Bo", "Ines"]
    assert ines.id != bo.id


def test_no_sign_turns_a_line_round(sign_in: Any, people: Any, agenda: Agenda) -> None:
    """Otherwise a name or title with control characters for direction would reverse the text after it."""
    turned = {"name": "Ines \u202eoB", "organisation": "\u202dCity\u202c of\u202b  Trams"}
    typed = {**turned, "quotation": "We plant.", "language": "en"}
    browser = sign_in(people.host)
    assert browser.post("/agendas/quieter/statements/new", data=typed).status_code == 303
    said = queries.statements_of(agenda)[0]
    assert (said.name, said.organisation) == ("Ines oB", "City of Trams")
    topic = {
        "kind": "question",
        "title": "Why \u202eso loud?",
        "source": "It is.",
        "language": "en",
    }
    posted = browser.post("/agendas/quieter/topics/new", data={**topic, "audience": "public"})
    assert posted.status_code == 303 and "\u202e" not in browser.get(posted.location).text


def test_a_host_reads_no_handle_of_a_hidden_profile_and_saving_keeps_who_it_was(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    said = actions.StatementText("Ines", "We plant.", handle=people.ana.handle)
    statement = actions.write_statement(people.host, agenda.id, said)
    hide_profile(people.moderator, people.ana.id)
    address = f"/agendas/quieter/statements/{statement.id}/edit"
    browser = sign_in(people.host)
    assert "ana-prado" not in browser.get(address).text
    assert "ana-prado" in sign_in(people.moderator).get(address).text
    typed = {"name": "Ines", "quotation": "We plant trees.", "language": "en"}
    assert browser.post(address, data=typed).status_code == 303
    db.session.expire_all()
    kept = queries.statement_by_id(statement.id)
    assert (kept.quotation, kept.member_id) == ("We plant trees.", people.ana.id)


def test_no_line_below_a_statement_ends_with_the_point_before_the_day(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    """The day is a part of its own, whose point is not shown where it begins a line."""
    browser = sign_in(people.host)
    typed = {"name": "Ines", "quotation": "We plant.", "language": "fr", "said_on": "2026-06-05"}
    for more in ({"role_title": "Planner", "organisation": "Trams"}, {}):
        browser.post("/agendas/quieter/statements/new", data={**typed, **more})
    page = browser.get("/agendas/quieter").text
    parts = re.findall(r'<span class="meta dot">(<span>.*?</span>)</span></div>', page, re.S)
    shown = [re.sub(r"<(?!/?span>)[^>]*>", "", part) for part in parts]
    assert shown == [
        "<span>Planner, Trams</span><span>5\xa0June 2026</span>",
        "<span>5\xa0June 2026</span>",
    ]


def test_statements_are_written_edited_and_removed(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    browser = sign_in(people.host)
    typed = {"name": "Ines", "quotation": "We plant.", "language": "fr", "said_on": "2026-06-05"}
    assert browser.post("/agendas/quieter/statements/new", data=typed).status_code == 303
    statement = queries.statements_of(agenda)[0]
    address = f"/agendas/quieter/statements/{statement.id}"
    assert "We plant." in words(browser.get(f"{address}/edit"))
    wrong = browser.post(f"{address}/edit", data={**typed, "said_on": "June", "name": "Kept?"})
    assert wrong.status_code == 422 and "Choose a day, such as 2027-01-31." in words(wrong)
    assert "Kept?" in words(wrong)
    assert browser.post(f"{address}/edit", data={**typed, "name": "Bo"}).status_code == 303
    assert "Bo" in words(browser.get("/agendas/quieter/statements"))
    history = words(browser.get("/agendas/quieter/history"))
    assert "<del>Ines</del>" in history and "<ins>Bo</ins>" in history
    asked = words(browser.get(f"{address}/remove"))
    assert 'href="/agendas/quieter/statements">Cancel</a>' in asked
    assert browser.post(f"{address}/remove").status_code == 303
    assert browser.post(f"{address}/remove").status_code == 404


def test_themes_are_read_by_everybody_and_kept_by_moderators(
    client: FlaskClient, sign_in: Any, people: Any
) -> None:
    browser = sign_in(people.moderator)
    assert browser.post("/themes/new", data={"name": "Land value"}).status_code == 303
    assert browser.post("/themes/new", data={"name": "Land value"}).status_code == 422
    page = words(client.get("/themes"))
    assert "theme=land-value" in page and "Rename" not in page and "csrf_token" not in page
    assert browser.post("/themes/land-value/edit", data={"name": "Value"}).status_code == 303
    assert "Land value" in words(browser.get("/themes/land-value/edit"))
    assert 'href="/themes">Cancel</a>' in words(browser.get("/themes/land-value/remove"))
    assert browser.post("/themes/land-value/remove").status_code == 303
    assert "land-value" not in words(client.get("/themes"))


def test_the_themes_say_what_their_dialogue_has(
    client: FlaskClient, people: Any, agenda: Agenda, sign_in: Any, queries: Any
) -> None:
    names = ["Trams", "Élan", "bells", "Zinc"]
    theme_ids = {theme.name: theme.id for theme in ensure_themes(SYSTEM, names)}

    def opened(title: str, name: str, **more: Any) -> Any:
        new = NewTopic("question", title, write("Why?"), themes=(theme_ids[name],), **more)
        return open_topic(people.ana, agenda.id, new)

    assert words(client.get("/themes")).count("Nothing yet") == 4
    opened("First <b>", "Trams")
    later = opened("Later", "Trams")
    secret = opened("Secret", "Trams", audience="members")
    gone = opened("Gone", "Zinc")
    told = CaseText("Bells", "network", "Bells.", "They ring.", theme_ids=[theme_ids["bells"]])
    reply(people.ana, write_case(people.host, agenda.id, told).topic_id, write("We hear them."))
    hide_topic(people.moderator, gone.id, "No.")
    with queries() as made:
        page = words(client.get("/themes"))
    assert made.count <= 3, made.statements
    places = [page.index(f">{name}</a>") for name in ("bells", "Élan", "Trams", "Zinc")]
    assert places == sorted(places)
    assert (
        "2 questions" in page
        and "1 case<" in page
        and f'href="{later.address}"' in page
        and page.count("Nothing yet") == 2
    )
    assert "Secret" not in page and "Gone" not in page and "Rename" not in page
    page = words(sign_in(people.ben).get("/themes"))
    assert "3 questions" in page and f'href="{secret.address}"' in page and "Gone" not in page
    assert "First &lt;b&gt;" not in page  # another topic with this theme is newer
    assert words(sign_in(people.moderator).get("/themes")).count(">Rename<") == 4


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_input_gets_an_answer(sign_in: Any, people: Any, agenda: Agenda, bad: Any) -> None:
    browser = sign_in(people.moderator)
    fields = dict.fromkeys([*WHOLE, "hosts", "name", "quotation", "said_on", "handle"], bad)
    for address in ("/agendas/new", "/agendas/quieter/edit", "/agendas/quieter/statements/new"):
        answer = browser.post(address, data=fields)
        assert answer.status_code == 422, address
        assert "<script>x" not in words(answer)
    assert browser.post("/themes/new", data={"name": bad}).status_code in (303, 422)
    assert browser.post("/agendas/order", data={f"place-{agenda.id}": bad}).status_code == 422
    for address in ("/agendas/nowhere/edit", "/agendas/%00/edit", "/themes/%ff/edit"):
        assert browser.get(address).status_code == 404
    assert browser.get(f"/agendas/quieter/statements/{2**63}/edit").status_code == 404
