"""A valid content file of an agenda; and marks and an intention on a case."""

from __future__ import annotations

from typing import Any

from forum.clock import month_end
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.transfer.queries import opening_post

GOOD = """\
# Making Cities Green
- slug: green
- palette: park
- pattern: green-fingers
- summary: Trees.
- hosts: ana-prado
- new themes: trees

Why trees matter.

## Statements
### Ben Okoth
- said on: 2026

Plant them early.

## Cases
### A street
- slug: a-street
- kind: city project
- summary: One street.
- places: Nairobi, KE; 東京, JP
- figure: Trees | 12 | trees | 2025 | Our count
- link: The street | https://example.org/street

First paragraph.

Second paragraph.

## Practices
### Pits before trees
- slug: pits
- by: ben-okoth
- sentence: Dig first.
- published on: 2026-10-01
- tried: ana-prado | kept | It works.
- wants: chitra-desai | 2027-02

#### Challenge
Trees died.
#### What did not work
Small pits.

## Readings
### A book
- authors: Somebody
- year: 1961

It says why.

## Dialogue
### Where do you buy trees?
- kind: question
- by: ana-prado
- at: 2026-10-02 09:00
- themes: trees
- useful: ben-okoth
- asked: ben-okoth | 2026-10-02 09:10
- asked: chitra-desai | 2026-10-02 09:10 | passed on to mona-berg
- asked: adam-de-wit | 2026-10-02 09:20 | not me
- all members told: 2026-11-01 08:00
- followed up: 2026-11-02 09:00 | partly | We bought ten. | Two died.

##### What we tried
Nurseries.

#### ben-okoth, 2026-10-02 10:00
- answer: yes
- report: ana-prado | spam | Odd.

> #1
> Nurseries.

Ask the parks.

## Comments on case a-street
#### ana-prado, 2026-10-03 10:00
- paragraph: 2

About the second.
"""


def try_case(people: Any, topic_id: int) -> None:
    """Ana and Ben have tried the case of a topic, and Chitra wants to."""
    opening = opening_post(topic_id)
    dialogue.mark(
        people.ana, opening.id, "tried it", "adapted", "Louder | at first.", language="fr"
    )
    dialogue.mark(people.ben, opening.id, "tried it", "stopped")
    library.intend(people.chitra, topic_id, month_end(3))
