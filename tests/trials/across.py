"""What must hold across servers: sessions, hidings, cached pages and limits, whichever server is asked."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.trials.clients import SEEN, SHOWN
from tests.trials.doors import NAME, AddressedBrowser
from tests.trials.papers import ScaleFiles
from tests.trials.parts import Nginx, Server
from tests.trials.run import Trial
from tests.trials.site import AGENDA, PASSWORD

ASSET = re.compile(r'(?:href|src)="(/static/[^"]+\?v=[^"]+)"')
OUT = '/sign-out"'  # stands on every page of a member
LINE = re.compile(r'^\S+ (\S+) (\d+) \d+ \S+ "([^"]*)" "([^"]*)" (\S+) (\S+)$')
PER_MINUTE = 10  # attempts to sign in from one address, see accounts/views/signing_in.py


class Doors:
    """Browsers at nginx and at each server."""

    def __init__(self, trial: Trial, files: ScaleFiles, servers: Sequence[Server]) -> None:
        self.trial, self.files, self.servers = trial, files, servers
        self.tally, self.expect = trial.plan.tally, trial.result.expect

    def front(self, source: str = "", **more: str) -> AddressedBrowser:
        """A browser at nginx, by TLS."""
        trusts = self.files.folder / "fullchain.pem"
        address = self.files.address(1)
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        return AddressedBrowser(
            address, 443, self.tally, source=source, trusts=trusts, more=headers
        )

    def at(self, number: int) -> AddressedBrowser:
        """A browser at the server with this number."""
        return AddressedBrowser(self.servers[number % len(self.servers)].address, 8000, self.tally)

    def signed_in(self, browser: AddressedBrowser, person: int) -> AddressedBrowser:
        """Sign somebody in with a browser; returns the browser."""
        known = self.trial.site.people[person]
        self.expect(browser.sign_in(known.email, PASSWORD), f"{known.email} cannot sign in")
        return browser

    def copied(self, browser: AddressedBrowser, number: int) -> AddressedBrowser:
        """A browser at a server with the cookies of another one."""
        other = self.at(number)
        other.cookies, other.token = dict(browser.cookies), browser.token
        return other


def no_stickiness(doors: Doors, front: Nginx) -> str:
    """One browser's requests go to all servers in turn, and it is signed in at each."""
    browser = doors.signed_in(doors.front(), 0)
    before = len(lines_of(front))
    for _time in range(20):
        page = browser.again("/settings/sessions")
        doors.expect(page.status == 200, f"signed in through nginx: {page.status}")
        control = browser.headers["Cache-Control"]
        doors.expect(control == "private, no-store", f"a personal page says {control}")
    asked = Counter(line[2] for line in lines_of(front)[before:])
    doors.expect(len(asked) == len(doors.servers), f"one browser was sent to {dict(asked)}")
    return "20 requests of one session went to " + " and ".join(
        f"{count} at server {place}" for place, (_a, count) in enumerate(sorted(asked.items()), 1)
    )


def sessions(doors: Doors) -> str:
    """After signing out or a suspension at one server, the session is invalid at the others with the next request."""
    here = doors.signed_in(doors.at(0), 1)
    others = [doors.copied(doors.signed_in(doors.at(0), 1), 1) for _time in range(3)]
    for other in others:
        doors.expect(other.ask("/settings").status == 200, "a session counts at one server only")
    here.send("/settings/sessions/end")
    _expect_dead(doors, others, "signed out everywhere else")
    kept = doors.copied(here, 1)
    doors.expect(kept.ask("/settings").status == 200, "one's own session ended with the others")
    here.send("/sign-out")
    _expect_dead(doors, [kept], "signed out")
    victim = doors.signed_in(doors.at(1), 2)
    _suspend(doors, doors.trial.site.people[2].handle)
    _expect_dead(doors, [victim], "suspended")
    return "5 sessions ended at one server were dead at the other with the next request"


