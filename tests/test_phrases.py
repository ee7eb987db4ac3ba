"""Generated texts: HTML put together from parts equals what `markup` makes of the whole, in every language."""

from __future__ import annotations

from random import Random

import pytest

from forum.filling.forms import LANGUAGES, words
from forum.markup import write
from forum.phrases import Texts, invented


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts(words(), 1, 60)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_text_put_together_is_the_text_as_it_would_be_written(
    texts: Texts, language: str
) -> None:
    chance = Random(language)
    for _number in range(6):
        text, words_of_it = texts.post(chance, language)
        assert text == write(text.source, language)
        longer = texts.longer(text, chance)
        assert longer == write(longer.source, language)
        assert len(longer.source) > len(text.source)
        quoting = texts.quoting(text, "Ana Prado", 4_711, words_of_it)
        assert quoting == write(quoting.source, language)
        assert "> [Ana Prado](/posts/4711)" in quoting.source


def test_the_same_chance_makes_the_same_texts(texts: Texts) -> None:
    again = Texts(words(), 1, 60)
    assert texts.post(Random(1), "en") == again.post(Random(1), "en")
    assert texts.post(Random(2), "en") != again.post(Random(1), "en")


def test_every_invented_place_has_a_name_of_its_own() -> None:
    assert len({invented(number) for number in range(30_000)}) == 30_000
