# SPDX-License-Identifier: EUPL-1.2
"""A citizen from the first visit to the last: how they come, what they ask, whether they return."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from web_demo.citizens.actions import Action, Feedback, Follow, Leave, Open, Part, Read, Search, View, Visit
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.devices import Device, draw_crawler
from web_demo.citizens.persona import Channel, Persona, draw_persona
from web_demo.citizens.pursuit import pursue
from web_demo.citizens.question import Ending, Mind, Question
from web_demo.citizens.words import Vocabulary, Wish

_ENGINES = (
    "https://www.google.com/",
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://duckduckgo.com/",
)
_SOCIAL = (("https://l.facebook.com/", "facebook"), ("https://www.instagram.com/", "instagram"))
_MOST_VISITS = 3


class Knows(Protocol):
    """What the world outside knows of the site (`landings.Landings`)."""

    def best(self, wish: Wish) -> Sequence[str]:
        """Paths that fit a wish, the best first; at least one."""


@dataclass(frozen=True, slots=True)
class World:
    """What all citizens share."""

    vocabulary: Vocabulary
    behaviour: Behaviour
    landings: Knows


class Visitor(Protocol):
    """Who visits: a `Citizen` or a `Crawler`."""

    device: Device
    questions: list[Question]

    def visit(self) -> Visit:
        """Yield actions and be sent views, from coming to leaving."""

    def returns_in(self) -> int | None:
        """Days until the next visit, asked after a visit; None for never."""


class Citizen:
    """One person; equal seeds and equal pages give equal walks.

    Args:
        number: names the person in the truth.
        world: words, behaviour and search engine.
        random: this person's own generator.
    """

    def __init__(self, number: int, world: World, random: np.random.Generator) -> None:
        self.persona: Persona = draw_persona(number, world.vocabulary, world.behaviour, random)
        self.device = self.persona.device
        self.questions: list[Question] = []
        self._world = world
        self._random = random
        self._wishes = self.persona.wishes
        self._channel = self.persona.channel
        self._papers_ready = False
        self._visits = 0

    def visit(self) -> Visit:
        """One visit: every question that this citizen still has."""
        self._visits += 1
        minds = [self._mind(wish) for wish in self._wishes]
        if len(minds) > 1 and self.persona.interleaves:
            yield from self._by_turns([self._ask(mind) for mind in minds])
            yield Leave()
            yield Leave(tab=1)
            return
        view = yield from self._ask(minds[0])
        for mind in minds[1:]:
            view = yield from self._ask_next(mind, view)
        yield Leave()

    def returns_in(self) -> int | None:
        """Days until this citizen tries again what was not answered; None for never."""
        last = [question for question in self.questions if question.visit == self._visits]
        behaviour = self._world.behaviour
        again = {q.task for q in last if not q.answered and q.ending is not Ending.CALLED}
        if not again or self._visits == _MOST_VISITS or self._random.random() >= behaviour.returns_share:
            return None
        self._wishes = tuple(wish for wish in self._wishes if wish.name in again)
        self._papers_ready = any(q.ending is Ending.NO_DOCUMENTS for q in last)
        self._channel = Channel.DIRECT if self._random.random() < 0.5 else Channel.SEARCH_ENGINE
        return int(self._random.integers(1, 6))

    def _mind(self, wish: Wish) -> Mind:
        question = Question(
            self.persona.number, self._visits, wish.name, self._channel, self.persona.prefers_phone
        )
        self.questions.append(question)
        mind = Mind(
            self.persona,
            wish,
            vocabulary=self._world.vocabulary,
            behaviour=self._world.behaviour,
            random=self._random,
            question=question,
            fresh=1.0 if self._visits == 1 else self._world.behaviour.returning_patience,
        )
        mind.papers_ready = self._papers_ready
        return mind

    def _ask(self, mind: Mind) -> Part:
        view = yield self._come(mind.wish)
        view = yield from pursue(mind, view)
        return (yield from self._judged(mind, view))

    def _ask_next(self, mind: Mind, view: View) -> Part:
        """Another question in the same tab: from the page where the one before ended."""
        home = next((link for link in view.page.links if link.href == "/"), None)
        searches = home is None or self._random.random() < self.persona.searches_first
        if view.page.search is not None and searches:
            query = mind.wish.queries[0]
            mind.queries.append(query)
            view = yield Search(query)
        elif home is not None:
            view = yield Follow(home)
        view = yield from pursue(mind, view)
        return (yield from self._judged(mind, view))

    def _judged(self, mind: Mind, view: View) -> Part:
        if view.page.feedback and mind.chance(self._world.behaviour.feedback_share):
            easy = mind.patience > 0.4 * mind.patience_at_first
            mark = (1 if easy else 0) if mind.question.answered else -1
            yield Read(2.0, 100)
            view = yield Feedback(mark)
        return view

    def _come(self, wish: Wish) -> Open:
        paths = self._world.landings.best(wish)
        first = paths[0]
        if self._channel is Channel.SEARCH_ENGINE:
            misses = self._random.random() < self._world.behaviour.engine_misses_share
            path = paths[int(self._random.integers(1, len(paths)))] if misses and len(paths) > 1 else first
            return Open(path, _ENGINES[int(self._random.integers(len(_ENGINES)))])
        if self._channel is Channel.LETTER:
            return Open(f"{first}?kr_code={wish.name[:4].upper()}")
        if self._channel is Channel.SOCIAL:
            referrer, source = _SOCIAL[int(self._random.integers(len(_SOCIAL)))]
            return Open(f"{first}?utm_source={source}&utm_medium=social", referrer)
        return Open("/")

    def _by_turns(self, parts: list[Part]) -> Generator[Action, View, None]:
        """Two questions at once, each in its own tab, a few actions at a time."""
        waiting: dict[int, View | None] = dict.fromkeys(range(len(parts)))
        while waiting:
            for tab in list(waiting):
                for _ in range(int(self._random.integers(2, 7))):
                    try:
                        last = waiting[tab]
                        action = next(parts[tab]) if last is None else parts[tab].send(last)
                    except StopIteration:
                        del waiting[tab]
                        break
                    waiting[tab] = yield replace(action, tab=tab)


class Crawler:
    """A bot that follows whatever link comes by; it runs scripts and keeps no cookies."""

    def __init__(self, random: np.random.Generator, pages: int = 12) -> None:
        self.device = replace(draw_crawler(random), keeps_cookies=False)
        self.questions: list[Question] = []
        self._random = random
        self._pages = pages

    def visit(self) -> Visit:
        view = yield Open("/")
        for _ in range(self._pages):
            yield Read(round(0.5 + 2.0 * self._random.random(), 1), 0)
            inside = [k for k in view.page.links if k.href.startswith("/") and not k.contact]
            if not inside:
                break
            view = yield Follow(inside[int(self._random.integers(len(inside)))])
        yield Leave()

    def returns_in(self) -> int | None:
        return 1 if self._random.random() < 0.5 else None
