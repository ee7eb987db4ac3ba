"""The names of cities and organisations, compared word by word, for searches that find people by them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select

from forum.db import db
from forum.members.models import CityName, Organisation
from forum.members.queries._shared import MAX_LISTED
from forum.plaintext import has_words_starting_with, typed_alike, words_in
from forum.versions import cached

HIGHEST_CODE_POINT = "\U0010ffff"
MIN_PREFIX_LENGTH = 3  # characters; a shorter prefix matches thousands of cities
# What cities and organisations are, folded: words that name none
_WORDS_FOR_KINDS = """
city cities town towns municipality municipalities municipal council county district region regional
metropolitan government authority administration department office agency committee assembly board
institute university school association network federation foundation company society centre center
ville villes mairie commune communes communaute metropole municipalite departement agence institut universite
ecole reseau fondation societe gouvernement
ciudad ciudades ayuntamiento alcaldia municipio municipios municipalidad gobierno departamento agencia
instituto universidad escuela asociacion red federacion fundacion empresa sociedad centro
cidade cidades prefeitura camara governo universidade associacao rede fundacao
stadt gemeinde kommune kommuner kommun stad gemeente kaupunki kunta comune citta provincia
"""
_KINDS = frozenset(_WORDS_FOR_KINDS.split())
# What joins such a word to a name, as in "City of Bergen"
_BETWEEN = frozenset(["of", "the", "de", "du", "des", "la", "le", "les", "del", "da", "do"])


class OrganisationName(NamedTuple):
    """An organisation with what a search needs."""

    id: int
    slug: str
    name: str
    words: list[str]


def city_ids_by_prefix(prefix: str) -> Select[Any]:
    """A select of the ids of all cities with a name, in any script, that starts with a folded prefix.

    One of fewer than `MIN_PREFIX_LENGTH` characters, such as 東京, has to be the whole name.
    """
    ids = select(CityName.city_id)
    alike = typed_alike(prefix)
    if len(prefix) < MIN_PREFIX_LENGTH:
        return ids.where(CityName.folded.in_(alike))
    return ids.where(or_(*map(begins_with, alike)))


def begins_with(prefix: str) -> ColumnElement[bool]:
    """SQL condition: the name of a city begins with a folded prefix."""
    return and_(CityName.folded >= prefix, CityName.folded < prefix + HIGHEST_CODE_POINT)


def is_name(word: str) -> bool:
    """Whether a folded word can name a city or an organisation, and does not only say what they are, like "city"."""
    return not _KINDS.issuperset(words_in(word))


def has_name(words: Collection[str]) -> bool:
    """Whether one of some folded words can name a city or an organisation: not "city" or "city of", but "city of bergen"."""
    found = {part for word in words for part in words_in(word)}
    return _KINDS.isdisjoint(found) or not _KINDS.union(_BETWEEN).issuperset(found)


def organisations_by_words(beginnings: Sequence[str]) -> list[OrganisationName]:
    """The organisations whose name has a word that starts with each of the beginnings (`words_in`), by name; none without any."""
    return organisations_by_each([beginnings])[0]


def organisations_by_each(searches: Sequence[Sequence[str]]) -> list[list[OrganisationName]]:
    """For each of several lists of beginnings, the organisations that `organisations_by_words` returns."""
    names = _organisation_names() if any(map(any, searches)) else []
    return [
        [name for name in names if any(words) and has_words_starting_with(name.words, words)]
        for words in searches
    ]


def organisations_called(words: Collection[str]) -> list[OrganisationName]:
    """The organisations whose whole name is these folded words, in any order: "City Council" is one, although these words name none."""
    wanted = set(words) - _BETWEEN
    names = _organisation_names() if wanted else []
    return [name for name in names if set(name.words) - _BETWEEN == wanted]


def _organisation_names() -> Sequence[OrganisationName]:
    def read() -> Sequence[OrganisationName]:
        columns = select(Organisation.id, Organisation.slug, Organisation.name)
        rows = db.session.execute(columns.order_by(Organisation.name).limit(MAX_LISTED))
        return [OrganisationName(*row, words_in(row.name)) for row in rows]

    return cached("organisation names", read)
