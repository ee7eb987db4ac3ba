"""Commitments in the JSON API: what visitors may read."""

from __future__ import annotations

from typing import Any

from forum.commitments import actions
from tests.commitments.conftest import TEXT, first_of, in_days, published


def read(client: Any, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_list_and_one_are_what_visitors_read(client, people, agenda, bodies):
    made = published(people.ana, agenda, bodies.city)
    hidden = published(people.chitra, agenda, bodies.institute, title="Secret")
    actions.move_milestone(people.ana, made.id, first_of(made).id, in_days(40), "Rain.")
    actions.hide_commitment(people.host, hidden.id, "No.")
    (told,) = read(client, "/commitments?agenda=quieter&state=running")["items"]
    assert (told["title"], told["state"], told["city"]["name"]) == (
        "Felt below line 2",
        "running",
        "Athens",
    )
    assert told["organisation"]["name"] == "City of Athens"
    assert read(client, "/commitments?state=kept")["items"] == []
    whole = read(client, f"/commitments/{made.id}")
    assert whole["source"] == TEXT and "<strong>felt</strong>" in whole["html"]
    first, second = whole["milestones"]
    assert first["earlier_days"][0]["reason"] == "Rain." and second["earlier_days"] == []
    assert client.get(f"/api/v1/commitments/{hidden.id}").status_code == 404
    for wrong in ("?state=open", "?agenda=nowhere", "?before=x"):
        assert client.get(f"/api/v1/commitments{wrong}").status_code == 422


def test_the_list_goes_on(client, people, agenda, bodies, monkeypatch):
    monkeypatch.setattr("forum.api.views.reading.COMMITMENTS_LISTED", 2)
    made = [published(people.ana, agenda, bodies.city, title=f"Number {n}") for n in range(3)]
    first = read(client, "/commitments")
    assert [item["id"] for item in first["items"]] == [made[2].id, made[1].id]
    following = client.get(first["next"]).json
    assert [item["id"] for item in following["items"]] == [made[0].id]
    assert following["next"] is None
