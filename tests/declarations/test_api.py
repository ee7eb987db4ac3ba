"""Declarations in the JSON API: what visitors may read."""

from __future__ import annotations

from typing import Any

from forum.declarations import actions
from tests.declarations.conftest import TEXT, draft, frozen, signed


def read(client: Any, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_list_and_one_are_what_visitors_read(client, people, agenda, bodies):
    secret, made = draft(people, agenda, title="Secret"), frozen(people, agenda)
    signed(people.ana, made, bodies.city, "Fools wrote it.")
    hidden = signed(people.chitra, made, bodies.institute, "They did.")
    actions.hide_reservation(people.host, hidden.id, "Rude.")
    (told,) = read(client, "/declarations?agenda=quieter&state=open")["items"]
    assert (told["title"], told["sha256"], told["signatures_count"]) == (
        "Quiet nights",
        made.digest,
        2,
    )
    assert read(client, "/declarations?state=adopted")["items"] == []
    whole = read(client, f"/declarations/{made.id}")
    assert whole["source"] == TEXT and "<strong>quiet</strong>" in whole["html"]
    said = {
        signature["organisation"]["name"]: signature["reservation"]
        for signature in whole["signatures"]
    }
    assert said == {"City of Athens": "Fools wrote it.", "Institute of Trams": None}
    assert client.get(f"/api/v1/declarations/{secret.id}").status_code == 404
    for wrong in ("?state=draft", "?agenda=nowhere", "?before=x"):
        assert client.get(f"/api/v1/declarations{wrong}").status_code == 422


def test_the_list_goes_on(client, people, agenda, monkeypatch):
    monkeypatch.setattr("forum.declarations.queries.listing.LISTED", 2)
    made = [frozen(people, agenda, title=f"Number {n}") for n in range(3)]
    first = read(client, "/declarations")
    assert [item["id"] for item in first["items"]] == [made[2].id, made[1].id]
    following = client.get(first["next"]).json
    assert [item["id"] for item in following["items"]] == [made[0].id]
    assert following["next"] is None
