# SPDX-License-Identifier: EUPL-1.2
"""One question of one citizen: what is known of it afterwards, and the state of mind while it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from web_demo.citizens.actions import View
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.persona import Channel, Persona
from web_demo.citizens.words import Vocabulary, Wish


class Ending(StrEnum):
    """How a question really ended, whatever the tracker makes of it."""

    FOUND = "found"  # read and understood the answer
    DONE = "done"  # completed the form
    CALLED = "called"
    GAVE_UP = "gave_up"
    NO_DOCUMENTS = "no_documents"  # the form asked for papers that were not there
    POSTPONED = "postponed"  # found the form and left it for another day
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Question:
    """The truth about one question in one visit."""

    person: int
    visit: int
    task: str
    channel: Channel
    prefers_phone: bool = False
    started_ms: int | None = None
    ended_ms: int | None = None
    pages: int = 0
    page_views: list[str] = field(default_factory=list)
    exposures: dict[str, str] = field(default_factory=dict)
    ending: Ending | None = None

    @property
    def answered(self) -> bool:
        return self.ending in (Ending.FOUND, Ending.DONE)

    def saw(self, view: View) -> None:
        """Note that a page was shown while this question was on the citizen's mind."""
        self.started_ms = view.opened_ms if self.started_ms is None else self.started_ms
        self.ended_ms = view.opened_ms
        self.pages += 1
        if view.id is not None and (not self.page_views or self.page_views[-1] != view.id):
            self.page_views.append(view.id)
        for shown in filter(None, view.exposures.split(",")):
            name, _, variant = shown.partition("=")
            self.exposures[name] = variant


class Mind:
    """What one citizen has in mind for one question: words, patience, what was tried.

    Args:
        persona: who it is.
        wish: what they come for.
        vocabulary: words that everybody knows.
        behaviour: the parameters.
        random: source of everything that could go either way.
        question: where the truth is noted.
        fresh: part of the usual patience that this question starts with, above 0.
    """

    def __init__(
        self,
        persona: Persona,
        wish: Wish,
        *,
        vocabulary: Vocabulary,
        behaviour: Behaviour,
        random: np.random.Generator,
        question: Question,
        fresh: float = 1.0,
    ) -> None:
        self.persona = persona
        self.wish = wish
        self.vocabulary = vocabulary
        self.behaviour = behaviour
        self.random = random
        self.question = question
        of_the_day = math.exp(behaviour.patience_of_the_day * random.standard_normal())
        self.patience_at_first = persona.patience * fresh * of_the_day
        self.patience = self.patience_at_first
        self.tried: set[str] = set()
        self.queries: list[str] = []
        self.trail = 0.0  # scent of the link that led here: people trust where they come from
        self.depth = 0  # pages back to the one they came in on
        self.papers_ready = False
        self._weights = [
            0.0 if term.official and random.random() >= persona.official_known else term.weight
            for term in wish.lexicon.terms
        ]

    @property
    def knows_official(self) -> bool:
        """Whether this citizen knows any official word for it."""
        return any(w and t.official for w, t in zip(self._weights, self.wish.lexicon.terms, strict=True))

    def smell(self, text: str) -> float:
        """How strongly a text smells of this question to this citizen, 0-1."""
        return self.wish.lexicon.scent(self._weights, text)

    def chance(self, share: float) -> bool:
        """True as often as `share` says."""
        return bool(self.random.random() < share)

    def noise(self) -> float:
        """Gumbel noise of the scale of `Behaviour.noise`."""
        return -self.behaviour.noise * math.log(-math.log(self.random.random() or 1e-12))

    def spend(self, effort: float) -> None:
        """Lose patience."""
        self.patience -= effort

    @property
    def fed_up(self) -> bool:
        """Whether this citizen stops trying here; who prefers the phone does so earlier."""
        if self.persona.prefers_phone:
            return self.patience < self.behaviour.calls_below * self.patience_at_first
        return self.patience <= 0