def _expect_dead(doors: Doors, browsers: Sequence[AddressedBrowser], why: str) -> None:
    for browser in browsers:
        answer = browser.ask("/settings")
        doors.expect(answer.status != 200, f"{why} at one server, and signed in at the other")


def _suspend(doors: Doors, handle: str) -> None:
    moderator = doors.signed_in(doors.at(0), -1)
    path = f"/members/{handle}/suspend"
    moderator.ask(path)
    answer = moderator.send(path, reason="A trial.", rule="1", days="7")
    doors.expect(answer.is_done, f"suspending was answered {answer.status}")
    undone = moderator.send(f"/members/{handle}/unsuspend")
    doors.expect(undone.is_done, f"ending a suspension was answered {undone.status}")


def hidings(doors: Doors, times: int) -> str:
    """What is hidden at one server is on no page of the others and of nginx from the next request on."""
    author, moderator = doors.signed_in(doors.at(0), 3), doors.signed_in(doors.at(1), -2)
    visitors = [doors.at(0), doors.at(1), doors.front(), doors.front()]
    pages = 0
    for number in range(times):
        sign = f"signhidden{time.monotonic_ns()}"
        topic, thing = (_opened if number % 2 else _replied)(doors, author, sign)
        paths = [path for path in _paths(doors, topic, sign) if sign in author.ask(path).text]
        doors.expect(len(paths) > 3, f"a new text is to be seen at {paths} only")
        _look(doors, visitors, paths, sign, is_there=True)
        _look(doors, visitors, paths, sign, is_there=True)  # from the cache
        _hide(doors, moderator, thing)
        _look(doors, visitors, paths, sign, is_there=False)
        doors.expect(moderator.send(f"{thing}/restore").is_done, f"{thing} is not restored")
        pages += len(paths) * len(visitors)
    return f"{times} hidings were gone with the next request from {pages} kept pages, at both servers and at nginx"


def _replied(doors: Doors, author: AddressedBrowser, sign: str) -> tuple[str, str]:
    """A new reply: the end of its topic's address, and its own address."""
    topic = doors.trial.site.topics[0]
    words = {"source": f"{sign} {_other(sign)}", "language": "en", "submission_key": sign}
    place = author.send(f"/topics/{topic}/reply", **words).location
    page, _hash, number = place.partition("#post-")
    post = dict(SHOWN.findall(author.ask(page).text))[number]
    return page.removeprefix("/topics/"), f"/posts/{post}"


def _opened(_doors: Doors, author: AddressedBrowser, sign: str) -> tuple[str, str]:
    """A new topic: the end of its address, and its own address."""
    words = {"kind": "experience", "title": f"{sign} {_other(sign)}", "audience": "public"}
    words |= {"source": f"{sign} A text.", "language": "en", "submission_key": sign}
    place = author.send(f"/agendas/{AGENDA}/topics/new", **words).location
    topic = place.removeprefix("/topics/").partition("#")[0]
    return topic, f"/topics/{topic.partition('-')[0]}"


def _other(sign: str) -> str:
    """A word to search for; the page of results always repeats it."""
    return sign.replace("sign", "word")


def _paths(doors: Doors, topic: str, sign: str) -> Iterator[str]:
    number, handle = topic.partition("-")[0], doors.trial.site.people[3].handle
    yield from (f"/topics/{topic}", "/", "/topics", f"/agendas/{AGENDA}", f"/members/{handle}")
    yield from (f"/search?q={_other(sign)}", "/feeds/all.atom", f"/agendas/{AGENDA}/feed.atom")
    yield from (f"/topics/{number}/feed.atom", "/sitemap-1.xml", f"/agendas/{AGENDA}/topics")


