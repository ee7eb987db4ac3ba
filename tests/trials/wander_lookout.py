"""What is looked at now and then during the walk: the database, the kept pages, and what nobody may find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import select
from werkzeug.test import Client

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.library.models import Case, Practice
from forum.members.models import Member
from forum.pagecache import PageCache
from forum.upkeep.queries import checks, faults_of
from forum.web import MOVED_PERMANENTLY
from tests.coherence import incoherent
from tests.trials.wander_secrets import SIGN, places_of, secrets
from tests.trials.wander_world import SITE, STARTS, World

LISTS = ("/feeds/all.atom", "/sitemap-1.xml", "/transparency/decisions")
LEFT_TO_PEOPLE = "pages that quote what is hidden"
SEARCHED = 25  # words that are looked for with the search
LATEST_POSTS = 60
POSTS_OF_PAGE = 20
# The heading above the replies, each reply that is not gone, and signs of others: a second page, or places beside paragraphs
REPLIES_TOLD = re.compile(
    r'id="replies">\s*(?:(?P<number>\d+) (?:repl|comment)|No (?:replies|comments) yet)'
)
REPLY_SHOWN = re.compile(r'<li id="post-\d+"(?! class="gone")')
REPLY_ELSEWHERE = re.compile(r'[?&;]page=\d|id="replies">\s*[\w ]* on the whole')
AROUND = 120  # characters of a page that a fault shows


class Lookout:
    """Looks at the whole forum for a visitor, and for a member who has nothing to do with anything."""

    def __init__(self, world: World, bystander: Client) -> None:
        self.world, self.app, self.bystander = world, world.app, bystander
        Client(self.app).get(
            "/healthz"
        )  # after the first answer the page cache is the outermost layer
        layer: Any = self.app.wsgi_app
        assert isinstance(layer, PageCache)
        self.kept = Client(layer, use_cookies=False)
        self.fresh = Client(layer.application, use_cookies=False)

    def look(self, share: float, *, is_apart: bool) -> None:
        """Note everything that is wrong, at a share of all addresses; as the member only while they have to do with nothing."""
        self._check_database()
        known = self.world.within(lambda: [*STARTS, *LISTS, *_addresses()])
        addresses = self.world.rng.sample(known, int(len(known) * share))
        for address in addresses:
            self._compare(address)
        hidden = self.world.within(secrets)
        self._search(self.kept, "a visitor", hidden.from_visitors, addresses)
        if is_apart:
            self._search(self.bystander, "a bystander", hidden.from_members, addresses)

    def _check_database(self) -> None:
        """What `flask check` finds, but for pages that quote what is hidden: whoever edits them decides about those.

        And what does not fit another, whoever wandered there.
        """
        for fault in self.world.within(_faults):
            self.world.complain(f"flask check: {fault}")
        for sentence in self.world.within(incoherent):
            self.world.complain(f"incoherent: {sentence}")

    def _compare(self, address: str) -> None:
        """A page that is kept is the page; forms of visitors are not kept."""
        kept, fresh = self._get(self.kept, address), self._get(self.fresh, address)
        if kept != fresh and "csrf_token" not in fresh:
            pairs = enumerate(zip(kept, fresh, strict=False))
            place = next(
                (number for number, (kept_part, fresh_part) in pairs if kept_part != fresh_part), 0
            )
            words = f"…{_around(kept, place)}… where there is …{_around(fresh, place)}…"
            self.world.complain(f"{address} is kept as it is no longer: {words}")

    def _search(self, client: Client, who: str, words: set[str], addresses: list[str]) -> None:
        """None of the words is on any of the pages, unless in the address that was asked for, nor found by the search."""
        some = self.world.rng.sample(sorted(words), min(SEARCHED, len(words)))
        searches = [f"/search?q={word.replace('hush', 'sign')}" for word in some]
        for address in (*addresses, *searches):
            text = self._get(client, address)
            for word in sorted((set(SIGN.findall(text)) & words) - set(SIGN.findall(address))):
                found = f"{who} finds {word} at {address}: …{_around(text, text.index(word))}…"
                places = self.world.within(partial(places_of, word))
                self.world.complain(f"{found} It stands in {', '.join(places)}.")

    def _get(self, client: Client, address: str) -> str:
        self.world.steps += 1
        return str(self.world.at_the_moment(lambda: self._ask(client, address)))

    def _ask(self, client: Client, address: str) -> str:
        response = client.get(address, base_url=SITE)
        if response.status_code == MOVED_PERMANENTLY:  # to a topic's own name, or its case
            response = client.get(response.location or "", base_url=SITE)
        if response.status_code >= 500:
            self.world.complain(f"{address} is answered {response.status_code}")
        text = response.get_data(as_text=True)
        if fault := miscount(text):
            self.world.complain(f"{address} {fault}")
        return f"{response.status_code} {response.location} {text}"


def miscount(page: str) -> str:
    """What is wrong with the number of replies that a topic's page tells, if it has all of them; empty otherwise."""
    told = REPLIES_TOLD.search(page)
    if told is None or REPLY_ELSEWHERE.search(page):
        return ""
    number, shown = int(told["number"] or 0), len(REPLY_SHOWN.findall(page))
    return "" if number == shown else f"tells of {number} replies and shows {shown}"


def _faults() -> list[str]:
    looked_at = [check for check in checks() if check.name != LEFT_TO_PEOPLE]
    return [str(fault) for check in looked_at for fault in faults_of(check)]


def _addresses() -> Iterator[str]:
    """The addresses of all that is in the forum, whoever may see it."""
    for topic in db.session.scalars(select(Topic)):
        yield f"/topics/{topic.id}"
        yield f"/topics/{topic.id}/feed.atom"
        if topic.posts_count > POSTS_OF_PAGE:
            yield f"/topics/{topic.id}?page=2"
    for post_id in db.session.scalars(select(Post.id).order_by(Post.id.desc()).limit(LATEST_POSTS)):
        yield from (f"/posts/{post_id}/history", f"/posts/{post_id}/marks")
    for slug in db.session.scalars(select(Agenda.slug)):
        yield from (f"/agendas/{slug}{rest}" for rest in ("", "/topics", "/feed.atom", "/history"))
    for slug in db.session.scalars(select(Case.slug)):
        yield from (f"/cases/{slug}", f"/cases/{slug}/history")
    for slug in db.session.scalars(select(Practice.slug)):
        yield from (f"/practices/{slug}", f"/practices/{slug}/history")
    for handle in db.session.scalars(select(Member.handle)):
        yield f"/members/{handle}"


def _around(text: str, place: int) -> str:
    return " ".join(text[max(0, place - AROUND) : place + AROUND].split())
