"""Trial 7: two servers over one database: one post edited at both, sessions and hidings that count at once, limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from html import unescape

from tests.trials.browser import Answer, Browser, NoAnswer, Tally
from tests.trials.clients import SEEN, SHOWN, text_in
from tests.trials.ledger import DONE, Ledger
from tests.trials.run import Trial
from tests.trials.site import PASSWORD

AT_ONCE = 1.0  # seconds after which the other server knows


def two_servers(trial: Trial) -> None:
    """Everything that two servers must agree on, and clients at work on both of them meanwhile."""
    site = trial.site
    ports = (site.start(workers=1), site.start(workers=1))
    rounds = trial.amount(30, 8)
    trial.plan.keeps_passwords = True
    with trial.at_work(10_000_000):
        trial.wait_for(40)
        _edit_at_both(trial, ports, rounds)
        _sign_out_at_one(trial, ports, trial.amount(10, 3))
        _hide_at_one(trial, ports, trial.amount(20, 5))
        trial.wait_for(trial.amount(600, 150))
        trial.plan.stopped.set()
    trial.judge()
    site.stop()
    site.ports.clear()
    _limits(trial)


def _writer(trial: Trial, port: int, number: int = -3) -> Browser:
    """A member or moderator who is signed in at one server."""
    person = trial.site.people[number]
    browser = Browser(port, trial.plan.tally)
    for _try in range(20):
        with suppress(NoAnswer):
            if browser.sign_in(person.email, PASSWORD):
                return browser
        time.sleep(0.3)
    raise AssertionError(f"{person.email} cannot sign in")


def _edit_at_both(trial: Trial, ports: tuple[int, int], rounds: int) -> None:
    """Of two edits at one moment one is saved; the other gets both texts, and nothing is overwritten unseen."""
    browsers = [_writer(trial, port) for port in ports]
    for number in range(rounds):
        path = f"/posts/{_own_post(trial, browsers[0])}/edit"
        forms = [_insist(lambda b=browser: b.ask(path)) for browser in browsers]  # type: ignore[misc]  # noqa: B023
        texts = [f"signat{number}x{place} at server {place}." for place in range(2)]
        answers: list[Answer | None] = [None, None]

        def save(place: int) -> None:
            seen = SEEN.search(forms[place].text)  # noqa: B023  # it ends before the next round
            fields = {"language": "en", "seen": seen[1] if seen else ""}
            send = browsers[place].send
            answers[place] = _insist(lambda: send(path, source=texts[place], **fields))  # noqa: B023

        threads = [threading.Thread(target=save, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _judge_edits(trial, answers, texts, _insist(lambda: browsers[0].ask(path)).text)  # noqa: B023
    trial.result.notes.append(f"{rounds} posts edited at both servers in one moment")


def _own_post(trial: Trial, browser: Browser) -> int:
    """A new reply of the author's, for one round."""
    topic = trial.site.topics[0]
    key = f"two-{time.monotonic_ns()}"
    fields = {"submission_key": key, "source": f"sign{key} As it was.", "language": "en"}
    place = _insist(lambda: browser.send(f"/topics/{topic}/reply", **fields)).location
    page, _hash, number = place.partition("#post-")
    return int(dict(SHOWN.findall(_insist(lambda: browser.ask(page)).text))[number])


def _insist(ask: Callable[[], Answer]) -> Answer:
    """Come again as long as the server asks for it."""
    for _try in range(50):
        if not (answer := ask()).is_busy:
            return answer
        time.sleep(0.2)
    raise AssertionError("busy for ten seconds")


def _judge_edits(
    trial: Trial, answers: list[Answer | None], texts: list[str], form_now: str
) -> None:
    statuses = sorted(answer.status if answer else 0 for answer in answers)
    if statuses != [303, 409]:
        trial.result.faults.append(f"two edits at one moment were answered {statuses}")
        return
    won = next(place for place, a in enumerate(answers) if a and a.status == 303)
    conflict = answers[1 - won]
    page = unescape(conflict.text) if conflict else ""
    trial.result.expect(texts[won] in page, "the second writer does not see the first one's text")
    trial.result.expect(texts[1 - won] in page, "the second writer's own text is gone")
    trial.result.expect(text_in(form_now).strip() == texts[won], "the second edit was saved")


def _sign_out_at_one(trial: Trial, ports: tuple[int, int], times: int) -> None:
    slowest = 0.0
    for _time in range(times):
        here = _writer(trial, ports[0])
        there = Browser(ports[1], trial.plan.tally)
        there.cookies = dict(here.cookies)
        trial.result.expect(
            there.ask("/settings").status == 200, "a session counts at one server only"
        )
        _insist(lambda: here.send("/sign-out"))  # noqa: B023
        slowest = max(slowest, _until(lambda: there.ask("/settings").status != 200))  # noqa: B023
    trial.result.expect(
        slowest <= AT_ONCE, f"a session lived on for {slowest:.1f} s at the other server"
    )


def _hide_at_one(trial: Trial, ports: tuple[int, int], times: int) -> None:
    book = Ledger(trial.plan.folder, "two-servers")
    moderator, author = _writer(trial, ports[0], -1), _writer(trial, ports[0])
    visitor = Browser(ports[1], trial.plan.tally)
    slowest = 0.0
    for _time in range(times):
        post = _own_post(trial, author)
        address = visitor.ask(f"/posts/{post}").location.partition("#")[0]
        sign = f'data-post="{post}"'
        trial.result.expect(
            sign in visitor.ask(address).text, "a new post is not seen at the other server"
        )
        page = _insist(lambda: moderator.ask(f"/posts/{post}/hide"))  # noqa: B023
        seen = SEEN.search(page.text)
        book.sent(f"hide-{post}", "hide", post=post)
        fields = {"reason": "Off the subject.", "rule": "1", "seen": seen[1] if seen else ""}
        answer = _insist(lambda: moderator.send(f"/posts/{post}/hide", **fields))  # noqa: B023
        book.answered(f"hide-{post}", DONE)
        trial.result.expect(answer.status == 303, f"hiding was answered {answer.status}")
        slowest = max(slowest, _until(lambda: sign not in visitor.ask(address).text))  # noqa: B023
    trial.result.expect(slowest <= AT_ONCE, f"a hidden post was seen for {slowest:.1f} s elsewhere")
    trial.result.notes.append(
        f"{times} hidings were gone from the other server within {slowest:.2f} s"
    )


def _until(is_so: Callable[[], bool], seconds: float = 10) -> float:
    """How long it took until something was so, in seconds."""
    begun = time.monotonic()
    while not is_so() and time.monotonic() - begun < seconds:
        time.sleep(0.02)
    return time.monotonic() - begun


def _limits(trial: Trial) -> None:
    """Ten wrong passwords a minute, whichever server they are tried at."""
    trial.site.extra["FORUM_LIMITS"] = "1"
    ports = [trial.site.start(workers=1), trial.site.start(workers=1)]
    statuses = []
    for number in range(12):
        browser = Browser(ports[number % 2], Tally())
        browser.take_token("/sign-in")
        answer = browser.send("/sign-in", email="nobody@example.org", password="not the word")
        statuses.append(answer.status)
    words = f"twelve attempts at two servers were answered {statuses}"
    trial.result.expect(statuses.count(429) == 2, words)
