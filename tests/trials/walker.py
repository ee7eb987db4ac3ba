"""One person who wanders through the forum: goes where pages lead, fills in what they offer, well or badly, now or later."""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import urljoin

from flask.testing import FlaskClient

from forum.web import SEE_OTHER
from forum.webforms import TRIAL_FIELDS
from tests.screens import Button, Form, Screen, paths
from tests.trials.scribbles import encoded
from tests.trials.wander_edits import Body, differences, is_editing, untouched
from tests.trials.wander_ground import Wanderer
from tests.trials.wander_world import STARTS, World
from tests.trials.window import PASSING_ON, REFUSING, Answer, Sending, Window

MISSING = (404, 410)
# What a form may be answered that a page has just shown to whoever sends it
FITTING = (200, 204, 303, 409, 422)
RARE_FORMS = ("/sign-out", "/appearance", "/search", "/settings/leave", "/settings/sessions/end")
MEMORY = 60  # pages and forms that a walker remembers
SEEKING = 0.4  # of all turns the share of those that look for something rare
CALM = 10  # so much each is curious
HARDLY = 3  # deeds that were done less often are rare
UNTOUCHED = 0.2  # of the forms of editing, the share that is sent back as it is
LINE_OF_PICTURE = re.compile(r"!?\[.*\]\(/(?:pictures|files)/")
SAID = 800  # characters of a page that refuses, of which a fault tells
FORMS_OF_PAGE = 6  # forms of one page that are remembered, at most


