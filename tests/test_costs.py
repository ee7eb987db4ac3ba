"""How many queries each page makes, in the forum of `tests/world.py`: a table that has every route that answers GET.

Tests of single pages say more: that the number does not grow with what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.test_routes import ROLES, rows

# For a visitor, and for the first of the other roles of `tests/test_routes.py` that may open it (`-`: none), at most, and at
# the second visit: what a server process caches is read, and what is written at the first is written.
TABLE = """
                                                             visitor, signed in
/                                                          |  11  15
/.well-known/security.txt                                  |   0   1
/accessibility                                             |   0   1
/administration/factors                                    |   -   4
/administration/figures                                    |   -  12
/administration/flaggers                                   |   -   3
/administration/forum                                      |   -   5
/administration/joining                                    |   -   3
/administration/mail                                       |   -   9
/administration/mark                                       |   -   5
/administration/members                                    |   -   4
/administration/members/ben-okoth/leave                    |   -   4
/administration/members/ben-okoth/role                     |   -   4
/administration/recourse                                   |   -   4
/administration/rules                                      |   -   5
/administration/screening                                  |   -   6
/administration/screening/domains                          |   -   3
/administration/screening/new                              |   -   4
/administration/screening/try                              |   -   4
/administration/screening/{rule}                           |   -   4
/administration/screening/{rule}/delete                    |   -   3
/administration/terms                                      |   -   5
/administration/webhooks                                   |   -   4
/administration/webhooks/new                               |   -   4
/administration/webhooks/{webhook}                         |   -   5
/administration/webhooks/{webhook}/delete                  |   -   3
/administration/webhooks/{webhook}/edit                    |   -   4
/administration/webhooks/{webhook}/secret                  |   -   3
/agendas                                                   |   3   4
/agendas/hosts/tell                                        |   -   4
/agendas/new                                               |   -   3
/agendas/order                                             |   -   3
/agendas/patterns.svg                                      |   0   1
/agendas/plans.svg                                         |   2   3
/agendas/{agenda}                                          |  16  20
/agendas/{agenda}/archive                                  |   -   9
/agendas/{agenda}/briefing                                 |  16  17
/agendas/{agenda}/briefing.html                            |  16  17
/agendas/{agenda}/cases/new                                |   -   6
/agendas/{agenda}/cases/order                              |   -   7
/agendas/{agenda}/declarations/new                         |   -   5
/agendas/{agenda}/delete                                   |   -   7
/agendas/{agenda}/edit                                     |   -   4
/agendas/{agenda}/feed.atom                                |   3   4
/agendas/{agenda}/history                                  |   -   7
/agendas/{agenda}/meetings.ics                             |   4   5
/agendas/{agenda}/meetings/new                             |   -   5
/agendas/{agenda}/open                                     |   -   7
/agendas/{agenda}/readings/new                             |   -   4
/agendas/{agenda}/readings/order                           |   -   5
/agendas/{agenda}/reopen                                   |   -   7
/agendas/{agenda}/statements                               |   -   5
/agendas/{agenda}/statements/new                           |   -   4
/agendas/{agenda}/statements/{statement}/edit              |   -   5
/agendas/{agenda}/statements/{statement}/remove            |   -   5
/agendas/{agenda}/topics                                   |   6   9
/agendas/{agenda}/topics/lock                              |   -   7
/agendas/{agenda}/topics/move                              |   -   6
/agendas/{agenda}/topics/new                               |   -   6
/agendas/{agenda}/topics/select                            |   -   7
/agendas/{agenda}/topics/theme                             |   -   6
/agendas/{other}/cases/new                                 |   -   6
/agendas/{other}/edit                                      |   -   4
/agendas/{other}/meetings/new                              |   -   5
/agendas/{other}/readings/new                              |   -   4
/agendas/{other}/statements/new                            |   -   4
/api                                                       |   1   2
/api/v1/                                                   |   0   1
/api/v1/agendas                                            |   1   2
/api/v1/agendas/{agenda}                                   |   3   4
/api/v1/cases                                              |   4   5
/api/v1/cases/{case}                                       |   9  10
/api/v1/cases/{case}/in/fr                                 |   8   9
/api/v1/cities                                             |   1   2
/api/v1/commitments                                        |   1   2
/api/v1/commitments/{commitment}                           |   3   4
/api/v1/declarations                                       |   1   2
/api/v1/declarations/{open_declaration}                    |   2   3
/api/v1/glossary                                           |   6   7
/api/v1/meetings                                           |   2   3
/api/v1/openapi.json                                       |   1   2
/api/v1/organisations                                      |   1   2
/api/v1/posts                                              |   3   4
/api/v1/posts/{post}                                       |   1   2
/api/v1/practices                                          |   3   4
/api/v1/practices/{practice}                               |   6   7
/api/v1/practices/{practice}/in/fr                         |   5   6
/api/v1/readings                                           |   2   3
/api/v1/rules                                              |   3   4
/api/v1/rules/0                                            |   2   3
/api/v1/rules/versions                                     |   2   3
/api/v1/search                                             |   4   5
/api/v1/terms                                              |   3   4
/api/v1/terms/versions                                     |   2   3
/api/v1/terms/{terms}                                      |   3   4
/api/v1/themes                                             |   1   2
/api/v1/topics                                             |   2   3
/api/v1/topics/{topic}                                     |   2   3
/api/v1/topics/{topic}/posts                               |   4   5
/bookmarks                                                 |   -   3
/bookmarks/{bookmark}/note                                 |   -   4
/cases                                                     |   4   5
/cases.csv                                                 |   4   5
/cases/{case}                                              |  15  18
/cases/{case}.ris                                          |   6   7
/cases/{case}/edit                                         |   -  10
/cases/{case}/hide                                         |   -  15
/cases/{case}/history                                      |   7   8
/cases/{case}/in/fr                                        |  11  12
/cases/{case}/in/fr/delete                                 |   -  10
/cases/{case}/in/fr/edit                                   |   -  12
/cases/{case}/in/fr/history                                |   9  10
/cases/{case}/intention                                    |   -  12
/cases/{case}/remove                                       |   -  17
/cases/{case}/report                                       |  12  14
/cases/{case}/translate                                    |   -  12
/cases/{case}/tried                                        |   -  11
/cities                                                    |   1   2
/cities/suggest                                            |   0   1
/cities/tampere                                            |  13  15
/cities/tampere/exchange                                   |   5   6
/commitments                                               |   4   6
/commitments/new                                           |   -   7
/commitments/{commitment}-{commitment_slug}                |   4   6
/commitments/{commitment}/edit                             |   -   7
/commitments/{commitment}/end                              |   -   3
/commitments/{commitment}/history                          |   3   4
/commitments/{commitment}/keep                             |   -   4
/commitments/{commitment}/milestones/{milestone}           |   -   4
/commitments/{commitment}/report                           |   2   4
/contact                                                   |   0   1
/declarations                                              |   2   3
/declarations/{consultation_declaration}/edit              |   -   3
/declarations/{consultation_declaration}/freeze            |   -   3
/declarations/{draft_declaration}-{draft_slug}             |   -   5
/declarations/{draft_declaration}/open                     |   -   3
/declarations/{frozen_declaration}/sign                    |   -   6
/declarations/{open_declaration}-{open_slug}               |   4   6
/declarations/{open_declaration}/adopt                     |   -   3
/declarations/{open_declaration}/history                   |   2   3
/declarations/{open_declaration}/invite                    |   -  13
/declarations/{open_declaration}/signatures                |   3   4
/declarations/{open_declaration}/signatures/{signature}/take-back |   -   4
/declarations/{open_declaration}/text.md                   |   1   2
/declarations/{open_declaration}/withdraw                  |   -   3
/drafts                                                    |   -   5
/drafts/agenda/{agenda_id}                                 |   -   4
/drafts/practices                                          |   -   2
/drafts/practices/{practice}                               |   -   5
/drafts/topic/{topic}                                      |   -   4
/feeds/all.atom                                            |   1   2
/files/{file_name}                                         |   -   3
/follow-ups/{told}/report                                  |   2   4
/glossary                                                  |  11  12
/glossary.csv                                              |   3   4
/glossary/new                                              |   -   3
/glossary/propose                                          |   -   2
/glossary/{entry}                                          |   7   8
/glossary/{entry}/edit                                     |   -   6
/glossary/{entry}/history                                  |   4   5
/glossary/{entry}/propose                                  |   -   5
/glossary/{entry}/remove                                   |   -  11
/healthz                                                   |   0   1
/help                                                      |   0   1
/invitations                                               |   -   4
/invitations/new                                           |   -   6
/join                                                      |   4   -
/left                                                      |   0   1
/letters/{contact_letter}/report                           |   -   2
/manifest.webmanifest                                      |   0   1
/marks/{mark}/report                                       |   2   4
/meetings                                                  |   3   5
/meetings.ics                                              |   2   3
/meetings/{meeting}-{meeting_slug}                         |   1   4
/meetings/{meeting}.ics                                    |   1   2
/meetings/{meeting}/cancel                                 |   -   3
/meetings/{meeting}/edit                                   |   -   3
/meetings/{meeting}/history                                |   -   4
/meetings/{meeting}/people.csv                             |   -   4
/meetings/{over}/outcome                                   |   -   3
/members                                                   |   8   9
/members/ana-prado/exchange                                |   -  10
/members/ben-okoth                                         |  11  13
/members/ben-okoth/contact                                 |   -   3
/members/ben-okoth/hide                                    |   -  16
/members/ben-okoth/notes                                   |   -   5
/members/ben-okoth/report                                  |   4   6
/members/ben-okoth/restore                                 |   -   6
/members/ben-okoth/silence                                 |   -  15
/members/ben-okoth/suspend                                 |   -  15
/members/ben-okoth/suspend-reports                         |   -  16
/members/ben-okoth/unsuspend                               |   -   6
/members/ben-okoth/warn                                    |   -  15
/members/ben-okoth/warn-reporter                           |   -  16
/members/mona-berg/suspend                                 |   -  15
/members/suggest                                           |   -   1
/moderation                                                |   -  23
/moderation/appeals                                        |   -   4
/moderation/appeals/{appeal}                               |   -  13
/moderation/candidate/{candidate}                          |   -  16
/moderation/decisions/{decision}                           |   -  10
/moderation/decisions/{warning}/appeal                     |   -   7
/moderation/held/{waiting}                                 |   -  17
/moderation/invitations                                    |   -   5
/moderation/joining                                        |   -   6
/moderation/joining/{candidate}/approve                    |   -   7
/moderation/joining/{candidate}/refuse                     |   -   7
/moderation/log                                            |   -   6
/moderation/orders                                         |   -   4
/moderation/orders/new                                     |   -   4
/moderation/orders/{order}                                 |   -   4
/moderation/orders/{order}/delete                          |   -   4
/moderation/post/{reply}                                   |   -  18
/moderation/texts                                          |   -   5
/moderation/texts/1                                        |   -   5
/moderation/texts/1/delete                                 |   -   5
/moderation/texts/new                                      |   -   3
/notices                                                   |   -   7
/opensearch.xml                                            |   0   1
/organisations                                             |   2   3
/organisations/new                                         |   -   3
/organisations/{organisation}                              |   9  11
/organisations/{organisation}/edit                         |   -   3
/organisations/{organisation}/exchange                     |   5   6
/organisations/{organisation}/history                      |   -   4
/organisations/{organisation}/seats                        |   -   7
/organisations/{organisation}/voices                       |   -   4
/password                                                  |   0   1
/pictures                                                  |   -   5
/pictures/{picture_name}.webp                              |   -   3
/pictures/{picture}/delete                                 |   -   4
/posts/{polled}/poll                                       |   -   4
/posts/{polled}/remove-poll                                |   -   3
/posts/{post}/delete                                       |   -   2
/posts/{post}/edit                                         |   -   3
/posts/{post}/history                                      |   2   3
/posts/{post}/marks                                        |   2   3
/posts/{reply}/ask-to-edit                                 |   -   7
/posts/{reply}/hide                                        |   -   9
/posts/{reply}/note                                        |   -   5
/posts/{reply}/remove                                      |   -   9
/posts/{reply}/report                                      |   1   3
/practices                                                 |   4   5
/practices.csv                                             |   3   4
/practices/mine                                            |   -   3
/practices/new                                             |   -   3
/practices/{draft}                                         |   -   9
/practices/{draft}/edit                                    |   -   6
/practices/{practice}                                      |  11  14
/practices/{practice}.ris                                  |   3   4
/practices/{practice}/compare                              |   7   8
/practices/{practice}/delete                               |   -   4
/practices/{practice}/edit                                 |   -   6
/practices/{practice}/hide                                 |   -  11
/practices/{practice}/history                              |   4   5
/practices/{practice}/in/fr                                |   8   9
/practices/{practice}/in/fr/delete                         |   -   6
/practices/{practice}/in/fr/edit                           |   -   9
/practices/{practice}/in/fr/history                        |   6   7
/practices/{practice}/intention                            |   -   9
/practices/{practice}/remove                               |   -  11
/practices/{practice}/report                               |   6   8
/practices/{practice}/translate                            |   -   9
/practices/{practice}/tried                                |   -   8
/practices/{submitted}                                     |   -   9
/practices/{submitted}/edit                                |   -   6
/practices/{submitted}/send-back                           |   -   9
/privacy                                                   |   0   1
/readings                                                  |   3   5
/readings.csv                                              |   1   2
/readings.ris                                              |   1   2
/readings/{reading}/edit                                   |   -   3
/readings/{reading}/history                                |   -   4
/readings/{reading}/remove                                 |   -   3
/readyz                                                    |   3   4
/reports                                                   |   0   4
/reservations/{signature}/report                           |   1   3
/revisions/{revision}/withdraw                             |   -   4
/robots.txt                                                |   0   1
/rules                                                     |   4   5
/rules.md                                                  |   2   3
/rules/0                                                   |   3   4
/rules/0.md                                                |   1   2
/search                                                    |   4   5
/searches                                                  |   -   2
/searches/{search}/change                                  |   -   2
/searches/{search}/remove                                  |   -   2
/settings                                                  |   -   5
/settings/address                                          |   -   6
/settings/advice                                           |   -   3
/settings/codes                                            |   -   7
/settings/contact                                          |   -   4
/settings/data                                             |   -   4
/settings/elsewhere                                        |   -   5
/settings/factors                                          |   -   7
/settings/handle                                           |   -   5
/settings/ignored                                          |   -   5
/settings/leave                                            |   -   4
/settings/notices                                          |   -   7
/settings/passkeys/new                                     |   -   4
/settings/passkeys/{passkey}/remove                        |   -  10
/settings/passkeys/{passkey}/rename                        |   -   5
/settings/password                                         |   -   4
/settings/prove                                            |   -   9
/settings/sessions                                         |   -   5
/settings/themes                                           |   -   6
/sign-in                                                   |   0   -
/sign-in/letter                                            |   0   1
/sign-out                                                  |   0   1
/sitemap-1.xml                                             |   3   4
/sitemap.xml                                               |   3   4
/static/style.css                                          |   0   0
/terms                                                     |   3   4
/terms.md                                                  |   2   3
/terms/{terms}                                             |   3   4
/terms/{terms}.md                                          |   2   3
/themes                                                    |   2   3
/themes/new                                                |   -   3
/themes/{theme}/edit                                       |   -   4
/themes/{theme}/remove                                     |   -   3
/topics                                                    |   4   7
/topics/{topic}-{topic_slug}                               |   4   8
/topics/{topic}/ask                                        |   -  15
/topics/{topic}/change-kind                                |   -   5
/topics/{topic}/feed.atom                                  |   3   4
/topics/{topic}/follow-up                                  |   -   4
/topics/{topic}/hide                                       |   -  10
/topics/{topic}/lock                                       |   -   8
/topics/{topic}/merge                                      |   -   9
/topics/{topic}/move                                       |   -   7
/topics/{topic}/news                                       |   2   3
/topics/{topic}/pass-on                                    |   -   5
/topics/{topic}/postpone                                   |   -   5
/topics/{topic}/posts/hide                                 |   -  10
/topics/{topic}/posts/remove                               |   -  10
/topics/{topic}/posts/restore                              |   -   8
/topics/{topic}/posts/select                               |   -   6
/topics/{topic}/posts/split                                |   -   9
/topics/{topic}/remove                                     |   -  10
/topics/{topic}/reply                                      |   -   3
/topics/{topic}/report                                     |   2   4
/topics/{topic}/retitle                                    |   -   8
/topics/{topic}/set-lock-end                               |   -   5
/topics/{topic}/slow                                       |   -   8
/topics/{topic}/tell-all                                   |   -   9
/topics/{topic}/useful                                     |   2   4
/topics/{topic}/whole                                      |   3   5
/translations/{translation}/report                         |   5   7
/transparency                                              |  14  15
/transparency.csv                                          |  13  14
/transparency/decisions                                    |   4   5
/transparency/decisions.csv                                |   4   5
/waiting                                                   |   -   3
/waiting/{waiting}                                         |   -   4
/waiting/{waiting}/revise                                  |   -   2
"""
# Routes that answer 200 to nobody in that forum, and why; those that everybody is led on from need no reason
UNMEASURED = {
    "its address has a secret, or a seal, of an e-mail or a receipt": {
        *("/address/nosecret", "/address/undo/nosecret", "/appeal/{decision}/{member}/noseal"),
        *("/join/confirm/nosecret", "/join/invited/nocode", "/mail/stop/{member}/reply/noseal"),
        *("/password/nosecret", "/reports/nosecret", "/sign-in/letter/nosecret"),
    },
    "a setting or a picture that the forum does not have": {
        *("/agendas/{agenda}/by-email", "/sign-in/elsewhere", "/sign-in/elsewhere/back"),
        *("/mark/none.webp", "/mark/none.png", "/portraits/none.webp", "/settings/codes/remove"),
    },
    "what was decided is another state of the same thing": {
        *("/commitments/{commitment}/why", "/follow-ups/{told}/why", "/marks/{mark}/why"),
        *(
            "/practices/{draft}/why",
            "/reservations/{signature}/why",
            "/translations/{translation}/why",
        ),
        "/agendas/{agenda}/topics/decided/{decision}",
    },
    "it leads on those whom it is for": {"/posts/{hidden_post}/why", "/searches/{search}"},
}
NO_PAGE = {"on", "in", "403"}


def numbers() -> dict[str, tuple[str, str]]:
    """For each address of the table: its numbers for a visitor, and for somebody who is signed in."""
    found = {}
    for line in TABLE.strip().splitlines()[1:]:
        address, counts = line.split("|")
        visitor, signed_in = counts.split()
        found[address.strip()] = (visitor, signed_in)
    return found


def first_allowed(expected: dict[str, str], roles: tuple[str, ...]) -> str | None:
    return next((role for role in roles if expected[role] == "200"), None)


def test_every_page_has_a_number_or_a_reason() -> None:
    """A new page gets a row: whoever writes it knows how many questions it asks."""
    pages, others = set(), set()
    for address, expected in rows("GET"):
        if "200" in expected.values():
            pages.add(address)
        elif not NO_PAGE.issuperset(expected.values()):
            others.add(address)
    assert pages == numbers().keys(), "give a row in TABLE to it, or take it away"
    assert others == set().union(*UNMEASURED.values())


def test_no_page_makes_more_queries_than_the_table_says(
    world: Any, browsers: dict[str, FlaskClient], queries: Callable[[], Any]
) -> None:
    known, more = numbers(), {}
    for address, expected in rows("GET"):
        if address not in known:
            continue
        path, made = address.format(**world), []
        for roles in (ROLES[:1], ROLES[1:]):
            role = first_allowed(expected, roles)
            made.append(str(counted(browsers[role], path, queries)) if role else "-")
        if any(is_more(*pair) for pair in zip(made, known[address], strict=True)):
            more[address] = (*made, "instead of", *known[address])
    assert more == {}


def counted(browser: FlaskClient, path: str, queries: Callable[[], Any]) -> int:
    """How many queries a page makes at the second visit."""
    browser.get(path)
    with queries() as made:
        assert browser.get(path).status_code == 200, path
    return made.count


def is_more(made: str, known: str) -> bool:
    return made != known if "-" in (made, known) else int(made) > int(known)
