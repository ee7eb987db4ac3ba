"""Declarations in files: an export holds what visitors read, and an import brings it back."""

from __future__ import annotations

from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.declarations import actions
from forum.declarations.models import Declaration, Signature
from forum.permissions import VISITOR
from forum.transfer import queries
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from forum.transfer.models import FaultyFileError
from tests.declarations.conftest import draft, frozen, signed

HEAD = """# Louder
- slug: louder
- palette: rose
- pattern: delta
- summary: What nobody hears.

An introduction.

"""


def exported(app, tmp_path, name="out") -> str:
    done = app.test_cli_runner().invoke(args=["export", str(tmp_path / name)])
    assert done.exit_code == 0, done.output
    page = (tmp_path / name / "agenda-quieter.md").read_text()
    return "## Declarations" + page.partition("## Declarations")[2]


def loaded(people, section: str) -> list[Declaration]:
    known = set(db.session.scalars(select(Declaration.id)))
    import_agenda(people.administrator, read_agenda(HEAD + section))
    found = db.session.scalars(select(Declaration).order_by(Declaration.id)).all()
    return [declaration for declaration in found if declaration.id not in known]


def test_what_is_exported_comes_back(app, people, agenda, bodies, tmp_path):
    odd = "- slug: no field\n\n### No heading\n\nSee [it](/topics/7) | and \\."
    made = frozen(people, agenda, text=odd)
    signed(people.ana, made, bodies.city, "Not | on Sundays; never.")
    signed(people.chitra, made, bodies.institute)
    gone = frozen(people, agenda, title="A mistake")
    actions.withdraw(people.host, gone.id, "A wrong number.")
    draft(people, agenda, title="A secret")
    section = exported(app, tmp_path)
    assert "A secret" not in section
    first, second = loaded(people, section)
    assert (first.source, first.digest) == (made.source, made.digest)
    assert (first.state, second.state, second.withdrawn_reason) == (
        "open",
        "withdrawn",
        "A wrong number.",
    )
    assert first.signatures_count == 2 and first.sign_until == made.sign_until
    rows = db.session.scalars(select(Signature).where(Signature.declaration_id == first.id)).all()
    (one,) = [row for row in rows if row.words]
    assert (one.name, one.position, one.words) == (
        "Ana Prado",
        "Head of Streets",
        "Not | on Sundays; never.",
    )
    assert (one.member_id, one.city_id) == (people.ana.id, bodies.city.city_id)
    again = [
        queries.signatures_to_write(first),
        list(queries.declarations_to_write(VISITOR, agenda, 9)),
    ]
    assert len(again[0]) == 2 and len(again[1][0]) == 2


def faults(people, fields: str) -> list[str]:
    section = (
        f"## Declarations\n### Quiet\n- by: ana-prado\n- opened on: 2026-01-05\n{fields}\n\nText.\n"
    )
    try:
        with at(now()):
            loaded(people, section)
    except FaultyFileError as error:
        return [fault.message for fault in error.faults]
    return []


def test_what_cannot_be_is_refused_with_its_line(people, agenda, bodies):
    frozen_on = "- frozen on: 2026-01-06\n- sign until: 2026-02-01"
    signature = "- signature: institute-of-trams | 2026-01-07 | Chitra Desai | Institute of Trams"
    assert "this is not the SHA-256 of the text" in faults(people, f"{frozen_on}\n- digest: 12")
    assert "only a frozen text has this" in faults(people, signature)
    twice = faults(people, f"{frozen_on}\n{signature}\n{signature}")
    assert "“institute-of-trams” has signed it already" in twice
    wrong = faults(people, f"{frozen_on}\n{signature.replace('institute-of-trams', 'nobody')}")
    assert "no organisation is called “nobody”" in wrong
    assert "the days are not in their order" in faults(people, "- withdrawn on: 2025-12-31")
    assert faults(people, f"{frozen_on}\n{signature}") == []
    kept = db.session.scalars(select(Signature)).one()
    assert (kept.signed_at.month, kept.signed_at.day) == (1, 7)
