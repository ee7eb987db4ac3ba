"""Cities with the same questions, found from texts: every source, and nothing that the reader may not see."""

from __future__ import annotations

from typing import Any

from forum.agendas.actions import remove_theme, set_member_themes
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import hide_topic, mark, prepare_agenda, unmark
from forum.dialogue.models import Topic
from forum.front.queries import peers
from forum.library.actions import (
    CaseText,
    PracticeText,
    hide_case,
    hide_practice,
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.library.models import Practice
from forum.library.queries import opening_post_id, practices_by, practices_tried_by
from forum.members.actions import Profile, edit_profile, hide_profile, ignore
from forum.members.models import Member
from forum.members.queries import get_city
from forum.permissions import VISITOR, Person
from tests.front.conftest import Small, topic

Found = dict[str, list[tuple[str, str]]]


def found(slug: str, reader: Person = VISITOR) -> Found:
    """The peers of a city in order: each reason except size and language, with its first link."""
    city = get_city(slug)
    shared = practices_by(reader, city_id=city.id)
    tried = practices_tried_by(reader, city_id=city.id)
    return {
        peer.city.slug: [
            (reason.kind, reason.links[0].name) for reason in peer.reasons if reason.links
        ]
        for peer in peers(reader, city, shared, tried)
    }


def about_noise(small: Small, author: Member, title: str = "Noise", **more: Any) -> Topic:
    return topic(author, small.agenda, title, themes=[small.themes[0].id], **more)


def share(small: Small, author: Member, title: str, **more: Any) -> Practice:
    """A practice from the city of its author."""
    text = PracticeText(title, "In one sentence.", city_id=author.city_id, **more)
    made = submit(author, write_practice(author, small.agenda.id, text).id)
    return publish(small.people.moderator, made.id)


def try_it(member: Member, practice: Practice, outcome: str = "kept") -> None:
    mark(member, opening_post_id(member, practice.topic_id), "tried it", outcome)


def name_in_a_case(small: Small, *members: Member) -> Any:
    cities = [member.city_id for member in members]
    text = CaseText("Trams", "network", "Short.", "One.", city_ids=cities, theme_ids=noise(small))
    return write_case(small.people.moderator, small.agenda.id, text)


def noise(small: Small) -> list[int]:
    return [small.themes[0].id]


def test_a_city_without_anything_in_common_has_no_peers(small: Small, client: Any) -> None:
    assert found("nairobi") == found("tokyo") == {}
    assert "same questions" not in client.get("/cities/nairobi").text
    about_noise(small, small.people.ben)
    assert found("nairobi") == {}, "not like itself"


def test_a_theme_that_both_write_about_and_what_the_other_has_on_it(small: Small) -> None:
    ana, ben, chitra, host = (
        getattr(small.people, name) for name in ("ana", "ben", "chitra", "host")
    )
    about_noise(small, ben)
    about_noise(small, ana, "How loud?", kind="question")
    set_member_themes(chitra, noise(small))
    share(small, host, "Slow trams", theme_ids=noise(small))
    assert found("nairobi") == {
        "medellin": [("question", "Noise")],
        "tampere": [("practice", "Noise")],
        "surat": [("helps", "Noise")],
    }
    assert found("surat")["nairobi"] == [("experience", "Noise")]


def test_a_case_is_of_the_cities_that_it_names_and_not_of_who_wrote_it(small: Small) -> None:
    about_noise(small, small.people.ben)
    name_in_a_case(small, small.people.ana, small.people.chitra)
    both = {"medellin": [("case", "Noise")], "surat": [("case", "Noise")]}
    assert found("nairobi") == both
    assert list(found("medellin")) == ["nairobi", "surat"]
    assert found("copenhagen") == {}


def test_practices_that_two_cities_have_in_common(small: Small) -> None:
    ana, ben, chitra, host = (
        getattr(small.people, name) for name in ("ana", "ben", "chitra", "host")
    )
    gate = share(small, ben, "The gate")
    try_it(ana, gate, "adapted")
    try_it(chitra, gate)
    share(small, host, "Our gate", adapted_from_id=gate.id)
    assert found("nairobi") == {
        "tampere": [("adapted", "Our gate")],
        "medellin": [("tried", "The gate")],
        "surat": [("tried", "The gate")],
    }
    assert found("tampere") == {"nairobi": [("source", "The gate")]}
    assert found("medellin")["nairobi"][0] == ("origin", "The gate")
    assert found("medellin")["surat"][0] == ("tried too", "The gate")


def test_what_was_tried_counts_among_the_themes(small: Small) -> None:
    gate = share(small, small.people.ben, "The gate", theme_ids=noise(small))
    try_it(small.people.ana, gate)
    about_noise(small, small.people.host)
    assert list(found("medellin")) == ["nairobi", "tampere"]


def test_what_readers_may_not_see_is_no_reason(small: Small) -> None:
    """Each text that makes two cities peers, of either city, hidden in each possible way."""
    ana, ben, moderator = small.people.ana, small.people.ben, small.people.moderator

    def hidden_topic(author: Member) -> None:
        hide_topic(moderator, about_noise(small, author).id)

    def for_members(author: Member) -> None:
        about_noise(small, author, audience="members")

    def unseen_topic(author: Member) -> None:
        about_noise(small, author).unseen_at = now()
        db.session.commit()

    def hidden_practice(author: Member) -> None:
        hide_practice(moderator, share(small, author, "Hidden", theme_ids=noise(small)).id)

    def draft(author: Member) -> None:
        text = PracticeText("Draft", "Short.", city_id=author.city_id, theme_ids=noise(small))
        write_practice(author, small.agenda.id, text)

    def practice_for_members(author: Member) -> None:
        made = share(small, author, "Inside", audience="members", theme_ids=noise(small))
        try_it(ana if author is ben else ben, made)

    def hidden_case(author: Member) -> None:
        hide_case(moderator, name_in_a_case(small, author).id)

    deeds = (
        hidden_topic,
        for_members,
        unseen_topic,
        hidden_practice,
        draft,
        practice_for_members,
        hidden_case,
    )
    for deed in deeds:
        deed(ben)
    about_noise(small, ana)
    assert found("medellin") == found("nairobi") == {}, "of Nairobi there is nothing to see"
    within = ("origin", "Inside")
    for reader in (small.people.chitra, ana, moderator, small.people.host):
        said = found("medellin", reader)
        assert said == {"nairobi": [within, ("experience", "Noise")]}, reader.name
    about_noise(small, small.people.host)
    assert found("nairobi") == {}, "its themes are not to be seen, either"


def test_nothing_of_an_agenda_in_preparation_is_a_reason_even_for_its_host(small: Small) -> None:
    about_noise(small, small.people.ben)
    about_noise(small, small.people.host)
    try_it(small.people.ana, share(small, small.people.host, "Slow trams"))
    name_in_a_case(small, small.people.chitra)
    assert found("tampere") and found("nairobi")
    prepare_agenda(small.people.moderator, small.agenda.id)
    for reader in (VISITOR, small.people.ana, small.people.host, small.people.moderator):
        for slug in ("tampere", "nairobi", "medellin", "surat"):
            assert found(slug, reader) == {}, (slug, reader.name)


def test_what_somebody_has_written_whose_profile_is_hidden_is_no_reason(small: Small) -> None:
    ana, ben, moderator = small.people.ana, small.people.ben, small.people.moderator
    about_noise(small, ana)
    about_noise(small, ben)
    set_member_themes(ben, noise(small))
    try_it(ben, share(small, ana, "The gate"))
    assert found("medellin") and found("nairobi")
    hide_profile(moderator, ben.id)
    for reader in (VISITOR, ana, moderator):
        assert found("medellin", reader) == found("nairobi", reader) == {}


def test_what_is_taken_back_or_out_of_use_is_no_reason_any_more(small: Small) -> None:
    ana, ben = small.people.ana, small.people.ben
    gate = share(small, ana, "The gate")
    try_it(ben, gate)
    about_noise(small, ana)
    about_noise(small, ben)
    assert found("medellin")["nairobi"] == [("tried", "The gate"), ("experience", "Noise")]
    unmark(ben, opening_post_id(ben, gate.topic_id), "tried it")
    assert found("medellin")["nairobi"] == [("experience", "Noise")]
    remove_theme(small.people.moderator, small.themes[0].id)
    assert found("medellin") == {}


def test_a_city_is_where_its_members_are_now(small: Small) -> None:
    about_noise(small, small.people.ana)
    about_noise(small, small.people.ben)
    moved = Profile(name="Ben Okoth", city_id=small.people.chitra.city_id)
    edit_profile(small.people.ben, moved)
    assert list(found("medellin")) == ["surat"]


def test_whom_a_reader_ignores_is_no_reason_for_that_reader(small: Small) -> None:
    about_noise(small, small.people.ana)
    about_noise(small, small.people.ben)
    ignore(small.people.ana, small.people.ben.id)
    db.session.expire_all()
    reader = db.session.get_one(Member, small.people.ana.id)
    assert found("medellin", reader) == {} and found("medellin")


def test_practices_of_whom_a_reader_ignores_are_none_either(small: Small) -> None:
    ana, ben, chitra = small.people.ana, small.people.ben, small.people.chitra
    gate = share(small, ben, "The gate")
    try_it(ana, gate)
    try_it(chitra, gate)
    assert list(found("medellin", ana)) == ["nairobi", "surat"]
    for other, left in ((ben, {"surat": [("tried too", "The gate")]}), (chitra, {})):
        ignore(ana, other.id)
        db.session.expire_all()
        assert found("medellin", db.session.get_one(Member, ana.id)) == left
    assert list(found("medellin")) == ["nairobi", "surat"]


def test_a_hidden_practice_ties_no_cities_even_for_moderators(small: Small) -> None:
    moderator = small.people.moderator
    gate = share(small, small.people.ben, "The gate")
    share(small, small.people.host, "Our gate", adapted_from_id=gate.id)
    assert found("nairobi", moderator) and found("tampere", moderator)
    hide_practice(moderator, gate.id)
    for reader in (VISITOR, small.people.host, moderator):
        assert found("nairobi", reader) == found("tampere", reader) == {}


def test_a_practice_stays_a_reason_when_the_profile_of_its_author_is_hidden(small: Small) -> None:
    ben, moderator = small.people.ben, small.people.moderator
    about_noise(small, small.people.ana)
    share(small, ben, "The gate", theme_ids=noise(small))
    edit_profile(small.people.chitra, Profile(name="Chitra Desai", city_id=ben.city_id))
    hide_profile(moderator, ben.id)
    assert found("medellin") == {"nairobi": [("practice", "Noise")]}


def test_the_page_of_a_city_says_why_and_leads_there(small: Small, client: Any) -> None:
    question = about_noise(small, small.people.ana, "How loud?", kind="question")
    about_noise(small, small.people.ben)
    set_member_themes(small.people.chitra, noise(small))
    try_it(small.people.ana, share(small, small.people.ben, "<The> gate"), "stopped")
    page = client.get("/cities/nairobi").text.partition('id="peers"')[2].partition("</section>")[0]
    assert "Cities with the same questions" in page
    words = " ".join(page.split())
    link = '<a href="/practices/the-gate" lang="en" dir="auto">&lt;The&gt; gate</a>'
    assert f"Tried {link} from Nairobi: stopped" in words
    assert f'Asks about: <a href="{question.address}" dir="auto">Noise' in words
    for path in ("/cities/medellin", "/members?theme=noise&amp;city=surat"):
        assert f'href="{path}"' in words
        assert client.get(path.replace("&amp;", "&")).status_code == 200
    assert "Chitra Desai" in client.get("/members?theme=noise&city=surat").text