def _look(
    doors: Doors,
    visitors: Sequence[AddressedBrowser],
    paths: Sequence[str],
    sign: str,
    *,
    is_there: bool,
) -> None:
    words = "is not there" if is_there else "is still there"
    for path in paths:
        for visitor in visitors:
            page = visitor.again(path)
            found = page.status == 200 and sign in page.text  # an error page repeats the address
            doors.expect(found == is_there, f"{path} at {visitor.address}: {sign} {words}")


def _hide(doors: Doors, moderator: AddressedBrowser, thing: str) -> None:
    seen = SEEN.search(moderator.ask(f"{thing}/hide").text)
    fields = {"reason": "Off the subject.", "rule": "1", "seen": seen[1] if seen else ""}
    answer = moderator.send(f"{thing}/hide", **fields)
    doors.expect(answer.is_done, f"hiding {thing} was answered {answer.status}")


def cache_of_nginx(doors: Doors, front: Nginx) -> str:
    """nginx keeps files and no page, whoever asks; what it keeps is named in its own files."""
    visitor, member = doors.front(), doors.signed_in(doors.front(), 4)
    files = sorted(set(ASSET.findall(visitor.ask("/").text)))
    begun = len(lines_of(front))
    for path in ("/", "/topics", f"/agendas/{AGENDA}", "/settings", "/notices") * 2:
        doors.expect(OUT in member.again(path).text, f"{path}: a member is not signed in")
        doors.expect(OUT not in visitor.again(path).text, f"{path}: a visitor gets a member's page")
    pages = Counter(line[4] for line in lines_of(front)[begun:])
    doors.expect(set(pages) == {"-"}, f"pages came through nginx's cache as {dict(pages)}")
    begun += pages.total()
    for path in files * 2:
        doors.expect(visitor.again(path).status == 200, f"{path} does not come")
    kept = Counter(line[4] for line in lines_of(front)[begun:])
    doors.expect(kept["HIT"] >= len(files), f"nginx keeps nothing: {dict(kept)}")
    keys = [_key(path) for path in (front.folder / "interurban").glob("*/*/*")]
    strange = [key for key in keys if f"{NAME}/static/" not in key]
    doors.expect(not strange, f"nginx keeps {strange}")
    return f"nginx answered {kept['HIT']} files and none of {pages.total()} pages from its cache, which holds {len(keys)} files"


def _key(path: Path) -> str:
    """The request whose response nginx has cached in this file."""
    return path.read_bytes().partition(b"KEY: ")[2].partition(b"\n")[0].decode()


def lines_of(front: Nginx) -> list[tuple[str, ...]]:
    """Method, status, server, its status, cache and number of each request that nginx has answered."""
    time.sleep(0.1)  # a line is written after the answer
    found = (LINE.match(line) for line in front.log.read_text().splitlines())
    return [line.groups() for line in found if line]


# Limits


def limits(doors: Doors) -> str:
    """Attempts at all servers are counted together, by the address that nginx saw, whatever address a browser claims."""
    passed = attempts(doors, "201", PER_MINUTE + 4)
    doors.expect(passed == PER_MINUTE, f"{passed} attempts to sign in passed, not {PER_MINUTE}")
    other = attempts(doors, "202", 1)
    doors.expect(other == 1, "a limit holds for another address too")
    return f"of {PER_MINUTE + 4} attempts at both servers {passed} passed"


def attempts(doors: Doors, source: str, number: int, *, until_refused: bool = False) -> int:
    """Try wrong passwords from an address, each time claiming another one; returns how many were not refused by the limit."""
    passed = 0
    for turn in range(number):
        browser = doors.front(doors.files.network + source, X_Forwarded_For=f"192.0.2.{turn}")
        browser.take_token("/sign-in")
        email = f"nobody{source}-{turn}@example.org"
        answer = browser.send("/sign-in", email=email, password="not the word")
        doors.expect(answer.status in (422, 429), f"a wrong password was answered {answer.status}")
        passed += answer.status == 422
        if until_refused and answer.status == 429:
            break
    return passed
