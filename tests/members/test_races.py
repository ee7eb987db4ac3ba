"""Two actions by or about one member at the same moment: neither overwrites the other's change."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.queries import hosted_by, themes_of_member
from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, writing
from forum.dialogue.queries import render_with_mentions
from forum.invitations.actions import EntranceText, set_entrance
from forum.markup import write
from forum.members import actions
from forum.members.actions import Joining, OrganisationText
from forum.members.models import Mandate, Member
from forum.members.queries import (
    administrators_count,
    all_members,
    get_member,
    ignored_ids,
    languages_spoken,
    sessions_of,
)
from forum.notifications import actions as notices
from forum.notifications.queries import settings_of
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import begin_departure
from forum.rules import actions as rules
from forum.rules.actions import RulesText, Wording
from forum.screening import actions as screening
from forum.screening.actions import RuleText
from forum.terms import actions as terms
from forum.terms.actions import TermsText
from tests.candidates import test_races as races
from tests.races import at_once, let_others_come, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator


@pytest.fixture
def members(own: Flask) -> list[str]:
    """The handles of three members."""
    names = ("Ana Prado", "Ben Okoth", "Chitra Desai")
    joining = [Joining(name, f"{name[:3]}@city.example", "-") for name in names]
    handles = [actions.join(VISITOR, new).handle for new in joining]
    db.session.commit()
    return handles


def who(handle: str) -> Member:
    return get_member(SYSTEM, handle)


def anew(handle: str) -> Member:
    db.session.expire_all()
    return who(handle)


def test_members_host_what_two_moderators_let_them_host(own: Flask, members: list[str]) -> None:
    mona, adam, ana = who("mona-berg"), who("adam-de-wit"), members[0]
    first, second = (write_agenda(mona, AgendaText(t, write("Text."))).id for t in ("Trams", "Sea"))
    set_hosts(mona, second, [ana])
    deeds = [
        lambda: slowly(set_hosts, mona, first, [ana]),
        lambda: slowly(set_hosts, adam, second, []),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    assert anew(ana).hosted == hosted_by(who(ana).id) == [first]


@pytest.mark.parametrize("deed", ["ignore", "end_ignoring"])
def test_members_ignore_whom_they_chose_in_two_windows(
    own: Flask, members: list[str], deed: str
) -> None:
    ana, ben, chitra = map(who, members)
    if deed == "end_ignoring":
        actions.ignore(ana, chitra.id)
    deeds: list[Any] = [
        lambda: slowly(actions.ignore, ana, ben.id),
        lambda: slowly(getattr(actions, deed), ana, chitra.id),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    wanted = [ben.id] if deed == "end_ignoring" else [ben.id, chitra.id]
    assert anew(members[0]).ignored == ignored_ids(ana.id) == wanted


def test_whom_one_ignores_in_the_moment_in_which_another_leaves(
    own: Flask, members: list[str]
) -> None:
    ana, ben, chitra = map(who, members)
    actions.ignore(ana, ben.id)
    deeds = [
        lambda: slowly(actions.ignore, ana, chitra.id),
        lambda: slowly(actions.depart, SYSTEM, ben.id),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    assert anew(members[0]).ignored == ignored_ids(ana.id) == [chitra.id]


def test_the_first_settings_are_saved_in_two_windows(own: Flask, members: list[str]) -> None:
    ana = who(members[0])
    deeds = [
        lambda: slowly(notices.set_digest, ana, "weekly", 9, "UTC"),
        lambda: slowly(notices.set_watching_replies, ana, False),
        lambda: slowly(notices.end_digest, VISITOR, ana.id),
    ]
    assert at_once(own, deeds) == ["done"] * 3
    kept = settings_of(ana.id)
    assert kept.digest_every in ("weekly", "never")
    assert (kept.digest_hour, kept.watches_replies) == (9, False)


def test_a_profile_and_its_themes_are_saved_in_two_windows(own: Flask, members: list[str]) -> None:
    ana = who(members[0])
    floods, ports = (theme.id for theme in agendas.ensure_themes(SYSTEM, ["Floods", "Ports"]))
    profile = actions.Profile(ana.name, language="en", languages=("es", "pt"))
    deeds: list[Any] = [
        lambda: slowly(actions.edit_profile, ana, profile),
        lambda: slowly(actions.edit_profile, ana, profile),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    assert languages_spoken(ana.id) == ["es", "pt"]
    chosen = [(floods, ports), (floods,)]
    deeds = [lambda c=c: slowly(agendas.set_member_themes, ana, c) for c in chosen]
    assert at_once(own, deeds) == ["done"] * 2
    assert floods in {theme.id for theme in themes_of_member(ana.id)}


def test_who_leaves_an_organisation_that_names_them_at_this_moment_has_no_mandate(
    own: Flask, members: list[str]
) -> None:
    text = OrganisationText("Institute", "institute")
    institute = actions.write_organisation(SYSTEM, text, None)
    for handle in members[:2]:
        member = who(handle)
        actions.edit_profile(member, actions.Profile(member.name, organisation_id=institute.id))
    db.session.commit()
    ana, ben = map(who, members[:2])

    deeds = [
        lambda: slowly(actions.edit_profile, ben, actions.Profile(ben.name)),
        meanwhile(lambda: actions.choose_voices(SYSTEM, institute.id, [ana.id, ben.id])),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    named = db.session.scalars(select(Mandate.member_id).where(Mandate.ended_at.is_(None)))
    assert set(named) == {ana.id}


def test_terms_are_agreed_to_once_in_two_windows(own: Flask, members: list[str]) -> None:
    terms.write_terms(SYSTEM, TermsText(write("Be kind."), now()))
    ana = who(members[0])
    assert at_once(own, [lambda: slowly(terms.agree, ana, 1)] * 2) == ["done"] * 2


SAME_NAME = "There is an organisation of this name already. If this is another one, tell them apart by name or city."
MEANWHILE = "{} at the same moment. Send the form once more."
SAVED = MEANWHILE.format("Somebody saved the same")


@pytest.mark.parametrize(
    ("deed", "text", "late"),
    [
        (agendas.write_agenda, AgendaText("Trams", write("Text.")),
         {"There is an agenda of this title already.", MEANWHILE.format("Somebody made an agenda of this title")}),
        (agendas.write_theme, "Floods", {"There is a theme of this name already."}),
        (actions.write_organisation, OrganisationText("Trams", "institute"),
         {SAME_NAME, MEANWHILE.format("Somebody made an organisation of this name")}),
        (rules.write_rules, lambda: RulesText((("Kind", "Be kind."),), now(), "New."), {SAVED, "These are the rules that hold already. Nothing was changed."}),
        (terms.write_terms, lambda: TermsText(write("Be kind."), now()), {SAVED, "Say in a sentence what is new."}),
        (rules.write_text, Wording("Rude", "hide", 2, "It was rude."),
         {"There is a text of this name already. Give this one another name."}),
        (screening.make_rule, RuleText("word", "casino", "We read this first."), {SAVED, "There is such a rule already."}),
        (set_entrance, EntranceText("approval"), {"done", SAVED}),
    ],
)  # fmt: skip
def test_what_has_one_name_is_made_once_by_two_moderators(
    own: Flask, deed: Any, text: Any, late: set[str]
) -> None:
    adam = who("adam-de-wit")
    text = text() if callable(text) else text  # of the day on which the test runs
    said = at_once(own, [lambda: slowly(deed, adam, text)] * 2)
    # Two changes of who may join
    assert said.count("done") == 1 or {"done"} == {*said} <= late
    assert {*said} - {"done"} <= late


def test_two_ready_texts_are_not_given_one_name_at_the_same_moment(own: Flask) -> None:
    adam = who("adam-de-wit")
    deeds = [
        lambda n=n: slowly(rules.write_text, adam, Wording("Rude", "hide", 2, "Rude."), n)
        for n in (1, 2)
    ]
    refusal = "There is a text of this name already. Give this one another name."
    assert sorted(at_once(own, deeds)) == [refusal, "done"]


def test_of_two_who_join_with_one_address_one_is_told_to_sign_in(own: Flask) -> None:
    both = [Joining(name, "mail@city.example", "-") for name in ("Ana Prado", "Ben Okoth")]
    said = at_once(own, [lambda new=new: slowly(actions.join, VISITOR, new) for new in both])
    assert sorted(said) == ["There is an account with this address. Sign in instead.", "done"]


def test_nobody_stays_signed_in_who_came_in_while_the_password_was_reset(
    own: Flask, members: list[str]
) -> None:
    ana = who(members[0])
    verified = ana.credentials

    reset = meanwhile(lambda: actions.set_password(SYSTEM, members[0], "another hash"))
    said = at_once(own, [lambda: slowly(actions.sign_in, ana, verified=verified), reset])
    assert said == ["done"] * 2
    assert sessions_of(anew(members[0])) == []


def test_an_address_is_given_to_one_member_alone(own: Flask, members: list[str]) -> None:
    change = actions.change_address
    ids = [who(handle).id for handle in members[:2]]
    said = at_once(own, [lambda i=i: slowly(change, SYSTEM, i, "a@b.example") for i in ids])
    assert sorted(said) == ["This address belongs to another account.", "done"]


def test_a_handle_is_given_to_one_member_alone(own: Flask, members: list[str]) -> None:
    change = actions.change_handle
    both = [who(handle) for handle in members[:2]]
    said = at_once(own, [lambda member=member: slowly(change, member, "quiet") for member in both])
    assert sorted(said) == ["This handle is taken. Choose another one.", "done"]


def test_handles_that_look_alike_are_given_to_one_member_alone(
    own: Flask, members: list[str]
) -> None:
    change, taken = actions.change_handle, "This handle is taken. Choose another one."
    both = [
        (who(handle), f"qu{sep}iet") for handle, sep in zip(members[:2], ("", "-"), strict=True)
    ]
    said = at_once(
        own, [lambda change_of=change_of: slowly(change, *change_of) for change_of in both]
    )
    assert sorted(said) == [taken, "done"]


def test_who_joins_gets_no_handle_like_one_that_is_just_taken(
    own: Flask, members: list[str]
) -> None:
    ana = who(members[0])
    joining = actions.Joining("Qui Et", "qui@city.example", "a hash")
    deeds = [
        lambda: slowly(actions.change_handle, ana, "quiet"),
        lambda: slowly(actions.join, VISITOR, joining),
    ]
    assert sorted(at_once(own, deeds))[-1] == "done"
    db.session.expire_all()
    handles = {member.handle for member in all_members()}
    assert handles >= {"quiet", "qui-et-2"} or handles >= {members[0], "qui-et"}


@pytest.mark.parametrize("is_first", [True, False])
def test_who_leaves_at_that_moment_gets_no_role(
    own: Flask, members: list[str], is_first: bool
) -> None:
    ana, adam = who(members[0]), who("adam-de-wit")
    actions.leave(ana, ana.id, actions.KEEP_NAMELESS)
    ana.leaving_at = now()
    db.session.commit()
    deeds = [
        lambda: slowly(begin_departure, SYSTEM),
        meanwhile(lambda: actions.appoint(adam, members[0], "moderator")),
    ]
    if not is_first:
        deeds = [
            lambda: slowly(actions.appoint, adam, members[0], "moderator"),
            meanwhile(lambda: begin_departure(SYSTEM)),
        ]
    at_once(own, deeds)
    begin_departure(SYSTEM)  # which left out whom another had in hand
    db.session.expire_all()
    gone = db.session.get_one(Member, ana.id)
    assert gone.left_at is not None and gone.role == "member"


def test_of_two_administrators_who_take_the_role_from_each_other_one_stays(
    own: Flask, members: list[str]
) -> None:
    adam, ana = who("adam-de-wit"), actions.appoint(SYSTEM, members[0], "administrator")
    deeds = [
        lambda: slowly(actions.appoint, adam, ana.handle, "member"),
        lambda: slowly(actions.appoint, ana, adam.handle, "member"),
    ]
    assert sorted(at_once(own, deeds))[1] == "done"
    db.session.expire_all()
    assert administrators_count() == 1


def test_an_administrator_names_another_who_leaves_at_that_moment(
    own: Flask, members: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving has the rows of all administrators, which a text that mentions one of them need not wait for."""
    adam = who("adam-de-wit")
    for handle in members[:2]:
        actions.appoint(SYSTEM, handle, "administrator")
    ana, ben = map(who, members[:2])
    agenda_id = write_agenda(adam, AgendaText("Trams", write("Text."))).id
    topic = dialogue.open_topic(ben, agenda_id, NewTopic("experience", "Bells", write("One.")))
    db.session.commit()
    usual = writing.topic_to_change

    def find_slowly(*given: Any) -> Any:
        let_others_come()
        return usual(*given)

    monkeypatch.setattr(writing, "topic_to_change", find_slowly)
    names = render_with_mentions(f"Ask @{members[0]}.", author=ben)
    deeds = [
        lambda: dialogue.reply(ben, topic.id, names),
        meanwhile(lambda: actions.leave(ana, ana.id, actions.KEEP_NAMELESS)),
    ]
    assert at_once(own, deeds) == ["done"] * 2


def _rules_of_factors(administrator: Member) -> None:
    actions.require_factors(administrator, is_required=True)


def _new_terms(administrator: Member) -> None:
    terms.write_terms(administrator, TermsText(write("Be kind."), now()))


@pytest.mark.parametrize("change", [_rules_of_factors, _new_terms])
def test_all_members_are_changed_while_some_are_counted_in_their_order(
    own: Flask, members: list[str], change: Any
) -> None:
    """The rows lie in another order than that of their ids: the first one was changed last."""
    adam, ids = who("adam-de-wit"), sorted(who(handle).id for handle in members)
    actions.found_federation(SYSTEM, "Interurban")
    actions.note_factor(adam, is_there=True)
    db.session.commit()
    actions.set_post_counts(SYSTEM, ids[0], 1, 0, 0)

    @action
    def count(system: Any) -> None:
        actions.note_posts(system, ids[0], 1)
        let_others_come()
        actions.note_posts(system, ids[-1], 1)

    deeds = [lambda: count(SYSTEM), meanwhile(lambda: change(adam))]
    assert at_once(own, deeds) == ["done"] * 2
