"""Values that are cached once for all readers of one reach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from forum import reachcache
from forum.agendas.queries import agenda_by_id, get_agenda
from forum.members.queries import get_member
from forum.permissions import ANY_MEMBER, SYSTEM, VISITOR, Person, with_preparation


def test_a_statement_is_kept_for_all_that_it_depends_on() -> None:
    @reachcache.cached_statement
    def statement(_reader: Person, kind: str = "", *, page: int = 1) -> list[Any]:
        return [kind, page]

    assert statement(VISITOR, "a", page=2) == ["a", 2]
    assert statement(VISITOR, "a") == ["a", 1]
    assert statement(VISITOR, kind="b") == ["b", 1]
    assert statement(VISITOR, page=2) is statement(VISITOR, page=2) == ["", 2]


def test_statements_are_kept_for_a_reach_and_may_be_forgotten_at_any_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reachcache, "MAX_CACHED_STATEMENTS", 2)
    made: list[int] = []

    @reachcache.cached_statement
    def statement(_reader: Person, number: int) -> list[int]:
        made.append(number)
        return [number]

    assert statement(VISITOR, 1) is statement(VISITOR, 1)
    with ThreadPoolExecutor(4) as threads:  # each deletes values that the others have just stored
        found = threads.map(lambda number: statement(VISITOR, number % 50), range(20_000))
        assert all(some == [number % 50] for number, some in enumerate(found))
    assert len(made) > 50


def test_of_large_statements_fewer_are_kept() -> None:
    """Every host of other agendas has one, and that which counts the facets of a library takes half a megabyte."""

    @reachcache.cached_large_statement
    def statement(_reader: Person, number: int) -> list[int]:
        return [number]

    most = reachcache.MAX_LARGE_STATEMENTS
    first = statement(VISITOR, 0)
    assert most < reachcache.MAX_CACHED_STATEMENTS
    assert [statement(VISITOR, number)[0] for number in range(most)] == [*range(most)]
    assert statement(VISITOR, 0) is first
    statement(VISITOR, most)
    assert statement(VISITOR, 0) is not first


def test_readers_of_another_reach_have_a_statement_of_their_own() -> None:
    @reachcache.cached_statement
    def statement(_reader: Person) -> object:
        return object()

    host = Person()
    host.role, host.hosted = "member", [7]
    readers = [VISITOR, ANY_MEMBER, SYSTEM, with_preparation(VISITOR), host]
    assert len({id(statement(reader)) for reader in readers}) == len(readers)
    assert statement(Person()) is statement(VISITOR)


def test_single_members_and_agendas_are_found_by_statements_that_are_built_once(
    people: Any, agenda: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(reader: Person) -> list[str]:
        members = [get_member(reader, handle).name for handle in ("Ana-Prado", "ben-okoth")]
        agendas = (get_agenda(reader, "quieter"), agenda_by_id(reader, agenda.id))
        return [*members, *(known.title for known in agendas)]

    readers = (VISITOR, people.ana, people.moderator)
    at_first = [found(reader) for reader in readers]
    monkeypatch.setattr("forum.members.queries.people.whole_profile", None)
    monkeypatch.setattr("forum.agendas.queries.single._with_hosts", None)
    assert [found(reader) for reader in readers] == at_first
    assert at_first == [["Ana Prado", "Ben Okoth", agenda.title, agenda.title]] * len(readers)
