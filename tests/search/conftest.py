"""What the tests of this room share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from forum.permissions import SYSTEM, VISITOR
from forum.search import actions
from forum.search.actions import Entry
from forum.search.models import Document
from forum.search.queries import Query, find
from tests.datasets import dataset_fixture, load_dataset

DAY = datetime(2026, 5, 1, tzinfo=UTC)
TEXTS = {
    1: ("Adaptación a la inundación", "Medellín midió la lluvia en las laderas."),
    2: ("Tromperie sur la façade", "Où l’eau passe, l’hôtel s’arrête: Œuvre à Łódź et København."),
    3: ("東京の雨水貯留", "下水道と公園に雨水をためる。京都ではない話。"),
    4: ("إدارة مياه الأمطار", "نيروبي وعمّان تتبادلان الخبرة"),
    5: ("Überflutung der Straße", "Die Feuerwehr zählt jede Minute."),
    6: ("C++ for flood models", "A foo-bar of e-mail, AND logic, OR gates, NOT(e), NEAR/2."),
    7: ("सूरत में बाढ़ की चेतावनी", "नदी का जल स्तर"),
    8: ("Наводнение в Тампере", "Вода пришла ночью"),
    9: ("Αθήνα: πλημμύρες", "Ο δρόμος έγινε ποτάμι"),
    10: ("น้ำท่วมกรุงเทพ", "เมืองรับน้ำ"),
    11: ("서울의 홍수", "비가 많이 왔다"),
    12: ("Flooding, floods and a flood", "Pumps"),
}


def entry(item_id: int, title: str, body: str, **more: Any) -> Entry:
    return Entry("topic", item_id, f"/topics/{item_id}", title, body, DAY, **more)


@pytest.fixture
@dataset_fixture
def library(app: Flask) -> Flask:
    load_dataset("texts to find", app, index_texts)
    return app


def index_texts() -> None:
    for item_id, (title, body) in TEXTS.items():
        actions.index(SYSTEM, entry(item_id, title, body))


def ids(typed: str, **facets: Any) -> set[int]:
    return {document.item_id for document in found_by(Query(typed, **facets))}


def found_by(query: Query) -> list[Document]:
    """The hits on a visitor's first page, each with the texts listed below it."""
    hits = find(VISITOR, query).page.items
    return [document for hit in hits for document in (hit.document, *hit.others)]