class Walker:
    """A person with a browser. `letters` are addresses from e-mails to the person."""

    def __init__(self, world: World, who: Wanderer, browser: FlaskClient) -> None:
        self.world, self.who, self.browser = world, who, browser
        self.window = Window(world, who.handle or "a visitor", browser)
        self.screen: Screen | None = None
        self.here, self.seen_at = "/", -1
        self.is_opened = False  # rather than what a form was answered
        self.places: deque[str] = deque(STARTS, MEMORY)
        self.forms: deque[tuple[str, Form]] = deque(maxlen=MEMORY)
        self.letters: deque[str] = deque(maxlen=MEMORY)
        # By the rule of an address, the last one seen; and of each form the last page that had it
        self.pages: dict[str, str] = {}
        self.deeds: dict[str, str] = {}

    @property
    def is_member(self) -> bool:
        """Whether the page that is open was made for a member."""
        return self.screen is not None and any(
            form.action == "/sign-out" for form in self.screen.forms
        )

    @property
    def _is_fresh(self) -> bool:
        """Whether nothing was written since the open page was loaded."""
        return self.seen_at == self.world.writes

    @property
    def curiosity(self) -> int:
        """How often this person should have a turn: the more, the more that was hardly ever done is offered to them."""
        done = self.world.done
        return CALM + sum(done[door] < HARDLY for door in self.deeds)

    def turn(self, everybody: list[Walker]) -> None:
        """Open a page and do up to three things there; or go where seldom anybody was, to do what seldom anybody did.

        Or send a form of one's own, or of somebody else, from before.
        """
        rng = self.world.rng
        owner = rng.choices((None, self, rng.choice(everybody)), (94, 4, 2))[0]
        if owner is None and rng.random() < SEEKING:
            self._seek()
        elif owner is None:
            self._go_on()
            for _form in range(rng.choice((0, 1, 2, 3))):
                self._send_form()
        elif owner.forms:
            page, form = rng.choice(owner.forms)
            self._arrive(self.window.send(self._fill(form, page))[1])

    def arrive_at(self, path: str) -> None:
        """Open a page by its address."""
        self._arrive(self.window.open(path))

    def receive(self, links: list[str]) -> None:
        """Keep the links of a letter, to follow them later."""
        self.letters.extend(links)
        self.pages.update({self.world.door(path): path for path in links})

    # What is rare

    def _seek(self) -> None:
        """Open the page that leads to what was done least of all that this person has seen, and do it; or go to a rare page."""
        world = self.world
        if self.pages and world.rng.random() < 0.5:
            page = self._rarest(self.pages, world.opened)
            self.arrive_at(page)
            if world.door(page) in self.deeds:
                self._send_form(world.door(page))
        elif self.deeds:
            door = self._rarest({door: door for door in self.deeds}, world.sought + world.done)
            world.sought[door] += 1  # though its form may be there no longer
            self.arrive_at(self.deeds[door])
            self._send_form(door)
            if world.door(self.here) == door:  # what was chosen led to the page of the deed itself
                self._send_form(door)

    def _rarest(self, known: dict[str, str], counts: Counter[str]) -> str:
        least = min(counts[door] for door in known)
        return known[self.world.rng.choice(sorted(d for d in known if counts[d] == least))]

    # Pages

    def _go_on(self) -> None:
        rng = self.world.rng
        links = self._links()
        if links and rng.random() < 0.7:
            self._arrive(self._follow_link(self._choose(links)))
        elif self.letters and rng.random() < 0.2:
            self._arrive(self.window.open(rng.choice(self.letters)))
        else:
            self._arrive(self.window.open(self._choose(list(self.places))))

    def _links(self) -> list[str]:
        return sorted(set(paths(self.screen, self.here))) if self.screen else []

    def _choose(self, links: list[str]) -> str:
        """One of some links, rather one to a page that was seldom opened: most lead to the same few."""
        world = self.world
        weights = [1 / (1 + world.opened[world.door(path)]) for path in links]
        return world.rng.choices(links, weights)[0]

    def _follow_link(self, path: str) -> Answer:
        """Open the page to which a link of the open page leads; there is one, unless somebody has written meanwhile."""
        is_fresh = self._is_fresh
        # Pages such as that for signing in lead on to any page that was asked for
        is_passing_on = self.here.startswith(PASSING_ON) or path.startswith(PASSING_ON)
        answer = self.window.open(path)
        if is_fresh and answer.status in MISSING and not is_passing_on:
            self.window.complain(f"a link of {self.here} leads to {path}: {answer.status}")
        return answer

    def _arrive(self, answer: Answer) -> None:
        self.screen, self.here, self.seen_at = answer.screen, answer.path, self.world.writes
        self.is_opened = answer.method == "GET" and answer.status == 200
        if self.screen and answer.status == 200:
            self.world.scribbler.lines.extend(_lines_of_pictures(self.screen))
            if answer.method == "GET":
                self.places.append(answer.path)
            forms = [form for form in self.screen.forms if form.method == "post"]
            self.forms.extend((answer.path, form) for form in forms[:FORMS_OF_PAGE])
            if answer.method == "GET":
                forms += [form for form in self.screen.forms if _leads_on(form)]
                self.deeds.update({door: answer.path for f in forms for door in self._doors(f)})
                self.pages.update({self.world.door(path): path for path in self._links()})

    # Forms

    def _send_form(self, door: str = "") -> None:
        """Send a form of the open page, now and then twice; some links of the page that follows are tried."""
        if (form := self._choose_form(door)) is None:
            return
        rng, is_fresh, page = self.world.rng, self._is_fresh, self.here
        is_edit = is_fresh and self._edits(form)
        is_untouched = is_edit and rng.random() < UNTOUCHED
        sending = self._send_back(form) if is_untouched else self._fill(form, page, door)
        answer, target = self.window.send(sending)
        if is_edit:
            self._check_edit(sending, answer, page, is_untouched=is_untouched)
        if is_fresh and sending.method == "post" and answer.status not in FITTING:
            words = f"a form that {self.here} has just shown is answered {answer.status}"
            said = answer.screen.words[:SAID] if answer.screen else "nothing"
            self.window.complain(f"{words}: {said}")
        if rng.random() < 0.05:
            target = self.window.send(sending)[1]
        self._arrive(target)
        if rng.random() < 0.2:
            links = self._links()
            for path in rng.sample(links, min(2, len(links))):
                self._follow_link(path)

    def _edits(self, form: Form) -> bool:
        """Whether a form of the open page edits what is there, rather than to put an earlier version back."""
        is_present = self.is_opened and "version=" not in self.here
        return is_present and is_editing(self.world.door(self._target(form)))

    def _send_back(self, form: Form) -> Sending:
        """A form as it is, with its first button."""
        return self._sending(form, form.buttons[0], self.here, untouched(form))

    def _check_edit(
        self, sending: Sending, answer: Answer, page: str, *, is_untouched: bool
    ) -> None:
        """A form of editing that is sent back as it was is accepted; and what was accepted stands in it afterwards."""
        if is_untouched and answer.status in REFUSING:
            words = f"{sending} of {page} is refused ({answer.status}), as it was shown"
            self.window.complain(words)
        is_looked_at = is_untouched or self.world.rng.random() < 0.5
        if answer.status != SEE_OTHER or sending.is_trial or not is_looked_at:
            return
        screen = self.window.open(page).screen
        for form in screen.forms if screen else []:
            if form.method == "post" and self._target(form, None, page) == sending.path:
                for words in differences(sending.body, form, is_untouched=is_untouched):
                    self.window.complain(f"{sending.path} was accepted, yet shows {words}")

    def _choose_form(self, door: str) -> Form | None:
        """One of the forms of the open page, rather one that is sent seldom: many posts have many forms of one kind.

        With `door` one that is sent there, if there is one.
        """
        world = self.world
        forms = [
            form
            for form in (self.screen.forms if self.screen else [])
            if form.method == "get" or (form.buttons and form.method == "post")
        ]
        if there := [form for form in forms if door and door in self._doors(form)]:
            return world.rng.choice(there)
        main = [form for form in forms if not self._target(form).startswith(RARE_FORMS)]
        if main and world.rng.random() < 0.99:
            weights = [1 / (1 + world.sent[world.door(self._target(form))]) for form in main]
            return world.rng.choices(main, weights)[0]
        return world.rng.choice(forms) if forms and world.rng.random() < 0.05 else None

    def _target(self, form: Form, button: Button | None = None, page: str = "") -> str:
        page = page or self.here
        return urljoin(page, (button.action if button else "") or form.action or page)

    def _doors(self, form: Form) -> set[str]:
        """The rules of the addresses to which the buttons of a form send it."""
        buttons: list[Button | None] = [*form.buttons] or [None]
        return {self.world.door(self._target(form, button)) for button in buttons}

    def _fill(self, form: Form, page: str, door: str = "") -> Sending:
        self.world.scribbler.today = self.world.moment.date()
        button = self._choose_button(form, page, door)
        return self._sending(form, button, page, self.world.scribbler.fill(form))

    def _choose_button(self, form: Form, page: str, door: str) -> Button | None:
        rng = self.world.rng
        there = [b for b in form.buttons if self.world.door(self._target(form, b, page)) == door]
        buttons = there or form.buttons
        button = rng.choice(buttons) if buttons else None
        if button and button.name in TRIAL_FIELDS and rng.random() < 0.7:
            return buttons[0]  # which does what the form is for
        return button

    def _sending(self, form: Form, button: Button | None, page: str, body: Body) -> Sending:
        if button and button.name:
            body.append((button.name, encoded(button.value)))
        return Sending(form.method, self._target(form, button, page), body, form.is_multipart)


def _leads_on(form: Form) -> bool:
    """Whether something is chosen in a form first, and its buttons lead to the pages of several deeds about that."""
    return form.method == "get" and any(button.action for button in form.buttons)


def _lines_of_pictures(screen: Screen) -> list[str]:
    """The lines that a page offers for a text: they show a picture in it, or link to a file."""
    return [field.value for field in screen.loose if LINE_OF_PICTURE.match(field.value)]
