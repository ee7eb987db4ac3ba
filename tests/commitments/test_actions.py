"""Publishing commitments, reporting progress, following them, and who is reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.commitments import actions, queries
from forum.commitments.actions import Step
from forum.commitments.models import Commitment, Milestone, Peer
from forum.db import db
from forum.declarations import actions as declarations
from forum.declarations.queries import get_declaration
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import fingerprint
from forum.invitations.actions import choose_voices
from forum.library.actions import CaseText, hide_case, restore_case, write_case
from forum.members import actions as members
from forum.members.actions import KEEP_NAMELESS, OrganisationText, Profile
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import leave, stay
from forum.screening.actions import RuleText, make_rule
from forum.search.queries import Query, find
from tests.commitments.conftest import a_text, first_of, in_days, published
from tests.declarations.conftest import frozen, signed


def told(member, kind: str) -> list[str]:
    while make_notices(SYSTEM):
        pass
    found = select(Notice).where(Notice.member_id == member.id, Notice.kind == kind)
    shown = found.where(Notice.hidden_at.is_(None)).order_by(Notice.id)
    return [notice.words for notice in db.session.scalars(shown)]


def test_who_speaks_for_an_organisation_publishes_for_it(people, agenda, bodies):
    made = published(people.ana, agenda, bodies.city)
    assert made.state == "running" and made.next_on == in_days(30)
    assert made.author_id == people.ana.id and "<strong>felt</strong>" in made.html
    assert [milestone.words for milestone in queries.milestones_of(made)] == [
        "A kilometre is done",
        "Two kilometres are",
    ]
    assert published(people.ana, agenda, bodies.city).id == made.id  # the form was sent twice
    assert published(people.chitra, agenda, bodies.institute).organisation_id == bodies.institute.id


@pytest.mark.parametrize(
    ("who", "body"),
    [("ben", "city"), ("moderator", "city"), ("hana", "institute"), ("moderator", "nobody")],
)
def test_only_who_speaks_for_an_organisation_publishes_for_it(people, agenda, bodies, who, body):
    member = people.host if who == "hana" else getattr(people, who)
    with pytest.raises(Forbidden, match="Only the representative of an organisation"):
        published(member, agenda, getattr(bodies, body))
    assert db.session.scalar(select(Commitment.id)) is None


def test_nothing_is_published_on_an_archived_agenda(people, agenda, bodies, commitment):
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Forbidden, match="archived"):
        published(people.ana, agenda, bodies.city, title="Another")
    with pytest.raises(Forbidden, match="archived"):
        actions.edit_commitment(people.ana, commitment.id, a_text(title="Another"))
    reached = actions.reach_milestone(people.ana, commitment.id, first_of(commitment).id)
    assert reached.reached_at  # progress can still be reported


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 151}, "title"),
        ({"source": " "}, "body"),
        ({"milestones": []}, "milestones"),
        ({"milestones": [Step("One of many", in_days(1))] * 13}, "milestones"),
        ({"milestones": [Step("Yesterday", in_days(-1))]}, "milestones"),
        ({"last_day": in_days(59)}, "last_day"),
        ({"last_day": in_days(-1), "milestones": [Step("Now", in_days(0))]}, "last_day"),
        ({"last_day": in_days(9_000)}, "last_day"),
        ({"declaration_id": 999}, "declaration"),
        ({"copied": "/practices/nowhere"}, "copied"),
        ({"copied": "nonsense"}, "copied"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people, agenda, bodies, words, field):
    with pytest.raises(Invalid) as refused:
        published(people.ana, agenda, bodies.city, **words)
    assert refused.value.field == field
    assert db.session.scalar(select(Commitment.id)) is None


def test_a_rule_stops_it(people, agenda, bodies, commitment):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    with pytest.raises(Invalid) as refused:
        published(people.ana, agenda, bodies.city, source="Come to the casino.")
    assert refused.value.field == "body"
    with pytest.raises(Invalid) as refused:
        actions.end_commitment(people.ana, commitment.id, "The casino.")
    assert refused.value.field == "reason"


@pytest.mark.parametrize(
    "source",
    ["Come to the ca**si**no.", "Come to the cas&#105;no.", "Read [this](//pl&#97;y.example)."],
)
def test_marks_within_a_word_hide_nothing_from_a_rule(people, agenda, bodies, commitment, source):
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    make_rule(people.administrator, RuleText("domain", "play.example", "We read this first."))
    with pytest.raises(Invalid):
        published(people.ana, agenda, bodies.city, source=source)
    with pytest.raises(Invalid):
        actions.edit_commitment(people.ana, commitment.id, a_text(source=source))


def test_a_change_keeps_what_it_said_and_refuses_what_it_has_not_seen(people, commitment):
    seen = fingerprint(queries.commitment_fields(commitment))
    text = a_text(title="Felt below all lines", milestones=[Step("Line 3, too", in_days(80))])
    changed = actions.edit_commitment(people.ana, commitment.id, text, seen=seen)
    assert changed.slug == "felt-below-all-lines"
    assert len(queries.milestones_of(changed)) == 3 and changed.next_on == in_days(30)
    (edit,) = queries.edits_of(changed, {"running": "Under way"})
    assert edit.said["title"] == "Felt below line 2"
    assert [name for name, _pieces in edit.differences] == ["title", "milestones"]
    with pytest.raises(Conflict):
        actions.edit_commitment(people.ana, commitment.id, a_text(milestones=[]), seen=seen)
    same = a_text(title="Felt below all lines", milestones=[])
    actions.edit_commitment(people.ana, commitment.id, same)
    assert len(queries.edits_of(changed, {"running": "Under way"})) == 1
    with pytest.raises(Invalid):  # the last day would be before an open milestone
        actions.edit_commitment(
            people.ana, commitment.id, a_text(last_day=in_days(70), milestones=[])
        )


def test_milestones_that_are_sent_twice_are_added_once(people, commitment):
    step = Step("Three kilometres", in_days(80))
    for _press in range(2):
        text = a_text(milestones=[replace(step, words=" Three  kilometres ")])
        actions.edit_commitment(people.ana, commitment.id, text)
    assert [milestone.words for milestone in queries.milestones_of(commitment)][2:] == [step.words]


def test_after_its_last_day_it_can_still_be_put_right(people, commitment):
    moss = a_text(title="Moss", milestones=[])
    milestone = first_of(commitment)
    with at(now() + timedelta(days=100)):
        actions.edit_commitment(people.ana, commitment.id, moss)
        for words, field in (
            ({"last_day": in_days(-1)}, "last_day"),
            ({"milestones": [Step("Felt", in_days(1))]}, "last_day"),
        ):
            with pytest.raises(Invalid) as refused:
                actions.edit_commitment(people.ana, commitment.id, replace(moss, **words))
            assert refused.value.field == field
        with pytest.raises(Invalid, match="Give it a later one first"):
            actions.move_milestone(people.ana, commitment.id, milestone.id, in_days(5), "Late.")
        actions.edit_commitment(people.ana, commitment.id, replace(moss, last_day=in_days(9)))
        actions.move_milestone(people.ana, commitment.id, milestone.id, in_days(5), "Late.")
    assert commitment.title == "Moss"


def test_the_same_is_promised_anew_once_the_first_is_over(people, agenda, bodies, commitment):
    assert published(people.ana, agenda, bodies.city).id == commitment.id
    actions.hide_commitment(people.moderator, commitment.id, "No.")
    with pytest.raises(Forbidden, match="A moderator has hidden"):
        published(people.ana, agenda, bodies.city)
    actions.restore_commitment(people.moderator, commitment.id)
    actions.keep_commitment(people.ana, commitment.id)
    assert published(people.ana, agenda, bodies.city).id != commitment.id


def test_a_milestone_is_reached_and_peers_are_told_once(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    milestone = first_of(commitment)
    actions.reach_milestone(people.ana, commitment.id, milestone.id, "1,040 metres.")
    assert (milestone.reached_words, commitment.next_on) == ("1,040 metres.", in_days(60))
    assert told(people.chitra, "commitment") == [
        "A milestone is reached. A kilometre is done – 1,040 metres."
    ]
    assert told(people.ben, "commitment") == [] and told(people.ana, "commitment") == []
    with pytest.raises(Conflict):
        actions.reach_milestone(people.ana, commitment.id, milestone.id)
    with pytest.raises(Forbidden):
        actions.reach_milestone(people.chitra, commitment.id, milestone.id)


def test_who_represents_it_from_another_organisation_is_no_peer(people, commitment, bodies):
    text = OrganisationText("City of Athens", "city", representative_id=people.chitra.id)
    members.write_organisation(people.moderator, text, bodies.city.id)
    with pytest.raises(Forbidden):
        actions.follow_commitment(people.chitra, commitment.id)


def test_a_peer_who_joins_the_organisation_is_one_no_more(people, commitment, bodies):
    """They no longer count at once; later the worker deletes the row and updates the counter."""
    actions.follow_commitment(people.chitra, commitment.id)
    profile = Profile(name="Chitra", organisation_id=bodies.city.id)
    members.edit_profile(people.chitra, profile)
    assert not queries.is_peer(people.chitra, commitment.id) and queries.peers_of(commitment) == []
    actions.reach_milestone(people.ana, commitment.id, first_of(commitment).id)
    assert told(people.chitra, "commitment") == []
    for _times in range(2):
        actions.look_after_commitments(SYSTEM)
        db.session.refresh(commitment)
        assert (commitment.peers_count, db.session.scalar(select(Peer.member_id))) == (0, None)
    members.edit_profile(people.chitra, replace(profile, organisation_id=bodies.institute.id))
    assert queries.peers_of(commitment) == []
    assert actions.follow_commitment(people.chitra, commitment.id).peers_count == 1


def test_what_was_told_of_a_milestone_by_mistake_is_taken_back(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    milestone = first_of(commitment)
    actions.reach_milestone(people.ana, commitment.id, milestone.id, "1,040 metres.")
    actions.reopen_milestone(people.ana, commitment.id, milestone.id)
    assert milestone.is_open and milestone.reached_words == "" and commitment.next_on == in_days(30)
    assert told(people.chitra, "commitment")[-1].startswith("What was told of a milestone is taken")
    actions.give_milestone_up(people.ana, commitment.id, milestone.id, "No felt.")
    actions.reopen_milestone(people.ana, commitment.id, milestone.id)
    assert milestone.is_open and milestone.given_up_reason == ""
    actions.reach_milestone(people.ana, commitment.id, milestone.id)
    with pytest.raises(Forbidden):
        actions.reopen_milestone(people.chitra, commitment.id, milestone.id)
    actions.keep_commitment(people.ana, commitment.id)
    with pytest.raises(Forbidden):
        actions.reopen_milestone(people.ana, commitment.id, milestone.id)


def test_a_milestone_is_moved_and_its_earlier_day_stays(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    milestone, day = first_of(commitment), first_of(commitment).day
    actions.move_milestone(
        people.ana, commitment.id, milestone.id, in_days(70), "The felt is late."
    )
    actions.move_milestone(people.ana, commitment.id, milestone.id, in_days(80), "It is later.")
    db.session.refresh(milestone)
    assert [(move.earlier, move.reason) for move in milestone.moves] == [
        (day, "The felt is late."),
        (in_days(70), "It is later."),
    ]
    assert milestone.day == in_days(80) and commitment.next_on == in_days(60)
    assert len(queries.edits_of(commitment, {"running": "Under way"})) == 2
    first, _second = told(people.chitra, "commitment")
    assert "has another day now" in first and "The felt is late." in first
    for wrong in (in_days(80), in_days(-1), in_days(91)):
        with pytest.raises(Invalid) as refused:
            actions.move_milestone(people.ana, commitment.id, milestone.id, wrong, "So.")
        assert refused.value.field == "day"
    with pytest.raises(Invalid) as refused:
        actions.move_milestone(people.ana, commitment.id, milestone.id, in_days(81), " ")
    assert refused.value.field == "note"


def test_it_is_given_up_and_says_what_stopped_it(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    milestone = first_of(commitment)
    actions.give_milestone_up(people.ana, commitment.id, milestone.id, "Felt burns.")
    assert commitment.next_on == in_days(60) and milestone.given_up_reason == "Felt burns."
    actions.end_commitment(people.ana, commitment.id, "No felt, no trams.")
    assert (commitment.state, commitment.next_on) == ("ended", None)
    assert len(told(people.chitra, "commitment")) == 2
    for deed in (actions.keep_commitment, actions.end_commitment):
        with pytest.raises(Forbidden, match="was given up"):
            deed(people.ana, commitment.id, "Again.")


def test_a_kept_commitment_ends_and_is_told(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    actions.keep_commitment(people.ana, commitment.id, "Two streets sleep.")
    assert (commitment.state, commitment.next_on) == ("kept", None)
    assert told(people.chitra, "commitment") == ["The commitment is kept. Two streets sleep."]
    with pytest.raises(Forbidden, match="is kept"):
        actions.edit_commitment(people.ana, commitment.id, a_text(title="More", milestones=[]))


def test_it_follows_from_a_declaration_that_can_be_seen(people, agenda, bodies):
    declaration, secret = frozen(people, agenda), frozen(people, agenda, title="Mistaken")
    declarations.withdraw(people.host, secret.id, "Wrong.")
    made = published(people.ana, agenda, bodies.city, declaration_id=declaration.id)
    assert queries.declaration_of(VISITOR, made).id == declaration.id
    assert [commitment.id for commitment in queries.commitments_from(VISITOR, declaration)] == [
        made.id
    ]
    with pytest.raises(Invalid):
        published(people.ana, agenda, bodies.city, title="No", declaration_id=secret.id)
    declaration = get_declaration(VISITOR, declaration.id)
    assert queries.signatories_to_commit(people.ana, declaration) == []
    signed(people.ana, declaration, bodies.city)
    assert [
        signatory.id for signatory in queries.signatories_to_commit(people.ana, declaration)
    ] == [bodies.city.id]
    assert queries.signatories_to_commit(people.ben, declaration) == []


def test_it_copies_a_practice_or_a_case_that_can_be_seen(people, agenda, bodies):
    text = CaseText("Quiet trams", "network", "Short.", "One.", slug="quiet-trams")
    case = write_case(people.host, agenda.id, text)
    made = published(people.ana, agenda, bodies.city, copied=f"/cases/{case.slug}")
    assert queries.copied_by(VISITOR, made).title == "Quiet trams"
    hide_case(people.host, case.id, "Wrong.")
    assert queries.copied_by(VISITOR, made) is None
    again = a_text(title="Felt, and cork", milestones=[])
    made = actions.edit_commitment(people.ana, made.id, again)
    assert made.case_id == case.id  # the commitment keeps the reference to the hidden case
    restore_case(people.host, case.id)
    made = actions.edit_commitment(people.ana, made.id, again)
    assert made.case_id is None


# Peers


def test_members_of_other_organisations_follow_it(people, commitment):
    assert actions.follow_commitment(people.chitra, commitment.id).peers_count == 1
    assert actions.follow_commitment(people.chitra, commitment.id).peers_count == 1
    # Members of the same organisation, and one without any
    for member in (people.ana, people.ben, people.host):
        with pytest.raises(Forbidden, match="other organisations"):
            actions.follow_commitment(member, commitment.id)
    assert [peer.member_id for peer in queries.peers_of(commitment)] == [people.chitra.id]
    actions.unfollow_commitment(people.chitra, commitment.id)
    assert actions.unfollow_commitment(people.chitra, commitment.id).peers_count == 0
    assert queries.peers_of(commitment) == []
    with pytest.raises(Forbidden):
        actions.follow_commitment(VISITOR, commitment.id)


# Moderators


def test_moderators_hide_it_and_show_it_again(people, agenda, bodies, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    actions.reach_milestone(people.ana, commitment.id, first_of(commitment).id)
    assert len(told(people.chitra, "commitment")) == 1
    with pytest.raises(Forbidden):
        actions.hide_commitment(people.ben, commitment.id, "No.")
    actions.hide_commitment(people.host, commitment.id, "An advertisement.")
    for reader in (VISITOR, people.chitra, people.ben):
        with pytest.raises(NotFound):
            queries.get_commitment(reader, commitment.id)
        assert find(reader, Query("felt")).page.total == 0
    for reader in (people.ana, people.host):
        assert queries.get_commitment(reader, commitment.id).hidden_reason == "An advertisement."
    assert told(people.chitra, "commitment") == []
    assert queries.commitments(people.host, queries.CommitmentFilter(), 1).total == 0
    assert queries.next_milestones(people.host, 3, agenda.id) == []
    with pytest.raises(Forbidden, match="hidden"):
        actions.keep_commitment(people.ana, commitment.id)
    with at(now() + timedelta(days=31)):
        assert actions.look_after_commitments(SYSTEM) == 0
    actions.restore_commitment(people.host, commitment.id)
    assert queries.get_commitment(VISITOR, commitment.id).hidden_at is None
    assert find(VISITOR, Query("felt")).page.total == 1
    assert len(told(people.chitra, "commitment")) == 1
    assert [milestone.words for milestone in queries.next_milestones(VISITOR, 3, agenda.id)] == [
        "Two kilometres are"
    ]


# The worker


def test_voices_are_reminded_before_and_after_and_never_again(people, bodies, commitment):
    choose_voices(people.moderator, bodies.city.id, [people.ben.id])
    assert actions.look_after_commitments(SYSTEM) == 0
    milestone = first_of(commitment)
    with at(now() + timedelta(days=16)):
        assert actions.look_after_commitments(SYSTEM) == 1
        assert actions.look_after_commitments(SYSTEM) == 0
        for member in (people.ana, people.ben):
            (said,) = told(member, "milestone")
            assert said.startswith("Its day is ") and commitment.title in said
        assert told(people.chitra, "milestone") == []
    with at(now() + timedelta(days=30)):
        # The milestone is not late before the end of its day
        assert actions.look_after_commitments(SYSTEM) == 0
    with at(now() + timedelta(days=31)):
        assert actions.look_after_commitments(SYSTEM) == 1
        assert actions.look_after_commitments(SYSTEM) == 0
        assert "Its day is over" in told(people.ana, "milestone")[1]
    actions.reach_milestone(people.ana, commitment.id, milestone.id)
    unread = select(Notice).where(Notice.kind == "milestone", Notice.read_at.is_(None))
    assert db.session.scalars(unread).all() == []


@pytest.mark.parametrize("why", ["nobody", "suspended", "silenced", "leaves", "ended"])
def test_a_reminder_waits_for_somebody_who_can_tell(people, agenda, bodies, why):
    institute = bodies.institute
    published(people.chitra, agenda, institute)
    if why == "nobody":
        choose_voices(people.moderator, institute.id, [])
    elif why in ("suspended", "silenced"):
        restrict = {"suspended": members.suspend, "silenced": members.silence}[why]
        restrict(people.moderator, people.chitra.id, now() + timedelta(days=45))
    elif why == "leaves":
        leave(people.chitra, people.chitra.id, KEEP_NAMELESS)
    else:
        choose_voices(
            people.moderator, institute.id, [people.chitra.id], {people.chitra.id: in_days(3)}
        )
    with at(now() + timedelta(days=20)):
        assert actions.look_after_commitments(SYSTEM) == 0
        assert told(people.chitra, "milestone") == []
    with at(now() + timedelta(days=50)):
        if why in ("nobody", "ended"):
            choose_voices(people.moderator, institute.id, [people.chitra.id])
        elif why == "leaves":
            stay(people.chitra, people.chitra.id)
        # One milestone is late, the other one is due soon
        assert actions.look_after_commitments(SYSTEM) == 2
        assert actions.look_after_commitments(SYSTEM) == 0
        assert len(told(people.chitra, "milestone")) == 2


def test_who_speaks_no_more_is_told_no_more_when_it_is_told(people, bodies, commitment):
    choose_voices(people.moderator, bodies.city.id, [people.ben.id])
    milestone = first_of(commitment)
    with at(now() + timedelta(days=20)):
        assert actions.look_after_commitments(SYSTEM) == 1
        choose_voices(people.moderator, bodies.city.id, [])
        actions.reach_milestone(people.ana, commitment.id, milestone.id)
    assert told(people.ben, "milestone")
    unread = select(Notice).where(Notice.kind == "milestone", Notice.read_at.is_(None))
    assert db.session.scalars(unread).all() == []


def test_of_another_day_they_are_reminded_anew(people, commitment):
    later = in_days(85)
    with at(now() + timedelta(days=20)):
        assert actions.look_after_commitments(SYSTEM) == 1
        actions.move_milestone(people.ana, commitment.id, first_of(commitment).id, later, "Late.")
        assert actions.look_after_commitments(SYSTEM) == 0
    with at(now() + timedelta(days=75)):
        # One about the new day, and one about the other milestone, which is late
        assert actions.look_after_commitments(SYSTEM) == 2


def test_who_says_a_day_that_is_near_knows_of_it(people, agenda, bodies):
    near = [Step("Soon", in_days(5))]
    made = published(people.ana, agenda, bodies.city, milestones=near)
    assert actions.look_after_commitments(SYSTEM) == 0
    with at(now() + timedelta(days=6)):
        assert actions.look_after_commitments(SYSTEM) == 1
    actions.end_commitment(people.ana, made.id, "So.")
    with at(now() + timedelta(days=40)):
        assert actions.look_after_commitments(SYSTEM) == 0


def test_nobody_is_reminded_of_an_agenda_in_preparation(people, agenda, commitment):
    agenda.opened_at = None
    db.session.flush()
    with at(now() + timedelta(days=31)):
        assert actions.look_after_commitments(SYSTEM) == 0
    with pytest.raises(NotFound):
        queries.get_commitment(people.ben, commitment.id)
    with pytest.raises(NotFound):
        queries.get_commitment(VISITOR, commitment.id)


# Leaving, mending


def test_who_leaves_goes_from_it_and_it_stays(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    actions.forget_member(SYSTEM, people.chitra.id)
    actions.forget_member(SYSTEM, people.ana.id)
    db.session.refresh(commitment)
    assert (commitment.author_id, commitment.peers_count) == (None, 0)
    assert db.session.scalar(select(Peer.member_id)) is None
    assert queries.get_commitment(VISITOR, commitment.id).title == "Felt below line 2"


def test_wrong_counters_of_a_commitment_are_mended(people, commitment):
    actions.follow_commitment(people.chitra, commitment.id)
    commitment.peers_count, commitment.next_on = 7, in_days(1)
    db.session.flush()
    actions.mend_commitments(SYSTEM, [commitment.id])
    assert (commitment.peers_count, commitment.next_on) == (1, in_days(30))
    assert db.session.scalars(select(Milestone)).all()
